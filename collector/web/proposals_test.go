package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"vigia/collector/access"
	equipment "vigia/collector/registers/assets"
)

func (t routeTable) proposals() {
	writers := []access.Role{access.Officer, access.Administrator}
	t.only("GET /libros/{book}/propuestas", "/libros/systems/propuestas", looks, writers...)
	t.only("POST /libros/{book}/propuestas", "/libros/systems/propuestas", refused, writers...)
}

// Machines that report are proposed for the inventory: one that is ticked is added, then
// all others at once, and then there is nothing left to propose.
func TestProposals(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	var hosts []string
	for _, pc := range officePCs() {
		w.admit(pc)
		hosts = append(hosts, strings.ToLower(pc.host))
	}
	srv := serve(t, w.portal(func(o *Options) { o.Books = append(o.Books, equipment.Book()) }))
	b := open(t, srv).enter(access.Officer)
	const path = "/libros/assets/propuestas"
	if got := b.do("GET", "/libros/assets", ""); !strings.Contains(got.body, path) {
		t.Error("the book does not lead to its proposals")
	}
	page := b.do("GET", path, "")
	ticks := regexp.MustCompile(`name="fila" value="([0-9a-f]{16})"`).FindAllStringSubmatch(page.body, -1)
	if page.status != http.StatusOK || len(ticks) != len(hosts) || strings.Contains(page.body, " checked") {
		t.Fatalf("got %d with %d boxes, want %d that nobody ticked\n%s", page.status, len(ticks), len(hosts), page.body)
	}
	if got := b.do("GET", path+"?marcar=todas", ""); strings.Count(got.body, " checked") != len(hosts) {
		t.Error("not every box is ticked")
	}
	for _, form := range []url.Values{{}, {"hacer": {"marcadas"}}, {"hacer": {"otra"}, "fila": {ticks[0][1]}}, {"hacer": {"todas"}, "motivo": {strings.Repeat("x", 2000)}}} {
		if got := b.do("POST", path, form.Encode()); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, `role="alert"`) {
			t.Errorf("%v: got %d, want a form that says what is wrong", form, got.status)
		}
	}
	for _, step := range []struct {
		form url.Values
		want int
	}{
		{url.Values{"hacer": {"marcadas"}, "fila": {ticks[0][1], "ffffffffffffffff"}}, 1},
		{url.Values{"hacer": {"todas"}, "motivo": {"primer inventario"}}, len(hosts)},
		{url.Values{"hacer": {"todas"}}, len(hosts)},
	} {
		if got := b.do("POST", path, step.form.Encode()); got.status != http.StatusSeeOther || got.header.Get("Location") != path {
			t.Fatalf("%v: got %d to %q\n%s", step.form, got.status, got.header.Get("Location"), got.body)
		}
		book := b.do("GET", "/libros/assets", "").body
		if n := strings.Count(book, `href="/libros/assets/EQU-`); n < step.want || !strings.Contains(book, hosts[0]) && step.want > 1 {
			t.Errorf("%v: the book has %d rows, want %d", step.form, n, step.want)
		}
	}
	if got := b.do("GET", path, "").body; !strings.Contains(got, "No hay nada que proponer") {
		t.Errorf("something is proposed still:\n%s", got)
	}
	if got := b.do("GET", "/libros/visits/propuestas", ""); got.status != http.StatusNotFound {
		t.Errorf("a book of which nothing is proposed: got %d, want 404", got.status)
	}
	if row := b.do("GET", "/libros/assets/EQU-0002", "").body; !strings.Contains(row, "primer inventario") {
		t.Error("the reason is not kept")
	}
}
