package jobs

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/gmv"
	"github.com/windvane/windvane/transforms/lift"
	"github.com/windvane/windvane/transforms/repeat"
	"github.com/windvane/windvane/transforms/rollup"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/score"
)

// night is one run for one as-of date: what its steps hand to each other.
type night struct {
	runner *Runner
	id     string
	asOf   calendar.Day
	first  calendar.Day // of the history kept

	previous   *committed // the commit it rests on: the newest of the nearest earlier date; nil: a cold start
	current    *committed // the newest commit of this day; nil: none yet
	types      contract.IDTypes
	digests    sync.Map               // of the rules of tables, see rulesUnder
	partitions map[string][]Partition // by table, ascending
	present    calendar.Presence      // days with orders
	done       bool                   // the current commit is what this night would publish
	reduced    atomic.Int64
	started    time.Time
	spilled    int64 // bytes, by the nights before this one
	warnings   []string

	newPartitions, inputRows, rejected int64 // of the partitions that the commit before did not rest on

	rules       *rules.Rules         // in force on the as-of date
	normsBefore *column.Frame        // score_norms of the previous commit, once it was read
	measured    map[int]*score.Norms // by role: norms of the month that the run before should have measured

	again         bool   // decided a second time for the causes of changes; nothing is published
	acceptedChurn string // why lists may turn over as much as they like; empty: they may not
	churnGates    []Gate

	acceptedOlder string // why the night is published over newer figures; empty: it is not
	acceptedGates string // why the night is published whatever the gates say; empty: it is not
	dataGates     []Gate

	prices *pricedProducts
	scored []*scored     // by role
	lift   *lift.Figures // nil: there is no Chuanliu
	lifts  *lift.Lifts   // that money goes by
	lists  *eligibility.Tables

	refunds *column.Frame // settled; nil: not computable
	buyers  []*repeat.Figures
	sums    []*gmv.Sums
	settled []*gmv.SettledSums // by role, of a night that is decided again: all it asks of sales; nil: sums tell
	tables  []string           // that were made
	records []arrow.Record     // of those that are held until the night ends
	writing *writing           // nil: nothing is published
	outputs []Output
	steps   []StepRecord
	spans   []stepSpan // of the steps, for lineage
	at      string     // the step that runs
	commit  commitInfo

	announced bool // lineage was told that the night has begun
}

func (r *Runner) newNight(ctx context.Context, asOf calendar.Day) (*night, error) {
	n := &night{runner: r, id: r.NewRunID(), started: r.Now().UTC(), asOf: asOf, first: asOf - calendar.Day(r.Settings.HistoryDays) + 1,
		partitions: map[string][]Partition{}, measured: map[int]*score.Norms{}, rules: r.Settings.Rules.On(asOf)}
	if r.Unopened != nil {
		return nil, r.Unopened
	}
	if len(r.Settings.Rules) == 0 {
		return nil, errors.New("no rules are set: a night cannot score or list")
	}
	if n.rules == nil {
		return nil, fmt.Errorf("%w: no version of the rules is effective on %s: the first begins on %s", ErrInput, asOf, r.Settings.Rules[0].EffectiveFrom)
	}
	var err error
	if n.previous, err = r.commitToRestOn(ctx, asOf); err != nil {
		return nil, err
	}
	if n.current, err = r.readCommit(ctx, asOf); err != nil {
		return nil, err
	}
	n.acceptedChurn = plainReason(r.AcceptChurn)
	if n.acceptedChurn == "" && n.current != nil { // what was accepted once stays so in corrections
		n.acceptedChurn = n.current.manifest.AcceptedChurn
	}
	n.acceptedOlder = plainReason(r.AcceptOlder)
	n.acceptedGates = plainReason(r.AcceptGates)
	if n.acceptedGates == "" && n.current != nil {
		n.acceptedGates = n.current.manifest.AcceptedGates
	}
	if err := r.list(ctx); err != nil {
		return nil, err
	}
	if n.types, err = detectIDs(ctx, r.In, r.Inputs, r.Settings, asOf); err != nil {
		return nil, err
	}
	if n.previous != nil {
		for domain, text := range n.previous.manifest.IDs { // numbers can be written as text, not the reverse
			if _, declared := r.Settings.IDs[domain]; text && !declared {
				n.types[domain] = true
			}
		}
	}
	r.prepare(n.types)
	n.spilled = r.memory.Budget.Spilled()
	return n, nil
}

// plainReason is a reason as JSON keeps it: a night's digest covers it, and must be the same when it is read back.
func plainReason(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

func (n *night) release() {
	for _, r := range n.records {
		r.Release()
	}
}

// takeSnapshot fixes the partitions the night rests on.
func (n *night) takeSnapshot(ctx context.Context) error {
	kept := n.keptFor()
	if err := n.checkPresence(); err != nil && kept == "" {
		return err
	}
	for _, t := range rollup.Sources() {
		n.partitions[t.Name] = n.listPartitions(t.Name)
	}
	n.present = calendar.Presence{}
	for _, p := range n.partitions[contract.Orders.Name] {
		n.present[p.Day] = true
	}
	n.noteGap()
	n.noteRules()
	n.noteRedaction()
	n.done = n.current != nil && n.current.manifest.NightDigest == n.digest()
	switch {
	case n.isWithdrawn():
		n.done = true
		n.warnings = append(n.warnings, n.withdrawnNote())
	case kept != "":
		n.done = true
		n.warnings = append(n.warnings, kept)
	}
	if !n.done {
		var err error
		if n.done, err = n.settle(ctx); err != nil {
			return err
		}
	}
	if n.done {
		return nil
	}
	n.noteNewer()
	n.runner.state.keepAsked(n.askedAgainBytes())
	if err := n.checkCounts(ctx); err != nil {
		return err
	}
	return n.checkMemory(ctx)
}

// noteGap says that the day before has no commit.
func (n *night) noteGap() {
	gap := n.runner.Settings.CommitGapDays
	switch {
	case n.previous == nil && gap == 1:
		n.warnings = append(n.warnings, fmt.Sprintf("no commit of %s: cold start", n.asOf-1))
	case n.previous == nil:
		n.warnings = append(n.warnings, fmt.Sprintf("no commit of %s or the %d days before: cold start", n.asOf-1, gap-1))
	case n.previous.manifest.AsOf != n.asOf-1:
		n.warnings = append(n.warnings, fmt.Sprintf("no commit of %s: streaks, histories and norms go on from %s", n.asOf-1, n.previous.manifest.AsOf))
	}
}

// noteRules says that lists look back on runs of another version of the rules.
func (n *night) noteRules() {
	if before := n.runner.Settings.Rules.Before(n.rules, n.asOf); before != nil && n.previous != nil {
		n.note(fmt.Sprintf("rules %s are in force since %s, %s before: means and streaks go on over the change, each run as the rules of its night judged it",
			n.rules.Version, n.rules.EffectiveFrom, before.Version))
	}
}

// figuresVersion rises when a figure changes its meaning, or what a night's digest is made of does: published nights are known to be
// stale by it, and an older binary leaves those of a newer one alone (docs/adr/0038-newer-figures-stand.md).
const figuresVersion = 7

// digest identifies what the night's tables are made of.
func (n *night) digest() string { return n.digestIf(n.acceptedChurn) }

// digestIf is the digest of the night with a reason to accept turnover.
func (n *night) digestIf(acceptedChurn string) string {
	parts := []string{n.runner.Settings.nightDigest(), strconv.Itoa(figuresVersion), n.rules.Digest(), acceptedChurn}
	for _, t := range rollup.Sources() {
		for _, p := range n.partitions[t.Name] {
			parts = append(parts, t.Name, p.Day.String(), p.Digest)
		}
	}
	if n.previous != nil { // causes of changes ask for its rules
		parts = append(parts, n.previous.manifest.NightDigest, fmt.Sprint(n.rulesBefore() != nil))
	}
	return digestOf(parts...)
}
