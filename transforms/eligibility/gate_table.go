package eligibility

import (
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// gateWriter writes the gates of subjects.
type gateWriter struct {
	t                                                                         *Tables
	asOf, list, subject, gate, value, threshold, margin, state, inBand, since *column.Cell

	page   *Page
	order  []int   // gates by name
	names  []int64 // codes of their names
	gates  []uint8 // order, once for every subject of a block
	listID int64
	text   []byte
	states []uint8 // of a block
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
	w.order, w.gates = contract.TextOrder(names), w.gates[:0]
	for range blockSubjects {
		for _, g := range w.order {
			w.gates = append(w.gates, uint8(g)) // there are maxGates at most
		}
	}
}

// stateCodes are the codes of states.
var stateCodes = [...]int64{0, 1, 2, 3, 4, 5}

func (w *gateWriter) rows(p *Page, subjects []int32) {
	if p != w.page {
		w.turn(p)
	}
	d, gates := p.Decision, len(w.order)
	n := len(subjects) * gates
	w.asOf.Repeat(int64(d.AsOf), n)
	w.list.Repeat(w.listID, n)
	w.gate.Codes(w.gates[:n], w.names)
	values, thresholds, margins := w.value.Extend(n), w.threshold.Extend(n), w.margin.Extend(n)
	row := 0
	w.states = w.states[:0]
	for _, i := range subjects {
		w.text = w.t.IDs.AppendText(w.text[:0], p.Domain, p.Codes[i])
		w.subject.RepeatEntry(w.subject.Entry(w.text), gates)
		since := d.GateSpans.Spans[d.verdict(int(i)).span].Since
		for _, g := range w.order {
			r := d.gates[g].judge(int(i))
			values[row], thresholds[row], margins[row] = column.RealBits(r.Value), column.RealBits(r.Threshold), column.RealBits(r.Margin)
			w.states = append(w.states, uint8(r.State))
			w.inBand.Flag(r.Band)
			w.since.Int(int64(since[g]))
			row++
		}
	}
	w.state.Codes(w.states, stateCodes[:])
}

// gone writes nothing: nothing of theirs was judged.
func (w *gateWriter) gone(*Page, int) {}
