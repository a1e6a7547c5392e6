package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/mapping"
)

// The days of the small market: dumps of a week, of which the last two are the nights of most tests.
var (
	lastDay  = calendar.Of(2026, 1, 31)
	firstDay = lastDay - 6
)

// marketDays is the number of days, sources that of the tables that are reduced.
const (
	marketDays = 7
	sources    = 4
)

func text(v int) string { return strconv.Itoa(v) }

// orders are three lines of a day: one of a talent, one of the shop's own live, one in the mall.
func orders(day twin.Day) (rows []twin.Order) {
	noon := time.Unix(int64(day)*86_400, 0).UTC().Add(4 * time.Hour)
	talent, own := "21", "22"
	for n, account := range []*string{&talent, &own, nil} {
		id := text(int(day)*10 + n)
		scene := []string{"short_video", "live", "mall"}[n]
		rows = append(rows, twin.Order{OrderLineID: id, OrderID: id, BuyerID: text(100 + (int(day)+n)%4), MerchantID: "11", ProductID: text(31 + n), PromoterID: account, AuthorID: account,
			Scene: scene, CreatedAt: noon, PaidAt: &noon, Quantity: 1, BuyerPaidFen: int64(1000 * (n + 1)), OrderKind: "normal"})
	}
	return rows
}

// refunds are those of a day: the mall line of the day before, in full.
func refunds(day twin.Day) []twin.Refund {
	o := orders(day - 1)[2]
	noon := o.PaidAt.Add(24 * time.Hour)
	return []twin.Refund{{RefundID: o.OrderLineID, OrderLineID: o.OrderLineID, OrderID: o.OrderID, BuyerID: o.BuyerID, MerchantID: "11", ProductID: o.ProductID, PaidAt: *o.PaidAt,
		AppliedAt: noon, SucceededAt: &noon, AmountFen: o.BuyerPaidFen, IsFull: true, Kind: "refund_only", Reason: "other", Scene: o.Scene, OrderKind: "normal",
		Quantity: 1, BuyerPaidFen: o.BuyerPaidFen}}
}

func products(twin.Day) (rows []twin.Product) {
	category, brand := "71", "61"
	for n := range 3 {
		rows = append(rows, twin.Product{ProductID: text(31 + n), MerchantID: "11", Category1ID: &category, BrandID: &brand, UnitsPerItem: 1, InCart: n == 0})
	}
	return rows
}

func talents(twin.Day) []twin.Talent {
	owner := "11"
	return []twin.Talent{{TalentID: "21", Followers: 500}, {TalentID: "22", OwnerMerchantID: &owner, Followers: 50}}
}

// deployment is a folder of dumps and a folder of results.
type deployment struct {
	t        *testing.T
	in, out  string
	settings jobs.Settings
	runs     int
	daysOnly bool // see jobs.Runner
}

// newDeployment delivers the whole market to a folder of its own.
func newDeployment(t *testing.T) *deployment {
	t.Helper()
	d := &deployment{t: t, in: t.TempDir(), out: t.TempDir(), settings: jobs.Default(calendar.NewZone(time.FixedZone("CST", 8*3600)))}
	d.settings.Rules = config.DefaultRules()
	d.settings.Workers = 2
	p := twin.Partitions{Orders: map[twin.Day][]twin.Order{}, Refunds: map[twin.Day][]twin.Refund{}, Products: map[twin.Day][]twin.Product{}, Talents: map[twin.Day][]twin.Talent{}}
	for day := twin.Day(firstDay); day <= twin.Day(lastDay); day++ {
		p.Orders[day], p.Refunds[day], p.Products[day], p.Talents[day] = orders(day), refunds(day), products(day), talents(day)
	}
	d.deliver(p)
	return d
}

func (d *deployment) deliver(p twin.Partitions) {
	d.t.Helper()
	if err := twin.WriteDumps(filepath.Join(d.in, "dumps"), p, twin.DumpOptions{IntIDs: true}); err != nil {
		d.t.Fatal(err)
	}
}

// drop takes a partition away.
func (d *deployment) drop(table string, day calendar.Day) {
	d.t.Helper()
	if err := os.RemoveAll(d.dump(table, day)); err != nil {
		d.t.Fatal(err)
	}
}

// neverHad takes a partition away, and the nights that have seen it: those made again would wait for it. What was reduced stays.
func (d *deployment) neverHad(table string, day calendar.Day) {
	d.t.Helper()
	d.drop(table, day)
	if err := os.RemoveAll(filepath.Join(d.out, "published")); err != nil {
		d.t.Fatal(err)
	}
}

func (d *deployment) dump(table string, day calendar.Day) string {
	return filepath.Join(d.in, "dumps", table, "dt="+day.String())
}

// forked is a deployment on the same dumps, objects that are known, with a copy of what this one has published and kept.
func (d *deployment) forked(t *testing.T) *deployment {
	t.Helper()
	c := *d
	c.t, c.out = t, t.TempDir()
	if err := os.CopyFS(c.out, os.DirFS(d.out)); err != nil {
		t.Fatal(err)
	}
	return &c
}

// try makes one night in a process of its own: nothing is remembered but what is stored.
func (d *deployment) try(asOf calendar.Day) (jobs.Outcome, error) {
	d.t.Helper()
	return d.tryWhile(asOf, nil)
}

// tryWhile is try with something that happens as steps begin.
func (d *deployment) tryWhile(asOf calendar.Day, happens func(jobs.Progress)) (o jobs.Outcome, err error) {
	d.t.Helper()
	err = d.with(func(r *jobs.Runner) (err error) {
		r.OnProgress = happens
		o, err = r.Run(context.Background(), asOf)
		return err
	})
	return o, err
}

// with lets something be done by a runner that remembers nothing.
func (d *deployment) with(do func(*jobs.Runner) error) error {
	d.t.Helper()
	ctx := context.Background()
	in, err := lake.Open(ctx, d.in, lake.Options{})
	if err != nil {
		d.t.Fatal(err)
	}
	defer in.Close()
	out, err := lake.Open(ctx, d.out, lake.Options{Rebuildable: []string{"state/"}})
	if err != nil {
		d.t.Fatal(err)
	}
	defer out.Close()
	inputs, err := jobs.ListInputs(ctx, in, d.settings)
	if err != nil {
		d.t.Fatal(err)
	}
	r := &jobs.Runner{In: in, Out: out, Settings: d.settings, Inputs: inputs, DaysOnly: d.daysOnly, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Unix(0, 0) },
		NewRunID: func() string { d.runs++; return fmt.Sprintf("run-%d", d.runs) }}
	return do(r)
}

func (d *deployment) night(asOf calendar.Day) jobs.Outcome {
	d.t.Helper()
	o, err := d.try(asOf)
	if err != nil {
		d.t.Fatal(err)
	}
	return o
}

// sums are the digests of a night's tables.
func sums(o jobs.Outcome) map[string]string {
	out := map[string]string{}
	for _, t := range o.Tables {
		out[t.Table] = t.SHA256
	}
	return out
}

func TestANightReducesWhatChangedAndNothingElse(t *testing.T) {
	d := newDeployment(t)
	if o := d.night(lastDay - 1); !o.Cold || o.Reduced != sources*(marketDays-1) {
		t.Errorf("a cold night reduced %d partitions, want %d; cold %v", o.Reduced, sources*(marketDays-1), o.Cold)
	}
	if o := d.night(lastDay); o.Cold || o.Reduced != sources || o.Reused != sources*(marketDays-1) {
		t.Errorf("the next night reduced %d and reused %d", o.Reduced, o.Reused)
	}
	if o := d.night(lastDay); o.Status != jobs.AlreadyDone || o.Reduced != 0 || o.Sequence != 1 {
		t.Errorf("the same night again: %s, %d reduced, commit %d", o.Status, o.Reduced, o.Sequence)
	}
	corrected := orders(twin.Day(lastDay - 3))
	corrected[0].BuyerPaidFen = 77_777
	d.deliver(twin.Partitions{Orders: map[twin.Day][]twin.Order{twin.Day(lastDay - 3): corrected}})
	before := sums(d.night(lastDay - 1))
	if o := d.night(lastDay); o.Status != jobs.Published || o.Reduced != 0 || o.Sequence != 2 {
		t.Errorf("after the night before was corrected: %s, %d reduced, commit %d", o.Status, o.Reduced, o.Sequence)
	}
	if gocmp.Equal(before, sums(d.night(lastDay))) {
		t.Error("two nights have the same tables")
	}
}

func TestACorrectedDayIsReducedAlone(t *testing.T) {
	for _, c := range []struct {
		name    string
		correct twin.Partitions
		reduced int
	}{
		{"orders", twin.Partitions{Orders: map[twin.Day][]twin.Order{twin.Day(lastDay - 3): orders(twin.Day(lastDay - 3))[:2]}}, 1},
		{"refunds", twin.Partitions{Refunds: map[twin.Day][]twin.Refund{twin.Day(lastDay - 3): {}}}, 1},
		// the snapshot, that day's orders, and the refunds of four days, which may ask for it
		{"products", twin.Partitions{Products: map[twin.Day][]twin.Product{twin.Day(lastDay - 3): products(0)[:1]}}, 1 + 1 + 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDeployment(t)
			d.settings.RestateDays = 6
			d.settings.AbsentDays = map[string][]calendar.Day{}
			d.night(lastDay)
			if c.name == "refunds" { // an empty day says so
				if err := os.MkdirAll(d.dump("refunds", lastDay-3), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(d.dump("refunds", lastDay-3), "_SUCCESS"), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			d.deliver(c.correct)
			if o := d.night(lastDay); o.Reduced != c.reduced || o.Sequence != 2 {
				t.Errorf("%d partitions reduced, want %d; commit %d", o.Reduced, c.reduced, o.Sequence)
			}
		})
	}
}

// under lists the files below a folder of the output.
func (d *deployment) under(dir string) (files []string) {
	d.t.Helper()
	err := filepath.WalkDir(filepath.Join(d.out, dir), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		d.t.Fatalf("nothing is stored under %s: %v", dir, err)
	}
	return files
}

// tear leaves the first half of a file.
func tear(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()/2); err != nil {
		t.Fatal(err)
	}
}

// State is a cache: whatever becomes of it, the next night is the same bytes.
func TestLostStateIsMadeAgain(t *testing.T) {
	t.Parallel()
	rested := newDeployment(t)
	rested.night(lastDay - 1)
	want := sums(rested.forked(t).night(lastDay))
	remove := func(t *testing.T, path string) {
		t.Helper()
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	empty := func(t *testing.T, path string) {
		t.Helper()
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name   string
		dir    string
		choose func(path string) bool
		damage func(t *testing.T, path string)
	}{
		{"rollups torn", "state/rollups", func(string) bool { return true }, tear},
		{"one rollup torn", "state/rollups/merchant_buyers/dt=" + (lastDay - 4).String(), func(string) bool { return true }, tear},
		{"rollups gone", "state/rollups", func(p string) bool { return strings.Contains(p, "_sales/") || strings.Contains(p, "account_days") }, remove},
		{"rollups empty files", "state/rollups", func(string) bool { return true }, empty},
		{"records torn", "state/partitions", func(string) bool { return true }, tear},
		{"records gone", "state/partitions", func(p string) bool { return strings.Contains(p, "/orders/") }, remove},
		{"records empty files", "state/partitions", func(string) bool { return true }, empty},
		{"all gone", "state", func(string) bool { return true }, remove},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := rested.forked(t)
			for _, f := range d.under(c.dir) {
				if c.choose(f) {
					c.damage(t, f)
				}
			}
			o := d.night(lastDay)
			if diff := gocmp.Diff(want, sums(o)); diff != "" {
				t.Error(diff)
			}
			if o.Reduced <= sources {
				t.Errorf("%d partitions were reduced: nothing was made again", o.Reduced)
			}
		})
	}
}

func TestLostStateOfALostDumpIsToldWithARemedy(t *testing.T) {
	d := newDeployment(t)
	d.settings.RestateDays = 3
	d.night(lastDay - 1)
	d.drop("orders", lastDay-5)
	if err := os.RemoveAll(filepath.Join(d.out, "state")); err != nil {
		t.Fatal(err)
	}
	_, err := d.try(lastDay)
	if !errors.Is(err, jobs.ErrInput) || !strings.Contains(err.Error(), "restore it, or shorten history_days") {
		t.Errorf("error %v", err)
	}
}

// Days that are no longer restated stay as the night before knew them.
func TestOldDaysStayAsTheyWere(t *testing.T) {
	sound := newDeployment(t)
	sound.settings.RestateDays = 3
	sound.night(lastDay - 1)
	want := sums(sound.night(lastDay))
	for _, c := range []struct {
		name string
		ago  calendar.Day
		same bool
	}{{"three days ago: no longer restated", 3, true}, {"two days ago: restated", 2, false}, {"on the first day", 6, true}} {
		t.Run(c.name, func(t *testing.T) {
			d := newDeployment(t)
			d.settings.RestateDays = 3
			d.night(lastDay - 1)
			changed := twin.Day(lastDay - c.ago)
			d.deliver(twin.Partitions{Orders: map[twin.Day][]twin.Order{changed: orders(changed)[:1]}})
			if same := gocmp.Equal(want, sums(d.night(lastDay))); same != c.same {
				t.Errorf("the tables are the same: %v", same)
			}
		})
	}
	t.Run("whose dumps are gone", func(t *testing.T) {
		d := newDeployment(t)
		d.settings.RestateDays = 3
		d.night(lastDay - 1)
		d.drop("orders", lastDay-5)
		d.drop("refunds", lastDay-5)
		if diff := gocmp.Diff(want, sums(d.night(lastDay))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestMissingDaysAreNeverZeros(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(d *deployment)
		want   string // in the error; empty: none
	}{
		{"all is there", func(*deployment) {}, ""},
		{"no orders of the day", func(d *deployment) { d.drop("orders", lastDay) }, "orders dt=" + lastDay.String()},
		{"no refunds of the day", func(d *deployment) { d.drop("refunds", lastDay) }, "refunds dt=" + lastDay.String()},
		{"a hole", func(d *deployment) { d.drop("orders", lastDay-4) }, "1 missing: [orders dt=" + (lastDay - 4).String()},
		{"a hole that is declared", func(d *deployment) {
			d.drop("orders", lastDay-4)
			d.settings.AbsentDays = map[string][]calendar.Day{"orders": {lastDay - 4}}
		}, ""},
		{"a hole declared for another table", func(d *deployment) {
			d.drop("orders", lastDay-4)
			d.settings.AbsentDays = map[string][]calendar.Day{"refunds": {lastDay - 4}}
		}, "orders dt="},
		{"a hole before the history kept", func(d *deployment) {
			d.drop("orders", lastDay-4)
			d.settings.HistoryDays, d.settings.RestateDays = 4, 4
		}, ""},
		{"the table begins later", func(d *deployment) {
			d.drop("refunds", firstDay)
			d.drop("refunds", firstDay+1)
		}, ""},
		{"no orders at all", func(d *deployment) {
			if err := os.RemoveAll(filepath.Join(d.in, "dumps", "orders")); err != nil {
				d.t.Fatal(err)
			}
		}, "no orders up to"},
		{"days without _SUCCESS have not arrived", func(d *deployment) { d.settings.RequireSuccess = true }, "parquet with _SUCCESS beside it"},
		{"no snapshots of the day", func(d *deployment) { d.drop("products", lastDay); d.drop("talents", lastDay) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDeployment(t)
			c.change(d)
			_, err := d.try(lastDay)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (!errors.Is(err, jobs.ErrLate) || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// A day that an earlier night rested on and that is still restated is waited for when it is gone, wherever it lies in its table; the night
// that stands is stale meanwhile. When the day is back the night is that of always.
func TestARestatedDayThatIsGoneIsWaitedFor(t *testing.T) {
	sound := newDeployment(t)
	sound.countAll()
	sound.settings.RequireCounts = true
	sound.night(lastDay - 1)
	standing := sound.forked(t)
	want := sums(standing.night(lastDay))
	for _, c := range []struct {
		name string
		gone string // of the dumps
		says string
	}{
		{"a day within", "orders/dt=2026-01-28", "1 missing: [orders dt=2026-01-28]"},
		{"the first day of all", "orders/dt=2026-01-25", "1 missing: [orders dt=2026-01-25]"},
		{"a day of refunds", "refunds/dt=2026-01-30", "1 missing: [refunds dt=2026-01-30]"},
		{"all refunds", "refunds", "7 missing: [refunds dt=2026-01-25 "},
		{"the marker of a day", "orders/dt=2026-01-28/_COUNTS.json", "1 missing: [orders dt=2026-01-28]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := sound.forked(t)
			there, away := filepath.Join(d.in, "dumps", filepath.FromSlash(c.gone)), filepath.Join(t.TempDir(), "away")
			if err := os.Rename(there, away); err != nil {
				t.Fatal(err)
			}
			if _, err := d.try(lastDay); !errors.Is(err, jobs.ErrLate) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want %q", err, c.says)
			}
			if got := standing.status(lastDay); got != jobs.Stale {
				t.Errorf("the night that stands is %q", got)
			}
			if err := os.Rename(away, there); err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(want, sums(d.night(lastDay))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// So is one that only an earlier run of the night itself rested on: a table that began with it, or anything on a cold start.
func TestADayOfThisNightThatIsGoneIsWaitedFor(t *testing.T) {
	for name, c := range map[string]struct {
		before func(d *deployment)
		gone   string
		says   string
	}{
		"a table that begins": {func(d *deployment) {
			for day := firstDay; day < lastDay; day++ {
				d.drop("refunds", day)
			}
			d.night(lastDay - 1)
		}, "refunds/dt=2026-01-31", "1 missing: [refunds dt=2026-01-31]"},
		"days that are restated no more, of a table that begins with many": {func(d *deployment) {
			d.settings.RestateDays = 3
			there, away := filepath.Join(d.in, "dumps", "refunds"), filepath.Join(d.t.TempDir(), "refunds")
			if err := os.Rename(there, away); err != nil {
				d.t.Fatal(err)
			}
			d.night(lastDay - 1)
			if err := os.Rename(away, there); err != nil {
				d.t.Fatal(err)
			}
		}, "refunds/dt=2026-01-26", "1 missing: [refunds dt=2026-01-26]"},
		"all of a table on a cold start":       {func(*deployment) {}, "refunds", "7 missing: [refunds dt=2026-01-25 "},
		"the first day of one on a cold start": {func(*deployment) {}, "orders/dt=2026-01-25", "1 missing: [orders dt=2026-01-25]"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDeployment(t)
			c.before(d)
			d.night(lastDay)
			there, away := filepath.Join(d.in, "dumps", filepath.FromSlash(c.gone)), filepath.Join(t.TempDir(), "away")
			if err := os.Rename(there, away); err != nil {
				t.Fatal(err)
			}
			if _, err := d.try(lastDay); !errors.Is(err, jobs.ErrLate) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want %q", err, c.says)
			}
			if err := os.Rename(away, there); err != nil {
				t.Fatal(err)
			}
			if o := d.night(lastDay); o.Status != jobs.AlreadyDone {
				t.Errorf("when it is back: %s", o.Status)
			}
		})
	}
}

// status is what a run of the night would find.
func (d *deployment) status(asOf calendar.Day) (status string) {
	d.t.Helper()
	if err := d.with(func(r *jobs.Runner) (err error) {
		status, err = r.Status(context.Background(), asOf)
		return err
	}); err != nil {
		d.t.Error(err)
	}
	return status
}

// A day that is restated no more and cannot follow a change of rules is lost: waiting would not bring it. One that is restated is late
// whatever the rules are.
func TestDaysThatCannotFollowTheRulesAreLost(t *testing.T) {
	for ago, want := range map[calendar.Day]error{5: jobs.ErrInput, 2: jobs.ErrLate} {
		d := newDeployment(t)
		d.settings.RestateDays = 3
		d.night(lastDay - 1)
		d.drop("orders", lastDay-ago)
		d.settings.MaxUnitsPerLine = 21
		if _, err := d.try(lastDay); !errors.Is(err, want) || !strings.Contains(err.Error(), (lastDay-ago).String()) {
			t.Errorf("%d days ago: %v", ago, err)
		}
	}
}

// A table that is no longer dumped is declared absent: nights go on without it from then on, and corrections too, as if it had never been
// there. Taken back, it begins with the dumps that are there.
func TestATableIsDeclaredAbsentOnTheWay(t *testing.T) {
	never, d := newDeployment(t), newDeployment(t)
	never.settings.Tables = map[string]mapping.Table{"refunds": {Absent: true}}
	d.settings.RestateDays, never.settings.RestateDays = 3, 3
	never.night(lastDay - 1)
	want := never.night(lastDay)
	d.night(lastDay - 1)
	whole := d.forked(t).night(lastDay)
	for _, what := range []string{"a night", "the correction of one that had refunds"} {
		d.settings.Tables = never.settings.Tables
		o := d.night(lastDay)
		if diff := gocmp.Diff(bytesOf(want, remembering...), bytesOf(o, remembering...)); diff != "" || o.Status != jobs.Published {
			t.Errorf("%s without refunds, %s: %s", what, o.Status, diff)
		}
		for _, r := range published[orderedRow](t, d, o, "gmv") {
			if r.Net != nil {
				t.Errorf("%s without refunds: net GMV of %s over %d days is %d", what, r.Role, r.Window, *r.Net)
			}
		}
		d.settings.Tables = nil
		if diff := gocmp.Diff(figures(whole), figures(d.night(lastDay))); diff != "" {
			t.Errorf("after %s refunds are back: %s", what, diff)
		}
	}
	d.settings.Tables = never.settings.Tables
	d.night(lastDay - 1)
	d.settings.Tables = nil
	if diff := gocmp.Diff(bytesOf(whole, remembering...), bytesOf(d.night(lastDay), remembering...)); diff != "" {
		t.Errorf("refunds are back a night later: %s", diff)
	}
}

// What a process remembers changes nothing: many nights of one runner are the nights of many.
func TestAWarmRunnerMakesTheSameNights(t *testing.T) {
	cold, warm := newDeployment(t), newDeployment(t)
	ctx := context.Background()
	in, err := lake.Open(ctx, warm.in, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := lake.Open(ctx, warm.out, lake.Options{Rebuildable: []string{"state/"}})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	inputs, err := jobs.ListInputs(ctx, in, warm.settings)
	if err != nil {
		t.Fatal(err)
	}
	r := &jobs.Runner{In: in, Out: out, Settings: warm.settings, Inputs: inputs, Log: slog.New(slog.DiscardHandler), Now: time.Now, NewRunID: func() string { return "run" }}
	for day := lastDay - 4; day <= lastDay; day++ {
		o, err := r.Run(ctx, day)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(sums(cold.night(day)), sums(o)); diff != "" {
			t.Errorf("%s: %s", day, diff)
		}
	}
}

// A dump delivered twice changes no figure; that it was is told by data_quality alone.
func TestADumpDeliveredTwiceChangesNoFigure(t *testing.T) {
	once, twice := newDeployment(t), newDeployment(t)
	name := filepath.Join(twice.dump("orders", lastDay), "part-00000.parquet")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(strings.Replace(name, "part", "retry", 1), data, 0o600); err != nil {
		t.Fatal(err)
	}
	want, got := sums(once.night(lastDay)), sums(twice.night(lastDay))
	var differ []string
	for table := range want {
		if want[table] != got[table] {
			differ = append(differ, table)
		}
	}
	if !slices.Equal(differ, []string{"data_quality"}) {
		t.Errorf("tables that differ: %v", differ)
	}
}
