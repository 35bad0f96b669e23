package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/enroll"
	"vigia/collector/storage"
)

// browser is an HTTP client with cookies that follows no redirect by itself.
type browser struct {
	t      *testing.T
	base   string
	client *http.Client
}

type answer struct {
	status int
	header http.Header
	body   string
}

func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	srv := httptest.NewTLSServer(h)
	t.Cleanup(srv.Close)
	return srv
}

func open(t *testing.T, srv *httptest.Server) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := *srv.Client()
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{t: t, base: srv.URL, client: &client}
}

func (b *browser) do(method, path, body string, header ...string) answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: string(data)}
}

func (b *browser) get(path string) answer { b.t.Helper(); return b.do("GET", path, "") }

func (b *browser) logIn(name, password, back string) answer {
	b.t.Helper()
	return b.do("POST", "/entrar", url.Values{"nombre": {name}, "clave": {password}, "volver": {back}}.Encode())
}

// enter logs in and fails the test when that does not work.
func (b *browser) enter(role access.Role) *browser {
	b.t.Helper()
	if got := b.logIn(userOf(role), goodPassword, "/"); got.status != http.StatusSeeOther || got.header.Get("Location") != "/" {
		b.t.Fatalf("log in as %s: got %d to %q, want 303 to /", role, got.status, got.header.Get("Location"))
	}
	return b
}

func (a answer) has(t *testing.T, where string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(a.body, want) {
			t.Errorf("%s: got no %q in\n%s", where, want, a.body)
		}
	}
}

func TestRoleThatNoRouteKnows(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Director)
	w.write(func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE access_users SET role = 'stranger' WHERE name = $1`, userOf(access.Director))
		return err
	})
	b := open(t, serve(t, w.portal())).enter(access.Director)
	for _, path := range []string{"/", "/equipos", "/controles"} {
		got := b.get(path)
		if got.status != http.StatusForbidden {
			t.Errorf("%s: got %d, want 403", path, got.status)
		}
		got.has(t, path, "Su papel no permite ver esto")
	}
}

func TestLogIn(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	srv := serve(t, w.portal())
	b := open(t, srv)
	user := userOf(access.Officer)

	got := b.get("/equipos/abc?x=1")
	if want := "/entrar?volver=%2Fequipos%2Fabc%3Fx%3D1"; got.status != http.StatusSeeOther || got.header.Get("Location") != want {
		t.Fatalf("without session: got %d to %q, want 303 to %q", got.status, got.header.Get("Location"), want)
	}
	b.get(got.header.Get("Location")).has(t, "form", `name="volver" value="/equipos/abc?x=1"`, "Contraseña")

	wrong, nobody := b.logIn(user, "no es esta clave", "/controles"), b.logIn("nadie", "no es esta clave", "/controles")
	if wrong.status != http.StatusForbidden {
		t.Errorf("wrong password: got %d, want 403", wrong.status)
	}
	wrong.has(t, "wrong password", "no son correctos", `value="/controles"`, `role="alert"`)
	if strip := strings.NewReplacer(user, "", "nadie", ""); strip.Replace(wrong.body) != strip.Replace(nobody.body) || wrong.status != nobody.status {
		t.Error("a wrong password and an unknown name look different")
	}

	got = b.logIn(user, goodPassword, "/controles")
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/controles" {
		t.Fatalf("log in: got %d to %q, want 303 to /controles", got.status, got.header.Get("Location"))
	}
	cookie := got.header.Get("Set-Cookie")
	for _, want := range []string{"__Host-vigia=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie: got %q, want %s in it", cookie, want)
		}
	}
	again := b.logIn(user, goodPassword, "/").header.Get("Set-Cookie")
	if strings.Split(again, ";")[0] == strings.Split(cookie, ";")[0] {
		t.Error("a new log-in kept the session's token")
	}
	b.get("/").has(t, "overview", user, "Responsable de seguridad", "Todavía no hay ningún equipo", "vigia token create")

	if got := b.do("POST", "/salir", ""); got.status != http.StatusSeeOther || got.header.Get("Clear-Site-Data") != `"cache"` {
		t.Errorf("log out: got %d, Clear-Site-Data %q", got.status, got.header.Get("Clear-Site-Data"))
	}
	if got := b.get("/"); got.status != http.StatusSeeOther {
		t.Errorf("after log-out: got %d, want 303", got.status)
	}
	// The token itself is dead, not only the browser's copy.
	if got := open(t, srv).do("GET", "/", "", "Cookie", strings.Split(again, ";")[0]); got.status != http.StatusSeeOther {
		t.Errorf("old token after log-out: got %d, want 303", got.status)
	}
}

func TestLogInIsThrottled(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Auditor)
	b := open(t, serve(t, w.portal()))
	for range access.MaxFailures {
		b.logIn(userOf(access.Auditor), "mala", "/")
	}
	got := b.logIn(userOf(access.Auditor), goodPassword, "/")
	if got.status != http.StatusTooManyRequests {
		t.Errorf("after %d mistakes: got %d, want 429", access.MaxFailures, got.status)
	}
	got.has(t, "throttled", "Demasiados intentos", "hay que esperar")
	w.now = w.now.Add(access.LockFor + time.Minute)
	b.enter(access.Auditor)
}

func TestClosedAccountLosesItsSession(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Director)
	b := open(t, serve(t, w.portal())).enter(access.Director)
	w.must(w.access.Disable(t.Context(), userOf(access.Director), "test"))
	if got := b.get("/"); got.status != http.StatusSeeOther {
		t.Errorf("got %d, want the log-in", got.status)
	}
}

func TestOtherSitesCannotPost(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	b := open(t, serve(t, w.portal())).enter(access.Officer)
	for _, h := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		if got := b.do("POST", "/salir", "", h...); got.status != http.StatusForbidden {
			t.Errorf("%v: got %d, want 403", h, got.status)
		}
	}
	if got := b.get("/"); got.status != http.StatusOK {
		t.Errorf("session after that: got %d, want 200", got.status)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	srv := serve(t, w.portal())
	for _, path := range []string{"/entrar", "/", "/salud", "/no-existe", "/estatico/no.css"} {
		h := open(t, srv).get(path).header
		for name, want := range map[string]string{
			"Content-Security-Policy": contentPolicy, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
			"Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Strict-Transport-Security": "",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s %s: got %q, want %q", path, name, got, want)
			}
		}
	}
	if got := open(t, srv).do("GET", "/entrar", "", "Host", "x"); got.status != http.StatusOK {
		t.Errorf("got %d, want 200", got.status)
	}
	req := httptest.NewRequest("GET", "https://portal.valdehermoso.example/entrar", nil)
	rec := httptest.NewRecorder()
	w.portal().ServeHTTP(rec, req)
	if got := rec.Header().Get("Strict-Transport-Security"); got == "" {
		t.Error("beyond loopback: no Strict-Transport-Security")
	}
	body := rec.Body.String()
	if strings.Contains(body, "<script") || strings.Contains(body, " style=") || strings.Contains(body, "<style") || regexp.MustCompile(`\son[a-z]+=`).MatchString(body) {
		t.Error("a page holds a script or a style of its own, which its policy forbids")
	}
	css := regexp.MustCompile(`/estatico/estilo\.[0-9a-f]{12}\.css`).FindString(body)
	got := open(t, srv).get(css)
	if got.status != http.StatusOK || got.header.Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(got.header.Get("Cache-Control"), "immutable") {
		t.Errorf("style: got %d %v", got.status, got.header)
	}
	if len(got.body) > 40<<10 || strings.Contains(got.body, "@import") || strings.Contains(got.body, "http") {
		t.Errorf("style: %d bytes, want at most 40 KiB and nothing from elsewhere", len(got.body))
	}
}

func TestHostileRequests(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	b := open(t, serve(t, w.portal())).enter(access.Officer)
	for _, row := range []struct {
		name, method, path, body string
		want                     int
	}{
		{"no such page", "GET", "/no-existe", "", 404},
		{"no such machine", "GET", "/equipos/nadie", "", 404},
		{"machine id with SQL", "GET", "/equipos/" + url.PathEscape(`x' OR '1'='1`), "", 404},
		{"machine id that is not text", "GET", "/equipos/%ff%fe%00", "", 404},
		{"no such control", "GET", "/controles/%3Cscript%3E", "", 404},
		{"wrong method", "DELETE", "/equipos", "", 404},
		{"body too large", "POST", "/entrar", "nombre=" + strings.Repeat("a", maxBody+1), 400},
		{"body that is no form", "POST", "/entrar", "%zz=%zz", 400},
		{"hidden file", "GET", "/estatico/../web.go", "", 307},
	} {
		got := b.do(row.method, row.path, row.body)
		if got.status != row.want {
			t.Errorf("%s: got %d, want %d", row.name, got.status, row.want)
		}
		if strings.Contains(got.body, "<script>") {
			t.Errorf("%s: the page repeats what it was sent", row.name)
		}
	}
}

// brokenDB fails every read.
type brokenDB struct{}

func (brokenDB) Read(context.Context, func(context.Context, *storage.Tx) error) error {
	return errors.New("disk gone: /secret/place")
}

func (brokenDB) Write(context.Context, func(context.Context, *storage.Tx) error) error {
	return errors.New("disk gone: /secret/place")
}

func TestBrokenDatabase(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	b := open(t, serve(t, w.portal(func(o *Options) { o.DB = brokenDB{} }))).enter(access.Officer)
	for _, path := range []string{"/", "/equipos", "/equipos/" + enroll.NewAgentID(), "/controles", "/controles/AC-LOCK-15"} {
		got := b.get(path)
		if got.status != http.StatusInternalServerError || strings.Contains(got.body, "/secret") {
			t.Errorf("%s: got %d, want 500 and no cause", path, got.status)
		}
		got.has(t, path, "No se pudo preparar la página", "Nada se ha perdido")
	}
	if got := b.get("/salud"); got.status != http.StatusServiceUnavailable {
		t.Errorf("health: got %d, want 503", got.status)
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	b := open(t, serve(t, w.portal()))
	b.get("/entrar").has(t, "at first", `<html lang="es">`, "Contraseña", `href="/idioma?lang=en&amp;volver=%2F"`)
	if got := b.get("/idioma?lang=en&volver=%2Fequipos%3Flang%3Des"); got.header.Get("Location") != "/equipos" {
		t.Errorf("switch: got to %q, want /equipos", got.header.Get("Location"))
	}
	b.get("/entrar").has(t, "after the switch", `<html lang="en">`, "Password")
	b.get("/entrar?lang=es").has(t, "address with a language", `<html lang="es">`)
	b.get("/entrar").has(t, "afterwards", `<html lang="es">`)
	if got := b.get("/idioma?lang=en&volver=//evil.example/"); got.header.Get("Location") != "/" {
		t.Errorf("foreign address: got to %q, want /", got.header.Get("Location"))
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	pcs := officePCs()
	ids := w.furnish(pcs)
	w.knowMachines(pcs)
	b := open(t, serve(t, w.portal())).enter(access.Officer)
	rows := []struct {
		name, path string
		wants      []string
	}{
		{"overview", "/", []string{"Cómo está la organización", "Trimestre 4 de 2026", "21 nov 2026, 18:05", "<b>1</b> en silencio", "<b>1</b> sin ningún informe",
			"<b>2</b> conocidos sin agente", "<b>11</b> informan", `class="bar"`, `class="columns"`, "Bloqueo de sesión por inactividad"}},
		{"machines", "/equipos", []string{"obras-01", "en silencio", "cultura-01", "torno-entrada", "sin sistema operativo propio", "archivo-01", "equipo sustituido", "Conocidos sin agente"}},
		{"bad machine", "/equipos/" + ids["OBRAS-01"], []string{"obras-01", "Windows 11 Pro", "Obras", "no cumple", "Qué hacer", "S-1-5-21-1111111111-2222222222-3333333333-1001", "visto por primera vez"}},
		{"mended machine", "/equipos/" + ids["TESOR-01"], []string{"resueltos en este trimestre"}},
		{"silent machine", "/equipos/" + ids["POLICIA-01"], []string{"Este equipo no informa.", "sin dato"}},
		{"machine that never reported", "/equipos/" + ids["BIBLIO-01"], []string{"nunca ha informado", "No hay mediciones de este equipo"}},
		{"retired machine", "/equipos/" + ids["ARCHIVO-01"], []string{"Dado de baja el", "16 nov 2026", "equipo sustituido"}},
		{"machine with personal data", "/equipos/" + ids["SOCIAL-01"], []string{"Datos personales en este equipo", "límite de tiempo", "Cuánto hay de cada nivel", `class="d-high"`,
			"C:\\Users\\puesto\\Documents\\Becas", "CURP\u00a01\u202f450", "de Servicios sociales, hasta el 30 jun 2027", "el de Servicios sociales terminó el 31 oct 2026",
			"Categorías especiales: salud", "leídos solo en parte: 1", "<b>171</b> imágenes o escaneos sin texto", "cifrados o con contraseña"}},
		{"controls", "/controles", []string{"Bloqueo de sesión por inactividad", "sin medición automática"}},
		{"measured control", "/controles/AC-LOCK-15", []string{"Qué pide la ley", "quince minutos", "8.6", "padron-02", "Equipo por equipo", "no aplica"}},
		{"unmeasured control", "/controles/INC-72H", []string{"Aviso de la vulneración en plazo", "Nada mide este control"}},
	}
	for _, row := range rows {
		for _, lang := range message.Langs() {
			got := b.get(row.path + "?lang=" + string(lang))
			if got.status != http.StatusOK {
				t.Errorf("%s: got %d, want 200", row.name, got.status)
			}
			if lang == message.Spanish {
				got.has(t, row.name, row.wants...)
			}
			checkPage(t, row.name, got.body)
		}
	}
}

// unsaid finds what the catalogue or the voices could not say.
var unsaid = regexp.MustCompile(`>[^<]*(\{[a-z_]+\}|&lt;no value|ZgotmplZ|[a-z]+\.[a-z_]+ [a-z_]+=)[^<]*<`)

// checkPage holds what every page must be: whole, in one language, with one
// heading, labelled tables and no two equal ids.
func checkPage(t *testing.T, name, body string) {
	t.Helper()
	if n := strings.Count(body, "<h1"); n != 1 {
		t.Errorf("%s: got %d first headings, want 1", name, n)
	}
	if bad := unsaid.FindString(body); bad != "" {
		t.Errorf("%s: got %q", name, bad)
	}
	if !strings.HasSuffix(strings.TrimSpace(body), "</html>") || !strings.Contains(body, `<main id="contenido"`) {
		t.Errorf("%s: the page is not whole", name)
	}
	if n, m := strings.Count(body, "<th"), strings.Count(body, "<th scope=")+strings.Count(body, "<thead"); n != m {
		t.Errorf("%s: %d of %d headers of tables have no scope", name, n-m, n)
	}
	seen := map[string]bool{}
	for _, id := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		if seen[id[1]] {
			t.Errorf("%s: the id %s is there twice", name, id[1])
		}
		seen[id[1]] = true
	}
}

func TestNoListOfMachines(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	w.admit(officePCs()[0])
	b := open(t, serve(t, w.portal())).enter(access.Officer)
	b.get("/").has(t, "overview", "falta la lista de equipos", "aún no han informado")
	b.get("/equipos").has(t, "machines", "vigia machines import FILE.csv")
	w.write(func(ctx context.Context, tx *storage.Tx) error {
		_, err := w.enroll.ImportKnown(ctx, tx, []enroll.KnownMachine{{Hostname: "alcaldia-01"}}, "test")
		return err
	})
	b.get("/equipos").has(t, "machines with a list", "Todos los equipos de la lista tienen agente")
}
