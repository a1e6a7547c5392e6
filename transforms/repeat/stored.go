package repeat

import (
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Version is the format of packed rows: raise it when Facts or Value change their meaning, and stored
// ones are made again.
const Version = 1

// Stored is the table in which a scope's packed rows are stored. subject is the declaration of the
// scope's subject; it is not looked at for the platform.
func Stored(scope contract.Scope, subject contract.Column) *contract.Table {
	t := &contract.Table{Name: scope.Name() + "_pairs", Class: contract.Rollup, Doc: "gmv_valid purchases per " + scope.Name() + ", buyer and day, packed (see package repeat)",
		Key: scope.Keys("buyer_id", "facts")}
	if scope.Subject != "" {
		t.Columns = append(t.Columns, subject)
	}
	t.Columns = append(t.Columns,
		contract.Column{Name: "buyer_id", Kind: contract.Buyer, Doc: "who bought"},
		contract.Column{Name: "facts", Kind: contract.Count, Doc: "day, flags, kind, orders, lines"},
		contract.Column{Name: "value", Kind: contract.Count, Signed: true, Doc: "fen, or what the kind says"})
	return t
}

// Unpack takes over a stretch of stored rows. It fails if they are not sorted.
func Unpack(scope contract.Scope, f *column.Frame, order column.SubjectOrder) (Rows, error) {
	r := Rows{Buyer: f.Column("buyer_id"), Facts: f.Column("facts"), Value: f.Column("value")}
	if scope.Subject != "" {
		r.Subject = f.Column(scope.Subject)
	}
	return r, CheckOrder(order, r)
}
