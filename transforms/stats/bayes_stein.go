package stats

// JamesStein shrinks estimates of equal variance v towards their mean.
//
//	mean + max(0, 1 − (k − 3)·v / sum (y − mean)²)·(y − mean)
//
// With four or more units its total squared error is smaller than that of y on average, whatever the truth. With
// fewer it gives y back.
//
// Source: Efron, Morris, Data analysis using Stein's estimator, JASA 70 (1975).
func JamesStein(y []float64, v float64) []float64 {
	shrunken := append([]float64(nil), y...)
	k := float64(len(y))
	if k < 4 {
		return shrunken
	}
	var sum, squares float64
	for _, value := range y {
		sum += value
	}
	mean := sum / k
	for _, value := range y {
		squares += (value - mean) * (value - mean)
	}
	keep := 0.0
	if squares > 0 {
		keep = max(0, 1-(k-3)*v/squares)
	}
	for i, value := range y {
		shrunken[i] = mean + keep*(value-mean)
	}
	return shrunken
}
