package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// Statuses of an Outcome.
const (
	Published   = "published"
	AlreadyDone = "already_done"
)

// commitInfo is what was committed, or stands already.
type commitInfo struct {
	sequence int
	prefix   string
	status   string
}

// publish waits until all tables stand under the run's own prefix, writes the manifest there, then commits. Until the
// commit no reader sees any of it.
func (n *night) publish(ctx context.Context) (err error) {
	n.refunds = nil // what is made of them is made
	if n.outputs, err = n.writing.finish(); err != nil {
		return err
	}
	prefix := n.writing.prefix
	manifestKey := prefix + "/manifest.json"
	sum, err := n.writeManifest(ctx, manifestKey)
	if err != nil {
		return err
	}
	if paused := n.runner.Now().Round(0).Sub(n.started.Round(0)); paused > MaxRun { // by the wall clock, which goes on while a machine sleeps
		return fmt.Errorf("the run took %s, more than %s: %w; run again", paused.Round(time.Minute), MaxRun, errCollected)
	}
	sequence := 1
	if n.current != nil {
		sequence = n.current.record.Sequence + 1
	} else if newest, is, err := retired(ctx, n.runner.Out, n.runner.Settings.Job, n.asOf); err != nil {
		return err
	} else if is {
		sequence = newest + 1
	}
	err = n.runner.Out.Commit(ctx, lake.CommitRecord{Job: n.runner.Settings.Job, AsOf: n.asOf.String(), Run: n.id, Prefix: prefix,
		ManifestKey: manifestKey, ManifestSHA256: sum}, sequence)
	if errors.Is(err, lake.ErrLostRace) {
		return n.lostRace(ctx)
	}
	n.commit = commitInfo{sequence, prefix, Published}
	return err
}

// lostRace: another process committed this night first; the sequence number that was read at the start is the fence that
// keeps a run that was paused from committing what is no longer the next (ADR 22). If the winner's tables are made of
// the same things, this night is done.
func (n *night) lostRace(ctx context.Context) error {
	winner, err := n.runner.readCommit(ctx, n.asOf)
	if err != nil {
		return err
	}
	if winner == nil {
		return fmt.Errorf("%w: %s: run again", ErrOvertaken, n.asOf)
	}
	if winner.manifest.NightDigest != n.digest() {
		return fmt.Errorf("%w: commit %d of %s is of run %s, from other inputs; this one was refused: run again", ErrOvertaken, winner.record.Sequence, n.asOf, winner.record.Run)
	}
	n.current, n.done = winner, true
	return nil
}

func (n *night) writeManifest(ctx context.Context, key string) (sha string, err error) {
	m := Manifest{Format: formatOf(n.partitions), Job: n.runner.Settings.Job, AsOf: n.asOf, Run: n.id, Version: n.runner.Version, Figures: ownFigures(), Host: n.runner.Host,
		Started: n.started, Finished: n.runner.Now().UTC(), NightDigest: n.digest(), IDs: n.types, BuyerKey: n.runner.Settings.BuyerKeyID(), Forgotten: n.runner.Settings.forgottenDigest(), ForgottenIDs: n.runner.Settings.ForgottenIDs, Rules: n.tableRules(), ScoreRules: RulesRef{n.rules.Version, n.rules.Digest()}, Partitions: n.partitions,
		Inputs: n.newInputs(), Steps: n.steps, Gates: n.gates(), AcceptedChurn: n.acceptedChurn, AcceptedGates: n.acceptedGates, Outputs: n.outputs, Warnings: n.warnings}
	if n.previous != nil {
		m.Previous = &CommitRef{n.previous.manifest.AsOf, n.previous.record.Sequence, n.previous.record.ManifestSHA256}
	}
	data, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("encode manifest: %w", err)
	}
	if err := n.runner.Out.PutBytes(ctx, key, data); err != nil {
		return "", fmt.Errorf("write manifest: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

func (n *night) tableRules() map[string]string {
	rules := map[string]string{}
	for _, t := range rollup.Sources() {
		rules[t.Name] = n.runner.Settings.digest(t.Name, n.types)
	}
	return rules
}

// newInputs lists the objects of the partitions that the commit before did not have.
func (n *night) newInputs() []InputObject {
	var out []InputObject
	for _, t := range rollup.Sources() {
		for _, p := range n.partitions[t.Name] {
			if d := n.runner.Inputs.on(t.Name, p.Day); d != nil && !n.inPrevious(t.Name, p) {
				out = append(out, d.inputs()...)
			}
		}
	}
	return out
}

// gates are the checks that the night went through to come here: one that fails ends it before.
func (n *night) gates() []Gate {
	return slices.Concat([]Gate{
		{"presence", true, fmt.Sprintf("%d days of orders, %d of refunds, none missing since they began",
			len(n.partitions[contract.Orders.Name]), len(n.partitions[contract.Refunds.Name]))},
		{"rejects", true, fmt.Sprintf("%d rows rejected of %d in %d new partitions, each within its limit", n.rejected, n.inputRows, n.newPartitions)},
	}, n.quarantineGate(), n.dataGates, n.churnGates)
}

func (n *night) outcome() Outcome {
	o := Outcome{AsOf: n.asOf, Status: n.commit.status, Run: n.id, Sequence: n.commit.sequence, Prefix: n.commit.prefix,
		Reduced: int(n.reduced.Load()), Cold: n.previous == nil, Tables: n.outputs, Steps: n.steps, Warnings: n.warnings}
	for _, ps := range n.partitions {
		o.Reused += len(ps)
	}
	o.Reused -= o.Reduced
	if n.done {
		o.Status, o.Run, o.Sequence, o.Prefix = AlreadyDone, n.current.record.Run, n.current.record.Sequence, n.current.record.Prefix
		o.Tables = n.current.manifest.Outputs
	}
	return o
}

// publishedFrame reads the named columns of a published table of a commit; without names all.
func (r *Runner) publishedFrame(ctx context.Context, c *committed, t *contract.Table, columns ...string) (*column.Frame, error) {
	f, err := r.openPublished(ctx, c, t)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readTable(ctx, f, t, r.ids, columns...)
}

// publishedGroups is publishedFrame for tables that nobody holds as a whole; the columns named as texts stay texts.
func (r *Runner) publishedGroups(ctx context.Context, c *committed, t *contract.Table, texts []string, columns ...string) iter.Seq2[*column.Frame, error] {
	return func(yield func(*column.Frame, error) bool) {
		f, err := r.openPublished(ctx, c, t)
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		readGroups(ctx, f, t, r.ids, texts, columns...)(yield)
	}
}

// openPublished opens a published table of a commit whose bytes are those that its manifest names.
func (r *Runner) openPublished(ctx context.Context, c *committed, t *contract.Table) (*lake.File, error) {
	for _, o := range c.manifest.Outputs {
		if o.Table != t.Name {
			continue
		}
		obj, err := c.lake.Stat(ctx, o.Key)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		sum := sha256.New()
		if err := c.lake.Copy(ctx, obj, sum); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if hex.EncodeToString(sum.Sum(nil)) != o.SHA256 {
			return nil, fmt.Errorf("%w: %s does not have the sha256 its manifest names; windvane verify names all such files: restore them from the bucket's versions or a copy",
				ErrDamaged, o.Key)
		}
		f, err := c.lake.OpenParquet(ctx, obj)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		return f, nil
	}
	return nil, fmt.Errorf("%w: %s has no table %s", ErrDamaged, c.record.ManifestKey, t.Name)
}
