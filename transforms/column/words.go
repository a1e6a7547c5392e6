package column

import (
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// codeEntries knows the entries of codes in the dictionary of one record, in slots found by hash.
type codeEntries struct {
	slots []codeSlot // a power of two, at most half of them taken
	n     int
}

type codeSlot struct {
	code  int64
	entry uint32 // + 1; 0: free
}

// of is the entry of a code; add makes it where the code is new.
func (e *codeEntries) of(code int64, add func() uint32) uint32 {
	if 2*e.n >= len(e.slots) {
		e.enlarge()
	}
	s := e.slot(code)
	if s.entry == 0 {
		*s = codeSlot{code, add() + 1}
		e.n++
	}
	return s.entry - 1
}

// slot is that of a code, or the free one where it belongs.
func (e *codeEntries) slot(code int64) *codeSlot {
	mask := uint64(len(e.slots) - 1)
	at := Mix(hashSeed, code) & mask
	for e.slots[at].entry != 0 && e.slots[at].code != code {
		at = (at + 1) & mask
	}
	return &e.slots[at]
}

func (e *codeEntries) enlarge() {
	old := e.slots
	e.slots = make([]codeSlot, max(1<<6, 2*len(old)))
	for _, s := range old {
		if s.entry != 0 {
			*e.slot(s.code) = s
		}
	}
}

func (e *codeEntries) reset() {
	clear(e.slots)
	e.n = 0
}

// words is the dictionary of one column of one record.
type words struct {
	known map[string]uint32 // entries made by find
	last  string            // found last
	at    uint32
	data  []byte
	ends  []int32 // of the entries in data, after a 0
}

func (w *words) add(text []byte) uint32 {
	if len(w.ends) == 0 {
		w.ends = append(w.ends, 0)
	}
	w.data = append(w.data, text...)
	if len(w.data) > math.MaxInt32 {
		panic("column: texts of one record beyond 2 GiB")
	}
	w.ends = append(w.ends, int32(len(w.data)))
	return uint32(len(w.ends) - 2)
}

// find is the entry of a text that may be there already; the same text often comes many times in a row.
func (w *words) find(s string) uint32 {
	if w.last == s && len(w.known) > 0 {
		return w.at
	}
	i, ok := w.known[s]
	if !ok {
		if w.known == nil {
			w.known = map[string]uint32{}
		}
		i = w.add([]byte(s))
		w.known[s] = i
	}
	w.last, w.at = s, i
	return i
}

func (w *words) reset() {
	clear(w.known)
	w.data, w.ends, w.last = w.data[:0], w.ends[:0], ""
}

// array is the dictionary as Arrow has it.
func (w *words) array() arrow.Array {
	ends := w.ends
	if len(ends) == 0 {
		ends = []int32{0}
	}
	buffers := []*memory.Buffer{nil, memory.NewBufferBytes(bytesOf(ends)), memory.NewBufferBytes(w.data)}
	d := array.NewData(arrow.BinaryTypes.String, len(ends)-1, buffers, nil, 0, 0)
	defer d.Release()
	return array.MakeFromData(d)
}
