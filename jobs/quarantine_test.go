package jobs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/mapping"
)

// poison lays a file of orders with the given damage beside those of a day. Its rows are none of the others', so that a
// night that read any of them would have other figures.
func (d *deployment) poison(day calendar.Day, name string, damage func([]byte) []byte) {
	d.t.Helper()
	other := twin.Day(day) - 100
	rows := orders(other)
	for i := range rows {
		noon := rows[i].CreatedAt.AddDate(0, 0, 100)
		rows[i].CreatedAt, rows[i].PaidAt, rows[i].BuyerPaidFen = noon, &noon, 999_999
	}
	scratch := d.t.TempDir()
	if err := twin.WriteDumps(scratch, twin.Partitions{Orders: map[twin.Day][]twin.Order{twin.Day(day): rows}}, twin.DumpOptions{IntIDs: true}); err != nil {
		d.t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(scratch, "orders", "*", "*.parquet"))
	if err != nil || len(files) == 0 {
		d.t.Fatalf("%d files, %v", len(files), err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.dump("orders", day), name), damage(data), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// Ways in which a file is broken: at its end, which shows when it is opened, and in its first page, which shows when it is read.
var damages = map[string]func([]byte) []byte{
	"truncated":   func(b []byte) []byte { return b[:len(b)/2] },
	"broken page": func(b []byte) []byte { return append(append(b[:4:4], bytes.Repeat([]byte{0xFF}, 16)...), b[20:]...) },
}

func (d *deployment) quarantine(share float64) {
	d.settings.Tables = map[string]mapping.Table{"orders": {MaxQuarantine: share}}
}

func (d *deployment) manifest(o jobs.Outcome) jobs.Manifest {
	d.t.Helper()
	data, err := os.ReadFile(filepath.Join(d.out, o.Prefix, "manifest.json"))
	if err != nil {
		d.t.Fatal(err)
	}
	var m jobs.Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		d.t.Fatal(err)
	}
	return m
}

// Without a word in the configuration a poisoned file ends the night. With one, the night is the night without the
// file, byte by byte, but for data_quality, which names it; and so do the manifest and the note, in later nights too.
func TestAPoisonedFileIsSetAsideWhereThePolicyAllowsIt(t *testing.T) {
	clean := newDeployment(t)
	want, next := sums(clean.night(lastDay-1)), sums(clean.night(lastDay))
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			d := newDeployment(t)
			d.poison(lastDay-1, "zz-poison.parquet", damage)
			if _, err := d.try(lastDay - 1); !errors.Is(err, jobs.ErrInput) || !errors.Is(err, lake.ErrCorrupt) || !strings.Contains(err.Error(), "zz-poison.parquet") {
				t.Fatalf("without a policy: %v", err)
			}
			d.quarantine(0.9)
			d.sameBut(d.night(lastDay-1), want)
			o := d.night(lastDay)
			d.sameBut(o, next)
			m := d.manifest(o)
			var found []jobs.Quarantined
			for _, p := range m.Partitions["orders"] {
				found = append(found, p.Quarantined...)
			}
			if len(found) != 1 || !strings.HasSuffix(found[0].Key, "/zz-poison.parquet") || found[0].Bytes == 0 || !strings.Contains(found[0].Why, "corrupt") {
				t.Errorf("the manifest of the night after names %v", found)
			}
			if said := strings.Join(m.Warnings, "\n"); !strings.Contains(said, "zz-poison.parquet") {
				t.Errorf("the night after says %q", said)
			}
		})
	}
}

// sameBut compares tables; data_quality alone has another row.
func (d *deployment) sameBut(o jobs.Outcome, want map[string]string) {
	d.t.Helper()
	got := sums(o)
	if got["data_quality"] == want["data_quality"] {
		d.t.Errorf("%s: data_quality does not tell", o.AsOf)
	}
	delete(got, "data_quality")
	rest := map[string]string{}
	for table, sum := range want {
		if table != "data_quality" {
			rest[table] = sum
		}
	}
	if diff := gocmp.Diff(rest, got); diff != "" {
		d.t.Errorf("%s: tables differ from those without the file: %s", o.AsOf, diff)
	}
}

// More than the policy allows, or everything, ends the night; so does a day that was set aside under a policy that is
// no longer in force. There is no policy for snapshots.
func TestTheQuarantineHasALimit(t *testing.T) {
	refused := func(d *deployment, want string) {
		t.Helper()
		if _, err := d.try(lastDay); !errors.Is(err, jobs.ErrInput) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
		if files, _ := filepath.Glob(filepath.Join(d.out, "published/nightly/dt="+lastDay.String(), "commits/*")); len(files) != 0 {
			t.Errorf("published: %v", files)
		}
	}
	d := newDeployment(t)
	d.poison(lastDay, "zz-1.parquet", damages["truncated"])
	d.poison(lastDay, "zz-2.parquet", damages["broken page"])
	d.quarantine(0.01)
	refused(d, "tables.orders.max_quarantine is 1.0 %")
	d.quarantine(0.9)
	d.night(lastDay)
	d.out = d.t.TempDir()
	sound, err := filepath.Glob(filepath.Join(d.dump("orders", lastDay), "*.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range sound {
		if !strings.HasPrefix(filepath.Base(f), "zz-") {
			tear(t, f)
		}
	}
	d.quarantine(0.9999)
	refused(d, "would lack 100.0 % of its bytes")

	d = newDeployment(t)
	d.poison(lastDay-1, "zz-1.parquet", damages["truncated"])
	d.quarantine(0.9)
	d.night(lastDay - 1)
	d.quarantine(0)
	refused(d, "max_quarantine is 0.0 %")

	d = newDeployment(t)
	d.settings.Tables = map[string]mapping.Table{"products": {MaxQuarantine: 0.9}}
	if _, err := d.try(lastDay); err == nil || !strings.Contains(err.Error(), "products is a snapshot") {
		t.Errorf("a policy for a snapshot: %v", err)
	}
}

// A file that is set aside leaves a day of fewer rows than its producer counted: nobody can count what is in it. More
// rows than were counted are no less wrong, nor are rows that are missing where every file can be read.
func TestTheQuarantineGoesWithCounts(t *testing.T) {
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			d := newDeployment(t)
			d.countAll()
			d.settings.RequireCounts = true
			d.quarantine(0.9)
			d.count("orders", lastDay, `{"files": 1, "rows": 4}`)
			refused := func(want string) {
				t.Helper()
				if _, err := d.try(lastDay); !errors.Is(err, jobs.ErrInput) || !strings.Contains(err.Error(), want) {
					t.Errorf("want %q, got %v", want, err)
				}
			}
			refused("has 3 rows where")
			d.poison(lastDay, "zz-poison.parquet", damage)
			d.count("orders", lastDay, `{"files": 2, "rows": 2}`)
			refused("has 3 rows where")
			d.count("orders", lastDay, `{"files": 2, "rows": 6}`)
			if r := d.validate(lastDay); r.Status != jobs.ReportWarning || !strings.Contains(strings.Join(r.Notes, "; "), "zz-poison.parquet") {
				t.Errorf("validate: %s, %q, %q", r.Status, r.Problems, r.Notes)
			}
			o := d.night(lastDay)
			if said := strings.Join(o.Warnings, "\n"); o.Status != jobs.Published || !strings.Contains(said, "zz-poison.parquet") {
				t.Errorf("%s, says %q", o.Status, said)
			}
		})
	}
}

// Validate says what a night would do.
func TestValidateTellsWhatIsSetAside(t *testing.T) {
	d := newDeployment(t)
	d.poison(lastDay, "zz-1.parquet", damages["truncated"])
	d.poison(lastDay, "zz-2.parquet", damages["broken page"])
	for share, want := range map[float64]string{0: jobs.ReportFailed, 0.01: jobs.ReportFailed, 0.9: jobs.ReportWarning} {
		d.quarantine(share)
		r := d.validate(lastDay)
		said := strings.Join(append(r.Problems, r.Notes...), "\n")
		if r.Status != want || r.Rows != 3 || !strings.Contains(said, "zz-1.parquet") || !strings.Contains(said, "zz-2.parquet") {
			t.Errorf("max_quarantine %v: %s, %d rows: %s", share, r.Status, r.Rows, said)
		}
	}
}

// A day on which a night fails for what its amounts add up to fails validate, with the same words; the row they come from is named.
func TestAnAmountThatNoDayHasIsNamed(t *testing.T) {
	d := newDeployment(t)
	rows := orders(twin.Day(lastDay))
	rows[0].FreightFen, rows[1].BuyerPaidFen = 700, 6e15
	if err := twin.WriteDumps(filepath.Join(d.in, "dumps"), twin.Partitions{Orders: map[twin.Day][]twin.Order{twin.Day(lastDay): rows}}, twin.DumpOptions{IntIDs: true, Files: 2}); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(d.dump("orders", lastDay), "*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%q, %v", files, err)
	}
	want := "broken input: orders of 2026-01-31: column buyer_paid_fen adds up to 6e+15, more than 5e+15 a day: is the unit right? " +
		"(the largest, 6000000000000000, is dumps/orders/dt=2026-01-31/part-00001.parquet row 0)"
	if _, err := d.try(lastDay); !errors.Is(err, jobs.ErrInput) || !strings.Contains(err.Error(), want) {
		t.Errorf("the night: %v", err)
	}
	if r := d.validate(lastDay); r.Status != jobs.ReportFailed || r.Rows != 3 || !slices.Contains(r.Problems, want) {
		t.Errorf("validate: %s, %d rows, %q", r.Status, r.Rows, r.Problems)
	}
}

// validate reports on the orders of a day.
func (d *deployment) validate(day calendar.Day) (report jobs.TableReport) {
	d.t.Helper()
	ctx := context.Background()
	in, err := lake.Open(ctx, d.in, lake.Options{})
	if err != nil {
		d.t.Fatal(err)
	}
	defer in.Close()
	r := &jobs.Runner{In: in, Settings: d.settings}
	err = r.Validate(ctx, day, day, jobs.ValidateOptions{Tables: []string{"orders"}, Limit: 3}, func(found jobs.TableReport) error {
		report = found
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return report
}
