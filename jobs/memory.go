package jobs

import (
	"context"
	"errors"
	"fmt"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
	"github.com/windvane/windvane/transforms/rollup"
)

// ErrMemory says that a night cannot be made within the memory it may take, however much it spills.
var ErrMemory = errors.New("too little memory")

// forProgram is the share of memory that neither rows nor columns get: the program itself, and what the collector does
// not count.
const forProgram = 16

// checkMemory refuses a night that surely does not fit, before anything is reduced. Row blocks spill, but the columns of
// one row group are decoded together: by the footers alone the largest of the days to be reduced must fit into what the
// process may take. That is necessary and not enough; what else a night holds depends on the rows.
//
// It reads footers only where a file could pass the reader's own limit of row groups and not fit.
func (n *night) checkMemory(ctx context.Context) error {
	s := n.runner.Settings
	room := s.ProcessMemory - s.ProcessMemory/forProgram
	if s.ProcessMemory <= 0 || room >= lake.DefaultLimits().MaxRowGroupBytes {
		return nil
	}
	for _, t := range rollup.Sources() {
		for _, p := range n.partitions[t.Name] {
			d := n.runner.Inputs.on(t.Name, p.Day)
			if d == nil || n.known(t.Name, p) || t.Class == contract.Snapshot && p.Day != n.asOf {
				continue
			}
			rec, err := n.runner.state.find(ctx, t.Name, p)
			if err != nil {
				return err
			}
			if rec != nil {
				continue
			}
			if err := n.checkDump(ctx, d, room); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkDump looks at the footers of a dump. One that is broken is not its matter: reducing says so, or sets the file aside.
func (n *night) checkDump(ctx context.Context, d *dump, room int64) error {
	s := n.runner.Settings
	m, err := mapping.New(d.table, s.Tables[d.table.Name], n.env())
	if err != nil {
		return fmt.Errorf("tables.%s: %w", d.table.Name, err)
	}
	columns := usedColumns(d.table, rollup.Env{Day: d.day, Zone: s.Zone, IDs: n.runner.ids, Workers: 1})
	t, err := openIntake(ctx, n.runner.In, d, m, columns)
	if errors.Is(err, ErrInput) {
		return nil
	}
	if err != nil {
		return err
	}
	defer t.close()
	for _, b := range t.files {
		for g := range b.file.NumRowGroups() {
			if need := b.file.DecodedBytes(g, b.bound.Sources()); need > room {
				return tooLittle(s.ProcessMemory, b.file, g, len(b.bound.Sources()), need)
			}
		}
	}
	return nil
}

// tooLittle names the file and two ways out.
func tooLittle(memory int64, f *lake.File, group, columns int, need int64) error {
	const mib = 1 << 20
	enough := need*forProgram/(forProgram-1)/mib + 1
	return fmt.Errorf("%w: the %d columns that are read of row group %d of %s (%d rows) take %d MiB at least, and cannot be spilled; memory_limit is %d MiB: "+
		"set it to %dMiB or more, or have the file written with row groups of fewer rows",
		ErrMemory, columns, group, f.Object().Key, f.RowGroupRows(group), (need+mib-1)/mib, memory/mib, enough)
}
