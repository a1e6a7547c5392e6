// Package scoretwin counts the raw figures behind the three scores a second time: x and n of every indicator of every
// product, shop and talent, the windows, and the price power, from the rows of the dumps of a demo market.
//
// It is written from the definitions and shares no code with the night: no rollups, no sums kept by day. Every figure
// is a loop over the subject's rows. It is slow and means to be plain.
//
// Two readings of "distinct parent orders" are there (see Unit): the night counts an order once on each day on which
// one of its lines has the event, the definitions count it once.
package scoretwin
