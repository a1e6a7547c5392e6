package contract

// Short constructors, so that a declaration reads as the table it is.

func id(name string, d Domain, doc string) Column {
	return Column{Name: name, Kind: ID, Domain: d, Doc: doc}
}
func key(name, doc string) Column     { return Column{Name: name, Kind: Key, Doc: doc} }
func buyer(name, doc string) Column   { return Column{Name: name, Kind: Buyer, Doc: doc} }
func fen(name, doc string) Column     { return Column{Name: name, Kind: Fen, Doc: doc} }
func count(name, doc string) Column   { return Column{Name: name, Kind: Count, Doc: doc} }
func number(name, doc string) Column  { return Column{Name: name, Kind: Real, Doc: doc} }
func flag(name, doc string) Column    { return Column{Name: name, Kind: Bool, Doc: doc} }
func instant(name, doc string) Column { return Column{Name: name, Kind: Instant, Doc: doc} }
func date(name, doc string) Column    { return Column{Name: name, Kind: Date, Doc: doc} }
func text(name, doc string) Column    { return Column{Name: name, Kind: Text, Doc: doc} }
func enum(name string, values []string, doc string) Column {
	return Column{Name: name, Kind: Enum, Values: values, Doc: doc}
}

// null marks a column as nullable.
func null(c Column) Column { c.Null = true; return c }

// signed allows negative values.
func signed(c Column) Column { c.Signed = true; return c }

// copied marks a column that the warehouse copies from the order line.
func copied(c Column) Column { c.Copied = true; return c }

// within bounds the values, both ends included.
func within(lo, hi float64, c Column) Column { c.Min, c.Max = &lo, &hi; return c }

// atLeast bounds the values from below.
func atLeast(lo float64, c Column) Column { c.Min = &lo; return c }
