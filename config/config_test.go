package config_test

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests name zones; a machine may have none

	"github.com/google/go-cmp/cmp"
	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
)

var update = flag.Bool("update", false, "rewrite golden files")

func load(text string) (config.Config, error) {
	return config.Load(strings.NewReader(text), config.Overrides{})
}

func mustLoad(t *testing.T, text string) config.Config {
	t.Helper()
	c, err := load(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ref[T any](v T) *T { return &v }

func TestTheCommentedFileIsTheDefault(t *testing.T) {
	got := mustLoad(t, string(config.Commented))
	if diff := cmp.Diff(config.Default().Digest(), got.Digest()); diff != "" {
		t.Errorf("digest (-default +file):\n%s", diff)
	}
}

// What the commented file shows as examples must load when the # is taken away.
func TestTheCommentedExamplesLoad(t *testing.T) {
	var text []string
	for _, line := range strings.Split(string(config.Commented), "\n") {
		if strings.HasPrefix(line, "#  ") {
			line = line[1:]
		}
		for _, empty := range []string{"ids: {}", "tables: {}", "absent_days: {}", "buyer_key: {}", "forgotten: {}", "signing: {}", "notify: []", "calendar: []"} {
			if line == empty {
				line = line[:len(line)-3]
			}
		}
		if !strings.Contains(line, "SHOP_BUYER_KEY") { // a variable or a file, not both
			text = append(text, line)
		}
	}
	c := mustLoad(t, strings.Join(text, "\n"))
	if len(c.Tables) != 2 || len(c.AbsentDays) != 1 || len(c.IDs) != 2 || c.BuyerKey.File == "" || len(c.Schedule) != 3 || len(c.Notify) != 1 || len(c.Campaigns()) != 3 || c.Forgotten.File == "" || c.Signing.File == "" {
		t.Errorf("examples are lost: %+v", c)
	}
}

func TestDefaultIsValid(t *testing.T) {
	if err := config.Default().Validate(); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"", "# nothing\n", "---\n", "null\n"} {
		if got := mustLoad(t, text); got.Digest() != config.Default().Digest() {
			t.Errorf("%q is not the default", text)
		}
	}
}

func TestLoad(t *testing.T) {
	got := mustLoad(t, `
input: {url: "s3://dumps?region=cn-north-1"}
output: {url: file:///srv/windvane}
job: rehearsal
business_zone: UTC
ids: {merchant: string, product: int64}
buyer_key: {file: /run/secrets/key, replaces: 0123456789abcdef}
forgotten: {file: /run/secrets/forgotten}
signing: {env: SIGNING_KEY}
tables:
  chats: {absent: true}
  refunds:
  orders:
    path: ods/{yyyymmdd}/*.parquet
    tolerance: 90s
    allow_empty: true
    max_reject_ratio: 0
    min_rejects: 0
    columns:
      promoter_id: null
      merchant_id: seller_no
      buyer_paid_fen: {column: pay_amount, unit: yuan}
      scene: {column: src, values: {1: live, true: search, 1.50: mall}, default: other}
      paid_at: {column: t, zone: Asia/Tokyo, when: {status: [delivered, 2], channel: app}}
      quantity: {constant: 3}
      sku_id: {constant: null}
max_units_per_line: null
restate_days: 10
commit_gap_days: 3
late_causes: false
history_days: 400
history_complete_from: 2026-01-01
absent_days: {orders: [2026-01-31, "2026-02-01"]}
memory_limit: 512MiB
workers: 3
spill_dir: /tmp/spill
require: {success_marker: true, counts: true}
chuanliu: {holdout_share: 0.3, programmes: {spring: 0.2}, since: 2026-02-01}
schedule:
  - {spec: "0 3 * * *", lag_days: 0, deadline: 90m}
  - {name: again, does: restate, spec: "@daily", zone: UTC, days: 3}
serve: {listen: "", stop_grace: 1m}
retention: {grace: 72h, superseded_days: 1, keep_nights: 400}
notify: [{kind: wecom, url: {env: HOOK}, on: [late]}]
`)
	days := func(texts ...string) (all []calendar.Day) {
		for _, s := range texts {
			d, err := calendar.Parse(s)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, d)
		}
		return all
	}
	want := config.Config{
		Input: config.Location{URL: "s3://dumps?region=cn-north-1"}, Output: config.Location{URL: "file:///srv/windvane"},
		Job: "rehearsal", BusinessZone: "UTC", IDs: map[contract.Domain]config.IDType{contract.Merchant: config.IDString, contract.Product: config.IDInt64},
		BuyerKey: config.BuyerKey{File: "/run/secrets/key", Replaces: "0123456789abcdef"}, Forgotten: config.Forgotten{File: "/run/secrets/forgotten"}, Signing: config.Secret{Env: "SIGNING_KEY"},
		Tables: map[string]mapping.Table{
			"chats": {Absent: true}, "refunds": {},
			"orders": {
				Path: "ods/{yyyymmdd}/*.parquet", Tolerance: 90 * time.Second, AllowEmpty: true, MaxRejectRatio: ref(0.0), MinRejects: ref(int64(0)),
				Columns: map[string]mapping.Column{
					"promoter_id": {Null: true}, "merchant_id": {Column: "seller_no"}, "buyer_paid_fen": {Column: "pay_amount", Unit: "yuan"},
					"scene":    {Column: "src", Values: map[string]*string{"1": ref("live"), "true": ref("search"), "1.50": ref("mall")}, Default: ref("other")},
					"paid_at":  {Column: "t", Zone: "Asia/Tokyo", When: map[string][]string{"status": {"delivered", "2"}, "channel": {"app"}}},
					"quantity": {Constant: ref("3")}, "sku_id": {Null: true},
				},
			},
		},
		RestateDays: 10, CommitGapDays: 3, LateCauses: false, HistoryDays: 400, HistoryCompleteFrom: ref(days("2026-01-01")[0]),
		AbsentDays:  map[string][]calendar.Day{"orders": days("2026-01-31", "2026-02-01")},
		MemoryLimit: 512 << 20, Workers: 3, SpillDir: "/tmp/spill", Require: config.Require{SuccessMarker: true, Counts: true}, Gates: config.Default().Gates,
		Chuanliu: config.Chuanliu{HoldoutShare: 0.3, Programmes: map[string]float64{"spring": 0.2}, Since: ref(days("2026-02-01")[0])},
		Schedule: []config.ScheduledJob{{Spec: "0 3 * * *", LagDays: ref(0), Deadline: ref(90 * time.Minute)},
			{Name: "again", Does: config.TaskRestate, Spec: "@daily", Zone: "UTC", Days: ref(3)}},
		Serve: config.Serve{StopGrace: time.Minute}, Retention: config.Retention{KeepNights: 400, Grace: 72 * time.Hour, SupersededDays: 1, StateNights: 35, FailureDays: 90},
		Notify:  []config.Webhook{{Kind: config.WebhookWeCom, URL: config.Secret{Env: "HOOK"}, On: []string{"late"}}},
		Lineage: config.Lineage{Namespace: "windvane"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if j := got.Jobs(); j[0].Name != "night" || j[0].Zone != "UTC" || *j[0].LagDays != 0 || *j[0].Retries != 2 || *j[1].CatchUp != 7 {
		t.Errorf("jobs %+v", j)
	}
	if types := got.IDTypes(); !types[contract.Merchant] || types[contract.Product] || config.Default().IDTypes() != nil {
		t.Errorf("id types %v", types)
	}
}

// Every testdata/errors/*.yaml is wrong; the messages stand in the .txt beside it.
func TestErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			_, err := config.LoadFile(file, config.Overrides{})
			if err == nil {
				t.Fatal("it loads")
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", []byte(err.Error()+"\n"))
		})
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is out of date, run go test ./config -update (-file +now):\n%s", file, diff)
	}
}

func TestPrecedence(t *testing.T) {
	file := "input: {url: file:///file}\noutput: {url: file:///file}\njob: file\n"
	env := func(values map[string]string) func(string) (string, bool) {
		return func(name string) (string, bool) { v, ok := values[name]; return v, ok }
	}
	for _, c := range []struct {
		name             string
		file             string
		over             config.Overrides
		input, out, job_ string
		workers          int
	}{
		{"the file alone", file, config.Overrides{}, "file:///file", "file:///file", "file", 0},
		{"the environment goes before the file", file, config.Overrides{Env: env(map[string]string{config.EnvInputURL: "s3://env"})}, "s3://env", "file:///file", "file", 0},
		{"flags go before the environment", file, config.Overrides{Env: env(map[string]string{config.EnvInputURL: "s3://env", config.EnvOutputURL: "s3://env"}), InputURL: "gs://flag", Job: "flag", Workers: ref(2)},
			"gs://flag", "s3://env", "flag", 2},
		{"an empty variable says nothing", file, config.Overrides{Env: env(map[string]string{config.EnvInputURL: ""})}, "file:///file", "file:///file", "file", 0},
		{"without anything the defaults", "", config.Overrides{}, "", "", "nightly", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := config.Load(strings.NewReader(c.file), c.over)
			if err != nil {
				t.Fatal(err)
			}
			if got.Input.URL != c.input || got.Output.URL != c.out || got.Job != c.job_ || got.Workers != c.workers {
				t.Errorf("got %s, %s, %s, %d", got.Input.URL, got.Output.URL, got.Job, got.Workers)
			}
		})
	}
	if _, err := config.Default().With(config.Overrides{InputURL: "ftp://x"}); err == nil || err.Error() != `config: input.url: scheme "ftp" is none of file, s3, gs, azblob, mem` {
		t.Errorf("a wrong flag: %v", err)
	}
	if err := config.Default().CheckURLs(); err == nil || !strings.Contains(err.Error(), "config: output.url: it is empty; set it here, in WINDVANE_OUTPUT_URL or with --output") {
		t.Errorf("no URLs: %v", err)
	}
}

func TestDigest(t *testing.T) {
	base := mustLoad(t, "tables: {orders: {columns: {sku_id: a, product_id: b}}}").Digest()
	if same := mustLoad(t, "# a comment\ntables:\n  orders:\n    columns:\n      product_id: {column: b}\n      sku_id: a\n"); same.Digest() != base {
		t.Error("order and comments change the digest")
	}
	for _, text := range []string{"tables: {orders: {columns: {sku_id: null, product_id: b}}}", "tables: {orders: {columns: {product_id: b}}}", "workers: 1", ""} {
		if mustLoad(t, text).Digest() == base {
			t.Errorf("%q has the same digest", text)
		}
	}
}

func TestReadBuyerKey(t *testing.T) {
	env := func(name string) (string, bool) {
		v, ok := map[string]string{config.EnvBuyerKey: "a secret of some length\n", "SHORT": "123", "HEX": "000102030405060708090a0b0c0d0e0f",
			"MARKED": "\ufeffa secret of some length"}[name]
		return v, ok
	}
	none := func(string) (string, bool) { return "", false }
	file := func(name string) ([]byte, error) {
		if name == "key" {
			return []byte("  a secret of some length  "), nil
		}
		if name == "marked" {
			return []byte("\ufeff000102030405060708090a0b0c0d0e0f\r\n"), nil
		}
		if name == "UTF-16" {
			return []byte("\xff\xfe0\x000\x000\x001\x000\x002\x000\x003\x00"), nil
		}
		return nil, fs.ErrNotExist
	}
	fromEnv, err := config.BuyerKey{}.Read(env, file)
	if err != nil {
		t.Fatal(err)
	}
	if fromFile, err := (config.BuyerKey{File: "key"}).Read(none, file); err != nil || fromFile != fromEnv {
		t.Errorf("the same secret from a file: %v, %v", fromFile, err)
	}
	if key, err := (config.BuyerKey{Env: "HEX"}).Read(env, file); err != nil || key != [16]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} {
		t.Errorf("hexadecimal: %v, %v", key, err)
	}
	builtIn, err := config.BuyerKey{}.Read(none, file)
	if !errors.Is(err, config.ErrBuiltInKey) || builtIn == [16]byte{} || builtIn == fromEnv {
		t.Errorf("built in: %v, %v", builtIn, err)
	}
	const marked = "it begins with a byte order mark, which would make it another key; save it as UTF-8 without one"
	for _, c := range []struct {
		key  config.BuyerKey
		want string
	}{
		{config.BuyerKey{Env: "SHORT"}, "config: buyer_key: variable SHORT: the key has 3 bytes, at least 16 are needed"},
		{config.BuyerKey{Env: "OTHER"}, "config: buyer_key.env: the variable OTHER is not set"},
		{config.BuyerKey{File: "no"}, "config: buyer_key.file: file does not exist"},
		{config.BuyerKey{File: "marked"}, "config: buyer_key.file: " + marked},
		{config.BuyerKey{File: "UTF-16"}, "config: buyer_key.file: " + marked},
		{config.BuyerKey{Env: "MARKED"}, "config: buyer_key: variable MARKED: " + marked},
	} {
		if _, err := c.key.Read(env, file); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// Editors begin UTF-8 with a mark, and some write UTF-16.
func TestAByteOrderMarkIsNoPartOfAFile(t *testing.T) {
	const mark = "\ufeff"
	for _, text := range []string{"job: marked\n", "# said first\njob: marked\n", "{job: marked}"} {
		if c, err := load(mark + text); err != nil || c.Job != "marked" {
			t.Errorf("%q: job %q, %v", text, c.Job, err)
		}
	}
	if _, err := load(mark); err != nil {
		t.Errorf("nothing but the mark: %v", err)
	}
	if _, err := config.LoadRules(strings.NewReader(mark + string(config.CommentedRules))); err != nil {
		t.Errorf("rules: %v", err)
	}
	if _, err := load("\xff\xfej\x00o\x00b\x00:\x00"); err == nil || err.Error() != "config: the text is UTF-16; save it as UTF-8" {
		t.Errorf("UTF-16: %v", err)
	}
	env := func(string) (string, bool) { return mark + "https://example.com/hook", true }
	file := func(string) ([]byte, error) { return []byte(mark + "https://example.com/hook\r\n"), nil }
	for _, s := range []config.Secret{{Env: "HOOK"}, {File: "hook"}} {
		if got, err := s.Read(env, file); err != nil || got != "https://example.com/hook" {
			t.Errorf("%+v: %q, %v", s, got, err)
		}
	}
}

func TestBytes(t *testing.T) {
	for _, c := range []struct {
		text string
		want config.Bytes
		back string
	}{{"4GiB", 4 << 30, "4GiB"}, {"512 MiB", 512 << 20, "512MiB"}, {"1000MB", 1e9, "1000000000B"}, {"7B", 7, "7B"}, {"1536KiB", 1536 << 10, "1536KiB"}} {
		var b config.Bytes
		if err := b.UnmarshalText([]byte(c.text)); err != nil || b != c.want || b.String() != c.back {
			t.Errorf("%s = %d (%s), %v", c.text, b, b, err)
		}
	}
	for _, text := range []string{"", "4", "GiB", "-1GiB", "1.5GiB", "99999999999TiB", "4gib"} {
		if err := new(config.Bytes).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(config.Commented))
	files, _ := filepath.Glob("testdata/errors/*.yaml")
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.Load(bytes.NewReader(data), config.Overrides{})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "config: ") {
				t.Fatalf("the message begins otherwise: %v", err)
			}
			return
		}
		if err := c.Validate(); err != nil {
			t.Fatalf("it loads but is not valid: %v", err)
		}
	})
}

func TestForgottenBuyersAreReadAndNeverRepeated(t *testing.T) {
	files := map[string]string{"list": "8001\n\n 7001 \r\n8001\nzoë", "large": strings.Repeat("x", 65<<20),
		"marked": "\ufeff8001\r\n7001\r\n", "together": "7001\n\ufeff8001\n", "UTF-16": "\xff\xfe8\x000\x00", "UTF-16 the other way": "\xfe\xff\x008\x000"}
	read := func(name string) ([]byte, error) {
		text, ok := files[name]
		if !ok {
			return nil, os.ErrNotExist
		}
		return []byte(text), nil
	}
	if ids, err := (config.Forgotten{}).Read(read); ids != nil || err != nil {
		t.Errorf("without a file: %q, %v", ids, err)
	}
	ids, err := config.Forgotten{File: "list"}.Read(read)
	if diff := cmp.Diff([]string{"7001", "8001", "zoë"}, ids); diff != "" || err != nil {
		t.Errorf("%s %v", diff, err)
	}
	for _, name := range []string{"marked", "together"} { // spreadsheets and editors begin UTF-8 with a byte order mark
		ids, err := config.Forgotten{File: name}.Read(read)
		if diff := cmp.Diff([]string{"7001", "8001"}, ids); diff != "" || err != nil {
			t.Errorf("%s: %s %v", name, diff, err)
		}
	}
	for name, want := range map[string]string{"none": "config: forgotten.file: file does not exist", "large": "config: forgotten.file: it has more than 67108864 bytes",
		"UTF-16": "config: forgotten.file: the text is UTF-16; save it as UTF-8", "UTF-16 the other way": "config: forgotten.file: the text is UTF-16; save it as UTF-8"} {
		if _, err := (config.Forgotten{File: name}).Read(read); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

func TestTheIDOfAReplacedKeyIsNoKey(t *testing.T) {
	for _, id := range []string{"0123456789ABCDEF", "short", "000102030405060708090a0b0c0d0e0f"} {
		_, err := config.Load(strings.NewReader("buyer_key: {replaces: \""+id+"\"}"), config.Overrides{})
		if err == nil || !strings.Contains(err.Error(), "buyer_key.replaces: it is not the id of a key") || strings.Contains(err.Error(), id) {
			t.Errorf("%s: %v", id, err)
		}
	}
}
