package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// ManifestFormat is the newest format of manifests that this binary writes and reads.
const ManifestFormat = 3

// Formats of manifests. A night is written in the oldest that says all of it, so that a deployment may go back to an older
// binary as long as its nights are such that the older one understands them.
const (
	formatPlain  = 1
	formatNobody = 2 // some partitions lack buyers: their rollups have rows of contract.Nobody
	formatLate   = 3 // some snapshots came too late for days that an older binary would classify by them
)

// formatOf is the oldest format that says all of a manifest with these partitions. Rollups, pairs and lift states without
// buyers have no format of their own: only a manifest names their partitions.
func formatOf(partitions map[string][]Partition) int {
	format := formatPlain
	for _, ps := range partitions {
		for _, p := range ps {
			switch {
			case p.LateTo != 0:
				return formatLate
			case p.Base != "" || p.BuyersGone:
				format = formatNobody
			}
		}
	}
	return format
}

// Manifest is the record of what a run read and wrote. Clocks and host names stand here, never in tables.
type Manifest struct {
	Format        int                    `json:"format"`
	Job           string                 `json:"job"`
	AsOf          calendar.Day           `json:"as_of"`
	Run           string                 `json:"run"`
	Version       string                 `json:"version"`
	Figures       FiguresRef             `json:"figures"`
	Host          string                 `json:"host"`
	Started       time.Time              `json:"started"`
	Finished      time.Time              `json:"finished"`
	NightDigest   string                 `json:"night_digest"`            // of everything the tables are made of
	IDs           contract.IDTypes       `json:"string_ids"`              // identifier domains that are STRING
	BuyerKey      string                 `json:"buyer_key,omitempty"`     // id of the key of buyers' hashes, no secret
	Forgotten     string                 `json:"forgotten,omitempty"`     // digest of the list of forgotten buyers; empty: none
	ForgottenIDs  int                    `json:"forgotten_ids,omitempty"` // ids on it
	Rules         map[string]string      `json:"rules"`                   // input table → digest of its mapping and rules
	ScoreRules    RulesRef               `json:"score_rules"`             // of scores and lists
	Previous      *CommitRef             `json:"previous"`                // the commit the night rests on, of the nearest earlier date; null: a cold start
	Partitions    map[string][]Partition `json:"partitions"`              // the rollups the tables were merged from
	Inputs        []InputObject          `json:"inputs"`                  // objects of the partitions that the commit before did not have
	Steps         []StepRecord           `json:"steps"`
	Gates         []Gate                 `json:"gates"`
	AcceptedChurn string                 `json:"accepted_churn,omitempty"` // why lists were allowed to turn over more than the rules say
	AcceptedGates string                 `json:"accepted_gates,omitempty"` // why the night was published although gates said no
	Outputs       []Output               `json:"outputs"`
	Warnings      []string               `json:"warnings"`
}

// CommitRef pins a commit.
type CommitRef struct {
	AsOf           calendar.Day `json:"as_of"`
	Sequence       int          `json:"sequence"`
	ManifestSHA256 string       `json:"manifest_sha256"`
}

// Output is one published object.
type Output struct {
	Table  string `json:"table"`
	Key    string `json:"key"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Gate is a check that had to pass before publication.
type Gate struct {
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	Detail string `json:"detail"`
}

// committed is a published night: its commit record and its manifest.
type committed struct {
	record   lake.CommitRecord
	manifest Manifest
	lake     *lake.Lake // that holds it
}

// maxManifestBytes bounds what is read as a manifest.
const maxManifestBytes = 256 << 20

// readCommit is the newest commit of a date, nil if there is none.
func (r *Runner) readCommit(ctx context.Context, asOf calendar.Day) (*committed, error) {
	return readNewest(ctx, r.Out, r.Settings.Job, asOf)
}

// readNewest is nil for a night that was retired as well.
func readNewest(ctx context.Context, out *lake.Lake, job string, asOf calendar.Day) (*committed, error) {
	rec, ok, err := out.Newest(ctx, job, asOf.String())
	if err != nil {
		return nil, fmt.Errorf("read commits of %s: %w", asOf, err)
	}
	if !ok || rec.Retired {
		return nil, nil
	}
	return readManifest(ctx, out, rec)
}

func readManifest(ctx context.Context, out *lake.Lake, rec lake.CommitRecord) (*committed, error) {
	data, err := out.ReadAll(ctx, rec.ManifestKey, maxManifestBytes)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != rec.ManifestSHA256 {
		return nil, fmt.Errorf("%w: %s does not have the sha256 its commit names", ErrDamaged, rec.ManifestKey)
	}
	c := &committed{record: rec, lake: out}
	var is struct { // before the rest, which a newer format may have changed in any way
		Format int `json:"format"`
	}
	if err := json.Unmarshal(data, &is); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, rec.ManifestKey, err)
	}
	if is.Format > ManifestFormat {
		return nil, fmt.Errorf("%s has format %d, this binary reads up to %d: use a newer windvane", rec.ManifestKey, is.Format, ManifestFormat)
	}
	if err := json.Unmarshal(data, &c.manifest); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, rec.ManifestKey, err)
	}
	return c, nil
}

// ErrDamaged marks a published object that is not what its manifest says.
var ErrDamaged = errors.New("damaged")

// RulesRef names the rules of scores and lists that a night went by.
type RulesRef struct {
	Version string `json:"version"`
	Digest  string `json:"digest"`
}
