package eligibility

import (
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
)

// Records are the rows of a published table, in order, in records of bounded size. A record is the consumer's until
// it asks for the next one; then its memory is used again. The sequence may be walked more than once.
type Records = iter.Seq2[arrow.Record, error]

// recordRows is the size of records.
const recordRows = 1 << 16

// Published are the lists of a night as their tables say them.
type Published struct {
	IDs   *column.IDs
	Rules *rules.Rules
	Lists []*Page
}

// Page is one list with what its table tells beyond the decision. Columns have a value for every subject.
type Page struct {
	List     *rules.List
	Decision *Decision
	Role     int // code of contract.ScoreRoles
	Domain   contract.Domain
	Codes    []int64 // of the subjects
	Names    []int64 // codes of text; column.Null: none
	Merchant []int64 // products: codes of the shops; nil for other roles
	Category []int64 // codes of the level-1 categories
	// Scores by measure, in hundredths, 0: none; those the role has not are nil.
	Product, Shop, Talent []int16
	RankBefore            []int32 // nil: no run before
	NetKnown              bool    // refunds are computable
	// Change names the smallest single change of an indicator with which the subject's own score reaches what is needed.
	Change func(subject int, n Need) (Change, bool)
}

// Change is the smallest single change with which a subject would qualify.
type ChangeOf struct {
	Of             string // indicator or gate
	From, To       float64
	Events, Volume float64 // of rates; NaN: not one
}

// Change0 is a placeholder
