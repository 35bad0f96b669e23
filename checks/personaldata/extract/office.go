package extract

import (
	"archive/zip"
	"io"
	"strings"
)

// officeOf tells which office format an archive is, by its members, and what reads it.
// Nil: it is an archive like any other.
func officeOf(z *zip.Reader) (name string, read func(d *document, z *zip.Reader) Reason) {
	for i, f := range z.File {
		switch part := partName(f); {
		case part == "mimetype" && i == 0:
			if name := openDocumentName(f); name != "" {
				return name, readOpenDocument
			}
		case strings.HasPrefix(part, "word/"):
			return "docx", readOfficeOpen
		case part == "xl/workbook.bin":
			return "xlsb", readOfficeOpen
		case strings.HasPrefix(part, "xl/"):
			name = "xlsx" // or XLSB, when its workbook comes later
		case strings.HasPrefix(part, "ppt/"):
			return "pptx", readOfficeOpen
		case strings.HasPrefix(part, "visio/"):
			return "vsdx", readOfficeOpen
		}
	}
	if name != "" {
		return name, readOfficeOpen
	}
	return "", nil
}

// partName returns a member's path as the formats compare it: the case of letters is
// nothing, and some writers separate with \.
func partName(f *zip.File) string {
	return strings.TrimPrefix(strings.ToLower(strings.ReplaceAll(f.Name, `\`, "/")), "/")
}

// parts reads the parts of an office document, one after the other.
type parts struct {
	d     *document
	xml   xmlReader
	flow  flow
	sheet sheet
	count int
}

// newParts returns what reads a document, to be given back with wipe.
func newParts(d *document) *parts {
	p := &parts{}
	if s := &d.x.scratch; len(s.parts) > 0 {
		p = s.parts[len(s.parts)-1]
		s.parts = s.parts[:len(s.parts)-1]
	}
	p.d = d
	p.flow.reset(d)
	return p
}

// wipe clears every buffer that held text, and keeps those of a usual size.
func (p *parts) wipe() {
	const keep = 4 // an office document may hold others
	p.xml.wipe()
	p.flow.wipe()
	p.sheet.wipe()
	s := &p.d.x.scratch
	p.d, p.sheet, p.count = nil, sheet{}, 0
	if len(s.parts) < keep {
		s.parts = append(s.parts, p)
	}
}

// part opens a part and gives it to read. A reason is noted, and returned only when it is
// no use to go on with other parts.
func (p *parts) part(f *zip.File, read func(f *zip.File, r io.Reader) Reason) (stop Reason) {
	x := p.d.x
	if p.count++; p.count > x.limits.Entries {
		return LimitEntries
	}
	if f.Flags&1 != 0 {
		x.note(Encrypted)
		return ""
	}
	r, err := f.Open()
	if err != nil {
		return p.stops(reasonOf(err))
	}
	defer func() { _ = r.Close() }() // only read
	return p.stops(read(f, &inflating{x: x, r: r}))
}

// stops notes a reason, or returns it when the work must end with it.
func (p *parts) stops(why Reason) Reason {
	if why == "" {
		return ""
	}
	if spent := p.d.x.spent(); spent != "" {
		return spent
	}
	if why == LimitBytes || why == LimitEntries {
		return why
	}
	p.d.x.note(why)
	return ""
}

// nested reads a part that is a document of its own: a picture, an embedded sheet.
func (p *parts) nested(_ *zip.File, r io.Reader) Reason { return p.d.nested(r, -1) }

// root starts to read a part as XML, and goes to its first element. Nil: there is none.
func (p *parts) root(r io.Reader) []byte {
	p.xml.reset(r)
	if p.xml.next() != xmlOpen {
		return nil
	}
	return p.xml.name
}

// leaves reads XML that only a program knows: the text of each element becomes a line,
// with the element's name before it, and so does each attribute.
func (p *parts) leaves() Reason {
	const longestName = 64
	var name [longestName]byte
	x, f := &p.xml, &p.flow
	x.wantText = true
	for t := xmlOpen; t != xmlEnd; t = x.next() {
		switch t {
		case xmlOpen:
			n := copy(name[:], x.name)
			f.endLine()
			for rest := x.attrs; len(rest) > 0; {
				var key, value []byte
				before := rest
				key, value, rest = nextAttr(rest)
				if len(key) > 0 && !declares(before) {
					f.value(key, x.resolve(value))
				}
			}
			if !x.empty {
				f.label(name[:n])
			}
		case xmlClose:
			f.endLine()
		case xmlText:
			f.labelled(x.text)
		case xmlEnd:
		}
	}
	f.endLine()
	f.finish()
	return x.why()
}

// declares tells whether the attribute that attrs begin with names a schema.
func declares(attrs []byte) bool {
	s := strings.TrimLeft(string(attrs[:min(len(attrs), 16)]), " \t\r\n")
	return strings.HasPrefix(s, "xmlns") || strings.HasPrefix(s, "xsi:") || strings.HasPrefix(s, "xml:")
}
