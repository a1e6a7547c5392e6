package contract

// Enumerations. The position of a value is its code in memory; never reorder, only append.
var (
	Scenes     = []string{"live", "short_video", "recommend", "mall", "search", "shop", "other"}
	OrderKinds = []string{"normal", "presale", "gift", "lucky_bag", "sample", "test"}

	RefundKinds   = []string{"refund_only", "return_refund"}
	RefundReasons = []string{"quality", "not_as_described", "counterfeit", "damaged", "late", "changed_mind", "other"}
	Liables       = []string{"merchant", "promoter", "buyer", "carrier", "none"}

	ComplaintKinds = []string{"not_as_described", "counterfeit", "logistics", "false_advertising", "service"}
	ContentKinds   = []string{"live", "short_video"}
	SubjectRoles   = []string{"merchant", "talent"}
	OverrideRoles  = []string{"merchant", "talent", "product"}
	Severities     = []string{"severe", "general"}
	MerchantKinds  = []string{"brand", "fast_brand", "source", "other"}
	Arms           = []string{"treatment", "holdout"}
	Resources      = []string{"traffic", "subsidy", "benefit", "campaign"}
	Actions        = []string{"allow", "deny", "opt_out", "appeal"}

	// Roles are the scopes of published figures.
	Roles = []string{"platform", "category", "merchant", "talent", "product"}
	// Channels: who sold. self: an account of the merchant; distribution: another promoter; none: no
	// account; unknown: an account is named but no talents snapshot tells whose it is.
	Channels = []string{"self", "distribution", "none", "unknown"}
	// Classes of order lines, by what may count them. Only the first two are gmv_valid.
	Classes = []string{"score_valid", "gmv_valid", "abnormal", "test", "unpaid"}
	// Periods of the overview.
	Periods = []string{"day", "7_days", "30_days", "month", "quarter"}
)

// Codes of Scenes.
const (
	SceneLive = iota
	SceneShortVideo
	SceneRecommend
	SceneMall
	SceneSearch
	SceneShop
	SceneOther
)

// Codes of OrderKinds.
const (
	OrderNormal = iota
	OrderPresale
	OrderGift
	OrderLuckyBag
	OrderSample
	OrderTest
)

// Codes of Channels.
const (
	ChannelSelf = iota
	ChannelDistribution
	ChannelNone
	ChannelUnknown
)

// Codes of Classes.
const (
	ClassScoreValid = iota
	ClassGMVValid
	ClassAbnormal
	ClassTest
	ClassUnpaid
)

// Codes of Roles.
const (
	RolePlatform = iota
	RoleCategory
	RoleMerchant
	RoleTalent
	RoleProduct
)

// Codes of RefundReasons, RefundKinds, Liables, ComplaintKinds and ContentKinds that figures look at.
const (
	ReasonQuality = 0

	RefundOnly   = 0
	RefundReturn = 1

	LiablePromoter = 1

	ComplaintNotAsDescribed   = 0
	ComplaintCounterfeit      = 1
	ComplaintLogistics        = 2
	ComplaintFalseAdvertising = 3

	ContentLive = 0
)

// Codes of SubjectRoles and Severities.
const (
	SubjectMerchant = 0
	SubjectTalent   = 1

	SeveritySevere  = 0
	SeverityGeneral = 1
)
