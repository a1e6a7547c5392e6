package jobs_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
	"github.com/windvane/windvane/transforms/rollup"
)

// Whatever the settings of the nights before: every column that does not depend on those nights is that of a deployment
// that always had the settings of tonight. Days are pinned after three, so that what was kept under other settings is
// either right or made again. In every other walk old dumps are gone: there a night may refuse to go on, but publishes
// nothing else.
func TestSettingsThatChangedLeaveNoTrace(t *testing.T) {
	t.Parallel()
	market := newDemo(t, 24)
	market.settings.RestateDays, market.settings.HistoryDays = 3, 60
	var refused atomic.Int64
	t.Cleanup(func() { t.Logf("%d of %d walks ended at a night that refused to go on", refused.Load(), settingsWalks) })
	for seed := range settingsWalks {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := &settingsWalk{deployment: market.copied(), chance: rand.New(rand.NewPCG(7, seed))}
			w.t = t
			for day := lastDay - 3; day <= lastDay; day++ {
				for range w.chance.IntN(3) {
					w.told = append(w.told, day.String()+": "+changeSettings(&w.settings, w.chance))
				}
				if seed%2 == 1 && day > lastDay-3 { // the first night saw them
					w.loseOldDumps(day)
				}
				_, err := w.try(day)
				if seed%2 == 1 && (errors.Is(err, jobs.ErrInput) || errors.Is(err, jobs.ErrLate)) {
					t.Logf("%v; after %s", err, strings.Join(w.told, "; "))
					refused.Add(1)
					return
				}
				if err != nil {
					t.Fatalf("%v\nafter %s", err, strings.Join(w.told, "; "))
				}
			}
			clean := *w.deployment
			clean.in, clean.out = market.in, t.TempDir()
			for table, columns := range w.columnsThatDiffer(&clean, lastDay) {
				t.Errorf("%s: %q are not those of a clean night, after %s", table, columns, strings.Join(w.told, "; "))
			}
		})
	}
}

// settingsWalk is a deployment whose settings change from night to night.
type settingsWalk struct {
	*deployment
	chance *rand.Rand
	told   []string
}

// loseOldDumps removes what a night no longer looks at of some tables.
func (w *settingsWalk) loseOldDumps(asOf calendar.Day) {
	w.t.Helper()
	for _, table := range rollup.Sources() {
		if w.chance.IntN(8) > 0 {
			continue
		}
		w.told = append(w.told, asOf.String()+": old dumps of "+table.Name+" are gone")
		for day := lastDay - 24; day <= asOf-calendar.Day(w.settings.RestateDays); day++ {
			w.drop(table.Name, day)
		}
	}
}

// columnsThatDiffer are those of a night that two deployments made, by table, but for columns that depend on the nights before.
func (d *deployment) columnsThatDiffer(clean *deployment, asOf calendar.Day) map[string][]string {
	d.t.Helper()
	differ := map[string][]string{}
	mine, want := d.night(asOf), clean.night(asOf)
	for i, table := range want.Tables {
		if mine.Tables[i].SHA256 == table.SHA256 {
			continue
		}
		columns := slices.DeleteFunc(otherColumns(d.t, d.object(mine.Tables[i].Key), clean.object(table.Key)), func(c string) bool {
			return slices.Contains(pathDependent[table.Table], c) || slices.Contains(pathDependent[table.Table], every)
		})
		if len(columns) > 0 {
			differ[table.Table] = columns
		}
	}
	return differ
}

func (d *deployment) object(key string) []byte {
	d.t.Helper()
	data, err := os.ReadFile(filepath.Join(d.out, filepath.FromSlash(key)))
	if err != nil {
		d.t.Fatal(err)
	}
	return data
}

// changeSettings changes something at random, and tells what.
func changeSettings(s *jobs.Settings, chance *rand.Rand) string {
	s.Tables, s.IDs = maps.Clone(s.Tables), maps.Clone(s.IDs)
	if s.Tables == nil {
		s.Tables = map[string]mapping.Table{}
	}
	switch chance.IntN(10) {
	case 0:
		if s.IDs == nil {
			s.IDs = contract.IDTypes{}
		}
		domains := []contract.Domain{contract.Product, contract.Merchant, contract.Talent, contract.Category, contract.Brand}
		d := domains[chance.IntN(len(domains))]
		s.IDs[d] = true // and never numbers again: that is refused
		return fmt.Sprintf("%v is text", d)
	case 1:
		s.MaxUnitsPerLine = int64(chance.IntN(3) * 2)
		return fmt.Sprintf("max_units_per_line %d", s.MaxUnitsPerLine)
	case 2:
		s.HistoryDays = 20 + chance.IntN(41)
		return fmt.Sprintf("history_days %d", s.HistoryDays)
	case 3:
		s.RestateDays = 2 + chance.IntN(12)
		return fmt.Sprintf("restate_days %d", s.RestateDays)
	case 4:
		s.HistoryCompleteFrom = nil
		if day := lastDay - calendar.Day(chance.IntN(30)); chance.IntN(3) > 0 {
			s.HistoryCompleteFrom = &day
		}
		return "history_complete_from"
	}
	sources := rollup.Sources()
	table := sources[chance.IntN(len(sources))]
	spec := s.Tables[table.Name]
	what := table.Name
	if chance.IntN(6) == 0 && table != contract.Orders {
		spec.Absent = !spec.Absent
		what += fmt.Sprintf(" absent %v", spec.Absent)
	} else {
		var may []string
		for _, c := range table.Columns {
			if c.Null && !slices.Contains(table.Key, c.Name) && !slices.Contains(table.DayOf, c.Name) {
				may = append(may, c.Name)
			}
		}
		if len(may) == 0 {
			return what + " as it was"
		}
		spec.Columns = maps.Clone(spec.Columns)
		if spec.Columns == nil {
			spec.Columns = map[string]mapping.Column{}
		}
		name := may[chance.IntN(len(may))]
		if _, was := spec.Columns[name]; was {
			delete(spec.Columns, name)
		} else {
			spec.Columns[name] = mapping.Column{Null: true}
		}
		what += fmt.Sprintf(".%s null %v", name, spec.Columns[name].Null)
	}
	s.Tables[table.Name] = spec
	return what
}
