package twin

import "testing"

// Score validity shows in none of these tables, so it is tested here from inside.
func TestScoreValidLines(t *testing.T) {
	n := &night{Options: DefaultOptions(0)}
	for _, c := range []struct {
		kind   string
		amount int64
		want   string
	}{
		{"normal", 201, "score_valid"}, {"presale", 201, "score_valid"}, {"normal", 200, "gmv_valid"},
		{"gift", 201, "gmv_valid"}, {"lucky_bag", 201, "gmv_valid"}, {"sample", 201, "gmv_valid"},
	} {
		if got := n.classOf(true, c.kind, nil, 1, c.amount); got != c.want {
			t.Errorf("%s of %d fen: got %s, want %s", c.kind, c.amount, got, c.want)
		}
	}
}
