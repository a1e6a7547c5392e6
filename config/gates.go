package config

import "fmt"

// problems are the values out of range.
func (g Gates) problems() (found []problem) {
	for _, x := range []struct {
		ok    bool
		key   string
		value any
		text  string
	}{
		{g.Days >= 2 && g.Days <= 366, "days", g.Days, "is outside [2, 366]"},
		{g.MinRows >= 1, "min_rows", g.MinRows, "is below 1"},
		{g.MinVolume >= 0 && g.MinVolume < 1, "min_volume", g.MinVolume, "is outside [0, 1); 0 means no such gate"},
		{g.MaxVolume == 0 || g.MaxVolume > 1, "max_volume", g.MaxVolume, "is not above 1; 0 means no such gate"},
		{g.MaxUnitJump == 0 || g.MaxUnitJump > 1, "max_unit_jump", g.MaxUnitJump, "is not above 1; 0 means no such gate"},
		{g.MaxGrade >= 0 && g.MaxGrade <= 1, "max_grade", g.MaxGrade, "is outside [0, 1]; 0 means no such gate"},
		{g.MaxShift >= 0, "max_shift", g.MaxShift, "is below 0; 0 means no such gate"},
		{g.MaxSnapshotAge >= 0, "max_snapshot_age", g.MaxSnapshotAge, "is below 0; 0 means no such gate"},
		{g.MinScored >= 1, "min_scored", g.MinScored, "is below 1"},
	} {
		if !x.ok {
			found = append(found, problem{"gates." + x.key, fmt.Sprintf("%v %s", x.value, x.text)})
		}
	}
	return found
}
