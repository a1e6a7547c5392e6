package cli

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestWrongUseIsToldFromTrouble(t *testing.T) {
	for _, err := range []error{Usagef("--top: %d is below 0", -1), fmt.Errorf("lift: %w", UsageError{errors.New("no file")})} {
		if !IsUsage(err) {
			t.Errorf("%v is no wrong use", err)
		}
	}
	if err := errors.New("disk full"); IsUsage(err) {
		t.Errorf("%v is wrong use", err)
	}
}

// The errors that cobra makes itself have no type: a new release of it may word them otherwise.
func TestCobrasErrorsAreWrongUse(t *testing.T) {
	for _, args := range []string{"nothing", "--nothing", "make", "make --size x", "make --size 1 extra", "make --size 1 --small", "only"} {
		root := &cobra.Command{Use: "root", SilenceUsage: true, SilenceErrors: true}
		nothing := func(*cobra.Command, []string) error { return nil }
		sized := &cobra.Command{Use: "make", Args: cobra.ExactArgs(0), RunE: nothing}
		sized.Flags().Int("size", 0, "")
		sized.Flags().Bool("small", false, "")
		if err := sized.MarkFlagRequired("size"); err != nil {
			t.Fatal(err)
		}
		sized.MarkFlagsMutuallyExclusive("size", "small")
		root.AddCommand(sized, &cobra.Command{Use: "only", Args: cobra.MinimumNArgs(1), RunE: nothing})
		root.SetArgs(strings.Fields(args))
		if err := root.Execute(); err == nil || !IsUsage(err) {
			t.Errorf("root %s: %v", args, err)
		}
	}
}

func TestNumbersForPeople(t *testing.T) {
	for got, want := range map[string]string{
		Grouped(0): "0", Grouped(-999): "-999", Grouped(1234567): "1,234,567", Grouped(-1234): "-1,234",
		Signed(5): "+5", Signed(-5): "-5", Plural(1, "row"): "1 row", Plural(2000, "row"): "2,000 rows",
		Size(1023): "1023 B", Size(1536): "1.5 KiB", Size(3 << 30): "3.0 GiB",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A product's name may hold what steers a terminal, or what looks like a row of ours.
func TestTextsOfDumpsDoNotSteerTheTerminal(t *testing.T) {
	var out strings.Builder
	rows := [][]string{{"\x1b[2Jcup\n9002  tea", "1"}, {"\u202egnp\r\u009b2J", "2"}, {"川流 é 🦀", "30"}}
	if err := Table(&out, []string{"name\a", "orders\n"}, rows, "orders\n"); err != nil {
		t.Fatal(err)
	}
	want := "name?              orders?\n?[2Jcup?9002  tea        1\n?gnp??2J                 2\n川流 é 🦀               30\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	if got := Lines("one\ntwo\x1b[0m"); got != "one\ntwo?[0m" {
		t.Errorf("lines: %q", got)
	}
}

// Chinese characters take two columns.
func TestLongTextsAreCutByTheirWidth(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "0123456789": "0123456789", "0123456789a": "012345678…", strings.Repeat("长", 13_000): "长长长长…", "长长长长长": "长长长长长", "\x1b[31mred\x1b[0m": "?[31mred?…",
	} {
		if got := Short(text, 10); got != want {
			t.Errorf("%.20q is %q, want %q", text, got, want)
		}
	}
}

func TestWordsOfAListAreOfferedOnce(t *testing.T) {
	words, _ := ListOf([]string{"missing", "failed", "stale"})(nil, nil, "failed,s")
	if got := strings.Join(words, " "); got != "failed,missing failed,stale" {
		t.Errorf("offered %s", got)
	}
}
