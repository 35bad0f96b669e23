package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// manyBooks are twenty like the first test book, the first of them long.
func manyBooks() []*registers.Book {
	books := testBooks()
	for i := range 19 {
		b := *books[0]
		b.Name, b.Prefix = fmt.Sprintf("book%c", 'a'+i), fmt.Sprintf("B%cX", 'A'+i)
		b.Title = message.Text{ES: "Libro " + b.Prefix, EN: "Book " + b.Prefix}
		books = append(books, &b)
	}
	return books
}

// TestBooksAreQuick shows the pages of twenty books with many rows: with 50,000 of them and in a
// tenth of a second, when speed is measured.
func TestBooksAreQuick(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	w := emptyTown(t)
	books := manyBooks()
	machines, rows, long := 60, 40, 1_200
	if *measure {
		machines, rows, long = 300, 2_000, 12_000
	}
	for i := range machines {
		w.admit(pc{host: fmt.Sprintf("PC-%04d", i), department: fmt.Sprintf("Área %d", i%20), os: "windows", osName: "Windows 11 Pro", osVersion: "10.0.22631"})
	}
	w.enters("systems", registers.Values{"name": "Nómina"})
	total := 0
	for n, b := range slices.Concat(books[:1], books[4:]) {
		many := rows
		if n == 0 {
			many = long
		}
		sheet := registers.Sheet{Header: []string{"person", "machine", "department", "purpose", "until", "level", "areas", "badges", "system"}}
		for i := range many {
			sheet.Lines = append(sheet.Lines, registers.SheetLine{Number: i + 2, Cells: []string{fmt.Sprintf("persona%d", i), fmt.Sprintf("pc-%04d", i%machines), fmt.Sprintf("Área %d", i%20),
				"Atiende el mostrador y lleva las solicitudes de la ventanilla única", fmt.Sprintf("%d/%d/2027", i%28+1, i%12+1), "Alto", "Básico; Alto", fmt.Sprint(i), "SIS-0001"}})
		}
		w.write(func(ctx context.Context, tx *storage.Tx) error {
			plan, err := w.registers.Plan(ctx, tx, b, sheet, registers.PlanOptions{Zone: madrid})
			if err != nil {
				return err
			}
			written, err := w.registers.Carry(ctx, tx, b, plan, registers.Act{By: "prueba", Why: "carga", Via: registers.Import})
			total += len(written)
			return err
		})
	}
	if total != 19*rows+long {
		t.Fatalf("wrote %d rows", total)
	}
	c := open(t, serve(t, w.portal(func(o *Options) { o.Books = books }))).enter(access.Officer)
	for _, path := range []string{"/libros", "/libros/visits", "/libros/visits?pagina=9", "/libros/visits?orden=-until", fmt.Sprintf("/libros/visits?q=persona%d", long-1), "/libros/visits?q=mostrador+pc-0007&orden=person",
		"/libros/visits?a=2026-11-22", "/libros/visits/VIS-0500", "/libros/visits/VIS-0500/cambiar", "/libros/booka/nuevo", "/libros/cambios", "/libros/cambios?q=persona77", "/buscar?q=persona39", "/buscar?q=nada+de+nada", "/buscar?q=pc-00"} {
		ask := func(int) {
			if got := c.get(path); got.status != http.StatusOK {
				t.Fatalf("%s: got %d", path, got.status)
			}
		}
		if *measure {
			paced(t, path, 40, ask)
		} else {
			ask(0)
		}
	}
}
