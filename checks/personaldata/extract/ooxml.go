package extract

import (
	"archive/zip"
	"io"
	"path"
	"strings"
)

// readOfficeOpen reads Office Open XML (ECMA-376): DOCX, XLSX, PPTX, their templates and
// those with macros. What a part is its root element says, not its path: writers differ
// in the paths. Shared strings, styles and the like are read first.
func readOfficeOpen(d *document, z *zip.Reader) Reason {
	p := newParts(d)
	defer p.wipe()
	for _, first := range [...]bool{true, false} {
		for _, f := range z.File {
			name := partName(f)
			var read func(*zip.File, io.Reader) Reason
			switch how := officePart(name); {
			case how == partSkip, strings.HasSuffix(name, "/"):
				continue
			case how == partFirst != first:
				continue
			case how == partNested:
				read = p.nested
			default:
				read = p.officeXML
			}
			if stop := p.part(f, read); stop != "" {
				return stop
			}
		}
	}
	if d.name == "xlsb" {
		return Unsupported // its sheets are not XML
	}
	return ""
}

// How a part is read.
type partKind uint8

const (
	partXML    partKind = iota
	partFirst           // XML that other parts need
	partNested          // a document of its own
	partSkip            // nothing that a person wrote
)

// officePart tells how a part is read, by its path.
func officePart(name string) partKind {
	base := path.Base(name)
	ext := path.Ext(base)
	switch {
	case strings.HasPrefix(base, "thumbnail."), // what the document says anyway
		strings.HasPrefix(base, "printersettings"),
		strings.HasPrefix(base, "vba"), // programs, and their signatures
		base == "[content_types].xml",
		ext == ".odttf", ext == ".fntdata",
		strings.HasPrefix(name, "xl/") && ext == ".bin" && !strings.HasPrefix(name, "xl/embeddings/") && !strings.HasPrefix(name, "xl/activex/"),
		strings.HasPrefix(name, "_xmlsignatures/"):
		return partSkip
	case strings.HasPrefix(name, "xl/") && (strings.Contains(base, "sharedstrings") || base == "styles.xml" || base == "workbook.xml" ||
		strings.HasPrefix(base, "pivotcachedefinition") && ext == ".xml"):
		return partFirst
	case ext == ".xml", ext == ".vml", ext == ".rels":
		return partXML
	}
	return partNested
}

// officeXML reads a part by its root element.
func (p *parts) officeXML(f *zip.File, r io.Reader) Reason {
	root := p.root(r)
	switch string(root) {
	case "worksheet", "dialogsheet", "macrosheet", "externalLink":
		return p.worksheet()
	case "sst":
		return p.sharedStrings()
	case "styleSheet":
		return p.styleSheet()
	case "workbook":
		return p.workbook()
	case "pivotCacheDefinition":
		return p.pivotDefinition(partName(f))
	case "pivotCacheRecords":
		return p.pivotRecords(partName(f))
	case "Relationships":
		return p.relationships()
	case "table":
		return p.tableColumns()
	case "coreProperties", "Properties", "ThreadedComments", "personList":
		return p.leaves()
	case "theme", "fonts", "webSettings", "styles", "numbering", "calcChain", "tblStyleLst", "viewPr", "presentationPr",
		"chartStyle", "colorStyle", "metadata", "pivotTableDefinition", "Types", "chartsheet":
		return ""
	case "":
		return p.xml.why()
	}
	switch name := partName(f); {
	case strings.HasPrefix(name, "customxml/"):
		if string(root) == "datastoreItem" {
			return ""
		}
		return p.leaves()
	case strings.HasPrefix(name, "visio/"):
		return p.leaves()
	}
	return p.officeFlow()
}

// officeFlow reads a part of paragraphs and tables: WordprocessingML, DrawingML, charts,
// diagrams, comments. All call their text t, paragraphs p and tables tbl, tr, tc.
func (p *parts) officeFlow() Reason {
	x, f := &p.xml, &p.flow
	var (
		wanted  int  // elements open that hold text
		deleted bool // the text was deleted
		wide    = 1  // columns of the cell
		given   int  // texts read before the alternative at hand
		texts   int
	)
	want := func(n int) {
		wanted = max(0, wanted+n)
		x.wantText = wanted > 0
	}
	for t := xmlOpen; t != xmlEnd; t = x.next() {
		switch t {
		case xmlText:
			texts++
			if deleted {
				f.oldText(x.text)
			} else {
				f.text(x.text)
			}
		case xmlOpen:
			switch string(x.name) {
			case "rPr", "pPr": // how it looks
				x.skip()
			case "t", "v", "text", "instrText", "textbox":
				if !x.empty {
					want(+1)
				}
			case "delText", "delInstrText":
				if !x.empty {
					want(+1)
					deleted = true
				}
			case "tab", "ptab":
				if len(x.attrs) == 0 || string(x.name) == "ptab" { // else it is a tab stop
					f.string("\t")
				}
			case "br", "cr":
				f.string("\n")
			case "fldChar":
				f.string(" ")
			case "noBreakHyphen":
				f.string("-")
			case "p":
				if x.empty {
					f.endParagraph()
				}
			case "gridSpan":
				wide = x.number("val", 1, flowColumns)
			case "gridBefore":
				f.endCell(x.number("val", 1, flowColumns))
			case "tbl":
				if !x.empty {
					f.openTable()
				}
			case "tc":
				wide = 1
				if x.empty {
					f.endCell(1)
				}
			case "txbxContent":
				if !x.empty {
					f.openBox()
				}
			case "Choice":
				given = texts
			case "Fallback":
				if texts > given { // the same again for older programs
					x.skip()
				}
			case "docPr", "cNvPr":
				if alt := x.attr("descr"); len(alt) > 0 {
					f.oldText(alt)
					f.oldText([]byte{' '})
				}
			case "docVar":
				f.value(nil, x.attr("val"))
			case "del":
				if len(f.level().old) > 0 {
					f.oldText([]byte{' '})
				}
			}
		case xmlClose:
			switch string(x.name) {
			case "t", "instrText":
				want(-1)
			case "v", "text", "textbox":
				want(-1)
				f.endParagraph()
			case "delText", "delInstrText":
				want(-1)
				deleted = false
			case "p":
				f.endParagraph()
			case "tc":
				f.endCell(wide)
				wide = 1
			case "tr":
				f.endRow()
			case "tbl":
				f.closeTable()
			case "txbxContent":
				f.closeBox()
			}
		case xmlEnd:
		}
	}
	f.finish()
	return x.why()
}

// relationships reads the addresses that a part links to.
func (p *parts) relationships() Reason {
	x := &p.xml
	for t := xmlOpen; t != xmlEnd; t = x.next() {
		if t == xmlOpen && string(x.name) == "Relationship" && string(x.attr("TargetMode")) == "External" {
			p.flow.value(nil, x.attr("Target"))
		}
	}
	p.flow.finish()
	return x.why()
}

// tableColumns reads the column names of a table that a sheet may show without them.
func (p *parts) tableColumns() Reason {
	x := &p.xml
	for t := xmlOpen; t != xmlEnd; t = x.next() {
		if t == xmlOpen && string(x.name) == "tableColumn" {
			p.flow.value(nil, x.attr("name"))
		}
	}
	p.flow.finish()
	return x.why()
}
