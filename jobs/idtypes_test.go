package jobs_test

import (
	"os"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// deliverText delivers days of a table of the small market again, with ids as text.
func (d *deployment) deliverText(table string, first, last calendar.Day) {
	d.t.Helper()
	p := twin.Partitions{Orders: map[twin.Day][]twin.Order{}, Refunds: map[twin.Day][]twin.Refund{},
		Products: map[twin.Day][]twin.Product{}, Talents: map[twin.Day][]twin.Talent{}}
	for day := twin.Day(first); day <= twin.Day(last); day++ {
		switch table {
		case "orders":
			p.Orders[day] = orders(day)
		case "refunds":
			p.Refunds[day] = refunds(day)
		case "products":
			p.Products[day] = products(day)
		case "talents":
			p.Talents[day] = talents(day)
		}
	}
	if err := twin.WriteDumps(filepath.Join(d.in, "dumps"), p, twin.DumpOptions{}); err != nil {
		d.t.Fatal(err)
	}
}

// A buyer, an order and a line are the same whether a table, a day or a file has their ids as INT64 or as text: undone purchases
// find their buyers, nobody is new because a type changed, a line is settled once.
func TestIDsMayBeTextInSomeTablesAndDays(t *testing.T) {
	tables := []string{"orders", "refunds", "products", "talents"}
	all := newDeployment(t)
	for _, table := range tables {
		all.deliverText(table, firstDay, lastDay)
	}
	all.night(lastDay - 1)
	want := figures(all.night(lastDay))
	for name, deliver := range map[string]func(*deployment){
		"refunds as text":               func(d *deployment) { d.deliverText("refunds", firstDay, lastDay) },
		"orders as text from a day on":  func(d *deployment) { d.deliverText("orders", lastDay-3, lastDay) },
		"refunds as text from a day on": func(d *deployment) { d.deliverText("refunds", lastDay-2, lastDay) },
		"orders as text up to a day": func(d *deployment) {
			d.deliverText("orders", firstDay, lastDay-3)
			d.deliverText("refunds", lastDay, lastDay)
		},
		"a day in both types": func(d *deployment) {
			number := filepath.Join(d.dump("orders", lastDay), "part-00000.parquet")
			if err := os.Rename(number, filepath.Join(d.dump("orders", lastDay), "part-00001.parquet")); err != nil {
				t.Fatal(err)
			}
			d.deliverText("orders", lastDay, lastDay)
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDeployment(t)
			d.t = t
			deliver(d)
			d.deliverText("products", lastDay-1, lastDay) // what is published is text in all of them
			d.deliverText("talents", lastDay-1, lastDay)
			d.night(lastDay - 1)
			if diff := gocmp.Diff(want, figures(d.night(lastDay))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Ids that become text are the same subjects as before: what the run before published of them as numbers is theirs, not that of whoever
// has the number for a code.
func TestPublishedIDsThatBecomeTextKeepTheirHistory(t *testing.T) {
	always := newDemo(t, 34)
	d := always.forked(t)
	always.settings.IDs = contract.IDTypes{contract.Product: true, contract.Merchant: true, contract.Talent: true}
	always.night(lastDay - 1)
	d.night(lastDay - 1)
	d.settings.IDs = always.settings.IDs
	const read = "data_quality" // it tells which days were made anew, which are all of them
	if diff := gocmp.Diff(bytesOf(always.night(lastDay), read), bytesOf(d.night(lastDay), read)); diff != "" {
		t.Error(diff)
	}
}
