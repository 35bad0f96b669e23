package extract

import (
	"bytes"
	"encoding/binary"
	"io"
)

// Attributes of a message in TNEF ([MS-OXTNEF] 2.1.3.3), with their types.
const (
	tnefSubject    = 0x00018004
	tnefBody       = 0x0002800C
	tnefTitle      = 0x00018010 // name of an attachment
	tnefAttachment = 0x0006800F
	tnefMessage    = 0x00069003 // properties of MAPI
	tnefRecipients = 0x00069004
	tnefAttached   = 0x00069005
	tnefCodepage   = 0x00069007
)

// tnef reads the messages that Outlook sends to Outlook as winmail.dat.
type tnef struct {
	d    *document
	out  lines
	page *codepage
	body bool // there was one as plain text
}

// readTNEF reads a message in TNEF: its texts, and its attachments as documents. Where it
// is damaged, only plain text is looked for.
func readTNEF(d *document) Reason {
	at, size, why := d.random()
	if why != "" {
		return why
	}
	t := tnef{d: d, out: lines{d: d}}
	t.page, _ = codepageOf(1252)
	const begin, headBytes, sumBytes = 6, 9, 2
	for off := int64(begin); off < size; {
		var head [headBytes]byte
		_, err := at.ReadAt(head[:], off)
		id, length := binary.LittleEndian.Uint32(head[1:]), int64(binary.LittleEndian.Uint32(head[5:]))
		if err != nil || head[0] != 1 && head[0] != 2 || length > size-off-headBytes {
			t.out.end()
			d.r = io.NewSectionReader(at, off, size-off)
			return readBinary(Damaged)(d)
		}
		if why := t.attribute(id, io.NewSectionReader(at, off+headBytes, length)); why != "" {
			return why
		}
		off += headBytes + length + sumBytes
	}
	t.out.end()
	return ""
}

// attribute reads one attribute.
func (t *tnef) attribute(id uint32, r *io.SectionReader) Reason {
	if id == tnefAttachment {
		t.out.end()
		return t.d.nested(r, r.Size())
	}
	switch id {
	case tnefSubject, tnefBody, tnefTitle, tnefMessage, tnefRecipients, tnefAttached, tnefCodepage:
	default:
		return "" // dates, numbers, how it looks
	}
	if why := t.d.hold(r.Size()); why != "" {
		t.d.x.note(why)
		return ""
	}
	defer t.d.release(r.Size())
	b := make([]byte, r.Size())
	defer clear(b)
	if _, err := io.ReadFull(r, b); err != nil {
		t.d.x.note(reasonOf(err))
		return t.d.x.spent()
	}
	p := mapiParser{b: b}
	switch id {
	case tnefCodepage:
		t.page, _ = codepageOf(int(p.u32()))
	case tnefRecipients:
		for range p.u32() {
			if why := t.properties(&p); why != "" || p.bad {
				return why
			}
		}
	case tnefMessage, tnefAttached:
		return t.properties(&p)
	default:
		t.body = t.body || id == tnefBody
		t.text(b, false)
	}
	return t.out.stop
}

// text writes a text as a line or more.
func (t *tnef) text(b []byte, wide bool) {
	out := &t.d.x.scratch.text
	if wide {
		*out = appendUTF16(*out, b)
	} else {
		*out = t.page.append(*out, b)
	}
	*out = bytes.TrimRight(*out, "\x00")
	t.out.newline()
}

// properties reads properties of MAPI.
func (t *tnef) properties(p *mapiParser) Reason {
	for range p.u32() {
		if p.bad {
			break
		}
		typ, tag := p.u16(), p.u16()
		if tag >= 0x8000 { // one with a name
			p.next(16)
			if p.u32() == 0 {
				p.next(4)
			} else {
				n := p.u32()
				p.next(n)
				p.next(-n & 3)
			}
		}
		values := uint32(1)
		switch kind := typ &^ mapiMany; kind {
		case mapiANSI, mapiUnicode, mapiBinary, mapiObject:
			for values = p.u32(); values > 0 && !p.bad; values-- {
				n := p.u32()
				b := p.next(n)
				p.next(-n & 3) // up to a multiple of four
				if why := t.value(kind, tag, b); why != "" {
					return why
				}
			}
			continue
		}
		if typ&mapiMany != 0 {
			values = p.u32()
		}
		size := uint32(4)
		switch typ &^ mapiMany {
		case 0x05, 0x06, 0x07, 0x14, 0x40: // numbers of 64 bits
			size = 8
		case 0x48: // a GUID
			size = 16
		}
		if uint64(values)*uint64(size) > uint64(len(p.b)) {
			p.bad = true
		} else {
			p.next(values * size)
		}
	}
	if p.bad {
		t.d.x.note(Damaged)
	}
	return t.out.stop
}

// value reads what a property holds.
func (t *tnef) value(kind, tag uint16, b []byte) Reason {
	switch {
	case len(b) == 0:
	case tag == mapiHTML, tag == mapiRTF && kind == mapiBinary && !t.body:
		t.out.end()
		if tag == mapiRTF {
			return t.d.compressedRTF(b)
		}
		return t.d.nested(bytes.NewReader(b), int64(len(b)))
	case kind == mapiANSI || kind == mapiUnicode:
		t.body = t.body || tag == mapiBody
		t.text(b, kind == mapiUnicode)
	case kind == mapiObject && tag == mapiAttachment && len(b) > 16: // behind what kind of object it is
		t.out.end()
		return t.d.nested(bytes.NewReader(b[16:]), int64(len(b)-16))
	}
	return t.out.stop
}

// A mapiParser takes numbers and values out of b. Once bad, it gives zeros.
type mapiParser struct {
	b   []byte
	bad bool
}

func (p *mapiParser) next(n uint32) []byte {
	if uint64(n) > uint64(len(p.b)) {
		p.b, p.bad = nil, true
		return nil
	}
	b := p.b[:n]
	p.b = p.b[n:]
	return b
}

func (p *mapiParser) u16() uint16 {
	if b := p.next(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (p *mapiParser) u32() uint32 {
	if b := p.next(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}
