package words

import (
	"strconv"
	"strings"
)

// Printable keeps text of dumps and files from steering the terminal and from looking like a line of its own.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}
