package eligibility

import "github.com/windvane/windvane/transforms/column"

// ints writes values of subjects.
func ints(c *column.Cell, values *column.Ints, subjects []int32) {
	out := c.Extend(len(subjects))
	for k, i := range subjects {
		out[k] = values.At(int(i))
	}
}

// ranks writes ranks of subjects, null for 0; nil: nobody has one.
func ranks(c *column.Cell, values *column.Ints, subjects []int32) {
	if values == nil {
		c.Repeat(column.Null, len(subjects))
		return
	}
	out := c.Extend(len(subjects))
	for k, i := range subjects {
		out[k] = orMissing(values.At(int(i)))
	}
}

// hundredths writes scores of subjects, null for 0; nil: nobody has one.
func hundredths(c *column.Cell, scores []int16, subjects []int32) {
	if scores == nil {
		c.Repeat(column.Null, len(subjects))
		return
	}
	out := c.Extend(len(subjects))
	for k, i := range subjects {
		out[k] = column.RatioBits(orMissing(int64(scores[i])), 100)
	}
}

// nulls writes n rows of nothing.
func nulls(n int, cells []*column.Cell) {
	for _, c := range cells {
		c.Repeat(column.Null, n)
	}
}

// orMissing is Null for 0.
func orMissing(v int64) int64 {
	if v == 0 {
		return column.Null
	}
	return v
}

func known(v int64, is bool) int64 {
	if !is {
		return column.Null
	}
	return v
}

// textsOf are the codes of the texts of few values that stand in many rows, often several times in a row.
type textsOf[K comparable] struct {
	make  func(K) int64
	known map[K]int64
	last  K // looked up last; of is its code
	of    int64
}

func newTextsOf[K comparable](make func(K) int64) textsOf[K] {
	return textsOf[K]{make: make, known: map[K]int64{}}
}

func (t *textsOf[K]) code(key K) int64 {
	if key == t.last && len(t.known) > 0 {
		return t.of
	}
	code, ok := t.known[key]
	if !ok {
		code = t.make(key)
		t.known[key] = code
	}
	t.last, t.of = key, code
	return code
}
