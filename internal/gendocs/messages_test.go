package main

import (
	"go/ast"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A message is a text that somebody may read on standard error, in a log, in a record or in the findings of a check. It is
// written as people look for it: what changes from case to case is "…".
type message struct {
	text  string
	place string // file:line
	kind  bool   // it is a sentinel error, and mostly stands before a message
	frame bool   // it says where something went wrong, and the cause at its end says what: "read counts of …: …"
}

// spoken are the folders whose messages reach operators.
var spoken = []string{"cmd/windvane", "config", "internal/market", "jobs", "reports", "transforms"}

// silent are folders below them that make reports for people, not messages.
var silent = []string{"reports/explain", "reports/words"}

// topics are what stands before each problem that a folder or file finds, with the place inside the file it was found in.
var topics = map[string]string{
	"config/": "config: ", "transforms/rules/": "rules: ", "transforms/calendar/campaign.go": "config: calendar: ",
	"transforms/mapping/validate.go": "config: tables.…: ", "transforms/mapping/constants.go": "config: tables.…: ", "transforms/mapping/path.go": "config: tables.…: ",
}

// texts are functions that return messages, or files of them: no call shows it.
var texts = []string{"jobs/lake/remedy.go", "cmd/windvane/lift/words.go warningTexts", "jobs/campaigns.go compare", "jobs/status.go StaleNote", "jobs/rollback.go withdrawnNote", "jobs/backfill.go lookWithoutRules", "jobs/newer.go keptFor",
	"jobs/runs.go failedRun", "config/validate.go checkURL", "jobs/verify_rows.go wrongCell", "jobs/verify_rows.go outside", "transforms/mapping/bind.go String"}

// statement are words of texts that say what is wrong. A text without one before its cause is a frame.
var statement = regexp.MustCompile(`;|\b(is|are|was|were|has|have|had|cannot|not|no|none|never|gone|refuses|begun|lacks)\b`)

var verb = regexp.MustCompile(`%(\[[0-9]+\])?[-+# 0]*[0-9*]*(\.[0-9*]+)?[a-zA-Z]`)

// messages are all those in the code below root.
func messages(t *testing.T, root string) []message {
	c := collector{source: parseSource(t, root, spoken, silent), returned: map[string]int{}}
	for _, path := range slices.Sorted(maps.Keys(c.files)) {
		ast.Inspect(c.files[path], func(n ast.Node) bool { c.visit(path, n); return true })
		c.visitTexts(path, c.files[path])
	}
	for _, name := range texts {
		if c.returned[name] == 0 {
			t.Errorf("%s returns no message any more", name)
		}
	}
	slices.SortFunc(c.found, func(a, b message) int { return strings.Compare(a.place+a.text, b.place+b.text) })
	return slices.Compact(c.found)
}

// collector finds the messages of a source.
type collector struct {
	*source
	found    []message
	returned map[string]int // messages by entry of texts
}

// visit looks for messages in one node.
func (c *collector) visit(path string, n ast.Node) {
	switch n := n.(type) {
	case *ast.CallExpr:
		c.visitCall(path, n)
	case *ast.CompositeLit:
		c.visitProblem(path, n)
	}
}

// visitTexts takes the longer literals of the files and functions in texts.
func (c *collector) visitTexts(path string, file *ast.File) {
	for _, d := range file.Decls {
		name := ""
		switch d := d.(type) {
		case *ast.FuncDecl:
			name = d.Name.Name
		case *ast.GenDecl:
			if v, ok := d.Specs[0].(*ast.ValueSpec); ok {
				name = v.Names[0].Name
			}
		}
		entry := path
		if !slices.Contains(texts, entry) {
			entry += " " + name
		}
		if !slices.Contains(texts, entry) {
			continue
		}
		before := len(c.found)
		ast.Inspect(d, func(n ast.Node) bool {
			if e, ok := n.(*ast.BinaryExpr); ok && e.Op == token.ADD {
				if text := c.textOf(e); strings.Count(text, " ") >= 2 {
					c.add(path, e, "", text)
				}
				return false
			}
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && strings.Count(c.textOf(lit), " ") >= 2 {
				c.add(path, lit, "", c.textOf(lit))
			}
			return true
		})
		c.returned[entry] += len(c.found) - before
	}
}

func (c *collector) visitCall(path string, call *ast.CallExpr) {
	name := nameOf(call.Fun)
	if name == "append" && isTold(nameOf(call.Args[0])) {
		for _, arg := range call.Args[1:] {
			c.add(path, arg, "", c.textOf(arg))
		}
		return
	}
	m, ok := c.makers[filepath.Dir(path)][last(name)]
	switch {
	case slices.Contains([]string{"fmt.Errorf", "errors.New", "cli.Usagef"}, name):
		m, ok = maker{}, true
	case (last(name) == "Warn" || last(name) == "Error") && strings.Contains(strings.ToLower(name), "log"):
		m, ok = maker{}, true
	}
	if !ok || len(call.Args) <= m.at {
		return
	}
	text := c.textOf(call.Args[m.at])
	if name == "fmt.Errorf" && len(call.Args) > 1 && strings.HasPrefix(text, "%w") {
		if sentinel := c.sentinel(filepath.Dir(path), nameOf(call.Args[1])); sentinel != "" {
			text = sentinel + strings.TrimPrefix(text, "%w")
		}
	}
	before := m.before
	for at := m.at - 1; at >= 0 && before == ""; at-- { // the key, the check or the gate that it is about
		if key := c.textOf(call.Args[at]); key != "" && key != "…" {
			before = key + ": "
		}
	}
	c.add(path, call, before, text)
}

// isTold tells whether a slice of that name is shown to people.
func isTold(name string) bool {
	name = strings.ToLower(last(name))
	return name == "warnings" || name == "notes" || name == "problems" || name == "missing" || name == "found"
}

// visitProblem finds problem{path, text}, in []problem{{…}} too.
func (c *collector) visitProblem(path string, lit *ast.CompositeLit) {
	list, isList := lit.Type.(*ast.ArrayType)
	switch {
	case isList && strings.HasSuffix(strings.ToLower(nameOf(list.Elt)), "problem"):
		for _, e := range lit.Elts {
			if inner, ok := e.(*ast.CompositeLit); ok && inner.Type == nil {
				c.problem(path, inner)
			}
		}
	case strings.HasSuffix(strings.ToLower(nameOf(lit.Type)), "problem"):
		c.problem(path, lit)
	}
}

func (c *collector) problem(path string, lit *ast.CompositeLit) {
	if len(lit.Elts) != 2 {
		return
	}
	c.add(path, lit, c.textOf(lit.Elts[0])+": ", c.textOf(lit.Elts[1]))
}

// add keeps a message if there is a text.
func (c *collector) add(path string, n ast.Node, before, text string) {
	said, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	frame := false
	for _, cause := range []string{": %w", ": %v"} {
		if rest, ok := strings.CutSuffix(said, cause); ok && !statement.MatchString(verb.ReplaceAllString(rest, "")) {
			frame = true
		}
	}
	if !frame && len(words.FindAllString(shown(said), -1)) < 2 {
		return
	}
	topic := ""
	for prefix, t := range topics {
		if strings.HasPrefix(path, prefix) {
			topic = t
		}
	}
	kind := c.isSentinel(filepath.Dir(path), text)
	if kind || strings.HasPrefix(said, "config: ") {
		topic, before = "", ""
	}
	if topic != "" && before == "" && !strings.HasPrefix(said, "%s: ") {
		before = "…: "
	}
	c.found = append(c.found, message{shown(topic + before + said), path + ":" + strconv.Itoa(c.fset.Position(n.Pos()).Line), kind, frame})
}

// words of a text: one alone is a key.
var words = regexp.MustCompile(`[A-Za-z_]{2,}`)

// shown is a format as people see it.
func shown(format string) string {
	format = strings.ReplaceAll(format, "%%", "\x00")
	format = strings.ReplaceAll(format, "%q", `"…"`)
	format = verb.ReplaceAllString(format, "…")
	return strings.ReplaceAll(format, "\x00", "%")
}

// One of each way in which a message is made is found, as people see it.
func TestMessagesAreFound(t *testing.T) {
	all := messages(t, "../..")
	for text, frame := range map[string]bool{
		"inputs are late: no orders up to …; looked for …":                                         false, // fmt.Errorf under a sentinel
		"the commit is not signed":                                                                 false, // errors.New
		"--to needs --from":                                                                        false, // wrong use
		"corrupt: the checksum of a page is wrong":                                                 false, // a maker of its own
		"config: history_days: … is outside [1, …]":                                                false, // a maker with the key
		"config: buyer_key: env and file are both given":                                           false, // a problem in a list
		"volume: … has … rows, …":                                                                  false, // a gate
		"chain: it rests on commit … of …, which is not the one that stands there now":             false, // a finding
		"lift begins on …, the first quarter that the history kept covers":                         false, // appended to notes
		"webhook not told":                                                                         false, // a line of the log
		"the disk or the quota is full: make room (windvane gc lists what may go), then run again": false, // returned
		"read counts of … of …: …":                                                                 true,
		"open …: …":                                                                                true,
	} {
		if !slices.ContainsFunc(all, func(m message) bool { return m.text == text && m.frame == frame }) {
			t.Errorf("%q (frame: %t) is not found", text, frame)
		}
	}
}
