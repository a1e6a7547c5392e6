package rules

import "github.com/windvane/windvane/transforms/calendar"

// Set is the versions of the rules in the order of their EffectiveFrom.
type Set []Rules

// On is the version that holds for an as-of date: the last one that is effective on it. There is none, nil,
// if the first begins later.
func (s Set) On(asOf calendar.Day) *Rules {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i].EffectiveFrom <= asOf {
			return &s[i]
		}
	}
	return nil
}
