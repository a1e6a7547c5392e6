package refund_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/refund"
)

// returned is one refund as refund_lines has it. Days count from the pay day of the first line.
type returned struct {
	line, id int64
	paid     calendar.Day // of the line
	day      calendar.Day // on which it succeeded
	second   int64        // of that day
	fen      int64
	lineFen  int64
	full     int64
}

// settled is one row of the result. Attributes are told by the line.
type settled struct {
	line, day, fen, undone int64
}

func frameOf(rows []returned) *column.Frame {
	f := column.NewFrame(len(rows))
	set := func(name string, value func(r returned) int64) {
		values := make([]int64, len(rows))
		for i, r := range rows {
			values[i] = value(r)
		}
		f.Set(name, values)
	}
	set("order_line_id", func(r returned) int64 { return r.line })
	set("succeeded_at", func(r returned) int64 { return int64(r.day)*86_400_000_000 + r.second })
	set("refund_id", func(r returned) int64 { return r.id })
	set("refund_fen", func(r returned) int64 { return r.fen })
	set("line_fen", func(r returned) int64 { return r.lineFen })
	set("is_full", func(r returned) int64 { return r.full })
	set("paid_day", func(r returned) int64 { return int64(r.paid) })
	for i, name := range []string{"buyer_id", "merchant_id", "product_id", "promoter_id", "category1_id", "channel", "scene"} {
		set(name, func(r returned) int64 { return r.line*100 + int64(i) })
	}
	return f
}

// daysOf groups refunds by the day they succeeded, oldest first.
func daysOf(rows []returned) column.Days {
	byDay := map[calendar.Day][]returned{}
	for _, r := range rows {
		byDay[r.day] = append(byDay[r.day], r)
	}
	return func(yield func(column.Dated, error) bool) {
		for _, d := range slices.Sorted(maps.Keys(byDay)) {
			if !yield(column.Dated{Day: d, Frame: frameOf(byDay[d])}, nil) {
				return
			}
		}
	}
}

type testingT interface {
	Helper()
	Fatal(args ...any)
}

// settle gives the result in the order of lines and days.
func settle(t testingT, rows []returned, expected int64, workers int, limit int64) []settled {
	t.Helper()
	mem := column.Memory{Budget: column.NewBudget(limit), Spill: &scratch{}}
	f, err := refund.Settle(context.Background(), daysOf(rows), expected, workers, mem)
	if err != nil {
		t.Fatal(err)
	}
	if mem.Budget.Used() != 0 {
		t.Fatal("memory is held after settling:", mem.Budget.Used())
	}
	paid := map[int64]calendar.Day{}
	for _, r := range rows {
		paid[r.line] = r.paid
	}
	var out []settled
	for i := range f.N {
		line := f.Column("buyer_id")[i] / 100
		for j, name := range []string{"buyer_id", "merchant_id", "product_id", "promoter_id", "category1_id", "channel", "scene"} {
			if f.Column(name)[i] != line*100+int64(j) {
				t.Fatal(name, "of line", line, "is", f.Column(name)[i])
			}
		}
		if calendar.Day(f.Column("paid_day")[i]) != paid[line] {
			t.Fatal("pay day of line", line, "is", f.Column("paid_day")[i])
		}
		out = append(out, settled{line, f.Column("succeeded_day")[i], f.Column("amount_fen")[i], f.Column("full15_lines")[i]})
	}
	slices.SortFunc(out, func(a, b settled) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.day, b.day), cmp.Compare(a.fen, b.fen), cmp.Compare(a.undone, b.undone))
	})
	return out
}

// scratch is a spill file in memory.
type scratch struct{ data []byte }

func (*scratch) Create() (column.SpillFile, error) { return &scratch{}, nil }
func (*scratch) Close() error                      { return nil }
func (f *scratch) ReadAt(p []byte, at int64) (int, error) {
	return copy(p, f.data[at:]), nil
}
func (f *scratch) WriteAt(p []byte, at int64) (int, error) {
	if grow := int(at) + len(p) - len(f.data); grow > 0 {
		f.data = append(f.data, make([]byte, grow)...)
	}
	return copy(f.data[at:], p), nil
}

func TestRefundsOfALine(t *testing.T) {
	part := func(id int64, day calendar.Day, fen int64) returned {
		return returned{line: 1, id: id, day: day, fen: fen, lineFen: 1000}
	}
	full := func(id int64, day calendar.Day) returned {
		return returned{line: 1, id: id, day: day, fen: 1000, lineFen: 1000, full: 1}
	}
	free := func(id int64, day calendar.Day, full int64) returned {
		return returned{line: 1, id: id, day: day, full: full}
	}
	second := func(r returned, second int64) returned { r.second = second; return r }
	for _, c := range []struct {
		name string
		rows []returned
		want []settled
	}{
		{"a part", []returned{part(1, 2, 300)}, []settled{{1, 2, 300, 0}}},
		{"parts below the cap", []returned{part(1, 2, 300), part(2, 3, 700)}, []settled{{1, 2, 300, 0}, {1, 3, 700, 0}}},
		{"parts over the cap: the last is cut", []returned{part(1, 2, 600), part(2, 3, 600), part(3, 4, 1)}, []settled{{1, 2, 600, 0}, {1, 3, 400, 0}}},
		{"full", []returned{full(1, 2)}, []settled{{1, 2, 1000, 1}}},
		{"full after a part returns the rest", []returned{part(1, 2, 300), full(2, 3)}, []settled{{1, 2, 300, 0}, {1, 3, 700, 1}}},
		{"a part after full returns nothing", []returned{full(1, 2), part(2, 3, 300)}, []settled{{1, 2, 1000, 1}}},
		{"full after parts of all undoes and returns nothing", []returned{part(1, 2, 1000), full(2, 3)}, []settled{{1, 2, 1000, 0}, {1, 3, 0, 1}}},
		{"two full refunds undo once", []returned{full(1, 2), full(2, 3)}, []settled{{1, 2, 1000, 1}}},
		{"full on the fifteenth day", []returned{full(1, 15)}, []settled{{1, 15, 1000, 1}}},
		{"full on the sixteenth day", []returned{full(1, 16)}, []settled{{1, 16, 1000, 0}}},
		{"full too late after full in time", []returned{full(1, 15), full(2, 16)}, []settled{{1, 15, 1000, 1}}},
		{"full on the pay day", []returned{full(1, 0)}, []settled{{1, 0, 1000, 1}}},
		{"the moment decides, not the number", []returned{second(part(1, 2, 900), 5), second(part(2, 2, 200), 4)}, []settled{{1, 2, 200, 0}, {1, 2, 800, 0}}},
		{"at one moment the number decides", []returned{part(2, 2, 900), part(1, 2, 200)}, []settled{{1, 2, 200, 0}, {1, 2, 800, 0}}},
		{"nothing returned", []returned{part(1, 2, 0)}, nil},
		{"a free line returned in full is undone", []returned{free(1, 2, 1)}, []settled{{1, 2, 0, 1}}},
		{"a free line returned in part is not", []returned{free(1, 2, 0)}, nil},
		{"lines do not share a cap", []returned{part(1, 2, 900), {line: 2, id: 2, day: 2, fen: 900, lineFen: 1000}}, []settled{{1, 2, 900, 0}, {2, 2, 900, 0}}},
		{"no refunds", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := gocmp.Diff(c.want, settle(t, c.rows, 10, 1, 0), gocmp.AllowUnexported(settled{})); diff != "" {
				t.Error(diff)
			}
			slices.Reverse(c.rows) // days come in order, rows of a day in any
			if diff := gocmp.Diff(c.want, settle(t, c.rows, 10, 2, 0), gocmp.AllowUnexported(settled{})); diff != "" {
				t.Errorf("in another order: %s", diff)
			}
		})
	}
}

// naive settles refund by refund: each adds to what its line has returned so far.
func naive(rows []returned) (out []settled) {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b returned) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.second, b.second), cmp.Compare(a.id, b.id))
	})
	sum, undone := map[int64]int64{}, map[int64]bool{}
	for _, r := range rows {
		before := min(sum[r.line], r.lineFen)
		sum[r.line] += r.fen
		s := settled{line: r.line, day: int64(r.day), fen: min(sum[r.line], r.lineFen) - before}
		if r.full == 1 && r.day-r.paid <= 15 && !undone[r.line] {
			undone[r.line], s.undone = true, 1
		}
		if s.fen > 0 || s.undone > 0 {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b settled) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.day, b.day), cmp.Compare(a.fen, b.fen), cmp.Compare(a.undone, b.undone))
	})
	return out
}

func TestSettlingAgreesWithItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []returned
		for id := range rapid.Int64Range(0, 30).Draw(t, "refunds") {
			line := rapid.Int64Range(1, 6).Draw(t, "line")
			r := returned{line: line, id: id, paid: calendar.Day(line), day: calendar.Day(line + rapid.Int64Range(0, 18).Draw(t, "delay")), lineFen: line % 4 * 100,
				second: rapid.Int64Range(0, 2).Draw(t, "second"), full: rapid.Int64Range(0, 1).Draw(t, "full")}
			r.fen = rapid.Int64Range(0, r.lineFen).Draw(t, "fen")
			if r.full == 1 {
				r.fen = r.lineFen
			}
			rows = append(rows, r)
		}
		got := settle(t, rows, rapid.Int64Range(0, 100_000).Draw(t, "expected"), rapid.IntRange(1, 3).Draw(t, "workers"), 0)
		if diff := gocmp.Diff(naive(rows), got, gocmp.AllowUnexported(settled{})); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestManyRefundsSettleTheSameWhenSpilled(t *testing.T) {
	var rows []returned
	for i := range int64(5000) {
		rows = append(rows, returned{line: i % 1700, id: i, day: calendar.Day(i % 20), fen: i % 500, lineFen: 1000, full: i % 7 / 6})
	}
	want := naive(rows)
	for _, limit := range []int64{0, 1} {
		if got := settle(t, rows, 1, 2, limit); !slices.Equal(got, want) {
			t.Errorf("limit %d: %d rows, want %d", limit, len(got), len(want))
		}
	}
}

func TestTroubleWithADayEndsSettling(t *testing.T) {
	lost := errors.New("lost")
	days := func(yield func(column.Dated, error) bool) { yield(column.Dated{}, lost) }
	_, err := refund.Settle(context.Background(), days, 1, 1, column.Memory{Budget: column.NewBudget(0)})
	if !errors.Is(err, lost) {
		t.Errorf("error %v", err)
	}
}
