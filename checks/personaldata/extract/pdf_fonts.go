package extract

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// A pdfGlyph is what a character code shows.
type pdfGlyph struct {
	// char is the character; 0 when it is not known, and below 0 the one's complement of
	// an index in the font's texts.
	char  rune
	width float32 // of a text space unit
}

// A pdfFont turns the codes of a content stream into characters.
type pdfFont struct {
	composite bool // codes have two bytes
	symbols   bool // pictures instead of letters: what is not known is no loss
	simple    [256]pdfGlyph
	pages     []*[256]pdfGlyph // of a composite font, by the first byte
	fallback  pdfGlyph         // of codes in no page
	texts     [][]byte         // of codes that show more than one character
}

// pdfFonts is how many fonts of one file are remembered. A font with all of Unicode
// takes 512 KiB; the usual one 2 to 4 KiB.
const (
	pdfFonts     = 512
	pdfFontPages = 4096 // pages of composite fonts, all in all, at 2 KiB
)

// noFont is shown with when a font is not there.
func noFont() *pdfFont {
	f := &pdfFont{}
	for i, r := range pdfEncoding("WinAnsiEncoding") {
		f.put(i, r)
		f.simple[i].width = 0.5
	}
	return f
}

// font returns the font that a dictionary of resources names.
func (p *pdfPages) font(v pdfValue) *pdfFont {
	key := 0
	if v.kind == pdfRef {
		key = int(v.num)
		if f := p.fonts[key]; f != nil {
			return f
		}
	}
	dict := p.f.resolve(v)
	if dict.kind != pdfDict {
		return p.unknownFont
	}
	if len(p.fonts) >= pdfFonts || p.fontPages > pdfFontPages {
		clear(p.fonts)
		p.fontPages = 0
	}
	f := &pdfFont{}
	name := strings.ToLower(string(p.f.in(dict, "BaseFont").text))
	for _, s := range [...]string{"symbol", "dingbat", "wingding", "webding", "cmsy", "cmmi", "cmex", "msam", "msbm", "opensymbol", "awesome", "icon"} {
		f.symbols = f.symbols || strings.Contains(name, s)
	}
	if p.f.in(dict, "Subtype").is("Type0") {
		p.compositeFont(f, dict)
	} else {
		p.simpleFont(f, dict, name)
	}
	p.toUnicode(f, dict)
	p.fontPages += len(f.pages) / 16
	for _, page := range f.pages {
		if page != nil {
			p.fontPages++
		}
	}
	if key != 0 {
		p.fonts[key] = f
	}
	return f
}

// toUnicode reads the map of the font to Unicode, which counts more than its encoding.
func (p *pdfPages) toUnicode(f *pdfFont, dict pdfValue) {
	o, ok := p.f.stream(dict.get("ToUnicode"))
	if !ok {
		return
	}
	b, why := p.f.decoded(nil, o, 4<<20)
	p.f.x.note(why)
	pdfReadCMap(b, f.putText)
}

// simpleFont reads a font with codes of one byte.
func (p *pdfPages) simpleFont(f *pdfFont, dict pdfValue, name string) {
	descriptor := p.f.in(dict, "FontDescriptor")
	encoding := p.f.in(dict, "Encoding")
	base := string(encoding.text)
	if encoding.kind == pdfDict {
		base = string(p.f.in(encoding, "BaseEncoding").text)
	}
	subtype := string(p.f.in(dict, "Subtype").text)
	var chars [256]rune
	switch {
	case base != "":
		chars = pdfEncoding(base)
	case f.symbols && subtype != "TrueType", subtype == "Type3":
	case subtype == "TrueType":
		chars = pdfEncoding("WinAnsiEncoding")
	default:
		chars = pdfEncoding("StandardEncoding")
		p.builtIn(&chars, descriptor)
	}
	code := 0
	for _, v := range p.f.in(encoding, "Differences").items() {
		switch v = p.f.resolve(v); v.kind {
		case pdfNumber:
			code = v.int()
		case pdfName:
			if code >= 0 && code < 256 {
				chars[code] = pdfDifference(string(v.text), code)
			}
			code++
		case pdfNull, pdfString, pdfArray, pdfDict, pdfRef, pdfWord, pdfEnd:
		}
	}
	for i, r := range chars {
		f.put(i, r)
	}
	p.widths(f, dict, descriptor, name, &chars)
}

// pdfDifference returns the character of a glyph's name in an encoding. Names that only
// number the glyph, as a27 or C0041, are those of fonts that were made from others: most
// of these kept the codes.
func pdfDifference(name string, code int) rune {
	if r := pdfGlyphRune(name); r != 0 {
		return r
	}
	digits := strings.TrimLeft(name, "CcGgAaUuXx_")
	if len(digits) > 0 && len(digits) < len(name) && strings.Trim(digits, "0123456789abcdefABCDEF") == "" && code > ' ' && code < 0x7F {
		return rune(code)
	}
	return 0
}

// builtIn reads the encoding that a Type 1 font program has in its plain first part:
// dup 65 /A put.
func (p *pdfPages) builtIn(chars *[256]rune, descriptor pdfValue) {
	o, ok := p.f.stream(descriptor.get("FontFile"))
	if !ok {
		return
	}
	b, _ := p.f.decoded(nil, o, 1<<20)
	start := bytes.Index(b, []byte("/Encoding"))
	end := bytes.Index(b, []byte("currentfile eexec"))
	if start < 0 || end < start {
		return
	}
	l := pdfLexer{b: b[start:end], pos: len("/Encoding")}
	if string(l.token().text) == "StandardEncoding" {
		return
	}
	*chars = [256]rune{}
	for {
		switch v := l.token(); {
		case v.kind == pdfEnd, v.kind == pdfWord && string(v.text) == "def":
			return
		case v.kind == pdfWord && string(v.text) == "dup":
			code, name := l.token(), l.token()
			if i := code.int(); code.kind == pdfNumber && name.kind == pdfName && i >= 0 && i < 256 {
				chars[i] = pdfGlyphRune(string(name.text))
			}
		}
	}
}

// widths reads how wide the codes of a simple font are.
func (p *pdfPages) widths(f *pdfFont, dict, descriptor pdfValue, name string, chars *[256]rune) {
	scale := 0.001
	if m := p.f.in(dict, "FontMatrix").items(); len(m) == 6 && p.f.in(dict, "Subtype").is("Type3") {
		scale = p.f.resolve(m[0]).number()
	}
	list := p.f.in(dict, "Widths").items()
	if len(list) == 0 {
		standardWidths(f, name, chars)
		return
	}
	missing := float32(p.f.in(descriptor, "MissingWidth").number() * 0.001)
	first := p.f.in(dict, "FirstChar").int()
	for i := range f.simple {
		f.simple[i].width = missing
		if k := i - first; k >= 0 && k < len(list) {
			f.simple[i].width = float32(p.f.resolve(list[k]).number() * scale)
		}
	}
}

// compositeFont reads a font with codes of two bytes.
func (p *pdfPages) compositeFont(f *pdfFont, dict pdfValue) {
	f.composite = true
	f.pages = make([]*[256]pdfGlyph, 256)
	f.fallback.width = 1
	var descendant pdfValue
	if list := p.f.in(dict, "DescendantFonts").items(); len(list) > 0 {
		descendant = p.f.resolve(list[0])
	}
	if dw := p.f.in(descendant, "DW"); dw.kind == pdfNumber {
		f.fallback.width = float32(dw.num * 0.001)
	}
	list := p.f.in(descendant, "W").items()
	for i := 0; i+1 < len(list); i++ {
		first, next := p.f.resolve(list[i]).int(), p.f.resolve(list[i+1])
		if next.kind == pdfArray {
			for k, w := range next.list {
				f.putWidth(first+k, p.f.resolve(w).number())
			}
			i++
			continue
		}
		if i+2 >= len(list) {
			break
		}
		w := p.f.resolve(list[i+2]).number()
		for code := max(first, 0); code <= min(next.int(), 0xFFFF); code++ {
			f.putWidth(code, w)
		}
		i += 2
	}
	encoding := string(p.f.in(dict, "Encoding").text)
	if strings.Contains(encoding, "UCS2") || strings.Contains(encoding, "UTF16") {
		for code := range 0x10000 {
			f.put(code, rune(code))
		}
		return
	}
	if dict.get("ToUnicode").kind == pdfNull {
		p.programChars(f, descendant)
	}
}

// glyph returns the place of a code's glyph, or nil when there is none.
func (f *pdfFont) glyph(code int) *pdfGlyph {
	switch {
	case !f.composite:
		return &f.simple[code&0xFF]
	case code < 0 || code > 0xFFFF:
		return nil
	}
	page := f.pages[code>>8]
	if page == nil {
		page = new([256]pdfGlyph)
		for i := range page {
			page[i] = f.fallback
		}
		f.pages[code>>8] = page
	}
	return &page[code&0xFF]
}

func (f *pdfFont) putWidth(code int, w float64) {
	if g := f.glyph(code); g != nil {
		g.width = float32(w * 0.001)
	}
}

// put gives a code its character.
func (f *pdfFont) put(code int, r rune) {
	g := f.glyph(code)
	if g == nil {
		return
	}
	switch {
	case r == 0, r == utf8.RuneError, r >= 0xE000 && r <= 0xF8FF, !utf8.ValidRune(r):
		g.char = 0 // a private character says nothing
		return
	case r < ' ', r == 0xA0, r >= 0x2000 && r <= 0x200A, r == 0x202F, r == 0x3000:
		r = ' '
	case r == 0x2010 || r == 0x2011 || r == 0x2212:
		r = '-'
	case r >= 0xFB00 && r <= 0xFB06:
		f.text(g, []byte([...]string{"ff", "fi", "fl", "ffi", "ffl", "st", "st"}[r-0xFB00]))
		return
	}
	g.char = r
}

// putText gives a code the characters that a CMap has for it.
func (f *pdfFont) putText(code int, text []rune) {
	if len(text) > 1 {
		unswap(text)
	}
	if len(text) == 2 {
		if a := pdfAccentOf(text[1]); a != nil && text[1] >= 0x300 {
			if r := a.composed(text[0]); r != 0 {
				f.put(code, r)
				return
			}
		}
	}
	if len(text) == 1 {
		if text[0] != 0 {
			f.put(code, text[0])
		}
		return
	}
	if g := f.glyph(code); g != nil && len(f.texts) < 1<<16 {
		var b []byte
		for _, r := range text {
			if r > 0 {
				b = utf8.AppendRune(b, r)
			}
		}
		f.text(g, b)
	}
}

// unswap mends the letters of a ligature whose bytes stand the wrong way round, as
// Ghostscript 10.00 wrote them.
func unswap(text []rune) {
	for _, r := range text {
		if r&0xFF != 0 || uint32(r>>8|0x20)-'a' > 'z'-'a' {
			return
		}
	}
	for i := range text {
		text[i] >>= 8
	}
}

func (f *pdfFont) text(g *pdfGlyph, b []byte) {
	if len(b) == 0 {
		return
	}
	f.texts = append(f.texts, b)
	g.char = ^rune(len(f.texts) - 1)
}

// Widths of the characters from space to ~ in thousandths, in fonts that every reader
// has and files need not describe (Adobe's metrics of the 14 standard fonts).
var (
	helveticaWidths = [...]uint16{
		278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
		1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
		333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
	}
	timesWidths = [...]uint16{
		250, 333, 408, 500, 500, 833, 778, 180, 333, 333, 500, 564, 250, 333, 250, 278, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 278, 278, 564, 564, 564, 444,
		921, 722, 667, 667, 722, 611, 556, 722, 722, 333, 389, 722, 611, 889, 722, 722, 556, 722, 667, 556, 611, 722, 722, 944, 722, 722, 611, 333, 278, 333, 469, 500,
		333, 444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778, 500, 500, 500, 500, 333, 389, 278, 500, 500, 722, 500, 500, 444, 480, 200, 480, 541,
	}
)

// standardWidths gives the codes of a font without widths those of the standard font
// that is most like it.
func standardWidths(f *pdfFont, name string, chars *[256]rune) {
	table := &helveticaWidths
	if strings.Contains(name, "times") || strings.Contains(name, "serif") {
		table = &timesWidths
	}
	scale := float32(0.001)
	if strings.Contains(name, "bold") {
		scale = 0.00106
	}
	for i, r := range chars {
		switch r = pdfBase(r); {
		case strings.Contains(name, "courier"):
			f.simple[i].width = 0.6
		case r >= ' ' && r < 0x7F:
			f.simple[i].width = float32(table[r-' ']) * scale
		default:
			f.simple[i].width = 0.5
		}
	}
}
