package jobs

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/contract"
)

// additive are the figures that add up over merchants, products and categories, and over channels and scenes.
var additive = []string{"gmv_order_fen", "gmv_paid_raw_fen", "gmv_paid_fen", "gmv_net_fen", "gmv_paid_lag15_fen", "gmv_net15_fen",
	"gmv_paid_lag30_fen", "gmv_net30_fen", "lines", "quantity"}

// verifyIdentities checks what holds between the rows of one table and between tables. A table that could not be
// read was reported before; what needs it is passed over.
func verifyIdentities(ctx context.Context, v *Verified, files map[string]*lake.File) error {
	for _, check := range []func(context.Context, *Verified, map[string]*lake.File) error{
		verifySumsOfSubjects, verifySplit, verifyTrust, verifyExcluded, verifyOverview,
	} {
		if err := check(ctx, v, files); err != nil {
			return v.addError("", "identity", err)
		}
	}
	return nil
}

// groups yields the consecutive rows with equal values of the key columns, summed. null tells that a summed
// value was missing.
type groups struct {
	cursor *cursor
	key    []int
	sums   []int
	ahead  bool // the cursor stands on a row that was not given yet
}

type group struct {
	key  []cell
	sums []cell
}

func newGroups(file *lake.File, t *contract.Table, key, sums []string) *groups {
	return &groups{cursor: newCursor(file, t, append(slices.Clone(key), sums...)...), key: positions(t, key), sums: positions(t, sums)}
}

func (g *groups) next(ctx context.Context) (*group, error) {
	if !g.ahead {
		if ok, err := g.cursor.next(ctx); !ok || err != nil {
			return nil, err
		}
	}
	out := &group{key: g.cursor.key(g.key), sums: g.cursor.key(g.sums)}
	for {
		ok, err := g.cursor.next(ctx)
		if !ok || err != nil {
			g.ahead = false
			return out, err
		}
		if compareKeys(g.cursor.table, g.key, out.key, g.cursor.key(g.key)) != 0 {
			g.ahead = true
			return out, nil
		}
		for i, c := range g.cursor.key(g.sums) {
			out.sums[i].bits += c.bits
			out.sums[i].null = out.sums[i].null || c.null
		}
	}
}

// each calls visit for every group.
func (g *groups) each(ctx context.Context, visit func(*group)) error {
	defer g.cursor.close()
	for {
		next, err := g.next(ctx)
		if next == nil || err != nil {
			return err
		}
		visit(next)
	}
}

var subjectKey = []string{"role", "subject_id", "window_days"}

// verifySumsOfSubjects: merchants, products and categories add up to the platform; talents to no more.
func verifySumsOfSubjects(ctx context.Context, v *Verified, files map[string]*lake.File) error {
	file := files[contract.GMV.Name]
	if file == nil {
		return nil
	}
	sums := map[string]map[int64][]cell{} // role, window
	err := newGroups(file, contract.GMV, subjectKey, additive).each(ctx, func(g *group) {
		role, window := g.key[0].text, g.key[2].bits
		if sums[role] == nil {
			sums[role] = map[int64][]cell{}
		}
		if sums[role][window] == nil {
			sums[role][window] = make([]cell, len(additive))
		}
		for i, c := range g.sums {
			sums[role][window][i].bits += c.bits
			sums[role][window][i].null = sums[role][window][i].null || c.null
		}
	})
	if err != nil {
		return err
	}
	for _, window := range slices.Sorted(maps.Keys(sums["platform"])) {
		platform := sums["platform"][window]
		for _, role := range []string{"merchant", "product", "category", "talent"} {
			parts := sums[role][window]
			if sums[role] == nil {
				continue // there are no categories without a products table, and perhaps no talents
			}
			if parts == nil {
				parts = make([]cell, len(additive))
			}
			compareToPlatform(v, file.Object().Key, role, window, parts, platform)
		}
	}
	return nil
}

func compareToPlatform(v *Verified, file, role string, window int64, parts, platform []cell) {
	for i, name := range additive {
		if platform[i].null || parts[i].null {
			continue
		}
		if got, want := parts[i].bits, platform[i].bits; got > want || got < want && role != "talent" {
			v.add(file, "identity", "window_days=%d: %s of every %s adds up to %d, the platform has %d", window, name, role, got, want)
		}
	}
}

// verifySplit: channels and scenes add up to gmv for every role, subject and window.
func verifySplit(ctx context.Context, v *Verified, files map[string]*lake.File) error {
	return verifyAgainstGMV(ctx, v, files, contract.GMVSplit, additive, true)
}

// verifyTrust: trust repeats figures of gmv.
func verifyTrust(ctx context.Context, v *Verified, files map[string]*lake.File) error {
	return verifyAgainstGMV(ctx, v, files, contract.Trust, []string{"orders", "gmv_paid_fen", "buyers"}, false)
}

// verifyAgainstGMV joins the groups of a table with the rows of gmv: equal columns, no group that gmv lacks and, if
// complete, no figure of gmv that the table lacks.
func verifyAgainstGMV(ctx context.Context, v *Verified, files map[string]*lake.File, t *contract.Table, columns []string, complete bool) error {
	if files[t.Name] == nil || files[contract.GMV.Name] == nil {
		return nil
	}
	name := files[t.Name].Object().Key
	whole := newGroups(files[contract.GMV.Name], contract.GMV, subjectKey, columns)
	defer whole.cursor.close()
	at, key := positions(t, subjectKey), func(g *group) string { return showKey(t, positions(t, subjectKey), g.key) }
	lacks := func(g *group) {
		if complete && slices.ContainsFunc(g.sums, func(c cell) bool { return !c.null && c.bits != 0 }) {
			v.add(name, "identity", "%s stands in gmv only", key(g))
		}
	}
	row, err := whole.next(ctx)
	if err != nil {
		return err
	}
	var failed error
	err = newGroups(files[t.Name], t, subjectKey, columns).each(ctx, func(g *group) {
		for row != nil && failed == nil && compareKeys(t, at, row.key, g.key) < 0 {
			lacks(row)
			row, failed = whole.next(ctx)
		}
		if row == nil || compareKeys(t, at, row.key, g.key) > 0 {
			v.add(name, "identity", "%s does not stand in gmv", key(g))
			return
		}
		for i, c := range columns {
			if got, want := g.sums[i], row.sums[i]; got.null != want.null || !got.null && got.bits != want.bits {
				v.add(name, "identity", "%s: %s is %s, in gmv %s", key(g), c, got.show(t.Column(c)), want.show(t.Column(c)))
			}
		}
		row, failed = whole.next(ctx)
	})
	for ; row != nil && err == nil && failed == nil; row, failed = whole.next(ctx) {
		lacks(row)
	}
	if err == nil {
		err = failed
	}
	return err
}

// verifyExcluded: merchants add up to the platform, and what is excluded is what lies between raw and paid GMV.
func verifyExcluded(ctx context.Context, v *Verified, files map[string]*lake.File) error {
	file := files[contract.Excluded.Name]
	if file == nil {
		return nil
	}
	balance := map[string]int64{} // platform less merchants, by window and reason
	between := map[int64]int64{}  // excluded on the platform, test orders apart, by window
	err := newGroups(file, contract.Excluded, contract.Excluded.Key, []string{"lines", "gmv_fen"}).each(ctx, func(g *group) {
		sign := int64(-1)
		if g.key[0].text == "platform" {
			sign = 1
			if g.key[3].text != "test" {
				between[g.key[2].bits] += g.sums[1].bits
			}
		}
		key := fmt.Sprintf("window_days=%d, reason=%s", g.key[2].bits, g.key[3].text)
		balance[key+": lines"] += sign * g.sums[0].bits
		balance[key+": gmv_fen"] += sign * g.sums[1].bits
	})
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(balance)) {
		if off := balance[key]; off != 0 {
			v.add(file.Object().Key, "identity", "%s of the platform is %+d off the sum of the merchants", key, off)
		}
	}
	return eachPlatformRow(ctx, files, []string{"gmv_paid_raw_fen", "gmv_paid_fen"}, func(window int64, row []cell) {
		if want := row[0].bits - row[1].bits; between[window] != want {
			v.add(file.Object().Key, "identity", "window_days=%d: %d fen are excluded, gmv_paid_raw less gmv_paid is %d", window, between[window], want)
		}
	})
}

// eachPlatformRow visits the platform's rows of gmv.
func eachPlatformRow(ctx context.Context, files map[string]*lake.File, columns []string, visit func(window int64, row []cell)) error {
	if files[contract.GMV.Name] == nil {
		return nil
	}
	return newGroups(files[contract.GMV.Name], contract.GMV, subjectKey, columns).each(ctx, func(g *group) {
		if g.key[0].text == "platform" {
			visit(g.key[2].bits, g.sums)
		}
	})
}

// verifyOverview: the overview's day, week and 30 days are the platform's windows.
func verifyOverview(ctx context.Context, v *Verified, files map[string]*lake.File) error {
	file := files[contract.Overview.Name]
	if file == nil {
		return nil
	}
	columns := append(slices.Clone(additive), "orders", "buyers", "days_present")
	periods := map[int64]string{1: "day", 7: "7_days", 30: "30_days"}
	rows := map[string][]cell{}
	err := newGroups(file, contract.Overview, []string{"period"}, columns).each(ctx, func(g *group) { rows[g.key[0].text] = g.sums })
	if err != nil {
		return err
	}
	return eachPlatformRow(ctx, files, columns, func(window int64, row []cell) {
		period, ok := periods[window]
		if !ok {
			return
		}
		for i, name := range columns {
			got := cell{null: true}
			if rows[period] != nil {
				got = rows[period][i]
			}
			if got != row[i] {
				col := contract.GMV.Column(name)
				v.add(file.Object().Key, "identity", "period=%s: %s is %s, in gmv %s", period, name, got.show(col), row[i].show(col))
			}
		}
	})
}
