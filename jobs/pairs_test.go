package jobs_test

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/internal/testkit/twin"
)

// segments are the pair segments of a deployment: key → bytes.
func (d *deployment) segments() map[string][]byte {
	d.t.Helper()
	out := map[string][]byte{}
	root := filepath.Join(d.out, "state/pairs")
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		out[strings.TrimPrefix(path, root)] = data
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

// anew makes the last night anew, as its tables were never published, and gives their digests.
func (d *deployment) anew() map[string]string {
	d.t.Helper()
	if err := os.RemoveAll(filepath.Join(d.out, "published/nightly/dt="+lastDay.String())); err != nil {
		d.t.Fatal(err)
	}
	return sums(d.night(lastDay))
}

// forget deletes all segments.
func (d *deployment) forget() {
	d.t.Helper()
	if err := os.RemoveAll(filepath.Join(d.out, "state/pairs")); err != nil {
		d.t.Fatal(err)
	}
}

// With three days of restatement the first two days of the market are a long block, else a short one.
func TestANightIsTheSameWhateverSegmentsThereAre(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		restate int
		block   string
	}{{"short blocks", 6, "days=8"}, {"long blocks", 3, "days=64"}} {
		t.Run(c.name, func(t *testing.T) {
			d := newDeployment(t)
			d.settings.RestateDays = c.restate
			d.night(lastDay - 1)
			want := sums(d.night(lastDay))
			made := d.segments()
			for key := range made {
				if !strings.Contains(key, c.block) {
					t.Errorf("segment %s", key)
				}
			}
			if len(made) != 5 {
				t.Fatalf("%d segments of 5 roles", len(made))
			}
			for name, change := range map[string]func(){
				"segments are there":  func() {},
				"they are lost":       d.forget,
				"they are damaged":    func() { d.damage(made, damagePages) },
				"their ends are torn": func() { d.damage(made, func(data []byte) { clear(data[len(data)-64:]) }) },
				"they are empty":      func() { d.damage(made, func(data []byte) { clear(data) }) },
				"rows come one by one, by many workers": func() {
					d.forget()
					d.settings.PairRows, d.settings.Workers = 1, 5
				},
				"three at a time, by one worker": func() {
					d.forget()
					d.settings.PairRows, d.settings.Workers = 3, 1
				},
			} {
				settings := d.settings
				change()
				if diff := gocmp.Diff(want, d.anew()); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
				if got := d.segments(); d.settings.PairRows == 0 && !maps.EqualFunc(got, made, bytes.Equal) {
					t.Errorf("%s: segments are not what they were", name)
				}
				d.settings = settings
				d.forget()
			}
		})
	}
}

// damagePages flips bits where a small file has its first pages: what lies behind them is not all looked at.
func damagePages(data []byte) {
	for i := 4; i < len(data)/4; i++ {
		data[i] ^= 0x40
	}
}

// damage writes segments changed.
func (d *deployment) damage(made map[string][]byte, change func(data []byte)) {
	d.t.Helper()
	for key, data := range made {
		data = bytes.Clone(data)
		change(data)
		path := filepath.Join(d.out, "state/pairs", key)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			d.t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			d.t.Fatal(err)
		}
	}
}

func TestACorrectedDayMakesItsBlockAgainAndNoOther(t *testing.T) {
	d := newDeployment(t)
	d.settings.RestateDays = 6
	d.night(lastDay - 1)
	d.night(lastDay)
	before := d.segments()
	corrected := orders(twin.Day(lastDay - 5))
	corrected[0].BuyerPaidFen = 77_777
	day := twin.Partitions{Orders: map[twin.Day][]twin.Order{twin.Day(lastDay - 5): corrected}}
	d.deliver(day)
	d.night(lastDay)
	after := d.segments()
	if len(after) != 2*len(before) {
		t.Errorf("%d segments, then %d", len(before), len(after))
	}
	want := d.anew()
	d.forget()
	if diff := gocmp.Diff(want, d.anew()); diff != "" {
		t.Error("with the segments made in turn, and without: ", diff)
	}
	for key, data := range d.segments() {
		if !bytes.Equal(after[key], data) || before[key] != nil {
			t.Errorf("segment %s depends on what was there before", key)
		}
	}
}

func TestSegmentsOfIdentifiersThatAreText(t *testing.T) {
	d := newDeployment(t)
	p := twin.Partitions{Orders: map[twin.Day][]twin.Order{}, Refunds: map[twin.Day][]twin.Refund{}, Products: map[twin.Day][]twin.Product{}, Talents: map[twin.Day][]twin.Talent{}}
	for day := twin.Day(firstDay); day <= twin.Day(lastDay); day++ {
		p.Orders[day], p.Refunds[day], p.Products[day], p.Talents[day] = orders(day), refunds(day), products(day)[:2], talents(day)
	}
	if err := os.RemoveAll(filepath.Join(d.in, "dumps")); err != nil {
		t.Fatal(err)
	}
	if err := twin.WriteDumps(filepath.Join(d.in, "dumps"), p, twin.DumpOptions{}); err != nil {
		t.Fatal(err)
	}
	d.night(lastDay - 1)
	want := sums(d.night(lastDay))
	for _, rows := range []int{0, 1, 2} {
		d.settings.PairRows = rows
		for _, there := range []bool{false, true} {
			if !there {
				d.forget()
			}
			if diff := gocmp.Diff(want, d.anew()); diff != "" {
				t.Errorf("%d rows, segments there %v: %s", rows, there, diff)
			}
		}
	}
}
