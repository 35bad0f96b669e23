package extract

import "bytes"

// readXML reads XML: an office document that is one file is read as such, anything else
// is markup that only a program knows.
func readXML(d *document) Reason {
	x := &d.x.scratch.probe
	if x.buf == nil {
		x.buf = make([]byte, headBytes)
	}
	x.reset(bytes.NewReader(d.head))
	defer x.wipe()
	if x.next() == xmlOpen {
		switch root := x.name; {
		case string(root) == "document" && x.attr("mimetype") != nil:
			d.name = "fodt"
			return readFlatOpenDocument(d)
		case string(root) == "wordDocument", // of Word 2003
			string(root) == "package" && bytes.Contains(d.head, []byte("http://schemas.microsoft.com/office/2006/xmlPackage")):
			d.name = "word-xml"
			return readFlatOffice(d, (*parts).officeFlow)
		case string(root) == "Workbook" && bytes.Contains(d.head, []byte("urn:schemas-microsoft-com:office:spreadsheet")):
			d.name = "excel-xml"
			return readFlatOffice(d, (*parts).spreadsheetML)
		}
	}
	return readMarkup(true)(d)
}

// readFlatOffice reads XML with read.
func readFlatOffice(d *document, read func(*parts) Reason) Reason {
	p := newParts(d)
	defer p.wipe()
	if p.root(d.r) == nil {
		return p.xml.why()
	}
	return read(p)
}

// spreadsheetML reads the one XML file that Excel 2002 and 2003 wrote for a workbook,
// and that many programs still write as .xls.
func (p *parts) spreadsheetML() Reason {
	x, f := &p.xml, &p.flow
	var (
		number  bool // the cell holds one
		wide    = 1
		comment bool
	)
	for t := xmlOpen; t != xmlEnd; t = x.next() {
		switch t {
		case xmlOpen:
			switch string(x.name) {
			case "Table":
				if !x.empty {
					f.openTable()
				}
			case "Cell":
				if n := x.number("Index", 0, 16384); n > 0 {
					f.column(n - 1)
				}
				wide = 1 + x.number("MergeAcross", 0, 16384)
				if x.empty {
					f.endCell(wide)
				}
			case "Data":
				number = string(x.attr("Type")) == "Number"
				x.wantText = !x.empty
				p.sheet.value = p.sheet.value[:0]
			case "Comment":
				if !x.empty {
					comment = true
					f.openBox()
				}
			}
		case xmlText:
			if number && len(p.sheet.value)+len(x.text) <= 256 {
				p.sheet.value = append(p.sheet.value, x.text...)
			} else {
				f.text(x.text)
			}
		case xmlClose:
			switch string(x.name) {
			case "Data":
				x.wantText = false
				if number && !comment {
					n := len(p.sheet.value)
					p.sheet.value = fullNumber(p.sheet.value, p.sheet.value[:n])
					f.text(p.sheet.value[n:])
				}
				number = false
			case "Comment":
				comment = false
				f.closeBox()
			case "Cell":
				f.endCell(wide)
				wide = 1
			case "Row":
				f.endRow()
			case "Table":
				f.closeTable()
			}
		case xmlEnd:
		}
	}
	f.finish()
	return x.why()
}
