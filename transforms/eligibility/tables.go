package eligibility

import (
	"slices"
	"strings"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
)

// Records are the rows of a published table.
type Records = column.Records

// recordRows is the size of records.
const recordRows = 1 << 16

// Page is one list of one night with what its table tells beyond the decision. Columns have a value for every subject.
type Page struct {
	List     *rules.List
	Decision *Decision
	Role     int // code of contract.ScoreRoles
	Domain   contract.Domain
	Codes    []int64      // of the subjects
	Texts    []int32      // their positions in the order of their texts; nil: that is their order
	Names    *column.Ints // codes of text, column.Null: none
	Merchant *column.Ints // products: codes of the shops; nil for other roles
	Category *column.Ints // codes of the level-1 categories
	// Product, Shop and Talent are tonight's scores in hundredths, 0: none; nil: the role has no such score.
	Product, Shop, Talent []int16
	RankBefore            *column.Ints // 0: it had none; nil: no run before
	NetKnown              bool         // refunds are computable
	Was                   Outcome      // of the run before; without slices: no run before
	Causes                *Split       // of who entered or left; nil: not told
	GoneCauses            *Split       // of the members that are gone, by their positions in Decision.Gone; nil: not told
	// Smallest names the smallest change of an indicator with which the own score gets where need says.
	Smallest func(subject int, need Need) (Move, bool)
}

// Move is a single change with which a subject would qualify.
type Move struct {
	Of             string // indicator or gate
	From, To       float64
	Events, Volume float64 // of a rate: so many fewer bad events of so many; NaN: not a rate
}

// Tables builds the published tables of lists.
type Tables struct {
	IDs   *column.IDs
	Rules *rules.Rules
	Pages []*Page
}

// inOrder are the pages in the order of their lists' names, of one resource; empty: of all.
func (t *Tables) inOrder(resource string) []*Page {
	var pages []*Page
	for _, p := range t.Pages {
		if resource == "" || p.List.Resource == resource {
			pages = append(pages, p)
		}
	}
	slices.SortFunc(pages, func(a, b *Page) int { return strings.Compare(a.List.ID, b.List.ID) })
	return pages
}

// writer writes the rows of subjects of a page, and those of its gone members.
type writer interface {
	rows(p *Page, subjects []int32)
	gone(p *Page, at int) // position in Decision.Gone
}

// blockSubjects are written at once, column by column, so that the columns of a block stay in the cache.
const blockSubjects = 512

// build hands every subject of every page to a writer, in the order of the tables.
func (t *Tables) build(table *contract.Table, pages []*Page, open func(b *column.Builder) writer) Records {
	return column.Stream(table, t.IDs, recordRows, func(b *column.Builder, more func() bool) {
		w := open(b)
		for _, p := range pages {
			if !t.writePage(p, w, more) {
				return
			}
		}
	})
}

// writePage writes the subjects of a page in blocks, and its gone members between them. It tells whether to go on.
func (t *Tables) writePage(p *Page, w writer, more func() bool) bool {
	left := newGoneBetween(t.IDs.TextDict(), p.Decision.gone)
	block := make([]int32, 0, blockSubjects)
	flush := func() bool {
		w.rows(p, block)
		block = block[:0]
		return more()
	}
	for at := range p.Codes {
		subject := int32(at)
		if p.Texts != nil {
			subject = p.Texts[at]
		}
		gone := t.goneBefore(left, p, subject)
		if (len(gone) > 0 || len(block) == cap(block)) && !flush() {
			return false
		}
		for _, at := range gone {
			w.gone(p, at)
		}
		block = append(block, subject)
	}
	if !flush() {
		return false
	}
	for _, at := range left.before(nil, true) {
		w.gone(p, at)
	}
	return true
}

// goneBefore are the positions of the gone members whose rows stand before a subject's.
func (t *Tables) goneBefore(left *goneBetween, p *Page, subject int32) []int {
	if len(left.rest) == 0 {
		return nil
	}
	left.text = t.IDs.AppendText(left.text[:0], p.Domain, p.Codes[subject])
	return left.before(left.text, false)
}

// List is eligibility_<resource>.
func (t *Tables) List(table *contract.Table, resource string) Records {
	return t.build(table, t.inOrder(resource), func(b *column.Builder) writer { return newListWriter(t, b) })
}

// Gates is eligibility_gates.
func (t *Tables) Gates() Records {
	return t.build(contract.EligibilityGates, t.inOrder(""), func(b *column.Builder) writer { return newGateWriter(t, b) })
}
