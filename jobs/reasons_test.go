package jobs_test

import (
	"context"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/windvane/windvane/jobs"
)

// gbk is a reason as a terminal that does not speak UTF-8 gives it.
const gbk = "\xd6\xd8 twice"

// A reason is kept in JSON, which holds UTF-8 alone. What is no text is replaced before anything is made of it: a night whose
// reason reads otherwise when it comes back would be stale as soon as it is published.
func TestReasonsAreTheSameWhenTheyComeBack(t *testing.T) {
	d := newDeployment(t)
	var first jobs.Outcome
	err := d.with(func(r *jobs.Runner) (err error) {
		r.AcceptChurn, r.AcceptGates = gbk, gbk
		first, err = r.Run(context.Background(), lastDay)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	m := d.manifest(first)
	if want := "\ufffd twice"; m.AcceptedChurn != want || m.AcceptedGates != want {
		t.Errorf("on record: %q, %q", m.AcceptedChurn, m.AcceptedGates)
	}
	if again := d.night(lastDay); again.Status != jobs.AlreadyDone || again.Sequence != 1 {
		t.Errorf("made again it is %s, commit %d", again.Status, again.Sequence)
	}
	d.correct(lastDay, 4_321)
	d.night(lastDay)
	a := jobs.Archive{Out: d.open(d.out), Job: d.settings.Job}
	back, err := a.Rollback(context.Background(), lastDay, 1, gbk, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	rec, _, err := a.Out.Newest(context.Background(), a.Job, lastDay.String())
	if err != nil || rec.Reason != back.Reason || !utf8.ValidString(back.Reason) {
		t.Errorf("told %q, on record %q, %v", back.Reason, rec.Reason, err)
	}
}
