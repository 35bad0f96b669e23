package extract

import (
	"bufio"
	"errors"
	"io"
	"unicode/utf8"
)

const (
	rtfDepth = 1000 // groups within groups that are told apart
	rtfWord  = 32   // letters of a control word (RTF 1.9.1)
)

// readRTF reads Rich Text Format (Microsoft's specification 1.9.1), leniently.
func readRTF(d *document) Reason {
	f := rtf{d: d, in: bufio.NewReaderSize(d.r, 32<<10), out: d.x.scratch.text[:0]}
	f.page, _ = codepageOf(1252)
	f.groups = append(f.groups, rtfGroup{skip: 1})
	why := f.read()
	f.flush()
	d.x.scratch.text = f.out
	for range f.pictures {
		f.d.x.note(NoText)
	}
	return why
}

// rtf is the state of a reader of RTF.
type rtf struct {
	d        *document
	in       *bufio.Reader
	out      []byte
	page     *codepage
	number   int // of page, as the file told it
	groups   []rtfGroup
	deep     int    // groups that are open beyond rtfDepth
	skip     int    // characters that stand for a Unicode one, and are left out
	high     rune   // first half of a surrogate pair
	star     bool   // the next control word begins a destination that may be left out
	table    bool   // in a table, which is a text of its own
	leaving  bool   // a paragraph has begun that is not said to be in the table
	cells    bool   // something stands in this row
	pictures int    // that could show a document
	size     [2]int // of the picture at hand, in twips
	word     [rtfWord]byte
}

// rtfGroup is what holds within braces.
type rtfGroup struct {
	silent bool // holds no text
	pict   bool // is a picture
	skip   int  // \uc
}

func (f *rtf) group() *rtfGroup { return &f.groups[len(f.groups)-1] }

func (f *rtf) read() Reason {
	for {
		c, err := f.in.ReadByte()
		if err != nil {
			if errors.Is(err, io.EOF) {
				if len(f.groups) > 1 {
					return Damaged // cut
				}
				return ""
			}
			return reasonOf(err)
		}
		switch c {
		case '{':
			f.star, f.skip = false, 0
			if len(f.groups) >= rtfDepth {
				f.deep++
				continue
			}
			g := *f.group()
			g.pict = false
			f.groups = append(f.groups, g)
		case '}':
			f.skip = 0
			if f.deep > 0 {
				f.deep--
			} else if len(f.groups) > 1 {
				f.endPicture()
				f.groups = f.groups[:len(f.groups)-1]
			}
		case '\\':
			if why := f.control(); why != "" {
				return why
			}
		case '\r', '\n', 0:
		default:
			if f.skip > 0 {
				f.skip--
				continue
			}
			f.char(c)
			f.plain()
		}
	}
}

// plain writes the characters that follow up to one that may mean something.
func (f *rtf) plain() {
	b, _ := f.in.Peek(f.in.Buffered()) // there are that many
	n := 0
	for n < len(b) && b[n] >= ' ' && b[n] < utf8.RuneSelf && b[n] != '\\' && b[n] != '{' && b[n] != '}' {
		n++
	}
	if !f.group().silent {
		f.out = append(f.out, b[:n]...)
	}
	_, _ = f.in.Discard(n) // as above
}

// char writes one character of the text.
func (f *rtf) char(c byte) {
	if f.group().silent {
		return
	}
	f.leave()
	if c < utf8.RuneSelf {
		f.out = append(f.out, c)
	} else {
		one := [1]byte{c}
		f.out = f.page.append(f.out, one[:])
	}
	f.cells = true
	if len(f.out) >= linesBytes {
		f.flush()
	}
}

// leave ends a table when text comes that is not in it.
func (f *rtf) leave() {
	if f.table && f.leaving {
		f.flush()
		f.d.beginText(Bytes)
		f.table, f.leaving = false, false
	}
}

func (f *rtf) flush() {
	if len(f.out) > 0 {
		f.d.write(f.out)
		clear(f.out)
		f.out = f.out[:0]
	}
}

// control reads what follows a backslash.
func (f *rtf) control() Reason {
	c, err := f.in.ReadByte()
	if err != nil {
		return Damaged
	}
	if !isLetter(c) {
		f.symbol(c)
		return ""
	}
	n := 0
	for isLetter(c) {
		if n < len(f.word) {
			f.word[n] = c
		}
		n++
		if c, err = f.in.ReadByte(); err != nil {
			return Damaged
		}
	}
	value, has, minus := 0, false, c == '-'
	if minus {
		if c, err = f.in.ReadByte(); err != nil {
			return Damaged
		}
	}
	for c-'0' <= 9 {
		has = true
		value = min(value*10+int(c-'0'), 1<<27)
		if c, err = f.in.ReadByte(); err != nil {
			return Damaged
		}
	}
	if minus {
		value = -value
	}
	if c != ' ' {
		_ = f.in.UnreadByte() // of the byte just read: it does not fail
	}
	return f.command(string(f.word[:min(n, len(f.word))]), value, has)
}

// symbol reads a control symbol.
func (f *rtf) symbol(c byte) {
	switch c {
	case '\'':
		high, err := f.in.ReadByte()
		if err != nil {
			return
		}
		low, err := f.in.ReadByte()
		if err != nil || hexDigit(high) < 0 || hexDigit(low) < 0 {
			return
		}
		if f.skip > 0 {
			f.skip--
			return
		}
		f.char(byte(hexDigit(high)<<4 | hexDigit(low)))
	case '~':
		f.char(' ')
	case '_':
		f.char('-')
	case '*':
		f.star = true
	case '\\', '{', '}':
		if f.skip > 0 {
			f.skip--
			return
		}
		f.char(c)
	case '\r', '\n':
		f.char('\n')
	}
}

// command does what a control word says.
func (f *rtf) command(word string, value int, has bool) Reason {
	g := f.group()
	star := f.star
	f.star = false
	switch word {
	case "par", "line", "sect", "page", "row", "nestrow":
		f.char('\n')
		if word == "row" {
			f.cells = false
		}
	case "tab":
		f.char('\t')
	case "cell", "nestcell":
		f.char('\t')
	case "emdash", "endash":
		f.char('-')
	case "emspace", "enspace", "qmspace":
		f.char(' ')
	case "trowd":
		f.leaving = false
		if !f.table && !g.silent {
			f.flush()
			f.d.beginText(Bytes)
			f.table = true
		}
	case "pard":
		f.leaving = true
	case "intbl":
		f.leaving = false
	case "u":
		f.unicode(value)
	case "uc":
		if has {
			g.skip = max(value, 0)
		}
	case "ansicpg":
		if page, ok := codepageOf(value); ok && value != f.number {
			f.page, f.number = page, value
		}
	case "mac":
		f.page, _ = codepageOf(10000)
	case "pc":
		f.page, _ = codepageOf(437)
	case "pca":
		f.page, _ = codepageOf(850)
	case "bin":
		n, err := io.CopyN(io.Discard, f.in, int64(max(value, 0)))
		if err != nil || n < int64(value) {
			return reasonOf(err)
		}
	case "pict":
		f.size = [2]int{}
		g.silent, g.pict = true, true
	case "picwgoal":
		f.size[0] = max(value, 0)
	case "pichgoal":
		f.size[1] = max(value, 0)
	case "objdata":
		g.silent = true
		return f.object()
	case "fonttbl", "colortbl", "stylesheet", "themedata", "colorschememapping", "latentstyles", "datastore", "xmlnstbl",
		"listtable", "listoverridetable", "rsidtbl", "generator", "filetbl", "revtbl", "pgdsctbl", "fontemb", "blipuid", "mmathPr":
		g.silent = true
	default:
		if star && !knownDestination(word) {
			g.silent = true
		}
	}
	return ""
}

// endPicture counts the picture that ends, unless it is known to be small. The same one
// for older programs counts as well.
func (f *rtf) endPicture() {
	if !f.group().pict {
		return
	}
	const twips = 15 // to a dot of a screen
	s := steps{width: int64(f.size[0] / twips), height: int64(f.size[1] / twips)}
	if !s.small() {
		f.pictures++
	}
}

// knownDestination tells which of the destinations that may be left out hold text.
func knownDestination(word string) bool {
	switch word {
	case "fldinst", "shptxt", "shpinst", "sp", "sn", "sv", "annotation", "atnauthor", "atnid", "company", "bkmkstart", "userprops", "nesttableprops",
		"formfield", "ffdeftext", "ffname", "ffl", "manager", "hlinkbase", "htmltag", "shppict", "docvar":
		return true
	}
	return false
}

// unicode writes the character that \u gives as a signed number of 16 bits.
func (f *rtf) unicode(value int) {
	r := rune(value)
	if r < 0 {
		r += 1 << 16
	}
	f.skip = f.group().skip
	switch {
	case f.group().silent:
		return
	case r >= 0xD800 && r < 0xDC00:
		f.high = r
		return
	case r >= 0xDC00 && r < 0xE000:
		r = (f.high-0xD800)<<10 + (r - 0xDC00) + 0x10000
	}
	f.leave()
	f.out = utf8.AppendRune(f.out, r)
	f.cells = true
}

// object reads the data of an embedded object, in hex, as a document of its own.
func (f *rtf) object() Reason {
	f.flush()
	x := &rtfHex{in: f.in}
	// OLE 1.0 (MS-OLEDS 2.2.5): version, kind, three names with their lengths, size.
	var number [4]byte
	next := func() (int64, bool) {
		_, err := io.ReadFull(x, number[:])
		n := int64(number[0]) | int64(number[1])<<8 | int64(number[2])<<16 | int64(number[3])<<24
		return n, err == nil
	}
	ok := true
	for i := range 5 {
		var n int64
		if n, ok = next(); !ok {
			break
		}
		if i >= 2 {
			if n > 4<<10 {
				ok = false
				break
			}
			if _, err := io.CopyN(io.Discard, x, n); err != nil {
				ok = false
				break
			}
		}
	}
	if ok {
		if size, has := next(); has && size > 0 {
			in := &inflating{x: f.d.x, r: io.LimitReader(x, size)}
			if why := f.d.nested(streamOnly{in}, size); why != "" {
				return why
			}
		}
	}
	_, err := io.Copy(io.Discard, x)
	if err != nil {
		return reasonOf(err)
	}
	if !ok {
		f.d.x.note(Undecoded)
	}
	return ""
}

// rtfHex reads bytes in hex up to the end of the group.
type rtfHex struct{ in *bufio.Reader }

func (h *rtfHex) Read(p []byte) (n int, err error) {
	half, have := byte(0), false
	for n < len(p) {
		c, err := h.in.ReadByte()
		if err != nil {
			return n, err
		}
		if c == '{' || c == '}' || c == '\\' {
			_ = h.in.UnreadByte() // of the byte just read: it does not fail
			return n, io.EOF
		}
		v := hexDigit(c)
		if v < 0 {
			continue
		}
		if have {
			p[n] = half<<4 | byte(v) // a digit
			n++
		}
		half, have = byte(v), !have // a digit
	}
	return n, nil
}

// hexDigit returns what a digit in hex stands for, or -1.
func hexDigit(c byte) int {
	switch {
	case c-'0' <= 9:
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
