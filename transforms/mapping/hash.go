package mapping

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/dchest/siphash"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/zeebo/xxh3"
)

// BuyerKey is the secret under which buyers are hashed. It does not print.
type BuyerKey [16]byte

// String keeps the key out of whatever prints settings.
func (BuyerKey) String() string { return "[redacted]" }

// GoString is String, for %#v.
func (k BuyerKey) GoString() string { return k.String() }

// MarshalText is String, for JSON, YAML and logs.
func (k BuyerKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Format is String for every verb: %x and %v would show an array.
func (k BuyerKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// key makes identifiers that only tell rows apart: integers stay, as numbers or as text; other text becomes its xxh3 hash.
func (c *conversion) key(a arrow.Array) arrow.Array {
	if !isText(a.DataType()) {
		return c.identifier(a)
	}
	texts := textsOf(a)
	return nullable(c.mem, a, arrow.PrimitiveTypes.Int64, func(row int) (int64, bool) {
		s := texts.at(row)
		if s == "" {
			c.reject(row, contract.RejectBadID, s)
		}
		return textKey(s), true
	})
}

// textKey is the Key of a text.
func textKey(s string) int64 {
	if n, ok := integerID(s); ok {
		return n
	}
	return notNull(xxh3.HashString(s))
}

// integerID is the integer that a text is the decimal form of, the one form without needless signs and zeros: one table or day
// may hold ids as INT64, another as text. What stands for null is no id in either.
func integerID(s string) (id int64, ok bool) {
	digits, negative := strings.CutPrefix(s, "-")
	if len(digits) == 0 || len(digits) > len("9223372036854775807") || digits[0] == '0' && s != "0" {
		return 0, false
	}
	var v uint64 // of 19 digits: it does not wrap
	for i := range len(digits) {
		d := digits[i] - '0'
		if d > 9 {
			return 0, false
		}
		v = 10*v + uint64(d)
	}
	if v > math.MaxInt64 {
		return 0, false
	}
	if negative {
		return -int64(v), true
	}
	return int64(v), true
}

// notNull avoids the value that the native engine takes for null.
func notNull(hash uint64) int64 {
	if hash == 1<<63 {
		return math.MinInt64 + 1
	}
	return int64(hash)
}

// somebody avoids, beside null, the value that stands for no buyer.
func somebody(hash uint64) int64 {
	if id := notNull(hash); id != contract.Nobody {
		return id
	}
	return contract.Nobody + 1
}

// buyer makes the keyed hash of a buyer's id.
func (c *conversion) buyer(a arrow.Array) arrow.Array {
	h := newBuyerHash(c.env.BuyerKey)
	if isText(a.DataType()) {
		texts := textsOf(a)
		return nullable(c.mem, a, arrow.PrimitiveTypes.Int64, func(row int) (int64, bool) {
			s := texts.at(row)
			if s == "" {
				c.reject(row, contract.RejectBadID, "")
			}
			return h.text(s), true
		})
	}
	ids := c.identifier(a)
	defer ids.Release()
	return transform(c.mem, ids, arrow.PrimitiveTypes.Int64, func(_ int, id int64) int64 { return h.number(id) })
}

// Tags keep the hash of a number apart from that of a text with the same bytes.
const (
	tagNumber = 'n'
	tagText   = 't'
)

// buyerHash is SipHash-2-4 of a tag and the id: eight little-endian bytes of an integer, as number or as text, the bytes of
// another text.
//
// Source: Aumasson, Bernstein, SipHash: a fast short-input PRF, INDOCRYPT 2012.
type buyerHash struct {
	k0, k1 uint64
	buf    []byte // tag and id
}

func newBuyerHash(key [16]byte) *buyerHash {
	return &buyerHash{k0: binary.LittleEndian.Uint64(key[:8]), k1: binary.LittleEndian.Uint64(key[8:]), buf: make([]byte, 0, 64)}
}

func (h *buyerHash) number(id int64) int64 {
	h.buf = binary.LittleEndian.AppendUint64(append(h.buf[:0], tagNumber), uint64(id))
	return somebody(siphash.Hash(h.k0, h.k1, h.buf))
}

func (h *buyerHash) text(id string) int64 {
	if n, ok := integerID(id); ok {
		return h.number(n)
	}
	h.buf = append(append(h.buf[:0], tagText), id...)
	return somebody(siphash.Hash(h.k0, h.k1, h.buf))
}

// HashBuyer is what a buyer's id becomes. 1001 is one buyer as number and as text; 01001 is another one, which only text can be.
func HashBuyer(key [16]byte, id string) int64 { return newBuyerHash(key).text(id) }
