//go:build acceptance

package main

const (
	kills    = 200
	contests = 100
)
