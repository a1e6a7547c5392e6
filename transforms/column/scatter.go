package column

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sync/errgroup"
)

// rowsPerPartition aims a partition's hash table at the second-level cache.
const rowsPerPartition = 8192

// maxPartitions bounds the memory of open blocks and the misses of scattering into them.
const maxPartitions = 2048

// PartitionsFor is the partition count for an expected number of rows: a power of two.
func PartitionsFor(rows int64) int {
	n := rows / rowsPerPartition
	if n <= 1 {
		return 1
	}
	return min(maxPartitions, 1<<bits.Len64(uint64(n-1)))
}

// SpillFile is scratch space; closing it deletes it.
type SpillFile interface {
	io.WriterAt
	io.ReaderAt
	io.Closer
}

// Spill creates scratch files. The caller of the engine supplies it.
type Spill interface {
	Create() (SpillFile, error)
}

// Memory is what an engine operator may use.
type Memory struct {
	Budget *Budget
	Spill  Spill
}

// extent is a run of whole rows in a spill file.
type extent struct {
	offset int64
	values int
}

type partition struct {
	mu      sync.Mutex
	blocks  [][]int64
	spilled []extent
	rows    int64
}

// Scatter spreads rows of a fixed width over partitions by the top bits of a hash.
//
// Rows are added through one Writer per goroutine; once all are flushed, Partitions visits each
// partition. With a single writer the rows of a partition keep their order; with several it is not defined.
type Scatter struct {
	width int
	shift uint
	parts []partition
	mem   Memory
	held  atomic.Int64 // bytes taken from the budget and not yet given back

	spillMu sync.Mutex
	file    SpillFile
	end     int64
}

// NewScatter makes a table of rows with width values each in partitions parts (a power of two).
func NewScatter(width, partitions int, mem Memory) *Scatter {
	if width < 1 || width > blockValues {
		panic(fmt.Sprintf("column: rows of %d values", width))
	}
	if partitions&(partitions-1) != 0 || partitions < 1 {
		panic(fmt.Sprintf("column: %d partitions is not a power of two", partitions))
	}
	return &Scatter{width: width, shift: uint(64 - bits.Len(uint(partitions-1))), parts: make([]partition, partitions), mem: mem}
}

func (s *Scatter) take(n int64) { s.mem.Budget.take(n); s.held.Add(n) }
func (s *Scatter) give(n int64) { s.mem.Budget.give(n); s.held.Add(-n) }

// Width is the number of values in a row.
func (s *Scatter) Width() int { return s.width }

// Rows is the number of rows flushed so far.
func (s *Scatter) Rows() int64 {
	var n int64
	for i := range s.parts {
		n += s.parts[i].rows
	}
	return n
}

// Spilled is the number of bytes written to the spill file.
func (s *Scatter) Spilled() int64 { return s.end }

// Writer adds rows for one goroutine. Flush it when done.
type Writer struct {
	s     *Scatter
	shift uint
	width int
	full  int       // values of a full block: whole rows
	open  [][]int64 // the block being filled, per partition; nil: none yet
	used  []int32   // values in it
	err   error
}

// Writer makes a writer. Each goroutine needs its own.
func (s *Scatter) Writer() *Writer {
	return &Writer{s: s, shift: s.shift, width: s.width, full: blockValues / s.width * s.width, open: make([][]int64, len(s.parts)), used: make([]int32, len(s.parts))}
}

// Row appends a row to the partition of hash and returns its values for the caller to fill, all of them.
func (w *Writer) Row(hash uint64) []int64 {
	p := hash >> w.shift // a shift by 64 gives 0
	n := int(w.used[p])
	b := w.open[p]
	if n == len(b) { // full, or none
		b, n = w.next(int(p)), 0
	}
	w.used[p] = int32(n + w.width)
	return b[n : n+w.width : n+w.width]
}

// Rows appends the named rows, each to the partition of its hash. Words are its values, a column for each; these and
// hashes begin with row from.
func (w *Writer) Rows(words [][]int64, hashes []uint64, from uint32, rows []uint32) {
	open, used, shift, width := w.open, w.used, w.shift, w.width
	for _, row := range rows {
		i := row - from
		p := hashes[i] >> shift // a shift by 64 gives 0
		n := int(used[p])
		b := open[p]
		if n == len(b) { // full, or none
			b, n = w.next(int(p)), 0
		}
		used[p] = int32(n + width)
		b = b[n : n+width]
		for j, word := range words {
			b[j] = word[i]
		}
	}
}

// next hands the full block of p over and opens an empty one.
func (w *Writer) next(p int) []int64 {
	if full := w.open[p]; full != nil {
		w.s.parts[p].add(full, w.width)
	}
	w.s.take(blockValues * 8)
	if w.err == nil && w.s.mem.Budget.exceeded() {
		w.err = w.s.spill()
	}
	b := w.s.mem.Budget.block()[:w.full]
	w.open[p] = b
	return b
}

// Err is the first failure to spill. A writer that goes on after it fills the memory.
func (w *Writer) Err() error { return w.err }

// Flush hands over what is left and reports the first spill error.
func (w *Writer) Flush() error {
	for p, b := range w.open {
		if b != nil {
			w.s.parts[p].add(b[:w.used[p]], w.width)
		}
	}
	w.open, w.used = nil, nil
	return w.err
}

func (p *partition) add(block []int64, width int) {
	p.mu.Lock()
	p.blocks = append(p.blocks, block)
	p.rows += int64(len(block) / width)
	p.mu.Unlock()
}

// spill writes every full block to the spill file and forgets it.
func (s *Scatter) spill() error {
	s.spillMu.Lock()
	defer s.spillMu.Unlock()
	if !s.mem.Budget.exceeded() {
		return nil // another writer has just done it
	}
	for i := range s.parts {
		if err := s.spillPartition(&s.parts[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scatter) spillPartition(p *partition) error {
	p.mu.Lock()
	blocks := p.blocks
	p.blocks = nil
	p.mu.Unlock()
	for _, b := range blocks {
		at, err := s.writeSpill(b)
		if err != nil {
			return err
		}
		p.mu.Lock()
		p.spilled = append(p.spilled, extent{at, len(b)})
		p.mu.Unlock()
		s.give(int64(cap(b) * 8))
		s.mem.Budget.recycle(b)
	}
	return nil
}

func (s *Scatter) writeSpill(values []int64) (int64, error) {
	if s.file == nil {
		if s.mem.Spill == nil {
			return 0, fmt.Errorf("memory limit reached and no spill directory configured")
		}
		f, err := s.mem.Spill.Create()
		if err != nil {
			return 0, fmt.Errorf("create spill file: %w", err)
		}
		s.file = f
	}
	at := s.end
	if _, err := s.file.WriteAt(asBytes(values), at); err != nil {
		return 0, fmt.Errorf("write spill file: %w", err)
	}
	s.end += int64(len(values) * 8)
	s.mem.Budget.spilled.Add(int64(len(values) * 8))
	return at, nil
}

// Partitions calls visit for every partition that has rows, in workers goroutines, each partition
// once. The blocks hold whole rows and are freed when visit returns. worker is below workers.
func (s *Scatter) Partitions(ctx context.Context, workers int, visit func(worker int, blocks [][]int64) error) error {
	return PartitionsOf(ctx, workers, []*Scatter{s}, func(w int, blocks [][][]int64) error { return visit(w, blocks[0]) })
}

// PartitionsOf is Partitions of several tables with the same number of partitions: visit gets the blocks of the same
// partition of each.
func PartitionsOf(ctx context.Context, workers int, tables []*Scatter, visit func(worker int, blocks [][][]int64) error) error {
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for w := range max(1, workers) {
		g.Go(func() (err error) {
			defer Recover(&err)
			for {
				i := int(next.Add(1) - 1)
				if i >= len(tables[0].parts) {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := visitPartition(tables, i, func(blocks [][][]int64) error { return visit(w, blocks) }); err != nil {
					return err
				}
			}
		})
	}
	return g.Wait()
}

// ErrInternal marks a broken invariant of ours: a bug.
var ErrInternal = errors.New("internal error")

// Recover turns a panic of a worker goroutine into an error with a stack, so that a bug fails the night and
// not the process. Defer it first in every goroutine.
func Recover(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w: %v\n%s", ErrInternal, r, debug.Stack())
	}
}

// VisitPartition calls visit with the blocks of partition i of each table, also where it has no rows, and frees them.
// For those to whom it matters which partition it is: rows of one come before those of the next in the order of hashes.
func VisitPartition(tables []*Scatter, i int, visit func(blocks [][][]int64) error) error {
	blocks := make([][][]int64, len(tables))
	for t, s := range tables {
		var err error
		if blocks[t], err = s.load(&s.parts[i]); err != nil {
			return err
		}
	}
	err := visit(blocks)
	for _, s := range tables {
		s.drop(&s.parts[i])
	}
	return err
}

// visitPartition is VisitPartition where there are rows.
func visitPartition(tables []*Scatter, i int, visit func(blocks [][][]int64) error) error {
	var rows int64
	for _, s := range tables {
		rows += s.parts[i].rows
	}
	if rows == 0 {
		return nil
	}
	return VisitPartition(tables, i, visit)
}

// load is all blocks of a partition: what was spilled came first.
func (s *Scatter) load(p *partition) ([][]int64, error) {
	var blocks [][]int64
	for _, e := range p.spilled {
		b := make([]int64, e.values) // never more than a block, and gone after the visit
		if err := readSpill(s.file, b, e.offset); err != nil {
			return nil, err
		}
		blocks = append(blocks, b)
	}
	return append(blocks, p.blocks...), nil
}

func (s *Scatter) drop(p *partition) {
	for _, b := range p.blocks {
		s.give(int64(cap(b) * 8))
		s.mem.Budget.recycle(b)
	}
	p.blocks, p.spilled, p.rows = nil, nil, 0
}

// readSpill fills values from the spill file. A file that ends too early is an error: its rows would be zeros.
func readSpill(file SpillFile, values []int64, offset int64) error {
	want := asBytes(values)
	n, err := file.ReadAt(want, offset)
	if n == len(want) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read spill file: %w", err)
}

// Close frees the blocks, those that writers were still filling too, and deletes the spill file. After an
// error that is how a table ends.
func (s *Scatter) Close() error {
	for i := range s.parts {
		s.parts[i].blocks = nil
	}
	s.give(s.held.Load())
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return f.Close()
}

// asBytes views values as bytes in the machine's order; spill files never leave the machine.
func asBytes(values []int64) []byte {
	if len(values) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&values[0])), len(values)*8)
}
