package eligibility

import (
	"fmt"
	"slices"
	"strings"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rules"
)

// GateSpan says of each gate of a list whether it passes and since which as-of date that has been so without a break.
// Few spans are shared by many subjects.
type GateSpan struct {
	Passes uint32         // bit g: gate g passes
	Since  []calendar.Day // by gate; 0: nothing is known of it
}

// GateSpans are the spans of subjects. Dates without a run break nothing.
type GateSpans struct {
	Spans []GateSpan
	Of    []int32 // by subject: position in Spans, -1: none
}

// spanKey makes tonight's span: that of the run before, and what passes tonight.
type spanKey struct {
	before int32
	passes uint32
}

// ageGates carries on since when gates stand as they stand. They are judged on tonight's columns, also where the list of
// the run before is kept.
func (d *Decision) ageGates(b *Before, kept bool) {
	d.GateSpans = GateSpans{Of: make([]int32, d.s.N)}
	known := map[spanKey]int32{}
	for i := range d.GateSpans.Of {
		key := spanKey{-1, d.passing(i, kept)}
		if b.Gates.Of != nil {
			key.before = b.Gates.Of[i]
		}
		at, ok := known[key]
		if !ok {
			at = int32(len(d.GateSpans.Spans))
			known[key] = at
			d.GateSpans.Spans = append(d.GateSpans.Spans, d.span(b, key))
		}
		d.GateSpans.Of[i] = at
	}
}

// passing are the gates that pass.
func (d *Decision) passing(subject int, kept bool) (set uint32) {
	if !kept {
		return uint32(1<<len(d.gates)-1) &^ d.Failed[subject]
	}
	for g := range d.gates {
		if d.gates[g].judge(subject).State.Passes() {
			set |= 1 << g
		}
	}
	return set
}

func (d *Decision) span(b *Before, key spanKey) GateSpan {
	s := GateSpan{key.passes, make([]calendar.Day, len(d.gates))}
	for g := range s.Since {
		s.Since[g] = d.AsOf
		if key.before < 0 {
			continue
		}
		was := b.Gates.Spans[key.before]
		if was.Since[g] != 0 && (was.Passes^key.passes)>>g&1 == 0 {
			s.Since[g] = was.Since[g]
		}
	}
	return s
}

// passes are the gates that a subject passes tonight, also where the list of the run before is kept.
func (d *Decision) passes(subject int) uint32 {
	return d.GateSpans.Spans[d.verdict(subject).span].Passes
}

// GateSince is the as-of date since which a gate of the list has passed, or has not, without a break.
func (d *Decision) GateSince(subject, gate int) calendar.Day {
	return d.GateSpans.Spans[d.verdict(subject).span].Since[gate]
}

// text is a span as the tables have it: gate:passes:day or gate:fails:day, by comma, in the order of the rules.
func (s *GateSpan) text(l *rules.List) string {
	parts := make([]string, len(s.Since))
	for g, since := range s.Since {
		word := "fails"
		if s.Passes>>g&1 == 1 {
			word = "passes"
		}
		parts[g] = fmt.Sprintf("%s:%s:%s", l.Gates[g].ID, word, since)
	}
	return strings.Join(parts, ",")
}

// parseSpan reads what text wrote, for the gates that the list has now. Nothing is known of the gates of a list without
// gates, nor of those of a member that was gone on the run before and is back: their text is empty.
func parseSpan(l *rules.List, text string) (GateSpan, error) {
	s := GateSpan{Since: make([]calendar.Day, len(l.Gates))}
	if text == "" {
		return s, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		words := strings.Split(part, ":")
		if len(words) != 3 {
			return s, fmt.Errorf("gates_since: %q is no gate:passes:day", part)
		}
		at := slices.IndexFunc(l.Gates, func(g rules.Gate) bool { return g.ID == words[0] })
		if at < 0 {
			continue // the rules have it no more
		}
		day, err := calendar.Parse(words[2])
		if err != nil {
			return s, fmt.Errorf("gates_since: %w", err)
		}
		s.Since[at] = day
		if words[1] == "passes" {
			s.Passes |= 1 << at
		}
	}
	return s, nil
}

// spanReader reads the spans of the run before, each text once.
type spanReader struct {
	list  *rules.List
	texts *column.Dict
	into  *GateSpans
	known map[int64]int32 // by code of the text
}

func newSpanReader(l *rules.List, texts *column.Dict, b *Before) *spanReader {
	b.Gates.Of = make([]int32, len(b.Member))
	for i := range b.Gates.Of {
		b.Gates.Of[i] = -1
	}
	return &spanReader{l, texts, &b.Gates, map[int64]int32{}}
}

func (r *spanReader) read(subject int, code int64) error {
	if code == column.Null { // a table of an older binary
		return nil
	}
	at, ok := r.known[code]
	if !ok {
		s, err := parseSpan(r.list, r.texts.Value(code))
		if err != nil {
			return err
		}
		at = int32(len(r.into.Spans))
		r.known[code] = at
		r.into.Spans = append(r.into.Spans, s)
	}
	r.into.Of[subject] = at
	return nil
}
