package extract

import (
	"bytes"
	"math"
	"unicode/utf8"
)

const (
	pdfOperands = 1 << 14 // of one operator; the rest is dropped
	pdfStates   = 64      // that q may keep
	pdfForms    = 12      // within each other
	pdfBetween  = 32 << 10
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

// A pdfOperand is what stands before an operator: a number, or the bytes of a string
// or name. Arrays are taken apart: only TJ needs one, and it has no other operands.
type pdfOperand struct {
	kind pdfKind
	num  float64
	text []byte
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

	ops   []pdfOperand
	dict  pdfValue    // the last operand, if it is a dictionary
	arena []byte      // strings with escapes, of one operator
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
	f := c.pages.font(c.pages.f.in(resources, "Font").get(string(name)))
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
	c.ops, c.named = c.ops[:0], c.named[:0]
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
				c.push(pdfOperand{kind: pdfNumber, num: num})
			}
		case pdfDelimiter:
			i += c.delimited(b[i:])
		default:
			n := pdfWordLen(b[i:])
			op := b[i : i+n]
			i += n
			if n == 2 && op[0] == 'B' && op[1] == 'I' {
				i += inlineImage(b[i:])
				c.page.images++
			} else if why := c.operator(op, resources, depth); why != "" {
				return why
			}
			c.ops, c.arena = c.ops[:0], c.arena[:0]
		}
	}
	return ""
}

func (c *pdfContent) push(o pdfOperand) {
	if len(c.ops) < pdfOperands {
		c.ops = append(c.ops, o)
	}
}

// delimited reads an operand that begins with a delimiter and returns its length.
func (c *pdfContent) delimited(b []byte) int {
	switch b[0] {
	case '(':
		text, arena, n := pdfLiteral(c.arena, b)
		c.arena = arena
		c.push(pdfOperand{kind: pdfString, text: text})
		return n
	case '<':
		if len(b) > 1 && b[1] == '<' {
			l := pdfLexer{b: b, left: pdfValues}
			c.dict = l.value(0)
			c.push(pdfOperand{kind: pdfDict})
			return max(l.pos, 2)
		}
		from, n := len(c.arena), 0
		c.arena, n = pdfHex(c.arena, b)
		c.push(pdfOperand{kind: pdfString, text: c.arena[from:]})
		return n
	case '/':
		n := pdfWordLen(b[1:])
		c.push(pdfOperand{kind: pdfName, text: pdfUnescape(b[1 : 1+n])})
		return 1 + n
	case '%':
		if n := bytes.IndexAny(b, "\r\n"); n > 0 {
			return n
		}
		return len(b)
	}
	return 1
}

// inlineImage returns the length of an image that stands in the content, from behind
// its BI to behind its EI.
func inlineImage(b []byte) int {
	start := bytes.Index(b, []byte("ID"))
	if start < 0 {
		return len(b)
	}
	for i := start + 2; ; {
		k := bytes.Index(b[i:], []byte("EI"))
		if k < 0 {
			return len(b)
		}
		i += k + 2
		if pdfClass[b[i-3]] != pdfSpace || i < len(b) && pdfClass[b[i]] != pdfSpace {
			continue
		}
		if ahead := b[i:min(i+12, len(b))]; isText(ahead) {
			return i
		}
	}
}

// num returns the number of operand i, counted from the end.
func (c *pdfContent) num(fromEnd int) float64 {
	if i := len(c.ops) - fromEnd; i >= 0 {
		return c.ops[i].num
	}
	return 0
}

// last returns the text of the last operand.
func (c *pdfContent) last() []byte {
	if n := len(c.ops); n > 0 {
		return c.ops[n-1].text
	}
	return nil
}

func (c *pdfContent) matrix() pdfMatrix {
	return pdfMatrix{c.num(6), c.num(5), c.num(4), c.num(3), c.num(2), c.num(1)}
}

// operator does what an operator says (ISO 32000-1, annex A), if text depends on it.
func (c *pdfContent) operator(op []byte, resources pdfValue, depth int) Reason {
	s := &c.state
	switch string(op) {
	case "Tj":
		c.show(c.last())
	case "TJ":
		for i := range c.ops {
			if o := &c.ops[i]; o.kind == pdfString {
				c.show(o.text)
			} else if o.kind == pdfNumber {
				c.advance(-o.num * 0.001 * s.size * s.scale)
			}
		}
	case "'":
		c.nextLine(0, -s.leading)
		c.show(c.last())
	case "\"":
		s.word, s.char = c.num(3), c.num(2)
		c.nextLine(0, -s.leading)
		c.show(c.last())
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
		if n := len(c.ops); n >= 2 {
			s.font = c.font(c.ops[n-2].text, resources)
		}
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
	n := len(c.ops)
	if n < 2 || c.actual > 0 {
		return
	}
	dict := c.dict
	if c.ops[n-1].kind == pdfName {
		dict = c.pages.f.in(c.pages.f.in(resources, "Properties"), string(c.ops[n-1].text))
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

// external runs a form, or notes an image.
func (c *pdfContent) external(resources pdfValue, depth int) Reason {
	p, f := c.pages, c.pages.f
	ref := f.in(resources, "XObject").get(string(c.last()))
	if p.dull[int(ref.num)] {
		return ""
	}
	o, ok := f.stream(ref)
	if !ok {
		return ""
	}
	switch kind := f.resolve(o.value.get("Subtype")); {
	case kind.is("Image"):
		c.page.images++
	case kind.is("Form"):
		return c.form(o, resources, depth)
	}
	return ""
}

// form runs a form XObject.
func (c *pdfContent) form(o pdfObject, resources pdfValue, depth int) Reason {
	p, f := c.pages, c.pages.f
	if depth >= pdfForms || c.page.why == LimitDepth {
		c.page.why = LimitDepth
		return ""
	}
	if why := f.x.spent(); why != "" {
		return why
	}
	for len(p.forms) <= depth {
		p.forms = append(p.forms, nil)
	}
	b, why := f.decoded(p.forms[depth], o, pdfStream)
	f.x.note(why)
	if cap(b) > cap(p.forms[depth]) && cap(b) < 1<<20 {
		p.forms[depth] = b
	}
	saved, text, line, stack := c.state, c.text, c.line, c.stack
	c.stack = nil
	if m := f.in(o.value, "Matrix").items(); len(m) == 6 {
		at := func(i int) float64 { return f.resolve(m[i]).number() }
		c.state.ctm = pdfMatrix{at(0), at(1), at(2), at(3), at(4), at(5)}.times(c.state.ctm)
	}
	c.fresh = false
	if own := f.in(o.value, "Resources"); own.kind == pdfDict {
		resources = own
	}
	glyphs, images, ops := c.page.glyphs, c.page.images, c.ops
	c.ops = nil
	why = c.run(b, resources, depth+1)
	c.ops = ops
	if c.page.glyphs == glyphs && c.page.images == images && len(p.dull) < pdfFonts*8 && o.num > 0 && why == "" {
		p.dull[o.num] = true // a drawing: it need not be looked at again
	}
	c.state, c.text, c.line, c.stack, c.fresh = saved, text, line, stack, false
	c.named = c.named[:0]
	return why
}
