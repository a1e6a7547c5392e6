package eligibility_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/windvane/windvane/transforms/eligibility"
	"pgregory.net/rapid"
)

// Causes add up to the movement, a step between equal lists is nothing, and on a night that nothing changed nobody has any.
func TestCausesAddUp(t *testing.T) {
	draw := func(t *rapid.T) eligibility.Outcome {
		return eligibility.Outcome{Member: []bool{rapid.Bool().Draw(t, "member")}, Entitled: []bool{rapid.Bool().Draw(t, "entitled")}}
	}
	rapid.Check(t, func(t *rapid.T) {
		was := draw(t)
		s := eligibility.Split{Was: was, Corrected: was, Data: was, Now: was}
		if got := s.Of(0); got != (eligibility.Causes{}) {
			t.Fatalf("nothing changed: %+v", got)
		}
		corrections, days, rules := rapid.Bool().Draw(t, "corrections"), rapid.Bool().Draw(t, "days"), rapid.Bool().Draw(t, "rules")
		if corrections {
			s.Corrected = draw(t)
		}
		if s.Data = s.Corrected; days {
			s.Data = draw(t)
		}
		if s.Now = s.Data; rules {
			s.Now = draw(t)
		}
		c := s.Of(0)
		moved := 0
		if s.Now.Member[0] {
			moved++
		}
		if was.Member[0] {
			moved--
		}
		if sum := c.Data + c.Others + c.Late + c.Rules; sum != moved {
			t.Fatalf("%+v add up to %d, moved %d", c, sum, moved)
		}
		if !corrections && c.Late != 0 || !days && (c.Data != 0 || c.Others != 0) || !rules && c.Rules != 0 {
			t.Fatalf("%+v, but corrections %v, days %v, rules %v", c, corrections, days, rules)
		}
	})
}

func TestCausesInWords(t *testing.T) {
	const out, in, capped, cold = 0, 1, 2, 3
	of := func(state int) eligibility.Outcome {
		return eligibility.Outcome{Member: []bool{state == in || state == cold}, Entitled: []bool{state == in || state == capped}}
	}
	for _, c := range []struct {
		name                      string
		was, corrected, data, now int
		want                      eligibility.Causes
	}{
		{"its gates passed for the third time", out, out, in, in, eligibility.Causes{Data: 1}},
		{"it fell behind another of its shop", in, in, capped, capped, eligibility.Causes{Others: -1}},
		{"a place of its shop came free", capped, capped, in, in, eligibility.Causes{Others: 1}},
		{"a place for cold start went to another", cold, cold, out, out, eligibility.Causes{Others: -1}},
		{"a ticket of last week came late", in, out, out, out, eligibility.Causes{Late: -1}},
		{"the threshold was raised", in, in, in, out, eligibility.Causes{Rules: -1}},
		{"its gates failed, and lower thresholds take it in again, on another's place", capped, capped, out, in, eligibility.Causes{Data: -1, Others: 1, Rules: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := eligibility.Split{Was: of(c.was), Corrected: of(c.corrected), Data: of(c.data), Now: of(c.now)}
			if diff := cmp.Diff(c.want, s.Of(0)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
