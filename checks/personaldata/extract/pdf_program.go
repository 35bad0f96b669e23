package extract

import "encoding/binary"

// programChars takes the characters of a composite font without a map to Unicode from
// the font program that the file carries: its own map from Unicode to glyphs, read
// backwards. It works where codes are the numbers of glyphs, as they nearly always are.
func (p *pdfPages) programChars(f *pdfFont, descendant pdfValue) {
	if gids := p.f.in(descendant, "CIDToGIDMap"); gids.kind == pdfDict {
		return
	}
	descriptor := p.f.in(descendant, "FontDescriptor")
	o, ok := p.f.stream(firstOf(descriptor, "FontFile2", "FontFile3"))
	if !ok {
		return
	}
	b, _ := p.f.decoded(nil, o, pdfStream)
	trueTypeChars(b, func(glyph int, r rune) {
		if g := f.glyph(glyph); g != nil && g.char == 0 {
			f.put(glyph, r)
		}
	})
}

// trueTypeChars calls set for each glyph that the cmap table of a TrueType or OpenType
// font has a character for (OpenType specification, cmap, formats 4 and 12).
func trueTypeChars(b []byte, set func(glyph int, r rune)) {
	at := func(i, n int) int { // the number of n bytes at i, 0 outside
		if i < 0 || i > len(b)-n {
			return 0
		}
		if n == 4 {
			return int(binary.BigEndian.Uint32(b[i:]) & 0x7FFFFFFF)
		}
		return int(binary.BigEndian.Uint16(b[i:]))
	}
	table := 0
	for i := range min(at(4, 2), 64) {
		if k := 12 + 16*i; k+16 <= len(b) && string(b[k:k+4]) == "cmap" {
			table = at(k+8, 4)
		}
	}
	if table == 0 {
		return
	}
	left := pdfCodes
	for i := range min(at(table+2, 2), 16) {
		platform, sub := at(table+4+8*i, 2), table+at(table+8+8*i, 4)
		if platform != 0 && platform != 3 {
			continue
		}
		switch at(sub, 2) {
		case 4:
			segments := at(sub+6, 2) / 2
			for s := range segments {
				end, start := at(sub+14+2*s, 2), at(sub+16+2*segments+2*s, 2)
				delta, offset := at(sub+16+4*segments+2*s, 2), at(sub+16+6*segments+2*s, 2)
				for c := start; c <= end && c < 0xFFFF && left > 0; c++ {
					left--
					glyph := c
					if offset != 0 {
						if glyph = at(sub+16+6*segments+2*s+offset+2*(c-start), 2); glyph == 0 {
							continue
						}
					}
					set((glyph+delta)&0xFFFF, rune(c))
				}
			}
		case 12:
			for g := range min(at(sub+12, 4), pdfCodes) {
				k := sub + 16 + 12*g
				if k >= len(b) {
					break
				}
				start, end, glyph := at(k, 4), at(k+4, 4), at(k+8, 4)
				for c := start; c <= end && left > 0; c++ {
					left--
					set(glyph+c-start, rune(c))
				}
			}
		}
	}
}
