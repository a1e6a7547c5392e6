package gmv

import (
	"encoding/binary"
	"math/bits"
)

// packed holds the rows of all subjects in few bytes. Most measures of most rows are 0 and the others are small, and
// rows are only ever read subject by subject; so a row takes some 20 bytes where its columns would take 98.
//
//	cell<<3 | place   1 byte
//	head              2 bytes: measures that are not 0, one bit each; above them the widths, 2 bits each
//	those measures    little endian, all amounts of the row in as many bytes as the longest of them, then all counts
//
// Widths are of the row, not of the value, so that a reader finds one measure without reading those before it. The rows of
// a subject stand in one chunk. Behind the last row of a chunk 8 bytes can be read.
type packed struct {
	chunks [][]byte
}

const (
	packedChunk = 1 << 20
	slack       = 8 // as many bytes are read and written at once
	rowHeadSize = 3
	mostRowSize = rowHeadSize + 8*measures
	mostSize    = mostCells*windows*mostRowSize + slack // of a subject
)

// The measures of a row by how wide they are.
const (
	amountBits = 1<<mLines - 1 // those before mLines
	countBits  = 1<<measures - 1 - amountBits
)

// amountWidths and countWidths are the widths there are, in bytes. Hardly an amount fits into one byte, most counts do.
var (
	amountWidths = [4]uint8{2, 3, 4, 8}
	countWidths  = [4]uint8{1, 2, 4, 8}
)

// span is where the rows of a subject stand.
type span struct {
	chunk, from, end uint32
}

// begin makes room for another subject, whose rows are appended until end.
func (p *packed) begin() span {
	last := len(p.chunks) - 1
	if last < 0 || packedChunk-len(p.chunks[last]) < mostSize {
		p.chunks = append(p.chunks, make([]byte, 0, packedChunk))
		last++
	}
	return span{chunk: uint32(last), from: uint32(len(p.chunks[last]))}
}

func (p *packed) append(cell, place int, m *[measures]int64) {
	var some, amounts, counts uint64 // bits that are set in any of them
	for j, v := range m[:mLines] {
		some |= notZero(v) << j
		amounts |= uint64(v ^ v>>63)
	}
	for j, v := range m[mLines:] {
		some |= notZero(v) << (j + mLines)
		counts |= uint64(v ^ v>>63)
	}
	amount, count := widthOf(amounts, &amountWidths), widthOf(counts, &countWidths)

	chunk := &p.chunks[len(p.chunks)-1]
	from := len(*chunk)
	b := (*chunk)[from:cap(*chunk)]
	b[0] = uint8(cell<<3 | place)
	binary.LittleEndian.PutUint16(b[1:], uint16(some|amount<<measures|count<<(measures+2)))
	at := rowHeadSize
	for rest := some & amountBits; rest != 0; rest &= rest - 1 {
		binary.LittleEndian.PutUint64(b[at:], uint64(m[bits.TrailingZeros64(rest)]))
		at += int(amountWidths[amount])
	}
	for rest := some & countBits; rest != 0; rest &= rest - 1 {
		binary.LittleEndian.PutUint64(b[at:], uint64(m[bits.TrailingZeros64(rest)]))
		at += int(countWidths[count])
	}
	*chunk = (*chunk)[:from+at]
}

// notZero is 1 if v is not 0. Whether it is cannot be guessed, so there is no branch.
func notZero(v int64) uint64 { return uint64(v|-v) >> 63 }

// widthOf is the position of the least width that holds values of so many bits.
func widthOf(set uint64, widths *[4]uint8) (w uint64) {
	for need := uint8(bits.Len64(set)/8 + 1); widths[w] < need; w++ { // a bit for the sign
	}
	return w
}

// end closes the rows of the subject that was begun.
func (p *packed) end(s span) span {
	s.end = uint32(len(p.chunks[s.chunk]))
	return s
}

// rows are the rows of a subject.
func (p *packed) rows(s span) packedRows {
	return packedRows{rest: p.chunks[s.chunk][s.from : s.end+slack]}
}

// packedRows walks the rows of a subject. The fields are of the row it stands on.
type packedRows struct {
	rest []byte // behind the row
	row  []byte // its measures

	cell, place   uint8
	some          uint16 // measures that are not 0
	amount, count uint8  // widths in bytes
}

// next steps to the next row and tells whether there is one.
func (r *packedRows) next() bool {
	if len(r.rest) <= slack {
		return false
	}
	head := binary.LittleEndian.Uint16(r.rest[1:])
	r.cell, r.place, r.some = r.rest[0]>>3, r.rest[0]&7, head&(1<<measures-1)
	r.amount, r.count = amountWidths[head>>measures&3], countWidths[head>>(measures+2)]
	r.row = r.rest[rowHeadSize:]
	r.rest = r.row[r.before(measures):]
	return true
}

// before is how many bytes the measures before j take.
func (r *packedRows) before(j int) int {
	some := r.some & (1<<j - 1)
	return bits.OnesCount16(some&amountBits)*int(r.amount) + bits.OnesCount16(some&countBits)*int(r.count)
}

// amountOf is a measure before mLines.
func (r *packedRows) amountOf(j int) int64 {
	at := bits.OnesCount16(r.some&(1<<j-1)) * int(r.amount)
	return valueAt(r.row, at, r.amount) & -int64(r.some>>j&1)
}

// countOf is any other.
func (r *packedRows) countOf(j int) int64 {
	return valueAt(r.row, r.before(j), r.count) & -int64(r.some>>j&1)
}

// addTo adds all measures to m.
func (r *packedRows) addTo(m *[measures]int64) {
	at := 0
	for some := r.some & amountBits; some != 0; some &= some - 1 {
		m[bits.TrailingZeros16(some)] += valueAt(r.row, at, r.amount)
		at += int(r.amount)
	}
	for some := r.some & countBits; some != 0; some &= some - 1 {
		m[bits.TrailingZeros16(some)] += valueAt(r.row, at, r.count)
		at += int(r.count)
	}
}

// valueAt is the number of so many bytes at a position.
func valueAt(b []byte, at int, width uint8) int64 {
	other := (8 - width) * 8 & 63
	return int64(binary.LittleEndian.Uint64(b[at:])) << other >> other
}
