package lake

import (
	"bytes"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// decodePadding is what vectorised decoders may load behind the end of their input.
const decodePadding = 64

// The codecs of parquet-go grow their output as far as the input says; here the claimed size of the page, already
// held against the limits, is all the memory there is.

func newZstdDecoder(limits Limits) (*zstd.Decoder, error) {
	d, err := zstd.NewReader(nil,
		zstd.WithDecoderConcurrency(0), // as many DecodeAll at once as there are processors
		zstd.WithDecodeAllCapLimit(true),
		zstd.WithDecoderMaxMemory(uint64(limits.MaxPageBytes)+1),
	)
	if err != nil {
		return nil, fmt.Errorf("zstd decoder: %w", err)
	}
	return d, nil
}

// decompress gives exactly size bytes, with padding behind them. They stand in d.scratch, or in body if that is not
// compressed and padded already; either way they hold until the next call.
func (d *decoder) decompress(codec format.CompressionCodec, compressed bool, body []byte, size int) ([]byte, error) {
	if size < 0 {
		return nil, corruptf("a page claims %d bytes", size)
	}
	if !compressed {
		if len(body) < size {
			return nil, corruptf("a page claims %d bytes, it has %d", size, len(body))
		}
		return d.padded(body[:size]), nil
	}
	if size == 0 {
		return d.padded(nil), nil
	}
	d.page = grow(d.page, size+decodePadding)
	out := d.page[:size:size]
	n, err := d.expand(codec, out, body)
	if err != nil {
		return nil, err
	}
	if n != size {
		return nil, corruptf("a page claims %d bytes uncompressed, it has %d", size, n)
	}
	return d.page[:size], nil
}

// expand fills out, and no more, and says how many bytes there were.
func (d *decoder) expand(codec format.CompressionCodec, out, body []byte) (int, error) {
	switch codec {
	case format.Zstd:
		got, err := d.lake.zstd.DecodeAll(body, out[:0])
		return len(got), asCorrupt(err)
	case format.Snappy:
		n, err := snappy.DecodedLen(body)
		if err != nil || n > len(out) {
			return n, asCorrupt(err)
		}
		got, err := snappy.Decode(out, body)
		return len(got), asCorrupt(err)
	case format.Lz4Raw:
		n, err := lz4.UncompressBlock(body, out)
		return n, asCorrupt(err)
	case format.Gzip:
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return 0, asCorrupt(err)
		}
		return readExactly(out, r)
	case format.Brotli:
		return readExactly(out, brotli.NewReader(bytes.NewReader(body)))
	default:
		return 0, unsupportedf("compression %s", codec)
	}
}

// readExactly reads to the end of r and fails if that lies beyond out.
func readExactly(out []byte, r io.Reader) (int, error) {
	n, err := io.ReadFull(r, out)
	if err != nil {
		return n, asCorrupt(err)
	}
	var more [1]byte
	if extra, err := io.ReadFull(r, more[:]); err != io.EOF || extra > 0 {
		return n + 1, corruptf("more uncompressed bytes than claimed")
	}
	return n, nil
}

func asCorrupt(err error) error {
	if err == nil {
		return nil
	}
	return corruptf("decompress: %w", err)
}

// padded gives b with decodePadding readable bytes behind it, copying only if they are not there.
func (d *decoder) padded(b []byte) []byte {
	if cap(b)-len(b) >= decodePadding {
		return b
	}
	d.page = grow(d.page, len(b)+decodePadding)
	copy(d.page, b)
	return d.page[:len(b)]
}

// grow gives a slice of n elements, in the memory of s if that is enough. Its contents are arbitrary.
func grow[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	return make([]T, n)
}
