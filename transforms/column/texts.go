package column

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/windvane/windvane/transforms/contract"
)

// Strings are the identifiers of a STRING domain by code, nil for an INT64 domain. The slice holds those known at the
// time of the call and is not changed afterwards.
func (ids *IDs) Strings(d contract.Domain) []string {
	if !ids.Types[d] {
		return nil
	}
	dict := ids.domain(d)
	dict.mu.RLock()
	defer dict.mu.RUnlock()
	return dict.values[:len(dict.values):len(dict.values)]
}

// AppendSubject appends the published subject_id of a scope's subject, as SubjectText writes it.
func (ids *IDs) AppendSubject(dst []byte, scope contract.Scope, subject int64) []byte {
	if scope.Subject == "" || subject == Null || ids.Types[scope.Domain] {
		return append(dst, ids.SubjectText(scope, subject)...)
	}
	return strconv.AppendInt(dst, subject, 10)
}

// AppendText appends an identifier as text, as Text writes it.
func (ids *IDs) AppendText(dst []byte, d contract.Domain, code int64) []byte {
	if ids.Types[d] {
		return append(dst, ids.domain(d).Value(code)...)
	}
	return strconv.AppendInt(dst, code, 10)
}

// Parse is the code of an identifier that Text wrote.
func (ids *IDs) Parse(d contract.Domain, text string) (int64, error) {
	if ids.Types[d] {
		return ids.domain(d).Code(text), nil
	}
	code, err := strconv.ParseInt(text, 10, 64)
	if err != nil || !asWritten(text) {
		return 0, fmt.Errorf("%q is no identifier of domain %s, which is INT64 in this deployment; say ids: {%s: string} in the configuration", text, d, d)
	}
	return code, nil
}

// asWritten tells of the text of a number whether it is the one that Text writes: without a plus and leading zeros.
func asWritten(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	return digits[0] != '+' && digits[0] != '0' || text == "0"
}
