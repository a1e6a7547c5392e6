// Package readers lets other programs read what windvane publishes: check.py opens every table of a night with
// DuckDB and with pyarrow and holds it against the declarations that this package writes for it.
//
// The versions of both readers are pinned in requirements.txt; `make test-full` installs them.
package readers

import (
	"encoding/json"
	"fmt"

	"github.com/windvane/windvane/transforms/contract"
)

type table struct {
	Name    string   `json:"name"`
	Key     []string `json:"key"`
	Sort    []string `json:"sort"`
	Columns []column `json:"columns"`
}

type column struct {
	Name   string   `json:"name"`
	Type   string   `json:"type"`
	Null   bool     `json:"null"`
	Values []string `json:"values"`
}

// Declarations are the published tables as the JSON that check.py wants. ids tells which identifiers are texts.
func Declarations(ids contract.IDTypes) ([]byte, error) {
	var tables []table
	for _, t := range contract.Publications() {
		declared := table{Name: t.Name, Key: t.Key, Sort: t.SortKey()}
		for _, c := range t.Columns {
			declared.Columns = append(declared.Columns, column{c.Name, typeOf(c, ids), c.Null, c.Values})
		}
		tables = append(tables, declared)
	}
	data, err := json.Marshal(tables)
	if err != nil {
		return nil, fmt.Errorf("write declarations: %w", err)
	}
	return data, nil
}

// typeOf is the type by which check.py knows a column.
func typeOf(c contract.Column, ids contract.IDTypes) string {
	switch c.Kind {
	case contract.ID:
		if ids[c.Domain] {
			return "string"
		}
		return "int64"
	case contract.Real:
		return "double"
	case contract.Bool:
		return "bool"
	case contract.Instant:
		return "timestamp"
	case contract.Date:
		return "date"
	case contract.Text, contract.Enum:
		return "string"
	}
	return "int64"
}
