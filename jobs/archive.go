package jobs

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// Archive is what one job has published in an output bucket. It reads; it needs no inputs and no rules.
type Archive struct {
	Out *lake.Lake
	Job string
	// PublicKey is what Verify holds signatures of commits against; nil: nothing.
	PublicKey ed25519.PublicKey
}

// ErrNotPublished says that a date has no commit.
var ErrNotPublished = errors.New("not published")

// Dates are the dates that are published, ascending: those that have a commit and were not retired. A date whose newest
// commit cannot be read is one of them: whoever reads it meets the error, and one torn record hides no other night.
func (a Archive) Dates(ctx context.Context) ([]calendar.Day, error) {
	days, err := a.committed(ctx)
	if err != nil {
		return nil, err
	}
	out := []calendar.Day{}
	for _, day := range days {
		_, is, err := retired(ctx, a.Out, a.Job, day)
		if err != nil && ctx.Err() != nil {
			return nil, err
		}
		if err != nil || !is {
			out = append(out, day)
		}
	}
	return out, nil
}

// committed are the dates that have a commit, ascending, retired ones with them.
func (a Archive) committed(ctx context.Context) ([]calendar.Day, error) {
	prefix := "published/" + a.Job + "/dt="
	objects, err := a.Out.List(ctx, prefix)
	if err != nil {
		return nil, fmt.Errorf("list published nights: %w", err)
	}
	var days []calendar.Day
	for _, o := range objects {
		date, rest, _ := strings.Cut(strings.TrimPrefix(o.Key, prefix), "/")
		if !strings.HasPrefix(rest, "commits/") {
			continue
		}
		if day, err := calendar.Parse(date); err == nil && (len(days) == 0 || days[len(days)-1] != day) { // keys come sorted
			days = append(days, day)
		}
	}
	return days, nil
}

// Latest is the newest date that has a commit, which no retention retires. It fails with ErrNotPublished if there is none.
func (a Archive) Latest(ctx context.Context) (calendar.Day, error) {
	days, err := a.committed(ctx)
	if err != nil {
		return 0, err
	}
	if len(days) == 0 {
		return 0, fmt.Errorf("job %s: %w: no date has a commit", a.Job, ErrNotPublished)
	}
	return days[len(days)-1], nil
}

// night is the newest commit of a date, with its manifest. It fails with ErrNotPublished if there is none.
func (a Archive) night(ctx context.Context, day calendar.Day) (*committed, error) {
	c, err := readNewest(ctx, a.Out, a.Job, day)
	if err == nil && c == nil {
		err = a.notPublished(ctx, day)
	}
	return c, err
}

// notPublished is ErrNotPublished, and why, if that is known.
func (a Archive) notPublished(ctx context.Context, day calendar.Day) error {
	_, is, err := retired(ctx, a.Out, a.Job, day)
	if err != nil {
		return err
	}
	if is {
		return fmt.Errorf("job %s, %s: %w any more: the retention retired it; windvane run --date %s makes it again from its dumps", a.Job, day, ErrNotPublished, day)
	}
	return fmt.Errorf("job %s, %s: %w", a.Job, day, ErrNotPublished)
}

// chosen are the outputs of the named tables, of all if none are named, in the order of the manifest.
func (c *committed) chosen(tables []string) ([]Output, error) {
	if len(tables) == 0 {
		return c.manifest.Outputs, nil
	}
	var out []Output
	for _, o := range c.manifest.Outputs {
		if slices.Contains(tables, o.Table) {
			out = append(out, o)
		}
	}
	for _, name := range tables {
		if !slices.ContainsFunc(out, func(o Output) bool { return o.Table == name }) {
			return nil, fmt.Errorf("%s has no table %s; windvane runs says which version published it, and that one knew no such table", c.record.Prefix, name)
		}
	}
	return out, nil
}

// CheckTables refuses names that are none of the tables.
func CheckTables(names []string, tables []*contract.Table) error {
	for _, name := range names {
		if _, ok := contract.Lookup(name, tables); !ok {
			return fmt.Errorf("--tables: %q is none of %s", name, strings.Join(TableNames(tables), ", "))
		}
	}
	return nil
}

// TableNames are the names of tables.
func TableNames(tables []*contract.Table) []string {
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.Name
	}
	return names
}

// copyOutput copies a published object and holds its bytes against the manifest. What was written to w must
// not be used if it fails.
func (a Archive) copyOutput(ctx context.Context, o Output, w io.Writer) (lake.Object, error) {
	obj, err := a.Out.Stat(ctx, o.Key)
	if errors.Is(err, lake.ErrNotFound) {
		return lake.Object{}, fmt.Errorf("%w: %s is missing", ErrDamaged, o.Key)
	}
	if err != nil {
		return lake.Object{}, err
	}
	if obj.Size != o.Bytes {
		return obj, fmt.Errorf("%w: %s has %d bytes, its manifest says %d", ErrDamaged, o.Key, obj.Size, o.Bytes)
	}
	sum := sha256.New()
	if err := a.Out.Copy(ctx, obj, io.MultiWriter(w, sum)); err != nil {
		return obj, err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != o.SHA256 {
		return obj, fmt.Errorf("%w: %s has sha256 %s, its manifest says %s", ErrDamaged, o.Key, got, o.SHA256)
	}
	return obj, nil
}

// open opens a published object whose bytes have just been checked.
func (a Archive) open(ctx context.Context, obj lake.Object) (*lake.File, error) {
	f, err := a.Out.OpenParquet(ctx, obj)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return f, nil
}
