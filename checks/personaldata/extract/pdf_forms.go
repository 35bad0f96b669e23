package extract

import "bytes"

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

// imagePixels is how many pixels an image has; as many as can be read when it does not say.
func imagePixels(width, height pdfValue) int64 {
	if width.kind != pdfNumber || height.kind != pdfNumber || width.num <= 0 || height.num <= 0 {
		return readablePixels
	}
	return int64(min(width.num, readablePixels)) * int64(min(height.num, readablePixels))
}

// external runs a form, or notes an image.
func (c *pdfContent) external(resources pdfValue, depth int) Reason {
	p, f := c.pages, c.pages.f
	ref := f.in(resources, "XObject").get(string(c.bytes))
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
		c.page.pixels += imagePixels(f.resolve(o.value.get("Width")), f.resolve(o.value.get("Height")))
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
	glyphs, images := c.page.glyphs, c.page.images
	why = c.run(b, resources, depth+1)
	if c.page.glyphs == glyphs && c.page.images == images && len(p.dull) < pdfFonts*8 && o.num > 0 && why == "" {
		p.dull[o.num] = true // a drawing: it need not be looked at again
	}
	c.state, c.text, c.line, c.stack, c.fresh = saved, text, line, stack, false
	c.named = c.named[:0]
	return why
}
