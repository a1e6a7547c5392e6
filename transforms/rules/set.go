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

// Lookback is how many runs, one a day, lists look back on at most: means of 7, 20 of 30.
const Lookback = 30

// Before is the version that was in force until r, if a list of the as-of date still looks back on its days: each run of a
// mean or a streak stands as the rules of its own night judged it. Nil: r alone was in force, or is not of the set.
func (s Set) Before(r *Rules, asOf calendar.Day) *Rules {
	for i := range s {
		if &s[i] == r && i > 0 && r.EffectiveFrom > asOf-Lookback+1 {
			return &s[i-1]
		}
	}
	return nil
}
