package jobs

import (
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
	"github.com/windvane/windvane/transforms/rollup"
)

func utc() *calendar.Zone { return calendar.NewZone(time.UTC) }

// Every field of Settings either changes a digest or is known to change no table.
func TestDigestsChangeWithWhatChangesTables(t *testing.T) {
	day := calendar.Of(2026, 1, 1)
	ratio, least := 0.01, int64(20)
	seen := map[string]bool{}
	for _, c := range []struct {
		field          string
		change         func(s *Settings)
		rollups, night bool // the digest that changes
	}{
		{"Job", func(s *Settings) { s.Job = "other" }, false, false},
		{"Zone", func(s *Settings) { s.Zone = calendar.NewZone(time.FixedZone("X", 3600)) }, true, false},
		{"Tables", func(s *Settings) {
			s.Tables = map[string]mapping.Table{"orders": {Columns: map[string]mapping.Column{"quantity": {Column: "num"}}}}
		}, true, false},
		{"Tables", func(s *Settings) { s.Tables = map[string]mapping.Table{"refunds": {Path: "r/{date}/*.parquet"}} }, false, false},
		{"Tables", func(s *Settings) { s.Tables = map[string]mapping.Table{"orders": {Path: "o/{date}/*.parquet"}} }, false, false}, // where it lies
		{"Tables", func(s *Settings) {
			s.Tables = map[string]mapping.Table{"orders": {Path: "dumps/orders/dt={date}/part-0*.parquet"}}
		}, true, false}, // what is taken
		{"Tables", func(s *Settings) { s.Tables = map[string]mapping.Table{"orders": {MaxQuarantine: 0.1}} }, false, false}, // whether a day may be used
		{"Tables", func(s *Settings) { s.Tables = map[string]mapping.Table{"orders": {AllowEmpty: true}} }, false, false},   // the same
		{"Tables", func(s *Settings) { s.Tables = map[string]mapping.Table{"orders": {MaxRejectRatio: &ratio}} }, false, false},
		{"Tables", func(s *Settings) { s.Tables = map[string]mapping.Table{"orders": {MinRejects: &least}} }, false, false},
		{"BuyerKey", func(s *Settings) { s.BuyerKey[15] = 1 }, true, false},
		{"ReplacedKey", func(s *Settings) { s.ReplacedKey = "1234" }, false, false}, // whether a night may be made without old buyers
		{"Forgotten", func(s *Settings) { s.Forgotten = []int64{7} }, false, false}, // in the digests of the partitions that hold buyers
		{"ForgottenIDs", func(s *Settings) { s.ForgottenIDs = 1 }, false, false},    // a count for the manifest
		{"MaxUnitsPerLine", func(s *Settings) { s.MaxUnitsPerLine = 21 }, true, false},
		{"ScoreMinFen", func(s *Settings) { s.ScoreMinFen = 201 }, true, false},
		{"Rules", func(s *Settings) { s.Rules = nil }, false, false}, // the version in force is part of the night's digest
		{"Chuanliu", func(s *Settings) { s.Chuanliu.HoldoutShare = 0.2 }, false, true},
		{"RestateDays", func(s *Settings) { s.RestateDays = 36 }, false, true},
		{"CommitGapDays", func(s *Settings) { s.CommitGapDays = 8 }, false, false}, // the commit that is found is part of the night's digest
		{"LateCauses", func(s *Settings) { s.LateCauses = false }, false, true},
		{"HistoryDays", func(s *Settings) { s.HistoryDays = 731 }, false, true},
		{"HistoryCompleteFrom", func(s *Settings) { s.HistoryCompleteFrom = &day }, false, true},
		{"AbsentDays", func(s *Settings) { s.AbsentDays = map[string][]calendar.Day{"orders": {day}} }, false, true},
		{"RequireSuccess", func(s *Settings) { s.RequireSuccess = true }, false, false},
		{"RequireCounts", func(s *Settings) { s.RequireCounts = true }, false, false},
		{"Calendar", func(s *Settings) {
			s.Calendar = []Campaign{{Campaign: calendar.Campaign{Name: "618", From: day, To: day + 2, Peak: day + 1}}}
		}, false, true},
		{"Gates", func(s *Settings) { s.Gates.MaxVolume = 2 }, false, false}, // whether a night is published, not what
		{"ProcessMemory", func(s *Settings) { s.ProcessMemory = 1 }, false, false},
		{"MemoryLimit", func(s *Settings) { s.MemoryLimit = 1 }, false, false},
		{"CacheBytes", func(s *Settings) { s.CacheBytes = 1 }, false, false},
		{"PairRows", func(s *Settings) { s.PairRows = 1 }, false, false},
		{"SalesRows", func(s *Settings) { s.SalesRows = 1 }, false, false},
		{"Workers", func(s *Settings) { s.Workers = 7 }, false, false},
		{"IDs", func(s *Settings) { s.IDs = contract.IDTypes{contract.Brand: true} }, false, false}, // the types found are given to digest apart
	} {
		seen[c.field] = true
		before, after := Default(utc()), Default(utc())
		c.change(&after)
		if got := before.digest("orders", nil) != after.digest("orders", nil); got != c.rollups {
			t.Errorf("%s: the digest of the rollups changes: %v", c.field, got)
		}
		if got := before.nightDigest() != after.nightDigest(); got != c.night {
			t.Errorf("%s: the digest of the night changes: %v", c.field, got)
		}
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Settings]()) {
		if !seen[f.Name] {
			t.Errorf("nobody says whether %s changes tables", f.Name)
		}
	}
	s := Default(utc())
	if s.digest("orders", nil) == s.digest("refunds", nil) || s.digest("orders", nil) == s.digest("orders", contract.IDTypes{contract.Merchant: true}) {
		t.Error("tables or types of identifiers share a digest")
	}
}

// What decides the class of a line makes nothing of other tables again: days whose dumps are gone could not follow.
func TestDigestsOfTablesWithoutLinesKeepWithoutThem(t *testing.T) {
	before, lines := Default(utc()), Default(utc())
	lines.MaxUnitsPerLine, lines.ScoreMinFen = 21, 201
	changed := []string{}
	for _, table := range rollup.Sources() {
		if before.digest(table.Name, nil) != lines.digest(table.Name, nil) {
			changed = append(changed, table.Name)
		}
	}
	if want := []string{"orders", "refunds", "shipments", "reviews"}; !slices.Equal(changed, want) {
		t.Errorf("%v have other rules, want %v", changed, want)
	}
}

func TestDigestsAreOfTheParts(t *testing.T) {
	if digestOf("ab", "c") == digestOf("a", "bc") || digestOf("a") == digestOf("a", "") || digestOf("a", "b") != digestOf("a", "b") {
		t.Error("parts run into each other")
	}
}

func TestImpossibleSettings(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(s *Settings)
		ok     bool
	}{
		{"the defaults", func(*Settings) {}, true},
		{"no zone", func(s *Settings) { s.Zone = nil }, false},
		{"no job", func(s *Settings) { s.Job = "" }, false},
		{"nothing restated", func(s *Settings) { s.RestateDays = 0 }, false},
		{"as many days restated as kept", func(s *Settings) { s.RestateDays = s.HistoryDays }, true},
		{"more days restated than kept", func(s *Settings) { s.RestateDays = s.HistoryDays + 1 }, false},
		{"no rules", func(s *Settings) { s.Rules = nil }, false},
		{"a table nobody knows", func(s *Settings) { s.Tables = map[string]mapping.Table{"order": {}} }, false},
	} {
		s := Default(utc())
		s.Rules = config.DefaultRules()
		c.change(&s)
		if err := s.Validate(); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// What a rollup stores of ids changes with its table's rules or with those of the snapshots that classify its rows: else a day would
// be kept whose ids are of another type.
func TestRulesCoverTheIDsThatRollupsStore(t *testing.T) {
	domains := func(t *contract.Table) map[contract.Domain]bool {
		all := map[contract.Domain]bool{}
		for _, c := range t.Columns {
			if c.Kind == contract.ID {
				all[c.Domain] = true
			}
		}
		return all
	}
	for _, r := range rollup.All() {
		covered := domains(r.Source)
		for _, name := range classifying(r.Source.Name) {
			table, _ := contract.Lookup(name, contract.Inputs())
			maps.Copy(covered, domains(table))
		}
		for domain := range domains(r.Table()) {
			if !covered[domain] {
				t.Errorf("%s stores ids of domain %s, which neither %s nor what classifies it has", r.Name, domain, r.Source.Name)
			}
		}
	}
}
