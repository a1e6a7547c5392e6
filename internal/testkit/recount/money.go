package recount

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Cents reads an amount with at most two decimals, for example 13.5, exactly.
func Cents(amount string) (int64, error) {
	whole, fraction, _ := strings.Cut(amount, ".")
	if len(fraction) > 2 {
		return 0, fmt.Errorf("amount %q has more than two decimals", amount)
	}
	return strconv.ParseInt(whole+(fraction + "00")[:2], 10, 64)
}

// Money is an amount that references write with two decimals, in cents.
type Money int64

// UnmarshalJSON reads "13.50".
func (m *Money) UnmarshalJSON(data []byte) error {
	var amount string
	if err := json.Unmarshal(data, &amount); err != nil {
		return err
	}
	cents, err := Cents(amount)
	*m = Money(cents)
	return err
}
