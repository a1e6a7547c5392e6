package jobs_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
)

// refused runs a night that must fail as broken input and say why.
func (d *deployment) refused(asOf calendar.Day, why string) {
	d.t.Helper()
	if _, err := d.try(asOf); !errors.Is(err, jobs.ErrInput) || !strings.Contains(err.Error(), why) {
		d.t.Errorf("error %v, want one that says %q", err, why)
	}
}

// Days that the night before rested on never fall out of the windows without a word.
func TestHistoryIsNotLostWhenRulesChangeAfterDumpsAreGone(t *testing.T) {
	d := newDeployment(t)
	d.settings.RestateDays = 3
	d.night(lastDay - 1)
	for day := firstDay; day <= lastDay-3; day++ {
		d.drop("orders", day)
		d.drop("refunds", day)
	}
	d.settings.MaxUnitsPerLine = 30
	d.refused(lastDay, "their dumps are gone")
	d.settings.MaxUnitsPerLine = 20
	d.night(lastDay)
}

// A rollup under an old digest is made of the objects of that digest or not at all.
func TestLostStateIsNotMadeOfAReplacedDump(t *testing.T) {
	d := newDeployment(t)
	d.settings.RestateDays = 3
	d.night(lastDay - 1)
	old := twin.Day(lastDay - 5)
	d.deliver(twin.Partitions{Orders: map[twin.Day][]twin.Order{old: orders(old)[:1]}})
	for _, lost := range []string{"state/rollups/platform_buyers/dt=" + (lastDay - 5).String(), "state/partitions/orders/dt=" + (lastDay - 5).String(), "state/pairs"} {
		if err := os.RemoveAll(filepath.Join(d.out, lost)); err != nil {
			t.Fatal(err)
		}
	}
	d.refused(lastDay, "its dump is no longer the one they were made of")
}

// No sum leaves int64: amounts that could make one do it are refused by day and column.
func TestAmountsBeyondReasonAreRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(o *twin.Order)
		column string
	}{
		{"one amount at the end of int64", func(o *twin.Order) { o.BuyerPaidFen = math.MaxInt64 }, "buyer_paid_fen"},
		{"subsidies that would wrap to a small sum", func(o *twin.Order) { o.PlatformSubsidyFen = 1 << 62 }, "platform_subsidy_fen"},
		{"quantities", func(o *twin.Order) { o.Quantity = 1 << 60 }, "quantity"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDeployment(t)
			rows := orders(twin.Day(lastDay))
			for i := range rows {
				c.change(&rows[i])
			}
			d.deliver(twin.Partitions{Orders: map[twin.Day][]twin.Order{twin.Day(lastDay): rows}})
			d.refused(lastDay, "column "+c.column+" adds up to")
		})
	}
}
