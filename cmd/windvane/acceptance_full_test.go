//go:build shareddata && acceptance

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/windvane/windvane/internal/testkit/cdnow"
	"github.com/windvane/windvane/internal/testkit/olist"
	"github.com/windvane/windvane/internal/testkit/readers"
	"github.com/windvane/windvane/internal/testkit/recount"
	"github.com/windvane/windvane/transforms/contract"
)

// wholeBackfill is how long the nights of all 849 days should take on two free cores.
const wholeBackfill = 6 * time.Minute

// pythonVariable names the Python that has the readers of internal/testkit/readers/requirements.txt.
const pythonVariable = "WINDVANE_READERS_PYTHON"

// TestWholeOlist runs every night of the data set with every status paid, and the month ends with the other two
// readings of the statuses, whose figures by month stand in the overview.
func TestWholeOlist(t *testing.T) {
	source, reference := loadOlist(t)
	input := dumpOlist(t, source, olist.FirstDay, olist.LastDay)
	t.Run("all paid, every night", func(t *testing.T) { checkAllPaid(t, source, reference, input) })
	t.Run("by status, month ends", func(t *testing.T) {
		months := monthEnds(t, input, olist.MapByStatus())
		agree(t, reference.CompareStatusMonths(months))
	})
	t.Run("paid unless canceled, month ends", func(t *testing.T) {
		months := monthEnds(t, input, olist.MapUnlessCanceled())
		agree(t, reference.CompareUnlessCanceled(months))
	})
}

func checkAllPaid(t *testing.T, source *olist.Source, reference *olist.Reference, input string) {
	mapping := olist.MapAllPaid()
	s, sales := newCompany(t, input, mapping.Config), source.Sales(mapping.State)
	began := time.Now()
	s.backfill(olist.FirstDay, olist.LastDay)
	// A figure to read, not a condition: how long it takes says as much about the machine's other work.
	t.Logf("the whole backfill took %s; the aim on two free cores is %s", time.Since(began), wholeBackfill)
	agree(t, reference.CompareAllPaid(s.tally(olist.FirstDay, olist.LastDay)))
	for _, asOf := range reference.WindowDates() {
		night := s.night(asOf, allRoles...)
		agree(t, reference.CompareWindows(night, 365))
		agree(t, recount.DiffNights(recount.Describe(sales, olist.FirstDay, asOf, allRoles...), night))
	}
	for _, asOf := range endsOfMonths(olist.FirstDay, olist.LastDay) {
		agree(t, reference.CompareMonth(s.night(asOf, "platform")))
	}
	agree(t, reference.CompareCohorts(s.night(olist.LastDay, "platform")))
}

// monthEnds runs the month ends alone and gives the months of their overviews.
func monthEnds(t *testing.T, input string, mapping olist.Mapping) map[string]recount.Day {
	t.Helper()
	s, nights := newCompany(t, input, mapping.Config), endsOfMonths(olist.FirstDay, olist.LastDay)
	for _, asOf := range nights { // some are holidays of the carriers, the last ones the end of the data
		s.backfill(asOf, asOf, "--accept-gates", "month ends of a public data set, as they are")
	}
	return s.monthsToDate(nights)
}

// endsOfMonths lists the month ends in first … last.
func endsOfMonths(first, last recount.Date) []recount.Date {
	var ends []recount.Date
	for d := first.MonthEnd(); d <= last; d = d.Add(1).MonthEnd() {
		ends = append(ends, d)
	}
	return ends
}

func TestMistakesOverNinetyDaysDoNotShow(t *testing.T) {
	checkMistakes(t, ninetyFirst, ninetyLast, "2017-11-24")
}

func TestWholeCDNOW(t *testing.T) {
	source, reference := loadCDNOW(t)
	s := newCDNOW(t, source)
	s.backfill(cdnow.FirstDay, cdnow.LastDay)
	agree(t, reference.CompareMonths(s.tally(cdnow.FirstDay, cdnow.LastDay)))
	agree(t, reference.CompareCalibration(s.night(cdnow.Calibration, "platform")))
	agree(t, reference.CompareCohorts(s.night(cdnow.LastDay, "platform")))
	mab := map[string]int64{}
	for _, asOf := range endsOfMonths(cdnow.FirstDay, cdnow.LastDay) {
		mab[asOf.Month()] = s.night(asOf, "platform").Months[recount.MonthKey{Role: "platform", Month: asOf.Month()}].Buyers
	}
	agree(t, reference.CompareBuyers(mab))
	agree(t, reference.CompareDailyBuyers(dailyBuyers(t, s)))
}

// dailyBuyers adds up the buyers of every day.
func dailyBuyers(t *testing.T, s *company) (sum int64) {
	t.Helper()
	for _, asOf := range recount.Days(cdnow.FirstDay, cdnow.LastDay) {
		buyers, err := s.archive().Buyers(asOf)
		if err != nil {
			t.Fatal(err)
		}
		sum += buyers
	}
	return sum
}

// TestOtherReadersOpenEveryTable has DuckDB and pyarrow read a night, and looks for clear ids of buyers in all output.
func TestOtherReadersOpenEveryTable(t *testing.T) {
	python := os.Getenv(pythonVariable)
	if python == "" {
		t.Fatalf("%s names no Python with the readers of internal/testkit/readers/requirements.txt", pythonVariable)
	}
	source, _ := loadOlist(t)
	s := newCompany(t, dumpOlist(t, source, "2017-11-01", ninetyLast), olist.MapByStatus().Config)
	s.backfill("2017-11-28", ninetyLast)
	night, err := s.archive().Prefix(ninetyLast)
	if err != nil {
		t.Fatal(err)
	}
	check := exec.CommandContext(t.Context(), python, "../../internal/testkit/readers/check.py",
		"--night", night, "--contract", declarations(t), "--buyers", buyersFile(t, source), "--output", s.output)
	check.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("check.py: %v\n%s", err, out)
	}
}

// declarations writes the published tables' declarations to a file; all ids of Olist are texts.
func declarations(t *testing.T) string {
	t.Helper()
	data, err := readers.Declarations(contract.IDTypes{contract.Merchant: true, contract.Product: true, contract.Category: true})
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "contract.json", data)
}

// buyersFile writes the ids of all buyers, one a line.
func buyersFile(t *testing.T, source *olist.Source) string {
	t.Helper()
	var ids []string
	for _, l := range source.Lines {
		ids = append(ids, l.BuyerID)
	}
	return writeFile(t, "buyers.txt", []byte(strings.Join(ids, "\n")))
}

func writeFile(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
