package lake_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/jobs/lake"
)

// packedValues draws columns whose deltas need few bits, many, or none for a while, and overflow.
func packedValues(t *rapid.T) []int64 {
	n := rapid.IntRange(0, 700).Draw(t, "values")
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	values, v := make([]int64, n), rapid.Int64().Draw(t, "first")
	spread, step := 0, int64(0)
	for i := range values {
		if i == 0 || rng.IntN(100) == 0 {
			spread, step = rng.IntN(66), rng.Int64N(7)-3
		}
		values[i] = v
		if v += step; spread > 0 {
			v += int64(rng.Uint64() >> (65 - spread))
		}
	}
	return values
}

// packedLayout is how a writer cuts the values; the format leaves it the choice.
type packedLayout struct {
	block, miniBlocks int
	wider             int // bits more than needed, where the type has them
}

// encodePacked writes the format down bit by bit, values being those of a type of so many bits.
//
// Source: https://github.com/apache/parquet-format/blob/master/Encodings.md#DELTAENC
func encodePacked(values []int64, bits int, l packedLayout) []byte {
	out := binary.AppendUvarint(nil, uint64(l.block))
	out = binary.AppendUvarint(out, uint64(l.miniBlocks))
	out = binary.AppendUvarint(out, uint64(len(values)))
	if len(values) == 0 {
		return binary.AppendVarint(out, 0)
	}
	out = binary.AppendVarint(out, values[0])
	var deltas []int64
	for i := 1; i < len(values); i++ {
		deltas = append(deltas, signed(uint64(values[i]-values[i-1]), bits))
	}
	for block := range slices.Chunk(deltas, l.block) {
		least := slices.Min(block)
		out = binary.AppendVarint(out, least)
		widths := bytes.Repeat([]byte{0xFF}, l.miniBlocks) // what is said of miniblocks without values does not count
		var body []byte
		k := 0
		for mini := range slices.Chunk(block, l.block/l.miniBlocks) {
			over := make([]uint64, l.block/l.miniBlocks)
			width := 0
			for i, d := range mini {
				over[i] = uint64(d-least) & (math.MaxUint64 >> (64 - bits))
				for width < bits && over[i]>>width > 0 {
					width++
				}
			}
			width = min(bits, width+l.wider)
			widths[k] = byte(width)
			packed := make([]byte, len(over)*width/8)
			for i, v := range over {
				for b := range width {
					at := i*width + b
					packed[at/8] |= byte(v>>b&1) << (at % 8)
				}
			}
			body, k = append(body, packed...), k+1
		}
		out = append(append(out, widths...), body...)
	}
	return out
}

// signed reads the low bits as a number.
func signed(v uint64, bits int) int64 { return int64(v<<(64-bits)) >> (64 - bits) }

// loose is data with bytes behind it, and room behind those that is not theirs.
func loose(t *rapid.T, data []byte) (whole, behind []byte) {
	behind = rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(t, "behind")
	whole = append(slices.Clip(data), behind...)
	if rapid.Bool().Draw(t, "room") {
		return append(whole, bytes.Repeat([]byte{0xA5}, 600)...)[:len(whole)], behind
	}
	return slices.Clip(whole), behind
}

// mustDecodePacked holds the decoder against the values and against parquet-go's.
func mustDecodePacked[T int32 | int64](t *rapid.T, data []byte, want []T, other func([]T, []byte) ([]T, error)) {
	whole, behind := loose(t, data)
	guarded := make([]T, len(want)+1)
	guarded[len(want)] = 77
	rest, err := lake.DecodePacked(guarded[:len(want)], whole)
	if err != nil {
		t.Fatal(err)
	}
	if got := guarded[:len(want)]; !slices.Equal(got, want) || guarded[len(want)] != 77 {
		t.Fatalf("got %v, want %v", got, want)
	}
	if !bytes.Equal(rest, behind) {
		t.Fatalf("%d bytes are left, want %d", len(rest), len(behind))
	}
	if got, err := other(nil, data); err != nil || !slices.Equal(got, want) {
		t.Fatalf("parquet-go reads %v, %v", got, err)
	}
}

func TestPackedNumbersOfAnyWriter(t *testing.T) {
	var e delta.BinaryPackedEncoding
	rapid.Check(t, func(t *rapid.T) {
		values := packedValues(t)
		layout := rapid.SampledFrom([]packedLayout{{128, 4, 0}, {128, 1, 0}, {256, 8, 1}, {384, 2, 0}, {1024, 4, 9}, {128, 2, 64}}).Draw(t, "layout")
		mustDecodePacked(t, encodePacked(values, 64, layout), values, e.DecodeInt64)
		data, err := e.EncodeInt64(nil, values)
		if err != nil {
			t.Fatal(err)
		}
		mustDecodePacked(t, data, values, e.DecodeInt64)

		narrow, same := make([]int32, len(values)), make([]int64, len(values))
		for i, v := range values {
			narrow[i], same[i] = int32(v), int64(int32(v))
		}
		mustDecodePacked(t, encodePacked(same, 32, layout), narrow, e.DecodeInt32)
		if data, err = e.EncodeInt32(nil, narrow); err != nil {
			t.Fatal(err)
		}
		mustDecodePacked(t, data, narrow, e.DecodeInt32)
	})
}

// Each width has an unpacking of its own.
func TestPackedNumbersOfEveryWidth(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for width := range 65 {
		for _, n := range []int{2, 32, 33, 34, 41, 129, 300} {
			values, v := make([]int64, n), int64(-5)
			for i := range values {
				values[i] = v
				delta := rng.Uint64() >> (64 - width)
				switch i % 32 {
				case 0:
					delta = math.MaxUint64 >> (64 - width)
				case 1:
					delta = 0
				}
				v += int64(delta)
			}
			data := encodePacked(values, 64, packedLayout{128, 4, 0})
			got := make([]int64, n)
			if rest, err := lake.DecodePacked(got, data); err != nil || len(rest) > 0 || !slices.Equal(got, values) {
				t.Errorf("%d values of %d bits: %v, %d bytes are left", n, width, err, len(rest))
			}
			if width > 32 {
				continue
			}
			narrow, want := make([]int32, n), make([]int32, n)
			for i, v := range values {
				values[i], want[i] = int64(int32(v)), int32(v)
			}
			data = encodePacked(values, 32, packedLayout{128, 4, 0})
			if rest, err := lake.DecodePacked(narrow, data); err != nil || len(rest) > 0 || !slices.Equal(narrow, want) {
				t.Errorf("%d narrow values of %d bits: %v, %d bytes are left", n, width, err, len(rest))
			}
		}
	}
}

func TestPackedNumbersThatAreCutOff(t *testing.T) {
	values := make([]int64, 300)
	for i := range values {
		values[i] = int64(i*i) * 7
	}
	data := encodePacked(values, 64, packedLayout{128, 4, 0})
	for n := range len(data) {
		got := make([]int64, len(values))
		if _, err := lake.DecodePacked(got, data[:n]); !errors.Is(err, lake.ErrCorrupt) { // what follows it is in memory, as pages are
			t.Fatalf("%d of %d bytes: %v", n, len(data), err)
		}
	}
}

func TestPackedNumbersThatLie(t *testing.T) {
	header := func(block, miniBlocks, total uint64, more ...byte) []byte {
		data := binary.AppendUvarint(nil, block)
		data = binary.AppendUvarint(data, miniBlocks)
		return append(binary.AppendUvarint(data, total), more...)
	}
	overlong := bytes.Repeat([]byte{0x80}, 11)
	body := make([]byte, 1<<12)
	for name, data := range map[string][]byte{
		"nothing":                      {},
		"one value more":               header(128, 4, 101, body...),
		"one value less":               header(128, 4, 99, body...),
		"more values than there are":   header(128, 4, math.MaxUint64, body...),
		"no first value":               header(128, 4, 100),
		"a first value without an end": append(header(128, 4, 100), overlong...),
		"a block size without an end":  overlong,
		"a least delta without an end": append(header(128, 4, 100, 0), overlong...),
		"blocks of nothing":            header(0, 4, 100, body...),
		"blocks of half a group":       header(192, 4, 100, body...),
		"blocks too large":             header(1<<17, 4, 100, body...),
		"blocks far too large":         header(1<<63, 4, 100, body...),
		"no miniblocks":                header(128, 0, 100, body...),
		"miniblocks of 16":             header(128, 8, 100, body...),
		"miniblocks that do not fit":   header(128, 3, 100, body...),
		"miniblocks beyond number":     header(128, math.MaxUint64, 100, body...),
		"65 bits":                      header(128, 4, 100, append([]byte{0, 0, 0, 65, 0, 0, 0}, body...)...),
		"255 bits":                     header(128, 4, 100, append([]byte{0, 0, 255, 0, 0, 0, 0}, body...)...),
		"a miniblock that is too long": header(1<<16, 1, 100, append([]byte{0, 0, 64}, body...)...),
	} {
		got := make([]int64, 100)
		if _, err := lake.DecodePacked(got, data); !errors.Is(err, lake.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	narrow := header(128, 4, 100, append([]byte{0, 0, 33, 0, 0, 0}, body...)...)
	if _, err := lake.DecodePacked(make([]int32, 100), narrow); err != nil {
		t.Errorf("33 bits for an INT32: %v", err)
	}
	if _, err := lake.DecodePacked(make([]int64, 100), narrow); err != nil {
		t.Errorf("33 bits for an INT64: %v", err)
	}
}

// FuzzPackedNumbers decodes any bytes: an error, or the values that parquet-go finds in them.
func FuzzPackedNumbers(f *testing.F) {
	ascending := make([]int64, 300)
	for i := range ascending {
		ascending[i] = int64(i) << (i % 60)
	}
	for _, l := range []packedLayout{{128, 4, 0}, {256, 2, 3}, {1024, 32, 0}} {
		f.Add(uint16(len(ascending)), encodePacked(ascending, 64, l))
		f.Add(uint16(40), encodePacked(ascending[:40], 32, l))
	}
	f.Add(uint16(0), encodePacked(nil, 64, packedLayout{128, 4, 0}))
	f.Fuzz(func(t *testing.T, n uint16, data []byte) {
		var e delta.BinaryPackedEncoding
		agree(t, data, make([]int64, n), e.DecodeInt64)
		agree(t, data, make([]int32, n), func(_ []int32, src []byte) ([]int32, error) { // DecodeInt32 takes 32 bits at most
			wide, err := e.DecodeInt64(nil, src)
			narrow := make([]int32, len(wide))
			for i, v := range wide {
				narrow[i] = int32(v)
			}
			return narrow, err
		})
	})
}

func agree[T int32 | int64](t *testing.T, data []byte, got []T, other func([]T, []byte) ([]T, error)) {
	rest, err := lake.DecodePacked(got, data)
	if err != nil {
		if !errors.Is(err, lake.ErrCorrupt) {
			t.Fatal(err)
		}
		return
	}
	if len(rest) > len(data) {
		t.Fatalf("%d bytes are left of %d", len(rest), len(data))
	}
	if want, err := other(nil, data[:len(data)-len(rest)]); err != nil || !slices.Equal(got, want) {
		t.Fatalf("got %v, parquet-go %v, %v", got, want, err)
	}
}

// A first value that no INT32 has must not become another value. Those of UINT32 columns are written unsigned by DuckDB, and
// read so by parquet-java.
func TestPackedFirstValuesBeyondTheType(t *testing.T) {
	for _, first := range []int64{1<<32 + 5, -1<<31 - 1, math.MaxInt64, math.MinInt64, 1 << 32} {
		data := binary.AppendVarint([]byte{0x80, 1, 4, 1}, first)
		got := make([]int32, 1)
		if _, err := lake.DecodePacked(got, data); !errors.Is(err, lake.ErrCorrupt) {
			t.Errorf("first value %d of an INT32 column: %d, %v", first, got[0], err)
		}
	}
	got := make([]int32, 1)
	if _, err := lake.DecodePacked(got, binary.AppendVarint([]byte{0x80, 1, 4, 1}, 3_000_000_000)); err != nil || uint32(got[0]) != 3_000_000_000 {
		t.Errorf("a UINT32: %d, %v", uint32(got[0]), err)
	}
}

// DuckDB (PARQUET_VERSION v2) takes differences of INT32 as 64 bits, so ids in no order take 33. parquet-java, Polars and
// DuckDB read them.
func TestPackedInt32InSixtyFourBits(t *testing.T) {
	values := make([]int64, 300)
	want := make([]int32, len(values))
	for i := range values {
		want[i] = int32(uint32(i) * 2654435761)
		switch i % 50 {
		case 0:
			want[i] = math.MinInt32
		case 1:
			want[i] = math.MaxInt32
		}
		values[i] = int64(want[i])
	}
	got := make([]int32, len(want))
	if _, err := lake.DecodePacked(got, encodePacked(values, 64, packedLayout{2048, 8, 0})); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v", err)
	}
}

// BenchmarkPackedNumbers compares with parquet-go, which the headers are not checked for here, on deltas of as many bits.
func BenchmarkPackedNumbers(b *testing.B) {
	const n = 1 << 14
	for _, width := range []int{0, 2, 7, 11, 19, 27, 40, 52, 64} {
		rng := rand.New(rand.NewPCG(1, 2))
		values, v := make([]int64, n), int64(0)
		for i := range values {
			values[i] = v
			v += int64(rng.Uint64() >> (64 - width))
		}
		var e delta.BinaryPackedEncoding
		data, err := e.EncodeInt64(nil, values)
		if err != nil {
			b.Fatal(err)
		}
		data = append(data, make([]byte, 64)...)[:len(data)]
		got := make([]int64, n)
		run := func(name string, decode func() error) {
			b.Run(fmt.Sprintf("%d bits/%s", width, name), func(b *testing.B) {
				for b.Loop() {
					if err := decode(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mvalues/s")
			})
		}
		run("lake", func() error { _, err := lake.DecodePacked(got, data); return err })
		run("parquet-go", func() error { _, err := e.DecodeInt64(got[:0], data); return err })
	}
}
