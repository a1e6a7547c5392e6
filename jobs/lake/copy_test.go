package lake_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/windvane/windvane/jobs/lake"
)

func TestCopyGivesTheBytesOfTheListedObjectOnly(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	l, err := lake.Open(ctx, dir, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	want := bytes.Repeat([]byte("0123456789abcdef"), 1<<19) // 8 MiB: more than one request
	if err := l.PutBytes(ctx, "a/b.bin", want); err != nil {
		t.Fatal(err)
	}
	obj, err := l.Stat(ctx, "a/b.bin")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := l.Copy(ctx, obj, &got); err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Fatalf("Copy gave %d bytes, %v; want %d", got.Len(), err, len(want))
	}
	if err := os.WriteFile(filepath.Join(dir, "a", "b.bin"), want[:len(want)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	if err := l.Copy(ctx, obj, &got); !errors.Is(err, lake.ErrChanged) {
		t.Fatalf("Copy of a replaced object: %v, want ErrChanged", err)
	}
}
