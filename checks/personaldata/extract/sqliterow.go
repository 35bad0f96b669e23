package extract

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
)

const (
	maxRowValues = 32767 + 8 // columns of a table, at most
	sqliteBlob   = 64        // bytes of a BLOB that may not be understood without a reason given
)

// row is a record taken apart.
type row struct {
	values []value
	whole  bool
}

// value is a value of a record: its type and its bytes.
type value struct {
	kind int64
	b    []byte
}

// parse takes a record apart. Values that are cut off are left out.
func (r *row) parse(b []byte) {
	r.values, r.whole = r.values[:0], false
	size, n := varint(b)
	if n == 0 || size < int64(n) || size > int64(len(b)) {
		return
	}
	head, body := b[n:size], b[size:]
	for len(head) > 0 && len(r.values) < maxRowValues {
		kind, n := varint(head)
		if n == 0 || kind < 0 || kind == 10 || kind == 11 {
			return
		}
		head = head[n:]
		k := sizeOf(kind)
		if k > int64(len(body)) {
			if len(body) > 0 && kind >= 12 {
				r.values = append(r.values, value{kind, body})
			}
			return
		}
		r.values = append(r.values, value{kind, body[:k]})
		body = body[k:]
	}
	r.whole = len(head) == 0
}

// sizeOf returns the bytes of a value of a type.
func sizeOf(kind int64) int64 {
	switch {
	case kind >= 12:
		return (kind - 12) / 2
	case kind <= 4:
		return kind
	case kind == 5:
		return 6
	case kind <= 7:
		return 8
	}
	return 0
}

// integer returns the value as a whole number; of others 0.
func (v value) integer() int64 {
	if v.kind == 9 {
		return 1
	}
	if v.kind > 6 || len(v.b) == 0 {
		return 0
	}
	n := int64(int8(v.b[0])) // it is signed
	for _, c := range v.b[1:] {
		n = n<<8 | int64(c)
	}
	return n
}

// text returns a text as UTF-8, good until the next call.
func (db *database) text(v value) []byte {
	if v.kind < 13 || v.kind%2 == 0 {
		return nil
	}
	switch db.p.encoding {
	case 2:
		db.first = appendUTF16(db.first[:0], v.b)
		return db.first
	case 3:
		db.first = appendUTF16(db.first[:0], swapped(v.b))
		return db.first
	}
	return v.b
}

// record writes a row. T may be nil: a row of which the table is not known.
func (db *database) record(b []byte, id int64, t *table, index bool) {
	db.row.parse(b)
	if !db.row.whole {
		db.p.damaged = true
	}
	values := db.row.values
	count := len(values)
	if t != nil && !index {
		count = max(count, 1)
	}
	for i := range min(count, len(values)) {
		if i > 0 {
			db.out.next()
		}
		k := i
		if t != nil && index && i < len(t.stored) {
			if k = t.stored[i]; k >= len(values) {
				continue
			}
		}
		v := values[k]
		if t != nil && !index && i == t.rowid && v.kind == 0 {
			var n [24]byte
			db.out.cell(strconv.AppendInt(n[:0], id, 10))
			continue
		}
		db.value(v)
	}
	db.out.newline()
	db.blobs(t)
}

// value writes a value into its cell.
func (db *database) value(v value) {
	var n [400]byte
	switch {
	case v.kind == 0:
	case v.kind == 7:
		f := math.Float64frombits(binary.BigEndian.Uint64(v.b))
		if !math.IsNaN(f) && !math.IsInf(f, 0) {
			db.out.cell(strconv.AppendFloat(n[:0], f, 'f', -1, 64))
		}
	case v.kind < 12:
		db.out.cell(strconv.AppendInt(n[:0], v.integer(), 10))
	case v.kind%2 == 1:
		db.out.cell(db.text(v))
	case isText(v.b):
		db.out.cell(v.b)
	case !isDocument(v.b):
		db.first = appendPrintable(db.first[:0], v.b)
		db.out.cell(db.first)
		if len(v.b) >= sqliteBlob && !db.unknown {
			db.unknown = true
			db.d.x.note(Undecoded)
		}
	}
}

// isDocument tells whether a binary value is a document of a known format.
func isDocument(b []byte) bool {
	if len(b) < sqliteBlob {
		return false
	}
	f := formatOf(b[:min(len(b), headBytes)])
	return f.why != Unknown && f.why != Undecoded && f.name != "text"
}

// blobs reads the binary values of the row at hand that are documents, after the row.
func (db *database) blobs(t *table) {
	for _, v := range db.row.values {
		if v.kind < 12 || v.kind%2 == 1 || isText(v.b) || !isDocument(v.b) {
			continue
		}
		db.out.flush()
		if db.out.stop == "" {
			db.out.stop = db.d.nested(bytes.NewReader(v.b), int64(len(v.b)))
		}
		if db.out.stop != "" {
			return
		}
		db.names(t)
	}
}
