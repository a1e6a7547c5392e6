package mapping_test

import (
	"testing"

	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
)

func TestPath(t *testing.T) {
	for _, c := range []struct{ name, template, on, prefix, prefixOn string }{
		{"the default", mapping.DefaultPath(contract.Orders), "dumps/orders/dt=2026-01-31/*.parquet", "dumps/orders/dt=", "dumps/orders/dt=2026-01-31/"},
		{"without dashes", "w/{yyyymmdd}.parquet", "w/20260131.parquet", "w/", "w/20260131.parquet"},
		{"in parts", "w/y={yyyy}/m={mm}/d={dd}/part-*", "w/y=2026/m=01/d=31/part-*", "w/y=", "w/y=2026/m=01/d=31/part-"},
		{"a static table", mapping.DefaultPath(contract.Calendar), "dumps/calendar/*.parquet", "dumps/calendar/", "dumps/calendar/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := mapping.ParsePath(c.template)
			if err != nil {
				t.Fatal(err)
			}
			d := day(t, "2026-01-31")
			if p.On(d) != c.on || p.Prefix() != c.prefix || p.PrefixOn(d) != c.prefixOn || p.String() != c.template {
				t.Errorf("On = %s, Prefix = %s, PrefixOn = %s", p.On(d), p.Prefix(), p.PrefixOn(d))
			}
		})
	}
}

func TestPathMatch(t *testing.T) {
	for _, c := range []struct {
		template, key string
		want          string // day; empty: no match
	}{
		{"d/dt={date}/*.parquet", "d/dt=2026-01-31/a.parquet", "2026-01-31"},
		{"d/dt={date}/*.parquet", "d/dt=2026-02-30/a.parquet", ""},
		{"d/dt={date}/*.parquet", "d/dt=2026-01-31/x/a.parquet", ""},
		{"d/dt={date}/*.parquet", "d/dt=2026-01-31/_SUCCESS", ""},
		{"d/dt={date}/*.parquet", "e/d/dt=2026-01-31/a.parquet", ""},
		{"{yyyy}/{mm}/{dd}/*", "2026/01/31/a", "2026-01-31"},
		{"{yyyy}/{date}/*", "2025/2026-01-31/a", ""},
		{"d/*/{yyyymmdd}", "d/x.y/20260131", "2026-01-31"},
		{"d/*.parquet", "d/a.parquet", "1970-01-01"},
		{"d.x/{date}", "dax/2026-01-31", ""},
	} {
		p, err := mapping.ParsePath(c.template)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := p.Match(c.key)
		if ok != (c.want != "") || ok && got.String() != c.want {
			t.Errorf("%s matches %s: %s, %t; want %q", c.template, c.key, got, ok, c.want)
		}
	}
}

func TestParsePathRefuses(t *testing.T) {
	for _, template := range []string{"", "/abs/{date}", "a/../{date}", "../{date}", "a//{date}", `a\{date}`, "a/{day}", "a/{date", "a/date}", "a/\x00{date}", "./{date}", "a/{date}/"} {
		if p, err := mapping.ParsePath(template); err == nil {
			t.Errorf("%q is accepted as %v", template, p)
		}
	}
}
