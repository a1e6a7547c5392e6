//go:build acceptance

package jobs_test

import "testing"

// Two months of a demo, so that it is known whom distribution won.
func TestADemoNightTestsProducts(t *testing.T) {
	d := newDemo(t, 60)
	if won := wantProductTest(t, d, d.night(lastDay), 60); won == 0 {
		t.Error("nobody was won for a live: the test has lost its object")
	}
}
