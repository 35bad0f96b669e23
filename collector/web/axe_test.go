package web

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	browserpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"vigia/collector/access"
	"vigia/collector/notify"
	"vigia/collector/registers"
)

// stop is a page that the accessibility checker looks at.
type stop struct {
	path    string
	session string // whose; empty: without an account
	post    bool   // the answer to an empty form that was sent there
}

// axe runs axe-core in a page: the rules of WCAG 2.2 up to level AA and its own good
// practice.
type axe struct {
	*chromium

	cookies map[string]string
	found   map[string][]string // pages by what is wrong on them
}

// axeRules are those that hold, by their tags.
const axeRules = `{type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}`

func startAxe(t *testing.T, c *chromium) *axe {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "../../packaging/tools/axe.sh").Output()
	if err != nil {
		t.Fatalf("this test needs axe-core: packaging/tools/axe.sh: %v", err)
	}
	script, err := os.ReadFile(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	c.run(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, browserpage.AddScriptToEvaluateOnNewDocument, browserpage.AddScriptToEvaluateOnNewDocumentParams{Source: string(script)})
		return err
	}))
	return &axe{chromium: c, cookies: map[string]string{}, found: map[string][]string{}}
}

// keep remembers the session of a client under a name.
func (a *axe) keep(name string, b *browser) {
	a.t.Helper()
	base, err := url.Parse(b.base)
	if err != nil {
		a.t.Fatal(err)
	}
	for _, cookie := range b.client.Jar.Cookies(base) {
		if cookie.Name == sessionCookie {
			a.cookies[name] = cookie.Value
			return
		}
	}
	a.t.Fatalf("no session of %s", name)
}

// look takes the browser to a page at a desk by day, and on a phone by night: what is wrong with
// the colours, or with the width, is wrong there too.
func (a *axe) look(s stop) {
	a.t.Helper()
	yes := true
	a.run(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, network.ClearBrowserCookies, cdp.Empty{}); err != nil || s.session == "" {
			return err
		}
		_, err := cdp.Call(ctx, target, network.SetCookie, network.SetCookieParams{Name: sessionCookie, Value: a.cookies[s.session], URL: a.base + "/", Path: "/", Secure: &yes, HTTPOnly: &yes})
		return err
	}))
	a.see(1280, 900, "light")
	if s.post {
		a.run(chromedp.Navigate(a.base + "/ayuda"))
		ask[bool](a.chromium, `(() => { const f = document.createElement("form"); f.method = "post"; f.action = `+strconv.Quote(s.path)+`; document.body.append(f); f.submit(); return true })()`)
		a.until(`document.readyState === "complete" && location.pathname !== "/ayuda" && location.pathname !== "/entrar" || document.querySelector("[role=alert]") !== null`)
	} else {
		a.run(chromedp.Navigate(a.base + s.path))
	}
	a.judge(s, "")
	a.see(390, 844, "dark")
	if over := ask[float64](a.chromium, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
		a.t.Errorf("%s: on a phone the page is %v pixels wider than the screen", s.path, over)
	}
	a.judge(s, " on a phone by night")
}

func (a *axe) see(width, height int64, scheme string) {
	a.t.Helper()
	a.run(chromedp.EmulateViewport(width, height), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return err
	}))
}

// judge notes what is wrong on the page at hand.
func (a *axe) judge(s stop, how string) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.ctx, patience)
	defer cancel()
	wrong, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`axe.run(document, {runOnly: `+axeRules+`, resultTypes: ["violations"], preload: false}).then(r => r.violations.flatMap(v =>
		v.nodes.map(n => v.id + ": " + n.html.slice(0, 200) + "\n    " + n.failureSummary.replaceAll("\n", " "))))`, chromedp.EvalAwaitPromise))
	if err != nil {
		a.t.Fatalf("%s: %v", s.path, err)
	}
	for _, w := range wrong {
		a.found[w] = append(a.found[w], s.path+how)
	}
}

// TestAccessibility lets axe-core look at every page that there is: those of the table of
// routes, so that no new one is forgotten, with all that the town hall holds, and the
// answers to forms that are wrong.
func TestAccessibility(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes minutes: make test runs it")
	}
	var others []access.Role
	for role := range access.Roles() {
		if role != access.Officer {
			others = append(others, role)
		}
	}
	w := emptyTown(t, others...)
	pcs := officePCs()
	ids := w.furnish(pcs)
	w.knowMachines(pcs)
	change := func(o *Options) { o.Channels = []notify.Channel{brokenMail{}} }
	srv := serve(t, w.portal(change))
	a := startAxe(t, startChromiumFor(t, w, 40*time.Minute, change))
	inside := map[access.Role]*browser{}
	for role := range access.Roles() {
		inside[role] = open(t, srv).enter(role)
		a.keep(string(role), inside[role])
	}
	rows := w.routeRows(ids["SOCIAL-01"])
	seen := 0
	for _, s := range w.stops(a, srv, inside, rows, ids) {
		a.look(s)
		seen++
	}
	if seen < 80 {
		t.Errorf("looked at %d pages only", seen)
	}
	for _, what := range slices.Sorted(maps.Keys(a.found)) {
		t.Errorf("%s\n    on %s", what, strings.Join(a.found[what], ", "))
	}
}

// stops are the pages of every route, and more of those that have many faces.
func (w *townHall) stops(a *axe, srv *httptest.Server, inside map[access.Role]*browser, rows routeTable, ids map[string]string) []stop {
	w.t.Helper()
	officer := inside[access.Officer]
	instead := w.happenings(a, srv, inside)
	var out []stop
	add := func(role access.Role, paths ...string) {
		for _, path := range paths {
			out = append(out, stop{path: path, session: string(role)})
		}
	}
	for _, r := range new(site).routes() {
		name := r.method + " " + r.path
		row := rows[name]
		role := roleFor(row, map[string]int{"GET": http.StatusOK, "POST": http.StatusUnprocessableEntity}[r.method])
		switch {
		case r.method == http.MethodPost:
			if role != "" && !r.open {
				out = append(out, stop{path: row.path, session: string(role), post: true})
			}
		case instead[name] != nil:
			out = append(out, instead[name]...)
		case r.open:
			if row.want[access.Officer].stranger == http.StatusOK && r.path != "/salud" {
				out = append(out, stop{path: row.path})
			}
		case role == "":
			w.t.Errorf("%s: no page of it to look at", name)
		default:
			got := inside[role].get(row.path)
			if got.status != http.StatusOK {
				w.t.Errorf("%s: got %d", row.path, got.status)
			}
			if strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
				add(role, row.path)
			}
		}
	}
	for role := range access.Roles() {
		if role != access.Officer && role != access.Transparency {
			add(role, "/")
		}
	}
	for _, host := range []string{"OBRAS-01", "SRV-CORREO", "BIBLIO-01", "ARCHIVO-01"} {
		add(access.Officer, "/equipos/"+ids[host])
	}
	act := officer.get("/revisiones").found(a.t, `href="(/revisiones/\d{4}Q\d)"`)
	for n := range 9 {
		add(access.Officer, act+"/"+strconv.Itoa(n+1))
	}
	add(access.Auditor, act+"/1", act+"/firmar")
	add(access.Officer, "/buscar?q=obras", "/pendientes?estado=todos", "/plan?por=area", "/libros/visits", "/libros/visits/VIS-0001/cambiar", "/no-hay-tal-pagina", "/ayuda?lang=en")
	add(access.Administrator, "/altas", "/avisos")
	return append(out, stop{path: "/avisar", post: true}, stop{path: "/entrar", post: true})
}

// roleFor is one whom a route answers as wanted, the officer before others.
func roleFor(row routeRow, want int) access.Role {
	for _, role := range slices.Concat([]access.Role{access.Officer, access.Administrator}, slices.Sorted(maps.Keys(row.want))) {
		if row.want[role].member == want {
			return role
		}
	}
	return ""
}

// happenings makes what the table's own rows only miss, and answers the pages of it by route.
func (w *townHall) happenings(a *axe, srv *httptest.Server, inside map[access.Role]*browser) map[string][]stop {
	w.t.Helper()
	officer, admin := inside[access.Officer], inside[access.Administrator]
	with := func(role access.Role, paths ...string) (out []stop) {
		for _, path := range paths {
			out = append(out, stop{path: path, session: string(role)})
		}
		return out
	}
	sent := func(b *browser, path, form string, header ...string) string {
		w.t.Helper()
		got := b.do(http.MethodPost, path, form, header...)
		if got.status != http.StatusSeeOther {
			w.t.Fatalf("%s: got %d\n%s", path, got.status, got.body)
		}
		return got.header.Get("Location")
	}
	w.queue()
	w.tell(someMessages()...)
	w.enters("visits", registers.Values{"person": "jperez", "machine": "obras-01", "department": "Obras", "until": "2026-10-01", "purpose": "Revisar la instalación."})

	// An incident that is a breach, one that just came in, and a note of a stranger.
	sent(open(officer.t, srv), "/avisar", form("c-what", "Falta una memoria USB", "c-machine", "OBRAS-02"))
	first := sent(officer, "/incidencias/nueva", form("c-title", "Secuestro de archivos", "c-type", "malware", "c-detected", "2026-11-20T09:00", "c-known", "2026-11-20T10:00",
		"c-notifier", "Informática", "c-description", "Pide dinero", "c-machines", "padron-01", "c-controls", "AC-LOCK-15"))
	sent(officer, first+"/valorar", form("c-breach", "yes", "c-kind", "access", "c-high", "yes", "c-high_why", "Pide dinero"))
	sent(officer, first+"/accion", form("c-text", "Aislar el equipo", "c-kind", "immediate", "c-done", "2026-11-20T11:00"))
	second := sent(officer, "/incidencias/nueva", form("c-title", "Portátil perdido", "c-type", "malware", "c-detected", "2026-11-20T09:00", "c-known", "2026-11-20T10:00",
		"c-notifier", "Obras", "c-description", "En el tren"))
	incidentPages := with(access.Officer, first, second)
	var steps []stop
	for step := range incidentSteps() {
		if step != "reabrir" {
			steps = append(steps, with(access.Officer, first+"/"+step)...)
		}
	}
	for _, step := range []string{"/valorar", "/accion", "/notificar", "/cerrar"} {
		steps = append(steps, stop{path: first + step, session: string(access.Officer), post: true})
	}

	cause := officer.get("/pendientes").found(a.t, `href="(/pendientes/[^"?]+~[^"?]+)`)
	got := officer.send("/libros/visits/importar", nil, map[string]string{"archivo": "Quién;Equipo;Área;Hasta;Nivel\nlmora;alcaldia-01;Alcaldía;31/12/2026;Básico\njperez;;Obras;31/02/2026;Alto\ncruiz;;;30/11/2026;Medio\n"})
	if got.status != http.StatusSeeOther {
		w.t.Fatalf("import: got %d\n%s", got.status, got.body)
	}

	// Who proves again who one is, and who is half inside.
	codes, err := w.access.NewCodes(w.t.Context(), userOf(access.Administrator), "test")
	w.must(err)
	sent(admin, "/cuentas", form("nombre", "luis", "rol", "liaison", "area", "Padrón"), "Referer", srv.URL+"/cuentas")
	half, again := open(officer.t, srv), open(officer.t, srv)
	for _, b := range []*browser{half, again} {
		b.logIn(userOf(access.Administrator), goodPassword, "/").goes(officer.t, "the password", "/entrar/segundo")
	}
	a.keep("half", half)
	sent(again, "/entrar/segundo", form("codigo", codes[0]))
	w.now = w.now.Add(access.FreshFor)
	sent(again, "/cuentas", form("nombre", "luis", "rol", "liaison", "area", "Padrón"), "Referer", srv.URL+"/cuentas")
	sent(again, "/confirmar", form("clave", goodPassword, "codigo", codes[1]))
	a.keep("again", again)
	return map[string][]stop{
		"GET /incidencias/{folio}":                 incidentPages,
		"GET /incidencias/{folio}/{step}":          steps,
		"GET /incidencias/{folio}/borrador/{name}": {},
		"GET /avisos/{id}":                         with(access.Officer, "/avisos/1", "/avisos/2"),
		"GET /pendientes/{key}":                    with(access.Officer, cause),
		"GET /libros/{book}/{id}/importar":         with(access.Officer, got.header.Get("Location")),
		"GET /entrar/segundo":                      {{path: "/entrar/segundo", session: "half"}},
		"GET /confirmar/seguir":                    {{path: "/confirmar/seguir", session: "again"}},
		"GET /confirmar":                           with(access.Administrator, "/confirmar"),
	}
}
