package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/gmv"
	"github.com/windvane/windvane/transforms/repeat"
	"github.com/windvane/windvane/transforms/rollup"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/score"
)

// splitCauses tells of those who entered or left lists why: tonight is decided again by the rules of the run before, if
// they were others, and the run before from its days as they are read tonight, if they were corrected. A night without
// either decides nothing twice.
func (n *night) splitCauses(ctx context.Context, pages []*eligibility.Page) error {
	if n.previous == nil || n.again || !slices.ContainsFunc(pages, func(p *eligibility.Page) bool { return p.RankBefore != nil && p.Decision.Moved() }) {
		return nil
	}
	before := n.rulesBefore()
	if before == nil {
		n.note(fmt.Sprintf("why subjects entered or left lists is not told: the rules of %s, version %s, are not among those configured",
			n.previous.manifest.AsOf, n.previous.manifest.ScoreRules.Version))
		return nil
	}
	gone, data := goneFrom(pages), outcomesOf(pages)
	if before.Digest() != n.rules.Digest() {
		var err error
		if data, err = n.withRules(before).outcomes(ctx, gone); err != nil {
			return err
		}
	}
	corrected, known, err := n.runBefore(ctx, before, gone)
	if err != nil {
		return err
	}
	for _, p := range pages {
		p.GoneCauses = splitGone(p, corrected, data, known)
		if p.RankBefore == nil || p.Decision.Kept {
			continue
		}
		p.Causes = &eligibility.Split{Was: p.Was, Corrected: p.Was, Data: data.on(p), Now: p.Decision.Outcome(), LateKnown: known}
		if corrected != nil {
			p.Causes.Corrected = corrected.on(p)
		}
	}
	return nil
}

// goneFrom are the codes of members that are no subjects any more, by role.
func goneFrom(pages []*eligibility.Page) map[int][]int64 {
	codes := map[int][]int64{}
	for _, p := range pages {
		for _, m := range p.Decision.Gone() {
			codes[p.Role] = append(codes[p.Role], m.Code)
		}
	}
	return codes
}

// splitGone tells why members left that are no subjects any more. Who is none on tonight's days has lost no place to others, whatever
// place it had: all of that step is data. On a kept list whoever is a subject stays, so there the steps are of who is one.
func splitGone(p *eligibility.Page, corrected, data outcomes, known bool) *eligibility.Split {
	s := &eligibility.Split{LateKnown: known}
	add := func(to *eligibility.Outcome, o outcome) {
		to.Member, to.Entitled = append(to.Member, o.member), append(to.Entitled, o.entitled)
	}
	for _, m := range p.Decision.Gone() {
		was, now := outcome{true, m.Entitled, true}, data.of(p)[m.Code]
		then := was
		if corrected != nil {
			then = corrected.of(p)[m.Code]
		}
		if p.Decision.Kept {
			then.member, then.entitled, now.member, now.entitled = then.subject, then.subject, now.subject, now.subject
		}
		if !now.subject {
			then.entitled = then.member
		}
		add(&s.Was, was)
		add(&s.Corrected, then)
		add(&s.Data, now)
		add(&s.Now, outcome{})
	}
	return s
}

// askedAgainBytes is what frames may take that are read for tonight and for the night that is decided again; 0: there is none, or
// frames are kept anyway.
func (n *night) askedAgainBytes() int64 {
	if !n.runner.OneNight || !n.decidesAgain() {
		return 0
	}
	return min(askedAgainCache, n.runner.Settings.CacheBytes-n.runner.cacheBytes())
}

// decidesAgain tells whether causes ask for the lists of another night, if anybody moves.
func (n *night) decidesAgain() bool {
	if n.previous == nil {
		return false
	}
	before := n.rulesBefore()
	if before == nil {
		return false
	}
	return before.Digest() != n.rules.Digest() ||
		n.runner.Settings.LateCauses && n.corrected(n.partitionsBefore(n.secondNight(n.previous.manifest.AsOf, before)))
}

// note warns of what follows from other rules; who simulates some expects it.
func (n *night) note(warning string) {
	if n.runner.simulation == nil {
		n.warnings = append(n.warnings, warning)
	}
}

// rulesBefore are the rules of the run before, nil if they are not at hand.
func (n *night) rulesBefore() *rules.Rules {
	digest := n.previous.manifest.ScoreRules.Digest
	if n.rules.Digest() == digest {
		return n.rules
	}
	set := n.runner.Settings.Rules
	for i := range set {
		if set[i].Digest() == digest {
			return &set[i]
		}
	}
	return nil
}

// runBefore decides the lists of the run before again, from its days as they are read tonight; nil: they are read as
// they were, or that is not to be told. Published nights alone are looked at, so it does not matter what is cached.
func (n *night) runBefore(ctx context.Context, r *rules.Rules, gone map[int][]int64) (corrected outcomes, known bool, err error) {
	m := n.secondNight(n.previous.manifest.AsOf, r)
	m.partitions = n.partitionsBefore(m)
	if !n.corrected(m.partitions) {
		return nil, true, nil
	}
	if !n.runner.Settings.LateCauses {
		return nil, false, nil
	}
	m.acceptedChurn = n.previous.manifest.AcceptedChurn // what it held, it holds again
	if m.previous, err = n.restedOn(ctx); err != nil {
		return nil, false, err
	}
	corrected, err = m.outcomes(ctx, gone)
	return corrected, err == nil, err
}

// partitionsBefore are the partitions that the night of the run before would rest on if it were made tonight. Days that
// tonight no longer looks at are as they were.
func (n *night) partitionsBefore(m *night) map[string][]Partition {
	all := map[string][]Partition{}
	for _, t := range rollup.Sources() {
		for _, p := range n.previous.manifest.Partitions[t.Name] {
			if p, ok := n.carry(t.Name, p); ok && p.Day >= m.firstOf(t.Name) && p.Day < n.firstOf(t.Name) {
				all[t.Name] = append(all[t.Name], p)
			}
		}
		for _, p := range n.partitions[t.Name] {
			if p.Day >= m.firstOf(t.Name) && p.Day <= m.asOf {
				all[t.Name] = append(all[t.Name], p)
			}
		}
	}
	return all
}

// corrected tells whether the run before rested on other partitions.
func (n *night) corrected(now map[string][]Partition) bool {
	return slices.ContainsFunc(rollup.Sources(), func(t *contract.Table) bool {
		return !slices.EqualFunc(n.previous.manifest.Partitions[t.Name], now[t.Name], samePartition)
	})
}

func samePartition(a, b Partition) bool { return a.Day == b.Day && a.Digest == b.Digest }

// restedOn is the commit that the run before rested on, nil: it was a cold start.
func (n *night) restedOn(ctx context.Context) (*committed, error) {
	ref := n.previous.manifest.Previous
	if ref == nil {
		return nil, nil
	}
	c, err := readCommitOf(ctx, n.previous.lake, n.previous.record.Job, ref)
	if s := n.runner.simulation; s != nil && c == nil && err == nil { // the first simulated night rests on a published one
		c, err = readCommitOf(ctx, s.base, s.job, ref)
	}
	if errors.Is(err, lake.ErrNotFound) { // collected since its night was retired
		c, err = nil, nil
	}
	if c == nil && err == nil {
		err = fmt.Errorf("%w: commit %d of %s, which the night of %s rests on, is gone; verify tells more, and late_causes: false does without it",
			ErrDamaged, ref.Sequence, ref.AsOf, n.previous.manifest.AsOf)
	}
	return c, err
}

// readCommitOf reads the commit that a reference pins, nil if it is not there.
func readCommitOf(ctx context.Context, out *lake.Lake, job string, ref *CommitRef) (*committed, error) {
	records, err := out.Commits(ctx, job, ref.AsOf.String())
	if err != nil {
		return nil, fmt.Errorf("read commits of %s: %w", ref.AsOf, err)
	}
	at := slices.IndexFunc(records, func(r lake.CommitRecord) bool {
		return r.Sequence == ref.Sequence && r.ManifestSHA256 == ref.ManifestSHA256
	})
	if at < 0 {
		return nil, nil
	}
	return readManifest(ctx, out, records[at])
}

// outcome of one subject on one list; subject: it was asked for, and is one.
type outcome struct{ member, entitled, subject bool }

// outcomes are those of a night's lists, by list and code of the subject.
type outcomes map[string]map[int64]outcome

func outcomesOf(pages []*eligibility.Page) outcomes {
	all := outcomes{}
	for _, p := range pages {
		o, byCode := p.Decision.Outcome(), make(map[int64]outcome, len(p.Codes))
		for i, code := range p.Codes {
			if o.Member[i] || o.Entitled[i] {
				byCode[code] = outcome{member: o.Member[i], entitled: o.Entitled[i]}
			}
		}
		all[listName(p)] = byCode
	}
	return all
}

// listName tells lists of other subjects apart that go by the same id.
func listName(p *eligibility.Page) string { return p.List.Role + " " + p.List.ID }

// on are the outcomes of a page's subjects; who was not considered is on no list.
func (o outcomes) on(p *eligibility.Page) eligibility.Outcome {
	out := eligibility.Outcome{Member: make([]bool, len(p.Codes)), Entitled: make([]bool, len(p.Codes))}
	byCode := o.of(p)
	for i, code := range p.Codes {
		x := byCode[code]
		out.Member[i], out.Entitled[i] = x.member, x.entitled
	}
	return out
}

// of are the outcomes of a page's list, by code.
func (o outcomes) of(p *eligibility.Page) map[int64]outcome {
	if byCode, ok := o[listName(p)]; ok {
		return byCode
	}
	return o[p.List.Role+" "+p.List.Formerly] // by rules under which it had another id
}

// secondNight is a night of which nothing is published.
func (n *night) secondNight(asOf calendar.Day, r *rules.Rules) *night {
	return &night{runner: n.runner, id: n.id, asOf: asOf, first: asOf - calendar.Day(n.runner.Settings.HistoryDays) + 1, types: n.types, rules: r, again: true,
		present: calendar.Presence{}, measured: map[int]*score.Norms{}}
}

// withRules is tonight by other rules. Figures that no rule is asked for are tonight's.
func (n *night) withRules(r *rules.Rules) *night {
	m := n.secondNight(n.asOf, r)
	m.previous, m.partitions, m.normsBefore, m.acceptedChurn = n.previous, n.partitions, n.normsBefore, "decided again"
	m.refunds, m.buyers, m.sums = n.refunds, n.buyers, n.sums
	return m
}

// outcomes decides the lists of a second night. It tells by role and code who of those that are gone tonight is a subject there.
func (n *night) outcomes(ctx context.Context, gone map[int][]int64) (outcomes, error) {
	defer n.release()
	for _, p := range n.partitions[contract.Orders.Name] {
		n.present[p.Day] = true
	}
	steps := []func(*night, context.Context) error{(*night).comparePrices, (*night).computeScores}
	if n.sums == nil { // else tonight's serve
		steps = append([]func(*night, context.Context) error{(*night).settleRefunds, (*night).sumForLists}, steps...)
	}
	for _, step := range steps {
		if err := step(n, ctx); err != nil {
			return nil, fmt.Errorf("decide lists of %s again: %w", n.asOf, err)
		}
	}
	pages, err := n.decidePages(ctx)
	if err != nil {
		return nil, fmt.Errorf("decide lists of %s again: %w", n.asOf, err)
	}
	all := outcomesOf(pages)
	for _, p := range pages {
		for _, code := range gone[p.Role] {
			if n.scored[p.Role].rows.Row(code) >= 0 {
				o := all[listName(p)][code]
				o.subject = true
				all[listName(p)][code] = o
			}
		}
	}
	return all, nil
}

// sumForLists counts of buyers and adds up of sales what scores and lists are made of, which is little of what a night publishes:
// R1 of shops and talents over repeatDays (notRepeat), and settled sums of settledDays (settledOf) of all that are scored and of
// categories.
func (n *night) sumForLists(ctx context.Context) error {
	var repeating, selling []contract.Scope
	for _, s := range n.scopes() {
		if s.Role == contract.RoleMerchant || s.Role == contract.RoleTalent {
			repeating = append(repeating, s)
		}
		if s.Role != contract.RolePlatform {
			selling = append(selling, s)
		}
	}
	n.buyers = make([]*repeat.Figures, len(repeating))
	first := n.asOf - repeatDays + 1
	var undone *repeat.Undone
	if n.refunds != nil {
		undone = repeat.NewUndone(n.refunds, first)
	}
	err := n.countScopes(ctx, rollup.BuyersOf, first, slices.All(repeating), func(ctx context.Context, i int, s contract.Scope, workers int) (err error) {
		in := repeat.Input{AsOf: n.asOf, Scope: s, First: n.first, Undone: undone, Compare: n.runner.ids.CompareText(s.Domain, contract.NoSubject), Workers: workers}
		n.buyers[i], err = n.countScope(ctx, in, first)
		return err
	})
	if err != nil {
		return err
	}
	n.settled = make([]*gmv.SettledSums, len(contract.Roles))
	refunds, first := n.placedRefunds(), n.asOf-settledDays-gmv.Lag30+1
	return n.countScopes(ctx, rollup.SalesOf, first, slices.All(selling), func(ctx context.Context, _ int, s contract.Scope, _ int) (err error) {
		days := n.passing(ctx, rollup.SalesOf(s), first, gmv.SettledColumns(s)...)
		n.settled[s.Role], err = gmv.SumSettled(n.asOf, s, settledDays, days, refunds)
		return err
	})
}
