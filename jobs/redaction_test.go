package jobs_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/mapping"
)

var oldKey, newKey = mapping.BuyerKey{1}, mapping.BuyerKey{2}

// keyed is a deployment that restates three days and hashes under a key.
func keyed(t *testing.T, key mapping.BuyerKey) *deployment {
	d := newDeployment(t)
	d.settings.RestateDays, d.settings.BuyerKey = 3, key
	return d
}

// keyID is the id of a key.
func keyID(key mapping.BuyerKey) string { return jobs.Settings{BuyerKey: key}.BuyerKeyID() }

// No figure knows under which key buyers were hashed, so a night after the change is that of a deployment that always had
// the new key, and that of one that kept the old one.
func TestAKeyIsReplacedWhileAllDumpsAreThere(t *testing.T) {
	rotated := keyed(t, oldKey)
	rotated.night(lastDay - 1)
	rotated.settings.BuyerKey = newKey
	o := rotated.night(lastDay)
	if want := sources * marketDays; o.Reduced != want {
		t.Errorf("%d days were reduced, want all %d", o.Reduced, want)
	}
	always := keyed(t, newKey)
	always.night(lastDay - 1)
	if diff := gocmp.Diff(figures(always.night(lastDay)), figures(o)); diff != "" {
		t.Error(diff)
	}
}

// figures are the digests of a night's tables but data_quality, which tells which days that night read.
func figures(o jobs.Outcome) map[string]string {
	all := sums(o)
	delete(all, "data_quality")
	return all
}

// buyerRow is a row of gmv with its buyers.
type buyerRow struct {
	Role    string  `parquet:"role"`
	Subject string  `parquet:"subject_id"`
	Window  int64   `parquet:"window_days"`
	Paid    int64   `parquet:"gmv_paid_fen"`
	Net     *int64  `parquet:"gmv_net_fen"`
	Orders  int64   `parquet:"orders"`
	Lines   int64   `parquet:"lines"`
	Buyers  *int64  `parquet:"buyers"`
	New     *int64  `parquet:"new_buyers"`
	Old     *int64  `parquet:"returning_buyers"`
	PerHead *int64  `parquet:"atv_buyer_fen"`
	Ratio   float64 `parquet:"refund_rate_ratio"`
}

// repeatRow is a row of repeat_purchase.
type repeatRow struct {
	Role    string `parquet:"role"`
	Subject string `parquet:"subject_id"`
	Window  int64  `parquet:"window_days"`
	Present int64  `parquet:"days_present"`
	Buyers  int64  `parquet:"buyers"`
}

// cohortRow is a row of cohorts.
type cohortRow struct {
	Month    int32 `parquet:"cohort_month"`
	Complete bool  `parquet:"history_complete"`
}

// trustRow is a row of trust.
type trustRow struct {
	Role    string `parquet:"role"`
	Subject string `parquet:"subject_id"`
	Window  int64  `parquet:"window_days"`
	Orders  int64  `parquet:"orders"`
	Paid    int64  `parquet:"gmv_paid_fen"`
	Buyers  *int64 `parquet:"buyers"`
	New     *int64 `parquet:"new_buyer_orders"`
}

// Days whose dumps are gone keep their money and lose their buyers when the key is replaced, and only if that is asked for. That
// purchases before the data do not matter says nothing of theirs: who is new is not known then.
func TestAKeyIsReplacedAfterDumpsWereDropped(t *testing.T) {
	gone := lastDay - 4 // the last of the days without dumps
	away := t.TempDir()
	move := func(d *deployment, back bool) {
		for day := firstDay; day <= gone; day++ {
			for _, table := range []string{"orders", "refunds", "products", "talents"} {
				from, to := d.dump(table, day), filepath.Join(away, table+day.String())
				if back {
					from, to = to, from
				}
				if err := os.Rename(from, to); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	kept, rotated := keyed(t, oldKey), keyed(t, oldKey)
	for _, d := range []*deployment{kept, rotated} {
		complete := firstDay - 800
		d.settings.HistoryCompleteFrom = &complete
		d.night(lastDay - 2)
	}
	truth := sums(kept.night(lastDay - 1))
	move(rotated, false)
	rotated.settings.BuyerKey = newKey
	_, err := rotated.try(lastDay - 1)
	for _, want := range []string{keyID(oldKey), keyID(newKey), "3 days of orders (2026-01-25 to 2026-01-27)", "buyer_key.replaces: " + keyID(oldKey)} {
		if !errors.Is(err, jobs.ErrInput) || !strings.Contains(err.Error(), want) {
			t.Fatalf("the error does not tell %q: %v", want, err)
		}
	}
	rotated.settings.ReplacedKey = keyID(mapping.BuyerKey{9})
	if _, err := rotated.try(lastDay - 1); !errors.Is(err, jobs.ErrInput) {
		t.Fatalf("another key was said to be replaced, and the night went on: %v", err)
	}
	rotated.settings.ReplacedKey = keyID(oldKey)
	first := rotated.night(lastDay - 1)
	if !slices.ContainsFunc(first.Warnings, func(w string) bool { return strings.Contains(w, "buyers are known from 2026-01-28 on") }) {
		t.Errorf("the night does not say from when on buyers are known: %q", first.Warnings)
	}
	if sums(first)["gmv_split"] != truth["gmv_split"] || sums(first)["excluded"] != truth["excluded"] {
		t.Error("money moved")
	}
	rotated.settings.ReplacedKey = "" // once is enough: the commit knows
	whole := kept.night(lastDay)
	moneyStaysAndBuyersAreNull(t, kept, whole, rotated, rotated.night(lastDay), gone)
	move(rotated, true) // dumps that come back bring their buyers back
	if diff := gocmp.Diff(figures(whole), figures(rotated.night(lastDay))); diff != "" {
		t.Errorf("dumps are back: %s", diff)
	}
}

func moneyStaysAndBuyersAreNull(t *testing.T, kept *deployment, want jobs.Outcome, rotated *deployment, got jobs.Outcome, gone calendar.Day) {
	t.Helper()
	wants, gots := published[buyerRow](t, kept, want, "gmv"), published[buyerRow](t, rotated, got, "gmv")
	if len(wants) != len(gots) {
		t.Fatalf("%d rows of gmv, want %d", len(gots), len(wants))
	}
	nulls, known := 0, 0
	for i, w := range wants {
		g := gots[i]
		if lastDay-calendar.Day(w.Window)+1 <= gone {
			nulls++
			w.Buyers, w.PerHead = nil, nil
		} else {
			known++
		}
		if w.New == nil || w.Old == nil {
			t.Errorf("gmv: %+v: with the old key it is known who is new", w)
		}
		w.New, w.Old = nil, nil
		if diff := gocmp.Diff(w, g); diff != "" {
			t.Errorf("gmv: %s", diff)
		}
	}
	if nulls == 0 || known == 0 {
		t.Errorf("%d windows reach back to the days without buyers, %d do not: the test proves nothing", nulls, known)
	}
	trusted := published[trustRow](t, rotated, got, "trust")
	for i, w := range published[trustRow](t, kept, want, "trust") {
		if lastDay-calendar.Day(w.Window)+1 <= gone {
			w.Buyers = nil
		}
		w.New = nil
		if diff := gocmp.Diff(w, trusted[i]); diff != "" {
			t.Errorf("trust: %s", diff)
		}
	}
	for d, o := range map[*deployment]jobs.Outcome{kept: want, rotated: got} {
		for _, r := range published[cohortRow](t, d, o, "cohorts") {
			if r.Complete != (d == kept) {
				t.Errorf("cohorts: %+v, with the old key: %v", r, d == kept)
			}
		}
	}
	all := map[string]int64{}
	for _, r := range published[repeatRow](t, kept, want, "repeat_purchase") {
		all[fmt.Sprint(r.Role, r.Subject, r.Window)] = r.Buyers
	}
	for _, r := range published[repeatRow](t, rotated, got, "repeat_purchase") {
		if r.Present > int64(lastDay-gone) || r.Buyers > all[fmt.Sprint(r.Role, r.Subject, r.Window)] {
			t.Errorf("repeat_purchase: %+v, with the old key %d buyers", r, all[fmt.Sprint(r.Role, r.Subject, r.Window)])
		}
	}
	verified(t, rotated, lastDay)
}

// verified wants that windvane verify finds nothing.
func verified(t *testing.T, d *deployment, day calendar.Day) {
	t.Helper()
	out, err := lake.Open(context.Background(), d.out, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	v, err := jobs.Archive{Out: out, Job: d.settings.Job}.Verify(context.Background(), day)
	if err != nil || !v.OK() {
		t.Errorf("verify: %+v, %v", v, err)
	}
}

// forget puts a buyer on the list.
func (d *deployment) forgetBuyers(ids ...string) {
	for _, id := range ids {
		d.settings.Forgotten = append(d.settings.Forgotten, mapping.HashBuyer(d.settings.BuyerKey, id))
	}
	slices.Sort(d.settings.Forgotten)
	d.settings.ForgottenIDs = len(ids)
}

// Buyers that are forgotten are no buyers any more, whether their days are reduced again or taken from what is stored, and
// every fen stays.
func TestForgottenBuyersLeaveTheirMoney(t *testing.T) {
	t.Parallel()
	always := keyed(t, oldKey)
	always.forgetBuyers("100", "102")
	always.night(lastDay - 1)
	want := always.night(lastDay)
	d := keyed(t, oldKey)
	d.night(lastDay - 1)
	before := d.night(lastDay)
	buyersBefore := published[buyerRow](t, d, before, "gmv")
	for day := firstDay; day <= lastDay-3; day++ { // the days that are not restated
		d.drop("orders", day)
		d.drop("refunds", day)
	}
	d.forgetBuyers("100", "102")
	if found := d.holding(d.settings.Forgotten); len(found) < 10 {
		t.Fatalf("the search finds %q: the test proves nothing", found)
	}
	if _, err := d.purge(true); err == nil || !strings.Contains(err.Error(), "windvane run --date 2026-01-31") {
		t.Errorf("a purge before the night was made with the list: %v", err)
	}
	got := d.night(lastDay)
	if diff := gocmp.Diff(figures(want), figures(got)); diff != "" {
		t.Errorf("forgotten in what is stored, against forgotten at the first read: %s", diff)
	}
	for _, table := range []string{"gmv_split", "excluded", "late_data"} {
		if sums(before)[table] != sums(got)[table] {
			t.Errorf("%s changed", table)
		}
	}
	onlyBuyersAreFewer(t, buyersBefore, published[buyerRow](t, d, got, "gmv"))
	verified(t, d, lastDay)
	told, err := d.purge(false)
	if err != nil || len(d.holding(d.settings.Forgotten)) < 10 {
		t.Fatalf("a purge that only counts: %+v, %v", told, err)
	}
	if done, err := d.purge(true); err != nil || done.Objects == 0 || done.Objects != told.Objects {
		t.Errorf("removed %+v, told %+v; %v", done, told, err)
	}
	for _, path := range d.holding(d.settings.Forgotten) {
		t.Errorf("%s holds the hash of a forgotten buyer", path)
	}
	if again := d.night(lastDay); again.Status != jobs.AlreadyDone {
		t.Errorf("after the purge the night is %s", again.Status)
	}
}

// A day that lacks a file lacks it however its buyers are taken out: the file is named as long as the day is rested on.
func TestADayWithoutBuyersStillNamesTheFileItLacks(t *testing.T) {
	for name, change := range map[string]func(d *deployment){
		"forgotten":    func(d *deployment) { d.forgetBuyers("100") },
		"key replaced": func(d *deployment) { d.settings.BuyerKey, d.settings.ReplacedKey = newKey, keyID(oldKey) },
	} {
		t.Run(name, func(t *testing.T) {
			d := keyed(t, oldKey)
			d.quarantine(0.9)
			d.poison(lastDay-4, "zz-poison.parquet", damages["truncated"])
			d.night(lastDay - 1)
			for day := firstDay; day <= lastDay-3; day++ {
				d.drop("orders", day)
				d.drop("refunds", day)
			}
			change(d)
			other := d.forked(t)
			other.namesTheFile(other.night(lastDay))
			d.quarantine(0) // the day can no longer be restated: it stops no night, nor one that finds its partition made
			o := d.night(lastDay)
			d.namesTheFile(o)
			if err := os.RemoveAll(filepath.Join(d.out, "published/nightly/dt="+lastDay.String())); err != nil {
				t.Fatal(err)
			}
			again := d.night(lastDay)
			d.namesTheFile(again)
			if diff := gocmp.Diff(sums(o), sums(again)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// namesTheFile wants the poisoned file in the manifest, in a note and in a gate.
func (d *deployment) namesTheFile(o jobs.Outcome) {
	d.t.Helper()
	var found []string
	m := d.manifest(o)
	for _, p := range m.Partitions["orders"] {
		for _, q := range p.Quarantined {
			found = append(found, fmt.Sprint(p.Day, " ", filepath.Base(q.Key)))
		}
	}
	if want := []string{(lastDay - 4).String() + " zz-poison.parquet"}; !slices.Equal(found, want) {
		d.t.Errorf("partitions name %q, want %q", found, want)
	}
	if said := strings.Join(m.Warnings, "\n"); !strings.Contains(said, "zz-poison.parquet") {
		d.t.Errorf("the night says %q", said)
	}
	if !slices.ContainsFunc(m.Gates, func(g jobs.Gate) bool { return g.Name == "quarantine" }) {
		d.t.Errorf("gates: %v", m.Gates)
	}
}

// onlyBuyersAreFewer wants gmv to differ in buyers alone, by at most the two who were forgotten.
func onlyBuyersAreFewer(t *testing.T, before, now []buyerRow) {
	t.Helper()
	if len(before) != len(now) {
		t.Fatalf("%d rows of gmv, before %d", len(now), len(before))
	}
	fewer := 0
	for i, w := range before {
		g := now[i]
		if *g.Buyers > *w.Buyers || *w.Buyers-*g.Buyers > 2 {
			t.Errorf("%+v: %d buyers, before %d", g, *g.Buyers, *w.Buyers)
		}
		if *g.Buyers < *w.Buyers {
			fewer++
		}
		w.Buyers, w.New, w.Old, w.PerHead = g.Buyers, g.New, g.Old, g.PerHead
		if diff := gocmp.Diff(w, g); diff != "" {
			t.Errorf("gmv: %s", diff)
		}
	}
	if fewer == 0 {
		t.Error("nobody was forgotten")
	}
}

// storedPair is a pair of the experiment as the state keeps it.
type storedPair struct {
	Merchant int64 `parquet:"merchant_id"`
	Buyer    int64 `parquet:"buyer_id"`
	Paid     int64 `parquet:"outcome_fen"`
}

// Of the experiment the pairs of forgotten buyers go, those of others stay as they are.
func TestForgottenBuyersAreInNoPair(t *testing.T) {
	t.Parallel()
	d := newDemo(t, liftMarketDays)
	d.lift(lastDay)
	folders := func() []string {
		found, err := filepath.Glob(filepath.Join(d.out, "state/lift/dt="+lastDay.String(), "*"))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	old := folders()
	if len(old) != 1 {
		t.Fatalf("folders of lift: %q", old)
	}
	before := rowsIn[storedPair](t, old[0], "pairs.parquet")
	for _, p := range before[:len(before)/4] { // they are in the order of buyers
		d.settings.Forgotten = append(d.settings.Forgotten, p.Buyer)
	}
	d.settings.Forgotten = slices.Compact(d.settings.Forgotten)
	want := slices.DeleteFunc(before, func(p storedPair) bool { return slices.Contains(d.settings.Forgotten, p.Buyer) })
	d.lift(lastDay)
	now := slices.DeleteFunc(folders(), func(f string) bool { return f == old[0] })
	if len(now) != 1 || len(want) < 10 || len(d.settings.Forgotten) < 3 {
		t.Fatalf("%d new folders; %d pairs are to stay, %d buyers to go", len(now), len(want), len(d.settings.Forgotten))
	}
	if diff := gocmp.Diff(want, rowsIn[storedPair](t, now[0], "pairs.parquet")); diff != "" {
		t.Error(diff)
	}
}

func (d *deployment) purge(apply bool) (*jobs.Purged, error) {
	d.t.Helper()
	out, err := lake.Open(context.Background(), d.out, lake.Options{})
	if err != nil {
		d.t.Fatal(err)
	}
	defer out.Close()
	return jobs.Purge(context.Background(), out, d.settings, apply)
}

// holding lists the objects of the output that hold one of the hashes: as bytes, as digits or, in Parquet, as a value.
func (d *deployment) holding(hashes []int64) (paths []string) {
	d.t.Helper()
	found := map[string]bool{}
	for _, path := range d.under("") {
		data, err := os.ReadFile(path)
		if err != nil {
			d.t.Fatal(err)
		}
		for _, h := range hashes {
			if bytes.Contains(data, binary.LittleEndian.AppendUint64(nil, uint64(h))) || bytes.Contains(data, fmt.Append(nil, h)) || bytes.Contains(data, fmt.Appendf(nil, "%x", uint64(h))) {
				found[path] = true
			}
		}
		if strings.HasSuffix(path, ".parquet") && slices.ContainsFunc(integers(d.t, data), func(v int64) bool { return slices.Contains(hashes, v) }) {
			found[path] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// integers are all INT64 values of a Parquet file.
func integers(t *testing.T, data []byte) (all []int64) {
	t.Helper()
	eachRow(t, data, func(row parquet.Row) {
		for _, v := range row {
			if v.Kind() == parquet.Int64 {
				all = append(all, v.Int64())
			}
		}
	})
	return all
}

// A night reads dumps, and writes state and what it publishes; it removes nothing. Only windvane gc and forget do. What it writes
// again are hints, which some stores call removing, too.
func TestANightNeedsNoMoreRightsThanAWriterHas(t *testing.T) {
	m := newFaultyMarket(t)
	var refused, replaced []string
	written := map[string]bool{}
	forbid := func() {
		m.bucket.Forbid(func(operation, key string) bool {
			ours := strings.HasPrefix(key, "state/") || strings.HasPrefix(key, "published/")
			if operation == "delete" || operation == "write" && !ours {
				refused = append(refused, operation+" "+key)
				return true
			}
			if operation == "write" {
				if written[key] {
					replaced = append(replaced, path.Base(key))
				}
				written[key] = true
			}
			return false
		})
	}
	forbid()
	m.mustNight(lastDay - 1)
	m.mustNight(lastDay)
	m.bucket.Forbid(nil)
	changed := orders(twin.Day(lastDay - 1))
	changed[0].BuyerPaidFen++
	m.deliver(twin.Partitions{Orders: map[twin.Day][]twin.Order{twin.Day(lastDay - 1): changed}})
	forbid()
	m.mustNight(lastDay)
	m.settings.Forgotten = []int64{mapping.HashBuyer(m.settings.BuyerKey, "100")}
	m.mustNight(lastDay)
	m.settings.BuyerKey, m.settings.Forgotten = newKey, nil
	m.mustNight(lastDay)
	if len(refused) > 0 {
		t.Errorf("refused: %q", refused)
	}
	slices.Sort(replaced)
	if replaced = slices.Compact(replaced); !slices.Equal(replaced, []string{"current.json", "status.json"}) {
		t.Errorf("replaced: %q; docs/deploy.md names what a night replaces", replaced)
	}
	if all, err := m.read(lastDay); err != nil || all.Commits != 4 {
		t.Errorf("%d commits, want 4: the nights of the test are not those it speaks of; %v", all.Commits, err)
	}
	l := m.open()
	defer l.Close()
	if err := l.Delete(context.Background(), "state/x"); err == nil || len(refused) != 1 {
		t.Errorf("the bucket forbids nothing: %v, %q", err, refused)
	}
}

// What docs/deploy.md gives an operator is enough for plan, validate and rollback. plan asks which rollups are there, and never
// reads them: they hold the hashes of buyers.
func TestAnOperatorReadsNoRollups(t *testing.T) {
	m := newFaultyMarket(t)
	m.mustNight(lastDay - 1)
	m.mustNight(lastDay)
	changed := orders(twin.Day(lastDay - 1))
	changed[0].BuyerPaidFen++
	m.deliver(twin.Partitions{Orders: map[twin.Day][]twin.Order{twin.Day(lastDay - 1): changed}})
	m.mustNight(lastDay)
	changed[0].BuyerPaidFen++
	m.deliver(twin.Partitions{Orders: map[twin.Day][]twin.Order{twin.Day(lastDay - 1): changed}})
	var refused []string
	looked := map[string]bool{} // at state
	m.bucket.Forbid(func(operation, key string) bool {
		allowed := operation != "write" && operation != "delete"
		switch {
		case strings.HasPrefix(key, "state/"):
			looked[operation+" "+strings.Join(strings.SplitN(key, "/", 3)[:2], "/")] = true
			allowed = operation == "list" || allowed && strings.HasPrefix(key, "state/partitions/")
		case operation == "write":
			allowed = strings.HasPrefix(key, "published/") &&
				(strings.Contains(key, "/commits/") || strings.HasSuffix(key, "/current.json") || strings.HasSuffix(key, "/status.json"))
		}
		if !allowed {
			refused = append(refused, operation+" "+key)
		}
		return !allowed
	})
	ctx, l := context.Background(), m.open()
	defer l.Close()
	r := &jobs.Runner{In: l, Out: l, Settings: m.settings, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Unix(0, 0) }, NewRunID: func() string { return "run-0" }}
	p, err := r.Plan(ctx, lastDay)
	if err != nil || p.Status != jobs.Stale || !slices.ContainsFunc(p.Tables, func(t jobs.PlannedTable) bool { return t.Known > 0 && len(t.Reduce) > 0 }) {
		t.Errorf("plan: %+v, %v", p, err)
	}
	if err := r.Validate(ctx, lastDay, lastDay, jobs.ValidateOptions{}, func(jobs.TableReport) error { return nil }); err != nil {
		t.Errorf("validate: %v", err)
	}
	back, err := jobs.Archive{Out: l, Job: m.settings.Job}.Rollback(ctx, lastDay, 1, "of the test", time.Unix(0, 0))
	if err != nil || back.Status != jobs.Published || len(back.Warnings) > 0 {
		t.Errorf("rollback: %+v, %v", back, err)
	}
	if len(refused) > 0 {
		t.Errorf("refused: %q", refused)
	}
	if !looked["list state/rollups"] || !looked["read state/partitions"] {
		t.Errorf("an operator needs less of state than docs/deploy.md says: %v", looked)
	}
}
