package extract

import (
	"bytes"
	"math"
	"unicode/utf8"
)

const (
	pdfNumbers = 8  // operands that an operator may look back at
	pdfStates  = 64 // that q may keep
	pdfForms   = 12 // within each other
	pdfBetween = 32 << 10
)

// A pdfMatrix is a transformation: x' = a·x + c·y + e, y' = b·x + d·y + f.
type pdfMatrix struct{ a, b, c, d, e, f float64 }

// times returns the transformation that does m first and then o.
func (m pdfMatrix) times(o pdfMatrix) pdfMatrix {
	return pdfMatrix{
		m.a*o.a + m.b*o.c, m.a*o.b + m.b*o.d,
		m.c*o.a + m.d*o.c, m.c*o.b + m.d*o.d,
		m.e*o.a + m.f*o.c + o.e, m.e*o.b + m.f*o.d + o.f,
	}
}

// pdfState is the part of the graphics state that text depends on.
type pdfState struct {
	ctm     pdfMatrix
	font    *pdfFont
	size    float64
	char    float64 // Tc
	word    float64 // Tw
	scale   float64 // Tz / 100
	leading float64
	rise    float64
}

// A pdfContent runs content streams for their text.
type pdfContent struct {
	pages *pdfPages
	page  *pdfPage
	state pdfState
	stack []pdfState
	text  pdfMatrix
	line  pdfMatrix // text, at the beginning of the line

	fresh  bool // what follows belongs to the matrices as they are
	turn   uint8
	stride float64 // user space units in one text space unit along the line
	em     float64 // the font's size in user space units

	// Operands that stand before the operator at hand: numbers, of which the last ones
	// are kept, and the last string, name or dictionary. No operator that matters to text
	// has two of these, but for the tag of marked content, which does not.
	nums  [pdfNumbers]float64
	given int // numbers
	bytes []byte
	dict  pdfValue
	arena []byte      // a string with escapes
	named []namedFont // that the resources at hand have

	marked     int // depth of marked content
	actual     int // depth at which a replacement text holds, or 0
	shown      bool
	actualText []byte
}

// A namedFont is a font that Tf has named.
type namedFont struct {
	name string
	font *pdfFont
}

// font returns the font that the resources have under a name.
func (c *pdfContent) font(name []byte, resources pdfValue) *pdfFont {
	for i := range c.named {
		if c.named[i].name == string(name) {
			return c.named[i].font
		}
	}
	f := c.pages.lostFont(name)
	if v := c.pages.f.in(resources, "Font").get(string(name)); v.kind != pdfNull {
		f = c.pages.font(v)
	}
	if len(c.named) < 32 {
		c.named = append(c.named, namedFont{string(name), f})
	}
	return f
}

// start makes ready for a page.
func (c *pdfContent) start() {
	c.state = pdfState{ctm: pdfMatrix{a: 1, d: 1}, font: c.pages.unknownFont, size: 1, scale: 1}
	c.stack = c.stack[:0]
	c.text, c.line = pdfMatrix{a: 1, d: 1}, pdfMatrix{a: 1, d: 1}
	c.fresh, c.marked, c.actual = false, 0, 0
}

// run runs a content stream. The reason ends the work on the file.
func (c *pdfContent) run(b []byte, resources pdfValue, depth int) Reason {
	c.forget()
	c.named = c.named[:0]
	check := pdfBetween
	for i := 0; i < len(b); {
		if i >= check {
			check = i + pdfBetween
			if why := c.pages.f.x.spent(); why != "" {
				return why
			}
		}
		switch ch := b[i]; pdfClass[ch] {
		case pdfSpace:
			i++
		case pdfDigit:
			num, n := pdfNumberAt(b[i:])
			i += max(n, 1)
			if n > 0 {
				c.nums[c.given%pdfNumbers] = num
				c.given++
			}
		case pdfDelimiter:
			i += c.delimited(b[i:])
		default:
			n := pdfWordLen(b[i:])
			op := b[i : i+n]
			i += n
			if n == 2 && op[0] == 'B' && op[1] == 'I' {
				n := inlineImage(b[i:])
				i += n
				c.page.images++
				c.page.pixels += int64(n) * 8 // none has less than a bit for each, unless it is compressed
			} else if why := c.operator(op, resources, depth); why != "" {
				return why
			}
			c.forget()
		}
	}
	return ""
}

// forget drops the operands.
func (c *pdfContent) forget() {
	c.given, c.bytes, c.arena = 0, nil, c.arena[:0]
	if c.dict.kind != pdfNull {
		c.dict = pdfValue{}
	}
}

// delimited reads an operand that begins with a delimiter and returns its length.
func (c *pdfContent) delimited(b []byte) (n int) {
	switch b[0] {
	case '(':
		c.bytes, c.arena, n = pdfLiteral(c.arena[:0], b)
		return n
	case '<':
		if len(b) > 1 && b[1] == '<' {
			l := pdfLexer{b: b, left: pdfValues}
			c.dict = l.value(0)
			return max(l.pos, 2)
		}
		c.arena, n = pdfHex(c.arena[:0], b)
		c.bytes = c.arena
		return n
	case '/':
		n = pdfWordLen(b[1:])
		c.bytes = pdfUnescape(b[1 : 1+n])
		return 1 + n
	case '[':
		return c.array(b)
	case '%':
		if n = bytes.IndexAny(b, "\r\n"); n > 0 {
			return n
		}
		return len(b)
	}
	return 1
}

// array reads an array and returns its length. One with strings in it is the operand of
// TJ, and is shown at once.
func (c *pdfContent) array(b []byte) int {
	i := 1
	for i < len(b) {
		switch ch := b[i]; {
		case pdfClass[ch] == pdfSpace:
			i++
		case pdfClass[ch] == pdfDigit:
			num, n := pdfNumberAt(b[i:])
			i += max(n, 1)
			c.advance(-num * 0.001 * c.state.size * c.state.scale)
		case ch == '(', ch == '<' && i+1 < len(b) && b[i+1] != '<':
			i += c.delimited(b[i:])
			c.show(c.bytes)
		case ch == ']':
			return i + 1
		case ch == '/':
			i += 1 + pdfWordLen(b[i+1:])
		default:
			return i // the bracket is missing
		}
	}
	return i
}

// num returns a number before the operator, counted from the last.
func (c *pdfContent) num(fromEnd int) float64 {
	if fromEnd > c.given {
		return 0
	}
	return c.nums[(c.given-fromEnd)%pdfNumbers]
}

func (c *pdfContent) matrix() pdfMatrix {
	return pdfMatrix{c.num(6), c.num(5), c.num(4), c.num(3), c.num(2), c.num(1)}
}

// operator does what an operator says (ISO 32000-1, annex A), if text depends on it.
func (c *pdfContent) operator(op []byte, resources pdfValue, depth int) Reason {
	s := &c.state
	switch string(op) {
	case "Tj":
		c.show(c.bytes)
	case "'":
		c.nextLine(0, -s.leading)
		c.show(c.bytes)
	case "\"":
		s.word, s.char = c.num(3), c.num(2)
		c.nextLine(0, -s.leading)
		c.show(c.bytes)
	case "Td":
		c.nextLine(c.num(2), c.num(1))
	case "TD":
		s.leading = -c.num(1)
		c.nextLine(c.num(2), c.num(1))
	case "Tm":
		c.text = c.matrix()
		c.line, c.fresh = c.text, false
	case "T*":
		c.nextLine(0, -s.leading)
	case "BT":
		c.text = pdfMatrix{a: 1, d: 1}
		c.line, c.fresh = c.text, false
	case "Tf":
		s.size, c.fresh = c.num(1), false
		s.font = c.font(c.bytes, resources)
	case "Tc":
		s.char = c.num(1)
	case "Tw":
		s.word = c.num(1)
	case "Tz":
		s.scale = c.num(1) / 100
	case "TL":
		s.leading = c.num(1)
	case "Ts":
		s.rise = c.num(1)
	case "q":
		if len(c.stack) < pdfStates {
			c.stack = append(c.stack, *s)
		}
	case "Q":
		if n := len(c.stack); n > 0 {
			*s, c.stack, c.fresh = c.stack[n-1], c.stack[:n-1], false
		}
	case "cm":
		s.ctm, c.fresh = c.matrix().times(s.ctm), false
	case "Do":
		return c.external(resources, depth)
	case "BMC", "BDC":
		c.mark(resources)
	case "EMC":
		if c.marked == c.actual {
			c.actual = 0
		}
		c.marked = max(0, c.marked-1)
	}
	return ""
}

// mark begins marked content, which may have a replacement text: what a ligature or a
// hyphen stands for.
func (c *pdfContent) mark(resources pdfValue) {
	c.marked++
	if c.actual > 0 {
		return
	}
	dict := c.dict
	if dict.kind != pdfDict && len(c.bytes) > 0 {
		dict = c.pages.f.in(c.pages.f.in(resources, "Properties"), string(c.bytes))
	}
	if text := c.pages.f.resolve(dict.get("ActualText")); len(text.text) > 0 {
		if c.actualText = pdfText(c.actualText[:0], text.text); len(c.actualText) > 0 {
			c.actual, c.shown = c.marked, false
		}
	}
}

// nextLine moves to another line, relative to the beginning of this one.
func (c *pdfContent) nextLine(x, y float64) {
	l := &c.line
	l.e, l.f = l.e+x*l.a+y*l.c, l.f+x*l.b+y*l.d
	c.text.e, c.text.f = l.e, l.f
	if c.text.a != l.a || c.text.b != l.b {
		c.text, c.fresh = *l, false
	}
}

// advance moves along the line by text space units.
func (c *pdfContent) advance(x float64) {
	c.text.e += x * c.text.a
	c.text.f += x * c.text.b
}

// refresh computes what follows from the matrices.
func (c *pdfContent) refresh() {
	m := c.text.times(c.state.ctm)
	switch {
	case math.Abs(m.a) >= math.Abs(m.b) && m.a >= 0:
		c.turn = 0
	case math.Abs(m.a) < math.Abs(m.b) && m.b > 0:
		c.turn = 1
	case math.Abs(m.a) >= math.Abs(m.b):
		c.turn = 2
	default:
		c.turn = 3
	}
	c.stride = math.Hypot(m.a, m.b)
	c.em = math.Abs(c.state.size) * math.Hypot(m.c, m.d)
	if c.em == 0 {
		c.em = math.Abs(c.state.size) * c.stride
	}
	c.fresh = true
}

// show shows a string.
func (c *pdfContent) show(b []byte) {
	if len(b) == 0 {
		return
	}
	if !c.fresh {
		c.refresh()
	}
	s, p := &c.state, c.page
	x := c.text.e*s.ctm.a + c.text.f*s.ctm.c + s.ctm.e
	y := c.text.e*s.ctm.b + c.text.f*s.ctm.d + s.ctm.f
	along, across := x, y
	switch c.turn {
	case 1:
		along, across = y, -x
	case 2:
		along, across = -x, -y
	case 3:
		along, across = -y, x
	}
	if !(math.Abs(along) < 1e9 && math.Abs(across) < 1e9) {
		return
	}
	first := rune(0)
	if !s.font.composite {
		first = s.font.simple[b[0]].char
	} else if len(b) > 1 {
		first = s.font.wide(b[0], b[1]).char
	}
	p.begin(c.turn, along, across, c.em, first)
	quiet := c.actual > 0
	if quiet && !c.shown {
		c.shown = true
		p.text = append(p.text, c.actualText...)
	}
	x = c.glyphs(b, quiet || !p.open) * s.scale
	c.advance(x)
	p.ended(along + x*c.stride)
}

// wide returns the glyph of a code of two bytes.
func (f *pdfFont) wide(high, low byte) *pdfGlyph {
	if page := f.pages[high]; page != nil {
		return &page[low]
	}
	return &f.fallback
}

// glyphs adds the characters of codes to the page and returns how wide they are.
func (c *pdfContent) glyphs(b []byte, quiet bool) (width float64) {
	s, p, font := &c.state, c.page, c.state.font
	step := 1
	if font.composite {
		step = 2
	}
	for i := 0; i+step <= len(b); i += step {
		var g *pdfGlyph
		if step == 1 {
			g = &font.simple[b[i]]
			if b[i] == ' ' {
				width += s.word
			}
		} else {
			g = font.wide(b[i], b[i+1])
		}
		width += float64(g.width)*s.size + s.char
		p.glyphs++
		switch r := g.char; {
		case quiet:
		case r > 0 && r < utf8.RuneSelf && !p.overlap && r != '`' && r != '~':
			p.text = append(p.text, byte(r))
			p.accent = nil
			if r == ' ' {
				p.spaces++
			}
		case r > 0:
			p.put(r)
		case r < 0:
			if k := int(^r); k < len(font.texts) {
				p.text = append(p.text, font.texts[k]...)
			}
			p.accent = nil
		case !font.symbols:
			p.unknown++
		}
	}
	return width
}
