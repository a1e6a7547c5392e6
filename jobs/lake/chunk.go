package lake

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// chunk is one column of one row group: its pages, found and checked, not yet decompressed.
type chunk struct {
	leaf       *leaf
	rows       int
	codec      format.CompressionCodec
	dictionary *page // nil if there is none
	pages      []page
	falseFlag  bool    // pages of version 2 are compressed whatever their header says
	into       []int64 // where INT64 values are wanted; nil: in new memory
}

// page is one page as it stands in the file.
type page struct {
	encoding     format.Encoding
	values       int // with nulls; of a dictionary page its size
	uncompressed int // bytes, of the whole page
	compressed   bool
	version2     bool
	levelBytes   int    // version 2: definition levels, never compressed, at the beginning of body
	body         []byte // aliases the bytes of the chunk
}

// walkPages finds the pages in the bytes of the chunk and checks their claims against each other, the limits and the
// bytes present. It allocates nothing but the list of pages, which the bytes bound. What the pages have together is held against
// the limit too: few bytes may be many large pages of a value each, and decompressing those takes time.
func (c *chunk) walkPages(data []byte, limits *Limits) error {
	values, rows, uncompressed := 0, c.rows, int64(0)
	for values < rows {
		if len(data) == 0 {
			return corruptf("the pages hold %d values, the row group has %d rows", values, rows)
		}
		h, n, err := pageHeader(data)
		if err != nil {
			return err
		}
		data = data[n:]
		body, err := pageBody(data, h, c.codec, limits)
		if err != nil {
			return err
		}
		data = data[len(body):]
		if uncompressed += int64(h.UncompressedPageSize); uncompressed > limits.MaxRowGroupBytes {
			return tooLargef("the pages have more than %d bytes uncompressed", limits.MaxRowGroupBytes)
		}
		added, err := c.add(h, body, limits)
		if err != nil {
			return err
		}
		if values += added; values > rows {
			return corruptf("the pages hold more values than the row group has rows, %d", rows)
		}
	}
	return nil
}

func pageHeader(data []byte) (*format.PageHeader, int, error) {
	h := new(format.PageHeader)
	n, err := decodeThrift(data[:min(len(data), maxPageHeaderBytes)], h, 64)
	return h, n, err
}

// pageBody cuts the body out of data and checks its size, its claimed size and its checksum if it has one.
func pageBody(data []byte, h *format.PageHeader, codec format.CompressionCodec, limits *Limits) ([]byte, error) {
	compressed, uncompressed := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
	switch {
	case compressed < 0 || compressed > int64(len(data)):
		return nil, corruptf("a page claims %d bytes, %d are left", compressed, len(data))
	case uncompressed < 0:
		return nil, corruptf("a page claims %d bytes uncompressed", uncompressed)
	case uncompressed > limits.MaxPageBytes:
		return nil, tooLargef("a page has %d bytes uncompressed, limit %d", uncompressed, limits.MaxPageBytes)
	case uncompressed > maxExpansion(codec, compressed):
		return nil, corruptf("a page claims %d bytes uncompressed from %d of %s", uncompressed, compressed, codec)
	}
	body := data[:compressed]
	if h.CRC != 0 && crc32.ChecksumIEEE(body) != uint32(h.CRC) {
		return nil, corruptf("the checksum of a page is wrong")
	}
	return body, nil
}

// maxExpansion is more than n compressed bytes can expand to, by the formats' definitions.
func maxExpansion(codec format.CompressionCodec, n int64) int64 {
	const slack = 1 << 10
	switch codec {
	case format.Uncompressed:
		return n
	case format.Snappy: // a 3-byte copy makes 64 bytes
		return 32*n + slack
	case format.Gzip: // deflate: 1032 to 1
		return 1100*n + slack
	case format.Lz4Raw, format.Lz4: // a length byte makes 255 bytes
		return 256*n + slack
	case format.Brotli: // a meta-block of at most 16 MiB has its length in 27 bits
		return 1<<23*n + slack
	default: // zstd: an RLE block of 4 bytes makes 128 KiB
		return 1<<16*n + slack
	}
}

// add takes one page over and says how many values of the row group it holds.
func (c *chunk) add(h *format.PageHeader, body []byte, limits *Limits) (int, error) {
	p := page{uncompressed: int(h.UncompressedPageSize), compressed: c.codec != format.Uncompressed, body: body}
	switch h.Type {
	case format.DictionaryPage:
		return 0, c.addDictionary(p, h.DictionaryPageHeader, limits)
	case format.DataPage:
		v := h.DataPageHeader
		if !v.Valid {
			return 0, corruptf("a data page has no header")
		}
		if c.leaf.Optional && v.V.DefinitionLevelEncoding != format.RLE {
			return 0, unsupportedf("definition levels in %s", v.V.DefinitionLevelEncoding)
		}
		p.values, p.encoding = int(v.V.NumValues), v.V.Encoding
	case format.DataPageV2:
		if err := c.setVersion2(&p, h.DataPageHeaderV2); err != nil {
			return 0, err
		}
	case format.IndexPage:
		return 0, nil // never specified; nothing in it is needed
	default:
		return 0, corruptf("page type %d", h.Type)
	}
	if p.values < 0 {
		return 0, corruptf("a page claims %d values", p.values)
	}
	c.pages = append(c.pages, p)
	return p.values, nil
}

func (c *chunk) setVersion2(p *page, header thrift.Null[format.DataPageHeaderV2]) error {
	v := &header.V
	levels := int64(v.DefinitionLevelsByteLength)
	switch {
	case !header.Valid:
		return corruptf("a data page of version 2 has no header")
	case v.RepetitionLevelsByteLength != 0:
		return corruptf("a page of a flat column has repetition levels")
	case levels < 0 || levels > int64(len(p.body)) || levels > int64(p.uncompressed):
		return corruptf("a page claims %d bytes of levels in %d", levels, len(p.body))
	}
	p.version2, p.levelBytes = true, int(levels)
	p.values, p.encoding = int(v.NumValues), v.Encoding
	// Arrow C++ before 3.0 compressed these pages and said that it had not (ARROW-17100); the sizes tell.
	if v.IsCompressed.Valid && !v.IsCompressed.V && p.uncompressed == len(p.body) && !c.falseFlag {
		p.compressed = false
	}
	return nil
}

func (c *chunk) addDictionary(p page, header thrift.Null[format.DictionaryPageHeader], limits *Limits) error {
	switch {
	case !header.Valid:
		return corruptf("a dictionary page has no header")
	case c.dictionary != nil || len(c.pages) > 0:
		return corruptf("a dictionary page that is not the first page")
	case header.V.NumValues < 0:
		return corruptf("a dictionary claims %d values", header.V.NumValues)
	case int64(header.V.NumValues) > limits.MaxDictionary:
		return tooLargef("a dictionary has %d values, limit %d", header.V.NumValues, limits.MaxDictionary)
	case header.V.Encoding != format.Plain && header.V.Encoding != format.PlainDictionary:
		return unsupportedf("a dictionary in %s", header.V.Encoding)
	}
	p.values, p.encoding = int(header.V.NumValues), format.Plain
	c.dictionary = &p
	return nil
}

// onlyDictionary tells whether all data pages hold indices into the dictionary.
func (c *chunk) onlyDictionary() bool {
	for i := range c.pages {
		if !c.pages[i].indexed() && c.pages[i].values > 0 {
			return false
		}
	}
	return c.dictionary != nil
}

func (p *page) indexed() bool {
	return p.encoding == format.RLEDictionary || p.encoding == format.PlainDictionary
}

// open decompresses the page and cuts it into definition levels and values. The result aliases scratch or the file.
func (p *page) open(c *chunk, d *decoder) (levels, values []byte, err error) {
	if p.version2 {
		levels = p.body[:p.levelBytes]
		values, err = d.decompress(c.codec, p.compressed, p.body[p.levelBytes:], p.uncompressed-p.levelBytes)
		return levels, values, err
	}
	values, err = d.decompress(c.codec, p.compressed, p.body, p.uncompressed)
	if err != nil || !c.leaf.Optional {
		return nil, values, err
	}
	if len(values) < 4 {
		return nil, nil, corruptf("a page of %d bytes has no definition levels", len(values))
	}
	n := int64(binary.LittleEndian.Uint32(values))
	if n > int64(len(values)-4) {
		return nil, nil, corruptf("a page claims %d bytes of levels in %d", n, len(values))
	}
	return values[4 : 4+n], values[4+n:], nil
}
