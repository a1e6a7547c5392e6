package column_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
)

// twinGroups is a Grouper as a map, with the order in which keys came.
type twinGroups struct {
	sums  map[[2]int64][2]int64
	order [][2]int64
}

func newTwin() *twinGroups { return &twinGroups{sums: map[[2]int64][2]int64{}} }

func (g *twinGroups) add(key, values [2]int64) {
	sum, ok := g.sums[key]
	if !ok {
		g.order = append(g.order, key)
	}
	g.sums[key] = [2]int64{sum[0] + values[0], sum[1] + values[1]}
}

func (g *twinGroups) rows() []int64 {
	rows := []int64{}
	for _, k := range g.order {
		rows = append(rows, k[0], k[1], g.sums[k][0], g.sums[k][1])
	}
	return rows
}

func add(g *column.Grouper, key, values [2]int64) {
	sums := g.Get(key[:])
	sums[0] += values[0]
	sums[1] += values[1]
}

func TestGroupsAgreeWithAMap(t *testing.T) {
	value := rapid.OneOf(rapid.Int64Range(0, 5), rapid.Int64(), rapid.Just[int64](column.Null))
	pair := rapid.Custom(func(t *rapid.T) [2]int64 { return [2]int64{value.Draw(t, "a"), value.Draw(t, "b")} })
	amounts := rapid.Custom(func(t *rapid.T) [2]int64 {
		return [2]int64{rapid.Int64Range(-9, 9).Draw(t, "x"), rapid.Int64Range(0, 9).Draw(t, "y")}
	})
	rapid.Check(t, func(t *rapid.T) {
		g, twin := column.NewGrouper(2, 2), newTwin()
		other, otherTwin := column.NewGrouper(2, 2), newTwin()
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				k, v := pair.Draw(t, "key"), amounts.Draw(t, "values")
				add(g, k, v)
				twin.add(k, v)
			},
			"add elsewhere": func(t *rapid.T) {
				k, v := pair.Draw(t, "key"), amounts.Draw(t, "values")
				add(other, k, v)
				otherTwin.add(k, v)
			},
			"merge": func(*rapid.T) {
				g.Merge(other)
				for _, k := range otherTwin.order {
					twin.add(k, otherTwin.sums[k])
				}
			},
			"reset": func(*rapid.T) { g.Reset(); twin = newTwin() },
			"find": func(t *rapid.T) {
				k := pair.Draw(t, "key")
				want, ok := twin.sums[k]
				if got := g.Find(k[0], k[1]); (got != nil) != ok || ok && [2]int64(got) != want {
					t.Fatalf("found %v, want %v", got, want)
				}
			},
			"": func(t *rapid.T) {
				if diff := cmp.Diff(twin.rows(), append([]int64{}, g.Rows()...)); diff != "" {
					t.Fatal(diff)
				}
			},
		})
	})
}

func TestATableGrowsWithoutLosingGroups(t *testing.T) {
	g := column.NewGrouper(1, 1)
	for round := range 2 {
		for i := range int64(10_000) {
			row, added := g.Index([]int64{i * i})
			if row != int(i) || !added {
				t.Fatalf("round %d: key %d stands in row %d, new: %v", round, i, row, added)
			}
			g.Row(row)[1] = i
		}
		for i := range int64(10_000) {
			if m := g.Find(i * i); m == nil || m[0] != i {
				t.Fatalf("round %d: found %v for %d", round, m, i)
			}
		}
		if row, added := g.Index([]int64{81}); row != 9 || added || g.Len() != 10_000 || g.Find(-1) != nil {
			t.Fatalf("row %d, new: %v, %d groups", row, added, g.Len())
		}
		g.Reset()
		if g.Len() != 0 || g.Find(81) != nil {
			t.Fatal("a key outlived the reset")
		}
	}
}

func TestATableWithoutKeysHasOneGroup(t *testing.T) {
	g := column.NewGrouper(0, 1)
	g.Get(nil)[0]++
	g.Get([]int64{})[0]++
	if g.Len() != 1 || g.Row(0)[0] != 2 || g.Width() != 1 {
		t.Errorf("%v", g.Rows())
	}
	if none := column.NewGrouper(0, 0); none.Len() != 0 {
		t.Error("a table without columns has groups")
	}
}

func TestEqualKeysHashAlikeAndOrderMatters(t *testing.T) {
	if column.Hash(1, 2) != column.Hash(1, 2) || column.Hash(1, 2) == column.Hash(2, 1) || column.Hash(0) == column.Hash(0, 0) {
		t.Error("hashes do not tell keys apart")
	}
}
