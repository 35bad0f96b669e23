package extract

import (
	"bytes"
	"unicode/utf8"
)

const (
	pdfTreeDepth = 64
	pdfTreeNodes = 1 << 20
	pdfNotes     = 4096 // annotations of one page
	pdfFiles     = 4096 // files within
	pdfTitles    = 1 << 14
)

// pdfPages reads the pages of one file.
type pdfPages struct {
	d           *document
	f           *pdfFile
	unknownFont *pdfFont
	fonts       map[int]*pdfFont
	fontPages   int
	lost        []*pdfFont   // what is left of fonts that nothing leads to
	mapped      []*pdfFont   // of these, those that have only a map to Unicode
	dull        map[int]bool // forms without text and images
	forms       [][]byte     // buffers, by depth
	content     pdfContent
	page        pdfPage
	stream      []byte // content of the page
	part        []byte // of it
	out         []byte // text of the page
	seen        map[int]bool
	count       int
	broken      bool // the tree of pages does not lead to all of them
}

// readPDF reads a PDF (ISO 32000): its pages, notes, form fields, title and author, and
// the files in it. It looks for objects itself and follows the file's own tables only
// where that helps, so a damaged file gives what is left of it.
func readPDF(d *document) Reason {
	at, size, why := d.random()
	if why != "" {
		return why
	}
	f := &pdfFile{x: d.x, at: at, size: size, objects: make(map[int]pdfObject), contents: make(map[int64]*pdfObjectStream)}
	defer f.wipe()
	if why = f.open(); why != "" {
		return why
	}
	if why = f.index(); why != "" {
		return why
	}
	if encrypt := f.fromTrailer("Encrypt"); encrypt.kind != pdfNull {
		var id []byte
		if ids := f.resolve(f.fromTrailer("ID")).items(); len(ids) > 0 {
			id = f.resolve(ids[0]).text
		}
		if f.crypt = pdfOpen(f.resolveAll(encrypt), id); f.crypt == nil {
			return Encrypted
		}
		clear(f.objects)
	}
	if why = f.indexStreams(); why != "" {
		return why
	}
	p := &pdfPages{d: d, f: f, unknownFont: noFont(), fonts: make(map[int]*pdfFont), dull: make(map[int]bool), seen: make(map[int]bool)}
	defer p.wipe()
	p.content.pages, p.content.page = p, &p.page
	return p.read()
}

// wipe clears the buffers that held text.
func (p *pdfPages) wipe() {
	for _, b := range append(p.forms, p.stream, p.part, p.out, p.page.text) {
		clear(b[:cap(b)])
	}
	clear(p.content.arena[:cap(p.content.arena)])
}

// read gives all texts of the file to the sink.
func (p *pdfPages) read() Reason {
	f := p.f
	root := f.resolve(f.fromTrailer("Root"))
	if f.in(root, "Pages").kind != pdfDict {
		root = p.catalog(root)
	}
	tree := root.get("Pages")
	nodes := pdfTreeNodes
	if why := p.walk(tree, pdfValue{}, 0, &nodes); why != "" {
		return why
	}
	if p.broken || p.count == 0 {
		f.x.note(Damaged)
		if why := p.orphans(); why != "" {
			return why
		}
	}
	p.d.endText()
	if why := p.about(root); why != "" {
		return why
	}
	return p.files(root)
}

// walk reads the pages of a tree. Resources are those of the nodes above.
func (p *pdfPages) walk(v, resources pdfValue, depth int, nodes *int) Reason {
	if *nodes--; depth > pdfTreeDepth || *nodes < 0 {
		p.broken = true
		return ""
	}
	if v.kind == pdfRef {
		if p.seen[int(v.num)] {
			p.broken = true
			return ""
		}
		p.seen[int(v.num)] = true
	}
	node := p.f.resolve(v)
	if node.kind != pdfDict {
		p.broken = true
		return ""
	}
	if own := p.f.in(node, "Resources"); own.kind == pdfDict {
		resources = own
	}
	kids := p.f.in(node, "Kids")
	if kids.kind != pdfArray {
		return p.readPage(node, resources)
	}
	for _, kid := range kids.list {
		if why := p.walk(kid, resources, depth+1, nodes); why != "" {
			return why
		}
	}
	return ""
}

// readPage reads a page and gives its text to the sink.
func (p *pdfPages) readPage(page, resources pdfValue) Reason {
	if why := p.f.x.spent(); why != "" {
		return why
	}
	p.count++
	contents := page.get("Contents")
	list := []pdfValue{contents}
	if v := p.f.resolve(contents); v.kind == pdfArray {
		list = v.list
	}
	p.stream = p.stream[:0]
	for _, v := range list {
		o, ok := p.f.stream(v)
		if !ok {
			p.broken = p.broken || v.kind == pdfRef
			continue
		}
		if len(p.stream) >= pdfStream {
			p.f.x.note(LimitHeld)
			break
		}
		if len(list) == 1 {
			p.stream = p.decodePart(p.stream, o)
			break
		}
		p.part = p.decodePart(p.part, o)
		p.stream = append(append(p.stream, p.part...), '\n')
	}
	return p.readContent(p.stream, resources, page)
}

// decodePart decodes a content stream into dst and notes what is wrong with it.
func (p *pdfPages) decodePart(dst []byte, o pdfObject) []byte {
	b, why := p.f.decoded(dst[:0], o, pdfStream)
	p.f.x.note(why)
	if b == nil {
		return dst[:0]
	}
	return b
}

// readContent runs the content of a page and gives its text and notes to the sink.
func (p *pdfPages) readContent(b []byte, resources, page pdfValue) Reason {
	p.page.reset()
	p.content.start()
	stop := p.content.run(b, resources, 0)
	p.out = p.page.appendLines(p.out[:0])
	texts := len(p.out) > 0
	if stop == "" {
		p.notes(page)
	}
	if len(p.out) > 0 {
		p.d.write(append(p.out, '\n'))
	}
	q := &p.page
	switch {
	case q.why != "":
		p.f.x.note(q.why)
	case q.unknown >= 5 && q.unknown*50 > q.glyphs:
		p.f.x.note(Undecoded)
	case !texts && q.pixels >= readablePixels:
		p.f.x.note(NoText)
	}
	return stop
}

// notes adds the annotations of a page: comments, and what was filled into the fields
// of a form, each behind its name.
func (p *pdfPages) notes(page pdfValue) {
	list := p.f.in(page, "Annots").items()
	for _, v := range list[:min(len(list), pdfNotes)] {
		if v.kind == pdfRef { // most are links, and say nothing
			if b := p.f.bytesOf(int(v.num)); bytes.Contains(b, []byte("/Link")) && !bytes.Contains(b, []byte("/Contents")) {
				continue
			}
		}
		note := p.f.resolve(v)
		p.addText("", p.f.in(note, "Contents"))
		value, name := pdfValue{}, pdfValue{}
		for range 4 {
			if value.kind == pdfNull {
				value = p.f.in(note, "V")
			}
			if name.kind == pdfNull {
				name = firstOf(note, "TU", "T")
			}
			if note = p.f.in(note, "Parent"); note.kind != pdfDict {
				break
			}
		}
		label := string(pdfText(nil, p.f.resolve(name).text))
		if value.kind == pdfArray {
			for _, one := range value.list[:min(len(value.list), 64)] {
				p.addText(label, p.f.resolve(one))
			}
			continue
		}
		p.addText(label, value)
	}
}

// addText adds a string of the file as a line of the page's text.
func (p *pdfPages) addText(label string, v pdfValue) {
	if v.kind != pdfString || len(v.text) == 0 || len(p.out) > pdfPageText {
		return
	}
	if label != "" {
		p.out = append(append(p.out, label...), '\t')
	}
	p.out = append(pdfText(p.out, v.text), '\n')
}

// about gives the title, the author and the like to the sink, the headings of the
// outline, and the metadata as they are.
func (p *pdfPages) about(root pdfValue) Reason {
	f := p.f
	p.out = p.out[:0]
	info := f.resolve(f.fromTrailer("Info"))
	for _, name := range [...]string{"Title", "Subject", "Author", "Keywords"} {
		p.addText(name, f.in(info, name))
	}
	left := pdfTitles
	p.titles(f.in(f.in(root, "Outlines"), "First"), 0, &left)
	if len(p.out) > 0 {
		p.d.write(p.out)
		p.d.endText()
	}
	for _, v := range append([]pdfValue{root.get("Metadata")}, f.in(f.in(root, "AcroForm"), "XFA").items()...) {
		o, ok := f.stream(v)
		if !ok {
			continue
		}
		if why := f.x.spent(); why != "" {
			return why
		}
		p.stream = p.decodePart(p.stream, o)
		if b := bytes.TrimSpace(p.stream); len(b) > 0 {
			p.d.write(b)
		}
	}
	p.d.endText()
	return ""
}

// titles adds the headings of an outline.
func (p *pdfPages) titles(v pdfValue, depth int, left *int) {
	for ; v.kind == pdfDict && *left > 0; v = p.f.in(v, "Next") {
		*left--
		p.addText("", p.f.in(v, "Title"))
		if depth < pdfForms {
			p.titles(p.f.in(v, "First"), depth+1, left)
		}
	}
}

// files reads the files within: those that the names of the file list, and those that
// pages have as annotations.
func (p *pdfPages) files(root pdfValue) Reason {
	var specs []pdfValue
	nodes := pdfFiles
	p.names(p.f.in(p.f.in(root, "Names"), "EmbeddedFiles"), 0, &nodes, &specs)
	for _, spec := range append(specs, p.f.in(root, "AF").items()...) {
		streams := p.f.in(p.f.resolve(spec), "EF")
		ref := firstOf(streams, "F", "UF")
		o, ok := p.f.stream(ref)
		if !ok || p.seen[o.num] {
			continue
		}
		p.seen[o.num] = true
		b, why := p.f.decoded(nil, o, pdfStream)
		p.f.x.note(why)
		if len(b) == 0 {
			continue
		}
		stop := p.d.nested(bytes.NewReader(b), int64(len(b)))
		clear(b)
		if stop != "" {
			return stop
		}
	}
	return ""
}

// names collects the values of a name tree.
func (p *pdfPages) names(node pdfValue, depth int, nodes *int, specs *[]pdfValue) {
	if *nodes--; *nodes < 0 || depth > pdfForms {
		return
	}
	list := p.f.in(node, "Names").items()
	for i := 1; i < len(list) && len(*specs) < pdfFiles; i += 2 {
		*specs = append(*specs, list[i])
	}
	for _, kid := range p.f.in(node, "Kids").items() {
		p.names(p.f.resolve(kid), depth+1, nodes, specs)
	}
}

// pdfText puts a text string, in UTF-16, UTF-8 or PDFDocEncoding, behind dst as UTF-8
// (ISO 32000-2, 7.9.2.2). Line ends become spaces: it is one line of a text.
func pdfText(dst, b []byte) []byte {
	add := func(r rune) {
		switch {
		case r == 0, r == 0x1B, r == utf8.RuneError:
		case r < ' ':
			dst = append(dst, ' ')
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	switch {
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		for _, r := range pdfUTF16(nil, b[2:]) {
			add(r)
		}
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		swapped := bytes.Clone(b[2:])
		for i := 0; i+1 < len(swapped); i += 2 {
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
		}
		for _, r := range pdfUTF16(nil, swapped) {
			add(r)
		}
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		for _, r := range string(b[3:]) {
			add(r)
		}
	default:
		chars := pdfEncoding("PDFDocEncoding")
		for _, c := range b {
			if r := chars[c]; r != 0 {
				add(r)
			} else if c < ' ' {
				dst = append(dst, ' ')
			}
		}
	}
	return dst
}
