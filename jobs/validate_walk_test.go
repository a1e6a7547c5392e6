package jobs_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/mapping"
)

// Whatever is wrong with dumps or with what is declared of them: validate finds something exactly if a first night fails.
func TestValidateFailsWhereTheNightDoes(t *testing.T) {
	t.Parallel()
	failed := 0
	for seed := range damagedMarkets {
		d, chance := newDeployment(t), rand.New(rand.NewPCG(11, seed))
		d.settings.Tables = map[string]mapping.Table{}
		var told []string
		for range 1 + chance.IntN(3) {
			told = append(told, d.mishap(chance))
		}
		problems := d.problems()
		_, err := d.try(lastDay)
		if (err != nil) != (len(problems) > 0) {
			t.Errorf("%d: %s: validate finds %q, the night: %v", seed, strings.Join(told, "; "), problems, err)
		}
		if err != nil {
			failed++
		}
	}
	if failed < int(damagedMarkets)/5 || failed > int(damagedMarkets)*4/5 {
		t.Errorf("%d of %d nights failed: the test shows little", failed, damagedMarkets)
	}
}

// problems are what validate says of all days.
func (d *deployment) problems() (problems []string) {
	d.t.Helper()
	in, err := lake.Open(d.t.Context(), d.in, lake.Options{})
	if err != nil {
		d.t.Fatal(err)
	}
	defer in.Close()
	r := &jobs.Runner{In: in, Settings: d.settings}
	err = r.Validate(d.t.Context(), firstDay, lastDay, jobs.ValidateOptions{Limit: 1}, func(found jobs.TableReport) error {
		if found.Status == jobs.ReportFailed {
			problems = append(problems, fmt.Sprintf("%s %s: %s", found.Table, found.Day, strings.Join(found.Problems, ", ")))
		}
		return nil
	})
	if err != nil {
		problems = append(problems, err.Error())
	}
	return problems
}

// mishap does something at random to the dumps or to what is declared of them, and tells what.
func (d *deployment) mishap(chance *rand.Rand) string {
	d.t.Helper()
	table := []string{"orders", "refunds", "products", "talents"}[chance.IntN(4)]
	day := firstDay + calendar.Day(chance.IntN(marketDays))
	kinds := []func(table string, day calendar.Day, chance *rand.Rand) string{d.damageFile, d.damageRows, d.declare}
	return fmt.Sprintf("%s %s %s", table, day, kinds[chance.IntN(len(kinds))](table, day, chance))
}

// damageFile spoils the file of a partition, or takes it away.
func (d *deployment) damageFile(table string, day calendar.Day, chance *rand.Rand) string {
	file := filepath.Join(d.dump(table, day), "part-00000.parquet")
	data, err := os.ReadFile(file)
	if err != nil { // it was taken away
		return "is gone"
	}
	what := []string{"is gone", "cut", "without a byte", "flipped", "twice", "beside another"}[chance.IntN(6)]
	switch what {
	case "is gone":
		d.drop(table, day)
		return what
	case "cut":
		data = data[:len(data)/2]
	case "without a byte":
		data = nil
	case "flipped":
		data[len(data)/3] ^= 0x10
	case "twice":
		file = filepath.Join(filepath.Dir(file), "part-00001.parquet")
	case "beside another":
		file, data = filepath.Join(filepath.Dir(file), "part-00001.parquet"), []byte("PAR1 and no more PAR1")
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		d.t.Fatal(err)
	}
	return what
}

// damageRows delivers other orders or refunds.
func (d *deployment) damageRows(_ string, day calendar.Day, chance *rand.Rand) string {
	p := twin.Partitions{Orders: map[twin.Day][]twin.Order{}, Refunds: map[twin.Day][]twin.Refund{}, Products: map[twin.Day][]twin.Product{}, Talents: map[twin.Day][]twin.Talent{}}
	rows, key := orders(twin.Day(day)), twin.Day(day)
	what := []string{"no orders", "no refunds", "sums beyond int64", "money beyond what is exact", "below 0", "orders of other days", "a dozen of other days", "no products", "a refund beyond the order"}[chance.IntN(9)]
	switch what {
	case "no orders":
		p.Orders[key] = []twin.Order{}
	case "no refunds":
		p.Refunds[key] = []twin.Refund{}
	case "no products":
		p.Products[key] = []twin.Product{}
	case "sums beyond int64":
		rows[0].BuyerPaidFen, rows[1].BuyerPaidFen = 1<<62, 1<<62
		p.Orders[key] = rows
	case "money beyond what is exact":
		rows[0].BuyerPaidFen = 6_000_000_000_000_000
		p.Orders[key] = rows
	case "below 0":
		rows[0].BuyerPaidFen = -5
		p.Orders[key] = rows
	case "orders of other days":
		p.Orders[key] = append(rows, orders(key-3)...)
	case "a dozen of other days":
		for n := range twin.Day(12) {
			rows = append(rows, orders(key+20+n)...)
		}
		p.Orders[key] = rows
	case "a refund beyond the order":
		p.Refunds[key] = refunds(key)
		p.Refunds[key][0].AmountFen *= 10
	}
	d.deliver(p)
	return what
}

// declare says something about a table.
func (d *deployment) declare(table string, day calendar.Day, chance *rand.Rand) string {
	spec := d.settings.Tables[table]
	what := []string{"absent day", "allow_empty", "min_rejects 0", "max_reject_ratio 1", "max_quarantine", "success", "absent", "another column", "in ms", "tolerance"}[chance.IntN(10)]
	switch what {
	case "absent day":
		if d.settings.AbsentDays == nil {
			d.settings.AbsentDays = map[string][]calendar.Day{}
		}
		if days := d.settings.AbsentDays[table]; !slices.Contains(days, day) {
			d.settings.AbsentDays[table] = append(days, day)
			slices.Sort(d.settings.AbsentDays[table])
		}
	case "allow_empty":
		spec.AllowEmpty = true
	case "min_rejects 0":
		spec.MinRejects = new(int64)
	case "max_reject_ratio 1":
		all := 1.0
		spec.MaxRejectRatio = &all
	case "max_quarantine":
		spec.MaxQuarantine = 0.9
	case "success":
		if err := os.MkdirAll(d.dump(table, day), 0o755); err != nil {
			d.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(d.dump(table, day), "_SUCCESS"), nil, 0o600); err != nil {
			d.t.Fatal(err)
		}
	case "absent":
		spec.Absent = table != "orders"
	case "another column":
		column := map[string]string{"orders": "scene", "refunds": "amount_fen", "products": "brand_id", "talents": "followers"}[table]
		spec.Columns = map[string]mapping.Column{column: {Column: "nobody_has_it"}}
	case "in ms":
		column := map[string]string{"orders": "paid_at", "refunds": "applied_at", "products": "listed_at", "talents": "first_shown_at"}[table]
		spec.Columns = map[string]mapping.Column{column: {Unit: "ms"}}
	case "tolerance":
		spec.Tolerance = 96 * time.Hour
	}
	d.settings.Tables[table] = spec
	return what
}

// contentRow is a video of no account that is known.
type contentRow struct {
	Content int64     `parquet:"content_id"`
	Author  int64     `parquet:"author_id"`
	Kind    string    `parquet:"kind"`
	Started time.Time `parquet:"started_at,timestamp(microsecond)"`
	Viewers int64     `parquet:"viewers"`
	Views   int64     `parquet:"views"`
	Watched int64     `parquet:"watch_seconds"`
	Likes   int64     `parquet:"likes"`
	Said    int64     `parquet:"comments"`
	Shares  int64     `parquet:"shares"`
	Won     int64     `parquet:"new_followers"`
	Clicks  int64     `parquet:"product_clicks"`
	Cart    int64     `parquet:"cart_products"`
	Reports int64     `parquet:"upheld_reports"`
	Good    int64     `parquet:"good_ratings"`
	Bad     int64     `parquet:"bad_ratings"`
}

// A number that stands for "unknown" in a column that no night reads is no reason to fail, and in one that it reads it is.
func TestValidateAddsUpWhatTheNightReads(t *testing.T) {
	for name, row := range map[string]contentRow{"read": {Likes: math.MaxInt64}, "not read": {Views: math.MaxInt64, Won: math.MaxInt64, Clicks: math.MaxInt64, Cart: math.MaxInt64}} {
		d := newDeployment(t)
		row.Content, row.Author, row.Kind, row.Started = 1, 21, "short_video", time.Unix(int64(lastDay)*86_400, 0).UTC()
		if err := os.MkdirAll(d.dump("contents", lastDay), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := parquet.WriteFile(filepath.Join(d.dump("contents", lastDay), "part-0.parquet"), []contentRow{row}); err != nil {
			t.Fatal(err)
		}
		problems := d.problems()
		if _, err := d.try(lastDay); (err != nil) != (name == "read") || (len(problems) > 0) != (name == "read") {
			t.Errorf("%s: validate finds %q, the night: %v", name, problems, err)
		}
	}
}
