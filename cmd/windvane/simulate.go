package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/reports/words"
	"github.com/windvane/windvane/transforms/rules"
)

// simulateFlags are the flags of simulate alone.
type simulateFlags struct {
	rules, from, to, folder string
	lists                   []string
	names                   int
}

func (a *app) simulateCommand() *cobra.Command {
	var fl simulateFlags
	c := &cobra.Command{
		Use:   "simulate",
		Short: "Tell what the lists would have been under other rules",
		Long: `simulate makes the nights from one date to another again under the rules of a file, by the same code as run,
and tells per list and category who would have entered and left, what share of GMV and of small merchants
that is, and how multipliers and levels move. Of the file the last version is used, whatever its
effective_from. Nothing is published and nothing is written to the output bucket.

The first night rests on what is published of the day before, or starts cold and says so; each later one
rests on the simulated night before. A night is held against what is published of its date; where nothing
is, it is simulated under the deployment's own rules as well. A list that the file has renamed (formerly)
is held against what it was. No list is held back because too much of it turns over (stability.max_churn);
that it would be is told.

gmv in, gmv out: gmv_net_15 of 30 days of who enters and leaves, as share of that of all considered. small:
share of members of a shop with no more valid orders of 30 days than the median shop that has any; products
go by their shop, talents by their own orders among talents. weight: sum of the members' multipliers.
raised, lowered, level moved: of those who stay. Totals are sums of nights. Of the pool of boosted impressions
is told what merchants get, what those who get more gain and the others lose, and what is expected of it.

The simulated tables go to a temporary folder and are removed, or stay in --to-folder: look at them with
windvane get --job simulated. With --json all dates have all subjects that enter and leave.`,
		Example: `  windvane simulate --rules new.yaml --from 2026-01-29 --to 2026-01-31 --input ./demo/dumps --output ./demo/out
  windvane simulate --rules new.yaml --from 2026-01-31 --to 2026-01-31 --list traffic_item --json -i ./demo/dumps -o ./demo/out`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.simulate(cmd.Context(), fl) },
	}
	a.nightFlags(c)
	f := c.Flags()
	f.StringVar(&fl.rules, "rules", "", "rules file to try; its last version is used")
	f.StringVar(&fl.from, "from", "", "first as-of date")
	f.StringVar(&fl.to, "to", "", "last as-of date")
	f.StringSliceVarP(&fl.lists, "list", "l", nil, "lists to tell of, separated by commas (default: all)")
	f.IntVarP(&fl.names, "names", "n", 20, "subjects shown of those that enter and of those that leave a list")
	f.StringVar(&fl.folder, "to-folder", "", "new or empty folder that keeps the simulated tables")
	for _, name := range []string{"rules", "from", "to"} {
		_ = c.MarkFlagRequired(name)
	}
	cli.CompleteNoFiles(c, "from", "to", "names", "workers")
	return c
}

// options reads the flags and the rules they name, before any I/O on buckets.
func (fl simulateFlags) options(own rules.Set) (o jobs.SimulateOptions, err error) {
	if o.From, err = parseDay("from", fl.from); err != nil {
		return o, err
	}
	if o.To, err = parseDay("to", fl.to); err != nil {
		return o, err
	}
	if fl.names < 0 {
		return o, cli.Usagef("--names: %d is below 0", fl.names)
	}
	set, err := config.LoadRulesFile(fl.rules)
	if err != nil {
		return o, cli.UsageError{Err: err}
	}
	o.Rules, o.Lists = set[len(set)-1], fl.lists
	if err := o.Validate(own); err != nil {
		return o, cli.UsageError{Err: err}
	}
	return o, nil
}

func (a *app) simulate(ctx context.Context, fl simulateFlags) (err error) {
	s, err := a.settings()
	if err != nil {
		return err
	}
	o, err := fl.options(s.jobs.Rules)
	if err != nil {
		return err
	}
	if err := checkFolder(fl.folder, s.output); err != nil {
		return err
	}
	site, err := a.openTo(ctx, openIfThere)
	if err != nil {
		return err
	}
	defer site.close()
	scratch, finish, err := openScratch(ctx, fl.folder, s.spillDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, finish()) }()
	defer a.draw(site.runner, int(o.To-o.From)+1)()
	told, err := site.runner.Simulate(ctx, scratch, o)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(told)
	}
	return a.printSimulation(told, fl)
}

// checkFolder refuses folders that are something else already: what is published must not be written to.
func checkFolder(folder, output string) error {
	if folder == "" {
		return nil
	}
	if strings.Contains(folder, "://") {
		return cli.Usagef("--to-folder: %q is no folder", folder)
	}
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return cli.Usagef("--to-folder: %w", err)
	}
	if len(entries) > 0 {
		return cli.Usagef("--to-folder: %s is not empty", folder)
	}
	if inside(folder, strings.TrimPrefix(output, "file://")) {
		return cli.Usagef("--to-folder: %s lies in the output, %s", folder, output)
	}
	return nil
}

// inside tells whether a folder is another one or lies in it.
func inside(folder, other string) bool {
	rest, err := filepath.Rel(resolved(other), resolved(folder))
	return other != "" && err == nil && rest != ".." && !strings.HasPrefix(rest, ".."+string(filepath.Separator))
}

// resolved is the absolute path without symbolic links, as far as it is there.
func resolved(path string) string {
	path, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if parent := filepath.Dir(path); parent != path {
		return filepath.Join(resolved(parent), filepath.Base(path))
	}
	return path
}

// openScratch opens the folder, or a temporary one in spillDir (empty: the system's) that finish takes away.
func openScratch(ctx context.Context, folder, spillDir string) (scratch *lake.Lake, finish func() error, err error) {
	remove := func() error { return nil }
	if folder == "" {
		if folder, err = os.MkdirTemp(spillDir, "windvane-simulate-*"); err != nil {
			return nil, nil, fmt.Errorf("simulate: %w", err)
		}
		remove = func() error { return os.RemoveAll(folder) }
	}
	scratch, err = lake.Open(ctx, folder, lake.Options{Create: true, Rebuildable: []string{""}}) // all of it can be made again
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open scratch: %w", err), remove())
	}
	return scratch, func() error { return errors.Join(scratch.Close(), remove()) }, nil
}

func (a *app) printSimulation(s *jobs.Simulation, fl simulateFlags) error {
	fmt.Fprintf(a.stdout, "Rules %s of %s, %s to %s; nothing was published\n", s.Rules.Version, fl.rules, s.From, s.To)
	for i := range s.Nights {
		n := &s.Nights[i]
		if err := a.printSimulatedNight(n); err != nil {
			return err
		}
		if i > 0 {
			continue
		}
		for j := range n.Lists {
			if err := a.printSimulatedList(&n.Lists[j], fl.names); err != nil {
				return err
			}
		}
		if err := a.printSimulatedQuota(n.Quota); err != nil {
			return err
		}
		if len(s.Nights) > 1 {
			if err := a.printTotals(s); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(a.stdout, "\n%s\n", s.Small)
	if fl.folder != "" {
		fmt.Fprintf(a.stdout, "the simulated tables are in %s: windvane get --output %s --job %s\n", fl.folder, fl.folder, jobs.TriedJob)
	}
	return nil
}

// turnoverHeader is over what turnoverCells gives.
func turnoverHeader(first ...string) []string {
	return append(first, "members", "entered", "left", "stayed", "turned over", "gmv in", "gmv out", "small", "weight", "raised", "lowered", "level moved")
}

func turnoverCells(t *jobs.Turnover, first ...string) []string {
	return append(first, cli.Grouped(t.Before)+" → "+cli.Grouped(t.After), cli.Grouped(t.Entered), cli.Grouped(t.Left), cli.Grouped(t.Stayed), percent(t.TurnedOver),
		percent(t.EnteredShare), percent(t.LeftShare), percent(t.SmallShareBefore)+" → "+percent(t.SmallShareAfter),
		fmt.Sprintf("%.2f → %.2f", t.WeightBefore, t.WeightAfter), cli.Grouped(t.Raised), cli.Grouped(t.Lowered), cli.Grouped(t.LevelMoved))
}

// percent shows a ratio; a dash where there is none.
func percent(ratio *float64) string {
	if ratio == nil {
		return "-"
	}
	return strconv.FormatFloat(100**ratio, 'f', 1, 64) + " %"
}

func (a *app) printSimulatedNight(n *jobs.SimulatedNight) error {
	fmt.Fprintf(a.stdout, "\n%s against %s\n", n.AsOf, baselineName(n.Before))
	for _, note := range n.Notes {
		fmt.Fprintf(a.stdout, "note: %s\n", words.Printable(note))
	}
	var rows [][]string
	for i := range n.Lists {
		rows = append(rows, turnoverCells(&n.Lists[i].Turnover, n.Lists[i].List))
	}
	header := turnoverHeader("list")
	if err := cli.Table(a.stdout, header, rows, header[1:]...); err != nil {
		return err
	}
	for i := range n.Lists {
		if l := &n.Lists[i]; l.Formerly != "" {
			fmt.Fprintf(a.stdout, "%s goes on from %s: it was renamed\n", l.List, l.Formerly)
		}
		switch l := &n.Lists[i]; {
		case l.New:
			fmt.Fprintf(a.stdout, "%s is new: its first run takes all who pass, without a streak\n", l.List)
		case l.Dropped:
			fmt.Fprintf(a.stdout, "%s is dropped\n", l.List)
		case l.Held != "":
			fmt.Fprintf(a.stdout, "%s would be held: %s\n", l.List, l.Held)
		}
	}
	return nil
}

func baselineName(b jobs.Baseline) string {
	switch {
	case b.Published:
		return fmt.Sprintf("commit %d, rules %s", b.Sequence, b.Rules.Version)
	case b.Cold:
		return fmt.Sprintf("a simulated cold start under the own rules, %s: nothing is published", b.Rules.Version)
	}
	return fmt.Sprintf("a simulated night under the own rules, %s: nothing is published", b.Rules.Version)
}

// printSimulatedList tells more of a list that moves.
func (a *app) printSimulatedList(l *jobs.SimulatedList, names int) error {
	if l.Entered+l.Left+l.Raised+l.Lowered+l.LevelMoved == 0 {
		return nil
	}
	fmt.Fprintf(a.stdout, "\n%s %s, by category and level\n", l.List, l.Name)
	var rows [][]string
	for i := range l.Categories {
		if c := &l.Categories[i]; c.Before+c.After > 0 {
			rows = append(rows, turnoverCells(&c.Turnover, category(c.Category)))
		}
	}
	header := turnoverHeader("category")
	if err := cli.Table(a.stdout, header, rows, header[1:]...); err != nil {
		return err
	}
	var levels []string
	for _, v := range l.Levels {
		levels = append(levels, fmt.Sprintf("%s %s → %s", orDash(v.Level), cli.Grouped(v.Before), cli.Grouped(v.After)))
	}
	fmt.Fprintf(a.stdout, "levels: %s\n", strings.Join(levels, ", "))
	if err := a.printMovers("entering", l.Entering, names); err != nil {
		return err
	}
	return a.printMovers("leaving", l.Leaving, names)
}

// printSimulatedQuota tells how the pool of boosted impressions moves; nothing where nobody shares it.
func (a *app) printSimulatedQuota(q *jobs.SimulatedQuota) error {
	if q == nil || q.MerchantsBefore+q.MerchantsAfter == 0 {
		return nil
	}
	cells := func(t *jobs.QuotaTurnover, first string) []string {
		return []string{first, moved(t.MerchantsBefore, t.MerchantsAfter), moved(t.Before, t.After), cli.Grouped(t.Gained), cli.Grouped(t.Lost),
			moved(t.SmallBefore, t.SmallAfter), yuan(int64(t.ExpectedBefore)) + " → " + yuan(int64(t.ExpectedAfter))}
	}
	if q.Before+q.After == 0 {
		fmt.Fprintf(a.stdout, "\ntraffic_quota: no lift tells what impressions bring, none of %s merchants gets any\n", moved(q.MerchantsBefore, q.MerchantsAfter))
		return nil
	}
	rows := [][]string{cells(&q.QuotaTurnover, "all")}
	for i := range q.Categories {
		rows = append(rows, cells(&q.Categories[i].QuotaTurnover, category(q.Categories[i].Category)))
	}
	fmt.Fprintf(a.stdout, "\ntraffic_quota, impressions a day, by category\n")
	header := []string{"category", "merchants", "quota", "gained", "lost", "of small", "expected yuan"}
	if err := cli.Table(a.stdout, header, rows, header[1:]...); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "unallocated: %s\n", moved(q.UnallocatedBefore, q.UnallocatedAfter))
	return nil
}

// moved shows a number before and after.
func moved(before, after int64) string { return cli.Grouped(before) + " → " + cli.Grouped(after) }

// widest is how many columns of the terminal an id or a name of the dumps may take: one long name pads every row.
const widest = 40

// category shows the id of a category, if there is one.
func category(id string) string { return cli.Short(orDash(id), widest) }

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (a *app) printMovers(way string, movers []jobs.ListMover, names int) error {
	if len(movers) == 0 || names == 0 {
		return nil
	}
	var rows [][]string
	for _, m := range movers[:min(names, len(movers))] {
		small, net := "", "-"
		if m.Small {
			small = "small"
		}
		if m.Net15 != nil {
			net = yuan(*m.Net15)
		}
		rows = append(rows, []string{cli.Short(m.Subject, widest), cli.Short(m.Name, widest), category(m.Category), small, cli.Grouped(m.Orders), net, m.Decides})
	}
	if more := len(movers) - len(rows); more > 0 {
		rows = append(rows, []string{fmt.Sprintf("… %s more", cli.Grouped(int64(more)))})
	}
	return cli.Table(a.stdout, []string{way, "name", "category", "", "orders", "gmv_net_15", "decided by"}, rows, "orders", "gmv_net_15")
}

// yuan shows fen in whole yuan, rounded half up.
func yuan(fen int64) string { return cli.Grouped((fen + 50) / 100) }

// printTotals adds the nights up.
func (a *app) printTotals(s *jobs.Simulation) error {
	fmt.Fprintf(a.stdout, "\n%s to %s, sums of %s\n", s.From, s.To, cli.Plural(int64(len(s.Nights)), "night"))
	var rows [][]string
	for i := range s.Totals {
		t := &s.Totals[i]
		rows = append(rows, turnoverCells(&t.Turnover, t.List, strconv.Itoa(t.Held)))
	}
	header := turnoverHeader("list", "nights held")
	return cli.Table(a.stdout, header, rows, header[1:]...)
}
