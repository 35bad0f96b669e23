package sqlite

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // another reader and writer of the format
)

// made runs statements on a new database and returns its file and log.
func made(t testing.TB, statements ...string) (file, log []byte) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.sqlite")
	db, err := sql.Open("sqlite", name)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if file, err = os.ReadFile(name); err != nil {
		t.Fatal(err)
	}
	log, err = os.ReadFile(name + "-wal")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return file, log
}

func open(file, log []byte) (*DB, error) {
	return Open(bytes.NewReader(file), int64(len(file)), bytes.NewReader(log), int64(len(log)))
}

// rowsOf reads a table as texts, as far as it can be read.
func rowsOf(db *DB, table string) (out []string, err error) {
	for row, e := range db.Rows(table) {
		if e != nil {
			err = e
			continue
		}
		cells := []string{fmt.Sprint(row.ID)}
		for _, v := range row.Values {
			switch v.Kind {
			case Null:
				cells = append(cells, "null")
			case Integer:
				cells = append(cells, fmt.Sprint(v.Integer))
			case Real:
				cells = append(cells, fmt.Sprint(v.Real))
			case Text:
				cells = append(cells, v.Text)
			case Blob:
				cells = append(cells, fmt.Sprintf("%x", v.Blob))
			}
		}
		out = append(out, strings.Join(cells, " "))
	}
	return out, err
}

func TestValues(t *testing.T) {
	for _, encoding := range []string{"UTF-8", "UTF-16le", "UTF-16be"} {
		file, _ := made(t, "PRAGMA encoding='"+encoding+"'", "CREATE TABLE v (id INTEGER PRIMARY KEY, a, b)",
			"INSERT INTO v VALUES (-7, 'año', x'00ff'), (1, 0, 1), (2, -129, 1.5), (9000000000, 9223372036854775807, NULL), (9000000001, -32769, 8388608)",
			"ALTER TABLE v ADD COLUMN c")
		db, err := open(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := rowsOf(db, "V")
		want := "-7 null año 00ff|1 null 0 1|2 null -129 1.5|9000000000 null 9223372036854775807 null|9000000001 null -32769 8388608"
		if strings.Join(got, "|") != want || err != nil {
			t.Errorf("%s: got %q, %v", encoding, got, err)
		}
		if _, err := rowsOf(db, "w"); !errors.Is(err, ErrNoTable) {
			t.Errorf("no such table: got %v", err)
		}
	}
}

// Rows in every size of page, in several levels and with ends in other pages, are those
// that were written.
func TestPages(t *testing.T) {
	for _, page := range []int{512, 4096, 65536} {
		file, _ := made(t, fmt.Sprintf("PRAGMA page_size=%d", page), "CREATE TABLE p (id INTEGER PRIMARY KEY, t TEXT, n)",
			"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<1500) INSERT INTO p SELECT i, substr(replace(hex(zeroblob(5000)),'00','x'), 1, (i*37)%5000), i FROM n")
		db, err := open(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		for row, err := range db.Rows("p") {
			i++
			if err != nil || row.ID != int64(i) || len(row.Values[1].Text) != i*37%5000 || row.Values[2].Integer != int64(i) {
				t.Fatalf("page of %d, row %d: %v", page, i, err)
			}
		}
		if i != 1500 {
			t.Errorf("page of %d: %d rows", page, i)
		}
	}
}

func TestLongValueIsCut(t *testing.T) {
	file, _ := made(t, "CREATE TABLE b (a, b, c)", fmt.Sprintf("INSERT INTO b VALUES (zeroblob(%d), 7, 'x')", 3*MaxValue))
	db, err := open(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range db.Rows("b") {
		if err != nil || len(row.Values) != 3 || len(row.Values[0].Blob) != MaxValue || !row.Values[0].Cut || !row.Values[1].Cut {
			t.Errorf("got %d values, %v", len(row.Values), err)
		}
	}
}

// While a database is in use, its newest rows are in the log.
func TestLog(t *testing.T) {
	statements := []string{
		"PRAGMA journal_mode=WAL", "PRAGMA wal_autocheckpoint=0", "CREATE TABLE p (n)", "INSERT INTO p VALUES ('uno')",
		"PRAGMA wal_checkpoint(TRUNCATE)", "INSERT INTO p VALUES ('dos')", "UPDATE p SET n = 'tres' WHERE n = 'uno'",
	}
	file, log := made(t, statements...)
	for _, tt := range []struct {
		name string
		log  []byte
		want string
	}{
		{"whole", log, "1 tres 2 dos"},
		{"without", nil, "1 uno"},
		{"the last transaction cut off", log[:len(log)-100], "1 uno 2 dos"},
		{"the last transaction damaged", append(append([]byte{}, log[:len(log)-1]...), log[len(log)-1]+1), "1 uno 2 dos"},
		{"of another generation", append([]byte("\x00\x00"), log[2:]...), "1 uno"},
		{"header alone", log[:32], "1 uno"},
	} {
		db, err := open(file, tt.log)
		if err != nil {
			t.Fatal(err)
		}
		got, err := rowsOf(db, "p")
		if strings.Join(got, " ") != tt.want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}

func TestDamage(t *testing.T) {
	file, _ := made(t, "PRAGMA page_size=512", "CREATE TABLE p (id INTEGER PRIMARY KEY, t TEXT)",
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<300) INSERT INTO p SELECT i, 'texto ' || i FROM n")
	with := func(at int, v ...byte) []byte {
		b := bytes.Clone(file)
		copy(b[at:], v)
		return b
	}
	for _, tt := range []struct {
		name   string
		file   []byte
		opened bool
	}{
		{"empty", nil, false},
		{"another format", with(0, 'X'), false},
		{"page size", with(16, 0, 3), false},
		{"encoding", with(56, 9), false},
		{"cut", file[:len(file)-700], true},
		{"a circle", with(512+8, 0, 0, 0, 1), true},
		{"cells", with(512+3, 0xFF, 0xFF), true},
		{"kind of page", with(512, 0x0A), true},
		{"header only", file[:100], true},
	} {
		db, err := open(tt.file, nil)
		if (err == nil) != tt.opened {
			t.Errorf("%s: opened with %v", tt.name, err)
			continue
		}
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Errorf("%s: got %v, want ErrFormat", tt.name, err)
			}
			continue
		}
		if _, err := rowsOf(db, "p"); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: got %v, want ErrDamaged", tt.name, err)
		}
	}
}

func FuzzRows(f *testing.F) {
	file, log := made(f, "PRAGMA page_size=512", "PRAGMA journal_mode=WAL", "PRAGMA wal_autocheckpoint=0",
		"CREATE TABLE p (a, b)", "INSERT INTO p VALUES (1, zeroblob(2000)), ('x', 2.5)", "PRAGMA wal_checkpoint", "INSERT INTO p VALUES (3, NULL)")
	f.Add(file, log)
	f.Add(file[:600], []byte{})
	f.Fuzz(func(t *testing.T, file, log []byte) {
		db, err := open(file, log)
		if err != nil {
			return
		}
		tables, _ := db.Tables() // any answer but a crash
		for i, table := range tables {
			if i == 3 {
				break
			}
			for row := range db.Rows(table.Name) {
				for _, v := range row.Values {
					if len(v.Blob) > MaxValue {
						t.Fatal("a value beyond the limit")
					}
				}
			}
		}
	})
}
