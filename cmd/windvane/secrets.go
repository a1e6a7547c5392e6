package main

import (
	"crypto/ed25519"
	"os"
	"slices"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/mapping"
)

// forgotten hashes the ids of the buyers who are to be forgotten, as the dumps have them: 1001 is one buyer as number and as text, 01001
// is another one.
func (a *app) forgotten(c config.Config, s *jobs.Settings) error {
	ids, err := c.Forgotten.Read(os.ReadFile)
	if err != nil {
		return err
	}
	for _, id := range ids {
		s.Forgotten = append(s.Forgotten, mapping.HashBuyer(s.BuyerKey, id))
	}
	slices.Sort(s.Forgotten)
	s.Forgotten, s.ForgottenIDs = slices.Compact(s.Forgotten), len(ids)
	return nil
}

// signer is the key that commits are signed with, nil if none is named.
func (a *app) signer(c config.Config) (ed25519.PrivateKey, error) {
	if !c.Signing.Given() {
		return nil, nil
	}
	text, err := c.Signing.Read(a.lookupEnv, os.ReadFile)
	if err != nil {
		return nil, cli.Usagef("config: signing: %w", err)
	}
	key, err := lake.ParsePrivateKey([]byte(text))
	if err != nil {
		return nil, cli.Usagef("config: signing: %w", err)
	}
	return key, nil
}

// publicKey reads the key that commits must be signed with, nil if no file is named.
func publicKey(path string) (ed25519.PublicKey, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, cli.Usagef("--public-key: %w", err)
	}
	key, err := lake.ParsePublicKey(text)
	if err != nil {
		return nil, cli.Usagef("--public-key: %s: %w", path, err)
	}
	return key, nil
}
