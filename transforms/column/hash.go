package column

// Mix folds x into the running hash h (a multiply-and-xor-shift step; not keyed, in-process only).
func Mix(h uint64, x int64) uint64 {
	h = (h ^ uint64(x)) * 0x9E3779B97F4A7C15
	return h ^ h>>32
}

// hashSeed is the hash of no values.
const hashSeed = 0x51_7C_C1_B7_27_22_0A_95

// Hash mixes the values of a key.
func Hash(key ...int64) uint64 {
	h := uint64(hashSeed)
	for _, x := range key {
		h = Mix(h, x)
	}
	return h
}
