package jobs_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/transforms/calendar"
)

// longHistory is a deployment with so many days that sums of 64 and of 8 days are kept.
func longHistory(t *testing.T) *deployment {
	t.Helper()
	d := newDeployment(t)
	d.settings.RestateDays = 10
	p := twin.Partitions{Orders: map[twin.Day][]twin.Order{}, Refunds: map[twin.Day][]twin.Refund{}}
	for day := twin.Day(lastDay - 209); day < twin.Day(firstDay); day++ {
		p.Orders[day], p.Refunds[day] = orders(day), refunds(day)
	}
	d.deliver(p)
	return d
}

// again makes a night as if it had never been made; what is cached stays. It returns the digests of its tables.
func (d *deployment) again(asOf calendar.Day, daysOnly bool) map[string]string {
	d.t.Helper()
	if err := os.RemoveAll(filepath.Join(d.out, "published")); err != nil {
		d.t.Fatal(err)
	}
	d.daysOnly = daysOnly
	return sums(d.night(asOf))
}

// same makes a night with and without kept sums. It returns the digests of its tables.
func (d *deployment) same(what string, asOf calendar.Day) map[string]string {
	d.t.Helper()
	days := d.again(asOf, true)
	d.still(what, asOf, days)
	return days
}

// still makes a night with kept sums, whose tables are known.
func (d *deployment) still(what string, asOf calendar.Day, want map[string]string) {
	d.t.Helper()
	if diff := gocmp.Diff(want, d.again(asOf, false)); diff != "" {
		d.t.Errorf("%s: %s", what, diff)
	}
}

func TestKeptSumsChangeNoByte(t *testing.T) {
	t.Parallel()
	d := longHistory(t)
	d.settings.RestateDays = 210
	d.again(lastDay-1, false)
	if _, err := os.Stat(filepath.Join(d.out, "state/windows")); !os.IsNotExist(err) {
		t.Errorf("sums of days that are looked at again are kept; error %v", err)
	}
	d.settings.RestateDays = 10
	d.same("kept for the first time", lastDay-1)
	kept := d.under("state/windows")
	for _, length := range []string{"8d", "64d"} {
		if !slices.ContainsFunc(kept, func(f string) bool { return filepath.Base(filepath.Dir(filepath.Dir(f))) == length }) {
			t.Errorf("no sum of %s is kept: %v", length, kept)
		}
	}
	before := d.same("of another night, kept before", lastDay)
	d.settings.SalesRows = 3 // of every file a few rows at a time
	if diff := gocmp.Diff(before, d.same("read in many row groups", lastDay)); diff != "" {
		t.Errorf("days read in many row groups: %s", diff)
	}
	for _, f := range d.under("state/windows") {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	d.still("made in many row groups", lastDay, before)
	for _, f := range d.under("state/windows") {
		damageMiddle(t, f) // which is found when the merge has begun
	}
	d.still("damaged in the middle", lastDay, before)
	for i, f := range d.under("state/windows") {
		switch i % 3 {
		case 0:
			tear(t, f)
		case 1:
			if err := os.Remove(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	d.still("some torn, some lost", lastDay, before)
	corrected := orders(twin.Day(lastDay - 150))
	corrected[0].BuyerPaidFen = 77_777
	d.deliver(twin.Partitions{Orders: map[twin.Day][]twin.Order{twin.Day(lastDay - 150): corrected}})
	if gocmp.Equal(before, d.same("a day is corrected", lastDay)) {
		t.Error("a corrected day changed nothing: the test proves nothing")
	}
	for _, day := range []calendar.Day{lastDay - 150, lastDay - 151, lastDay - 190} {
		d.drop("orders", day)
		d.drop("refunds", day)
	}
	d.settings.AbsentDays = map[string][]calendar.Day{"orders": {lastDay - 150, lastDay - 151, lastDay - 190}, "refunds": {lastDay - 150, lastDay - 151, lastDay - 190}}
	d.same("days are missing", lastDay)
}

// damageMiddle flips bits of pages in the middle of a file.
func damageMiddle(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	footer := len(data) - 8 - int(binary.LittleEndian.Uint32(data[len(data)-8:]))
	for i := footer / 3; i < 2*footer/3; i++ {
		data[i] ^= 0x40
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Scopes share the reductions that make lost days again: one that finds a damaged file ends no other's. Two processes that
// make the same sums at once write the same bytes, and read on.
func TestLostSalesDisturbNoOtherScopeAndNoOtherNight(t *testing.T) {
	t.Parallel()
	d := longHistory(t)
	d.settings.SalesRows, d.settings.Workers = 3, 6
	d.settings.CommitGapDays = 1 // so that neither of the two nights may rest on the other
	want := map[calendar.Day]map[string]string{lastDay: d.again(lastDay, false), lastDay - 2: d.again(lastDay-2, false)}
	d.lose("published", "state/windows")
	for _, scope := range []string{"merchant", "talent", "product", "category"} {
		for i, f := range d.under("state/rollups/" + scope + "_sales") {
			switch {
			case i%16 == 3:
				damageMiddle(t, f)
			case i%2 == 0:
				if err := os.Remove(f); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if diff := gocmp.Diff(want[lastDay], sums(d.night(lastDay))); diff != "" {
		t.Errorf("days gone and damaged: %s", diff)
	}
	d.lose("published", "state/windows")
	var nights sync.WaitGroup
	for day := range want {
		one := *d
		one.runs = int(day) * 1000 // names of runs of its own
		nights.Go(func() {
			o, err := one.try(day)
			if err != nil {
				t.Errorf("two nights at once: %v", err)
			} else if diff := gocmp.Diff(want[day], sums(o)); diff != "" {
				t.Errorf("two nights at once: %s: %s", day, diff)
			}
		})
	}
	nights.Wait()
}

// lose removes folders of the output.
func (d *deployment) lose(dirs ...string) {
	d.t.Helper()
	for _, dir := range dirs {
		if err := os.RemoveAll(filepath.Join(d.out, dir)); err != nil {
			d.t.Fatal(err)
		}
	}
}
