//go:build peers

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// TestTwinInPython holds peers/frame/answer.py against answer.go. It needs the peers' environment, whose
// python BENCH_PYTHON names: make bench-peers runs it before anything is measured.
func TestTwinInPython(t *testing.T) {
	want := sumsOf(t, record(t, threeRows()...))
	got := pythonAnswers(t, `{"shop_id": pa.array([1, None, 3], pa.int64()), "scene": ["live", "商城", "live"],
    "buyer_id": pa.array([7, 8, 9], pa.int64()), "paid_fen": pa.array([9007199254740993, -4611686018427387904, None], pa.int64())}`,
		`{"keys": ["shop_id", "scene", "buyer_id"], "measures": ["paid_fen"]}`, "paid_fen")
	if text := told(want, "paid_fen"); got != text {
		t.Errorf("python says %s, Go says %s", got, text)
	}
}

// TestTwinInPythonOnRealNumbers: they are compared by their bits.
func TestTwinInPythonOnRealNumbers(t *testing.T) {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "product_id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "info_score", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	}, nil))
	defer b.Release()
	b.Field(0).(*array.Int64Builder).AppendValues([]int64{1, 2, 3}, nil)
	b.Field(1).(*array.Float64Builder).AppendValues([]float64{87.3, 0, -0.1}, []bool{true, false, true})
	s := newSummer(tableSpec{Name: "products", Keys: []string{"product_id"}, Measures: []string{"info_score"}})
	if err := s.add(b.NewRecord()); err != nil {
		t.Fatal(err)
	}
	got := pythonAnswers(t, `{"product_id": pa.array([1, 2, 3], pa.int64()), "info_score": pa.array([87.3, None, -0.1], pa.float64())}`,
		`{"keys": ["product_id"], "measures": ["info_score"]}`, "info_score")
	if text := told(s.sums(), "info_score"); got != text {
		t.Errorf("python says %s, Go says %s", got, text)
	}
}

// told is an answer as the script of pythonAnswers prints it.
func told(s tableSums, measure string) string {
	return fmt.Sprint(s.Rows, " ", s.Sums[measure], " ", s.Squares[measure], " ", s.Checksum)
}

// pythonAnswers has the twin sum up one record batch. columns and spec are Python.
func pythonAnswers(t *testing.T, columns, spec, measure string) string {
	t.Helper()
	python := os.Getenv("BENCH_PYTHON")
	if python == "" {
		t.Fatal("BENCH_PYTHON does not name the python of the peers' environment")
	}
	script := fmt.Sprintf(`
import answer, pyarrow as pa
got = answer.sums([pa.RecordBatch.from_pydict(%s)], %s)
print(got["rows"], got["sums"]["%s"], got["squares"]["%s"], got["checksum"], end="")`, columns, spec, measure, measure)
	cmd := exec.CommandContext(t.Context(), python, "-c", script)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join("peers", "frame"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}
