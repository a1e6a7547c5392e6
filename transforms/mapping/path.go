package mapping

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// Path is the template of the object keys of one table:
//
//	dumps/orders/dt={date}/*.parquet
//
// {date} is 2026-01-31, {yyyymmdd} 20260131, {yyyy}, {mm} and {dd} its parts. A * stands for any text
// without a slash.
type Path struct {
	template string
	pattern  *regexp.Regexp // of keys; its groups are the placeholders in order
	groups   []string       // names of the groups
}

// placeholders are what a template may hold, as patterns.
var placeholders = map[string]string{"date": `\d{4}-\d{2}-\d{2}`, "yyyymmdd": `\d{8}`, "yyyy": `\d{4}`, "mm": `\d{2}`, "dd": `\d{2}`}

var placeholder = regexp.MustCompile(`\{[^{}]*\}|\*`)

// DefaultPath is where a table is looked for when the configuration says nothing.
func DefaultPath(t *contract.Table) string {
	if t.Class == contract.Static {
		return "dumps/" + t.Name + "/*.parquet"
	}
	return "dumps/" + t.Name + "/dt={date}/*.parquet"
}

// ParsePath reads a template. It refuses unknown placeholders and keys that could leave the bucket.
func ParsePath(template string) (Path, error) {
	if err := checkKey(template); err != nil {
		return Path{}, fmt.Errorf("path %q: %w", template, err)
	}
	p := Path{template: template}
	var pattern strings.Builder
	last := 0
	for _, at := range placeholder.FindAllStringIndex(template, -1) {
		pattern.WriteString(regexp.QuoteMeta(template[last:at[0]]))
		last = at[1]
		part, name := `[^/]*`, strings.Trim(template[at[0]:at[1]], "{}*")
		if template[at[0]] == '{' {
			form, ok := placeholders[name]
			if !ok {
				return Path{}, fmt.Errorf("path %q: {%s} is none of {date}, {yyyymmdd}, {yyyy}, {mm}, {dd}", template, name)
			}
			part = "(" + form + ")"
			p.groups = append(p.groups, name)
		}
		pattern.WriteString(part)
	}
	if strings.ContainsAny(placeholder.ReplaceAllString(template, ""), "{}") {
		return Path{}, fmt.Errorf("path %q: a brace has no partner", template)
	}
	pattern.WriteString(regexp.QuoteMeta(template[last:]))
	p.pattern = regexp.MustCompile("^" + pattern.String() + "$")
	return p, nil
}

// checkKey refuses what is not a plain relative object key.
func checkKey(key string) error {
	if !utf8.ValidString(key) {
		return errors.New("it is not valid UTF-8")
	}
	switch {
	case key == "":
		return errors.New("it is empty")
	case strings.ContainsAny(key, "\\\x00"):
		return errors.New("it has a backslash or NUL")
	case path.IsAbs(key) || path.Clean(key) != key || key == "." || strings.HasPrefix(key, ".."):
		return errors.New("it is not a plain relative key (no leading slash, no empty, . or .. parts)")
	}
	return nil
}

// String is the template.
func (p Path) String() string { return p.template }

// Dated tells whether the template names a day wholly.
func (p Path) Dated() bool {
	return dated(p.groups)
}

// DatedFolder tells whether the folder of a key belongs to one day.
func (p Path) DatedFolder() bool {
	var names []string
	for _, found := range placeholder.FindAllString(path.Dir(p.template), -1) {
		names = append(names, strings.Trim(found, "{}"))
	}
	return dated(names)
}

func dated(names []string) bool {
	have := map[string]bool{}
	for _, name := range names {
		have[name] = true
	}
	return have["date"] || have["yyyymmdd"] || have["yyyy"] && have["mm"] && have["dd"]
}

// Selection is the part of the template that tells which files of a day are taken: what has a *, and what lies below the day's folder. The rest
// tells where they are.
func (p Path) Selection() string {
	segments := strings.Split(p.template, "/")
	day := len(segments) - 1 // of a template without a day, all is a place
	for i, s := range segments {
		if strings.Contains(s, "{") {
			day = i
		}
	}
	var kept []string
	for i, s := range segments {
		if i > day || strings.Contains(s, "*") {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, "/")
}

// On is the template with the day filled in; only * remains.
func (p Path) On(day calendar.Day) string {
	parts := partsOf(day)
	return placeholder.ReplaceAllStringFunc(p.template, func(found string) string {
		if found == "*" {
			return found
		}
		return parts[strings.Trim(found, "{}")]
	})
}

// partsOf are the texts of all placeholders on a day.
func partsOf(day calendar.Day) map[string]string {
	date := day.String()
	return map[string]string{
		"date": date, "yyyymmdd": strings.ReplaceAll(date, "-", ""),
		"yyyy": date[:len(date)-6], "mm": date[len(date)-5 : len(date)-3], "dd": date[len(date)-2:],
	}
}

// Prefix is the part of all keys before the first placeholder or *: what to list.
func (p Path) Prefix() string { return literal(p.template) }

// PrefixOn is Prefix for one day.
func (p Path) PrefixOn(day calendar.Day) string { return literal(p.On(day)) }

// literal is the text before the first placeholder or *.
func literal(template string) string {
	if at := placeholder.FindStringIndex(template); at != nil {
		return template[:at[0]]
	}
	return template
}

// Match tells whether key is one of the table's objects, and of which day (0 where the template names none).
// A key whose placeholders contradict each other or name no real date does not match.
func (p Path) Match(key string) (day calendar.Day, ok bool) {
	found := p.pattern.FindStringSubmatch(key)
	if found == nil {
		return 0, false
	}
	if !p.Dated() {
		return 0, true
	}
	day, ok = p.day(found[1:])
	return day, ok && p.agrees(day, found[1:])
}

// day is the day that the placeholders' texts name.
func (p Path) day(texts []string) (calendar.Day, bool) {
	parts := map[string]string{}
	for i, name := range p.groups {
		parts[name] = texts[i]
	}
	text := parts["date"]
	if t := parts["yyyymmdd"]; text == "" && t != "" {
		text = t[:4] + "-" + t[4:6] + "-" + t[6:]
	}
	if text == "" {
		text = parts["yyyy"] + "-" + parts["mm"] + "-" + parts["dd"]
	}
	day, err := calendar.Parse(text)
	return day, err == nil
}

// agrees tells whether every placeholder's text is that of the day.
func (p Path) agrees(day calendar.Day, texts []string) bool {
	want := partsOf(day)
	for i, name := range p.groups {
		if texts[i] != want[name] {
			return false
		}
	}
	return true
}
