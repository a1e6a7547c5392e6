package lineage

import "time"

// Facets are what is said of a run, a job or a dataset, by the name that OpenLineage gives it.
type Facets map[string]any

type base struct {
	Producer  string `json:"_producer"`
	SchemaURL string `json:"_schemaURL"`
}

func facet(file string) base {
	return base{Producer, "https://openlineage.io/spec/facets/" + file}
}

// Parent puts the facet of the run that a run is a part of.
func (f Facets) Parent(run Run, job Job) {
	type ref struct {
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
	}
	type id struct {
		ID string `json:"runId"`
	}
	f["parent"] = struct {
		base
		Run id  `json:"run"`
		Job ref `json:"job"`
	}{facet("1-2-0/ParentRunFacet.json#/$defs/ParentRunFacet"), id{run.ID}, ref{job.Namespace, job.Name}}
}

// NominalTime puts the period that a run is about, which is not when it ran.
func (f Facets) NominalTime(from, to time.Time) {
	f["nominalTime"] = struct {
		base
		Start time.Time `json:"nominalStartTime"`
		End   time.Time `json:"nominalEndTime"`
	}{facet("1-0-1/NominalTimeRunFacet.json#/$defs/NominalTimeRunFacet"), from, to}
}

// Engine puts the program and its version.
func (f Facets) Engine(name, version string) {
	f["processing_engine"] = struct {
		base
		Version string `json:"version"`
		Name    string `json:"name"`
	}{facet("1-1-1/ProcessingEngineRunFacet.json#/$defs/ProcessingEngineRunFacet"), version, name}
}

// ErrorMessage puts why a run failed.
func (f Facets) ErrorMessage(message string) {
	f["errorMessage"] = struct {
		base
		Message  string `json:"message"`
		Language string `json:"programmingLanguage"`
	}{facet("1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet"), message, "Go"}
}

// JobType puts what kind of job it is.
func (f Facets) JobType(kind string) {
	f["jobType"] = struct {
		base
		Processing  string `json:"processingType"`
		Integration string `json:"integration"`
		Kind        string `json:"jobType"`
	}{facet("2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet"), "BATCH", "WINDVANE", kind}
}

// Field is a column of a dataset.
type Field struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Doc  string `json:"description,omitempty"`
}

// Schema puts the columns of a dataset, in their order.
func (f Facets) Schema(fields []Field) {
	f["schema"] = struct {
		base
		Fields []Field `json:"fields"`
	}{facet("1-2-0/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet"), fields}
}

// Version puts what tells this state of a dataset from others.
func (f Facets) Version(version string) {
	f["version"] = struct {
		base
		Version string `json:"datasetVersion"`
	}{facet("1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet"), version}
}

type statistics struct {
	base
	Rows  *int64 `json:"rowCount,omitempty"`
	Bytes int64  `json:"size"`
	Files int    `json:"fileCount"`
}

// InputStatistics puts how much was read; nil rows: not counted yet.
func (f Facets) InputStatistics(rows *int64, bytes int64, files int) {
	f["inputStatistics"] = statistics{facet("1-0-0/InputStatisticsInputDatasetFacet.json#/$defs/InputStatisticsInputDatasetFacet"), rows, bytes, files}
}

// OutputStatistics puts how much was written.
func (f Facets) OutputStatistics(rows, bytes int64, files int) {
	f["outputStatistics"] = statistics{facet("1-0-2/OutputStatisticsOutputDatasetFacet.json#/$defs/OutputStatisticsOutputDatasetFacet"), &rows, bytes, files}
}

// Assertion is a check and whether it held.
type Assertion struct {
	Assertion string `json:"assertion"`
	Success   bool   `json:"success"`
	Doc       string `json:"description,omitempty"`
}

// Assertions puts what was checked.
func (f Facets) Assertions(checks []Assertion) {
	f["dataQualityAssertions"] = struct {
		base
		Assertions []Assertion `json:"assertions"`
	}{facet("1-1-0/DataQualityAssertionsDatasetFacet.json#/$defs/DataQualityAssertionsDatasetFacet"), checks}
}

// Partition is a day of a dumped table.
type Partition struct {
	Day     string   `json:"dt"`
	Rows    *int64   `json:"rows"` // null: not counted yet
	Objects []Object `json:"objects"`
}

// Object is a file of a partition.
type Object struct {
	Key  string `json:"key"`
	ETag string `json:"etag"`
	Size int64  `json:"size"`
}

// partitionsSchema is where the form of windvane's own facet is written down.
const partitionsSchema = Producer + "/blob/main/jobs/lineage/PartitionsInputDatasetFacet.json#/$defs/PartitionsInputDatasetFacet"

// Partitions puts the days of a table that a run read anew. It is a facet of our own: OpenLineage has none for etags.
func (f Facets) Partitions(days []Partition) {
	f["windvane_partitions"] = struct {
		base
		Partitions []Partition `json:"partitions"`
	}{base{Producer, partitionsSchema}, days}
}
