package lineage

import (
	"time"

	"github.com/google/uuid"
)

// Types of events. A run has one Start and one of the others.
const (
	Start    = "START"
	Complete = "COMPLETE"
	Fail     = "FAIL"
	Abort    = "ABORT" // somebody stopped it
)

// Producer is who made an event.
const Producer = "https://github.com/windvane/windvane"

const schemaURL = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"

// Event is one transition of a run.
type Event struct {
	Type      string    `json:"eventType"`
	Time      time.Time `json:"eventTime"`
	Run       Run       `json:"run"`
	Job       Job       `json:"job"`
	Inputs    []Input   `json:"inputs"`
	Outputs   []Output  `json:"outputs"`
	Producer  string    `json:"producer"`
	SchemaURL string    `json:"schemaURL"`
}

// New is an event without datasets.
func New(kind string, at time.Time, run Run, job Job) Event {
	return Event{Type: kind, Time: at.UTC().Truncate(time.Millisecond), Run: run, Job: job, Inputs: []Input{}, Outputs: []Output{}, Producer: Producer, SchemaURL: schemaURL}
}

// Run is one attempt at a job.
type Run struct {
	ID     string `json:"runId"` // a UUID, see RunID
	Facets Facets `json:"facets"`
}

// Job is what a run is an attempt at.
type Job struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Facets    Facets `json:"facets"`
}

// Dataset is a table: its namespace is the store, its name the place in it without dates and runs, so that the nights of a
// table are versions of one dataset.
type Dataset struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Facets    Facets `json:"facets"`
}

// Input is a dataset that was read.
type Input struct {
	Dataset
	InputFacets Facets `json:"inputFacets"`
}

// Output is a dataset that was written.
type Output struct {
	Dataset
	OutputFacets Facets `json:"outputFacets"`
}

// runSpace is the name space of the UUIDs of runs: that of Producer as a URL (RFC 9562, version 5).
var runSpace = uuid.NewSHA1(uuid.NameSpaceURL, []byte(Producer))

// RunID is the UUID of a run of a job: the same for the same names, so that whoever knows a run's own id finds its events.
func RunID(namespace, job, run string) string {
	return uuid.NewSHA1(runSpace, []byte(namespace+"\x00"+job+"\x00"+run)).String()
}
