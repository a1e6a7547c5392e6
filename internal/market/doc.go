// Package market is the synthetic marketplace behind `windvane demo`: the dumps of every input table
// for a run of days, and beside them the truth that was planted in them.
//
// # The model
//
// A market is a population and a run of days.
//
// The population (population.go) never changes its character. A few shops and talents sell most: the
// weight of the r-th falls like (r+2)^-Skew, times lognormal noise. Each talent works with 2 to 20 partner
// shops (a partnership) and shows up to eight products of each. Products belong to styles; the products
// of one style, sold by several shops, cost about the same per unit. Every subject has a planted character
// (character.go): a defect rate per product, lateness, slow replies, bad service, disputes and brushing per shop,
// misleading claims and reports per talent. They lie as the anchors of the rules say, and correlate: a careful shop
// is good at most things. truth/ tells them.
//
// A day (day.go) makes lines in blocks of fixed size, each from its own random stream, so that any number
// of workers makes the same rows:
//
//  1. A buyer is drawn; the activity of buyers is heavy-tailed (the top 1 % place 15 % of the orders).
//  2. With probability ReturnRate a buyer who trusts somebody goes back there: the memory (loyalty.go)
//     holds up to four partnerships or shops where the buyer was served well. Else a talent, a shop's own
//     account or the shelf is found by popularity.
//  3. The order has 1 to 5 lines, a scene, a moment inside the live session or by hour of day, a kind, a
//     payment at once, on the next day or never (orders.go).
//  4. What happens later to a paid line (pick-up, signature, review, refunds, complaint) is its fate
//     (fate.go): a pure function of the seed and the line. It is not stored: a line waits in the pending
//     queue (pending.go) for the day of its next event, and there its fate is worked out again.
//
// # Chuanliu
//
// A buyer who buys a participating shop's goods through a talent becomes eligible at the start of the next
// day. The arm depends on the buyer alone (HoldoutRate in the holdout arm). Whenever a buyer of the
// treatment arm places an order in the shop's own live within 14 days, then with probability `lift` a
// further order follows which would not have been; it leaves no trace in the buyer's memory. So the
// expected self-broadcast sales of the treatment arm are (1 + lift) times those of the holdout, exactly the
// ratio that truth/chuanliu.parquet tells: about 15 % over the programme, one brand 38 %, one 32 %, one
// with a best day of 27 % (chuanliu.go). Nothing else differs between the arms but who is shown the shop. How
// much of it an estimate can see is a matter of size: presets.go has a market that is large enough.
//
// # Promises
//
// The same Options give the same bytes, whatever Workers is. Memory holds the population, four words a
// buyer, the eligible pairs and the lines that still wait for an event, not the history.
package market
