package lift

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/stats"
)

// Records are the rows of a published table.
type Records = column.Records

// recordRows is the size of records.
const recordRows = 1 << 14

// records builds rows, each by its number.
func records(t *contract.Table, ids *column.IDs, rows int, write func(w *writer, i int)) Records {
	return column.Pages(t, ids, rows, recordRows, func(b *column.Builder) func(from, to int) {
		w := &writer{b: b, cells: map[string]*column.Cell{}}
		return func(from, to int) {
			for i := from; i < to; i++ {
				write(w, i)
			}
		}
	})
}

// writer writes cells by their column.
type writer struct {
	b     *column.Builder
	cells map[string]*column.Cell
}

func (w *writer) cell(name string) *column.Cell {
	c, ok := w.cells[name]
	if !ok {
		c = w.b.Column(name)
		w.cells[name] = c
	}
	return c
}

func (w *writer) int(name string, v int64)        { w.cell(name).Int(v) }
func (w *writer) day(name string, d calendar.Day) { w.cell(name).Int(int64(d)) }
func (w *writer) text(name, v string)             { w.cell(name).Text(v) }

// real writes a number; null for NaN and infinities, which no reader could do anything with.
func (w *writer) real(name string, v float64) {
	if math.IsInf(v, 0) {
		v = math.NaN()
	}
	w.cell(name).RealOrNull(v)
}

// fen writes a number rounded to whole fen, halves up; null for NaN.
func (w *writer) fen(name string, v float64) {
	if math.IsNaN(v) || math.Abs(v) > 1e18 {
		w.cell(name).Null()
		return
	}
	w.int(name, round(v))
}

// count writes a number, null for 0.
func (w *writer) count(name string, n int64) {
	if n == 0 {
		w.cell(name).Null()
		return
	}
	w.int(name, n)
}

// interval writes both ends.
func (w *writer) interval(lo, hi string, i stats.Interval) {
	w.real(lo, i.Lo)
	w.real(hi, i.Hi)
}

// warnings writes codes by comma.
func (w *writer) warnings(codes []stats.Warning) {
	texts := make([]string, len(codes))
	for i, c := range distinct(codes) {
		texts[i] = string(c)
	}
	w.text("warnings", strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), ","))
}

func (w *writer) period(p Period) {
	w.int("period", int64(slices.Index(contract.LiftPeriods, p.Name)))
	w.day("first_day", p.From)
	w.day("last_day", p.To)
}

// headline writes what merchants and scopes have in common.
func (w *writer) headline(h *Headline) {
	w.real("effect_fen", h.Effect.Value)
	w.interval("effect_lo_fen", "effect_hi_fen", h.Effect.Interval)
	w.fen("inc_fen", h.Inc.Value)
	w.fen("inc_lo_fen", h.Inc.Interval.Lo)
	w.fen("inc_hi_fen", h.Inc.Interval.Hi)
	base, part := math.NaN(), math.NaN()
	if !math.IsNaN(h.Inc.Value) {
		base = float64(h.Observed - round(h.Inc.Value))
		part = h.Inc.Value / float64(h.Observed)
		w.int("observed_fen", h.Observed)
	} else {
		w.int("observed_fen", column.Null)
	}
	w.fen("base_fen", base)
	w.real("lift_ratio", h.Lift.Value)
	w.interval("lift_lo_ratio", "lift_hi_ratio", h.Lift.Interval)
	p := h.Effect.P
	if math.IsNaN(p) {
		p = h.Lift.P
	}
	w.real("p_value", p)
	w.real("share_ratio", part)
}

// LiftTable is chuanliu_lift.
func (e *Estimates) LiftTable(o *Options, version string) Records {
	return records(contract.ChuanliuLift, o.IDs, len(e.Rows), func(w *writer, i int) {
		r := &e.Rows[i]
		w.day("as_of_date", o.AsOf)
		w.int("merchant_id", r.Merchant)
		w.int("category1_id", r.Category)
		w.period(e.Periods[r.Period])
		w.arms(e, r)
		w.headline(&r.Headline)
		w.together(r, o, e.Periods[r.Period])
		w.others(e, r)
		w.shrunk(r)
		w.warnings(r.warnings)
		w.text("rules_version", version)
	})
}

// known is v, or null.
func known(v int64, is bool) int64 {
	if !is {
		return column.Null
	}
	return v
}

func (w *writer) arms(e *Estimates, r *Row) {
	w.int("status", int64(r.Status))
	w.int("evidence_grade", int64(r.Grade))
	w.int("estimator", int64(r.Estimator))
	for a, arm := range contract.Arms {
		c := &r.Cell.Arms[a]
		w.int(arm+"_pairs", c.N)
		w.int(arm+"_served", known(c.Served, e.Periods[r.Period].Shown))
		w.int(arm+"_buyers", c.Buyers)
		w.int(arm+"_orders", int64(c.Sum(stats.Denominator).Float64()))
		w.fen(arm+"_gmv_fen", c.Sum(stats.Outcome).Float64())
		w.real(arm+"_mean_fen", c.Mean(stats.Outcome))
	}
	w.real("holdout_expected_ratio", r.Expected)
	w.real("srm_p", r.SRMP)
}

// together writes what belongs to a family of merchants and to nightly looks.
func (w *writer) together(r *Row, o *Options, p Period) {
	w.real("bh_q", r.BH)
	w.count("family", int64(r.Family))
	w.interval("always_lo_ratio", "always_hi_ratio", r.Always)
	w.real("e_value", r.E)
	w.real("ebh_q", r.EBH)
	if math.IsNaN(r.EBH) {
		w.cell("discovered").Null()
	} else {
		w.cell("discovered").Flag(r.Discovered(o))
	}
	w.real("mde_ratio", r.MDE)
}

// others writes the estimates that stand beside the headline.
func (w *writer) others(e *Estimates, r *Row) {
	w.real("raw_lift_ratio", r.Raw.Value)
	w.interval("raw_lift_lo_ratio", "raw_lift_hi_ratio", r.Raw.Interval)
	w.real("cuped_theta", r.Theta)
	w.real("cuped_variance_ratio", r.Gain)
	w.count("winsor_cap_fen", r.Cap)
	if r.Cap == 0 {
		w.cell("treatment_capped").Null()
		w.cell("holdout_capped").Null()
	} else {
		w.int("treatment_capped", r.Capped[Treatment])
		w.int("holdout_capped", r.Capped[Holdout])
	}
	w.real("winsor_lift_ratio", r.Winsor.Value)
	w.interval("winsor_lift_lo_ratio", "winsor_lift_hi_ratio", r.Winsor.Interval)
	w.real("order_value_lift_ratio", r.OrderValue.Value)
	w.interval("order_value_lift_lo_ratio", "order_value_lift_hi_ratio", r.OrderValue.Interval)
	w.real("wide_effect_fen", r.Wide.Value)
	w.interval("wide_effect_lo_fen", "wide_effect_hi_fen", r.Wide.Interval)
	w.fen("wide_inc_fen", r.Wide.Value*float64(r.Cell.Arms[Treatment].N))
	w.int("attributed_fen", known(r.Cell.Arms[Treatment].Attributed, e.Periods[r.Period].Shown))
	w.real("placebo_p", r.Panel.PlaceboP)
	w.real("scaled_l2", r.Panel.ScaledL2)
	w.real("pretrend_p", r.Panel.TrendP)
	w.count("donors", r.Panel.Donors)
	w.weighted(&r.Weighted)
}

// weighted writes what the comparison of the merchant's category rests on.
func (w *writer) weighted(e *WeightedEvidence) {
	w.count("weighted_treated", e.Treated)
	w.count("weighted_controls", e.Controls)
	w.real("weighted_ess", e.ESS)
	w.real("weighted_difference", e.Difference)
	w.real("weighted_trimmed_ratio", e.Trimmed)
	w.real("weighted_negative_p", e.NegativeP)
}

func (w *writer) shrunk(r *Row) {
	s := &r.Shrunk
	w.real("shrunk_lift_ratio", s.Lift)
	w.interval("shrunk_lo_ratio", "shrunk_hi_ratio", s.Interval)
	w.real("positive_probability", s.Positive)
	if math.IsNaN(s.Lift) {
		w.cell("prior").Null()
	} else {
		w.int("prior", int64(s.Prior))
	}
	w.real("prior_lift_ratio", s.PriorLift)
	w.real("prior_sd", s.PriorSD)
	w.fen("shrunk_inc_fen", float64(r.Observed)*share(s.Lift))
	if r.Best.Of == 0 {
		w.cell("best_day").Null()
	} else {
		w.day("best_day", r.Best.Day)
	}
	w.count("best_day_of", r.Best.Of)
	for a, arm := range contract.Arms {
		w.int("best_day_"+arm+"_orders", known(r.Best.Orders[a], r.Best.Of > 0))
	}
	w.real("best_day_lift_ratio", r.Best.Lift.Value)
	w.interval("best_day_lo_ratio", "best_day_hi_ratio", r.Best.Lift.Interval)
	w.real("best_day_shrunk_ratio", r.Best.Shrunk)
	w.interval("best_day_shrunk_lo_ratio", "best_day_shrunk_hi_ratio", r.Best.Interval)
	w.fen("best_day_inc_fen", r.Best.Inc)
}

// ScopeTable is chuanliu_programme.
func (e *Estimates) ScopeTable(o *Options, version string) Records {
	subjects, order := make([]string, len(e.Scopes)), make([]int, len(e.Scopes))
	ranks := contract.TextRanks(contract.LiftScopes)
	for i := range e.Scopes {
		subjects[i], order[i] = e.Scopes[i].subject(o.IDs), i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(ranks[e.Scopes[a].Of], ranks[e.Scopes[b].Of]), strings.Compare(subjects[a], subjects[b]), cmp.Compare(e.Scopes[a].Period, e.Scopes[b].Period))
	})
	return records(contract.ChuanliuProgramme, o.IDs, len(order), func(w *writer, i int) {
		s := &e.Scopes[order[i]]
		w.day("as_of_date", o.AsOf)
		w.int("scope", int64(s.Of))
		w.text("subject_id", subjects[order[i]])
		w.period(e.Periods[s.Period])
		w.scope(s)
		w.text("rules_version", version)
	})
}

// subject is the published id of a scope.
func (s *Scope) subject(ids *column.IDs) string {
	switch {
	case s.Of == contract.LiftOfPlatform:
		return ""
	case s.Code == column.Null:
		return contract.NoSubject
	case s.Of == contract.LiftOfCategory:
		return ids.Text(contract.Category, s.Code)
	}
	return ids.TextDict().Value(s.Code)
}

func (w *writer) scope(s *Scope) {
	w.int("status", int64(s.Status))
	w.int("evidence_grade", int64(s.Grade))
	users := func(name string, n int64) {
		if s.Of != contract.LiftOfProgramme {
			n = column.Null
		}
		w.int(name, n)
	}
	users("treatment_users", s.Users[Treatment])
	users("holdout_users", s.Users[Holdout])
	users("both_users", s.Both)
	w.int("treatment_pairs", s.Pairs[Treatment])
	w.int("holdout_pairs", s.Pairs[Holdout])
	w.real("srm_p", s.SRMP)
	w.headline(&s.Headline)
	w.interval("always_lo_ratio", "always_hi_ratio", s.Always)
	w.real("e_value", s.E)
	w.real("mde_ratio", s.MDE)
	w.real("cuped_variance_ratio", s.Gain)
	w.real("wide_effect_fen", s.Wide.Value)
	w.interval("wide_effect_lo_fen", "wide_effect_hi_fen", s.Wide.Interval)
	w.real("wide_lift_ratio", s.WideLift.Value)
	w.interval("wide_lift_lo_ratio", "wide_lift_hi_ratio", s.WideLift.Interval)
	w.real("retained_ratio", s.Retained.Value)
	w.interval("retained_lo_ratio", "retained_hi_ratio", s.Retained.Interval)
	w.fen("displaced_fen", s.Displaced.Value)
	w.fen("displaced_lo_fen", s.Displaced.Interval.Lo)
	w.fen("displaced_hi_fen", s.Displaced.Interval.Hi)
	w.int("merchants", s.Merchants)
	w.int("merchants_estimated", s.Estimated)
	w.fen("merchants_inc_fen", s.MerchantsInc)
	w.real("prior_lift_ratio", s.PriorLift)
	w.real("prior_sd", s.PriorSD)
	w.warnings(s.Warnings)
}

// CapTable is chuanliu_caps: for each month, by its first day, its caps.
func CapTable(months []calendar.Day, caps [][]Cap, o *Options) Records {
	var flat []Cap
	var of []calendar.Day
	for m := range months {
		for _, c := range caps[m] {
			flat, of = append(flat, c), append(of, months[m])
		}
	}
	return records(contract.ChuanliuCaps, o.IDs, len(flat), func(w *writer, i int) {
		w.day("as_of_date", o.AsOf)
		w.day("month", of[i])
		w.int("size_class", int64(flat[i].Class))
		w.int("least_pairs", flat[i].Least)
		w.int("most_pairs", flat[i].Most)
		w.int("outcome_days", flat[i].OutcomeDays)
		w.int("pairs", flat[i].Pairs)
		w.int("cap_fen", flat[i].Fen)
	})
}

// RewardTable is talent_rewards.
func RewardTable(rewards []Reward, left int64, o *Options, version string) Records {
	period := int64(slices.Index(contract.LiftPeriods, o.Rules.QuotaPeriod))
	return records(contract.TalentRewards, o.IDs, len(rewards)+1, func(w *writer, i int) {
		r, kind, id := Reward{RawInc: math.NaN(), Talent: Talent{math.NaN(), math.NaN(), 0, false}, Impressions: left}, contract.RewardUnallocated, ""
		if i < len(rewards) {
			r, kind, id = rewards[i], contract.RewardTalent, o.IDs.Text(contract.Talent, rewards[i].Code)
		} else if o.Rules.Reward.Impressions > 0 {
			r.Share = float64(left) / float64(o.Rules.Reward.Impressions)
		}
		w.day("as_of_date", o.AsOf)
		w.int("kind", int64(kind))
		w.text("talent_id", id)
		w.int("period", period)
		w.int("treatment_pairs", r.Pairs[Treatment])
		w.int("holdout_pairs", r.Pairs[Holdout])
		w.int("treatment_gmv_fen", r.Observed)
		w.int("inc_fen", r.Inc)
		w.fen("raw_inc_fen", r.RawInc)
		w.real("talent_score", r.Score)
		w.real("product_score", r.Product)
		if r.NetKnown {
			w.int("gmv_net15_fen", r.Net15)
		} else {
			w.cell("gmv_net15_fen").Null()
		}
		w.cell("eligible").Flag(r.Multiplier > 0)
		w.text("failed_gates", r.FailedText())
		w.real("multiplier", r.Multiplier)
		w.real("share_ratio", r.Share)
		w.int("reward_impressions", r.Impressions)
		w.text("rules_version", version)
	})
}
