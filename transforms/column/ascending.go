package column

// Ascending is the order of keys: their positions, the least key's first, those of equal keys as they came. It is a radix
// sort from the least significant byte up, over the bytes in which keys differ; only 16 bytes a key move.
func Ascending(keys []uint64) []uint32 {
	rows, other := make([]entry, len(keys)), make([]entry, len(keys))
	var differ uint64
	for i, k := range keys {
		rows[i] = entry{k, uint32(i)}
		differ |= k ^ keys[0]
	}
	for shift := 0; differ>>shift != 0; shift += 8 {
		if differ>>shift&0xff == 0 {
			continue
		}
		var starts [257]uint32
		for _, e := range rows {
			starts[int(uint8(e.key>>shift))+1]++
		}
		for b := range 256 {
			starts[b+1] += starts[b]
		}
		for _, e := range rows {
			b := uint8(e.key >> shift)
			other[starts[b]] = e
			starts[b]++
		}
		rows, other = other, rows
	}
	out := make([]uint32, len(rows))
	for i, e := range rows {
		out[i] = e.row
	}
	return out
}

// NullLast maps values to keys that order as they do, and Null to the greatest.
func NullLast(v int64) uint64 { return uint64(v) ^ 1<<63 - 1 }
