package repeat

import (
	"encoding/binary"
	"math/bits"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// subjectRow are the figures of one subject.
type subjectRow struct {
	live        LiveBuyers // of shops
	trial       Trial      // of products
	firstWindow int        // position in contract.Windows of the first of windows; the longer ones follow
	windows     []tally
	months      []monthRow
	cohorts     []cohortRow
}

// A subject is kept in few bytes: most of its measures are 0, and a window mostly says what the shorter one said. A
// product takes some 40 bytes where its windows alone would take 720.
//
//	live and trial   a mask of 1 byte, then those that are not 0
//	first window     1 byte
//	windows          a mask of 2 bytes, then by how much those measures differ from the shorter window that differ
//	months, cohorts  how many, then row by row; a month as the days since the row before
//
// All numbers but masks and the first window are zigzag varints.

// pack appends the bytes of a subject.
func (s *subjectRow) pack(b []byte) []byte {
	b = packSome8(b, s.totals())
	b = append(b, uint8(s.firstWindow))
	var before tally
	for i := range s.windows {
		b = packChanges(b, &before, &s.windows[i])
		before = s.windows[i]
	}
	b = binary.AppendVarint(b, int64(len(s.months)))
	var month calendar.Day
	for _, m := range s.months {
		b = packAll(b, int64(m.month-month), m.buyers, m.r2Buyers, m.retained)
		month = m.month
	}
	b = binary.AppendVarint(b, int64(len(s.cohorts)))
	month = 0
	for _, c := range s.cohorts {
		b = packAll(b, int64(c.month-month), c.offset, c.buyers, c.active, c.r3[0], c.r3[1], c.r3[2])
		month = c.month
	}
	return b
}

// totals are the figures that a subject has one of.
func (s *subjectRow) totals() [8]int64 {
	t := &s.trial
	return [...]int64{s.live.Buyers, s.live.Repeat, t.Distribution.Buyers, t.Distribution.Repeat, t.Live.Buyers, t.Live.Repeat, t.Won, t.WonLive}
}

func packSome8(b []byte, values [8]int64) []byte {
	at := len(b)
	b = append(b, 0)
	for j, v := range values {
		if v != 0 {
			b[at] |= 1 << j
			b = binary.AppendVarint(b, v)
		}
	}
	return b
}

func packChanges(b []byte, before, now *tally) []byte {
	at := len(b)
	b = append(b, 0, 0)
	var some uint16
	for j, v := range now {
		if v != before[j] {
			some |= 1 << j
			b = binary.AppendVarint(b, v-before[j])
		}
	}
	binary.LittleEndian.PutUint16(b[at:], some)
	return b
}

func packAll(b []byte, values ...int64) []byte {
	for _, v := range values {
		b = binary.AppendVarint(b, v)
	}
	return b
}

// unpacker reads a packed subject front to back.
type unpacker struct{ rest []byte }

func (u *unpacker) byte() byte {
	v := u.rest[0]
	u.rest = u.rest[1:]
	return v
}

func (u *unpacker) number() int64 {
	if v := u.rest[0]; v < 0x80 { // most are small
		u.rest = u.rest[1:]
		return int64(v>>1) ^ -int64(v&1)
	}
	v, n := binary.Varint(u.rest)
	u.rest = u.rest[n:]
	return v
}

// unpack reads all of a subject, into the memory of the one before.
func (s *subjectRow) unpack(b []byte) {
	u := unpacker{b}
	u.readTotals(s)
	u.readWindows(s, windowCount)
	s.months = s.months[:0]
	var month calendar.Day
	for range u.number() {
		month += calendar.Day(u.number())
		s.months = append(s.months, monthRow{month, u.number(), u.number(), u.number()})
	}
	s.cohorts = s.cohorts[:0]
	month = 0
	for range u.number() {
		month += calendar.Day(u.number())
		s.cohorts = append(s.cohorts, cohortRow{month, u.number(), u.number(), u.number(), [3]int64{u.number(), u.number(), u.number()}})
	}
}

func (u *unpacker) readTotals(s *subjectRow) {
	var v [8]int64
	for some := u.byte(); some != 0; some &= some - 1 {
		v[bits.TrailingZeros8(some)] = u.number()
	}
	s.live = LiveBuyers{v[0], v[1]}
	s.trial = Trial{LiveBuyers{v[2], v[3]}, LiveBuyers{v[4], v[5]}, v[6], v[7]}
}

// readWindows reads the windows before the position to.
func (u *unpacker) readWindows(s *subjectRow, to int) {
	s.firstWindow, s.windows = int(u.byte()), s.windows[:0]
	var t tally
	for range to - s.firstWindow {
		some := binary.LittleEndian.Uint16(u.rest)
		for u.rest = u.rest[2:]; some != 0; some &= some - 1 {
			t[bits.TrailingZeros16(some)] += u.number()
		}
		s.windows = append(s.windows, t)
	}
}

// add adds the rest of the same subject.
func (s *subjectRow) add(o *subjectRow) {
	s.live, s.trial = s.live.plus(o.live), s.trial.plus(o.trial)
	first := min(s.firstWindow, o.firstWindow)
	windows := make([]tally, windowCount-first)
	for _, x := range []*subjectRow{s, o} {
		for i := range x.windows {
			windows[x.firstWindow-first+i].add(&x.windows[i])
		}
	}
	s.firstWindow, s.windows = first, windows
	s.months = mergeRows(s.months, o.months, func(r *monthRow) int64 { return int64(r.month) }, (*monthRow).add)
	s.cohorts = mergeRows(s.cohorts, o.cohorts, func(r *cohortRow) int64 { return int64(r.month)<<16 + r.offset }, (*cohortRow).add)
}

// window is the tally of a window, nil if the subject has none.
func (s *subjectRow) window(place int) *tally {
	if place -= s.firstWindow; place < 0 {
		return nil
	}
	return &s.windows[place]
}

// windowLength is the length in days of the i-th of windows.
func (s *subjectRow) windowLength(i int) int64 { return int64(contract.Windows[s.firstWindow+i]) }

// packed are the figures of many subjects.
type packed struct {
	subjects []int64
	spans    []column.Span
	store    column.Store
}

// keep appends a subject; buf is what it is encoded in, used again.
func (p *packed) keep(subject int64, s *subjectRow, buf []byte) []byte {
	buf = s.pack(buf[:0])
	p.subjects = append(p.subjects, subject)
	p.spans = append(p.spans, p.store.Keep(buf))
	return buf
}

// append takes over the subjects behind these. One that was cut in two stands in both.
func (p *packed) append(o *packed) {
	from := 0
	if last := len(p.subjects) - 1; last >= 0 && len(o.subjects) > 0 && p.subjects[last] == o.subjects[0] {
		var a, b subjectRow
		a.unpack(p.store.At(p.spans[last]))
		b.unpack(o.store.At(o.spans[0]))
		a.add(&b)
		p.spans[last] = p.store.Keep(a.pack(nil))
		from = 1
	}
	p.store.Take(&o.store, o.spans)
	p.subjects, p.spans = append(p.subjects, o.subjects[from:]...), append(p.spans, o.spans[from:]...)
}
