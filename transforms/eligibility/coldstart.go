package eligibility

import "slices"

// coldStart gives the places kept for subjects without a score, by the quality of their information, after all
// other members of their category. Of P places it keeps the share, so that P = members / (1 − share). Where the
// scales give nothing without a score there is no cold start.
func (d *Decision) coldStart(p *places) {
	reserve := reserved(d.list.ColdStart, d.members())
	multiplier := weightWithoutScore(d.scales)
	if reserve == 0 || multiplier == 0 {
		return
	}
	for _, subject := range d.newcomers() {
		if reserve == 0 {
			return
		}
		if !p.take(subject) {
			continue
		}
		p.seat(subject)
		d.Reasons[subject].add(ColdStart)
		d.Level[subject], d.Multiplier[subject] = NoLevel, multiplier
		reserve--
	}
}

// reserved places beside so many members.
func reserved(part float64, members int) int {
	m := millionths(part)
	if m <= 0 || m >= 1_000_000 {
		return 0
	}
	all := int64(members) * 1_000_000 / (1_000_000 - m)
	return int(share(part, all))
}

// newcomers are the subjects that cold start is for, best information first.
func (d *Decision) newcomers() []int32 {
	var all []int32
	for i, cold := range d.s.ColdStart {
		if cold && !d.Member[i] && d.newcomer(i) {
			all = append(all, int32(i))
		}
	}
	if d.s.Info != nil {
		slices.SortStableFunc(all, func(a, b int32) int {
			x, y := descending(d.s.Info(int(a))), descending(d.s.Info(int(b)))
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		})
	}
	return all
}

// newcomer tells whether a subject fails for want of a score and for nothing else, and nobody decided about it.
func (d *Decision) newcomer(subject int) bool {
	reasons := d.Reasons[subject]
	if reasons.Has(OverrideDeny) || reasons.Has(OverrideOptOut) || d.Failed[subject] == 0 {
		return false
	}
	return !reasons.Has(GateFailed) && !reasons.Has(ShortHistory) && !reasons.Has(Unknown)
}

// members of tonight so far.
func (d *Decision) members() int {
	n := 0
	for _, m := range d.Member {
		if m {
			n++
		}
	}
	return n
}
