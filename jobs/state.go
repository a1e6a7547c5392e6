package jobs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// Partition is one reduced day of one input table: what the figures of a night rest on.
type Partition struct {
	Day    calendar.Day `json:"dt"`
	Digest string       `json:"digest"`               // of the input objects, the rules and the snapshots they were classed by
	Rows   []int64      `json:"rows"`                 // of each rollup, in the order of rollup.From; -1: not computable, 0: no file
	Input  int64        `json:"input_rows,omitempty"` // rows of the dump; 0: none, or not known, as of a snapshot that no night counted

	Quarantined []Quarantined `json:"quarantined,omitempty"` // files that the rollups lack, by key

	Lacks   []string `json:"lacks,omitempty"`   // columns that may be null, are copied from the order line and are absent; see copies.go
	Carries []string `json:"carries,omitempty"` // orders: of those, the ones that some row has

	LateFrom calendar.Day `json:"late_from,omitempty"` // snapshots: the first and the last of the days that were reduced without it and are no longer
	LateTo   calendar.Day `json:"late_to,omitempty"`   // looked at, whose rows it does not classify; see pinned.go

	Base       string `json:"base,omitempty"`        // digest before buyers were taken out; empty: none were
	BuyersGone bool   `json:"buyers_gone,omitempty"` // all were: their hashes are of a key that was replaced
}

// rollupAt is the position of each rollup in Partition.Rows.
var rollupAt = sync.OnceValue(func() map[string]int {
	at := map[string]int{}
	for _, t := range rollup.Sources() {
		for i, r := range rollup.From(t.Name) {
			at[r.Name] = i
		}
	}
	return at
})

// rows is the number of rows of a rollup; false if the day has not been reduced yet, or only by an older version.
func (p *Partition) rows(r *rollup.Rollup) (int64, bool) {
	at, declared := rollupAt()[r.Name]
	if !declared || at >= len(p.Rows) {
		return 0, false
	}
	return p.Rows[at], true
}

// empty tells whether it is known that a rollup has no rows in any of the partitions: then it has no file, nor has
// what is made of several days. Most tables have few events on most days, and a file costs more than its rows.
func empty(r *rollup.Rollup, parts ...Partition) bool {
	for i := range parts {
		if n, known := parts[i].rows(r); !known || n != 0 {
			return false
		}
	}
	return true
}

// emptyFrame is a rollup without rows.
func emptyFrame(t *contract.Table) *column.Frame {
	f := column.NewFrame(0)
	for _, c := range t.Columns {
		f.Set(c.Name, nil)
	}
	return f
}

// Reduced is the record of one reduction, stored beside the rollups when all of them are there.
type Reduced struct {
	Format     int               `json:"format"`
	Table      string            `json:"table"`
	Partition  Partition         `json:"partition"`
	Objects    []InputObject     `json:"objects"`
	InputRows  int64             `json:"input_rows"`
	Rejected   map[string]int64  `json:"rejected,omitempty"`
	Duplicates int64             `json:"duplicates,omitempty"`
	Rejects    []RejectedRow     `json:"rejects,omitempty"`
	Absent     []string          `json:"absent_columns,omitempty"`
	Extra      []string          `json:"extra_columns,omitempty"`
	Missing    map[string]string `json:"not_computable,omitempty"` // rollup → why
	Sum        string            `json:"sha256,omitempty"`         // of the bytes before it; empty: of before records had one
}

// InputObject is one object a night read.
type InputObject struct {
	Table string       `json:"table,omitempty"`
	Day   calendar.Day `json:"dt"`
	Key   string       `json:"key"`
	Size  int64        `json:"size"`
	ETag  string       `json:"etag"`
}

// stateFormat is the format of Reduced and of the rollups beside it.
const stateFormat = 1

// maxReducedBytes bounds what is read as a record of a reduction.
const maxReducedBytes = 256 << 20

func rollupKey(name string, p Partition) string {
	return fmt.Sprintf("state/rollups/%s/dt=%s/%s.parquet", name, p.Day, p.Digest)
}

func reducedKey(table string, p Partition) string {
	return fmt.Sprintf("state/partitions/%s/dt=%s/%s.json", table, p.Day, p.Digest)
}

// state is the lake's cache of reductions, with what this process already knows of it.
type state struct {
	out   *lake.Lake
	base  *lake.Lake // what is not in out is looked for there, and never written; may be nil
	ids   *column.IDs
	cache *frameCache
	again *frameCache // for who asks for the same a second time; nil: nobody does

	mu      sync.Mutex
	reduced map[string]*Reduced // by reducedKey
}

func newState(out *lake.Lake, ids *column.IDs, cacheBytes int64) *state {
	return &state{out: out, ids: ids, cache: newFrameCache(cacheBytes), reduced: map[string]*Reduced{}}
}

// find returns the record of a reduction, nil if it has not been made (or has been lost).
func (s *state) find(ctx context.Context, table string, p Partition) (*Reduced, error) {
	key := reducedKey(table, p)
	s.mu.Lock()
	r := s.reduced[key]
	s.mu.Unlock()
	if r != nil {
		return r, nil
	}
	data, err := s.out.ReadAll(ctx, key, maxReducedBytes)
	if s.base != nil && errors.Is(err, lake.ErrNotFound) {
		data, err = s.base.ReadAll(ctx, key, maxReducedBytes)
	}
	if errors.Is(err, lake.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read state: %w", err)
	}
	r = &Reduced{}
	if json.Unmarshal(data, r) != nil || r.Format != stateFormat || r.Table != table || r.Partition.Day != p.Day || r.Partition.Digest != p.Digest || !sound(data) {
		return nil, nil // torn, damaged or of another version: made again
	}
	r.Partition.Input = r.InputRows // records of before partitions had it
	s.remember(key, r)
	return r, nil
}

func (s *state) remember(key string, r *Reduced) {
	s.mu.Lock()
	s.reduced[key] = r
	s.mu.Unlock()
}

// put stores the record that completes a reduction.
func (s *state) put(ctx context.Context, r *Reduced) error {
	key := reducedKey(r.Table, r.Partition)
	data, err := summed(*r)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	if err := s.out.PutBytes(ctx, key, data); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	s.remember(key, r)
	return nil
}

// summed is a record with its sum behind it: that of the bytes before, so that records of before are sound whatever fields are
// added.
func summed(r Reduced) ([]byte, error) {
	r.Sum = ""
	data, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return append(data[:len(data)-1], sumOf(data)...), nil
}

// sumField begins what stands behind a record.
const sumField = `,"sha256":"`

// sumOf is what stands behind a record in place of its last brace.
func sumOf(record []byte) []byte {
	sum := sha256.Sum256(record)
	return fmt.Appendf(nil, `%s%x"}`, sumField, sum)
}

// sound tells whether a record is what was written: a number of rows that lost a bit would make a day's sales nothing. Records of
// before they had a sum are believed.
func sound(data []byte) bool {
	at := bytes.LastIndex(data, []byte(sumField))
	return at < 0 || bytes.Equal(data[at:], sumOf(append(bytes.Clone(data[:at]), '}')))
}

// errLost marks a rollup that is gone or damaged though its record stands.
var errLost = errors.New("rollup lost")

// lost marks what is gone or damaged; trouble of the store stays what it is.
func lost(err error) error {
	if errors.Is(err, lake.ErrNotFound) || isBroken(err) {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	return err
}

// keepAsked has frames kept, up to so many bytes, also those of named columns, for who reads the same once more; 0: nobody does.
// Those that came first stay: the second reading comes in the same order, and would find nothing of what came last.
func (s *state) keepAsked(bytes int64) {
	if s.again = nil; bytes > 0 {
		s.again = newFrameCache(bytes)
		s.again.stays = true
	}
}

// frame loads one rollup of one day. Where columns are named it has these and perhaps others, and is hardly ever kept: for a
// second reading alone, by the first.
func (s *state) frame(ctx context.Context, r *rollup.Rollup, p Partition, first bool, columns ...string) (*column.Frame, error) {
	if empty(r, p) {
		return emptyFrame(r.Table()), nil
	}
	key := rollupKey(r.Name, p)
	if f := s.cache.get(key); f != nil {
		return f, nil
	}
	asked := key
	if columns != nil {
		asked += "#" + strings.Join(columns, ",")
	}
	if f := s.again.get(asked); f != nil {
		return f, nil
	}
	f, err := s.load(ctx, r.Table(), key, columns...)
	if err != nil {
		return nil, err
	}
	if columns == nil {
		s.cache.put(key, f)
	}
	if first {
		s.again.put(asked, f)
	}
	return f, nil
}

// rewrites is how often a file of the state is looked at again because another process has just written it too. Its
// bytes are the same, whoever writes them; but most stores give them a new etag.
const rewrites = 10

func (s *state) load(ctx context.Context, t *contract.Table, key string, columns ...string) (f *column.Frame, err error) {
	for range rewrites {
		if f, err = s.tryLoad(ctx, t, key, columns...); !errors.Is(err, lake.ErrChanged) {
			break
		}
	}
	return f, err
}

func (s *state) tryLoad(ctx context.Context, t *contract.Table, key string, columns ...string) (*column.Frame, error) {
	file, err := s.open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readTable(ctx, file, t, s.ids, columns...)
}

// open opens a file of the state; errLost if it is gone or damaged.
func (s *state) open(ctx context.Context, key string) (*lake.File, error) {
	file, err := openState(ctx, s.out, key)
	if s.base != nil && errors.Is(err, errLost) {
		return openState(ctx, s.base, key)
	}
	return file, err
}

func openState(ctx context.Context, l *lake.Lake, key string) (file *lake.File, err error) {
	for range rewrites {
		var obj lake.Object
		if obj, err = l.Stat(ctx, key); err != nil {
			break
		}
		if file, err = l.OpenParquet(ctx, obj); !errors.Is(err, lake.ErrChanged) {
			break
		}
	}
	if err != nil {
		return nil, lost(err)
	}
	return file, nil
}

// digestOf chains strings into one digest.
func digestOf(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s;", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// digest of the objects of a dump.
func (d *dump) digest() string {
	var b strings.Builder
	for _, o := range d.objects {
		fmt.Fprintf(&b, "%s|%d|%s\n", o.Key, o.Size, o.ETag)
	}
	return digestOf(b.String())
}

func (d *dump) inputs() []InputObject {
	out := make([]InputObject, len(d.objects))
	for i, o := range d.objects {
		out[i] = InputObject{Table: d.table.Name, Day: d.day, Key: o.Key, Size: o.Size, ETag: o.ETag}
	}
	return out
}

// frameCache keeps decoded rollups, the least recently used ones leaving first. A nil one keeps nothing.
type frameCache struct {
	mu     sync.Mutex
	limit  int64
	stays  bool // what is in it does not leave: when it is full nothing more is kept
	held   int64
	clock  int64
	frames map[string]*cached
}

type cached struct {
	frame *column.Frame
	used  int64
}

func newFrameCache(limit int64) *frameCache {
	return &frameCache{limit: limit, frames: map[string]*cached{}}
}

func (c *frameCache) get(key string) *column.Frame {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.frames[key]
	if e == nil {
		return nil
	}
	c.clock++
	e.used = c.clock
	return e.frame
}

func (c *frameCache) put(key string, f *column.Frame) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frames[key] != nil || f.Bytes() > c.limit/4 || c.stays && c.held+f.Bytes() > c.limit {
		return
	}
	c.clock++
	c.frames[key] = &cached{f, c.clock}
	c.held += f.Bytes()
	for c.held > c.limit { // the older half may be the smaller one
		c.evict()
	}
}

// evict drops the older half, so that it is rarely called.
func (c *frameCache) evict() {
	var newest, oldest int64 = c.clock, c.clock
	for _, e := range c.frames {
		oldest = min(oldest, e.used)
	}
	for k, e := range c.frames {
		if e.used <= (oldest+newest)/2 {
			c.held -= e.frame.Bytes()
			delete(c.frames, k)
		}
	}
}
