package extract

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// Of the table files of dBase III, IV, 5 and 7, FoxPro and Visual FoxPro.
const (
	dbfHeader    = 32
	dbfField     = 32
	dbf7Header   = 68
	dbf7Field    = 48
	dbfMaxFields = 2048
	dbfEnd       = 0x0D // ends the list of fields
)

// dbfTable is the layout of a table.
type dbfTable struct {
	fields []dbfColumn
	begin  int64 // of the records
	width  int   // of a record, with the byte that says whether it is deleted
	count  int64
	visual bool // Visual FoxPro, whose numbers may be binary
	page   int  // number of the code page, 0 when not told
}

// dbfColumn is a field of a record.
type dbfColumn struct {
	name    []byte
	kind    byte
	at, len int
}

// isDBF tells whether a table file begins here: by the date, the sizes and the fields,
// which must fit to each other. The first byte alone is any control character.
func isDBF(head []byte) bool {
	_, ok := dbfLayout(head)
	return ok
}

// dbfLayout understands the header of a table as far as it is in head.
func dbfLayout(head []byte) (t dbfTable, ok bool) {
	if len(head) < dbfHeader+dbfField+1 {
		return t, false
	}
	version := head[0]
	switch version {
	case 0x02, 0x03, 0x04, 0x05, 0x43, 0x63, 0x7B, 0x83, 0x87, 0x8B, 0x8C, 0x8E, 0xCB, 0xE5, 0xEB, 0xF5, 0xFB:
	case 0x30, 0x31, 0x32:
		t.visual = true
	default:
		return t, false
	}
	if head[2] > 12 || head[3] > 31 {
		return t, false
	}
	t.count = int64(binary.LittleEndian.Uint32(head[4:]))
	t.begin = int64(binary.LittleEndian.Uint16(head[8:]))
	t.width = int(binary.LittleEndian.Uint16(head[10:]))
	t.page = dbfCodepage(head[29])
	from, step := dbfHeader, dbfField
	if version&7 == 4 && (t.begin-dbf7Header)%dbf7Field <= 1 && len(head) > dbf7Header && head[dbf7Header] != 0 && head[dbf7Header+32] >= 'A' {
		from, step = dbf7Header, dbf7Field
	}
	if t.begin < int64(from+step) || t.width < 2 {
		return t, false
	}
	at := 1
	for p := from; p+step <= len(head) && int64(p+step) <= t.begin && len(t.fields) < dbfMaxFields; p += step {
		if head[p] == dbfEnd || head[p] == 0 {
			break
		}
		c, ok := dbfColumnOf(head[p:p+step], t.visual)
		if !ok {
			return t, false
		}
		c.at = at
		at += c.len
		t.fields = append(t.fields, c)
		if at > t.width {
			return t, false
		}
	}
	full := int64(len(head)) < t.begin // the header goes on behind head
	return t, len(t.fields) > 0 && (at == t.width || full)
}

// dbfColumnOf understands the description of a field.
func dbfColumnOf(b []byte, visual bool) (c dbfColumn, ok bool) {
	name, at := b[:11], 11
	if len(b) == dbf7Field {
		name, at = b[:32], 32
	}
	if i := bytes.IndexByte(name, 0); i >= 0 {
		name = name[:i]
	}
	c = dbfColumn{name: bytes.TrimRight(name, " "), kind: b[at], len: int(b[at+5])}
	if len(b) == dbf7Field {
		c.len = int(b[at+1])
	} else if c.kind == 'C' && !visual {
		c.len += int(b[at+6]) << 8 // of Clipper: the decimals are the high half
	}
	if len(c.name) == 0 || c.len == 0 {
		return c, false
	}
	for _, v := range c.name {
		if v < ' ' {
			return c, false
		}
	}
	return c, bytes.IndexByte([]byte("CNFDLMGPBIYTVQW@O+0"), c.kind) >= 0
}

// dbfCodepage returns the code page for the language driver of a table.
func dbfCodepage(driver byte) int {
	switch driver {
	case 0x01, 0x09, 0x0B, 0x0D, 0x0F, 0x11, 0x15, 0x18, 0x19, 0x1B:
		return 437
	case 0x02, 0x08, 0x0A, 0x0E, 0x10, 0x12, 0x14, 0x16, 0x1A, 0x1D, 0x25, 0x37:
		return 850
	case 0x03, 0x57, 0x58, 0x59:
		return 1252
	case 0x04:
		return 10000
	case 0x1F, 0x22, 0x23, 0x40, 0x64, 0x87:
		return 852
	case 0x24:
		return 860
	case 0x1C, 0x6C:
		return 863
	case 0x17, 0x66:
		return 865
	case 0xC8:
		return 1250
	case 0xC9:
		return 1251
	}
	return 0
}

// readDBF reads a table: the names of its fields, then all records, also those that are
// marked as deleted. Memos are in a file of their own.
func readDBF(d *document) Reason {
	at, size, why := d.random()
	if why != "" {
		return why
	}
	head := make([]byte, min(size, 1<<16))
	if n, err := at.ReadAt(head, 0); n < len(head) {
		return reasonOf(err)
	}
	t, ok := dbfLayout(head)
	if !ok || t.begin > size {
		return Damaged
	}
	perBlock := max(1, len(d.x.block)/t.width)
	r := dbfReader{d: d, t: &t, out: lines{d: d}, block: d.x.block[:perBlock*t.width]}
	// Records that the header does not count any more are still there.
	there := (size - t.begin) / int64(t.width)
	if t.count > there {
		why = Damaged
	}
	t.count = there
	return cmp.Or(r.read(at), why, r.why)
}

// dbfReader reads the records of a table.
type dbfReader struct {
	d     *document
	t     *dbfTable
	out   lines
	block []byte
	page  *codepage
	why   Reason
}

func (r *dbfReader) read(at io.ReaderAt) Reason {
	r.out.begin()
	defer r.out.end()
	r.names()
	left := r.t.count
	for off := r.t.begin; left > 0 && r.out.stop == ""; {
		b := r.block[:min(int64(len(r.block)), left*int64(r.t.width))]
		n, err := at.ReadAt(b, off)
		r.d.x.used = max(r.d.x.used, n)
		if r.page == nil {
			r.choosePage(b[:n])
		}
		for rec := b[:n]; len(rec) >= r.t.width; rec = rec[r.t.width:] {
			r.record(rec[:r.t.width])
		}
		if n < len(b) {
			if err != nil && !errors.Is(err, io.EOF) {
				return reasonOf(err)
			}
			return Damaged
		}
		off += int64(n)
		left -= int64(n) / int64(r.t.width)
	}
	return r.out.stop
}

// names writes the names of the fields.
func (r *dbfReader) names() {
	for i := range r.t.fields {
		if i > 0 {
			r.out.next()
		}
		r.out.cell(r.t.fields[i].name)
	}
	r.out.newline()
}

// choosePage takes the code page that the header tells, or the one that the first
// records look like: in those of DOS the Spanish letters are below 0xA8, in that of
// Windows above.
func (r *dbfReader) choosePage(b []byte) {
	number := r.t.page
	if number == 0 {
		dos, windows := 0, 0
		for _, c := range b {
			switch {
			case c >= 0xA0 && c <= 0xA5, c == 0x82, c == 0x81, c == 0x90:
				dos++
			case c == 0xE1, c == 0xE9, c == 0xED, c == 0xF3, c == 0xFA, c == 0xF1, c == 0xD1, c == 0xFC, c == 0xC9, c == 0xCD, c == 0xD3:
				windows++
			}
		}
		switch {
		case utf8.Valid(b):
			number = 65001
		case dos > windows:
			number = 850
		default:
			number = 1252
		}
	}
	r.page, _ = codepageOf(number)
}

// record writes a record.
func (r *dbfReader) record(b []byte) {
	for i := range r.t.fields {
		if i > 0 {
			r.out.next()
		}
		f := &r.t.fields[i]
		r.field(f, b[f.at:f.at+f.len])
	}
	r.out.newline()
}

// field writes a field.
func (r *dbfReader) field(f *dbfColumn, b []byte) {
	var buf [400]byte
	switch {
	case f.kind == 'M' || f.kind == 'G' || f.kind == 'P' || f.kind == 'B' && !r.t.visual || f.kind == 'W':
		if len(bytes.Trim(b, " 0\x00")) > 0 {
			r.why = Undecoded // what it points at is in a file of its own
		}
	case f.kind == 'D' && len(b) == 8:
		if len(bytes.Trim(b, " 0\x00")) > 0 {
			r.out.cell(append(append(append(append(append(buf[:0], b[:4]...), '-'), b[4:6]...), '-'), b[6:]...))
		}
	case (f.kind == 'I' || f.kind == '+') && len(b) == 4:
		n := int32(binary.LittleEndian.Uint32(b)) // it is signed
		if !r.t.visual {
			n = int32(binary.BigEndian.Uint32(b) ^ 1<<31) // and its sign turned around in dBase 7
		}
		r.out.cell(strconv.AppendInt(buf[:0], int64(n), 10))
	case f.kind == 'B' && len(b) == 8:
		r.float(math.Float64frombits(binary.LittleEndian.Uint64(b)))
	case f.kind == 'O' && len(b) == 8:
		v := binary.BigEndian.Uint64(b)
		if v&(1<<63) != 0 {
			v ^= 1 << 63
		} else {
			v = ^v
		}
		r.float(math.Float64frombits(v))
	case f.kind == 'Y' && len(b) == 8:
		v := int64(binary.LittleEndian.Uint64(b)) // it is signed
		r.out.cell(strconv.AppendFloat(buf[:0], float64(v)/10000, 'f', -1, 64))
	case f.kind == 'T' && len(b) == 8 && r.t.visual:
		r.moment(b)
	case f.kind == '0' || f.kind == '@' || f.kind == 'Q':
	case f.kind == 'N' || f.kind == 'F':
		r.out.cell(bytes.Trim(b, " \x00"))
	default:
		r.out.cell(r.page.append(buf[:0], bytes.TrimRight(b, " \x00")))
	}
}

func (r *dbfReader) float(f float64) {
	var buf [400]byte
	if !math.IsNaN(f) && !math.IsInf(f, 0) {
		r.out.cell(strconv.AppendFloat(buf[:0], f, 'f', -1, 64))
	}
}

// moment writes a day, counted as astronomers do, and the milliseconds of it.
func (r *dbfReader) moment(b []byte) {
	const julian1970 = 2440588
	day, ms := int64(binary.LittleEndian.Uint32(b)), int64(binary.LittleEndian.Uint32(b[4:]))
	if day == 0 || day > 5373484 || ms >= 86400_000 {
		return
	}
	t := time.Unix((day-julian1970)*86400+(ms+500)/1000, 0).UTC()
	var buf [32]byte
	r.out.cell(t.AppendFormat(buf[:0], time.DateTime))
}
