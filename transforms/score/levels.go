package score

import "github.com/windvane/windvane/transforms/column"

// levels number the categories of every level from 0, so that a category's figures stand in a slice.
type levels []level

// level is one level of categories; the first is the most specific.
type level struct {
	number     int             // 1 for the widest; the platform is 0
	categories []int32         // of each subject; −1: none
	codes      []int64         // of each category
	positions  map[int64]int32 // code → category
}

func newLevels(codes [][]int64) levels {
	all := make(levels, len(codes))
	for at, column := range codes {
		all[at] = newLevel(len(codes)-at, column)
	}
	return all
}

func newLevel(number int, codes []int64) level {
	l := level{number: number, categories: make([]int32, len(codes)), positions: map[int64]int32{column.Null: -1}}
	last, category := int64(column.Null), int32(-1)
	for subject, code := range codes {
		if code != last { // neighbours are often of one category
			last, category = code, l.category(code)
		}
		l.categories[subject] = category
	}
	return l
}

func (l *level) category(code int64) int32 {
	category, seen := l.positions[code]
	if !seen {
		category = int32(len(l.codes))
		l.codes, l.positions[code] = append(l.codes, code), category
	}
	return category
}
