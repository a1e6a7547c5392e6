package score_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/internal/testkit/lines"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/score"
)

// The table of the run before comes in parts; of its runs the newest are kept, behind tonight's.
func TestHistoryRemembersTheNewestRuns(t *testing.T) {
	asOf := calendar.Of(2026, 5, 15)
	role := &score.Role{AsOf: asOf, Codes: []int64{10, 20}, Scores: &score.Scores{Total: []int16{450, 0}}}
	var parts []*column.Frame
	for ago := calendar.Day(-1); ago <= 40; ago++ { // one later than tonight, and tonight as it was published before
		f := column.NewFrame(3)
		f.Set("merchant_id", []int64{10, 20, 99}) // 99 is gone
		f.Set("dt", []int64{int64(asOf - ago), int64(asOf - ago), int64(asOf - ago)})
		f.Set("score_hundredths", []int64{300 + int64(ago), column.Null, 500})
		parts = append(parts, f)
	}
	h, err := role.Remember(func(yield func(*column.Frame, error) bool) {
		for _, f := range parts {
			if !yield(f, nil) {
				return
			}
		}
	}, "merchant_id", false)
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Runs) != score.HistoryRuns || len(h.Score) != score.HistoryRuns || h.Quality != nil {
		t.Fatalf("%d runs, %d of scores, quality %v", len(h.Runs), len(h.Score), h.Quality)
	}
	for run, d := range h.Runs {
		want := []int16{300 + int16(run), 0}
		if run == 0 {
			want[0] = 450
		}
		if diff := cmp.Diff(want, h.Score[run]); d != asOf-calendar.Day(run) || diff != "" {
			t.Errorf("run %d of %s: %s", run, d, diff)
		}
	}
	broken := errors.New("broken")
	if _, err := role.Remember(func(yield func(*column.Frame, error) bool) { yield(nil, broken) }, "merchant_id", false); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

// A dimension that is not computable, for want of its tables, is null in the history as it is beside the score, and so are read it and
// the 0 that stood there.
func TestAQualityThatIsNotComputableIsNullInTheHistory(t *testing.T) {
	asOf := calendar.Of(2026, 5, 15)
	role := &score.Role{AsOf: asOf, IDs: column.NewIDs(nil), Role: contract.ScoreProduct, Codes: []int64{10, 20}, Scores: &score.Scores{Total: []int16{450, 440}, Quality: []int16{0, 430}}}
	f := column.NewFrame(4)
	f.Set("product_id", []int64{10, 10, 20, 20})
	f.Set("dt", []int64{int64(asOf - 2), int64(asOf - 1), int64(asOf - 2), int64(asOf - 1)})
	f.Set("score_hundredths", []int64{451, 452, 441, 442})
	f.Set("quality_hundredths", []int64{0, column.Null, 431, 432})
	h, err := role.Remember(func(yield func(*column.Frame, error) bool) { yield(f, nil) }, "product_id", true)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range lines.Of(t, role.HistoryTable(h)) {
		got = append(got, fmt.Sprint(row["score_hundredths"], " ", row["quality_hundredths"]))
	}
	if diff := cmp.Diff([]string{"451 <nil>", "452 <nil>", "450 <nil>", "441 431", "442 432", "440 430"}, got); diff != "" {
		t.Error(diff)
	}
}
