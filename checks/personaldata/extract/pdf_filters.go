package extract

import (
	"bytes"
)

// pdfFilters is how many filters of one stream are followed.
const pdfFilters = 6

// decoded returns the content of a stream, most bytes at the most, behind dst (which
// may be reused). The reason says why it is not whole: damaged, too long, a picture or
// in a filter that is not known.
func (f *pdfFile) decoded(dst []byte, o pdfObject, most int) ([]byte, Reason) {
	raw, why := f.raw(o)
	if why != "" {
		return nil, why
	}
	filters, params := f.filters(o.value)
	if len(filters) == 0 {
		f.x.work.made += int64(min(len(raw), most)) // a form may be run again and again
		return append(dst[:0], raw[:min(len(raw), most)]...), ""
	}
	for i, name := range filters {
		if i == pdfFilters {
			return nil, Undecoded
		}
		if stop := f.x.spent(); stop != "" {
			return nil, stop
		}
		var out []byte
		whole := true
		switch name {
		case "FlateDecode", "Fl":
			out, whole = f.inflate(dst[:0], raw, most)
		case "LZWDecode", "LZW":
			out, whole = pdfLZW(raw, most, params[i].get("EarlyChange").kind != pdfNumber || params[i].get("EarlyChange").int() != 0)
		case "ASCII85Decode", "A85":
			out = pdfASCII85(raw)
		case "ASCIIHexDecode", "AHx":
			out, _ = pdfHex(nil, append([]byte{'<'}, raw...))
		case "RunLengthDecode", "RL":
			out, whole = pdfRunLength(raw, most)
		case "Crypt":
			out = bytes.Clone(raw)
		case "DCTDecode", "DCT", "JPXDecode", "CCITTFaxDecode", "CCF", "JBIG2Decode":
			return nil, NoText
		default:
			return nil, Undecoded
		}
		if name != "Crypt" {
			f.x.work.made += int64(len(out))
		}
		if !whole {
			why = Damaged
			if len(out) >= most {
				why = LimitHeld
			}
		}
		raw, dst = pdfPredicted(out, f.resolveAll(params[i])), nil
	}
	return raw, why
}

// filters returns the names of a stream's filters and the parameters of each.
func (f *pdfFile) filters(stream pdfValue) (names []string, params []pdfValue) {
	filter, parm := f.resolve(firstOf(stream, "Filter", "F")), f.resolve(firstOf(stream, "DecodeParms", "DP"))
	switch filter.kind {
	case pdfName:
		if parm.kind == pdfArray && len(parm.list) > 0 {
			parm = f.resolve(parm.list[0])
		}
		return []string{string(filter.text)}, []pdfValue{parm}
	case pdfArray:
		for i, v := range filter.list[:min(len(filter.list), pdfFilters+1)] {
			names = append(names, string(f.resolve(v).text))
			var p pdfValue
			if parm.kind == pdfArray && i < len(parm.list) {
				p = f.resolve(parm.list[i])
			}
			params = append(params, p)
		}
	case pdfNull, pdfNumber, pdfString, pdfDict, pdfRef, pdfWord, pdfEnd:
	}
	return names, params
}

// firstOf returns what a dictionary has under the first of two names that it has.
func firstOf(v pdfValue, names ...string) pdfValue {
	for _, n := range names {
		if got := v.get(n); got.kind != pdfNull {
			return got
		}
	}
	return pdfValue{}
}

// inflate undoes zlib (RFC 1950). The checksum is not looked at: a wrong one takes
// nothing from the text. Bytes before the header, which some writers leave, are skipped.
func (f *pdfFile) inflate(dst, src []byte, most int) ([]byte, bool) {
	for len(src) > 0 && (src[0] == '\r' || src[0] == '\n') {
		src = src[1:]
	}
	if len(src) > 2 && src[0]&0xF == 8 && (uint(src[0])<<8|uint(src[1]))%31 == 0 {
		src = src[2:]
	}
	return f.inflater.inflate(dst, src, most)
}

// pdfASCII85 undoes base 85 (ISO 32000-1, 7.4.3).
func pdfASCII85(src []byte) []byte {
	src = bytes.TrimPrefix(bytes.TrimSpace(src), []byte("<~"))
	out := make([]byte, 0, len(src)/5*4+4)
	group, n := uint32(0), 0
	for _, c := range src {
		switch {
		case c == 'z' && n == 0:
			out = append(out, 0, 0, 0, 0)
			continue
		case c == '~':
			src = nil
		case c < '!' || c > 'u':
			continue
		default:
			group = group*85 + uint32(c-'!')
			n++
		}
		if src == nil {
			break
		}
		if n == 5 {
			out = append(out, byte(group>>24), byte(group>>16), byte(group>>8), byte(group))
			group, n = 0, 0
		}
	}
	if n > 1 {
		for i := n; i < 5; i++ {
			group = group*85 + 84
		}
		last := [4]byte{byte(group >> 24), byte(group >> 16), byte(group >> 8), byte(group)}
		out = append(out, last[:n-1]...)
	}
	return out
}

// pdfRunLength undoes run lengths (ISO 32000-1, 7.4.5).
func pdfRunLength(src []byte, most int) (out []byte, whole bool) {
	for i := 0; i < len(src) && len(out) < most; {
		n := int(src[i])
		i++
		switch {
		case n == 128:
			return out, true
		case n < 128:
			end := min(i+n+1, len(src))
			out = append(out, src[i:end]...)
			i = end
		case i < len(src):
			out = append(out, bytes.Repeat(src[i:i+1], 257-n)...)
			i++
		}
	}
	return out, len(out) < most
}

// pdfLZW undoes LZW with codes of 9 to 12 bits (ISO 32000-1, 7.4.4). Early: codes grow
// one code before they must.
func pdfLZW(src []byte, most int, early bool) (out []byte, whole bool) {
	const clearCode, endCode = 256, 257
	// A code stands for the bytes of out where it was made, and the one behind them.
	var at, size [4096]int32
	next, width, last := 258, 9, -1
	hold, have := uint32(0), 0
	lead := 0
	if early {
		lead = 1
	}
	for _, c := range src {
		hold = hold<<8 | uint32(c)
		if have += 8; have < width {
			continue
		}
		have -= width
		code := int(hold>>have) & (1<<width - 1)
		switch {
		case code == clearCode:
			next, width, last = 258, 9, -1
			continue
		case code == endCode:
			return out, true
		case len(out) > most:
			return out, false
		}
		begin := int32(len(out))
		switch {
		case code < 256:
			out = append(out, byte(code))
		case code < next:
			out = append(out, out[at[code]:at[code]+size[code]]...)
		case code == next && last >= 0: // the one that is being made
			out = append(out, out[last:]...)
			out = append(out, out[last])
		default:
			return out, false
		}
		if last >= 0 && next < 4096 {
			at[next], size[next] = int32(last), begin-int32(last)+1
			next++
		}
		last = int(begin)
		if next+lead >= 1<<width && width < 12 {
			width++
		}
	}
	return out, true
}

// pdfPredicted undoes the predictor of a stream's parameters, PNG's or TIFF's, in place.
func pdfPredicted(b []byte, params pdfValue) []byte {
	predictor := params.get("Predictor").int()
	if predictor < 2 {
		return b
	}
	within := func(name string, otherwise, most int) int {
		if v := params.get(name); v.kind == pdfNumber {
			return min(max(v.int(), 1), most)
		}
		return otherwise
	}
	colors, depth, columns := within("Colors", 1, 32), within("BitsPerComponent", 8, 16), within("Columns", 1, 1<<20)
	pixel, row := (colors*depth+7)/8, (colors*depth*columns+7)/8
	if predictor == 2 {
		if depth != 8 {
			return b
		}
		for start := 0; start < len(b); start += row {
			line := b[start:min(start+row, len(b))]
			for i := pixel; i < len(line); i++ {
				line[i] += line[i-pixel]
			}
		}
		return b
	}
	out := b[:0]
	above := make([]byte, row)
	for start := 0; start < len(b); start += row + 1 {
		kind, line := b[start], b[start+1:min(start+1+row, len(b))]
		pngLine(kind, line, above, pixel)
		copy(above, line)
		out = append(out, line...) // the lines move down, one byte more for each
	}
	return out
}

// pngLine undoes the filter of one line of a PNG (RFC 2083, section 6).
func pngLine(kind byte, line, above []byte, pixel int) {
	for i := range line {
		var left, corner int
		if i >= pixel {
			left, corner = int(line[i-pixel]), int(above[i-pixel])
		}
		up := int(above[i])
		switch kind {
		case 1:
			line[i] += byte(left)
		case 2:
			line[i] += byte(up)
		case 3:
			line[i] += byte((left + up) / 2)
		case 4:
			line[i] += byte(paeth(left, up, corner))
		}
	}
}

// paeth returns which of its neighbours a byte is most like. The corner for the next
// bytes is that of the line above, which pngLine keeps apart.
func paeth(left, up, corner int) int {
	p := left + up - corner
	a, b, c := max(p-left, left-p), max(p-up, up-p), max(p-corner, corner-p)
	switch {
	case a <= b && a <= c:
		return left
	case b <= c:
		return up
	}
	return corner
}
