package extract

import (
	"archive/zip"
	"bytes"
	"io"
	"path"
	"strings"
)

// openDocumentName returns the short name of an OpenDocument from its member mimetype, or
// empty when it is another archive that says what it is.
func openDocumentName(f *zip.File) string {
	r, err := f.Open()
	if err != nil {
		return ""
	}
	defer func() { _ = r.Close() }() // only read
	kind, err := io.ReadAll(io.LimitReader(r, 128))
	if err != nil {
		return ""
	}
	kind, ok := bytes.CutPrefix(bytes.TrimSpace(kind), []byte("application/vnd.oasis.opendocument."))
	if !ok {
		return ""
	}
	kind, _, _ = bytes.Cut(kind, []byte{'-'}) // -template, -master
	switch string(kind) {
	case "text":
		return "odt"
	case "spreadsheet":
		return "ods"
	case "presentation":
		return "odp"
	case "graphics":
		return "odg"
	case "database", "base":
		return "odb"
	}
	return "odf"
}

// readOpenDocument reads OpenDocument (ISO/IEC 26300): ODT, ODS, ODP, their templates,
// and the documents within them.
func readOpenDocument(d *document, z *zip.Reader) Reason {
	p := newParts(d)
	defer p.wipe()
	for _, f := range z.File {
		if partName(f) != "meta-inf/manifest.xml" {
			continue
		}
		encrypted := false
		if stop := p.part(f, func(_ *zip.File, r io.Reader) Reason {
			p.xml.reset(r)
			for t := p.xml.next(); t != xmlEnd; t = p.xml.next() {
				encrypted = encrypted || t == xmlOpen && string(p.xml.name) == "encryption-data"
			}
			return p.xml.why()
		}); stop != "" {
			return stop
		}
		if encrypted {
			return Encrypted
		}
	}
	for _, f := range z.File {
		name := partName(f)
		read := p.nested
		switch base := path.Base(name); {
		case strings.HasSuffix(name, "/"), name == "mimetype", base == "settings.xml", base == "manifest.rdf",
			base == "layout-cache", strings.HasPrefix(name, "meta-inf/"), strings.HasPrefix(name, "configurations2/"),
			strings.HasPrefix(name, "thumbnails/"), strings.HasPrefix(name, "objectreplacements/"),
			strings.HasPrefix(name, "pictures/tablepreview"), strings.HasPrefix(name, "fonts/"):
			continue // nothing that a person wrote, or a picture of what the document says anyway
		case strings.HasSuffix(base, ".xml"):
			read = p.openXML
		}
		if stop := p.part(f, read); stop != "" {
			return stop
		}
	}
	return ""
}

// openXML reads a part of an OpenDocument by its root element.
func (p *parts) openXML(_ *zip.File, r io.Reader) Reason {
	switch root := p.root(r); string(root) {
	case "document", "document-content", "document-styles":
		return p.openFlow()
	case "":
		return p.xml.why()
	}
	return p.leaves() // meta.xml, programs
}

// readFlatOpenDocument reads an OpenDocument that is one XML file.
func readFlatOpenDocument(d *document) Reason {
	p := newParts(d)
	defer p.wipe()
	if p.root(d.r) == nil {
		return p.xml.why()
	}
	return p.openFlow()
}

// openCell is the cell of a table that is being read.
type openCell struct {
	number  []byte // its value in full
	shown   []byte // what it shows instead
	repeats int
}

// openFlow reads paragraphs and tables.
func (p *parts) openFlow() Reason {
	x, f := &p.xml, &p.flow
	var (
		paragraphs int // that are open
		cell       openCell
		inCell     int // cells that are open: only of the innermost one the value is known
		blank      []byte
		about      bool // in text about the document, a picture or a note
	)
	defer func() {
		clear(cell.number[:cap(cell.number)])
		clear(cell.shown[:cap(cell.shown)])
	}()
	for t := xmlOpen; t != xmlEnd; t = x.next() {
		switch t {
		case xmlText:
			if about {
				f.oldText(x.text)
				continue
			}
			if len(cell.number) > 0 && f.level().table {
				if len(cell.shown)+len(x.text) <= 64 {
					cell.shown = append(cell.shown, x.text...)
				}
				continue
			}
			for i, c := range x.text {
				if c == '\n' || c == '\r' || c == '\t' {
					x.text[i] = ' ' // white space is where the writer of the file liked it
				}
			}
			f.text(x.text)
		case xmlOpen:
			switch string(x.name) {
			case "p", "h":
				if x.empty {
					f.endParagraph()
					continue
				}
				paragraphs++
				x.wantText = true
			case "s":
				blank = blank[:0]
				for range x.number("c", 1, 256) {
					blank = append(blank, ' ')
				}
				f.text(blank)
			case "tab":
				f.string("\t")
			case "line-break":
				f.string("\n")
			case "table":
				if !x.empty {
					f.openTable()
				}
			case "table-cell", "covered-table-cell":
				repeats := x.number("number-columns-repeated", 1, 1<<20)
				cell.number, cell.shown = p.openValue(cell.number[:0]), cell.shown[:0]
				if x.empty {
					p.giveValue(&cell)
					f.endCell(f.repeatCell(repeats))
					continue
				}
				cell.repeats = repeats
				inCell++
			case "note", "annotation", "text-box":
				if !x.empty {
					f.openBox()
				}
			case "binary-data":
				if !x.empty {
					p.d.x.note(NoText)
					x.skip()
				}
			case "user-field-decl", "variable-decl", "variable-set":
				f.value(x.attrText("name"), x.attr("string-value"))
			default:
				switch string(x.space) {
				case "form:":
					f.value(nil, x.attr("current-value"))
				case "dc:", "meta:", "svg:":
					about = !x.empty && string(x.name) != "date"
					x.wantText = about || paragraphs > 0
				}
			}
		case xmlClose:
			switch string(x.name) {
			case "p", "h":
				paragraphs = max(0, paragraphs-1)
				x.wantText = paragraphs > 0
				if len(cell.number) == 0 || !f.level().table {
					f.endParagraph()
				}
			case "table-cell", "covered-table-cell":
				p.giveValue(&cell)
				repeats := 1
				if inCell == 1 {
					repeats = cell.repeats
				}
				inCell = max(0, inCell-1)
				f.endCell(f.repeatCell(repeats))
			case "table-row":
				f.endRow()
			case "table":
				f.closeTable()
			case "note", "annotation", "text-box":
				f.closeBox()
			case "note-citation":
				f.endParagraph()
			default:
				if about {
					about = false
					x.wantText = paragraphs > 0
					if f.oldText([]byte{' '}); paragraphs == 0 {
						f.endParagraph()
					}
				}
			}
		case xmlEnd:
		}
	}
	f.finish()
	return x.why()
}

// openValue appends the value of the cell at hand, if it is a number or a date.
func (p *parts) openValue(dst []byte) []byte {
	x := &p.xml
	switch string(x.attr("value-type")) {
	case "float", "currency":
		return fullNumber(dst, x.attr("value"))
	case "date":
		v := x.attr("date-value")
		return append(dst, v[:min(len(v), len("2006-01-02"))]...)
	}
	return dst
}

// giveValue adds a cell's value to the table: as it is shown when those are digits only
// and not fewer, for zeros before a number are shown but are not in its value.
func (p *parts) giveValue(c *openCell) {
	switch {
	case len(c.number) == 0:
	case len(c.shown) >= len(c.number) && allDigits(c.shown):
		p.flow.text(c.shown)
	default:
		p.flow.text(c.number)
	}
	c.number, c.shown = c.number[:0], c.shown[:0]
}
