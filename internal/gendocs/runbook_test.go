package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// foreign are messages of libraries: cobra's, of wrong use.
var foreign = []string{"unknown command", "unknown flag", "required flag(s) …"}

// entry is one text of the runbook's tables of messages.
type entry struct {
	text string
	form *regexp.Regexp // of the messages that it is about
	used bool
}

// entries are the code in the first column of tables that begin with "message". A single capital letter stands for what
// changes from case to case, "…" for any text.
func entries(t *testing.T, runbook string) (out []*entry) {
	t.Helper()
	inside := false
	for line := range strings.SplitSeq(runbook, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			inside = false
			continue
		}
		if first := strings.TrimSpace(cells[1]); first == "message" {
			inside = true
		} else if inside {
			for _, code := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1) {
				out = append(out, newEntry(t, code[1]))
			}
		}
	}
	return out
}

var (
	placeholder = regexp.MustCompile(`…|<[a-z]+>|\b[A-Z]\b`)
	letters     = regexp.MustCompile(`[a-z]{2,}`)
)

func newEntry(t *testing.T, text string) *entry {
	t.Helper()
	said := strings.TrimPrefix(text, "note: ")
	form, at := "^", 0
	for _, p := range placeholder.FindAllStringIndex(said, -1) {
		form += regexp.QuoteMeta(said[at:p[0]])
		if said[p[0]:p[1]] == "…" {
			form += ".*"
		} else {
			form += "…+"
		}
		at = p[1]
	}
	form += regexp.QuoteMeta(said[at:]) + "$"
	if n := len(strings.Join(letters.FindAllString(placeholder.ReplaceAllString(said, " "), -1), "")); n < 5 {
		t.Errorf("docs/runbook.md: %q says too little to find a message by", text)
	}
	return &entry{text: text, form: regexp.MustCompile(form)}
}

// Every message that an operator can meet has an entry in the runbook, and every entry is about a message.
func TestTheRunbookKnowsEveryMessage(t *testing.T) {
	data, err := os.ReadFile("../../docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	known, missing := entries(t, string(data)), 0
	all := messages(t, "../..")
	if len(all) < 500 || len(known) < 100 {
		t.Fatalf("%d messages, %d entries: they are not read any more", len(all), len(known))
	}
	for _, m := range all {
		found := m.frame
		for _, e := range known {
			if e.form.MatchString(m.text) || m.kind && strings.Contains(e.text, m.text) {
				found, e.used = true, true
			}
		}
		if !found {
			missing++
			t.Errorf("%s: docs/runbook.md has no entry for %q", m.place, m.text)
		}
	}
	if missing > 0 {
		t.Errorf("%d of %d messages have no entry", missing, len(all))
	}
	for _, e := range known {
		if !e.used && !slices.Contains(foreign, e.text) {
			t.Errorf("docs/runbook.md: nothing says %q any more", e.text)
		}
	}
}
