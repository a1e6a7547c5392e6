package jobs

// LackedBy are the columns that a partition lacks beside orders like these.
func LackedBy(orders []Partition, p Partition) []string {
	n := &night{partitions: map[string][]Partition{"orders": orders}}
	return n.lackedBy(p)
}
