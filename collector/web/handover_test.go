package web

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"vigia/collector/access"
	"vigia/collector/handover"
)

func (t routeTable) handover() {
	t.only("GET /entrega", "/entrega", looks, access.Administrator, access.Officer, access.Head)
	t.only("POST /entrega", "/entrega", leads, access.Administrator, access.Officer, access.Head)
}

// paperwork hands over nothing, as it was told.
type paperwork struct {
	w    *townHall
	acts []handover.Act
}

func (p *paperwork) HandoverState(ctx context.Context, _ bool) (handover.State, error) {
	users, err := p.w.access.Users(ctx)
	out := handover.State{Organisation: "Ayuntamiento de Valdehermoso", Zone: madrid, Left: 3, Machines: 12,
		Keys: []handover.Key{{Name: "Registro de pruebas: firma los puntos de control", File: "log.key", Fingerprint: "3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8553"}}}
	for _, u := range users {
		out.Accounts = append(out.Accounts, handover.Account{Name: u.Name, Role: access.Roles()[u.Role].ES, Created: u.Created, LastLogin: u.LastLogin, Disabled: u.Disabled})
	}
	for _, b := range testBooks() {
		out.Books = append(out.Books, handover.BookRows{Book: b, Count: 4})
	}
	return out, err
}

func (p *paperwork) HandOver(_ context.Context, w io.Writer, act handover.Act, _ string) (handover.Receipt, error) {
	p.acts = append(p.acts, act)
	_, err := io.WriteString(w, "paquete")
	return handover.Receipt{}, err
}

func TestHandoverPage(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Head)
	p := &paperwork{w: w}
	srv := serve(t, w.portal(func(o *Options) { o.Handover = p }))
	if got := open(t, srv).enter(access.Head).do("POST", "/entrega", "entrega=Ana&recibe=Luis"); got.status != http.StatusSeeOther || len(p.acts) != 0 {
		t.Errorf("without a second factor: got %d", got.status)
	}
	codes, err := w.access.NewCodes(t.Context(), userOf(access.Head), "test")
	w.must(err)
	head := open(t, srv)
	if got := head.logIn(userOf(access.Head), goodPassword, "/"); got.header.Get("Location") != "/entrar/segundo" {
		t.Fatalf("log in: got to %q", got.header.Get("Location"))
	}
	if got := head.do("POST", "/entrar/segundo", url.Values{"codigo": {codes[0]}}.Encode()); got.status != http.StatusSeeOther {
		t.Fatalf("second factor: got %d: %s", got.status, got.body)
	}
	head.get("/entrega").has(t, "page", "1. Cuentas", "3b0c4429", "No consta ninguna", "Bajas anotadas en los últimos noventa días: 3")
	if got := head.do("POST", "/entrega", "entrega=Ana&cifrar=1&clave-frase=corta&recibe=Luis"); got.status != http.StatusUnprocessableEntity || len(p.acts) != 0 {
		t.Errorf("a short passphrase: got %d", got.status)
	}
	form := url.Values{"entrega": {"Ana Ruiz"}, "recibe": {"Luis Gil"}, "hecho-backup": {"1"}, "nota-leavers": {"faltan dos"}}
	got := head.do("POST", "/entrega", form.Encode())
	if got.status != http.StatusOK || got.body != "paquete" || got.header.Get("Content-Disposition") == "" || got.header.Get("Content-Type") != "application/zip" {
		t.Errorf("package: got %d, %v", got.status, got.header)
	}
	if len(p.acts) != 1 || p.acts[0].By != userOf(access.Head) || len(p.acts[0].Answers) != 2 {
		t.Errorf("act: got %+v", p.acts)
	}
}

// TestHandoverPictures looks at the page in a real browser.
func TestHandoverPictures(t *testing.T) {
	if os.Getenv("VIGIA_TEST_SCREENSHOTS") == "" {
		t.Skip("pictures for people: VIGIA_TEST_SCREENSHOTS")
	}
	w := emptyTown(t, access.Head, access.Administrator)
	c := startChromium(t, w, func(o *Options) { o.Handover = &paperwork{w: w} })
	c.run(chromedp.Navigate(c.base + "/entrega"))
	c.heading("Entrar")
	c.run(chromedp.KeyEvent(userOf(access.Head) + kb.Tab + goodPassword + kb.Enter))
	c.heading("Entrega-recepción")
	c.shoot("entrega-claro", 1280, 900, "light", true)
	c.shoot("entrega-oscuro", 1280, 900, "dark", true)
	c.shoot("entrega-movil", 390, 844, "light", true)
}
