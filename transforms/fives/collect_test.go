package fives_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/fives"
)

// shops are three shops by code; other codes are strangers.
func shops() *column.Lookup { return column.NewLookup([]int64{11, 12, 13}) }

// frame makes a rollup's frame from rows.
func frame(rows [][]int64, names ...string) *column.Frame {
	f := column.NewFrame(len(rows))
	for j, name := range names {
		values := make([]int64, len(rows))
		for i, r := range rows {
			values[i] = r[j]
		}
		f.Set(name, values)
	}
	return f
}

// successive are frames of successive days.
func successive(frames ...*column.Frame) column.Days {
	return func(yield func(column.Dated, error) bool) {
		for i, f := range frames {
			if !yield(column.Dated{Day: asOf - calendar.Day(len(frames)-1-i), Frame: f}, nil) {
				return
			}
		}
	}
}

func contents(rows ...[]int64) *column.Frame {
	return frame(rows, "owner_merchant_id", "lives", "viewers", "watch_seconds", "interactions", "upheld_reports")
}

func TestContentsAreAddedUp(t *testing.T) {
	got, err := fives.ReadContents(shops(), successive(
		contents([]int64{11, 2, 100, 900, 30, 1}, []int64{13, 0, 5, 50, 1, 0}, []int64{99, 7, 7, 7, 7, 7}),
		contents([]int64{11, 1, 10, 90, 3, 0}, []int64{13, 1, 1, 1, 1, 1}),
		contents([]int64{11, 0, 1, 9, 0, 0})))
	want := fives.Contents{Viewers: []int64{111, 0, 6}, WatchSeconds: []int64{999, 0, 51}, Interactions: []int64{33, 0, 2}, Reports: []int64{1, 0, 1},
		LiveDays: []int64{2, 0, 1}} // two lives on a day are one day
	if diff := gocmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func promoters(rows ...[]int64) *column.Frame {
	return frame(rows, "merchant_id", "promoter_id", "paid_fen")
}

// scoreOf are talents 1 and 2; others have no score.
func scoreOf(talent int64) int64 {
	switch talent {
	case 1:
		return 450
	case 2:
		return 400
	}
	return null
}

func TestPartnersAreCountedOnceAndWeighted(t *testing.T) {
	got, err := fives.ReadPartners(shops(), successive(
		promoters([]int64{11, 1, 100}, []int64{11, 2, 300}, []int64{12, 3, 50}, []int64{99, 1, 9}),
		promoters([]int64{11, 1, 200}, []int64{11, 3, 4_000}, []int64{13, 1, 0})), scoreOf)
	want := fives.Partners{Active: []int64{3, 1, 1},
		// (4.5 × 300 + 4.0 × 300) / 600; no partner with a score; one that sold for nothing
		Score: []float64{4.25, nan, nan}}
	if diff := gocmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestTheOrderOfPartnersChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := func(name string, first, n int64) int64 { return rapid.Int64Range(first, first+n-1).Draw(t, name) }
		var rows [][]int64
		for range rapid.IntRange(0, 30).Draw(t, "rows") {
			rows = append(rows, []int64{id("shop", 11, 4), id("talent", 1, 3), id("fen", 0, 1e12)})
		}
		want, err := fives.ReadPartners(shops(), successive(promoters(rows...)), scoreOf)
		if err != nil {
			t.Fatal(err)
		}
		mixed := slices.Clone(rows)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		at := rapid.IntRange(0, len(mixed)).Draw(t, "first day")
		got, err := fives.ReadPartners(shops(), successive(promoters(mixed[:at]...), promoters(mixed[at:]...)), scoreOf)
		if diff := gocmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" || err != nil {
			t.Fatal(diff, err)
		}
	})
}

// onShelf are days of shelf_minutes of one product: the first days with the minutes, the rest without it.
func onShelf(days, with int, minutes int64) column.Days {
	var frames []*column.Frame
	for d := range days {
		rows := [][]int64{{7, 1}}
		if d < with {
			rows = [][]int64{{7, 1}, {31, minutes}}
		}
		frames = append(frames, frame(rows, "product_id", "purchasable_minutes"))
	}
	return successive(frames...)
}

func TestAlwaysOnTakes648Hours(t *testing.T) {
	for _, c := range []struct {
		name           string
		days, with     int
		minutes        int64
		merchant, live int64
		want           []int64
	}{
		{"27 whole days of 30", 30, 27, 1440, 12, 0, []int64{0, 1, 0}},
		{"26 whole days of 30", 30, 26, 1440, 12, 0, []int64{0, 0, 0}},
		{"30 days of 21.6 hours", 30, 30, 1296, 12, 0, []int64{0, 1, 0}},
		{"a minute less a day", 30, 30, 1295, 12, 0, []int64{0, 0, 0}},
		{"27 whole days are all there are", 27, 27, 1440, 13, 0, []int64{0, 0, 1}},
		{"too short a history", 26, 26, 1440, 12, 0, nil},
		{"sold in lives only by now", 30, 30, 1440, 12, 1, []int64{0, 0, 0}},
		{"gone from the snapshot", 30, 30, 1440, null, null, []int64{0, 0, 0}},
		{"of a shop that is not known", 30, 30, 1440, 99, 0, []int64{0, 0, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := fives.Products{Rows: column.NewLookup([]int64{30, 31}), Merchant: column.NewInts([]int64{11, c.merchant}), LiveOnly: column.NewInts([]int64{0, c.live})}
			got, err := fives.ReadAlwaysOn(shops(), p, onShelf(c.days, c.with, c.minutes))
			if diff := gocmp.Diff(c.want, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
}

func TestADayThatCannotBeReadIsAnError(t *testing.T) {
	broken := errors.New("broken")
	days := func(yield func(column.Dated, error) bool) { yield(column.Dated{}, broken) }
	_, contents := fives.ReadContents(shops(), days)
	_, partners := fives.ReadPartners(shops(), days, scoreOf)
	_, shelf := fives.ReadAlwaysOn(shops(), fives.Products{Rows: shops()}, days)
	for _, err := range []error{contents, partners, shelf} {
		if !errors.Is(err, broken) {
			t.Errorf("error %v", err)
		}
	}
}
