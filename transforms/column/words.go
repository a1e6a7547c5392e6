package column

import (
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// codeEntries knows the entries of codes in the dictionary of one record. Most codes are among the few that came last:
// names of gates and indicators, which come in turn, have successive codes and so a place each.
type codeEntries struct {
	known  map[int64]uint32
	recent []codeEntry // by the last bits of the code
}

type codeEntry struct {
	code  int64
	entry uint32
	ok    bool
}

const recentCodes = 64

func (e *codeEntries) of(code int64, add func() uint32) uint32 {
	if e.known == nil {
		e.known, e.recent = map[int64]uint32{}, make([]codeEntry, recentCodes)
	}
	r := &e.recent[code&(recentCodes-1)]
	if r.ok && r.code == code {
		return r.entry
	}
	entry, ok := e.known[code]
	if !ok {
		entry = add()
		e.known[code] = entry
	}
	*r = codeEntry{code, entry, true}
	return entry
}

func (e *codeEntries) reset() {
	clear(e.known)
	clear(e.recent)
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
