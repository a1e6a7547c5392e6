package repeat_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/repeat"
)

// BenchmarkCompute merges a year of pairs, as six long blocks, five short ones and six days, and evaluates them. One line in
// twenty is refunded. As in a market, buyers come back to the platform often and to a product hardly ever.
func BenchmarkCompute(b *testing.B) {
	for _, c := range []struct {
		role             int
		subjects, buyers int64
	}{{contract.RolePlatform, 1, 50_000}, {contract.RoleMerchant, 2_000, 50_000}, {contract.RoleProduct, 50_000, 50_000}} {
		scope := contract.Scopes()[c.role]
		b.Run(fmt.Sprintf("scope=%s/rows=4e6", scope.Name()), func(b *testing.B) {
			in, rows := benchmarkInput(b, scope, c.subjects, c.buyers)
			b.ReportAllocs()
			for b.Loop() {
				compute(b, in)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows*int64(b.N)), "ns/row")
		})
	}
}

func benchmarkInput(b *testing.B, scope contract.Scope, subjects, buyers int64) (repeat.Input, int64) {
	rng := rand.New(rand.NewPCG(1, 2))
	hash := make([]int64, buyers)
	for i := range hash {
		hash[i] = int64(rng.Uint64())
	}
	in := inputOf(scope, nil, nil)
	in.Months = scope.Role != contract.RoleProduct
	var rows int64
	var undos []undone
	blocks := slices.Concat(slices.Repeat([]int{1}, 6), slices.Repeat([]int{8}, 5), slices.Repeat([]int{64}, 6))
	day := asOf
	for _, n := range blocks {
		var days []repeat.Run
		for range n {
			buys := randomBuys(rng, scope, day, subjects, hash)
			for i := 0; i < len(buys); i += 20 {
				undos = append(undos, undone{buys[i].subject, buys[i].buyer, day, 1})
			}
			days = append(days, repeat.InMemory(day, packedDay(b, scope, day, buys)))
			day--
		}
		var parts []repeat.Rows
		err := repeat.Merge(context.Background(), days, column.SubjectOrder{}, 1<<16, func(r repeat.Rows) error { parts = append(parts, r); return nil })
		if err != nil {
			b.Fatal(err)
		}
		block := repeat.Concat(parts)
		if scope.Subject == "" {
			block.Subject = nil
		}
		rows += int64(block.Len())
		in.Runs = append(in.Runs, repeat.InMemory(days[0].Last, block))
	}
	in.Undone = repeat.NewUndone(refundFrame(scope, undos), in.First)
	return in, rows
}

// randomBuys are 10,000 purchases of a day; some subjects sell much more than others.
func randomBuys(rng *rand.Rand, scope contract.Scope, day calendar.Day, subjects int64, buyers []int64) []buy {
	var buys []buy
	for range 10_000 {
		u := rng.Float64()
		buys = append(buys, buy{subject: 1 + int64(u*u*u*float64(subjects)), buyer: buyers[rng.IntN(len(buyers))], day: day, orders: 1, lines: 1 + int64(rng.IntN(2)), paid: int64(rng.IntN(50_000)),
			distribution: int64(rng.IntN(2)), selfLive: int64(rng.IntN(4) / 3)})
	}
	if scope.Subject == "" {
		for i := range buys {
			buys[i].subject = 0
		}
	}
	slices.SortFunc(buys, func(x, y buy) int { return cmp.Or(cmp.Compare(x.subject, y.subject), cmp.Compare(x.buyer, y.buyer)) })
	return slices.CompactFunc(buys, func(x, y buy) bool { return x.subject == y.subject && x.buyer == y.buyer })
}

func packedDay(b *testing.B, scope contract.Scope, day calendar.Day, buys []buy) repeat.Rows {
	rows, err := repeat.Pack(scope, column.Dated{Day: day, Frame: buyersFrame(scope, buys)}, column.SubjectOrder{})
	if err != nil {
		b.Fatal(err)
	}
	return rows
}
