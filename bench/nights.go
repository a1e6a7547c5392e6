package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// nightDays are the days of the marketplaces that windows are measured on: the longest window compared.
const nightDays = 90

// manyDays is a marketplace of so many days and order lines a day.
func manyDays(days, lines int) marketplace {
	return marketplace{Days: days, LinesPerDay: lines, Merchants: lines / 50, Talents: lines / 25, Products: lines, Buyers: lines * 5, AsOf: asOf}
}

// Folders of a marketplace with its nights.
const (
	dumpsFolder = "market" // what windvane demo made
	warmFolder  = "warm"   // windvane's output when the night before the as-of date is done
	fullFolder  = "full"   // when the night of the as-of date is done too
)

// makeNights makes a marketplace and windvane's output up to its last night and the one before. The output
// is made by the binary at hand, so it is made anew when another one is.
func makeNights(ctx context.Context, m marketplace, windvane, folder string, stderr *os.File) error {
	if err := m.make(ctx, windvane, filepath.Join(folder, dumpsFolder), stderr); err != nil {
		return err
	}
	stamp, err := fileSum(windvane) // its time of change says less: go build sets it even where nothing changed
	if err != nil {
		return err
	}
	mark := filepath.Join(folder, "nights.txt")
	if have, err := os.ReadFile(mark); err == nil && string(have) == stamp {
		return nil
	}
	warm, full := filepath.Join(folder, warmFolder), filepath.Join(folder, fullFolder)
	if err := errors.Join(os.RemoveAll(mark), os.RemoveAll(warm), os.RemoveAll(full)); err != nil { // the mark first: this may be stopped
		return err
	}
	fmt.Fprintf(stderr, "making the nights of %s\n", folder)
	if err := runNight(ctx, windvane, filepath.Join(folder, dumpsFolder), warm, daysBefore(m.AsOf, 1)); err != nil {
		return err
	}
	if err := cloneTree(warm, full); err != nil {
		return err
	}
	if err := runNight(ctx, windvane, filepath.Join(folder, dumpsFolder), full, m.AsOf); err != nil {
		return err
	}
	return os.WriteFile(mark, []byte(stamp), 0o644)
}

// fileSum is the SHA-256 of a file, in hexadecimal digits.
func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// daysBefore is the date so many days earlier.
func daysBefore(date string, days int) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		panic(fmt.Sprintf("bench: as-of date %q", date)) // a constant of this program
	}
	return t.AddDate(0, 0, -days).Format(time.DateOnly)
}

// benchKey is the secret of the hash of buyers in runs of the binary.
const benchKey = "00000000000000000000000062656e63"

// runNight runs the binary for one as-of date.
func runNight(ctx context.Context, windvane, input, output, date string) error {
	cmd := exec.CommandContext(ctx, windvane, "run", "--input", input, "--output", output, "--date", date)
	cmd.Env = append(os.Environ(), "WINDVANE_BUYER_KEY="+benchKey)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("windvane run of %s: %w: %s", date, err, lastLines(stderr.String(), 5))
	}
	return nil
}

// cloneTree makes a folder with the same files, linked: windvane never writes into a file that stands.
func cloneTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rest, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rest)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		return os.Link(path, target)
	})
}

// gatherPublished gives the published tables of a night the names that a job's tables have.
func gatherPublished(output, date, work string, tables []tableSpec) error {
	for _, t := range tables {
		files, err := filepath.Glob(filepath.Join(output, "published", "nightly", "dt="+date, "run=*", t.Name+".parquet"))
		if err != nil || len(files) != 1 {
			return fmt.Errorf("published table %s has %d files: %w", t.Name, len(files), err)
		}
		if err := os.Rename(files[0], filepath.Join(work, t.Name+".parquet")); err != nil {
			return err
		}
	}
	return nil
}
