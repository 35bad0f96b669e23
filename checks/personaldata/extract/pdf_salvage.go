package extract

import "bytes"

// catalog looks for a catalog among all objects when the trailer does not lead to one.
func (p *pdfPages) catalog(root pdfValue) pdfValue {
	for num := range p.f.places {
		if o, ok := p.f.object(num); ok && o.value.get("Type").is("Catalog") {
			root = o.value
		}
		if num%1024 == 0 && p.f.x.spent() != "" {
			break
		}
	}
	return root
}

// orphans reads the pages that no tree leads to.
func (p *pdfPages) orphans() Reason {
	for num := range p.f.places {
		if num%1024 == 0 {
			if why := p.f.x.spent(); why != "" {
				return why
			}
		}
		if p.seen[num] {
			continue
		}
		o, ok := p.f.object(num)
		if !ok || !o.value.get("Type").is("Page") {
			continue
		}
		node, resources := o.value, pdfValue{}
		for range 8 {
			if resources = p.f.in(node, "Resources"); resources.kind == pdfDict {
				break
			}
			node = p.f.in(node, "Parent")
		}
		if why := p.readPage(o.value, resources); why != "" {
			return why
		}
	}
	if p.count == 0 {
		return p.streams()
	}
	return ""
}

// streams reads as pages all streams that look like content, when no page is left.
func (p *pdfPages) streams() Reason {
	resources := p.salvage()
	for num := range p.f.places {
		if why := p.f.x.spent(); why != "" {
			return why
		}
		o, ok := p.f.object(num)
		if !ok || !isNameless(o) {
			continue
		}
		b, _ := p.f.decoded(p.stream, o, pdfStream)
		if !bytes.Contains(b, []byte("BT")) || !bytes.Contains(b, []byte("ET")) {
			continue
		}
		if why := p.readContent(b, resources, pdfValue{}); why != "" {
			return why
		}
	}
	return ""
}

// isNameless tells whether an object is a stream that does not say what it is, as
// content and maps to Unicode are.
func isNameless(o pdfObject) bool {
	for _, name := range [...]string{"Type", "Subtype", "Length1", "FunctionType", "ShadingType"} {
		if o.value.get(name).kind != pdfNull {
			return false
		}
	}
	return o.data > 0
}

// salvage returns resources that are left, and makes fonts of what is left of them: in
// a file that was cut, of their maps to Unicode.
func (p *pdfPages) salvage() (resources pdfValue) {
	for num := range p.f.places {
		if num%1024 == 0 && p.f.x.spent() != "" || len(p.lost) >= pdfFonts {
			return resources
		}
		o, ok := p.f.object(num)
		if !ok {
			continue
		}
		kind, sub := o.value.get("Type"), o.value.get("Subtype")
		switch {
		case o.value.get("Font").kind != pdfNull:
			resources = o.value
		case kind.is("Font") && !sub.is("CIDFontType2") && !sub.is("CIDFontType0"):
			p.lost = append(p.lost, p.font(pdfValue{kind: pdfRef, num: float64(num)}))
		case isNameless(o):
			b, _ := p.f.decoded(p.stream, o, pdfStream)
			if !bytes.Contains(b[:min(len(b), 512)], []byte("begincmap")) || len(p.mapped) >= pdfFonts {
				continue
			}
			f := &pdfFont{fallback: pdfGlyph{width: 0.5}}
			for i := range f.simple {
				f.simple[i] = f.fallback
			}
			if bytes.Contains(b, []byte("<FFFF>")) || bytes.Contains(b, []byte("<ffff>")) {
				f.composite, f.pages = true, make([]*[256]pdfGlyph, 256)
			}
			pdfReadCMap(b, f.putText)
			p.mapped = append(p.mapped, f)
		}
	}
	if len(p.lost) == 0 {
		p.lost = p.mapped
	}
	return resources
}

// lostFont returns a font for a name that leads to none: programs number their fonts in
// the order in which they write them.
func (p *pdfPages) lostFont(name []byte) *pdfFont {
	if len(p.lost) == 0 {
		return p.unknownFont
	}
	n := 0
	for _, c := range name {
		if c-'0' < 10 {
			n = (n*10 + int(c-'0')) & 0xFFFF
		}
	}
	if n < 1 || n > len(p.lost) {
		n = 1
	}
	return p.lost[n-1]
}
