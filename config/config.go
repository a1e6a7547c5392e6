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
// The rules of scores and gates have a file of their own, rules.yaml, with a version of their own.
package config

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
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
	// Tables maps the company's tables to the contract's; a table that is not named has the contract's own form.
	Tables map[string]mapping.Table `yaml:"tables" json:"tables,omitempty"`
	// MaxUnitsPerLine is the number of units beyond which an order line is abnormal; null: no limit.
	MaxUnitsPerLine *int64 `yaml:"max_units_per_line" json:"max_units_per_line"`
	// RestateDays is how many days are looked at again each night for late and corrected data.
	RestateDays int `yaml:"restate_days" json:"restate_days"`
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
		HistoryDays:     730,
		MemoryLimit:     4 << 30,
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

// problem is one thing that is wrong, at a path of keys.
type problem struct{ path, text string }

// Error has the form config: restate_days: 0 is outside [1, 730].
func (p problem) Error() string {
	if p.path == "" {
		return "config: " + p.text
	}
	return "config: " + p.path + ": " + p.text
}

// Validate checks every value. All problems are joined.
func (c Config) Validate() error {
	var errs []error
	for _, p := range c.problems() {
		errs = append(errs, p)
	}
	return errors.Join(errs...)
}

// CheckURLs refuses a configuration that does not say where the data are; commands that touch them call it.
func (c Config) CheckURLs() error {
	var errs []error
	for _, l := range []struct{ path, url, env, flag string }{{"input.url", c.Input.URL, EnvInputURL, "--input"}, {"output.url", c.Output.URL, EnvOutputURL, "--output"}} {
		if l.url == "" {
			errs = append(errs, problem{l.path, fmt.Sprintf("it is empty; set it here, in %s or with %s", l.env, l.flag)})
		}
	}
	return errors.Join(errs...)
}

var jobName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// maxDays bounds windows: a century is a typing error.
const maxDays = 36500

func (c Config) problems() (found []problem) {
	add := func(path, format string, args ...any) {
		found = append(found, problem{path, fmt.Sprintf(format, args...)})
	}
	checkURL(c.Input.URL, func(text string) { add("input.url", "%s", text) })
	checkURL(c.Output.URL, func(text string) { add("output.url", "%s", text) })
	if !jobName.MatchString(c.Job) {
		add("job", "%q is not a name of lower-case letters, digits, _ and -, at most 63", c.Job)
	}
	if _, err := c.Zone(); err != nil {
		add("business_zone", "%v", err)
	}
	if c.HistoryDays < 1 || c.HistoryDays > maxDays {
		add("history_days", "%d is outside [1, %d]", c.HistoryDays, maxDays)
	}
	if most := max(1, c.HistoryDays); c.RestateDays < 1 || c.RestateDays > most {
		add("restate_days", "%d is outside [1, %d], the upper end being history_days", c.RestateDays, most)
	}
	if c.MaxUnitsPerLine != nil && *c.MaxUnitsPerLine < 1 {
		add("max_units_per_line", "%d is below 1; null means no limit", *c.MaxUnitsPerLine)
	}
	if c.MemoryLimit < minMemory {
		add("memory_limit", "%s is below %s", c.MemoryLimit, minMemory)
	}
	if c.Workers < 0 || c.Workers > 4096 {
		add("workers", "%d is outside [0, 4096]; 0 means one per core", c.Workers)
	}
	found = append(found, c.idProblems()...)
	found = append(found, c.BuyerKey.problems()...)
	return append(found, c.tableProblems()...)
}

// minMemory is what a night needs whatever the data.
const minMemory = Bytes(256 << 20)

// schemes are those of the stores that jobs/lake opens.
var schemes = []string{"file", "s3", "gs", "azblob", "mem"}

// checkURL reports what is wrong with a bucket's URL, without repeating it: it may hold a secret.
func checkURL(text string, report func(string)) {
	if text == "" {
		return
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		report("it is not a URL")
	case !slices.Contains(schemes, u.Scheme):
		report(fmt.Sprintf("scheme %q is none of %s", u.Scheme, strings.Join(schemes, ", ")))
	case u.User != nil:
		report("it holds credentials; they come from the environment")
	case u.Scheme == "file" && !path.IsAbs(u.Path):
		report("the path of a file URL is absolute, as in file:///data")
	case u.Scheme != "file" && u.Scheme != "mem" && u.Host == "":
		report("it names no bucket, as in " + u.Scheme + "://bucket")
	}
}

// domains are those of the contract's input tables.
func domains() []contract.Domain {
	var all []contract.Domain
	for _, t := range contract.Inputs() {
		for _, c := range t.Columns {
			if c.Kind == contract.ID {
				all = append(all, c.Domain)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (c Config) idProblems() (found []problem) {
	for _, domain := range sorted(c.IDs) {
		at := "ids." + string(domain)
		if !slices.Contains(domains(), domain) {
			found = append(found, problem{at, fmt.Sprintf("no such domain; there are %s", join(domains()))})
		} else if t := c.IDs[domain]; t != IDString && t != IDInt64 {
			found = append(found, problem{at, fmt.Sprintf("%q is neither string nor int64", t)})
		}
	}
	return found
}

func (c Config) tableProblems() (found []problem) {
	names := func() []string {
		var all []string
		for _, t := range contract.Inputs() {
			all = append(all, t.Name)
		}
		return all
	}
	for _, name := range sorted(c.Tables) {
		t, ok := contract.Lookup(name, contract.Inputs())
		if !ok {
			found = append(found, problem{"tables." + name, "no such table; there are " + join(names())})
			continue
		}
		for _, err := range unjoined(c.Tables[name].Validate(t)) {
			at, text, _ := strings.Cut(err.Error(), ": ")
			found = append(found, problem{"tables." + name + "." + at, text})
		}
		if c.Tables[name].Absent && name == contract.Orders.Name {
			found = append(found, problem{"tables.orders.absent", "a run needs orders"})
		}
	}
	for _, name := range sorted(c.AbsentDays) {
		if t, ok := contract.Lookup(name, contract.Inputs()); !ok || t.Class == contract.Static {
			found = append(found, problem{"absent_days." + name, "no such table with days; there are " + join(names())})
		}
	}
	return found
}

// unjoined takes errors.Join apart.
func unjoined(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}
