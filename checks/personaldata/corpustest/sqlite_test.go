package corpustest_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // writes the database that the scan reads by itself

	"vigia/checks/personaldata/corpustest"
)

func writeSQLite(t testing.TB, f corpustest.File) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "padron.db")
	db, err := sql.Open("sqlite", path)
	must(t, err)
	quoted := `"` + strings.Join(f.Table.Columns, `" TEXT, "`) + `" TEXT`
	_, err = db.ExecContext(t.Context(), "CREATE TABLE padron (id INTEGER PRIMARY KEY, "+quoted+")")
	must(t, err)
	marks := strings.Repeat(", ?", len(f.Table.Columns))
	for i, row := range f.Table.Rows {
		args := []any{i + 1}
		for _, cell := range row {
			args = append(args, cell)
		}
		_, err = db.ExecContext(t.Context(), "INSERT INTO padron VALUES (?"+marks+")", args...)
		must(t, err)
	}
	must(t, db.Close())
	b, err := os.ReadFile(path)
	must(t, err)
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
