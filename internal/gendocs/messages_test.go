package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
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
var texts = []string{"jobs/lake/remedy.go", "cmd/windvane/lift/words.go warningTexts", "jobs/campaigns.go compare", "jobs/status.go StaleNote", "jobs/rollback.go withdrawnNote", "jobs/runs.go failedRun", "config/validate.go checkURL",
	"jobs/verify_rows.go wrongCell", "jobs/verify_rows.go outside", "transforms/mapping/bind.go String"}

// statement are words of texts that say what is wrong. A text without one before its cause is a frame.
var statement = regexp.MustCompile(`;|\b(is|are|was|were|has|have|had|cannot|not|no|none|never|gone|refuses|begun|lacks)\b`)

var verb = regexp.MustCompile(`%(\[[0-9]+\])?[-+# 0]*[0-9*]*(\.[0-9*]+)?[a-zA-Z]`)

// source is the parsed code: every folder's files, and what is known of its functions and errors.
type source struct {
	root  string
	fset  *token.FileSet
	files map[string]*ast.File // by path from the root
	// Of each folder: functions that take a text, and the text of sentinel errors, by name.
	makers    map[string]map[string]maker
	sentinels map[string]map[string]string
	found     []message
}

// maker is a function that makes a message of one of its arguments.
type maker struct {
	at     int    // position of the text
	before string // what it puts before it
}

var everywhere = map[string]maker{"fmt.Errorf": {}, "errors.New": {}, "Usagef": {}, "cli.Usagef": {}, "Warn": {}, "Error": {}}

// messages are all those in the code below root.
func messages(t *testing.T, root string) []message {
	s := &source{root: root, fset: token.NewFileSet(), files: map[string]*ast.File{}, makers: map[string]map[string]maker{}, sentinels: map[string]map[string]string{}}
	for _, folder := range spoken {
		s.parse(t, folder)
	}
	for path, file := range s.files {
		ast.Inspect(file, func(n ast.Node) bool { s.noteSentinel(filepath.Dir(path), n); return true })
	}
	for path, file := range s.files {
		ast.Inspect(file, func(n ast.Node) bool { s.noteMaker(filepath.Dir(path), n); return true })
	}
	for path, file := range s.files {
		ast.Inspect(file, func(n ast.Node) bool { s.visit(path, n); return true })
		s.visitTexts(path, file)
	}
	slices.SortFunc(s.found, func(a, b message) int { return strings.Compare(a.place+a.text, b.place+b.text) })
	return slices.Compact(s.found)
}

func (s *source) parse(t *testing.T, folder string) {
	err := filepath.WalkDir(filepath.Join(s.root, folder), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || slices.ContainsFunc(silent, func(folder string) bool { return strings.Contains(filepath.ToSlash(path), folder+"/") }) {
			return err
		}
		file, err := parser.ParseFile(s.fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(s.root, path)
		s.files[filepath.ToSlash(name)] = file
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// noteSentinel learns "ErrLate = errors.New(text)".
func (s *source) noteSentinel(folder string, n ast.Node) {
	spec, ok := n.(*ast.ValueSpec)
	if !ok || len(spec.Values) != len(spec.Names) {
		return
	}
	for i, v := range spec.Values {
		if call, ok := v.(*ast.CallExpr); ok && nameOf(call.Fun) == "errors.New" {
			if s.sentinels[folder] == nil {
				s.sentinels[folder] = map[string]string{}
			}
			s.sentinels[folder][spec.Names[i].Name] = s.textOf(call.Args[0])
		}
	}
}

// sentinel is the text of an error by its name in a folder, as in ErrLate or jobs.ErrLate; empty if it is none.
func (s *source) sentinel(folder, name string) string {
	pkg, own, ok := strings.Cut(name, ".")
	if !ok {
		return s.sentinels[folder][name]
	}
	for other, texts := range s.sentinels {
		if filepath.Base(other) == pkg && texts[own] != "" {
			return texts[own]
		}
	}
	return ""
}

// noteMaker learns functions with a parameter that is a message: one called format, or the text of a function called note
// or report.
func (s *source) noteMaker(folder string, n ast.Node) {
	switch n := n.(type) {
	case *ast.FuncDecl:
		s.addMaker(folder, n.Name.Name, n.Type, n.Body)
	case *ast.AssignStmt:
		for i, v := range n.Rhs {
			if f, ok := v.(*ast.FuncLit); ok && i < len(n.Lhs) {
				s.addMaker(folder, nameOf(n.Lhs[i]), f.Type, nil)
			}
		}
	case *ast.Field:
		if f, ok := n.Type.(*ast.FuncType); ok && len(n.Names) == 1 {
			s.addMaker(folder, n.Names[0].Name, f, nil)
		}
	}
}

func (s *source) addMaker(folder, name string, f *ast.FuncType, body *ast.BlockStmt) {
	at := 0
	for _, field := range f.Params.List {
		for _, p := range field.Names {
			if p.Name == "format" || (p.Name == "text" || p.Name == "warning") && (name == "note" || name == "report") {
				if s.makers[folder] == nil {
					s.makers[folder] = map[string]maker{}
				}
				s.makers[folder][name] = maker{at, s.sentinelIn(folder, body)}
				return
			}
			at++
		}
	}
}

// sentinelIn is the text of the sentinel that a maker of errors puts before each.
func (s *source) sentinelIn(folder string, body *ast.BlockStmt) (before string) {
	if body == nil {
		return ""
	}
	ast.Inspect(body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && nameOf(call.Fun) == "fmt.Errorf" && len(call.Args) > 1 {
			if text := s.sentinel(folder, nameOf(call.Args[1])); text != "" {
				before = text + ": "
			}
		}
		return true
	})
	return before
}

// visit looks for messages in one node.
func (s *source) visit(path string, n ast.Node) {
	switch n := n.(type) {
	case *ast.CallExpr:
		s.visitCall(path, n)
	case *ast.CompositeLit:
		s.visitProblem(path, n)
	}
}

// visitTexts takes the longer literals of the files and functions in texts.
func (s *source) visitTexts(path string, file *ast.File) {
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
		if !slices.Contains(texts, path) && !slices.Contains(texts, path+" "+name) {
			continue
		}
		ast.Inspect(d, func(n ast.Node) bool {
			if e, ok := n.(*ast.BinaryExpr); ok && e.Op == token.ADD {
				if text := s.textOf(e); strings.Count(text, " ") >= 2 {
					s.add(path, e, "", text)
				}
				return false
			}
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && strings.Count(s.textOf(lit), " ") >= 2 {
				s.add(path, lit, "", s.textOf(lit))
			}
			return true
		})
	}
}

func (s *source) visitCall(path string, call *ast.CallExpr) {
	name := nameOf(call.Fun)
	if name == "append" && isTold(nameOf(call.Args[0])) {
		for _, arg := range call.Args[1:] {
			s.add(path, arg, "", s.textOf(arg))
		}
		return
	}
	m, ok := everywhere[name]
	if !ok {
		if m, ok = everywhere[last(name)]; ok && last(name) != "Usagef" && !strings.Contains(strings.ToLower(name), "log") {
			ok = false // Warn and Error of something else
		}
	}
	if !ok {
		m, ok = s.makers[filepath.Dir(path)][last(name)]
	}
	if !ok || len(call.Args) <= m.at {
		return
	}
	text := s.textOf(call.Args[m.at])
	if name == "fmt.Errorf" && len(call.Args) > 1 && strings.HasPrefix(text, "%w") {
		if sentinel := s.sentinel(filepath.Dir(path), nameOf(call.Args[1])); sentinel != "" {
			text = sentinel + strings.TrimPrefix(text, "%w")
		}
	}
	before := m.before
	for at := m.at - 1; at >= 0 && before == ""; at-- { // the key, the check or the gate that it is about
		if key := s.textOf(call.Args[at]); key != "" && key != "…" {
			before = key + ": "
		}
	}
	s.add(path, call, before, text)
}

// isTold tells whether a slice of that name is shown to people.
func isTold(name string) bool {
	name = strings.ToLower(last(name))
	return name == "warnings" || name == "notes" || name == "problems" || name == "missing" || name == "found"
}

// visitProblem finds problem{path, text}, in []problem{{…}} too.
func (s *source) visitProblem(path string, lit *ast.CompositeLit) {
	list, isList := lit.Type.(*ast.ArrayType)
	switch {
	case isList && strings.HasSuffix(strings.ToLower(nameOf(list.Elt)), "problem"):
		for _, e := range lit.Elts {
			if inner, ok := e.(*ast.CompositeLit); ok && inner.Type == nil {
				s.problem(path, inner)
			}
		}
	case strings.HasSuffix(strings.ToLower(nameOf(lit.Type)), "problem"):
		s.problem(path, lit)
	}
}

func (s *source) problem(path string, lit *ast.CompositeLit) {
	if len(lit.Elts) != 2 {
		return
	}
	s.add(path, lit, s.textOf(lit.Elts[0])+": ", s.textOf(lit.Elts[1]))
}

// add keeps a message if there is a text.
func (s *source) add(path string, n ast.Node, before, text string) {
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
	kind := s.isSentinel(filepath.Dir(path), text)
	if kind || strings.HasPrefix(said, "config: ") {
		topic, before = "", ""
	}
	if topic != "" && before == "" && !strings.HasPrefix(said, "%s: ") {
		before = "…: "
	}
	s.found = append(s.found, message{shown(topic + before + said), path + ":" + strconv.Itoa(s.fset.Position(n.Pos()).Line), kind, frame})
}

func (s *source) isSentinel(folder, text string) bool {
	for _, known := range s.sentinels[folder] {
		if known == text {
			return true
		}
	}
	return false
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

// textOf is a literal, a sum of literals and others, or the format of a Sprintf; "…" stands for what is not known.
func (s *source) textOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			text, _ := strconv.Unquote(e.Value)
			return text
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return s.textOf(e.X) + s.textOf(e.Y)
		}
	case *ast.ParenExpr:
		return s.textOf(e.X)
	case *ast.CallExpr:
		if nameOf(e.Fun) == "fmt.Sprintf" {
			return s.textOf(e.Args[0])
		}
	}
	return "…"
}

// nameOf writes an identifier or a selector.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return nameOf(e.X) + "." + e.Sel.Name
	case *ast.CallExpr:
		return nameOf(e.Fun) + "()"
	}
	return ""
}

func last(name string) string { return name[strings.LastIndex(name, ".")+1:] }
