package score

import "github.com/windvane/windvane/transforms/column"

// levels number the categories of every level from 0, so that a category's figures stand in a slice.
type levels []level

// level is one level of categories; the first is the most specific.
type level struct {
	number     int             // 1 for the widest; the platform is 0
	categories *column.Ints    // of each subject; column.Null: none
	codes      []int64         // of each category
	positions  map[int64]int64 // code → category
}

func newLevels(codes []*column.Ints) levels {
	all, scratch := make(levels, len(codes)), []int64(nil)
	for at, c := range codes {
		if scratch == nil {
			scratch = make([]int64, c.Len())
		}
		all[at] = newLevel(len(codes)-at, c, scratch)
	}
	return all
}

func newLevel(number int, codes *column.Ints, scratch []int64) level {
	l := level{number: number, positions: map[int64]int64{column.Null: column.Null}}
	last, category := int64(column.Null), int64(column.Null)
	for subject := range scratch {
		if code := codes.At(subject); code != last { // neighbours are often of one category
			last, category = code, l.category(code)
		}
		scratch[subject] = category
	}
	l.categories = column.NewInts(scratch)
	return l
}

func (l *level) category(code int64) int64 {
	category, seen := l.positions[code]
	if !seen {
		category = int64(len(l.codes))
		l.codes, l.positions[code] = append(l.codes, code), category
	}
	return category
}
