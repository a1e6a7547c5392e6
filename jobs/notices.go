package jobs

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/windvane/windvane/jobs/notify"
	"github.com/windvane/windvane/transforms/calendar"
)

// Notice is the record of a message and of what became of it: published/<job>/dt=<date>/notices/<run>.json.
type Notice struct {
	Message    notify.Message    `json:"message"`
	Deliveries []notify.Delivery `json:"deliveries"`
}

// NoticeOf is what is to be told of a run that ended with cause, nil if it published. notify.Message.Outcome is empty
// where nothing is: the night was done already, or the process was told to stop.
func NoticeOf(job string, o Outcome, cause error) notify.Message {
	m := notify.Message{Job: job, AsOf: o.AsOf, Run: o.Run}
	switch kind := CauseOf(cause); {
	case cause == nil && o.Status == Published:
		m.Outcome, m.Notes = notify.Published, o.Warnings
		var rows int64
		for _, t := range o.Tables {
			rows += t.Rows
		}
		m.Facts = []notify.Fact{{Name: "提交", Value: fmt.Sprint(o.Sequence)}, {Name: "行数", Value: fmt.Sprint(rows)}, {Name: "用时", Value: fmt.Sprintf("%.1f 秒", o.Seconds)}}
	case cause == nil || kind == CauseStopped:
	case kind == CauseLate:
		m.Outcome, m.Cause, m.Next = notify.Late, rootOf(cause), Advice(kind, o.AsOf)
	default:
		m.Outcome, m.Cause, m.Next = notify.Failed, rootOf(cause), Advice(kind, o.AsOf)
	}
	return m
}

// rootOf is an error without the frame of the night, and without a stack.
func rootOf(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	if rest, ok := strings.CutPrefix(text, "night "); ok {
		_, text, _ = strings.Cut(rest, ": ")
	}
	return text
}

// LastNotice is the newest message about a date, nil if there is none.
func (a Archive) LastNotice(ctx context.Context, day calendar.Day) (*Notice, error) {
	objects, err := a.Out.List(ctx, noticePrefix(a.Job, day))
	if err != nil || len(objects) == 0 {
		return nil, err
	}
	newest := objects[0]
	for _, o := range objects {
		if c := cmp.Or(o.ModTime.Compare(newest.ModTime), strings.Compare(o.Key, newest.Key)); c > 0 {
			newest = o
		}
	}
	data, err := a.Out.ReadAll(ctx, newest.Key, maxAttemptBytes)
	if err != nil {
		return nil, err
	}
	n := &Notice{}
	if err := json.Unmarshal(data, n); err != nil {
		return nil, fmt.Errorf("read %s: %w", newest.Key, err)
	}
	return n, nil
}

// RecordNotice keeps a message beside the commits of its date.
func (a Archive) RecordNotice(ctx context.Context, n Notice) error {
	data, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return err
	}
	return a.Out.PutBytes(ctx, noticePrefix(a.Job, n.Message.AsOf)+cmp.Or(n.Message.Run, "none")+".json", append(data, '\n'))
}

func noticePrefix(job string, day calendar.Day) string {
	return fmt.Sprintf("published/%s/dt=%s/notices/", job, day)
}
