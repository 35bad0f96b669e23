package extract

import (
	"encoding/binary"
	"math/bits"
)

// An inflater undoes DEFLATE (RFC 1951) from bytes in memory to bytes in memory. The
// standard library's reader gives a stream, symbol by symbol; with both ends in memory
// the same takes a third of the time, and pages of a PDF and parts of an office document
// are little else. What a damaged stream holds before its damage is kept.
type inflater struct {
	literals huffman
	dists    huffman
	lengths  [320]uint8

	in    bitReader
	open  bool // a block with codes is not done
	plain int  // bytes that are left of a block without
	last  bool // there is no block behind the one that is read
}

// An inflateEnd says why an inflater stopped.
type inflateEnd uint8

const (
	inflateDone inflateEnd = iota // all there is
	inflateFull                   // the limit of what may be made
	inflateLow                    // most of what was given to read is read
	inflateBad                    // the stream is damaged, or its end is missing
)

// inflateAhead are bytes that must be there for the codes of a block, if there are more.
const inflateAhead = 1 << 10

// A huffman is a table of codes: the next huffmanBits of the input lead to an entry,
// and longer codes by way of it to a second table behind the first.
type huffman struct {
	table [1<<huffmanBits + 4608]uint32 // 143 second tables of 32 at the most
	bits  uint32                        // of the first table that are in use
}

const huffmanBits = 10

// An entry holds, from its low end: the length of the code in 8 bits, the number of
// extra bits in 8 bits, or one of the marks below, and the symbol's value in 16 bits.
const (
	entryLiteral = 0x80 << 8 // the value is a byte
	entryEnd     = 0x40 << 8 // end of block
	entryTable   = 0x20 << 8 // the value is where a second table begins; the extra bits are its size
	entryMarks   = entryLiteral | entryEnd | entryTable
)

// Lengths, distances and their extra bits (RFC 1951, 3.2.5).
var (
	inflateLength = [...]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	inflateExtra  = [...]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	inflateDist   = [...]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	inflateOrder  = [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

// build makes the table of a code from the lengths of its symbols. False: the lengths
// are not those of a code.
func (h *huffman) build(lengths []uint8, entry func(symbol int) uint32) bool {
	var count [16]int
	longest := 0
	for _, n := range lengths {
		count[n]++
		longest = max(longest, int(n))
	}
	count[0] = 0
	var next [17]uint32
	code := uint32(0)
	for n := 1; n <= 15; n++ {
		next[n] = code
		code += uint32(count[n])
		if code > 1<<n {
			return false
		}
		code <<= 1
	}
	first := uint32(min(max(longest, 1), huffmanBits))
	h.bits = first
	clear(h.table[:1<<first])
	free := uint32(1) << first
	for symbol, n := range lengths {
		if n == 0 {
			continue
		}
		reversed := uint32(bits.Reverse16(uint16(next[n]))) >> (16 - n)
		next[n]++
		e := entry(symbol) | uint32(n)
		if uint32(n) <= first {
			for i := reversed; i < 1<<first; i += 1 << n {
				h.table[i] = e
			}
			continue
		}
		low := reversed & (1<<first - 1)
		second := uint32(longest) - first
		if h.table[low] == 0 {
			if free+1<<second > uint32(len(h.table)) {
				return false
			}
			h.table[low] = free<<16 | entryTable | second<<8 | first
			clear(h.table[free : free+1<<second])
			free += 1 << second
		}
		base := h.table[low] >> 16
		for i := reversed >> first; i < 1<<second; i += 1 << (uint32(n) - first) {
			h.table[base+i] = e
		}
	}
	return true
}

func literalEntry(symbol int) uint32 {
	switch {
	case symbol < 256:
		return uint32(symbol)<<16 | entryLiteral
	case symbol == 256:
		return entryEnd
	case symbol-257 < len(inflateLength):
		return uint32(inflateLength[symbol-257])<<16 | uint32(inflateExtra[symbol-257])<<8
	}
	return 0 // its length is 0: no code
}

func distEntry(symbol int) uint32 {
	if symbol >= len(inflateDist) {
		return 0
	}
	return uint32(inflateDist[symbol])<<16 | uint32(max(symbol/2-1, 0))<<8
}

func plainEntry(symbol int) uint32 { return uint32(symbol) << 16 }

// bitReader reads bits from the low end of bytes. Behind the last byte it reads zeros,
// and have becomes negative.
type bitReader struct {
	src  []byte
	pos  int
	hold uint64
	have int
}

// fill makes at least 56 bits ready.
func (r *bitReader) fill() {
	if r.pos+8 <= len(r.src) {
		r.hold |= binary.LittleEndian.Uint64(r.src[r.pos:]) << (r.have & 63)
		r.pos += (63 - r.have) >> 3
		r.have |= 56
		return
	}
	for r.have <= 56 && r.pos < len(r.src) {
		r.hold |= uint64(r.src[r.pos]) << (r.have & 63)
		r.pos++
		r.have += 8
	}
}

func (r *bitReader) take(n int) uint32 {
	v := uint32(r.hold) & (1<<n - 1)
	r.hold >>= uint(n)
	r.have -= n
	return v
}

// inflate puts what src holds behind dst, most bytes at the most. It returns whether
// the stream was whole.
func (f *inflater) inflate(dst, src []byte, most int) (out []byte, whole bool) {
	f.begin(src)
	out, end := f.run(dst, len(dst)+most, false)
	f.in.src = nil
	return out, end == inflateDone
}

// begin starts with a stream that begins in src.
func (f *inflater) begin(src []byte) {
	f.in = bitReader{src: src}
	f.open, f.plain, f.last = false, 0, false
}

// run puts what the stream holds behind dst, until that has limit bytes, or some more.
// With more, it ends early when what is left of the bytes to read is little.
func (f *inflater) run(dst []byte, limit int, more bool) ([]byte, inflateEnd) {
	r := &f.in
	for {
		switch {
		case f.plain > 0:
			n := min(f.plain, len(r.src)-r.pos, max(limit-len(dst), 0))
			dst = append(dst, r.src[r.pos:r.pos+n]...)
			r.pos += n
			f.plain -= n
			switch {
			case f.plain == 0:
			case len(dst) >= limit:
				return dst, inflateFull
			case more:
				return dst, inflateLow
			default:
				return dst, inflateBad
			}
		case f.open:
			var end inflateEnd
			if dst, end = f.block(dst, limit, more); end != inflateDone {
				return dst, end
			}
			f.open = false
		case f.last:
			return dst, inflateDone
		case more && len(r.src)-r.pos < inflateAhead:
			return dst, inflateLow
		case !f.header():
			return dst, inflateBad
		}
	}
}

// header reads how the next block is coded.
func (f *inflater) header() (ok bool) {
	r := &f.in
	r.fill()
	f.last = r.take(1) == 1
	switch r.take(2) {
	case 0:
		f.plain, ok = r.stored()
	case 1:
		ok, f.open = f.fixed(), true
	case 2:
		ok, f.open = f.dynamic(r), true
	}
	return ok && r.have >= 0
}

// stored reads how long a block is that was not compressed.
func (r *bitReader) stored() (n int, ok bool) {
	r.take(r.have & 7)
	if r.have < 0 {
		return 0, false
	}
	r.pos -= r.have / 8
	r.hold, r.have = 0, 0
	if r.pos+4 > len(r.src) {
		return 0, false
	}
	n = int(binary.LittleEndian.Uint16(r.src[r.pos:]))
	inverted := int(binary.LittleEndian.Uint16(r.src[r.pos+2:]))
	r.pos += 4
	return n, n == inverted^0xFFFF
}

// fixed makes the tables of the fixed codes.
func (f *inflater) fixed() bool {
	for i := range 288 {
		n := uint8(8)
		switch {
		case i >= 280:
		case i >= 256:
			n = 7
		case i >= 144:
			n = 9
		}
		f.lengths[i] = n
	}
	ok := f.literals.build(f.lengths[:288], literalEntry)
	for i := range 32 {
		f.lengths[i] = 5
	}
	return ok && f.dists.build(f.lengths[:32], distEntry)
}

// dynamic reads the codes of a block and makes their tables.
func (f *inflater) dynamic(r *bitReader) bool {
	literals, dists, codes := int(r.take(5))+257, int(r.take(5))+1, int(r.take(4))+4
	clear(f.lengths[:])
	var lengths [19]uint8
	for i := range codes {
		r.fill()
		lengths[inflateOrder[i]] = uint8(r.take(3))
	}
	if !f.dists.build(lengths[:], plainEntry) {
		return false
	}
	for i := 0; i < literals+dists; {
		r.fill()
		e := f.dists.table[uint32(r.hold)&(1<<f.dists.bits-1)]
		if e == 0 || r.have < 0 {
			return false
		}
		r.take(int(e & 0xFF))
		symbol := e >> 16
		if symbol < 16 {
			f.lengths[i] = uint8(symbol)
			i++
			continue
		}
		value, n := uint8(0), 0
		switch symbol {
		case 16:
			if i == 0 {
				return false
			}
			value, n = f.lengths[i-1], 3+int(r.take(2))
		case 17:
			n = 3 + int(r.take(3))
		case 18:
			n = 11 + int(r.take(7))
		}
		if i+n > literals+dists {
			return false
		}
		for range n {
			f.lengths[i] = value
			i++
		}
	}
	return f.literals.build(f.lengths[:literals], literalEntry) &&
		f.dists.build(f.lengths[literals:literals+dists], distEntry)
}

// block decodes symbols up to the end of a block.
func (f *inflater) block(dst []byte, limit int, more bool) ([]byte, inflateEnd) {
	const margin = 32 // more than one round reads
	lit, dist := &f.literals.table, &f.dists.table
	litBits, distBits := f.literals.bits&15, f.dists.bits&15
	litMask, distMask := uint64(1)<<litBits-1, uint64(1)<<distBits-1
	src, pos, hold, have := f.in.src, f.in.pos, f.in.hold, f.in.have // in registers
	near := len(src) - margin
	end := inflateBad
	for {
		if cap(dst)-len(dst) < 264 {
			grown := make([]byte, len(dst), max(2*cap(dst), 8<<10))
			copy(grown, dst)
			clear(dst)
			dst = grown
		}
		if len(dst) >= limit {
			end = inflateFull
			break
		}
		if pos <= near {
			hold |= binary.LittleEndian.Uint64(src[pos:]) << (have & 63)
			pos += (63 - have) >> 3
			have |= 56
		} else {
			if more {
				end = inflateLow
				break
			}
			r := bitReader{src: src, pos: pos, hold: hold, have: have}
			r.fill()
			pos, hold, have = r.pos, r.hold, r.have
			if have < 0 {
				break
			}
		}
		e := lit[hold&litMask]
		if e&entryLiteral != 0 { // two more fit what fill made ready, and what follows them
			hold >>= e & 0x3F
			have -= int(e & 0xFF)
			dst = append(dst, byte(e>>16))
			e = lit[hold&litMask]
			if e&entryLiteral != 0 {
				hold >>= e & 0x3F
				have -= int(e & 0xFF)
				dst = append(dst, byte(e>>16))
				continue
			}
			if pos <= near+8 {
				hold |= binary.LittleEndian.Uint64(src[pos:]) << (have & 63)
				pos += (63 - have) >> 3
				have |= 56
			} else {
				r := bitReader{src: src, pos: pos, hold: hold, have: have}
				r.fill()
				pos, hold, have = r.pos, r.hold, r.have
			}
		}
		if e&entryTable != 0 {
			e = lit[e>>16+uint32(hold>>litBits)&(1<<(e>>8&0x1F)-1)]
		}
		if e&0xFF == 0 || e&0xFF > 15 {
			break
		}
		hold >>= e & 0x3F
		have -= int(e & 0xFF)
		if e&entryMarks != 0 {
			if e&entryEnd != 0 {
				if have >= 0 {
					end = inflateDone
				}
				break
			}
			dst = append(dst, byte(e>>16))
			continue
		}
		if e>>16 == 0 {
			break // a symbol that stands for nothing
		}
		extra := e >> 8 & 0x1F
		length := int(e>>16) + int(hold&(1<<extra-1))
		hold >>= extra
		have -= int(extra)
		e = dist[hold&distMask]
		if e&entryTable != 0 {
			e = dist[e>>16+uint32(hold>>distBits)&(1<<(e>>8&0x1F)-1)]
		}
		if e>>16 == 0 {
			break
		}
		hold >>= e & 0x3F
		have -= int(e & 0xFF)
		extra = e >> 8 & 0x1F
		back := int(e>>16) + int(hold&(1<<extra-1))
		hold >>= extra
		have -= int(extra)
		at := len(dst)
		if back > at || have < 0 {
			break
		}
		dst = dst[:at+length]
		if back >= length {
			copy(dst[at:], dst[at-back:at-back+length])
			continue
		}
		for i := at; i < at+length; i++ {
			dst[i] = dst[i-back]
		}
	}
	f.in.pos, f.in.hold, f.in.have = pos, hold, have
	return dst, end
}
