//go:build peers

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestTwinInPython holds peers/frame/answer.py against answer.go. It needs the peers' environment, whose
// python BENCH_PYTHON names: make bench-peers runs it before anything is measured.
func TestTwinInPython(t *testing.T) {
	python := os.Getenv("BENCH_PYTHON")
	if python == "" {
		t.Fatal("BENCH_PYTHON does not name the python of the peers' environment")
	}
	want := sumsOf(t, record(t, threeRows()...))
	script := `
import answer, pyarrow as pa
rows = pa.RecordBatch.from_pydict({"shop_id": pa.array([1, None, 3], pa.int64()), "scene": ["live", "商城", "live"],
    "buyer_id": pa.array([7, 8, 9], pa.int64()), "paid_fen": pa.array([9007199254740993, -4611686018427387904, None], pa.int64())})
got = answer.sums([rows], {"keys": ["shop_id", "scene", "buyer_id"], "measures": ["paid_fen"]})
print(got["rows"], got["sums"]["paid_fen"], got["squares"]["paid_fen"], got["checksum"], end="")`
	cmd := exec.Command(python, "-c", script)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join("peers", "frame"))
	out, err := cmd.CombinedOutput()
	if text := fmt.Sprint(want.Rows, " ", want.Sums["paid_fen"], " ", want.Squares["paid_fen"], " ", want.Checksum); err != nil || string(out) != text {
		t.Errorf("python says %s (%v), Go says %s", out, err, text)
	}
}
