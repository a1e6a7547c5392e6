package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/jobs"
)

// release is set by the linker for released binaries.
var release = "dev"

func version() string {
	if release != "dev" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return release + "-" + s.Value[:min(12, len(s.Value))]
		}
	}
	return release
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version and the formats it reads and writes", Args: cobra.NoArgs,
		Long: `version prints the version, the Go version and platform it was built with, and the newest format of
manifests that it reads. A night is written in the oldest format that says all of
it; nights of a newer one are refused, never misread.`,
		Example: "  windvane version --json",
		RunE: func(*cobra.Command, []string) error {
			v := map[string]any{"version": version(), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH, "manifest_format": jobs.ManifestFormat}
			if a.json {
				return a.printJSON(v)
			}
			_, err := fmt.Fprintf(a.stdout, "windvane %s (%s, %s, manifest format %d)\n", v["version"], v["go"], v["platform"], jobs.ManifestFormat)
			return err
		},
	}
}
