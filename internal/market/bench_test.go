package market_test

import (
	"runtime"
	"syscall"
	"testing"

	"github.com/windvane/windvane/internal/market"
)

// large is one day of many lines; long is many days.
func large(lines int) market.Options {
	o := market.DefaultOptions()
	o.Days, o.LinesPerDay = 1, lines
	o.Merchants, o.Talents, o.Products, o.Buyers = 20_000, 50_000, 300_000, 3_000_000
	return o
}

func long(days, lines int) market.Options {
	o := market.DefaultOptions()
	o.Days, o.LinesPerDay = days, lines
	o.Merchants, o.Talents, o.Products, o.Buyers = 2_000, 6_000, 30_000, 300_000
	return o
}

// BenchmarkGenerate makes whole markets, without and with Parquet.
func BenchmarkGenerate(b *testing.B) {
	for _, c := range []struct {
		name string
		opts market.Options
	}{
		{"days=1/lines=2e6", large(2_000_000)},
		{"days=1/lines=1e7", large(10_000_000)},
		{"days=20/lines=2e5", long(20, 200_000)},
		{"days=30/lines=1e6", long(30, 1_000_000)},
	} {
		b.Run("sink=none/"+c.name, func(b *testing.B) {
			measure(b, c.opts, func() market.Sink { return discard{} })
		})
		b.Run("sink=parquet/"+c.name, func(b *testing.B) {
			measure(b, c.opts, func() market.Sink { return openLake(b) })
		})
	}
}

// cpuSeconds is what the process used of the processors.
func cpuSeconds(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func measure(b *testing.B, o market.Options, open func() market.Sink) {
	b.ReportAllocs()
	lines, before := int64(0), cpuSeconds(b)
	for b.Loop() {
		s, err := market.Generate(b.Context(), o, open(), nil)
		if err != nil {
			b.Fatal(err)
		}
		lines += s.Lines
	}
	b.ReportMetric(float64(lines)/b.Elapsed().Seconds(), "lines/s")
	b.ReportMetric((cpuSeconds(b)-before)*1e6/float64(lines), "cpu-µs/line") // a busy machine changes it little
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "sys-MiB")
}
