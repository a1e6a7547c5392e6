package olist

import _ "embed"

// The configurations under which the dumps are run; they differ in what an order's status means.
var (
	//go:embed config/by_status.yaml
	byStatus string
	//go:embed config/all_paid.yaml
	allPaid string
	//go:embed config/unless_canceled.yaml
	unlessCanceled string
)

// Mapping is one reading of the orders' statuses: the configuration for the product and the same for the recount.
type Mapping struct {
	Name   string
	Config string // YAML
	State  StateOf
}

// MapByStatus gives the three status filters at once, as gmv_order, gmv_paid_raw and gmv_paid, and maps all tables.
func MapByStatus() Mapping { return Mapping{"by_status", byStatus, ByStatus} }

// MapAllPaid is the reading of the window figures and of the figures over all statuses.
func MapAllPaid() Mapping { return Mapping{"all_paid", allPaid, AllPaid} }

// MapUnlessCanceled gives what MapByStatus cannot: the orders and buyers of the middle filter.
func MapUnlessCanceled() Mapping {
	return Mapping{"unless_canceled", unlessCanceled, PaidUnlessCanceled}
}
