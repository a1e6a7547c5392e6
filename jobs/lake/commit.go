package lake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"
)

const (
	// CommitFormat is the format of commit records that this binary writes and the newest it reads.
	CommitFormat = 1

	maxSequence    = 9999
	maxCommitBytes = 64 << 10 // commit records are small, so that they are one plain PUT everywhere
)

// CommitRecord is the content of published/<job>/dt=<date>/commits/000N.json, which is written only if absent. It is
// the truth about what is published; current.json repeats the newest for readers that cannot list.
type CommitRecord struct {
	Format         int    `json:"format"`
	Job            string `json:"job"`
	AsOf           string `json:"as_of"` // YYYY-MM-DD
	Sequence       int    `json:"sequence"`
	Run            string `json:"run"`    // run ID
	Prefix         string `json:"prefix"` // of all objects of the run
	ManifestKey    string `json:"manifest_key"`
	ManifestSHA256 string `json:"manifest_sha256"` // hexadecimal
	Nonce          string `json:"nonce"`           // tells our own record from an equal one of another process
	Stale          bool   `json:"stale,omitempty"` // published although inputs were missing

	Signature *Signature `json:"signature,omitempty"` // of who published; absent: not signed

	// A rollback publishes the tables of an earlier commit of the date again; these are empty for others.
	RollbackTo int         `json:"rollback_to,omitempty"` // sequence of that commit
	Reason     string      `json:"reason,omitempty"`
	At         *time.Time  `json:"at,omitempty"`
	Withdrawn  []Withdrawn `json:"withdrawn,omitempty"` // nights that no run publishes again by itself

	// Retired says that the retention took the night out of the archive: nothing is published of the date any more, and the
	// tables of the commit before, which this record names too, go after their time.
	Retired bool `json:"retired,omitempty"`
}

// Withdrawn is a night that a rollback took back.
type Withdrawn struct {
	NightDigest   string `json:"night_digest"`
	AcceptedChurn string `json:"accepted_churn,omitempty"` // a reason given by a person, which the digest covers
}

// Validate tells what keeps the record from being committed.
func (r CommitRecord) Validate() error {
	switch {
	case !jobName.MatchString(r.Job):
		return fmt.Errorf("commit: job %q is not a plain name", r.Job)
	case !asOfDate.MatchString(r.AsOf):
		return fmt.Errorf("commit: as-of date %q is not YYYY-MM-DD", r.AsOf)
	case r.Sequence < 1 || r.Sequence > maxSequence:
		return fmt.Errorf("commit: sequence %d is outside 1 to %d", r.Sequence, maxSequence)
	case r.Run == "" || r.Prefix == "" || r.ManifestKey == "":
		return errors.New("commit: run, prefix or manifest key is missing")
	case !sha256Hex.MatchString(r.ManifestSHA256):
		return fmt.Errorf("commit: manifest sha256 %q is not 64 hexadecimal digits", r.ManifestSHA256)
	case r.RollbackTo < 0 || r.RollbackTo >= r.Sequence:
		return fmt.Errorf("commit: sequence %d rolls back to %d, which is no earlier one", r.Sequence, r.RollbackTo)
	}
	return nil
}

// Commit publishes rec as sequence expectSequence, which must be one more than the newest commit.
//
// It fails with ErrLostRace if another process wrote that sequence first, or if it is not the next one. Nonce,
// Sequence, Format and Signature of rec are set here, and what is no UTF-8 in Reason is replaced. A failure to rewrite the
// hint current.json is no failure of the commit: the next commit or RebuildCurrent mends it.
func (l *Lake) Commit(ctx context.Context, rec CommitRecord, expectSequence int) error {
	rec.Format, rec.Sequence, rec.Nonce = CommitFormat, expectSequence, nonce()
	rec.Reason = strings.ToValidUTF8(rec.Reason, "\uFFFD") // as JSON would, after it was signed
	if err := rec.Validate(); err != nil {
		return err
	}
	newest, _, err := l.Newest(ctx, rec.Job, rec.AsOf) // without a commit its sequence is 0
	if err != nil {
		return err
	}
	if newest.Sequence+1 != expectSequence {
		return fmt.Errorf("commit %s %s: sequence %d, newest is %d: %w", rec.Job, rec.AsOf, expectSequence, newest.Sequence, ErrLostRace)
	}
	if rec.Signature = nil; l.signer != nil { // that of the record which a caller copied fits another one
		rec.Signature = rec.sign(l.signer)
	}
	data, err := encodeCommit(rec)
	if err != nil {
		return err
	}
	err = l.PutIfAbsent(ctx, commitKey(rec.Job, rec.AsOf, rec.Sequence), data)
	if errors.Is(err, ErrExists) {
		return fmt.Errorf("commit %s %s: sequence %d: %w", rec.Job, rec.AsOf, rec.Sequence, ErrLostRace)
	}
	if err != nil {
		return fmt.Errorf("commit %s %s: %w", rec.Job, rec.AsOf, err)
	}
	_ = l.noteCurrent(ctx, rec, data) // a hint; see above
	return nil
}

// noteCurrent writes the bytes just committed to current.json, and not what is read back of them, which nothing
// vouches for. Whoever was paused since its commit writes an old hint over a newer one, so it looks again afterwards: if
// another commit has followed, the hint is made from that one.
func (l *Lake) noteCurrent(ctx context.Context, rec CommitRecord, data []byte) error {
	if err := l.PutBytes(ctx, currentKey(rec.Job, rec.AsOf), data); err != nil {
		return err
	}
	keys, err := l.commitKeys(ctx, rec.Job, rec.AsOf)
	if err != nil || len(keys) <= rec.Sequence {
		return err
	}
	return l.RebuildCurrent(ctx, rec.Job, rec.AsOf)
}

// RebuildCurrent writes current.json from the newest commit, until no newer one has come meanwhile. Without a commit it
// does nothing.
func (l *Lake) RebuildCurrent(ctx context.Context, job, asOf string) error {
	for written := 0; ; {
		rec, found, err := l.Newest(ctx, job, asOf)
		if err != nil || !found || rec.Sequence == written {
			return err
		}
		data, err := encodeCommit(rec)
		if err != nil {
			return err
		}
		if err := l.PutBytes(ctx, currentKey(job, asOf), data); err != nil {
			return err
		}
		written = rec.Sequence
	}
}

// Newest is the commit with the highest sequence of one as-of date, and whether there is one.
func (l *Lake) Newest(ctx context.Context, job, asOf string) (CommitRecord, bool, error) {
	keys, err := l.commitKeys(ctx, job, asOf)
	if err != nil || len(keys) == 0 {
		return CommitRecord{}, false, err
	}
	rec, err := l.readCommit(ctx, job, asOf, keys[len(keys)-1])
	return rec, err == nil, err
}

// Commits are all commits of one as-of date, in ascending sequence. None is not an error.
func (l *Lake) Commits(ctx context.Context, job, asOf string) ([]CommitRecord, error) {
	keys, err := l.commitKeys(ctx, job, asOf)
	if err != nil {
		return nil, err
	}
	records := make([]CommitRecord, 0, len(keys))
	for _, k := range keys {
		rec, err := l.readCommit(ctx, job, asOf, k)
		if err != nil {
			return nil, err
		}
		records = append(records, rec)
	}
	return records, nil
}

// commitKeys are the keys of all commits, in ascending sequence. Some stores list what was written a moment ago late. Commits are
// a sequence, so what a listing lacks is asked for by its key: the one after the last, and any in between. One that is
// really gone was deleted.
func (l *Lake) commitKeys(ctx context.Context, job, asOf string) ([]string, error) {
	if !jobName.MatchString(job) || !asOfDate.MatchString(asOf) {
		return nil, fmt.Errorf("commits of job %q, as-of date %q: malformed", job, asOf)
	}
	prefix := partitionPrefix(job, asOf) + "/commits/"
	objects, err := l.List(ctx, prefix)
	if err != nil {
		return nil, err
	}
	var listed []string // in key order, which is commit order
	for _, o := range objects {
		if commitName.MatchString(strings.TrimPrefix(o.Key, prefix)) { // others are not ours
			listed = append(listed, o.Key)
		}
	}
	var keys []string
	for next := 0; len(keys) < maxSequence; {
		key := commitKey(job, asOf, len(keys)+1)
		if next < len(listed) && listed[next] == key {
			keys, next = append(keys, key), next+1
			continue
		}
		there, err := l.exists(ctx, key)
		switch {
		case err != nil:
			return nil, err
		case there:
			keys = append(keys, key)
		case next < len(listed):
			return nil, fmt.Errorf("commits of %s %s: found %s where sequence %d belongs; restore the record, or remove what does not belong there; never renumber", job, asOf, listed[next], len(keys)+1)
		default:
			return keys, nil
		}
	}
	return keys, nil
}

// exists asks for a commit record by its key. Stores that list late read what was written.
func (l *Lake) exists(ctx context.Context, key string) (bool, error) {
	_, err := l.ReadAll(ctx, key, maxCommitBytes)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// readCommit refuses a record of a newer format rather than misread it.
func (l *Lake) readCommit(ctx context.Context, job, asOf, key string) (CommitRecord, error) {
	data, err := l.ReadAll(ctx, key, maxCommitBytes)
	if err != nil {
		return CommitRecord{}, err
	}
	var rec CommitRecord
	var is struct { // before the rest, which a newer format may have changed in any way
		Format int `json:"format"`
	}
	if err := json.Unmarshal(data, &is); err != nil {
		return CommitRecord{}, fmt.Errorf("read commit %s: %w", key, err)
	}
	if is.Format != CommitFormat {
		return CommitRecord{}, fmt.Errorf("read commit %s: format %d, this binary reads %d: use a newer windvane", key, is.Format, CommitFormat)
	}
	if err := json.Unmarshal(data, &rec); err != nil {
		return CommitRecord{}, fmt.Errorf("read commit %s: %w", key, err)
	}
	if err := rec.Validate(); err != nil {
		return CommitRecord{}, fmt.Errorf("read commit %s: %w", key, err)
	}
	if commitKey(rec.Job, rec.AsOf, rec.Sequence) != key || rec.Job != job || rec.AsOf != asOf {
		return CommitRecord{}, fmt.Errorf("read commit %s: it says it is %s %s, sequence %d; it is a copy from there: remove it", key, rec.Job, rec.AsOf, rec.Sequence)
	}
	return rec, nil
}

func encodeCommit(rec CommitRecord) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(rec); err != nil {
		return nil, fmt.Errorf("encode commit: %w", err)
	}
	return buf.Bytes(), nil
}

func partitionPrefix(job, asOf string) string { return "published/" + job + "/dt=" + asOf }

func currentKey(job, asOf string) string {
	return path.Join(partitionPrefix(job, asOf), "current.json")
}

// commitKey pads to four digits, so that key order is commit order.
func commitKey(job, asOf string, sequence int) string {
	return fmt.Sprintf("%s/commits/%04d.json", partitionPrefix(job, asOf), sequence)
}

var (
	jobName    = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)
	asOfDate   = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	sha256Hex  = regexp.MustCompile(`^[0-9a-f]{64}$`)
	commitName = regexp.MustCompile(`^[0-9]{4}\.json$`)
)
