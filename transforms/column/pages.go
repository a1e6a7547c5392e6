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
	return Stream(t, ids, size, func(b *Builder, more func() bool) {
		fill := open(b)
		for from := 0; from < rows; from += size {
			if fill(from, min(rows, from+size)); !more() {
				return
			}
		}
	})
}

// Stream builds a table in records of about size rows where nobody knows beforehand how many rows there are. write
// appends them all, and asks more after every few: a record that has its size is handed on then. Where more is false
// nobody wants the rest, and write returns. A table without rows is one empty record.
func Stream(t *contract.Table, ids *IDs, size int, write func(b *Builder, more func() bool)) Records {
	return func(yield func(arrow.Record, error) bool) {
		b := NewBuilder(t, ids)
		records, wanted := 0, true
		flush := func() bool {
			rec := b.Record(memory.DefaultAllocator)
			wanted = yield(rec, nil)
			rec.Release()
			b.Reset()
			records++
			return wanted
		}
		write(b, func() bool { return b.Len() < size || flush() })
		if wanted && (b.Len() > 0 || records == 0) {
			flush()
		}
	}
}
