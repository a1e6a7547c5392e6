package eligibility

import (
	"fmt"
	"math"
	"strings"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
)

// listWriter writes rows of a list.
type listWriter struct {
	*Tables
	asOf, list, role, subject, name, merchant, category, eligible, rank, rankBefore, level, multiplier, movement, since *column.Cell
	causeData, causeOthers, causeLate, causeRules                                                                       *column.Cell
	product, shop, talent, lower, orders, net15, failedGates, reasonCodes                                               *column.Cell
	needs, changeOf, changeFrom, changeTo, changeEvents, changeVolume                                                   *column.Cell
	standing, passStreak, failStreak, gatesSince, coldStart, stale, override, validFrom, validTo, version               *column.Cell

	page    *Page
	text    []byte
	listID  int64
	spans   []int64 // codes of the texts of the page's gate spans
	failed  textsOf[uint32]
	reasons textsOf[Reasons]
	rules   int64
}

func newListWriter(t *Tables, b *column.Builder) *listWriter {
	c := b.Column
	return &listWriter{Tables: t,
		asOf: c("as_of_date"), list: c("list"), role: c("role"), subject: c("subject_id"), name: c("subject_name"), merchant: c("merchant_id"),
		category: c("category1_id"), eligible: c("eligible"), rank: c("rank"), rankBefore: c("rank_before"), level: c("level"),
		multiplier: c("multiplier"), movement: c("movement"), since: c("since"),
		causeData: c("cause_data"), causeOthers: c("cause_others"), causeLate: c("cause_late_data"), causeRules: c("cause_rules"),
		product: c("product_score"), shop: c("shop_score"), talent: c("talent_score"), lower: c("lower_score"), orders: c("orders"), net15: c("gmv_net15_fen"),
		failedGates: c("failed_gates"), reasonCodes: c("reasons"),
		needs: c("needs"), changeOf: c("change_of"), changeFrom: c("change_from"), changeTo: c("change_to"), changeEvents: c("change_events"), changeVolume: c("change_volume"),
		standing: c("standing"), passStreak: c("pass_streak"), failStreak: c("fail_streak"), gatesSince: c("gates_since"), coldStart: c("cold_start"), stale: c("stale"), override: c("override"),
		validFrom: c("valid_from"), validTo: c("valid_to"), version: c("rules_version"),
		rules: t.IDs.TextDict().Code(t.Rules.Version)}
}

// turn prepares for another list.
func (w *listWriter) turn(p *Page) {
	texts := w.IDs.TextDict()
	w.page, w.listID, w.spans = p, texts.Code(p.List.ID), nil
	for _, s := range p.Decision.GateSpans.Spans {
		w.spans = append(w.spans, texts.Code(s.text(p.List)))
	}
	w.failed = newTextsOf(func(set uint32) int64 { return texts.Code(gateNames(p.List, set)) })
	w.reasons = newTextsOf(func(r Reasons) int64 { return texts.Code(r.String()) })
}

func (w *listWriter) rows(p *Page, subjects []int32) {
	if p != w.page {
		w.turn(p)
	}
	d, n := p.Decision, len(subjects)
	w.asOf.Repeat(int64(d.AsOf), n)
	w.list.Repeat(w.listID, n)
	w.role.Repeat(int64(p.Role), n)
	w.writeSubjects(p, subjects)
	w.writePlaces(p, subjects)
	w.writeCauses(p, subjects)
	hundredths(w.product, p.Product, subjects)
	hundredths(w.shop, p.Shop, subjects)
	hundredths(w.talent, p.Talent, subjects)
	w.writeFigures(p, subjects)
	w.writeGates(p, subjects)
	w.writeChanges(p, subjects)
	w.writeOverrides(d, subjects)
	w.stale.Repeat(int64(number(d.Stale)), n)
	w.validFrom.Repeat(int64(d.ValidFrom), n)
	w.validTo.Repeat(int64(d.ValidTo), n)
	w.version.Repeat(w.rules, n)
}

// writeSubjects writes who they are.
func (w *listWriter) writeSubjects(p *Page, subjects []int32) {
	for _, i := range subjects {
		w.text = w.IDs.AppendText(w.text[:0], p.Domain, p.Codes[i])
		w.subject.RepeatEntry(w.subject.Entry(w.text), 1)
		w.name.Int(p.Names.At(int(i)))
	}
	w.identifiers(w.merchant, contract.Merchant, p.Merchant, subjects)
	w.identifiers(w.category, contract.Category, p.Category, subjects)
}

// identifiers writes identifiers as texts, null where there is none.
func (w *listWriter) identifiers(c *column.Cell, d contract.Domain, codes *column.Ints, subjects []int32) {
	if codes == nil {
		c.Repeat(column.Null, len(subjects))
		return
	}
	for _, i := range subjects {
		c.Identifier(w.IDs, d, codes.At(int(i)))
	}
}

// writePlaces writes what the list says of them.
func (w *listWriter) writePlaces(p *Page, subjects []int32) {
	d := p.Decision
	rank, multipliers := w.rank.Extend(len(subjects)), w.multiplier.Extend(len(subjects))
	ranks(w.rankBefore, p.RankBefore, subjects)
	for k, i := range subjects {
		v := d.verdict(int(i))
		rank[k] = orMissing(int64(d.rankOf(int(i))))
		w.eligible.Flag(v.member)
		w.movement.Int(int64(movementCodes[v.movement]))
		w.since.Int(int64(v.since))
		multipliers[k] = column.Null
		if v.member {
			multipliers[k] = column.RealBits(v.multiplier)
		}
		if v.member && v.level != NoLevel {
			w.level.Text(p.List.Levels[0].Steps[v.level].Level)
		} else {
			w.level.Null()
		}
	}
}

// writeCauses writes why they entered or left.
func (w *listWriter) writeCauses(p *Page, subjects []int32) {
	cells := [...]*column.Cell{w.causeData, w.causeOthers, w.causeLate, w.causeRules}
	told := p.Causes != nil || p.Decision.Kept && p.RankBefore != nil
	unmoved := 0
	for _, i := range subjects {
		if !told || !p.Decision.moved(int(i)) {
			unmoved++
			continue
		}
		nulls(unmoved, cells[:])
		unmoved = 0
		for j, n := range p.causes(int(i)) {
			cells[j].Int(n)
		}
	}
	nulls(unmoved, cells[:])
}

// causes are why a subject entered or left: data, others, late data, rules. On a kept list nobody moves but by its own
// violation or by what people decided.
func (p *Page) causes(i int) [4]int64 {
	if p.Causes != nil {
		return p.Causes.numbers(i)
	}
	moved := p.Decision.verdict(i).movement
	return [...]int64{int64(number(moved == Entered) - number(moved == Left)), 0, 0, 0}
}

// numbers are the causes of one change as tables have them: data, others, late data, rules.
func (s *Split) numbers(i int) [4]int64 {
	c := s.Of(i)
	return [...]int64{int64(c.Data), int64(c.Others), known(int64(c.Late), s.LateKnown), int64(c.Rules)}
}

// movementCodes are the codes of contract.Movements.
var movementCodes = [...]int{Out: 3, Entered: 0, Stayed: 1, Left: 2}

// writeFigures writes what ranks and gates looked at.
func (w *listWriter) writeFigures(p *Page, subjects []int32) {
	s := p.Decision.s
	lower := w.lower.Extend(len(subjects))
	for k, i := range subjects {
		lower[k] = column.RealBits(s.Lower(int(i)))
	}
	ints(w.orders, s.Orders, subjects)
	if p.NetKnown {
		ints(w.net15, s.GMVNet15, subjects)
	} else {
		w.net15.Repeat(column.Null, len(subjects))
	}
}

// writeGates writes how the gates came out, and for how many runs.
func (w *listWriter) writeGates(p *Page, subjects []int32) {
	d := p.Decision
	for _, i := range subjects {
		v := d.verdict(int(i))
		w.passStreak.Int(int64(v.passStreak))
		w.failStreak.Int(int64(v.failStreak))
		w.failedGates.Int(w.failed.code(v.failed))
		w.reasonCodes.Int(w.reasons.code(v.reasons))
		w.standing.Flag(v.standing)
		w.gatesSince.Int(w.spans[v.span])
		w.coldStart.Flag(v.reasons.Has(ColdStart))
	}
}

// gateNames are the names of a set of gates, by comma.
func gateNames(l *rules.List, set uint32) string {
	var names []string
	for g := range l.Gates {
		if set>>g&1 == 1 {
			names = append(names, l.Gates[g].ID)
		}
	}
	return strings.Join(names, ",")
}

// writeChanges writes what would make them qualify.
func (w *listWriter) writeChanges(p *Page, subjects []int32) {
	cells := [...]*column.Cell{w.changeOf, w.changeFrom, w.changeTo, w.changeEvents, w.changeVolume}
	without := 0
	for _, i := range subjects {
		need := p.Decision.Needs(int(i))
		w.needs.Int(int64(need.Verdict))
		move, ok := w.move(p, int(i), need)
		if !ok {
			without++
			continue
		}
		nulls(without, cells[:])
		without = 0
		w.changeOf.Text(move.Of)
		w.changeFrom.RealOrNull(move.From)
		w.changeTo.RealOrNull(move.To)
		w.changeEvents.RealOrNull(move.Events)
		w.changeVolume.RealOrNull(move.Volume)
	}
	nulls(without, cells[:])
}

func (w *listWriter) move(p *Page, i int, need Need) (Move, bool) {
	switch need.Verdict {
	case NeedsScore:
		return p.Smallest(i, need)
	case NeedsGate:
		g := p.Decision.gates[need.Gate].judge(i)
		to := g.Threshold // the value and the margin are rounded
		if math.IsNaN(need.By) {
			to = math.NaN()
		}
		return Move{p.List.Gates[need.Gate].ID, g.Value, to, math.NaN(), math.NaN()}, true
	}
	return Move{}, false
}

// writeOverrides writes what people decided of them.
func (w *listWriter) writeOverrides(d *Decision, subjects []int32) {
	if len(d.Overrides) == 0 {
		w.override.Repeat(column.Null, len(subjects))
		return
	}
	for _, i := range subjects {
		if o, ok := d.Overrides[int(i)]; ok {
			w.override.Text(o.text())
		} else {
			w.override.Null()
		}
	}
}

// text is an override as the tables have it.
func (o Override) text() string {
	until := ""
	if o.To != 0 {
		until = ", until " + o.To.String()
	}
	return fmt.Sprintf("%s: %s (%s%s)", o.Action, o.Reason, o.Author, until)
}
