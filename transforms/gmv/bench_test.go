package gmv_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/gmv"
)

// benchmarkDays is how many days a benchmark adds up, each a run.
const benchmarkDays = 70

// benchmarkInput are sales in the shape of a market: a few products sell much, most of those of a day once or twice. One
// line in fifteen is refunded.
func benchmarkInput(role int, subjects int64) (in gmv.Input, rows int64) {
	rng := rand.New(rand.NewPCG(1, 2))
	scope := scopeOf(role)
	var refunds []returned
	for day := asOf - benchmarkDays + 1; day <= asOf; day++ {
		var sales []sale
		for range 20_000 {
			u := rng.Float64()
			s := sold(asOf-day, rng.Int64N(50_000))
			s.subject = 1 + int64(u*u*float64(subjects))
			s.channel, s.scene = rng.Int64N(int64(len(contract.Channels))), rng.Int64N(rng.Int64N(int64(len(contract.Scenes)))+1)
			sales = append(sales, s)
			if rng.IntN(15) == 0 {
				refunds = append(refunds, returned{s, calendar.Day(rng.IntN(int(asOf-day) + 1)), s.fen})
			}
		}
		run := runsOf(scope, daysOf(scope, sales))[0]
		in.Runs = append(in.Runs, run)
		for _, g := range run.Groups {
			rows += g.Rows
		}
	}
	rng.Shuffle(len(refunds), func(i, j int) { refunds[i], refunds[j] = refunds[j], refunds[i] })
	in.AsOf, in.Scope, in.IDs, in.Workers = asOf, scope, column.NewIDs(nil), 1
	in.Refunds = gmv.NewRefunds(refundFrame(scope, refunds), asOf, allDays())
	return in, rows
}

var benchmarkScopes = []struct {
	role     int
	subjects int64
}{{contract.RoleProduct, 30_000}, {contract.RoleMerchant, 1_000}}

func BenchmarkSum(b *testing.B) {
	for _, c := range benchmarkScopes {
		b.Run(fmt.Sprintf("scope=%s", scopeOf(c.role).Name()), func(b *testing.B) {
			in, rows := benchmarkInput(c.role, c.subjects)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := gmv.Sum(context.Background(), in); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows*int64(b.N)), "ns/row")
		})
	}
}

// BenchmarkAddUp adds eight days up to rows of the same shape.
func BenchmarkAddUp(b *testing.B) {
	in, _ := benchmarkInput(contract.RoleProduct, 30_000)
	b.ReportAllocs()
	for b.Loop() {
		err := gmv.AddUp(context.Background(), in.Scope, in.IDs, in.Runs[:8], 1<<17, func(*column.Frame) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead reads sums as a night does: for two tables, for what is settled, by channel and by parts.
func BenchmarkRead(b *testing.B) {
	in, _ := benchmarkInput(contract.RoleProduct, 30_000)
	s, err := gmv.Sum(context.Background(), in)
	if err != nil {
		b.Fatal(err)
	}
	c := everything()
	drain := func(b *testing.B, records gmv.Records) {
		for _, err := range records {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	own := func(channel, scene int) int {
		return slices.Index([]int{contract.ChannelSelf, contract.ChannelDistribution}, channel)
	}
	for name, read := range map[string]func(b *testing.B){
		"gmv":       func(b *testing.B) { drain(b, gmv.Table(c, []*gmv.Sums{s}, memory.DefaultAllocator)) },
		"gmv_split": func(b *testing.B) { drain(b, gmv.SplitTable(c, []*gmv.Sums{s}, memory.DefaultAllocator)) },
		"settled":   func(*testing.B) { s.Settled(90, func(int64, gmv.Settled) {}) },
		"split":     func(*testing.B) { s.SplitPaid(90, func(int64, *gmv.Split) {}) },
		"parts":     func(*testing.B) { s.Parts(90, 2, own, func(int64, []gmv.Part) {}) },
	} {
		b.Run("table="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				read(b)
			}
		})
	}
}
