package column

// DivideHalfUp is num/den for den > 0, rounded half up; Null where den is 0 or either is Null.
func DivideHalfUp(num, den int64) int64 {
	if num == Null || den == Null || den <= 0 {
		return Null
	}
	q, r := num/den, num%den
	if r < 0 {
		q, r = q-1, r+den
	}
	if r >= den-r {
		q++
	}
	return q
}
