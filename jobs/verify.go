package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// Finding is one thing that is wrong with a published night.
type Finding struct {
	File   string `json:"file"`  // object key
	Check  string `json:"check"` // what was held against what
	Detail string `json:"detail"`
	More   int64  `json:"more,omitempty"` // further findings of this file and check that are not shown
}

// Verified is what was found in one published night.
type Verified struct {
	AsOf     calendar.Day `json:"as_of"`
	Sequence int          `json:"sequence"`
	Run      string       `json:"run"`
	Tables   int          `json:"tables"`
	Rows     int64        `json:"rows"`
	Bytes    int64        `json:"bytes"`
	Findings []Finding    `json:"findings"`
	Notes    []string     `json:"notes,omitempty"` // what is no damage: tables that another version publishes
}

// OK tells whether nothing is wrong.
func (v *Verified) OK() bool { return len(v.Findings) == 0 }

// shownFindings is how many findings of one file and check are told.
const shownFindings = 5

func (v *Verified) add(file, check, format string, args ...any) {
	last := -1
	var n int
	for i, f := range v.Findings {
		if f.File == file && f.Check == check {
			last, n = i, n+1
		}
	}
	if n >= shownFindings {
		v.Findings[last].More++
		return
	}
	v.Findings = append(v.Findings, Finding{File: file, Check: check, Detail: fmt.Sprintf(format, args...)})
}

// addError makes a finding of damage, and passes on the trouble of the store.
func (v *Verified) addError(file, check string, err error) error {
	if err == nil {
		return nil
	}
	for _, damage := range []error{ErrDamaged, lake.ErrCorrupt, lake.ErrUnsupported, lake.ErrTooLarge, lake.ErrNotFound, lake.ErrChanged} {
		if errors.Is(err, damage) {
			v.add(file, check, "%v", err)
			return nil
		}
	}
	return err
}

// Verify checks the newest commit of a date from the output alone: the commit record, the manifest it names, every
// object the manifest names, byte by byte and row by row, and the identities that hold between the figures. It
// fails only with ErrNotPublished and with the trouble of the store; what is wrong is told in the result.
func (a Archive) Verify(ctx context.Context, day calendar.Day) (*Verified, error) {
	v := &Verified{AsOf: day, Findings: []Finding{}}
	prefix := fmt.Sprintf("published/%s/dt=%s", a.Job, day)
	records, err := a.Out.Commits(ctx, a.Job, day.String())
	if err != nil {
		v.add(prefix+"/commits", "commit", "%v", err)
		return v, ctx.Err()
	}
	if !standing(records) {
		return nil, a.notPublished(ctx, day)
	}
	rec := records[len(records)-1]
	v.Sequence, v.Run = rec.Sequence, rec.Run
	if a.PublicKey != nil {
		if err := rec.VerifySignature(a.PublicKey); err != nil {
			v.add(fmt.Sprintf("%s/commits/%04d.json", prefix, rec.Sequence), "signature", "%v", err)
		}
	}
	c, err := readManifest(ctx, a.Out, rec)
	if err != nil {
		return v, v.addError(rec.ManifestKey, "manifest", err)
	}
	v.checkManifest(c)
	if err := a.checkChain(ctx, v, c); err != nil {
		return v, err
	}
	files, err := a.verifyOutputs(ctx, v, c)
	defer closeAll(files)
	if err != nil {
		return v, err
	}
	return v, verifyIdentities(ctx, v, files)
}

// checkManifest holds the manifest against the record that names it.
func (v *Verified) checkManifest(c *committed) {
	m, rec := c.manifest, c.record
	if m.Job != rec.Job || m.AsOf.String() != rec.AsOf || m.Run != rec.Run {
		v.add(rec.ManifestKey, "manifest", "it is of job %s, %s, run %s; its commit says %s, %s, %s", m.Job, m.AsOf, m.Run, rec.Job, rec.AsOf, rec.Run)
	}
	for _, t := range contract.Publications() {
		if !slices.ContainsFunc(m.Outputs, func(o Output) bool { return o.Table == t.Name }) {
			v.Notes = append(v.Notes, fmt.Sprintf("version %s, which made this night, did not publish %s", m.Version, t.Name))
		}
	}
}

// checkChain: the commit that it rests on, as this night saw it, is still there unchanged. That others followed it is no damage.
func (a Archive) checkChain(ctx context.Context, v *Verified, c *committed) error {
	p := c.manifest.Previous
	if p == nil {
		return nil
	}
	commits := fmt.Sprintf("published/%s/dt=%s/commits", a.Job, p.AsOf)
	records, err := a.Out.Commits(ctx, a.Job, p.AsOf.String())
	if err != nil {
		return v.addError(commits, "chain", err)
	}
	if len(records) == 0 {
		v.add(commits, "chain", "it rests on commit %d of %s, which has no commits any more", p.Sequence, p.AsOf)
		return nil
	}
	i := slices.IndexFunc(records, func(r lake.CommitRecord) bool { return r.Sequence == p.Sequence })
	if i < 0 || records[i].ManifestSHA256 != p.ManifestSHA256 {
		v.add(c.record.ManifestKey, "chain", "it rests on commit %d of %s, which is not the one that stands there now", p.Sequence, p.AsOf)
	}
	return nil
}

// verifyOutputs checks every output by itself and gives those that can be read, open, by table.
func (a Archive) verifyOutputs(ctx context.Context, v *Verified, c *committed) (map[string]*lake.File, error) {
	files := map[string]*lake.File{}
	for _, o := range c.manifest.Outputs {
		v.Tables++
		v.Rows += o.Rows
		v.Bytes += o.Bytes
		file, err := a.verifyOutput(ctx, v, c, o)
		if err := v.addError(o.Key, "file", err); err != nil {
			return files, err
		}
		if file != nil {
			files[o.Table] = file
		}
	}
	return files, nil
}

func closeAll(files map[string]*lake.File) {
	for _, f := range files {
		f.Close()
	}
}

// verifyOutput gives the open file if its rows can be read as those of its table.
func (a Archive) verifyOutput(ctx context.Context, v *Verified, c *committed, o Output) (*lake.File, error) {
	if !strings.HasPrefix(o.Key, c.record.Prefix+"/") {
		v.add(o.Key, "manifest", "it lies outside the run's prefix %s", c.record.Prefix)
		return nil, nil
	}
	t, ok := contract.Lookup(o.Table, contract.Publications())
	if !ok {
		v.Notes = append(v.Notes, fmt.Sprintf("this version knows no table %s, which version %s published: only its bytes were checked", o.Table, c.manifest.Version))
	}
	obj, err := a.copyOutput(ctx, o, io.Discard)
	if err != nil || !ok {
		return nil, err
	}
	file, err := a.open(ctx, obj)
	if err != nil {
		return nil, err
	}
	if file.NumRows() != o.Rows {
		v.add(o.Key, "rows", "%d rows, its manifest says %d", file.NumRows(), o.Rows)
	}
	if problems := schemaProblems(t, file); len(problems) > 0 {
		v.add(o.Key, "schema", "%s (made by version %s)", strings.Join(problems, "; "), c.manifest.Version)
		file.Close()
		return nil, nil
	}
	if err := verifyRows(ctx, v, t, file); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// schemaProblems is how the file's columns differ from the contract's.
func schemaProblems(t *contract.Table, file *lake.File) (problems []string) {
	columns := file.Columns()
	if len(columns) != len(t.Columns) {
		problems = append(problems, fmt.Sprintf("%d columns, the contract of %s has %d", len(columns), t.Name, len(t.Columns)))
	}
	for i := range min(len(columns), len(t.Columns)) {
		want, got := &t.Columns[i], columns[i]
		switch {
		case got.Name != want.Name:
			return append(problems, fmt.Sprintf("column %d is %s, the contract says %s", i+1, got.Name, want.Name))
		case !typeFits(want, got.Type):
			problems = append(problems, fmt.Sprintf("column %s is %s, the contract says %s", got.Name, got.Parquet, want.ArrowType(nil)))
		case got.Optional && !want.Null: // a column may have been declared nullable since
			problems = append(problems, fmt.Sprintf("column %s: nulls allowed is %t, the contract says %t", got.Name, got.Optional, want.Null))
		}
	}
	return problems
}

// typeFits tells whether a column as read has the contract's type. Identifiers may be integers or text.
func typeFits(c *contract.Column, t arrow.DataType) bool {
	for _, text := range []bool{false, true} {
		want := c.ArrowType(contract.IDTypes{c.Domain: text})
		if t != nil && (arrow.TypeEqual(want, t) || want == arrow.DataType(contract.StringType) && t.ID() == arrow.STRING) {
			return true
		}
	}
	return false
}
