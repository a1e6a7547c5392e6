package gmv_test

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/gmv"
)

// crowd are the sales of many subjects, more than a batch has, and their refunds, several hundred of some subjects.
func crowd(seed uint64, subjects int64, days int) (sales []sale, refunds []returned) {
	rng := rand.New(rand.NewPCG(seed, 0))
	for ago := range calendar.Day(days) {
		for range 1 + rng.IntN(300) {
			s := sold(ago, rng.Int64N(50_000))
			u := rng.Float64()
			s.subject = int64(u * u * u * float64(subjects))
			s.channel, s.scene = rng.Int64N(int64(len(contract.Channels))), rng.Int64N(int64(len(contract.Scenes)))
			sales = append(sales, s)
			for range rng.IntN(3) {
				refunds = append(refunds, returned{s, calendar.Day(rng.IntN(40)), rng.Int64N(50_000)})
			}
		}
	}
	return sales, refunds
}

// bySubject adds up per subject what of gives, subjects without any left out.
func bySubject[R, F any](rows []R, subject func(r R) int64, of func(f *F, r R)) map[int64]F {
	out := map[int64]F{}
	for _, r := range rows {
		f := out[subject(r)]
		of(&f, r)
		out[subject(r)] = f
	}
	return out
}

// Subjects that do not fit into one batch are added up as a map does it, in order, however the runs are cut into groups.
func TestManySubjectsAgreeWithAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sales, refunds := crowd(rapid.Uint64().Draw(t, "seed"), rapid.SampledFrom([]int64{1, 40, 3000}).Draw(t, "subjects"), rapid.IntRange(1, 40).Draw(t, "days"))
		scope, ids := scopeOf(contract.RoleMerchant), column.NewIDs(nil)
		in := gmv.Input{AsOf: asOf, Scope: scope, Refunds: gmv.NewRefunds(refundFrame(scope, refunds), asOf, allDays()), IDs: ids, Workers: 2}
		size := rapid.SampledFrom([]int{1, 50, 1 << 13}).Draw(t, "rows of a group")
		for _, r := range runsOf(scope, daysOf(scope, sales)) {
			in.Runs = append(in.Runs, inGroups(scope, r, func() int { return size }, func() bool { return rapid.Bool().Draw(t, "bounded") }))
		}
		s, err := gmv.SumIn(context.Background(), in, rapid.IntRange(1, 3).Draw(t, "ranges"))
		if err != nil {
			t.Fatal(err)
		}
		var order []int64
		got := map[int64]gmv.Settled{}
		s.Settled(90, func(subject int64, f gmv.Settled) { order, got[subject] = append(order, subject), f })
		want := bySubject(sales, func(s sale) int64 { return s.subject }, func(f *gmv.Settled, s sale) {
			if s.day <= asOf-15 {
				f.Paid15 += s.fen
			}
			if s.day <= asOf-30 {
				f.Paid30 += s.fen
			}
		})
		for _, r := range refunds {
			f := want[r.subject]
			if r.day <= asOf-15 && r.delay <= 15 {
				f.Refund15 += r.back
			}
			if r.day <= asOf-30 && r.delay <= 30 {
				f.Refund30 += r.back
			}
			want[r.subject] = f
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		if !slices.IsSorted(order) || len(order) != len(got) {
			t.Fatalf("subjects %d", order)
		}
		for _, window := range contract.Windows {
			all, alone := map[int64]gmv.Settled{}, map[int64]gmv.Settled{}
			something := func(into map[int64]gmv.Settled) func(int64, gmv.Settled) {
				return func(subject int64, f gmv.Settled) {
					if f != (gmv.Settled{}) {
						into[subject] = f
					}
				}
			}
			s.Settled(window, something(all))
			few, err := gmv.SumSettled(asOf, scope, window, daysOf(scope, sales), in.Refunds)
			if err != nil {
				t.Fatal(err)
			}
			few.Each(something(alone))
			if diff := gocmp.Diff(all, alone); diff != "" {
				t.Fatalf("settled forms of %d days alone: %s", window, diff)
			}
		}
	})
}

// Refunds of what nobody is credited with are not those of a talent.
func TestSettledSumsLeaveOutWhoIsNotInTheScope(t *testing.T) {
	scope := scopeOf(contract.RoleTalent)
	credited := sold(20, 500)
	credited.subject = 7
	nobody := credited
	nobody.subject = null
	refunds := gmv.NewRefunds(refundFrame(scope, []returned{{credited, 1, 100}, {nobody, 1, 200}}), asOf, allDays())
	s, err := gmv.SumSettled(asOf, scope, 30, daysOf(scope, []sale{credited}), refunds)
	if err != nil {
		t.Fatal(err)
	}
	got := map[int64]gmv.Settled{}
	s.Each(func(subject int64, f gmv.Settled) { got[subject] = f })
	if diff := gocmp.Diff(map[int64]gmv.Settled{7: {Paid15: 500, Refund15: 100}}, got); diff != "" {
		t.Error(diff)
	}
}

// The sums of the days of many subjects are those of a map, in the order of stored rollups.
func TestManySubjectsAddUpAsAMapDoes(t *testing.T) {
	sales, _ := crowd(7, 3000, 40)
	scope := scopeOf(contract.RoleMerchant)
	type key struct{ subject, channel, scene int64 }
	want := map[key]int64{}
	for _, s := range sales {
		want[key{s.subject, s.channel, s.scene}] += s.fen
		want[key{s.subject, null, null}] += s.fen
	}
	got, order := map[key]int64{}, []key(nil)
	err := gmv.AddUp(context.Background(), scope, column.NewIDs(nil), runsOf(scope, daysOf(scope, sales)), 1000, func(f *column.Frame) error {
		for i, fen := range f.Column("paid_fen") {
			k := key{f.Column(scope.Subject)[i], f.Column("channel")[i], f.Column("scene")[i]}
			got[k], order = fen, append(order, k)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, got); diff != "" || len(order) != len(got) {
		t.Fatalf("%d rows: %s", len(order), diff)
	}
	if !slices.IsSortedFunc(order, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.subject, b.subject), cmp.Compare(column.NullLast(a.channel), column.NullLast(b.channel)), cmp.Compare(column.NullLast(a.scene), column.NullLast(b.scene)))
	}) {
		t.Fatal("the sums are not in order")
	}
}

// Wherever subjects are out of order, inside a group or from one to the next, in one run among others, it is told.
func TestDisorderIsFoundAnywhere(t *testing.T) {
	scope, ids := scopeOf(contract.RoleMerchant), column.NewIDs(nil)
	rapid.Check(t, func(t *rapid.T) {
		var sorted, disordered []sale
		for i := range rapid.Int64Range(2, 900).Draw(t, "rows") {
			s := sold(0, 1)
			s.subject = 2 * i
			sorted, disordered = append(sorted, s), append(disordered, s)
		}
		a := rapid.IntRange(0, len(sorted)-2).Draw(t, "of")
		b := rapid.IntRange(a+1, len(sorted)-1).Draw(t, "for")
		disordered[a], disordered[b] = disordered[b], disordered[a]
		size := rapid.IntRange(1, 300).Draw(t, "rows of a group")
		var runs []gmv.Run
		for range rapid.IntRange(0, 100).Draw(t, "other runs") {
			runs = append(runs, gmv.InMemory(scope, asOf, salesFrame(scope, sorted)))
		}
		runs = append(runs, inGroups(scope, gmv.InMemory(scope, asOf, salesFrame(scope, disordered)), func() int { return size }, func() bool { return false }))
		_, err := gmv.Sum(context.Background(), gmv.Input{AsOf: asOf, Scope: scope, Runs: runs, IDs: ids})
		if !errors.Is(err, gmv.ErrNotSorted) {
			t.Fatalf("error %v", err)
		}
	})
}
