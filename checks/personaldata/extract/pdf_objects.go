package extract

import (
	"bytes"
	"errors"
	"io"
)

const (
	pdfObjects  = 1 << 21  // numbers of objects are below this
	pdfWhole    = 8 << 20  // a file of up to this size is read at once
	pdfWindow   = 1 << 20  // of a larger one is looked at, at a time
	pdfStream   = 24 << 20 // of one stream, inflated or not
	pdfDefs     = 4 << 20  // of one object without its stream
	pdfKept     = 16 << 20 // of inflated object streams
	pdfTrailers = 64       // are remembered
)

// A pdfPlace says where an object is: its offset in the file, or that of its object
// stream and its index there plus one, in the low 20 bits. Zero: nowhere.
type pdfPlace uint64

// A pdfObject is an object that was found.
type pdfObject struct {
	value pdfValue
	num   int
	gen   int
	data  int64 // offset of its stream in the file, or 0
	cost  int   // values it is made of
}

// A pdfFile finds objects in a file. What the file says about where its objects are (the
// cross-reference table) is not used: in damaged files it is wrong, and in the others a
// search for them takes less time than is spent on one page.
type pdfFile struct {
	x        *Extractor
	at       io.ReaderAt
	size     int64
	held     []byte // all of the file, or nil
	window   []byte
	rawBytes []byte // of the stream at hand, when the file is not held
	head     []byte // of an object stream
	inflater inflater
	crypt    *pdfCrypt

	places   []pdfPlace // by object number
	streams  []pdfStreamPlace
	trailers []pdfValue
	objects  map[int]pdfObject
	cost     int        // values in objects
	lists    []pdfValue // a buffer of the lexer
	contents map[int64]*pdfObjectStream
	keptSize int
	resolves int // depth
}

// A pdfStreamPlace is an object stream that index met.
type pdfStreamPlace struct {
	num int
	off int64
}

// A pdfObjectStream is one that was inflated.
type pdfObjectStream struct {
	b    []byte
	offs []int // where the objects begin
}

// open reads the file, or prepares to read it in windows.
func (f *pdfFile) open() Reason {
	if f.size <= pdfWhole {
		f.held = make([]byte, f.size)
		n, err := io.ReadFull(io.NewSectionReader(f.at, 0, f.size), f.held)
		f.held = f.held[:n]
		f.size = int64(n)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			return reasonOf(err)
		}
		return ""
	}
	f.window = make([]byte, pdfWindow)
	return ""
}

// wipe clears what the file left in memory.
func (f *pdfFile) wipe() {
	clear(f.held)
	clear(f.window)
	clear(f.rawBytes[:cap(f.rawBytes)])
	clear(f.head[:cap(f.head)])
	for _, s := range f.contents {
		clear(s.b)
	}
}

// region returns up to n bytes of the file from off on. Bytes of a file that is not
// held are put into buf if it is large enough.
func (f *pdfFile) region(buf []byte, off int64, n int) ([]byte, Reason) {
	if off < 0 || off >= f.size || n <= 0 {
		return nil, ""
	}
	n = int(min(int64(n), f.size-off))
	if f.held != nil {
		return f.held[off : off+int64(n)], ""
	}
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	got, err := f.at.ReadAt(buf[:n], off)
	if err != nil && !errors.Is(err, io.EOF) {
		return buf[:got], reasonOf(err)
	}
	return buf[:got], ""
}

// objectStream returns the inflated object stream at off.
func (f *pdfFile) objectStream(off int64) *pdfObjectStream {
	if s := f.contents[off]; s != nil {
		return s
	}
	s := &pdfObjectStream{}
	f.contents[off] = s // before it is read: it may claim to stand in itself
	o, ok := f.at0(off)
	if !ok {
		return s
	}
	b, why := f.decoded(nil, o, pdfStream)
	f.x.note(why)
	first := o.value.get("First").int()
	if first <= 0 || first > len(b) {
		return s
	}
	if f.keptSize += len(b); f.keptSize > pdfKept {
		clear(f.contents)
		f.contents[off] = s
		f.keptSize = len(b)
	}
	s.b = b
	l := pdfLexer{b: b[:first]}
	for range min(o.value.get("N").int(), 1<<20-2) {
		num, at := l.token(), l.token()
		if num.kind != pdfNumber || at.kind != pdfNumber {
			break
		}
		s.offs = append(s.offs, first+max(at.int(), 0))
	}
	return s
}

// object returns the object of a number.
func (f *pdfFile) object(num int) (pdfObject, bool) {
	if num <= 0 || num >= len(f.places) || f.places[num] == 0 {
		return pdfObject{}, false
	}
	if o, ok := f.objects[num]; ok {
		return o, true
	}
	p := f.places[num]
	var o pdfObject
	ok := false
	if i := int(p & (1<<20 - 1)); i == 0 {
		o, ok = f.at0(int64(p >> 20))
		ok = ok && o.num == num
	} else if s := f.objectStream(int64(p >> 20)); i <= len(s.offs) && s.offs[i-1] < len(s.b) {
		l := pdfLexer{b: s.b[s.offs[i-1]:], left: pdfValues, open: f.lists}
		o, ok = pdfObject{value: l.value(0), num: num, cost: pdfValues - l.left}, true
		f.lists = l.open
	}
	if !ok {
		return pdfObject{}, false
	}
	if f.cost += o.cost; len(f.objects) >= 512 || f.cost > pdfValues {
		clear(f.objects)
		f.cost = o.cost
	}
	f.objects[num] = o
	return o, true
}

// at0 reads the object that begins at an offset of the file.
func (f *pdfFile) at0(off int64) (pdfObject, bool) {
	for n := 4 << 10; ; n *= 16 {
		if f.held != nil {
			n = pdfDefs
		}
		b, _ := f.region(nil, off, n)
		l := pdfLexer{b: b, left: pdfValues, open: f.lists}
		num, gen, word := l.token(), l.token(), l.token()
		if num.kind != pdfNumber || gen.kind != pdfNumber || string(word.text) != "obj" {
			return pdfObject{}, false
		}
		o := pdfObject{value: l.value(0), num: num.int(), gen: gen.int()}
		o.cost, f.lists = pdfValues-l.left, l.open
		after := l.token()
		if after.kind == pdfEnd && len(b) == n && n < pdfDefs {
			continue // the object is longer than what was read
		}
		if o.value.kind == pdfDict && string(after.text) == "stream" {
			i := l.pos
			if i < len(b) && b[i] == '\r' {
				i++
			}
			if i < len(b) && b[i] == '\n' {
				i++
			}
			o.data = off + int64(i)
		}
		f.crypt.strings(&o.value, o.num, o.gen)
		return o, true
	}
}

// bytesOf returns the first bytes of an object, without reading it.
func (f *pdfFile) bytesOf(num int) []byte {
	if num <= 0 || num >= len(f.places) || f.places[num] == 0 {
		return nil
	}
	p := f.places[num]
	off := int64(p >> 20)
	if i := int(p & (1<<20 - 1)); i > 0 {
		s := f.objectStream(off)
		if i > len(s.offs) || s.offs[i-1] >= len(s.b) {
			return nil
		}
		end := len(s.b)
		if i < len(s.offs) {
			end = min(max(s.offs[i], s.offs[i-1]), end)
		}
		return s.b[s.offs[i-1]:end]
	}
	b, _ := f.region(nil, off, pdfAhead)
	if k := bytes.Index(b, []byte("endobj")); k >= 0 {
		b = b[:k]
	}
	return b
}

// resolve follows references to a value.
func (f *pdfFile) resolve(v pdfValue) pdfValue {
	for range 8 {
		if v.kind != pdfRef {
			return v
		}
		if f.resolves > 8 {
			break
		}
		f.resolves++
		o, _ := f.object(int(v.num))
		f.resolves--
		v = o.value
	}
	return pdfValue{}
}

// resolveAll follows references to a dictionary and to what is in it.
func (f *pdfFile) resolveAll(v pdfValue) pdfValue {
	v = f.resolve(v)
	for i := 1; i < len(v.list) && v.kind == pdfDict; i += 2 {
		if v.list[i].kind == pdfRef {
			v.list[i] = f.resolve(v.list[i])
		}
	}
	return v
}

// in returns what a dictionary has under a name, with references followed.
func (f *pdfFile) in(v pdfValue, name string) pdfValue {
	return f.resolve(f.resolve(v).get(name))
}

// stream returns the object that a reference leads to.
func (f *pdfFile) stream(v pdfValue) (pdfObject, bool) {
	if v.kind != pdfRef {
		return pdfObject{}, false
	}
	o, ok := f.object(int(v.num))
	return o, ok && o.data > 0
}

// raw returns the bytes of a stream as they are in the file, decrypted.
func (f *pdfFile) raw(o pdfObject) ([]byte, Reason) {
	if o.data <= 0 || o.data >= f.size {
		return nil, Damaged
	}
	length := int64(-1)
	if n := f.resolve(o.value.get("Length")).num; n > 0 && n < float64(f.size) {
		length = int64(n)
		tail, _ := f.region(nil, o.data+length, 24)
		if !bytes.Contains(tail, []byte("endst")) {
			length = -1
		}
	}
	if length > pdfStream {
		return nil, LimitHeld
	}
	var b []byte
	var why Reason
	if length >= 0 {
		b, why = f.region(f.rawBytes, o.data, int(length))
	} else {
		b, why = f.region(f.rawBytes, o.data, pdfStream)
		if k := bytes.Index(b, []byte("endstream")); k >= 0 {
			b = b[:k]
		} else if k := bytes.Index(b, []byte("endobj")); k >= 0 {
			b = b[:k]
		}
	}
	if why != "" {
		return nil, why
	}
	if f.held == nil {
		f.rawBytes = b
	}
	return f.crypt.stream(b, o), ""
}
