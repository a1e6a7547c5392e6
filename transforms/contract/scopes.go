package contract

import (
	"cmp"
	"slices"
	"strings"
)

// Scope is a role whose figures are kept per subject.
type Scope struct {
	Role    int    // code in Roles
	Subject string // key column of its rollups; empty for the platform
	Domain  Domain // of the subject
	Where   string // 0/1 column of the rows that belong to the scope; empty: all
}

// Scopes are the scopes in the order of Roles.
func Scopes() []Scope {
	return []Scope{
		{Role: RolePlatform},
		{Role: RoleCategory, Subject: "category1_id", Domain: Category},
		{Role: RoleMerchant, Subject: "merchant_id", Domain: Merchant},
		{Role: RoleTalent, Subject: "promoter_id", Domain: Talent, Where: "has_promoter"},
		{Role: RoleProduct, Subject: "product_id", Domain: Product},
	}
}

// Name is the role's name.
func (s Scope) Name() string { return Roles[s.Role] }

// Keys puts the subject, if any, before more.
func (s Scope) Keys(more ...string) []string {
	if s.Subject == "" {
		return more
	}
	return append([]string{s.Subject}, more...)
}

// InRoleOrder puts what belongs to scopes in the order of the roles' names, as published tables sort.
func InRoleOrder[T any](items []T, scope func(T) Scope) []T {
	ranks := TextRanks(Roles)
	out := slices.Clone(items)
	slices.SortFunc(out, func(a, b T) int { return cmp.Compare(ranks[scope(a).Role], ranks[scope(b).Role]) })
	return out
}

// NoSubject is the published subject_id of rows whose source names none (category).
const NoSubject = "(none)"

// Lengths of windows in days, ascending.
var (
	Windows       = []int{1, 7, 30, 60, 90, 365}
	RepeatWindows = []int{1, 7, 30, 90, 365}
	TrustWindows  = []int{30, 90, 365}
)

// TextOrder lists the codes of an enumeration in the order of its texts, as published tables sort them.
func TextOrder(values []string) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(values[a], values[b]) })
	return order
}

// TextRanks gives for each code of an enumeration its position in TextOrder.
func TextRanks(values []string) []int64 {
	ranks := make([]int64, len(values))
	for r, code := range TextOrder(values) {
		ranks[code] = int64(r)
	}
	return ranks
}
