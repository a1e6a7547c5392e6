package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/windvane/windvane/jobs"
)

// Whatever is changed in rules: they are refused with the place to mend, or nights are made with them, and a simulation
// is what these nights publish.
func TestRulesAreRefusedOrMakeNights(t *testing.T) {
	t.Parallel()
	own := ruleText(t, shortHistory())
	s := ruledStand(t, simulatedMarket(t), own)
	s.must(t, "backfill", "--from", firstPublished, "--to", "2026-01-31")
	accepted, refused := 0, 0
	for seed := range uint64(rulesWalks) {
		w := &rulesWalk{lines: strings.SplitAfter(strings.Replace(own, `version: "2026-11"`, `version: "tried"`, 1), "\n"), chance: rand.New(rand.NewPCG(13, seed))}
		for range 1 + w.chance.IntN(4) {
			w.change()
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			simulated, rerun := s.simulatedAndReal(t, strings.Join(w.lines, ""))
			if simulated == "" {
				refused++
			} else {
				accepted++
				for _, day := range simulatedDays[1:] {
					sameTables(t, ruledBytes(t, rerun, "nightly", day), ruledBytes(t, simulated, jobs.TriedJob, day))
				}
			}
			if t.Failed() {
				t.Log(strings.Join(w.told, "\n"))
			}
		})
	}
	if accepted < rulesWalks/4 || refused < rulesWalks/8 {
		t.Errorf("%d accepted and %d refused of %d: the test shows little", accepted, refused, rulesWalks)
	}
}

// simulatedAndReal are the outputs of nights under other rules: simulated, and made with a copy of what is there. Both are empty if the rules are refused.
func (s *stand) simulatedAndReal(t *testing.T, rules string) (simulated, real string) {
	t.Helper()
	folder, file := filepath.Join(t.TempDir(), "kept"), filepath.Join(t.TempDir(), "tried.yaml")
	writeText(t, file, strings.Replace(rules, "effective_from: 1970-01-01", "effective_from: 2027-01-01", 1))
	days := []string{"--from", string(simulatedDays[1]), "--to", string(simulatedDays[2]), "--input", s.input, "--output"}
	code, _, stderr := s.try(append([]string{"simulate", "--rules", file, "--to-folder", folder}, append(days, s.output)...)...)
	rerun := ruledStand(t, s.input, rules)
	rerun.copyOutput(t, s, "published", "state")
	recode, _, restderr := rerun.try(append([]string{"backfill"}, append(days, rerun.output)...)...)
	if code == 0 && recode == 0 {
		return folder, rerun.output
	}
	if code != 2 || recode != 2 || !placeInRules.MatchString(stderr) || !placeInRules.MatchString(restderr) {
		t.Errorf("simulate: exit %d: %.1000s\nbackfill: exit %d: %.1000s", code, stderr, recode, restderr)
	}
	return "", ""
}

// placeInRules is what a refusal names.
var placeInRules = regexp.MustCompile(`\(line \d+, column \d+\)|version tried: \w+_score: dimension `)

// rulesWalk changes a text of rules at random.
type rulesWalk struct {
	lines  []string
	chance *rand.Rand
	told   []string
}

var (
	numberInRules = regexp.MustCompile(`([:\[,] ?)(-?\d+(?:\.\d+)?)([,}\]\s])`)
	wordInRules   = regexp.MustCompile(`\b(measure|over|unless|role|resource|full_by|mode|dimension|grade|id|level|tier): ([^,}\s]+)`)
	flagInRules   = regexp.MustCompile(`\b(weighted|floor|at_once): (true|false)`)
)

// change changes one thing of one line, or drops or doubles an entry.
func (w *rulesWalk) change() {
	at := w.chance.IntN(len(w.lines))
	line, comment := w.lines[at], ""
	if i := strings.Index(line, "#"); i >= 0 {
		line, comment = line[:i], line[i:]
	}
	if strings.TrimSpace(line) == "" || strings.Contains(line, "max_churn") || strings.Contains(line, "version") || strings.Contains(line, "effective_from") {
		w.change()
		return
	}
	was := strings.TrimSpace(line)
	switch w.chance.IntN(8) {
	case 0:
		if strings.HasPrefix(was, "- {") {
			line, comment = "", ""
		}
	case 1:
		if strings.HasPrefix(was, "- {") {
			line += "\n" + line
		}
	case 2:
		line = flagInRules.ReplaceAllStringFunc(line, func(s string) string {
			key, value, _ := strings.Cut(s, ": ")
			return key + ": " + strconv.FormatBool(value != "true")
		})
	case 3, 4:
		line = w.word(line)
	default:
		line = w.number(line)
	}
	if now := strings.TrimSpace(line); now != was {
		w.told = append(w.told, fmt.Sprintf("%d %s -> %s", at+1, was, now))
	}
	w.lines[at] = line + comment
}

// word puts a value in place of another one of the same key.
func (w *rulesWalk) word(line string) string {
	found := wordInRules.FindStringSubmatch(line)
	if found == nil {
		return line
	}
	var values []string
	for _, l := range w.lines {
		for _, m := range wordInRules.FindAllStringSubmatch(l, -1) {
			if m[1] == found[1] && !slices.Contains(values, m[2]) {
				values = append(values, m[2])
			}
		}
	}
	switch found[1] {
	case "over":
		values = append(values, "days, days: 2, of_days: 3")
	case "mode":
		values = append(values, "bonus")
	}
	return strings.Replace(line, found[0], found[1]+": "+values[w.chance.IntN(len(values))], 1)
}

// number changes one number.
func (w *rulesWalk) number(line string) string {
	all := numberInRules.FindAllStringSubmatchIndex(line, -1)
	if all == nil {
		return line
	}
	at := all[w.chance.IntN(len(all))]
	value, err := strconv.ParseFloat(line[at[4]:at[5]], 64)
	if err != nil {
		return line
	}
	whole := !strings.Contains(line[at[4]:at[5]], ".")
	switch w.chance.IntN(9) {
	case 0:
		value = 0
	case 1:
		value = 1
	case 2:
		value *= 2
	case 3:
		value = -value
	case 4:
		value = 1e9
	case 5:
		value += 0.05
	case 6:
		value -= 0.05
	case 7:
		value++
	default:
		value--
	}
	text := strconv.FormatFloat(value, 'f', -1, 64)
	if whole {
		text = strconv.FormatFloat(float64(int64(value)), 'f', -1, 64)
	} else if !strings.Contains(text, ".") {
		text += ".0"
	}
	return line[:at[4]] + text + line[at[5]:]
}
