package jobs

import (
	"context"
	"fmt"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/gmv"
)

// DecidedAgain are the lists of a night that was run, decided once more as causes of changes ask for it, with the figures they
// are made of, by name; and the same from all that a night counts.
func DecidedAgain(ctx context.Context, r *Runner, asOf calendar.Day) (again, whole map[string]string, err error) {
	n, err := r.newNight(ctx, asOf)
	if err == nil {
		err = n.takeSnapshot(ctx)
	}
	if err != nil {
		return nil, nil, err
	}
	second := func() *night {
		m := n.secondNight(asOf, n.rules)
		m.partitions, m.previous, m.acceptedChurn = n.partitions, n.previous, "decided again"
		return m
	}
	if again, err = second().told(ctx); err != nil {
		return nil, nil, err
	}
	m := second()
	m.present = n.present
	for _, step := range []func(*night, context.Context) error{(*night).settleRefunds, (*night).countBuyers, (*night).sumGMV} {
		if err := step(m, ctx); err != nil {
			return nil, nil, err
		}
	}
	whole, err = m.told(ctx)
	return again, whole, err
}

// told is what lists look at, and what they decide.
func (n *night) told(ctx context.Context) (map[string]string, error) {
	decided, err := n.outcomes(ctx, nil)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for list, subjects := range decided {
		for code, o := range subjects {
			all[fmt.Sprint("list ", list, " ", code)] = fmt.Sprint(o)
		}
	}
	for _, f := range n.buyers {
		if f.Scope.Role != contract.RoleMerchant && f.Scope.Role != contract.RoleTalent {
			continue
		}
		for _, s := range n.scored {
			if s.scope.Role != f.Scope.Role {
				continue
			}
			for _, code := range s.codes {
				if buyers, repeat := f.R1(code, repeatDays); buyers != 0 {
					all[fmt.Sprint("R1 ", f.Scope.Name(), " ", code)] = fmt.Sprint(buyers, " ", repeat)
				}
			}
		}
	}
	for _, s := range n.scopes() {
		if s.Role == contract.RolePlatform {
			continue
		}
		n.eachSettled(s.Role, func(code int64, f gmv.Settled) {
			if f != (gmv.Settled{}) {
				all[fmt.Sprint("settled ", s.Name(), " ", code)] = fmt.Sprint(f)
			}
		})
	}
	return all, nil
}

// FramesKept is how many frames are kept for the night that is decided again.
func FramesKept(r *Runner) int {
	if r.state.again == nil {
		return 0
	}
	return len(r.state.again.frames)
}
