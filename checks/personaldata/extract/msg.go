package extract

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Numbers of MAPI properties ([MS-OXPROPS]) and their types ([MS-OXCDATA] 2.11.1).
const (
	mapiSubject    = 0x0037
	mapiHeaders    = 0x007D
	mapiBody       = 0x1000
	mapiRTF        = 0x1009
	mapiHTML       = 0x1013
	mapiAttachment = 0x3701
	mapiCodepage   = 0x3FFD
	mapiInternetCP = 0x3FDE
	mapiANSI       = 0x001E
	mapiUnicode    = 0x001F
	mapiBinary     = 0x0102
	mapiObject     = 0x000D
	mapiMany       = 0x1000 // a flag: several values, each in a stream of its own
)

// property is a stream of a message, which its name says all about:
// __substg1.0_0037001F is the subject, in Unicode.
type property struct {
	entry    int
	tag, typ int
	many     bool
}

// readMSG reads an Outlook message ([MS-OXMSG]): all its texts, subject and body first,
// those of its recipients, and its attachments.
func readMSG(o *ole) Reason {
	m := message{o: o, out: lines{d: o.d}}
	m.codepage()
	m.out.begin()
	props := o.properties()
	slices.SortStableFunc(props, func(a, b property) int { return cmp.Compare(order(a), order(b)) })
	for _, p := range props {
		if why := m.text(p); why != "" {
			return why
		}
	}
	if why := m.storages("__recip_version1.0_", m.recipient); why != "" {
		return why
	}
	m.out.end()
	if why := m.formatted(props); why != "" {
		return why
	}
	if why := m.storages("__attach_version1.0_", m.attachment); why != "" {
		return why
	}
	return m.why
}

// order puts subject, headers and body before the other texts.
func order(p property) int {
	switch p.tag {
	case mapiSubject:
		return 0
	case mapiBody:
		return 1
	}
	return 2 + p.tag
}

// message is a message that is being read.
type message struct {
	o    *ole
	out  lines
	page *codepage
	why  Reason
	body bool // it has a body in plain text
}

// properties returns the streams of the storage that hold properties.
func (o *ole) properties() []property {
	var found []property
	for _, id := range o.c.children(o.storage) {
		rest, ok := strings.CutPrefix(o.c.items[id].name, "__substg1.0_")
		if !ok || len(rest) < 8 {
			continue
		}
		n, err := strconv.ParseUint(rest[:8], 16, 32)
		if err != nil {
			continue
		}
		found = append(found, property{entry: id, tag: int(n >> 16), typ: int(n&0xFFFF) &^ mapiMany, many: n&mapiMany != 0})
	}
	return found
}

// codepage finds how texts that are not Unicode are stored.
func (m *message) codepage() {
	number := 1252
	s := m.o.stream("__properties_version1.0")
	if s != nil && s.size <= 1<<20 {
		b, _ := s.load(1 << 20)
		if len(b) >= 32 { // the header is shorter in messages within messages, but a multiple of 8 too
			for b = b[8:]; len(b) >= 16; b = b[8:] {
				tag := binary.LittleEndian.Uint32(b)
				if tag == mapiCodepage<<16|3 || tag == mapiInternetCP<<16|3 && number == 1252 {
					number = int(binary.LittleEndian.Uint32(b[8:]))
				}
			}
		}
	}
	var ok bool
	if m.page, ok = codepageOf(number); !ok {
		m.why = Undecoded
	}
}

// text writes a property that is a text, as a line or more.
func (m *message) text(p property) Reason {
	if p.typ != mapiANSI && p.typ != mapiUnicode || m.o.c.items[p.entry].kind != cfbStream || p.tag == mapiHTML {
		return ""
	}
	s := m.o.c.open(p.entry)
	if !s.whole {
		m.why = Damaged
	}
	m.body = m.body || p.tag == mapiBody && s.size > 0
	if p.many && len(m.o.c.items[p.entry].name) == len("__substg1.0_00000000") {
		return "" // only their sizes
	}
	block := m.o.d.x.block
	for off := int64(0); off < s.size && m.out.stop == ""; {
		n, err := s.ReadAt(block[:min(int64(len(block)), s.size-off)], off)
		m.o.d.x.used = max(m.o.d.x.used, n)
		if n == 0 {
			m.why = reasonOf(err)
			break
		}
		off += int64(n)
		dst := &m.o.d.x.scratch.text
		if p.typ == mapiUnicode {
			*dst = appendUTF16(*dst, block[:n])
		} else {
			*dst = m.page.append(*dst, block[:n])
		}
		m.out.room()
	}
	m.out.newline()
	return m.out.stop
}

// formatted reads the body in HTML, or, when there is no other, in RTF.
func (m *message) formatted(props []property) Reason {
	html := false
	for _, p := range props {
		if p.tag == mapiHTML && (p.typ == mapiBinary || p.typ == mapiANSI) {
			html = true
			if why := m.o.nestedStream(m.o.c.open(p.entry), 0); why != "" {
				return why
			}
		}
	}
	for _, p := range props {
		if p.tag != mapiRTF || p.typ != mapiBinary || html || m.body {
			continue
		}
		b, why := m.o.c.open(p.entry).load(m.o.d.x.limits.Held)
		if why != "" {
			m.o.d.x.note(why)
		}
		return m.o.d.compressedRTF(b)
	}
	return ""
}

// compressedRTF reads a body as [MS-OXRTFCP] has it.
func (d *document) compressedRTF(b []byte) Reason {
	const headerBytes = 16
	switch {
	case len(b) < headerBytes:
		return ""
	case string(b[8:12]) == "MELA": // stored as it is
		return d.nested(bytes.NewReader(b[headerBytes:]), int64(len(b)-headerBytes))
	}
	return d.nested(&inflating{x: d.x, r: &rtfInflater{src: b[headerBytes:]}}, -1)
}

// storages calls read for each storage whose name has the prefix.
func (m *message) storages(prefix string, read func(o *ole) Reason) Reason {
	for _, id := range m.o.c.children(m.o.storage) {
		if it := &m.o.c.items[id]; it.kind == cfbStorage && strings.HasPrefix(it.name, prefix) {
			if why := read(&ole{d: m.o.d, c: m.o.c, storage: id}); why != "" {
				return why
			}
		}
	}
	return ""
}

// recipient writes the texts of a recipient.
func (m *message) recipient(o *ole) Reason {
	r := *m
	r.o = o
	for _, p := range o.properties() {
		if why := r.text(p); why != "" {
			return why
		}
	}
	m.out, m.why = r.out, r.why
	return ""
}

// attachment reads an attachment: its names, and a file, a message or an object.
func (m *message) attachment(o *ole) Reason {
	r := *m
	r.o = o
	r.out.begin()
	for _, p := range o.properties() {
		if why := r.text(p); why != "" {
			return why
		}
	}
	r.out.end()
	m.out, m.why = r.out, r.why
	for _, p := range o.properties() {
		if p.tag != mapiAttachment {
			continue
		}
		var why Reason
		switch {
		case p.typ == mapiObject && o.c.items[p.entry].kind == cfbStorage:
			why = o.inner(p.entry)
		case p.typ == mapiBinary && o.c.items[p.entry].kind == cfbStream:
			why = o.nestedStream(o.c.open(p.entry), 0)
		}
		if why != "" {
			return why
		}
	}
	return ""
}

// rtfInflater inflates the compressed RTF of messages ([MS-OXRTFCP]): LZ77 with a window
// of 4 KiB that begins with words that RTF has often.
type rtfInflater struct {
	src    []byte
	window [4096]byte
	at     int // in window, where the next byte goes
	ready  bool
	flags  byte
	left   int // flags not used yet
	from   int // of a reference that is not copied whole yet
	copies int
	done   bool
}

const rtfWords = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}" +
	"{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier" +
	"{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

// Read gives the next inflated bytes.
func (r *rtfInflater) Read(p []byte) (int, error) {
	if !r.ready {
		r.ready = true
		r.at = copy(r.window[:], rtfWords)
	}
	n := 0
	for n < len(p) {
		if r.copies > 0 {
			p[n] = r.put(r.window[r.from])
			r.from = (r.from + 1) % len(r.window)
			r.copies--
			n++
			continue
		}
		if r.left == 0 && len(r.src) > 0 {
			r.flags, r.left, r.src = r.src[0], 8, r.src[1:]
		}
		reference := r.flags&1 != 0
		if r.done || len(r.src) == 0 || reference && len(r.src) < 2 {
			if n > 0 {
				return n, nil
			}
			return 0, io.EOF
		}
		r.flags >>= 1
		r.left--
		if !reference {
			p[n] = r.put(r.src[0])
			r.src = r.src[1:]
			n++
			continue
		}
		v := int(r.src[0])<<8 | int(r.src[1])
		r.src = r.src[2:]
		if r.from = v >> 4; r.from == r.at {
			r.done = true // points at itself: the end
			continue
		}
		r.copies = v&0xF + 2
	}
	return n, nil
}

// put adds a byte to the window.
func (r *rtfInflater) put(c byte) byte {
	r.window[r.at] = c
	r.at = (r.at + 1) % len(r.window)
	return c
}
