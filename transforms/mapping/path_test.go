package mapping_test

import (
	"strings"
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

// Two templates that take the same files of a day are told from two that do not, wherever the days lie.
func TestTheSelectionOfAPath(t *testing.T) {
	for template, want := range map[string]string{
		"dumps/orders/dt={date}/*.parquet": "*.parquet", "dw/{yyyy}/{mm}/{dd}/*.parquet": "*.parquet", "dw/{yyyymmdd}/part-0*.parquet": "part-0*.parquet",
		"dw/{yyyymmdd}/paid/*.parquet": "paid/*.parquet", "dw/region=*/{date}/hour=*/x.parquet": "region=*/hour=*/x.parquet", "flat/{date}.parquet": "", "flat/{date}-*.parquet": "{date}-*.parquet", "static/*.parquet": "*.parquet",
	} {
		p, err := mapping.ParsePath(template)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Selection(); got != want {
			t.Errorf("%s: %q, want %q", template, got, want)
		}
	}
}

// FuzzPath parses any template and matches any key: what matches names a day, and the key of that day matches again.
func FuzzPath(f *testing.F) {
	for _, c := range [][2]string{
		{"dumps/orders/dt={date}/*.parquet", "dumps/orders/dt=2026-01-31/part-0.parquet"}, {"{yyyymmdd}", "20260131"}, {"{yyyy}/{mm}/{dd}/{date}", "2026/01/31/2026-02-01"},
		{"a/*/{date}", "a/b/2026-02-30"}, {"../{date}", "../2026-01-31"}, {"{date", "x"}, {"{}", ""}, {"*{date}*", "2026-01-312026-01-30"},
	} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, template, key string) {
		p, err := mapping.ParsePath(template)
		if err != nil {
			return
		}
		if prefix := p.Prefix(); !strings.HasPrefix(template, prefix) {
			t.Fatalf("%q has the prefix %q", template, prefix)
		}
		day, ok := p.Match(key)
		if !ok {
			return
		}
		if !strings.HasPrefix(key, p.Prefix()) {
			t.Fatalf("%q matches %q without its prefix", key, template)
		}
		if p.Dated() && !strings.Contains(template, "*") && p.On(day) != key {
			t.Fatalf("%q matches %q as %s, whose key is %q", key, template, day, p.On(day))
		}
	})
}
