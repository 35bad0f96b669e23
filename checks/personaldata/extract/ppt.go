package extract

import (
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
)

// Record types of PowerPoint ([MS-PPT] 2.13.24).
const (
	pptTextChars = 0x0FA0 // UTF-16
	pptTextBytes = 0x0FA8 // the low halves of UTF-16
	pptString    = 0x0FBA // comments, headers, links, names of fonts
	pptObject    = 0x1011 // an embedded object, compressed
	pptEncrypted = 0x2F14
	pptToken     = 0xF3D1C4DF // in the stream Current User, of an encrypted presentation
)

// readPPT reads a PowerPoint presentation of 97 to 2003: the texts of slides, notes,
// masters and comments in the order of the file, with those of deleted slides.
func readPPT(o *ole) Reason {
	if u := o.stream("Current User"); u != nil {
		var b [16]byte
		if n, _ := u.ReadAt(b[:], 0); n == len(b) && binary.LittleEndian.Uint32(b[12:]) == pptToken {
			return Encrypted
		}
	}
	s := o.stream("PowerPoint Document")
	if s == nil {
		return Damaged
	}
	p := presentation{o: o, s: s, out: lines{d: o.d}, block: make([]byte, 64<<10)}
	defer clear(p.block)
	why := p.read()
	p.out.end()
	if p.out.stop != "" {
		return p.out.stop
	}
	if why == "" && !s.whole {
		why = Damaged
	}
	return why
}

// presentation is a presentation that is being read.
type presentation struct {
	o     *ole
	s     *stream
	out   lines
	block []byte
	at    int64 // in s, where block begins
	have  int
}

// bytes returns n bytes of the stream, at most as many as the block has.
func (p *presentation) bytes(at int64, n int) ([]byte, Reason) {
	if at < p.at || at+int64(n) > p.at+int64(p.have) {
		k, err := p.s.ReadAt(p.block, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, reasonOf(err)
		}
		p.at, p.have = at, k
	}
	from := int(at - p.at)
	return p.block[from:min(from+n, p.have)], ""
}

// read goes from record to record, into those that hold others.
func (p *presentation) read() Reason {
	p.out.begin()
	for at := int64(0); p.s.size-at >= 8 && p.out.stop == ""; {
		h, why := p.bytes(at, 8)
		if why != "" {
			return why
		}
		if len(h) < 8 {
			return Damaged
		}
		at += 8
		kind, n := binary.LittleEndian.Uint16(h[2:]), int64(binary.LittleEndian.Uint32(h[4:]))
		instance := binary.LittleEndian.Uint16(h) >> 4
		if h[0]&0x0F == 0x0F {
			continue // what it holds comes next
		}
		if at+n > p.s.size {
			return Damaged
		}
		switch kind {
		case pptEncrypted:
			return Encrypted
		case pptTextChars, pptTextBytes, pptString:
			why = p.text(at, n, kind == pptTextBytes)
		case pptObject:
			why = p.object(at, n, instance == 1)
		}
		if why != "" {
			return why
		}
		at += n
	}
	return ""
}

// text writes one text.
func (p *presentation) text(at, n int64, narrow bool) Reason {
	for n > 0 && p.out.stop == "" {
		b, why := p.bytes(at, int(min(n, int64(len(p.block)/2))))
		if why != "" {
			return why
		}
		if len(b) == 0 {
			return Damaged
		}
		s := &p.o.d.x.scratch
		from := len(s.text)
		if narrow {
			s.text = appendLatin(s.text, b)
		} else {
			s.text = appendUTF16(s.text, b)
		}
		for i := from; i < len(s.text); i++ {
			if c := s.text[i]; c == '\r' || c == '\v' {
				s.text[i] = '\n'
			}
		}
		at += int64(len(b))
		n -= int64(len(b))
		p.out.room()
	}
	p.out.newline()
	return ""
}

// object reads an embedded object.
func (p *presentation) object(at, n int64, compressed bool) Reason {
	p.out.end()
	if !compressed {
		return p.o.nestedPart(p.s, at, n)
	}
	if n < 4 {
		return ""
	}
	z, err := zlib.NewReader(io.NewSectionReader(p.s, at+4, n-4))
	if err != nil {
		p.o.d.x.note(reasonOf(err))
		return ""
	}
	defer func() { _ = z.Close() }() // only read
	return p.o.d.nested(&inflating{x: p.o.d.x, r: z}, -1)
}
