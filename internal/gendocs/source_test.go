package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// source is the parsed code: every folder's files, and what is known of its functions and errors.
type source struct {
	root  string
	fset  *token.FileSet
	files map[string]*ast.File // by path from the root
	// Of each folder: functions that take a text, and the text of sentinel errors, by name.
	makers    map[string]map[string]maker
	sentinels map[string]map[string]string
}

// maker is a function that makes a message of one of its arguments.
type maker struct {
	at     int    // position of the text
	before string // what it puts before it
}

// parseSource reads the code of the folders below root, without the silent ones, and learns its makers and sentinels.
func parseSource(t *testing.T, root string, folders, silent []string) *source {
	s := &source{root: root, fset: token.NewFileSet(), files: map[string]*ast.File{}, makers: map[string]map[string]maker{}, sentinels: map[string]map[string]string{}}
	for _, folder := range folders {
		s.parse(t, folder, silent)
	}
	for path, file := range s.files {
		ast.Inspect(file, func(n ast.Node) bool { s.noteSentinel(filepath.Dir(path), n); return true })
	}
	for path, file := range s.files {
		ast.Inspect(file, func(n ast.Node) bool { s.noteMaker(filepath.Dir(path), n); return true })
	}
	return s
}

func (s *source) parse(t *testing.T, folder string, silent []string) {
	err := filepath.WalkDir(filepath.Join(s.root, folder), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		name, err := filepath.Rel(s.root, path)
		if name = filepath.ToSlash(name); err != nil || slices.Contains(silent, filepath.Dir(name)) {
			return err
		}
		s.files[name], err = parser.ParseFile(s.fset, path, nil, parser.SkipObjectResolution)
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
	for _, other := range slices.Sorted(maps.Keys(s.sentinels)) {
		if text := s.sentinels[other][own]; filepath.Base(other) == pkg && text != "" {
			return text
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

// isSentinel tells whether a text is that of a sentinel of the folder.
func (s *source) isSentinel(folder, text string) bool {
	return slices.Contains(slices.Collect(maps.Values(s.sentinels[folder])), text)
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
