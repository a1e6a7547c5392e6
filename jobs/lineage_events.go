package jobs

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/windvane/windvane/jobs/lineage"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// stepSpan is a step that was begun, for lineage: when, until when (zero: it failed), and the tables that it made.
type stepSpan struct {
	name       string
	began, end time.Time
	tables     []string
}

// startLineage tells that the night has begun, once what it reads is known. A night that is found done tells nothing:
// cron asks every half hour.
func (n *night) startLineage(ctx context.Context) {
	if n.runner.Lineage == nil || n.done {
		return
	}
	n.announced = true
	n.sendLineage(ctx, lineage.Brief, n.lineageStart())
}

// endLineage tells what became of the night and of its steps; cause is nil if it published.
func (n *night) endLineage(ctx context.Context, cause error) {
	if n.runner.Lineage == nil || cause == nil && !n.announced {
		return
	}
	var events []lineage.Event
	if !n.announced {
		events = append(events, n.lineageStart())
	}
	for _, s := range n.spans {
		events = append(events, n.lineageStep(s, cause)...)
	}
	run := n.lineageRun("")
	if cause != nil {
		run.Facets.ErrorMessage(rootOf(cause))
	}
	e := lineage.New(ending(cause), n.runner.Now(), run, n.lineageJob(""))
	e.Inputs = n.lineageInputs()
	if cause == nil && !n.done { // done: another process committed the same night first
		e.Outputs = n.lineageOutputs(n.outputs)
	}
	n.sendLineage(ctx, lineage.Patient, append(events, e)...)
}

func (n *night) sendLineage(ctx context.Context, bound time.Duration, events ...lineage.Event) {
	folder := fmt.Sprintf("%s/dt=%s/run=%s", n.runner.Settings.Job, n.asOf, n.id)
	if err := n.runner.Lineage.Send(ctx, bound, folder, events); err != nil {
		n.runner.Log.Warn("lineage not told", "as_of", n.asOf.String(), "run", n.id, "error", err)
	}
}

func ending(cause error) string {
	switch {
	case cause == nil:
		return lineage.Complete
	case CauseOf(cause) == CauseStopped:
		return lineage.Abort
	}
	return lineage.Fail
}

func (n *night) lineageStart() lineage.Event {
	e := lineage.New(lineage.Start, n.started, n.lineageRun(""), n.lineageJob(""))
	e.Inputs = n.lineageInputs()
	return e
}

// lineageStep tells of a step as a job of its own with the night as its parent. The tables it made are told when they were published;
// which dumps it read is told of the night as a whole.
func (n *night) lineageStep(s stepSpan, cause error) []lineage.Event {
	kind, end := lineage.Complete, s.end
	if end.IsZero() {
		kind, end = ending(cause), n.runner.Now()
	}
	run, job := n.lineageRun(s.name), n.lineageJob(s.name)
	run.Facets.Parent(n.lineageRun(""), n.lineageJob(""))
	last := lineage.New(kind, end, run, job)
	if cause == nil && !n.done {
		last.Outputs = n.lineageOutputs(slices.DeleteFunc(slices.Clone(n.outputs), func(o Output) bool { return !slices.Contains(s.tables, o.Table) }))
	}
	return []lineage.Event{lineage.New(lineage.Start, s.began, run, job), last}
}

// lineageRun is the run of a step; of the empty one that of the night.
func (n *night) lineageRun(step string) lineage.Run {
	s := n.runner.Settings
	f := lineage.Facets{}
	f.Engine("windvane", cmp.Or(n.runner.Version, "dev"))
	f.NominalTime(time.UnixMicro(s.Zone.Start(n.asOf)).UTC(), time.UnixMicro(s.Zone.Start(n.asOf+1)).UTC())
	job := n.lineageJob(step)
	return lineage.Run{ID: lineage.RunID(job.Namespace, job.Name, n.id), Facets: f}
}

func (n *night) lineageJob(step string) lineage.Job {
	j := lineage.Job{Namespace: n.runner.Lineage.Namespace, Name: n.runner.Settings.Job, Facets: lineage.Facets{}}
	kind := "NIGHT"
	if step != "" {
		j.Name, kind = j.Name+"."+step, "STEP"
	}
	j.Facets.JobType(kind)
	return j
}

// lineageInputs are the dumped tables with the days that are read anew: those that the commit before did not rest on.
func (n *night) lineageInputs() []lineage.Input {
	inputs := []lineage.Input{}
	for _, t := range rollup.Sources() {
		var days []lineage.Partition
		var parts []string
		var rows, bytes int64
		files, counted := 0, true
		for _, p := range n.partitions[t.Name] {
			d := n.runner.Inputs.on(t.Name, p.Day)
			if d == nil || n.inPrevious(t.Name, p) {
				continue
			}
			day := lineage.Partition{Day: p.Day.String()}
			if p.Input > 0 {
				day.Rows = &p.Input
			}
			for _, o := range d.inputs() {
				day.Objects = append(day.Objects, lineage.Object{Key: o.Key, ETag: o.ETag, Size: o.Size})
				bytes += o.Size
				files++
			}
			days, parts = append(days, day), append(parts, p.Day.String(), d.digest())
			rows, counted = rows+p.Input, counted && p.Input > 0
		}
		if len(days) == 0 {
			continue
		}
		pattern, _ := n.runner.Settings.Tables[t.Name].ParsedPath(t)                                                         // the listing has parsed it before
		in := lineage.Input{Dataset: n.runner.Lineage.In.Dataset(path.Dir(pattern.Prefix())), InputFacets: lineage.Facets{}} // without dt=
		in.Facets.Version(digestOf(parts...))
		in.Facets.Schema(fieldsOf(t, n.types))
		known := &rows
		if !counted {
			known = nil
		}
		in.InputFacets.InputStatistics(known, bytes, files)
		in.InputFacets.Partitions(days)
		if checks := assertionsOf(n.dataGates, t.Name); checks != nil {
			in.InputFacets.Assertions(checks)
		}
		inputs = append(inputs, in)
	}
	return inputs
}

// lineageOutputs are published tables. The gates that speak of no dump in particular are told of each of them.
func (n *night) lineageOutputs(tables []Output) []lineage.Output {
	outputs := []lineage.Output{}
	for _, o := range tables {
		t, ok := contract.Lookup(o.Table, contract.Publications())
		if !ok {
			continue
		}
		out := lineage.Output{Dataset: n.runner.Lineage.Out.Dataset("published/" + n.runner.Settings.Job + "/" + o.Table), OutputFacets: lineage.Facets{}}
		out.Facets.Version(o.SHA256)
		out.Facets.Schema(fieldsOf(t, n.types))
		out.Facets.Assertions(assertionsOf(n.gates(), ""))
		out.OutputFacets.OutputStatistics(o.Rows, o.Bytes, 1)
		outputs = append(outputs, out)
	}
	return outputs
}

// assertionsOf are the gates that speak of an input table; of the empty one those that speak of none. Their text begins with the table.
func assertionsOf(gates []Gate, table string) (out []lineage.Assertion) {
	for _, g := range gates {
		first, _, _ := strings.Cut(g.Detail, " ")
		about := ""
		if _, ok := contract.Lookup(first, contract.Inputs()); ok {
			about = first
		}
		if about == table {
			out = append(out, lineage.Assertion{Assertion: g.Name, Success: g.Passed, Doc: g.Detail})
		}
	}
	return out
}

func fieldsOf(t *contract.Table, ids contract.IDTypes) []lineage.Field {
	fields := make([]lineage.Field, len(t.Columns))
	for i, c := range t.Columns {
		fields[i] = lineage.Field{Name: c.Name, Type: c.SQLType(ids), Doc: c.Doc}
	}
	return fields
}
