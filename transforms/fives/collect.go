package fives

import (
	"math"

	"github.com/windvane/windvane/transforms/column"
)

// Contents are the figures of lives and videos of the shops' own accounts, by shop.
type Contents struct{ Viewers, WatchSeconds, Interactions, Reports, LiveDays []int64 }

// ReadContents adds up merchant_contents. shops finds the row of a shop.
func ReadContents(shops *column.Lookup, days column.Days) (Contents, error) {
	sums := map[string][]int64{"lives": nil, "viewers": nil, "watch_seconds": nil, "interactions": nil, "upheld_reports": nil}
	for name := range sums {
		sums[name] = make([]int64, shops.Len())
	}
	for d, err := range days {
		if err != nil {
			return Contents{}, err
		}
		rows := rowsOf(shops, d.Frame.Column("owner_merchant_id"))
		for name, total := range sums {
			values := d.Frame.Column(name)
			for i, row := range rows {
				switch {
				case row < 0:
				case name == "lives":
					total[row] += min(1, values[i]) // a shop has one row a day
				default:
					total[row] += values[i]
				}
			}
		}
	}
	return Contents{sums["viewers"], sums["watch_seconds"], sums["interactions"], sums["upheld_reports"], sums["lives"]}, nil
}

func rowsOf(l *column.Lookup, keys []int64) []int64 {
	rows := make([]int64, len(keys))
	l.Rows(keys, rows)
	return rows
}

// Partners are the talents who sell for shops, by shop.
type Partners struct {
	Active []int64
	Score  []float64 // mean 带货口碑分, weighted with GMV; NaN: no partner has one
}

// ReadPartners adds up merchant_promoters. score tells a talent's score in hundredths, column.Null: none. Sums are
// integers: the order of partners changes nothing.
func ReadPartners(shops *column.Lookup, days column.Days, score func(talent int64) int64) (Partners, error) {
	pairs := column.NewGrouper(2, 1) // shop, talent: fen
	for d, err := range days {
		if err != nil {
			return Partners{}, err
		}
		promoter, fen := d.Frame.Column("promoter_id"), d.Frame.Column("paid_fen")
		for i, row := range rowsOf(shops, d.Frame.Column("merchant_id")) {
			if row >= 0 {
				pairs.Get([]int64{row, promoter[i]})[0] += fen[i]
			}
		}
	}
	p := Partners{make([]int64, shops.Len()), make([]float64, shops.Len())}
	weight, sum := make([]int64, shops.Len()), make([]int64, shops.Len())
	for i := range pairs.Len() {
		row, fen := pairs.Row(i)[0], pairs.Row(i)[2]
		p.Active[row]++
		if s := score(pairs.Row(i)[1]); s != column.Null {
			weight[row] += fen
			sum[row] += fen * s
		}
	}
	for row, fen := range weight {
		if p.Score[row] = math.NaN(); fen > 0 {
			p.Score[row] = float64(sum[row]) / float64(fen) / 100
		}
	}
	return p, nil
}

// Products are those of the newest snapshot, each with its row.
type Products struct {
	Rows     *column.Lookup
	Merchant *column.Ints // code; column.Null: not in the snapshot
	LiveOnly *column.Ints // 1: yes
}

const (
	// leastSnapshots is in how many of the last WindowDays snapshots a 常挂品 stands.
	leastSnapshots = 27
	// leastMinutes is how long it could be bought in that time: 648 hours, 90 % of 30 days. A day has 24 of them, so
	// whoever has that many stands in leastSnapshots snapshots; they need not be counted.
	leastMinutes = 648 * 60
)

// ReadAlwaysOn counts the 常挂品 of every shop from shelf_minutes; nil with fewer than leastSnapshots snapshots.
func ReadAlwaysOn(shops *column.Lookup, products Products, days column.Days) ([]int64, error) {
	minutes, snapshots := make([]int32, products.Rows.Len()), 0
	for d, err := range days {
		if err != nil {
			return nil, err
		}
		snapshots++
		today := d.Frame.Column("purchasable_minutes")
		for i, row := range rowsOf(products.Rows, d.Frame.Column("product_id")) {
			if row >= 0 {
				minutes[row] += int32(today[i])
			}
		}
	}
	if snapshots < leastSnapshots {
		return nil, nil
	}
	out := make([]int64, shops.Len())
	for row, available := range minutes {
		if available < leastMinutes || products.LiveOnly.At(row) == 1 {
			continue
		}
		if shop := shops.Row(products.Merchant.At(row)); shop >= 0 {
			out[shop]++
		}
	}
	return out, nil
}
