package extract

import (
	"bytes"
	"io"
)

// uuBegins tells whether the line at hand begins a file in the body of a mail as uuencode
// writes it (POSIX.1-2024, uuencode), which the line after it must look like too.
func (m *mail) uuBegins() bool {
	const begin, longest = "begin 644 ", 64
	if !m.begins || !hasPrefix(m.line, "begin ") || len(m.line) <= len(begin) || m.line[9] != ' ' {
		return false
	}
	for _, c := range m.line[6:9] {
		if c-'0' > 7 {
			return false
		}
	}
	if !m.whole {
		return false
	}
	next, _ := m.in.Peek(min(longest, m.in.Buffered())) // as many as there are
	next, _, found := bytes.Cut(next, []byte{'\n'})
	if !found {
		return false
	}
	_, ok := uuLine(nil, bytes.TrimRight(next, "\r"))
	return ok
}

// uuLine appends what a line stands for.
func uuLine(dst, line []byte) ([]byte, bool) {
	const most = 45
	if len(line) == 0 || line[0] < ' ' || line[0] > '`' {
		return dst, false
	}
	n := int(line[0]-' ') & 63
	line = line[1:]
	if size := (n + 2) / 3 * 4; n > most || len(line) > size+1 || len(line) < size-2 {
		return dst, false
	}
	at := func(i int) byte { // blanks at the end of a line get lost
		if i < len(line) {
			return (line[i] - ' ') & 63
		}
		return 0
	}
	for _, c := range line {
		if c < ' ' || c > '`' {
			return dst, false
		}
	}
	for i := 0; n > 0; i += 4 {
		three := [...]byte{at(i)<<2 | at(i+1)>>4, at(i+1)<<4 | at(i+2)>>2, at(i+2)<<6 | at(i+3)}
		dst = append(dst, three[:min(n, 3)]...)
		n -= 3
	}
	return dst, true
}

// uuBody is the file whose beginning is the line at hand. At its end the line at hand is
// the one behind it.
type uuBody struct {
	m    *mail
	out  []byte // decoded, of one line
	left []byte // of out
	over bool
}

func (u *uuBody) Read(p []byte) (int, error) {
	for len(u.left) == 0 {
		if u.over {
			return 0, io.EOF
		}
		m := u.m
		m.next()
		line := bytes.TrimRight(m.line, "\r\n")
		if m.stands() && string(line) == "end" {
			u.over = true
			m.next()
			continue
		}
		var ok bool
		if u.out, ok = uuLine(u.out[:0], line); !ok || !m.stands() || !m.begins || !m.whole {
			u.over = true
			return 0, Damaged
		}
		u.left = u.out
	}
	n := copy(p, u.left)
	u.left = u.left[n:]
	return n, nil
}

// plainBody reads a body that is text, and the files that stand in it.
func (m *mail) plainBody(as string) Reason {
	for m.stands() {
		if m.uuBegins() {
			in := &uuBody{m: m, out: make([]byte, 0, 64)}
			why := m.d.nested(streamOnly{&inflating{x: m.d.x, r: in}}, -1)
			_, _ = io.Copy(io.Discard, in) // what a reader left; that it is damaged was told
			clear(in.out[:cap(in.out)])
			if why != "" {
				return why
			}
			continue
		}
		if why := m.d.nestedAs(streamOnly{mailBody{m: m, plain: true}}, -1, as); why != "" {
			return why
		}
		if m.stands() && !m.uuBegins() {
			return m.drain()
		}
	}
	return m.why
}
