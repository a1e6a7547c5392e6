package twin

// Night is one night: the dumps as they stood then, and its options.
type Night struct {
	Partitions Partitions
	Options    Options
}

func lateAges() []Day { return []Day{0, 1, 3, 7, 15, 30} }

// LateData is the late_data table published by the last of the nights, given in ascending order.
//
// Each night adds what it knows of the days 0, 1, 3, 7, 15 and 30 days before it that have an orders
// partition, and carries on the rows of the night before. A night whose eve is missing starts cold.
// Rows of days older than HistoryDays are dropped; settled is judged anew each night.
func LateData(nights ...Night) []LateDataRow {
	var rows []LateDataRow
	for i, night := range nights {
		if i > 0 && nights[i-1].Options.AsOf != night.Options.AsOf-1 {
			rows = nil
		}
		rows = open(night.Partitions, night.Options).lateData(rows)
	}
	return rows
}

func (n *night) lateData(eve []LateDataRow) []LateDataRow {
	var rows []LateDataRow
	for _, r := range eve {
		if window(n.AsOf, n.HistoryDays).has(r.DT) {
			rows = append(rows, r)
		}
	}
	for _, age := range lateAges() {
		if dt := n.AsOf - age; n.present(dt) {
			rows = append(rows, n.lateRow(eve, dt, age))
		}
	}
	for i := range rows {
		rows[i].AsOfDate = n.AsOf
		rows[i].Settled = !window(n.AsOf, n.RestateDays).has(rows[i].DT)
	}
	return rows
}

func (n *night) lateRow(eve []LateDataRow, dt, age Day) LateDataRow {
	day := span{dt, dt}
	row := LateDataRow{
		DT: dt, AgeDays: int64(age),
		GMVPaidFen: amountOf(n.sold(everywhere, day)), GMVNetFen: n.net(everywhere, day, nil),
	}
	if age == 0 {
		row.setMoved(row)
	}
	for _, first := range eve {
		if first.DT == dt && first.AgeDays == 0 {
			row.setMoved(first)
		}
	}
	return row
}

// setMoved fills in the change since the row of age 0.
func (r *LateDataRow) setMoved(first LateDataRow) {
	r.GMVPaidMovedFen = less(&r.GMVPaidFen, &first.GMVPaidFen)
	r.GMVNetMovedFen = less(r.GMVNetFen, first.GMVNetFen)
}
