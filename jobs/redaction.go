package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// A reduced day can lose buyers in two ways and keeps its sums in both (docs/security.md, ADR 27). Buyers who were
// forgotten on request are taken out of every day. Days whose dumps are gone, and whose buyers were hashed under a key that
// another has replaced, lose all of theirs. What is left is a partition of another digest: a function of the one it was made
// of and, for forgotten buyers, of their list. It is made when a night asks for it, from the dump or from what is stored.

// forgottenDigest identifies the list of forgotten buyers; empty: there are none.
func (s Settings) forgottenDigest() string {
	if len(s.Forgotten) == 0 {
		return ""
	}
	parts := make([]string, len(s.Forgotten))
	for i, b := range s.Forgotten {
		parts[i] = strconv.FormatInt(b, 16)
	}
	return digestOf(parts...)
}

// withoutForgotten is the partition without the buyers of the list; p if there are none in the table, or none left.
func (n *night) withoutForgotten(table string, p Partition) Partition {
	list := n.runner.Settings.forgottenDigest()
	if list == "" || p.BuyersGone || !rollup.BuyersIn(table) {
		return p
	}
	base := cmp.Or(p.Base, p.Digest)
	return Partition{Day: p.Day, Digest: digestOf("forgotten", list, base), Base: base}
}

// withoutBuyers is the partition without any buyers.
func withoutBuyers(p Partition) Partition {
	base := cmp.Or(p.Base, p.Digest)
	return Partition{Day: p.Day, Digest: digestOf("nobody", base), Base: base, BuyersGone: true}
}

// rekeyed tells whether the commit of the run before differs in the rules of a table by the buyer key alone.
func (n *night) rekeyed(table string) bool {
	m, s := n.previous.manifest, n.runner.Settings
	return m.BuyerKey != "" && m.BuyerKey != s.BuyerKeyID() && m.Rules[table] == n.rulesUnder(m.BuyerKey, table)
}

// carry is what tonight rests on in the place of a partition of the run before whose day is no longer looked at; false:
// it was made by other rules, or classified by snapshots that were.
func (n *night) carry(table string, p Partition) (Partition, bool) {
	m, s := n.previous.manifest, n.runner.Settings
	switch {
	case len(n.reclassified(&n.previous.manifest, table, p.Day)) > 0:
		return Partition{}, false
	case m.Rules[table] == n.rulesUnder(s.BuyerKeyID(), table):
		if m.Forgotten == s.forgottenDigest() {
			return p, true
		}
		return n.withoutForgotten(table, p), true
	case !n.rekeyed(table):
		return Partition{}, false
	case !rollup.BuyersIn(table) || p.BuyersGone:
		return p, true
	case m.BuyerKey == s.ReplacedKey:
		return withoutBuyers(p), true
	}
	return Partition{}, false
}

// lostToKey says what to do about days that only a key that is no longer used could read.
func (n *night) lostToKey(table string, lost []calendar.Day) error {
	old := n.previous.manifest.BuyerKey
	return fmt.Errorf("%w: the buyers of %d days of %s (%s to %s) were hashed under the buyer key %s, tonight's is %s, and their dumps are gone: "+
		"take the old key back, restore the dumps, or set buyer_key.replaces: %s, which keeps the sums of these days and gives up their buyers",
		ErrInput, len(lost), table, lost[0], lost[len(lost)-1], old, n.runner.Settings.BuyerKeyID(), old)
}

// buyersFrom is the first day from which no day of the tables has lost its buyers, the first of the history if none has. Dumps of one
// table may be kept longer than those of another: a figure goes by the tables it reads.
func (n *night) buyersFrom(tables ...*contract.Table) calendar.Day {
	from := n.first
	for _, t := range tables {
		for _, p := range n.partitions[t.Name] {
			if p.BuyersGone && p.Day >= from {
				from = p.Day + 1
			}
		}
	}
	return from
}

// purchasesFrom is the first day from which it is known who bought.
func (n *night) purchasesFrom() calendar.Day { return n.buyersFrom(contract.Orders) }

// keptFrom is the first day from which it is known who bought and kept it: a refund comes no earlier than the purchase. Where no refund
// is taken out it is who bought.
func (n *night) keptFrom() calendar.Day {
	if n.refunds == nil {
		return n.purchasesFrom()
	}
	return n.buyersFrom(contract.Orders, contract.Refunds)
}

// buyersKnown tells whether it is known of all days of the history kept from first on who bought.
func (n *night) buyersKnown(first calendar.Day) bool { return n.knowsBuyers()(first) }

// keptKnown tells whether it is known of all of them who bought and kept it.
func (n *night) keptKnown(first calendar.Day) bool { return n.knowsKept()(first) }

// knowsBuyers and knowsKept are for those who ask of every row: the history is looked at once.
func (n *night) knowsBuyers() func(first calendar.Day) bool { return n.knownFrom(n.purchasesFrom()) }
func (n *night) knowsKept() func(first calendar.Day) bool   { return n.knownFrom(n.keptFrom()) }

func (n *night) knownFrom(from calendar.Day) func(first calendar.Day) bool {
	return func(first calendar.Day) bool { return from == n.first || first >= from }
}

// withBuyers are the days with orders whose buyers are known, withKept those of which it is known who kept what they bought.
func (n *night) withBuyers() calendar.Presence { return n.presentFrom(n.purchasesFrom()) }
func (n *night) withKept() calendar.Presence   { return n.presentFrom(n.keptFrom()) }

func (n *night) presentFrom(from calendar.Day) calendar.Presence {
	known := calendar.Presence{}
	for d, there := range n.present {
		if d >= from {
			known[d] = there
		}
	}
	return known
}

// buyerTables are the tables with buyers, and what their lack does.
var buyerTables = []struct {
	table *contract.Table
	says  string
}{
	{contract.Orders, "figures of buyers that need them are null or rest on fewer days"},
	{contract.Refunds, "R1, R2 and cohorts, where full refunds are taken out of them, are null or rest on fewer days"},
	{contract.ChuanliuEligibility, "lift begins after them"},
	{contract.ChuanliuExposures, "lift begins after them"},
}

// liftFrom is the first day from which it is known who is in all that lift is made of.
func (n *night) liftFrom() calendar.Day {
	var tables []*contract.Table
	for _, b := range buyerTables {
		tables = append(tables, b.table)
	}
	return n.buyersFrom(tables...)
}

// noteRedaction says in the manifest what was taken out.
func (n *night) noteRedaction() {
	for _, b := range buyerTables {
		if from := n.buyersFrom(b.table); from > n.first {
			n.warnings = append(n.warnings, fmt.Sprintf("%s: buyers are known from %s on: earlier days were hashed under a buyer key that was replaced, and their dumps are gone; %s", b.table.Name, from, b.says))
		}
	}
}

// redact makes a partition of the one it was made of, which is stored: the night before may have had it without the
// buyers of a shorter list.
func (n *night) redact(ctx context.Context, table string, p Partition) (*Reduced, error) {
	sources := []Partition{{Day: p.Day, Digest: p.Base}}
	if n.previous != nil {
		ps := n.previous.manifest.Partitions[table]
		if at, ok := slices.BinarySearchFunc(ps, p.Day, compareDay); ok && cmp.Or(ps[at].Base, ps[at].Digest) == p.Base {
			sources = slices.Insert(sources, 0, ps[at])
		}
	}
	for _, from := range sources {
		rec, err := n.runner.state.find(ctx, table, from)
		if err != nil {
			return nil, err
		}
		if rec == nil {
			continue
		}
		made, err := n.redactFrom(ctx, table, rec, p)
		if !errors.Is(err, errLost) {
			return made, err
		}
	}
	return nil, fmt.Errorf("%w: rollups of %s dt=%s are lost and its dump is no longer there; restore it, or shorten history_days", ErrInput, table, p.Day)
}

// redactFrom makes the partition of a reduction that is stored.
func (n *night) redactFrom(ctx context.Context, table string, from *Reduced, p Partition) (*Reduced, error) {
	s := n.runner.state
	p.Input, p.Rows, p.Quarantined = from.Partition.Input, slices.Clone(from.Partition.Rows), from.Partition.Quarantined
	p.Lacks, p.Carries = from.Partition.Lacks, from.Partition.Carries
	for i, r := range rollup.From(table) {
		if i >= len(p.Rows) || p.Rows[i] <= 0 {
			continue
		}
		var err error
		if r.HoldsBuyers() {
			p.Rows[i], err = s.redact(ctx, r, rollupKey(r.Name, from.Partition), rollupKey(r.Name, p), n.runner.Settings.forgets(p))
		} else {
			err = s.copy(ctx, rollupKey(r.Name, from.Partition), rollupKey(r.Name, p))
		}
		if err != nil {
			return nil, fmt.Errorf("take buyers out of %s of %s: %w", r.Name, p.Day, err)
		}
	}
	rec := *from
	rec.Partition = p
	return &rec, s.put(ctx, &rec)
}

// forgets tells who is taken out of a partition.
func (s Settings) forgets(p Partition) func(buyer int64) bool {
	if p.BuyersGone {
		return func(int64) bool { return true }
	}
	return func(b int64) bool { _, found := slices.BinarySearch(s.Forgotten, b); return found }
}

// redact writes a stored rollup again without some buyers, a row group at a time, and tells how many rows are left.
func (s *state) redact(ctx context.Context, r *rollup.Rollup, from, to string, forgotten func(int64) bool) (rows int64, err error) {
	file, err := s.open(ctx, from)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	x := rollup.NewRedaction(r, forgotten)
	if err := s.eachGroup(ctx, r, file, func(f *column.Frame) error { x.Look(f); return nil }); err != nil {
		return 0, err
	}
	if x.Left() == 0 { // a rollup without rows has no file
		return 0, nil
	}
	t := r.Table()
	stop := errors.New("stop")
	w, err := s.out.WriteParquet(ctx, to, t.Schema(s.ids.Types), lake.WriteOptions{RowGroupRows: rollupRows, Sorted: r.By}, func(yield func(arrow.Record, error) bool) {
		err := s.eachGroup(ctx, r, file, func(f *column.Frame) error {
			for rec, err := range frameRecords(t, s.ids, x.Rewrite(f)) {
				if !yield(rec, err) {
					return stop
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, stop) {
			yield(nil, err)
		}
	})
	return w.Rows, err
}

// eachGroup reads a rollup a row group at a time.
func (s *state) eachGroup(ctx context.Context, r *rollup.Rollup, file *lake.File, do func(*column.Frame) error) error {
	t := r.Table()
	var names []string
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	for f, err := range readGroups(ctx, file, t, s.ids, nil, names...) {
		if err != nil {
			return err
		}
		if err := do(f); err != nil {
			return err
		}
	}
	return nil
}

// copy stores an object of the state under another name.
func (s *state) copy(ctx context.Context, from, to string) error {
	t := s.out
	obj, err := t.Stat(ctx, from)
	if errors.Is(err, lake.ErrNotFound) && s.base != nil {
		t = s.base
		obj, err = t.Stat(ctx, from)
	}
	if err != nil {
		return lost(err)
	}
	return s.out.Put(ctx, to, func(w io.Writer) error { return t.Copy(ctx, obj, w) })
}
