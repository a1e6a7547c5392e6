package jobs_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/internal/testkit/faults"
	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
)

// faultyDays is the history of the nights that meet faults: short, because every operation is one night.
const faultyDays = 3

// faultyMarket has dumps and output in one bucket that fails as told.
type faultyMarket struct {
	t        *testing.T
	bucket   *faults.Bucket
	url      string
	settings jobs.Settings
	runs     int
}

func newFaultyMarket(t *testing.T) *faultyMarket {
	t.Helper()
	m := &faultyMarket{t: t, settings: jobs.Default(calendar.NewZone(time.FixedZone("CST", 8*3600)))}
	m.bucket, m.url = faults.New(t)
	m.settings.Rules = config.DefaultRules()
	m.settings.Workers = 1 // so that the n-th operation is the same one in each run
	p := twin.Partitions{Orders: map[twin.Day][]twin.Order{}, Refunds: map[twin.Day][]twin.Refund{}, Products: map[twin.Day][]twin.Product{}, Talents: map[twin.Day][]twin.Talent{}}
	for day := twin.Day(lastDay) - faultyDays + 1; day <= twin.Day(lastDay); day++ {
		p.Orders[day], p.Refunds[day], p.Products[day], p.Talents[day] = orders(day), refunds(day), products(day), talents(day)
	}
	m.deliver(p)
	return m
}

// copied is a market of its own with a content of another's bucket.
func (m *faultyMarket) copied(t *testing.T, c faults.Content) *faultyMarket {
	own := &faultyMarket{t: t, settings: m.settings, runs: m.runs}
	own.bucket, own.url = faults.New(t)
	own.bucket.Restore(c)
	return own
}

// deliver writes dumps to the bucket, whatever stood there.
func (m *faultyMarket) deliver(p twin.Partitions) {
	m.t.Helper()
	dir := m.t.TempDir()
	if err := twin.WriteDumps(filepath.Join(dir, "dumps"), p, twin.DumpOptions{IntIDs: true}); err != nil {
		m.t.Fatal(err)
	}
	err := fs.WalkDir(os.DirFS(dir), ".", func(key string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, key))
		m.bucket.Put(key, data)
		return err
	})
	if err != nil {
		m.t.Fatal(err)
	}
}

// open opens the bucket with pauses too short to notice.
func (m *faultyMarket) open() *lake.Lake {
	m.t.Helper()
	l, err := lake.Open(context.Background(), m.url, lake.Options{Retry: lake.Retry{Attempts: 4, First: time.Microsecond, Longest: time.Microsecond}})
	if err != nil {
		m.t.Fatal(err)
	}
	return l
}

// night runs as a process of its own would: nothing is remembered but what is stored.
func (m *faultyMarket) night(asOf calendar.Day) (jobs.Outcome, error) {
	m.t.Helper()
	l := m.open()
	defer l.Close()
	m.runs++
	id := fmt.Sprintf("run-%d", m.runs)
	r := &jobs.Runner{In: l, Out: l, Settings: m.settings, OneNight: true, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Unix(0, 0) }, NewRunID: func() string { return id }}
	return r.Run(context.Background(), asOf)
}

func (m *faultyMarket) mustNight(asOf calendar.Day) {
	m.t.Helper()
	if _, err := m.night(asOf); err != nil {
		m.t.Fatal(err)
	}
}

// list is what a reader of one date finds: the number of commits, and the newest one's tables by digest.
type list struct {
	Commits int
	Tables  map[string]string
}

// read follows the newest commit of a date as a reader does, and holds every byte against its digest.
func (m *faultyMarket) read(asOf calendar.Day) (list, error) {
	ctx, l := context.Background(), m.open()
	defer l.Close()
	all, err := l.Commits(ctx, m.settings.Job, asOf.String())
	if err != nil || len(all) == 0 {
		return list{}, err
	}
	newest := all[len(all)-1]
	data, err := m.sealed(l, newest.ManifestKey, newest.ManifestSHA256)
	if err != nil {
		return list{}, err
	}
	var manifest jobs.Manifest
	if err := json.Unmarshal(data, &manifest); err != nil {
		return list{}, err
	}
	for _, g := range manifest.Gates {
		if !g.Passed {
			return list{}, fmt.Errorf("published although gate %s failed: %s", g.Name, g.Detail)
		}
	}
	tables := map[string]string{}
	for _, o := range manifest.Outputs {
		if _, err := m.sealed(l, o.Key, o.SHA256); err != nil {
			return list{}, err
		}
		tables[o.Table] = o.SHA256
	}
	return list{len(all), tables}, m.checkHint(l, asOf, all)
}

// farAhead is a time at which everything that was written is old.
var farAhead = time.Unix(1<<40, 0)

// collect keeps house when all times of grace are over, in a process of its own.
func (m *faultyMarket) collect() error {
	m.t.Helper()
	l := m.open()
	defer l.Close()
	c := &jobs.Collector{Out: l, Retention: jobs.Retention{Grace: 2 * aDay, StateNights: faultyDays}, Now: func() time.Time { return farAhead }}
	found, err := c.Find(context.Background())
	if err == nil {
		err = c.Apply(context.Background(), found)
	}
	return err
}

// kept is what a collection leaves: the bytes of the state, and below each date the tables and manifests of runs. Runs have
// other names each time.
func (m *faultyMarket) kept() map[string]string {
	kept := m.bucket.Objects("state/")
	for key := range m.bucket.Objects("published/") {
		if shelf, file, isRun := strings.Cut(key, "/run="); isRun {
			_, file, _ = strings.Cut(file, "/")
			kept[shelf+"/"+file] += "|"
		}
	}
	return kept
}

// sealed reads an object that must have the digest.
func (m *faultyMarket) sealed(l *lake.Lake, key, want string) ([]byte, error) {
	data, err := l.ReadAll(context.Background(), key, 1<<30)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != want {
		return nil, fmt.Errorf("%s has another sha256 than its commit says", key)
	}
	return data, nil
}

// checkHint: current.json may lag, but what it says was committed.
func (m *faultyMarket) checkHint(l *lake.Lake, asOf calendar.Day, all []lake.CommitRecord) error {
	data, err := l.ReadAll(context.Background(), "published/"+m.settings.Job+"/dt="+asOf.String()+"/current.json", 1<<20)
	if err != nil {
		return nil // none yet: readers look at the commits
	}
	var hint lake.CommitRecord
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&hint); err != nil {
		return fmt.Errorf("current.json: %w", err)
	}
	for _, rec := range all {
		if gocmp.Equal(rec, hint) {
			return nil
		}
	}
	return fmt.Errorf("current.json names run %s, which was never committed", hint.Run)
}

// faultScenes are the nights that meet faults. Each leaves the bucket as it stands before the night.
var faultScenes = []struct {
	name    string
	prepare func(m *faultyMarket)
}{
	{"the first night of all", func(*faultyMarket) {}},
	{"the night after another", func(m *faultyMarket) { m.mustNight(lastDay - 1) }},
	{"the correction of a night", func(m *faultyMarket) {
		m.mustNight(lastDay - 1)
		m.mustNight(lastDay)
		corrected := orders(twin.Day(lastDay))
		corrected[0].BuyerPaidFen = 77_777
		m.deliver(twin.Partitions{Orders: map[twin.Day][]twin.Order{twin.Day(lastDay): corrected}})
	}},
}

// faultKinds are what goes wrong at the n-th operation.
var faultKinds = []struct {
	name  string
	fault faults.Fault
	// harmless faults must not even fail the night, unless it was writing: a table is not written twice.
	harmless bool
}{
	{"killed before the effect", faults.Fault{Effect: faults.Before, Dies: true}, false},
	{"killed after the effect", faults.Fault{Effect: faults.After, Dies: true}, false},
	{"refused once", faults.Fault{Effect: faults.Before}, false},
	{"done but reported as refused", faults.Fault{Effect: faults.After}, false},
	{"reset once", faults.Fault{Effect: faults.Before, Passes: true}, true},
	{"done but reset", faults.Fault{Effect: faults.After, Passes: true}, true},
	{"short read", faults.Fault{Effect: faults.ShortRead}, true},
	// A bit of a dump is found only if its writer left checksums; a dump that is not listed only by who wrote it.
	{"flipped bit", faults.Fault{Effect: faults.FlipBit, Spare: "dumps/"}, false},
	{"stale listing", faults.Fault{Effect: faults.StaleList, Spare: "dumps/"}, false},
}

// TestTheNightOnAFailingStore walks through every operation of a night (every faultStride-th in the ordinary form, see
// make faults) and lets each fail in each way. Afterwards a reader sees the old list or the new one, whole, and the
// night, run again, leaves the bytes and the commits of a night that nothing disturbed; and a collection after it what it
// leaves after an undisturbed one.
func TestTheNightOnAFailingStore(t *testing.T) {
	var points atomic.Int64
	t.Cleanup(func() { t.Logf("%d fault points in all, every %d. operation", points.Load(), faultStride) })
	for _, scene := range faultScenes {
		w := newFaultWalk(t, scene.name, scene.prepare)
		for _, kind := range faultKinds {
			t.Run(scene.name+"/"+kind.name, func(t *testing.T) {
				t.Parallel() // a night by one worker leaves a core to another walk
				fired := 0
				m := w.market.copied(t, w.before)
				for n := 1 + faultOffset(scene.name+kind.name); ; n += faultStride {
					fault := kind.fault
					fault.At = n
					if !w.meet(m, fault, kind.harmless) {
						break
					}
					fired++
				}
				if fired == 0 {
					t.Error("no fault was met")
				}
				points.Add(int64(fired))
				t.Logf("%d fault points", fired)
			})
		}
	}
}

// faultWalk is a night that is to fail, and what it leaves if nothing disturbs it.
type faultWalk struct {
	market           *faultyMarket
	before           faults.Content    // of the bucket
	old, undisturbed list              // what a reader sees before and after
	state            map[string]string // after the night
	kept             map[string]string // after a collection
}

func newFaultWalk(t *testing.T, name string, prepare func(*faultyMarket)) *faultWalk {
	t.Helper()
	w := &faultWalk{market: newFaultyMarket(t)}
	prepare(w.market)
	w.before = w.market.bucket.Save()
	var err error
	if w.old, err = w.market.read(lastDay); err != nil {
		t.Fatal(err)
	}
	w.market.mustNight(lastDay)
	if w.undisturbed, err = w.market.read(lastDay); err != nil {
		t.Fatal(err)
	}
	if w.undisturbed.Commits != w.old.Commits+1 || len(w.undisturbed.Tables) == 0 || gocmp.Equal(w.old.Tables, w.undisturbed.Tables) {
		t.Fatalf("%s changes nothing: the walk would prove nothing", name)
	}
	w.state = w.market.bucket.Objects("state/")
	if err := w.market.collect(); err != nil {
		t.Fatal(err)
	}
	w.kept = w.market.kept()
	return w
}

// meet makes the night with a fault, and again without, and keeps house; false: the night has fewer operations.
func (w *faultWalk) meet(m *faultyMarket, fault faults.Fault, harmless bool) bool {
	t := m.t
	t.Helper()
	m.bucket.Restore(w.before)
	m.bucket.Arm(fault)
	_, failure := m.night(lastDay)
	where := m.bucket.Disarm()
	if where == "" {
		if failure != nil {
			t.Errorf("without a fault: %v", failure)
		}
		return false
	}
	if failure != nil && harmless && !strings.Contains(failure.Error(), ": write ") {
		t.Errorf("%s: trouble that passes ended the night: %v", where, failure)
	}
	seen, err := m.read(lastDay)
	if err != nil {
		t.Fatalf("%s: a reader finds %v", where, err)
	}
	if !gocmp.Equal(seen, w.old) && !gocmp.Equal(seen, w.undisturbed) {
		t.Errorf("%s: a reader sees neither the old list nor the new one: %s", where, gocmp.Diff(w.undisturbed, seen))
	}
	if failure == nil && !gocmp.Equal(seen, w.undisturbed) {
		t.Errorf("%s: the night says it is done, but a reader does not see it", where)
	}
	if _, err := m.night(lastDay); err != nil {
		t.Fatalf("%s: run again: %v", where, err)
	}
	again, err := m.read(lastDay)
	if err != nil || !gocmp.Equal(again, w.undisturbed) {
		t.Fatalf("%s: run again: %v %s", where, err, gocmp.Diff(w.undisturbed, again))
	}
	if got := m.bucket.Objects("state/"); !maps.Equal(got, w.state) {
		t.Errorf("%s: run again: the state differs: %s", where, differing(w.state, got))
	}
	if err := m.collect(); err != nil {
		t.Fatalf("%s: collect: %v", where, err)
	}
	if got := m.kept(); !maps.Equal(got, w.kept) {
		t.Errorf("%s: after a collection something temporary is left, or something is gone: %s", where, differing(w.kept, got))
	}
	if after, err := m.read(lastDay); err != nil || !gocmp.Equal(after.Tables, w.undisturbed.Tables) {
		t.Errorf("%s: after a collection a reader finds %v %s", where, err, gocmp.Diff(w.undisturbed.Tables, after.Tables))
	}
	return true
}

// A collection that fails at any operation harms nobody: readers find the list whole, and the next one ends the work.
func TestACollectionOnAFailingStore(t *testing.T) {
	m := newFaultyMarket(t)
	faultScenes[2].prepare(m)
	m.mustNight(lastDay)
	before := m.bucket.Save()
	want, err := m.read(lastDay)
	if err == nil {
		err = m.collect()
	}
	if err != nil {
		t.Fatal(err)
	}
	kept := m.kept()
	if m.bucket.Restore(before); maps.Equal(m.kept(), kept) {
		t.Fatal("there is nothing to collect: the walk would prove nothing")
	}
	for _, kind := range faultKinds {
		if kind.fault.Effect > faults.After {
			continue // what a stale listing hides is found the next time; bits of listings do not flip
		}
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			m := m.copied(t, before)
			for n := 1; ; n += 1 + faultStride/20 {
				m.bucket.Restore(before)
				fault := kind.fault
				fault.At = n
				m.bucket.Arm(fault)
				failure := m.collect()
				where := m.bucket.Disarm()
				if where == "" {
					if n == 1 {
						t.Error("no fault was met")
					}
					break
				}
				if failure != nil && kind.harmless {
					t.Errorf("%s: trouble that passes ended the collection: %v", where, failure)
				}
				if seen, err := m.read(lastDay); err != nil || !gocmp.Equal(seen, want) {
					t.Fatalf("%s: a reader finds %v %s", where, err, gocmp.Diff(want, seen))
				}
				if err := m.collect(); err != nil {
					t.Fatalf("%s: collect again: %v", where, err)
				}
				if got := m.kept(); !maps.Equal(got, kept) {
					t.Fatalf("%s: collect again: %s", where, differing(kept, got))
				}
			}
		})
	}
}

// Rows are classified by snapshots. Where one cannot be stored, what was made without it must not be kept: every later
// night would believe it.
func TestWhatWasReducedWithoutItsSnapshotsIsNotKept(t *testing.T) {
	m := newFaultyMarket(t)
	before := m.bucket.Save()
	m.mustNight(lastDay)
	want, err := m.read(lastDay)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"state/partitions/products/", "state/partitions/talents/", "state/rollups/product_days/", "state/rollups/account_days/"} {
		for nth := 1; nth <= faultyDays; nth++ {
			m.bucket.Restore(before)
			m.bucket.Arm(faults.Fault{At: nth, Effect: faults.Before, Only: key})
			_, failure := m.night(lastDay)
			if met := m.bucket.Disarm(); met == "" || failure == nil {
				t.Errorf("%s: met %q, the night ended with %v", key, met, failure)
			}
			m.mustNight(lastDay)
			if got, err := m.read(lastDay); err != nil || !gocmp.Equal(got, want) {
				t.Errorf("%s, operation %d: run again: %v %s", key, nth, err, gocmp.Diff(want, got))
			}
		}
	}
}

// differing names the keys whose bytes differ.
func differing(want, got map[string]string) (keys []string) {
	for key := range want {
		if got[key] != want[key] {
			keys = append(keys, key)
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok {
			keys = append(keys, key)
		}
	}
	return keys
}

// faultOffset spreads the points of walks that take strides, the same in every run. No walk is shorter than 40 operations.
func faultOffset(name string) int {
	sum := sha256.Sum256([]byte(name))
	return int(sum[0]) % min(40, faultStride)
}
