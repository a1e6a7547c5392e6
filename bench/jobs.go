package main

import (
	"fmt"
	"slices"

	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// job is one comparison.
type job struct {
	name   string
	doc    string // what it does, one line, for the document
	place  string // which data it reads: day, nights
	tables []tableSpec
	files  []string // engines that write their tables to the work folder instead of keeping them
	peers  []string
	// clone is a folder of the data that windvane gets a copy of, as output, before it is started.
	clone string
	// timedIn names the job whose timed runs of windvane are this one's too, where that job is measured.
	timedIn string
}

// Names of the engines, as their folders under peers/ are called.
const (
	windvane = "windvane"
	duckdb   = "duckdb"
	polars   = "polars"
	chdb     = "chdb"
)

func allPeers() []string { return []string{duckdb, polars, chdb} }

func allEngines() []string { return append([]string{windvane}, allPeers()...) }

// Places that data lie in.
const (
	placeDay    = "day"    // dumps of one big day
	placeMerges = "merges" // dumps of 90 days and windvane's output
	placeNights = "nights" // likewise, of the size of a night
)

// floorJob is the job whose seconds are the scan floor.
const floorJob = "scan_floor"

// allJobs are the comparisons in the order in which they run and are shown.
func allJobs() []job {
	orders := specsOf(orderRollups())
	return []job{
		{name: floorJob, place: placeDay, tables: []tableSpec{{Name: "decoded", Keys: []string{}, Measures: []string{}}},
			doc: "decode the twelve columns that order_rollups needs, nothing else"},
		{name: "order_rollups", place: placeDay, tables: orders, peers: allPeers(),
			doc: "four rollups of the gmv_valid lines, three of them with distinct orders, buyers hashed under a key, results in memory"},
		{name: "order_rollups_written", place: placeDay, tables: orders, files: allEngines(), peers: allPeers(),
			doc: "the same, sorted by key and written as zstd Parquet"},
		{name: "all_reductions", place: placeDay, tables: specsOf(comparedRollups()), files: allEngines(), peers: allPeers(),
			doc: fmt.Sprintf("all %d daily rollups of all %d tables of the day, sorted and written; complaints and the two tables of Chuanliu are empty on it", len(comparedRollups()), len(rollup.Sources()))},
		{name: "window_merges", place: placeMerges, tables: buyersSpecs("platform", "merchant", "talent"), files: []string{windvane}, peers: allPeers(), clone: warmFolder,
			doc: "distinct buyers and repeat buyers by platform, merchant and talent over 1 to 90 days, from daily rollups"},
		{name: "all_window_merges", place: placeMerges, tables: buyersSpecs(contract.Roles...), files: []string{windvane}, peers: allPeers(), clone: warmFolder,
			doc: "the same by category and product too, which is all that the step \"buyers\" of a night counts"},
		{name: "whole_night", place: placeNights, tables: nightSpecs(), files: []string{windvane}, peers: allPeers(), clone: warmFolder,
			doc: "windvane's whole process for one more night, all tables; the peers GMV, net GMV, buyers and R1 of that night from the raw dumps of 90 days"},
		{name: "night_windows", place: placeNights, tables: windowSpecs(), files: []string{windvane}, peers: allPeers(), clone: warmFolder, timedIn: "whole_night",
			doc: fmt.Sprintf("the same process of windvane; the peers, besides what whole_night asks, every rollup that a night reads (%d) over its window of up to %d days, from the raw dumps", len(nightWindows()), nightDays)},
	}
}

// comparedRollups are all rollups of a night. One whose table has no row on the day of the bench is compared as well:
// no engine may have a row of it.
func comparedRollups() []*rollup.Rollup { return rollup.All() }

// engines are windvane and the job's peers.
func (j job) engines() []string { return append([]string{windvane}, j.peers...) }

// chosen are the jobs and peers named; all where none is.
func chosen(jobs, peers []string) []job {
	named := func(list []string, name string) bool { return len(list) == 0 || slices.Contains(list, name) }
	out := slices.DeleteFunc(allJobs(), func(j job) bool { return !named(jobs, j.name) })
	for i := range out {
		out[i].peers = slices.DeleteFunc(out[i].peers, func(p string) bool { return !named(peers, p) })
	}
	return out
}
