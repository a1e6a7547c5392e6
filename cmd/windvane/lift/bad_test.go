package lift

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// bad is a file and flags that must be refused in words that name file, place, column and remedy.
type bad struct {
	name, text, args string // FILE in args is the file
	code             int
	says             string // regular expression
}

func checkRefused(t *testing.T, cases []bad) {
	t.Helper()
	dir := t.TempDir()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			file := textFile(t, dir, "data.csv", c.text)
			code, out, errs := run(t, strings.Fields(strings.ReplaceAll(c.args, "FILE", file))...)
			if code != c.code || !regexp.MustCompile(c.says).MatchString(errs) {
				t.Errorf("exit code %d, want %d: %s%s", code, c.code, errs, out)
			}
			if strings.Contains(errs, "panic") || strings.Contains(errs, "goroutine") {
				t.Errorf("it died: %s", errs)
			}
		})
	}
}

const (
	diffFlags  = "--method diff --file FILE --arm arm --y y"
	blockFlag  = "--method sdid --panel FILE --unit u --time t --outcome y --treated d"
	fourRows   = "arm,y\n0,1\n0,2\n1,3\n1,5\n"
	panelOfTwo = "u,t,y,d\na,1,1,0\na,2,2,0\na,3,3,0\nb,1,1,0\nb,2,3,0\nb,3,9,1\n"
)

func TestLiftRefusesFiles(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write([]byte(strings.Repeat(fourRows, 100))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	checkRefused(t, []bad{
		{"empty", "", diffFlags, 1, `data.csv: the file is empty; it needs a line of column names`},
		{"a byte order mark alone", "\ufeff", diffFlags, 1, `data.csv: the file is empty`},
		{"blank lines", "\n\n\n", diffFlags, 1, `data.csv: the file is empty`},
		{"header only", "arm,y\n", diffFlags, 1, `data.csv: there is a header and no row below it`},
		{"UTF-16", "\xff\xfea\x00r\x00m\x00", diffFlags, 1, `data.csv: the text is UTF-16; save it as CSV UTF-8`},
		{"binary", "ELF\x00\x01\x02", diffFlags, 1, `data.csv: this is neither CSV nor Parquet`},
		{"GBK names", "\xb7\xd6\xd7\xe9,y\n0,1\n", diffFlags, 1, `data.csv: the column names are not UTF-8`},
		{"half of a Parquet file", "PAR1 and no more of it", diffFlags, 1, `data.csv: .*corrupt`},
		{"half of a gzip file", z.String()[:z.Len()/2], diffFlags, 1, `data.csv: .*(EOF|corrupt)`},
		{"no such column", fourRows, "--method diff --file FILE --arm arm --y gmv", 2, `--y: .*data.csv has no column gmv; it has arm, y`},
		{"two columns of one name", "arm,y,y\n0,1,2\n", diffFlags, 1, `data.csv: column y stands there twice, as number 2 and 3; rename one`},
		{"a cell too few", "arm,y\n0,1\n1\n", diffFlags, 1, `data.csv: line 3 has 1 cell, the header another number; .*--delimiter`},
		{"a cell too many", "arm,y\n0,1\n1,1,234\n", diffFlags, 1, `data.csv: line 3 has 3 cells`},
		{"a quote inside", "arm,y\n0,1\n1,5\"7\n", diffFlags, 1, `data.csv: line 3: .*quotes around the whole cell`},
		{"a quote left open", "arm,y\n0,\"1\n1,2\n", diffFlags, 1, `data.csv: line [0-9]: .*quote`},
		{"a quote left open in a large file", "arm,y\n0,\"" + strings.Repeat("1,2\n", 5<<20), diffFlags, 1, `data.csv: a record of more than 16 MiB; is a quote left open`},
		{"an empty cell", "arm,y\n0,1\n1,\n", diffFlags, 1, `data.csv: line 3, column y: the cell is empty; fill it in .*--missing drop`},
		{"an arm without a name", "arm,y\n0,1\n ,2\n", diffFlags, 1, `data.csv: line 3, column arm: the cell is empty`},
		{"NaN", "arm,y\n0,1\n1,NaN\n", diffFlags, 1, `data.csv: line 3, column y: "NaN" is no value`},
		{"NA of R", "arm,y\n0,1\n1,NA\n", diffFlags, 1, `data.csv: line 3, column y: "NA" is no value`},
		{"infinite", "arm,y\n0,1\n1,inf\n", diffFlags, 1, `data.csv: line 3, column y: "inf" is`},
		{"too large", "arm,y\n0,1\n1,1e999\n", diffFlags, 1, `data.csv: line 3, column y: "1e999" is infinite or too large`},
		{"too large to be squared", "arm,y\n0,1\n1,-1e200\n", diffFlags, 1, `data.csv: line 3, column y: -1e\+200 is infinite or too large`},
		{"text", "arm,y\n0,1\n1,many\n", diffFlags, 1, `data.csv: line 3, column y: "many" is not a number; is it the column meant`},
		{"hexadecimal", "arm,y\n0,1\n1,0x10\n", diffFlags, 1, `"0x10" is not a number`},
		{"thousands separators", "arm,y\n0,1\n1,\"1,234\"\n", diffFlags, 1, `line 3, column y: "1,234" is not a number; write it without thousands`},
		{"percent", "arm,y\n0,1\n1,12%\n", diffFlags, 1, `write a share as 0.12`},
		{"the line of a row after a cell with a line feed", "arm,y,note\n0,1,\"a\nb\"\n1,x,c\n", diffFlags, 1, `data.csv: line 4, column y: "x"`},
		{"all dropped", "arm,y\n0,\n1,\n", diffFlags + " --missing drop", 1, `all 2 rows lack a value and were left out`},
		{"one arm", "arm,y\n1,1\n1,2\n", diffFlags, 1, `column arm has one arm only, 1; an effect needs`},
		{"which is the control", "arm,y\na,1\nb,2\n", diffFlags, 2, `--control: say which value of column arm is the control: a, b`},
		{"no such control", fourRows, diffFlags + " --control 2", 2, `--control: .*has no arm "2" in column arm; it has 0, 1`},
		{"three arms", "arm,y\n0,1\n1,2\n2,3\n", diffFlags, 2, `--treatment: column arm has more than two arms, say which is compared with 0: 0, 1, 2`},
		{"a cluster in both arms", "arm,y,k\n0,1,a\n1,2,a\n", diffFlags + " --cluster k", 1, `line 3, column k: cluster "a" stands in both arms, 0 and 1`},
		{"nothing to divide by", "arm,y,d\n0,1,0\n0,2,0\n1,2,1\n1,2,1\n", "--method ratio --file FILE --arm arm --y y --d d", 1, `data.csv: the denominator .* adds up to zero in an arm`},
		{"a single count", "", "--method srm --counts 5", 2, `--counts: one arm only`},
		{"served is no mark", "arm,y,s\n0,1,0\n1,2,3\n", "--method cace --file FILE --arm arm --y y --served s", 1, `column s has the value 3; served is 1`},
		{"sizes that cannot be chance", "arm,y\n" + strings.Repeat("0,1\n0,2\n", 50) + strings.Repeat("1,1\n", 900), diffFlags + " --expected 0=0.5,1=0.5", 1, `sample-ratio mismatch: 100 0 and 900 1 .*lift is not shown`},
		{"sums in two rows", "arm,n,y,yy\n0,2,2,2\n0,2,3,5\n1,2,3,5\n", "--method diff --sums FILE --arm arm", 1, `an arm stands in two rows`},
		{"half a unit", "arm,n,y,yy\n0,2.5,2,2\n1,2,3,5\n", "--method diff --sums FILE --arm arm", 1, `line 2, column n: 2.5 is not a number of units`},
		{"squares too small", "arm,n,y,yy\n0,2,4,1\n1,2,3,5\n", "--method diff --sums FILE --arm arm", 1, `line 2, column yy: 1 is less than`},
		{"sums without squares", "arm,n,y\n0,2,2\n1,2,3\n", "--method diff --sums FILE --arm arm", 2, `has no column yy; it has arm, n, y`},
		{"p above one", "p\n0.5\n1.5\n", "--method bh --file FILE --p p", 1, `line 3, column p: 1.5 is no p-value`},
		{"e below zero", "e\n0.5\n-1\n", "--method ebh --file FILE --e e", 1, `line 3, column e: -1 is no e-value`},
		{"a standard error of zero", "y,se\n1,1\n2,0\n", "--method eb --file FILE --y y --se se", 1, `line 3, column se: a standard error of 0`},
		{"one unit to shrink", "y,se\n1,1\n", "--method eb --file FILE --y y --se se", 1, `data.csv: too few units`},
		{"nobody treated", "y,d,x\n1,0,1\n2,0,2\n", "--method ipw --file FILE --y y --treated d --covariates x", 1, `column d: no unit is treated; both are needed`},
		{"treated twice", "y,d,x\n1,0,1\n2,2,2\n", "--method ipw --file FILE --y y --treated d --covariates x", 1, `line 3, column d: 2 is neither 1`},
		{"a single cluster", "y,d,x,k\n1,0,1,a\n2,0,2,a\n2,0,4,a\n5,1,2,a\n6,1,3,a\n7,1,1,a\n", "--method aipw --file FILE --y y --treated d --covariates x --cluster k", 1, `data.csv: too few units: all units .* in one cluster; .* at least two clusters`},
		{"told apart", "y,d,x\n1,0,1\n2,0,2\n2,0,3\n5,1,11\n6,1,12\n7,1,13\n", "--method ipw --file FILE --y y --treated d --covariates x", 1, `data.csv: covariates tell treated and controls apart`},
	})
}

func TestLiftRefusesPanels(t *testing.T) {
	checkRefused(t, []bad{
		{"twice", panelOfTwo + "a,2,7,0\n", blockFlag, 1, `data.csv: line 3 and line 8 both are unit a, period 2; add them up or remove one`},
		{"twice instead of another", strings.Replace(panelOfTwo, "a,2,2", "a,1,2", 1), blockFlag, 1, `line 2 and line 3 both are unit a, period 1`},
		{"a gap", strings.Replace(panelOfTwo, "a,2,2,0\n", "", 1), blockFlag, 1, `the panel is not balanced: unit a has no row for period 2 \(1 unit lack some\); add the rows`},
		{"as many units as periods", "u,t,y,d\n" + manyUnits(20_000), blockFlag, 1, `the panel is not balanced: unit`},
		{"leaves", "u,t,y,d\na,1,1,0\na,2,2,0\nb,1,1,1\nb,2,3,0\n", blockFlag, 1, `line 5, column d: unit b is treated in period 1 and no longer in 2`},
		{"a mark of two", strings.Replace(panelOfTwo, "9,1", "9,2", 1), blockFlag, 1, `line 7, column d: 2 is neither 1 \(treated in this period\) nor 0`},
		{"never treated", strings.Replace(panelOfTwo, "9,1", "9,0", 1), blockFlag, 1, `no unit is ever treated by column d`},
		{"all treated", "u,t,y,d\na,1,1,0\na,2,2,0\na,3,3,1\n", blockFlag, 1, `data.csv: too few units or periods: 0 control units`},
		{"from the first period on", "u,t,y,d\na,1,1,0\na,2,2,0\nb,1,1,1\nb,2,3,1\n", blockFlag, 1, `data.csv: too few units or periods: .* 0 periods before`},
		{"months by name", strings.NewReplacer(",1,", ",Jan 20,", ",2,", ",Feb 20,").Replace("u,t,y,d\na,1,1.0,0\na,2,2.0,0\nb,1,1.5,0\nb,2,3.0,1\n"), blockFlag, 1, `column t: periods such as .*Jan 20.* are neither numbers nor dates`},
		{"days without zeros", "u,t,y,d\na,2026-1-9,1,0\na,2026-1-10,2,0\nb,2026-1-9,1,0\nb,2026-1-10,3,1\n", blockFlag, 1, `column t: periods such as`},
		{"starts that differ", "u,t,y,s\na,1,1,\na,2,2,\nb,1,1,2\nb,2,3,1\n", strings.Replace(blockFlag, "--treated d", "--start s", 1), 1, `line 5, column s: unit b starts in "1" here and in "2" elsewhere`},
		{"a start in words", "u,t,y,s\na,1,1,\na,2,2,\nb,1,1,soon\nb,2,3,soon\n", strings.Replace(blockFlag, "--treated d", "--start s", 1), 1, `line 4, column s: "soon" is not written as the periods of column t are, such as 1`},
		{"no noise", "u,t,y,d\na,1,1,0\na,2,1,0\na,3,1,0\nc,1,1,0\nc,2,1,0\nc,3,1,0\nb,1,1,0\nb,2,3,0\nb,3,3,1\n", blockFlag, 1, `data.csv: control units do not vary before the start`},
		{"a single cluster", "u,t,y,d,k\na,1,1,0,k\na,2,2,0,k\nc,1,1,0,k\nc,2,5,0,k\nb,1,1,0,k\nb,2,3,1,k\n", strings.Replace(blockFlag, "sdid", "cs", 1) + " --cluster k", 1, `data.csv: too few units or periods: all units are in one cluster; .* at least two clusters`},
		{"geo with two starts", "u,t,y,d\na,1,1,0\na,2,2,0\na,3,1,0\nb,1,1,0\nb,2,3,1\nb,3,3,1\nc,1,1,0\nc,2,3,0\nc,3,3,1\n", strings.Replace(blockFlag, "sdid", "geo", 1), 1, `units start in different periods; geo is for one start`},
	})
}

// manyUnits are as many units as periods, each with one row: a table of all pairs would be far larger than the file.
func manyUnits(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "u%d,%d,1,0\n", i, i)
	}
	return b.String()
}

func TestLiftRefusesFlags(t *testing.T) {
	checkRefused(t, []bad{
		{"no method", fourRows, "--file FILE", 2, `--method: say which; windvane lift --methods`},
		{"no such method", fourRows, "--method magic --file FILE", 2, `--method: "magic" is none of diff, ratio`},
		{"no file", fourRows, "--method diff --arm arm --y y", 2, `--method diff needs --file; windvane lift --methods`},
		{"no outcome", fourRows, "--method diff --file FILE --arm arm", 2, `--method diff needs --y`},
		{"no panel flags", fourRows, "--method sdid", 2, `--method sdid needs --unit, --time, --outcome, --treated or --start, --panel`},
		{"a flag without use", fourRows, diffFlags + " --unit arm", 2, `--unit: --method diff does not use it`},
		{"confidence in percent", fourRows, diffFlags + " --confidence 95", 2, `--confidence: 95 is not between 0 and 1; 0.95 is 95 %`},
		{"confidence is NaN", fourRows, diffFlags + " --confidence NaN", 2, `--confidence: NaN`},
		{"alternative", fourRows, diffFlags + " --alternative more", 2, `--alternative: "more" is none of greater, less, two-sided`},
		{"delimiter", fourRows, diffFlags + " --delimiter pipe", 2, `--delimiter: "pipe" is none of`},
		{"missing", fourRows, diffFlags + " --missing zero", 2, `--missing: "zero" is none of error, drop`},
		{"planned", fourRows, diffFlags + " --planned -5", 2, `--planned: -5 is not above 0`},
		{"file and panel", fourRows, diffFlags + " --panel FILE", 2, `file panel`},
		{"a bucket", fourRows, "--method diff --file s3://bucket/file.csv --arm arm --y y", 2, `lift reads local files`},
		{"no such file", fourRows, "--method diff --file FILE.none --arm arm --y y", 1, `read .*data.csv.none: .*no such file`},
		{"shares for three", fourRows, diffFlags + " --expected 0.1,0.2,0.7", 2, `--expected: 3 shares for 2 arms`},
		{"shares of another", fourRows, diffFlags + " --expected x=0.1,1=0.9", 2, `--expected: there is no arm "x"`},
		{"shares of nothing", fourRows, diffFlags + " --expected 0=0,1=1", 2, `--expected: "0=0" is not a share above 0`},
		{"looks that do not ascend", "", "--method bounds --looks 0.5,0.4", 2, `information fraction 0.4 of look 2`},
		{"scores", "y,d,x\n1,0,1\n", "--method ipw --file FILE --y y --treated d --covariates x --keep 0.9", 2, `--keep: say the least and the largest score`},
		{"two covariates of a ratio", fourRows, "--method cuped --file FILE --arm arm --y y --d y --w y --covariates y,y", 2, `--covariates: a ratio or clusters take one`},
		{"one denominator", fourRows, "--method cuped --file FILE --arm arm --y y --d y --x y", 2, `--d and --w`},
		{"an argument", fourRows, diffFlags + " stray", 2, `unknown command|accepts`},
	})
	for _, flag := range []string{"--arm", "--file", "--cluster", "--control"} {
		if code, _, errs := run(t, "--method", "diff", "--file", "f", "--y", "y", "--arm", "a", flag, ""); code != 2 || !strings.Contains(errs, flag+": it says nothing") {
			t.Errorf("%s without a name: exit code %d: %s", flag, code, errs)
		}
	}
	code, _, errs := run(t, "--method", "diff", "--file", t.TempDir(), "--arm", "a", "--y", "y")
	if code != 1 || !strings.Contains(errs, "is a folder") {
		t.Errorf("a folder: exit code %d: %s", code, errs)
	}
}

// What is odd and right all the same.
func TestLiftReadsOddFiles(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write([]byte(fourRows)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, c := range map[string]struct{ text, args string }{
		"plain":                     {fourRows, "--arm arm --y y"},
		"byte order mark":           {"\ufeff" + fourRows, "--arm arm --y y"},
		"carriage returns":          {strings.ReplaceAll(fourRows, "\n", "\r\n"), "--arm arm --y y"},
		"quotes and commas":         {"\"arm\",y,note\n0,1,\"a, b\"\n\"0\",\"2\",\"say \"\"x\"\"\"\n1,3,\n1,5,\"two\nlines\"\n", "--arm arm --y y"},
		"Chinese names":             {"分组,成交额\n对照组,1\n对照组,2\n实验组,3\n实验组,5\n", "--arm 分组 --y 成交额"},
		"no last line feed":         {strings.TrimSuffix(fourRows, "\n"), "--arm arm --y y"},
		"blanks":                    {"arm , y\n 0, 1\n 0 ,2 \n1,3\n1, 5\n", "--arm arm --y y"},
		"tabs":                      {strings.ReplaceAll(fourRows, ",", "\t"), "--arm arm --y y"},
		"semicolons":                {strings.ReplaceAll(fourRows, ",", ";"), "--arm arm --y y"},
		"bars":                      {strings.ReplaceAll(fourRows, ",", "|"), "--arm arm --y y --delimiter |"},
		"columns apart by blanks":   {" arm   y \n0  1\n0\t2\n 1  3 \n1 5\n\n", "--arm arm --y y --delimiter space"},
		"compressed":                {z.String(), "--arm arm --y y"},
		"exponents and signs":       {"arm,y\nfalse,1e0\nfalse,+2\ntrue,.3E1\ntrue,5.\n", "--arm arm --y y"},
		"a column twice, not asked": {"arm,z,y,z\n0,a,1,a\n0,a,2,a\n1,a,3,a\n1,a,5,a\n", "--arm arm --y y"},
		"rows dropped":              {fourRows + "1,\n0,NA\n1,null\n", "--arm arm --y y --missing drop"},
		"blank lines between":       {strings.ReplaceAll(fourRows, "\n", "\n\n"), "--arm arm --y y"},
	} {
		t.Run(name, func(t *testing.T) {
			file := textFile(t, dir, "odd name 名.csv", c.text)
			a := answerOf(t, append([]string{"--method", "diff", "--file", file}, strings.Fields(c.args)...)...)
			a.printed(t, "difference", "2.5")
		})
	}
	if err := os.Symlink(filepath.Join(dir, "odd name 名.csv"), filepath.Join(dir, "link.csv")); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := run(t, "--method", "srm", "--file", filepath.Join(dir, "link.csv"), "--arm", "arm"); code != 0 && !strings.Contains(errs, "no column arm") {
		t.Errorf("a link: %s", errs)
	}
}
