// Package schedule calls functions at the times of cron specs: the only importer of robfig/cron.
//
// A cron job of that library has no context, no error and no memory. This adapter gives it all three:
//
//  1. spec.go: a Spec reads a wall clock and a zone. Each firing has an as-of date that comes from the firing, not from
//     the clock at the time of the call, so a retry at noon makes the night that was due at three.
//  2. job.go: a Job calls its function with the as-of date, waits for late inputs until a deadline, tries failures again,
//     and first catches up what was missed. A night that is given up does not hold up the next one.
//  3. serve.go: Serve runs jobs side by side until it is told to stop, each one never twice at a time.
//
// It promises, whatever the clock does (summer time, leap days, jumps either way, restarts): no night is made twice, and
// none is skipped that catching up allows. What a night is and when it is done is the caller's to say; the package knows
// a function and its error, not package jobs.
package schedule
