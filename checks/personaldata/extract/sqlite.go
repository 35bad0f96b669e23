package extract

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strconv"
)

// Of the file format of SQLite (sqlite.org/fileformat2.html).
const (
	sqliteHeader    = 100
	sqliteInterior  = 0x05 // kinds of pages of b-trees: of tables
	sqliteLeaf      = 0x0D
	sqliteIndexNode = 0x02 // and of indexes, or of tables without row numbers
	sqliteIndexLeaf = 0x0A
	sqliteDepth     = 32 // levels of a b-tree; no real one has as many
	sqliteBlob      = 64 // bytes of a BLOB that may not be understood without a reason given
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

// database is a database that is being read.
type database struct {
	d       *document
	p       pager
	out     lines
	pages   [sqliteDepth][]byte // one for each level of a b-tree
	spare   []byte              // a page of overflow
	cell    []byte              // a record whose end is in other pages
	row     row
	first   []byte // a value as UTF-8
	carving bool   // deleted rows are looked for
	unknown bool   // that a value was not understood has been noted
}

// readSQLite reads a database of SQLite: each table as a text, then what is left of
// deleted rows in pages that no table has.
func readSQLite(d *document) Reason {
	at, size, why := d.random()
	if why != "" {
		return why
	}
	var h [sqliteHeader]byte
	if _, err := at.ReadAt(h[:], 0); err != nil {
		return reasonOf(err)
	}
	db := &database{d: d, out: lines{d: d}}
	page := int(binary.BigEndian.Uint16(h[16:]))
	if page == 1 {
		page = 1 << 16
	}
	if !db.open(at, size, page, int(h[20]), binary.BigEndian.Uint32(h[56:])) {
		return Damaged
	}
	if size%int64(page) != 0 {
		db.p.damaged = true
	}
	defer db.wipe()
	why = db.tables()
	if why == "" {
		why = db.leftovers()
	}
	db.out.end()
	switch {
	case why != "":
		return why
	case db.p.damaged:
		return Damaged
	}
	return ""
}

// open makes the database ready for pages of a size.
func (db *database) open(at io.ReaderAt, size int64, page, reserved int, encoding uint32) bool {
	if page < 512 || page > 1<<16 || page&(page-1) != 0 || page-reserved < 480 || encoding > 3 {
		return false
	}
	db.p = pager{at: at, size: size, page: page, usable: page - reserved, encoding: encoding}
	db.p.seen = make([]uint64, size/int64(page)/64+1)
	db.spare = make([]byte, page)
	return true
}

func (db *database) wipe() {
	for i := range db.pages {
		clear(db.pages[i])
	}
	clear(db.spare)
	clear(db.cell[:cap(db.cell)])
	clear(db.first[:cap(db.first)])
}

// tables reads the schema and all tables in it.
func (db *database) tables() Reason {
	var all []table
	var stop Reason
	held := 0
	why := db.tree(1, func(b []byte, _ int64, _ bool) bool {
		db.row.parse(b)
		if t, ok := db.schema(); ok {
			all = append(all, t)
			held += len(b)
		}
		if held > 4<<20 { // no schema is as large
			stop = LimitHeld
		}
		return stop == ""
	})
	if why = cmp.Or(stop, why); why != "" {
		return why
	}
	db.carving = true
	for i := range all {
		if why := db.table(&all[i]); why != "" {
			return why
		}
	}
	return ""
}

// schema understands the row at hand as one of sqlite_schema: type, name, table, root
// page, statement.
func (db *database) schema() (table, bool) {
	r := &db.row
	if len(r.values) < 5 || string(db.text(r.values[0])) != "table" {
		return table{}, false
	}
	root := r.values[3].integer()
	if root <= 0 { // a virtual table: what it has is in other tables
		return table{}, false
	}
	t := parseCreate(string(db.text(r.values[4])))
	t.root = root
	return t, true
}

// table reads one table.
func (db *database) table(t *table) Reason {
	db.names(t)
	why := db.tree(t.root, func(b []byte, id int64, index bool) bool {
		db.record(b, id, t, index)
		return db.out.stop == ""
	})
	db.out.end()
	return cmp.Or(db.out.stop, why)
}

// names begins a text with the names of the columns.
func (db *database) names(t *table) {
	db.out.begin()
	if t == nil {
		return
	}
	for i, name := range t.columns {
		if i > 0 {
			db.out.next()
		}
		db.out.cell([]byte(name))
	}
	db.out.newline()
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

const maxRowValues = 32767 + 8 // columns of a table, at most

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
