package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/windvane/windvane/jobs/lake"
)

// Purged is what a purge removed, or would remove.
type Purged struct {
	Objects int   `json:"objects"`
	Bytes   int64 `json:"bytes"`
	Applied bool  `json:"applied"`
}

// Purge removes the state that holds hashes of buyers and that the newest night of no job asks for: of buyers who were
// forgotten, and of a buyer key that was replaced. The newest night of each job must have been made with the settings' key
// and list, so that what it asks for has none of these. Pairs of lift are all removed; the next night makes them again.
// Unless apply is true it only counts. No night may be made meanwhile: it would miss what it wrote.
func Purge(ctx context.Context, out *lake.Lake, s Settings, apply bool) (*Purged, error) {
	archives, err := (&Collector{Out: out}).archives(ctx)
	if err != nil {
		return nil, err
	}
	live := newLiveState()
	for _, a := range archives {
		if err := live.addNewest(ctx, a, s); err != nil {
			return nil, err
		}
	}
	if !live.any {
		return nil, fmt.Errorf("purge: %w: no night says what of the state is still asked for", ErrNotPublished)
	}
	p := &Purged{Applied: apply}
	for _, kind := range []string{"lift", "pairs", "partitions", "rollups"} { // records go before what they promise
		if err := p.remove(ctx, out, "state/"+kind+"/", live, apply); err != nil {
			return p, err
		}
	}
	return p, nil
}

// addNewest adds what the newest night of a job asks for.
func (l *liveState) addNewest(ctx context.Context, a Archive, s Settings) error {
	day, err := a.Latest(ctx)
	if errors.Is(err, ErrNotPublished) {
		return nil
	}
	if err != nil {
		return err
	}
	night, err := readNewest(ctx, a.Out, a.Job, day)
	if err != nil {
		return err
	}
	if m := &night.manifest; m.BuyerKey != s.BuyerKeyID() || m.Forgotten != s.forgottenDigest() {
		return fmt.Errorf("purge: the newest night of job %s, %s, was made with another buyer key or list of forgotten buyers; make it again first: windvane run --date %s", a.Job, day, day)
	}
	l.add(&night.manifest)
	return nil
}

// remove removes what is below a prefix and not live.
func (p *Purged) remove(ctx context.Context, out *lake.Lake, prefix string, live *liveState, apply bool) error {
	objects, err := out.List(ctx, prefix)
	if err != nil {
		return fmt.Errorf("list state: %w", err)
	}
	for _, o := range objects {
		if live.keys[o.Key] && !strings.HasPrefix(o.Key, "state/lift/") {
			continue
		}
		if apply {
			if err := out.Delete(ctx, o.Key); err != nil && !errors.Is(err, lake.ErrNotFound) {
				return fmt.Errorf("purge: %w", err)
			}
		}
		p.Objects++
		p.Bytes += o.Size
	}
	return nil
}
