package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/singleflight"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/jobs/lineage"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// ErrLate says that an input has not come yet: the last published list stands.
var ErrLate = errors.New("inputs are late")

// Progress tells where a night is.
type Progress struct {
	AsOf  calendar.Day
	Step  string
	Done  int    // parts of the step that are done
	Total int    // parts of the step; 0: not known
	What  string // the part that is done, since the one before; empty where parts are done side by side
}

// Runner runs nights of one deployment, one after another.
type Runner struct {
	In, Out     *lake.Lake
	Unopened    error // why In or Out, which may be nil then, cannot be used: every night fails with it
	Settings    Settings
	Inputs      *Inputs // nil: listed when the first night needs them, once for all nights
	Now         func() time.Time
	NewRunID    func() string
	Version     string
	Host        string
	Log         *slog.Logger
	Spill       column.Spill
	OnProgress  func(Progress)  // may be nil
	Lineage     *lineage.Sender // tells data catalogues of nights; nil: nobody is told
	Tracer      trace.Tracer    // nil: no traces
	AcceptOlder string          // why a night is published over one of newer figures; empty: it is not
	AcceptGates string          // why a night is published whatever the gates say; empty: it is not
	AcceptChurn string          // why lists may turn over more than the rules let pass; empty: they may not
	DaysOnly    bool            // sums of successive days are neither kept nor used. It changes no published byte
	OneNight    bool            // no other night follows in this process: decoded rollups are hardly kept. It changes no published byte

	simulation *simulation // nil: the nights are published

	memory   column.Memory
	types    string
	state    *state
	ids      *column.IDs
	reducing singleflight.Group
	loading  singleflight.Group // of lookup tables
	lookups  *lookupCache
}

func (r *Runner) progress(p Progress) {
	if r.OnProgress != nil {
		r.OnProgress(p)
	}
}

// progressWithin tells of a part of the step at hand that is done; of a night that is decided again, nothing.
func (n *night) progressWithin(p Progress) {
	if n.again {
		return
	}
	p.AsOf, p.Step = n.asOf, n.at
	n.runner.progress(p)
}

// Outcome is what became of a night.
type Outcome struct {
	AsOf     calendar.Day  `json:"as_of"`
	Status   string        `json:"status"` // published, already_done
	Run      string        `json:"run,omitempty"`
	Sequence int           `json:"sequence"`
	Prefix   string        `json:"prefix"`
	Reduced  int           `json:"partitions_reduced"`
	Reused   int           `json:"partitions_reused"`
	Cold     bool          `json:"cold_start"`
	Tables   []Output      `json:"tables,omitempty"`
	Steps    []StepRecord  `json:"-"` // that were run
	Warnings []string      `json:"warnings,omitempty"`
	Failed   []string      `json:"failed_gates,omitempty"` // gates that stopped publication
	Duration time.Duration `json:"-"`
	Seconds  float64       `json:"seconds"`
	Spilled  int64         `json:"spilled_bytes"` // written to spill files
}

// Run makes one night. It fails with ErrLate if a dump is missing and with ErrInput if one is broken;
// then nothing was published. Where the world changed under it, it begins anew by itself, see begin.go.
func (r *Runner) Run(ctx context.Context, asOf calendar.Day) (Outcome, error) {
	o, err := r.untilSteady(ctx, asOf)
	r.noteStanding(ctx, o, err)
	return o, err
}

func (r *Runner) makeNight(ctx context.Context, asOf calendar.Day) (o Outcome, err error) {
	started := r.Now()
	ctx, end := r.span(ctx, "night", asOfAttribute(asOf), attribute.String("windvane.job", r.Settings.Job))
	defer func() { end(err, runAttribute(o.Run), attribute.String("windvane.status", o.Status)) }()
	n, err := r.newNight(ctx, asOf)
	if err != nil {
		failed := &night{runner: r, id: r.NewRunID(), started: started.UTC(), asOf: asOf, at: "begin"}
		failed.recordFailure(ctx, err)
		failed.endLineage(ctx, err)
		return Outcome{AsOf: asOf, Run: failed.id}, err
	}
	defer n.release()
	if err := n.run(ctx); err != nil {
		n.recordFailure(ctx, err)
		n.endLineage(ctx, err)
		return Outcome{AsOf: asOf, Run: n.id, Failed: n.failedGates()}, fmt.Errorf("night %s: %w", asOf, err)
	}
	n.endLineage(ctx, nil)
	o = n.outcome()
	o.Spilled = r.memory.Budget.Spilled() - n.spilled
	o.Duration = r.Now().Sub(started)
	o.Seconds = o.Duration.Round(time.Millisecond).Seconds()
	return o, nil
}

// list lists the dumps, once.
func (r *Runner) list(ctx context.Context) (err error) {
	if r.Inputs == nil {
		r.Inputs, err = ListInputs(ctx, r.In, r.Settings)
	}
	return err
}

// oneNightCache is what decoded rollups may take when no other night will ask for them: a night reads most of them once.
const oneNightCache = 64 << 20

// askedAgainCache is what frames may take that a night reads twice, for its scores and for those of the run before: all of a
// small market, a part of a large one, where reading is a small part of the night.
const askedAgainCache = 256 << 20

func (r *Runner) cacheBytes() int64 {
	if r.OneNight {
		return min(oneNightCache, r.Settings.CacheBytes)
	}
	return r.Settings.CacheBytes
}

// prepare makes the engine for the identifier types found; they seldom change between nights.
func (r *Runner) prepare(types contract.IDTypes) {
	if r.memory.Budget == nil {
		r.memory = column.Memory{Budget: column.NewBudget(r.Settings.MemoryLimit), Spill: r.Spill}
	}
	name := fmt.Sprint(types) // maps print in key order
	if r.state != nil && r.types == name {
		return
	}
	r.types = name
	r.ids = column.NewIDs(types)
	r.state = newState(r.Out, r.ids, r.cacheBytes())
	r.state.base = r.simulation.readFrom()
	r.lookups = newLookupCache(max(64<<20, r.Settings.CacheBytes/2))
}
