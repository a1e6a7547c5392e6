package eligibility

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
)

// BeforeColumns are the columns of a list's table that a BeforeReader needs; of them BeforeTexts stay texts.
var BeforeColumns = []string{"list", "role", "subject_id", "eligible", "standing", "pass_streak", "fail_streak", "since", "category1_id", "rank", "level", "multiplier", "gates_since", "cold_start", "reasons"}

// BeforeTexts are those of BeforeColumns that a BeforeReader takes as texts.
var BeforeTexts = []string{"subject_id"}

// BeforeReader gathers what a list said on the run before out of its resource's table, for tonight's subjects. The table
// comes a part at a time: as a whole it is larger than all that is kept of it.
type BeforeReader struct {
	ids         *column.IDs
	texts       *column.Dict
	list        *rules.List
	domain      contract.Domain
	rows        *column.Lookup
	owned       map[int64]bool
	categories  *column.Ints   // tonight's, by row
	category    textsOf[int64] // their texts
	own, former int64          // codes of the id that the list has and of the one it had; former is column.Null if it has always had its own
	under       int64          // which of both it was read under; column.Null: nothing was read yet
	before      *Before
	spans       *spanReader
	reasons     func(code int64) Reasons
}

// NewBeforeReader reads what was said of a list's subjects, by rows of their codes of domain d; categories are their level-1 categories of
// tonight. Accounts that are owned by shops are no subjects for that.
func NewBeforeReader(ids *column.IDs, l *rules.List, d contract.Domain, rows *column.Lookup, owned map[int64]bool, categories *column.Ints) *BeforeReader {
	texts := ids.TextDict()
	category := newTextsOf(func(code int64) int64 { return texts.Code(string(ids.AppendText(nil, contract.Category, code))) })
	r := &BeforeReader{ids: ids, texts: texts, list: l, domain: d, rows: rows, owned: owned, categories: categories, category: category, own: texts.Code(l.ID), former: column.Null, under: column.Null, reasons: reasonsOf(texts)}
	if l.Formerly != "" {
		r.former = texts.Code(l.Formerly)
	}
	return r
}

// Before is what was read; nil: the table had no such list.
func (r *BeforeReader) Before() *Before { return r.before }

// Read takes the next part of the table.
func (r *BeforeReader) Read(f *column.Frame) error {
	p := beforePart(f)
	for k := range f.N {
		if !r.concerns(p.list[k]) || contract.ScoreRoles[p.role[k]] != r.list.Role { // a list of other subjects is another list
			continue
		}
		if r.before == nil {
			r.before = newBefore(r.rows.Len())
			r.spans = newSpanReader(r.list, r.texts, r.before)
		}
		if err := r.readRow(&p, k); err != nil {
			return fmt.Errorf("list %s: %w", r.list.ID, err)
		}
	}
	return nil
}

// concerns tells whether a row is of the list. The former id of a list that was renamed counts where its own is not in the
// table.
func (r *BeforeReader) concerns(list int64) bool {
	switch {
	case list == r.own:
		if r.under != r.own {
			r.under, r.before = r.own, nil
		}
		return true
	case list == r.former && r.former != column.Null && r.under != r.own:
		r.under = r.former
		return true
	}
	return false
}

// part are the columns of a part of a list's table.
type part struct {
	subject                                                                                                                          []string
	list, role, eligible, standing, passStreak, failStreak, since, category, rank, level, multiplier, gatesSince, coldStart, reasons []int64
}

func beforePart(f *column.Frame) part {
	c := f.Column
	return part{f.Texts("subject_id"), c("list"), c("role"), c("eligible"), c("standing"), c("pass_streak"), c("fail_streak"), c("since"), c("category1_id"), c("rank"), c("level"), c("multiplier"),
		c("gates_since"), c("cold_start"), c("reasons")}
}

func newBefore(n int) *Before {
	return &Before{Member: make([]bool, n), Standing: make([]bool, n), PassStreak: make([]int16, n), FailStreak: make([]int16, n),
		Since: make([]calendar.Day, n), Rank: make([]int32, n), Level: make([]int8, n), Multiplier: make([]float64, n), Entitled: make([]bool, n), ColdStart: make([]bool, n)}
}

func (r *BeforeReader) readRow(p *part, k int) error {
	b := r.before
	code, err := r.ids.Parse(r.domain, p.subject[k])
	if err != nil {
		return fmt.Errorf("subject_id: %w", err)
	}
	i := r.rows.Row(code)
	if i < 0 {
		if p.eligible[k] == 1 {
			b.Gone = append(b.Gone, GoneMember{r.texts.Code(p.subject[k]), code, int32(max(0, p.rank[k])), entitled(true, false, r.reasons(p.reasons[k])), r.owned[code]})
		}
		return nil
	}
	b.Member[i], b.Standing[i] = p.eligible[k] == 1, p.standing[k] == 1
	b.ColdStart[i] = b.Member[i] && p.coldStart[k] == 1
	b.Entitled[i] = entitled(b.Member[i], b.Standing[i], r.reasons(p.reasons[k]))
	b.PassStreak[i], b.FailStreak[i] = int16(p.passStreak[k]), int16(p.failStreak[k])
	b.Since[i] = calendar.Day(p.since[k])
	if p.rank[k] != column.Null {
		b.Rank[i] = int32(p.rank[k])
		if p.category[k] != r.categoryOf(i) {
			b.Moved = append(b.Moved, int32(i))
		}
	}
	b.Level[i] = levelNamed(r.list, r.texts, p.level[k])
	if p.multiplier[k] != column.Null {
		b.Multiplier[i] = math.Float64frombits(uint64(p.multiplier[k]))
	}
	return r.spans.read(i, p.gatesSince[k])
}

// categoryOf is the code of the text of a subject's category, column.Null if it has none.
func (r *BeforeReader) categoryOf(i int) int64 {
	if code := r.categories.At(i); code != column.Null {
		return r.category.code(code)
	}
	return column.Null
}

// Dropped counts the members of the lists of a part of a table of the run before that none of the lists that the table has now goes on
// with, neither as they are nor as they were: a list of another resource or of other subjects is another list.
func Dropped(members map[string]int, f *column.Frame, ids *column.IDs, lists []*rules.List) {
	type key struct{ list, role int64 }
	texts, known := ids.TextDict(), map[key]bool{}
	for _, l := range lists {
		role := int64(slices.Index(contract.ScoreRoles, l.Role))
		known[key{texts.Code(l.ID), role}] = true
		if l.Formerly != "" {
			known[key{texts.Code(l.Formerly), role}] = true
		}
	}
	eligible, role := f.Column("eligible"), f.Column("role")
	for k, list := range f.Column("list") {
		if !known[key{list, role[k]}] {
			members[texts.Value(list)] += int(eligible[k])
		}
	}
}

// levelNamed is the position of a level in the first scale, NoLevel if the rules have no such one any more.
func levelNamed(l *rules.List, texts *column.Dict, code int64) int8 {
	if code == column.Null || len(l.Levels) == 0 {
		return NoLevel
	}
	name := texts.Value(code)
	return int8(slices.IndexFunc(l.Levels[0].Steps, func(s rules.Step) bool { return s.Level == name }))
}

// reasonsOf reads the reasons of rows, each text once: few sets of reasons stand in many rows. What this binary has no code for
// is left out.
func reasonsOf(texts *column.Dict) func(code int64) Reasons {
	known := map[int64]Reasons{}
	return func(code int64) Reasons {
		set, ok := known[code]
		if !ok {
			for name := range strings.SplitSeq(texts.Value(code), ",") {
				if at := slices.Index(reasonNames[:], name); at >= 0 {
					set.add(Reason(at))
				}
			}
			known[code] = set
		}
		return set
	}
}
