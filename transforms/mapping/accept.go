package mapping

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/windvane/windvane/transforms/contract"
)

// valueType is the type of the values, dictionary-encoded or not.
func valueType(t arrow.DataType) arrow.DataType {
	if d, ok := t.(*arrow.DictionaryType); ok {
		return d.ValueType
	}
	return t
}

// isText tells whether values of the type are text. Parquet byte arrays without annotation count: old
// writers leave it out, and what is not UTF-8 is rejected row by row.
func isText(t arrow.DataType) bool {
	switch valueType(t).ID() {
	case arrow.STRING, arrow.LARGE_STRING, arrow.BINARY, arrow.LARGE_BINARY:
		return true
	}
	return false
}

// isWhole tells whether values of the type are whole numbers.
func isWhole(t arrow.DataType) bool {
	v := valueType(t)
	if d, ok := v.(*arrow.Decimal128Type); ok {
		return d.Scale == 0
	}
	return arrow.IsInteger(v.ID())
}

// isNumber tells whether values of the type are numbers.
func isNumber(t arrow.DataType) bool {
	v := valueType(t)
	if d, ok := v.(*arrow.Decimal128Type); ok {
		return d.Scale >= 0
	}
	return isWhole(v) || v.ID() == arrow.FLOAT32 || v.ID() == arrow.FLOAT64
}

// isTime tells whether values of the type are timestamps or dates.
func isTime(t arrow.DataType) bool {
	switch valueType(t).ID() {
	case arrow.TIMESTAMP, arrow.DATE32, arrow.DATE64:
		return true
	}
	return false
}

// isBool tells whether values of the type are booleans.
func isBool(t arrow.DataType) bool { return valueType(t).ID() == arrow.BOOL }

// hasTextForm tells whether values of the type can be named in a mapping of values or in a condition.
func hasTextForm(t arrow.DataType) bool {
	return isText(t) || isWhole(t) || isBool(t) || t.ID() == arrow.NULL
}

// accept tells what the column expects where it cannot take values of the type, and what would help; it
// returns "" where it can.
func (m *Mapper) accept(p *plan, t arrow.DataType) (expected, remedy string) {
	if t.ID() == arrow.NULL {
		return "", ""
	}
	switch p.Kind {
	case contract.ID:
		return m.acceptID(p, t)
	case contract.Key, contract.Buyer:
		return unless(isWhole(t) || isText(t), "an integer or text")
	case contract.Fen:
		return p.acceptMoney(t)
	case contract.Count:
		return unless(isWhole(t), "an integer or a decimal without fraction digits")
	case contract.Real:
		return unless(isNumber(t), "a number")
	case contract.Text:
		return unless(isText(t) || isWhole(t), "text or an integer")
	case contract.Bool:
		return unless(hasTextForm(t), "a boolean, an integer or text")
	case contract.Instant, contract.Date:
		return p.acceptTime(t)
	case contract.Enum:
		return p.acceptEnum(t)
	}
	panic(fmt.Sprintf("mapping: column %s has no kind", p.Name))
}

// unless is the expectation where it is not met.
func unless(met bool, expected string) (string, string) {
	if met {
		return "", ""
	}
	return expected, ""
}

func (m *Mapper) acceptID(p *plan, t arrow.DataType) (expected, remedy string) {
	switch {
	case isWhole(t), isText(t) && m.env.IDs[p.Domain]:
		return "", ""
	case isText(t):
		return fmt.Sprintf("an integer, as ids of domain %s are elsewhere", p.Domain),
			fmt.Sprintf("if they are text, say so in the configuration: ids: {%s: string}", p.Domain)
	case m.env.IDs[p.Domain]:
		return "text or an integer", ""
	}
	return "an integer", ""
}

// acceptMoney takes whole numbers as fen. Money with a fraction, or as text, must say its unit: read as fen,
// whole yuan would pass unnoticed, a hundred times too small.
func (p *plan) acceptMoney(t arrow.DataType) (expected, remedy string) {
	switch {
	case isWhole(t), (isNumber(t) || isText(t)) && p.spec.Unit != "":
		return "", ""
	case isNumber(t), isText(t):
		return "an integer in fen, or another number or text with a declared unit",
			fmt.Sprintf("say it in the configuration: columns: {%s: {column: %s, unit: yuan}} (or fen)", p.Name, p.source)
	}
	return "an integer, a decimal, a double or text", ""
}

func (p *plan) acceptTime(t arrow.DataType) (expected, remedy string) {
	switch {
	case isTime(t), isText(t), isWhole(t) && p.spec.Unit != "":
		return "", ""
	case isWhole(t):
		return "an integer with a declared unit", fmt.Sprintf("say it in the configuration: columns: {%s: {column: %s, unit: ms}}", p.Name, p.source)
	}
	return "a timestamp, a date, text or an integer with a unit", ""
}

func (p *plan) acceptEnum(t arrow.DataType) (expected, remedy string) {
	switch {
	case isText(t), hasTextForm(t) && len(p.spec.Values) > 0:
		return "", ""
	case hasTextForm(t):
		return "text: " + strings.Join(p.Values, ", "),
			fmt.Sprintf("map its values in the configuration: columns: {%s: {column: %s, values: {<source value>: %s}}}", p.Name, p.source, p.Values[0])
	}
	return "text, or an integer or boolean with a mapping of values", ""
}
