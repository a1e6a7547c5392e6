package column

import (
	"iter"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/transforms/contract"
)

// Records are the rows of a table, in order, in records of bounded size. A record is the consumer's until it asks for
// the next one; then its memory is used again. The sequence may be walked more than once.
type Records = iter.Seq2[arrow.Record, error]

// Pages builds a table of so many rows in records of at most size rows. open resolves the columns of a builder; what it
// returns appends the rows from (inclusive) to (exclusive). A table without rows is one empty record.
func Pages(t *contract.Table, ids *IDs, rows, size int, open func(b *Builder) (fill func(from, to int))) Records {
	return func(yield func(arrow.Record, error) bool) {
		b := NewBuilder(t, ids)
		fill := open(b)
		for from := 0; from == 0 || from < rows; from += size {
			fill(from, min(rows, from+size))
			rec := b.Record(memory.DefaultAllocator)
			more := yield(rec, nil)
			rec.Release()
			if !more {
				return
			}
			b.Reset()
		}
	}
}
