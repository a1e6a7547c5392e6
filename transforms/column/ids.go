package column

import (
	"cmp"
	"strconv"
	"strings"
	"sync"

	"github.com/windvane/windvane/transforms/contract"
)

// IDs knows, for one run, which identifier domains are STRING and holds their dictionaries.
// An INT64 identifier is its own code.
type IDs struct {
	Types contract.IDTypes

	mu    sync.Mutex
	dicts map[contract.Domain]*Dict
}

// NewIDs starts with empty dictionaries.
func NewIDs(types contract.IDTypes) *IDs {
	return &IDs{Types: types, dicts: map[contract.Domain]*Dict{}}
}

// textDomain holds the codes of free text, one dictionary for all columns.
const textDomain contract.Domain = "text"

// Dict is the dictionary of the column's values, nil for everything that is not text.
func (ids *IDs) Dict(c contract.Column) *Dict {
	switch {
	case c.Kind == contract.Text:
		return ids.domain(textDomain)
	case c.Kind == contract.ID && ids.Types[c.Domain]:
		return ids.domain(c.Domain)
	}
	return nil
}

func (ids *IDs) domain(d contract.Domain) *Dict {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	if ids.dicts[d] == nil {
		ids.dicts[d] = NewDict()
	}
	return ids.dicts[d]
}

// TextDict is the dictionary of free text.
func (ids *IDs) TextDict() *Dict { return ids.domain(textDomain) }

// Text writes an identifier's code as text, as published in subject_id columns.
func (ids *IDs) Text(d contract.Domain, code int64) string {
	if ids.Types[d] {
		return ids.domain(d).Value(code)
	}
	return strconv.FormatInt(code, 10)
}

// SubjectText is the published subject_id of a scope's subject.
func (ids *IDs) SubjectText(scope contract.Scope, subject int64) string {
	switch {
	case scope.Subject == "":
		return ""
	case subject == Null:
		return contract.NoSubject
	}
	return ids.Text(scope.Domain, subject)
}

// CompareText orders two codes of a domain as their texts order, Null (written none) included.
func (ids *IDs) CompareText(d contract.Domain, none string) func(a, b int64) int {
	if ids.Types[d] {
		dict := ids.domain(d)
		text := func(c int64) string {
			if c == Null {
				return none
			}
			return dict.Value(c)
		}
		return func(a, b int64) int { return strings.Compare(text(a), text(b)) }
	}
	return func(a, b int64) int {
		switch {
		case a == b:
			return 0
		case a == Null:
			return strings.Compare(none, strconv.FormatInt(b, 10))
		case b == Null:
			return strings.Compare(strconv.FormatInt(a, 10), none)
		}
		return compareDecimal(a, b)
	}
}

// compareDecimal orders two integers as their decimal texts order, without writing them.
func compareDecimal(a, b int64) int {
	if (a < 0) != (b < 0) {
		return cmp.Compare(a, b) // '-' sorts before any digit
	}
	if a < 0 {
		a, b = -a, -b
	}
	x, dx := leftAligned(uint64(a))
	y, dy := leftAligned(uint64(b))
	if c := cmp.Compare(x, y); c != 0 {
		return c
	}
	return cmp.Compare(dx, dy)
}

// leftAligned shifts v to 19 decimal digits, so that numeric order is the order of the texts.
func leftAligned(v uint64) (aligned uint64, digits int) {
	digits = 1
	for p := v; p >= 10; p /= 10 {
		digits++
	}
	for range 19 - digits {
		v *= 10
	}
	return v, digits
}
