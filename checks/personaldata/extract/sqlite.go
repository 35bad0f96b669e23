package extract

import (
	"cmp"
	"encoding/binary"
	"io"
)

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
