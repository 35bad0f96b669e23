package extract

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

// benchFile measures the reading of one file.
func benchFile(b *testing.B, file []byte, least int64) {
	b.Helper()
	var s countingSink
	x := New(Limits{}, &s)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		s.n = 0
		if out := x.File(context.Background(), bytes.NewReader(file), int64(len(file))); out.Reason != "" {
			b.Fatal(out.Format, out.Reason)
		}
	}
	if s.n < least {
		b.Fatalf("%d bytes of text, want at least %d", s.n, least)
	}
}

const benchLine = "La señora María Peña Ñúñez, con CURP PEXM830102MMCXYR07, pide una copia del acta del año pasado.\r"

// wordOf makes a document of one piece of narrow and one of wide characters.
func wordOf(narrow, wide []byte) []byte {
	const begin = 2048
	doc := make([]byte, begin, begin+len(narrow)+len(wide))
	binary.LittleEndian.PutUint16(doc, wordMagic97)
	doc = append(append(doc, narrow...), wide...)
	clx := []byte{2}
	clx = binary.LittleEndian.AppendUint32(clx, 4*3+8*2)
	for _, cp := range []int{0, len(narrow), len(narrow) + len(wide)/2} {
		clx = binary.LittleEndian.AppendUint32(clx, uint32(cp))
	}
	for _, at := range []int{2*begin | wordPieceNarrow, begin + len(narrow)} {
		clx = append(binary.LittleEndian.AppendUint32(append(clx, 0, 0), uint32(at)), 0, 0)
	}
	binary.LittleEndian.PutUint32(doc[0x1A2:], 0)
	binary.LittleEndian.PutUint32(doc[0x1A6:], uint32(len(clx)))
	return cfbFile(streamOf("WordDocument", doc), streamOf("0Table", clx))
}

func BenchmarkDOC(b *testing.B) {
	latin := []byte(strings.NewReplacer("ñ", "\xf1", "í", "\xed", "Ñ", "\xd1", "ú", "\xfa").Replace(benchLine))
	benchFile(b, wordOf(bytes.Repeat(latin, 20_000), wideOf(strings.Repeat(benchLine, 10_000))), 2_900_000)
}

func BenchmarkXLS(b *testing.B) {
	const rows = 20_000
	file := workbookOf(func(w *biffRecords) {
		const perRecord = 50
		for i := 0; i < rows; i += perRecord {
			var texts []byte
			for k := i; k < i+perRecord; k++ {
				s := fmt.Sprintf("María Peña %d PEXM830102MMCXYR07", k)
				latin := strings.NewReplacer("ñ", "\xf1", "í", "\xed").Replace(s)
				texts = append(binary.LittleEndian.AppendUint16(texts, uint16(len(latin))), 0)
				texts = append(texts, latin...)
			}
			if i == 0 {
				w.record(biffSST, uint32(rows), uint32(rows), texts)
			} else {
				w.record(biffContinue, texts)
			}
		}
	}, func(w *biffRecords) {
		for i := range rows {
			w.record(biffLabelSST, i, 0, 0, uint32(i))
			w.record(biffNumber, i, 1, 0, 124574718306011000.0)
			w.record(biffRK, i, 2, 0, uint32(i<<2|2))
			w.record(biffMulRK, i, 3, 0, uint32(7<<2|2), 3, uint32(30318<<2|2), 4)
		}
	})
	benchFile(b, inOLE(file), rows*50)
}

func BenchmarkDBF(b *testing.B) {
	file := readFile(b, "legacy", "shapelib.dbf")
	const rows = 50_000
	begin, width := int(binary.LittleEndian.Uint16(file[8:])), int(binary.LittleEndian.Uint16(file[10:]))
	table := append([]byte{}, file[:begin]...)
	table = append(table, bytes.Repeat(file[begin:begin+width], rows)...)
	binary.LittleEndian.PutUint32(table[4:], rows)
	benchFile(b, table, rows*40)
}

// databaseOf makes a database with the statements.
func databaseOf(t testing.TB, statements ...string) []byte {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.db")
	db, err := sql.Open("sqlite", name)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func BenchmarkSQLite(b *testing.B) {
	file := databaseOf(b, "CREATE TABLE p (id INTEGER PRIMARY KEY, nombre TEXT, curp TEXT, clabe INTEGER, saldo REAL, nota TEXT)",
		`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<50000)
		INSERT INTO p SELECT i, 'María Peña '||i, 'PEXM830102MMCXYR07', 124574718306011000+i, i*1.5, 'una nota cualquiera que es algo más larga que lo demás' FROM n`)
	benchFile(b, file, 4<<20)
}
