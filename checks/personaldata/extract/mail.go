package extract

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"slices"
	"strings"
)

const (
	mailLine    = 64 << 10  // of a line that are looked at together
	headerBytes = 256 << 10 // of one header are read as one
	mailDepth   = 20        // multiparts within multiparts
)

// readMail reads a mail message (RFC 5322, MIME) or an mbox of them: what the headers
// say of people, and each part as a document of its own.
func readMail(box bool) func(d *document) Reason {
	return func(d *document) Reason {
		m := mail{d: d, in: bufio.NewReaderSize(d.r, mailLine), box: box, whole: true}
		m.next()
		for {
			if why := m.part(""); why != "" {
				return why
			}
			if why := m.drain(); why != "" {
				return why
			}
			if !box || m.over {
				return m.why
			}
			m.ended, m.from = -1, false
		}
	}
}

// mail reads the lines of a message and knows the boundaries that end its parts.
type mail struct {
	d    *document
	in   *bufio.Reader
	box  bool
	why  Reason
	line []byte // at hand, with its end; good until next
	rest []byte // of line, that the reader of a body has not taken
	// begins tells that line begins at the beginning of a line, and is not the rest of a long one.
	begins bool
	whole  bool // line has its end; also before the first one
	blank  bool // the line before was empty: a box may go on with the next message
	over   bool

	boundaries []string
	ended      int  // index of the boundary that line is, when it is one; -1 otherwise
	final      bool // and it is the last one of its kind
	from       bool // line begins the next message of a box
}

// next reads the next line.
func (m *mail) next() {
	m.begins = m.whole
	if m.begins {
		m.blank = len(bytes.TrimRight(m.line, "\r\n")) == 0
	}
	line, err := m.in.ReadSlice('\n')
	m.line, m.rest, m.whole = line, line, err == nil
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) && len(line) == 0 {
		m.over, m.ended, m.from = true, -1, false
		if !errors.Is(err, io.EOF) {
			m.why = reasonOf(err)
		}
		return
	}
	m.look()
}

// look looks whether the line at hand ends the part.
func (m *mail) look() {
	line := m.line
	m.ended, m.final, m.from = -1, false, false
	if !m.begins {
		return
	}
	if m.box && m.blank && hasPrefix(line, "From ") {
		m.from = true
		return
	}
	if !hasPrefix(line, "--") {
		return
	}
	text := bytes.TrimRight(line[2:], " \t\r\n")
	for i, boundary := range slices.Backward(m.boundaries) {
		if rest, ok := bytes.CutPrefix(text, []byte(boundary)); ok && (len(rest) == 0 || string(rest) == "--") {
			m.ended, m.final = i, len(rest) > 0
			return
		}
	}
}

// stands tells whether the line at hand belongs to the part that is read.
func (m *mail) stands() bool { return !m.over && m.ended < 0 && !m.from }

// drain skips what is left of a part.
func (m *mail) drain() Reason {
	for m.stands() {
		m.next()
	}
	return m.why
}

// A mailHeader is what the header of a part says of its body.
type mailHeader struct {
	kind     string // media type, in lower case
	boundary string
	encoding string // of transfer, in lower case
	charset  string
}

// part reads a header and the body that follows. Parent is the media type around it.
func (m *mail) part(parent string) Reason {
	if m.from || hasPrefix(m.line, "From ") && m.box {
		m.from = false
		m.next()
	}
	h, why := m.header()
	if why != "" {
		return why
	}
	if h.kind == "" && parent == "multipart/digest" {
		h.kind = "message/rfc822"
	}
	if strings.HasPrefix(h.kind, "multipart/") && h.boundary != "" {
		return m.multipart(h)
	}
	return m.body(h)
}

// multipart reads the parts between boundaries.
func (m *mail) multipart(h mailHeader) Reason {
	if len(m.boundaries) >= mailDepth {
		m.d.x.note(LimitDepth)
		return ""
	}
	level := len(m.boundaries)
	m.boundaries = append(m.boundaries, h.boundary)
	defer func() { m.boundaries = m.boundaries[:level] }()
	if !m.over {
		m.look() // the line at hand was read before the boundary was known
	}
	// What stands before the first boundary is for readers that know no MIME.
	if why := m.body(mailHeader{}); why != "" {
		return why
	}
	for m.ended == level && !m.final {
		m.next()
		if why := m.part(h.kind); why != "" {
			return why
		}
		if why := m.drain(); why != "" {
			return why
		}
	}
	if m.ended == level && m.final {
		m.boundaries = m.boundaries[:level]
		m.next()
		return m.body(mailHeader{}) // an epilogue
	}
	if m.over || m.from {
		m.d.x.note(Damaged) // cut before its end
	}
	return ""
}

// body reads the body of a part that is a document.
func (m *mail) body(h mailHeader) Reason {
	for m.stands() && m.whole && len(bytes.TrimSpace(m.line)) == 0 {
		m.next()
	}
	if !m.stands() {
		return m.why
	}
	if !readableCharset(h.charset) {
		m.d.x.note(Undecoded)
	}
	as := ""
	if h.kind == "text/html" {
		as = "html" // its first line may not show it
	}
	var r io.Reader = mailBody{m: m}
	switch h.encoding {
	case "base64":
		r = &inflating{x: m.d.x, r: bufio.NewReader(&base64Body{in: r})}
	case "quoted-printable":
		r = &inflating{x: m.d.x, r: &quotedBody{in: bufio.NewReader(r)}}
	case "", "7bit", "8bit", "binary":
		if h.kind == "" || h.kind == "text/plain" {
			return m.plainBody(as)
		}
	case "x-uuencode", "x-uue", "uuencode":
		return m.plainBody(as)
	default:
		m.d.x.note(Undecoded)
	}
	if why := m.d.nestedAs(streamOnly{r}, -1, as); why != "" {
		return why
	}
	return m.drain()
}

// readableCharset tells whether digits and Latin letters of a character set are those of ASCII.
func readableCharset(name string) bool {
	name = strings.ToLower(name)
	for _, bad := range [...]string{"utf-7", "unicode-1-1-utf-7", "iso-2022-", "hz-gb", "ibm037", "ibm1047", "ibm500", "ibm284", "cp037", "ebcdic"} {
		if strings.HasPrefix(name, bad) {
			return false
		}
	}
	return true
}

// header reads a header: it gives what it says of people to the sink as a text, and
// returns what it says of the body.
func (m *mail) header() (mailHeader, Reason) {
	var h mailHeader
	d := m.d
	var field []byte
	total, texts := 0, false
	defer func() { clear(field[:cap(field)]) }()
	end := func() {
		if name, value, ok := bytes.Cut(field, []byte(":")); ok {
			if text := h.take(strings.ToLower(string(bytes.TrimSpace(name))), string(bytes.TrimSpace(value))); text != "" {
				if !texts {
					d.beginText(Bytes)
					texts = true
				}
				d.write(name)
				d.write([]byte(": "))
				d.write([]byte(text))
				d.write([]byte("\n"))
			}
		}
		field = field[:0]
	}
	for m.stands() {
		line := bytes.TrimRight(m.line, "\r\n")
		if m.begins {
			if len(line) == 0 {
				m.next()
				break
			}
			if line[0] != ' ' && line[0] != '\t' {
				if len(field) > 0 {
					end()
				}
				if !isHeader(line) {
					break // the body, without an empty line before it
				}
			}
		}
		if total += len(line); total > headerBytes {
			end()
			d.x.note(LimitHeld)
			return h, ""
		}
		field = append(field, line...)
		m.next()
	}
	end()
	if texts {
		d.endText()
	}
	return h, m.why
}

// take notes what a field says of the body, and returns what it says of people.
func (h *mailHeader) take(name, value string) string {
	switch name {
	case "content-type":
		kind, params := mediaType(value)
		h.kind, h.boundary, h.charset = kind, params["boundary"], params["charset"]
		return params["name"]
	case "content-disposition":
		_, params := mediaType(value)
		return params["filename"]
	case "content-transfer-encoding":
		word, _, _ := strings.Cut(value, ";")
		h.encoding = strings.ToLower(strings.TrimSpace(word))
		return ""
	case "received", "dkim-signature", "authentication-results", "message-id", "references", "in-reply-to", "mime-version", "date",
		"content-id", "content-language", "return-path", "domainkey-signature", "received-spf", "thread-index", "thread-topic", "user-agent",
		"x-mailer", "x-google-smtp-source", "x-received", "x-google-dkim-signature", "feedback-id", "x-originating-ip":
		return "" // of programs
	}
	if strings.HasPrefix(name, "arc-") || strings.HasPrefix(name, "x-ms-") || strings.HasPrefix(name, "list-") || strings.HasPrefix(name, "x-spam") || strings.HasPrefix(name, "x-microsoft") {
		return ""
	}
	return decodeWords(value)
}

// mediaType reads a media type and its parameters, as well as it can.
func mediaType(value string) (kind string, params map[string]string) {
	kind, params, err := mime.ParseMediaType(value)
	if err == nil {
		for k, v := range params {
			params[k] = decodeWords(v)
		}
		return kind, params
	}
	kind, rest, _ := strings.Cut(value, ";")
	params = make(map[string]string)
	for rest != "" {
		var one string
		one, rest, _ = strings.Cut(rest, ";")
		k, v, _ := strings.Cut(one, "=")
		params[strings.ToLower(strings.TrimSpace(k))] = strings.Trim(strings.TrimSpace(v), `"`)
	}
	return strings.ToLower(strings.TrimSpace(kind)), params
}

// decodeWords decodes the encoded words of a header (RFC 2047).
func decodeWords(value string) string {
	if !strings.Contains(value, "=?") {
		return value
	}
	words := mime.WordDecoder{CharsetReader: func(_ string, r io.Reader) (io.Reader, error) { return r, nil }}
	if text, err := words.DecodeHeader(value); err == nil {
		return text
	}
	return value
}

// mailBody is the body of a part as it stands.
type mailBody struct {
	m     *mail
	plain bool // it ends where a file in it begins
}

func (b mailBody) Read(p []byte) (n int, err error) {
	m := b.m
	for n < len(p) {
		if !m.stands() {
			if m.why != "" {
				return n, m.why
			}
			return n, io.EOF
		}
		if b.plain && len(m.rest) == len(m.line) && m.uuBegins() {
			return n, io.EOF
		}
		k := copy(p[n:], m.rest)
		n += k
		if m.rest = m.rest[k:]; len(m.rest) == 0 {
			m.next()
		}
	}
	return n, nil
}

// base64Body decodes base64, and passes over what is none.
type base64Body struct {
	in   io.Reader
	raw  [4 << 10]byte
	have int // bytes of raw that are of the alphabet and not decoded
	end  bool
	err  error
}

func (b *base64Body) Read(p []byte) (int, error) {
	for {
		if n := min(b.have/4*4, len(p)/3*4); n > 0 {
			k, err := base64.StdEncoding.Decode(p, b.raw[:n])
			b.have = copy(b.raw[:], b.raw[n:b.have])
			if err != nil {
				err = Damaged
			}
			return k, err
		}
		if b.have >= 4 {
			return 0, io.ErrShortBuffer
		}
		if b.err != nil {
			return b.rest(p)
		}
		b.fill()
	}
}

// fill reads more, and keeps what is of the alphabet.
func (b *base64Body) fill() {
	n, err := b.in.Read(b.raw[b.have:])
	b.err = err
	kept := b.have
	for _, c := range b.raw[b.have : b.have+n] {
		switch {
		case b.end:
		case isLetter(c), c-'0' <= 9, c == '+', c == '/':
			b.raw[kept] = c
			kept++
		case c == '=':
			b.end = true
		}
	}
	b.have = kept
}

// rest decodes the last one to three characters.
func (b *base64Body) rest(p []byte) (int, error) {
	if b.have == 0 {
		return 0, b.err
	}
	n, err := base64.RawStdEncoding.Decode(p, b.raw[:b.have])
	b.have = 0
	if err != nil {
		return n, Damaged
	}
	return n, nil
}

// quotedBody decodes quoted-printable, and leaves what is none as it is.
type quotedBody struct{ in *bufio.Reader }

func (q *quotedBody) Read(p []byte) (n int, err error) {
	for n < len(p) {
		c, err := q.in.ReadByte()
		if err != nil {
			return n, err
		}
		if c != '=' {
			p[n] = c
			n++
			continue
		}
		two, err := q.in.Peek(2)
		if len(two) > 0 && two[0] == '\n' {
			_, _ = q.in.Discard(1) // it has been peeked at
			continue
		}
		if err == nil && string(two) == "\r\n" {
			_, _ = q.in.Discard(2)
			continue
		}
		if err == nil && isHex(two[0]) && isHex(two[1]) {
			p[n] = unhex(two[0])<<4 | unhex(two[1])
			_, _ = q.in.Discard(2)
			n++
			continue
		}
		p[n] = c
		n++
	}
	return n, nil
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
