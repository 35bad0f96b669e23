package extract

import (
	"database/sql"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParseCreate(t *testing.T) {
	tests := map[string]struct {
		sql     string
		columns string
		rowid   int
		stored  []int
	}{
		"plain":          {"CREATE TABLE t(a, b TEXT, c DECIMAL(10,2) DEFAULT (1+2))", "a b c", -1, nil},
		"row number":     {"create table if not exists \"x y\".t (id integer primary key autoincrement, n)", "id n", 0, nil},
		"not a number":   {"CREATE TABLE t(id INT PRIMARY KEY, n)", "id n", -1, nil},
		"key at the end": {"CREATE TABLE t(n, id INTEGER, PRIMARY KEY(id))", "n id", 1, nil},
		"quotes":         {"CREATE TABLE t(\"a,b\" text, [c d], `e``f`, 'g')", "a,b c d e`f g", -1, nil},
		"comments":       {"CREATE TABLE t( -- una, nota\n a /* , */ TEXT, b)", "a b", -1, nil},
		"constraints":    {"CREATE TABLE t(a, b, CONSTRAINT k UNIQUE (a,b), CHECK (a > 1), FOREIGN KEY(a) REFERENCES u(x))", "a b", -1, nil},
		"generated":      {"CREATE TABLE t(a, v AS (a+1), s TEXT GENERATED ALWAYS AS (a) STORED, b)", "a s b", -1, nil},
		"no row number":  {"CREATE TABLE t(a, b, c, PRIMARY KEY(c, a)) STRICT, WITHOUT ROWID", "a b c", -1, []int{1, 2, 0}},
		"cut":            {"CREATE TABLE t(a, 'b", "a b", -1, nil},
		"nothing":        {"", "", -1, nil},
	}
	for name, tt := range tests {
		got := parseCreate(tt.sql)
		if strings.Join(got.columns, " ") != tt.columns || got.rowid != tt.rowid || !slices.Equal(got.stored, tt.stored) {
			t.Errorf("%s: got %q %d %v, want %q %d %v", name, got.columns, got.rowid, got.stored, tt.columns, tt.rowid, tt.stored)
		}
	}
}

// What another reader of the format sees is what comes out, in every size of page.
func TestSQLitePages(t *testing.T) {
	for _, page := range []int{512, 1024, 4096, 65536} {
		file := databaseOf(t, fmt.Sprintf("PRAGMA page_size=%d", page), "CREATE TABLE p (id INTEGER PRIMARY KEY, t TEXT)",
			"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000) INSERT INTO p SELECT i*i, substr(replace(hex(zeroblob(1500)),'00','x'), 1, i%1500) FROM n",
			"CREATE TABLE w (k TEXT PRIMARY KEY, t TEXT) WITHOUT ROWID", "INSERT INTO w SELECT 'k'||id, t FROM p")
		text, out := extractOf(t, Limits{}, file)
		if out.Reason != "" {
			t.Errorf("page of %d: %q", page, out.Reason)
		}
		lines := make(map[string]bool)
		for line := range strings.SplitSeq(text, "\n") {
			lines[line] = true
		}
		for i := 1; i <= 2000; i++ {
			for _, key := range []string{"", "k"} {
				if !lines[fmt.Sprintf("%s%d\t%s", key, i*i, strings.Repeat("x", i%1500))] {
					t.Fatalf("page of %d: row %s%d is not there, or not whole", page, key, i*i)
				}
			}
		}
	}
}

func TestSQLiteBlobs(t *testing.T) {
	inner := databaseOf(t, "CREATE TABLE dentro (x)", "INSERT INTO dentro VALUES ('texto de dentro')")
	noise := strings.Repeat("0102", 20) + hex.EncodeToString([]byte("PEXM830102MMCXYR07")) + strings.Repeat("ff01", 20)
	file := databaseOf(t, "CREATE TABLE b (n, f)", "INSERT INTO b VALUES (1, x'"+hex.EncodeToString(inner)+"'), (2, x'"+noise+"'), (3, x'"+hex.EncodeToString([]byte("texto"))+"')")
	text, out := extractOf(t, Limits{}, file)
	for _, want := range []string{"--- text\nx\ntexto de dentro\n", "--- text\nn\tf\n2\tPEXM830102MMCXYR07", "3\ttexto\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
	if out.Reason != Undecoded || out.Entries != 1 {
		t.Errorf("got %q and %d entries, want %q and 1", out.Reason, out.Entries, Undecoded)
	}
}

// While a database is in use its newest rows are in a log beside it.
func TestSQLiteLogs(t *testing.T) {
	for mode, suffix := range map[string]string{"WAL": "-wal", "PERSIST": "-journal"} {
		name := filepath.Join(t.TempDir(), "a.db")
		db, err := sql.Open("sqlite", name)
		if err != nil {
			t.Fatal(err)
		}
		db.SetMaxOpenConns(1)
		for _, s := range []string{
			"PRAGMA journal_mode=DELETE", "CREATE TABLE p (nombre, curp)", "INSERT INTO p VALUES ('María', 'PEXM830102MMCXYR07')",
			"PRAGMA journal_mode=" + mode, "PRAGMA wal_autocheckpoint=0", "BEGIN", "INSERT INTO p VALUES ('José', 'NUXJ900515HDFXXS09')",
			"UPDATE p SET curp = 'IAXZ750820MMCBXX03' WHERE nombre = 'María'",
		} {
			if _, err := db.Exec(s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
		want := "María\tPEXM830102MMCXYR07\n"
		if mode == "WAL" {
			want = "José\tNUXJ900515HDFXXS09\n"
		}
		if _, err := db.Exec("COMMIT"); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(name + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if mode == "PERSIST" {
			// A journal that is done has lost its header.
			copy(b, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x02\x00\x00\x00\x10\x00")
		}
		text, out := extractOf(t, Limits{}, b)
		if !strings.Contains(text, want) || out.Reason != "" {
			t.Errorf("%s: got %s %q %q, want %q in it", mode, out.Format, out.Reason, text, want)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSQLiteDamage(t *testing.T) {
	file := readFile(t, "legacy", "people.sqlite")
	with := func(at int, v ...byte) []byte {
		b := append([]byte{}, file...)
		copy(b[at:], v)
		return b
	}
	for name, b := range map[string][]byte{
		"page size":    with(16, 0, 3),
		"cut":          file[:len(file)-700],
		"half a page":  file[:len(file)-100],
		"a circle":     with(512+8, 0, 0, 0, 1),
		"cells":        with(512+3, 0xFF, 0xFF),
		"kind of page": with(512, 7),
		"header only":  file[:100],
	} {
		if _, out := extractOf(t, Limits{}, b); out.Reason != Damaged {
			t.Errorf("%s: got %q, want %q", name, out.Reason, Damaged)
		}
	}
}
