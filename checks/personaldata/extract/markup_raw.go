package extract

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// readRaw gives markup to the sink as it is, up to where it may matter that it is markup.
// It reports whether that was all of it; if not, the document is to be read again from
// its beginning, and nothing is counted twice, for nothing was to be found so far.
func (d *document) readRaw() (all bool, why Reason) {
	const carry = 64 // of one block are looked at again with the next
	if d.at == nil || d.size < 0 {
		return false, ""
	}
	read := d.x.work.read
	defer func() {
		d.endText()
		if !all {
			d.x.work.read = read // what is read again counts once
		}
	}()
	block := d.x.scratch.look()[:windowBytes]
	have := 0
	for at := int64(0); at < d.size; {
		n, err := d.at.ReadAt(block[have:have+int(min(d.size-at, int64(len(block)-have)))], at)
		if err != nil && !errors.Is(err, io.EOF) || n == 0 {
			return false, "" // reading it again tells
		}
		if mayMatter(block[:have+n]) || bytes.IndexByte(block[have:have+n], 0) >= 0 {
			return false, ""
		}
		d.write(block[have : have+n])
		at += int64(n)
		have = copy(block, block[max(0, have+n-carry):have+n])
	}
	return true, ""
}

// mayMatter tells whether anything in markup is like an identifier so that it matters
// what stands beside it, and tags must not: an @, seven digits in a row, six after
// letters, nine in groups, eight between dots, or a digit by its number. Dates, years,
// amounts and versions do not matter, and neither do words.
func mayMatter(b []byte) bool {
	if bytes.IndexByte(b, '@') >= 0 {
		return true
	}
	chain, next, dots := 0, -1, 0 // digits of the groups so far, where the next one would begin, dots between them
	for i := 0; i < len(b); {
		if i+8 <= len(b) && !anyDigit(binary.LittleEndian.Uint64(b[i:])) {
			i += 8
			continue
		}
		if b[i]-'0' > 9 {
			i++
			continue
		}
		start := i
		for i < len(b) && b[i]-'0' <= 9 {
			i++
		}
		n := i - start
		switch {
		case start != next:
			chain, dots = 0, 0
		case b[start-1] == '.':
			dots++
		}
		chain, next = chain+n, i+joint(b[i:])
		switch {
		case n >= 7, chain >= 9, chain >= 8 && dots >= 2:
			return true
		case n == 6 && lettersBefore(b, start):
			return true
		case start >= 2 && b[start-1] == '#' && b[start-2] == '&' && n <= 3:
			if c := number(b[start:i]); c >= '0' && c <= '9' || c == '@' {
				return true
			}
		}
	}
	return bytes.Contains(b, []byte("&#x"))
}

// joint is how many bytes at the beginning of b may stand between two groups of one
// number: a separator, or a tag that only changes how the next one looks.
func joint(b []byte) int {
	switch {
	case len(b) == 0:
	case joins(b[0]):
		return 1
	case b[0] == '<':
		end := bytes.IndexByte(b[:min(len(b), 48)], '>')
		if end < 2 {
			return 0
		}
		name := bytes.TrimPrefix(b[1:end], []byte("/"))
		if i := bytes.IndexByte(name, ' '); i >= 0 {
			name = name[:i]
		}
		switch string(name) {
		case "b", "i", "u", "em", "strong", "span", "font", "a", "sub", "sup", "mark", "wbr", "B", "I", "U", "SPAN", "FONT":
			return end + 1 + joint(b[end+1:])
		}
	}
	return 0
}

// joins tells whether c may stand between the groups of one number.
func joins(c byte) bool { return c == ' ' || c == '-' || c == '.' || c == '/' }

// lettersBefore tells whether three letters stand before b[i], maybe with a separator or
// a tag between.
func lettersBefore(b []byte, i int) bool {
	for range 3 { // tags that end before others begin
		from := max(0, i-48)
		tag := bytes.LastIndexByte(b[from:i], '<')
		if tag < 0 || joint(b[from+tag:i]) != i-from-tag {
			break
		}
		i = from + tag
	}
	if i > 0 && joins(b[i-1]) {
		i--
	}
	if i < 3 {
		return false
	}
	for _, c := range b[i-3 : i] {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return false
		}
	}
	return true
}

func number(digits []byte) (n int) {
	for _, c := range digits {
		n = n*10 + int(c-'0')
	}
	return n
}

// anyDigit tells whether one of eight bytes is an ASCII digit.
func anyDigit(x uint64) bool {
	const low, high = 0x7f7f7f7f7f7f7f7f, 0x8080808080808080
	y := x ^ 0x3030303030303030
	return ^(((y&low)+0x7676767676767676)|y)&high != 0
}
