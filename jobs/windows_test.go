package jobs_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
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

// same makes a night with and without kept sums.
func (d *deployment) same(what string, asOf calendar.Day) {
	d.t.Helper()
	if diff := gocmp.Diff(d.again(asOf, true), d.again(asOf, false)); diff != "" {
		d.t.Errorf("%s: %s", what, diff)
	}
}

func TestKeptSumsChangeNoByte(t *testing.T) {
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
	d.same("of another night, kept before", lastDay)
	d.settings.SalesRows = 3 // of every file a few rows at a time
	d.same("read in many row groups", lastDay)
	for _, f := range d.under("state/windows") {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	d.same("made in many row groups", lastDay)
	for _, f := range d.under("state/windows") {
		damageMiddle(t, f) // which is found when the merge has begun
	}
	d.same("damaged in the middle", lastDay)
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
	d.same("some torn, some lost", lastDay)
	before := d.again(lastDay, false)
	corrected := orders(twin.Day(lastDay - 150))
	corrected[0].BuyerPaidFen = 77_777
	d.deliver(twin.Partitions{Orders: map[twin.Day][]twin.Order{twin.Day(lastDay - 150): corrected}})
	d.same("a day is corrected", lastDay)
	if gocmp.Equal(before, d.again(lastDay, false)) {
		t.Error("a corrected day changed nothing: old sums were taken")
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
