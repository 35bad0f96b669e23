package web

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// testBooks are invented: one with a field of every kind, one that it refers to, one that
// only grows, and one for a role that does not see the whole.
func testBooks() []*registers.Book {
	say := func(es, en string) message.Text { return message.Text{ES: es, EN: en} }
	levels := []registers.Option{{Code: "low", Label: say("Básico", "Basic")}, {Code: "high", Label: say("Alto", "High")}}
	department := registers.Field{Name: "department", Label: say("Área", "Department"), Kind: registers.Line, Required: true}
	return registers.Linked(
		&registers.Book{Name: "visits", Prefix: "VIS", Theme: registers.ThemePeople, Title: say("Visitas", "Visits"), Lead: say("Quién viene de fuera.", "Who comes from outside."),
			Key: []string{"person", "machine"}, Department: "department", Ends: "until", Writers: []string{"officer", "administrator", "liaison"},
			Fields: []registers.Field{
				{Name: "person", Label: say("Quién", "Who"), Hint: say("Como se entra: «lmora».", "As one logs on: “lmora”."), Kind: registers.Account, Required: true, Personal: true},
				{Name: "machine", Label: say("Equipo", "Machine"), Kind: registers.Host},
				department,
				{Name: "purpose", Label: say("Para qué", "What for"), Kind: registers.Prose, Wanted: true},
				{Name: "until", Label: say("Hasta", "Until"), Kind: registers.Day},
				{Name: "came", Label: say("Entró", "Came"), Kind: registers.Moment},
				{Name: "level", Label: say("Nivel", "Level"), Kind: registers.Choice, Options: levels},
				{Name: "areas", Label: say("Zonas", "Areas"), Kind: registers.Choices, Options: levels},
				{Name: "things", Label: say("Objetos", "Things"), Kind: registers.Lines},
				{Name: "guided", Label: say("Acompañada", "Guided"), Kind: registers.Flag},
				{Name: "badges", Label: say("Tarjetas", "Badges"), Kind: registers.Number},
				{Name: "system", Label: say("Sistema", "System"), Kind: registers.Folio, Of: "systems"},
				{Name: "letter", Label: say("Escrito", "Letter"), Kind: registers.Paper},
			}},
		&registers.Book{Name: "systems", Prefix: "SIS", Theme: registers.ThemeData, Title: say("Sistemas", "Systems"), Lead: say("Dónde hay datos.", "Where data is."),
			Key: []string{"name"}, Fields: []registers.Field{{Name: "name", Label: say("Nombre", "Name"), Kind: registers.Line, Required: true}}},
		&registers.Book{Name: "entries", Prefix: "ENT", Theme: registers.ThemeThings, Title: say("Entradas", "Entries"), Lead: say("Solo se añade.", "Only grows."), AppendOnly: true,
			Fields: []registers.Field{{Name: "what", Label: say("Qué", "What"), Kind: registers.Line, Required: true}, {Name: "corrects", Label: say("Corrige", "Corrects"), Kind: registers.Folio, Of: "entries"}}},
		&registers.Book{Name: "requests", Prefix: "SOL", Theme: registers.ThemeRights, Title: say("Solicitudes", "Requests"), Lead: say("Lo que piden las personas.", "What persons ask for."),
			Writers: []string{"transparency"}, Readers: []string{"officer", "head"},
			Fields: []registers.Field{{Name: "what", Label: say("Qué", "What"), Kind: registers.Line, Required: true}}},
	)
}

// book is one of the test books.
func (w *townHall) book(name string) *registers.Book {
	w.t.Helper()
	for _, b := range testBooks() {
		if b.Name == name {
			return b
		}
	}
	w.t.Fatalf("no book %s", name)
	return nil
}

// enters writes a row to a book.
func (w *townHall) enters(book string, values registers.Values) (row registers.Row) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *storage.Tx) (err error) {
		row, err = w.registers.Add(ctx, tx, w.book(book), values, registers.Act{By: "prueba", Why: "alta", Via: registers.Command})
		return err
	})
	return row
}

// books: whoever sees the whole reads; the book says who writes.
func (t routeTable) books(w *townHall) {
	w.enters("visits", registers.Values{"person": "lmora", "department": "Obras"})
	w.enters("entries", registers.Values{"what": "una caja"})
	var doc string
	w.write(func(ctx context.Context, tx *storage.Tx) error {
		d, err := w.documents.Add(ctx, tx, "acta.pdf", []byte("%PDF-1.4 acta"), "register/systems", userOf(access.Officer))
		doc = d.SHA256
		return err
	})
	writers := []access.Role{access.Officer, access.Administrator}
	t.row("GET /libros", "/libros", looks)
	t.only("GET /libros/{book}", "/libros/systems", looks, everybody()...)
	t.only("GET /libros/{book}/{folio}", "/libros/visits/VIS-0001", looks, everybody()...)
	t.only("GET /libros/{book}/nuevo", "/libros/systems/nuevo", looks, writers...)
	t.only("POST /libros/{book}/nuevo", "/libros/systems/nuevo", refused, writers...)
	t.only("GET /libros/{book}/{folio}/cambiar", "/libros/visits/VIS-0001/cambiar", looks, writers...)
	t.only("POST /libros/{book}/{folio}/cambiar", "/libros/visits/VIS-0001/cambiar", refused, writers...)
	t.only("GET /libros/{book}/{folio}/quitar", "/libros/visits/VIS-0001/quitar", looks, writers...)
	t.only("POST /libros/{book}/{folio}/quitar", "/libros/visits/VIS-0001/quitar", refused, writers...)
	t.only("GET /libros/{book}/importar", "/libros/visits/importar", looks, writers...)
	t.only("POST /libros/{book}/importar", "/libros/visits/importar", refused, writers...)
	t.only("GET /libros/{book}/{id}/importar", "/libros/visits/nada/importar", answers{http.StatusSeeOther, http.StatusNotFound}, writers...)
	t.only("POST /libros/{book}/{id}/importar", "/libros/visits/nada/importar", refused, writers...)
	t.row("GET /libros/cambios", "/libros/cambios", looks)
	t.row("GET /buscar", "/buscar?q=zz", looks)
	t.only("GET /libros/{book}/plantilla", "/libros/visits/plantilla", looks, writers...)
	t.only("GET /libros/{book}/exportar", "/libros/systems/exportar", looks, everybody()...)
	t.only("GET /libros/{book}/imprimir", "/libros/systems/imprimir", looks, everybody()...)
	t.only("GET /documentos/{sha}", "/documentos/"+doc, looks, documentReaders()...)
	t.only("GET /documentos/{sha}/archivo", "/documentos/"+doc+"/archivo", looks, documentReaders()...)
}

// send posts a form with files, which may be none.
func (b *browser) send(path string, form url.Values, files map[string]string) answer {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range form {
		for _, value := range values {
			if err := w.WriteField(name, value); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	for name, content := range files {
		part, err := w.CreateFormFile(name, name+".pdf")
		if err == nil {
			_, err = part.Write([]byte(content))
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	return b.do("POST", path, body.String(), "Content-Type", w.FormDataContentType())
}

// fill is the form of a row of visits: the numbers of its inputs are those of the fields.
func fill(pairs ...string) url.Values {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add("c-"+pairs[i], pairs[i+1])
	}
	return form
}

func TestARowFromFormToHistory(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Auditor)
	b := open(t, serve(t, w.portal())).enter(access.Officer)
	b.get("/libros").has(t, "empty shelf", "por dónde empezar", `href="/libros/visits/nuevo"`, "Personas y cuentas", "vacío")
	b.get("/libros/visits").has(t, "empty book", "El libro está vacío", `href="/libros/visits/importar"`)
	w.enters("systems", registers.Values{"name": "Nómina"})
	b.get("/libros/visits/nuevo").has(t, "form", `type="date"`, `type="datetime-local"`, "<select", "<textarea", `type="file"`, `<option value="SIS-0001">Nómina</option>`,
		`enctype="multipart/form-data"`, `aria-describedby="c0-pista"`, "Lo marcado con * hace falta")

	// Wrong: nothing typed is lost, the file neither.
	form := fill("person", "l mora", "department", "Obras", "purpose", "<b>cambiar</b> el disco", "until", "31/02/2026", "level", "high", "areas", "low", "areas", "high", "guided", "yes", "system", "SIS-0009")
	form.Set("motivo", "lo pide la alcaldía")
	got := b.send("/libros/visits/nuevo", form, map[string]string{"c-letter": "%PDF-1.4 escrito"})
	if got.status != http.StatusUnprocessableEntity {
		t.Fatalf("got %d", got.status)
	}
	got.has(t, "problems", `role="alert"`, `href="#c0"`, `value="l mora"`, `id="c0-mal"`, `aria-invalid="true"`, "no es una cuenta", "&lt;b&gt;cambiar", `value="31/02/2026"`, "no es una fecha",
		`<option value="high" selected>`, "lo pide la alcaldía", "ya recibido", `value="SIS-0009"`)
	if n := strings.Count(got.body, " checked"); n != 3 {
		t.Errorf("%d boxes are ticked, want 3", n)
	}
	sha := regexp.MustCompile(`name="c-letter.antes" value="([0-9a-f]{64})"`).FindStringSubmatch(got.body)
	if sha == nil {
		t.Fatal("the file is lost")
	}
	form.Set("c-person", "lmora")
	form.Set("c-until", "2026-12-31")
	form.Set("c-came", "2026-11-21T09:30")
	form.Set("c-letter.antes", sha[1])
	b.send("/libros/visits/nuevo", form, nil).has(t, "a row that is not there", "no hay ningún SIS-0009 en vigor")
	form.Set("c-system", "sis-1")
	if got = b.send("/libros/visits/nuevo", form, nil); got.status != http.StatusSeeOther || got.header.Get("Location") != "/libros/visits/VIS-0001" {
		t.Fatalf("got %d to %q\n%s", got.status, got.header.Get("Location"), got.body)
	}
	b.get("/libros/visits/VIS-0001").has(t, "row", "Anotado como VIS-0001", "lmora", `href="/libros/systems/SIS-0001"`, "SIS-0001", "21/11/2026 09:30", `href="/documentos/`+sha[1], "Alto", "Básico, Alto", "lo pide la alcaldía", "&lt;b&gt;")
	b.get("/libros/visits?q=alcaldia").has(t, "filter", "Ninguna fila")
	b.get("/libros/visits?q=NOMINA+x").has(t, "filter", "Ninguna fila")
	b.get("/libros/visits?q=lmora+disco&orden=-until").has(t, "filter", "VIS-0001", `aria-sort="descending"`)

	// A change; then two people at once.
	change := fill("person", "lmora", "department", "Obras", "level", "low", "purpose", "el disco")
	change.Set("version", "1")
	change.Set("motivo", "ya no va acompañada")
	if got = b.send("/libros/visits/VIS-0001/cambiar", change, nil); got.status != http.StatusSeeOther {
		t.Fatalf("change: got %d\n%s", got.status, got.body)
	}
	late := fill("person", "lmora", "department", "Obras", "level", "high", "purpose", "la fuente")
	late.Set("version", "1")
	got = b.send("/libros/visits/VIS-0001/cambiar", late, nil)
	if got.status != http.StatusConflict {
		t.Fatalf("conflict: got %d", got.status)
	}
	got.has(t, "conflict", "cambió esta fila mientras usted escribía", "ya no va acompañada", "la fuente", "el disco", "&lt;b&gt;cambiar", `name="version" value="2"`)
	late.Set("version", "2")
	if got = b.send("/libros/visits/VIS-0001/cambiar", late, nil); got.status != http.StatusSeeOther {
		t.Fatalf("after the conflict: got %d", got.status)
	}
	b.get("/libros/visits/VIS-0001").has(t, "history", "<del>Alto</del>", "<ins>Básico</ins>", "<ins>la fuente</ins>", "en el portal")

	// Struck out, for a reason only, and by nobody who has not seen the row.
	if got = b.do("POST", "/libros/visits/VIS-0001/quitar", url.Values{"version": {"3"}}.Encode()); got.status != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: got %d", got.status)
	}
	b.do("POST", "/libros/visits/VIS-0001/quitar", url.Values{"version": {"2"}, "motivo": {"se fue"}}.Encode()).has(t, "stale", "mírela otra vez", "se fue")
	w.now = w.now.Add(48 * 3600e9)
	if got = b.enter(access.Officer).do("POST", "/libros/visits/VIS-0001/quitar", url.Values{"version": {"3"}, "motivo": {"se fue"}}.Encode()); got.status != http.StatusSeeOther {
		t.Errorf("strike: got %d", got.status)
	}
	b.get("/libros/visits").has(t, "book", "VIS-0001 se quitó", "El libro está vacío")
	b.get("/libros/visits?a=2026-11-22").has(t, "the book of that day", "VIS-0001", "Así estaba el libro al acabar el 22 nov 2026")
	b.get("/libros/visits?a=ayer").has(t, "no day", "Esa fecha no existe")
	b.get("/libros/visits/VIS-0001").has(t, "struck out", "Esta fila se quitó del libro", "se fue")
	for _, path := range []string{"/libros/nada", "/libros/visits/VIS-0009", "/libros/visits/abc", "/libros/visits/SIS-0001"} {
		if got := b.get(path); got.status != http.StatusNotFound {
			t.Errorf("%s: got %d, want 404", path, got.status)
		}
	}
}

func TestWhatABookHides(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Director, access.Liaison, access.Transparency, access.Auditor)
	w.enters("visits", registers.Values{"person": "lmora", "department": "Obras", "level": "high"})
	w.enters("requests", registers.Values{"what": "acceso"})
	srv := serve(t, w.portal())
	director := open(t, srv).enter(access.Director)
	for _, path := range []string{"/libros/visits", "/libros/visits/VIS-0001", "/libros/visits?orden=person"} {
		if got := director.get(path); got.status != http.StatusOK || strings.Contains(got.body, "lmora") {
			t.Errorf("%s: got %d, and the name is shown", path, got.status)
		}
	}
	director.get("/libros/visits?q=lmora").has(t, "a search by a hidden name", "Ninguna fila")
	for role, want := range map[access.Role]map[string]int{
		access.Director:     {"/libros/requests": 403, "/libros/requests/SOL-0001": 403, "/libros/visits/nuevo": 403},
		access.Officer:      {"/libros/requests": 200, "/libros/requests/nuevo": 403},
		access.Transparency: {"/libros/requests/nuevo": 200, "/libros/requests/SOL-0001": 200, "/libros/visits": 403, "/libros/systems": 403},
		access.Liaison:      {"/libros/visits": 200, "/libros/visits/VIS-0001": 403, "/libros/systems": 403, "/libros/requests": 403},
		access.Auditor:      {"/libros/visits/VIS-0001": 200, "/libros/visits/VIS-0001/cambiar": 403},
	} {
		b := open(t, srv).enter(role)
		for path, status := range want {
			if got := b.get(path); got.status != status {
				t.Errorf("%s as %s: got %d, want %d", path, role, got.status, status)
			}
		}
	}
}

func TestALiaisonKeepsTheRowsOfHerDepartment(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Liaison)
	w.enters("visits", registers.Values{"person": "lmora", "department": "Obras"})
	w.enters("visits", registers.Values{"person": "psanz", "department": "PADRON"}) // as somebody typed it
	b := open(t, serve(t, w.portal())).enter(access.Liaison)
	got := b.get("/libros/visits")
	if got.has(t, "book", "psanz", "las filas de su área: Padrón"); strings.Contains(got.body, "lmora") || strings.Contains(got.body, "importar") {
		t.Error("the liaison sees another's row, or imports")
	}
	b.get("/libros").has(t, "shelf", "1 fila")
	b.get("/libros/visits/nuevo").has(t, "form", `value="Padrón" readonly`)
	form := fill("person", "nuevo", "department", "Obras") // whatever is sent
	if got := b.send("/libros/visits/nuevo", form, nil); got.status != http.StatusSeeOther || got.header.Get("Location") != "/libros/visits/VIS-0003" {
		t.Fatalf("got %d\n%s", got.status, got.body)
	}
	b.get("/libros/visits/VIS-0003").has(t, "row", "Padrón")
	form.Set("version", "1")
	for path, want := range map[string]int{"/libros/visits/VIS-0001/cambiar": 403, "/libros/visits/VIS-0001/quitar": 403, "/libros/visits/importar": 403, "/libros/systems/nuevo": 403} {
		if got := b.send(path, form, nil); got.status != want {
			t.Errorf("%s: got %d, want %d", path, got.status, want)
		}
	}
	for _, path := range []string{"/libros/visits?q=lmora", "/libros/visits/exportar?formato=csv", "/libros/visits/imprimir", "/libros/cambios", "/buscar?q=lmora"} {
		if got := b.get(path); got.status != http.StatusOK || strings.Contains(strings.ReplaceAll(got.body, `value="lmora"`, ""), ">lmora") || strings.Contains(got.body, ";lmora") {
			t.Errorf("%s: got %d, or another's row", path, got.status)
		}
	}
}

func TestABookThatOnlyGrows(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	w.enters("entries", registers.Values{"what": "tres cajas"})
	b := open(t, serve(t, w.portal())).enter(access.Officer)
	b.get("/libros/entries/ENT-0001").has(t, "row", "Anotar corrección", "/libros/entries/nuevo?corrige=ENT-0001")
	b.get("/libros/entries/nuevo?corrige=ENT-0001").has(t, "form", "Corregir ENT-0001", `value="tres cajas"`, `value="ENT-0001"`)
	for _, path := range []string{"/libros/entries/ENT-0001/cambiar", "/libros/entries/ENT-0001/quitar"} {
		if got := b.get(path); got.status != http.StatusNotFound {
			t.Errorf("%s: got %d", path, got.status)
		}
	}
	form := fill("what", "dos cajas", "corrects", "1")
	form.Set("corrige", "ENT-0001")
	b.send("/libros/entries/nuevo", form, nil).has(t, "no reason", "Diga qué se corrige")
	form.Set("motivo", "se contó mal")
	if got := b.send("/libros/entries/nuevo", form, nil); got.status != http.StatusSeeOther {
		t.Errorf("got %d\n%s", got.status, got.body)
	}
	b.get("/libros/entries/ENT-0002").has(t, "correction", "se contó mal", `href="/libros/entries/ENT-0001"`)
}

func TestATableOfManyRows(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	w.write(func(ctx context.Context, tx *storage.Tx) error {
		for i := range 230 {
			if _, err := w.registers.Add(ctx, tx, w.book("systems"), registers.Values{"name": "Sistema " + strconv.Itoa(i)}, registers.Act{By: "prueba", Via: registers.Command}); err != nil {
				return err
			}
		}
		return nil
	})
	b := open(t, serve(t, w.portal())).enter(access.Officer)
	first := b.get("/libros/systems")
	first.has(t, "first", "Filas 1 a 100 de 230", "?pagina=2", "SIS-0100")
	if strings.Contains(first.body, "SIS-0101") {
		t.Error("the first page has row 101")
	}
	b.get("/libros/systems?pagina=3&orden=-folio").has(t, "last", "Filas 201 a 230 de 230", "SIS-0001", "orden=-folio&amp;pagina=2")
	b.get("/libros/systems?q=sistema+22").has(t, "filter", "15 filas", "SIS-0023", "SIS-0230")
}

func TestADocument(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Auditor, access.Liaison)
	var sha string
	w.write(func(ctx context.Context, tx *storage.Tx) error {
		d, err := w.documents.Add(ctx, tx, "acta \"T4\" ñ.pdf", []byte("%PDF-1.4 acta"), "register/visits", userOf(access.Liaison))
		sha = d.SHA256
		return err
	})
	srv := serve(t, w.portal())
	for _, role := range []access.Role{access.Auditor, access.Liaison} { // the liaison handed it in
		b := open(t, srv).enter(role)
		b.get("/documentos/"+sha).has(t, "page", sha, "Descargar", userOf(access.Liaison))
		got := b.get("/documentos/" + sha + "/archivo")
		if got.status != http.StatusOK || got.body != "%PDF-1.4 acta" || got.header.Get("Content-Type") != "application/pdf" ||
			!strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") || !strings.Contains(got.header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("download: got %d %v", got.status, got.header)
		}
	}
	b := open(t, srv).enter(access.Officer)
	w.write(func(ctx context.Context, tx *storage.Tx) error { return w.documents.Erase(ctx, tx, sha) })
	b.get("/documentos/"+sha).has(t, "erased", "El contenido se borró")
	if got := b.get("/documentos/" + sha + "/archivo"); got.status != http.StatusSeeOther {
		t.Errorf("erased: got %d", got.status)
	}
	for _, path := range []string{"/documentos/abc", "/documentos/" + strings.Repeat("0", 64)} {
		if got := b.get(path); got.status != http.StatusNotFound {
			t.Errorf("%s: got %d", path, got.status)
		}
	}
}

func TestAnImportInThePortal(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	w.enters("visits", registers.Values{"person": "ana", "department": "Obras"})
	w.enters("visits", registers.Values{"person": "luis", "department": "Obras"})
	b := open(t, serve(t, w.portal())).enter(access.Officer)
	b.get("/libros/visits/importar").has(t, "form", "plantilla", "Quién, Equipo", "Básico · Alto")
	b.send("/libros/visits/importar", nil, nil).has(t, "no file", "Elija un archivo", `role="alert"`)
	b.send("/libros/visits/importar", nil, map[string]string{"archivo": "Quién\n\"a\n"}).has(t, "no table", "las comillas no cierran")
	up := func(file string) string {
		t.Helper()
		got := b.send("/libros/visits/importar", nil, map[string]string{"archivo": file})
		if got.status != http.StatusSeeOther {
			t.Fatalf("upload: got %d\n%s", got.status, got.body)
		}
		return got.header.Get("Location")
	}
	digest := func(a answer) string {
		if m := regexp.MustCompile(`name="visto" value="([0-9a-f]+)"`).FindStringSubmatch(a.body); m != nil {
			return m[1]
		}
		return ""
	}
	b.get(up("Quién;Colmillos\nana;2\n")).has(t, "another book", "la columna «Colmillos» no es del libro", "no se puede leer")

	// Wrong lines: nothing can be written, unless without them.
	path := up("Quién;Área;Hasta;Nivel\nana;Obras;31/12/2026;Alto\neva;Padrón;31/02/2026;\nzoe;;;medio\niris;Padrón;;\n")
	got := b.get(path)
	got.has(t, "preview", "Todavía no se ha escrito nada", "<th scope=\"row\">3</th><td data-label=\"Columna\">Hasta</td>", "no es una fecha", "«medio» no está en la lista", "<del>—</del>", "<ins>31/12/2026</ins>")
	if digest(got) != "" {
		t.Error("an import with problems can be confirmed")
	}
	b.do("POST", path, url.Values{"visto": {"0"}}.Encode()).has(t, "forced", "cambió el libro mientras tanto")
	got = b.get(path + "?malas=dejar&faltan=quitar")
	if got.has(t, "both", "no se quita ninguna fila"); digest(got) != "" {
		t.Error("rows can be struck out by a file with bad lines")
	}
	good := b.get(path + "?malas=dejar")
	// Somebody writes meanwhile: it is shown again.
	w.enters("visits", registers.Values{"person": "iris", "department": "Padrón"})
	form := url.Values{"visto": {digest(good)}, "malas": {"dejar"}, "motivo": {"lista de octubre"}}
	got = b.do("POST", path, form.Encode())
	if got.status != http.StatusUnprocessableEntity {
		t.Fatalf("got %d", got.status)
	}
	got.has(t, "meanwhile", "Alguien cambió el libro", "lista de octubre")
	form.Set("visto", digest(got))
	if got = b.do("POST", path, form.Encode()); got.status != http.StatusSeeOther {
		t.Fatalf("got %d\n%s", got.status, got.body)
	}
	b.get("/libros/visits").has(t, "after", "1 fila escrita")
	b.get("/libros/visits/VIS-0001").has(t, "history", "por importación", "lista de octubre")
	if got := b.get(path); got.status != http.StatusNotFound {
		t.Errorf("a confirmed upload: got %d", got.status)
	}
	// What the file does not hold goes, when that was chosen.
	path = up("Quién;Área\nana;Obras\n") + "?faltan=quitar"
	got = b.get(path)
	got.has(t, "replace", "se quitan", "VIS-0002", "Se quita")
	if got = b.do("POST", path, url.Values{"visto": {digest(got)}, "faltan": {"quitar"}}.Encode()); got.status != http.StatusSeeOther {
		t.Fatalf("replace: got %d", got.status)
	}
	got = b.get("/libros/visits")
	if got.has(t, "after", "2 filas escritas", "ana"); strings.Contains(got.body, ">luis<") {
		t.Error("luis is still there")
	}
	// An upload is nobody else's, and expires.
	path = up("Quién;Área\nrosa;Obras\n")
	if got := b.get(strings.Replace(path, "visits", "systems", 1)); got.status != http.StatusNotFound {
		t.Errorf("another book's upload: got %d", got.status)
	}
	w.now = w.now.Add(registers.UploadTerm + 1e9)
	if got := b.get(path); got.status != http.StatusNotFound {
		t.Errorf("after a day: got %d", got.status)
	}
	csv := b.get("/libros/visits/exportar?formato=csv")
	csv.has(t, "export", "Folio;Quién;Equipo", "VIS-0001;ana")
	if got := csv.header.Get("Content-Disposition"); !strings.Contains(got, "attachment") || !strings.Contains(got, "csv") {
		t.Errorf("export: %s", got)
	}
	for _, path := range []string{"/libros/visits/exportar", "/libros/visits/plantilla"} {
		if got := b.get(path); !strings.HasPrefix(got.body, "PK") {
			t.Errorf("%s is no workbook", path)
		}
	}
	b.get("/libros/visits/imprimir").has(t, "print", "VIS-0001", "Lo imprime seguridad")
}

func TestWhoChangedWhat(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Director, access.Transparency)
	w.enters("visits", registers.Values{"person": "lmora", "department": "Obras"})
	w.enters("requests", registers.Values{"what": "acceso"})
	w.enters("systems", registers.Values{"name": "Nómina"})
	srv := serve(t, w.portal())
	b := open(t, srv).enter(access.Officer)
	form := fill("name", "Nóminas")
	form.Set("version", "1")
	if got := b.send("/libros/systems/SIS-0001/cambiar", form, nil); got.status != http.StatusSeeOther {
		t.Fatalf("got %d", got.status)
	}
	all := b.get("/libros/cambios")
	all.has(t, "all", "Del 1 oct 2026 al 31 dic 2026", "4 cambios", "<del>Nómina</del>", "<ins>Nóminas</ins>", "VIS-0001", "lmora", "SOL-0001", "por prueba", "por seguridad")
	b.get("/libros/cambios?quien=seguridad").has(t, "of one", "1 cambio", "SIS-0001")
	b.get("/libros/cambios?libro=visits&q=lmora").has(t, "of a book", "1 cambio", "VIS-0001")
	b.get("/libros/cambios?desde=2026-01-01&hasta=2026-03-31").has(t, "of a time", "Nadie cambió nada")
	b.get("/libros/cambios?desde=2026-12-01&hasta=2026-01-31").has(t, "wrong days", "Esas fechas no valen", "4 cambios")
	director := open(t, srv).enter(access.Director).get("/libros/cambios")
	if director.has(t, "director", "3 cambios", "VIS-0001"); strings.Contains(director.body, "lmora") || strings.Contains(director.body, "SOL-0001") {
		t.Error("the director sees names, or another's book")
	}
	open(t, srv).enter(access.Transparency).get("/libros/cambios").has(t, "transparency", "1 cambio", "SOL-0001")
}

func TestSearch(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Director, access.Transparency)
	id := w.admit(officePCs()[0])
	w.admit(officePCs()[2])
	w.enters("visits", registers.Values{"person": "lmora", "department": "Obras", "machine": "alcaldia-01"})
	w.enters("systems", registers.Values{"name": "Alcaldía: agenda"})
	w.enters("requests", registers.Values{"what": "acceso a la agenda"})
	incidents := Searcher{Kind: message.Text{ES: "Incidencias", EN: "Incidents"}, Roles: []access.Role{access.Officer},
		Find: func(_ context.Context, _ *storage.Tx, q Question) ([]Hit, error) {
			if q.Matches("INC-0001 agenda perdida") {
				return []Hit{{Path: "/incidencias/INC-0001", Title: "Agenda perdida", Detail: "INC-0001", Exact: q.Text == "INC-0001"}}, nil
			}
			return nil, nil
		}}
	srv := serve(t, w.portal(func(o *Options) { o.Search = []Searcher{incidents} }))
	b := open(t, srv).enter(access.Officer)
	b.get("/buscar").has(t, "nothing asked", "parte de un nombre")
	b.get("/buscar?q=a").has(t, "one letter", "al menos dos letras")
	b.get("/buscar?q=zzzz").has(t, "nothing found", "No se ha encontrado nada")
	b.get("/buscar?q=ALCALDIA").has(t, "machine, person's visit and system", ">Equipos<", `href="/equipos/`+id, ">Visitas<", "VIS-0001", ">Sistemas<", "Alcaldía: agenda")
	b.get("/buscar?q=agenda").has(t, "incident", "SIS-0001", "SOL-0001", ">Incidencias<", "/incidencias/INC-0001")
	b.get("/buscar?q=bloqueo+sesi%C3%B3n").has(t, "control", "/controles/AC-LOCK-15")
	for text, path := range map[string]string{"vis-0001": "/libros/visits/VIS-0001", "ac-lock-15": "/controles/AC-LOCK-15", "Alcaldia-01": "/equipos/" + id, "INC-0001": "/incidencias/INC-0001"} {
		if got := b.get("/buscar?q=" + text); got.status != http.StatusSeeOther || got.header.Get("Location") != path {
			t.Errorf("%s: got %d to %s, want to %s", text, got.status, got.header.Get("Location"), path)
		}
	}
	// Nobody finds what he may not see.
	director := open(t, srv).enter(access.Director)
	for _, text := range []string{"lmora", "acceso", "SOL-0001", "agenda+perdida"} {
		if got := director.get("/buscar?q=" + text); got.status != http.StatusOK || strings.Contains(got.body, "VIS-0001") || strings.Contains(got.body, "SOL-0001<") || strings.Contains(got.body, "INC-") {
			t.Errorf("the director finds %s: %d", text, got.status)
		}
	}
	other := open(t, srv).enter(access.Transparency).get("/buscar?q=alcaldia")
	if other.has(t, "transparency", "No se ha encontrado nada"); strings.Contains(other.body, "/equipos/") {
		t.Error("finds a machine")
	}
}
