package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// succeeds runs the command, which must succeed.
func succeeds(t *testing.T, args ...string) {
	t.Helper()
	var out, problems bytes.Buffer
	if code := run(context.Background(), args, func(string) string { return "" }, &out, &problems); code != exitDone {
		t.Fatalf("windvane %s: exit code %d\n%s", strings.Join(args, " "), code, problems.String())
	}
}

// TestWorkbooksHoldWhatTheTablesDo publishes a small night and compares its workbooks with its CSV: the same subjects
// on each list, members by category and rank.
func TestWorkbooksHoldWhatTheTablesDo(t *testing.T) {
	dir := t.TempDir()
	dumps, out, to := filepath.Join(dir, "dumps"), filepath.Join(dir, "out"), filepath.Join(dir, "lists")
	succeeds(t, "demo", "--days", "6", "--merchants", "10", "--talents", "10", "--products", "30", "--buyers", "300", "--lines-per-day", "600", "--as-of", "2026-01-31", "--to", dumps)
	succeeds(t, "run", "-i", dumps, "-o", out, "-d", "2026-01-31")
	succeeds(t, "get", "-o", out, "--format", "xlsx", "--to", to)
	succeeds(t, "get", "-o", out, "--format", "csv", "--to", to, "--tables", "eligibility_traffic,eligibility_subsidy,eligibility_benefit,eligibility_campaign")
	members := 0
	for _, resource := range []string{"traffic", "subsidy", "benefit", "campaign"} {
		base := filepath.Join(to, "eligibility_"+resource)
		on, off := subjectsOfWorkbook(t, base+".xlsx")
		wantOn, wantOff := subjectsOfCSV(t, base+".csv")
		if !slices.Equal(on, wantOn) {
			t.Errorf("%s: members are\n%v, want\n%v", resource, on, wantOn)
		}
		if !slices.Equal(off, wantOff) {
			t.Errorf("%s: the others are\n%v, want\n%v", resource, off, wantOff)
		}
		members += len(on)
	}
	if members == 0 {
		t.Error("no list has a member: the test says little")
	}
}

// subjectsOfWorkbook are "list/subject" of members and others in the order of the sheets. Lists are told by 说明.
func subjectsOfWorkbook(t *testing.T, file string) (on, off []string) {
	t.Helper()
	f, err := excelize.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	about, err := f.GetRows("说明")
	if err != nil {
		t.Fatal(err)
	}
	lists := map[string]string{}
	for _, row := range about {
		if len(row) == 4 {
			lists[row[0]] = row[1]
		}
	}
	for _, sheet := range f.GetSheetList()[1:] {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.Index(rows[1], "subject_id")
		for _, row := range rows[2:] {
			if subject := lists[sheet] + "/" + row[at]; strings.HasSuffix(sheet, "入选") {
				on = append(on, subject)
			} else {
				off = append(off, subject)
			}
		}
	}
	return on, off
}

// subjectsOfCSV are the same of a table, members sorted by list, category and rank.
func subjectsOfCSV(t *testing.T, file string) (on, off []string) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	cell := func(row []string, name string) string { return row[slices.Index(rows[0], name)] }
	rank := func(row []string) int { n, _ := strconv.Atoi(cell(row, "rank")); return n }
	var members [][]string
	for _, row := range rows[1:] {
		if cell(row, "eligible") == "true" {
			members = append(members, row)
		} else {
			off = append(off, cell(row, "list")+"/"+cell(row, "subject_id"))
		}
	}
	slices.SortStableFunc(members, func(a, b []string) int {
		return cmp.Or(strings.Compare(cell(a, "list"), cell(b, "list")), strings.Compare(cell(a, "category1_id"), cell(b, "category1_id")), cmp.Compare(rank(a), rank(b)))
	})
	for _, row := range members {
		on = append(on, cell(row, "list")+"/"+cell(row, "subject_id"))
	}
	return on, off
}
