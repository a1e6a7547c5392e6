//go:build acceptance

package jobs_test

// faultStride 1 is every operation.
const faultStride = 1

// settingsWalks through settings.
const settingsWalks uint64 = 24

// damagedMarkets that are validated and run.
const damagedMarkets uint64 = 200
