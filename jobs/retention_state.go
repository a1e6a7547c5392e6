package jobs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/repeat"
	"github.com/windvane/windvane/transforms/rollup"
)

// liveState is the state that nights of the retention ask for.
type liveState struct {
	keys map[string]bool
	days map[calendar.Day]bool // as-of dates of these nights, and the days before them
	any  bool                  // some night is published
}

func newLiveState() *liveState {
	return &liveState{keys: map[string]bool{}, days: map[calendar.Day]bool{}}
}

// learn adds what the kept commits of a date rest on. A manifest that cannot be read ends the collection: nobody knows
// what it asks for.
func (c *Collector) learn(ctx context.Context, live *liveState, commits []lake.CommitRecord, kept map[string]bool) error {
	read := map[string]bool{}
	for i, rec := range commits {
		newest := i == len(commits)-1
		if rec.Retired || !kept[rec.Run] || read[rec.Run] {
			continue
		}
		night, err := readManifest(ctx, c.Out, rec)
		if errors.Is(err, lake.ErrNotFound) && !newest {
			continue
		}
		if err != nil {
			return fmt.Errorf("collect: what state commit %d of %s asks for is not known: %w", rec.Sequence, rec.AsOf, err)
		}
		read[rec.Run] = true
		live.add(&night.manifest)
	}
	return nil
}

// add marks everything that is made of the partitions of a night: the reduced days, and all sums and segments of runs
// of days that lie in it, whether that night looked at them or the next one will.
func (l *liveState) add(m *Manifest) {
	l.any, l.days[m.AsOf], l.days[m.AsOf-1] = true, true, true
	for table, days := range m.Partitions {
		rollups := rollup.From(table)
		for _, p := range days {
			l.keys[reducedKey(table, p)] = true
			for _, r := range rollups {
				l.keys[rollupKey(r.Name, p)] = true
			}
		}
		l.addRuns(rollups, days, runLengths, func(r *rollup.Rollup, from, length calendar.Day, digest func(string) string) string {
			return fmt.Sprintf("state/windows/%s/%dd/dt=%s/%s.parquet", r.Name, length, from, digest(windowFormat))
		})
		l.addRuns(rollups, days, []calendar.Day{longBlock, shortBlock}, func(r *rollup.Rollup, from, length calendar.Day, digest func(string) string) string {
			return fmt.Sprintf("state/pairs/%s/days=%d/from=%s/%s.parquet", r.Name, length, from, digest(strconv.Itoa(repeat.Version)))
		})
	}
}

// addRuns marks the keys of all runs of successive days that begin on multiples of a length.
func (l *liveState) addRuns(rollups []*rollup.Rollup, days []Partition, lengths []calendar.Day, key func(r *rollup.Rollup, from, length calendar.Day, digest func(version string) string) string) {
	for _, length := range lengths {
		for rest := days; len(rest) > 0; {
			from := startOfRun(rest[0].Day, length)
			end, _ := slices.BinarySearchFunc(rest, from+length, compareDay)
			parts := []string{}
			for _, p := range rest[:end] {
				parts = append(parts, p.Day.String(), p.Digest)
			}
			digest := func(version string) string { return digestOf(append([]string{version}, parts...)...) }
			for _, r := range rollups {
				l.keys[key(r, from, length, digest)] = true
			}
			rest = rest[end:]
		}
	}
}

// findState looks for state that is not live. While nothing is published all of it waits for the first night.
func (c *Collector) findState(ctx context.Context, live *liveState, out *Collection) error {
	objects, err := c.Out.List(ctx, "state/")
	if err != nil {
		return fmt.Errorf("list state: %w", err)
	}
	dead, unknown := map[string]*Garbage{}, map[string]bool{}
	lift := newestLift(objects)
	for _, o := range objects {
		kind, rest, _ := strings.Cut(strings.TrimPrefix(o.Key, "state/"), "/")
		why := "no night of the retention asks for it"
		switch kind {
		case "rollups", "partitions", "windows", "pairs":
			if live.keys[o.Key] || !live.any {
				continue
			}
		case "lift":
			if !live.any || c.keepLift(live, rest, lift, o) {
				continue
			}
		case "probe":
			why = "left by a check of the store"
		default:
			unknown["state/"+kind+"/"] = true
			continue
		}
		if c.younger(o, c.Retention.Grace) {
			continue
		}
		g := dead[kind]
		if g == nil {
			g = &Garbage{Kind: DeadState, Where: "state/" + kind + "/", Why: why}
			if kind == "probe" {
				g.Kind = Leftover
			}
			dead[kind] = g
		}
		g.add(o)
	}
	for _, kind := range slices.Sorted(maps.Keys(dead)) {
		out.Items = append(out.Items, *dead[kind])
	}
	out.Unknown = slices.Sorted(maps.Keys(unknown))
	return nil
}

// liftDir is the date and the folder of an object below state/lift/dt=<date>/<digest>/.
func liftDir(rest string) (day calendar.Day, dir string, ok bool) {
	parts := strings.SplitN(rest, "/", 3)
	if len(parts) < 3 {
		return 0, "", false
	}
	date, found := strings.CutPrefix(parts[0], "dt=")
	day, err := calendar.Parse(date)
	return day, parts[0] + "/" + parts[1], found && err == nil
}

// newestLift is, by date, the folder of lift state that was written last.
func newestLift(objects []lake.Object) map[calendar.Day]string {
	newest, at := map[calendar.Day]string{}, map[calendar.Day]time.Time{}
	for _, o := range objects {
		rest, found := strings.CutPrefix(o.Key, "state/lift/")
		if !found {
			continue
		}
		if day, dir, ok := liftDir(rest); ok && !o.ModTime.Before(at[day]) {
			newest[day], at[day] = dir, o.ModTime
		}
	}
	return newest
}

// keepLift tells whether lift state is kept. Its name covers settings too, so it is kept by date: of the nights of the
// retention and the days before them the folder written last, and others for as long as superseded tables.
func (c *Collector) keepLift(live *liveState, rest string, newest map[calendar.Day]string, o lake.Object) bool {
	day, dir, ok := liftDir(rest)
	return !ok || live.days[day] && (newest[day] == dir || c.younger(o, c.Retention.Superseded))
}
