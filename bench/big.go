package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// bigCommand measures the night of one day of the scale that the largest marketplaces publish: every table of the day,
// and a log of exposures beside it. The night is the product's own binary with its defaults.
func bigCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("big", flag.ContinueOnError)
	f.SetOutput(stderr)
	var o peersOptions
	f.StringVar(&o.out, "out", "out", "folder for data, results and scratch")
	f.StringVar(&o.windvane, "windvane", "", "the windvane binary")
	f.StringVar(&o.date, "date", "", "date of the measurement")
	lines := f.Int("lines", 50_000_000, "order lines of the day")
	shown := f.Int("exposures", 200_000_000, "pairs of merchant and buyer that were shown something")
	if err := f.Parse(args); err != nil {
		return err
	}
	m := bigDay(*lines)
	folder := filepath.Join(o.out, fmt.Sprintf("day-%d", *lines))
	if err := m.make(ctx, o.windvane, folder, os.Stderr); err != nil {
		return err
	}
	market := filepath.Join(o.out, "big", dumpsFolder)
	if err := errors.Join(os.RemoveAll(filepath.Dir(market)), cloneTree(folder, market)); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "making %d exposures\n", *shown)
	if err := makeExposures(ctx, market, m, *shown); err != nil {
		return err
	}
	what := fmt.Sprintf("a whole night of %s order lines and %s exposures, defaults", thousands(int64(*lines)), thousands(int64(*shown)))
	got, err := bigNight(ctx, o.windvane, market, filepath.Join(o.out, "big", fullFolder))
	if err != nil {
		return err
	}
	all := []grown{{What: what, Seconds: got.Wall, Min: got.Wall, Max: got.Wall, CPU: got.CPU, RSSMiB: got.RSSMiB, PerLine: got.Wall / float64(*lines) * 1e9}}
	if _, err := io.WriteString(stdout, growthTable(all)); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(filepath.Dir(market)), keepAlone(o.out, bigFile, all, o.date))
}

// bigNight runs the night into an empty output, and says how long its steps take.
func bigNight(ctx context.Context, windvane, market, output string) (sample, error) {
	cmd := exec.CommandContext(ctx, windvane, "run", "--verbose", "--input", market, "--output", output, "--date", asOf)
	cmd.Env = append(os.Environ(), "WINDVANE_BUYER_KEY="+benchKey)
	var said strings.Builder
	cmd.Stderr = io.MultiWriter(&said, os.Stderr)
	started := time.Now()
	if err := cmd.Run(); err != nil {
		return sample{}, fmt.Errorf("windvane run: %w: %s", err, lastLines(said.String(), 5))
	}
	s := spent(cmd.ProcessState, started)
	return s, nil
}

// exposuresPerFile is the size of the files of the log.
const exposuresPerFile = 10_000_000

// makeExposures replaces the day's log of exposures by one of so many rows. Each is a pair of its own; shops come in
// random order, large ones more often. The same arguments give the same bytes.
func makeExposures(ctx context.Context, market string, m marketplace, rows int) error {
	partition := filepath.Join(market, "dumps", contract.ChuanliuExposures.Name, "dt="+m.AsOf)
	if err := os.RemoveAll(partition); err != nil {
		return err
	}
	l, err := lake.Open(ctx, market, lake.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	ids := column.NewIDs(nil)
	log := newExposureLog(m)
	for part := 0; rows > 0; part++ {
		n := min(rows, exposuresPerFile)
		rows -= n
		key := fmt.Sprintf("dumps/%s/dt=%s/part-%05d.parquet", contract.ChuanliuExposures.Name, m.AsOf, part)
		if _, err := l.WriteParquet(ctx, key, contract.ChuanliuExposures.Schema(ids.Types), lake.WriteOptions{}, log.records(ids, n)); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(partition, "_SUCCESS"), nil, 0o644)
}

// exposureLog invents pairs that were shown something. Ids are those that the demo gives: numbers without gaps.
type exposureLog struct {
	merchants, buyers uint64
	midnight          int64
	seen              []uint64 // pairs of each shop so far
	state             uint64
}

// The first ids of the demo's shops and buyers.
const (
	firstMerchant = 200_001
	firstBuyer    = 1_000_000_001
)

func newExposureLog(m marketplace) *exposureLog {
	day, err := time.ParseInLocation(time.DateOnly, m.AsOf, time.FixedZone("Asia/Shanghai", 8*3600))
	if err != nil {
		panic(fmt.Sprintf("bench: as-of date %q", m.AsOf)) // a constant of this program
	}
	return &exposureLog{merchants: uint64(m.Merchants), buyers: uint64(m.Buyers), midnight: day.UnixMicro(), seen: make([]uint64, m.Merchants)}
}

// next is splitmix64.
func (e *exposureLog) next() uint64 {
	e.state += 0x9e3779b97f4a7c15
	z := e.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// pair is the next pair. The square of a uniform number makes shops unequal; a shop's buyers are counted round from a
// place of its own, so that none comes twice.
func (e *exposureLog) pair() (merchant, buyer int64) {
	u := float64(e.next()>>11) / (1 << 53)
	shop := uint64(u * u * float64(e.merchants))
	nth := e.seen[shop]
	e.seen[shop]++
	if nth >= e.buyers {
		panic("bench: more exposures of one shop than there are buyers")
	}
	return firstMerchant + int64(shop), firstBuyer + int64((shop*0x9e3779b1+nth*7919)%e.buyers)
}

func (e *exposureLog) records(ids *column.IDs, rows int) iter.Seq2[arrow.Record, error] {
	return column.Stream(contract.ChuanliuExposures, ids, 1<<16, func(b *column.Builder, more func() bool) {
		merchant, buyer, times, first := b.Column("merchant_id"), b.Column("buyer_id"), b.Column("impressions"), b.Column("first_shown_at")
		for range rows {
			m, p := e.pair()
			r := e.next()
			merchant.Int(m)
			buyer.Int(p)
			times.Int(1 + int64(r%4))
			first.Int(e.midnight + int64(r>>8%(24*3600*1e6)))
			if !more() {
				return
			}
		}
	})
}
