package main

import (
	"bytes"
	"context"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/transforms/contract"
	"pgregory.net/rapid"
)

// shownMismatches is how many differences a failure prints.
const shownMismatches = 30

// fewChecks is how many markets each test draws unless -rapid.checks or RAPID_CHECKS asks for another number, as make
// test-full does with 20: every one is some whole nights, and every run draws others.
const fewChecks = "3"

// checkTwin is rapid.Check with fewChecks in place of rapid's own default.
func checkTwin(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue && os.Getenv("RAPID_CHECKS") == "" {
		if err := f.Value.Set(fewChecks); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, property)
}

func TestOneNightAgreesWithItsTwin(t *testing.T) {
	checkTwin(t, func(t *rapid.T) {
		layout := layouts().Draw(t, "layout")
		m := twin.Markets(twin.MarketOptions{DefaultRules: true, TextIDs: !layout.IntIDs, Doubled: true}).Draw(t, "market")
		lab := newLab(t, layout)
		lab.deliver(m.Partitions)
		lab.windvane("run", "--date", m.Options.AsOf.String())
		lab.agree(twin.Night{Partitions: m.Partitions, Options: m.Options}, nil)
	})
}

func TestABackfillAgreesWithItsTwin(t *testing.T) {
	checkTwin(t, func(t *rapid.T) {
		m := twin.Markets(twin.MarketOptions{DefaultRules: true, NoGaps: true}).Draw(t, "market")
		nights := m.Nights(3)
		lab := newLab(t, twin.DumpOptions{IntIDs: true, Success: true})
		lab.deliver(m.Partitions)
		lab.windvane("backfill", "--from", nights[0].Options.AsOf.String(), "--to", nights[2].Options.AsOf.String())
		for i := range nights {
			lab.agree(nights[i], nights[:i])
		}
	})
}

// TestLateLinesAgreeWithTheirTwin runs night after night while lines of earlier days still arrive.
func TestLateLinesAgreeWithTheirTwin(t *testing.T) {
	checkTwin(t, func(t *rapid.T) {
		m := twin.Markets(twin.MarketOptions{DefaultRules: true, NoGaps: true}).Draw(t, "market")
		nights := twin.LateNights(m, 3).Draw(t, "nights")
		lab := newLab(t, twin.DumpOptions{IntIDs: true, Success: true})
		for i, night := range nights {
			lab.deliver(night.Partitions)
			lab.windvane("run", "--date", night.Options.AsOf.String())
			lab.agree(night, nights[:i])
		}
	})
}

func layouts() *rapid.Generator[twin.DumpOptions] {
	return rapid.Custom(func(t *rapid.T) twin.DumpOptions {
		return twin.DumpOptions{
			IntIDs:       rapid.Bool().Draw(t, "int ids"),
			Files:        rapid.SampledFrom([]int{1, 2, 5}).Draw(t, "files"),
			RowsPerGroup: rapid.SampledFrom([]int64{0, 1, 3}).Draw(t, "rows of a group"),
			ShuffleSeed:  rapid.SampledFrom([]uint64{0, 1, 2}).Draw(t, "shuffle"),
			Success:      true,
		}
	})
}

// lab is one input and one output folder.
type lab struct {
	*rapid.T
	layout        twin.DumpOptions
	input, output string
	config        string
}

func newLab(t *rapid.T, layout twin.DumpOptions) *lab {
	root, err := os.MkdirTemp("", "windvane-twin-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	return &lab{T: t, layout: layout, input: filepath.Join(root, "in"), output: filepath.Join(root, "out"), config: filepath.Join(root, "windvane.yaml")}
}

// deliver replaces all dumps.
func (l *lab) deliver(p twin.Partitions) {
	dumps := filepath.Join(l.input, "dumps")
	if err := os.RemoveAll(dumps); err != nil {
		l.Fatal(err)
	}
	if err := twin.WriteDumps(dumps, p, l.layout); err != nil {
		l.Fatal(err)
	}
	// Snapshots of such a market may be old: how old is no matter of the twin.
	settings := "gates: {max_snapshot_age: 0}\nabsent_days:\n" + absent("orders", p.Orders, p) + absent("refunds", p.Refunds, p)
	if err := os.WriteFile(l.config, []byte(settings), 0o600); err != nil {
		l.Fatal(err)
	}
}

// windvane runs the command in this process and expects success.
func (l *lab) windvane(command string, args ...string) {
	var stdout, stderr bytes.Buffer
	args = append([]string{command, "--input", l.input, "--output", l.output, "--config", l.config}, args...)
	if code := run(context.Background(), args, func(string) string { return "" }, &stdout, &stderr); code != 0 {
		l.Fatalf("windvane %q: exit %d\n%s%s", args, code, &stdout, &stderr)
	}
}

// agree compares the tables of a night with the twin's; earlier are the nights run before it.
func (l *lab) agree(night twin.Night, earlier []twin.Night) {
	dir, err := twin.PublishedDir(l.output, night.Options.AsOf)
	if err != nil {
		l.Fatal(err)
	}
	want := twin.Compute(night.Partitions, night.Options).ByTable()
	nights := append(append([]twin.Night{}, earlier...), night)
	want[contract.LateData.Name] = twin.Rows(twin.LateData(nights...))
	diff, err := twin.DiffPublished(dir, want)
	if err != nil {
		l.Fatal(err)
	}
	if len(diff) > 0 {
		l.Fatalf("tables of %s differ from the twin's:\n%s", night.Options.AsOf, twin.Report(diff, shownMismatches))
	}
}

// absent declares the days without a partition that the market left out on purpose; a real hole would be a late dump.
func absent[R any](table string, parts map[twin.Day][]R, p twin.Partitions) string {
	var days []string
	orders := slices.Sorted(maps.Keys(p.Orders))
	first, last := orders[0], orders[len(orders)-1]
	for d := range parts { // a table may begin before the orders do
		first = min(first, d)
	}
	for d := first; d <= last; d++ {
		if _, here := parts[d]; !here {
			days = append(days, d.String())
		}
	}
	return "  " + table + ": [" + strings.Join(days, ", ") + "]\n"
}
