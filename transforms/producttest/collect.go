package producttest

import "github.com/windvane/windvane/transforms/column"

// LineColumns are the columns that the days of TakeLines need to have.
var LineColumns = []string{"product_id", "channel", "scene", "lines"}

// TakeLines takes what was sold on these days of product_sales out of the arms' lines. rows finds the row of a product, armOf the arm
// of a channel and scene, -1: neither.
func TakeLines(rows *column.Lookup, days column.Days, armOf func(channel, scene int) int, lines [2][]int64) error {
	for d, err := range days {
		if err != nil {
			return err
		}
		product, channel, scene, sold := d.Frame.Column("product_id"), d.Frame.Column("channel"), d.Frame.Column("scene"), d.Frame.Column("lines")
		for i, n := range sold {
			if channel[i] == column.Null || n == 0 {
				continue // a product's total, or nothing
			}
			arm := armOf(int(channel[i]), int(scene[i]))
			if row := rows.Row(product[i]); arm >= 0 && row >= 0 {
				lines[arm][row] -= n
			}
		}
	}
	return nil
}

// TrafficColumns are the columns that the days of ReadTraffic need to have.
var TrafficColumns = []string{"product_id", "distribution_impressions", "distribution_clicks", "self_live_impressions", "self_live_clicks"}

// ReadTraffic adds product_impressions up into the arms. rows finds the row of a product.
func ReadTraffic(rows *column.Lookup, days column.Days, distribution, selfBroadcast *Arm) error {
	into := []struct {
		column string
		total  *[]int64
	}{
		{"distribution_impressions", &distribution.Impressions}, {"distribution_clicks", &distribution.Clicks},
		{"self_live_impressions", &selfBroadcast.Impressions}, {"self_live_clicks", &selfBroadcast.Clicks},
	}
	for _, c := range into {
		*c.total = make([]int64, rows.Len())
	}
	var found []int64
	for d, err := range days {
		if err != nil {
			return err
		}
		if cap(found) < d.Frame.N {
			found = make([]int64, d.Frame.N)
		}
		found = found[:d.Frame.N]
		rows.Rows(d.Frame.Column("product_id"), found)
		for _, c := range into {
			total, values := *c.total, d.Frame.Column(c.column)
			for i, row := range found {
				if row >= 0 {
					total[row] += values[i]
				}
			}
		}
	}
	return nil
}
