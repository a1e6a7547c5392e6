package column_test

import (
	"math/rand/v2"
	"testing"

	"github.com/windvane/windvane/transforms/column"
)

// lookupKeys are a million keys in ascending order with gaps, and as many to ask for: in order, and not.
func lookupKeys() (keys, ascending, shuffled []int64) {
	random := rand.New(rand.NewPCG(1, 2))
	key := int64(300_000_000)
	for range 1 << 20 {
		key += 1 + random.Int64N(3)
		keys = append(keys, key)
	}
	ascending = append(ascending, keys...)
	shuffled = append(shuffled, keys...)
	random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	return keys, ascending, shuffled
}

func BenchmarkNewLookup(b *testing.B) {
	keys, _, shuffled := lookupKeys()
	for name, k := range map[string][]int64{"ascending": keys, "shuffled": shuffled} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				column.NewLookup(k)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(k)), "ns/row")
		})
	}
}

func BenchmarkLookupRows(b *testing.B) {
	keys, ascending, shuffled := lookupKeys()
	l, rows := column.NewLookup(keys), make([]int64, len(keys))
	for name, k := range map[string][]int64{"ascending": ascending, "shuffled": shuffled} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				l.Rows(k, rows)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(k)), "ns/row")
		})
	}
}
