package jobs

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/lift"
	"github.com/windvane/windvane/transforms/repeat"
	"github.com/windvane/windvane/transforms/rollup"
)

var update = flag.Bool("update", false, "rewrite golden files")

// full gives every field of a record a value, so that a field that is new or has another name changes its text.
func full(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 1, 31, 3, 4, 5, 0, time.UTC)))
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		full(v.Elem())
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				full(v.Field(i))
			}
		}
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		full(v.Index(0))
	case v.Kind() == reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		full(key)
		full(value)
		v.SetMapIndex(key, value)
	case v.Kind() == reflect.String:
		v.SetString("x")
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.CanInt():
		v.SetInt(1)
	case v.CanUint():
		v.SetUint(1)
	case v.CanFloat():
		v.SetFloat(0.5)
	}
}

// Golden is golden for tests from outside the package.
var Golden = golden

// golden holds a text against a file of testdata/formats.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", "formats", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is stored in another form: if an older binary would misread it, raise its format or version; then rewrite with -update:\n%s", name, diff)
	}
}

// TestStoredRecordsHaveTheirForms: each kind of record, with all of its fields, is read as an earlier binary wrote it, loses
// nothing, and is written in the same form.
func TestStoredRecordsHaveTheirForms(t *testing.T) {
	for name, record := range map[string]any{"commit.json": &lake.CommitRecord{}, "manifest.json": &Manifest{}, "reduction.json": &Reduced{},
		"notice.json": &Notice{}, "failure.json": &attempt{}, "status.json": &Standing{}} {
		full(reflect.ValueOf(record).Elem())
		got, err := json.MarshalIndent(record, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, append(got, '\n'))
		stored, err := os.ReadFile(filepath.Join("testdata", "formats", name))
		if err != nil {
			t.Fatal(err)
		}
		read := reflect.New(reflect.TypeOf(record).Elem()).Interface()
		d := json.NewDecoder(bytes.NewReader(stored))
		d.DisallowUnknownFields()
		if err := d.Decode(read); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if again, err := json.MarshalIndent(read, "", " "); err != nil || string(again)+"\n" != string(stored) {
			t.Errorf("%s: read and written again it is another: %v\n%s", name, err, again)
		}
	}
}

// TestStoredTablesHaveTheirForms: the versions and columns of what is stored as Parquet and found by a name with its version.
// Rollups have a list of their own, in package rollup; published tables are in docs/tables.md.
func TestStoredTablesHaveTheirForms(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, "format of reductions %d\nversion of rollups %d\nformat of kept sums %s\n", stateFormat, rollup.Version, windowFormat)
	table := func(version int, x *contract.Table) {
		fmt.Fprintf(&b, "\n%s, version %d, by %s\n", x.Name, version, strings.Join(x.Key, ", "))
		for _, c := range x.Columns {
			fmt.Fprintf(&b, "  %s kind=%d domain=%v null=%t signed=%t: %s\n", c.Name, c.Kind, c.Domain, c.Null, c.Signed, c.Doc)
		}
	}
	for _, s := range contract.Scopes() {
		table(repeat.Version, repeat.Stored(s, rollup.BuyersOf(s).Table().Columns[0]))
	}
	table(lift.Version, lift.StoredPairs())
	table(lift.Version, lift.StoredDays())
	golden(t, "tables.txt", []byte(b.String()))
}

// TestARecordOfAnotherFormatIsMadeAgain: state is a cache, so what another version wrote is as if it were not there.
func TestARecordOfAnotherFormatIsMadeAgain(t *testing.T) {
	l, err := lake.Open(t.Context(), "mem://", lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := Partition{Day: 1, Digest: "x"}
	for format, there := range map[int]bool{stateFormat - 1: false, stateFormat: true, stateFormat + 1: false} {
		data, err := json.Marshal(Reduced{Format: format, Table: "orders", Partition: p})
		if err == nil {
			err = l.PutBytes(t.Context(), reducedKey("orders", p), data)
		}
		if err != nil {
			t.Fatal(err)
		}
		if rec, err := newState(l, nil, 0).find(t.Context(), "orders", p); err != nil || (rec != nil) != there {
			t.Errorf("format %d: found %t, %v", format, rec != nil, err)
		}
	}
}

// A record that speaks of another day, table or input is damaged: a bit of its text has turned.
func TestARecordOfAnotherPartitionIsMadeAgain(t *testing.T) {
	l, err := lake.Open(t.Context(), "mem://", lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := Partition{Day: 1, Digest: "x"}
	for _, r := range []Reduced{{Table: "orders", Partition: Partition{Day: 0, Digest: "x"}}, {Table: "orders", Partition: Partition{Day: 1, Digest: "y"}}, {Table: "ordars", Partition: p}} {
		r.Format = stateFormat
		data, err := json.Marshal(r)
		if err == nil {
			err = l.PutBytes(t.Context(), reducedKey("orders", p), data)
		}
		if err != nil {
			t.Fatal(err)
		}
		if rec, err := newState(l, nil, 0).find(t.Context(), "orders", p); rec != nil || err != nil {
			t.Errorf("found %+v, error %v", rec, err)
		}
	}
}

// Whatever byte of a record is damaged, it is not believed: at worst the day is reduced again. Texts of rejected rows may be
// anything.
func TestADamagedRecordIsNotBelieved(t *testing.T) {
	l, err := lake.Open(t.Context(), "mem://", lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := Partition{Day: 1, Digest: "x", Rows: []int64{8, 120, -1}}
	r := &Reduced{Format: stateFormat, Table: "orders", Partition: p, Rejects: []RejectedRow{{File: "a\xff<\u2028"}}, Missing: map[string]string{"b": "c"}}
	if err := newState(l, nil, 0).put(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if rec, err := newState(l, nil, 0).find(t.Context(), "orders", p); err != nil || rec == nil {
		t.Fatalf("found %+v, error %v", rec, err)
	}
	sound, err := l.ReadAll(t.Context(), reducedKey("orders", p), maxReducedBytes)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sound {
		for bit := range 8 {
			damaged := bytes.Clone(sound)
			damaged[i] ^= 1 << bit
			if err := l.PutBytes(t.Context(), reducedKey("orders", p), damaged); err != nil {
				t.Fatal(err)
			}
			rec, err := newState(l, nil, 0).find(t.Context(), "orders", p)
			if err != nil {
				t.Fatal(err)
			}
			if rec != nil && (!slices.Equal(rec.Partition.Rows, p.Rows) || rec.Missing["b"] != "c") {
				t.Fatalf("believed: %s", damaged)
			}
		}
	}
}
