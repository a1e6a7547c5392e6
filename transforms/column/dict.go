package column

import (
	"slices"
	"strings"
	"sync"
)

// Dict gives each distinct string of one identifier domain a code, for the life of a run. Codes
// depend on the order of arrival and never leave the process; Ranks gives the order of the strings.
// It is safe for concurrent use.
type Dict struct {
	mu     sync.RWMutex
	codes  map[string]int64
	values []string
	ranks  []int64 // of the first len(ranks) codes; rebuilt when strings were added
	ranked []int64 // the codes in the order of their strings
}

// NewDict makes an empty dictionary.
func NewDict() *Dict { return &Dict{codes: map[string]int64{}} }

// Code returns the code of s, a new one if s is new.
func (d *Dict) Code(s string) int64 {
	d.mu.RLock()
	c, ok := d.codes[s]
	d.mu.RUnlock()
	if ok {
		return c
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if c, ok := d.codes[s]; ok {
		return c
	}
	c = int64(len(d.values))
	s = strings.Clone(s)
	d.codes[s] = c
	d.values = append(d.values, s)
	return c
}

// Value is the string of a code.
func (d *Dict) Value(code int64) string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.values[code]
}

// Len is the number of strings.
func (d *Dict) Len() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.values)
}

// Ranks gives for each code the position of its string in ascending order. The slice is not changed
// afterwards; it covers the strings known at the time of the call.
func (d *Dict) Ranks() []int64 {
	ranks, _ := d.positions()
	return ranks
}

// positions are Ranks, and the code that has each rank.
func (d *Dict) positions() (ranks, ranked []int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.ranks) == len(d.values) {
		return d.ranks, d.ranked
	}
	ranks, ranked = make([]int64, len(d.values)), make([]int64, len(d.values))
	for i := range ranked {
		ranked[i] = int64(i)
	}
	slices.SortFunc(ranked, func(a, b int64) int { return strings.Compare(d.values[a], d.values[b]) })
	for r, c := range ranked {
		ranks[c] = int64(r)
	}
	d.ranks, d.ranked = ranks, ranked
	return ranks, ranked
}
