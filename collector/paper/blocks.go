package paper

import "strings"

// blockKind is what a block of a text is.
type blockKind int

const (
	paragraph blockKind = iota
	heading
	bullet
	numbered
	quote
	table
)

// block is a part of a text.
type block struct {
	kind  blockKind
	level int // of a heading, 1 to 3
	text  string
	rows  [][]string // of a table, the heads first
}

// blocks parses the little Markdown that the texts are written in: headings, paragraphs,
// lists, quotations and tables. Lines of one paragraph are joined.
func blocks(text string) []block {
	var out []block
	open := false // the last block goes on with the next line
	add := func(b block, goesOn bool) { out, open = append(out, b), goesOn }
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		level := len(line) - len(strings.TrimLeft(line, "#"))
		digits := len(line) - len(strings.TrimLeft(line, "0123456789"))
		switch {
		case line == "":
			open = false
		case level >= 1 && level <= 3 && strings.HasPrefix(line[level:], " "):
			add(block{kind: heading, level: level, text: strings.TrimSpace(line[level:])}, false)
		case strings.HasPrefix(line, "|"):
			row := cells(line)
			switch {
			case strings.Trim(line, "|-: ") == "" && strings.Contains(line, "-") && open: // the line under the heads
			case open && out[len(out)-1].kind == table:
				out[len(out)-1].rows = append(out[len(out)-1].rows, row)
			default:
				add(block{kind: table, rows: [][]string{row}}, true)
			}
		case strings.HasPrefix(line, "- "):
			add(block{kind: bullet, text: line[2:]}, true)
		case digits > 0 && strings.HasPrefix(line[digits:], ". "):
			add(block{kind: numbered, text: line}, true)
		case strings.HasPrefix(line, "> "):
			if open && out[len(out)-1].kind == quote {
				out[len(out)-1].text += " " + line[2:]
				continue
			}
			add(block{kind: quote, text: line[2:]}, true)
		case open && out[len(out)-1].kind != table:
			out[len(out)-1].text += " " + line
		default:
			add(block{kind: paragraph, text: line}, true)
		}
	}
	return out
}

// run is a piece of text in one style.
type run struct {
	text        string
	bold, blank bool // blank: for a person to fill in
}

// runs splits a text at **bold** and [blanks]. The address of a link is dropped, and so is
// the backslash before a mark that stands for itself.
func runs(text string) []run {
	var out []run
	var plain strings.Builder
	bold := false
	flush := func(blank bool) {
		if plain.Len() > 0 {
			out = append(out, run{plain.String(), bold, blank})
			plain.Reset()
		}
	}
	for text != "" {
		switch {
		case escaped(text):
			plain.WriteByte(text[1])
			text = text[2:]
		case strings.HasPrefix(text, "**"):
			flush(false)
			bold, text = !bold, text[2:]
		case text[0] == '`':
			text = text[1:]
		case text[0] == '[' && !strings.HasPrefix(text, "[]"):
			end := closing(text)
			if end < 0 {
				plain.WriteByte('[')
				text = text[1:]
				continue
			}
			flush(false)
			inner, rest := text[:end+1], text[end+1:]
			address := -1
			if strings.HasPrefix(rest, "(") {
				address = strings.IndexByte(rest, ')')
			}
			if address >= 0 {
				plain.WriteString(unescape(inner[1 : len(inner)-1]))
				text = rest[address+1:]
				continue
			}
			plain.WriteString(unescape(inner))
			flush(true)
			text = rest
		default:
			plain.WriteByte(text[0])
			text = text[1:]
		}
	}
	flush(false)
	return out
}

// closing is where the bracket that opens a text is closed, or -1.
func closing(text string) int {
	for i := 1; i < len(text); i++ {
		switch {
		case escaped(text[i:]):
			i++
		case text[i] == ']':
			return i
		}
	}
	return -1
}

// unescape is the inside of a bracket as it reads.
func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if escaped(text[i:]) {
			i++
		} else if text[i] == '`' {
			continue
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// Texts are the words of a text, piece by piece, without what gives them their form.
func Texts(text string) []string {
	var out []string
	for _, b := range blocks(text) {
		for _, r := range runs(b.text) {
			out = append(out, r.text)
		}
	}
	return out
}

// plain is a text on one line, without what gives it its form.
func plain(text string) string {
	var b strings.Builder
	for _, r := range runs(text) {
		b.WriteString(strings.ReplaceAll(r.text, string(lineBreak), " "))
	}
	return b.String()
}
