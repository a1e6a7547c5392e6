package calendar_test

import (
	"testing"
	"time"

	"github.com/windvane/windvane/transforms/calendar"
	"pgregory.net/rapid"
)

func day(t testing.TB, s string) calendar.Day {
	t.Helper()
	d, err := calendar.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     calendar.Day
	}{
		{"the epoch is day 0", "1970-01-01", 0},
		{"the day before the epoch is negative", "1969-12-31", -1},
		{"a leap day", "2024-02-29", 19782},
		{"the end of a month", "2026-01-31", 20484},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := day(t, c.in)
			if got != c.want || got.String() != c.in {
				t.Errorf("Parse(%s) = %d (%s), want %d", c.in, got, got, c.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, in := range []string{"", "2026-1-31", "2026-02-30", "2025-02-29", "20260131", "2026-01-31 ", "2026-01-31T00:00:00", "２０２６-01-31"} {
		if d, err := calendar.Parse(in); err == nil {
			t.Errorf("Parse(%q) = %s, want an error", in, d)
		}
	}
}

func TestArithmetic(t *testing.T) {
	for _, c := range []struct {
		name, want string
		got        calendar.Day
	}{
		{"a month after a long month's end is the short month's end", "2026-02-28", day(t, "2026-01-31").AddMonths(1)},
		{"in a leap year that is the 29th", "2024-02-29", day(t, "2024-01-31").AddMonths(1)},
		{"months go back over the year", "2025-11-30", day(t, "2026-01-31").AddMonths(-2)},
		{"months go back before 1970", "1968-02-29", day(t, "1970-01-31").AddMonths(-23)},
		{"no month is the day itself", "2026-01-31", day(t, "2026-01-31").AddMonths(0)},
		{"a year after a leap day is the 28th", "2025-02-28", day(t, "2024-02-29").AddYears(1)},
		{"four years after a leap day is a leap day", "2028-02-29", day(t, "2024-02-29").AddYears(4)},
		{"the month begins on the 1st", "2026-02-01", day(t, "2026-02-28").Month()},
		{"the month ends on its last day", "2100-02-28", day(t, "2100-02-01").MonthEnd()},
		{"a quarter begins in October", "2025-10-01", day(t, "2025-12-31").Quarter()},
		{"a quarter begins in January", "2026-01-01", day(t, "2026-03-31").Quarter()},
		{"a quarter before 1970", "1969-07-01", day(t, "1969-09-30").Quarter()},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.got.String() != c.want {
				t.Errorf("got %s, want %s", c.got, c.want)
			}
		})
	}
}

func TestMonthsBetween(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"2026-01-01", "2026-01-31", 0},
		{"2026-01-31", "2026-02-01", 1},
		{"2026-02-01", "2025-12-31", -2},
		{"1969-12-31", "1970-01-01", 1},
		{"2024-02-29", "2026-02-28", 24},
	} {
		if got := calendar.MonthsBetween(day(t, c.a), day(t, c.b)); got != c.want {
			t.Errorf("MonthsBetween(%s, %s) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// Days between the years 1 and 9999, which four digits can write.
func anyDay(t *rapid.T) calendar.Day {
	return calendar.Day(rapid.Int32Range(-719162, 2932896).Draw(t, "day"))
}

func TestDaysAgreeWithPackageTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, n := anyDay(t), rapid.IntRange(-500, 500).Draw(t, "n")
		at := time.Unix(int64(d)*86400, 0).UTC()
		if got := d.String(); got != at.Format("2006-01-02") {
			t.Fatalf("String() = %s, want %s", got, at)
		}
		if back, err := calendar.Parse(d.String()); err != nil || back != d {
			t.Fatalf("Parse(%s) = %d, %v", d, back, err)
		}
		first := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
		if got := d.Month(); int64(got)*86400 != first.Unix() {
			t.Fatalf("Month() = %s, want %s", got, first)
		}
		if next := d.MonthEnd() + 1; int64(next)*86400 != first.AddDate(0, 1, 0).Unix() {
			t.Fatalf("MonthEnd() = %s", next-1)
		}
		moved := d.AddMonths(n)
		if got := moved.Month(); int64(got)*86400 != first.AddDate(0, n, 0).Unix() {
			t.Fatalf("AddMonths(%d) = %s, not in %s", n, moved, first.AddDate(0, n, 0))
		}
		if calendar.MonthsBetween(d, moved) != n {
			t.Fatalf("MonthsBetween(%s, %s) is not %d", d, moved, n)
		}
		_, _, dom := moved.Date()
		if dom != at.Day() && (moved != moved.MonthEnd() || dom > at.Day()) {
			t.Fatalf("AddMonths(%d) of %s = %s: neither the same day of month nor a clamped one", n, d, moved)
		}
	})
}

func TestText(t *testing.T) {
	var d calendar.Day
	if err := d.UnmarshalText([]byte("2026-01-31")); err != nil || d.String() != "2026-01-31" {
		t.Errorf("UnmarshalText = %s, %v", d, err)
	}
	if text, err := d.MarshalText(); err != nil || string(text) != "2026-01-31" {
		t.Errorf("MarshalText = %s, %v", text, err)
	}
	if err := d.UnmarshalText([]byte("soon")); err == nil {
		t.Error("UnmarshalText of nonsense succeeded")
	}
}
