package main

func document(peersOptions, []*measured, result) string { return "" }
