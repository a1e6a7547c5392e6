package jobs

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
)

// A simulation makes nights by the same code as Run, with other rules and another place to write to: what it says of
// a change of rules is what a real run with it does. What is published is read and never written.

// Jobs of simulated nights in the scratch lake.
const (
	TriedJob = "simulated" // under the rules that are tried
	OwnJob   = "own-rules" // under the deployment's own, where nothing is published
)

// SimulateOptions say what Simulate tries.
type SimulateOptions struct {
	Rules    rules.Rules // tried on every date, whatever their effective_from
	From, To calendar.Day
	Lists    []string // lists to tell of; none: all
}

// Validate refuses dates in the wrong order, rules that Settings.Validate refuses as well, and lists that neither the rules
// tried nor the deployment's own, own, have.
func (o SimulateOptions) Validate(own rules.Set) error {
	var errs []error
	if o.To < o.From {
		errs = append(errs, fmt.Errorf("--to %s lies before --from %s", o.To, o.From))
	}
	if err := o.Rules.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("rules: %w", err))
	}
	errs = append(errs, checkDimensions(&o.Rules), checkReach(&o.Rules))
	known := listIDs(own, o.Rules)
	for _, id := range o.Lists {
		if !slices.Contains(known, id) {
			errs = append(errs, fmt.Errorf("--list: %q is none of %s", id, strings.Join(known, ", ")))
		}
	}
	return errors.Join(errs...)
}

// listIDs are the lists of some rules and of any version of others, in order.
func listIDs(own rules.Set, tried rules.Rules) (ids []string) {
	for _, r := range append([]rules.Rules{tried}, own...) {
		for _, l := range r.Lists {
			if !slices.Contains(ids, l.ID) {
				ids = append(ids, l.ID)
			}
		}
	}
	return ids
}

// simulation is what makes a runner's nights simulated ones. All methods take nil: the nights are published.
type simulation struct {
	base  *lake.Lake   // what is published and its state; read only
	job   string       // under which
	until calendar.Day // nights rest on published ones before this day
}

func (s *simulation) readFrom() *lake.Lake {
	if s == nil {
		return nil
	}
	return s.base
}

// notSimulated are steps that no score, no list and no quota looks at.
var notSimulated = []string{"fives", "product_test", "overview", "quality", "gates"}

func (s *simulation) steps() []Step {
	if s == nil {
		return Steps()
	}
	return slices.DeleteFunc(Steps(), func(step Step) bool { return slices.Contains(notSimulated, step.Name) })
}

// publications are the tables that are written: in a simulation those that rest on rules.
func (s *simulation) publications() []*contract.Table {
	if s == nil {
		return contract.Publications()
	}
	tables := []*contract.Table{contract.PricePower, contract.ProductScore, contract.ShopScore, contract.TalentScore, contract.ScoreIndicators, contract.ScoreNorms}
	tables = append(tables, historyTables...)
	for _, r := range resources {
		tables = append(tables, r.table)
	}
	return append(tables, contract.EligibilityGates, contract.ChuanliuLift, contract.ChuanliuProgramme, contract.ChuanliuCaps, contract.TalentRewards, contract.TrafficQuota)
}

// commitToRestOn is the newest commit before a night, of the last CommitGapDays; nil: there is none, a cold start. Of a
// date it is the simulated one, or else the published one.
func (r *Runner) commitToRestOn(ctx context.Context, asOf calendar.Day) (*committed, error) {
	for day := asOf - 1; day >= asOf-calendar.Day(r.Settings.CommitGapDays); day-- {
		c, err := r.readCommit(ctx, day)
		if s := r.simulation; s != nil && c == nil && err == nil && day < s.until {
			c, err = readNewest(ctx, s.base, s.job, day)
		}
		if c != nil || err != nil {
			return c, err
		}
	}
	return nil, nil
}

// simulating is a runner that makes nights of a job in scratch under some rules. They rest on nights that r has
// published before until.
func (r *Runner) simulating(scratch *lake.Lake, job string, set rules.Set, until calendar.Day) *Runner {
	settings := r.Settings
	settings.Job, settings.Rules = job, set
	return &Runner{In: r.In, Out: scratch, Settings: settings, Inputs: r.Inputs, Now: r.Now, NewRunID: r.NewRunID, Version: r.Version, Host: r.Host, Log: r.Log,
		Spill: r.Spill, OnProgress: r.OnProgress, DaysOnly: r.DaysOnly, AcceptChurn: "simulated",
		simulation: &simulation{r.Out, r.Settings.Job, until}}
}

// Simulate tells what the lists of some nights would have been under other rules. It publishes nothing and writes
// nothing to Out: the simulated tables, and rollups that are missing, go to scratch, which must be empty.
//
// The night of the first date rests on what is published of the day before, or is a cold start; each later one rests
// on the simulated night before. It is held against what is published of its date, or else against a night under the
// deployment's own rules, made likewise. No list is held back because it turns over too much.
//
// It fails as Run does. Options that Validate refuses are the caller's to catch.
func (r *Runner) Simulate(ctx context.Context, scratch *lake.Lake, o SimulateOptions) (*Simulation, error) {
	if err := o.Validate(r.Settings.Rules); err != nil {
		return nil, err
	}
	if err := r.list(ctx); err != nil {
		return nil, err
	}
	before, err := r.baselines(ctx, scratch, o)
	if err != nil {
		return nil, err
	}
	s := &Simulation{From: o.From, To: o.To, Rules: RulesRef{o.Rules.Version, o.Rules.Digest()}, Small: smallDefinition}
	tried := o.Rules
	tried.EffectiveFrom = min(tried.EffectiveFrom, o.From)
	runner, only := r.simulating(scratch, TriedJob, rules.Set{tried}, o.From), withRenamed(o.Lists, &tried)
	for i, was := range before {
		night, err := runner.simulateNight(ctx, o.From+calendar.Day(i))
		if err != nil {
			return nil, err
		}
		told, err := compareNights(ctx, was, night, only, &tried, r.Settings.Rules.On(night.asOf))
		if err != nil {
			return nil, fmt.Errorf("compare lists of %s: %w", night.asOf, err)
		}
		if len(only) == 0 || slices.Contains(only, tried.Pool.List) {
			if told.Quota, err = compareQuotas(ctx, was, night); err != nil {
				return nil, fmt.Errorf("compare quotas of %s: %w", night.asOf, err)
			}
		}
		s.Nights = append(s.Nights, told)
	}
	s.addUp()
	slices.Reverse(s.Nights)
	return s, nil
}

// madeNight is a night to compare.
type madeNight struct {
	asOf     calendar.Day
	commit   *committed
	cold     bool
	notes    []string
	baseline Baseline

	held  map[string]string          // by list: why the churn gate would keep that of the run before
	large map[string]map[string]bool // by role: ids of subjects beyond the lower half; see smallDefinition
}

// baselines are the nights that simulated ones are held against, by date.
func (r *Runner) baselines(ctx context.Context, scratch *lake.Lake, o SimulateOptions) ([]*madeNight, error) {
	own := r.simulating(scratch, OwnJob, r.Settings.Rules, math.MaxInt32)
	var all []*madeNight
	for day := o.From; day <= o.To; day++ {
		c, err := r.readCommit(ctx, day)
		if err != nil {
			return nil, err
		}
		var night *madeNight
		if c != nil {
			night, err = r.publishedNight(ctx, c)
		} else {
			night, err = own.simulateNight(ctx, day)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, night)
	}
	return all, nil
}

// publishedNight is a published night, with what keeps it from being compared with a night of today.
func (r *Runner) publishedNight(ctx context.Context, c *committed) (*madeNight, error) {
	m := c.manifest
	n := &madeNight{asOf: m.AsOf, commit: c, cold: m.Previous == nil, baseline: Baseline{Published: true, Sequence: c.record.Sequence, Rules: m.ScoreRules}}
	status, kept, err := r.look(ctx, m.AsOf)
	if err != nil {
		return nil, err
	}
	if kept != "" {
		n.notes = append(n.notes, kept)
	}
	if status != Done {
		n.notes = append(n.notes, "what is published rests on other inputs, rules or another night before than are there now: a part of what moves may come from that")
	}
	for _, g := range m.Gates {
		if id, _, ok := heldList(g); ok && !g.Passed {
			n.notes = append(n.notes, fmt.Sprintf("the published list %s is that of the run before, kept since too much of it would have turned over; a simulation keeps none", id))
		}
	}
	return n, nil
}

// simulateNight makes one night in the scratch lake.
func (r *Runner) simulateNight(ctx context.Context, asOf calendar.Day) (*madeNight, error) {
	n, err := r.newNight(ctx, asOf)
	if err != nil {
		return nil, err
	}
	defer n.release()
	if err := n.run(ctx); err != nil {
		return nil, fmt.Errorf("night %s under rules %s: %w", asOf, n.rules.Version, err)
	}
	made := &madeNight{asOf: asOf, cold: n.previous == nil, held: map[string]string{}, large: map[string]map[string]bool{},
		baseline: Baseline{Rules: RulesRef{n.rules.Version, n.rules.Digest()}, Cold: n.previous == nil}}
	for _, w := range n.warnings {
		made.notes = append(made.notes, fmt.Sprintf("simulated under rules %s: %s", n.rules.Version, w))
	}
	for _, g := range n.churnGates {
		if id, why, ok := heldList(g); ok {
			made.held[id] = why
		}
	}
	for role, name := range contract.ScoreRoles {
		made.large[name] = n.upperHalf(role)
	}
	made.commit, err = r.readCommit(ctx, asOf)
	return made, err
}

// heldList takes the gate of a list that turns over too much apart; see night.holdOrAccept.
func heldList(g Gate) (id, why string, ok bool) {
	rest, ok := strings.CutPrefix(g.Detail, "list ")
	id, why, found := strings.Cut(rest, ": ")
	why, _, _ = strings.Cut(why, "; ")
	return id, why, ok && found && g.Name == "churn"
}

// smallDefinition says who is small.
const smallDefinition = "small: a shop with no more valid orders of 30 days than the median shop that has any; products go by their shop, talents by their own orders among talents"

// upperHalf are the ids of a role's subjects with more valid orders of 30 days than the median of those that have any.
func (n *night) upperHalf(role int) map[string]bool {
	s := n.scored[role]
	var orders []int64
	for i := range s.codes {
		if o := s.sums.Recent.At(i); o > 0 {
			orders = append(orders, o)
		}
	}
	large := map[string]bool{}
	if len(orders) == 0 {
		return large
	}
	slices.Sort(orders)
	median := orders[(len(orders)-1)/2]
	var id []byte
	for i, code := range s.codes {
		if s.sums.Recent.At(i) > median {
			id = n.runner.ids.AppendText(id[:0], s.scope.Domain, code)
			large[string(id)] = true
		}
	}
	return large
}

// small tells whether a subject of a list counts as a small merchant's; one whose shop is not known does not.
func (m *madeNight) small(role, subject, merchant string) bool {
	if role == contract.ScoreRoles[contract.ScoreProduct] {
		role, subject = contract.ScoreRoles[contract.ScoreMerchant], merchant
	}
	return subject != "" && !m.large[role][subject]
}

// withRenamed are lists by their ids and, of those that the rules tried have renamed, by their new ids too.
func withRenamed(ids []string, tried *rules.Rules) []string {
	all := slices.Clone(ids)
	for _, l := range tried.Lists {
		if l.Formerly != "" && slices.Contains(ids, l.Formerly) {
			all = append(all, l.ID)
		}
	}
	return all
}

// listsOf are the lists of the rules tried and then those that only the own rules have, but for those that go on under another id. Own may
// be nil.
func listsOf(tried, own *rules.Rules) (all []rules.List) {
	all = slices.Clone(tried.Lists)
	if own == nil {
		return all
	}
	for _, l := range own.Lists {
		if !slices.ContainsFunc(tried.Lists, func(o rules.List) bool {
			return o.Resource == l.Resource && (o.ID == l.ID || o.Formerly == l.ID && o.Role == l.Role && !slices.Contains(listIDs(nil, *own), o.ID))
		}) {
			all = append(all, l)
		}
	}
	return all
}
