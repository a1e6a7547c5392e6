//go:build !acceptance

package jobs_test

// faultStride is how many operations lie between two fault points. make faults meets every one.
const faultStride = 113
