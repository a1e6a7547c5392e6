package lake

import (
	"encoding/binary"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
)

const (
	maxThriftDepth     = 32      // nesting of structs and lists in real footers is below 12
	maxPageHeaderBytes = 1 << 20 // min and max values stand in it
)

// decodeThrift decodes the struct at the beginning of data into v, a pointer, and says how many bytes it took.
//
// The decoder of parquet-go allocates lists by their claimed length and descends as deep as the input says; a stack
// overflow cannot be recovered. So the bytes are walked first, which needs neither memory nor trust.
func decodeThrift(data []byte, v any, maxElements int) (int, error) {
	w := thriftWalker{data: data, elements: maxElements}
	if err := w.structure(0); err != nil {
		return 0, err
	}
	// The decoder may alias its input: give it a copy that lives as long as the strings in v.
	reader := new(thrift.CompactProtocol).NewReaderFromBytes(append([]byte(nil), data[:w.pos]...))
	if err := thrift.NewDecoder(reader).Decode(v); err != nil {
		return 0, corruptf("thrift: %w", err)
	}
	return w.pos, nil
}

// thriftWalker steps over one struct in Thrift's compact protocol.
//
// Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
type thriftWalker struct {
	data     []byte
	pos      int
	elements int // list, set and map elements still allowed
}

func (w *thriftWalker) structure(depth int) error {
	if depth > maxThriftDepth {
		return corruptf("thrift: nested deeper than %d", maxThriftDepth)
	}
	for {
		head, err := w.next()
		if err != nil || head == byte(thrift.STOP) {
			return err
		}
		if head>>4 == 0 { // no delta: the field id follows
			if _, err := w.varint(); err != nil {
				return err
			}
		}
		typ := thrift.Type(head & 0xF)
		if typ == thrift.TRUE || typ == thrift.FALSE {
			continue // the value of a boolean field is its type
		}
		if err := w.value(typ, depth); err != nil {
			return err
		}
	}
}

func (w *thriftWalker) value(typ thrift.Type, depth int) error {
	switch typ {
	case thrift.TRUE, thrift.FALSE, thrift.I8:
		return w.skip(1)
	case thrift.I16, thrift.I32, thrift.I64:
		_, err := w.varint()
		return err
	case thrift.DOUBLE:
		return w.skip(8)
	case thrift.BINARY:
		n, err := w.varint()
		if err != nil {
			return err
		}
		return w.skip(n)
	case thrift.UUID:
		return w.skip(16)
	case thrift.LIST, thrift.SET:
		return w.list(depth + 1)
	case thrift.MAP:
		return w.mapping(depth + 1)
	case thrift.STRUCT:
		return w.structure(depth + 1)
	default:
		return corruptf("thrift: type %d", typ)
	}
}

func (w *thriftWalker) list(depth int) error {
	head, err := w.next()
	if err != nil {
		return err
	}
	n := uint64(head >> 4)
	if n == 0xF {
		if n, err = w.varint(); err != nil {
			return err
		}
	}
	return w.repeat(n, depth, thrift.Type(head&0xF))
}

func (w *thriftWalker) mapping(depth int) error {
	n, err := w.varint()
	if err != nil || n == 0 {
		return err
	}
	types, err := w.next()
	if err != nil {
		return err
	}
	return w.repeat(n, depth, thrift.Type(types>>4), thrift.Type(types&0xF))
}

// repeat walks n elements, each of which takes at least one byte.
func (w *thriftWalker) repeat(n uint64, depth int, types ...thrift.Type) error {
	if depth > maxThriftDepth {
		return corruptf("thrift: nested deeper than %d", maxThriftDepth)
	}
	if n > uint64(len(w.data)-w.pos) {
		return corruptf("thrift: %d elements claimed, %d bytes left", n, len(w.data)-w.pos)
	}
	if n > uint64(w.elements) {
		return tooLargef("thrift: more list elements than allowed")
	}
	w.elements -= int(n)
	for range n {
		for _, t := range types {
			if err := w.value(t, depth); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *thriftWalker) next() (byte, error) {
	if w.pos >= len(w.data) {
		return 0, corruptf("thrift: %w", io.ErrUnexpectedEOF)
	}
	w.pos++
	return w.data[w.pos-1], nil
}

func (w *thriftWalker) skip(n uint64) error {
	if n > uint64(len(w.data)-w.pos) {
		return corruptf("thrift: %d bytes claimed, %d left", n, len(w.data)-w.pos)
	}
	w.pos += int(n)
	return nil
}

func (w *thriftWalker) varint() (uint64, error) {
	v, n := binary.Uvarint(w.data[w.pos:])
	if n <= 0 {
		return 0, corruptf("thrift: malformed varint")
	}
	w.pos += n
	return v, nil
}
