package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// FuzzManifest reads any bytes where the manifest belongs that a commit names: an error, or a manifest of a known format.
func FuzzManifest(f *testing.F) {
	sound, err := json.Marshal(Manifest{Format: ManifestFormat, Job: "nightly", AsOf: calendar.Of(2026, 1, 31), Partitions: map[string][]Partition{
		"orders": {{Day: 20, Digest: "x", Rows: []int64{1, -1}, Quarantined: []Quarantined{{"k", 1, "corrupt"}}}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sound)
	f.Add([]byte(`{"format": 2, "as_of": {"day": 1}}`))
	f.Add([]byte(`{"format": 1, "as_of": "2026-02-30"}`))
	f.Add([]byte(`[]`))
	ctx := context.Background()
	l, err := lake.Open(ctx, "mem://", lake.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := l.PutBytes(ctx, "m.json", data); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		c, err := readManifest(ctx, l, lake.CommitRecord{ManifestKey: "m.json", ManifestSHA256: hex.EncodeToString(sum[:])})
		if err == nil && c.manifest.Format > ManifestFormat {
			t.Fatalf("format %d is read", c.manifest.Format)
		}
	})
}

// FuzzReduced reads any bytes where the record of a reduction belongs: what cannot be read is made again.
func FuzzReduced(f *testing.F) {
	p := Partition{Day: calendar.Of(2026, 1, 31), Digest: "x"}
	sound, err := json.Marshal(Reduced{Format: stateFormat, Table: "orders", Partition: p})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sound)
	f.Add([]byte(`{"format": 2, "table": ["orders"]}`))
	f.Add([]byte(`{"format": 1, "rejects": [{"row": 1e30}]}`))
	ctx := context.Background()
	l, err := lake.Open(ctx, "mem://", lake.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := l.PutBytes(ctx, reducedKey("orders", p), data); err != nil {
			t.Fatal(err)
		}
		r, err := newState(l, nil, 0).find(ctx, "orders", p)
		if err != nil {
			t.Fatal(err)
		}
		if r != nil {
			_ = Default(utc()).admit(contract.Orders, r.Partition, r.Objects)
		}
	})
}
