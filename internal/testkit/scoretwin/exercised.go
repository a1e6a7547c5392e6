package scoretwin

// Exercised counts the rows that each rule of counting decides about. A market in which one of them is 0 does not test
// that rule.
func (d *Dumps) Exercised() map[string]int {
	n := map[string]int{}
	add := func(rule string, decides bool) {
		if n[rule] += 0; decides {
			n[rule]++
		}
	}
	for _, o := range d.orders {
		paid := o.paid != none
		add("paid lines with a risk reason", paid && o.abnormal)
		add("paid lines of more than 20 units", paid && !o.abnormal && o.quantity > maxUnits)
		add("valid but for 2 yuan or less", o.gmvValid() && o.kind == "normal" && o.fen <= 200)
		add("gifts, lucky bags and samples", o.gmvValid() && (o.kind == "gift" || o.kind == "lucky_bag" || o.kind == "sample"))
		add("tests", paid && o.kind == "test")
		add("orders through an account of a shop", o.valid() && d.owned[o.promoter])
	}
	for _, f := range d.refunds {
		add("quality refunds that are not the first", f.valid() && f.reason == "quality" && !f.first)
		add("refunds asked for later than 15 days", f.valid() && dayOf(f.applied) > f.paid+lag)
		add("refunds asked for on the 15th day", f.valid() && dayOf(f.applied) == f.paid+lag)
		add("refunds closed later than 15 days", f.valid() && f.closed != none && dayOf(f.closed) > f.paid+lag)
		add("refunds of more than 168 hours", f.valid() && f.closed != none && f.byMerchant && f.closed-f.applied > 168*3_600_000_000)
		add("disputes decided against the promoter", f.valid() && f.liable == "promoter")
	}
	for _, s := range d.shipments {
		add("pre-sales due", s.valid() && s.kind == "presale" && s.due != none)
		add("signed without shipping", s.valid() && s.unshipped && s.signed != none)
		add("due, never picked up", s.shipped() && s.due != none && s.picked == none)
	}
	for _, v := range d.reviews {
		add("bad reviews that are not the first", v.valid() && v.rating <= 2 && !v.first)
		add("bad reviews of something else than quality", v.valid() && v.rating <= 2 && v.notGoods)
	}
	for _, c := range d.chats {
		add("chats never answered", c.reply == none)
		add("chats out of service hours", !c.inService)
	}
	for _, c := range d.complaints {
		add("complaints not upheld", !c.upheld)
	}
	return n
}
