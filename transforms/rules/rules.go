// Package rules declares what people decide about scores and lists: weights, anchors, strengths, price stars,
// gates, levels, stability and quotas. It is plain data; no other package has a threshold or a weight in its code.
//
// The values stand in rules.yaml (see package config), carry a version and the day from which they hold, and
// their digest stands in every manifest. What an indicator or a measure means is code and is told by its name:
// the names below are the closed set of what rules may refer to.
package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/windvane/windvane/transforms/calendar"
)

// Rules is one version of all rules.
type Rules struct {
	// Version names this set of rules in every output.
	Version string `yaml:"version" json:"version"`
	// EffectiveFrom is the first as-of date these rules hold for.
	EffectiveFrom calendar.Day `yaml:"effective_from" json:"effective_from"`
	// MinimumOrders is the number of valid orders below which a subject has no score.
	MinimumOrders int64 `yaml:"minimum_orders" json:"minimum_orders"`
	// LagDays is how long after payment refunds and complaints are waited for.
	LagDays int `yaml:"lag_days" json:"lag_days"`
	// HalfLifeDays halves the weight of a day in the talent score.
	HalfLifeDays int `yaml:"half_life_days" json:"half_life_days"`
	// Norms says how categories are compared.
	Norms Norms `yaml:"norms" json:"norms"`
	// Grades are the grades of all three scores, best first; the last one has no lower end.
	Grades []Grade `yaml:"grades" json:"grades"`
	// Violations says what tickets take from a score.
	Violations Violations `yaml:"violations" json:"violations"`
	// Price says how unit prices become stars.
	Price Price `yaml:"price" json:"price"`
	// Product, Shop and Talent are the three scores: 商品分, 店铺体验分, 带货口碑分.
	Product Score `yaml:"product_score" json:"product_score"`
	Shop    Score `yaml:"shop_score" json:"shop_score"`
	Talent  Score `yaml:"talent_score" json:"talent_score"`
	// QualityGate bounds what a low price may bring to a product.
	QualityGate QualityGate `yaml:"quality_gate" json:"quality_gate"`
	// Stability damps entering and leaving lists.
	Stability Stability `yaml:"stability" json:"stability"`
	// Lists are the resource lists in the order in which they are published.
	Lists []List `yaml:"lists" json:"lists"`
	// Pool is the daily pool of boosted impressions.
	Pool Pool `yaml:"pool" json:"pool"`
	// Lift says how the incremental lift of 川流 is estimated.
	Lift Lift `yaml:"lift" json:"lift"`
}

// Norms says how the rates of a category are pooled and turned into anchors, once a month.
type Norms struct {
	// MinimumN is from how many of what its denominator counts, not weighted, an entity counts towards its category; of hours the lines.
	MinimumN int64 `yaml:"minimum_n" json:"minimum_n"`
	// MinimumEntities is how many such entities a category needs to have anchors of its own.
	MinimumEntities int `yaml:"minimum_entities" json:"minimum_entities"`
	// StrengthMin and StrengthMax clamp the strength found by the method of moments.
	StrengthMin float64 `yaml:"strength_min" json:"strength_min"`
	StrengthMax float64 `yaml:"strength_max" json:"strength_max"`
	// Quantiles are the quantiles of the category that earn Points; ascending.
	Quantiles [4]float64 `yaml:"quantiles" json:"quantiles"`
	// Points are earned at the four anchors; descending, from the best to the lowest.
	Points [4]float64 `yaml:"points" json:"points"`
}

// Grade is a band of scores.
type Grade struct {
	// Name of the grade: A+, A, B, C, D.
	Name string `yaml:"name" json:"name"`
	// Label is what operations staff read.
	Label string `yaml:"label" json:"label"`
	// AtLeast is the lowest score of the grade.
	AtLeast float64 `yaml:"at_least" json:"at_least"`
	// Tier is the tier of a product with this grade: G4 … G0.
	Tier string `yaml:"tier" json:"tier"`
}

// Violations says what tickets take from a score.
type Violations struct {
	// SevereCap is the highest total while a severe ticket is SevereDays old or younger.
	SevereCap  float64 `yaml:"severe_cap" json:"severe_cap"`
	SevereDays int     `yaml:"severe_days" json:"severe_days"`
	// FreePoints of general tickets within PointDays cost nothing; each further one costs PerPoint, at most Most.
	FreePoints int64   `yaml:"free_points" json:"free_points"`
	PointDays  int     `yaml:"point_days" json:"point_days"`
	PerPoint   float64 `yaml:"per_point" json:"per_point"`
	Most       float64 `yaml:"most" json:"most"`
}

// Price says how unit prices become stars.
type Price struct {
	// Mode is star (price power is an indicator) or bonus (it only adds to the score of the other dimensions).
	Mode string `yaml:"mode" json:"mode"`
	// Bonus is the most that mode bonus adds.
	Bonus float64 `yaml:"bonus" json:"bonus"`
	// WindowDays is how many days of prices are looked at.
	WindowDays int `yaml:"window_days" json:"window_days"`
	// MinimumShops and MinimumOrders are what the other shops of a style need for a benchmark.
	MinimumShops  int   `yaml:"minimum_shops" json:"minimum_shops"`
	MinimumOrders int64 `yaml:"minimum_orders" json:"minimum_orders"`
	// Stars are the highest ratios price / benchmark of 5, 4, 3 and 2 stars; above the last it is 1 star.
	Stars [4]float64 `yaml:"stars" json:"stars"`
	// Points are earned by 5, 4, 3, 2 and 1 stars.
	Points [5]float64 `yaml:"points" json:"points"`
	// BaitRatio and SpreadRatio mark anomalies: a ratio below the first, or max / min within a product above the second.
	BaitRatio   float64 `yaml:"bait_ratio" json:"bait_ratio"`
	SpreadRatio float64 `yaml:"spread_ratio" json:"spread_ratio"`
}

// QualityGate bounds price points where quality is poor, and the grade.
type QualityGate struct {
	// Dimension of the product score that must reach AtLeast; else the price points are PricePoints and the grade of the product is at
	// most Grade. It does not hold price itself, and binds no other score that has a dimension of this id.
	Dimension   string  `yaml:"dimension" json:"dimension"`
	AtLeast     float64 `yaml:"at_least" json:"at_least"`
	PricePoints float64 `yaml:"price_points" json:"price_points"`
	Grade       string  `yaml:"grade" json:"grade"`
}

// Score declares one score.
type Score struct {
	// Windows are the lengths tried in turn, in days, ascending.
	Windows []int `yaml:"windows" json:"windows"`
	// FullOrders is what the first window needs of FullBy to be long enough. Like the others it needs MinimumOrders valid orders, too.
	FullOrders int64 `yaml:"full_orders" json:"full_orders"`
	// FullBy is valid or signed: which orders FullOrders counts.
	FullBy string `yaml:"full_by" json:"full_by"`
	// Weighted: days count with recency weights.
	Weighted bool `yaml:"weighted" json:"weighted"`
	// Dimensions in the order in which they are shown. Their weights sum to 1.
	Dimensions []Dimension `yaml:"dimensions" json:"dimensions"`
}

// Dimension is a part of a score. Its weight is the sum of its indicators' weights.
type Dimension struct {
	ID         string      `yaml:"id" json:"id"`
	Name       string      `yaml:"name" json:"name"`
	Indicators []Indicator `yaml:"indicators" json:"indicators"`
}

// Weight is the sum of the indicators' weights.
func (d Dimension) Weight() float64 {
	var w float64
	for _, i := range d.Indicators {
		w += i.Weight
	}
	return w
}

// Indicator says how much an indicator weighs and how it earns points.
type Indicator struct {
	// ID is one of the indicators windvane computes.
	ID     string  `yaml:"id" json:"id"`
	Name   string  `yaml:"name" json:"name"`
	Weight float64 `yaml:"weight" json:"weight"`
	// Strength is k of the shrinkage where the category gives none.
	Strength float64 `yaml:"strength,omitempty" json:"strength,omitempty"`
	// Anchors are the values that earn the four Points where the category gives none; ascending.
	Anchors [4]float64 `yaml:"anchors,omitempty" json:"anchors,omitempty"`
	// LeastPoints is the floor of the points, 0: that of the curve. Price never punishes below the B line.
	LeastPoints float64 `yaml:"least_points,omitempty" json:"least_points,omitempty"`
}

// Indicators lists a score's indicators with the position of their dimension.
func (s Score) Indicators() (all []Indicator, dimension []int) {
	for d, dim := range s.Dimensions {
		for _, i := range dim.Indicators {
			all, dimension = append(all, i), append(dimension, d)
		}
	}
	return all, dimension
}

// Stability damps entering and leaving lists.
type Stability struct {
	// EnterAfter is after how many passing runs in a row a subject stands, LeaveAfter after how many failing ones it does no more.
	EnterAfter int `yaml:"enter_after" json:"enter_after"`
	LeaveAfter int `yaml:"leave_after" json:"leave_after"`
	// Band below the threshold of score gates in which a subject neither passes nor fails: who stands goes on standing.
	Band float64 `yaml:"band" json:"band"`
	// MeanRuns is how many runs a mean looks at, MeanNeeds how many of them must have a score.
	MeanRuns  int `yaml:"mean_runs" json:"mean_runs"`
	MeanNeeds int `yaml:"mean_needs" json:"mean_needs"`
	// ValidDays is how many days a list is valid from the day after its as-of date.
	ValidDays int `yaml:"valid_days" json:"valid_days"`
	// MaxChurn is the share of a list that may turn over in a night without being accepted; lists below ChurnFrom members are free.
	MaxChurn  float64 `yaml:"max_churn" json:"max_churn"`
	ChurnFrom int     `yaml:"churn_from" json:"churn_from"`
}

// List declares who gets one resource.
type List struct {
	// ID names the list: unique, lower case.
	ID string `yaml:"id" json:"id"`
	// Formerly is the id that the list had before it was renamed: members, streaks and gates go on from it.
	Formerly string `yaml:"formerly,omitempty" json:"formerly,omitempty"`
	// Name is what operations staff read.
	Name string `yaml:"name" json:"name"`
	// Resource is traffic, subsidy, benefit or campaign.
	Resource string `yaml:"resource" json:"resource"`
	// Role of the subjects: product, merchant or talent.
	Role string `yaml:"role" json:"role"`
	// Gates must all hold.
	Gates []Gate `yaml:"gates" json:"gates"`
	// Levels say what a member gets; the multipliers of several scales are multiplied, the level is the first scale's.
	Levels []Scale `yaml:"levels" json:"levels"`
	// ColdStart is the share of places kept for subjects without a score.
	ColdStart float64 `yaml:"cold_start" json:"cold_start"`
	// CapPerShop bounds the members of one shop in one category; absent: no bound.
	CapPerShop *Cap `yaml:"cap_per_shop,omitempty" json:"cap_per_shop,omitempty"`
	// Condition is text shown with the list: what windvane cannot check.
	Condition string `yaml:"condition,omitempty" json:"condition,omitempty"`
}

// Gate is one condition.
type Gate struct {
	// ID names the gate in reasons: unique in its list.
	ID string `yaml:"id" json:"id"`
	// Measure is what is looked at, one of Measures.
	Measure string `yaml:"measure" json:"measure"`
	// Over is today, mean (of the last runs) or days (Days of the last OfDays runs reach the bound). Scores only; else today.
	Over   string `yaml:"over,omitempty" json:"over,omitempty"`
	Days   int    `yaml:"days,omitempty" json:"days,omitempty"`
	OfDays int    `yaml:"of_days,omitempty" json:"of_days,omitempty"`
	// AtLeast or AtMost is the bound; exactly one of them.
	AtLeast *float64 `yaml:"at_least,omitempty" json:"at_least,omitempty"`
	AtMost  *float64 `yaml:"at_most,omitempty" json:"at_most,omitempty"`
	// Floor gates keep out the poor: a subject without a score passes them. Other gates ask for proof.
	Floor bool `yaml:"floor,omitempty" json:"floor,omitempty"`
	// Unless is a measure that, where it is 1, makes the gate pass.
	Unless string `yaml:"unless,omitempty" json:"unless,omitempty"`
	// AtOnce: a member that fails this gate leaves at once.
	AtOnce bool `yaml:"at_once,omitempty" json:"at_once,omitempty"`
}

// Scale turns a score into a level and a multiplier.
type Scale struct {
	Measure string `yaml:"measure" json:"measure"`
	// Over is today or mean. Over today the own score gives no better step than its grade may have, which QualityGate bounds.
	Over string `yaml:"over,omitempty" json:"over,omitempty"`
	// Steps from the best; the first whose bound is reached counts.
	Steps []Step `yaml:"steps" json:"steps"`
	// NoScore is the multiplier of a subject without a score.
	NoScore float64 `yaml:"no_score" json:"no_score"`
}

// Step is one level.
type Step struct {
	Level      string  `yaml:"level" json:"level"`
	AtLeast    float64 `yaml:"at_least" json:"at_least"`
	Multiplier float64 `yaml:"multiplier" json:"multiplier"`
	// Grants says in words what the level brings.
	Grants string `yaml:"grants,omitempty" json:"grants,omitempty"`
}

// Cap bounds the members of one shop: Share of the passing subjects of the category, at least Least, at most Most.
type Cap struct {
	Share float64 `yaml:"share" json:"share"`
	Least int     `yaml:"least" json:"least"`
	Most  int     `yaml:"most" json:"most"`
}

// Pool is the daily pool of boosted impressions (definitions, section 14).
type Pool struct {
	// List names the list of merchants whose members share the pool; absent: nobody does.
	List             string  `yaml:"list,omitempty" json:"list,omitempty"`
	Impressions      int64   `yaml:"impressions" json:"impressions"`
	Reserve          float64 `yaml:"reserve" json:"reserve"`
	LeastImpressions int64   `yaml:"least_impressions" json:"least_impressions"`
	CapShare         float64 `yaml:"cap_share" json:"cap_share"`
	CapMultiple      float64 `yaml:"cap_multiple" json:"cap_multiple"`
}

// Measures are what gates and scales may look at. Scores are NaN where there is none.
var Measures = []string{
	"product_score",           // 商品分
	"product_quality",         // its dimension 品质力
	"shop_score",              // 店铺体验分; of a product: of its shop
	"talent_score",            // 带货口碑分
	"price_stars",             // 1 to 5; unknown: not comparable
	"brand_not_comparable",    // 1: a brand's or fast brand's product without a benchmark
	"valid_orders_30d",        // score_valid orders of the last 30 days
	"refund_rate_to_category", // of a product: its refund_rate_amt over that of its category; without one over the platform's
	"severe_violations_30d",   // severe tickets of the last 30 days; of a product: of its shop; unknown: nobody knows that
	"severe_violations_90d",   // severe tickets of the last 90 days; of a product: of its shop; unknown: nobody knows that
	"distribution_orders_90d", // orders that talents brought to a shop in the last 90 days, each counted once
	"live_days_30d",           // of the last 30 days, those with a live of an account of the shop
}

// ScoreMeasures are the measures with a history over runs.
var ScoreMeasures = []string{"product_score", "product_quality", "shop_score", "talent_score"}

// Digest identifies the rules: equal digests mean equal rules.
func (r *Rules) Digest() string {
	data, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("rules: digest: %v", err)) // plain values always encode
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:12])
}

// GradeOf is the position in Grades of a score.
func (r *Rules) GradeOf(score float64) int {
	for i, g := range r.Grades {
		if score >= g.AtLeast {
			return i
		}
	}
	return len(r.Grades) - 1
}
