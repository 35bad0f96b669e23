package extract

import "bytes"

// A format is what a document is, by its content.
type format struct {
	name string
	why  Reason // why a format that no reader is for is not read
}

// magics are the formats that begin with bytes of their own. The first that fits counts.
var magics = [...]struct {
	prefix string
	format
}{
	{"%PDF-", format{"pdf", Unsupported}},
	{"%!PS", format{"postscript", Unsupported}},
	{"{\\rtf", format{"rtf", Unsupported}},
	{"PK\x03\x04", format{"zip", ""}},
	{"PK\x05\x06", format{"zip", ""}},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", format{"ole", Unsupported}},
	{"7z\xbc\xaf\x27\x1c", format{"7z", Unsupported}},
	{"Rar!\x1a\x07", format{"rar", Unsupported}},
	{"\x1f\x8b", format{"gzip", Unsupported}},
	{"BZh", format{"bzip2", Unsupported}},
	{"\xfd7zXZ\x00", format{"xz", Unsupported}},
	{"\x28\xb5\x2f\xfd", format{"zstd", Unsupported}},
	{"SQLite format 3\x00", format{"sqlite", Unsupported}},
	{"\x00\x01\x00\x00Standard Jet DB", format{"access", Unsupported}},
	{"\x00\x01\x00\x00Standard ACE DB", format{"access", Unsupported}},
	{"!BDN", format{"pst", Unsupported}},
	{"\x89PNG\r\n\x1a\n", format{"png", NoText}},
	{"\xff\xd8\xff", format{"jpeg", NoText}},
	{"GIF8", format{"gif", NoText}},
	{"II*\x00", format{"tiff", NoText}},
	{"MM\x00*", format{"tiff", NoText}},
	{"\x7fELF", format{"elf", NotADocument}},
	{"MZ", format{"exe", NotADocument}},
	{"-----BEGIN PGP MESSAGE", format{"pgp", Encrypted}},
	{"\x00\x00\xfe\xff", format{"utf-32", Unsupported}},
	{"\xff\xfe\x00\x00", format{"utf-32", Unsupported}},
}

// reader returns what reads a format: it gives the texts of the document to the sink and
// returns why not all of it could be read, or empty. Nil: the format is only told.
func (f format) reader() func(d *document) Reason {
	switch f.name {
	case "text":
		return readText
	case "utf-16le":
		return utf16Text(UTF16LE)
	case "utf-16be":
		return utf16Text(UTF16BE)
	case "zip":
		return readZip
	}
	return nil
}

// formatOf tells the format of a document from its first bytes. What is not known to be
// text is not read as text: what was not understood must never be called clean.
func formatOf(head []byte) format {
	if len(head) == 0 {
		return format{name: "empty"}
	}
	for i := range magics {
		m := &magics[i]
		letters := m.name == "exe" || m.name == "bzip2" // they begin as a text may
		if len(head) >= len(m.prefix) && string(head[:len(m.prefix)]) == m.prefix && (!letters || !isText(head)) {
			return m.format
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return format{name: "utf-16le"}
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return format{name: "utf-16be"}
	case isText(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))):
		return format{name: "text"}
	}
	if enc, ok := utf16Without(head); ok {
		if enc == UTF16BE {
			return format{name: "utf-16be"}
		}
		return format{name: "utf-16le"}
	}
	return format{name: "binary", why: Unknown}
}

// isText tells whether bytes are those of a text in ASCII, UTF-8 or Windows-1252: no
// zero byte, and at most one control character in a hundred.
func isText(b []byte) bool {
	controls := 0
	for _, c := range b {
		switch {
		case c == 0:
			return false
		case c < '\b', c > '\r' && c < 0x1A, c > 0x1B && c < 0x20, c == 0x7F:
			controls++
		}
	}
	return controls*100 <= len(b)
}

// utf16Without recognises UTF-16 without a byte order mark by its zero bytes: in text
// of Latin letters they are most of one half of the bytes and none of the other.
func utf16Without(b []byte) (Encoding, bool) {
	var zero [2]int
	for i, c := range b {
		if c == 0 {
			zero[i%2]++
		}
	}
	most := len(b) / 2 * 6 / 10
	switch {
	case len(b) < 8:
	case zero[1] >= most && zero[0] == 0 && isText(everySecond(b)):
		return UTF16LE, true
	case zero[0] >= most && zero[1] == 0 && isText(everySecond(b[1:])):
		return UTF16BE, true
	}
	return 0, false
}

// everySecond returns the bytes of b at even indexes.
func everySecond(b []byte) []byte {
	half := make([]byte, 0, len(b)/2+1)
	for i := 0; i < len(b); i += 2 {
		half = append(half, b[i])
	}
	return half
}
