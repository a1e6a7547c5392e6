package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
)

// Whatever the number that is loaded ahead: things come in their order, up to the first error or until the reader leaves,
// and no more than so many are begun ahead.
func TestThingsComeInOrder(t *testing.T) {
	broken := errors.New("broken")
	rapid.Check(t, func(t *rapid.T) {
		n, ahead := rapid.IntRange(0, 20).Draw(t, "things"), rapid.IntRange(0, 6).Draw(t, "ahead")
		fails, leaves := rapid.IntRange(0, 25).Draw(t, "fails"), rapid.IntRange(0, 25).Draw(t, "leaves")
		panics := rapid.Bool().Draw(t, "panics")
		things := make([]int, n)
		for i := range things {
			things[i] = i
		}
		var begun atomic.Int64
		var got, want []string
		for v, err := range inOrder(t.Context(), things, ahead, func(_ context.Context, i int) (int, error) {
			begun.Add(1)
			if i == fails && panics {
				panic(broken)
			}
			if i == fails {
				return 0, broken
			}
			return 10 * i, nil
		}) {
			if b := begun.Load(); b > int64(len(got)+1+ahead) {
				t.Fatalf("%d begun when thing %d came", b, len(got))
			}
			if err != nil {
				got = append(got, fmt.Sprint(errors.Is(err, broken) || panics && errors.Is(err, column.ErrInternal)))
				continue
			}
			got = append(got, fmt.Sprint(v))
			if v == 10*leaves {
				break
			}
		}
		for i := range n {
			if i == fails {
				want = append(want, "true")
				break
			}
			if want = append(want, fmt.Sprint(10*i)); i == leaves {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// A reader that stops early leaves nothing behind that still reads: the store is closed next.
func TestAReaderThatStopsLeavesNoLoadBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running atomic.Int64
		load := func(ctx context.Context, i int) (int, error) {
			running.Add(1)
			defer running.Add(-1)
			if i > 0 {
				<-ctx.Done()
			}
			return i, ctx.Err()
		}
		for _, err := range inOrder(t.Context(), []int{0, 1, 2, 3, 4, 5, 6}, 4, load) {
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
	})
}

func TestNothingIsLoadedForWhoHasGivenUp(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for _, err := range inOrder(ctx, []int{1, 2, 3}, 1, func(context.Context, int) (int, error) { return 0, errors.New("loaded") }) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the end of the context", err)
		}
	}
}
