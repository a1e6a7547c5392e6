package score

import (
	"iter"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
)

// Records are the rows of a published table, in order, in records of bounded size. A record is the consumer's until
// it asks for the next one; then its memory is used again. The sequence may be walked more than once.
type Records = iter.Seq2[arrow.Record, error]

// recordRows is the size of records.
const recordRows = 1 << 16

// Role is what the tables of one score are made of: its subjects, ordered by their ids, and how they fared.
type Role struct {
	AsOf   calendar.Day
	IDs    *column.IDs
	Rules  *rules.Rules
	Score  rules.Score
	Role   int // code of contract.ScoreRoles
	Domain contract.Domain

	Codes    []int64 // of the subjects
	Texts    []int32 // their positions in the order of their texts; nil: that is their order
	Merchant []int64 // of products; nil for other roles
	Window   []int   // days
	Before   []int64 // hundredths on the run before, column.Null: none; nil: no run before
	Goods    []float64
	Figures  *Figures
	Scores   *Scores
}

// contractOf is the score table of a role, with the names of its dimensions.
func contractOf(role int) (*contract.Table, []string) {
	switch role {
	case contract.ScoreProduct:
		return contract.ProductScore, contract.ProductDimensions
	case contract.ScoreMerchant:
		return contract.ShopScore, contract.ShopDimensions
	}
	return contract.TalentScore, contract.TalentDimensions
}

// chunks builds a table in records of bounded size, row by row.
func chunks(t *contract.Table, ids *column.IDs, rows int, row func(b *column.Builder, i int)) Records {
	return func(yield func(arrow.Record, error) bool) {
		b := column.NewBuilder(t, ids)
		flush := func() bool {
			rec := b.Record(memory.DefaultAllocator)
			more := yield(rec, nil)
			rec.Release()
			b.Reset()
			return more
		}
		for i := range rows {
			if row(b, i); b.Len() >= recordRows && !flush() {
				return
			}
		}
		if b.Len() > 0 || rows == 0 {
			flush()
		}
	}
}

// orNull appends a real, null for NaN.
func orNull(c *column.Cell, v float64) {
	if math.IsNaN(v) {
		c.Null()
		return
	}
	c.Real(v)
}

func hundredthsOrNull(c *column.Cell, v int64) {
	if v == column.Null {
		c.Null()
		return
	}
	c.Real(float64(v) / 100)
}

// Table is product_score, shop_score or talent_score.
func (r *Role) Table() Records {
	t, dimensions := contractOf(r.Role)
	at := r.dimensionsAt(dimensions)
	return chunks(t, r.IDs, len(r.Codes), func(b *column.Builder, i int) {
		b.Column("as_of_date").Int(int64(r.AsOf))
		b.Column(t.Key[0]).Int(r.Codes[i])
		if r.Merchant != nil {
			b.Column("merchant_id").Int(r.Merchant[i])
		}
		categories := r.Figures.Categories
		b.Column("category1_id").Int(categories[len(categories)-1][i])
		r.writeScore(b, i)
		for j, d := range dimensions {
			if at[j] < 0 {
				b.Column(d + "_score").Null()
			} else {
				orNull(b.Column(d+"_score"), r.Scores.Dimensions[at[j]][i])
			}
		}
		b.Column("orders").Int(r.Figures.Orders[i])
		b.Column("window_days").Int(int64(r.Window[i]))
		b.Column("coverage_ratio").Real(r.Scores.Coverage[i])
		b.Column("change").Int(r.change(i))
		b.Column("violation_points").Int(r.points(i))
		b.Column("rules_version").Text(r.Rules.Version)
	})
}

// writeScore writes what the score is, and what only one role has.
func (r *Role) writeScore(b *column.Builder, i int) {
	b.Column("status").Int(int64(r.Scores.Status[i]) - int64(NoScore))
	hundredthsOrNull(b.Column("score"), r.Scores.Total[i])
	hundredthsOrNull(b.Column("lower_score"), r.Scores.Lower[i])
	grade := r.Scores.Grade[i]
	if grade < 0 {
		b.Column("grade").Null()
	} else {
		b.Column("grade").Text(r.Rules.Grades[grade].Name)
	}
	switch r.Role {
	case contract.ScoreProduct:
		if grade < 0 {
			b.Column("tier").Null()
		} else {
			b.Column("tier").Text(r.Rules.Grades[grade].Tier)
		}
	case contract.ScoreMerchant:
		orNull(b.Column("goods_score"), r.Goods[i])
	}
}

// dimensionsAt are the positions of the table's dimensions among the rules', −1: the rules have no such one.
func (r *Role) dimensionsAt(names []string) []int {
	at := make([]int, len(names))
	for j, name := range names {
		at[j] = -1
		for d, dim := range r.Score.Dimensions {
			if dim.ID == name {
				at[j] = d
			}
		}
	}
	return at
}

// change is the score less that of the run before, as bits of a real; Null where one is missing.
func (r *Role) change(i int) int64 {
	if r.Before == nil || r.Before[i] == column.Null || r.Scores.Total[i] == column.Null {
		return column.Null
	}
	return column.RatioBits(r.Scores.Total[i]-r.Before[i], 100)
}

func (r *Role) points(i int) int64 {
	if r.Figures.ViolationPoints == nil {
		return 0
	}
	return r.Figures.ViolationPoints[i]
}

// IndicatorTable is score_indicators: the roles in the order of their names.
func IndicatorTable(roles []*Role) Records {
	return func(yield func(arrow.Record, error) bool) {
		ids := roles[0].IDs
		b := column.NewBuilder(contract.ScoreIndicators, ids)
		flush := func() bool {
			rec := b.Record(memory.DefaultAllocator)
			more := yield(rec, nil)
			rec.Release()
			b.Reset()
			return more
		}
		for _, r := range roles {
			w := newStepWriter(r, b)
			for at := range r.Codes {
				i := at
				if r.Texts != nil {
					i = int(r.Texts[at])
				}
				if r.Figures.Orders[i] == 0 {
					continue
				}
				if w.write(i); b.Len() >= recordRows && !flush() {
					return
				}
			}
		}
		flush()
	}
}

// stepWriter writes the steps of one role's subjects.
type stepWriter struct {
	*Role
	b          *column.Builder
	order      []int // indicators by name, as the table sorts them
	indicators []rules.Indicator
	dimension  []int
	steps      []Step
	text       []byte
}

func newStepWriter(r *Role, b *column.Builder) *stepWriter {
	w := &stepWriter{Role: r, b: b}
	w.indicators, w.dimension = r.Score.Indicators()
	names := make([]string, len(w.indicators))
	for i, in := range w.indicators {
		names[i] = in.ID
	}
	w.order = contract.TextOrder(names)
	return w
}

func (w *stepWriter) write(subject int) {
	w.steps = w.Scores.Steps(subject, w.steps)
	n := len(w.order)
	w.text = w.IDs.AppendText(w.text[:0], w.Domain, w.Codes[subject])
	id := w.b.Column("subject_id")
	id.RepeatEntry(id.Entry(w.text), n)
	w.b.Column("as_of_date").Repeat(int64(w.AsOf), n)
	w.b.Column("role").Repeat(int64(w.Role.Role), n)
	for _, i := range w.order {
		w.writeStep(&w.steps[i], w.indicators[i].ID, w.Score.Dimensions[w.dimension[i]].ID)
	}
}

func (w *stepWriter) writeStep(s *Step, indicator, dimension string) {
	b := w.b
	b.Column("indicator").Text(indicator)
	b.Column("dimension").Text(dimension)
	b.Column("state").Int(int64(s.State) - int64(Used))
	for name, v := range map[string]float64{
		"numerator": s.X, "denominator": s.N, "mean": s.Mean, "strength": s.Strength, "value": s.Value, "points": s.Points,
		"weight": s.Weight, "effective_weight": s.Effective, "contribution": s.Contribution,
	} {
		orNull(b.Column(name), v)
	}
	normed := s.Anchors != [4]float64{}
	for j, name := range [4]string{"anchor_best", "anchor_good", "anchor_fair", "anchor_poor"} {
		if normed {
			b.Column(name).Real(s.Anchors[j])
		} else {
			b.Column(name).Null()
		}
	}
	if normed {
		b.Column("norm_level").Int(int64(s.Level))
	} else {
		b.Column("norm_level").Null()
	}
}

// HistoryTable is the score history of a role: of each subject the runs before, oldest first, then tonight's.
func (r *Role) HistoryTable(h *History) Records {
	t := map[int]*contract.Table{contract.ScoreProduct: contract.ProductScoreHistory, contract.ScoreMerchant: contract.ShopScoreHistory,
		contract.ScoreTalent: contract.TalentScoreHistory}[r.Role]
	return chunks(t, r.IDs, len(r.Codes), func(b *column.Builder, i int) {
		for run := len(h.Runs) - 1; run >= 0; run-- {
			if h.Score[run][i] == 0 {
				continue
			}
			b.Column("as_of_date").Int(int64(r.AsOf))
			b.Column(t.Key[0]).Int(r.Codes[i])
			b.Column("dt").Int(int64(h.Runs[run]))
			b.Column("score_hundredths").Int(int64(h.Score[run][i]))
			if h.Quality != nil {
				b.Column("quality_hundredths").Int(int64(h.Quality[run][i]))
			}
		}
	})
}
