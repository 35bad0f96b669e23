package extract

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// leftovers gives the rows in pages that no table has: freed pages keep what they held.
// Pages of indexes hold copies of what tables hold, and those of free pages again.
func (db *database) leftovers() Reason {
	if db.pages[0] == nil {
		return ""
	}
	b := db.pages[0]
	begun := false
	for n := int64(1); n <= db.p.count(); n++ {
		if db.p.taken(n) {
			continue
		}
		if why := db.p.read(b, n); why != "" {
			return why
		}
		if !begun {
			db.out.begin()
			begun = true
		}
		if why := db.looseRows(b, n); why != "" {
			return why
		}
	}
	return ""
}

// looseRows gives what a page without a table holds: its rows, if it was one of rows, or
// else what can be printed.
func (db *database) looseRows(b []byte, page int64) Reason {
	n := header(b, page)
	switch {
	case n.kind == sqliteInterior:
		return db.out.stop
	case n.cells == nil || !db.plausible(&n):
		rest := db.carve(b[:db.p.usable], true, func(record []byte, id int64) bool {
			db.record(record, id, nil, false)
			return db.out.stop == ""
		})
		db.out.printable(rest)
		return db.out.stop
	}
	damaged := db.p.damaged
	for i := 0; i+1 < len(n.cells) && db.out.stop == ""; i += 2 {
		at := int(binary.BigEndian.Uint16(n.cells[i:]))
		if n.inner() {
			at += 4
		}
		db.looseRow(b[min(at, db.p.usable):db.p.usable], n.kind == sqliteLeaf)
	}
	db.p.damaged = damaged // what was freed is not damaged
	return db.out.stop
}

// carve looks for rows in bytes that no table has: a row begins with its size, which
// must be what the types of its values add up to. It clears what it found, and returns b.
func (db *database) carve(b []byte, isTable bool, each func(record []byte, id int64) bool) []byte {
	for i := 0; i < len(b); i++ {
		if b[i] < 4 { // no row of interest is as small, and free space is zero
			continue
		}
		size, n := varint(b[i:])
		at, id := i+n, int64(0)
		if isTable && n > 0 {
			id, n = varint(b[at:])
			at += n
		}
		if n == 0 || size > int64(len(b)-at) || size < 4 || !isRecord(b[at:at+int(size)]) {
			continue
		}
		if !each(b[at:at+int(size)], id) {
			break
		}
		i = at + int(size) - 1
		clear(b[at : i+1])
	}
	return b
}

// isRecord tells whether b is a record, to its last byte, with a text or blob in it.
func isRecord(b []byte) bool {
	size, n := varint(b)
	if n == 0 || size <= int64(n) || size > int64(len(b)) {
		return false
	}
	left, texts := int64(len(b))-size, false
	for head := b[n:size]; len(head) > 0; {
		kind, n := varint(head)
		if n == 0 || kind < 0 || kind == 10 || kind == 11 {
			return false
		}
		head = head[n:]
		texts = texts || kind >= 12+2*4
		if left -= sizeOf(kind); left < 0 {
			return false
		}
	}
	return left == 0 && texts
}

// plausible tells whether all cells of a page are where they can be.
func (db *database) plausible(n *btreePage) bool {
	for i := 0; i+1 < len(n.cells); i += 2 {
		if at := int(binary.BigEndian.Uint16(n.cells[i:])); at < n.end || at+4 > db.p.usable {
			return false
		}
	}
	return len(n.cells) > 0
}

// looseRow gives a row as far as it is in its page.
func (db *database) looseRow(c []byte, isTable bool) {
	size, n := varint(c)
	c = c[n:]
	id := int64(0)
	if isTable {
		id, n = varint(c)
		c = c[n:]
	}
	if n == 0 || size < 0 || size > db.p.size {
		return
	}
	c = c[:min(len(c), db.local(size, isTable))]
	db.record(c, id, nil, !isTable)
}

// readWAL reads the log that stands beside a database while it is in use
// (sqlite.org/fileformat2.html, 4.1): its newest pages, without names of columns.
func readWAL(d *document) Reason {
	const walHeader, frameHeader = 32, 24
	return readFrames(d, func(h []byte) (page int, from, step int64) {
		page = int(binary.BigEndian.Uint32(h[8:]))
		return page, walHeader + frameHeader, int64(page) + frameHeader
	})
}

// readJournal reads a rollback journal (sqlite.org/fileformat2.html, 3): pages as they
// were before a change.
func readJournal(d *document) Reason {
	return readFrames(d, func(h []byte) (page int, from, step int64) {
		page = int(binary.BigEndian.Uint32(h[24:]))
		return page, int64(binary.BigEndian.Uint32(h[20:])) + 4, int64(page) + 8
	})
}

// readFrames reads pages that stand in a file at even distances.
func readFrames(d *document, layout func(h []byte) (page int, from, step int64)) Reason {
	at, size, why := d.random()
	if why != "" {
		return why
	}
	var h [32]byte
	if n, err := at.ReadAt(h[:], 0); n < len(h) {
		if errors.Is(err, io.EOF) {
			return Damaged
		}
		return reasonOf(err)
	}
	page, from, step := layout(h[:])
	db := &database{d: d, out: lines{d: d}}
	if !db.open(at, size, page, 0, 0) {
		return Damaged
	}
	defer db.wipe()
	db.pages[0] = make([]byte, page)
	b := db.pages[0]
	db.out.begin()
	defer db.out.end()
	for off := from; off+int64(page) <= size; off += step {
		if n, err := at.ReadAt(b, off); n < len(b) {
			return reasonOf(err)
		}
		number := int64(2)
		if bytes.HasPrefix(b, []byte("SQLite format 3\x00")) {
			number = 1
			db.p.encoding = binary.BigEndian.Uint32(b[56:])
		}
		if why := db.looseRows(b, number); why != "" {
			return why
		}
	}
	return db.out.stop
}
