// Package words says in Chinese what published tables hold as ids and codes, for operations staff and for what they
// tell merchants. The English ids stay the stable names: whoever prints a word prints the id beside it, or can.
//
// Three kinds of words come from three places. Scores, dimensions, indicators, grades and lists are named by the
// rules that a night went by (Book). Codes of the contract, columns and measures are named here. Sentences about
// what would have to change are put together in change.go.
//
// What nobody named is shown as its id, so that a list added to the rules is never without a title.
package words

import (
	"github.com/windvane/windvane/transforms/rules"
)

// Book names what the rules declare. A nil Rules names everything by its id.
type Book struct {
	Rules *rules.Rules
	// Exact tells whether Rules are those that the night went by; else they lend their names alone.
	Exact bool
	// Before is the version that was in force earlier in the 30 days that lists look back on; nil: Rules alone were.
	Before *rules.Rules
}

// score is the declaration of a role's score, nil if the role has none.
func (b Book) score(role string) *rules.Score {
	if b.Rules == nil {
		return nil
	}
	switch role {
	case "product":
		return &b.Rules.Product
	case "merchant":
		return &b.Rules.Shop
	case "talent":
		return &b.Rules.Talent
	}
	return nil
}

// Indicator is the name of an indicator of a role's score.
func (b Book) Indicator(role, id string) string {
	if s := b.score(role); s != nil {
		for _, d := range s.Dimensions {
			for _, in := range d.Indicators {
				if in.ID == id {
					return in.Name
				}
			}
		}
	}
	return id
}

// Dimension is the name of a dimension of a role's score.
func (b Book) Dimension(role, id string) string {
	if s := b.score(role); s != nil {
		for _, d := range s.Dimensions {
			if d.ID == id {
				return d.Name
			}
		}
	}
	return id
}

// Order are the indicators of a role's score in the order of the rules.
func (b Book) Order(role string) []string {
	var ids []string
	if s := b.score(role); s != nil {
		for _, d := range s.Dimensions {
			for _, in := range d.Indicators {
				ids = append(ids, in.ID)
			}
		}
	}
	return ids
}

// Grade is what staff read for a grade.
func (b Book) Grade(name string) string {
	if b.Rules != nil {
		for _, g := range b.Rules.Grades {
			if g.Name == name {
				return g.Label
			}
		}
	}
	return name
}

// ListRules is the declaration of a list, nil if the rules have none of that id.
func (b Book) ListRules(id string) *rules.List {
	if b.Rules != nil {
		for i := range b.Rules.Lists {
			if b.Rules.Lists[i].ID == id {
				return &b.Rules.Lists[i]
			}
		}
	}
	return nil
}

// List is the name of a list.
func (b Book) List(id string) string {
	if l := b.ListRules(id); l != nil && l.Name != "" {
		return l.Name
	}
	return id
}

// GateRules is the declaration of a gate, nil if the rules have none of that id.
func (b Book) GateRules(list, id string) *rules.Gate {
	if l := b.ListRules(list); l != nil {
		for i := range l.Gates {
			if l.Gates[i].ID == id {
				return &l.Gates[i]
			}
		}
	}
	return nil
}

// measureOf is what a gate looks at. Where no rules tell, gates are taken to be called like their measures.
func (b Book) measureOf(list, gate string) string {
	if g := b.GateRules(list, gate); g != nil {
		return g.Measure
	}
	return gate
}

// Grants is what a level brings, in words; empty: the rules say nothing, or are not those of the night.
func (b Book) Grants(list, level string) string {
	l := b.ListRules(list)
	if !b.Exact || l == nil || len(l.Levels) == 0 {
		return ""
	}
	for _, s := range l.Levels[0].Steps {
		if s.Level == level {
			return s.Grants
		}
	}
	return ""
}
