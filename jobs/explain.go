package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/windvane/windvane/reports/explain"
	"github.com/windvane/windvane/reports/words"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
)

// ExplainOptions say whose score and lists are explained.
type ExplainOptions struct {
	Role     string // one of contract.ScoreRoles
	Subject  string // id as text
	Resource string // only lists of this resource; empty: all
	List     string // only this list; empty: all
	Rules    rules.Set
}

// Validate refuses unknown roles and resources.
func (o ExplainOptions) Validate() error {
	var err error
	if !slices.Contains(contract.ScoreRoles, o.Role) {
		err = fmt.Errorf("--role: %q is none of %s", o.Role, strings.Join(contract.ScoreRoles, ", "))
	}
	if o.Subject == "" {
		err = errors.Join(err, errors.New("--id: whose? give the id as the tables have it"))
	}
	if o.Resource != "" && !slices.Contains(ResourceNames(), o.Resource) {
		err = errors.Join(err, fmt.Errorf("--resource: %q is none of %s", o.Resource, strings.Join(ResourceNames(), ", ")))
	}
	return err
}

// ResourceNames are the resources that lists are of.
func ResourceNames() []string {
	names := make([]string, len(resources))
	for i, r := range resources {
		names[i] = r.name
	}
	return names
}

// ErrUnknownSubject says that a night has no score row of a subject.
var ErrUnknownSubject = errors.New("unknown subject")

// ErrUnknownList says that no list of that name considered the subject.
var ErrUnknownList = errors.New("unknown list")

// scoreOf are the table and the dimensions of a role's score.
func scoreOf(role string) (*contract.Table, []string) {
	switch role {
	case "product":
		return contract.ProductScore, contract.ProductDimensions
	case "merchant":
		return contract.ShopScore, contract.ShopDimensions
	}
	return contract.TalentScore, contract.TalentDimensions
}

// Explain reads what a date's newest commit says of one subject. The book names what the explanation holds. It fails
// with ErrNotPublished, ErrUnknownSubject, ErrUnknownList or ErrDamaged.
func (a Archive) Explain(ctx context.Context, day calendar.Day, o ExplainOptions) (explain.Explanation, words.Book, error) {
	c, err := a.night(ctx, day)
	if err != nil {
		return explain.Explanation{}, words.Book{}, err
	}
	book := bookOf(c, o.Rules, day)
	f := finder{a, c}
	rows, err := f.subject(ctx, o)
	if err != nil {
		return explain.Explanation{}, book, err
	}
	if rows.Lists, err = f.lists(ctx, o); err != nil {
		return explain.Explanation{}, book, err
	}
	gates, err := f.find(ctx, contract.EligibilityGates, match{"subject_id", o.Subject})
	if err != nil {
		return explain.Explanation{}, book, err
	}
	rows.Gates = asRows(gates)
	_, dimensions := scoreOf(o.Role)
	head := explain.Head{AsOf: day.String(), Sequence: c.record.Sequence, Run: c.record.Run, Role: o.Role, Subject: o.Subject, Dimensions: dimensions}
	return explain.Build(head, contract.ShopDimensions, rows, book), book, nil
}

// bookOf names things by the rules the night went by, if they are among those at hand; else by those in force on the
// day, which is told by Book.Exact.
func bookOf(c *committed, set rules.Set, day calendar.Day) words.Book {
	for i := range set {
		if set[i].Digest() == c.manifest.ScoreRules.Digest {
			return words.Book{Rules: &set[i], Exact: true, Before: set.Before(&set[i], day)}
		}
	}
	return words.Book{Rules: set.On(day)}
}

// subject reads the score of the subject and what it is made of.
func (f finder) subject(ctx context.Context, o ExplainOptions) (explain.Rows, error) {
	var rows explain.Rows
	t, _ := scoreOf(o.Role)
	scores, err := f.find(ctx, t, match{t.Key[0], o.Subject})
	if err != nil {
		return rows, err
	}
	if len(scores) == 0 {
		return rows, f.unknown(ctx, o)
	}
	rows.Score = scores[0]
	steps, err := f.find(ctx, contract.ScoreIndicators, match{"role", o.Role}, match{"subject_id", o.Subject})
	if err != nil || o.Role != "product" {
		rows.Indicators = asRows(steps)
		return rows, err
	}
	rows.Indicators = asRows(steps)
	prices, err := f.find(ctx, contract.PricePower, match{"product_id", o.Subject})
	if err != nil {
		return rows, err
	}
	if len(prices) > 0 {
		rows.Price = prices[0]
	}
	if shop, ok := rows.Score["merchant_id"].(string); ok {
		shops, err := f.find(ctx, contract.ShopScore, match{"merchant_id", shop})
		if err != nil {
			return rows, err
		}
		if len(shops) > 0 {
			rows.Shop = shops[0]
		}
	}
	return rows, nil
}

func asRows(found []map[string]any) []explain.Row {
	rows := make([]explain.Row, len(found))
	for i, r := range found {
		rows[i] = r
	}
	return rows
}

// lists reads what lists say of the subject.
func (f finder) lists(ctx context.Context, o ExplainOptions) (map[string]explain.Row, error) {
	out := map[string]explain.Row{}
	var names []string
	for _, r := range resources {
		if o.Resource != "" && o.Resource != r.name {
			continue
		}
		found, err := f.find(ctx, r.table, match{"subject_id", o.Subject}, match{"role", o.Role})
		if err != nil {
			return nil, err
		}
		for _, row := range found {
			row["resource"] = r.name
			id, _ := row["list"].(string)
			names = append(names, id)
			if o.List == "" || o.List == id {
				out[id] = row
			}
		}
	}
	if o.List != "" && len(out) == 0 {
		return nil, fmt.Errorf("%w: --list: %q is none of the lists that considered the %s: %s", ErrUnknownList, o.List, o.Role, orNothing(names))
	}
	return out, nil
}

func orNothing(names []string) string {
	if len(names) == 0 {
		return "there are none"
	}
	return strings.Join(names, ", ")
}

// unknown is the error for an id without a score row; it tells of other roles that have one.
func (f finder) unknown(ctx context.Context, o ExplainOptions) error {
	var others []string
	for _, role := range contract.ScoreRoles {
		if role == o.Role {
			continue
		}
		t, _ := scoreOf(role)
		rows, err := f.find(ctx, t, match{t.Key[0], o.Subject})
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			others = append(others, role)
		}
	}
	t, _ := scoreOf(o.Role)
	err := fmt.Errorf("%w: %s of %s has no %s %q", ErrUnknownSubject, t.Name, f.night.record.AsOf, o.Role, o.Subject)
	switch {
	case len(others) > 0:
		return fmt.Errorf("%w; there is a %s of this id: give --role %s", err, others[0], others[0])
	case o.Role == "talent":
		return fmt.Errorf("%w; a shop's own accounts have no score of their own: its shop score judges them", err)
	}
	return fmt.Errorf("%w; it is not in the snapshot and had no valid order in the days that its score looks at", err)
}
