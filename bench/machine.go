package main

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
)

// machine is what the figures were measured on.
type machine struct {
	CPU     string `json:"cpu"`
	Cores   int    `json:"cores"` // used by every engine
	Memory  string `json:"memory"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	L2Cache string `json:"l2_cache,omitempty"`
}

func thisMachine(cores int) machine {
	return machine{CPU: field("/proc/cpuinfo", "model name"), Cores: cores, Memory: field("/proc/meminfo", "MemTotal"),
		OS: runtime.GOOS, Arch: runtime.GOARCH, L2Cache: contents("/sys/devices/system/cpu/cpu0/cache/index2/size")}
}

// field is a line "name : value" of a file of the kernel's, empty if there is none.
func field(file, name string) string {
	for line := range strings.Lines(contents(file)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func contents(file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return "" // another kernel: the document says less
	}
	return strings.TrimSpace(string(data))
}

// versions are those of all engines and of Go.
func versions(ctx context.Context, s *site, all []*measured) map[string]string {
	out := map[string]string{"go": runtime.Version()}
	for _, m := range all {
		for engine, v := range m.version {
			if v != "" {
				out[engine] = v
			}
		}
	}
	if own, err := exec.CommandContext(ctx, s.windvane, "version").Output(); err == nil {
		out[windvane] = regexp.MustCompile(`\s+`).ReplaceAllString(strings.TrimSpace(string(own)), " ")
	}
	return out
}
