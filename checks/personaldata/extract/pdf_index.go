package extract

import (
	"bytes"
	"slices"
)

// index notes where the objects begin. Later ones replace those before them, as an
// updated file wants it.
func (f *pdfFile) index() Reason {
	for pos := int64(0); pos < f.size; {
		win, why := f.held, Reason("")
		if f.held == nil {
			win, why = f.region(f.window, pos, pdfWindow)
		}
		if why != "" {
			return why
		}
		if why = f.x.spent(); why != "" {
			return why
		}
		if len(win) == 0 {
			return ""
		}
		next := f.indexWindow(win, pos)
		if next <= pos {
			return ""
		}
		pos = next
	}
	return ""
}

// pdfAhead is how much of an object index looks at, for its stream's length and type.
const pdfAhead = 2048

// indexWindow notes the objects of the file's bytes from base on, and returns the
// offset where to go on.
func (f *pdfFile) indexWindow(win []byte, base int64) int64 {
	last := base+int64(len(win)) >= f.size
	behind := 0 // the last endobj: between it and the next object may be a trailer
	for i := 0; ; {
		k := bytes.Index(win[i:], []byte("obj"))
		if k < 0 {
			f.findTrailers(win[behind:], base+int64(behind))
			if last {
				return f.size
			}
			return base + int64(max(len(win)-32, i+1))
		}
		k += i
		num, start := pdfHeader(win[i:k])
		start += i
		if num <= 0 {
			i = k + 3
			if k > 2 && string(win[k-3:k]) == "end" {
				behind = i
			}
			continue
		}
		if !last && len(win)-k < pdfAhead+64 && start > 0 {
			return base + int64(start)
		}
		if start-behind > 20 {
			f.findTrailers(win[behind:start], base+int64(behind))
		}
		behind = k
		f.place(num, pdfPlace(base+int64(start))<<20)
		i = k + 3
		head := win[i:min(i+pdfAhead, len(win))]
		s := bytes.Index(head, []byte("stream"))
		if s < 0 || bytes.Contains(head[:s], []byte("endobj")) {
			continue
		}
		head = head[:s]
		if bytes.Contains(head, []byte("/ObjStm")) && len(f.streams) < pdfObjects/16 {
			f.streams = append(f.streams, pdfStreamPlace{num, base + int64(start)})
		}
		if bytes.Contains(head, []byte("/XRef")) {
			f.trailer(pdfParse(head))
		}
		end := f.streamEnd(win, base, head, i+s+len("stream"))
		if end > base+int64(len(win)) {
			return end
		}
		i = max(i+s, int(end-base))
		behind = i
	}
}

// pdfHeader reads the numbers before the word obj: b ends with "12 0 ". It returns the
// object's number and where it begins in b, or 0.
func pdfHeader(b []byte) (num, start int) {
	i := len(b)
	space := func() bool {
		before := i
		for i > 0 && pdfClass[b[i-1]] == pdfSpace && before-i < 8 {
			i--
		}
		return i < before
	}
	digits := func() int {
		n, unit, before := 0, 1, i
		for i > 0 && b[i-1]-'0' < 10 && before-i < 10 {
			i--
			n += int(b[i]-'0') * unit
			unit *= 10
		}
		if i == before {
			return -1
		}
		return n
	}
	if !space() || digits() < 0 || !space() {
		return 0, 0
	}
	return digits(), i
}

// streamEnd returns the offset behind a stream whose dictionary says its length, when
// what stands there agrees, or 0. Its bytes need not be looked at then: pictures, and
// PDFs within.
func (f *pdfFile) streamEnd(win []byte, base int64, dict []byte, data int) int64 {
	k := bytes.LastIndex(dict, []byte("/Length"))
	if k < 0 {
		return 0
	}
	l := pdfLexer{b: dict, pos: k + len("/Length"), left: 1}
	length := l.value(0)
	if length.kind != pdfNumber || length.num <= 0 || length.num > float64(f.size) {
		return 0
	}
	end := base + int64(data) + int64(length.num)
	var tail []byte
	if at := end - base; at+16 <= int64(len(win)) {
		tail = win[at : at+16]
	} else {
		tail, _ = f.region(nil, end, 16)
	}
	if !bytes.Contains(tail, []byte("endst")) {
		return 0
	}
	return end
}

// place notes where an object is, unless a later one of its number is known.
func (f *pdfFile) place(num int, p pdfPlace) {
	if num <= 0 || num >= pdfObjects {
		return
	}
	if num >= len(f.places) {
		grown := make([]pdfPlace, min(max(num+1, 2*len(f.places), 256), pdfObjects))
		copy(grown, f.places)
		f.places = grown
	}
	if p >= f.places[num] {
		f.places[num] = p
	}
}

// findTrailers reads the trailers in bytes between objects.
func (f *pdfFile) findTrailers(b []byte, off int64) {
	for {
		k := bytes.Index(b, []byte("trailer"))
		if k < 0 {
			return
		}
		region, _ := f.region(nil, off+int64(k)+7, 4096)
		f.trailer(pdfParse(region))
		b, off = b[k+7:], off+int64(k)+7
	}
}

func (f *pdfFile) trailer(v pdfValue) {
	if v.kind != pdfDict {
		return
	}
	if len(f.trailers) == pdfTrailers {
		f.trailers = append(f.trailers[:0], f.trailers[pdfTrailers/2:]...)
	}
	f.trailers = append(f.trailers, v)
}

// fromTrailer returns what the last trailer that has a name has there.
func (f *pdfFile) fromTrailer(name string) pdfValue {
	for _, trailer := range slices.Backward(f.trailers) {
		if v := trailer.get(name); v.kind != pdfNull {
			return v
		}
	}
	return pdfValue{}
}

// indexStreams notes the objects that stand in object streams.
func (f *pdfFile) indexStreams() Reason {
	for _, s := range f.streams {
		if why := f.x.spent(); why != "" {
			return why
		}
		o, ok := f.at0(s.off)
		if !ok {
			continue
		}
		// Only the numbers at the beginning: most objects are never asked for.
		first := min(max(o.value.get("First").int(), 0), pdfStream)
		head, why := f.decoded(f.head, o, first)
		if why != LimitHeld {
			f.x.note(why)
		}
		f.head = head[:0]
		l := pdfLexer{b: head}
		for i := range min(o.value.get("N").int(), 1<<20-2) {
			num, off := l.token(), l.token()
			if num.kind != pdfNumber || off.kind != pdfNumber {
				break
			}
			f.place(num.int(), pdfPlace(s.off)<<20|pdfPlace(i+1))
		}
	}
	return ""
}
