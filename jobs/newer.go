package jobs

import (
	"fmt"

	"github.com/windvane/windvane/transforms/rollup"
)

// FiguresRef names what the figures of a night mean. That of manifests that do not name it is zero, older than any.
type FiguresRef struct {
	Version int64 `json:"version"` // figuresVersion
	Rollups int64 `json:"rollups"` // rollup.Version
}

// ownFigures are those that this binary makes.
func ownFigures() FiguresRef { return FiguresRef{figuresVersion, rollup.Version} }

// String is how people are told, such as 6.8.
func (f FiguresRef) String() string { return fmt.Sprintf("%d.%d", f.Version, f.Rollups) }

// newerFigures tells whether a commit has figures that are newer than this binary's in any part.
func (c *committed) newerFigures() bool {
	own := ownFigures()
	return c != nil && (c.manifest.Figures.Version > own.Version || c.manifest.Figures.Rollups > own.Rollups)
}

// keptFor says why the night stays as a newer binary published it; empty: it does not.
func (n *night) keptFor() string {
	if n.acceptedOlder != "" || !n.current.newerFigures() {
		return ""
	}
	m := &n.current.manifest
	return fmt.Sprintf("commit %d of %s has figures %s, of windvane %s, and this version makes older ones, %s: it stays, whatever changed since; run the date with that version or a newer one, "+
		"or publish older figures on purpose: windvane rollback, or --accept-older-figures REASON", n.current.record.Sequence, n.asOf, m.Figures, m.Version, ownFigures())
}

// noteNewer says of a night that is made what a newer binary made of it, or of the night that it rests on.
func (n *night) noteNewer() {
	if n.current.newerFigures() {
		n.note(fmt.Sprintf("published over commit %d, whose figures, %s, are newer than this version's, %s; accepted: %s",
			n.current.record.Sequence, n.current.manifest.Figures, ownFigures(), n.acceptedOlder))
	}
	if n.previous.newerFigures() {
		m := &n.previous.manifest
		n.note(fmt.Sprintf("the night of %s, which this one rests on, has figures %s, of windvane %s, and this version makes older ones, %s: what changed since then may be the figures alone; that version makes this night again",
			m.AsOf, m.Figures, m.Version, ownFigures()))
	}
}
