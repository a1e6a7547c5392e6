//go:build !acceptance

package jobs_test

// faultStride is how many operations lie between two fault points. make faults meets every one.
const faultStride = 113

// settingsWalks is how many walks through settings are made; test-full makes more.
const settingsWalks uint64 = 4

// damagedMarkets is how many are validated and run.
const damagedMarkets uint64 = 30
