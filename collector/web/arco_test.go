package web

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vigia/checks/policy"
	"vigia/collector/access"
	"vigia/collector/registers"
	"vigia/collector/registers/requests"
	"vigia/collector/registers/systems"
	"vigia/collector/storage"
	"vigia/collector/worktime"
)

// inMexico is a portal of an organisation under the Mexican pack.
func (w *townHall) inMexico(o *Options) {
	packs := slices.DeleteFunc(slices.Clone(w.packs), func(p policy.Pack) bool { return p.Name != "mx-general" })
	if len(packs) != 1 {
		w.t.Fatal("no pack mx-general")
	}
	o.Chosen = func(context.Context, *storage.Tx) ([]policy.Pack, error) { return packs, nil }
	o.Worktime = func(context.Context, *storage.Tx) (worktime.Calendar, error) {
		return worktime.Of(packs, madrid, nil), nil
	}
	o.Books = append(slices.Clone(o.Books), requests.Book())
}

// keeps writes a row to a book that is not of the tests.
func (w *townHall) keeps(b *registers.Book, v registers.Values) registers.Row {
	var row registers.Row
	w.write(func(ctx context.Context, tx *storage.Tx) (err error) {
		row, err = w.registers.Add(ctx, tx, b, v, registers.Act{By: userOf(access.Officer), Via: registers.Portal})
		return err
	})
	return row
}

func aRequest() registers.Values {
	return registers.Values{"reference": "A. R. G.", "kinds": "access\nportability", "received": "2026-11-18T10:00:00Z", "channel": "counter", "holder": "self", "identity": "document", "department": "Catastro"}
}

// requests: transparency and the officer serve them, those who oversee look.
func (t routeTable) arco(w *townHall) {
	w.keeps(requests.Book(), aRequest())
	t.only("GET /solicitudes", "/solicitudes", looks, arcoReaders()...)
	t.only("GET /solicitudes/{folio}", "/solicitudes/SOL-0001", looks, arcoReaders()...)
	t.only("POST /solicitudes/{folio}", "/solicitudes/SOL-0001", refused, arcoWriters()...)
	t.only("GET /solicitudes/{folio}/acuse", "/solicitudes/SOL-0001/acuse", looks, arcoWriters()...)
	t.only("GET /solicitudes/{folio}/respuesta", "/solicitudes/SOL-0001/respuesta", looks, arcoWriters()...)
}

// A request from its first day to its end, by the one who serves it.
func TestARequestOfAPerson(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Transparency)
	srv := serve(t, w.portal(w.inMexico))
	b := open(t, srv).enter(access.Transparency)

	if got := b.get("/solicitudes"); !strings.Contains(got.body, "No hay solicitudes en curso") {
		t.Errorf("the empty page says nothing of what to do")
	}
	w.keeps(systems.Book(), registers.Values{"name": "Padrón catastral", "department": "Catastro", "data": "name", "format": "physical", "place": "Archivo"})
	w.keeps(systems.Book(), registers.Values{"name": "Agenda", "department": "Alcaldía", "data": "name", "format": "physical", "place": "Archivo"})
	w.keeps(requests.Book(), aRequest())

	page := b.get("/solicitudes/SOL-0001").body
	for _, want := range []string{"Lo siguiente: Se entregó el acuse", "19 nov 2026", "Padrón catastral", "del área de la solicitud", "Pide portabilidad"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Index(page, "Padrón catastral") > strings.Index(page, "Agenda") {
		t.Error("the systems of the department do not come first")
	}
	step := func(want int, pairs ...string) answer {
		t.Helper()
		got := b.do(http.MethodPost, "/solicitudes/SOL-0001", form(pairs...))
		if got.status != want {
			t.Fatalf("%v: got %d, want %d: %s", pairs, got.status, want, got.body)
		}
		return got
	}
	step(http.StatusSeeOther, "version", "1", "paso", "acknowledge", "c-acknowledged", "2026-11-19")
	step(http.StatusSeeOther, "version", "2", "paso", "systems", "sistema", "SIS-0001")
	if got := step(http.StatusConflict, "version", "1", "paso", "systems"); !strings.Contains(got.body, "Alguien cambió") {
		t.Error("who wrote over another's change is not told")
	}
	if got := step(http.StatusUnprocessableEntity, "version", "3", "paso", "answer", "c-answered", "2026-11-30", "c-outcome", "granted"); !strings.Contains(got.body, "todavía no es ese día") {
		t.Error("an answer of tomorrow is taken")
	}
	if got := step(http.StatusUnprocessableEntity, "version", "3", "paso", "answer", "c-answered", "2026-11-20", "c-outcome", "denied"); !strings.Contains(got.body, "diga por qué") {
		t.Error("denied for no reason")
	}
	step(http.StatusSeeOther, "version", "3", "paso", "answer", "c-answered", "2026-11-20", "c-outcome", "granted")
	if page := b.get("/solicitudes/SOL-0001").body; !strings.Contains(page, "Lo siguiente: Se hizo efectivo") || !strings.Contains(page, "11 dic 2026") {
		t.Errorf("what was granted is not the next step, with its day")
	}
	if got := b.get("/solicitudes").body; !strings.Contains(got, "Hacer efectivo lo concedido") {
		t.Error("the list does not say what comes next")
	}
	letter := docxText(t, b.get("/solicitudes/SOL-0001/respuesta").body)
	for _, want := range []string{"SOL-0001", "Procede.", "[nombre de la persona", "11 dic 2026", "formato estructurado"} {
		if !strings.Contains(letter, want) {
			t.Errorf("the answer does not say %q: %s", want, letter)
		}
	}
	if strings.Contains(letter, "A. R. G.") {
		t.Error("the letter holds the reference of the person")
	}
	step(http.StatusSeeOther, "version", "4", "paso", "execute", "c-executed", "2026-11-21", "c-portability", "csv")
	if got := b.get("/solicitudes").body; !strings.Contains(got, "No hay solicitudes en curso") || !strings.Contains(got, "Terminadas (1)") {
		t.Error("it is not closed")
	}
}

// One that nobody looked at is told in the menu and in red.
func TestAnOverdueRequest(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Transparency)
	b := open(t, serve(t, w.portal(w.inMexico))).enter(access.Transparency)
	v := aRequest()
	v["acknowledged"] = "2026-11-18"
	w.keeps(requests.Book(), v)
	if got := b.get("/solicitudes").body; strings.Contains(got, "fuera de plazo") || strings.Contains(got, "con el plazo encima") {
		t.Error("it is overdue at once")
	}
	w.now = time.Date(2026, 12, 18, 10, 0, 0, 0, madrid)
	got := b.enter(access.Transparency).get("/solicitudes").body
	for _, want := range []string{"1 fuera de plazo", "venció hace", "1 con el plazo encima"} {
		if !strings.Contains(got, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// docxText is the text of a document of words.
func docxText(t *testing.T, data string) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader([]byte(data)), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	inside := false
	for _, r := range string(text) {
		switch {
		case r == '<':
			inside = true
		case r == '>':
			inside = false
		case !inside:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// form is what a form sends, of pairs of name and value.
func form(pairs ...string) string {
	out := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		out.Add(pairs[i], pairs[i+1])
	}
	return out.Encode()
}
