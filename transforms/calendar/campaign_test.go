package calendar_test

import (
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/calendar"
)

func at(s string) calendar.Day {
	d, err := calendar.Parse(s)
	if err != nil {
		panic(err) // a slip in a test
	}
	return d
}

func since(s string) *calendar.Day {
	d := at(s)
	return &d
}

// 双11 was longer in 2025 than in 2024; the lunar new year moves with the moon (2025-01-29, 2026-02-17).
var campaigns = calendar.Campaigns{
	{Name: "双11", From: at("2025-10-09"), To: at("2025-11-14"), Peak: at("2025-11-11"), Like: since("2024-10-14")},
	{Name: "双11", From: at("2024-10-14"), To: at("2024-11-11"), Peak: at("2024-11-11")},
	{Name: "春节", From: at("2025-01-27"), To: at("2025-02-04"), Peak: at("2025-01-29")},
	{Name: "春节", From: at("2026-02-15"), To: at("2026-02-23"), Peak: at("2026-02-17"), Like: since("2025-01-27")},
}

func TestCounterpart(t *testing.T) {
	if err := campaigns.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, day, want string }{
		{"the peak meets the peak", "2025-11-11", "2024-11-11"},
		{"the lunar new year meets that of the other year", "2026-02-17", "2025-01-29"},
		{"its eve likewise", "2026-02-16", "2025-01-28"},
		{"the earlier one had not begun", "2025-10-10", ""},
		{"the earlier one had ended", "2025-11-12", ""},
		{"nothing to compare with", "2024-11-11", ""},
		{"an ordinary day", "2025-12-01", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if d, ok := campaigns.Counterpart(at(c.day)); ok {
				got = d.String()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestNamesOfASpan(t *testing.T) {
	if diff := gocmp.Diff([]string{"双11", "春节"}, campaigns.Names(at("2024-11-11"), at("2025-12-31"))); diff != "" {
		t.Error(diff)
	}
	if got := campaigns.Names(at("2025-11-15"), at("2026-02-14")); got != nil {
		t.Errorf("between campaigns: %v", got)
	}
}

func TestCountIsThatOfTheDaysOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := at("2024-10-01") + calendar.Day(rapid.IntRange(0, 600).Draw(t, "first"))
		last := first + calendar.Day(rapid.IntRange(-1, 400).Draw(t, "days"))
		var want int64
		for d := first; d <= last; d++ {
			if _, ok := campaigns.On(d); ok {
				want++
			}
		}
		if got := campaigns.Count(first, last); got != want {
			t.Fatalf("%s to %s: got %d, want %d", first, last, got, want)
		}
	})
}

func TestCampaignsThatCannotBe(t *testing.T) {
	ordinary := calendar.Campaign{Name: "618", From: at("2026-05-20"), To: at("2026-06-18"), Peak: at("2026-06-18")}
	for _, c := range []struct {
		name   string
		change func(c *calendar.Campaign)
		says   string
	}{
		{"no name", func(c *calendar.Campaign) { c.Name = " " }, "it has no name"},
		{"the end before the start", func(c *calendar.Campaign) { c.To = c.From - 1 }, "it ends on 2026-05-19, before it begins"},
		{"a peak elsewhere", func(c *calendar.Campaign) { c.Peak = c.To + 1 }, "its peak 2026-06-19 is none of its days"},
		{"like one that is not listed", func(c *calendar.Campaign) { c.Like = since("2025-05-20") }, "no earlier campaign of the calendar begins on 2025-05-20"},
		{"like itself", func(c *calendar.Campaign) { c.Like = since("2026-05-20") }, "no earlier campaign of the calendar begins on 2026-05-20"},
		{"days of another one", func(c *calendar.Campaign) { c.From = at("2026-02-20") }, "618 from 2026-02-20: it shares days with 春节 from 2026-02-15"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := ordinary
			c.change(&bad)
			err := append(campaigns[:len(campaigns):len(campaigns)], bad).Validate()
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %s", err, c.says)
			}
		})
	}
}
