package column

import (
	"strconv"

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
