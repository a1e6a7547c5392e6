package eligibility

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
)

// Records are the rows of a published table, in order, in records of bounded size. A record is the consumer's until
// it asks for the next one; then its memory is used again. The sequence may be walked more than once.
type Records = iter.Seq2[arrow.Record, error]

// recordRows is the size of records.
const recordRows = 1 << 16

// Page is one list of one night with what its table tells beyond the decision. Columns have a value for every subject.
type Page struct {
	List     *rules.List
	Decision *Decision
	Role     int // code of contract.ScoreRoles
	Domain   contract.Domain
	Codes    []int64 // of the subjects
	Texts    []int32 // their positions in the order of their texts; nil: that is their order
	Names    []int64 // codes of text, column.Null: none
	Merchant []int64 // products: codes of the shops; nil for other roles
	Category []int64 // codes of the level-1 categories
	// Product, Shop and Talent are tonight's scores in hundredths, 0: none; nil: the role has no such score.
	Product, Shop, Talent []int16
	RankBefore            []int32 // 0: it had none; nil: no run before
	NetKnown              bool    // refunds are computable
	// Smallest names the smallest change of an indicator with which the own score gets where need says.
	Smallest func(subject int, need Need) (Move, bool)
}

// Move is a single change with which a subject would qualify.
type Move struct {
	Of             string // indicator or gate
	From, To       float64
	Events, Volume float64 // of a rate: so many fewer bad events of so many; NaN: not a rate
}

// Tables builds the published tables of lists.
type Tables struct {
	IDs   *column.IDs
	Rules *rules.Rules
	Pages []*Page
}

// inOrder are the pages in the order of their lists' names, of one resource; empty: of all.
func (t *Tables) inOrder(resource string) []*Page {
	var pages []*Page
	for _, p := range t.Pages {
		if resource == "" || p.List.Resource == resource {
			pages = append(pages, p)
		}
	}
	slices.SortFunc(pages, func(a, b *Page) int { return strings.Compare(a.List.ID, b.List.ID) })
	return pages
}

// build hands every subject of every page to row, in the order of the tables.
func (t *Tables) build(table *contract.Table, pages []*Page, row func(b *column.Builder, p *Page, subject int)) Records {
	return func(yield func(arrow.Record, error) bool) {
		b := column.NewBuilder(table, t.IDs)
		flush := func() bool {
			rec := b.Record(memory.DefaultAllocator)
			more := yield(rec, nil)
			rec.Release()
			b.Reset()
			return more
		}
		for _, p := range pages {
			for at := range p.Codes {
				i := at
				if p.Texts != nil {
					i = int(p.Texts[at])
				}
				if row(b, p, i); b.Len() >= recordRows && !flush() {
					return
				}
			}
		}
		flush()
	}
}

// List is eligibility_<resource>.
func (t *Tables) List(table *contract.Table, resource string) Records {
	w := &listWriter{Tables: t}
	return t.build(table, t.inOrder(resource), w.row)
}

// Gates is eligibility_gates.
func (t *Tables) Gates() Records {
	var results []GateResult
	var text []byte
	var order []int
	var last *Page
	return t.build(contract.EligibilityGates, t.inOrder(""), func(b *column.Builder, p *Page, i int) {
		if p != last {
			last = p
			names := make([]string, len(p.List.Gates))
			for g, gate := range p.List.Gates {
				names[g] = gate.ID
			}
			order = contract.TextOrder(names)
		}
		results = p.Decision.Gates(i, results[:0])
		text = t.IDs.AppendText(text[:0], p.Domain, p.Codes[i])
		n := len(results)
		b.Column("as_of_date").Repeat(int64(p.Decision.AsOf), n)
		id := b.Column("subject_id")
		id.RepeatEntry(id.Entry(text), n)
		for _, g := range order {
			r := results[g]
			b.Column("list").Text(p.List.ID)
			b.Column("gate").Text(p.List.Gates[g].ID)
			orNull(b.Column("value"), r.Value)
			b.Column("threshold").Real(r.Threshold)
			orNull(b.Column("margin"), r.Margin)
			b.Column("state").Int(int64(r.State))
			b.Column("in_band").Flag(r.Band)
		}
	})
}

func orNull(c *column.Cell, v float64) {
	if math.IsNaN(v) {
		c.Null()
		return
	}
	c.Real(v)
}

// listWriter writes rows of a list.
type listWriter struct {
	*Tables
	text []byte
}

func (w *listWriter) row(b *column.Builder, p *Page, i int) {
	d := p.Decision
	b.Column("as_of_date").Int(int64(d.AsOf))
	b.Column("list").Text(p.List.ID)
	b.Column("role").Int(int64(p.Role))
	b.Column("subject_id").Text(w.IDs.Text(p.Domain, p.Codes[i]))
	b.Column("subject_name").Int(p.Names[i])
	w.orNone(b.Column("merchant_id"), contract.Merchant, p.Merchant, i)
	w.orNone(b.Column("category1_id"), contract.Category, p.Category, i)
	w.place(b, p, i)
	w.scores(b, p, i)
	b.Column("orders").Int(d.s.Orders[i])
	if p.NetKnown {
		b.Column("gmv_net15_fen").Int(d.s.GMVNet15[i])
	} else {
		b.Column("gmv_net15_fen").Null()
	}
	b.Column("failed_gates").Text(w.failed(p, i))
	b.Column("reasons").Text(d.Reasons[i].String())
	w.needs(b, p, i)
	b.Column("standing").Flag(d.Standing[i])
	b.Column("pass_streak").Int(int64(d.PassStreak[i]))
	b.Column("fail_streak").Int(int64(d.FailStreak[i]))
	b.Column("cold_start").Flag(d.Reasons[i].Has(ColdStart))
	b.Column("stale").Flag(d.Stale)
	w.override(b.Column("override"), d, i)
	b.Column("valid_from").Int(int64(d.ValidFrom))
	b.Column("valid_to").Int(int64(d.ValidTo))
	b.Column("rules_version").Text(w.Rules.Version)
}

// orNone writes an identifier as text, null where there is none.
func (w *listWriter) orNone(c *column.Cell, d contract.Domain, codes []int64, i int) {
	if codes == nil || codes[i] == column.Null {
		c.Null()
		return
	}
	c.Text(w.IDs.Text(d, codes[i]))
}

// place writes what the list says of the subject.
func (w *listWriter) place(b *column.Builder, p *Page, i int) {
	d := p.Decision
	b.Column("eligible").Flag(d.Member[i])
	b.Column("rank").Int(orMissing(int64(d.Rank[i])))
	before := int64(0)
	if p.RankBefore != nil {
		before = int64(p.RankBefore[i])
	}
	b.Column("rank_before").Int(orMissing(before))
	level := b.Column("level")
	if d.Member[i] && d.Level[i] != NoLevel {
		level.Text(p.List.Levels[0].Steps[d.Level[i]].Level)
	} else {
		level.Null()
	}
	if d.Member[i] {
		b.Column("multiplier").Real(d.Multiplier[i])
	} else {
		b.Column("multiplier").Null()
	}
	b.Column("movement").Int(int64(movementCodes[d.Movement[i]]))
	b.Column("since").Int(int64(d.Since[i]))
}

// movementCodes are the codes of contract.Movements.
var movementCodes = [...]int{Out: 3, Entered: 0, Stayed: 1, Left: 2}

// orMissing is Null for 0.
func orMissing(v int64) int64 {
	if v == 0 {
		return column.Null
	}
	return v
}

func (w *listWriter) scores(b *column.Builder, p *Page, i int) {
	for name, scores := range map[string][]int16{"product_score": p.Product, "shop_score": p.Shop, "talent_score": p.Talent} {
		if scores == nil || scores[i] == 0 {
			b.Column(name).Null()
		} else {
			b.Column(name).Real(float64(scores[i]) / 100)
		}
	}
	orNull(b.Column("lower_score"), p.Decision.s.Lower[i])
}

// failed names the gates that do not pass.
func (w *listWriter) failed(p *Page, i int) string {
	failed := p.Decision.Failed[i]
	w.text = w.text[:0]
	for g := range p.List.Gates {
		if failed>>g&1 == 1 {
			if len(w.text) > 0 {
				w.text = append(w.text, ',')
			}
			w.text = append(w.text, p.List.Gates[g].ID...)
		}
	}
	return string(w.text)
}

// needs writes what would make the subject qualify.
func (w *listWriter) needs(b *column.Builder, p *Page, i int) {
	need := p.Decision.Needs(i)
	b.Column("needs").Int(int64(need.Verdict))
	move, ok := w.move(p, i, need)
	columns := []string{"change_from", "change_to", "change_events", "change_volume"}
	if !ok {
		b.Column("change_of").Null()
		for _, name := range columns {
			b.Column(name).Null()
		}
		return
	}
	b.Column("change_of").Text(move.Of)
	for j, v := range []float64{move.From, move.To, move.Events, move.Volume} {
		orNull(b.Column(columns[j]), v)
	}
}

func (w *listWriter) move(p *Page, i int, need Need) (Move, bool) {
	switch need.Verdict {
	case NeedsScore:
		return p.Smallest(i, need)
	case NeedsGate:
		g := p.Decision.gates[need.Gate].judge(i)
		return Move{p.List.Gates[need.Gate].ID, g.Value, g.Value + need.By, math.NaN(), math.NaN()}, true
	}
	return Move{}, false
}

func (w *listWriter) override(c *column.Cell, d *Decision, i int) {
	o, ok := d.Overrides[i]
	if !ok {
		c.Null()
		return
	}
	until := ""
	if o.To != 0 {
		until = ", until " + o.To.String()
	}
	c.Text(fmt.Sprintf("%s: %s (%s%s)", o.Action, o.Reason, o.Author, until))
}

// ReadBefore reads what a list said on the run before out of its table, for tonight's subjects by their codes.
func ReadBefore(f *column.Frame, ids *column.IDs, l *rules.List, d contract.Domain, codes []int64) (*Before, error) {
	n := len(codes)
	b := &Before{Member: make([]bool, n), Standing: make([]bool, n), PassStreak: make([]int16, n), FailStreak: make([]int16, n),
		Since: make([]calendar.Day, n), Rank: make([]int32, n), Level: make([]int8, n), Multiplier: make([]float64, n)}
	rows, texts := column.NewLookup(codes), ids.TextDict()
	list := texts.Code(l.ID)
	col := f.Column
	lists, subjects, eligible, standing := col("list"), col("subject_id"), col("eligible"), col("standing")
	pass, fail, since, rank, level, multiplier := col("pass_streak"), col("fail_streak"), col("since"), col("rank"), col("level"), col("multiplier")
	found := false
	for k := range f.N {
		if lists[k] != list {
			continue
		}
		found = true
		code, err := ids.Parse(d, texts.Value(subjects[k]))
		if err != nil {
			return nil, fmt.Errorf("list %s: subject_id: %w", l.ID, err)
		}
		i := rows.Row(code)
		if i < 0 {
			b.Gone += int(eligible[k])
			continue
		}
		b.Member[i], b.Standing[i] = eligible[k] == 1, standing[k] == 1
		b.PassStreak[i], b.FailStreak[i] = int16(pass[k]), int16(fail[k])
		b.Since[i] = calendar.Day(since[k])
		if rank[k] != column.Null {
			b.Rank[i] = int32(rank[k])
		}
		b.Level[i] = levelNamed(l, texts, level[k])
		if multiplier[k] != column.Null {
			b.Multiplier[i] = math.Float64frombits(uint64(multiplier[k]))
		}
	}
	if !found {
		return nil, nil
	}
	return b, nil
}

// levelNamed is the position of a level in the first scale, NoLevel if the rules have no such one any more.
func levelNamed(l *rules.List, texts *column.Dict, code int64) int8 {
	if code == column.Null || len(l.Levels) == 0 {
		return NoLevel
	}
	name := texts.Value(code)
	return int8(slices.IndexFunc(l.Levels[0].Steps, func(s rules.Step) bool { return s.Level == name }))
}
