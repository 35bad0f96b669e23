package extract

import (
	"bytes"
	"encoding/binary"
)

// isText tells whether bytes are those of a text in ASCII, UTF-8 or Windows-1252: no
// zero byte, and at most one control character in a hundred.
func isText(b []byte) bool {
	all := len(b)
	const step = 32 // every small file comes here
	controls := 0
	for len(b) > 0 {
		n := min(len(b), step)
		part := b[:n]
		b = b[n:]
		if n == step && controlsOf(binary.LittleEndian.Uint64(part))|controlsOf(binary.LittleEndian.Uint64(part[8:]))|
			controlsOf(binary.LittleEndian.Uint64(part[16:]))|controlsOf(binary.LittleEndian.Uint64(part[24:])) == 0 {
			continue
		}
		for _, c := range part {
			if c == 0 {
				return false
			}
			controls += controlOf(c)
		}
	}
	return controls*100 <= all
}

// controlsOf sets the high bit of each byte of w that no text has; it does of some that
// one has, too: controlOf tells.
func controlsOf(w uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	y := w &^ highs
	// The sums have the high bit where the byte is at least 8, 0x0E, 0x20, 0x7F.
	return (^(y + 0x78*ones) | (y+0x72*ones)&^(y+0x60*ones) | (y + ones)) &^ w & highs
}

func controlOf(c byte) int {
	switch {
	case c < '\b', c > '\r' && c < 0x1A, c > 0x1B && c < 0x20, c == 0x7F:
		return 1
	}
	return 0
}

// isEBCDIC tells whether bytes are a text as mainframes write it: its blank is 0x40, its
// letters and digits are above 0x80, and it has hardly any of ASCII's.
func isEBCDIC(b []byte) bool {
	if len(b) < 32 || b[0] < 0x40 {
		return false
	}
	var blanks, high, ascii int
	for _, c := range b[:32] { // most texts are known by these to be none
		high += int(c >> 7)
	}
	if high < 8 {
		return false
	}
	high = 0
	for _, c := range b {
		switch {
		case c == 0x40:
			blanks++
		case c >= 0x81:
			high++
		case c == ' ', c >= '0' && c <= '9':
			ascii++
		}
	}
	return high*2 > len(b) && blanks*50 > len(b) && ascii*50 < len(b)
}

// switchesCharset tells whether a text changes its character set by escapes (ISO 2022).
func switchesCharset(b []byte) bool {
	for {
		i := bytes.IndexByte(b, 0x1B)
		if i < 0 || i+2 >= len(b) {
			return false
		}
		switch b[i+1] {
		case '$':
			return true
		case '(', ')', '-', '.':
			if b[i+2] != 'B' { // ASCII
				return true
			}
		}
		b = b[i+1:]
	}
}

// wideWithout recognises UTF-32 without a byte order mark.
func wideWithout(b []byte) (name string, ok bool) {
	if len(b) < 16 {
		return "", false
	}
	le, be, units := 0, 0, len(b)/4
	for i := 0; i+4 <= len(b); i += 4 {
		if b[i] != 0 && b[i+2] == 0 && b[i+3] == 0 {
			le++
		}
		if b[i+3] != 0 && b[i] == 0 && b[i+1] == 0 {
			be++
		}
	}
	switch units {
	case le:
		return "utf-32le", true
	case be:
		return "utf-32be", true
	}
	return "", false
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

// isMarkup tells whether a text begins as HTML or XML does, and which.
func isMarkup(b []byte) (name string, ok bool) {
	t := bytes.TrimLeft(b, " \t\r\n")
	if len(t) < 3 || t[0] != '<' || !isLetter(t[1]) && t[1] != '!' && t[1] != '?' {
		return "", false
	}
	if hasPrefixFold(t, "<html") || hasPrefixFold(t, "<!doctype html") || indexFold(t[:min(len(t), 1024)], "<html") >= 0 {
		return "html", true
	}
	if hasPrefixFold(t, "<?xml") {
		return "xml", true
	}
	if hasPrefixFold(t, "<?php") || hasPrefixFold(t, "<%") {
		return "", false // code
	}
	for _, tag := range [...]string{"<head", "<body", "<div", "<table", "<p>", "<p ", "<span", "<meta", "<title", "<form", "<ul", "<br", "<font", "<!--", "<style", "<script", "<h1", "<a "} {
		if hasPrefixFold(t, tag) {
			return "html", true
		}
	}
	if end := bytes.IndexByte(t[:min(len(t), 2048)], '>'); end > 0 && bytes.Contains(t, []byte("</")) {
		return "xml", true
	}
	return "", false
}

// isMail tells whether a text is a mail message or a box of them.
func isMail(b []byte) (name string, ok bool) {
	name = "eml"
	if bytes.HasPrefix(b, []byte("From ")) {
		end := bytes.IndexByte(b, '\n')
		if end < 0 || !isHeader(b[end+1:]) {
			return "", false
		}
		return "mbox", true
	}
	if !isHeader(b) {
		return "", false
	}
	for line := b; len(line) > 0; {
		end := bytes.IndexByte(line, '\n')
		if end < 0 {
			return "", false
		}
		if len(bytes.TrimRight(line[:end], "\r")) == 0 {
			return "", false // the end of the header
		}
		for _, h := range [...]string{"mime-version:", "content-transfer-encoding:", "received:", "message-id:", "return-path:", "delivered-to:"} {
			if hasPrefixFold(line, h) {
				return name, true
			}
		}
		line = line[end+1:]
	}
	return "", false
}

// isHeader tells whether a line begins with a name and a colon, as in the header of a mail.
func isHeader(line []byte) bool {
	for i, c := range line[:min(len(line), 80)] {
		switch {
		case c == ':':
			return i > 0
		case !isLetter(c) && c != '-' && c-'0' > 9:
			return false
		}
	}
	return false
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// hasPrefixFold tells whether b begins with prefix, which is in lower case.
func hasPrefixFold(b []byte, prefix string) bool {
	if len(b) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		c := b[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != prefix[i] {
			return false
		}
	}
	return true
}

// indexFold returns the first place of what, which begins with a character that has no
// case and is in lower case, or -1.
func indexFold(b []byte, what string) int {
	at := 0
	for {
		i := bytes.IndexByte(b[at:], what[0])
		if i < 0 {
			return -1
		}
		if hasPrefixFold(b[at+i:], what) {
			return at + i
		}
		at += i + 1
	}
}
