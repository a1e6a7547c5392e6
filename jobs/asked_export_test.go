package jobs

// HoldNoLookups has refunds pick what they ask of snapshots, as they do where snapshots are large: no table of a whole one is
// kept for them. It is called as a night's first step begins.
func HoldNoLookups(r *Runner) {
	if r.lookups.limit != 0 {
		r.lookups.limit = 0
	}
}
