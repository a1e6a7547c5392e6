package lift

import (
	"fmt"
	"strings"
	"testing"
)

// armsOfUsers are users of two arms, each with so many rows.
func armsOfUsers(control, controlRows, treatment, treatmentRows int) string {
	var b strings.Builder
	fmt.Fprintln(&b, "arm,user,y")
	for arm, n := range [2][2]int{{control, controlRows}, {treatment, treatmentRows}} {
		for user := range n[0] {
			for row := range n[1] {
				fmt.Fprintf(&b, "%d,%d-%d,%d\n", arm, arm, user, (user+row)%7)
			}
		}
	}
	return b.String()
}

// What is assigned is the cluster: that it has more rows in one arm is an effect, or none, but no broken split.
func TestSharesAreThoseOfClusters(t *testing.T) {
	dir := t.TempDir()
	const flags, srm = "--method diff --arm arm --y y --cluster user --expected 0=0.5,1=0.5 --file ", "--method srm --arm arm --cluster user --file "
	even := textFile(t, dir, "even.csv", armsOfUsers(100, 2, 100, 3))
	for _, args := range []string{flags + even, srm + even} {
		a := answerOf(t, strings.Fields(args)...)
		if p, ok := a.Facts["srm_p"]; ok && p != 1.0 || !ok && a.Facts["p"] != 1.0 {
			t.Errorf("%s: facts %v", args, a.Facts)
		}
	}
	broken := textFile(t, dir, "broken.csv", armsOfUsers(70, 2, 130, 1)) // 140 and 130 rows
	code, _, errs := run(t, strings.Fields(flags+broken)...)
	if code != 1 || !strings.Contains(errs, "sample-ratio mismatch: 70 clusters of 0 and 130 clusters of 1 for expected shares") {
		t.Errorf("exit code %d: %s", code, errs)
	}
	if a := answerOf(t, strings.Fields(srm+broken)...); a.Facts["mismatch"] != true || a.Tables["arms"][0]["units"] != 70.0 {
		t.Errorf("facts %v, arms %v", a.Facts, a.Tables["arms"])
	}
	checkRefused(t, []bad{
		{"a cluster in both arms", "arm,y,k\n0,1,a\n1,2,a\n", srmFlags + " --cluster k", 1, `line 3, column k: cluster "a" stands in both arms, 0 and 1`},
		{"clusters of counts", "", "--method srm --counts 5,6 --cluster k", 2, `--cluster: .*leave it away`},
		{"clusters of sums", "arm,n\n0,2\n1,2\n", "--method srm --sums FILE --arm arm --cluster k", 2, `--cluster: .*leave it away`},
	})
}

const srmFlags = "--method srm --file FILE --arm arm"
