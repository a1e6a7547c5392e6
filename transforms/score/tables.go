package score

import (
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
)

// Records are the rows of a published table.
type Records = column.Records

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

	Codes    []int64      // of the subjects
	Texts    []int32      // their positions in the order of their texts; nil: that is their order
	Merchant *column.Ints // of products; nil for other roles
	Window   *column.Ints // days
	Before   []int16      // hundredths on the run before, 0: none; nil: no run before
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

func hundredthsOrNull(c *column.Cell, v int16) {
	if v == 0 {
		c.Null()
		return
	}
	c.Real(float64(v) / 100)
}

func wholeOrNull(c *column.Cell, v int16) {
	if v == 0 {
		c.Null()
		return
	}
	c.Int(int64(v))
}

// Table is product_score, shop_score or talent_score.
func (r *Role) Table() Records {
	t, dimensions := contractOf(r.Role)
	return column.Pages(t, r.IDs, len(r.Codes), recordRows, func(b *column.Builder) func(from, to int) {
		w := newScoreWriter(r, b, t.Key[0], dimensions)
		return func(from, to int) {
			for i := from; i < to; i++ {
				w.row(i)
			}
		}
	})
}

// scoreWriter writes rows of a score table.
type scoreWriter struct {
	*Role
	asOf, subject, merchant, category, status, score, grade, tier, goods, lower *column.Cell
	orders, window, coverage, changed, points, version                          *column.Cell
	dimensions                                                                  []*column.Cell
	at                                                                          []int     // of the dimensions among the rules'
	earned                                                                      []float64 // of the dimensions of a row
	categories                                                                  *column.Ints
	versionCode                                                                 int64
}

func newScoreWriter(r *Role, b *column.Builder, key string, dimensions []string) *scoreWriter {
	c := b.Column
	w := &scoreWriter{Role: r, asOf: c("as_of_date"), subject: c(key), category: c("category1_id"), status: c("status"), score: c("score"), grade: c("grade"),
		lower: c("lower_score"), orders: c("orders"), window: c("window_days"), coverage: c("coverage_ratio"), changed: c("change"),
		points: c("violation_points"), version: c("rules_version"), at: r.dimensionsAt(dimensions), versionCode: r.IDs.TextDict().Code(r.Rules.Version)}
	for _, d := range dimensions {
		w.dimensions = append(w.dimensions, c(d+"_score"))
	}
	switch r.Role {
	case contract.ScoreProduct:
		w.merchant, w.tier = c("merchant_id"), c("tier")
	case contract.ScoreMerchant:
		w.goods = c("goods_score")
	}
	w.categories = r.Figures.Categories[len(r.Figures.Categories)-1]
	return w
}

func (w *scoreWriter) row(i int) {
	w.asOf.Int(int64(w.AsOf))
	w.subject.Int(w.Codes[i])
	if w.merchant != nil {
		w.merchant.Int(w.Merchant.At(i))
	}
	w.category.Int(w.categories.At(i))
	w.status.Int(int64(w.Scores.Status[i]) - int64(NoScore))
	hundredthsOrNull(w.score, w.Scores.Total[i])
	hundredthsOrNull(w.lower, w.Scores.Lower[i])
	w.writeGrade(i)
	if w.goods != nil {
		w.goods.RealOrNull(w.Goods[i])
	}
	w.earned = w.Scores.Dimensions(i, w.earned)
	for j, cell := range w.dimensions {
		if w.at[j] < 0 {
			cell.Null()
		} else {
			cell.RealOrNull(w.earned[w.at[j]])
		}
	}
	w.orders.Int(w.Figures.Orders.At(i))
	w.window.Int(w.Window.At(i))
	w.coverage.Real(w.Scores.Coverage(i))
	w.changed.Int(w.change(i))
	w.points.Int(w.ticketPoints(i))
	w.version.Int(w.versionCode)
}

// writeGrade writes the grade and, of products, the tier.
func (w *scoreWriter) writeGrade(i int) {
	grade := w.Scores.Grade[i]
	if grade < 0 {
		w.grade.Null()
		if w.tier != nil {
			w.tier.Null()
		}
		return
	}
	w.grade.Text(w.Rules.Grades[grade].Name)
	if w.tier != nil {
		w.tier.Text(w.Rules.Grades[grade].Tier)
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
	if r.Before == nil || r.Before[i] == 0 || r.Scores.Total[i] == 0 {
		return column.Null
	}
	return column.RatioBits(int64(r.Scores.Total[i]-r.Before[i]), 100)
}

func (r *Role) ticketPoints(i int) int64 {
	if r.Figures.ViolationPoints == nil {
		return 0
	}
	return r.Figures.ViolationPoints.At(i)
}

// IndicatorTable is score_indicators: the roles in the order of their names.
func IndicatorTable(roles []*Role) Records {
	return column.Stream(contract.ScoreIndicators, roles[0].IDs, recordRows, func(b *column.Builder, more func() bool) {
		for _, r := range roles {
			w := newStepWriter(r, b)
			for at := range r.Codes {
				i := at
				if r.Texts != nil {
					i = int(r.Texts[at])
				}
				if r.Figures.Orders.At(i) == 0 {
					continue
				}
				if w.write(i); !more() {
					return
				}
			}
		}
	})
}

// stepWriter writes the steps of one role's subjects.
type stepWriter struct {
	*Role
	asOf, role, subject, indicator, dimension, state, level, covered *column.Cell
	figures                                                          [len(figureColumns)]*column.Cell // in the order of figuresOf
	anchors                                                          [len(anchorColumns)]*column.Cell

	order             []int // indicators by name, as the table sorts them
	names, dimensions []int64
	steps             []Step
	text              []byte

	indicators, inDimensions, states []uint32 // entries of the record at hand, in order: names and dimensions are those of every subject
}

func newStepWriter(r *Role, b *column.Builder) *stepWriter {
	c := b.Column
	w := &stepWriter{Role: r, asOf: c("as_of_date"), role: c("role"), subject: c("subject_id"), indicator: c("indicator"), dimension: c("dimension"),
		state: c("state"), level: c("norm_level"), covered: c("covered_days")}
	for j, name := range figureColumns {
		w.figures[j] = c(name)
	}
	for j, name := range anchorColumns {
		w.anchors[j] = c(name)
	}
	indicators, dimension := r.Score.Indicators()
	texts := r.IDs.TextDict()
	names := make([]string, len(indicators))
	for i, in := range indicators {
		names[i] = in.ID
		w.names = append(w.names, texts.Code(in.ID))
		w.dimensions = append(w.dimensions, texts.Code(r.Score.Dimensions[dimension[i]].ID))
	}
	w.order = contract.TextOrder(names)
	return w
}

// figureColumns are columns of score_indicators, and figuresOf what a step has in them.
var (
	figureColumns = [...]string{"numerator", "denominator", "mean", "strength", "value", "points", "weight", "effective_weight", "contribution"}
	anchorColumns = [4]string{"anchor_best", "anchor_good", "anchor_fair", "anchor_poor"}
)

func figuresOf(s *Step) [len(figureColumns)]float64 {
	return [...]float64{s.X, s.N, s.Mean, s.Strength, s.Value, s.Points, s.Weight, s.Effective, s.Contribution}
}

func (w *stepWriter) write(subject int) {
	w.steps = w.Scores.Steps(subject, w.steps)
	n := len(w.order)
	w.text = w.IDs.AppendText(w.text[:0], w.Domain, w.Codes[subject])
	w.subject.RepeatEntry(w.subject.Entry(w.text), n)
	w.asOf.Repeat(int64(w.AsOf), n)
	w.role.Repeat(int64(w.Role.Role), n)
	if w.indicators == nil || w.indicator.Len() == 0 {
		w.open()
	}
	covered := w.covered.Extend(n)
	for k, i := range w.order {
		w.states[k] = w.state.EntryOf(int64(w.steps[i].State) - int64(Used))
		covered[k] = int64(w.coveredDays(i, subject))
	}
	w.indicator.Entries(w.indicators)
	w.dimension.Entries(w.inDimensions)
	w.state.Entries(w.states)
	w.writeFigures(n)
	w.writeAnchors(n)
}

// open looks up what every subject of a record has.
func (w *stepWriter) open() {
	w.indicators, w.inDimensions, w.states = w.indicators[:0], w.inDimensions[:0], slices.Grow(w.states, len(w.order))[:len(w.order)]
	for _, i := range w.order {
		w.indicators = append(w.indicators, w.indicator.EntryOf(w.names[i]))
		w.inDimensions = append(w.inDimensions, w.dimension.EntryOf(w.dimensions[i]))
	}
}

// coveredDays are the days of a subject's window that all tables of an indicator cover.
func (w *stepWriter) coveredDays(indicator, subject int) int {
	days := int(w.Window.At(subject))
	if cover := w.Figures.Cover; cover != nil {
		days = cover[indicator][days]
	}
	return days
}

func (w *stepWriter) writeFigures(n int) {
	var out [len(figureColumns)][]int64
	for j, c := range w.figures {
		out[j] = c.Extend(n)
	}
	for k, i := range w.order {
		for j, v := range figuresOf(&w.steps[i]) {
			out[j][k] = column.RealBits(v)
		}
	}
}

// writeAnchors writes what a step was held against, null where that is nothing.
func (w *stepWriter) writeAnchors(n int) {
	var out [len(anchorColumns)][]int64
	for j, c := range w.anchors {
		out[j] = c.Extend(n)
	}
	for k, i := range w.order {
		s := &w.steps[i]
		if s.Anchors == [4]float64{} {
			for j := range out {
				out[j][k] = column.Null
			}
			w.level.Null()
			continue
		}
		for j, v := range s.Anchors {
			out[j][k] = column.RealBits(v)
		}
		w.level.Int(int64(s.Level))
	}
}

// HistoryTable is the score history of a role: of each subject the runs before, oldest first, then tonight's.
func (r *Role) HistoryTable(h *History) Records {
	t := map[int]*contract.Table{contract.ScoreProduct: contract.ProductScoreHistory, contract.ScoreMerchant: contract.ShopScoreHistory,
		contract.ScoreTalent: contract.TalentScoreHistory}[r.Role]
	return column.Stream(t, r.IDs, recordRows, func(b *column.Builder, more func() bool) {
		asOf, subject, dt, score := b.Column("as_of_date"), b.Column(t.Key[0]), b.Column("dt"), b.Column("score_hundredths")
		var quality *column.Cell
		if h.Quality != nil {
			quality = b.Column("quality_hundredths")
		}
		for i := range r.Codes {
			for run := len(h.Runs) - 1; run >= 0; run-- {
				if h.Score[run][i] == 0 {
					continue
				}
				asOf.Int(int64(r.AsOf))
				subject.Int(r.Codes[i])
				dt.Int(int64(h.Runs[run]))
				score.Int(int64(h.Score[run][i]))
				if quality != nil {
					wholeOrNull(quality, h.Quality[run][i])
				}
			}
			if !more() {
				return
			}
		}
	})
}
