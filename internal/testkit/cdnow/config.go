package cdnow

import _ "embed"

// Config is the configuration under which the dumps are run, in YAML.
//
//go:embed config/cdnow.yaml
var Config string
