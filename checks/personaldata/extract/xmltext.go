package extract

import (
	"bytes"
	"errors"
	"io"
)

const (
	xmlWindow  = 64 << 10 // of a part is in memory at a time
	xmlLongTag = 4 << 10  // of a tag that is larger than the window is looked at
)

// xmlToken is what an xmlReader came upon.
type xmlToken uint8

const (
	xmlEnd   xmlToken = iota // no more
	xmlText                  // text, or a piece of one, with its references resolved
	xmlOpen                  // <name attrs> or <name attrs/>
	xmlClose                 // </name>
)

// xmlReader takes the tags and texts out of XML, fast and leniently: it checks no names
// and no nesting, goes on after damage, and knows no entities but the five of XML and
// numeric ones, so that none can grow. Names come without their prefix: the formats that
// are read here differ in no name that matters by namespace only.
type xmlReader struct {
	in       io.Reader
	buf      []byte
	pos, end int
	err      error // why in gives no more
	wide     utf16Reader

	wantText bool // text is told, not skipped
	cdata    bool // pos is inside a CDATA section
	depth    int  // elements that are open
	damaged  bool
	tags     bool // there was one

	// The token at hand, valid until the next.
	text  []byte
	name  []byte // of the tag, without prefix
	space []byte // its prefix with the colon, or nothing
	attrs []byte
	empty bool // the tag closes its element too

	long  []byte // the beginning of a tag larger than the window
	value []byte // of an attribute with references
}

// reset starts to read r.
func (x *xmlReader) reset(r io.Reader) {
	if x.buf == nil {
		x.buf = make([]byte, xmlWindow)
	}
	x.in, x.pos, x.end, x.err = r, 0, 0, nil
	x.wantText, x.cdata, x.depth, x.damaged, x.tags = false, false, 0, false, false
	for x.end < 4 && x.fill() {
		continue
	}
	if enc, bom, ok := utf16XML(x.buf[:x.end]); ok {
		x.wide.reset(enc, x.buf[bom:x.end], r)
		x.wide.err, x.err = x.err, nil
		x.in, x.end = &x.wide, 0
	}
}

// wipe clears what was read.
func (x *xmlReader) wipe() {
	clear(x.buf)
	clear(x.long[:cap(x.long)])
	clear(x.value[:cap(x.value)])
	x.wide.wipe()
	x.in, x.text, x.name, x.space, x.attrs = nil, nil, nil, nil, nil
}

// why returns why not all was read, or empty.
func (x *xmlReader) why() Reason {
	switch {
	case x.err != nil && !errors.Is(x.err, io.EOF):
		return reasonOf(x.err)
	case x.damaged, x.err != nil && (x.depth != 0 || !x.tags):
		return Damaged
	}
	return ""
}

// fill reads more behind pos, and tells whether there was any. The window is full when
// it returns false and err is nil.
func (x *xmlReader) fill() bool {
	if x.pos > 0 {
		x.end = copy(x.buf, x.buf[x.pos:x.end])
		x.pos = 0
	}
	for range 100 {
		if x.err != nil || x.end == len(x.buf) {
			return false
		}
		n, err := x.in.Read(x.buf[x.end:])
		x.end += n
		x.err = err
		if n > 0 {
			return true
		}
	}
	x.err = io.ErrNoProgress
	return false
}

// next goes to the next token.
func (x *xmlReader) next() xmlToken {
	for {
		if x.cdata {
			if x.section() {
				return xmlText
			}
			continue
		}
		rest := x.buf[x.pos:x.end]
		lt := 0
		if len(rest) == 0 || rest[0] != '<' { // often one tag follows the other
			lt = bytes.IndexByte(rest, '<')
		}
		if lt < 0 {
			if x.wantText && len(rest) > 0 {
				n := len(rest)
				if x.err == nil {
					n = wholeReferences(rest)
				}
				if n > 0 {
					x.text = unescape(rest[:n])
					x.pos += n
					return xmlText
				}
			} else {
				x.pos = x.end
			}
			if !x.fill() && x.pos == x.end {
				return xmlEnd
			}
			continue
		}
		x.pos += lt
		if lt > 0 && x.wantText {
			x.text = unescape(rest[:lt])
			return xmlText
		}
		// The shortest way for what most of a document is: a tag that is all here.
		b := rest[lt:]
		switch {
		case x.closeTag(b):
			return xmlClose
		case x.plainTag(b):
			return xmlOpen
		}
		if gt := bytes.IndexByte(b, '>'); gt > 1 && b[1] == '/' {
			name := bytes.TrimRight(b[2:gt], " \t\r\n")
			colon := bytes.IndexByte(name, ':') + 1
			x.name, x.space = name[colon:], name[:colon]
			x.pos += gt + 1
			x.depth--
			return xmlClose
		}
		if t := x.markup(); t != xmlText {
			return t
		}
	}
}

// closeTag reads the closing tag that b begins with, if it is one as they all are: without
// blanks, and short.
func (x *xmlReader) closeTag(b []byte) bool {
	if len(b) < 3 || b[1] != '/' {
		return false
	}
	name := 2
	for i, c := range b[2:min(len(b), 32)] {
		switch {
		case c == ':':
			name = i + 3
		case c <= ' ':
			return false
		case c == '>':
			i += 2
			x.name, x.space = b[name:i], b[2:name]
			x.pos += i + 1
			x.depth--
			return true
		}
	}
	return false
}

// markup reads what begins with the < at pos. It returns xmlText when that was no tag.
func (x *xmlReader) markup() xmlToken {
	if x.end-x.pos < len("<![CDATA[") {
		x.fill()
		if x.end-x.pos < 2 {
			x.damaged, x.pos = true, x.end
			return xmlText
		}
	}
	switch b := x.buf[x.pos:x.end]; b[1] {
	case '/':
		return x.cutCloseTag()
	case '?':
		x.skipPast("?>")
	case '!':
		switch {
		case bytes.HasPrefix(b, []byte("<![CDATA[")):
			x.pos += len("<![CDATA[")
			x.cdata = true
		case bytes.HasPrefix(b, []byte("<!--")):
			x.pos += len("<!--")
			x.skipPast("-->")
		default:
			x.skipPast(">") // of a DOCTYPE; what it may declare is text that nobody asks for
		}
	default:
		return x.openTag()
	}
	return xmlText
}

// section gives the next piece of a CDATA section, and tells whether there is one.
func (x *xmlReader) section() bool {
	const end = "]]>"
	rest := x.buf[x.pos:x.end]
	n := bytes.Index(rest, []byte(end))
	switch {
	case n >= 0:
		x.cdata = false
		x.pos += n + len(end)
	case x.err != nil:
		x.cdata, x.damaged = false, true
		n = len(rest)
		x.pos = x.end
	default:
		n = max(0, len(rest)-len(end))
		x.pos += n
		if n == 0 {
			x.fill()
		}
	}
	x.text = rest[:n]
	return n > 0 && x.wantText
}

// skipPast goes to behind the next end.
func (x *xmlReader) skipPast(end string) {
	for {
		rest := x.buf[x.pos:x.end]
		if k := bytes.Index(rest, []byte(end)); k >= 0 {
			x.pos += k + len(end)
			return
		}
		x.pos = max(x.pos, x.end-len(end)+1)
		if !x.fill() {
			x.damaged, x.pos = true, x.end
			return
		}
	}
}

// cutCloseTag gets the rest of a closing tag that the window cuts.
func (x *xmlReader) cutCloseTag() xmlToken {
	for bytes.IndexByte(x.buf[x.pos:x.end], '>') < 0 {
		if !x.fill() {
			x.damaged, x.pos = true, x.end
			break
		}
	}
	return xmlText // it is read in the next round
}

func (x *xmlReader) openTag() xmlToken {
	for {
		b := x.buf[x.pos:x.end]
		k, quote := tagEnd(b[1:], 0)
		if k >= 0 {
			k++
			x.parseTag(b[1:k])
			x.pos += k
			if x.buf[x.pos] == '>' {
				x.pos++
			} else {
				x.damaged = true // a tag within a tag
			}
			return xmlOpen
		}
		if x.fill() {
			continue
		}
		if x.err != nil {
			x.damaged, x.pos = true, x.end
			return xmlText
		}
		x.longTag(quote)
		return xmlOpen
	}
}

// longTag reads a tag that fills the window and goes on, with a quote open or not. Word
// keeps whole drawings in an attribute. Only the tag's beginning is looked at.
func (x *xmlReader) longTag(quote byte) {
	x.long = append(x.long[:0], x.buf[x.pos+1:min(x.pos+1+xmlLongTag, x.end)]...)
	var last byte
	for {
		last = x.buf[x.end-1]
		x.pos = x.end
		if !x.fill() {
			x.damaged = true
			break
		}
		var k int
		b := x.buf[x.pos:x.end]
		if k, quote = tagEnd(b, quote); k >= 0 {
			if k > 0 {
				last = b[k-1]
			}
			x.pos += k
			if b[k] == '>' {
				x.pos++
			} else {
				x.damaged = true
			}
			break
		}
	}
	x.parseTag(x.long)
	if last == '/' {
		x.empty = true
		x.depth--
	}
}

// parseTag takes a tag, without its < and >, apart.
func (x *xmlReader) parseTag(tag []byte) {
	x.tags = true
	x.empty = false
	if n := len(tag); n > 0 && tag[n-1] == '/' {
		tag = tag[:n-1]
		x.empty = true
	} else {
		x.depth++
	}
	i, colon := 0, 0
	for ; i < len(tag); i++ {
		c := tag[i]
		if c == ':' {
			colon = i + 1
		} else if c <= ' ' {
			break
		}
	}
	x.name = tag[colon:i]
	x.space = tag[:colon]
	x.attrs = tag[i:]
}

// plainTag reads the opening tag that b begins with, if it is one as most are: with a
// short name, and ending at the first >. That it does where it has no attributes, and
// behind a closing quote. It may say no when it could.
func (x *xmlReader) plainTag(b []byte) bool {
	if len(b) < 3 || b[1] == '?' {
		return false
	}
	name := 1
	for i := 1; i < min(len(b), 32); i++ {
		switch c := b[i]; {
		case c > '>' || c >= '-' && c <= '9' && c != '/': // of a name
		case c == ':':
			name = i + 1
		case c == '>', c <= ' ', c == '/':
			end := i
			if c != '>' {
				k := bytes.IndexByte(b[i:], '>')
				if k < 0 {
					return false
				}
				end += k
			}
			empty := b[end-1] == '/'
			attrs := b[i:end]
			if empty {
				attrs = b[i : end-1]
			}
			if n := len(attrs); name == i || n > 0 && (n < 2 || attrs[n-1] != '"' || attrs[n-2] == '=') {
				return false
			}
			x.tags, x.empty = true, empty
			if !empty {
				x.depth++
			}
			x.name, x.space, x.attrs = b[name:i], b[1:name], attrs
			x.pos += end + 1
			return true
		default:
			return false
		}
	}
	return false
}

// tagEnd returns where the tag in b ends: at its >, or at a < that should not be in it.
// It is -1 when b does not hold the end; then open is the quote that b ends in.
func tagEnd(b []byte, quote byte) (end int, open byte) {
	for i := 0; i < len(b); i++ {
		if quote != 0 {
			k := bytes.IndexByte(b[i:], quote)
			part := b[i:]
			if k >= 0 {
				part = part[:k]
			}
			if lt := bytes.IndexByte(part, '<'); lt >= 0 {
				return i + lt, 0
			}
			if k < 0 {
				return -1, quote
			}
			i += k
			quote = 0
			continue
		}
		switch c := b[i]; c {
		case '>', '<':
			return i, 0
		case '"', '\'':
			quote = c
		}
	}
	return -1, quote
}

// skip goes to behind the element whose opening tag is at hand.
func (x *xmlReader) skip() {
	if x.empty {
		return
	}
	if x.skipNear() {
		return
	}
	want := x.wantText
	x.wantText = false
	for outside := x.depth - 1; x.depth > outside; {
		if x.next() == xmlEnd {
			break
		}
	}
	x.wantText = want
}

// skipNear is skip for an element that ends nearby and holds none of its own name.
func (x *xmlReader) skipNear() bool {
	const near = 2 << 10
	var end [24]byte
	n := len(x.space) + len(x.name)
	if n+3 > len(end) {
		return false
	}
	end[0], end[1] = '<', '/'
	copy(end[2:], x.space)
	copy(end[2+len(x.space):], x.name)
	end[2+n] = '>'
	rest := x.buf[x.pos:min(x.end, x.pos+near)]
	k := bytes.Index(rest, end[:n+3])
	if k < 0 {
		return false
	}
	end[1] = '<'
	if bytes.Contains(rest[:k], end[1:n+2]) {
		return false
	}
	x.pos += k + n + 3
	x.depth--
	return true
}
