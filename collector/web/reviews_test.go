package web

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"vigia/checks"
	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/registers"
	"vigia/collector/report"
	"vigia/collector/reviews"
	"vigia/collector/storage"
)

// testVoices say the reasons of the checks.
type testVoices map[message.Lang]report.Voice

func (v testVoices) Say(lang message.Lang, r checks.Reason) string { return v[lang].Say(r) }
func (v testVoices) Do(lang message.Lang, r checks.Reason) string  { return v[lang].Do(r) }

// reviewStore keeps the town's acts.
func (w *townHall) reviewStore() *reviews.Store {
	return reviews.NewStore(reviews.Options{Log: w.log, Now: func() time.Time { return w.now }, Zone: w.zone, Registers: w.registers, Books: testBooks(), Documents: w.documents,
		Speaker: testVoices{message.Spanish: report.NewVoice(message.Spanish, w.catalog), message.English: report.NewVoice(message.English, w.catalog)},
		Sources: func(context.Context, *storage.Tx) (reviews.Sources, error) {
			return reviews.Sources{Organisation: "Ayuntamiento de Valdehermoso", Log: w.log, Enroll: w.enroll, Findings: w.findings, Laws: w.laws, Packs: w.packs, Checks: w.catalog}, nil
		}})
}

// withReviews gives a portal the reviews.
func (w *townHall) withReviews(opts *Options) {
	store := w.reviewStore()
	opts.Reviews, opts.LogKey = store, "0123 4567 89ab cdef"
	opts.Packages = noPackages{}
	opts.OpenReview = func(ctx context.Context, period reviews.Period, who registers.Act) (a *reviews.Act, err error) {
		var p reviews.Prepared
		if err := w.db.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
			p, err = store.Prepare(ctx, tx, period, w.now)
			return err
		}); err != nil {
			return nil, err
		}
		err = w.db.Write(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
			a, err = store.Open(ctx, tx, p, who)
			return err
		})
		return a, err
	}
}

// noPackages has made the package of every act: three bytes.
type noPackages struct{}

type closing struct{ io.ReadSeeker }

func (closing) Close() error { return nil }

func (noPackages) Ask(string) {}
func (noPackages) State(string) PackageState {
	return PackageState{Made: today, Size: 3, Key: "0123 4567 89ab cdef"}
}
func (noPackages) Open(string) (io.ReadSeekCloser, error) {
	return closing{strings.NewReader("zip")}, nil
}

// openAct opens the act of the town's quarter.
func (w *townHall) openAct(by string) *reviews.Act {
	w.t.Helper()
	var opts Options
	w.withReviews(&opts)
	a, err := opts.OpenReview(w.t.Context(), reviews.PeriodOf(w.now, madrid), registers.Act{By: by, Via: registers.Portal})
	w.must(err)
	return a
}

// reviews: the officer decides and signs, the head countersigns, who sees the organisation reads.
func (t routeTable) reviews(w *townHall) {
	a := w.openAct("seguridad")
	base := "/revisiones/" + a.ID
	all := everybody()
	t.only("GET /revisiones", "/revisiones", looks, all...)
	t.only("POST /revisiones", "/revisiones", refused, access.Officer)
	t.only("GET /revisiones/{act}", base, looks, all...)
	t.only("GET /revisiones/{act}/{n}", base+"/3", looks, all...)
	t.only("POST /revisiones/{act}/{n}", base+"/3", answers{http.StatusSeeOther, http.StatusSeeOther}, access.Officer)
	t.only("GET /revisiones/{act}/firmar", base+"/firmar", looks, all...)
	t.only("POST /revisiones/{act}/firmar", base+"/firmar", leads, access.Officer, access.Head)
	t.only("POST /revisiones/{act}/papel", base+"/papel", leads, access.Officer)
	t.only("POST /revisiones/{act}/enmendar", base+"/enmendar", answers{http.StatusSeeOther, http.StatusSeeOther}, access.Officer)
	t.only("GET /revisiones/{act}/imprimir", base+"/imprimir", looks, all...)
	t.only("GET /revisiones/{act}/exportar", base+"/exportar", looks, all...)
	t.only("POST /revisiones/{act}/exportar", base+"/exportar", answers{http.StatusSeeOther, http.StatusSeeOther}, all...)
	t.only("GET /calendario", "/calendario", looks, all...)
	t.only("GET /calendario/vigia.ics", "/calendario/vigia.ics", looks, all...)
	t.only("GET /calendario/registro", "/calendario/registro", looks, all...)
	t.only("POST /calendario/registro", "/calendario/registro", leads, access.Officer)
	t.only("GET /revisiones/{act}/paquete.zip", base+"/paquete.zip", looks, all...)
}

// What is wrong with a decision is said beside it, and what was typed is not lost.
func TestReviewPartProblem(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	w.furnish(officePCs())
	a := w.openAct("seguridad")
	b := open(t, serve(t, w.portal())).enter(access.Officer)
	var line reviews.Line
	n := 0
	for i, s := range a.Frozen.Sections {
		for _, l := range s.Lines {
			if l.Kind == reviews.Open && n == 0 {
				line, n = l, i+1
			}
		}
	}
	path := "/revisiones/" + a.ID + "/" + string(rune('0'+n))
	got := b.do(http.MethodPost, path, url.Values{"decision." + line.ID: {"plan"}, "palabras." + line.ID: {"cambiar el disco"}, "fecha." + line.ID: {"2026-12-20"}}.Encode())
	if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "Escriba quién lo hace.") || !strings.Contains(got.body, "cambiar el disco") {
		t.Errorf("status %d, body %.300s", got.status, got.body)
	}
	for _, bad := range []string{"/revisiones/2031Q1", "/revisiones/" + a.ID + "/0", "/revisiones/" + a.ID + "/10", "/revisiones/" + a.ID + "/x"} {
		if got := b.do(http.MethodGet, bad, ""); got.status != http.StatusNotFound {
			t.Errorf("%s: status %d", bad, got.status)
		}
	}
}

// TestBrowserReview is the officer's quarter from the log-in to the signed act, then the
// head's signature, by keyboard where it matters, and pictures of every page.
func TestBrowserReview(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes seconds: make test runs it")
	}
	w := emptyTown(t, access.Head, access.Auditor)
	pcs := officePCs()
	w.furnish(pcs)
	w.knowMachines(pcs)
	c := startChromium(t, w)
	log := func(role access.Role) {
		t.Helper()
		c.run(chromedp.EmulateViewport(1280, 860), chromedp.Navigate(c.base+"/"))
		c.heading("Entrar")
		c.run(chromedp.KeyEvent(userOf(role) + kb.Tab + goodPassword + kb.Enter))
		c.heading("Cómo está la organización")
	}
	looks := func(name string) {
		t.Helper()
		c.shoot(name+"-claro", 1280, 900, "light", true)
		c.shoot(name+"-oscuro", 1280, 900, "dark", true)
		c.shoot(name+"-movil", 390, 844, "light", true)
		c.run(chromedp.EmulateViewport(1280, 860))
	}
	prove := func(role access.Role) {
		t.Helper()
		codes, err := w.access.NewCodes(t.Context(), userOf(role), "test")
		w.must(err)
		c.run(chromedp.KeyEvent(kb.Enter)) // sends the form
		c.heading("Confirme que es usted")
		ask[bool](c, `document.querySelector("input[name=clave]").focus(), true`)
		c.run(chromedp.KeyEvent(goodPassword + kb.Tab + codes[0] + kb.Enter))
		c.heading("Ya está confirmado")
		c.enter("Enviar lo que escribí")
	}
	log(access.Officer)
	c.enter("Revisiones")
	c.heading("Revisiones trimestrales")
	looks("revisiones")
	for _, path := range []string{"/calendario", "/calendario/registro"} {
		c.run(chromedp.Navigate(c.base + path))
		looks(strings.ReplaceAll(path[1:], "/", "-"))
	}
	c.run(chromedp.Navigate(c.base + "/revisiones"))
	c.heading("Revisiones trimestrales")
	c.tabTo("Abrir 4.º trimestre de 2026")
	c.run(chromedp.KeyEvent(kb.Enter))
	c.heading("Revisión del 4.º trimestre de 2026")
	looks("revision")

	// Nine sections: what is proposed is taken, critical lines are chosen by keyboard.
	for n := range 9 {
		c.run(chromedp.Navigate(c.base + "/revisiones/2026Q4/" + string(rune('1'+n))))
		if n == 2 || n == 3 || n == 8 {
			looks("revision-parte-" + string(rune('1'+n)))
		}
		ask[bool](c, `document.querySelectorAll("article.line").forEach(a => { if (!a.querySelector("input:checked")) a.querySelector("input[value=plan]").checked = true; a.querySelector("input[list]").value = "informatica" }), true`)
		c.enter("Guardar y seguir")
		c.sees(`[role=status]`)
	}
	c.heading("Firmar la revisión del 4.º trimestre de 2026")
	looks("revision-firmar")
	ask[bool](c, `document.querySelector("#nombre").focus(), true`)
	c.run(chromedp.KeyEvent("Ana Ruiz Sanz" + kb.Tab + "Responsable de seguridad"))
	prove(access.Officer)
	c.heading("Revisión del 4.º trimestre de 2026")
	c.sees(`[role=status]`)
	ask[bool](c, `document.querySelector('form[action="/salir"]').requestSubmit(), true`)
	c.sees(`form[action="/entrar"]`)

	log(access.Head)
	c.run(chromedp.Navigate(c.base + "/revisiones"))
	c.heading("Revisiones trimestrales")
	c.enter("Seguir con la revisión")
	c.heading("Revisión del 4.º trimestre de 2026")
	c.enter("Leer y dar la segunda firma")
	c.heading("Firmar la revisión del 4.º trimestre de 2026")
	ask[bool](c, `document.querySelector("#nombre").focus(), true`)
	c.run(chromedp.KeyEvent("Luis Gil Mora" + kb.Tab + "Alcalde"))
	prove(access.Head)
	c.heading("Revisión del 4.º trimestre de 2026")
	looks("revision-cerrada")
	c.enter("Paquete verificable")
	c.heading("Paquete verificable del 4.º trimestre de 2026")
	looks("revision-paquete")

	var a *reviews.Act
	w.must(w.db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
		a, err = w.reviewStore().Find(ctx, tx, "2026Q4")
		return err
	}))
	if a.Stage != reviews.Locked {
		t.Errorf("stage %s", a.Stage)
	}
	pdf, err := report.ActPDF(a, report.Seal{Key: "0123 4567 89ab cdef", Program: "0.1.0", Lang: message.Spanish})
	w.must(err)
	if c.dir != "" {
		w.must(os.WriteFile(filepath.Join(c.dir, "acta.pdf"), pdf, 0o600))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.foreign) > 0 || len(c.problems) > 0 {
		t.Errorf("elsewhere %v, console %q", c.foreign, c.problems)
	}
}
