package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/windvane/windvane/internal/testkit/recount"
	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/transforms/contract"
)

// canaries are the buyers of a small market; whoever sees one of these ids has seen a clear id.
type canaries struct {
	name string
	ints bool // identifiers are INT64
	id   func(n int) string
}

// canaryInt begins the numbers of buyers: no other number of the market is near.
const canaryInt = 7_706_050_403_020_100

func bothCanaries() []canaries {
	return []canaries{
		{"texts", false, func(n int) string { return fmt.Sprintf("CANARY-BUYER-%d", n) }},
		{"numbers", true, func(n int) string { return strconv.Itoa(canaryInt + n) }},
	}
}

// seen finds a clear id in bytes: as text, in base-16 or as the eight bytes of the number in either order.
func (c canaries) seen(data []byte) string {
	if !c.ints {
		if i := bytes.Index(bytes.ToUpper(data), []byte("CANARY")); i >= 0 {
			return string(data[i:min(len(data), i+20)])
		}
		return ""
	}
	text := strconv.Itoa(canaryInt)
	if i := bytes.Index(data, []byte(text[:len(text)-2])); i >= 0 {
		return string(data[i:min(len(data), i+len(text))])
	}
	for n := range canaryBuyers {
		for _, b := range [][]byte{binary.LittleEndian.AppendUint64(nil, uint64(canaryInt+n)), binary.BigEndian.AppendUint64(nil, uint64(canaryInt+n)),
			fmt.Appendf(nil, "%x", canaryInt+n)} {
			if bytes.Contains(data, b) {
				return fmt.Sprintf("%d as % x", canaryInt+n, b)
			}
		}
	}
	return ""
}

// canaryBuyers is the number of buyers.
const canaryBuyers = 12

// The two nights of these tests.
const (
	canaryFirst recount.Date = "2026-01-30"
	canaryLast  recount.Date = "2026-01-31"
)

// market are orders and refunds of two days.
func (c canaries) market() twin.Partitions {
	p := twin.Partitions{Orders: map[twin.Day][]twin.Order{}, Refunds: map[twin.Day][]twin.Refund{}}
	for k, day := range []twin.Day{twin.NewDay(2026, 1, 30), twin.NewDay(2026, 1, 31)} {
		noon := time.Date(2026, 1, 30+k, 4, 0, 0, 0, time.UTC)
		for n := range canaryBuyers {
			id := strconv.Itoa(1000*(k+1) + n)
			o := twin.Order{OrderLineID: id, OrderID: id, BuyerID: c.id(n), MerchantID: "11", ProductID: "31", Scene: "live", CreatedAt: noon, PaidAt: &noon,
				Quantity: 1, BuyerPaidFen: 5000, OrderKind: "normal"}
			if n == 3 {
				o.Quantity = 500 // abnormal
			}
			p.Orders[day] = append(p.Orders[day], o)
			if n%4 == 0 {
				p.Refunds[day] = append(p.Refunds[day], twin.Refund{RefundID: id, OrderLineID: id, OrderID: id, BuyerID: c.id(n), MerchantID: "11", ProductID: "31", PaidAt: noon,
					AppliedAt: noon, SucceededAt: &noon, AmountFen: 5000, IsFull: true, Kind: "refund_only", Reason: "quality", Scene: "live", OrderKind: "normal", Quantity: 1, BuyerPaidFen: 5000})
			}
		}
	}
	return p
}

// badOrder is an order line whose buyer may be missing or wrong.
type badOrder[ID, Buyer any] struct {
	OrderLineID        ID      `parquet:"order_line_id"`
	OrderID            ID      `parquet:"order_id"`
	BuyerID            Buyer   `parquet:"buyer_id"`
	MerchantID         ID      `parquet:"merchant_id"`
	ProductID          ID      `parquet:"product_id"`
	SKUID              *ID     `parquet:"sku_id,optional"`
	PromoterID         *ID     `parquet:"promoter_id,optional"`
	AuthorID           *ID     `parquet:"author_id,optional"`
	ContentID          *ID     `parquet:"content_id,optional"`
	Scene              string  `parquet:"scene"`
	CreatedAt          int64   `parquet:"created_at,timestamp(microsecond)"`
	PaidAt             *int64  `parquet:"paid_at,optional,timestamp(microsecond)"`
	Quantity           int64   `parquet:"quantity"`
	BuyerPaidFen       int64   `parquet:"buyer_paid_fen"`
	PlatformSubsidyFen int64   `parquet:"platform_subsidy_fen"`
	FreightFen         int64   `parquet:"freight_fen"`
	OrderKind          string  `parquet:"order_kind"`
	RiskReason         *string `parquet:"risk_reason,optional"`
}

// badRows are rows that are rejected, each of another reason, all but the first of a canary.
func badRows[ID any](id func(n int) ID, buyer func(n int) *ID) []badOrder[ID, *ID] {
	noon := time.Date(2026, 1, 31, 4, 0, 0, 0, time.UTC).UnixMicro()
	row := func(n int, b *ID) badOrder[ID, *ID] {
		return badOrder[ID, *ID]{OrderLineID: id(5000 + n), OrderID: id(5000 + n), BuyerID: b, MerchantID: id(11), ProductID: id(31), Scene: "live", CreatedAt: noon, PaidAt: &noon,
			Quantity: 1, BuyerPaidFen: 5000, OrderKind: "normal"}
	}
	rows := []badOrder[ID, *ID]{row(0, nil), row(1, buyer(1)), row(2, buyer(2)), row(3, buyer(3)), row(4, buyer(4)), row(4, buyer(5))}
	rows[1].Scene = "dungeon"
	rows[2].BuyerPaidFen = -1
	early := noon - 40*86_400_000_000
	rows[3].CreatedAt, rows[3].PaidAt = early, &early
	return rows // the last two contradict each other
}

func writeFileOf[R any](t *testing.T, dir, name string, rows []R) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := parquet.WriteFile(filepath.Join(dir, name), rows); err != nil {
		t.Fatal(err)
	}
}

// deliver writes the market's dumps, with bad rows on the last day.
func (c canaries) deliver(t *testing.T, input string) {
	t.Helper()
	if err := twin.WriteDumps(filepath.Join(input, "dumps"), c.market(), twin.DumpOptions{IntIDs: c.ints}); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(input, "dumps", "orders", "dt="+string(canaryLast))
	if c.ints {
		writeFileOf(t, dir, "bad.parquet", badRows(func(n int) int64 { return int64(n) }, func(n int) *int64 { id := int64(canaryInt + n); return &id }))
		return
	}
	rows := badRows(strconv.Itoa, func(n int) *string { id := c.id(n); return &id })
	broken, empty := "CANARY-\xff\xfe-BUYER", ""
	for i, b := range []*string{&broken, &empty} { // no text; no id
		r := rows[0]
		r.OrderLineID, r.BuyerID = strconv.Itoa(5100+i), b
		rows = append(rows, r)
	}
	writeFileOf(t, dir, "bad.parquet", rows)
}

func TestNoClearBuyerIDGetsOut(t *testing.T) {
	for _, c := range bothCanaries() {
		t.Run(c.name, func(t *testing.T) {
			if c.seen([]byte("… "+c.id(5)+" …")) == "" || c.seen([]byte("buyers 12")) != "" {
				t.Fatal("the search finds nothing, or everything")
			}
			s := newStand(t, t.TempDir(), tolerant+c.forgetTwo(t))
			c.deliver(t, s.input)
			downloads := t.TempDir()
			c.silent(s, 1, append([]string{"forget", "-v"}, "--output", s.output)...)
			in, out := []string{"--input", s.input}, []string{"--output", s.output}
			both := append(in, out...)
			c.silent(s, 0, append([]string{"plan", "--date", string(canaryLast), "--json"}, both...)...)
			c.silent(s, 0, append([]string{"run", "--date", string(canaryFirst), "-v"}, both...)...)
			c.silent(s, 0, append([]string{"run", "--date", string(canaryLast), "--json", "--log-format", "json", "-v"}, both...)...)
			c.silent(s, 0, append([]string{"validate", "--date", string(canaryLast), "--tables", "orders,refunds"}, in...)...)
			c.silent(s, 0, append([]string{"validate", "--date", string(canaryLast), "--tables", "orders,refunds", "--json", "-v"}, in...)...)
			c.silent(s, 0, append([]string{"plan", "--date", string(canaryLast), "-v"}, both...)...)
			c.silent(s, 0, append([]string{"verify"}, out...)...)
			c.silent(s, 0, append([]string{"forget", "--apply", "-v"}, out...)...)
			c.silent(s, 0, append([]string{"show", "--date", string(canaryLast)}, out...)...)
			c.silent(s, 0, append([]string{"diff", "--from", string(canaryFirst), "--to", string(canaryLast), "--json"}, out...)...)
			for _, table := range []string{"rejects", "gmv", "data_quality", "trust"} {
				c.silent(s, 0, append([]string{"get", "--date", string(canaryLast), "--tables", table, "--format", "csv", "--to", downloads}, out...)...)
			}
			c.hidden(t, s.output)
			c.hidden(t, downloads)
			strict := newStand(t, s.input, "tables:\n  orders:\n    max_reject_ratio: 0.01\n    min_rejects: 0\n") // too many bad rows: the failure shows one
			c.silent(strict, 1, append([]string{"run", "--date", string(canaryLast), "-v", "--output", strict.output}, in...)...)
			c.hidden(t, strict.output)
			checkRejects(t, filepath.Join(downloads, "rejects.csv"))
		})
	}
}

// forgetTwo configures that two of the buyers are forgotten.
func (c canaries) forgetTwo(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "forgotten")
	if err := os.WriteFile(name, []byte(c.id(2)+"\n"+c.id(5)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return "forgotten: {file: " + name + "}\n"
}

// tolerant lets a table be used though some rows of it are not.
const tolerant = `tables:
  orders:
    max_reject_ratio: 0.9
`

// A buyer column of a type that is none is named, its values are not.
func TestAWrongTypeOfBuyersTellsNoID(t *testing.T) {
	c := bothCanaries()[1]
	s := newStand(t, t.TempDir(), "")
	c.deliver(t, s.input)
	rows := []badOrder[int64, float64]{{OrderLineID: 1, OrderID: 1, BuyerID: canaryInt, MerchantID: 11, ProductID: 31, Scene: "live", Quantity: 1, OrderKind: "normal"}}
	writeFileOf(t, filepath.Join(s.input, "dumps", "orders", "dt="+string(canaryLast)), "wrong.parquet", rows)
	stderr := c.silent(s, 1, "run", "--date", string(canaryLast), "-v", "--input", s.input, "--output", s.output)
	if !strings.Contains(stderr, "buyer_id") {
		t.Errorf("the column is not named: %s", stderr)
	}
	c.silent(s, 1, "validate", "--date", string(canaryLast), "--tables", "orders", "--json", "--input", s.input)
	c.hidden(t, s.output)
}

// silent runs a command, wants its exit code and no clear id in what it prints.
func (c canaries) silent(s *stand, want int, args ...string) (stderr string) {
	s.t.Helper()
	code, stdout, stderr := s.try(args...)
	if code != want {
		s.t.Errorf("windvane %s: exit %d, want %d\n%s%s", args[0], code, want, stdout, stderr)
	}
	if len(stdout)+len(stderr) == 0 {
		s.t.Errorf("windvane %s printed nothing: the test proves nothing", args[0])
	}
	for _, text := range []string{stdout, stderr} {
		if id := c.seen([]byte(text)); id != "" {
			s.t.Errorf("windvane %s prints %q", strings.Join(args, " "), id)
		}
	}
	return stderr
}

// hidden looks at every object under dir, raw and, of Parquet files, at every value and the names of columns.
func (c canaries) hidden(t *testing.T, dir string) {
	t.Helper()
	objects := 0
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		objects++
		if id := c.seen([]byte(path)); id != "" {
			t.Errorf("the name of %s tells %q", path, id)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if id := c.seen(data); id != "" {
			t.Errorf("%s tells %q", path, id)
		}
		if strings.HasSuffix(path, ".parquet") {
			c.hiddenValues(t, path, data)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if objects == 0 {
		t.Errorf("nothing is there in %s: the test proves nothing", dir)
	}
}

func (c canaries) hiddenValues(t *testing.T, path string, data []byte) {
	t.Helper()
	file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	fields := file.Schema().Fields()
	for _, f := range fields {
		if strings.Contains(path, "/published/") && isBuyerColumn(f.Name()) {
			t.Errorf("%s publishes column %s", path, f.Name())
		}
	}
	for _, group := range file.RowGroups() {
		for _, row := range rowsOf(t, group) {
			for _, v := range row {
				value := []byte(v.String())
				if v.Kind() == parquet.Int64 {
					value = binary.LittleEndian.AppendUint64(value, uint64(v.Int64()))
				}
				if id := c.seen(value); id != "" {
					t.Errorf("%s: column %s tells %q", path, fields[v.Column()].Name(), id)
				}
			}
		}
	}
}

// isBuyerColumn tells a column of buyers' ids from counts of buyers.
func isBuyerColumn(name string) bool {
	return strings.HasPrefix(name, "buyer") && name != "buyers" && !strings.HasPrefix(name, "buyers_")
}

func TestNoPublishedTableDeclaresBuyers(t *testing.T) {
	for _, table := range contract.Publications() {
		for _, c := range table.Columns {
			if c.Kind == contract.Buyer || c.Kind == contract.Key || isBuyerColumn(c.Name) {
				t.Errorf("%s publishes %s", table.Name, c.Name)
			}
		}
	}
}

// checkRejects wants the reasons of the bad rows, so that the search had something to find.
func checkRejects(t *testing.T, name string) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"null_required,buyer_id", "unknown_value,scene,dungeon", "negative,buyer_paid_fen,", "outside_day", "duplicate_conflict"} {
		if !strings.Contains(string(data), want) {
			t.Errorf("rejects do not tell %q:\n%s", want, data)
		}
	}
}
