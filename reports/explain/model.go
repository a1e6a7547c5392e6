// Package explain shows how a subject came to its score and its places on lists: for people at a terminal, with
// Chinese words and the stable ids beside them, and for programs as JSON.
//
// Build makes an Explanation of rows of the published tables; it computes nothing that the tables do not hold,
// but the runs that are left until a subject stands or leaves, and the sum of the contributions. Write prints
// it. Reading the rows is the caller's.
package explain

// Format is the version of the JSON form. Fields may be added to it; none changes its meaning.
const Format = 1

// Explanation is everything that one night says about one subject. Numbers are as exact as the tables have them;
// null is what was not computed. Ids are text, so that all their digits survive.
type Explanation struct {
	Format       int         `json:"format"`
	AsOf         string      `json:"as_of"`
	Sequence     int         `json:"sequence"` // of the commit
	Run          string      `json:"run"`
	Role         string      `json:"role"`
	SubjectID    string      `json:"subject_id"`
	Name         *string     `json:"name"`        // null: no snapshot
	MerchantID   *string     `json:"merchant_id"` // products: the shop
	Category1ID  *string     `json:"category1_id"`
	RulesVersion string      `json:"rules_version"`
	RulesSince   *string     `json:"rules_since"`   // first as-of date of the rules, where lists still look back on days before it; null: they do not, or the rules are not at hand
	RulesBefore  *string     `json:"rules_before"`  // version in force until then
	RulesAtHand  bool        `json:"rules_at_hand"` // false: the night's rules are not those configured here; names are borrowed, runs left are unknown
	Score        Score       `json:"score"`
	Indicators   []Indicator `json:"indicators"`
	Price        *Price      `json:"price_power"` // products with a recent order
	Shop         *Score      `json:"shop_score"`  // products: their shop's
	Lists        []List      `json:"lists"`
}

// Score is one row of a score table.
type Score struct {
	SubjectID  string      `json:"subject_id"`
	Status     string      `json:"status"`
	Score      *float64    `json:"score"`
	Grade      *string     `json:"grade"`
	Tier       *string     `json:"tier"`        // products
	GoodsScore *float64    `json:"goods_score"` // shops
	LowerScore *float64    `json:"lower_score"`
	Dimensions []Dimension `json:"dimensions"`
	Orders     int64       `json:"orders"`
	WindowDays int64       `json:"window_days"`
	Coverage   float64     `json:"coverage_ratio"`
	Change     *float64    `json:"change"` // since the run before
	Points     int64       `json:"violation_points"`
	Sum        *float64    `json:"indicators_sum"` // of the contributions: the score before violations, not rounded
}

// Dimension is a part of a score.
type Dimension struct {
	ID    string   `json:"dimension"`
	Score *float64 `json:"score"`
}

// Indicator is one step from figures to points.
type Indicator struct {
	ID           string     `json:"indicator"`
	Dimension    string     `json:"dimension"`
	State        string     `json:"state"`
	Numerator    *float64   `json:"numerator"`
	Denominator  *float64   `json:"denominator"`
	Mean         *float64   `json:"mean"`
	Strength     *float64   `json:"strength"`
	Value        *float64   `json:"value"`
	Anchors      []*float64 `json:"anchors"` // best, good, fair, poor: 5.0, 4.7, 4.3, 3.0 points
	NormLevel    *string    `json:"norm_level"`
	Points       *float64   `json:"points"`
	Weight       float64    `json:"weight"`
	Effective    float64    `json:"effective_weight"`
	Contribution *float64   `json:"contribution"`
}

// Price is one row of price_power. Money is in fen.
type Price struct {
	StyleID         *string  `json:"style_id"`
	UnitPriceFen    int64    `json:"unit_price_fen"`
	Orders          int64    `json:"orders"`
	BenchmarkShops  int64    `json:"benchmark_shops"`
	BenchmarkOrders int64    `json:"benchmark_orders"`
	BenchmarkFen    *int64   `json:"benchmark_fen"`
	Ratio           *float64 `json:"price_ratio"`
	Stars           *int64   `json:"stars"`
	Status          string   `json:"status"`
}

// List is what one list says of the subject.
type List struct {
	ID           string   `json:"list"`
	Resource     string   `json:"resource"`
	Eligible     bool     `json:"eligible"`
	Rank         *int64   `json:"rank"`
	RankBefore   *int64   `json:"rank_before"`
	Level        *string  `json:"level"`
	Multiplier   *float64 `json:"multiplier"`
	Movement     string   `json:"movement"`
	Since        string   `json:"since"`
	Causes       *Causes  `json:"causes"` // why it entered or left; null: it did not, or that is not told
	Gates        []Gate   `json:"gates"`
	FailedGates  []string `json:"failed_gates"`
	Reasons      []string `json:"reasons"`
	Needs        string   `json:"needs"`
	Change       *Change  `json:"change"`
	NeedsEnglish string   `json:"needs_en"`
	NeedsChinese string   `json:"needs_zh"`
	Standing     bool     `json:"standing"`
	PassStreak   int64    `json:"pass_streak"`
	FailStreak   int64    `json:"fail_streak"`
	RunsToEnter  *int64   `json:"runs_to_enter"` // passing runs until it stands, and enters if its level weighs something and its shop has a place; null: it is on the list, it stands, people keep it out, or the rules are not at hand
	RunsToLeave  *int64   `json:"runs_to_leave"` // failing runs until it leaves; null: it is not on the list, or not by its gates, it does not fail, its level weighs nothing tonight, or the rules are not at hand
	ColdStart    bool     `json:"cold_start"`
	Stale        bool     `json:"stale"`
	Override     *string  `json:"override"`
	ValidFrom    string   `json:"valid_from"`
	ValidTo      string   `json:"valid_to"`
	RulesVersion string   `json:"rules_version"`
}

// Causes are why the subject entered (they add up to 1) or left (-1).
type Causes struct {
	Data     int64  `json:"data"`
	Others   int64  `json:"others"`
	LateData *int64 `json:"late_data"` // null: counted with data
	Rules    int64  `json:"rules"`
}

// Gate is one gate of a list.
type Gate struct {
	ID        string   `json:"gate"`
	Value     *float64 `json:"value"`
	Threshold float64  `json:"threshold"`
	Margin    *float64 `json:"margin"`
	State     string   `json:"state"`
	InBand    bool     `json:"in_band"`
	Since     *string  `json:"since"` // as-of date since which it has passed, or has not; null: a table of an older binary
}

// Change is the smallest single change with which the subject would qualify.
type Change struct {
	Of     string   `json:"of"`
	From   *float64 `json:"from"`
	To     *float64 `json:"to"`
	Events *float64 `json:"events"` // so many fewer; null: not a rate
	Volume *float64 `json:"volume"` // out of so many
}
