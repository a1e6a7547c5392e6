package main

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// answer is what one process says of one job, as JSON on its standard output.
type answer struct {
	Seconds float64              `json:"seconds"` // from the first read to the last result
	Version string               `json:"version"` // of the engine
	Tables  map[string]tableSums `json:"tables"`
	Parts   map[string]float64   `json:"parts,omitempty"` // seconds of parts of the job, for the reader
	Notes   map[string]string    `json:"notes,omitempty"`
}

// tableSums say what stands in one result table, whatever the order of its rows. A timed run tells
// the number of rows only.
type tableSums struct {
	Rows     int64             `json:"rows"`
	Sums     map[string]string `json:"sums,omitempty"`     // of each measure, exact, decimal; nulls count as 0
	Squares  map[string]string `json:"squares,omitempty"`  // sums of squares, likewise
	Checksum string            `json:"checksum,omitempty"` // of all columns but buyers: each engine hashes those by its own function
}

// tableSpec names the columns of a result table that are compared.
type tableSpec struct {
	Name     string      `json:"name"`
	Keys     []string    `json:"keys"`
	Measures []string    `json:"measures"`
	Where    []condition `json:"where,omitempty"` // rows of a file that are compared; all if empty
	Days     int         `json:"days,omitempty"`  // of the window that a rollup is added up over; 0: no window
}

// condition keeps the rows whose value is one of those listed, or at least Min.
type condition struct {
	Column  string   `json:"column"`
	Texts   []string `json:"texts,omitempty"`
	Numbers []int64  `json:"numbers,omitempty"`
	Min     int64    `json:"min,omitempty"`
}

// buyerColumn holds hashed ids, which differ from engine to engine.
const buyerColumn = "buyer_id"

// summer adds up records of one table.
type summer struct {
	spec     tableSpec
	measures map[string]*moments
	rows     int64
	checksum uint64
}

func newSummer(spec tableSpec) *summer {
	s := &summer{spec: spec, measures: map[string]*moments{}}
	for _, m := range spec.Measures {
		s.measures[m] = &moments{}
	}
	return s
}

// compared are the columns of the checksum in the order in which they are mixed.
func (t tableSpec) compared() []string {
	names := slices.Concat(t.Keys, t.Measures)
	slices.Sort(names)
	return slices.DeleteFunc(names, func(n string) bool { return n == buyerColumn })
}

func (s *summer) add(rec arrow.Record) error {
	s.rows += rec.NumRows()
	hashes := make([]uint64, rec.NumRows())
	for _, name := range s.spec.compared() {
		at := rec.Schema().FieldIndices(name)
		if len(at) != 1 {
			return fmt.Errorf("table %s has %d columns %s", s.spec.Name, len(at), name)
		}
		words, err := wordsOf(rec.Column(at[0]))
		if err != nil {
			return fmt.Errorf("table %s: column %s: %w", s.spec.Name, name, err)
		}
		fold(hashes, words)
		if m := s.measures[name]; m != nil {
			m.add(rec.Column(at[0]), words)
		}
	}
	for _, h := range hashes {
		s.checksum += h
	}
	return nil
}

// fold mixes one column into the hashes of its rows. peers/frame/answer.py does the same.
func fold(hashes, words []uint64) {
	for i, w := range words {
		hashes[i] = foldWord(hashes[i], w)
	}
}

func foldWord(h, w uint64) uint64 {
	h = (h ^ w) * 0x9E3779B97F4A7C15
	return h ^ h>>29
}

func (s *summer) sums() tableSums {
	out := tableSums{Rows: s.rows, Sums: map[string]string{}, Squares: map[string]string{}, Checksum: fmt.Sprintf("%016x", s.checksum)}
	for name, m := range s.measures {
		out.Sums[name], out.Squares[name] = m.sum().String(), m.square().String()
	}
	return out
}

// moments are exact sums of 64-bit integers and of their squares. Squares need three words: those of hashes of texts pass 128 bits.
type moments struct{ sumLow, sumHigh, squareLow, squareHigh, squareTop uint64 }

func (m *moments) add(a arrow.Array, words []uint64) {
	for i, w := range words {
		if !a.IsNull(i) {
			m.addWord(w)
		}
	}
}

func (m *moments) addWord(w uint64) {
	var carry uint64
	m.sumLow, carry = bits.Add64(m.sumLow, w, 0)
	m.sumHigh += carry + uint64(int64(w)>>63) // the sign extended
	v := w
	if int64(w) < 0 {
		v = -w
	}
	high, low := bits.Mul64(v, v)
	m.squareLow, carry = bits.Add64(m.squareLow, low, 0)
	m.squareHigh, carry = bits.Add64(m.squareHigh, high, carry)
	m.squareTop += carry
}

func (m *moments) sum() *big.Int {
	high := new(big.Int).Lsh(big.NewInt(int64(m.sumHigh)), 64)
	return high.Add(high, new(big.Int).SetUint64(m.sumLow))
}

func (m *moments) square() *big.Int {
	out := new(big.Int)
	for _, word := range []uint64{m.squareTop, m.squareHigh, m.squareLow} {
		out.Lsh(out, 64).Or(out, new(big.Int).SetUint64(word))
	}
	return out
}

// nullWord stands for a missing value in a checksum.
const nullWord = 0xD6E8FEB86659FD93

// wordsOf are the values of a column as 64-bit words: integers themselves, texts by their FNV-1a hash, real numbers by
// their bits.
func wordsOf(a arrow.Array) ([]uint64, error) {
	value, err := wordAt(a)
	if err != nil {
		return nil, err
	}
	out := make([]uint64, a.Len())
	for i := range out {
		if a.IsNull(i) {
			out[i] = nullWord
		} else {
			out[i] = value(i)
		}
	}
	return out, nil
}

func wordAt(a arrow.Array) (func(i int) uint64, error) {
	switch a := a.(type) {
	case *array.Int64:
		return func(i int) uint64 { return uint64(a.Value(i)) }, nil
	case *array.Float64:
		return func(i int) uint64 { return math.Float64bits(a.Value(i)) }, nil
	case *array.Timestamp:
		return func(i int) uint64 { return uint64(a.Value(i)) }, nil
	case *array.Date32:
		return func(i int) uint64 { return uint64(int64(a.Value(i))) }, nil
	case *array.Boolean:
		return func(i int) uint64 {
			if a.Value(i) {
				return 1
			}
			return 0
		}, nil
	case *array.Dictionary:
		words := make([]uint64, a.Dictionary().Len())
		for i := range words {
			words[i] = textWord(a.Dictionary().ValueStr(i))
		}
		return func(i int) uint64 { return words[a.GetValueIndex(i)] }, nil
	case *array.String:
		return func(i int) uint64 { return textWord(a.Value(i)) }, nil
	}
	return nil, fmt.Errorf("type %s is not compared", a.DataType())
}

// textWord is FNV-1a of 64 bits.
func textWord(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}
