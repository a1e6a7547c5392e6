package jobs_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/windvane/windvane/jobs"
)

// TestStoredValuesKeepTheirMeaning: what the state of a small market held when this was last looked at. A column whose bits
// mean something else, under the same version, would be read wrongly by the night after an upgrade and by an older binary.
func TestStoredValuesKeepTheirMeaning(t *testing.T) {
	d := newDeployment(t)
	d.night(lastDay)
	type stored struct {
		files, rows int
		values      []byte // of all files, in the order of their names
	}
	all, names := map[string]*stored{}, []string{}
	for _, path := range d.under("state") { // sorted
		inside, err := filepath.Rel(filepath.Join(d.out, "state"), path)
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(filepath.ToSlash(inside), "/")
		if !strings.HasSuffix(path, ".parquet") || len(parts) < 3 {
			continue
		}
		name := parts[0] + "/" + parts[1]
		if all[name] == nil {
			all[name], names = &stored{}, append(names, name)
		}
		s := all[name]
		s.files++
		s.rows += appendValues(t, path, &s.values)
	}
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "%s: %d files, %d rows, values %x\n", name, all[name].files, all[name].rows, sha256.Sum256(all[name].values))
	}
	jobs.Golden(t, "values.txt", []byte(b.String()))
}

// appendValues adds all values of a Parquet file, with their columns, and counts its rows.
func appendValues(t *testing.T, path string, to *[]byte) (rows int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	eachRow(t, data, func(row parquet.Row) {
		rows++
		for _, v := range row {
			*to = fmt.Appendf(*to, "%d=%v;", v.Column(), v)
		}
	})
	return rows
}

// eachRow reads a Parquet file to its end.
func eachRow(t *testing.T, data []byte, do func(parquet.Row)) {
	t.Helper()
	file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range file.RowGroups() {
		rows := group.Rows()
		buf := make([]parquet.Row, 64)
		for {
			n, err := rows.ReadRows(buf)
			for _, row := range buf[:n] {
				do(row)
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		rows.Close()
	}
}
