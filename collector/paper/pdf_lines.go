package paper

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// leading is the height of a line in millimetres for a point of the letter's size.
const leading = 0.49

// face is how a text is set.
type face struct {
	size float64
	bold bool
	c    rgb
}

// span is a piece of a line in one style.
type span struct {
	text        string
	bold, blank bool
	width       float64
}

// prose sets a text line by line; beside is told of each line that was drawn.
func (p *page) prose(text string, x, width float64, f face, beside func(y, height float64)) {
	height := f.size * leading
	for _, line := range p.lines(text, width, f.size, f.bold) {
		p.need(height)
		y := p.GetY()
		p.line(line, x, y, f)
		if beside != nil {
			beside(y, height)
		}
		p.SetXY(margin, y+height)
	}
}

// line draws the pieces of one line; blanks stand on yellow.
func (p *page) line(line []span, x, y float64, f face) {
	for _, s := range line {
		p.style(f.size, s.bold, f.c)
		if s.blank {
			p.SetFillColor(255, 242, 153)
			p.Rect(x, y, s.width, f.size*leading, "F")
		}
		p.SetXY(x, y)
		p.CellFormat(s.width, f.size*leading, s.text, "", 0, "L", false, 0, "")
		x += s.width
	}
}

// lines breaks a text into lines: between words, at the breaks of its author, and inside a
// word that is wider than the line.
func (p *page) lines(text string, width, size float64, bold bool) [][]span {
	var out [][]span
	var line []span
	used := 0.0
	end := func() {
		out, line, used = append(out, line), nil, 0
	}
	put := func(s span) {
		if n := len(line); n > 0 && line[n-1].bold == s.bold && line[n-1].blank == s.blank {
			line[n-1].text += s.text
			line[n-1].width += s.width
		} else {
			line = append(line, s)
		}
		used += s.width
	}
	for i, words := range p.words(text, size, bold) {
		if i > 0 {
			end()
		}
		for _, w := range words {
			total := 0.0
			for _, s := range w {
				total += s.width
			}
			gap := p.measure(span{text: " ", bold: w[0].bold}, size)
			if used > 0 && used+gap.width+total > width {
				end()
			}
			if used > 0 {
				last := line[len(line)-1]
				gap.bold, gap.blank = last.bold, last.blank && w[0].blank
				put(p.measure(gap, size))
			}
			for _, s := range w {
				for used+s.width > width && s.width > 0 { // wider than a whole line
					n := p.cut(s, width-used, size, used == 0)
					if n > 0 {
						put(p.measure(span{text: s.text[:n], bold: s.bold, blank: s.blank}, size))
					}
					end()
					s.text = s.text[n:]
					s = p.measure(s, size)
				}
				if s.text != "" {
					put(s)
				}
			}
		}
	}
	end()
	return out
}

// words are the words of a text, each of one or more pieces, line by line as its author
// broke it.
func (p *page) words(text string, size float64, bold bool) [][][]span {
	out := [][][]span{nil}
	glued := false // the next piece goes on with the last word
	for _, r := range runs(text) {
		for i, part := range strings.Split(printable(r.text), string(lineBreak)) {
			if i > 0 {
				out, glued = append(out, nil), false
			}
			n := len(out) - 1
			for j, word := range strings.FieldsFunc(part, unicode.IsSpace) {
				s := p.measure(span{text: word, bold: r.bold || bold, blank: r.blank}, size)
				first, _ := utf8.DecodeRuneInString(part)
				if j == 0 && glued && !unicode.IsSpace(first) {
					last := len(out[n]) - 1
					out[n][last] = append(out[n][last], s)
					continue
				}
				out[n] = append(out[n], []span{s})
			}
			last, _ := utf8.DecodeLastRuneInString(part)
			glued = len(out[n]) > 0 && part != "" && !unicode.IsSpace(last)
		}
	}
	return out
}

func (p *page) measure(s span, size float64) span {
	name := ""
	if s.bold {
		name = "B"
	}
	p.SetFont(font, name, size)
	s.width = p.GetStringWidth(s.text)
	return s
}

// cut is how many bytes of a piece fit; at least one letter on an empty line.
func (p *page) cut(s span, width, size float64, empty bool) int {
	end := 0
	for i, r := range s.text {
		next := i + utf8.RuneLen(r)
		if p.measure(span{text: s.text[:next], bold: s.bold}, size).width > width {
			if end == 0 && empty {
				return next
			}
			return end
		}
		end = next
	}
	return end
}

// fit cuts a text that is wider than its place, in the current font.
func (p *page) fit(text string, width float64) string {
	text = strings.ReplaceAll(printable(text), string(lineBreak), " ")
	if p.GetStringWidth(text) <= width {
		return text
	}
	letters := []rune(text)
	for len(letters) > 0 && p.GetStringWidth(string(letters)+"…") > width {
		letters = letters[:len(letters)-1]
	}
	return string(letters) + "…"
}

// printable replaces what the font cannot show: it has no letter beyond the basic plane, and
// the library stops at one.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == lineBreak:
			return r
		case r == '\t':
			return ' '
		case r > 0xFFFF || r == utf8.RuneError || unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs):
			return '?'
		default:
			return r
		}
	}, text)
}

// table draws rows whose cells wrap, with the head again on each page. A row that is taller
// than a page goes on over the next.
func (p *page) table(rows [][]string) {
	const pad = 1.4
	height := tableSize * leading
	share := widths(rows)
	width := make([]float64, len(share))
	for i, n := range share {
		width[i] = textWidth * float64(n) / pageWidth
	}
	p.need(3*height + 2*pad)
	var draw func(number int)
	draw = func(number int) {
		lines, tall := make([][][]span, len(width)), 1
		for i := range width {
			if i < len(rows[number]) {
				lines[i] = p.lines(rows[number][i], width[i]-2*pad, tableSize, number == 0)
			}
			tall = max(tall, len(lines[i]))
		}
		for from := 0; from < tall; {
			room := int((sheetTall - bottom - p.GetY() - 2*pad) / height)
			if tall-from > room && (from > 0 || p.GetY() > margin+40) && room < tall-from {
				p.AddPage()
				if number > 0 {
					draw(0)
				}
				room = int((sheetTall - bottom - p.GetY() - 2*pad) / height)
			}
			n := max(1, min(room, tall-from))
			p.cells(lines, width, from, n, pad, number == 0)
			from += n
		}
	}
	for number := range rows {
		draw(number)
	}
}

// cells draws some lines of a row.
func (p *page) cells(lines [][][]span, width []float64, from, n int, pad float64, head bool) {
	height := tableSize * leading
	x, y, tall := margin, p.GetY(), float64(n)*tableSize*leading+2*pad
	for i, w := range width {
		p.SetDrawColor(160, 168, 173)
		form := "D"
		if head {
			p.SetFillColor(231, 236, 239)
			form = "FD"
		}
		p.Rect(x, y, w, tall, form)
		for j := from; j < min(from+n, len(lines[i])); j++ {
			p.line(lines[i][j], x+pad, y+pad+float64(j-from)*height, face{tableSize, head, ink()})
		}
		x += w
	}
	p.SetXY(margin, y+tall)
}
