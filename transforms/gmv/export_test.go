package gmv

// SumIn is Sum on at most so many ranges of subjects.
var SumIn = sumIn

// PackedRow is a row of a subject's sums.
type PackedRow struct {
	Cell, Place uint8
	M           [measures]int64
}

// PackAndRead packs the rows of subjects and reads them back, with all measures at once and one by one.
func PackAndRead(subjects [][]PackedRow) (whole, single [][]PackedRow) {
	var p packed
	var spans []span
	for _, rows := range subjects {
		at := p.begin()
		for i := range rows {
			p.append(int(rows[i].Cell), int(rows[i].Place), &rows[i].M)
		}
		spans = append(spans, p.end(at))
	}
	for _, at := range spans {
		var w, s []PackedRow
		for rows := p.rows(at); rows.next(); {
			x, y := PackedRow{Cell: rows.cell, Place: rows.place}, PackedRow{Cell: rows.cell, Place: rows.place}
			rows.addTo(&x.M)
			for j := range y.M {
				if j < mLines {
					y.M[j] = rows.amountOf(j)
				} else {
					y.M[j] = rows.countOf(j)
				}
			}
			w, s = append(w, x), append(s, y)
		}
		whole, single = append(whole, w), append(single, s)
	}
	return whole, single
}
