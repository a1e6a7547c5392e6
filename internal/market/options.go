package market

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/windvane/windvane/transforms/calendar"
)

// Sink stores the files of a market.
//
// WriteParquet is called from several goroutines at once, each time with another key. The records are
// borrowed: one that is kept after the iterator moved on must be retained. sorted names the columns by
// which the rows are sorted; it may be empty.
type Sink interface {
	WriteParquet(ctx context.Context, key string, schema *arrow.Schema, sorted []string, batches iter.Seq2[arrow.Record, error]) error
	WriteFile(ctx context.Context, key string, data []byte) error
}

// Options say how large a market is and when it is.
type Options struct {
	Seed          uint64
	Days          int // days that end on AsOf
	Merchants     int // shops
	Talents       int // accounts, at most a third of which belong to shops
	Products      int
	Buyers        int
	Skew          float64      // how unequal sizes are: the weight of the r-th largest shop or talent falls like r^-Skew
	Participation float64      // share of the shops with an own account that take part in Chuanliu
	LinesPerDay   int          // order lines created a day, on average over the days
	AsOf          calendar.Day // last day
	Workers       int          // goroutines that make rows; changes nothing in the result
	PartRows      int          // lines that one part file is made from; fixes the files, not the rows
}

// DefaultOptions are a market of a month that is made in seconds.
func DefaultOptions() Options {
	return Options{
		Seed: 1, Days: 30, Merchants: 500, Talents: 1_500, Products: 10_000, Buyers: 50_000,
		Skew: 0.9, Participation: Participation, LinesPerDay: 20_000, AsOf: 20_454, Workers: 2, PartRows: 1 << 18,
	}
}

// Limits that keep identifiers apart; far above any demo.
const (
	maxAccounts = 1 << 20
	maxProducts = 1 << 24
	maxBuyers   = 1 << 30
	maxLines    = 1 << 28 // a day
	maxDays     = 2_000
	earliest    = 7_305  // 1990-01-01
	latest      = 47_481 // 2099-12-31
)

// Validate tells every option that makes no market.
func (o Options) Validate() error {
	var errs []error
	within := func(name string, v, lo, hi int) {
		if v < lo || v > hi {
			errs = append(errs, fmt.Errorf("market: %s: %d is outside [%d, %d]", name, v, lo, hi))
		}
	}
	within("days", o.Days, 1, maxDays)
	within("merchants", o.Merchants, 10, maxAccounts)
	within("talents", o.Talents, 10, maxAccounts)
	within("products", o.Products, o.Merchants, maxProducts)
	within("buyers", o.Buyers, 10, maxBuyers)
	within("lines per day", o.LinesPerDay, 1, maxLines)
	ratio := func(name string, v, hi float64) {
		if !(v >= 0 && v <= hi) { // NaN neither
			errs = append(errs, fmt.Errorf("market: %s: %v is outside [0, %v]", name, v, hi))
		}
	}
	ratio("skew", o.Skew, 2)
	ratio("participation", o.Participation, 1)
	within("workers", o.Workers, 1, 1_024)
	within("part rows", o.PartRows, 1_024, 1<<26)
	if first := int(o.AsOf) - o.Days + 1; first < earliest || int(o.AsOf) > latest {
		errs = append(errs, fmt.Errorf("market: as-of: the days %s to %s do not lie in [%s, %s]",
			calendar.Day(first), o.AsOf, calendar.Day(earliest), calendar.Day(latest)))
	}
	return errors.Join(errs...)
}

// Progress tells how far Generate is. It is reported after each shard and each day.
type Progress struct {
	Day       calendar.Day
	DaysDone  int
	Days      int
	LinesDone int64 // order lines created so far
	Lines     int64 // order lines that will be created
}

// Summary tells what Generate wrote.
type Summary struct {
	Lines  int64            // order lines created
	Rows   map[string]int64 // rows written per input table
	Files  int64            // objects written, truth and _SUCCESS included
	Totals DayTotals        // sums over the days; Buyers is the sum of daily distincts
	Lift   float64          // programme lift as it happened: lines caused / lines that would have been; 0 if none
}
