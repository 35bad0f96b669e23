package extract

import "encoding/binary"

// A sevenParser reads a header. Once bad, it gives zeros.
type sevenParser struct {
	b   []byte
	bad bool
}

func (p *sevenParser) byte() byte {
	if len(p.b) == 0 {
		p.bad = true
		return 0
	}
	c := p.b[0]
	p.b = p.b[1:]
	return c
}

// number reads a number of one to nine bytes: the first says by its leading ones how
// many follow.
func (p *sevenParser) number() int64 {
	first := p.byte()
	var v uint64
	for i := range 8 {
		if first&(0x80>>i) == 0 {
			v |= uint64(first&(0x80>>i-1)) << (8 * i)
			break
		}
		v |= uint64(p.byte()) << (8 * i)
	}
	if v > 1<<62 {
		p.bad = true
		return 0
	}
	return int64(v)
}

// count reads how many things follow, of which each takes at least a byte.
func (p *sevenParser) count() int {
	n := p.number()
	if n > int64(len(p.b)) {
		p.bad = true
		return 0
	}
	return int(n)
}

func (p *sevenParser) skip(n int64) []byte {
	if n < 0 || n > int64(len(p.b)) {
		p.bad = true
		return nil
	}
	b := p.b[:n]
	p.b = p.b[n:]
	return b
}

// A sevenDigest is the CRC-32 of a stream, if the archive has one.
type sevenDigest struct {
	known bool
	sum   uint32
}

// digests reads the checksums of n things.
func (p *sevenParser) digests(n int) []sevenDigest {
	const most = 1 << 20
	if n > most {
		p.bad = true
		return nil
	}
	var which []byte
	if p.byte() == 0 {
		which = p.skip(int64(n+7) / 8)
	} else if 4*n > len(p.b) {
		p.bad = true
	}
	if p.bad {
		return nil
	}
	sums := make([]sevenDigest, n)
	for i := range sums {
		if which != nil && which[i/8]&(0x80>>(i%8)) == 0 {
			continue
		}
		if b := p.skip(4); b != nil {
			sums[i] = sevenDigest{true, binary.LittleEndian.Uint32(b)}
		}
	}
	return sums
}

// streams reads what there is of packed streams.
func (p *sevenParser) streams() *sevenStreams {
	s := &sevenStreams{}
	for !p.bad {
		switch p.number() {
		case sevenEnd:
			return s
		case sevenPack:
			p.pack(s)
		case sevenUnpack:
			p.unpack(s)
		case sevenSub:
			p.members(s)
			return s
		default:
			p.bad = true
		}
	}
	return s
}

func (p *sevenParser) pack(s *sevenStreams) {
	s.packAt = p.number()
	n := p.count()
	for !p.bad {
		switch p.number() {
		case sevenEnd:
			return
		case sevenSize:
			for range n {
				s.packs = append(s.packs, p.number())
			}
		case sevenCRC:
			p.digests(n)
		default:
			p.bad = true
		}
	}
}

func (p *sevenParser) unpack(s *sevenStreams) {
	if p.number() != sevenFolder {
		p.bad = true
		return
	}
	n := p.count()
	if p.byte() != 0 || n > sevenMaxFolder { // in another stream
		p.bad = true
		return
	}
	at := 0
	for range n {
		f := p.folder()
		for range f.packed {
			if at < len(s.packs) {
				f.packSizes = append(f.packSizes, s.packs[at])
			} else {
				p.bad = true
			}
			at++
		}
		if p.bad {
			return
		}
		s.folders = append(s.folders, f)
	}
	for !p.bad {
		switch p.number() {
		case sevenEnd:
			return
		case sevenUnpackSize:
			for i := range s.folders {
				f := &s.folders[i]
				for range f.coders {
					f.unpacked = append(f.unpacked, p.number())
				}
				f.sizes = []int64{f.size()}
			}
		case sevenCRC:
			for i, sum := range p.digests(n) {
				if i < len(s.folders) {
					s.folders[i].sums = []sevenDigest{sum}
				}
			}
		default:
			p.bad = true
		}
	}
}

// folder reads the coders of a folder. One that is no plain chain is kept as one that
// takes more than one stream.
func (p *sevenParser) folder() (f sevenFolderInfo) {
	n := p.count()
	if n < 1 || n > sevenMaxCoders {
		p.bad = true
		return f
	}
	ins := 0
	for range n {
		flags := p.byte()
		c := sevenCoder{}
		for _, b := range p.skip(int64(flags & 15)) {
			c.id = c.id<<8 | uint64(b)
		}
		in := int64(1)
		if flags&0x10 != 0 {
			in = p.number()
			if out := p.number(); out != 1 || in > 4 {
				p.bad = true
				return f
			}
		}
		ins += int(in)
		if flags&0x20 != 0 {
			c.properties = p.skip(p.number())
		}
		f.coders = append(f.coders, c)
	}
	for range n - 1 {
		f.binds = append(f.binds, [2]int{int(p.number()), int(p.number())})
	}
	f.packed = ins - (n - 1)
	if f.packed < 1 {
		p.bad = true
		return f
	}
	if f.packed > 1 {
		for range f.packed {
			p.number()
		}
	}
	return f
}

// members reads how the folders are divided into members. What comes after is not needed.
func (p *sevenParser) members(s *sevenStreams) {
	mark := p.number()
	counts := make([]int, len(s.folders))
	for i := range counts {
		counts[i] = 1
	}
	if mark == sevenNumUnpack {
		for i := range counts {
			n := p.number()
			if n > int64(len(p.b))+1 && n > 1 {
				p.bad = true
				return
			}
			counts[i] = int(n)
		}
		mark = p.number()
	}
	for i := range s.folders {
		f := &s.folders[i]
		rest := f.size()
		f.sizes = f.sizes[:0]
		for k := range counts[i] {
			size := rest
			if k < counts[i]-1 {
				if mark != sevenSize {
					p.bad = true
					return
				}
				size = p.number()
			}
			if size > rest || p.bad {
				p.bad = true
				return
			}
			f.sizes = append(f.sizes, size)
			rest -= size
		}
	}
	p.sums(s, mark)
}

// sums reads the checksums of the members, after mark: of those that are not alone in a
// folder that has one.
func (p *sevenParser) sums(s *sevenStreams, mark int64) {
	if mark == sevenSize {
		mark = p.number()
	}
	total := 0
	for i := range s.folders {
		if f := &s.folders[i]; len(f.sizes) != 1 || len(f.sums) == 0 || !f.sums[0].known {
			f.sums = nil
			total += len(f.sizes)
		}
	}
	if mark != sevenCRC {
		return
	}
	sums := p.digests(total)
	for i := range s.folders {
		if f := &s.folders[i]; f.sums == nil && len(sums) >= len(f.sizes) {
			f.sums, sums = sums[:len(f.sizes)], sums[len(f.sizes):]
		}
	}
}
