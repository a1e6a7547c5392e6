package main

import (
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// documentCommand writes the document anew from what was measured last.
func documentCommand(args []string, stderr io.Writer) error {
	f := flag.NewFlagSet("document", flag.ContinueOnError)
	f.SetOutput(stderr)
	out := f.String("out", "out", "folder of the results")
	doc := f.String("doc", "", "file to write, as Markdown")
	if err := f.Parse(args); err != nil {
		return err
	}
	return writeDocument(*out, *doc)
}

func writeDocument(out, file string) error {
	r, err := readResult(out)
	if err != nil {
		return err
	}
	if len(r.Jobs) == 0 {
		return fmt.Errorf("nothing was measured yet in %s: run make bench-peers", out)
	}
	alone, err := readAlone(out)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(document(&r, alone)), 0o644)
}

// document is docs/benchmarks.md.
func document(r *result, alone []grownResult) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- Written by make bench-peers or bench-document; do not edit. -->\n# Benchmarks\n\n")
	fmt.Fprintf(&b, "Measured on %s, %d cores, %s of memory, %s/%s. Medians; engines take turns, each in a process of its own, on the same cores, page cache warm.\n\n",
		r.Machine.CPU, r.Machine.Cores, r.Machine.Memory, r.Machine.OS, r.Machine.Arch)
	if r.Note != "" {
		fmt.Fprintf(&b, "**%s**\n\n", r.Note)
	}
	b.WriteString("| engine | version |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(r.Versions)) {
		fmt.Fprintf(&b, "| %s | %s |\n", name, r.Versions[name])
	}
	b.WriteString("\n## In one table\n\nAbove 1, windvane is faster than the fastest peer.\n\n| job | order lines | windvane s | fastest peer | its s | peer / windvane | × scan floor |\n|---|---:|---:|---|---:|---:|---:|\n")
	for _, j := range allJobs() {
		of := r.Jobs[j.name]
		if of.FastestPeer == "" {
			continue
		}
		more := ""
		if of.AtLeast {
			more = "> "
		}
		fmt.Fprintf(&b, "| %s | %s | %.3f | %s | %s%.3f | %s%.2f | %s |\n", j.name, thousands(of.Lines), of.Seconds, of.FastestPeer,
			more, of.Peers[of.FastestPeer].Seconds, more, of.RatioFastestPeer, unlessZero("%.1f", of.ScanFloorMultiple))
	}
	b.WriteString("\n## The jobs\n\n")
	for _, j := range allJobs() {
		if of, ok := r.Jobs[j.name]; ok {
			fmt.Fprintf(&b, "- **%s** (%s order lines; timed runs: %d; %s): %s.\n", j.name, thousands(of.Lines), len(of.Windvane.All), of.Date, j.doc)
		}
	}
	b.WriteString("\n## All figures\n\n" + tableText(r, nil))
	b.WriteString("\n" + figuresExplained)
	if len(alone) > 0 {
		b.WriteString("\n## Windvane alone\n\n`make bench-growth`, `make bench-big`, `make bench-lists`, as last measured.\n\n" + aloneTable(alone))
	}
	b.WriteString("\n" + reproduce)
	return b.String()
}

func thousands(n int64) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

const figuresExplained = `*seconds*, *min*, *max*: inside the process, from the first read to the last result; imports and start-up are not in
them. *CPU s*, *process s* and *peak RSS* are those of the whole process, as the kernel tells. A peer that was *stopped* had not
ended at the limit it was given; nothing of it could be checked. *Scan floor*: what it takes
windvane to decode the columns that order_rollups needs.

## What is compared, and what is not

- **Every figure agrees.** Before anything is timed, each engine tells of every result table the number of rows, the exact
  sum and sum of squares of every measure (texts and real numbers as words: a hash, the bits), and a checksum over keys and
  measures that does not depend on the order of rows. Tables that were written are read back by pyarrow, which is none of
  the engines, and their order is checked up to the first key that is a text. Any difference ends the run. Buyers are hashed
  by each engine's own function, so their ids alone are left out of checksums.
- **Peers at their best.** The newest release of each, as many threads as cores, and the fastest of the variants tried;
  the variants and their seconds stand at the top of each file in bench/peers/. They are free to rest on what windvane
  rests on (an order has one buyer), and in night_windows on that an order is paid on one day.
- **all_reductions is the same work for all**: every rollup of every table that a night reduces. Complaints and the two
  tables of Chuanliu have no row on the day that is made: their rollups are compared as empty, and the peers make
  none of them. Peers take from a table already made what can be had from it, as their files say.
- **windvane does more than it is asked for** in places, and that is in its time: it reads created_at and checks that each
  row belongs to the day, checks every row against the table's contract, and packs results for the sort also where nothing is sorted.
  all_reductions looks for duplicates and writes the records of its state. all_window_merges is the whole step "buyers" of a
  night: windows of 365 days, new buyers, months, cohorts and trust come out of the same passes. window_merges is that step without its passes
  over categories and products, which the peers are not asked for there; they are done one role after another, so their times are known.
- **Two jobs look at the whole night.** windvane's side of both is one process, timed once: it scores, lists, estimates lift, and
  publishes all 32 tables and their manifest. In whole_night the peers are asked for two of these tables, over windows up to 90 days. That
  is less than a night rests on: its scores and lists are made of windows of shipments, refunds, reviews, complaints, chats, contents,
  traffic, prices and more. In night_windows they are asked for those too: every rollup that a night reads, added up by key over the
  longest window that a night reads it with (bench/windows.go), cut to the 90 days there are, orders counted a day where the rollup does.
  windvane's daily rollups, as they stand in its state after that night, are added up by the bench, and each table must be the same.
- **What night_windows does not ask the peers for**: the shorter windows of a rollup, lagged or weighted ones, scores, lists, lift and
  the other 30 tables; to look for duplicates or to check rows; to hash buyers; to write anything. **What it asks beyond a night**: all measures
  of a rollup, of which a night reads some over shorter windows or not at all; and sums by shop and buyer or product and buyer, of
  which a night publishes what they come to by shop and by product. Pairs of Chuanliu are asked for one day, and the cube of sales, which
  no night reads, not at all.
- **windvane is prepared** where a night is: the merges, whole_night and night_windows find the rollups of earlier days reduced and
  what the night before kept of windows. The merges give the peers the same daily rollups; the other two do not, since
  a warehouse without windvane has only its dumps. Preparing costs one all_reductions a day.
- **Memory** of the merges and all_reductions is that of the process up to the end of the step.
- Hashing: windvane SipHash-2-4 of a tag and the id; ClickHouse sipHash64Keyed; DuckDB hash with a number as key and
  Polars hash with a seed, which are no keyed functions in the cryptographic sense but what the tool has, and cheaper.
- Parquet is written with zstd, by DuckDB and Polars at level 1, by windvane at its fastest, by ClickHouse at the one level
  it has.
- Data are those of windvane demo: ids skewed as a marketplace's are. Files have 18 columns, zstd, row groups of 131,072 rows,
  as windvane writes them; other writers' files were not measured.
`

const reproduce = `## How to reproduce

` + "```sh" + `
make bench-peers LINES=10000000                   # these tables; RUNS=5 by default
make bench-peers JOBS=scan_floor,order_rollups    # some jobs only
make bench-peers JOBS=whole_night,night_windows NIGHT_LINES=1000000 NIGHT_RUNS=1 LIMIT=20m # nights of 90 million lines; peers are stopped after 20 minutes
make bench-document                               # docs/benchmarks.md from what was measured last
make bench-growth SIZES=10000000,20000000         # days of several sizes, late nights, corrections
make bench-big                                    # a whole night of 50 million lines and 200 million exposures
make bench-lists                                  # scores and lists of a million products in 2 GiB
make bench                                        # micro-benchmarks against bench/baseline.txt
` + "```" + `

Needed: Go, make, python3 with venv, a network for the peers' packages the first time. Data and results lie in bench/out;
result.json there has every run.
`
