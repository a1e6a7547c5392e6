package jobs

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// verifyRows checks order and uniqueness of the rows, every cell against its column, and the identities that hold
// inside a row and between the windows of one subject.
func verifyRows(ctx context.Context, v *Verified, t *contract.Table, file *lake.File) error {
	c := newCursor(file, t)
	defer c.close()
	r := newRowVerifier(v, t, file.Object().Key)
	for {
		ok, err := c.next(ctx)
		if !ok || err != nil {
			return err
		}
		r.check(c)
	}
}

// rowVerifier holds what was seen of a table's rows so far.
type rowVerifier struct {
	found  *Verified
	table  *contract.Table
	file   string
	sort   []int
	unique bool // the sort key holds the whole key: rows in order are unique
	key    []int
	keys   map[string]bool // of tables sorted otherwise
	before []cell          // sort key of the row before
	rules  []boundRule
	window *windowRule
}

func newRowVerifier(v *Verified, t *contract.Table, file string) *rowVerifier {
	r := &rowVerifier{found: v, table: t, file: file, sort: positions(t, t.SortKey()), key: positions(t, t.Key), window: newWindowRule(t)}
	r.unique = !slices.ContainsFunc(t.Key, func(k string) bool { return !slices.Contains(t.SortKey(), k) })
	if !r.unique {
		r.keys = map[string]bool{}
	}
	for _, rule := range rowRules() {
		if !slices.ContainsFunc(rule.columns, func(name string) bool { return t.Index(name) < 0 }) {
			r.rules = append(r.rules, boundRule{rule, positions(t, rule.columns)})
		}
	}
	return r
}

func (r *rowVerifier) check(c *cursor) {
	r.checkOrder(c)
	for i := range r.table.Columns {
		col := &r.table.Columns[i]
		if wrong := wrongCell(col, c.cell(i)); wrong != "" {
			r.found.add(r.file, "values", "row %d: column %s: %s", c.number, col.Name, wrong)
		}
		if col.Name == "as_of_date" && c.cell(i).bits != int64(r.found.AsOf) {
			r.found.add(r.file, "values", "row %d: as_of_date is %s", c.number, c.cell(i).show(col))
		}
	}
	for _, rule := range r.rules {
		if cells := c.key(rule.at); !rule.holds(cells) {
			r.found.add(r.file, "identity", "%s: not %s: %s", showKey(r.table, r.key, c.key(r.key)), rule.says, showKey(r.table, rule.at, cells))
		}
	}
	if r.window != nil {
		r.window.check(r, c)
	}
}

func (r *rowVerifier) checkOrder(c *cursor) {
	now := c.key(r.sort)
	if r.before != nil {
		switch order := compareKeys(r.table, r.sort, r.before, now); {
		case order > 0:
			r.found.add(r.file, "order", "row %d (%s) comes after %s", c.number, showKey(r.table, r.sort, now), showKey(r.table, r.sort, r.before))
		case order == 0 && r.unique:
			r.found.add(r.file, "key", "row %d repeats %s", c.number, showKey(r.table, r.sort, now))
		}
	}
	r.before = now
	if r.keys == nil {
		return
	}
	key := showKey(r.table, r.key, c.key(r.key))
	if r.keys[key] {
		r.found.add(r.file, "key", "row %d repeats %s", c.number, key)
	}
	r.keys[key] = true
}

// wrongCell says what the contract does not allow about a value, empty if nothing.
func wrongCell(col *contract.Column, v cell) string {
	if v.null {
		if col.Null {
			return ""
		}
		return "null"
	}
	switch col.Kind {
	case contract.Real:
		if f := v.real(); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Sprint(f)
		}
		return outside(col, v.real())
	case contract.Fen, contract.Count:
		if v.bits < 0 && !col.Signed {
			return fmt.Sprintf("%d is negative", v.bits)
		}
		return outside(col, float64(v.bits))
	case contract.Enum:
		if col.Code(v.text) < 0 {
			return fmt.Sprintf("%q is none of %s", v.text, strings.Join(col.Values, ", "))
		}
	}
	return ""
}

func outside(col *contract.Column, f float64) string {
	if col.Min != nil && f < *col.Min || col.Max != nil && f > *col.Max {
		return fmt.Sprintf("%v is outside the column's range", f)
	}
	return ""
}

// rowRule is an identity between columns of one row. It applies to every table that has the columns.
type rowRule struct {
	says    string
	columns []string
	holds   func(v []cell) bool // v in the order of columns; cells may be null
}

type boundRule struct {
	rowRule
	at []int
}

// rowRules are the identities inside a row (definitions, sections 1 and 2).
func rowRules() []rowRule {
	rules := []rowRule{
		atMost("gmv_paid_fen", "gmv_paid_raw_fen"), atMost("gmv_net_fen", "gmv_paid_fen"),
		atMost("gmv_net15_fen", "gmv_paid_lag15_fen"), atMost("gmv_net30_fen", "gmv_paid_lag30_fen"),
		atMost("repeat_buyers", "buyers"), atMost("retained_buyers", "r2_buyers"), atMost("active_buyers", "buyers"),
		atMost("r3_30_buyers", "r3_60_buyers"), atMost("r3_60_buyers", "r3_90_buyers"), atMost("r3_90_buyers", "buyers"),
		atMost("converted_buyers", "distribution_buyers"), atMost("new_buyer_orders", "orders"), atMost("returning_gmv_fen", "gmv_paid_fen"),
		atMost("days_present", "window_days"), atMost("days_present", "days"), atMost("covered_days", "days_present"), atMost("full_set_orders", "orders"),
		quotient("r1_ratio", "repeat_buyers", "buyers"), quotient("r2_ratio", "retained_buyers", "r2_buyers"),
		quotient("new_buyer_order_ratio", "new_buyer_orders", "orders"), quotient("conversion_ratio", "converted_buyers", "distribution_buyers"),
		halfUp("atv_buyer_fen", "gmv_paid_fen", "buyers"), halfUp("atv_order_fen", "gmv_paid_fen", "orders"),
		halfUp("gmv_per_buyer_fen", "gmv_paid_fen", "buyers"), halfUp("gmv_per_follower_fen", "gmv_paid_fen", "followers"),
		sum("buyers", "new_buyers", "returning_buyers"),
	}
	for _, name := range []string{"r1_ratio", "r2_ratio", "r1_90_ratio", "refund_rate_ratio", "new_buyer_order_ratio", "returning_gmv_ratio",
		"conversion_ratio", "self_broadcast_ratio", "pan_shelf_ratio"} {
		rules = append(rules, share(name))
	}
	return append(rules, shares("channel_", contract.Channels), shares("scene_", contract.Scenes))
}

func anyNull(v []cell) bool { return slices.ContainsFunc(v, func(c cell) bool { return c.null }) }

func atMost(small, large string) rowRule {
	return rowRule{small + " ≤ " + large, []string{small, large}, func(v []cell) bool { return anyNull(v) || v[0].bits <= v[1].bits }}
}

// share: the ratio lies in [0, 1].
func share(name string) rowRule {
	return rowRule{"0 ≤ " + name + " ≤ 1", []string{name}, func(v []cell) bool { return v[0].null || v[0].real() >= 0 && v[0].real() <= 1 }}
}

// tolerance is what floats may differ by; quotients of exact integers differ by less.
const tolerance = 1e-9

func quotient(ratio, num, den string) rowRule {
	return rowRule{fmt.Sprintf("%s = %s / %s", ratio, num, den), []string{ratio, num, den}, func(v []cell) bool {
		if anyNull(v) {
			return true
		}
		return v[2].bits != 0 && math.Abs(v[0].real()-float64(v[1].bits)/float64(v[2].bits)) <= tolerance
	}}
}

func halfUp(result, num, den string) rowRule {
	return rowRule{fmt.Sprintf("%s = %s / %s, rounded half up", result, num, den), []string{result, num, den}, func(v []cell) bool {
		return anyNull(v) || v[0].bits == column.DivideHalfUp(v[1].bits, v[2].bits)
	}}
}

func sum(total, a, b string) rowRule {
	return rowRule{fmt.Sprintf("%s = %s + %s", total, a, b), []string{total, a, b}, func(v []cell) bool {
		return anyNull(v) || v[0].bits == v[1].bits+v[2].bits
	}}
}

// shares: the parts of a whole add up to one.
func shares(prefix string, parts []string) rowRule {
	r := rowRule{says: prefix + "… sum to 1"}
	for _, p := range parts {
		r.columns = append(r.columns, prefix+p+"_ratio")
	}
	r.holds = func(v []cell) bool {
		var total float64
		for _, c := range v {
			if !c.null && (c.real() < 0 || c.real() > 1) {
				return false
			}
			total += c.real()
		}
		return anyNull(v) || math.Abs(total-1) <= tolerance
	}
	return r
}

// windowRule: what happened in a window happened in every longer one.
type windowRule struct {
	subject []int // key columns before window_days
	window  int
	grow    []int
	before  []cell // subject and grow of the row before
	length  int64
}

// growing are the figures of a window that a longer window cannot have fewer of.
var growing = []string{"gmv_order_fen", "gmv_paid_raw_fen", "gmv_paid_fen", "gmv_net_fen", "gmv_paid_lag15_fen", "gmv_net15_fen",
	"gmv_paid_lag30_fen", "gmv_net30_fen", "lines", "quantity", "orders", "buyers", "repeat_buyers", "day_gaps", "days_present"}

// newWindowRule is nil for tables that are not keyed by role, subject and window alone.
func newWindowRule(t *contract.Table) *windowRule {
	if !slices.Equal(t.Key, []string{"role", "subject_id", "window_days"}) {
		return nil
	}
	w := &windowRule{subject: positions(t, t.Key[:2]), window: t.Index("window_days")}
	for _, name := range growing {
		if at := t.Index(name); at >= 0 {
			w.grow = append(w.grow, at)
		}
	}
	return w
}

func (w *windowRule) check(r *rowVerifier, c *cursor) {
	now, length := append(c.key(w.subject), c.key(w.grow)...), c.cell(w.window).bits
	n := len(w.subject)
	if w.before != nil && length > w.length && compareKeys(r.table, w.subject, w.before[:n], now[:n]) == 0 {
		for i, at := range w.grow {
			if a, b := w.before[n+i], now[n+i]; !a.null && !b.null && a.bits > b.bits {
				r.found.add(r.file, "identity", "%s: %s is %d over %d days and %d over %d", showKey(r.table, w.subject, now[:n]),
					r.table.Columns[at].Name, a.bits, w.length, b.bits, length)
			}
		}
	}
	w.before, w.length = now, length
}
