package notify

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/windvane/windvane/transforms/calendar"
)

// Outcomes that are told.
const (
	Published = "published"
	Late      = "late"
	Failed    = "failed"
)

// Message is what became of a night.
type Message struct {
	Job     string       `json:"job"`
	AsOf    calendar.Day `json:"as_of"`
	Run     string       `json:"run"`
	Outcome string       `json:"outcome"`
	Cause   string       `json:"cause,omitempty"` // the root of the trouble, in a line or a few
	Next    string       `json:"next,omitempty"`  // what to type
	Facts   []Fact       `json:"facts,omitempty"`
	Notes   []string     `json:"notes,omitempty"` // what to know of a night that was published
	At      time.Time    `json:"at"`
}

// Fact is one line beside the cause.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

var headlines = map[string]string{Published: "已发布", Late: "数据未到，沿用上一次名单", Failed: "失败，沿用上一次名单"}

// Title is the message in one line.
func (m Message) Title() string {
	return fmt.Sprintf("windvane %s %s %s", m.Job, m.AsOf, headlines[m.Outcome])
}

// maxNotes bounds what is told of a night; the manifest has all.
const maxNotes = 5

// Text is the message for people, of at most limit bytes: title, cause, what to type, facts, notes.
func (m Message) Text(limit int) string {
	var b strings.Builder
	b.WriteString(m.Title())
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "\n%s：%s", name, value)
		}
	}
	line("原因", shortened(m.Cause, limit/2))
	line("下一步", m.Next)
	for _, f := range m.Facts {
		line(f.Name, f.Value)
	}
	for i, n := range m.Notes {
		if i == maxNotes {
			fmt.Fprintf(&b, "\n另有 %d 条提示", len(m.Notes)-i)
			break
		}
		line("提示", n)
	}
	return shortened(b.String(), limit)
}

// shortened cuts a text to so many bytes, between characters.
func shortened(text string, limit int) string {
	const more = "…"
	if len(text) <= limit {
		return text
	}
	cut := max(0, limit-len(more))
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + more
}
