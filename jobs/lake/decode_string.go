package lake

import (
	"math"

	"github.com/parquet-go/parquet-go/format"
)

// stringsOf are the values of a BYTE_ARRAY chunk: len(offsets)-1 values, value i being data[offsets[i]:offsets[i+1]].
type stringsOf struct {
	offsets []int32
	data    []byte
}

// stringLimit is the most bytes of strings that a column may have; Arrow's offsets have 31 bits.
func (d *decoder) stringLimit() int64 {
	return min(d.lake.limits.MaxColumnBytes, d.budget, math.MaxInt32)
}

// decodeDictionary gives the dictionary of a chunk, empty if it has none.
func (d *decoder) decodeDictionary(c *chunk) (stringsOf, error) {
	s := stringsOf{offsets: []int32{0}}
	if c.dictionary == nil {
		return s, nil
	}
	values, err := d.openDictionary(c)
	if err != nil {
		return s, err
	}
	n := c.dictionary.values
	if n > len(values)/4 { // each value has a length of four bytes
		return s, corruptf("a dictionary of %d values has %d bytes", n, len(values))
	}
	s.offsets = make([]int32, 0, n+1)
	s.data = make([]byte, 0, len(values)-4*n)
	s.data, s.offsets, err = decodePlainByteArray(s.data, s.offsets, values, n, d.stringLimit())
	s.offsets = append(s.offsets, int32(len(s.data)))
	return s, err
}

// decodeIndexColumn fills out with dictionary indices, one for each row and 0 for a null.
func (d *decoder) decodeIndexColumn(c *chunk, v *validity, dictionarySize int, out []uint32) error {
	return d.eachPage(c, v, func(p *page, row, present int, values []byte) error {
		dst := out[row : row+p.values]
		if present == p.values {
			return decodeIndices(dst, values, dictionarySize)
		}
		d.indices = grow(d.indices, present+1)
		dense := d.indices[:present]
		if err := decodeIndices(dense, values, dictionarySize); err != nil {
			return err
		}
		spread(dst, dense, v.bits, row)
		return nil
	})
}

// decodeStrings decodes a chunk not all of whose pages are indices.
func (d *decoder) decodeStrings(c *chunk, v *validity) (stringsOf, error) {
	dictionary, err := d.decodeDictionary(c)
	if err != nil {
		return stringsOf{}, err
	}
	s := stringsOf{offsets: make([]int32, 0, c.rows+1)}
	var starts []int32 // of the values of one page that are not null
	err = d.eachPage(c, v, func(p *page, row, present int, values []byte) error {
		var err error
		if s.data, starts, err = d.stringPage(p, dictionary, s.data, starts[:0], values, present); err != nil {
			return err
		}
		s.offsets = appendOffsets(s.offsets, append(starts, int32(len(s.data))), v.bits, row, p.values)
		return nil
	})
	s.offsets = append(s.offsets, int32(len(s.data)))
	return s, err
}

// appendOffsets gives each row the start of its value; a null takes that of the next value, and so has length 0.
func appendOffsets(offsets, starts []int32, bits []byte, row, n int) []int32 {
	if len(starts) == n+1 {
		return append(offsets, starts[:n]...)
	}
	next := 0
	for i := row; i < row+n; i++ {
		offsets = append(offsets, starts[next])
		next += int(bits[i/8] >> (i % 8) & 1)
	}
	return offsets
}

func (d *decoder) stringPage(p *page, dictionary stringsOf, data []byte, starts []int32, values []byte, n int) ([]byte, []int32, error) {
	limit := d.stringLimit()
	switch {
	case n == 0:
		return data, starts, nil
	case p.indexed():
		return d.gatherStrings(dictionary, data, starts, values, n, limit)
	case p.encoding == format.Plain:
		return decodePlainByteArray(data, starts, values, n, limit)
	case p.encoding == format.DeltaLengthByteArray:
		return decodeDeltaLengthByteArray(data, starts, values, n, limit)
	case p.encoding == format.DeltaByteArray:
		return decodeDeltaByteArray(data, starts, values, n, limit)
	default:
		return nil, nil, unsupportedf("encoding %s", p.encoding)
	}
}

// gatherStrings adds the lengths up before it copies: few indices can stand for very many bytes.
func (d *decoder) gatherStrings(dictionary stringsOf, data []byte, starts []int32, values []byte, n int, limit int64) ([]byte, []int32, error) {
	d.indices = grow(d.indices, n)
	if err := decodeIndices(d.indices, values, len(dictionary.offsets)-1); err != nil {
		return nil, nil, err
	}
	total := int64(len(data))
	for _, x := range d.indices {
		total += int64(dictionary.offsets[x+1] - dictionary.offsets[x])
	}
	if total > limit {
		return nil, nil, tooLargef("strings of %d bytes, limit %d", total, limit)
	}
	for _, x := range d.indices {
		starts = append(starts, int32(len(data)))
		data = append(data, dictionary.data[dictionary.offsets[x]:dictionary.offsets[x+1]]...)
	}
	return data, starts, nil
}
