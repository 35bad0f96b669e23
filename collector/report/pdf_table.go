package report

import (
	"fmt"
	"strings"
	"unicode"
)

// The font has no glyph beyond the basic plane, and the library stops at one:
// what a machine calls itself must not keep a review from being drawn.
func printable(text string) string {
	if len(text) > maxText {
		text = text[:maxText] + "…" // a rune that is cut becomes a question mark
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r > 0xFFFF || r == unicode.ReplacementChar || unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs):
			return '?'
		default:
			return r
		}
	}, text)
}

// maxText bounds one text on paper, in bytes: it takes more than a page.
const maxText = 4000

// CellFormat writes a cell of printable text.
func (p *page) CellFormat(w, h float64, text, border string, ln int, align string, fill bool, link int, linkText string) {
	p.Fpdf.CellFormat(w, h, printable(text), border, ln, align, fill, link, linkText)
}

// MultiCell writes printable text over lines that break where they must.
func (p *page) MultiCell(w, h float64, text, border, align string, fill bool) {
	p.Fpdf.MultiCell(w, h, strings.Join(p.wrap(text, w), "\n"), border, align, fill)
}

// fit cuts a text that is wider than its place.
func (p *page) fit(text string, width float64) string {
	text = printable(text)
	if p.GetStringWidth(text) <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && p.GetStringWidth(string(runes)+"…") > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// wrap breaks a text into lines of the current font: between words, and inside
// a word that is wider than the line, after a separator if one is near.
func (p *page) wrap(text string, width float64) []string {
	var out []string
	for paragraph := range strings.SplitSeq(printable(text), "\n") {
		line := ""
		for word := range strings.FieldsSeq(paragraph) {
			joined := word
			if line != "" {
				joined = line + " " + word
			}
			if p.GetStringWidth(joined) <= width-0.1 {
				line = joined
				continue
			}
			if line != "" {
				out = append(out, line)
			}
			for p.GetStringWidth(word) > width-0.1 {
				n := p.breakAt(word, width-0.1)
				out, word = append(out, word[:n]), word[n:]
			}
			line = word
		}
		out = append(out, line)
	}
	return out
}

// breakAt is after how many bytes of a word that is too wide the line ends.
func (p *page) breakAt(word string, width float64) int {
	separator := 0
	for i, r := range word {
		if i > 0 && p.GetStringWidth(word[:i+len(string(r))]) > width {
			if separator > i/2 {
				return separator
			}
			return i
		}
		if strings.ContainsRune(`\/.,;-_@`, r) {
			separator = i + len(string(r))
		}
	}
	return len(word)
}

const (
	lineHeight = 4.4
	columnGap  = 2.0
	tableSize  = 8.5 // points
)

// table draws rows whose cells wrap, with the head again on each page.
func (p *page) table(widths []float64, head []string, rows [][]string) {
	p.need(2*lineHeight + 4)
	p.row(widths, head, true)
	for i, cells := range rows {
		if i == inPDF {
			p.Ln(1)
			p.para(9, "", faint(), fmt.Sprintf("… y %d más, en las tablas del paquete.", len(rows)-inPDF))
			return
		}
		if p.GetY()+p.rowHeight(widths, cells) > pageHeight-20 {
			p.AddPage()
			p.row(widths, head, true)
		}
		p.row(widths, cells, false)
	}
}

func (p *page) rowHeight(widths []float64, cells []string) float64 {
	p.SetFont(font, "", tableSize)
	lines := 1
	for i, cell := range cells {
		lines = max(lines, min(maxLines, len(p.wrap(cell, widths[i]-columnGap))))
	}
	return float64(lines)*lineHeight + 1.6
}

// maxLines bounds one row: what is longer is in the tables.
const maxLines = 8

func (p *page) row(widths []float64, cells []string, head bool) {
	height := p.rowHeight(widths, cells)
	x, y := margin, p.GetY()
	style, c := "", ink()
	if head {
		style, c = "B", faint()
	}
	for i, cell := range cells {
		p.write(tableSize, style, c)
		lines := p.wrap(cell, widths[i]-columnGap)
		if len(lines) > maxLines {
			lines = append(lines[:maxLines-1:maxLines-1], "…")
		}
		for j, line := range lines {
			p.SetXY(x, y+0.8+float64(j)*lineHeight)
			p.CellFormat(widths[i]-columnGap, lineHeight, line, "", 0, "L", false, 0, "")
		}
		x += widths[i]
	}
	p.SetDrawColor(222, 225, 230)
	p.Line(margin, y+height, margin+textWidth, y+height)
	p.SetXY(margin, y+height)
}
