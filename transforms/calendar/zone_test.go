package calendar_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // the tests name zones; a machine may have none

	"github.com/windvane/windvane/transforms/calendar"
	"pgregory.net/rapid"
)

// Zones with and without summer time, with odd offsets, with skipped days and midnights.
var names = []string{
	"UTC", "Asia/Shanghai", "Asia/Kathmandu", "America/New_York", "Europe/London", "Europe/Dublin", "Australia/Lord_Howe",
	"America/Sao_Paulo", "America/Havana", "America/St_Johns", "Pacific/Apia", "Pacific/Kwajalein", "Africa/Casablanca", "Asia/Tehran", "Antarctica/Troll",
}

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func civil(at time.Time) calendar.Day { return calendar.Of(at.Date()) }

// anyMoment draws moments of ordinary years, of all years up to 9999, and near a clock change.
func anyMoment(t *rapid.T, loc *time.Location) int64 {
	at := rapid.OneOf(
		rapid.Int64Range(time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()),
		rapid.Int64Range(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()),
	).Draw(t, "moment")
	if _, end := time.UnixMicro(at).In(loc).ZoneBounds(); !end.IsZero() && rapid.Bool().Draw(t, "near a change") {
		at = end.UnixMicro() + rapid.Int64Range(-2*3600e6, 2*3600e6).Draw(t, "distance")
	}
	return at
}

func forEachZone(t *testing.T, check func(t *rapid.T, zone *calendar.Zone, loc *time.Location)) {
	for _, name := range names {
		loc := location(t, name)
		zone := calendar.NewZone(loc)
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { check(t, zone, loc) })
		})
	}
}

func TestZoneDayAgreesWithPackageTime(t *testing.T) {
	forEachZone(t, func(t *rapid.T, zone *calendar.Zone, loc *time.Location) {
		at := anyMoment(t, loc)
		if got, want := zone.Day(at), civil(time.UnixMicro(at).In(loc)); got != want {
			t.Fatalf("Day(%s) = %s, want %s", time.UnixMicro(at).In(loc), got, want)
		}
	})
}

func TestZoneDaysAgreesWithDay(t *testing.T) {
	forEachZone(t, func(t *rapid.T, zone *calendar.Zone, loc *time.Location) {
		us := make([]int64, rapid.IntRange(0, 20).Draw(t, "n"))
		want := make([]calendar.Day, len(us))
		for i := range us {
			us[i] = anyMoment(t, loc)
			want[i] = zone.Day(us[i])
		}
		got := make([]calendar.Day, len(us))
		if zone.Days(got, us); !slices.Equal(got, want) {
			t.Fatalf("Days = %v, want %v", got, want)
		}
	})
}

func TestZoneStartIsTheFirstMomentOfTheDayOrLater(t *testing.T) {
	forEachZone(t, func(t *rapid.T, zone *calendar.Zone, loc *time.Location) {
		day := zone.Day(anyMoment(t, loc))
		start := zone.Start(day)
		if got := zone.Day(start); got < day {
			t.Fatalf("Start(%s) falls on %s", day, got)
		}
		for _, before := range []int64{1, 1e6, 1800e6, 3600e6, 86400e6} {
			if got := zone.Day(start - before); got >= day {
				t.Fatalf("%d µs before Start(%s) = %s it is %s already", before, day, time.UnixMicro(start).In(loc), got)
			}
		}
	})
}

func TestZoneFromLocal(t *testing.T) {
	forEachZone(t, func(t *rapid.T, zone *calendar.Zone, loc *time.Location) {
		at := anyMoment(t, loc)
		_, offset := time.UnixMicro(at).In(loc).Zone()
		wall := at + int64(offset)*1e6
		got := zone.FromLocal(wall)
		if _, o := time.UnixMicro(got).In(loc).Zone(); got+int64(o)*1e6 != wall || got > at {
			t.Fatalf("FromLocal = %s, want %s or the earlier moment with that wall clock", time.UnixMicro(got).In(loc), time.UnixMicro(at).In(loc))
		}
	})
}

func TestClockChanges(t *testing.T) {
	wall := func(s string) int64 {
		at, err := time.Parse(time.DateTime, s)
		if err != nil {
			t.Fatal(err)
		}
		return at.UnixMicro()
	}
	for _, c := range []struct{ name, zone, wall, want string }{
		{"Shanghai is eight hours ahead", "Asia/Shanghai", "2026-01-31 00:00:00", "2026-01-30T16:00:00Z"},
		{"Shanghai had summer time in 1988", "Asia/Shanghai", "1988-07-01 00:00:00", "1988-06-30T15:00:00Z"},
		{"of two moments the earlier", "America/New_York", "2025-11-02 01:30:00", "2025-11-02T05:30:00Z"},
		{"a wall clock in the gap moves forward", "America/New_York", "2025-03-09 02:30:00", "2025-03-09T07:30:00Z"},
		{"beyond the precomputed years too", "America/New_York", "2300-07-01 00:00:00", "2300-07-01T04:00:00Z"},
		{"local mean time of long ago", "America/New_York", "1850-01-01 00:00:00", "1850-01-01T04:56:02Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := time.UnixMicro(calendar.NewZone(location(t, c.zone)).FromLocal(wall(c.wall))).UTC().Format(time.RFC3339)
			if got != c.want {
				t.Errorf("FromLocal(%s %s) = %s, want %s", c.wall, c.zone, got, c.want)
			}
		})
	}
}

func TestStart(t *testing.T) {
	for _, c := range []struct{ name, zone, day, want string }{
		{"midnight in Shanghai", "Asia/Shanghai", "2026-01-31", "2026-01-30T16:00:00Z"},
		{"where midnight is skipped the day begins at one", "America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"},
		{"where midnight comes twice it is the first", "America/Havana", "2025-11-02", "2025-11-02T04:00:00Z"},
		{"a day that never was begins with the next", "Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"},
		{"before 1970", "Asia/Shanghai", "1969-12-31", "1969-12-30T16:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := time.UnixMicro(calendar.NewZone(location(t, c.zone)).Start(day(t, c.day))).UTC().Format(time.RFC3339)
			if got != c.want {
				t.Errorf("Start(%s) = %s, want %s", c.day, got, c.want)
			}
		})
	}
}

func TestExtremeMomentsEnd(t *testing.T) {
	for _, name := range names {
		zone := calendar.NewZone(location(t, name))
		us := []int64{-1 << 62, 1<<63 - 1, -1 << 63, 1 << 62}
		zone.Days(make([]calendar.Day, len(us)), us) // the days are meaningless at the ends; it must return
	}
}

func BenchmarkDays(b *testing.B) {
	for _, name := range []string{"Asia/Shanghai", "America/New_York"} {
		b.Run(name, func(b *testing.B) {
			zone := calendar.NewZone(location(b, name))
			random := rand.New(rand.NewPCG(1, 2))
			us := make([]int64, 1e6)
			for i := range us {
				us[i] = time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC).UnixMicro() + random.Int64N(86400e6)
			}
			days := make([]calendar.Day, len(us))
			for b.Loop() {
				zone.Days(days, us)
			}
			b.ReportMetric(float64(len(us))*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
