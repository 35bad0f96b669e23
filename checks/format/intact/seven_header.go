package intact

import (
	"encoding/binary"
	"slices"
)

// Marks in the header of a 7z archive (7zFormat.txt of the LZMA SDK).
const (
	sevenEnd        = 0x00
	sevenHeader     = 0x01
	sevenProperties = 0x02
	sevenMain       = 0x04
	sevenPack       = 0x06
	sevenUnpack     = 0x07
	sevenSub        = 0x08
	sevenSize       = 0x09
	sevenCRC        = 0x0A
	sevenFolder     = 0x0B
	sevenSizes      = 0x0C
	sevenNumber     = 0x0D
	sevenEncoded    = 0x17
)

const (
	sevenMaxFolders = 100_000
	sevenMaxMembers = 5_000_000
)

// sevenStreams is where the packed streams are and what comes out of them.
type sevenStreams struct {
	at      int64 // of the first, behind the header at the beginning
	packs   []int64
	folders []sevenPart
}

// sevenPart is one run of packed data: one coder, or more of which nothing is said.
type sevenPart struct {
	coder   uint64
	setup   []byte // properties of the coder
	simple  bool   // one coder, one stream
	streams int    // packed streams that go in
	coders  int
	size    int64 // of what comes out
	members []sevenMember
}

type sevenMember struct {
	size   int64
	summed bool
	sum    uint32
}

// sevenReader reads a header. Once bad, it gives zeros.
type sevenReader struct {
	b   []byte
	bad bool
}

func (p *sevenReader) take(n int64) []byte {
	if n < 0 || n > int64(len(p.b)) {
		p.bad, p.b = true, nil
		return nil
	}
	b := p.b[:n]
	p.b = p.b[n:]
	return b
}

func (p *sevenReader) byte() byte {
	if b := p.take(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

// number reads a number of which the leading ones of the first byte say how long it is.
func (p *sevenReader) number() int64 {
	first := p.byte()
	var n uint64
	for i := range 8 {
		if first&(0x80>>i) == 0 {
			n |= uint64(first&(0x80>>i-1)) << (8 * i)
			break
		}
		n |= uint64(p.byte()) << (8 * i)
	}
	if n > 1<<62 {
		p.bad = true
		return 0
	}
	return int64(n)
}

// amount reads how many things follow, at most so many.
func (p *sevenReader) amount(most int) int {
	n := p.number()
	if n > int64(most) {
		p.bad = true
		return 0
	}
	return int(n)
}

// sums reads the checksums of members, of those that have one.
func (p *sevenReader) sums(members []*sevenMember) {
	var which []byte
	if p.byte() == 0 {
		which = p.take(int64(len(members)+7) / 8)
	}
	for i, m := range members {
		if p.bad {
			return
		}
		if which != nil && which[i/8]&(0x80>>(i%8)) == 0 {
			continue
		}
		if b := p.take(4); b != nil {
			m.summed, m.sum = true, binary.LittleEndian.Uint32(b)
		}
	}
}

func (p *sevenReader) streams() *sevenStreams {
	s := &sevenStreams{}
	for !p.bad {
		switch p.number() {
		case sevenEnd:
			return s
		case sevenPack:
			p.packed(s)
		case sevenUnpack:
			p.unpacked(s)
		case sevenSub:
			p.members(s)
			return s
		default:
			p.bad = true
		}
	}
	return s
}

func (p *sevenReader) packed(s *sevenStreams) {
	s.at = p.number()
	n := p.amount(len(p.b))
	for !p.bad {
		switch p.number() {
		case sevenEnd:
			return
		case sevenSize:
			for range n {
				s.packs = append(s.packs, p.number())
			}
		case sevenCRC:
			p.sums(slices.Repeat([]*sevenMember{{}}, n)) // of packed streams: not needed
		default:
			p.bad = true
		}
	}
}

func (p *sevenReader) unpacked(s *sevenStreams) {
	if p.number() != sevenFolder {
		p.bad = true
		return
	}
	n := p.amount(sevenMaxFolders)
	if p.byte() != 0 { // kept elsewhere
		p.bad = true
	}
	var finals []int
	for range n {
		if p.bad {
			return
		}
		f, final := p.folder()
		s.folders = append(s.folders, f)
		finals = append(finals, final)
	}
	for !p.bad {
		switch p.number() {
		case sevenEnd:
			return
		case sevenSizes:
			for i := range s.folders {
				f := &s.folders[i]
				for c := range f.coders {
					if size := p.number(); c == finals[i] {
						f.size = size
					}
				}
				f.members = []sevenMember{{size: f.size}}
			}
		case sevenCRC:
			var all []*sevenMember
			for i := range s.folders {
				if len(s.folders[i].members) == 0 {
					p.bad = true
					return
				}
				all = append(all, &s.folders[i].members[0])
			}
			p.sums(all)
		default:
			p.bad = true
		}
	}
}

// folder reads the coders of a part; final is the one whose output is the part's.
func (p *sevenReader) folder() (f sevenPart, final int) {
	const most = 32
	f.coders = p.amount(most)
	in := 0
	for range f.coders {
		flags := p.byte()
		f.coder, f.setup = 0, nil
		for _, b := range p.take(int64(flags & 15)) {
			f.coder = f.coder<<8 | uint64(b)
		}
		ins, outs := 1, 1
		if flags&0x10 != 0 {
			ins, outs = p.amount(most), p.amount(most)
		}
		if flags&0x20 != 0 {
			f.setup = p.take(p.number())
		}
		if outs != 1 {
			p.bad = true
		}
		in += ins
	}
	bound := map[int64]bool{}
	for range max(f.coders-1, 0) {
		p.number()
		bound[p.number()] = true
	}
	for bound[int64(final)] {
		final++
	}
	f.streams = in - (f.coders - 1)
	if f.coders < 1 || f.streams < 1 {
		p.bad = true
		return f, final
	}
	if f.streams > 1 {
		for range f.streams {
			p.number()
		}
	}
	f.simple = f.coders == 1 && f.streams == 1
	return f, final
}

// members reads how parts are divided into members, and their checksums: of those that
// are not alone in a part that has one.
func (p *sevenReader) members(s *sevenStreams) {
	mark := p.number()
	counts := make([]int, len(s.folders))
	total := 0
	for i := range counts {
		if counts[i] = 1; mark == sevenNumber {
			counts[i] = p.amount(sevenMaxMembers)
		}
		if total += counts[i]; total > len(s.folders)+len(p.b) { // each takes a byte at least
			p.bad = true
			return
		}
	}
	if mark == sevenNumber {
		mark = p.number()
	}
	var unsummed []*sevenMember
	for i := range s.folders {
		f := &s.folders[i]
		if counts[i] == 1 && len(f.members) == 1 && f.members[0].summed {
			continue
		}
		if f.members = make([]sevenMember, counts[i]); counts[i] == 0 {
			continue
		}
		rest := f.size
		for k := range counts[i] - 1 {
			f.members[k].size = p.number()
			rest -= f.members[k].size
		}
		f.members[counts[i]-1].size = rest
		if rest < 0 || p.bad || counts[i] > 1 && mark != sevenSize {
			p.bad = true
			return
		}
		for k := range f.members {
			unsummed = append(unsummed, &f.members[k])
		}
	}
	if mark == sevenSize {
		mark = p.number()
	}
	if mark == sevenCRC {
		p.sums(unsummed)
	}
}
