package producttest

import "github.com/windvane/windvane/transforms/column"

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
