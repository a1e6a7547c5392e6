package jobs

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
)

// A reader that stops early leaves nothing behind that still reads: the store is closed next.
func TestAReaderThatStopsLeavesNoLoadBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &night{runner: &Runner{Settings: Settings{Workers: 4}}}
		var units []unit
		for i := range 20 {
			units = append(units, unit{days: []Partition{{Day: calendar.Day(i)}}})
		}
		var running atomic.Int64
		load := func(ctx context.Context, u unit) (*column.Frame, error) {
			running.Add(1)
			defer running.Add(-1)
			if u.days[0].Day == 0 {
				return &column.Frame{}, nil
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}
		for _, err := range n.deliver(t.Context(), units, load) {
			if err != nil {
				t.Error(err)
			}
			synctest.Wait() // the loads ahead are under way
			if running.Load() != 4 {
				t.Errorf("%d loads are under way", running.Load())
			}
			break
		}
		if left := running.Load(); left != 0 {
			t.Errorf("%d loads are still under way", left)
		}
		for _, err := range n.deliver(t.Context(), units[1:], func(context.Context, unit) (*column.Frame, error) { return nil, errors.New("broken") }) {
			if err == nil {
				t.Error("a load that failed is delivered")
			}
		}
	})
}
