package column

import (
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Each has work done for all of [0, n), by so many workers side by side. What work writes for one number it may not touch for
// another, so that the result is the same however many there are. It fails where work panics.
func Each(n, workers int, work func(i int)) error {
	var next atomic.Int64
	var g errgroup.Group
	for range max(1, min(workers, n)) {
		g.Go(func() (err error) {
			defer Recover(&err)
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				work(i)
			}
		})
	}
	return g.Wait()
}

// rangeSubjects are worked on at once: enough that handing them out costs nothing.
const rangeSubjects = 1 << 13

// Ranges is Each for many numbers that are little work each, a range of them at a time.
func Ranges(n, workers int, work func(from, to int)) error {
	return Each((n+rangeSubjects-1)/rangeSubjects, workers, func(i int) {
		work(i*rangeSubjects, min((i+1)*rangeSubjects, n))
	})
}
