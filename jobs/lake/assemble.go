package lake

import (
	"encoding/binary"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go/format"
)

// dictionaryType is how strings come whose pages are all dictionary-encoded.
var dictionaryType = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint32, ValueType: arrow.BinaryTypes.String}

// column decodes a chunk into an array that the caller releases.
func (d *decoder) column(mem memory.Allocator, c *chunk) (arrow.Array, error) {
	a := &assembly{decoder: d, mem: mem, chunk: c}
	defer a.release()
	if err := a.reserveValidity(); err != nil {
		return nil, err
	}
	if c.leaf.Type == arrow.Null {
		return a.nulls()
	}
	switch c.leaf.physical {
	case format.Boolean:
		return a.booleans()
	case format.Int32:
		return a.int32s()
	case format.Int64:
		return a.int64s()
	case format.Float:
		return numbers[float32](a)
	case format.Double:
		return numbers[float64](a)
	case format.ByteArray:
		return a.byteArrays()
	case format.FixedLenByteArray, format.Int96:
		return a.fixed()
	default:
		return nil, unsupportedf("physical type %s", c.leaf.physical)
	}
}

// assembly is one column on its way to Arrow. Buffers belong to it until release; arrays retain their own.
type assembly struct {
	decoder  *decoder
	mem      memory.Allocator
	chunk    *chunk
	valid    validity
	validBuf *memory.Buffer
	buffers  []*memory.Buffer
}

func (a *assembly) release() {
	for _, b := range a.buffers {
		b.Release()
	}
}

// buffer allocates n zero bytes within the limits.
func (a *assembly) buffer(n int64) (*memory.Buffer, error) {
	b, err := a.uncleared(n)
	if err == nil {
		clear(b.Bytes())
	}
	return b, err
}

// uncleared allocates n bytes, of which the caller writes every one.
func (a *assembly) uncleared(n int64) (*memory.Buffer, error) {
	if limit := min(a.decoder.lake.limits.MaxColumnBytes, a.decoder.budget); n > limit {
		return nil, tooLargef("%d bytes in memory, %d allowed", n, limit)
	}
	a.decoder.budget -= n
	b := memory.NewResizableBuffer(a.mem)
	a.buffers = append(a.buffers, b)
	b.Resize(int(n))
	return b, nil
}

func (a *assembly) reserveValidity() (err error) {
	if !a.chunk.leaf.Optional {
		return nil
	}
	a.validBuf, err = a.buffer(bitutil.BytesForBits(int64(a.chunk.rows)))
	if err == nil {
		a.valid.bits = a.validBuf.Bytes()
	}
	return err
}

// array puts buffers together; the bitmap is left out if nothing is null.
func (a *assembly) array(typ arrow.DataType, values ...*memory.Buffer) arrow.Array {
	data := a.data(typ, values...)
	defer data.Release()
	return array.MakeFromData(data)
}

func (a *assembly) data(typ arrow.DataType, values ...*memory.Buffer) *array.Data {
	buffers := []*memory.Buffer{nil}
	if a.valid.nulls > 0 {
		buffers[0] = a.validBuf
	}
	return array.NewData(typ, a.chunk.rows, append(buffers, values...), nil, a.valid.nulls, 0)
}

// nulls holds a column of the type without values to what it says.
func (a *assembly) nulls() (arrow.Array, error) {
	err := a.decoder.eachPage(a.chunk, &a.valid, func(_ *page, _, present int, _ []byte) error {
		if present > 0 {
			return corruptf("%d values in a column whose type says that all are null", present)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return array.NewNull(a.chunk.rows), nil
}

func (a *assembly) booleans() (arrow.Array, error) {
	b, err := a.buffer(bitutil.BytesForBits(int64(a.chunk.rows)))
	if err != nil {
		return nil, err
	}
	if err := decodeBooleans(a.decoder, a.chunk, &a.valid, b.Bytes()); err != nil {
		return nil, err
	}
	return a.array(a.chunk.leaf.Type, b), nil
}

// numbers decodes values that Arrow holds as they are.
func numbers[T number](a *assembly) (arrow.Array, error) {
	b, err := numberBuffer[T](a)
	if err != nil {
		return nil, err
	}
	return a.array(a.chunk.leaf.Type, b), nil
}

func numberBuffer[T number](a *assembly) (*memory.Buffer, error) {
	b, err := a.uncleared(int64(a.chunk.rows) * int64(sizeOf[T]())) // nulls are written as zero
	if err != nil {
		return nil, err
	}
	return b, decodeNumbers(a.decoder, a.chunk, &a.valid, asSlice[T](b.Bytes()))
}

func (a *assembly) int32s() (arrow.Array, error) {
	switch a.chunk.leaf.convert {
	case widenUint32:
		return widened[int32](a, 8, func(dst []byte, v int32) { binary.LittleEndian.PutUint64(dst, uint64(uint32(v))) })
	case toDecimal128:
		return widened[int32](a, 16, func(dst []byte, v int32) { putDecimal(dst, decimal128.FromI64(int64(v))) })
	default:
		return numbers[int32](a)
	}
}

func (a *assembly) int64s() (arrow.Array, error) {
	if a.chunk.leaf.convert == toDecimal128 {
		return widened[int64](a, 16, func(dst []byte, v int64) { putDecimal(dst, decimal128.FromI64(v)) })
	}
	if into := a.chunk.into; into != nil {
		if err := decodeNumbers(a.decoder, a.chunk, &a.valid, into); err != nil {
			return nil, err
		}
		return a.array(a.chunk.leaf.Type, memory.NewBufferBytes(asBytes(into))), nil
	}
	return numbers[int64](a)
}

// widened decodes values and then writes each into width bytes.
func widened[T number](a *assembly, width int, put func(dst []byte, v T)) (arrow.Array, error) {
	narrow, err := numberBuffer[T](a)
	if err != nil {
		return nil, err
	}
	wide, err := a.buffer(int64(a.chunk.rows) * int64(width))
	if err != nil {
		return nil, err
	}
	dst := wide.Bytes()
	for i, v := range asSlice[T](narrow.Bytes()) {
		put(dst[i*width:], v)
	}
	return a.array(a.chunk.leaf.Type, wide), nil
}

func putDecimal(dst []byte, n decimal128.Num) {
	binary.LittleEndian.PutUint64(dst, n.LowBits())
	binary.LittleEndian.PutUint64(dst[8:], uint64(n.HighBits()))
}

func (a *assembly) fixed() (arrow.Array, error) {
	width := a.chunk.leaf.width
	raw, err := a.buffer(int64(a.chunk.rows) * int64(width))
	if err != nil {
		return nil, err
	}
	if err := decodeFixed(a.decoder, a.chunk, &a.valid, raw.Bytes()); err != nil {
		return nil, err
	}
	each := func(i int) []byte { return raw.Bytes()[i*width : (i+1)*width] }
	switch a.chunk.leaf.convert {
	case int96ToMicros:
		return a.convertEach(8, each, putInt96)
	case toDecimal128:
		return a.convertEach(16, each, putBigEndianDecimal)
	default:
		return a.array(a.chunk.leaf.Type, raw), nil
	}
}

// convertEach writes each value that is not null into width bytes.
func (a *assembly) convertEach(width int, value func(i int) []byte, put func(dst, src []byte) error) (arrow.Array, error) {
	out, err := a.buffer(int64(a.chunk.rows) * int64(width))
	if err != nil {
		return nil, err
	}
	dst := out.Bytes()
	for i := range a.chunk.rows {
		if a.valid.nulls > 0 && !bitutil.BitIsSet(a.valid.bits, i) {
			continue
		}
		if err := put(dst[i*width:], value(i)); err != nil {
			return nil, err
		}
	}
	return a.array(a.chunk.leaf.Type, out), nil
}

const (
	julianEpoch  = 2_440_588 // Julian day number of 1970-01-01
	microsPerDay = 86_400_000_000
)

// putInt96 converts the timestamp of old Spark, Hive and Impala files: nanoseconds of the day, then the Julian day.
// It gives microseconds, as windvane's instants are; nanoseconds would overflow for the years 0001 and 9999, which
// such files use for "never".
func putInt96(dst, src []byte) error {
	nanos := int64(binary.LittleEndian.Uint64(src))
	day := int64(int32(binary.LittleEndian.Uint32(src[8:]))) - julianEpoch
	if day > math.MaxInt64/microsPerDay-1 || day < math.MinInt64/microsPerDay+1 {
		return corruptf("a timestamp on Julian day %d", day+julianEpoch)
	}
	if nanos < 0 || nanos >= 2*microsPerDay*1000 {
		return corruptf("a timestamp of %d nanoseconds of a day", nanos)
	}
	binary.LittleEndian.PutUint64(dst, uint64(day*microsPerDay+nanos/1000))
	return nil
}

// putBigEndianDecimal converts a two's complement number of any length whose value fits 128 bits.
func putBigEndianDecimal(dst, src []byte) error {
	var sign byte
	if len(src) > 0 && src[0]&0x80 != 0 {
		sign = 0xFF
	}
	for len(src) > 16 {
		if src[0] != sign || src[1]&0x80 != sign&0x80 {
			return corruptf("a decimal of more than 128 bits")
		}
		src = src[1:]
	}
	var wide [16]byte
	fill(wide[:], sign)
	copy(wide[16-len(src):], src)
	binary.LittleEndian.PutUint64(dst, binary.BigEndian.Uint64(wide[8:]))
	binary.LittleEndian.PutUint64(dst[8:], binary.BigEndian.Uint64(wide[:8]))
	return nil
}

func (a *assembly) byteArrays() (arrow.Array, error) {
	if a.chunk.leaf.convert == asIs && a.chunk.onlyDictionary() {
		return a.dictionary()
	}
	s, err := a.decoder.decodeStrings(a.chunk, &a.valid)
	if err != nil {
		return nil, err
	}
	if a.chunk.leaf.convert == toDecimal128 {
		return a.convertEach(16, func(i int) []byte { return s.data[s.offsets[i]:s.offsets[i+1]] }, putBigEndianDecimal)
	}
	offsets, data, err := a.stringBuffers(s)
	if err != nil {
		return nil, err
	}
	return a.array(a.chunk.leaf.Type, offsets, data), nil
}

func (a *assembly) dictionary() (arrow.Array, error) {
	s, err := a.decoder.decodeDictionary(a.chunk)
	if err != nil {
		return nil, err
	}
	indices, err := a.uncleared(4 * int64(a.chunk.rows)) // those of nulls are written as 0
	if err != nil {
		return nil, err
	}
	size := len(s.offsets) - 1
	if err := a.decoder.decodeIndexColumn(a.chunk, &a.valid, size, asSlice[uint32](indices.Bytes())); err != nil {
		return nil, err
	}
	offsets, data, err := a.stringBuffers(s)
	if err != nil {
		return nil, err
	}
	values := array.NewData(arrow.BinaryTypes.String, size, []*memory.Buffer{nil, offsets, data}, nil, 0, 0)
	defer values.Release()
	whole := a.data(dictionaryType, indices)
	defer whole.Release()
	whole.SetDictionary(values)
	return array.NewDictionaryData(whole), nil
}

// stringBuffers copies into memory of the caller's allocator, so that its accounting is right.
func (a *assembly) stringBuffers(s stringsOf) (offsets, data *memory.Buffer, err error) {
	if offsets, err = a.uncleared(4 * int64(len(s.offsets))); err != nil {
		return nil, nil, err
	}
	copy(offsets.Bytes(), asBytes(s.offsets))
	if data, err = a.uncleared(int64(len(s.data))); err != nil {
		return nil, nil, err
	}
	copy(data.Bytes(), s.data)
	return offsets, data, nil
}
