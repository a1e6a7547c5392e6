package mapping

import (
	"math/big"
	"strings"
	"testing"
	"time"
)

// Parsers of money and time are fuzzed from inside: they are not exported.

func FuzzParseFen(f *testing.F) {
	for _, s := range []string{"58.90", "-0.01", "0", "", ".", "-", "1e3", "92233720368547758.07", "92233720368547758.08", "00.10", "1.2.3", "+1", "٣"} {
		f.Add(s, 2)
	}
	f.Fuzz(func(t *testing.T, s string, digits int) {
		digits &= 3
		got, fault := parseFen(s, digits)
		want, ok := new(big.Rat).SetString(s)
		if !ok || strings.Trim(s, "0123456789.-") != "" {
			if fault == fine {
				t.Fatalf("parseFen(%q) = %d of no decimal number", s, got)
			}
			return
		}
		if fault == inexact && (strings.HasPrefix(strings.TrimPrefix(s, "-"), ".") || strings.HasSuffix(s, ".")) {
			return // forms that are refused though package big reads them
		}
		want.Mul(want, new(big.Rat).SetInt64(powersOfTen[digits]))
		switch {
		case !want.IsInt() && fault != inexact, want.IsInt() && !want.Num().IsInt64() && fault != overflow:
			t.Fatalf("parseFen(%q, %d): fault %d, exactly it is %s", s, digits, fault, want)
		case want.IsInt() && want.Num().IsInt64() && (fault != fine || got != want.Num().Int64()):
			t.Fatalf("parseFen(%q, %d) = %d, fault %d, exactly it is %s", s, digits, got, fault, want)
		}
	})
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{
		"2026-01-31", "2026-01-31 08:00:00", "2026-01-31T08:00:00Z", "2026-01-31T08:00:00.123456789+08:00", "2024-02-29 23:59:59.999999",
		"2025-02-29", "0001-01-01", "9999-12-31 23:59:59", "2026-01-31 08:00:00.", "2026-01-31 24:00:00", "2026-1-31", "2026-01-31T08:00:00-23:59",
	} {
		f.Add(s)
	}
	layouts := []string{"2006-01-02", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", time.RFC3339}
	f.Fuzz(func(t *testing.T, s string) {
		us, zoned, ok := parseTime(s)
		if !ok {
			return
		}
		for _, layout := range layouts {
			want, err := time.Parse(layout, s)
			if err == nil && want.UnixMicro() == us && zoned == strings.HasSuffix(layout, "07:00") {
				return
			}
		}
		t.Fatalf("parseTime(%q) = %s, which package time does not read so", s, time.UnixMicro(us).UTC())
	})
}

// What package time reads in our layouts is read here too.
func FuzzFormattedTimesAreRead(f *testing.F) {
	f.Add(int64(0), 8)
	f.Add(int64(-1), -5)
	f.Fuzz(func(t *testing.T, us int64, hours int) {
		us = firstInstant + 86400e6 + (us&(1<<62-1))%(lastInstant-firstInstant-2*86400e6)
		at := time.UnixMicro(us).In(time.FixedZone("", hours%24*3600))
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.000000Z07:00"} {
			if got, zoned, ok := parseTime(at.Format(layout)); !ok || !zoned || got != us {
				t.Fatalf("parseTime(%s) = %d, %t, %t, want %d", at.Format(layout), got, zoned, ok, us)
			}
		}
	})
}
