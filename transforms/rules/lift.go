package rules

import "math"

// Lift says how the incremental lift of 川流 is estimated, when there is one to speak of, and what is paid for it.
type Lift struct {
	// OutcomeDays are the days from first eligibility, that day included, whose purchases are the outcome of a pair.
	OutcomeDays int `yaml:"outcome_days" json:"outcome_days"`
	// PreDays are the days before first eligibility whose purchases are its covariate.
	PreDays int `yaml:"pre_days" json:"pre_days"`
	// Confidence of all intervals: 0.95 is 95 %.
	Confidence float64 `yaml:"confidence" json:"confidence"`
	// Power of the minimum detectable effect.
	Power float64 `yaml:"power" json:"power"`
	// MinControlPairs and MinControlOrders are what the holdout of a merchant needs for a row of its own; a programme needs as many users, and orders.
	MinControlPairs  int64 `yaml:"min_control_pairs" json:"min_control_pairs"`
	MinControlOrders int64 `yaml:"min_control_orders" json:"min_control_orders"`
	// PlannedPairs is the number of pairs for which always-valid intervals are shortest; fixed before the start.
	PlannedPairs int64 `yaml:"planned_pairs" json:"planned_pairs"`
	// FDR is the false discovery rate of the nightly list of merchants with lift.
	FDR float64 `yaml:"fdr" json:"fdr"`
	// SRMAlpha: a split of the arms less likely than this suppresses the lift.
	SRMAlpha float64 `yaml:"srm_alpha" json:"srm_alpha"`
	// MixedShare is the share of pairs seen in both arms above which the assignment cannot be trusted.
	MixedShare float64 `yaml:"mixed_share" json:"mixed_share"`
	// WinsorQuantile of the outcome of pairs that bought, both arms pooled, is the cap of winsorised means.
	WinsorQuantile float64 `yaml:"winsor_quantile" json:"winsor_quantile"`
	// DayOrders are to be expected of the holdout, by the orders of both arms, on a day that may be the best one.
	DayOrders int64 `yaml:"day_orders" json:"day_orders"`
	// Shrinkage pulls merchants' lifts to those of their like.
	Shrinkage Shrinkage `yaml:"shrinkage" json:"shrinkage"`
	// Panel says when merchants without a holdout may be compared with non-participants.
	Panel Panel `yaml:"panel" json:"panel"`
	// Weighting says when a category's participants may be compared with its non-participants by weights.
	Weighting Weighting `yaml:"weighting" json:"weighting"`
	// Reward is what talents get.
	Reward Reward `yaml:"reward" json:"reward"`
	// QuotaPeriod is the period whose lift the quota of the pool goes by: 30d, 90d or all.
	QuotaPeriod string `yaml:"quota_period" json:"quota_period"`
}

// Shrinkage pulls merchants' lifts to those of their like, the less sure the more.
type Shrinkage struct {
	// Method of the variance between merchants: paule_mandel or dersimonian_laird.
	Method string `yaml:"method" json:"method"`
	// MinimumMerchants is how many a category needs for a mean of its own; else the platform's is taken.
	MinimumMerchants int `yaml:"minimum_merchants" json:"minimum_merchants"`
	// SizeClasses are the numbers of pairs from which merchants belong to the next class of size; ascending.
	SizeClasses []int64 `yaml:"size_classes" json:"size_classes"`
	// SparseOrders in the holdout: a merchant with fewer takes its variance from its class of size.
	SparseOrders int64 `yaml:"sparse_orders" json:"sparse_orders"`
}

// Panel says when merchants without a holdout may be compared with non-participants by synthetic
// difference-in-differences.
type Panel struct {
	// Days of daily GMV that are fitted, those after the start included.
	Days int `yaml:"days" json:"days"`
	// MinimumPreDays are those before the start that are needed.
	MinimumPreDays int `yaml:"minimum_pre_days" json:"minimum_pre_days"`
	// ExcludedPreDays just before the start are left out: programmes start when a merchant peaks.
	ExcludedPreDays int `yaml:"excluded_pre_days" json:"excluded_pre_days"`
	// MinimumDonors are the non-participants of the category that are needed, so many that a gap can be less likely
	// than PlaceboAlpha among them; MaximumDonors, those nearest in size, are looked at.
	MinimumDonors int `yaml:"minimum_donors" json:"minimum_donors"`
	MaximumDonors int `yaml:"maximum_donors" json:"maximum_donors"`
	// ScaledL2 is the worst fit before the start, relative to that of equal weights.
	ScaledL2 float64 `yaml:"scaled_l2" json:"scaled_l2"`
	// PlaceboAlpha: a gap before the start less likely than this among placebos fails the merchant.
	PlaceboAlpha float64 `yaml:"placebo_alpha" json:"placebo_alpha"`
	// CalibrationMerchants with both kinds of evidence are needed to widen the intervals by what they show.
	CalibrationMerchants int `yaml:"calibration_merchants" json:"calibration_merchants"`
}

// Weighting says when the participants of a category may be compared with its non-participants by weights on what they
// sold before: the weakest evidence that has a number. Each limit, passed, leaves attribution alone.
type Weighting struct {
	// MinimumTreated participants and MinimumControls non-participants of the category are needed, after trimming too.
	MinimumTreated  int `yaml:"minimum_treated" json:"minimum_treated"`
	MinimumControls int `yaml:"minimum_controls" json:"minimum_controls"`
	// MaximumScore: merchants whose score, the probability of taking part, is higher are trimmed: hardly anyone like
	// them stayed out.
	MaximumScore float64 `yaml:"maximum_score" json:"maximum_score"`
	// MaximumDifference between the arms in any covariate, in standard deviations, after weighting; it fails from here on.
	MaximumDifference float64 `yaml:"maximum_difference" json:"maximum_difference"`
	// MinimumESS is the number of equally weighted non-participants that the weighted ones must be worth.
	MinimumESS float64 `yaml:"minimum_ess" json:"minimum_ess"`
	// NegativeAlpha: an effect on sales before the start less likely than this by chance fails the category.
	NegativeAlpha float64 `yaml:"negative_alpha" json:"negative_alpha"`
	// CalibrationCategories with both kinds of evidence are needed to widen the intervals by what they show.
	CalibrationCategories int `yaml:"calibration_categories" json:"calibration_categories"`
	// UncalibratedWidening is the factor of standard errors where there are fewer.
	UncalibratedWidening float64 `yaml:"uncalibrated_widening" json:"uncalibrated_widening"`
}

// Reward is the traffic that talents get for what their buyers brought.
type Reward struct {
	// Impressions is the pool of a day.
	Impressions int64 `yaml:"impressions" json:"impressions"`
	// TalentScore and ProductScore are the least 带货口碑分 of a talent and 商品分 of what the talent sold.
	TalentScore  float64 `yaml:"talent_score" json:"talent_score"`
	ProductScore float64 `yaml:"product_score" json:"product_score"`
	// BonusScore is the 带货口碑分 from which incremental GMV counts Multiplier times.
	BonusScore float64 `yaml:"bonus_score" json:"bonus_score"`
	Multiplier float64 `yaml:"multiplier" json:"multiplier"`
	// Probability of a lift above zero, of the platform and of its largest programme, from which on the pool is given out.
	Probability float64 `yaml:"probability" json:"probability"`
}

// Ways of the rules of lift.
var (
	ShrinkageMethods = []string{"paule_mandel", "dersimonian_laird"}
	LiftPeriods      = []string{"30d", "90d", "all"}
)

func (l Lift) check(c *checker, at string) {
	c.count(at+"outcome_days", int64(l.OutcomeDays), 1, 90)
	c.count(at+"pre_days", int64(l.PreDays), 0, manyDays)
	c.within(at+"confidence", l.Confidence)
	c.within(at+"power", l.Power)
	c.count(at+"min_control_pairs", l.MinControlPairs, 2, muchCount)
	c.count(at+"min_control_orders", l.MinControlOrders, 1, muchCount)
	c.count(at+"planned_pairs", l.PlannedPairs, 1, muchCount)
	c.within(at+"fdr", l.FDR)
	c.within(at+"srm_alpha", l.SRMAlpha)
	c.share(at+"mixed_share", l.MixedShare)
	c.within(at+"winsor_quantile", l.WinsorQuantile)
	c.count(at+"day_orders", l.DayOrders, 1, muchCount)
	l.Shrinkage.check(c, at+"shrinkage.")
	l.Panel.check(c, at+"panel.")
	l.Weighting.check(c, at+"weighting.")
	l.Reward.check(c, at+"reward.")
	c.oneOf(at+"quota_period", l.QuotaPeriod, LiftPeriods...)
}

func (s Shrinkage) check(c *checker, at string) {
	c.oneOf(at+"method", s.Method, ShrinkageMethods...)
	c.count(at+"minimum_merchants", int64(s.MinimumMerchants), 2, muchCount)
	sizes := make([]float64, len(s.SizeClasses))
	for i, n := range s.SizeClasses {
		c.count(item(at+"size_classes", i), n, 1, muchCount)
		sizes[i] = float64(n)
	}
	c.order(at+"size_classes", sizes, ascending)
	c.count(at+"sparse_orders", s.SparseOrders, 0, muchCount)
}

func (p Panel) check(c *checker, at string) {
	if c.count(at+"days", int64(p.Days), 2, manyDays) {
		c.count(at+"minimum_pre_days", int64(p.MinimumPreDays), 1, int64(p.Days)-1)
		c.count(at+"excluded_pre_days", int64(p.ExcludedPreDays), 0, int64(p.Days)-1)
	}
	donors := c.count(at+"minimum_donors", int64(p.MinimumDonors), 2, 10_000)
	if donors {
		c.count(at+"maximum_donors", int64(p.MaximumDonors), int64(p.MinimumDonors), 10_000)
	}
	c.above(at+"scaled_l2", p.ScaledL2, 0, 1)
	if c.within(at+"placebo_alpha", p.PlaceboAlpha) && donors && !(1/float64(p.MinimumDonors+1) < p.PlaceboAlpha) {
		c.add(at+"minimum_donors", "among %d donors no gap is less likely than 1/%d, so none fails by placebo_alpha, %s; from %.0f donors on it can",
			p.MinimumDonors, p.MinimumDonors+1, text(p.PlaceboAlpha), math.Floor(1/p.PlaceboAlpha))
	}
	c.count(at+"calibration_merchants", int64(p.CalibrationMerchants), 2, muchCount)
}

func (w Weighting) check(c *checker, at string) {
	c.count(at+"minimum_treated", int64(w.MinimumTreated), 10, muchCount)
	c.count(at+"minimum_controls", int64(w.MinimumControls), 10, muchCount)
	c.within(at+"maximum_score", w.MaximumScore)
	c.within(at+"maximum_difference", w.MaximumDifference)
	c.above(at+"minimum_ess", w.MinimumESS, 0, muchCount)
	c.within(at+"negative_alpha", w.NegativeAlpha)
	c.count(at+"calibration_categories", int64(w.CalibrationCategories), 2, muchCount)
	c.between(at+"uncalibrated_widening", w.UncalibratedWidening, 1, 10)
}

func (r Reward) check(c *checker, at string) {
	c.count(at+"impressions", r.Impressions, 0, muchCount)
	c.bound(at+"talent_score", r.TalentScore, minPoints, maxPoints)
	c.bound(at+"product_score", r.ProductScore, minPoints, maxPoints)
	if c.bound(at+"bonus_score", r.BonusScore, minPoints, maxPoints) && r.BonusScore < r.TalentScore {
		c.add(at+"bonus_score", "%s is below talent_score, %s", text(r.BonusScore), text(r.TalentScore))
	}
	c.between(at+"multiplier", r.Multiplier, 1, 10)
	c.share(at+"probability", r.Probability)
}
