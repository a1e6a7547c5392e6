package lift

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/transforms/stats"
)

// The published results that the estimators are held against, through the command: files, flags, JSON. Where data and
// numbers come from stands in transforms/stats/testdata/README.md and transforms/stats/panel/testdata/README.md.

const (
	experimentData = "../../../transforms/stats/testdata/"
	panelData      = "../../../transforms/stats/panel/testdata/"
)

// answer is what lift --json prints.
type answer struct {
	Estimates []struct {
		ID                       string
		Value, SE, DF, Lo, Hi, P *float64
		Warnings                 []string
	}
	Facts   map[string]any
	Tables  map[string][]map[string]any
	Notes   []string
	Meaning string
}

func answerOf(t *testing.T, args ...string) (a answer) {
	t.Helper()
	code, out, errs := run(t, append([]string{"--json"}, args...)...)
	if code != 0 {
		t.Fatalf("windvane lift %s: exit code %d: %s", strings.Join(args, " "), code, errs)
	}
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// run runs the command below a root, which has the flag for JSON and chooses the exit code as windvane does.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	root := &cobra.Command{Use: "windvane", SilenceUsage: true, SilenceErrors: true}
	root.PersistentFlags().Bool("json", false, "")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return cli.UsageError{Err: err} })
	root.AddCommand(Command())
	root.SetArgs(append([]string{"lift"}, args...))
	root.SetOut(&out)
	root.SetErr(&errs)
	if err := root.Execute(); err != nil {
		fmt.Fprintln(&errs, err)
		if code = 1; cli.IsUsage(err) {
			code = 2
		}
	}
	return code, out.String(), errs.String()
}

// value is a figure of an answer: "lift.se" of an estimate, else a fact.
func (a answer) value(t *testing.T, name string) float64 {
	t.Helper()
	id, field, _ := strings.Cut(name, ".")
	for _, e := range a.Estimates {
		if e.ID != id {
			continue
		}
		v := map[string]*float64{"": e.Value, "se": e.SE, "df": e.DF, "lo": e.Lo, "hi": e.Hi, "p": e.P}[field]
		if v == nil {
			return math.NaN()
		}
		return *v
	}
	v, ok := a.Facts[name].(float64)
	if !ok {
		t.Fatalf("the answer has no number %s: %v", name, a.Facts)
	}
	return v
}

// printed fails unless a figure rounds to the one printed, at as many decimals (or digits, where it has an exponent).
func (a answer) printed(t *testing.T, name, want string) {
	t.Helper()
	mantissa, exponent, _ := strings.Cut(want, "e")
	decimals := 0
	if at := strings.IndexByte(mantissa, '.'); at >= 0 {
		decimals = len(mantissa) - at - 1
	}
	got := fmt.Sprintf("%.*f", decimals, a.value(t, name))
	if exponent != "" {
		got = fmt.Sprintf("%.*e", decimals, a.value(t, name))
	}
	if got != want {
		t.Errorf("%s is %s (%v), printed is %s", name, got, a.value(t, name), want)
	}
}

type fixture struct {
	args string
	want map[string]string
}

func checkFixtures(t *testing.T, fixtures []fixture) {
	t.Helper()
	for _, c := range fixtures {
		t.Run(c.args, func(t *testing.T) {
			a := answerOf(t, strings.Fields(c.args)...)
			for name, want := range c.want {
				a.printed(t, name, want)
			}
			if a.Meaning == "" {
				t.Error("nothing says what the numbers mean")
			}
		})
	}
}

// Arkhangelsky et al. 2021, table 1, to more digits, and the spread of all 38 placebos.
func TestLiftOfProposition99(t *testing.T) {
	const flags = " --panel " + panelData + "california_prop99.csv --unit State --time Year --outcome PacksPerCapita --treated treated"
	checkFixtures(t, []fixture{
		{"--method sdid" + flags, map[string]string{"effect": "-15.6038278727", "effect.se": "9.370999", "noise": "5.494401", "zeta_omega": "10.226233"}},
		{"--method sc" + flags, map[string]string{"effect": "-19.6196634709", "effect.se": "10.615297"}},
		{"--method did" + flags, map[string]string{"effect": "-27.3491110836", "effect.se": "17.2868"}},
		{"--method difp" + flags, map[string]string{"effect": "-11.1046449277", "effect.se": "10.070145"}},
		{"--method sc_reg" + flags, map[string]string{"effect": "-21.7170583429", "effect.se": "10.864418"}},
		{"--method difp_reg" + flags, map[string]string{"effect": "-16.1212023336", "effect.se": "9.721165"}},
	})
	weights := func(method, table, column string) map[string]float64 {
		w := map[string]float64{}
		for _, row := range answerOf(t, strings.Fields("--method "+method+flags)...).Tables[table] {
			w[row[column].(string)] = row["weight"].(float64)
		}
		return w
	}
	for _, c := range []struct {
		method, table, column string
		within                float64
		want                  map[string]float64
	}{
		{"sdid", "time_weights", "period", 0.0005, map[string]float64{"1986": 0.366, "1987": 0.206, "1988": 0.427}},
		{"sdid", "unit_weights", "unit", 0.0005, map[string]float64{"Nevada": 0.124, "New Hampshire": 0.105, "Connecticut": 0.078, "Delaware": 0.070,
			"Colorado": 0.058, "Illinois": 0.053, "Nebraska": 0.048, "Montana": 0.045, "Utah": 0.042, "New Mexico": 0.041}},
		{"sc", "unit_weights", "unit", 0.001, map[string]float64{"Utah": 0.396, "Montana": 0.232, "Nevada": 0.204, "Connecticut": 0.104,
			"New Hampshire": 0.045, "Colorado": 0.013, "Delaware": 0.004}},
	} {
		got := weights(c.method, c.table, c.column)
		for name, want := range c.want {
			if math.Abs(got[name]-want) > c.within {
				t.Errorf("%s, %s: %s has %v, printed is %v", c.method, c.table, name, got[name], want)
			}
		}
	}
}

// R's did on the counties of Callaway and Sant'Anna; see transforms/stats/panel/testdata.
func TestLiftOfCounties(t *testing.T) {
	dir := t.TempDir()
	rows := readCSVFile(t, panelData+"mpdta_wide.csv")
	var long strings.Builder
	fmt.Fprintln(&long, "county,state,year,lemp,first,gaps,treated")
	for _, row := range rows[1:] {
		gaps := row[1] + ".0" // as whole numbers are written where some are lacking
		if row[1] == "0" {
			gaps = ""
		}
		for i, y := range row[2:] {
			year := fmt.Sprint(2003 + i)
			treated := 0
			if row[1] != "0" && year >= row[1] {
				treated = 1
			}
			fmt.Fprintf(&long, "%s,%s,%s,%s,%s,%s,%d\n", row[0], row[0][:len(row[0])-3], year, y, row[1], gaps, treated)
		}
	}
	file := textFile(t, dir, "counties.csv", long.String())
	flags := " --panel " + file + " --unit county --time year --outcome lemp"
	overall := map[string]string{"simple": "-0.039951275", "simple.se": "0.012034013", "group": "-0.031018282", "group.se": "0.012446059",
		"pre_trend_wald": "7.79123663", "pre_trend_p": "0.16812"}
	checkFixtures(t, []fixture{
		{"--method cs --start first" + flags, overall},
		{"--method cs --treated treated" + flags, overall},
		{"--method cs --start gaps" + flags, overall},
	})
	errors := map[string]float64{}
	for _, cell := range answerOf(t, strings.Fields("--method cs --start first --cluster state"+flags)...).Tables["cells"] {
		errors[fmt.Sprint(cell["start"], " in ", cell["period"])] = cell["se"].(float64)
	}
	for _, row := range readCSVFile(t, panelData+"did_ref_clustered.csv")[1:] {
		if got, want := errors[row[1]+" in "+row[2]], parseFloat(t, row[4]); math.Abs(got-want) > 1e-9 {
			t.Errorf("clustered standard error of %s in %s is %v, R has %v", row[1], row[2], got, want)
		}
	}
}

// Dehejia and Wahba 1999. The published 1794.34; 1794.343 comes of sums in single precision, the file gives 1794.342.
func TestLiftOfTheTrainingProgramme(t *testing.T) {
	rows := readCSVFile(t, experimentData+"nsw.csv")
	var men strings.Builder
	for i, row := range rows {
		square := "age2"
		if i > 0 {
			square = fmt.Sprint(parseFloat(t, row[2]) * parseFloat(t, row[2]))
		}
		fmt.Fprintf(&men, "%s,%s\n", strings.Join(row, ","), square)
	}
	file := textFile(t, t.TempDir(), "men.csv", men.String())
	checkFixtures(t, []fixture{
		{"--method diff --file " + file + " --arm treat --y re78", map[string]string{"difference": "1794.34", "difference.se": "670.997", "n_treatment": "185", "n_control": "260"}},
		{"--method diff --equal-variance --file " + file + " --arm treat --y re78", map[string]string{"difference": "1794.34", "difference.se": "632.853"}},
		{"--method ols --file " + file + " --arm treat --y re78 --covariates age,age2,educ,black,hisp,nodegree,re74,re75",
			map[string]string{"coefficient": "1672.203", "coefficient.se": "638.397"}},
	})
}

// GrowthBook, packages/stats/tests/frequentist/test_tests.py at 8f1db445 (MIT): sums alone, five decimals.
func TestLiftOfGrowthBook(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string { return textFile(t, dir, name, text) }
	welch := write("welch.csv", "arm,n,y,yy\ncontrol,3407,1396.87,52377.9767\ntreatment,3461,2422.7,134698.29\n")
	seq := write("seq.csv", "arm,n,y,yy\ncontrol,3000,1396.87,52377.9767\ntreatment,3461,2422.7,134698.29\n")
	prop := write("prop.csv", "arm,n,successes\ncontrol,28,14\ntreatment,30,16\n")
	seqProp := write("seqprop.csv", "arm,n,successes\ncontrol,3000,1396\ntreatment,3461,2422\n")
	cuped := write("cuped.csv", "arm,n,y,yy,x,xx,xy\ncontrol,3000,1396.87,52377.9767,16.87,527.9767,1\ntreatment,3461,2422.7,134698.29,22.7,1348.29,1\n")
	ratio := write("ratio.csv", `arm,n,y,yy,d,dd,x,xx,w,ww,xy,dw,xw,yd,yw,xd
control,100,485.112236689623,2715.484666118136,679.9093275844917,4939.424001640236,192.59138069991536,460.076026390857,290.1398399750233,920.9461385038898,1113.6215759318352,2130.9404074446747,634.239482353647,3602.146836776702,1559.2878434944676,1460.3181079276983
treatment,100,514.7757826608777,2994.897482705013,705.4090874383759,5291.36604146392,206.94157227402536,514.2903702246757,302.54389139107326,994.4506208125663,1237.0953021125997,2292.081739775257,698.4173425817908,3918.1561431600717,1701.0287270040265,1604.0759503266522
`)
	checkFixtures(t, []fixture{
		{"--method delta --arm arm --sums " + welch, map[string]string{"lift": "0.70732", "lift.se": "0.37879", "lift.lo": "-0.03526", "lift.hi": "1.44989", "lift.p": "0.06191", "df": "5841.742"}},
		{"--method diff --arm arm --sums " + welch, map[string]string{"difference": "0.29", "difference.se": "0.12478", "difference.lo": "0.04538", "difference.hi": "0.53462", "difference.p": "0.02016"}},
		{"--method delta --arm arm --sums " + prop, map[string]string{"lift": "0.06667", "lift.se": "0.2717", "lift.lo": "-0.47767", "lift.hi": "0.61101", "lift.p": "0.80707"}},
		{"--method delta --planned 1000 --arm arm --sums " + seq, map[string]string{"lift": "0.50336", "lift.se": "0.33341",
			"lift_always_valid.lo": "-0.55844", "lift_always_valid.hi": "1.56516", "lift_always_valid.p": "1"}},
		{"--method delta --planned 5000 --arm arm --sums " + seqProp, map[string]string{"lift": "0.50386", "lift.se": "0.03386",
			"lift_always_valid.lo": "0.40098", "lift_always_valid.hi": "0.60675"}},
		// with the exact gradient, which theirs leaves out terms of: they print -0.50969 and 1.51646
		{"--method cuped --planned 5000 --arm arm --sums " + cuped, map[string]string{"lift_unadjusted": "0.50338",
			"lift_unadjusted_always_valid.lo": "-0.5097", "lift_unadjusted_always_valid.hi": "1.51647"}},
		{"--method cuped --theta optimal --planned 5000 --arm arm --sums " + ratio, map[string]string{"lift_unadjusted": "-0.0007", "lift_unadjusted.lo": "-0.00841",
			"lift_unadjusted.hi": "0.00700", "lift_unadjusted.se": "0.00391", "lift_unadjusted.p": "0.85771",
			"lift_unadjusted_always_valid.lo": "-0.02063", "lift_unadjusted_always_valid.hi": "0.01923"}},
	})
}

// tea-tasting, tests/metrics/test_mean.py at 90306f16 and its user guide (MIT).
func TestLiftOfTeaTasting(t *testing.T) {
	const flags = " --arm variant --file " + experimentData + "tea_tasting_100.csv --y orders"
	checkFixtures(t, []fixture{
		{"--method diff" + flags, map[string]string{"mean_control": "0.5660377358490566", "mean_treatment": "0.3829787234042553",
			"difference": "-0.18305901244480", "difference.lo": "-0.5004359360", "difference.hi": "0.134317911", "difference.p": "0.255123054671", "df": "96.9700434"}},
		{"--method log" + flags, map[string]string{"lift": "-0.32340425531915", "lift.lo": "-0.659335111", "lift.hi": "0.34378921", "lift.p": "0.255123054671"}},
		{"--method ratio --equal-variance --alternative greater --d sessions" + flags, map[string]string{"difference": "-0.08346709470305", "difference.p": "0.858471634753"}},
		{"--method cuped --normal --alternative less --d sessions --x orders_covariate --w sessions_covariate" + flags, map[string]string{
			"adjusted_control": "0.25572348175909", "adjusted_treatment": "0.23549786496156", "difference": "-0.02022561679753", "difference.p": "0.360426541773",
			"difference.hi": "0.072879391849"}},
	})
	cuped := answerOf(t, strings.Fields("--method cuped --d sessions --x orders_covariate --w sessions_covariate"+flags)...)
	if theta := cuped.Tables["theta"][0]["treatment"].(float64); math.Abs(theta-0.5673594920319422) > 1e-13 {
		t.Errorf("theta is %v", theta)
	}
	// The tables of 4,000 users: control, treatment, lift and its ends in percent, p.
	const many = " --arm variant --file " + experimentData + "tea_tasting_4000.csv"
	for _, c := range []struct {
		args string
		want [6]string
	}{
		{"--method log --y sessions" + many, [6]string{"2", "1.98", "-0.66", "-3.7", "2.5", "0.674"}},
		{"--method log --y orders --d sessions" + many, [6]string{"0.266", "0.289", "8.8", "-0.89", "19", "0.0762"}},
		{"--method log --y orders" + many, [6]string{"0.53", "0.573", "8", "-2", "19", "0.118"}},
		{"--method log --y revenue" + many, [6]string{"5.24", "5.73", "9.3", "-2.4", "22", "0.123"}},
		{"--method cuped --y sessions --x sessions_covariate" + many, [6]string{"2", "1.98", "-0.68", "-3.2", "1.9", "0.603"}},
		{"--method cuped --y orders --d sessions --x orders_covariate --w sessions_covariate" + many, [6]string{"0.262", "0.293", "12", "4.2", "21", "0.00229"}},
		{"--method cuped --y orders --x orders_covariate" + many, [6]string{"0.523", "0.581", "11", "2.9", "20", "0.00733"}},
		{"--method cuped --y revenue --x revenue_covariate" + many, [6]string{"5.12", "5.85", "14", "3.8", "26", "0.00674"}},
	} {
		a := answerOf(t, strings.Fields(c.args)...)
		prefix := "mean_"
		if strings.Contains(c.args, "cuped") {
			prefix = "adjusted_"
		}
		for i, name := range []string{prefix + "control", prefix + "treatment", "lift", "lift.lo", "lift.hi", "lift.p"} {
			v, figures := a.value(t, name), 3
			if i >= 2 && i <= 4 {
				v, figures = 100*v, 2
			}
			if got := fmt.Sprintf("%.*g", figures, v); got != c.want[i] {
				t.Errorf("%s: %s is %s, printed is %s", c.args, name, got, c.want[i])
			}
		}
	}
}

// R's metafor on the trials of a vaccine (Colditz et al. 1994); Viechtbauer 2010 prints the REML row.
func TestLiftOfTheVaccineTrials(t *testing.T) {
	var trials strings.Builder
	fmt.Fprintln(&trials, "trial,y,se")
	for i, c := range [][4]float64{
		{4, 119, 11, 128}, {6, 300, 29, 274}, {3, 228, 11, 209}, {62, 13536, 248, 12619}, {33, 5036, 47, 5761}, {180, 1361, 372, 1079}, {8, 2537, 10, 619},
		{505, 87886, 499, 87892}, {29, 7470, 45, 7232}, {17, 1699, 65, 1600}, {186, 50448, 141, 27197}, {5, 2493, 3, 2338}, {27, 16886, 29, 17825},
	} {
		treated, control := c[0]+c[1], c[2]+c[3]
		fmt.Fprintln(&trials, fmt.Sprint(i+1)+","+fmt.Sprint(math.Log(c[0]/treated/(c[2]/control)))+","+fmt.Sprint(math.Sqrt(1/c[0]-1/treated+1/c[2]-1/control)))
	}
	flags := " --file " + textFile(t, t.TempDir(), "trials.csv", trials.String()) + " --id trial --y y --se se"
	checkFixtures(t, []fixture{
		{"--method eb --tau dl" + flags, map[string]string{"tau2": "0.3088", "mu": "-0.7141", "mu_se": "0.1787", "q": "152.233"}},
		{"--method eb" + flags, map[string]string{"tau2": "0.3181", "mu": "-0.7150", "mu_se": "0.1809"}},
		{"--method eb --tau reml" + flags, map[string]string{"tau2": "0.3132", "mu": "-0.7145", "mu_se": "0.1798"}},
	})
}

// Fabijan et al. 2019 and the user guide of tea-tasting.
func TestLiftOfSampleRatios(t *testing.T) {
	checkFixtures(t, []fixture{
		{"--method srm --counts 821588,815482", map[string]string{"p": "1.8217928726e-06"}},
		{"--method srm --counts 44000,45000 --expected 0.5,0.5", map[string]string{"p": "0.000802278118"}},
		{"--method srm --counts 21307,21306,21387", map[string]string{"p": "0.9036929576"}},
		{"--method srm --counts 2023,1977", map[string]string{"p": "0.46702758387372", "binomial_p": "0.4767712611"}},
	})
}

// The fifteen p-values of Benjamini and Hochberg 1995.
func TestLiftOfFifteenTests(t *testing.T) {
	file := textFile(t, t.TempDir(), "p.csv", "p\n0.0001\n0.0004\n0.0019\n0.0095\n0.0201\n0.0278\n0.0298\n0.0344\n0.0459\n0.324\n0.4262\n0.5719\n0.6528\n0.759\n1\n")
	checkFixtures(t, []fixture{
		{"--method bh --q 0.05 --p p --file " + file, map[string]string{"rejected": "4", "tests": "15"}},
		{"--method by --q 0.05 --p p --file " + file, map[string]string{"rejected": "3"}},
		{"--method bonferroni --q 0.05 --p p --file " + file, map[string]string{"rejected": "3"}},
	})
}

// Section 8 of any text on power: at a coefficient of variation of 18, +15 % takes 452,000 users half and half and
// 2.38 million with a holdout of 5 %.
func TestLiftOfPower(t *testing.T) {
	checkFixtures(t, []fixture{
		{"--method power --sd 18 --effect 0.15", map[string]string{"units": "4.52e+05"}},
		{"--method power --sd 18 --effect 0.15 --holdout 0.05", map[string]string{"units": "2.38e+06"}},
		{"--method bounds --looks 1", map[string]string{}},
	})
}

// Every doubt that an estimator can have is said in words.
func TestLiftWarningsHaveWords(t *testing.T) {
	declared := regexp.MustCompile(`Warn\w+ +(?:stats\.)?Warning = "(\w+)"`)
	found := 0
	for _, pattern := range []string{"../../../transforms/stats/*.go", "../../../transforms/stats/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
				found++
				if _, ok := warningTexts[stats.Warning(m[1])]; !ok {
					t.Errorf("%s: %s has no words", file, m[1])
				}
			}
		}
	}
	if found != len(warningTexts) {
		t.Errorf("%d warnings are declared, %d have words", found, len(warningTexts))
	}
}

// Every flag that a method names exists, so that the help does not promise what is not there.
func TestLiftMethodsNameFlags(t *testing.T) {
	c := Command()
	for _, m := range allMethods() {
		for _, flags := range [][]string{m.needs, m.takes, m.anyOf} {
			for _, f := range flags {
				if c.Flags().Lookup(f) == nil {
					t.Errorf("%s names the flag %s, which is not there", m.name, f)
				}
			}
		}
		if m.does == "" || m.source == "" || m.family == "" || m.run == nil {
			t.Errorf("%s is not all there", m.name)
		}
	}
}

func textFile(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func readCSVFile(t *testing.T, file string) [][]string {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func parseFloat(t *testing.T, text string) float64 {
	t.Helper()
	v, _, err := numberOf(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
