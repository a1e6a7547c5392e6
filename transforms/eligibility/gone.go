package eligibility

import (
	"math"
	"slices"
	"strings"

	"github.com/windvane/windvane/transforms/column"
)

// GoneMember was a member on the run before and is no subject tonight: no snapshot names it, and it sold nothing in the days
// that scores look at, or a shop owns it. It has left, and has a row that says so once.
type GoneMember struct {
	Subject  int64 // code of its id as text
	Code     int64 // of its id
	Rank     int32 // 0: it had none
	Entitled bool  // see Outcome
	Owned    bool  // an account that is a shop's own now
}

// Gone are the members of the list before that are no subjects any more.
func (d *Decision) Gone() []GoneMember { return d.gone }

// reason why it is no subject.
func (m GoneMember) reason() Reason {
	if m.Owned {
		return OwnAccount
	}
	return Gone
}

// goneBetween hands over, in the order of the tables, whose texts come before one.
type goneBetween struct {
	texts *column.Dict
	all   []GoneMember
	rest  []int  // their positions in all
	text  []byte // of the next row
}

func newGoneBetween(texts *column.Dict, gone []GoneMember) *goneBetween {
	g := &goneBetween{texts: texts, all: gone}
	for at := range gone {
		g.rest = append(g.rest, at)
	}
	slices.SortFunc(g.rest, func(a, b int) int { return strings.Compare(g.textOf(a), g.textOf(b)) })
	return g
}

func (g *goneBetween) textOf(at int) string { return g.texts.Value(g.all[at].Subject) }

// before takes the positions of those whose text is less than the next row's; without a next row of all that are left.
func (g *goneBetween) before(next []byte, last bool) (taken []int) {
	n := 0
	for n < len(g.rest) && (last || g.textOf(g.rest[n]) < string(next)) {
		n++
	}
	taken, g.rest = g.rest[:n], g.rest[n:]
	return taken
}

// gone writes the row of a member that is no subject any more.
func (w *listWriter) gone(p *Page, at int) {
	d := p.Decision
	m := d.gone[at]
	w.asOf.Int(int64(d.AsOf))
	w.list.Int(w.listID)
	w.role.Int(int64(p.Role))
	w.subject.Text(w.IDs.TextDict().Value(m.Subject))
	w.eligible.Flag(false)
	w.rankBefore.Int(orMissing(int64(m.Rank)))
	w.movement.Int(int64(movementCodes[Left]))
	w.since.Int(int64(d.AsOf))
	causes := [...]*column.Cell{w.causeData, w.causeOthers, w.causeLate, w.causeRules}
	if p.GoneCauses == nil {
		nulls(1, causes[:])
	} else {
		for j, n := range p.GoneCauses.numbers(at) {
			causes[j].Int(n)
		}
	}
	nulls(1, []*column.Cell{w.name, w.merchant, w.category, w.rank, w.level, w.multiplier, w.product, w.shop, w.talent, w.net15,
		w.needs, w.changeOf, w.changeFrom, w.changeTo, w.changeEvents, w.changeVolume, w.override})
	w.lower.RealOrNull(math.NaN())
	for _, c := range []*column.Cell{w.orders, w.passStreak, w.failStreak} {
		c.Int(0)
	}
	w.failedGates.Text("")
	w.reasonCodes.Text(m.reason().String())
	w.gatesSince.Text("")
	w.standing.Flag(false)
	w.coldStart.Flag(false)
	w.stale.Flag(d.Stale)
	w.validFrom.Int(int64(d.ValidFrom))
	w.validTo.Int(int64(d.ValidTo))
	w.version.Int(w.rules)
}
