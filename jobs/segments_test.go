package jobs

import (
	"fmt"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/calendar"
)

// daysAt are partitions of some days.
func daysAt(days ...calendar.Day) (out []Partition) {
	for _, d := range days {
		out = append(out, Partition{Day: d, Digest: d.String()})
	}
	return out
}

func span(from, to calendar.Day) (out []calendar.Day) {
	for d := from; d <= to; d++ {
		out = append(out, d)
	}
	return out
}

func TestDaysAreReadInBlocksOfTheCalendar(t *testing.T) {
	for _, c := range []struct {
		name                 string
		days                 []calendar.Day
		first, asOf, settled calendar.Day
		want                 []string // from, days, partitions
	}{
		{"a block that is over", span(64, 71), 0, 71, 0, []string{"64 8 8"}},
		{"one that is not yet", span(64, 70), 0, 70, 0, []string{"64 1 1", "65 1 1", "66 1 1", "67 1 1", "68 1 1", "69 1 1", "70 1 1"}},
		{"one that the history cuts off", span(65, 72), 65, 72, 0, []string{"65 1 1", "66 1 1", "67 1 1", "68 1 1", "69 1 1", "70 1 1", "71 1 1", "72 1 1"}},
		{"one with missing days", []calendar.Day{65, 70}, 0, 71, 0, []string{"64 8 2"}},
		{"one with a single day", []calendar.Day{65, 72, 73}, 0, 79, 0, []string{"65 1 1", "72 8 2"}},
		{"a long one that is settled", span(64, 135), 0, 135, 127, []string{"64 64 64", "128 8 8"}},
		{"a long one that may still change", span(64, 127), 0, 135, 126, []string{"64 8 8", "72 8 8", "80 8 8", "88 8 8", "96 8 8", "104 8 8", "112 8 8", "120 8 8"}},
		{"a long one with few days", []calendar.Day{64, 127}, 0, 200, 200, []string{"64 64 2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, b := range planBlocks(daysAt(c.days...), c.first, c.asOf, c.settled) {
				got = append(got, fmt.Sprint(int(b.from), b.days, len(b.parts)))
			}
			if diff := gocmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBlocksHoldEveryDayOnceAndAreFew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asOf := calendar.Day(rapid.IntRange(1000, 1200).Draw(t, "as of"))
		history := calendar.Day(rapid.IntRange(1, 900).Draw(t, "history"))
		first := asOf - history + 1
		blocks := planBlocks(daysAt(span(first, asOf)...), first, asOf, asOf-35)
		next := first
		for _, b := range blocks {
			for _, p := range b.parts {
				if p.Day != next {
					t.Fatalf("day %d, want %d", p.Day, next)
				}
				next++
			}
			if from, to := b.parts[0].Day, b.parts[len(b.parts)-1].Day; from < b.from || to >= b.from+calendar.Day(b.days) {
				t.Fatalf("days %d to %d in a block of %d from %d", from, to, b.days, b.from)
			}
		}
		if next != asOf+1 || len(blocks) > int(history/longBlock)+2*8+2*8+6 {
			t.Fatalf("%d blocks up to day %d of %d", len(blocks), next-1, asOf)
		}
	})
}

func TestASegmentIsFoundByTheDigestsOfItsDays(t *testing.T) {
	keys := map[string]bool{}
	for _, parts := range [][]Partition{daysAt(64, 65), daysAt(64, 66), daysAt(64), {{Day: 64, Digest: "x"}, {Day: 65, Digest: "y"}}} {
		b := block{64, 8, parts}
		keys[b.key("platform_buyers")] = true
		keys[b.key("merchant_buyers")] = true
	}
	if len(keys) != 8 {
		t.Errorf("%d keys of 8 segments", len(keys))
	}
}
