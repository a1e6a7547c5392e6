package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"sync"

	"github.com/windvane/windvane/cmd/windvane/cli"
)

// startProfiles begins the profiles that are asked for. stopProfiles ends them.
func (a *app) startProfiles() error {
	var stops []func() error
	a.stopProfiles = func() error {
		var errs []error
		for _, stop := range stops {
			errs = append(errs, stop())
		}
		return errors.Join(errs...)
	}
	if a.cpuProfile != "" {
		stop, err := startCPUProfile(a.cpuProfile)
		if err != nil {
			return fmt.Errorf("cpuprofile: %w", err)
		}
		stops = append(stops, stop)
	}
	if a.memProfile != "" {
		stops = append(stops, profilePeak(a.memProfile))
	}
	return nil
}

func startCPUProfile(path string) (stop func() error, err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, cli.UsageError{Err: err}
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		f.Close()
		return nil, err
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

// profilePeak writes the heap as it was when most of it was alive: after every collection it looks whether more is than
// ever before, and writes the profile anew. One at the end alone would show what a night has let go of already.
func profilePeak(path string) (stop func() error) {
	p := &peak{path: path}
	p.watch()
	return p.end
}

type peak struct {
	path string
	mu   sync.Mutex
	most uint64 // bytes alive at the profile written last
	done bool
	err  error
}

// profileStep is by how much of it a peak must be passed to be written again.
const profileStep = 32

// watch is called again by the collection after it.
func (p *peak) watch() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done || p.err != nil {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if n := live[0].Value.Uint64(); n > p.most+p.most/profileStep {
		p.most = n
		p.err = p.write()
	}
	collected := new([16]byte)
	runtime.AddCleanup(collected, func(p *peak) { p.watch() }, p)
}

func (p *peak) write() error {
	f, err := os.Create(p.path)
	if err != nil {
		return err
	}
	return errors.Join(pprof.Lookup("heap").WriteTo(f, 0), f.Close())
}

func (p *peak) end() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = true
	if p.most == 0 && p.err == nil { // it ended before the first collection
		p.err = p.write()
	}
	if p.err != nil {
		return fmt.Errorf("memprofile: %w", p.err)
	}
	return nil
}
