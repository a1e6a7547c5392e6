package lineage

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// Place is where a store's objects are, in OpenLineage's names of datasets.
//
// Source: https://openlineage.io/docs/spec/naming
type Place struct {
	Namespace string // s3://bucket, gs://bucket, file, …
	Root      string // what stands before keys: a folder's path, a prefix; may be empty
}

// PlaceOf is the place of a bucket's URL or a local folder. Parameters of the URL do not show, but for a prefix.
func PlaceOf(location string) (Place, error) {
	u, err := url.Parse(location)
	switch {
	case !strings.Contains(location, "://"), err == nil && u.Scheme == "file":
		folder := location
		if err == nil && u.Scheme == "file" {
			folder = u.Host + u.Path // file://./folder is relative
		}
		if folder, err = filepath.Abs(folder); err != nil {
			return Place{}, fmt.Errorf("lineage: %w", err)
		}
		return Place{"file", filepath.ToSlash(folder)}, nil
	case err != nil:
		return Place{}, fmt.Errorf("lineage: the URL of the input or output cannot be read")
	}
	return Place{u.Scheme + "://" + u.Host, strings.Trim(u.Query().Get("prefix"), "/")}, nil
}

// Dataset is the one under a key.
func (p Place) Dataset(key string) Dataset {
	if p.Root != "" {
		key = strings.TrimSuffix(p.Root, "/") + "/" + key
	}
	return Dataset{Namespace: p.Namespace, Name: strings.TrimSuffix(key, "/"), Facets: Facets{}}
}
