package column

import "math"

// unpackRows is how many rows are unpacked at once: their words stay in the first-level cache.
const unpackRows = 1024

// unpacker turns packed rows into columns.
type unpacker struct {
	packing *packing
	loaded  [][]uint64 // unpackRows of each word
}

func (p *packing) unpacker() *unpacker {
	u := &unpacker{packing: p, loaded: make([][]uint64, p.words)}
	for i := range u.loaded {
		u.loaded[i] = make([]uint64, unpackRows)
	}
	return u
}

// unpack sets values of columns, from row number to on, to the rows that begin at the positions in the order of these.
// There are at most unpackRows of them.
func (u *unpacker) unpack(columns [][]int64, to int, rows []int64, positions []entry) {
	for i, w := range u.loaded {
		w = w[:len(positions)]
		from := rows[i:]
		for k := range w {
			w[k] = uint64(from[positions[k].row])
		}
	}
	for j := range u.packing.fields {
		f := &u.packing.fields[j]
		var high []uint64
		if f.halves() {
			high = u.loaded[f.word-1]
		}
		f.unpack(columns[j][to:to+len(positions)], high, u.loaded[f.word])
	}
}

// unpack makes values of the words where the field lies, high being nil if it is one.
func (f *packedField) unpack(values []int64, high, low []uint64) {
	shift, mask, null, base := f.shift, uint64(math.MaxUint64)>>(64-f.width), f.null, f.low
	low = low[:len(values)]
	if high == nil {
		for k := range values {
			values[k] = valueAt(low[k]>>shift&mask, null, base)
		}
	} else {
		high = high[:len(values)]
		for k := range values {
			values[k] = valueAt((high[k]<<(64-shift)|low[k]>>shift)&mask, null, base)
		}
	}
	if f.ranks == nil {
		return
	}
	for k, v := range values {
		if v != Null {
			values[k] = f.codes[NullLast(v)] // the rank: the least is 0
		}
	}
}

// valueAt is the value at a distance from the least.
func valueAt(distance, null, least uint64) int64 {
	u := least + distance
	if distance == null {
		u = math.MaxUint64 // the ordinal of Null
	}
	return fromOrdinal(u)
}

// columnBatch collects packed rows as columns.
type columnBatch struct {
	unpacker       *unpacker
	columns, batch [][]int64
	n, room        int
	yield          func([][]int64) error
}

func newColumnBatch(p *packing, room int, yield func([][]int64) error) *columnBatch {
	width := len(p.fields)
	b := &columnBatch{unpacker: p.unpacker(), columns: make([][]int64, width), batch: make([][]int64, width), room: room, yield: yield}
	for j := range b.columns {
		b.columns[j] = make([]int64, room)
	}
	return b
}

func (b *columnBatch) flush() error {
	for j := range b.columns {
		b.batch[j] = b.columns[j][:b.n]
	}
	b.n = 0
	return b.yield(b.batch)
}

// add appends the rows that begin at the positions in the order of these.
func (b *columnBatch) add(rows []int64, positions []entry) error {
	for len(positions) > 0 {
		n := min(len(positions), unpackRows, b.room-b.n)
		b.unpacker.unpack(b.columns, b.n, rows, positions[:n])
		positions = positions[n:]
		if b.n += n; b.n == b.room {
			if err := b.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// repacker brings rows into a wider packing.
type repacker struct {
	to        *packing
	from      *unpacker
	columns   [][]int64
	positions []entry
}

// append appends rows that are packed in another way.
func (r *repacker) append(to, rows []int64, in *packing) []int64 {
	if r.from == nil || r.from.packing != in {
		r.from = in.unpacker()
	}
	if r.columns == nil {
		r.columns = make([][]int64, len(in.fields))
		for j := range r.columns {
			r.columns[j] = make([]int64, unpackRows)
		}
	}
	for len(rows) > 0 {
		n := min(unpackRows, len(rows)/in.words)
		r.positions = sequence(r.positions, n, in.words)
		r.from.unpack(r.columns, 0, rows, r.positions)
		at := len(to)
		to = append(to, make([]int64, n*r.to.words)...)
		r.to.pack(to[at:], r.columns, 0, n)
		rows = rows[n*in.words:]
	}
	return to
}

// sequence are the positions of n rows that lie one after the other.
func sequence(positions []entry, n, width int) []entry {
	positions = positions[:0]
	for i := range n {
		positions = append(positions, entry{row: uint32(i * width)})
	}
	return positions
}
