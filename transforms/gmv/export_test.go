package gmv

// SumIn is Sum on at most so many ranges of subjects.
var SumIn = sumIn
