package lake

import "slices"

// Bounds are the least and the greatest value of a column in a row group, as the file's statistics hold
// them: int64 as 8 bytes little-endian, strings as their bytes.
type Bounds struct {
	Least, Greatest []byte // nil if all values are null
	Nulls           int64
}

// Bounds are the bounds of a column in row group rg. ok is false if the file does not tell, or if windvane
// did not write it: others cut long bounds short, and some got their order wrong.
func (f *File) Bounds(rg int, column string) (b Bounds, ok bool) {
	i := slices.IndexFunc(f.leaves, func(l leaf) bool { return l.Name == column })
	if i < 0 || f.meta.CreatedBy != createdBy && f.meta.CreatedBy != createdByBefore {
		return Bounds{}, false
	}
	m := &f.meta.RowGroups[rg].Columns[i].MetaData
	s := &m.Statistics
	if s.NullCount == m.NumValues {
		return Bounds{Nulls: s.NullCount}, true
	}
	return Bounds{s.MinValue, s.MaxValue, s.NullCount}, s.MinValue != nil && s.MaxValue != nil
}
