// Package lineage tells data catalogues, in the words of OpenLineage, which dumps a night read and which tables it
// published: Marquez, DataHub, OpenMetadata and the like draw their graphs from such events.
//
// Package jobs says what happened as Events; a Sender writes each one as a JSON file into a folder or bucket, or posts it to
// an HTTP endpoint, with few tries and in bounded time. Nothing depends on it: what cannot be sent is logged, and
// the night is published, or not, all the same.
//
// Source: OpenLineage 2-0-2, https://openlineage.io/spec/2-0-2/OpenLineage.json, and the facets named in facets.go.
package lineage
