package paper

import (
	"strings"
	"unicode"
)

// lineBreak is a break inside a paragraph or a cell: no line of a text holds one unless
// Escape put it there for a person's own line break.
const lineBreak = '\u2028'

// marks are the characters that give a text its form; a backslash before one takes that
// from it.
const marks = "\\`*[]|#->.()"

// Escape makes what a person wrote safe inside a text: it stays what it says, whatever
// marks it holds, in one paragraph, cell or item. Its line breaks stay line breaks; control
// characters go.
func Escape(s string) string {
	var b strings.Builder
	s = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n"))
	for _, r := range s {
		switch {
		case r == '\n' || r == '\r' || r == lineBreak || r == '\u2029':
			b.WriteRune(lineBreak)
		case r == '\t':
			b.WriteByte(' ')
		case unicode.IsControl(r):
		case r < 0x80 && strings.ContainsRune(marks, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// escaped tells whether a text begins with a mark that stands for itself.
func escaped(text string) bool {
	return len(text) > 1 && text[0] == '\\' && strings.IndexByte(marks, text[1]) >= 0
}

// cells splits a line of a table at the bars that are not escaped.
func cells(line string) []string {
	line = strings.TrimPrefix(line, "|")
	var out []string
	from := 0
	for i := 0; i < len(line); i++ {
		if escaped(line[i:]) {
			i++
			continue
		}
		if line[i] == '|' {
			out, from = append(out, strings.TrimSpace(line[from:i])), i+1
		}
	}
	if rest := strings.TrimSpace(line[from:]); rest != "" {
		out = append(out, rest)
	}
	return out
}
