package eligibility_test

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/transforms/eligibility"
)

// Subjects are judged a range at a time, so there have to be more than one range has.
func TestManyWorkersDecideAsOneDoes(t *testing.T) {
	l, s, h, b := crowd(20_000)
	one := decided(theRules(), l, asOf, s, h, b, nil, false)
	columns := s.subjects()
	columns.Workers = 3
	many := eligibility.Decide(theRules(), l, asOf, columns, h, b, nil, false)
	if diff := gocmp.Diff(lines(one), lines(many)); diff != "" {
		t.Error(diff)
	}
}

// What is asked of a decision stays the same when it lets go of its columns.
func TestPackedDecisionsSayTheSame(t *testing.T) {
	l, s, h, b := crowd(3000)
	d := decided(theRules(), l, asOf, s, h, b, map[int]eligibility.Override{7: {Action: eligibility.Allow}, 8: {Action: eligibility.Deny}}, false)
	type said struct {
		needs   eligibility.Need
		since   int64
		changed bool
	}
	type all struct {
		outcome               eligibility.Outcome
		entered, left, before int
		share                 float64
		moved                 bool
		subjects              []said
	}
	tell := func() (a all) {
		a.outcome, a.moved = d.Outcome(), d.Moved()
		a.entered, a.left, a.before, a.share = d.Churn()
		for i := range s.N {
			needs := d.Needs(i)
			if needs.By != needs.By {
				needs.By = -1e9
			}
			a.subjects = append(a.subjects, said{needs, int64(d.GateSince(i, 0)), d.Qualifies(i, eligibility.Change{Own: 490, Quality: 480})})
		}
		return a
	}
	want := tell()
	d.Pack()
	if diff := gocmp.Diff(want, tell(), gocmp.AllowUnexported(all{}, said{})); diff != "" {
		t.Error(diff)
	}
	if want.entered == 0 || want.left == 0 || d.Member != nil {
		t.Errorf("%d entered, %d left, %d columns kept: the test tells little", want.entered, want.left, len(d.Member))
	}
}
