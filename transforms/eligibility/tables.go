package eligibility

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
)

// Records are the rows of a published table.
type Records = column.Records

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
	Was                   Outcome // of the run before; without slices: no run before
	Causes                *Split  // of who entered or left; nil: not told
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
func (t *Tables) build(table *contract.Table, pages []*Page, open func(b *column.Builder) (row func(p *Page, subject int), gone func(p *Page, m GoneMember))) Records {
	return column.Stream(table, t.IDs, recordRows, func(b *column.Builder, more func() bool) {
		row, gone := open(b)
		for _, p := range pages {
			left := newGoneBetween(t.IDs.TextDict(), p.Decision.gone)
			for at := range p.Codes {
				i := at
				if p.Texts != nil {
					i = int(p.Texts[at])
				}
				t.goneBefore(left, p, i, gone)
				if row(p, i); !more() {
					return
				}
			}
			for _, m := range left.before(nil, true) {
				gone(p, m)
			}
		}
	})
}

// goneBefore writes the rows of gone members that stand before a subject's.
func (t *Tables) goneBefore(left *goneBetween, p *Page, subject int, gone func(*Page, GoneMember)) {
	if len(left.rest) == 0 {
		return
	}
	left.text = t.IDs.AppendText(left.text[:0], p.Domain, p.Codes[subject])
	for _, m := range left.before(left.text, false) {
		gone(p, m)
	}
}

// List is eligibility_<resource>.
func (t *Tables) List(table *contract.Table, resource string) Records {
	return t.build(table, t.inOrder(resource), func(b *column.Builder) (func(*Page, int), func(*Page, GoneMember)) {
		w := newListWriter(t, b)
		return w.row, w.gone
	})
}

// Gates is eligibility_gates.
func (t *Tables) Gates() Records {
	return t.build(contract.EligibilityGates, t.inOrder(""), func(b *column.Builder) (func(*Page, int), func(*Page, GoneMember)) {
		return newGateWriter(t, b).rows, func(*Page, GoneMember) {} // nothing of theirs was judged
	})
}

// hundredthsOrNull appends a score, null for 0.
func hundredthsOrNull(c *column.Cell, scores []int16, i int) {
	if scores == nil || scores[i] == 0 {
		c.Null()
		return
	}
	c.Real(float64(scores[i]) / 100)
}

// gateWriter writes the gates of subjects.
type gateWriter struct {
	t                                                                         *Tables
	asOf, list, subject, gate, value, threshold, margin, state, inBand, since *column.Cell

	page    *Page
	order   []int   // gates by name
	names   []int64 // codes of their names
	listID  int64
	results []GateResult
	text    []byte
}

func newGateWriter(t *Tables, b *column.Builder) *gateWriter {
	c := b.Column
	return &gateWriter{t: t, asOf: c("as_of_date"), list: c("list"), subject: c("subject_id"), gate: c("gate"), value: c("value"),
		threshold: c("threshold"), margin: c("margin"), state: c("state"), inBand: c("in_band"), since: c("since")}
}

// turn prepares for another list.
func (w *gateWriter) turn(p *Page) {
	w.page, w.names = p, nil
	texts := w.t.IDs.TextDict()
	w.listID = texts.Code(p.List.ID)
	names := make([]string, len(p.List.Gates))
	for g, gate := range p.List.Gates {
		names[g] = gate.ID
		w.names = append(w.names, texts.Code(gate.ID))
	}
	w.order = contract.TextOrder(names)
}

func (w *gateWriter) rows(p *Page, i int) {
	if p != w.page {
		w.turn(p)
	}
	w.results = p.Decision.Gates(i, w.results[:0])
	w.text = w.t.IDs.AppendText(w.text[:0], p.Domain, p.Codes[i])
	n := len(w.results)
	w.asOf.Repeat(int64(p.Decision.AsOf), n)
	w.list.Repeat(w.listID, n)
	w.subject.RepeatEntry(w.subject.Entry(w.text), n)
	for _, g := range w.order {
		r := &w.results[g]
		w.gate.Int(w.names[g])
		w.value.RealOrNull(r.Value)
		w.threshold.Real(r.Threshold)
		w.margin.RealOrNull(r.Margin)
		w.state.Int(int64(r.State))
		w.inBand.Flag(r.Band)
		w.since.Int(int64(p.Decision.GateSince(i, g)))
	}
}

// listWriter writes rows of a list.
type listWriter struct {
	*Tables
	asOf, list, role, subject, name, merchant, category, eligible, rank, rankBefore, level, multiplier, movement, since *column.Cell
	causeData, causeOthers, causeLate, causeRules                                                                       *column.Cell
	product, shop, talent, lower, orders, net15, failedGates, reasons                                                   *column.Cell
	needs, changeOf, changeFrom, changeTo, changeEvents, changeVolume                                                   *column.Cell
	standing, passStreak, failStreak, gatesSince, coldStart, stale, override, validFrom, validTo, version               *column.Cell

	text    []byte
	reason  map[Reasons]int64 // codes of their texts
	gates   map[gateSet]int64
	listIDs map[*Page]int64
	spans   map[*Page][]int64 // codes of the texts of its gate spans
	rules   int64
}

// gateSet are gates of a list.
type gateSet struct {
	list *rules.List
	set  uint32
}

func newListWriter(t *Tables, b *column.Builder) *listWriter {
	c := b.Column
	w := &listWriter{Tables: t,
		asOf: c("as_of_date"), list: c("list"), role: c("role"), subject: c("subject_id"), name: c("subject_name"), merchant: c("merchant_id"),
		category: c("category1_id"), eligible: c("eligible"), rank: c("rank"), rankBefore: c("rank_before"), level: c("level"),
		multiplier: c("multiplier"), movement: c("movement"), since: c("since"),
		causeData: c("cause_data"), causeOthers: c("cause_others"), causeLate: c("cause_late_data"), causeRules: c("cause_rules"),
		product: c("product_score"), shop: c("shop_score"), talent: c("talent_score"), lower: c("lower_score"), orders: c("orders"), net15: c("gmv_net15_fen"),
		failedGates: c("failed_gates"), reasons: c("reasons"),
		needs: c("needs"), changeOf: c("change_of"), changeFrom: c("change_from"), changeTo: c("change_to"), changeEvents: c("change_events"), changeVolume: c("change_volume"),
		standing: c("standing"), passStreak: c("pass_streak"), failStreak: c("fail_streak"), gatesSince: c("gates_since"), coldStart: c("cold_start"), stale: c("stale"), override: c("override"),
		validFrom: c("valid_from"), validTo: c("valid_to"), version: c("rules_version"),
		reason: map[Reasons]int64{}, gates: map[gateSet]int64{}, listIDs: map[*Page]int64{}, spans: map[*Page][]int64{}, rules: t.IDs.TextDict().Code(t.Rules.Version)}
	for _, p := range t.Pages {
		w.listIDs[p] = t.IDs.TextDict().Code(p.List.ID)
		for _, s := range p.Decision.GateSpans.Spans {
			w.spans[p] = append(w.spans[p], t.IDs.TextDict().Code(s.text(p.List)))
		}
	}
	return w
}

func (w *listWriter) row(p *Page, i int) {
	d := p.Decision
	w.asOf.Int(int64(d.AsOf))
	w.list.Int(w.listIDs[p])
	w.role.Int(int64(p.Role))
	w.text = w.IDs.AppendText(w.text[:0], p.Domain, p.Codes[i])
	w.subject.RepeatEntry(w.subject.Entry(w.text), 1)
	w.name.Int(p.Names[i])
	w.orNone(w.merchant, contract.Merchant, p.Merchant, i)
	w.orNone(w.category, contract.Category, p.Category, i)
	w.place(p, i)
	hundredthsOrNull(w.product, p.Product, i)
	hundredthsOrNull(w.shop, p.Shop, i)
	hundredthsOrNull(w.talent, p.Talent, i)
	w.lower.RealOrNull(d.s.Lower[i])
	w.orders.Int(d.s.Orders[i])
	w.net15.Int(known(d.s.GMVNet15[i], p.NetKnown))
	w.failedGates.Int(w.failed(p, i))
	w.reasons.Int(w.reasonText(d.Reasons[i]))
	w.change(p, i)
	w.standing.Flag(d.Standing[i])
	w.passStreak.Int(int64(d.PassStreak[i]))
	w.failStreak.Int(int64(d.FailStreak[i]))
	w.gatesSince.Int(w.spans[p][d.GateSpans.Of[i]])
	w.coldStart.Flag(d.Reasons[i].Has(ColdStart))
	w.stale.Flag(d.Stale)
	w.writeOverride(d, i)
	w.validFrom.Int(int64(d.ValidFrom))
	w.validTo.Int(int64(d.ValidTo))
	w.version.Int(w.rules)
}

func known(v int64, is bool) int64 {
	if !is {
		return column.Null
	}
	return v
}

// orNone writes an identifier as text, null where there is none.
func (w *listWriter) orNone(c *column.Cell, d contract.Domain, codes []int64, i int) {
	if codes == nil || codes[i] == column.Null {
		c.Null()
		return
	}
	w.text = w.IDs.AppendText(w.text[:0], d, codes[i])
	c.Text(string(w.text))
}

// place writes what the list says of the subject.
func (w *listWriter) place(p *Page, i int) {
	d := p.Decision
	w.eligible.Flag(d.Member[i])
	w.rank.Int(orMissing(int64(d.Rank[i])))
	before := int64(0)
	if p.RankBefore != nil {
		before = int64(p.RankBefore[i])
	}
	w.rankBefore.Int(orMissing(before))
	if d.Member[i] && d.Level[i] != NoLevel {
		w.level.Text(p.List.Levels[0].Steps[d.Level[i]].Level)
	} else {
		w.level.Null()
	}
	if d.Member[i] {
		w.multiplier.Real(d.Multiplier[i])
	} else {
		w.multiplier.Null()
	}
	w.movement.Int(int64(movementCodes[d.Movement[i]]))
	w.since.Int(int64(d.Since[i]))
	w.cause(p, i)
}

// cause writes why the subject entered or left. On a kept list nobody moves but by its own violation or by what people
// decided.
func (w *listWriter) cause(p *Page, i int) {
	cells := [...]*column.Cell{w.causeData, w.causeOthers, w.causeLate, w.causeRules}
	if !p.Decision.moved(i) || p.Causes == nil && !(p.Decision.Kept && p.RankBefore != nil) {
		for _, c := range cells {
			c.Null()
		}
		return
	}
	lateKnown, causes := true, Causes{Data: number(p.Decision.Movement[i] == Entered) - number(p.Decision.Movement[i] == Left)}
	if s := p.Causes; s != nil {
		lateKnown, causes = s.LateKnown, s.Of(i)
	}
	for j, n := range [...]int{causes.Data, causes.Others, causes.Late, causes.Rules} {
		cells[j].Int(known(int64(n), j != 2 || lateKnown))
	}
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

// failed is the text of the gates that do not pass.
func (w *listWriter) failed(p *Page, i int) int64 {
	key := gateSet{p.List, p.Decision.Failed[i]}
	code, ok := w.gates[key]
	if !ok {
		var names []string
		for g := range p.List.Gates {
			if key.set>>g&1 == 1 {
				names = append(names, p.List.Gates[g].ID)
			}
		}
		code = w.IDs.TextDict().Code(strings.Join(names, ","))
		w.gates[key] = code
	}
	return code
}

func (w *listWriter) reasonText(r Reasons) int64 {
	code, ok := w.reason[r]
	if !ok {
		code = w.IDs.TextDict().Code(r.String())
		w.reason[r] = code
	}
	return code
}

// change writes what would make the subject qualify.
func (w *listWriter) change(p *Page, i int) {
	need := p.Decision.Needs(i)
	w.needs.Int(int64(need.Verdict))
	move, ok := w.move(p, i, need)
	if !ok {
		for _, c := range []*column.Cell{w.changeOf, w.changeFrom, w.changeTo, w.changeEvents, w.changeVolume} {
			c.Null()
		}
		return
	}
	w.changeOf.Text(move.Of)
	w.changeFrom.RealOrNull(move.From)
	w.changeTo.RealOrNull(move.To)
	w.changeEvents.RealOrNull(move.Events)
	w.changeVolume.RealOrNull(move.Volume)
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

func (w *listWriter) writeOverride(d *Decision, i int) {
	o, ok := d.Overrides[i]
	if !ok {
		w.override.Null()
		return
	}
	until := ""
	if o.To != 0 {
		until = ", until " + o.To.String()
	}
	w.override.Text(fmt.Sprintf("%s: %s (%s%s)", o.Action, o.Reason, o.Author, until))
}
