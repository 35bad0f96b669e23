package pam

import (
	"bytes"
	"iter"
	"strings"
)

// blank is what libpam takes as space between tokens.
const blank = " \t\n\r"

// logicalLines yields the lines that hold something, comments cut off and those
// that end in a backslash joined to the next, with the number of their first line.
func logicalLines(b []byte) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		var (
			joined strings.Builder
			first  int
			n      int
		)
		flush := func() bool {
			line := strings.Trim(joined.String(), blank)
			joined.Reset()
			return line == "" || yield(first, line)
		}
		for raw := range bytes.Lines(b) {
			n++
			if joined.Len() == 0 {
				first = n
			}
			line := string(raw)
			text, _, comment := strings.Cut(line, "#")
			if text = strings.TrimRight(text, blank); !comment && strings.HasSuffix(text, `\`) {
				joined.WriteString(text[:len(text)-1] + " ")
				continue
			}
			joined.WriteString(text)
			if !flush() {
				return
			}
		}
		flush()
	}
}

// tokens takes a logical line apart.
type tokens struct{ left string }

// next returns the next token. One that begins with "[" goes to the next "]",
// spaces and all, and is returned without the two; "\]" stands for a "]" in it.
func (t *tokens) next() (string, bool) {
	t.left = strings.TrimLeft(t.left, blank)
	if t.left == "" {
		return "", false
	}
	if t.left[0] != '[' {
		i := strings.IndexAny(t.left, blank)
		if i < 0 {
			i = len(t.left)
		}
		tok := t.left[:i]
		t.left = t.left[i:]
		return tok, true
	}
	var sb strings.Builder
	i := 1
	for ; i < len(t.left) && t.left[i] != ']'; i++ {
		if t.left[i] == '\\' && i+1 < len(t.left) && t.left[i+1] == ']' {
			i++
		}
		sb.WriteByte(t.left[i])
	}
	t.left = t.left[min(i+1, len(t.left)):]
	return sb.String(), true
}

// rest returns the remaining tokens.
func (t *tokens) rest() []string {
	var out []string
	for {
		tok, ok := t.next()
		if !ok {
			return out
		}
		out = append(out, tok)
	}
}
