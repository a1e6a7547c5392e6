package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
	"github.com/windvane/windvane/transforms/rollup"
)

// Quarantined is a file of a dump that nobody can read and that a night went on without, since the table's
// max_quarantine allows it. What was in it is in no figure.
type Quarantined struct {
	Key   string `json:"key"`
	Bytes int64  `json:"bytes"` // as listed; its rows are not known
	Why   string `json:"why"`
}

// reduce makes all rollups of one dump and stores them, then the record that completes them. A file that cannot be read
// fails the dump, or is set aside where the table's max_quarantine allows it: then the dump is reduced again without
// it, until what is left can be read. What is stored depends on the files alone; the policy decides whether it is used.
func (r *reducer) reduce(ctx context.Context, d *dump, p Partition, dims *dimensions, workers int) (*Reduced, error) {
	sound := *d
	for {
		rec, err := r.reduceFiles(ctx, d, &sound, p, dims, workers)
		if err == nil {
			return rec, nil
		}
		i := sound.poisoned(err)
		if i < 0 || r.settings.maxQuarantine(d.table) == 0 {
			return nil, err
		}
		poison := sound.objects[i]
		why, again := r.firstFault(ctx, &sound, poison)
		if again != nil || why == "" {
			return nil, errors.Join(err, again) // trouble of the moment, which says nothing about the file
		}
		p.Quarantined = append(p.Quarantined, Quarantined{poison.Key, poison.Size, why})
		slices.SortFunc(p.Quarantined, func(a, b Quarantined) int { return strings.Compare(a.Key, b.Key) })
		if refused := r.settings.admit(d.table, p, d.inputs()); refused != nil {
			return nil, fmt.Errorf("%w; %w", err, refused)
		}
		sound.objects = slices.Delete(slices.Clone(sound.objects), i, i+1)
	}
}

// poisoned is the position of the object that an error blames, -1 if it blames none of the dump.
func (d *dump) poisoned(err error) int {
	var file *lake.FileError
	if !errors.As(err, &file) || !isBroken(err) {
		return -1
	}
	return slices.IndexFunc(d.objects, func(o lake.Object) bool { return o.Key == file.Key })
}

// firstFault reads a file again from its beginning, so that the reason on record does not depend on which worker met
// which fault first; empty if it can be read after all.
func (r *reducer) firstFault(ctx context.Context, d *dump, o lake.Object) (why string, err error) {
	m, err := mapping.New(d.table, r.settings.Tables[d.table.Name], r.env)
	if err != nil {
		return "", err
	}
	single := *d
	single.objects = []lake.Object{o}
	columns := usedColumns(d.table, rollup.Env{Day: d.day, Zone: r.settings.Zone, IDs: r.state.ids, Workers: 1})
	t, err := openIntake(ctx, r.in, &single, m, columns)
	if err == nil {
		defer t.close()
		err = readThrough(ctx, t.files[0])
	}
	if single.poisoned(err) < 0 {
		return "", err
	}
	var file *lake.FileError
	errors.As(err, &file)
	return strings.TrimPrefix(file.Error(), file.Key+": "), nil
}

func readThrough(ctx context.Context, b *boundFile) error {
	for g := range b.file.NumRowGroups() {
		rec, err := b.file.ReadRowGroup(ctx, memory.DefaultAllocator, g, b.bound.Sources())
		if err != nil {
			return err
		}
		rec.Release()
	}
	return nil
}

// maxQuarantine is the share of the bytes of a day that may be set aside. A snapshot is never read in part: shops and
// products that stood in a lost file would leave every list.
func (s Settings) maxQuarantine(t *contract.Table) float64 {
	if t.Class == contract.Snapshot {
		return 0
	}
	return s.Tables[t.Name].MaxQuarantine
}

// admit refuses a partition of which more was set aside than the table allows, or all.
func (s Settings) admit(t *contract.Table, p Partition, objects []InputObject) error {
	if len(p.Quarantined) == 0 {
		return nil
	}
	share, limit := quarantinedShare(p, objects), s.maxQuarantine(t)
	if share <= limit && len(p.Quarantined) < len(objects) {
		return nil
	}
	return fmt.Errorf("%w: %s of %s without %s would lack %.1f %% of its bytes, tables.%s.max_quarantine is %.1f %%; have the file written again, or raise the limit",
		ErrInput, t.Name, p.Day, strings.Join(quarantinedKeys(p), ", "), 100*share, t.Name, 100*limit)
}

func quarantinedShare(p Partition, objects []InputObject) float64 {
	var aside, all int64
	for _, q := range p.Quarantined {
		aside += q.Bytes
	}
	for _, o := range objects {
		all += o.Size
	}
	return float64(aside) / float64(max(1, all))
}

func quarantinedKeys(p Partition) (keys []string) {
	for _, q := range p.Quarantined {
		keys = append(keys, q.Key)
	}
	return keys
}

// quarantined are the partitions that the night rests on and that lack a file, whenever that was found: their figures
// are too small in every window that holds the day.
func (n *night) quarantined() (tables []*contract.Table, partitions []Partition) {
	for _, t := range rollup.Sources() {
		for _, p := range n.partitions[t.Name] {
			if len(p.Quarantined) > 0 {
				tables, partitions = append(tables, t), append(partitions, p)
			}
		}
	}
	return tables, partitions
}

// noteQuarantine says what the night goes without.
func (n *night) noteQuarantine() {
	tables, partitions := n.quarantined()
	for i, p := range partitions {
		first := p.Quarantined[0]
		n.warnings = append(n.warnings, fmt.Sprintf("%s of %s lacks %d files that cannot be read, their rows are in no figure: %s: %s",
			tables[i].Name, p.Day, len(p.Quarantined), first.Key, cmp.Or(first.Why, "unknown")))
	}
}

// quarantineChecks are rows of data_quality, one a partition that lacks a file.
func (n *night) quarantineChecks() (checks []check) {
	tables, partitions := n.quarantined()
	for i, p := range partitions {
		checks = append(checks, check{tables[i].Name, p.Day, "quarantined_files", statusFailed, int64(len(p.Quarantined)), strings.Join(quarantinedKeys(p), ", ")})
	}
	return checks
}

// quarantineGate stands in the manifest of a night that lacks a file; one beyond the limit ended it before.
func (n *night) quarantineGate() []Gate {
	_, partitions := n.quarantined()
	if len(partitions) == 0 {
		return nil
	}
	files := 0
	for _, p := range partitions {
		files += len(p.Quarantined)
	}
	return []Gate{{"quarantine", true, fmt.Sprintf("%d files of %d partitions were set aside, each within its table's max_quarantine", files, len(partitions))}}
}
