package extract

import (
	"bytes"
	"errors"
	"io"
	"math/bits"
)

// rawCarry are the bytes of one block of markup that are looked at again with the next.
const rawCarry = 128

// readRaw gives markup to the sink as it is, up to where it may matter that it is markup.
// It reports whether that was all of it; if not, the document is to be read again from
// its beginning, and nothing is counted twice, for nothing was to be found so far.
func (d *document) readRaw() (all bool, why Reason) {
	if d.at == nil || d.size < 0 || d.r != &d.in {
		return false, ""
	}
	read := d.x.work.read
	defer func() {
		d.endText()
		if !all {
			d.x.work.read = read // what is read again counts once
		}
	}()
	first := d.in.first // in memory, and not to be read again
	if d.x.mayMatter(first) {
		return false, ""
	}
	d.write(first)
	if int64(len(first)) >= d.size {
		return true, ""
	}
	block := d.x.scratch.look()[:rawCarry+blockBytes]
	have := copy(block, first[max(0, len(first)-rawCarry):])
	for at := int64(len(first)); at < d.size; {
		n, err := d.at.ReadAt(block[have:have+int(min(d.size-at, blockBytes))], at)
		if err != nil && !errors.Is(err, io.EOF) || n == 0 {
			return false, "" // reading it again tells
		}
		if d.x.mayMatter(block[:have+n]) {
			return false, ""
		}
		d.write(block[have : have+n])
		at += int64(n)
		have = copy(block, block[max(0, have+n-rawCarry):have+n])
	}
	return true, ""
}

// mayMatter tells whether anything in markup is like an identifier so that it matters
// what stands beside it, and tags must not: an @, seven digits in a row, six after
// letters, nine in groups, eight between dots, or a digit by its number. Dates, times,
// years, amounts and versions do not matter, and neither do words. A zero byte does: that
// is no markup.
func (x *Extractor) mayMatter(b []byte) bool {
	done := 0
	for block := 0; block < len(b); block += strideBytes {
		var at uint64
		for block, at = x.spot.next(b, block); at != 0; at &= at - 1 {
			i := block + bits.TrailingZeros64(at)
			switch c := b[i]; {
			case c == '#':
				if i > 0 && b[i-1] == '&' && byNumber(b[i+1:]) {
					return true
				}
			case c-'0' > 9 && !joins(c):
				return true
			case i >= done:
				var matters bool
				if done, matters = chain(b, i); matters {
					return true
				}
			}
		}
	}
	return false
}

// byNumber tells whether b begins with the number of a digit or an @, of which those in
// hexadecimal are not read.
func byNumber(b []byte) bool {
	n := 0
	for _, c := range b {
		if c|0x20 == 'x' && n == 0 {
			return true
		}
		if c-'0' > 9 || n > 255 {
			break
		}
		n = n*10 + int(c-'0')
	}
	return n >= '0' && n <= '9' || n == '@'
}

// chain looks at the groups of digits around b[i], which may be those of one number. It
// returns where they end, and whether they matter.
func chain(b []byte, i int) (end int, matters bool) {
	for i > 0 && (b[i-1]-'0' <= 9 || i > 1 && joins(b[i-1]) && b[i-2]-'0' <= 9) {
		i--
	}
	for joins(b[i]) {
		i++
	}
	first, digits, dots := i, 0, 0
	for i < len(b) && b[i]-'0' <= 9 {
		start := i
		for i < len(b) && b[i]-'0' <= 9 {
			i++
		}
		n := i - start
		digits += n
		if start > first && b[start-1] == '.' {
			dots++
		}
		switch {
		case n >= 7, digits >= 9 && !isDate(b[first:min(i+1, len(b))]), digits == 8 && dots >= 2 && !isDate(b[first:i]):
			return i, true
		case n == 6 && lettersBefore(b, start):
			return i, true
		}
		end = i
		i += joint(b[i:])
	}
	return end, false
}

// isDate tells whether b is a date with points, or a date and an hour up to the colon
// behind it: these are no numbers, nor may they be a part of one.
func isDate(b []byte) bool {
	var form [len("0000-00-00 00:")]byte
	if len(b) > len(form) {
		return false
	}
	for i, c := range b {
		if c-'0' <= 9 {
			c = '0'
		}
		form[i] = c
	}
	switch string(form[:len(b)]) {
	case "00.00.0000",
		"0000-00-00 00:", "0000-00-00 0:", "0000/00/00 00:", "0000/00/00 0:",
		"00/00/0000 00:", "00/00/0000 0:", "00-00-0000 00:", "00-00-0000 0:", "00.00.0000 00:", "00.00.0000 0:":
		return true
	}
	return false
}

// joint is how many bytes at the beginning of b may stand between two groups of one
// number: a separator, and before and behind it tags that only change how the next group
// looks, and entities of blanks and hyphens.
func joint(b []byte) (n int) {
	joined := false
	for n < len(b) {
		k := 0
		switch c := b[n]; {
		case c == '<':
			k = inlineTag(b[n:])
		case c == '&':
			k = blankEntity(b[n:])
		case joins(c) && !joined:
			k, joined = 1, true
		}
		if k == 0 {
			break
		}
		n += k
	}
	return n
}

// inlineTag is the length of the tag at the beginning of b if it only changes how the
// text looks, and 0 of any other.
func inlineTag(b []byte) int {
	name := 1
	if len(b) > 1 && b[1] == '/' {
		name = 2
	}
	if len(b) < name+2 {
		return 0
	}
	switch b[name] | 0x20 { // most others are known by their first letter
	case 'a', 'b', 'e', 'f', 'i', 'm', 's', 'u', 'w':
	default:
		return 0
	}
	end := bytes.IndexByte(b[:min(len(b), 48)], '>')
	if end < name+1 {
		return 0
	}
	var folded [6]byte
	n := 0
	for _, c := range b[name:end] {
		if c == ' ' || c == '/' || n == len(folded) {
			break
		}
		folded[n] = c | 0x20
		n++
	}
	switch string(folded[:n]) {
	case "b", "i", "u", "em", "strong", "span", "font", "a", "sub", "sup", "mark", "wbr", "small", "big", "bdo", "ins", "del", "s":
		return end + 1
	}
	return 0
}

// blankEntity is the length of the entity at the beginning of b if a blank or hyphen may
// be written so, and 0 of any other.
func blankEntity(b []byte) int {
	end := bytes.IndexByte(b[:min(len(b), 9)], ';')
	if end < 0 {
		return 0
	}
	switch string(b[1:end]) {
	case "nbsp", "#160", "#32", "shy", "#173", "ndash", "#8211", "hyphen", "dash", "#8208", "#8209", "#45", "#46", "period", "thinsp", "ensp", "zwnj", "#8203":
		return end + 1
	}
	return 0
}

// joins tells whether c may stand between the groups of one number.
func joins(c byte) bool { return c == ' ' || c == '-' || c == '.' || c == '/' }

// lettersBefore tells whether three letters stand before b[i], maybe with a separator or
// a tag between. A letter may be an entity.
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
		if (c|0x20 < 'a' || c|0x20 > 'z') && c != ';' {
			return false
		}
	}
	return true
}
