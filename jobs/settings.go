package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
	"github.com/windvane/windvane/transforms/rollup"
	"github.com/windvane/windvane/transforms/rules"
)

// Settings are what one deployment says once about its nights.
type Settings struct {
	Job                 string                    // name under published/
	Zone                *calendar.Zone            // the business zone
	Tables              map[string]mapping.Table  // by contract table; a table that is not named has the contract's own form
	IDs                 contract.IDTypes          // identifier domains declared STRING; nil: as found in the dumps
	BuyerKey            mapping.BuyerKey          // secret of the hash of buyer ids
	ReplacedKey         string                    // id of the key that it replaced: days that only that one could hash give up their buyers; empty: none may
	Forgotten           []int64                   // hashes of buyers who were forgotten on request, ascending
	ForgottenIDs        int                       // ids that were given: each may have several hashes
	MaxUnitsPerLine     int64                     // lines with more units are abnormal; 0: no limit
	ScoreMinFen         int64                     // score_valid lines have more than this
	Rules               rules.Set                 // of scores, lists and lift
	Chuanliu            Chuanliu                  // how the experiment on 川流 was set up
	RestateDays         int                       // days looked at again each night
	CommitGapDays       int                       // days back in which a night looks for the commit that it rests on; 1: the day before alone
	LateCauses          bool                      // corrections of earlier days are told from other causes of changes of lists: the run before is computed again then
	HistoryDays         int                       // days kept for windows, new buyers and cohorts
	HistoryCompleteFrom *calendar.Day             // purchases before the data are known not to matter from this day on
	AbsentDays          map[string][]calendar.Day // partitions that will never come
	Gates               Gates                     // what a night must keep to be published without a word
	Calendar            []Campaign                // days on which the market is not as usual
	RequireSuccess      bool                      // a partition without _SUCCESS has not arrived
	RequireCounts       bool                      // nor has one without _COUNTS.json, or with other files than it counts
	ProcessMemory       int64                     // bytes that the whole process may take; 0: no limit
	MemoryLimit         int64                     // of these, bytes of row blocks before they spill; 0: no limit
	CacheBytes          int64                     // bytes of decoded rollups kept between nights
	PairRows            int                       // rows of a row group of pair segments; changes nothing in the result; 0: 32,768
	SalesRows           int                       // the same of rollups of sales and of their sums
	Workers             int                       // 0: one per core
}

// maxCommitGap bounds CommitGapDays: as many days as gates look back at most.
const maxCommitGap = 30

// Chuanliu is how the experiment was set up: arms come from the dumps, what they should be from here.
type Chuanliu struct {
	HoldoutShare float64            // expected share of the holdout among eligible pairs
	Programmes   map[string]float64 // that of programmes with one of their own
	Since        *calendar.Day      // first day of eligibility that counts; nil: all
}

// JoinDays is how far back a refund looks for the snapshot of its pay day.
const JoinDays = 120

// Default are the settings of a deployment that says nothing.
func Default(zone *calendar.Zone) Settings {
	return Settings{
		Job: "nightly", Zone: zone, MaxUnitsPerLine: 20, ScoreMinFen: 200, RestateDays: 35, CommitGapDays: 7, LateCauses: true, HistoryDays: 730,
		MemoryLimit: 4 << 30, CacheBytes: 1 << 30, Chuanliu: Chuanliu{HoldoutShare: 0.10},
	}
}

// Validate joins all problems.
func (s Settings) Validate() error {
	var errs []error
	if s.Zone == nil {
		errs = append(errs, errors.New("business zone is missing"))
	}
	if s.Job == "" {
		errs = append(errs, errors.New("job has no name"))
	}
	if s.RestateDays < 1 || s.RestateDays > s.HistoryDays {
		errs = append(errs, fmt.Errorf("restate_days: %d is outside 1 to history_days (%d)", s.RestateDays, s.HistoryDays))
	}
	if s.CommitGapDays < 1 || s.CommitGapDays > maxCommitGap {
		errs = append(errs, fmt.Errorf("commit_gap_days: %d is outside 1 to %d", s.CommitGapDays, maxCommitGap))
	}
	if s.HistoryDays < 1 || s.HistoryDays > maxHistoryDays {
		errs = append(errs, fmt.Errorf("history_days: %d is outside 1 to %d", s.HistoryDays, maxHistoryDays))
	}
	if err := s.campaigns().Validate(); err != nil {
		errs = append(errs, fmt.Errorf("calendar: %w", err))
	}
	if err := s.Rules.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("rules: %w", err))
	}
	for i := range s.Rules {
		errs = append(errs, checkDimensions(&s.Rules[i]), checkReach(&s.Rules[i]))
	}
	for name := range s.Tables {
		if _, ok := contract.Lookup(name, contract.Inputs()); !ok {
			errs = append(errs, fmt.Errorf("tables.%s: no such table", name))
		}
	}
	return errors.Join(errs...)
}

func (s Settings) workers() int {
	if s.Workers > 0 {
		return s.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// pairRows is the size of row groups of pair segments: a reader holds one of each segment.
func (s Settings) pairRows() int {
	if s.PairRows > 0 {
		return s.PairRows
	}
	return 1 << 15
}

// salesRows is the size of row groups of rollups of sales and of their sums: a reader holds one of each of some sixty
// files.
func (s Settings) salesRows() int {
	if s.SalesRows > 0 {
		return s.SalesRows
	}
	return 1 << 15
}

// BuyerKeyID tells keys apart and is no secret: 64 bits of the key's SHA-256.
func (s Settings) BuyerKeyID() string {
	sum := sha256.Sum256(s.BuyerKey[:])
	return hex.EncodeToString(sum[:8])
}

// digest covers everything in the settings that changes the rollups of a table, forgotten buyers apart. Where the dumps lie does not, but
// which files there are taken. Limits of rejected rows, of empty
// days and of the quarantine decide whether a reduced day may be used (night.admit), not what is in it.
func (s Settings) digest(table string, ids contract.IDTypes) string {
	return s.digestUnder(s.BuyerKeyID(), table, ids)
}

// digestUnder is the digest under the buyer key of that id.
func (s Settings) digestUnder(keyID, table string, ids contract.IDTypes) string {
	spec := s.Tables[table]
	t, ok := contract.Lookup(table, contract.Inputs())
	if ok {
		path, _ := spec.ParsedPath(t) // checked when the dumps are listed
		spec.Path = path.Selection()
	}
	spec.MaxQuarantine, spec.AllowEmpty, spec.MaxRejectRatio, spec.MinRejects = 0, false, nil, nil // whether a reduced day may be used, not what is in it
	own := contract.IDTypes{}
	if ok {
		for _, c := range t.Columns {
			if c.Kind == contract.ID && ids[c.Domain] {
				own[c.Domain] = true
			}
		}
	}
	if ok && !rollup.ClassifiesLines(t) {
		s.MaxUnitsPerLine, s.ScoreMinFen = 0, 0
	}
	data, err := json.Marshal(struct {
		Version, MaxUnits, ScoreMin int64
		Zone, Table, Key            string
		Mapping                     mapping.Table
		IDs                         contract.IDTypes
	}{rollup.Version, s.MaxUnitsPerLine, s.ScoreMinFen, s.Zone.String(), table, keyID, spec, own})
	if err != nil {
		panic(fmt.Sprintf("jobs: settings of %s: %v", table, err)) // plain values always encode
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// nightDigest covers what changes the published tables beyond the rollups.
func (s Settings) nightDigest() string {
	data, err := json.Marshal(struct {
		Restate, History int
		LateCauses       bool
		Complete         *calendar.Day
		Absent           map[string][]calendar.Day
		Chuanliu         Chuanliu
		Campaigns        calendar.Campaigns `json:",omitempty"` // a deployment without any has the digest of before there were any
	}{s.RestateDays, s.HistoryDays, s.LateCauses, s.HistoryCompleteFrom, s.AbsentDays, s.Chuanliu, s.campaigns()})
	if err != nil {
		panic(fmt.Sprintf("jobs: settings: %v", err))
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// checkDimensions refuses dimensions that the score tables have no column for.
func checkDimensions(r *rules.Rules) error {
	var errs []error
	for _, s := range []struct {
		name  string
		score rules.Score
		known []string
	}{
		{"product_score", r.Product, contract.ProductDimensions}, {"shop_score", r.Shop, contract.ShopDimensions}, {"talent_score", r.Talent, contract.TalentDimensions},
	} {
		for _, d := range s.score.Dimensions {
			if !slices.Contains(s.known, d.ID) {
				errs = append(errs, fmt.Errorf("rules: version %s: %s: dimension %s is none of %s: the table has no column for it", r.Version, s.name, d.ID, strings.Join(s.known, ", ")))
			}
		}
	}
	return errors.Join(errs...)
}

// checkReach refuses rules that look further back than the tables that only scores read are kept.
func checkReach(r *rules.Rules) error {
	var errs []error
	for _, x := range []struct {
		name string
		days int
	}{
		{"product_score.windows and lag_days", longest(r.Product) + r.LagDays}, {"shop_score.windows and lag_days", longest(r.Shop) + r.LagDays},
		{"talent_score.windows and lag_days", longest(r.Talent) + r.LagDays}, {"violations.severe_days", r.Violations.SevereDays},
		{"violations.point_days", r.Violations.PointDays}, {"price.window_days", r.Price.WindowDays},
	} {
		if x.days > ScoreDays {
			errs = append(errs, fmt.Errorf("rules: version %s: %s look %d days back, but only %d are kept; shorten them", r.Version, x.name, x.days, ScoreDays))
		}
	}
	return errors.Join(errs...)
}

func longest(s rules.Score) int {
	if len(s.Windows) == 0 {
		return 0
	}
	return s.Windows[len(s.Windows)-1]
}
