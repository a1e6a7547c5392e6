package eligibility

import (
	"math"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
)

// Claim is what a merchant brings with its boosted impressions. Numbers that are not there are NaN.
type Claim struct {
	Base   float64 // boosted impressions a day
	PerDay float64 // fen, incremental GMV a day at that base; NaN: nothing is known of it
	Lift   float64 // that PerDay goes by
	Of     int     // code of contract.LiftSources, whose lift that is
	Grade  int     // code of contract.LiftGrades, −1: none
}

// Quota shares the pool among the members of a list of merchants and tells it as traffic_quota. Claims are by subject;
// the cold start of the list shares the reserve.
//
// Source: definitions, section 14.
func (t *Tables) Quota(p *Page, pool rules.Pool, claims []Claim) Records {
	q := &quota{Tables: t, page: p, claims: claims}
	for at := range p.Codes {
		i := at
		if p.Texts != nil {
			i = int(p.Texts[at])
		}
		switch v := p.Decision.verdict(i); {
		case !v.member:
		case v.reasons.Has(ColdStart):
			q.cold = append(q.cold, i)
		default:
			q.members = append(q.members, i)
		}
	}
	a, b := make([]float64, len(q.members)), make([]float64, len(q.members))
	for k, i := range q.members {
		a[k], b[k] = response(claims[i].PerDay, p.Decision.verdict(i).multiplier), claims[i].Base
	}
	q.a, q.shared = a, Allocate(pool, a, b, len(q.cold))
	return q.records
}

// response is a_i: what doubling the base brings, times the level's multiplier, over ln 2; nothing where it is not known.
func response(perDay, multiplier float64) float64 {
	if !(perDay > 0) {
		return 0
	}
	return perDay / math.Ln2 * multiplier
}

// quota writes the rows: cold start, members, what is left, as their kinds sort.
type quota struct {
	*Tables
	page          *Page
	claims        []Claim
	members, cold []int // subjects
	a             []float64
	shared        Allocation
}

func (q *quota) records(yield func(arrow.Record, error) bool) {
	b := column.NewBuilder(contract.TrafficQuota, q.IDs)
	for k, i := range q.cold {
		q.subject(b, contract.QuotaColdStart, i)
		q.none(b, q.shared.ColdStart[k])
	}
	for k, i := range q.members {
		q.subject(b, contract.QuotaMerchant, i)
		q.member(b, k, &q.claims[i])
	}
	b.Column("merchant_id").Text("")
	b.Column("kind").Int(contract.QuotaUnallocated)
	for _, name := range []string{"merchant_name", "category1_id", "level", "multiplier"} {
		b.Column(name).Null()
	}
	q.none(b, q.shared.Unallocated)
	rows, d := b.Column("kind").Len(), q.page.Decision
	b.Column("as_of_date").Repeat(int64(d.AsOf), rows)
	b.Column("valid_from").Repeat(int64(d.ValidFrom), rows)
	b.Column("valid_to").Repeat(int64(d.ValidTo), rows)
	b.Column("rules_version").Repeat(q.IDs.TextDict().Code(q.Rules.Version), rows)
	rec := b.Record(memory.DefaultAllocator)
	defer rec.Release()
	yield(rec, nil)
}

// subject writes who it is.
func (q *quota) subject(b *column.Builder, kind, i int) {
	p := q.page
	b.Column("kind").Int(int64(kind))
	b.Column("merchant_id").Text(q.IDs.Text(p.Domain, p.Codes[i]))
	b.Column("merchant_name").Int(p.Names.At(i))
	if category := p.Category.At(i); category == column.Null {
		b.Column("category1_id").Null()
	} else {
		b.Column("category1_id").Text(q.IDs.Text(contract.Category, category))
	}
	v := p.Decision.verdict(i)
	if v.level != NoLevel {
		b.Column("level").Text(p.List.Levels[0].Steps[v.level].Level)
	} else {
		b.Column("level").Null()
	}
	b.Column("multiplier").Real(v.multiplier)
}

// none writes a row that has an amount and nothing that it rests on.
func (q *quota) none(b *column.Builder, impressions int64) {
	for _, name := range []string{"base_impressions", "evidence_grade", "lift_of", "lift_ratio", "inc_per_day_fen", "response_fen", "cap_impressions", "expected_fen", "last_thousand_fen"} {
		b.Column(name).Null()
	}
	b.Column("quota_impressions").Int(impressions)
}

func (q *quota) member(b *column.Builder, k int, c *Claim) {
	a, base, x := q.a[k], q.shared.Base[k], q.shared.Quota[k]
	b.Column("base_impressions").Real(base)
	grade, of := int64(column.Null), int64(column.Null)
	if c.Grade >= 0 {
		grade = int64(c.Grade)
	}
	if !math.IsNaN(c.Lift) {
		of = int64(c.Of)
	}
	b.Column("evidence_grade").Int(grade)
	b.Column("lift_of").Int(of)
	b.Column("lift_ratio").RealOrNull(c.Lift)
	b.Column("inc_per_day_fen").RealOrNull(c.PerDay)
	b.Column("response_fen").Real(a)
	b.Column("cap_impressions").Int(q.shared.Caps[k])
	b.Column("quota_impressions").Int(x)
	b.Column("expected_fen").Real(Expected(a, base, x))
	b.Column("last_thousand_fen").Real(LastThousand(a, base, x))
}

// PageOf is the page of a list, nil if there is none.
func (t *Tables) PageOf(list string) *Page {
	at := slices.IndexFunc(t.Pages, func(p *Page) bool { return p.List.ID == list })
	if at < 0 {
		return nil
	}
	return t.Pages[at]
}
