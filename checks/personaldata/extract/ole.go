package extract

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
)

// oleKind tells what a compound file or a storage within one is, by a stream or storage
// that it has.
type oleKind struct {
	entry string // its name, in lower case
	name  string // of the format
	read  func(o *ole) Reason
}

// oleKinds returns the kinds that are known. The first that fits counts.
func oleKinds() []oleKind {
	return []oleKind{
		{"encryptedpackage", "ooxml", whyOnly(Encrypted)},
		{"worddocument", "doc", readDOC},
		{"workbook", "xls", readXLS},
		{"book", "xls", readXLS},
		{"powerpoint document", "ppt", readPPT},
		{"__properties_version1.0", "msg", readMSG},
		{"\x01ole10native", "ole-object", readOle10Native},
		{"package", "ole-object", readOlePackage},
		{"contents", "ole-object", readOleContents},
		{"catalog", "thumbs", whyOnly(NotADocument)},
		{"visiodocument", "visio", whyOnly(Unsupported)},
		{"quill", "publisher", whyOnly(Unsupported)},
		{"\x05hwpsummaryinformation", "hwp", whyOnly(Unsupported)},
		{"fileheader", "hwp", whyOnly(Unsupported)},
		{"\x05projdata", "project", whyOnly(Unsupported)},
		{"matost", "works", whyOnly(Unsupported)},
		{"equation native", "ole-object", whyOnly("")},
	}
}

// classMSI is the class of installer packages, 000C1084-0000-0000-C000-000000000046, and
// of the patches and transforms of them (1086, 1082), without its third byte.
const classMSI = "\x00\x0c\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46"

// ole is a storage of a compound file that is read as a document.
type ole struct {
	d       *document
	c       *compound
	storage int
}

func whyOnly(why Reason) func(*ole) Reason { return func(*ole) Reason { return why } }

// readOLE reads a compound file: Word, Excel and PowerPoint to 2003, Outlook messages,
// and the objects embedded in them.
func readOLE(d *document) Reason {
	at, size, why := d.random()
	if why != "" {
		return why
	}
	c, why := openCompound(at, size)
	if why != "" {
		return why
	}
	return (&ole{d: d, c: c}).read()
}

// read reads the storage as what it is.
func (o *ole) read() Reason {
	names := make(map[string]bool)
	for _, id := range o.c.children(o.storage) {
		names[strings.ToLower(o.c.items[id].name)] = true
	}
	why := Unsupported
	o.d.name = "ole"
	if class := o.c.items[o.storage].class; class[0]&^6 == 0x80 && class[1] == 0x10 && string(class[2:4])+string(class[4:]) == classMSI[:2]+classMSI[3:] {
		o.d.name = "msi"
		return NotADocument
	}
	for _, k := range oleKinds() {
		if names[k.entry] {
			o.d.name = k.name
			why = k.read(o)
			break
		}
	}
	if o.c.damaged && why == "" {
		why = Damaged
	}
	return why
}

// inner reads a storage within o as a document of its own: an embedded object, or a
// message within a message.
func (o *ole) inner(storage int) (stop Reason) {
	x := o.d.x
	o.d.endText()
	if o.d.depth+1 > x.limits.Depth {
		x.note(LimitDepth)
		return ""
	}
	if x.work.entries >= x.limits.Entries {
		return LimitEntries
	}
	x.work.entries++
	d := x.take()
	defer x.drop(d, 0)
	*d = document{x: x, depth: o.d.depth + 1}
	x.note((&ole{d: d, c: o.c, storage: storage}).read())
	d.endText()
	return x.spent()
}

// objects reads the objects that are embedded in the storage: storages whose name has
// the prefix, or all in the storage of that name.
func (o *ole) objects(prefix string) Reason {
	for _, id := range o.c.children(o.storage) {
		it := &o.c.items[id]
		if it.kind != cfbStorage || !strings.HasPrefix(it.name, prefix) {
			continue
		}
		if it.name != prefix {
			if why := o.inner(id); why != "" {
				return why
			}
			continue
		}
		for _, id := range o.c.children(id) {
			if o.c.items[id].kind != cfbStorage {
				continue
			}
			if why := o.inner(id); why != "" {
				return why
			}
		}
	}
	return ""
}

// stream returns a stream of the storage by name, or nil.
func (o *ole) stream(name string) *stream {
	id, ok := o.c.find(o.storage, name)
	if !ok || o.c.items[id].kind != cfbStream {
		return nil
	}
	return o.c.open(id)
}

// nestedStream reads a stream as a document.
func (o *ole) nestedStream(s *stream, from int64) Reason {
	if s == nil || s.size <= from {
		return ""
	}
	if !s.whole {
		o.d.x.note(Damaged)
	}
	return o.nestedPart(s, from, s.size-from)
}

// nestedPart reads a part of a stream as a document.
func (o *ole) nestedPart(s *stream, at, n int64) Reason {
	return o.d.nested(io.NewSectionReader(s, at, n), n)
}

// readOlePackage reads an embedded file of a newer office format.
func readOlePackage(o *ole) Reason { return o.nestedStream(o.stream("Package"), 0) }

// readOleContents reads an embedded document of a program that keeps it in one stream.
func readOleContents(o *ole) Reason { return o.nestedStream(o.stream("CONTENTS"), 0) }

// readOle10Native reads an embedded file of the Windows packager ([MS-OLEDS] 2.3.6 and
// what the packager puts there): a size, two names, a path and the file.
func readOle10Native(o *ole) Reason {
	s := o.stream("\x01Ole10Native")
	if s == nil || s.size < 6 {
		return Damaged
	}
	head := make([]byte, min(s.size, 4096))
	n, err := io.ReadFull(s.reader(), head)
	if err != nil {
		return reasonOf(err)
	}
	at, size, ok := packagedFile(head[:n])
	if !ok || at+size > s.size { // an object of a program that is not known
		return o.nestedStream(s, 4)
	}
	return o.d.nested(io.NewSectionReader(s, at, size), size)
}

// packagedFile finds the file in what the packager wrote.
func packagedFile(b []byte) (at, size int64, ok bool) {
	p := 6
	text := func() {
		if i := bytes.IndexByte(b[min(p, len(b)):], 0); i >= 0 {
			p += i + 1
		} else {
			p = len(b) + 1
		}
	}
	text() // label
	text() // file name
	p += 4
	if p+4 > len(b) {
		return 0, 0, false
	}
	p += 4 + int(min(binary.LittleEndian.Uint32(b[p:]), 1<<16)) // path in the temporary folder
	if p+4 > len(b) {
		return 0, 0, false
	}
	return int64(p) + 4, int64(binary.LittleEndian.Uint32(b[p:])), true
}
