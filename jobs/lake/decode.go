package lake

import (
	"encoding/binary"
	"math"
	"math/bits"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/parquet-go/parquet-go/encoding/bytestreamsplit"
	"github.com/parquet-go/parquet-go/format"
)

// decoder decodes column chunks one after the other. It belongs to one goroutine; its scratch memory is reused.
type decoder struct {
	lake      *Lake
	budget    int64    // bytes that the row group may still take
	falseFlag bool     // see chunk
	page      []byte   // decompressed page
	indices   []uint32 // dictionary indices of a page
	dense     []byte   // values of a page without its nulls
}

// maxKeptPage is the largest page buffer that is kept for the next row group.
const maxKeptPage = 8 << 20

// decoder takes one from the scratch of the lake.
func (l *Lake) decoder() *decoder {
	d, ok := l.scratch.Get().(*decoder)
	if !ok || cap(d.page)+4*cap(d.indices)+cap(d.dense) > maxKeptPage {
		d = &decoder{lake: l}
	}
	d.budget = l.limits.MaxRowGroupBytes
	return d
}

// number is a physical type whose values Arrow holds in the same bytes.
type number interface {
	int32 | int64 | float32 | float64
}

// validity collects which values of a column chunk are not null.
type validity struct {
	bits  []byte // Arrow bitmap; nil for a required column
	nulls int
}

// take decodes the definition levels of a page that begins at row and says how many of its n values are not null.
func (v *validity) take(levels []byte, row, n int) (present int, err error) {
	if v.bits == nil || n == 0 {
		return n, nil
	}
	if err := decodeBits(v.bits, row, n, levels); err != nil {
		return 0, err
	}
	present = bitutil.CountSetBits(v.bits, row, n)
	v.nulls += n - present
	return present, nil
}

// decodeNumbers fills out, one value for each row and zero for a null.
func decodeNumbers[T number](d *decoder, c *chunk, v *validity, out []T) error {
	var dictionary []T
	if c.dictionary != nil {
		values, err := d.openDictionary(c)
		if err != nil {
			return err
		}
		dictionary = make([]T, c.dictionary.values)
		if err := decodePlain(dictionary, values); err != nil {
			return err
		}
	}
	return d.eachPage(c, v, func(p *page, row, present int, values []byte) error {
		dst := out[row : row+p.values]
		if present == p.values {
			return decodeValues(d, p, dictionary, dst, values)
		}
		dense := asSlice[T](d.denseBytes((present + 1) * sizeOf[T]()))[:present]
		if err := decodeValues(d, p, dictionary, dense, values); err != nil {
			return err
		}
		spread(dst, dense, v.bits, row)
		return nil
	})
}

// eachPage opens the data pages in order and gives do the values of each with the row it begins at.
func (d *decoder) eachPage(c *chunk, v *validity, do func(p *page, row, present int, values []byte) error) error {
	row := 0
	for i := range c.pages {
		p := &c.pages[i]
		levels, values, err := p.open(c, d)
		if err != nil {
			return err
		}
		present, err := v.take(levels, row, p.values)
		if err != nil {
			return err
		}
		if err := do(p, row, present, values); err != nil {
			return err
		}
		row += p.values
	}
	return nil
}

// openDictionary decompresses the dictionary page. It has no levels.
func (d *decoder) openDictionary(c *chunk) ([]byte, error) {
	p := c.dictionary
	return d.decompress(c.codec, p.compressed, p.body, p.uncompressed)
}

// decodeValues decodes len(dst) values that are not null.
func decodeValues[T number](d *decoder, p *page, dictionary, dst []T, values []byte) error {
	if len(dst) == 0 {
		return nil
	}
	if p.indexed() {
		return gather(d, dst, dictionary, values)
	}
	switch p.encoding {
	case format.Plain:
		return decodePlain(dst, values)
	case format.DeltaBinaryPacked:
		return decodeDelta(dst, values)
	case format.ByteStreamSplit:
		return decodeByteStreamSplit(dst, values)
	default:
		return unsupportedf("encoding %s", p.encoding)
	}
}

func gather[T any](d *decoder, dst, dictionary []T, values []byte) error {
	d.indices = grow(d.indices, len(dst))
	if err := decodeIndices(d.indices, values, len(dictionary)); err != nil {
		return err
	}
	for i, x := range d.indices {
		dst[i] = dictionary[x]
	}
	return nil
}

// decodePlain copies: PLAIN is little-endian, as is every machine this runs on (checked in asSlice's package test).
func decodePlain[T any](dst []T, values []byte) error {
	need := len(dst) * sizeOf[T]()
	if len(values) < need {
		return corruptf("%d values need %d bytes, there are %d", len(dst), need, len(values))
	}
	copy(asBytes(dst), values[:need])
	return nil
}

func decodeByteStreamSplit[T number](dst []T, values []byte) error {
	need := len(dst) * sizeOf[T]()
	if len(values) < need {
		return corruptf("%d values need %d bytes, there are %d", len(dst), need, len(values))
	}
	var e bytestreamsplit.Encoding
	if sizeOf[T]() == 4 {
		got, err := e.DecodeInt32(asSlice[int32](asBytes(dst))[:0], values[:need])
		return place(asSlice[int32](asBytes(dst)), got, err)
	}
	got, err := e.DecodeInt64(asSlice[int64](asBytes(dst))[:0], values[:need])
	return place(asSlice[int64](asBytes(dst)), got, err)
}

// decodeDelta decodes DELTA_BINARY_PACKED.
func decodeDelta[T number](dst []T, values []byte) error {
	h, blocks, err := openPacked(values, len(dst))
	if err != nil {
		return err
	}
	switch dst := any(dst).(type) {
	case []int32:
		_, err = decodePacked(dst, h, blocks)
	case []int64:
		_, err = decodePacked(dst, h, blocks)
	default:
		err = corruptf("encoding %s of floating-point values", format.DeltaBinaryPacked)
	}
	return err
}

// place takes the result of an encoding that was asked to decode into dst and may have allocated instead.
func place[T any](dst, got []T, err error) error {
	if err != nil {
		return corruptf("%w", err)
	}
	if len(got) != len(dst) {
		return corruptf("%d values where %d belong", len(got), len(dst))
	}
	if &got[0] != &dst[0] {
		copy(dst, got)
	}
	return nil
}

// spread puts the dense values where the bitmap, from bit row on, says present, and zero elsewhere. It reads one
// element behind dense, as it has no branch where there are nulls: they come at random, and a wrong guess costs more than a
// load.
func spread[T any](dst, dense []T, bitmap []byte, row int) {
	if sizeOf[T]() == 8 {
		spreadWords(asSlice[uint64](asBytes(dst)), asSlice[uint64](asBytes(dense[:len(dense)+1])), bitmap, row)
		return
	}
	spreadWords(asSlice[uint32](asBytes(dst)), asSlice[uint32](asBytes(dense[:len(dense)+1])), bitmap, row)
}

func spreadWords[U uint32 | uint64](dst, dense []U, bitmap []byte, row int) {
	for len(dst) > 0 {
		rows := dst[:min(64, len(dst))]
		present := bitsAt(bitmap, row) & (math.MaxUint64 >> (64 - len(rows)))
		n := bits.OnesCount64(present)
		switch n {
		case len(rows):
			copy(rows, dense)
		case 0:
			clear(rows)
		default:
			next := 0
			for i := range rows {
				bit := U(present) & 1
				rows[i] = dense[next] & -bit
				next += int(bit)
				present >>= 1
			}
		}
		dst, dense, row = dst[len(rows):], dense[n:], row+len(rows)
	}
}

// bitsAt are 64 bits of a bitmap from one on; those behind its end are 0.
func bitsAt(bitmap []byte, at int) uint64 {
	bytes, shift := bitmap[at>>3:], at&7
	if len(bytes) < 9 {
		var padded [9]byte
		copy(padded[:], bytes)
		bytes = padded[:]
	}
	return binary.LittleEndian.Uint64(bytes)>>shift | uint64(bytes[8])<<(64-shift)
}

// denseBytes is scratch for the values of a page that has nulls.
func (d *decoder) denseBytes(n int) []byte {
	d.dense = grow(d.dense, n)
	return d.dense
}

// decodeBooleans sets bits of out, one for each row.
func decodeBooleans(d *decoder, c *chunk, v *validity, out []byte) error {
	if c.dictionary != nil {
		return unsupportedf("a dictionary of booleans")
	}
	return d.eachPage(c, v, func(p *page, row, present int, values []byte) error {
		if present == p.values {
			return decodeBooleanPage(p, out, row, present, values)
		}
		dense := d.denseBytes((present + 7) / 8)
		if err := decodeBooleanPage(p, dense, 0, present, values); err != nil {
			return err
		}
		next := 0
		for i := row; i < row+p.values; i++ {
			if bitutil.BitIsSet(v.bits, i) {
				bitutil.SetBitTo(out, i, bitutil.BitIsSet(dense, next))
				next++
			}
		}
		return nil
	})
}

func decodeBooleanPage(p *page, dst []byte, offset, n int, values []byte) error {
	switch {
	case n == 0:
		return nil
	case p.encoding == format.Plain:
		if len(values) < (n+7)/8 {
			return corruptf("%d values in %d bytes", n, len(values))
		}
		bitutil.CopyBitmap(values, 0, n, dst, offset)
		return nil
	case p.encoding == format.RLE:
		if len(values) < 4 {
			return corruptf("%d values in %d bytes", n, len(values))
		}
		return decodeBits(dst, offset, n, values[4:]) // the length prefix says what the page says too
	default:
		return unsupportedf("encoding %s", p.encoding)
	}
}

// decodeFixed fills out with values of c.leaf.width bytes each, zeros for a null.
func decodeFixed(d *decoder, c *chunk, v *validity, out []byte) error {
	width := c.leaf.width
	var dictionary []byte
	if c.dictionary != nil {
		values, err := d.openDictionary(c)
		if err != nil {
			return err
		}
		if len(values)/width < c.dictionary.values {
			return corruptf("a dictionary of %d values has %d bytes", c.dictionary.values, len(values))
		}
		dictionary = append([]byte(nil), values[:c.dictionary.values*width]...)
	}
	return d.eachPage(c, v, func(p *page, row, present int, values []byte) error {
		dst := out[row*width : (row+p.values)*width]
		if present == p.values {
			return decodeFixedPage(d, p, dictionary, dst, values, width)
		}
		dense := d.denseBytes(present * width)
		if err := decodeFixedPage(d, p, dictionary, dense, values, width); err != nil {
			return err
		}
		next := 0
		for i := range p.values {
			if bitutil.BitIsSet(v.bits, row+i) {
				copy(dst[i*width:(i+1)*width], dense[next*width:])
				next++
			} else {
				clear(dst[i*width : (i+1)*width])
			}
		}
		return nil
	})
}

func decodeFixedPage(d *decoder, p *page, dictionary, dst, values []byte, width int) error {
	n := len(dst) / width
	switch {
	case n == 0:
		return nil
	case p.indexed():
		d.indices = grow(d.indices, n)
		if err := decodeIndices(d.indices, values, len(dictionary)/width); err != nil {
			return err
		}
		for i, x := range d.indices {
			copy(dst[i*width:(i+1)*width], dictionary[int(x)*width:])
		}
		return nil
	case p.encoding == format.Plain:
		return decodePlain(dst, values)
	case p.encoding == format.ByteStreamSplit:
		if len(values) < len(dst) {
			return corruptf("%d values need %d bytes, there are %d", n, len(dst), len(values))
		}
		for i := range n {
			for k := range width {
				dst[i*width+k] = values[k*n+i]
			}
		}
		return nil
	case p.encoding == format.DeltaByteArray:
		return decodeFixedDelta(d, dst, values, width)
	default:
		return unsupportedf("encoding %s", p.encoding)
	}
}

func decodeFixedDelta(d *decoder, dst, values []byte, width int) error {
	data, offsets, err := decodeDeltaByteArray(nil, nil, values, len(dst)/width, int64(len(dst)))
	if err != nil {
		return err
	}
	for i, at := range offsets {
		if int(at) != i*width {
			return corruptf("a value of another length than %d", width)
		}
	}
	return place(dst, data, nil)
}

func sizeOf[T any]() int {
	var v T
	return int(unsafe.Sizeof(v))
}

// asBytes and asSlice look at the same memory as another type, as Arrow's own buffers do.
func asBytes[T any](s []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*sizeOf[T]())
}

func asSlice[T any](b []byte) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/sizeOf[T]())
}

func asInt32(s []uint32) []int32 { return asSlice[int32](asBytes(s)) }
