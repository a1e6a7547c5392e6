// Package config reads windvane's YAML configuration.
//
// A Config composes the options of the packages that use them and adds what belongs to a deployment: where
// the data are, how the business day is counted, how much memory a night may take. It reads no environment
// and no clock: the caller hands both in, see Overrides.
//
// Load is strict. Unknown keys, wrong types and values out of range are all reported at once, each with its
// path and its place in the file:
//
//	config: restate_days: 0 is outside [1, 730] (line 12, column 15)
//
// The rules of scores and lists have a file of their own with versions of their own, read as strictly by
// LoadRules; rules.yaml is the built-in one.
package config

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
)

// Config is the configuration of one deployment.
type Config struct {
	// Input is where the dumps are.
	Input Location `yaml:"input" json:"input"`
	// Output is where state, staging and published tables go.
	Output Location `yaml:"output" json:"output"`
	// Job is the name under published/.
	Job string `yaml:"job" json:"job"`
	// BusinessZone is the IANA name of the zone whose midnights divide the days.
	BusinessZone string `yaml:"business_zone" json:"business_zone"`
	// IDs says for identifier domains whether they are string or int64; a domain that is not named is as the dumps have it.
	IDs map[contract.Domain]IDType `yaml:"ids" json:"ids,omitempty"`
	// BuyerKey is where the secret of the hash of buyer ids comes from; it never stands here itself.
	BuyerKey BuyerKey `yaml:"buyer_key" json:"buyer_key"`
	// Forgotten are buyers who asked to be forgotten: what they bought counts, they are no buyers.
	Forgotten Forgotten `yaml:"forgotten" json:"forgotten"`
	// Signing is where the private key comes from that commits are signed with: Ed25519, PKCS 8 in PEM; none: they are not signed.
	Signing Secret `yaml:"signing" json:"signing"`
	// Tables maps the company's tables to the contract's; a table that is not named has the contract's own form.
	Tables map[string]mapping.Table `yaml:"tables" json:"tables,omitempty"`
	// MaxUnitsPerLine is the number of units beyond which an order line is abnormal; null: no limit.
	MaxUnitsPerLine *int64 `yaml:"max_units_per_line" json:"max_units_per_line"`
	// RestateDays is how many days are looked at again each night for late and corrected data.
	RestateDays int `yaml:"restate_days" json:"restate_days"`
	// CommitGapDays is how many days back a night looks for the commit that it rests on; 1: the day before alone.
	CommitGapDays int `yaml:"commit_gap_days" json:"commit_gap_days"`
	// LateCauses tells corrections of earlier days from other causes of changes of lists; where there are any, the run before is computed again.
	LateCauses bool `yaml:"late_causes" json:"late_causes"`
	// HistoryDays is how many days back windows and first purchases look.
	HistoryDays int `yaml:"history_days" json:"history_days"`
	// HistoryCompleteFrom declares that purchases before the data do not matter from this day on.
	HistoryCompleteFrom *calendar.Day `yaml:"history_complete_from" json:"history_complete_from,omitempty"`
	// AbsentDays are, by table, the partitions that will never come.
	AbsentDays map[string][]calendar.Day `yaml:"absent_days" json:"absent_days,omitempty"`
	// MemoryLimit bounds the memory of a night; what does not fit spills to disk.
	MemoryLimit Bytes `yaml:"memory_limit" json:"memory_limit"`
	// Workers is the number of parallel workers; 0: one per core.
	Workers int `yaml:"workers" json:"workers"`
	// SpillDir is the local folder of spill files; empty: the system's folder of temporary files.
	SpillDir string `yaml:"spill_dir" json:"spill_dir"`
	// Require is what a day of dumps must have to be used.
	Require Require `yaml:"require" json:"require"`
	// Gates are how unlike the days before a night may be and still be published without a word.
	Gates Gates `yaml:"gates" json:"gates"`
	// Calendar are the campaigns and holidays that gates and growth figures know of.
	Calendar []Campaign `yaml:"calendar" json:"calendar,omitempty"`
	// Rules says where the rules of scores and lists are.
	Rules Rules `yaml:"rules" json:"rules"`
	// Chuanliu says how the experiment on 川流 was set up; windvane never assigns anybody itself.
	Chuanliu Chuanliu `yaml:"chuanliu" json:"chuanliu"`
	// Schedule is what windvane serve does and when.
	Schedule []ScheduledJob `yaml:"schedule" json:"schedule"`
	// Serve is how windvane serve shows itself and stops.
	Serve Serve `yaml:"serve" json:"serve"`
	// Retention is what windvane gc keeps.
	Retention Retention `yaml:"retention" json:"retention"`
	// Notify are the webhooks that hear what became of a night.
	Notify []Webhook `yaml:"notify" json:"notify,omitempty"`
	// Lineage says which data catalogue hears of nights, in the form of OpenLineage.
	Lineage Lineage `yaml:"lineage" json:"lineage"`
}

// Location is a bucket or a prefix in it.
type Location struct {
	// URL is file:///path, s3://bucket, gs://bucket, azblob://container or mem://; credentials come from the environment.
	URL string `yaml:"url" json:"url"`
}

// IDType is the type of the identifiers of a domain.
type IDType string

// The types of identifiers.
const (
	IDString IDType = "string"
	IDInt64  IDType = "int64"
)

// Require is what a day of dumps must have to be used.
type Require struct {
	// SuccessMarker asks for an object _SUCCESS beside the day's files.
	SuccessMarker bool `yaml:"success_marker" json:"success_marker"`
	// Counts asks for an object _COUNTS.json beside the day's files, {"files": 4, "rows": 120000}, and compares.
	Counts bool `yaml:"counts" json:"counts"`
}

// Gates are how unlike the days before a night may be and still be published without a word; a night that one of
// them stops is published with run --accept-gates REASON.
type Gates struct {
	// Days is how many days before the as-of date it is compared with; at least half of them must be there.
	Days int `yaml:"days" json:"days"`
	// MinRows: a table with fewer rows a day (median) is too small to tell.
	MinRows int64 `yaml:"min_rows" json:"min_rows"`
	// MinVolume is the least number of rows of the day as a share of the median; 0: no such gate.
	MinVolume float64 `yaml:"min_volume" json:"min_volume"`
	// MaxVolume is the most rows of the day as a multiple of the median; 0: no such gate.
	MaxVolume float64 `yaml:"max_volume" json:"max_volume"`
	// MaxUnitJump is how many times more or less than the median a paid line may be worth on average; 0: no such gate.
	MaxUnitJump float64 `yaml:"max_unit_jump" json:"max_unit_jump"`
	// MaxGrade is the share of the scored subjects of a role that one grade may hold; 0: no such gate.
	MaxGrade float64 `yaml:"max_grade" json:"max_grade"`
	// MaxShift is by how many points the mean score of a role may move from one run to the next; 0: no such gate.
	MaxShift float64 `yaml:"max_shift" json:"max_shift"`
	// MaxSnapshotAge is by how many days a snapshot of products, merchants or talents that stands in may be older than the
	// as-of date; 0: no such gate.
	MaxSnapshotAge int `yaml:"max_snapshot_age" json:"max_snapshot_age"`
	// MinScored: with fewer scored subjects grades are too few to tell.
	MinScored int `yaml:"min_scored" json:"min_scored"`
	// Columns: a column that was there the day before may not be gone.
	Columns bool `yaml:"columns" json:"columns"`
}

// Commented is the default configuration with comments, as windvane init writes it.
//
//go:embed windvane.yaml
var Commented []byte

// Default is the configuration of a deployment that says nothing. It names no buckets.
func Default() Config {
	units := int64(20)
	return Config{
		Job:             "nightly",
		BusinessZone:    "Asia/Shanghai",
		MaxUnitsPerLine: &units,
		RestateDays:     35,
		CommitGapDays:   7,
		LateCauses:      true,
		HistoryDays:     730,
		MemoryLimit:     4 << 30,
		Gates:           Gates{Days: 28, MinRows: 1000, MinVolume: 0.2, MaxVolume: 5, MaxUnitJump: 5, MaxGrade: 0.9, MaxShift: 0.15, MaxSnapshotAge: 7, MinScored: 200, Columns: true},
		Chuanliu:        Chuanliu{HoldoutShare: 0.10},
		Schedule:        []ScheduledJob{{Name: "nightly", Does: TaskNight, Spec: "0 3 * * *"}},
		Serve:           Serve{Listen: "127.0.0.1:9464", StopGrace: 25 * time.Second},
		Lineage:         Lineage{Namespace: "windvane"},
		Retention:       Retention{Grace: 48 * time.Hour, SupersededDays: 30, StateNights: 35, FailureDays: 90},
	}
}

// Zone is the business zone.
func (c Config) Zone() (*calendar.Zone, error) {
	loc, err := time.LoadLocation(c.BusinessZone)
	if err != nil || c.BusinessZone == "" || c.BusinessZone == "Local" {
		return nil, fmt.Errorf("%q is not an IANA time zone", c.BusinessZone)
	}
	return calendar.NewZone(loc), nil
}

// IDTypes are the declared identifier types, nil if there are none.
func (c Config) IDTypes() contract.IDTypes {
	if len(c.IDs) == 0 {
		return nil
	}
	types := contract.IDTypes{}
	for domain, t := range c.IDs {
		types[domain] = t == IDString
	}
	return types
}

// Digest identifies the configuration: equal digests mean equal configurations, comments and order aside.
func (c Config) Digest() string {
	data, err := json.Marshal(c)
	if err != nil {
		panic(fmt.Sprintf("config: digest: %v", err)) // plain values always encode
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
