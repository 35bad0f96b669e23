package extract

import (
	"encoding/binary"
	"errors"
	"io"
)

// Record types of BIFF, the format of .xls ([MS-XLS] 2.3). Some have another number in
// the versions before BIFF5, or the same number in a shape of their own.
const (
	biffBOF2, biffBOF3, biffBOF4, biffBOF       = 0x0009, 0x0209, 0x0409, 0x0809
	biffEOF                                     = 0x000A
	biffInteger2, biffNumber2, biffLabel2       = 0x0002, 0x0003, 0x0004
	biffFormula2, biffString2                   = 0x0006, 0x0007
	biffNumber, biffLabel, biffBool, biffString = 0x0203, 0x0204, 0x0205, 0x0207
	biffFormula3, biffFormula4                  = 0x0206, 0x0406
	biffHeader, biffFooter                      = 0x0014, 0x0015
	biffNote                                    = 0x001C
	biffDateMode                                = 0x0022
	biffFilePass                                = 0x002F
	biffContinue                                = 0x003C
	biffCodepage                                = 0x0042
	biffBoundSheet                              = 0x0085
	biffRString                                 = 0x00D6
	biffMulRK                                   = 0x00BD
	biffCacheNumber, biffCacheText              = 0x00C9, 0x00CD
	biffXF                                      = 0x00E0
	biffSST                                     = 0x00FC
	biffLabelSST                                = 0x00FD
	biffHyperlink                               = 0x01B8
	biffText                                    = 0x01B6 // TXO
	biffRK                                      = 0x027E
	biffFormat, biffFormat4                     = 0x001E, 0x041E
)

// maxRecord is the most that a record may hold ([MS-XLS] 2.1.4), with some room.
const maxRecord = 1 << 14

// records reads the records of a workbook one after the other.
type records struct {
	s    *stream
	off  int64 // of what follows the block
	buf  []byte
	have []byte // of buf, not yet read
	kind int
	data []byte // of the record at hand; gone with the next
	why  Reason // why there is no next, if not for the end
	odd  bool   // a record was cut off by the end of the stream
}

// seek goes to a place in the stream.
func (r *records) seek(off int64) {
	r.off, r.have, r.why = off, nil, ""
	if r.buf == nil {
		r.buf = make([]byte, 64<<10)
	}
}

// fill makes n bytes ready, if the stream has them.
func (r *records) fill(n int) bool {
	if len(r.have) >= n {
		return true
	}
	k := copy(r.buf, r.have)
	got, err := r.s.ReadAt(r.buf[k:], r.off)
	r.off += int64(got)
	r.have = r.buf[:k+got]
	if err != nil && !errors.Is(err, io.EOF) {
		r.why = reasonOf(err)
	}
	return len(r.have) >= n
}

// next goes to the next record.
func (r *records) next() bool {
	if !r.fill(4) {
		return false
	}
	r.kind = int(binary.LittleEndian.Uint16(r.have))
	n := int(binary.LittleEndian.Uint16(r.have[2:]))
	if n > maxRecord || !r.fill(4+n) {
		r.odd = true
		if n > maxRecord {
			return false
		}
		n = len(r.have) - 4
	}
	r.data = r.have[4 : 4+n]
	r.have = r.have[4+n:]
	return true
}

// isNext tells whether the next record is of a kind.
func (r *records) isNext(kind int) bool {
	return r.fill(4) && int(binary.LittleEndian.Uint16(r.have)) == kind
}

// continued goes to the next record if it continues the one at hand.
func (r *records) continued() bool {
	return r.isNext(biffContinue) && r.next() && len(r.data) > 0
}

// number takes n bytes, at most 4, as a number, from the record at hand or those that
// continue it.
func (r *records) number(n int) (v uint32, ok bool) {
	for i := range n {
		if len(r.data) == 0 && !r.continued() {
			return 0, false
		}
		v |= uint32(r.data[0]) << (8 * i)
		r.data = r.data[1:]
	}
	return v, true
}

// skip passes over n bytes, in this record and those that continue it.
func (r *records) skip(n int64) bool {
	for n > int64(len(r.data)) {
		n -= int64(len(r.data))
		r.data = nil
		if !r.continued() {
			return false
		}
	}
	r.data = r.data[n:]
	return true
}

// chars appends n characters as UTF-8. Where they go on in the next record, that one
// says anew whether its characters have one byte or two: the very thing that makes
// other readers lose strings.
func (r *records) chars(dst []byte, n int, wide bool) ([]byte, bool) {
	for n > 0 {
		if len(r.data) == 0 {
			if !r.continued() {
				return dst, false
			}
			wide = r.data[0]&1 != 0
			r.data = r.data[1:]
			continue
		}
		size := 1
		if wide {
			size = 2
		}
		k := min(n, len(r.data)/size)
		if k == 0 { // half of a character
			r.data = nil
			continue
		}
		if wide {
			dst = appendUTF16(dst, r.data[:2*k])
		} else {
			dst = appendLatin(dst, r.data[:k])
		}
		r.data = r.data[size*k:]
		n -= k
	}
	return dst, true
}

// rich appends an XLUnicodeRichExtendedString ([MS-XLS] 2.5.293) as UTF-8. Its
// formatting runs and phonetic text stand behind the characters.
func (r *records) rich(dst []byte) ([]byte, bool) {
	n, ok := r.number(2)
	if !ok {
		return dst, false
	}
	flags, ok := r.number(1)
	var runs, extra uint32
	if ok && flags&8 != 0 {
		runs, ok = r.number(2)
	}
	if ok && flags&4 != 0 {
		extra, ok = r.number(4)
	}
	if !ok {
		return dst, false
	}
	if dst, ok = r.chars(dst, int(n), flags&1 != 0); !ok {
		return dst, false
	}
	return dst, r.skip(4*int64(runs) + int64(extra))
}
