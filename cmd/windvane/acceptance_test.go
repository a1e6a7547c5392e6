//go:build shareddata

package main

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/windvane/windvane/internal/testkit/cdnow"
	"github.com/windvane/windvane/internal/testkit/dumps"
	"github.com/windvane/windvane/internal/testkit/olist"
	public "github.com/windvane/windvane/internal/testkit/published" // the command has a type of the name
	"github.com/windvane/windvane/internal/testkit/recount"
	"github.com/windvane/windvane/internal/testkit/shareddata"
)

// The ninety days to Black Friday 2017 and a week after: the busiest of the data set, and one of the dates of
// the reference's window figures. Their windows of up to 90 days need no earlier dumps. The nights of the last sixteen days
// are run, Black Friday among them; test-full runs all nights of the data set with all lines paid.
const (
	ninetyFirst recount.Date = "2017-09-02"
	nightsFirst recount.Date = "2017-11-15"
	ninetyLast  recount.Date = "2017-11-30"
)

// allRoles are the roles that real input has; nobody in it is a talent.
var allRoles = []string{"platform", "category", "merchant", "product"}

// company is one deployment: its dumps, its configuration, its output.
type company struct {
	t                     testing.TB
	input, output, config string
}

// newCompany gives a company an input folder that others may share, a configuration, and an output folder of its own.
func newCompany(t testing.TB, input, config string) *company {
	t.Helper()
	root := t.TempDir()
	s := &company{t: t, input: input, output: filepath.Join(root, "output"), config: filepath.Join(root, "windvane.yaml")}
	if err := os.WriteFile(s.config, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	return s
}

// backfill runs the nights first … last in this process and expects success.
func (s *company) backfill(first, last recount.Date, more ...string) {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	args := append([]string{"backfill", "--input", s.input, "--output", s.output, "--config", s.config, "--from", string(first), "--to", string(last)}, more...)
	if code := run(context.Background(), args, func(string) string { return "" }, &stdout, &stderr); code != 0 {
		s.t.Fatalf("windvane %s: exit %d\n%s%s", strings.Join(args, " "), code, tail(stdout.String()), tail(stderr.String()))
	}
}

// tail is the end of a long output.
func tail(text string) string { return text[max(0, len(text)-4000):] }

func (s *company) archive() public.Archive { return public.Open(s.output, "nightly") }

// night reads what one night published.
func (s *company) night(asOf recount.Date, roles ...string) recount.Night {
	s.t.Helper()
	night, err := s.archive().Night(asOf, roles...)
	if err != nil {
		s.t.Fatal(err)
	}
	return night
}

// tally adds up the days of the nights first … last.
func (s *company) tally(first, last recount.Date) recount.Tally {
	s.t.Helper()
	tally, err := s.archive().Tally(first, last)
	if err != nil {
		s.t.Fatal(err)
	}
	return tally
}

// monthsToDate are the months' rows of the overviews of the given nights.
func (s *company) monthsToDate(nights []recount.Date) map[string]recount.Day {
	s.t.Helper()
	months := map[string]recount.Day{}
	for _, asOf := range nights {
		month, err := s.archive().MonthToDate(asOf)
		if err != nil {
			s.t.Fatal(err)
		}
		if month != (recount.Day{}) {
			months[asOf.Month()] = month
		}
	}
	return months
}

// readOlist reads the data set once for all tests: nothing changes it.
var readOlist struct {
	once      sync.Once
	source    *olist.Source
	reference *olist.Reference
	err       error
}

func loadOlist(t testing.TB) (*olist.Source, *olist.Reference) {
	t.Helper()
	dir, r := shareddata.Dir(t, "olist"), &readOlist
	r.once.Do(func() {
		if r.source, r.err = olist.Load(dir); r.err == nil {
			r.reference, r.err = olist.LoadReference(dir)
		}
	})
	if r.err != nil {
		t.Fatal(r.err)
	}
	return r.source, r.reference
}

// dumpOlist writes all tables' dumps of the days first … last.
func dumpOlist(t testing.TB, source *olist.Source, first, last recount.Date) string {
	t.Helper()
	dir := t.TempDir()
	if err := source.Dump(dir, first, last); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestNinetyDaysOfOlist(t *testing.T) {
	t.Parallel()
	source, reference := loadOlist(t)
	input := dumpOlist(t, source, ninetyFirst, ninetyLast)
	t.Run("by status, sixteen nights", func(t *testing.T) {
		t.Parallel()
		mapping := olist.MapByStatus()
		s, sales := newCompany(t, input, mapping.Config), ninetyDays(source, mapping)
		s.backfill(nightsFirst, ninetyLast)
		last := slices.DeleteFunc(slices.Clone(sales), func(s recount.Sale) bool { return s.Day < nightsFirst })
		agree(t, recount.DiffTallies(recount.Count(last), s.tally(nightsFirst, ninetyLast)))
		for _, asOf := range fortnights(nightsFirst, ninetyLast) {
			agree(t, recount.DiffNights(recount.Describe(sales, ninetyFirst, asOf, allRoles...), s.night(asOf, allRoles...)))
		}
	})
	t.Run("all paid, the last night alone", func(t *testing.T) {
		t.Parallel()
		mapping := olist.MapAllPaid()
		s := newCompany(t, input, mapping.Config)
		s.backfill(ninetyLast, ninetyLast)
		night := s.night(ninetyLast, allRoles...)
		agree(t, reference.CompareWindows(night, 90))
		agree(t, recount.DiffNights(recount.Describe(ninetyDays(source, mapping), ninetyFirst, ninetyLast, allRoles...), night))
	})
}

// fortnights lists every fifteenth date up to last: the nights that are compared in full.
func fortnights(first, last recount.Date) []recount.Date {
	var dates []recount.Date
	for d := last; d >= first; d = d.Add(-15) {
		dates = append(dates, d)
	}
	return dates
}

// ninetyDays are the sales of the ninety days.
func ninetyDays(source *olist.Source, mapping olist.Mapping) []recount.Sale {
	return slices.DeleteFunc(source.Sales(mapping.State), func(s recount.Sale) bool { return s.Day < ninetyFirst || s.Day > ninetyLast })
}

func TestMistakesOfTheWarehouseDoNotShow(t *testing.T) {
	t.Parallel()
	checkMistakes(t, "2017-11-23", "2017-11-25", "2017-11-24")
}

// figures are the tables that must not tell how their input came to be. late_data, data_quality and rejects must.
var figures = []string{"overview", "gmv", "gmv_split", "excluded", "repeat_purchase", "monthly_buyers", "cohorts", "trust"}

// checkMistakes runs the nights first … last cleanly, in another order, with the busy day delivered twice, and with
// it delivered wrongly at first. Every night's figures must be the same bytes.
func checkMistakes(t *testing.T, first, last, busy recount.Date) {
	source, _ := loadOlist(t)
	config := olist.MapByStatus().Config
	clean := newCompany(t, dumpOlist(t, source, first, last), config)
	clean.backfill(first, last)

	t.Run("nights in another order", func(t *testing.T) {
		s := newCompany(t, clean.input, config)
		days := recount.Days(first, last)
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(days), func(i, j int) { days[i], days[j] = days[j], days[i] })
		for _, asOf := range days {
			s.backfill(asOf, asOf)
		}
		s.backfill(first, last, "--only", "stale")
		sameFigures(t, clean, s, first, last)
	})
	t.Run("a dump delivered twice", func(t *testing.T) {
		s := newCompany(t, dumpOlist(t, source, first, last), config)
		for _, table := range []string{olist.OrderItems, olist.OrderReviews, olist.ShippingEvents} {
			if err := dumps.DeliverTwice(s.input, table, busy); err != nil {
				t.Fatal(err)
			}
		}
		s.backfill(first, last)
		sameFigures(t, clean, s, first, last)
	})
	t.Run("a day corrected afterwards", func(t *testing.T) {
		s := newCompany(t, dumpOlist(t, source, first, last), config)
		if err := source.DumpWrongOrders(s.input, busy); err != nil {
			t.Fatal(err)
		}
		s.backfill(first, last)
		if same(t, clean, s, busy) {
			t.Fatal("the wrong day gave the right figures: the test proves nothing")
		}
		if err := source.DumpOrders(s.input, busy, busy); err != nil {
			t.Fatal(err)
		}
		s.backfill(first, last)
		sameFigures(t, clean, s, first, last)
	})
}

// sameFigures fails the test for every night and table whose bytes differ, and for totals, which tell more.
func sameFigures(t *testing.T, want, got *company, first, last recount.Date) {
	t.Helper()
	agree(t, recount.DiffTallies(want.tally(first, last), got.tally(first, last)))
	for _, asOf := range recount.Days(first, last) {
		if !same(t, want, got, asOf) {
			agree(t, recount.DiffNights(want.night(asOf, allRoles...), got.night(asOf, allRoles...)))
			t.Errorf("the figures of %s are not the same bytes", asOf)
		}
	}
}

// same tells whether two companies published the same figures for a night, to the byte.
func same(t *testing.T, a, b *company, asOf recount.Date) bool {
	t.Helper()
	return !slices.ContainsFunc(figures, func(table string) bool {
		return !bytes.Equal(a.tableBytes(asOf, table), b.tableBytes(asOf, table))
	})
}

func (s *company) tableBytes(asOf recount.Date, table string) []byte {
	s.t.Helper()
	prefix, err := s.archive().Prefix(asOf)
	if err != nil {
		s.t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(prefix, table+".parquet"))
	if err != nil {
		s.t.Fatal(err)
	}
	return data
}

func loadCDNOW(t testing.TB) (*cdnow.Source, *cdnow.Reference) {
	t.Helper()
	dir := shareddata.Dir(t, "cdnow")
	source, err := cdnow.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	reference, err := cdnow.LoadReference(dir)
	if err != nil {
		t.Fatal(err)
	}
	return source, reference
}

// newCDNOW dumps all of CDNOW.
func newCDNOW(t testing.TB, source *cdnow.Source) *company {
	t.Helper()
	s := newCompany(t, t.TempDir(), cdnow.Config)
	if err := source.Dump(s.input, cdnow.FirstDay, cdnow.LastDay); err != nil {
		t.Fatal(err)
	}
	return s
}

// Two nights hold all figures of repeat purchase that were published about CDNOW.
func TestTwoNightsOfCDNOW(t *testing.T) {
	t.Parallel()
	source, reference := loadCDNOW(t)
	s := newCDNOW(t, source)
	s.backfill(cdnow.Calibration, cdnow.Calibration)
	s.backfill(cdnow.LastDay, cdnow.LastDay)
	calibration, last := s.night(cdnow.Calibration, "platform", "merchant", "product"), s.night(cdnow.LastDay, "platform", "merchant", "product")
	agree(t, reference.CompareCalibration(calibration))
	agree(t, reference.CompareCohorts(last))
	agree(t, reference.CompareBuyers(monthlyBuyers(calibration, last)))
	for _, got := range []recount.Night{calibration, last} {
		agree(t, recount.DiffNights(recount.Describe(source.Sales(), cdnow.FirstDay, got.AsOf, "platform", "merchant", "product"), got))
	}
}

// monthlyBuyers gathers the platform's MAB of the months that the nights between them publish.
func monthlyBuyers(nights ...recount.Night) map[string]int64 {
	mab := map[string]int64{}
	for _, night := range nights {
		for key, row := range night.Months {
			if key.Role == "platform" {
				mab[key.Month] = row.Buyers
			}
		}
	}
	return mab
}
