package column

import (
	"cmp"
	"math"
	"strings"
)

// SubjectOrder is the order of stored rows by subject: by number, or by text where the identifiers are text, Null last.
type SubjectOrder struct {
	Dict *Dict // of the subjects, nil if they are numbers
}

// Rank orders subjects, but for those it gives the same rank; Compare tells these apart.
func (o SubjectOrder) Rank(subject int64) uint64 {
	switch {
	case subject == Null:
		return math.MaxUint64
	case o.Dict == nil:
		return uint64(subject) ^ 1<<63
	}
	var rank uint64
	text := o.Dict.Value(subject)
	for i := range 8 {
		rank <<= 8
		if i < len(text) {
			rank |= uint64(text[i])
		}
	}
	return rank
}

// Compare orders two subjects.
func (o SubjectOrder) Compare(a, b int64) int {
	switch {
	case a == b:
		return 0
	case a == Null:
		return 1
	case b == Null:
		return -1
	case o.Dict == nil:
		return cmp.Compare(a, b)
	}
	return strings.Compare(o.Dict.Value(a), o.Dict.Value(b))
}
