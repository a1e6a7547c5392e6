package lift

import (
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/stats"
)

// result is what a method found, for people and for programs.
type result struct {
	Method, Does, Source string
	File                 string
	Rows, Dropped        int
	Confidence           float64
	Alternative          string
	Estimates            []estimate
	Facts                []fact
	Tables               []longTable
	Notes                []string // doubts that no warning of an estimate says
	Meaning              string   // one line
}

// estimate is a named number with its uncertainty.
type estimate struct {
	ID, Name string
	stats.Estimate
}

// fact is a figure that stands beside the estimates.
type fact struct {
	ID, Name string
	Value    any // float64, int, string, bool
}

// longTable is a longer list. Rows hold float64, int, string or bool.
type longTable struct {
	ID, Name string
	Columns  []string
	Rows     [][]any
	hidden   bool // for programs alone
}

func (r *result) estimate(id, name string, e stats.Estimate) {
	r.Estimates = append(r.Estimates, estimate{id, name, e})
}

func (r *result) fact(id, name string, value any) {
	r.Facts = append(r.Facts, fact{id, name, value})
}

func (r *result) table(t longTable) { r.Tables = append(r.Tables, t) }

// first is the estimate that the method is about.
func (r *result) first() stats.Estimate { return r.Estimates[0].Estimate }

// number is a float for JSON: null for NaN and for infinities.
func number(v float64) any {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return v
}

func cellJSON(v any) any {
	if f, ok := v.(float64); ok {
		return number(f)
	}
	return v
}

// jsonFormat is the version of the JSON form: fields may be added to it, none changes its meaning.
const jsonFormat = 1

func (r *result) forJSON() any {
	type estimate struct {
		ID         string          `json:"id"`
		Name       string          `json:"name"`
		Value      any             `json:"value"`
		SE         any             `json:"se"`
		DF         any             `json:"df"`
		Lo         any             `json:"lo"`
		Hi         any             `json:"hi"`
		Confidence float64         `json:"confidence"`
		P          any             `json:"p"`
		Warnings   []stats.Warning `json:"warnings"`
	}
	out := struct {
		Format      int                         `json:"format"`
		Method      string                      `json:"method"`
		Source      string                      `json:"source"`
		File        string                      `json:"file,omitempty"`
		Rows        int                         `json:"rows,omitempty"`
		Dropped     int                         `json:"rows_dropped"`
		Alternative string                      `json:"alternative"`
		Estimates   []estimate                  `json:"estimates"`
		Facts       map[string]any              `json:"facts"`
		Tables      map[string][]map[string]any `json:"tables,omitempty"`
		Notes       []string                    `json:"notes"`
		Meaning     string                      `json:"meaning"`
	}{
		Format: jsonFormat, Method: r.Method, Source: r.Source, File: r.File, Rows: r.Rows, Dropped: r.Dropped, Alternative: r.Alternative,
		Estimates: []estimate{}, Facts: map[string]any{}, Notes: append([]string{}, r.Notes...), Meaning: r.Meaning,
	}
	for _, e := range r.Estimates {
		out.Estimates = append(out.Estimates, estimate{
			e.ID, e.Name, number(e.Value), number(e.SE), number(e.DF), number(e.Interval.Lo), number(e.Interval.Hi), e.Confidence, number(e.P),
			append([]stats.Warning{}, e.Warnings...),
		})
	}
	for _, f := range r.Facts {
		out.Facts[f.ID] = cellJSON(f.Value)
	}
	if len(r.Tables) > 0 {
		out.Tables = map[string][]map[string]any{}
	}
	for _, t := range r.Tables {
		rows := []map[string]any{}
		for _, row := range t.Rows {
			cells := map[string]any{}
			for i, c := range t.Columns {
				cells[c] = cellJSON(row[i])
			}
			rows = append(rows, cells)
		}
		out.Tables[t.ID] = rows
	}
	return out
}

// warnings are those of all estimates, each once.
func (r *result) warnings() (all []stats.Warning) {
	for _, e := range r.Estimates {
		for _, w := range e.Warnings {
			if !slices.Contains(all, w) {
				all = append(all, w)
			}
		}
	}
	return all
}

func sorted(words []string) []string {
	slices.Sort(words)
	return words
}
