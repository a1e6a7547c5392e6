package config

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/windvane/windvane/jobs/schedule"
	"github.com/windvane/windvane/transforms/calendar"
)

// ScheduledJob is what windvane serve does at the times of a cron spec.
type ScheduledJob struct {
	// Name tells the job in logs and metrics; empty: what it does.
	Name string `yaml:"name" json:"name,omitempty"`
	// Does is night (make the night that is due), restate (make stale nights again) or collect (what windvane gc --apply does).
	Does Task `yaml:"does" json:"does,omitempty"`
	// Spec is a cron spec: minute, hour, day of month, month, day of week.
	Spec string `yaml:"spec" json:"spec"`
	// Zone is the IANA name of the zone of the spec; empty: business_zone.
	Zone string `yaml:"zone" json:"zone,omitempty"`
	// LagDays is how many days before the firing the as-of date lies; null: 1, yesterday.
	LagDays *int `yaml:"lag_days" json:"lag_days,omitempty"`
	// Deadline is how long after the firing late dumps are waited for; null: 6h.
	Deadline *time.Duration `yaml:"deadline" json:"deadline,omitempty"`
	// Retries is how often a night that failed is tried again; null: 2.
	Retries *int `yaml:"retries" json:"retries,omitempty"`
	// FirstPause is the pause before the second try; it doubles up to longest_pause; null: 1m.
	FirstPause *time.Duration `yaml:"first_pause" json:"first_pause,omitempty"`
	// LongestPause bounds the pauses; null: 10m.
	LongestPause *time.Duration `yaml:"longest_pause" json:"longest_pause,omitempty"`
	// CatchUp is how many nights are looked at at each firing, the last ones; what is missing of them is made; null: 7.
	CatchUp *int `yaml:"catch_up" json:"catch_up,omitempty"`
	// Days is how many nights before the as-of date restate looks at; null: 7.
	Days *int `yaml:"days" json:"days,omitempty"`
}

// Task is what a scheduled job does.
type Task string

// The tasks of scheduled jobs.
const (
	TaskNight   Task = "night"
	TaskRestate Task = "restate"
	TaskCollect Task = "collect"
)

// withDefaults fills in what was not said.
func (j ScheduledJob) withDefaults(businessZone string) ScheduledJob {
	j.Does = cmp.Or(j.Does, TaskNight)
	j.Name = cmp.Or(j.Name, string(j.Does))
	j.Zone = cmp.Or(j.Zone, businessZone)
	orElse(&j.LagDays, 1)
	orElse(&j.Deadline, 6*time.Hour)
	orElse(&j.Retries, 2)
	orElse(&j.FirstPause, time.Minute)
	orElse(&j.LongestPause, 10*time.Minute)
	orElse(&j.CatchUp, 7)
	orElse(&j.Days, 7)
	return j
}

func orElse[T any](p **T, otherwise T) {
	if *p == nil {
		*p = &otherwise
	}
}

// Parsed is the spec in its zone.
func (j ScheduledJob) Parsed(business *calendar.Zone) (*schedule.Spec, error) {
	loc, err := time.LoadLocation(j.Zone)
	if err != nil || j.Zone == "Local" {
		return nil, fmt.Errorf("zone: %q is not an IANA time zone", j.Zone)
	}
	spec, err := schedule.Parse(j.Spec, calendar.NewZone(loc), business, *j.LagDays)
	if err != nil {
		return nil, fmt.Errorf("spec: %w", err)
	}
	return spec, nil
}

// Jobs are the scheduled jobs with nothing left unsaid.
func (c Config) Jobs() []ScheduledJob {
	var out []ScheduledJob
	for _, j := range c.Schedule {
		out = append(out, j.withDefaults(c.BusinessZone))
	}
	return out
}

// Serve is how windvane serve shows itself and stops.
type Serve struct {
	// Listen is the address of /metrics and /healthz; empty: none.
	Listen string `yaml:"listen" json:"listen"`
	// AllowRemote lets listen be an address that other machines reach; nothing there asks who they are.
	AllowRemote bool `yaml:"allow_remote" json:"allow_remote"`
	// StopGrace is how long a night that is being made may go on after SIGTERM.
	StopGrace time.Duration `yaml:"stop_grace" json:"stop_grace"`
}

// Retention is what windvane gc keeps. The newest commit of every date that is kept is always kept.
type Retention struct {
	// KeepNights is how many nights of each job, the newest ones, stay published; 0: all. Older ones are retired: from then on
	// readers do not find them, and their tables go after superseded_days.
	KeepNights int `yaml:"keep_nights" json:"keep_nights"`
	// Grace is the age below which nothing is removed: a reader may still hold it, a run may still be writing it.
	Grace time.Duration `yaml:"grace" json:"grace"`
	// SupersededDays is how many days the tables of a commit are kept after a newer one took its place.
	SupersededDays int `yaml:"superseded_days" json:"superseded_days"`
	// StateNights is of how many nights, the newest ones, the reduced days are kept: those can be made again without dumps.
	StateNights int `yaml:"state_nights" json:"state_nights"`
	// FailureDays is how many days the records of failed attempts and of messages are kept.
	FailureDays int `yaml:"failure_days" json:"failure_days"`
}

func (c Config) operationProblems() (found []problem) {
	add := func(path, format string, args ...any) {
		found = append(found, problem{path, fmt.Sprintf(format, args...)})
	}
	names := map[string]bool{}
	for i, j := range c.Jobs() {
		at := "schedule[" + strconv.Itoa(i) + "]"
		if zone, err := c.Zone(); err == nil {
			if _, err := j.Parsed(zone); err != nil {
				add(at, "%v", err)
			}
		}
		if !slices.Contains([]Task{TaskNight, TaskRestate, TaskCollect}, j.Does) {
			add(at+".does", "%q is none of night, restate, collect", j.Does)
		}
		if names[j.Name] {
			add(at+".name", "two jobs are called %s", j.Name)
		}
		names[j.Name] = true
		for _, n := range []struct {
			key         string
			value       int
			least, most int
		}{{"lag_days", *j.LagDays, 0, 366}, {"retries", *j.Retries, 0, 100}, {"catch_up", *j.CatchUp, 1, 400}, {"days", *j.Days, 1, 400}} {
			if n.value < n.least || n.value > n.most {
				add(at+"."+n.key, "%d is outside [%d, %d]", n.value, n.least, n.most)
			}
		}
		for _, d := range []struct {
			key   string
			value time.Duration
			least time.Duration
		}{{"deadline", *j.Deadline, 0}, {"first_pause", *j.FirstPause, time.Second}, {"longest_pause", *j.LongestPause, *j.FirstPause}} {
			if d.value < d.least || d.value > 30*24*time.Hour {
				add(at+"."+d.key, "%s is outside [%s, 720h]", d.value, d.least)
			}
		}
	}
	if err := c.Serve.checkListen(); err != nil {
		add("serve.listen", "%v", err)
	}
	if c.Serve.StopGrace < 0 || c.Serve.StopGrace > 24*time.Hour {
		add("serve.stop_grace", "%s is outside [0s, 24h]", c.Serve.StopGrace)
	}
	found = append(found, c.Retention.problems()...)
	return append(found, c.webhookProblems()...)
}

// checkListen refuses an address that other machines reach unless that is allowed.
func (s Serve) checkListen() error {
	if s.Listen == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return fmt.Errorf("%q is not host:port, as in 127.0.0.1:9464", s.Listen)
	}
	addr, err := netip.ParseAddr(host)
	if loopback := host == "localhost" || err == nil && addr.IsLoopback(); loopback || s.AllowRemote {
		return nil
	}
	return fmt.Errorf("%q is reached by other machines and asks nobody who they are; take 127.0.0.1, or say serve.allow_remote: true behind a firewall", s.Listen)
}

// minGrace is longer than a run may take, see jobs.MaxRun.
const minGrace = 25 * time.Hour

// minNights is jobs.MinNights: how far nights look back on earlier ones.
const minNights = 62

func (r Retention) problems() (found []problem) {
	if r.Grace < minGrace {
		found = append(found, problem{"retention.grace", fmt.Sprintf("%s is below %s: a run that is still going could lose what it wrote", r.Grace, minGrace)})
	}
	if least := max(minNights, r.StateNights); r.KeepNights != 0 && (r.KeepNights < least || r.KeepNights > maxDays) {
		found = append(found, problem{"retention.keep_nights", fmt.Sprintf("%d is outside [%d, %d]: nights look back on earlier ones, and state_nights need theirs; 0 keeps all", r.KeepNights, least, maxDays)})
	}
	for _, n := range []struct {
		key   string
		value int
		least int
	}{{"superseded_days", r.SupersededDays, 0}, {"state_nights", r.StateNights, 1}, {"failure_days", r.FailureDays, 0}} {
		if n.value < n.least || n.value > maxDays {
			found = append(found, problem{"retention." + n.key, fmt.Sprintf("%d is outside [%d, %d]", n.value, n.least, maxDays)})
		}
	}
	return found
}
