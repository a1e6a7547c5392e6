package contract

// Codes of RejectReasons.
const (
	RejectNullRequired = iota
	RejectUnknownValue
	RejectNegative
	RejectOutOfRange
	RejectOutsideDay
	RejectNotExactMoney
	RejectBadID
	RejectDuplicateConflict
	RejectBadText
)
