package gmv

import (
	"encoding/binary"
	"math/bits"
)

// packed holds the rows of all subjects in few bytes. Most measures of most rows are 0 and the others are small, and
// rows are only ever read subject by subject; so a row takes some 20 bytes where its columns would take 98.
//
//	cell<<3 | place   1 byte
//	measures that are not 0   2 bytes, one bit each
//	those measures   zigzag varints
//
// The rows of a subject stand in one chunk.
type packed struct {
	chunks [][]byte
}

const (
	packedChunk = 1 << 20
	mostRowSize = 3 + measures*binary.MaxVarintLen64
	mostSize    = mostCells * windows * mostRowSize // of a subject
)

// span is where the rows of a subject stand.
type span struct {
	chunk, from, end uint32
}

// row is one row, as read.
type row struct {
	cell, place uint8
	m           [measures]int64
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
	last := len(p.chunks) - 1
	b := append(p.chunks[last], uint8(cell<<3|place), 0, 0)
	mask := len(b) - 2
	var some uint16
	for j, v := range m {
		if v != 0 {
			some |= 1 << j
			b = binary.AppendVarint(b, v)
		}
	}
	binary.LittleEndian.PutUint16(b[mask:], some)
	p.chunks[last] = b
}

// end closes the rows of the subject that was begun.
func (p *packed) end(s span) span {
	s.end = uint32(len(p.chunks[s.chunk]))
	return s
}

// bytes are the rows of a subject.
func (p *packed) bytes(s span) []byte { return p.chunks[s.chunk][s.from:s.end] }

// rows appends the rows of a subject to dst: those of its total, or of all cells.
func (p *packed) rows(dst []row, s span, totals bool) []row {
	for b := p.bytes(s); len(b) > 0; {
		cell, place, some := rowHead(b)
		if totals && cell != 0 {
			break
		}
		dst = append(dst, row{cell: cell, place: place})
		b = addMeasures(&dst[len(dst)-1].m, some, b[rowHeadSize:])
	}
	return dst
}

const rowHeadSize = 3

// rowHead is what a row begins with; some are the measures that are not 0.
func rowHead(b []byte) (cell, place uint8, some uint16) {
	return b[0] >> 3, b[0] & 7, binary.LittleEndian.Uint16(b[1:])
}

// addMeasures adds the measures that b begins with to m, and returns what follows them.
func addMeasures(m *[measures]int64, some uint16, b []byte) []byte {
	for ; some != 0; some &= some - 1 {
		u, n := uint64(b[0]), 1
		if u >= 0x80 {
			u, n = binary.Uvarint(b)
		}
		m[bits.TrailingZeros16(some)] += int64(u>>1) ^ -int64(u&1)
		b = b[n:]
	}
	return b
}
