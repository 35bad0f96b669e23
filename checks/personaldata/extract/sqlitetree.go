package extract

import (
	"encoding/binary"
	"errors"
	"io"
)

// Of the file format of SQLite (sqlite.org/fileformat2.html).
const (
	sqliteHeader    = 100
	sqliteInterior  = 0x05 // kinds of pages of b-trees: of tables
	sqliteLeaf      = 0x0D
	sqliteIndexNode = 0x02 // and of indexes, or of tables without row numbers
	sqliteIndexLeaf = 0x0A
	sqliteDepth     = 32 // levels of a b-tree; no real one has as many
)

// pager knows the pages of a database, and how its texts are stored.
type pager struct {
	at       io.ReaderAt
	size     int64
	page     int // bytes of a page
	usable   int // of them, without what extensions reserve
	encoding uint32
	seen     []uint64 // a bit for each page that was read
	damaged  bool
}

// count returns how many pages the file has.
func (p *pager) count() int64 { return p.size / int64(p.page) }

// take tells whether a page exists and was not taken before, and marks it. So the work
// is never more than the file has pages, whatever they point at.
func (p *pager) take(n int64) bool {
	if n < 1 || n > p.count() || p.seen[n/64]&(1<<(n%64)) != 0 {
		p.damaged = true
		return false
	}
	p.seen[n/64] |= 1 << (n % 64)
	return true
}

func (p *pager) taken(n int64) bool { return p.seen[n/64]&(1<<(n%64)) != 0 }

// read reads a page.
func (p *pager) read(buf []byte, n int64) Reason {
	k, err := p.at.ReadAt(buf[:p.page], (n-1)*int64(p.page))
	if k == p.page {
		return ""
	}
	if err == nil || errors.Is(err, io.EOF) {
		return Damaged
	}
	return reasonOf(err)
}

// tree goes through a b-tree in order, and calls each with every record, its row number,
// and whether it is of an index. It ends with a reason only when it is no use to go on.
func (db *database) tree(root int64, each func(record []byte, id int64, index bool) bool) Reason {
	_, why := db.node(root, 0, each)
	return why
}

// node goes through the b-tree under a page.
func (db *database) node(page int64, level int, each func([]byte, int64, bool) bool) (on bool, why Reason) {
	if level >= sqliteDepth || !db.p.take(page) {
		db.p.damaged = true
		return true, ""
	}
	if db.pages[level] == nil {
		db.pages[level] = make([]byte, db.p.page)
	}
	b := db.pages[level]
	if why := db.p.read(b, page); why != "" {
		if why == Damaged {
			db.p.damaged = true
			return true, ""
		}
		return false, why
	}
	n := header(b, page)
	if n.cells == nil {
		db.p.damaged = true
		return true, ""
	}
	gap := db.p.usable // what no cell has ends here
	for i := 0; i+1 < len(n.cells); i += 2 {
		at := int(binary.BigEndian.Uint16(n.cells[i:]))
		if at < n.end || at >= db.p.usable {
			db.p.damaged = true
			continue
		}
		gap = min(gap, at)
		c := b[at:db.p.usable]
		if n.inner() {
			if len(c) < 4 {
				db.p.damaged = true
				continue
			}
			if on, why := db.node(int64(binary.BigEndian.Uint32(c)), level+1, each); why != "" || !on {
				return on, why
			}
			c = c[4:]
		}
		if n.kind == sqliteInterior {
			continue
		}
		record, id, ok, why := db.payload(c, n.kind == sqliteLeaf)
		if why != "" {
			return false, why
		}
		if !ok {
			db.p.damaged = true
		}
		if len(record) > 0 && !each(record, id, n.kind != sqliteLeaf) {
			return false, ""
		}
	}
	if n.inner() {
		return db.node(n.right, level+1, each)
	}
	if db.carving && n.end < gap {
		_ = db.carve(b[n.end:gap], n.kind == sqliteLeaf, func(record []byte, id int64) bool { return each(record, id, n.kind != sqliteLeaf) })
	}
	return true, ""
}

// btreePage is the header of a page of a b-tree.
type btreePage struct {
	kind  byte
	cells []byte // pointers to them; nil: no such page
	end   int    // of the pointers
	right int64
}

func (n *btreePage) inner() bool { return n.kind == sqliteInterior || n.kind == sqliteIndexNode }

// header reads the header of page n.
func header(b []byte, n int64) btreePage {
	at := 0
	if n == 1 {
		at = sqliteHeader
	}
	p := btreePage{kind: b[at], end: at + 8}
	switch p.kind {
	case sqliteInterior, sqliteIndexNode:
		p.end += 4
		p.right = int64(binary.BigEndian.Uint32(b[at+8:]))
	case sqliteLeaf, sqliteIndexLeaf:
	default:
		return btreePage{}
	}
	count := 2 * int(binary.BigEndian.Uint16(b[at+3:]))
	if p.end+count > len(b) {
		return btreePage{}
	}
	p.cells = b[p.end : p.end+count]
	p.end += count
	return p
}

// payload takes the record of a cell, with what of it stands in other pages.
func (db *database) payload(c []byte, isTable bool) (record []byte, id int64, ok bool, why Reason) {
	size, n := varint(c)
	c = c[n:]
	if isTable {
		if id, n = varint(c); n == 0 {
			return nil, 0, false, ""
		}
		c = c[n:]
	}
	if n == 0 || size < 0 || size > db.p.size {
		return nil, id, false, ""
	}
	local := db.local(size, isTable)
	if int64(local) == size {
		if local > len(c) {
			return nil, id, false, ""
		}
		return c[:local], id, true, ""
	}
	if local+4 > len(c) {
		return nil, id, false, ""
	}
	if size > db.d.x.limits.Held/2 {
		db.d.x.note(LimitHeld)
		return c[:local], id, true, ""
	}
	db.cell = append(db.cell[:0], c[:local]...)
	next := int64(binary.BigEndian.Uint32(c[local:]))
	for size > int64(len(db.cell)) {
		if !db.p.take(next) {
			return db.cell, id, false, ""
		}
		if why := db.p.read(db.spare, next); why != "" {
			if why == Damaged {
				return db.cell, id, false, ""
			}
			return nil, id, false, why
		}
		db.cell = append(db.cell, db.spare[4:4+min(int64(db.p.usable-4), size-int64(len(db.cell)))]...)
		next = int64(binary.BigEndian.Uint32(db.spare))
	}
	return db.cell, id, true, ""
}

// local returns how much of a record is in its own page.
func (db *database) local(size int64, isTable bool) int {
	u := int64(db.p.usable)
	most := u - 35
	if !isTable {
		most = (u-12)*64/255 - 23
	}
	if size <= most {
		return int(size)
	}
	least := (u-12)*32/255 - 23
	if k := least + (size-least)%(u-4); k <= most {
		return int(k)
	}
	return int(least)
}

// varint reads a number of 1 to 9 bytes; n is 0 when there is none.
func varint(b []byte) (v int64, n int) {
	for n < len(b) {
		c := b[n]
		n++
		if n == 9 {
			return v<<8 | int64(c), n
		}
		v = v<<7 | int64(c&0x7F)
		if c < 0x80 {
			return v, n
		}
	}
	return 0, 0
}
