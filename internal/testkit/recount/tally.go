package recount

// Total is what was sold of something.
type Total struct{ Fen, Lines, Orders int64 }

// Add adds another total. Orders may be added over days: an order has one.
func (t Total) Add(other Total) Total {
	return Total{t.Fen + other.Fen, t.Lines + other.Lines, t.Orders + other.Orders}
}

// Day holds a day's GMV in three forms and what was sold for certain.
type Day struct {
	OrderFen, PaidRawFen int64
	Paid                 Total // of valid lines
	Quantity             int64
}

// Add adds another day, or a sum of days.
func (d Day) Add(other Day) Day {
	return Day{d.OrderFen + other.OrderFen, d.PaidRawFen + other.PaidRawFen, d.Paid.Add(other.Paid), d.Quantity + other.Quantity}
}

// Tally holds the sums over many nights' windows of one day. Days, sellers, products without a sale are absent.
type Tally struct {
	Days     map[Date]Day
	Subjects map[string]map[string]Total // role → subject → valid lines
}

// NewTally is an empty tally.
func NewTally() Tally { return Tally{Days: map[Date]Day{}, Subjects: map[string]map[string]Total{}} }

// AddSubject adds a day's total of one subject.
func (t Tally) AddSubject(role, subject string, total Total) {
	if t.Subjects[role] == nil {
		t.Subjects[role] = map[string]Total{}
	}
	t.Subjects[role][subject] = t.Subjects[role][subject].Add(total)
}

// Months adds the days up by month.
func (t Tally) Months() map[string]Day {
	months := map[string]Day{}
	for date, day := range t.Days {
		months[date.Month()] = months[date.Month()].Add(day)
	}
	return months
}

// Count tallies sales.
func Count(sales []Sale) Tally {
	tally, byDay := NewTally(), map[Date][]Sale{}
	for _, s := range sales {
		byDay[s.Day] = append(byDay[s.Day], s)
	}
	for date, of := range byDay {
		tally.Days[date] = Day{sum(of, Unpaid), sum(of, Abnormal), total(valid(of)), units(valid(of))}
		for role := range subjectOf {
			for subject, sold := range bySubject(valid(of), role) {
				tally.AddSubject(role, subject, total(sold))
			}
		}
	}
	return tally
}

func total(bought []Sale) Total {
	return Total{sum(bought, Valid), int64(len(bought)), int64(len(distinct(bought, orderOf)))}
}

// DiffTallies lists every difference between two tallies, days and subjects that sold nothing aside.
func DiffTallies(want, got Tally) []string {
	lines := Diff("day", want.Days, got.Days)
	for role := range subjectOf {
		lines = append(lines, Diff(role+" over all days", sold(want.Subjects[role]), sold(got.Subjects[role]))...)
	}
	return lines
}

// sold leaves out subjects that sold nothing: whether they have a row is not a question of totals.
func sold(totals map[string]Total) map[string]Total {
	kept := map[string]Total{}
	for subject, t := range totals {
		if t != (Total{}) {
			kept[subject] = t
		}
	}
	return kept
}
