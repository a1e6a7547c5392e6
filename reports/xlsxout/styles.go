package xlsxout

import (
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/windvane/windvane/transforms/contract"
)

// format is how a column's cells look.
type format uint8

const (
	asText format = iota
	whole
	real
	money
	ratio
	day
	header
	subheader
	title
	wrapped
)

// formatOf is the form of a column of the contract.
func formatOf(c *contract.Column) format {
	switch c.Kind {
	case contract.Fen:
		return money
	case contract.Count:
		return whole
	case contract.Date:
		return day
	case contract.Real:
		if strings.HasSuffix(c.Name, "_ratio") {
			return ratio
		}
		return real
	}
	return asText
}

func (w *Writer) makeStyles() error {
	number := func(code string) *excelize.Style { return &excelize.Style{CustomNumFmt: &code} }
	dark := excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDEBF7"}}
	styles := map[format]*excelize.Style{
		asText: number("@"), whole: number("#,##0"), real: number("0.00"), money: number("#,##0.00"), ratio: number("0.00%"), day: number("yyyy-mm-dd"),
		header:    {Font: &excelize.Font{Bold: true}, Fill: dark, Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"}},
		subheader: {Font: &excelize.Font{Color: "808080", Size: 9}, Fill: dark},
		title:     {Font: &excelize.Font{Bold: true, Size: 14}},
		wrapped:   {Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}},
	}
	w.styles = map[format]int{}
	for f := asText; f <= wrapped; f++ { // in order: ids of styles are bytes of the file
		id, err := w.file.NewStyle(styles[f])
		if err != nil {
			return err
		}
		w.styles[f] = id
	}
	return nil
}
