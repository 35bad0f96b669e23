package web

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vigia/checks/host/ldap/ldaptest"
	"vigia/collector/access"
	"vigia/collector/access/ldap"
	"vigia/collector/access/oidc"
	"vigia/collector/access/oidc/oidctest"
	"vigia/collector/activity"
)

// withProvider is a town whose portal lets people in by a provider.
func withProvider(t *testing.T, more ...access.Role) (*townHall, *oidctest.Provider, *browser) {
	t.Helper()
	w, server := emptyTown(t, more...), oidctest.Start(t)
	clock := func() time.Time { return w.now }
	server.Now = clock
	p, err := oidc.New(oidc.Config{Name: "Cuenta municipal", Issuer: server.URL, ClientID: oidctest.Client, SecretFile: "x", CAFile: server.CAFile, MFAAMR: []string{"otp"}},
		oidc.Options{Now: clock, Secret: func() (string, error) { return oidctest.Secret, nil }})
	w.must(err)
	return w, server, open(t, serve(t, w.portal(func(o *Options) { o.Provider = p })))
}

// another is a browser of somebody else.
func (b *browser) another(t *testing.T, w *townHall) *browser {
	t.Helper()
	out := *b
	out.client = open(t, serve(t, w.portal())).client
	out.client.Transport = b.client.Transport
	return &out
}

// there goes to the provider from a path of the portal and comes back with its answer.
func (b *browser) there(t *testing.T, server *oidctest.Provider, path string) (backPath string) {
	t.Helper()
	got := b.get(path)
	to := got.header.Get("Location")
	if got.status != http.StatusSeeOther || !strings.HasPrefix(to, server.URL+"/auth?") {
		t.Fatalf("%s: got %d to %q, want the provider\n%s", path, got.status, to, got.body)
	}
	client := *server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	backPath, ok := strings.CutPrefix(resp.Header.Get("Location"), b.base)
	if !ok || !strings.HasPrefix(backPath, thereBackPath+"?") {
		t.Fatalf("the provider leads to %q, want back to the portal", resp.Header.Get("Location"))
	}
	return backPath
}

// entries are those of the activity log of one kind, the newest first.
func (w *townHall) entries(act activity.Act) (out []activity.Entry) {
	w.t.Helper()
	w.must(w.activity.Entries(w.t.Context(), activity.Filter{Act: act, Limit: 100}, func(e activity.Entry) error {
		out = append(out, e)
		return nil
	}))
	return out
}

// somebody is what the provider says of an invented person.
func somebody(subject, name string, more ...string) map[string]any {
	return map[string]any{"sub": subject, "preferred_username": name, "amr": append([]string{"pwd"}, more...)}
}

// An officer whose password is at a provider: the first log-in binds, the second factor is
// asked here, and signing asks the provider anew.
func TestLogInByProvider(t *testing.T) {
	t.Parallel()
	w, server, b := withProvider(t, access.Administrator)
	w.must(w.access.Create(t.Context(), access.New{Name: "ana", Role: access.Administrator, Way: access.Way{Via: access.OIDC, External: "aruiz@villaejemplo.example"}}, "test"))
	b.get("/entrar?volver=/equipos").has(t, "log-in", "Entrar con Cuenta municipal", `href="/entrar/proveedor?volver=%2fequipos"`)
	server.Comes(somebody("s-1", "ARuiz@villaejemplo.example"))
	b.get(b.there(t, server, "/entrar/proveedor?volver=/equipos")).goes(t, "the first log-in", "/acceso/segundo-factor?volver=%2Fequipos")
	if in := w.entries(activity.LogIn); len(in) != 1 || in[0].Who != "ana" || in[0].Route != "GET "+thereBackPath {
		t.Errorf("got %+v, want the log-in in the activity log", in)
	}
	if u, err := w.access.Account(t.Context(), "ana"); err != nil || !u.Bound {
		t.Errorf("got %+v, %v; want the account bound", u, err)
	}
	b.get("/acceso").has(t, "own account", "directorio de la organización", "aruiz@villaejemplo.example")
	b.do("POST", "/acceso/clave", form("clave", goodPassword, "clave_nueva", "otra-clave-larga", "clave_otra", "otra-clave-larga")).has(t, "password", "no se guarda aquí")

	// A session at the provider of an hour ago is no proof for a second factor.
	b.do("POST", "/acceso/segundo-factor/hoja", "").goes(t, "a sheet without proof", "/entrar/proveedor?volver=%2Facceso%2Fsegundo-factor")
	b.get(b.there(t, server, "/entrar/proveedor?volver=%2Facceso%2Fsegundo-factor")).goes(t, "the proof", "/acceso/segundo-factor")
	if got := server.Asked(); got.Get("prompt") != "login" || got.Get("max_age") != "0" {
		t.Errorf("the provider was asked %v, want anew", got)
	}
	if got := b.do("POST", "/acceso/segundo-factor/hoja", ""); got.status != http.StatusOK {
		t.Fatalf("a sheet after the proof: got %d", got.status)
	}
	codes, err := w.access.NewCodes(t.Context(), "ana", "test")
	w.must(err)

	// Another day: the provider, then the code here; and what weighs takes both anew.
	w.now = w.now.Add(24 * time.Hour)
	b = b.another(t, w)
	b.get(b.there(t, server, "/entrar/proveedor?volver=/cuentas")).goes(t, "log in", "/entrar/segundo")
	b.get("/entrar/segundo").has(t, "second factor", "el proveedor confirma quién es")
	b.do("POST", "/entrar/segundo", form("codigo", codes[0])).goes(t, "the code", "/cuentas")
	add := form("nombre", "luis", "rol", "director", "entra", "oidc", "nombre_fuera", "luis@villaejemplo.example")
	b.do("POST", "/cuentas", add, "Referer", b.base+"/cuentas").goes(t, "what weighs", "/confirmar?volver=%2Fcuentas")
	b.get("/confirmar?volver=/cuentas").has(t, "confirm", "Continuar con Cuenta municipal")
	if got := b.do("POST", "/confirmar", form("codigo", codes[1], "volver", "/cuentas")); got.status != http.StatusForbidden {
		t.Errorf("the code alone: got %d, want 403", got.status)
	}
	b.get(b.there(t, server, "/entrar/proveedor?volver=/cuentas")).goes(t, "anew", "/confirmar?volver=%2Fcuentas")
	b.get("/confirmar?volver=/cuentas").has(t, "confirm", "Código de la hoja")
	b.do("POST", "/confirmar", form("codigo", codes[2], "volver", "/cuentas")).goes(t, "confirm", "/confirmar/seguir?volver=%2Fcuentas")
	b.do("POST", "/cuentas", add).goes(t, "send it", "/cuentas/luis")
	b.get("/cuentas/luis").has(t, "made", "Cuenta creada: luis. Entra por el proveedor de identidad.", "luis@villaejemplo.example", "todavía no ha entrado")
	b.get("/cuentas").has(t, "accounts", "por el proveedor de identidad", "con contraseña de Vigía")

	// Whose proof is another's proves nothing.
	w.now = w.now.Add(access.FreshFor)
	server.Comes(somebody("s-2", "otra"))
	if got := b.get(b.there(t, server, "/entrar/proveedor?volver=/cuentas")); got.status != http.StatusForbidden {
		t.Errorf("another person's proof: got %d, want 403", got.status)
	}
	server.Comes(somebody("s-1", "aruiz@villaejemplo.example"))
	server.Changes(map[string]any{"auth_time": w.now.Add(-time.Hour).Unix()})
	got := b.get(b.there(t, server, "/entrar/proveedor?volver=/cuentas"))
	if got.status != http.StatusForbidden {
		t.Errorf("not asked anew: got %d, want 403", got.status)
	}
	got.has(t, "not asked anew", "no le ha preguntado de nuevo")
	if no := w.entries(activity.Refused); len(no) == 0 || !strings.HasSuffix(no[0].Record, "?motivo=stale") || no[0].Who != "ana" {
		t.Errorf("got %+v, want the refusal with its reason", no)
	}
	b.get("/actividad").has(t, "activity", "el proveedor no preguntó de nuevo")
}

// Who proved a second factor at the provider needs none here, and may sign after proving it
// anew.
func TestProviderWithSecondFactor(t *testing.T) {
	t.Parallel()
	w, server, b := withProvider(t)
	w.must(w.access.Create(t.Context(), access.New{Name: "ana", Role: access.Administrator, Way: access.Way{Via: access.OIDC}}, "test"))
	server.Comes(somebody("s-1", "ana", "otp"))
	b.get(b.there(t, server, "/entrar/proveedor?volver=/cuentas")).goes(t, "log in", "/cuentas")
	if got := b.get("/cuentas"); strings.Contains(got.body, "le falta un segundo factor") {
		t.Error("a second factor is missed, which the provider asked for")
	}
	add := form("nombre", "luis", "rol", "director")
	b.do("POST", "/cuentas", add, "Referer", b.base+"/cuentas").goes(t, "what weighs", "/confirmar?volver=%2Fcuentas")
	b.get(b.there(t, server, "/entrar/proveedor?volver=/cuentas")).goes(t, "anew", "/confirmar/seguir?volver=%2Fcuentas")
	b.do("POST", "/cuentas", add).goes(t, "send it", "/cuentas/luis")
	w.now = w.now.Add(access.FreshFor)
	b.do("POST", "/cuentas", form("nombre", "eva", "rol", "director"), "Referer", b.base+"/cuentas").goes(t, "minutes later", "/confirmar?volver=%2Fcuentas")
}

func TestProviderTurnsAway(t *testing.T) {
	t.Parallel()
	w, server, b := withProvider(t)
	w.must(w.access.Create(t.Context(), access.New{Name: "ana", Role: access.Director, Way: access.Way{Via: access.OIDC}}, "test"))
	w.must(w.access.Create(t.Context(), access.New{Name: "local", Role: access.Director, Password: goodPassword}, "test"))
	server.Comes(somebody("s-1", "ana"))
	b.get(b.there(t, server, "/entrar/proveedor")).goes(t, "log in", "/")

	// refused comes with what the provider says now, in a browser of its own.
	refused := func(what string, status int, says, reason string) {
		t.Helper()
		w.now = w.now.Add(time.Minute) // the limit on attempts of one place is another test
		c := b.another(t, w)
		got := c.get(c.there(t, server, "/entrar/proveedor?volver=/equipos"))
		if got.status != status {
			t.Errorf("%s: got %d, want %d", what, got.status, status)
		}
		got.has(t, what, says, `role="alert"`, `value="/equipos"`)
		if no := w.entries(activity.Refused); len(no) == 0 || no[0].Record != thereBackPath+"?motivo="+reason {
			t.Errorf("%s: got %+v, want the reason %s in the activity log", what, no, reason)
		}
		if got := c.get("/equipos"); got.status != http.StatusSeeOther {
			t.Errorf("%s: then got %d of a page, want the log-in", what, got.status)
		}
	}
	server.Comes(somebody("s-9", "ana"))
	refused("the name of ana, another person", http.StatusForbidden, "No hay aquí una cuenta", "other")
	server.Comes(somebody("s-9", "nadie"))
	refused("nobody here", http.StatusForbidden, "No hay aquí una cuenta", "unknown")
	server.Comes(somebody("s-9", "local"))
	refused("an account with a password", http.StatusForbidden, "No hay aquí una cuenta", "unknown")
	server.Comes(map[string]any{"sub": "s-9"})
	refused("without a name", http.StatusForbidden, "No hay aquí una cuenta", "unknown")
	server.Comes(somebody("s-1", "ana"))
	server.Changes(map[string]any{"nonce": "otro"})
	refused("wrong nonce", http.StatusForbidden, "no confirma quién es", "token")
	server.Comes(somebody("s-1", "ana"))
	server.Refuses("access_denied")
	refused("the person said no", http.StatusForbidden, "no confirma quién es", "provider")

	// The same person under a new name is the same account.
	server.Comes(somebody("s-1", "ana.nueva"))
	again := b.another(t, w)
	again.get(again.there(t, server, "/entrar/proveedor")).goes(t, "renamed there", "/")

	// Another browser than the one that began.
	mine, others := b.another(t, w), b.another(t, w)
	answer := mine.there(t, server, "/entrar/proveedor")
	if got := others.get(answer); got.status != http.StatusForbidden {
		t.Errorf("another browser: got %d, want 403", got.status)
	} else {
		got.has(t, "another browser", "Hay que empezar de nuevo")
	}
	mine.get(answer).goes(t, "the browser that began", "/")

	// A closed account stays closed.
	w.must(w.access.Disable(t.Context(), "ana", "test"))
	refused("closed", http.StatusForbidden, "No hay aquí una cuenta", "unknown")

	// Down: it says so, and who has a password here gets in.
	server.GoesDown()
	w.now = w.now.Add(13 * time.Hour)
	got := b.another(t, w).get("/entrar/proveedor")
	if got.status != http.StatusServiceUnavailable {
		t.Errorf("down: got %d, want 503", got.status)
	}
	got.has(t, "down", "Ahora no se puede comprobar", "Las cuentas con contraseña de Vigía siguen entrando")
	b.another(t, w).logIn("local", goodPassword, "/").goes(t, "a password here, meanwhile", "/")
	if got := b.another(t, w).logIn("ana", goodPassword, "/"); got.status != http.StatusForbidden {
		t.Errorf("a password for an account of the provider: got %d, want 403", got.status)
	}
}

// The password of a directory: a real one, with the locks of all accounts.
func TestLogInByDirectory(t *testing.T) {
	if testing.Short() {
		t.Skip("starts slapd")
	}
	t.Parallel()
	const word = "Palabra-de-Ana-1"
	server := ldaptest.Slapd(t, ldaptest.OpenLDAP{Entries: "dn: uid=aruiz,dc=villaejemplo,dc=example\nobjectClass: inetOrgPerson\nuid: aruiz\ncn: Ana\nsn: Ruiz\nuserPassword: " + word + "\n\n",
		Policies: true})
	ca := filepath.Join(t.TempDir(), "ca.pem")
	w := emptyTown(t, access.Administrator)
	w.must(os.WriteFile(ca, server.CA, 0o600))
	password := server.Password
	directory, err := ldap.New(ldap.Config{URL: server.Secure, CAFile: ca, BindDN: server.BindDN, PasswordFile: "x", Base: server.Base, Filter: "(uid={name})"},
		func() (string, error) { return password, nil }, nil)
	w.must(err)
	w.access.Delegate(directory)
	w.must(w.access.Create(t.Context(), access.New{Name: "ana", Role: access.Administrator, Way: access.Way{Via: access.LDAP, External: "ARuiz"}}, "test"))
	w.must(w.access.Create(t.Context(), access.New{Name: "sin", Role: access.Director, Way: access.Way{Via: access.LDAP}}, "test"))
	codes, err := w.access.NewCodes(t.Context(), "ana", "test")
	w.must(err)
	srv := serve(t, w.portal(func(o *Options) { o.Directory = true }))

	b := open(t, srv)
	b.logIn("ana", word, "/cuentas").goes(t, "the password there", "/entrar/segundo")
	b.do("POST", "/entrar/segundo", form("codigo", codes[0])).goes(t, "the code here", "/cuentas")
	b.get("/cuentas").has(t, "accounts", `<option value="ldap">con la contraseña del directorio</option>`)
	w.now = w.now.Add(access.FreshFor)
	b.do("POST", "/cuentas/sin", form("hacer", "clave"), "Referer", b.base+"/cuentas/sin").goes(t, "what weighs", "/confirmar?volver=%2Fcuentas%2Fsin")
	b.do("POST", "/confirmar", form("clave", word, "codigo", codes[1], "volver", "/cuentas/sin")).goes(t, "confirm", "/confirmar/seguir?volver=%2Fcuentas%2Fsin")
	if got := b.do("POST", "/cuentas/sin", form("hacer", "clave")); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a password here: got %d, want 422", got.status)
	} else {
		got.has(t, "a password here", "no tiene contraseña aquí")
	}
	b.do("POST", "/cuentas/sin", form("hacer", "entrada", "entra", "local")).goes(t, "back to a password here", "/cuentas/sin")
	b.get("/cuentas/sin").has(t, "back", "Se muestra solo ahora", "con contraseña de Vigía")
	b.do("POST", "/cuentas/sin", form("hacer", "entrada", "entra", "ldap", "nombre_fuera", "aruiz")).has(t, "a name that is taken", "Algo no está bien")
	b.do("POST", "/cuentas/sin", form("hacer", "entrada", "entra", "ldap")).goes(t, "to the directory again", "/cuentas/sin")

	// Nobody there of that name, and a wrong password: the same page; why is in the log.
	other := open(t, srv)
	nobody, wrong := other.logIn("sin", word, "/"), open(t, srv).logIn("ana", "no es esta clave", "/")
	for name, got := range map[string]answer{"nobody": nobody, "wrong": wrong} {
		if got.status != http.StatusForbidden {
			t.Errorf("%s: got %d, want 403", name, got.status)
		}
		got.has(t, name, "no son correctos")
		if strings.Contains(got.body, "directorio") {
			t.Errorf("%s: the page tells of the directory", name)
		}
	}
	if no := w.entries(activity.Refused); len(no) < 2 || no[0].Record != "/entrar?motivo=password" || no[0].Who != "ana" || no[1].Record != "/entrar?motivo=nobody" || no[1].Who != "sin" {
		t.Errorf("got %+v, want both with their reasons", no)
	}
	b.get("/actividad").has(t, "activity", "contraseña incorrecta en el directorio", "nadie con ese nombre en el directorio")

	// Three wrong ones lock it, and then the right one does not help.
	for range 2 {
		open(t, srv).logIn("ana", "no es esta clave", "/")
	}
	if got := open(t, srv).logIn("ana", word, "/"); got.status != http.StatusTooManyRequests {
		t.Errorf("locked: got %d, want 429", got.status)
	}
	w.now = w.now.Add(access.LockFor)

	// The directory does not let the portal in: that is nobody's wrong attempt.
	password = "equivocada"
	for range 5 {
		got := open(t, srv).logIn("ana", word, "/")
		if got.status != http.StatusServiceUnavailable {
			t.Fatalf("not asked: got %d, want 503", got.status)
		}
		got.has(t, "not asked", "Ahora no se puede comprobar")
	}
	open(t, srv).logIn(userOf(access.Officer), goodPassword, "/").goes(t, "a password here, meanwhile", "/")
	password = server.Password
	open(t, srv).logIn("ana", word, "/").goes(t, "asked again", "/entrar/segundo")
}
