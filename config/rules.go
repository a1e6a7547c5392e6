package config

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/windvane/windvane/transforms/rules"
)

// CommentedRules is the file of the built-in rules, with comments.
//
//go:embed rules.yaml
var CommentedRules []byte

// Rules says where the rules of scores and lists are.
type Rules struct {
	// File is the path of a rules file, absolute or from the folder of the configuration file; empty: the built-in rules.
	File string `yaml:"file" json:"file"`
	// Folder is that of the configuration file. It is no key of the file, and the digest is the same in any folder.
	Folder string `yaml:"-" json:"-"`
}

// Path is the path of the rules file, empty for the built-in rules.
func (r Rules) Path() string {
	if r.File == "" || filepath.IsAbs(r.File) {
		return r.File
	}
	return filepath.Join(r.Folder, r.File)
}

// Load reads the rules that the configuration names. Errors are those of LoadRulesFile.
func (r Rules) Load() (rules.Set, error) {
	if r.File == "" {
		return DefaultRules(), nil
	}
	return LoadRulesFile(r.Path())
}

// DefaultRules are the built-in rules.
func DefaultRules() rules.Set {
	set, err := LoadRules(bytes.NewReader(CommentedRules))
	if err != nil {
		panic(fmt.Sprintf("config: the built-in rules: %v", err)) // the tests load them
	}
	return set
}

// LoadRulesFile is LoadRules of a file.
func LoadRulesFile(path string) (rules.Set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	defer f.Close()
	return LoadRules(f)
}

// rulesFile is the form of a rules file.
type rulesFile struct {
	Versions rules.Set `yaml:"versions"`
}

// LoadRules reads a rules file:
//
//	versions:
//	  - version: "2026-11"
//	    effective_from: 1970-01-01
//	    …
//
// Every version is complete: it inherits nothing and nothing has a default, so that a night can be told from
// its version alone. The versions stand in the order of effective_from. The error joins all problems, each
// with its path and its place in the file:
//
//	rules: versions[0].lists[2].gates[1].at_least: 5.2 is outside [3, 5] (line 120, column 17)
func LoadRules(r io.Reader) (rules.Set, error) {
	data, err := readAll(r)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	var file rulesFile
	d := decoder{places: map[string]place{}, complete: true}
	d.document(data, reflect.ValueOf(&file).Elem())
	unread := d.problems
	for _, err := range unjoined(file.Versions.Validate()) {
		at, text, _ := strings.Cut(err.Error(), ": ")
		if p := (problem{"versions" + at, text}); !p.follows(unread) {
			d.problems = append(d.problems, d.located(p))
		}
	}
	var found []ruleProblem
	for _, p := range d.problems {
		found = append(found, ruleProblem(p))
	}
	if err := joined(found); err != nil {
		return nil, err
	}
	return file.Versions, nil
}

// follows tells whether a problem is about a value that could not be read, or that holds or stands in such a one.
func (p problem) follows(unread []problem) bool {
	within := func(inner, outer string) bool {
		rest, ok := strings.CutPrefix(inner, outer)
		return ok && (outer == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
	}
	for _, u := range unread {
		if within(p.path, u.path) || within(u.path, p.path) {
			return true
		}
	}
	return false
}

// ruleProblem is a problem of a rules file.
type ruleProblem problem

// Error has the form rules: versions[0].lag_days: 100 is outside [0, 90].
func (p ruleProblem) Error() string {
	if p.path == "" {
		return "rules: " + p.text
	}
	return "rules: " + p.path + ": " + p.text
}
