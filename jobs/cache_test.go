package jobs

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rollup"
)

// frameOf has n rows of one column: 8n bytes.
func frameOf(n int) *column.Frame {
	f := column.NewFrame(n)
	f.Set("a", make([]int64, n))
	return f
}

func TestDecodedRollupsStayWithinTheirLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const limit = 4000
		c := newFrameCache(limit)
		for i := range rapid.IntRange(1, 200).Draw(t, "steps") {
			key := fmt.Sprint(rapid.IntRange(0, 60).Draw(t, "key"))
			if rapid.Bool().Draw(t, "get") {
				c.get(key)
				continue
			}
			f := frameOf(rapid.SampledFrom([]int{1, 2, 60, 125, 126}).Draw(t, "rows"))
			before := c.get(key)
			c.put(key, f)
			if got := c.get(key); f.Bytes() <= limit/4 && before == nil && got != f || f.Bytes() > limit/4 && got != before {
				t.Fatalf("step %d: the newest frame of %d bytes is not kept, or one too large is", i, f.Bytes())
			}
			var held int64
			for _, e := range c.frames {
				held += e.frame.Bytes()
			}
			if held != c.held || held > limit {
				t.Fatalf("step %d: %d bytes are held, %d counted, limit %d", i, held, c.held, limit)
			}
		}
	})
}

func TestWhatWasUsedLatelyStays(t *testing.T) {
	c := newFrameCache(800)
	for i := range 10 {
		c.put(fmt.Sprint(i), frameOf(10))
	}
	c.get("0")
	c.put("10", frameOf(10)) // one too many
	if c.get("0") == nil || c.get("10") == nil || c.get("1") != nil {
		t.Error("the frame used last left before one that nobody asked for")
	}
}

// Where everything is read twice in the same order, what came first stays: by the time it is full nothing of it has been asked
// for again.
func TestWhatIsReadTwiceIsFoundInPart(t *testing.T) {
	c := newFrameCache(800)
	c.stays = true
	for range 2 {
		for i := range 15 {
			if key := fmt.Sprint(i); c.get(key) == nil {
				c.put(key, frameOf(10))
			}
		}
	}
	for i := range 15 {
		if got := c.get(fmt.Sprint(i)) != nil; got != (i < 10) {
			t.Errorf("frame %d is there: %v", i, got)
		}
	}
	if c.held != 800 {
		t.Errorf("%d bytes are held, limit 800", c.held)
	}
}

// Named columns are kept for who names the same again, and for nobody else; without one who reads twice nothing is.
func TestNamedColumnsAreKeptForASecondReading(t *testing.T) {
	out, err := lake.Open(t.Context(), "mem://", lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	r, ids := rollup.CartedProducts(), column.NewIDs(nil)
	rows := make([]int64, len(rollup.From(r.Source.Name)))
	rows[rollupAt()[r.Name]] = 3
	p := Partition{Day: calendar.Of(2026, 1, 31), Digest: "x", Rows: rows}
	f := column.NewFrame(3)
	for _, c := range r.Table().Columns {
		f.Set(c.Name, []int64{4, 5, 6})
	}
	name := r.Table().Columns[0].Name
	for _, twice := range []bool{false, true} {
		if _, err := out.WriteParquet(t.Context(), rollupKey(r.Name, p), r.Table().Schema(ids.Types), lake.WriteOptions{}, frameRecords(r.Table(), ids, f)); err != nil {
			t.Fatal(err)
		}
		s := newState(out, ids, 1000)
		if twice {
			s.keepAsked(1000)
		}
		first, err := s.frame(t.Context(), r, p, true, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := out.Delete(t.Context(), rollupKey(r.Name, p)); err != nil {
			t.Fatal(err)
		}
		again, err := s.frame(t.Context(), r, p, true, name)
		if twice && (again != first || err != nil) || !twice && !errors.Is(err, errLost) {
			t.Errorf("read twice: %v: %v, error %v", twice, again, err)
		}
		for _, columns := range [][]string{nil, {name, name}} {
			if _, err := s.frame(t.Context(), r, p, true, columns...); !errors.Is(err, errLost) {
				t.Errorf("columns %v were had from those of another reader: error %v", columns, err)
			}
		}
	}
}

func TestLookupTablesLeaveInTheOrderTheyCame(t *testing.T) {
	table := func(rows int64) *rollup.Attributes {
		return column.NewLookup(make([]int64, rows), make([]int64, rows))
	}
	size := table(10).Bytes()
	c := newLookupCache(3 * size)
	for i := range 5 {
		c.put(fmt.Sprint(i), table(10))
	}
	for i, want := range []bool{false, false, true, true, true} {
		if got := c.get(fmt.Sprint(i)) != nil; got != want {
			t.Errorf("table %d is there: %v", i, got)
		}
	}
	c.put("large", table(1000))
	if c.get("large") == nil || len(c.tables) != 1 || c.held != table(1000).Bytes() {
		t.Errorf("a table larger than the limit stands alone: %d tables, %d bytes", len(c.tables), c.held)
	}
}
