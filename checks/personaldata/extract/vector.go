package extract

import (
	"encoding/binary"
	"errors"
	"io"
)

// Records of drawings that hold text (MS-EMF 2.3.5, MS-WMF 2.3.3).
const (
	emfEOF        = 14
	emfTextNarrow = 83
	emfTextWide   = 84
	emfTextSmall  = 108

	emfBitmaps    = 76 // the first of those that hold a picture of pixels
	emfBitmapsEnd = 81
	emfBlend      = 114

	wmfText     = 0x0521
	wmfTextMore = 0x0A32
)

const (
	drawnRecord  = 64 << 10  // bytes of one record of a drawing that are looked at
	drawnRecords = 1_000_000 // of one drawing
)

// walkEMF gives the text that an enhanced metafile draws to the sink, and reads how large
// the drawing is.
func walkEMF(d *document, s *steps) error {
	l, scanned := lines{d: d}, false
	defer func() {
		l.end()
		s.said = d.text && !scanned
	}()
	for s.n = range drawnRecords {
		head, err := s.take(8)
		if err != nil {
			return endOfDrawing(head, err)
		}
		kind, size := binary.LittleEndian.Uint32(head), int64(binary.LittleEndian.Uint32(head[4:]))
		if size < 8 {
			return Damaged
		}
		b, err := s.take(min(size-8, drawnRecord))
		if err != nil {
			return err
		}
		u32 := func(at int) int64 { // of the record, with its head
			if at -= 8; at >= 0 && at+4 <= len(b) {
				return int64(binary.LittleEndian.Uint32(b[at:]))
			}
			return 0
		}
		switch {
		case s.n == 0:
			s.size(u32(16)-u32(8)+1, u32(20)-u32(12)+1)
		case kind == emfEOF:
			return nil
		case kind >= emfBitmaps && kind <= emfBitmapsEnd, kind == emfBlend:
			scanned = scanned || size > drawnRecord
		case kind == emfTextNarrow:
			l.drawn(b, u32(48)-8, u32(44), false)
		case kind == emfTextWide:
			l.drawn(b, u32(48)-8, 2*u32(44), true)
		case kind == emfTextSmall:
			const narrow, unbound = 0x200, 0x100
			options, at := u32(20), int64(52-8)
			if options&unbound != 0 {
				at -= 16
			}
			if options&narrow != 0 {
				l.drawn(b, at, u32(16), false)
			} else {
				l.drawn(b, at, 2*u32(16), true)
			}
		}
		if err := s.skip(size - 8 - int64(len(b))); err != nil {
			return err
		}
		if l.stop != "" {
			return l.stop
		}
	}
	return LimitEntries
}

// walkWMF gives the text that a metafile of 16 bits draws to the sink, and reads how
// large the drawing is.
func walkWMF(d *document, s *steps) error {
	const placeable, header = 22, 18
	head, err := s.take(placeable)
	if err != nil {
		return err
	}
	i16 := func(b []byte, at int) int64 { return int64(int16(binary.LittleEndian.Uint16(b[at:]))) }
	if inch := i16(head, 14); inch > 0 {
		const perInch = 96 // dots of a screen
		s.size((i16(head, 10)-i16(head, 6))*perInch/inch, (i16(head, 12)-i16(head, 8))*perInch/inch)
	}
	if err := s.skip(header); err != nil {
		return err
	}
	l, scanned := lines{d: d}, false
	defer func() {
		l.end()
		s.said = d.text && !scanned
	}()
	for s.n = range drawnRecords {
		head, err := s.take(6)
		if err != nil {
			return endOfDrawing(head, err)
		}
		kind, size := binary.LittleEndian.Uint16(head[4:]), 2*int64(binary.LittleEndian.Uint32(head))
		if kind == 0 {
			return nil
		}
		if size < 6 {
			return Damaged
		}
		b, err := s.take(min(size-6, drawnRecord))
		if err != nil {
			return err
		}
		switch {
		case size > drawnRecord: // only pictures of pixels are as long
			scanned = true
		case kind == wmfText && len(b) >= 2:
			l.drawn(b, 2, i16(b, 0), false)
		case kind == wmfTextMore && len(b) >= 8:
			at := int64(8)
			if i16(b, 6)&0x6 != 0 { // a rectangle comes first
				at += 8
			}
			l.drawn(b, at, i16(b, 4), false)
		}
		if err := s.skip(size - 6 - int64(len(b))); err != nil {
			return err
		}
		if l.stop != "" {
			return l.stop
		}
	}
	return LimitEntries
}

// drawn writes a piece of text of a drawing as a line.
func (l *lines) drawn(b []byte, at, size int64, wide bool) {
	if at < 0 || size <= 0 || at > int64(len(b)) || size > int64(len(b))-at {
		return
	}
	text := &l.d.x.scratch.text
	if b = b[at : at+size]; wide {
		*text = appendUTF16(*text, b)
	} else {
		*text = append(*text, b...)
	}
	l.newline()
}

// endOfDrawing is what it means that there is no more than head of a record: many
// drawings have no last one.
func endOfDrawing(head []byte, err error) error {
	if len(head) == 0 && errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
