package scan

import (
	"bytes"

	"vigia/checks/personaldata/detect"
)

// A format is what a file is, by its content and never by its name.
type format struct {
	name     string
	readable bool
	encoding detect.Encoding
	bom      int  // bytes to leave out at the beginning
	encoded  bool // parts of it are text only after decoding
}

// headBytes is how much of a file's beginning tells its format.
const headBytes = 8 << 10

// magics are formats that would pass for text, or whose name is worth telling.
var magics = [...]struct{ prefix, name string }{
	{"%PDF-", "pdf"},
	{"%!PS", "postscript"},
	{"{\\rtf", "rtf"},
	{"PK\x03\x04", "zip"},
	{"PK\x05\x06", "zip"},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"},
	{"7z\xbc\xaf\x27\x1c", "7z"},
	{"Rar!\x1a\x07", "rar"},
	{"\x1f\x8b", "gzip"},
	{"BZh", "bzip2"},
	{"\xfd7zXZ\x00", "xz"},
	{"\x28\xb5\x2f\xfd", "zstd"},
	{"SQLite format 3\x00", "sqlite"},
	{"\x00\x01\x00\x00Standard Jet DB", "access"},
	{"\x00\x01\x00\x00Standard ACE DB", "access"},
	{"!BDN", "pst"},
	{"\x89PNG\r\n\x1a\n", "png"},
	{"\xff\xd8\xff", "jpeg"},
	{"GIF8", "gif"},
	{"II*\x00", "tiff"},
	{"MM\x00*", "tiff"},
	{"\x7fELF", "elf"},
	{"MZ", "exe"},
	{"-----BEGIN PGP MESSAGE", "pgp"},
	{"\x00\x00\xfe\xff", "utf-32"},
	{"\xff\xfe\x00\x00", "utf-32"},
}

// formatOf tells the format of a file from its first bytes. What is not known to be
// text is not read as text: a file that was not understood must never be called clean.
func formatOf(head []byte) format {
	if len(head) == 0 {
		return format{name: "empty", readable: true}
	}
	for _, m := range magics {
		words := m.name == "exe" || m.name == "bzip2" // they begin with letters, as a text may
		if bytes.HasPrefix(head, []byte(m.prefix)) && (!words || !isText(head)) {
			return format{name: m.name}
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return format{name: "utf-16", readable: true, encoding: detect.UTF16LE, bom: 2}
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return format{name: "utf-16", readable: true, encoding: detect.UTF16BE, bom: 2}
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		if isText(head[3:]) {
			return format{name: "text", readable: true, bom: 3}
		}
	case isText(head):
		if isMail(head) {
			return format{name: "mail", readable: true, encoded: true}
		}
		return format{name: "text", readable: true}
	}
	if enc, ok := utf16Without(head); ok {
		return format{name: "utf-16", readable: true, encoding: enc}
	}
	return format{name: "binary"}
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
func utf16Without(b []byte) (detect.Encoding, bool) {
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
		return detect.UTF16LE, true
	case zero[0] >= most && zero[1] == 0 && isText(everySecond(b[1:])):
		return detect.UTF16BE, true
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

// isMail tells whether a text is a mail message or a box of them.
func isMail(b []byte) bool {
	if !bytes.HasPrefix(b, []byte("From ")) {
		colon := bytes.IndexByte(b[:min(len(b), 80)], ':')
		if colon <= 0 || bytes.ContainsAny(b[:colon], " \t\r\n<{\"") {
			return false
		}
	}
	lower := bytes.ToLower(b)
	return bytes.Contains(lower, []byte("\nmime-version:")) || bytes.HasPrefix(lower, []byte("mime-version:")) ||
		bytes.Contains(lower, []byte("\ncontent-transfer-encoding:"))
}
