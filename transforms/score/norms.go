package score

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Norm is how the subjects of one category fare by one indicator.
type Norm struct {
	Indicator string
	Level     int     // of the category; 1 the widest, 0: the platform
	Code      int64   // of the category; 0 for the platform
	Entities  int64   // subjects with Norms.MinimumN observations
	Mean      float64 // their pooled x/n; of the platform, where there are none, everybody's
	Strength  float64 // of the prior, in units of n; 0 for means, which are not shrunk
	// Anchors are the quantiles of the category where it has enough entities (Own), else those of the rules.
	Anchors [4]float64
	Own     bool
	// Widened: quantiles met and were moved apart by 10⁻⁶.
	Widened bool
}

// Norms are the norms of one score, measured on the last day of a month and frozen for the next. Subjects are held
// against the most specific of their categories that has anchors of its own. Categories without are there to be
// seen, but for the platform, whose mean always counts.
type Norms struct{ rows []Norm }

// NewNorms takes rows as Rows gave them, in any order. It returns an error if one comes twice or is no norm.
func NewNorms(rows []Norm) (*Norms, error) {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, compareNorms)
	for at, n := range rows {
		if at > 0 && compareNorms(rows[at-1], n) == 0 {
			return nil, fmt.Errorf("norms: %s, level %d, category %d: twice", n.Indicator, n.Level, n.Code)
		}
		if err := n.check(); err != nil {
			return nil, fmt.Errorf("norms: %s, level %d, category %d: %w", n.Indicator, n.Level, n.Code, err)
		}
	}
	return &Norms{rows: rows}, nil
}

// Rows are all norms by indicator, level and code. The slice is the norms' own.
func (n *Norms) Rows() []Norm { return n.rows }

// of are the rows of one indicator; without norms there are none.
func (n *Norms) of(indicator string) []Norm {
	if n == nil {
		return nil
	}
	first, _ := slices.BinarySearchFunc(n.rows, indicator, func(n Norm, id string) int { return cmp.Compare(n.Indicator, id) })
	last := first
	for last < len(n.rows) && n.rows[last].Indicator == indicator {
		last++
	}
	return n.rows[first:last]
}

func compareNorms(a, b Norm) int {
	return cmp.Or(cmp.Compare(a.Indicator, b.Indicator), cmp.Compare(a.Level, b.Level), cmp.Compare(a.Code, b.Code))
}

func (n *Norm) check() error {
	switch {
	case !finite(n.Mean) || n.Mean < 0:
		return fmt.Errorf("mean %v", n.Mean)
	case !finite(n.Strength) || n.Strength < 0:
		return fmt.Errorf("strength %v", n.Strength)
	case !ascending(n.Anchors) || math.IsInf(n.Anchors[3], 0):
		return fmt.Errorf("anchors %v do not ascend", n.Anchors)
	case n.Level < 0:
		return errors.New("no such level")
	}
	return nil
}
