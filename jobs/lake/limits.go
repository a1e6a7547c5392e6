package lake

import "fmt"

// Limits bounds what one file may make a reader allocate. A field of zero means its default.
type Limits struct {
	MaxFooterBytes    int64 // footer as stored, bytes
	MaxFooterElements int   // list elements in the footer: columns × row groups and their statistics
	MaxColumns        int   // leaf columns
	MaxRowGroups      int   // row groups of a file
	MaxRowGroupRows   int64 // rows of one row group
	MaxPageBytes      int64 // one page, uncompressed, bytes
	MaxDictionary     int64 // values of one dictionary
	MaxColumnBytes    int64 // one column of one row group in memory, bytes
	MaxRowGroupBytes  int64 // the columns read of one row group in memory, together, bytes
}

// DefaultLimits lets every sane writer's files pass and keeps the worst file within about 1 GiB.
func DefaultLimits() Limits {
	return Limits{
		MaxFooterBytes:    32 << 20,
		MaxFooterElements: 1 << 19,
		MaxColumns:        10_000,
		MaxRowGroups:      32_767,
		MaxRowGroupRows:   1 << 26,
		MaxPageBytes:      256 << 20,
		MaxDictionary:     1 << 24,
		MaxColumnBytes:    768 << 20,
		MaxRowGroupBytes:  1 << 30,
	}
}

// Validate refuses negative limits.
func (l Limits) Validate() error {
	for _, v := range []int64{
		l.MaxFooterBytes, int64(l.MaxFooterElements), int64(l.MaxColumns), int64(l.MaxRowGroups), l.MaxRowGroupRows,
		l.MaxPageBytes, l.MaxDictionary, l.MaxColumnBytes, l.MaxRowGroupBytes,
	} {
		if v < 0 {
			return fmt.Errorf("lake: limit %d is negative", v)
		}
	}
	return nil
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	orDefault(&l.MaxFooterBytes, d.MaxFooterBytes)
	orDefault(&l.MaxFooterElements, d.MaxFooterElements)
	orDefault(&l.MaxColumns, d.MaxColumns)
	orDefault(&l.MaxRowGroups, d.MaxRowGroups)
	orDefault(&l.MaxRowGroupRows, d.MaxRowGroupRows)
	orDefault(&l.MaxPageBytes, d.MaxPageBytes)
	orDefault(&l.MaxDictionary, d.MaxDictionary)
	orDefault(&l.MaxColumnBytes, d.MaxColumnBytes)
	orDefault(&l.MaxRowGroupBytes, d.MaxRowGroupBytes)
	return l
}

func orDefault[T int | int64](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}
