package papers

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
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			switch {
			case strings.Trim(line, "|-: ") == "" && open: // the line under the heads
			case open && out[len(out)-1].kind == table:
				out[len(out)-1].rows = append(out[len(out)-1].rows, cells)
			default:
				add(block{kind: table, rows: [][]string{cells}}, true)
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

// runs splits a text at **bold** and [blanks]. The address of a link is dropped.
func runs(text string) []run {
	var out []run
	bold := false
	put := func(s string, blank bool) {
		if s = strings.ReplaceAll(s, "`", ""); s != "" {
			out = append(out, run{s, bold, blank})
		}
	}
	for text != "" {
		i := strings.IndexAny(text, "*[")
		if i < 0 {
			put(text, false)
			break
		}
		switch {
		case strings.HasPrefix(text[i:], "**"):
			put(text[:i], false)
			bold, text = !bold, text[i+2:]
		case text[i] == '[' && strings.HasPrefix(text[i:], "[]"), text[i] == '*':
			put(text[:i+1], false)
			text = text[i+1:]
		default:
			end := strings.IndexByte(text[i:], ']')
			if end < 0 {
				put(text, false)
				return out
			}
			put(text[:i], false)
			inner, rest := text[i:i+end+1], text[i+end+1:]
			if strings.HasPrefix(rest, "(") {
				if _, after, ok := strings.Cut(rest, ")"); ok {
					put(strings.Trim(inner, "[]"), false)
					text = after
					continue
				}
			}
			put(inner, true)
			text = rest
		}
	}
	return out
}
