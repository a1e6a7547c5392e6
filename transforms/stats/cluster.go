package stats

// FewClusters is the number of clusters of an arm below which its cluster-robust variance is too small.
const FewClusters = 40

// ClusteredDifference is the effect on the mean of a unit where whole clusters of units (users with several pairs,
// households, live rooms) were assigned or hang together. The arms' units are clusters; total is the variable of their
// totals S_g, size that of the number n_g of units in them.
//
//	m   = Σ S_g / Σ n_g
//	Var = G/(G − 1)·Σ (S_g − m·n_g)² / (Σ n_g)²,  as of Ratio(total, size)
//
// Degrees of freedom come from clusters: at most G_T + G_C − 2. Fewer than 40 clusters in an arm give WarnFewClusters:
// the interval is then too short. Clusters are independent of each other.
//
// Source: Liang, Zeger, Biometrika 73 (1986), with the factor G/(G − 1); Cameron, Miller, A practitioner's guide to
// cluster-robust inference, JHR 50 (2015).
func ClusteredDifference(t, c *Arm, total, size Variable, how Inference) Estimate {
	return Difference(t.Ratio(total, size), c.Ratio(total, size), how).Warn(min(t.N, c.N) < FewClusters, WarnFewClusters)
}
