package web

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"vigia/collector/access"
	"vigia/collector/activity"
	"vigia/collector/storage"
)

// found is the first group of a pattern in a page.
func (a answer) found(t *testing.T, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(a.body)
	if m == nil {
		t.Fatalf("got no %s in\n%s", pattern, a.body)
	}
	return html.UnescapeString(m[1])
}

// goes checks where an answer leads.
func (a answer) goes(t *testing.T, what, to string) {
	t.Helper()
	if a.status != http.StatusSeeOther || a.header.Get("Location") != to {
		t.Fatalf("%s: got %d to %q, want 303 to %q\n%s", what, a.status, a.header.Get("Location"), to, a.body)
	}
}

// An officer's first days: led to a second factor, an application with its code, then a
// log-in with it, and codes from paper.
func TestSecondFactor(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	w.must(w.access.Create(t.Context(), access.New{Name: "nueva", Role: access.Officer, Password: goodPassword}, "test"))
	srv := serve(t, w.portal())
	b := open(t, srv)
	b.logIn("nueva", goodPassword, "/equipos").goes(t, "the first log-in", "/acceso/segundo-factor?volver=%2Fequipos")
	b.get("/equipos").has(t, "without a factor", "todavía no firmar", `href="/acceso/segundo-factor"`)

	page := b.get("/acceso/segundo-factor?volver=%2Fequipos")
	page.has(t, "factors", "necesita un segundo factor", `<svg class="qr"`, "la hoja impresa no necesita teléfono")
	secret := strings.ReplaceAll(page.found(t, `escriba esta clave: <code>([A-Z2-7 ]+)</code>`), " ", "")
	code := func() string {
		text, err := access.TOTPCode(secret, w.now)
		w.must(err)
		return text
	}
	if got := b.do("POST", "/acceso/segundo-factor/aplicacion", form("clave", "no es esta clave", "codigo", code())); got.status != http.StatusForbidden {
		t.Errorf("with a wrong password: got %d, want 403", got.status)
	}
	if got := b.do("POST", "/acceso/segundo-factor/aplicacion", form("clave", goodPassword, "codigo", "000000")); got.status != http.StatusUnprocessableEntity {
		t.Errorf("with a wrong code: got %d, want 422", got.status)
	}
	b.do("POST", "/acceso/segundo-factor/aplicacion", form("clave", goodPassword, "codigo", code(), "volver", "/equipos")).goes(t, "with the code", "/equipos")

	// That proved it: a sheet needs nothing more.
	sheet := b.do("POST", "/acceso/segundo-factor/hoja", "")
	sheet.has(t, "sheet", "no se vuelve a mostrar")
	paper := regexp.MustCompile(`<code>([a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4})</code>`).FindAllStringSubmatch(sheet.body, -1)
	if len(paper) != access.SheetSize {
		t.Fatalf("got %d codes, want %d", len(paper), access.SheetSize)
	}

	w.now = w.now.Add(time.Minute)
	other := open(t, srv)
	other.logIn("nueva", goodPassword, "/controles").goes(t, "the password", "/entrar/segundo")
	if got := other.get("/equipos"); got.status != http.StatusSeeOther {
		t.Errorf("with the password alone: got %d, want the log-in", got.status)
	}
	other.get("/entrar/segundo").has(t, "second factor", "La contraseña de nueva es correcta", `autocomplete="one-time-code"`)
	if got := other.do("POST", "/entrar/segundo", form("codigo", "000000")); got.status != http.StatusForbidden {
		t.Errorf("wrong code: got %d, want 403", got.status)
	}
	used := code()
	other.do("POST", "/entrar/segundo", form("codigo", used)).goes(t, "the code", "/controles")
	third := open(t, srv)
	third.logIn("nueva", goodPassword, "/").goes(t, "the password again", "/entrar/segundo")
	if got := third.do("POST", "/entrar/segundo", form("codigo", used)); got.status != http.StatusForbidden {
		t.Errorf("the same code twice: got %d, want 403", got.status)
	}
	third.do("POST", "/entrar/segundo", form("codigo", strings.ToUpper(paper[0][1]))).goes(t, "a printed code", "/")
	third.get("/acceso").has(t, "own account", "quedan 9 códigos", "esta misma")

	// The password is good for minutes only.
	late := open(t, srv)
	late.logIn("nueva", goodPassword, "/").goes(t, "the password, late", "/entrar/segundo")
	w.now = w.now.Add(pendingFor)
	late.do("POST", "/entrar/segundo", form("codigo", code())).goes(t, "too late", "/entrar")
}

// What changes something of weight asks again who one is, and what was written is not lost.
func TestFreshProof(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Administrator)
	srv := serve(t, w.portal())
	b := open(t, srv).enter(access.Administrator)
	add := form("nombre", "luis", "rol", "liaison", "area", "Padrón")
	b.do("POST", "/cuentas", add, "Referer", b.base+"/cuentas").goes(t, "without a factor", "/acceso/segundo-factor?volver=%2Fcuentas")

	codes, err := w.access.NewCodes(t.Context(), userOf(access.Administrator), "test")
	w.must(err)
	b.do("POST", "/cuentas", add, "Referer", b.base+"/cuentas").goes(t, "without proof", "/confirmar?volver=%2Fcuentas")
	b.get("/confirmar?volver=%2Fcuentas").has(t, "confirm", "Confirme que es usted", "cinco minutos")
	for _, wrong := range []string{form("clave", "no es esta", "codigo", codes[0]), form("clave", goodPassword, "codigo", "aaaa-bbbb-cccc"), ""} {
		if got := b.do("POST", "/confirmar", wrong); got.status != http.StatusForbidden {
			t.Errorf("confirm with %q: got %d, want 403", wrong, got.status)
		}
	}
	b.do("POST", "/confirmar", form("clave", goodPassword, "codigo", codes[1], "volver", "/cuentas")).goes(t, "confirm", "/confirmar/seguir?volver=%2Fcuentas")
	b.get("/confirmar/seguir?volver=%2Fcuentas").has(t, "go on", `action="/cuentas"`, `name="nombre" value="luis"`, `name="area" value="Padrón"`)
	b.do("POST", "/cuentas", add).goes(t, "send it", "/cuentas/luis")
	made := b.get("/cuentas/luis")
	made.has(t, "made", "Cuenta creada: luis", "Se muestra solo ahora", "con contraseña inicial")
	initial := made.found(t, `class="secret"><code>([^<]+)`)
	if got := b.get("/cuentas/luis"); strings.Contains(got.body, initial) {
		t.Error("the initial password is shown twice")
	}
	b.get("/confirmar/seguir").goes(t, "nothing waits any more", "/")

	// An address from elsewhere does not come into the way back.
	w.now = w.now.Add(access.FreshFor)
	b.do("POST", "/cuentas", add, "Referer", "https://evil.example/x").goes(t, "after five minutes", "/confirmar")

	// luis sets his own password first, then sees his department.
	l := open(t, srv)
	l.logIn("luis", initial, "/").goes(t, "luis", "/acceso/clave")
	l.get("/equipos").goes(t, "elsewhere", "/acceso/clave")
	const own = "solo-yo-la-conozco"
	if got := l.do("POST", "/acceso/clave", form("clave", initial, "clave_nueva", own, "clave_otra", own+"x")); got.status != http.StatusUnprocessableEntity {
		t.Errorf("written differently: got %d, want 422", got.status)
	}
	l.do("POST", "/acceso/clave", form("clave", initial, "clave_nueva", own, "clave_otra", own)).goes(t, "own password", "/")
	l.get("/").has(t, "home of luis", "Enlace de área · Padrón")
}

// A session outlasts a restart, is seen by its owner, and can be ended.
func TestSessions(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Director)
	srv := serve(t, w.portal())
	b := open(t, srv).enter(access.Director)
	again := serve(t, w.portal()) // another process over the same database
	base, err := url.Parse(b.base)
	w.must(err)
	cookies := b.client.Jar.Cookies(base)
	if len(cookies) != 1 {
		t.Fatalf("got %d cookies, want 1", len(cookies))
	}
	header := []string{"Cookie", cookies[0].Name + "=" + cookies[0].Value}
	stranger := open(t, again)
	if got := stranger.do("GET", "/equipos", "", header...); got.status != http.StatusOK {
		t.Errorf("after a restart: got %d, want 200", got.status)
	}
	other := open(t, srv).enter(access.Director)
	page := b.get("/acceso")
	id := page.found(t, `name="sesion" value="([0-9a-f]+)"`)
	b.do("POST", "/acceso/sesiones", form("sesion", id)).goes(t, "end the other", "/acceso")
	if got := other.get("/equipos"); got.status != http.StatusSeeOther {
		t.Errorf("the ended session: got %d, want the log-in", got.status)
	}
	if got := b.get("/equipos"); got.status != http.StatusOK {
		t.Errorf("this session: got %d, want 200", got.status)
	}
}

// A liaison sees the machines of the own department, and no trace of the others.
func TestDepartmentIsolation(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Liaison)
	pcs := officePCs()
	ids := w.furnish(pcs)
	w.knowMachines(pcs)
	b := open(t, serve(t, w.portal())).enter(access.Liaison)
	own := map[string]bool{}
	for _, p := range pcs {
		own[p.host] = p.department == liaisonDepartment
	}
	paths := []string{"/", "/equipos", "/controles", "/acceso", "/ayuda"}
	for _, c := range w.laws.Controls {
		paths = append(paths, "/controles/"+c.ID)
	}
	for host, id := range ids {
		want := http.StatusNotFound
		if own[host] {
			want = http.StatusOK
			paths = append(paths, "/equipos/"+id)
		}
		if got := b.get("/equipos/" + id); got.status != want {
			t.Errorf("%s: got %d, want %d", host, got.status, want)
		}
	}
	seen := 0
	for _, path := range paths {
		body := strings.ToLower(b.get(path).body)
		for _, p := range pcs {
			switch {
			case own[p.host] && strings.Contains(body, strings.ToLower(p.host)):
				seen++
			case !own[p.host] && strings.Contains(body, strings.ToLower(p.host)):
				t.Errorf("%s names %s of %s", path, p.host, p.department)
			case !own[p.host] && strings.Contains(body, ids[p.host]):
				t.Errorf("%s holds the id of %s of %s", path, p.host, p.department)
			}
		}
		for _, host := range []string{"cultura-01", "portatil-03", "torno-entrada"} { // of the list of machines
			if strings.Contains(body, host) {
				t.Errorf("%s names %s", path, host)
			}
		}
	}
	if seen == 0 {
		t.Error("the own machines are nowhere")
	}
}

// Whoever is bound to a department that was taken away sees nothing.
func TestLiaisonWithoutDepartment(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Liaison)
	b := open(t, serve(t, w.portal())).enter(access.Liaison)
	w.exec(`UPDATE access_users SET department = '' WHERE name = $1`, userOf(access.Liaison))
	for _, path := range []string{"/", "/equipos", "/controles"} {
		if got := b.get(path); got.status != http.StatusForbidden {
			t.Errorf("%s: got %d, want 403", path, got.status)
		}
	}
}

// Everything that somebody does is in the activity log, and nothing that they wrote.
func TestActivity(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Auditor, access.Administrator)
	srv := serve(t, w.portal())
	stranger := open(t, srv)
	stranger.logIn(userOf(access.Auditor), "una-clave-que-no-es", "/")
	stranger.logIn("clave-escrita-en-el-nombre", "x", "/")
	stranger.get("/equipos")
	b := open(t, srv).enter(access.Auditor)
	b.get("/controles/AC-LOCK-15?secreto=1")
	b.get("/altas")
	b.do("POST", "/salir", "")
	b.enter(access.Auditor)

	var got []string
	w.must(w.activity.Entries(t.Context(), activity.Filter{}, func(e activity.Entry) error {
		got = append([]string{strings.Join([]string{e.Who, string(e.Act), e.Route, e.Record, http.StatusText(e.Result)}, " ")}, got...)
		return nil
	}))
	want := []string{
		"auditoria refused POST /entrar /entrar Forbidden",
		" refused POST /entrar /entrar Forbidden",
		"auditoria log_in POST /entrar /entrar See Other",
		"auditoria look GET /controles/{id} /controles/AC-LOCK-15 OK",
		"auditoria look GET /altas /altas Forbidden",
		"auditoria log_out POST /salir /salir See Other",
		"auditoria log_in POST /entrar /entrar See Other",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	b.get("/actividad").has(t, "page", "Registro de actividad", "no demostró quién es", "nadie conocido", `href="/controles/AC-LOCK-15"`)
	if page := b.get("/actividad?hecho=refused&quien=auditoria"); strings.Count(page.body, `<th scope="row">`) != 1 {
		t.Error("filter: want one entry")
	}
	file := b.get("/actividad/descargar?registro=/altas")
	if lines := strings.Split(strings.TrimSpace(file.body), "\r\n"); len(lines) != 2 || !strings.Contains(lines[1], ";auditoria;auditor;127.0.0.1;consultó;/altas;GET /altas;403") {
		t.Errorf("file: got %q", file.body)
	}

	// An auditor sees the days of the requirement, and no other.
	w.must(w.access.Change(t.Context(), userOf(access.Auditor), access.Edit{Role: access.Auditor,
		Scope: access.Scope{From: "2026-01-01", Until: "2026-11-20", Requirement: "Oficio 23"}}, "test"))
	b.get("/actividad?desde=2026-11-21").has(t, "scope", "Oficio 23", "No hay nada anotado")
}

// A change that cannot be noted is not answered with success.
func TestChangeThatCannotBeNoted(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	b := open(t, serve(t, w.portal())).enter(access.Officer)
	w.exec(`DROP TABLE activity_entries`)
	if got := b.do("POST", "/acceso/sesiones", ""); got.status != http.StatusInternalServerError || got.header.Get("Location") != "" {
		t.Errorf("got %d to %q, want 500", got.status, got.header.Get("Location"))
	}
	if got := b.get("/equipos"); got.status != http.StatusOK {
		t.Errorf("looking: got %d, want 200", got.status)
	}
}

// exec runs a statement behind the back of the domain that owns the table.
func (w *townHall) exec(query string, args ...any) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
}
