package config

import (
	"net/url"
	"strings"
)

// Lineage says which data catalogue hears of nights.
type Lineage struct {
	// To is a folder or bucket for JSON files, or the http(s) URL of an OpenLineage endpoint; empty: nobody hears.
	To string `yaml:"to" json:"to"`
	// Namespace is that of the jobs in the catalogue.
	Namespace string `yaml:"namespace" json:"namespace"`
	// APIKey is where the bearer token of the endpoint comes from; nothing: none is sent.
	APIKey Secret `yaml:"api_key" json:"api_key"`
}

// HTTP tells whether events are posted.
func (l Lineage) HTTP() bool {
	return strings.HasPrefix(l.To, "https://") || strings.HasPrefix(l.To, "http://")
}

func (l Lineage) problems() (found []problem) {
	if !l.HTTP() {
		checkURL(l.To, func(text string) { found = append(found, problem{"lineage.to", text}) })
	} else if u, err := url.Parse(l.To); err != nil || u.Host == "" || u.User != nil {
		found = append(found, problem{"lineage.to", "it is no URL of an endpoint, as in https://catalogue.example/api/v1/lineage; keys come from lineage.api_key"})
	}
	if strings.TrimSpace(l.Namespace) == "" {
		found = append(found, problem{"lineage.namespace", "it is empty"})
	}
	if l.APIKey.Given() && !l.HTTP() {
		found = append(found, problem{"lineage.api_key", "files need none"})
	}
	return append(found, l.APIKey.problems("lineage.api_key")...)
}
