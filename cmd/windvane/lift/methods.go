package lift

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/windvane/windvane/cmd/windvane/cli"
)

// method is one way to estimate, as a value: the help, the checks of flags and the run all come from it.
type method struct {
	name, family string
	does         string
	needs        []string // flags that must be given
	takes        []string // flags that may be given, beside those of every method
	anyOf        []string // of these one at least
	source       string
	run          func(*analysis) error
}

// Families, in the order of the help.
const (
	familyExperiment = "experiments: a row a unit, assigned by chance (grade A)"
	familyHealth     = "health and size of experiments"
	familyPanel      = "panels: a row a unit and period, one of them treated from a period on (grade B)"
	familyWeighting  = "weighting: a row a unit, treated by its own decision (grade C)"
	familyMany       = "many tests or many units at once: a row each"
)

// Flags that several methods share.
var (
	everyMethod = []string{"method", "methods", "confidence", "missing", "delimiter"}
	armFlags    = []string{"control", "treatment", "alternative", "expected"}
	tellFlags   = slices.Concat(armFlags, []string{"equal-variance", "normal", "power", "planned"})
	meanFlags   = slices.Concat(tellFlags, []string{"sums", "d", "cluster", "permutations", "seed"})
	blockFlags  = []string{"treated", "start", "top"}
)

func allMethods() []method {
	return slices.Concat(experimentMethods(), healthMethods(), panelMethods(), weightingMethods(), manyMethods())
}

func experimentMethods() []method {
	methods := []method{
		{name: "diff", does: "difference of means, Welch; lift beside it", source: "Welch 1947; Neyman 1923", run: runDifference},
		{name: "ratio", does: "ratio of sums (y/d, such as GMV per order): difference and lift", needs: []string{"d"}, source: "Deng, Knoblich, Lu 2018", run: runDifference},
		{name: "log", does: "lift, interval on the scale of logarithms", source: "delta method for the logarithm", run: runLog},
		{name: "delta", does: "lift, symmetric interval", source: "Deng, Knoblich, Lu 2018", run: runDelta},
		{name: "fieller", does: "lift, all that the test of the difference does not reject", source: "Fieller 1954", run: runFieller},
		{name: "always-valid", does: "difference and lift that hold at every look", needs: []string{"planned"}, source: "Waudby-Smith et al. 2024", run: runDifference},
	}
	for i := range methods {
		m := &methods[i]
		m.takes = meanFlags
		if m.name == "always-valid" { // it says no chance of finding an effect at one look
			m.takes = slices.DeleteFunc(slices.Clone(meanFlags), func(flag string) bool { return flag == "power" })
		}
		m.needs = append([]string{"arm"}, m.needs...)
	}
	return append(withFamily(familyExperiment, methods),
		method{
			name: "cuped", family: familyExperiment, does: "difference and lift less what covariates foretold; with --d, --w of a ratio",
			needs: []string{"arm"}, anyOf: []string{"x", "covariates", "sums"}, takes: slices.Concat(tellFlags, []string{"sums", "d", "w", "theta", "cluster"}),
			source: "Deng, Xu, Kohavi, Walker 2013; Lin 2013", run: runCUPED,
		},
		method{
			name: "ols", family: familyExperiment, does: "coefficient of the treatment in a linear regression, classical standard error",
			needs: []string{"arm", "y", "covariates"}, takes: slices.Concat(armFlags, []string{"normal", "power"}), source: "analysis of covariance; Freedman 2008", run: runOLS,
		},
		method{
			name: "winsor", family: familyExperiment, does: "difference and lift with outcomes above a cap set to it",
			needs: []string{"arm", "y"}, takes: slices.Concat(tellFlags, []string{"winsor-at", "cap", "permutations", "seed"}), source: "Kohavi, Tang, Xu 2020, chapter 17", run: runWinsor,
		},
		method{
			name: "displacement", family: familyExperiment, does: "share of the effect on y that is one on --whole too; the rest only moved",
			needs: []string{"arm", "y", "whole"}, takes: slices.Concat(armFlags, []string{"equal-variance", "normal"}), source: "delta method for a ratio of effects", run: runDisplacement,
		},
		method{
			name: "cace", family: familyExperiment, does: "effect on the units that are served because they were assigned",
			needs: []string{"arm", "y", "served"}, takes: slices.Concat(armFlags, []string{"equal-variance", "normal", "power"}), source: "Angrist, Imbens, Rubin 1996", run: runCACE,
		})
}

func healthMethods() []method {
	return withFamily(familyHealth, []method{
		{name: "srm", does: "sample-ratio mismatch: did the arms get the shares they should", anyOf: []string{"arm", "counts"}, takes: []string{"expected", "sums", "cluster", "concentration"},
			source: "Fabijan et al. 2019; Lindon, Malek 2022", run: runSRM},
		{name: "mde", does: "least effect that this experiment finds", needs: []string{"arm"}, takes: slices.Concat(armFlags, []string{"equal-variance", "power", "sums", "d", "cluster"}), source: "Kohavi, Tang, Xu 2020, chapter 17", run: runMDE},
		{name: "power", does: "units needed for an --effect, or least effect of --units; no file", needs: []string{"sd"}, anyOf: []string{"effect", "units"}, takes: []string{"power", "holdout", "alternative"},
			source: "Kohavi, Tang, Xu 2020, chapter 17", run: runPower},
		{name: "bounds", does: "critical values at planned --looks; no file", needs: []string{"looks"}, takes: []string{"alternative"}, source: "Lan, DeMets 1983", run: runBounds},
	})
}

func panelMethods() []method {
	methods := []method{
		{name: "sdid", does: "synthetic difference in differences", source: "Arkhangelsky et al. 2021", run: runBlock},
		{name: "sc", does: "synthetic control", source: "Abadie, Diamond, Hainmueller 2010", run: runBlock},
		{name: "sc_reg", does: "synthetic control with SDID's ridge", source: "R package synthdid", run: runBlock},
		{name: "difp", does: "synthetic control less its level before the start", source: "Doudchenko, Imbens 2016", run: runBlock},
		{name: "difp_reg", does: "difp with SDID's ridge", source: "R package synthdid", run: runBlock},
		{name: "did", does: "difference in differences, one change a unit", source: "Card, Krueger 1994; Bertrand, Duflo, Mullainathan 2004", run: runBlock},
		{name: "geo", does: "GeoLift's weights, conformal p and interval", source: "Chernozhukov, Wüthrich, Zhu 2021", run: runGeo},
		{name: "cs", does: "several starts: effects by group and period, by time since the start, pre-trends", takes: []string{"controls", "cluster"}, source: "Callaway, Sant'Anna 2021; Rambachan, Roth 2023", run: runGroupTime},
	}
	for i := range methods {
		m := &methods[i]
		m.needs, m.anyOf, m.takes = []string{"unit", "time"}, []string{"treated", "start"}, append(m.takes, blockFlags...)
		if m.name != "geo" && m.name != "cs" { // those have their own: conformal, and of influences
			m.takes = append(m.takes, "error")
		}
	}
	return withFamily(familyPanel, methods)
}

func weightingMethods() []method {
	methods := []method{
		{name: "ipw", does: "effect on the treated, controls weighted by their odds", source: "Hirano, Imbens, Ridder 2003", run: runWeighting},
		{name: "ate", does: "effect on all units, both arms weighted", source: "Hirano, Imbens, Ridder 2003", run: runWeighting},
		{name: "overlap", does: "effect on units that could as well be in the other arm; no extreme weights", source: "Li, Morgan, Zaslavsky 2018", run: runWeighting},
		{name: "aipw", does: "effect on the treated by weights and a regression; right if either is", source: "Robins, Rotnitzky, Zhao 1994", run: runWeighting},
	}
	for i := range methods {
		m := &methods[i]
		m.needs, m.takes = []string{"y", "treated", "covariates"}, []string{"keep", "negative", "cluster"}
	}
	return withFamily(familyWeighting, methods)
}

func manyMethods() []method {
	var methods []method
	for _, m := range []method{
		{name: "bh", does: "false discovery rate; independent or positively dependent tests", source: "Benjamini, Hochberg 1995"},
		{name: "by", does: "false discovery rate under any dependence", source: "Benjamini, Yekutieli 2001"},
		{name: "bonferroni", does: "no false rejection at all", source: "Bonferroni"},
		{name: "ebh", does: "false discovery rate of e-values, any dependence, any night", needs: []string{"e"}, takes: []string{"running-maximum"}, source: "Wang, Ramdas 2022"},
	} {
		if m.needs == nil {
			m.needs = []string{"p"}
		}
		m.takes, m.run = append(m.takes, "id", "q", "top"), runFamily
		methods = append(methods, m)
	}
	return withFamily(familyMany, append(methods, method{
		name: "eb", does: "empirical Bayes: estimates drawn to what all units share; quote these in rankings", needs: []string{"y", "se"}, takes: []string{"id", "covariates", "tau", "top"},
		source: "Paule, Mandel 1982; Morris 1983; Armstrong, Kolesár, Plagborg-Møller 2022", run: runShrink,
	}))
}

func withFamily(family string, methods []method) []method {
	for i := range methods {
		methods[i].family = family
	}
	return methods
}

func methodNames() []string {
	var names []string
	for _, m := range allMethods() {
		names = append(names, m.name)
	}
	return names
}

func methodOf(name string) (method, error) {
	if name == "" {
		return method{}, cli.Usagef("--method: say which; windvane lift --methods lists them")
	}
	for _, m := range allMethods() {
		if m.name == name {
			return m, nil
		}
	}
	return method{}, cli.Usagef("--method: %q is none of %s", name, strings.Join(methodNames(), ", "))
}

// readsFile tells whether the method reads one at all.
func (m *method) readsFile() bool { return m.name != "power" && m.name != "bounds" }

// needsOutcome tells whether y has to be named: means of units need it, sums have it by its name.
func (m *method) needsOutcome() bool {
	return (m.family == familyExperiment || m.name == "mde" || m.family == familyPanel) && !slices.Contains(m.needs, "y")
}

// check tells whether the flags given are those the method needs and knows. A flag that would do nothing is an error.
func (m *method) check(cmd *cobra.Command) error {
	given, inherited := cmd.Flags(), cmd.InheritedFlags()
	has := func(flag string) bool {
		return given.Changed(flag) || aliases[flag] != "" && given.Changed(aliases[flag])
	}
	var absent []string
	for _, flag := range m.needs {
		if !has(flag) && !(given.Changed("sums") && flag == "d") { // sums have it by its name
			absent = append(absent, "--"+shown(m, flag))
		}
	}
	if m.needsOutcome() && !has("y") && !given.Changed("sums") {
		absent = append(absent, "--"+shown(m, "y"))
	}
	if len(m.anyOf) > 0 && !slices.ContainsFunc(m.anyOf, has) {
		absent = append(absent, "--"+strings.Join(m.anyOf, " or --"))
	}
	if m.readsFile() && !has("file") && !given.Changed("sums") && !given.Changed("counts") {
		absent = append(absent, "--"+shown(m, "file"))
	}
	if len(absent) > 0 {
		return cli.Usagef("--method %s needs %s; windvane lift --methods lists the flags of each method", m.name, strings.Join(absent, ", "))
	}
	var err error
	given.Visit(func(f *pflag.Flag) {
		switch {
		case err != nil || inherited.Lookup(f.Name) != nil: // of every command
		case f.Value.String() == "" || f.Value.String() == "[]":
			err = cli.Usagef("--%s: it says nothing; name something or leave it away", f.Name)
		case !m.knows(f.Name):
			err = cli.Usagef("--%s: --method %s does not use it; windvane lift --methods lists the flags of each method", f.Name, m.name)
		}
	})
	return err
}

// aliases are second names of flags, as people who work with panels call them.
var aliases = map[string]string{"y": "outcome", "file": "panel"}

func shown(m *method, flag string) string {
	if m.family == familyPanel && aliases[flag] != "" {
		return aliases[flag]
	}
	return flag
}

func (m *method) knows(flag string) bool {
	for name, alias := range aliases {
		if flag == alias {
			flag = name
		}
	}
	switch flag {
	case "file":
		return m.readsFile()
	case "y":
		if m.needsOutcome() {
			return true
		}
	}
	return slices.Contains(everyMethod, flag) || slices.Contains(m.needs, flag) || slices.Contains(m.takes, flag) || slices.Contains(m.anyOf, flag)
}

// flagsText is what --methods prints of a method.
func (m *method) flagsText() (needs, takes string) {
	var need, may []string
	if m.readsFile() {
		need = append(need, "--"+shown(m, "file"))
	}
	if m.needsOutcome() {
		need = append(need, "--"+shown(m, "y"))
	}
	for _, f := range m.needs {
		need = append(need, "--"+f)
	}
	if len(m.anyOf) > 0 {
		need = append(need, "--"+strings.Join(m.anyOf, " or --"))
	}
	for _, f := range m.takes {
		if !slices.Contains(m.anyOf, f) && !slices.Contains(m.needs, f) {
			may = append(may, "--"+f)
		}
	}
	return strings.Join(need, " "), strings.Join(may, " ")
}

// printMethods is windvane lift --methods.
func printMethods(to io.Writer, asJSON bool) error {
	type entry struct {
		Name, Family, Does, Source string
		Needs, Takes               string
	}
	var entries []entry
	family := ""
	for _, m := range allMethods() {
		needs, takes := m.flagsText()
		entries = append(entries, entry{m.name, m.family, m.does, m.source, needs, takes})
		if asJSON {
			continue
		}
		if m.family != family {
			family = m.family
			fmt.Fprintf(to, "%s\n\n", strings.ToUpper(family[:1])+family[1:])
		}
		fmt.Fprintf(to, "  %-13s %s\n", m.name, m.does)
		fmt.Fprintf(to, "  %13s needs  %s\n", "", needs)
		if takes != "" {
			for i, line := range wrapped(takes, 88) {
				fmt.Fprintf(to, "  %13s %-6s %s\n", "", []string{"takes", ""}[min(i, 1)], line)
			}
		}
		fmt.Fprintf(to, "  %13s source %s\n\n", "", m.source)
	}
	if asJSON {
		return cli.JSON(to, entries)
	}
	fmt.Fprintln(to, "Every method takes --confidence --missing --delimiter --json. --panel is --file, --outcome is --y. --power goes without --planned.")
	return nil
}

// wrapped breaks words into lines of at most so many characters.
func wrapped(text string, width int) (lines []string) {
	line := ""
	for _, w := range strings.Fields(text) {
		if line != "" && len([]rune(line))+1+len([]rune(w)) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	return append(lines, line)
}
