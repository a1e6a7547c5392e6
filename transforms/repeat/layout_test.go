package repeat_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/repeat"
)

// market is a scope's purchases and refunds with what orders its subjects.
type market struct {
	scope contract.Scope
	ids   *column.IDs
	buys  []buy
	undos []undone
}

func (m market) order() column.SubjectOrder {
	return column.SubjectOrder{Dict: m.ids.Dict(contract.Column{Kind: contract.ID, Domain: m.scope.Domain})}
}

// marketsOf draws many purchases of few pairs: numbers or texts, some without a subject, one subject that sells most.
func marketsOf(t *rapid.T) market {
	role := rapid.SampledFrom([]int{contract.RolePlatform, contract.RoleCategory, contract.RoleMerchant, contract.RoleTalent, contract.RoleProduct}).Draw(t, "role")
	m := market{scope: contract.Scopes()[role]}
	text := m.scope.Subject != "" && rapid.Bool().Draw(t, "text")
	m.ids = column.NewIDs(contract.IDTypes{m.scope.Domain: text})
	subjects := []int64{-5, 3, 1 << 40, 12}
	if text {
		subjects = nil
		for _, s := range []string{"shop-number-9", "shop", "shop-number-10", "~"} { // two differ behind the eighth letter
			subjects = append(subjects, m.order().Dict.Code(s))
		}
	}
	if role == contract.RoleCategory {
		subjects = append(subjects, column.Null)
	}
	if role == contract.RolePlatform {
		subjects = []int64{0}
	}
	n := rapid.IntRange(0, 200).Draw(t, "purchases")
	seed := rapid.Int64().Draw(t, "seed") // a hash of it draws the rest: rapid is slow with thousands of values
	draw := func(n int64) int64 {
		seed = int64(column.Hash(seed))
		return int64(uint64(seed)>>1) % n
	}
	type pairDay struct {
		subject, buyer int64
		day            calendar.Day
	}
	seen := map[pairDay]bool{}
	for range n {
		b := buy{subject: subjects[draw(int64(len(subjects)))], buyer: []int64{-1 << 63, 1<<63 - 1, 0, -7, 5, 77}[draw(6)] + 0, day: asOf - calendar.Day(draw(800)),
			orders: 1 + draw(2), lines: 1 + draw(3), paid: draw(1 << 40), distribution: draw(2), selfLive: draw(2)}
		switch draw(8) {
		case 0:
			b.subject, b.day = subjects[0], asOf-calendar.Day(draw(40))
		case 1:
			b.orders, b.lines = 255+draw(2), 255+draw(70_000) // at the border of what is packed, and beyond
		case 2:
			b.sets, b.setsFen = draw(3), draw(1<<50)
		}
		if k := (pairDay{b.subject, b.buyer, b.day}); !seen[k] {
			seen[k] = true
			m.buys = append(m.buys, b)
			if draw(4) == 0 {
				m.undos = append(m.undos, undone{b.subject, b.buyer, b.day, 1 + draw(b.lines)})
			}
		}
	}
	return m
}

// input takes the purchases as runs.
func (m market) input(runs []repeat.Run) repeat.Input {
	return repeat.Input{AsOf: asOf, Scope: m.scope, Runs: runs, First: firstDay, Undone: repeat.NewUndone(refundFrame(m.scope, m.undos), firstDay), Months: true, Order: m.order(),
		Ranges: []repeat.Range{{asOf - 100, asOf}, {asOf - 300, asOf - 200}}, Compare: m.ids.CompareText(m.scope.Domain, contract.NoSubject), Workers: 1}
}

// published are all tables of the figures, and what is asked of them one by one.
func (m market) published(t testingT, in repeat.Input, spans int) [][]line {
	t.Helper()
	f, err := repeat.ComputeInSpans(context.Background(), in, spans)
	if err != nil {
		t.Fatal(err)
	}
	c, all := everything(), []*repeat.Figures{f}
	c.IDs = m.ids
	asked := line{"ranges": fmt.Sprint(f.RangeBuyers(0), f.RangeBuyers(1))}
	for _, b := range m.buys {
		asked[fmt.Sprint(b.subject, " live")] = fmt.Sprint(f.LiveBuyers(b.subject))
		for _, w := range contract.Windows {
			buyers, fresh := f.Buyers(b.subject, w)
			kept, repeats := f.R1(b.subject, w)
			asked[fmt.Sprint(b.subject, w)] = fmt.Sprint(buyers, fresh, kept, repeats)
		}
	}
	return [][]line{read(t, repeat.PurchaseTable(c, all)), read(t, repeat.TrustTable(c, all)), read(t, repeat.MonthlyTable(c, all)),
		read(t, repeat.CohortTable(c, all)), {asked}}
}

// inGroups is a run that is read a few rows at a time. Rows that were given back are overwritten.
func inGroups(run repeat.Run, size int, bounded bool) repeat.Run {
	rows := allRows(run)
	out := repeat.Run{Last: run.Last}
	for from := 0; from < rows.Len(); from += size {
		to := min(from+size, rows.Len())
		g := repeat.Group{Rows: int64(to - from), Bounded: bounded}
		if bounded {
			g.First, g.Last = repeat.Key{Buyer: rows.Buyer[from]}, repeat.Key{Buyer: rows.Buyer[to-1]}
			if rows.Subject != nil {
				g.First.Subject, g.Last.Subject = rows.Subject[from], rows.Subject[to-1]
			}
		}
		out.Groups = append(out.Groups, g)
	}
	out.Read = func(_ context.Context, g int) (repeat.Rows, func(), error) {
		part := rows.Slice(g*size, min((g+1)*size, rows.Len()))
		columns := []*[]int64{&part.Subject, &part.Buyer, &part.Facts, &part.Value}
		for _, c := range columns {
			*c = slices.Clone(*c)
		}
		return part, func() {
			for _, c := range columns {
				for i := range *c {
					(*c)[i] = -1
				}
			}
		}, nil
	}
	return out
}

func allRows(run repeat.Run) repeat.Rows {
	var parts []repeat.Rows
	for g := range run.Groups {
		rows, _, err := run.Read(context.Background(), g)
		if err != nil {
			panic(err) // rows in memory
		}
		parts = append(parts, rows)
	}
	return repeat.Concat(parts)
}

// merged puts successive runs together in blocks of the given number.
func (m market) merged(t testingT, runs []repeat.Run, block int) (out []repeat.Run) {
	slices.SortFunc(runs, func(a, b repeat.Run) int { return int(a.Last - b.Last) })
	for some := range slices.Chunk(runs, block) {
		var parts []repeat.Rows
		if err := repeat.Merge(context.Background(), some, m.order(), 7, func(r repeat.Rows) error { parts = append(parts, r); return nil }); err != nil {
			t.Fatal(err)
		}
		rows := repeat.Concat(parts)
		if m.scope.Subject == "" {
			rows.Subject = nil
		}
		out = append(out, repeat.InMemory(some[len(some)-1].Last, rows))
	}
	return out
}

func TestFiguresAreTheSameHoweverPairsAreStored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := marketsOf(t)
		days := runsOf(m.scope, m.order(), m.buys)
		want := m.published(t, m.input(days), 1)
		for range 2 {
			block, size := rapid.SampledFrom([]int{1, 3, 1000}).Draw(t, "days of a block"), rapid.SampledFrom([]int{1, 2, 5, 1000}).Draw(t, "rows of a group")
			var runs []repeat.Run
			for _, r := range m.merged(t, days, block) {
				runs = append(runs, inGroups(r, size, rapid.Bool().Draw(t, "bounded")))
			}
			in := m.input(runs)
			in.Workers = rapid.IntRange(1, 3).Draw(t, "workers")
			if diff := gocmp.Diff(want, m.published(t, in, rapid.IntRange(1, 16).Draw(t, "spans"))); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

// withPassers adds many buyers who buy once, on few days.
func (m market) withPassers(t *rapid.T) market {
	if len(m.buys) == 0 {
		return m
	}
	ages := []calendar.Day{0, 3, 29, 30, 45, 59, 60, 89, 90, 400}
	one := rapid.Int64Range(0, 1)
	for i := range rapid.Int64Range(0, 40).Draw(t, "passers") {
		age := ages[rapid.IntRange(0, len(ages)-1).Draw(t, "age")]
		m.buys = append(m.buys, buy{subject: m.buys[i%int64(len(m.buys))].subject, buyer: 1000 + i, day: asOf - age, orders: 1 + i%3, lines: 3, paid: 100 + i,
			distribution: one.Draw(t, "distribution"), selfLive: one.Draw(t, "own live")})
	}
	return m
}

// Pairs of one row go a way of their own; where each of their rows has company that says nothing they go the way of all.
func TestPairsOfOneRowCountAsOthersDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := marketsOf(t).withPassers(t)
		want := m.input(runsOf(m.scope, m.order(), m.buys))
		want.Months = rapid.Bool().Draw(t, "months")
		if m.scope.Role == contract.RoleProduct {
			want.Won = wonBy(t, m.buys)
		}
		got := want
		got.Runs = nil
		for _, r := range want.Runs {
			got.Runs = append(got.Runs, repeat.InMemory(r.Last, repeat.WithIdleRows(allRows(r))))
		}
		if diff := gocmp.Diff(m.published(t, want, 1), m.published(t, got, 1)); diff != "" {
			t.Fatal(diff)
		}
		if diff := gocmp.Diff(trialsOf(compute(t, want)), trialsOf(compute(t, got))); diff != "" {
			t.Fatal(diff)
		}
	})
}

// A block is the same rows whether it is made of days or of shorter blocks.
func TestBlocksOfBlocksAreBlocksOfDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := marketsOf(t)
		days := runsOf(m.scope, m.order(), m.buys)
		want := m.merged(t, days, 1000)
		got := m.merged(t, m.merged(t, days, 3), 1000)
		if len(want) != len(got) {
			t.Fatalf("%d runs, want %d", len(got), len(want))
		}
		for i := range want {
			if diff := gocmp.Diff(allRows(want[i]), allRows(got[i])); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

func TestPairsOutOfOrderAreRefused(t *testing.T) {
	scope := scopeOf(contract.RoleMerchant)
	frame := func(buyers ...int64) column.Dated {
		var buys []buy
		for _, b := range buyers {
			buys = append(buys, bought(b, 3))
		}
		return column.Dated{Day: asOf - 3, Frame: buyersFrame(scope, buys)}
	}
	if _, err := repeat.Pack(scope, frame(2, 1), column.SubjectOrder{}); !errors.Is(err, repeat.ErrNotSorted) {
		t.Errorf("in one group: %v", err)
	}
	pack := func(buyer int64) repeat.Rows {
		rows, err := repeat.Pack(scope, frame(buyer), column.SubjectOrder{})
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	in := inputOf(scope, nil, nil)
	in.Runs = []repeat.Run{{Last: asOf - 3, Groups: make([]repeat.Group, 2), Read: func(_ context.Context, g int) (repeat.Rows, func(), error) { return pack(int64(2 - g)), nil, nil }}}
	if _, err := repeat.Compute(context.Background(), in); !errors.Is(err, repeat.ErrNotSorted) {
		t.Errorf("from one group to the next: %v", err)
	}
	if _, err := repeat.Pack(scope, column.Dated{Day: -1, Frame: buyersFrame(scope, nil)}, column.SubjectOrder{}); err == nil {
		t.Error("a day before 1970 was packed")
	}
}

func TestACountThatIsCancelledEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := repeat.Compute(ctx, inputOf(scopeOf(contract.RoleMerchant), []buy{bought(7, 3)}, nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
