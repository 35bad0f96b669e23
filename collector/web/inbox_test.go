package web

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/notify"
	"vigia/collector/storage"
	"vigia/collector/worktime"
)

func (t routeTable) inbox() {
	missing := answers{http.StatusSeeOther, http.StatusNotFound}
	t.row("GET /avisos", "/avisos", looks)
	t.row("GET /avisos/{id}", "/avisos/1", missing) // has none of one's own
	t.row("POST /avisos/{id}", "/avisos/1", missing)
	t.row("POST /avisos/direccion", "/avisos/direccion", answers{http.StatusSeeOther, http.StatusSeeOther})
	t.only("GET /avisos/ajustes", "/avisos/ajustes", looks, access.Administrator, access.Officer)
	t.only("POST /avisos/ajustes", "/avisos/ajustes", refused, access.Administrator)
	t.only("POST /avisos/ajustes/personas/{cuenta}", "/avisos/ajustes/personas/nadie", missing, access.Administrator)
	t.only("POST /avisos/ajustes/prueba", "/avisos/ajustes/prueba", refused, access.Administrator)
	t.only("POST /avisos/entregas/{id}", "/avisos/entregas/1", missing, access.Administrator)
}

// people are those with an account.
func (w *townHall) people(ctx context.Context) ([]notify.Person, error) {
	users, err := w.access.Users(ctx)
	var out []notify.Person
	for _, u := range users {
		out = append(out, notify.Person{Account: u.Name, Role: string(u.Role)})
	}
	return out, err
}

// brokenMail is a mail server that refuses everybody.
type brokenMail struct{}

func (brokenMail) Name() string                                   { return notify.Mail }
func (b brokenMail) Open(context.Context) (notify.Session, error) { return b, nil }
func (brokenMail) Close() error                                   { return nil }
func (brokenMail) Send(context.Context, notify.Letter) error {
	return &notify.Trouble{Code: "mail.recipient", Detail: "550 no such user here", Permanent: true}
}

// tell queues messages and tells them.
func (w *townHall) tell(messages ...notify.Message) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *storage.Tx) error {
		_, err := w.notify.Queue(ctx, tx, messages...)
		return err
	})
	runner := notify.Runner{DB: w.db, Store: w.notify, People: w.people, Office: working, Channels: []notify.Channel{brokenMail{}}}
	for range 2 {
		w.must(runner.Once(w.t.Context()))
	}
}

func someMessages() []notify.Message {
	return []notify.Message{
		{Key: "incident/12/clock/48h", Kind: "incident.clock", Urgent: true, Roles: []string{"officer"}, Link: "/incidencias/12", Escalate: []string{"head"},
			Subject: message.Text{ES: "Incidencia INC-0012: quedan 24 horas para notificar", EN: "Incident INC-0012: 24 hours left to notify"},
			Body:    message.Text{ES: "El plazo para notificar a la autoridad vence el 23 nov 2026 a las 10:00.\nDecida si se notifica y complete el borrador.", EN: "The term to notify the authority ends on 23 Nov 2026 at 10:00.\nDecide whether to notify, and complete the draft."}},
		{Key: "review/2026Q4", Kind: "calendar", Roles: []string{"officer", "head"}, Link: "/revisiones/2026Q4",
			Subject: message.Text{ES: "Revisión del cuarto trimestre: se puede empezar", EN: "Review of the fourth quarter: it can begin"},
			Body:    message.Text{ES: "Los números están listos. Calcule media hora.", EN: "The numbers are ready. It takes half an hour."}},
	}
}

func TestInbox(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Administrator, access.Head)
	w.write(func(ctx context.Context, tx *storage.Tx) error {
		if err := w.notify.SetReach(ctx, tx, userOf(access.Head), notify.Reach{Paper: true}); err != nil {
			return err
		}
		return w.notify.SetReach(ctx, tx, userOf(access.Officer), notify.Reach{Address: "ana@villa.example", Mode: notify.Each})
	})
	w.tell(someMessages()...)
	srv := serve(t, w.portal(func(o *Options) { o.Channels = []notify.Channel{brokenMail{}} }))
	officer, admin, head := open(t, srv).enter(access.Officer), open(t, srv).enter(access.Administrator), open(t, srv).enter(access.Head)

	officer.get("/avisos").has(t, "inbox", "Incidencia INC-0012", "Urgente", "Avisos: ", `href="/incidencias/12"`, "ana@villa.example")
	officer.get("/avisos/1?lang=en").has(t, "in English", "24 hours left to notify", "Acknowledgement of receipt")
	officer.get("/idioma?lang=es")
	if got := head.get("/avisos/1"); got.status != http.StatusNotFound {
		t.Errorf("another's notice: got %d, want 404", got.status)
	}
	if got := head.get("/avisos/1?cuenta=" + userOf(access.Officer)); got.status != http.StatusForbidden {
		t.Errorf("another's notice by name: got %d, want 403", got.status)
	}
	if got := officer.do("POST", "/avisos/1", ""); got.header.Get("Location") != "/avisos" {
		t.Errorf("acknowledge: got %d to %q", got.status, got.header.Get("Location"))
	}
	officer.get("/avisos").has(t, "after", "Anotado", "enterado el")

	// What was not delivered is shown, and can be tried again.
	admin.get("/avisos").has(t, "told of the failure", "No se pudo entregar por correo", "550 no such user here")
	admin.get("/avisos/ajustes").has(t, "settings", "550 no such user here", "Reintentar", userOf(access.Head)+"</b>: Revisión del cuarto")
	if got := admin.do("POST", "/avisos/entregas/1", ""); got.status != http.StatusSeeOther {
		t.Errorf("retry: got %d", got.status)
	}

	// On paper: the slip comes back.
	slip := "/avisos/2?cuenta=" + userOf(access.Head)
	admin.get(slip).has(t, "slip", "Acuse de recibo", `name="acuse"`)
	form := url.Values{"cuenta": {userOf(access.Head)}}.Encode()
	if got := admin.do("POST", "/avisos/2", form); got.status != http.StatusUnprocessableEntity {
		t.Errorf("without the slip: got %d, want 422", got.status)
	}
	if got := head.do("POST", "/avisos/2", url.Values{"cuenta": {userOf(access.Officer)}}.Encode()); got.status != http.StatusForbidden {
		t.Errorf("another's slip: got %d, want 403", got.status)
	}
	if got := admin.send("/avisos/2", url.Values{"cuenta": {userOf(access.Head)}}, map[string]string{"acuse": "%PDF-1.4 acuse"}); got.status != http.StatusSeeOther {
		t.Errorf("slip: got %d: %s", got.status, got.body)
	}
	admin.get(slip).has(t, "after the slip", "acuse en papel registrado", "/documentos/")

	// Settings.
	for form, want := range map[string]int{
		"horas=0":     http.StatusUnprocessableEntity,
		"medio=mail":  http.StatusUnprocessableEntity,
		"horas=tres":  http.StatusUnprocessableEntity,
		"correo=a@b@": http.StatusUnprocessableEntity,
	} {
		path := "/avisos/ajustes"
		if strings.HasPrefix(form, "medio") {
			path += "/prueba"
		} else if strings.HasPrefix(form, "correo") {
			path = "/avisos/ajustes/personas/" + userOf(access.Officer)
		}
		if got := admin.do("POST", path, form); got.status != want {
			t.Errorf("%s %s: got %d, want %d", path, form, got.status, want)
		}
	}
	if got := admin.do("POST", "/avisos/ajustes/prueba", "medio=mail&correo=ana@villa.example"); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "550 no such user here") {
		t.Errorf("test of the mail: got %d", got.status)
	}
	all := url.Values{"horas": {"8"}, "silencio": {"1"}}
	for role := range access.Roles() {
		all.Set("modo-"+string(role), string(notify.Daily))
	}
	if got := admin.do("POST", "/avisos/ajustes", all.Encode()); got.status != http.StatusSeeOther {
		t.Errorf("settings: got %d", got.status)
	}
	admin.get("/avisos/ajustes").has(t, "settings", `value="8"`)
	w.now = w.now.Add(time.Minute)
}

// TestInboxPictures looks at the pages in a real browser.
func TestInboxPictures(t *testing.T) {
	if os.Getenv("VIGIA_TEST_SCREENSHOTS") == "" {
		t.Skip("pictures for people: VIGIA_TEST_SCREENSHOTS")
	}
	w := emptyTown(t, access.Administrator, access.Head)
	w.write(func(ctx context.Context, tx *storage.Tx) error {
		return w.notify.SetReach(ctx, tx, userOf(access.Officer), notify.Reach{Address: "ana@villa.example", Mode: notify.Each, Paper: true})
	})
	c := startChromium(t, w, func(o *Options) { o.Channels = []notify.Channel{brokenMail{}} })
	enter := func(role access.Role) {
		c.run(chromedp.Navigate(c.base + "/"))
		c.heading("Entrar")
		c.run(chromedp.KeyEvent(userOf(role) + kb.Tab + goodPassword + kb.Enter))
		c.heading("Cómo está la organización")
	}
	enter(access.Officer)
	c.run(chromedp.Navigate(c.base + "/avisos"))
	c.shoot("avisos-vacio", 1280, 900, "light", true)
	w.tell(someMessages()...)
	for name, path := range map[string]string{"avisos": "/avisos", "aviso": "/avisos/2"} {
		c.run(chromedp.Navigate(c.base + path))
		c.shoot(name+"-claro", 1280, 900, "light", true)
		c.shoot(name+"-oscuro", 1280, 900, "dark", true)
		c.shoot(name+"-movil", 390, 844, "light", true)
	}
	ask[bool](c, `document.querySelector('form[action="/salir"]').requestSubmit(), true`)
	c.heading("Entrar")
	enter(access.Administrator)
	c.run(chromedp.Navigate(c.base + "/avisos/ajustes"))
	c.shoot("avisos-ajustes-claro", 1280, 900, "light", true)
	c.shoot("avisos-ajustes-oscuro", 1280, 900, "dark", true)
	c.shoot("avisos-ajustes-movil", 390, 844, "light", true)
}

// working is when the office works.
func working(context.Context, *storage.Tx) (worktime.Calendar, error) {
	return worktime.Office(madrid), nil
}
