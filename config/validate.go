package config

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/windvane/windvane/transforms/contract"
)

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
func (c Config) Validate() error { return joined(c.problems()) }

// joined is one error of all problems.
func joined[E error](found []E) error {
	errs := make([]error, len(found))
	for i, p := range found {
		errs[i] = p
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

// maxHistory bounds history_days: over more of them sums of fen could leave 63 bits.
const maxHistory = 900

// maxCommitGap bounds commit_gap_days: lists that are older say nothing of today.
const maxCommitGap = 30

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
	if c.HistoryDays < 1 || c.HistoryDays > maxHistory {
		add("history_days", "%d is outside [1, %d]", c.HistoryDays, maxHistory)
	}
	if most := max(1, c.HistoryDays); c.RestateDays < 1 || c.RestateDays > most {
		add("restate_days", "%d is outside [1, %d], the upper end being history_days", c.RestateDays, most)
	}
	if c.CommitGapDays < 1 || c.CommitGapDays > maxCommitGap {
		add("commit_gap_days", "%d is outside [1, %d]", c.CommitGapDays, maxCommitGap)
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
	found = append(found, c.Gates.problems()...)
	found = append(found, c.campaignProblems()...)
	found = append(found, c.Lineage.problems()...)
	found = append(found, c.Chuanliu.problems()...)
	found = append(found, c.idProblems()...)
	found = append(found, c.BuyerKey.problems()...)
	found = append(found, c.Signing.problems("signing")...)
	found = append(found, c.operationProblems()...)
	return append(found, c.tableProblems()...)
}

// minMemory is what a night needs whatever the data.
const minMemory = Bytes(256 << 20)

// schemes are those of the stores that jobs/lake opens.
var schemes = []string{"file", "s3", "gs", "azblob", "mem"}

// checkURL reports what is wrong with a bucket's URL, without repeating it: it may hold a secret.
func checkURL(text string, report func(string)) {
	if !strings.Contains(text, "://") {
		return // nothing, or the path of a local folder
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
