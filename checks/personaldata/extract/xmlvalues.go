package extract

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// attr returns the value of the attribute with this name, without prefix, or nil. It is
// valid until the next call.
func (x *xmlReader) attr(name string) []byte {
	for rest := x.attrs; len(rest) > 0; {
		var key, value []byte
		if key, value, rest = nextAttr(rest); string(key) == name {
			return x.resolve(value)
		}
	}
	return nil
}

// resolve returns an attribute's value with its references resolved.
func (x *xmlReader) resolve(value []byte) []byte {
	if bytes.IndexByte(value, '&') < 0 {
		return value
	}
	x.value = append(x.value[:0], value...)
	return unescape(x.value)
}

// number returns an attribute's value as a number between 0 and limit, or or.
func (x *xmlReader) number(name string, or, limit int) int {
	n, ok := decimal(x.attr(name))
	if !ok {
		return or
	}
	return min(n, limit)
}

// decimal reads a number of decimal digits; one too large is a very large one.
func decimal(b []byte) (n int, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = min(n*10+int(c-'0'), 1<<27)
	}
	return n, len(b) > 0
}

// nextAttr takes the first attribute from b, its name without prefix.
func nextAttr(b []byte) (name, value, rest []byte) {
	i := 0
	for i < len(b) && b[i] <= ' ' {
		i++
	}
	start := i
	for ; i < len(b) && b[i] != '='; i++ {
		if b[i] == ':' {
			start = i + 1
		}
	}
	if i == len(b) {
		return nil, nil, nil
	}
	end := i
	for end > start && b[end-1] <= ' ' {
		end--
	}
	name = b[start:end]
	for i++; i < len(b) && b[i] <= ' '; i++ {
		continue
	}
	if i == len(b) {
		return name, nil, nil
	}
	quote := b[i]
	if quote != '"' && quote != '\'' {
		quote = ' ' // none, which is not allowed
	} else {
		i++
	}
	for k := i; k < len(b); k++ {
		if b[k] == quote {
			return name, b[i:k], b[k+1:]
		}
	}
	return name, b[i:], nil // of a tag that was cut
}

// maxReference is the length of the longest reference that is resolved, with room for
// leading zeros.
const maxReference = 12

// wholeReferences returns how much of b can be told without cutting a reference.
func wholeReferences(b []byte) int {
	tail := max(0, len(b)-maxReference)
	if k := bytes.LastIndexByte(b[tail:], '&'); k >= 0 && bytes.IndexByte(b[tail+k:], ';') < 0 {
		return tail + k
	}
	return len(b)
}

// unescape resolves references in place: none is shorter than what it stands for. One
// that is not known stays as it is.
func unescape(b []byte) []byte {
	amp := bytes.IndexByte(b, '&')
	if amp < 0 {
		return b
	}
	out := b[:amp]
	for b = b[amp:]; len(b) > 0; {
		r, n := reference(b)
		if n > 0 {
			out = utf8.AppendRune(out, r)
		} else {
			n = 1
			out = append(out, '&')
		}
		b = b[n:]
		next := bytes.IndexByte(b, '&')
		if next < 0 {
			next = len(b)
		}
		out = append(out, b[:next]...)
		b = b[next:]
	}
	return out
}

// reference reads the reference that b begins with: what it stands for and its length,
// which is 0 when it is not known.
func reference(b []byte) (r rune, n int) {
	end := bytes.IndexByte(b[:min(len(b), maxReference)], ';')
	if end < 2 {
		return 0, 0
	}
	switch name := b[1:end]; {
	case name[0] == '#' && len(name) > 1:
		digits, base := name[1:], 10
		if digits[0] == 'x' || digits[0] == 'X' {
			digits, base = digits[1:], 16
		}
		v, err := strconv.ParseUint(string(digits), base, 21)
		if err != nil || !utf8.ValidRune(rune(v)) {
			return 0, 0
		}
		return rune(v), end + 1
	case string(name) == "amp":
		return '&', end + 1
	case string(name) == "lt":
		return '<', end + 1
	case string(name) == "gt":
		return '>', end + 1
	case string(name) == "quot":
		return '"', end + 1
	case string(name) == "apos":
		return '\'', end + 1
	}
	return 0, 0
}

// attrText is attr for one that is needed beside another: its references stay.
func (x *xmlReader) attrText(name string) []byte {
	for rest := x.attrs; len(rest) > 0; {
		var key, value []byte
		if key, value, rest = nextAttr(rest); string(key) == name {
			return value
		}
	}
	return nil
}
