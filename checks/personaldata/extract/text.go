package extract

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf8"
)

// readText gives a text in ASCII, UTF-8 or Windows-1252 to the sink as it is.
func readText(d *document) Reason {
	d.beginText(Bytes)
	skip := 0
	if hasPrefix(d.head, "\xef\xbb\xbf") {
		skip = 3
	}
	var why Reason
	if switchesCharset(d.head) {
		why = Undecoded
	}
	for {
		block, err := d.next(d.r)
		if bytes.IndexByte(block, 0) >= 0 {
			why = Binary // not what the head promised; what text there is still counts
		}
		if len(block) > skip {
			d.write(block[skip:])
		}
		skip = max(0, skip-len(block))
		if errors.Is(err, io.EOF) {
			return why
		}
		if err != nil {
			return reasonOf(err)
		}
	}
}

// readUTF16 reads a text in UTF-16: one that is HTML or XML as such, any other goes to the
// sink as it is, without its byte order mark.
func readUTF16(enc Encoding) func(d *document) Reason {
	return func(d *document) Reason {
		head := d.head
		if hasPrefix(head, "\xff\xfe") || hasPrefix(head, "\xfe\xff") {
			head = head[2:]
			var mark [2]byte
			if _, err := io.ReadFull(d.r, mark[:]); err != nil {
				return reasonOf(err)
			}
		}
		if narrow := head[:min(len(head), 1<<10)]; enc == UTF16LE && hasPrefix(narrow, "<\x00") || enc == UTF16BE && hasPrefix(narrow, "\x00<") {
			if enc == UTF16BE {
				narrow = narrow[1:]
			}
			if name, ok := isMarkup(everySecond(narrow)); ok {
				return d.narrowed(enc, format{name: name})
			}
		}
		return d.copyUTF16(enc)
	}
}

// copyUTF16 gives a text in UTF-16 to the sink. One that is no text holds characters that
// nobody writes: halves of pairs, controls, and those that have no meaning.
func (d *document) copyUTF16(enc Encoding) Reason {
	order := binary.ByteOrder(binary.LittleEndian)
	if enc == UTF16BE {
		order = binary.BigEndian
	}
	d.beginText(enc)
	defer d.endText()
	units, odd := 0, 0
	for {
		block, err := d.next(d.r)
		if len(block) > 0 {
			units += len(block) / 2
			odd += oddUnits(block, order)
			d.write(block)
		}
		switch {
		case errors.Is(err, io.EOF) && odd*50 > units:
			return Binary
		case errors.Is(err, io.EOF):
			return ""
		case err != nil:
			return reasonOf(err)
		}
	}
}

// oddUnits counts the units of UTF-16 in b that no text has many of. A pair that b cuts
// counts as one.
func oddUnits(b []byte, order binary.ByteOrder) (odd int) {
	for i := 0; i+1 < len(b); i += 2 {
		switch u := order.Uint16(b[i:]); {
		case u >= 0x20 && u < 0xD800, u == '\t', u == '\n', u == '\r', u == '\f', u >= 0xF900 && u < 0xFFFE:
		case u < 0xDC00 && u >= 0xD800 && i+3 < len(b) && order.Uint16(b[i+2:])&0xFC00 == 0xDC00:
			i += 2
		default:
			odd++
		}
	}
	return odd
}

// narrowed reads a document in UTF-16 as what it is in UTF-8.
func (d *document) narrowed(enc Encoding, f format) Reason {
	var in utf16Reader
	defer in.wipe()
	raw := d.in // what d.r was
	in.reset(enc, nil, &raw)
	first := make([]byte, headBytes)
	defer clear(first)
	n, err := io.ReadFull(&in, first)
	d.head, d.at, d.size = first[:n], nil, -1
	rest := io.Reader(&in)
	if err != nil {
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			d.x.note(reasonOf(err))
		}
		rest = failed{}
	}
	d.in = replay{first: d.head, rest: rest}
	d.r = &d.in
	d.name = f.name
	return f.reader()(d)
}

// utf32Text gives a text in UTF-32 to the sink as UTF-8.
func utf32Text(order binary.ByteOrder) func(d *document) Reason {
	return func(d *document) Reason {
		d.beginText(Bytes)
		var why Reason
		var unit [4]byte
		n := 0
		for {
			block, err := d.next(d.r)
			out := d.x.scratch.text[:0]
			for _, c := range block {
				unit[n] = c
				if n++; n < len(unit) {
					continue
				}
				n = 0
				r := rune(order.Uint32(unit[:]))
				if !utf8.ValidRune(r) {
					why, r = Damaged, utf8.RuneError
				}
				if r != 0xFEFF {
					out = utf8.AppendRune(out, r)
				}
			}
			d.x.scratch.text = out
			d.write(out)
			switch {
			case errors.Is(err, io.EOF) && n > 0:
				return Damaged
			case errors.Is(err, io.EOF):
				return why
			case err != nil:
				return reasonOf(err)
			}
		}
	}
}
