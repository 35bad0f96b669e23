package extract

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"unicode/utf8"
)

// How far apart glyphs are, in font sizes.
const (
	pdfWordGap  = 0.12 // at least, between words
	pdfCellGap  = 1.2  // at least, between the cells of a table
	pdfCellNear = 0.25 // the same, where words are parted by the character
	pdfCellBack = 0.8  // the same, behind such a character: the line may be justified
	pdfBackward = -0.3 // at most, when glyphs go on a run; beyond they begin another
	pdfBaseline = 0.45 // apart at most, for superscripts too
)

// pdfOpenLines is how many of the last lines may still get a cell: a table is often
// written cell by cell, and a cell may have lines of its own. Columns of prose are
// longer, and stay apart.
const pdfOpenLines = 6

// Bounds of one page.
const (
	pdfPageText = 4 << 20
	pdfPageRuns = 1 << 16
)

// A pdfRun is text that stands in one piece on a baseline. Along and across are in the
// direction of the writing, so that turned text is text.
type pdfRun struct {
	from, to   int32 // in the page's text
	next       int32 // of the same line, or -1
	turn       uint8 // quarter turns
	start, end float64
	across     float64
	size       float64
}

// A pdfLine is the runs on one baseline.
type pdfLine struct {
	first, last int32
	turn        uint8
	across      float64
	size        float64
}

// A pdfPage collects the text of one page and puts it into lines. The order is that of
// the file, which is the order of reading in what office programs write; positions only
// tell words, cells and lines apart.
type pdfPage struct {
	text   []byte
	runs   []pdfRun
	lines  []pdfLine
	order  []int32 // runs of a line
	sorted []pdfLine

	open    bool // the last run may go on
	overlap bool // the next glyph stands on the last one
	accent  *pdfAccent
	mark    int // where in text the accent is, when one was the last character
	ups     int // lines that began above the one before
	spaces  int // between words: characters
	gaps    int // and empty places

	glyphs  int
	unknown int // glyphs without a character
	images  int
	pixels  int64 // of the images: a page is often scanned in strips, of which each is small
	why     Reason
}

func (p *pdfPage) reset() {
	clear(p.text)
	*p = pdfPage{text: p.text[:0], runs: p.runs[:0], lines: p.lines[:0], order: p.order[:0], sorted: p.sorted[:0],
		spaces: p.spaces, gaps: p.gaps} // one program made all pages
}

// cellGap returns how far a cell is from the one before it, which ends with a space or
// does not.
func (p *pdfPage) cellGap(space bool) float64 {
	switch {
	case p.spaces <= 4*p.gaps:
		return pdfCellGap
	case space:
		return pdfCellBack
	}
	return pdfCellNear
}

// begin says where the next glyphs are. The first character tells whether it may be
// an accent that is put on the letter before it.
func (p *pdfPage) begin(turn uint8, along, across, size float64, first rune) {
	p.overlap = false
	if p.open {
		r := &p.runs[len(p.runs)-1]
		gap, apart := along-r.end, math.Abs(across-r.across)
		if r.turn == turn && apart <= pdfBaseline*max(size, r.size) {
			switch {
			case gap > pdfBackward*size && gap <= pdfWordGap*size:
				p.overlap = gap < -0.1*size
				return
			case gap > 0 && gap <= p.cellGap(p.endsWithSpace())*max(size, r.size):
				if !p.endsWithSpace() && first != ' ' {
					p.text = append(p.text, ' ')
					p.gaps++
				}
				p.accent = nil
				return
			case gap < 0 && gap > -1.2*size && (p.accent != nil || first >= 0x80 && pdfAccentOf(first) != nil):
				p.overlap = true
				return
			}
		}
		r.to = int32(len(p.text))
	}
	p.accent = nil
	if len(p.runs) >= pdfPageRuns || len(p.text) >= pdfPageText {
		p.why = LimitHeld
		p.open = false
		return
	}
	p.open = true
	n := int32(len(p.text))
	p.runs = append(p.runs, pdfRun{from: n, to: n, next: -1, turn: turn, start: along, end: along, across: across, size: size})
	p.intoLine(int32(len(p.runs) - 1))
}

// intoLine puts a new run into a line that is still open, or begins one.
func (p *pdfPage) intoLine(i int32) {
	r := &p.runs[i]
	n := len(p.lines)
	for k := n - 1; k >= max(0, n-pdfOpenLines); k-- {
		l := &p.lines[k]
		if l.turn == r.turn && math.Abs(l.across-r.across) <= 0.35*min(l.size, r.size) {
			p.runs[l.last].next = i
			l.last = i
			return
		}
	}
	if n > 0 && r.across > p.lines[n-1].across {
		p.ups++
	}
	p.lines = append(p.lines, pdfLine{first: i, last: i, turn: r.turn, across: r.across, size: r.size})
}

// ended says where the glyphs that were shown end.
func (p *pdfPage) ended(along float64) {
	if p.open {
		r := &p.runs[len(p.runs)-1]
		r.end = along
		r.to = int32(len(p.text))
	}
}

// put adds a character that is not a plain one: an accent finds its letter.
func (p *pdfPage) put(r rune) {
	last, n := utf8.DecodeLastRune(p.text[p.runStart():])
	switch {
	case p.overlap && p.accent != nil:
		if c := p.accent.composed(r); c != 0 && p.mark < len(p.text) {
			p.text = utf8.AppendRune(p.text[:p.mark], c)
			p.accent, p.overlap = nil, false
			return
		}
	case r >= 0x300 && r < 0x370 || p.overlap:
		if a := pdfAccentOf(r); a != nil && n > 0 {
			if c := a.composed(last); c != 0 {
				p.text = utf8.AppendRune(p.text[:len(p.text)-n], c)
				p.overlap = false
				return
			}
		}
	}
	p.overlap = false
	p.accent = nil
	if r > '^' {
		if p.accent = pdfAccentOf(r); p.accent != nil {
			p.mark = len(p.text)
		}
	}
	p.text = utf8.AppendRune(p.text, r)
}

func (p *pdfPage) endsWithSpace() bool {
	n := len(p.text)
	return n == 0 || p.text[n-1] == ' '
}

// runStart returns where the text of the last run begins.
func (p *pdfPage) runStart() int {
	if len(p.runs) == 0 {
		return len(p.text)
	}
	return int(p.runs[len(p.runs)-1].from)
}

// appendLines puts the page's lines behind dst, cells between tabs.
func (p *pdfPage) appendLines(dst []byte) []byte {
	lines := p.lines
	if p.ups > 0 && p.byColumns() {
		lines = p.rows()
	}
	hyphen := -1 // the last line's, at its end
	margin := p.margin(lines)
	full := false // the last line reached the margin, so that the next goes on with it
	for _, l := range lines {
		before := len(dst)
		dst = p.appendLine(dst, l)
		if full && before < len(dst) && goesOn(dst, before) {
			if dst[before-1] = ' '; dst[before-2] == '-' {
				dst = slices.Delete(dst, before-1, before)
				before--
			}
		}
		full = p.endOf(l) >= margin && bytes.IndexByte(dst[before:], '\t') < 0
		for len(dst) > before && (dst[len(dst)-1] == ' ' || dst[len(dst)-1] == '\t') {
			dst = dst[:len(dst)-1]
		}
		if len(dst) == before {
			continue
		}
		if hyphen >= 0 && hyphen+2 < len(dst) && dst[hyphen+2]-'a' < 26 {
			dst = append(dst[:hyphen], dst[hyphen+2:]...) // a word that was parted
		}
		hyphen = -1
		if bytes.HasSuffix(dst, []byte("\u00ad")) {
			dst = dst[:len(dst)-2]
			continue // the word goes on in the next line
		}
		if n := len(dst); n > before+2 && dst[n-1] == '-' && isLower(dst[n-2]) && isLower(dst[n-3]) {
			hyphen = n - 1
		}
		dst = append(dst, '\n')
	}
	return dst
}

// margin is where a line that is full ends, or far beyond where lines do not end together.
func (p *pdfPage) margin(lines []pdfLine) float64 {
	const most = 0.85 // of the longest line's end: words are not parted everywhere
	end := 0.0
	for _, l := range lines {
		end = max(end, p.endOf(l))
	}
	if end <= 0 {
		return math.Inf(1)
	}
	return most * end
}

// endOf is where the glyphs of a line end.
func (p *pdfPage) endOf(l pdfLine) float64 {
	end := math.Inf(-1)
	for i := l.first; i >= 0; i = p.runs[i].next {
		end = max(end, p.runs[i].end)
	}
	return end
}

// goesOn tells whether a number in groups may go on over the line end before text[at].
func goesOn(text []byte, at int) bool {
	if at < 3 || text[at-1] != '\n' {
		return false
	}
	last, first := text[at-2], text[at]
	if last == '-' {
		last = text[at-3]
	}
	digits := last-'0' < 10 || first-'0' < 10
	return digits && (last-'0' < 10 || last-'A' < 26) && (first-'0' < 10 || first-'A' < 26)
}

// isLower tells whether a byte is of a small letter, or of one that is not in ASCII.
func isLower(c byte) bool { return c-'a' < 26 || c >= utf8.RuneSelf }

// appendLine puts one line behind dst.
func (p *pdfPage) appendLine(dst []byte, l pdfLine) []byte {
	p.order = p.order[:0]
	rising := true
	for i := l.first; i >= 0; i = p.runs[i].next {
		r := &p.runs[i]
		if n := len(p.order); n > 0 && r.start < p.runs[p.order[n-1]].start {
			rising = false
		}
		p.order = append(p.order, i)
	}
	if !rising {
		slices.SortStableFunc(p.order, func(a, b int32) int { return cmp.Compare(p.runs[a].start, p.runs[b].start) })
	}
	var last *pdfRun
	for _, i := range p.order {
		r := &p.runs[i]
		text := p.text[r.from:r.to]
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		if last != nil {
			if math.Abs(r.start-last.start) < 0.3*r.size && bytes.Equal(text, p.text[last.from:last.to]) {
				continue // written twice, to look bold or as a shadow
			}
			if gap := r.start - last.end; gap > p.cellGap(dst[len(dst)-1] == ' ')*min(r.size, last.size) {
				dst = append(bytes.TrimRight(dst, " "), '\t')
			} else if n := len(dst); gap > pdfWordGap*r.size && dst[n-1] != ' ' && dst[n-1] != '\t' || gap < 0 {
				dst = append(dst, ' ')
			}
		}
		dst = appendCells(dst, text)
		last = r
	}
	return dst
}

// appendCells puts text behind dst, with a tab for three spaces or more: so reports of
// old programs make their columns.
func appendCells(dst, text []byte) []byte {
	for {
		k := bytes.Index(text, []byte("   "))
		if k < 0 {
			return append(dst, text...)
		}
		dst = append(append(dst, text[:k]...), '\t')
		text = bytes.TrimLeft(text[k:], " ")
	}
}

// byColumns tells whether the page holds a table that was written column by column:
// most lines are short and stand beside others.
func (p *pdfPage) byColumns() bool {
	if len(p.lines) < 8 || len(p.text) > 30*len(p.lines) {
		return false
	}
	p.sortLines()
	beside := 0
	for i := 1; i < len(p.sorted); i++ {
		if p.sorted[i].beside(p.sorted[i-1]) {
			beside++
		}
	}
	return beside*10 >= len(p.lines)*4
}

func (l pdfLine) beside(o pdfLine) bool {
	return l.turn == o.turn && math.Abs(l.across-o.across) <= 0.3*min(l.size, o.size)
}

// sortLines makes sorted the lines from the top down.
func (p *pdfPage) sortLines() {
	p.sorted = append(p.sorted[:0], p.lines...)
	slices.SortStableFunc(p.sorted, func(a, b pdfLine) int {
		return cmp.Or(cmp.Compare(a.turn, b.turn), cmp.Compare(b.across, a.across))
	})
}

// rows returns the lines from the top down, with those beside each other made one.
func (p *pdfPage) rows() []pdfLine {
	rows := p.sorted[:1]
	for _, l := range p.sorted[1:] {
		if r := &rows[len(rows)-1]; l.beside(*r) {
			p.runs[r.last].next = l.first
			r.last = l.last
			continue
		}
		rows = append(rows, l)
	}
	return rows
}
