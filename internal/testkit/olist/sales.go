package olist

import "github.com/windvane/windvane/internal/testkit/recount"

// StateOf says what a line counts for, by the status of its order.
type StateOf func(status string) recount.State

// ByStatus is the mapping that gives the three status filters at once: canceled and unavailable orders are not
// paid (GMV by order only), delivered ones are valid, all others are paid with their status as the risk reason.
func ByStatus(status string) recount.State {
	switch status {
	case "canceled", "unavailable":
		return recount.Unpaid
	case "delivered":
		return recount.Valid
	}
	return recount.Abnormal
}

// AllPaid takes every line as paid.
func AllPaid(string) recount.State { return recount.Valid }

// PaidUnlessCanceled takes every line as paid but those of canceled and unavailable orders.
func PaidUnlessCanceled(status string) recount.State {
	if status == "canceled" || status == "unavailable" {
		return recount.Unpaid
	}
	return recount.Valid
}

// Sales are the lines, for package recount.
func (s *Source) Sales(state StateOf) []recount.Sale {
	sales := make([]recount.Sale, len(s.Lines))
	for i, l := range s.Lines {
		sales[i] = recount.Sale{
			Day: l.Day(), Order: l.OrderID, Buyer: l.BuyerID, Merchant: l.SellerID, Product: l.ProductID, Category: l.Category,
			Fen: l.PriceCents, Units: 1, State: state(l.Status),
		}
	}
	return sales
}
