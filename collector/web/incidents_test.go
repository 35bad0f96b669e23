package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"vigia/collector/access"
	"vigia/collector/incidents"
)

func (t routeTable) incidents() {
	t.only("GET /incidencias", "/incidencias", looks, everybody()...)
	t.only("GET /incidencias/nueva", "/incidencias/nueva", looks, incidentWriters()...)
	t.only("POST /incidencias/nueva", "/incidencias/nueva", refused, incidentWriters()...)
	t.only("GET /incidencias/bitacora", "/incidencias/bitacora", looks, everybody()...)
	t.row("GET /incidencias/hoja-en-blanco", "/incidencias/hoja-en-blanco", looks)
	t.only("POST /incidencias/avisos/{code}", "/incidencias/avisos/AAAA-AAAA", refused, access.Officer)
	missing := answers{http.StatusSeeOther, http.StatusNotFound}
	t.only("GET /incidencias/{folio}", "/incidencias/99", missing, everybody()...)
	t.only("GET /incidencias/{folio}/borrador/{name}", "/incidencias/99/borrador/personas-es.pdf", missing, incidentWriters()...)
	t.only("GET /incidencias/{folio}/{step}", "/incidencias/99/novedad", missing, incidentWriters()...)
	t.only("POST /incidencias/{folio}/{step}", "/incidencias/99/novedad", missing, incidentWriters()...)
	t.row("GET /avisar", "/avisar", answers{http.StatusOK, http.StatusOK})
	t.row("POST /avisar", "/avisar", answers{http.StatusUnprocessableEntity, http.StatusUnprocessableEntity})
	t.row("GET /avisar/gracias", "/avisar/gracias", answers{http.StatusOK, http.StatusOK})
}

// Somebody without an account reports, the officer enters it, assesses it, tells the
// authority and closes it.
func TestAnIncidentFromTheReportToItsEnd(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Administrator)
	srv := serve(t, w.portal())
	stranger, officer := open(t, srv), open(t, srv).enter(access.Officer)
	post := func(b *browser, path string, form url.Values) answer {
		t.Helper()
		return b.do("POST", path, form.Encode())
	}

	got := post(stranger, "/avisar", url.Values{"c-what": {"Pide dinero <script>"}, "c-machine": {"PADRON-01"}})
	if got.status != http.StatusSeeOther {
		t.Fatalf("report: got %d\n%s", got.status, got.body)
	}
	thanks := got.header.Get("Location")
	code := thanks[strings.Index(thanks, "codigo=")+len("codigo="):]
	stranger.get(thanks).has(t, "thanks", code)
	if body := stranger.get("/avisar/gracias?codigo=%3Cb%3E").body; strings.Contains(body, "<b>&lt;") || strings.Contains(body, "%3Cb") {
		t.Error("what is no code is shown")
	}
	officer.get("/incidencias").has(t, "the book", code, "Pide dinero &lt;script&gt;", "PADRON-01")
	officer.get("/incidencias/nueva?aviso="+code).has(t, "the form", "padron-01", "Pide dinero")

	got = post(officer, "/incidencias/nueva", url.Values{"aviso": {code}, "c-title": {"Secuestro de archivos"}, "c-type": {"malware"}, "c-detected": {"2026-11-20T09:00"},
		"c-known": {"2026-11-20T10:00"}, "c-notifier": {"Aviso sin nombre"}, "c-description": {"Pide dinero"}, "c-machines": {"padron-01"}, "c-controls": {"AC-LOCK-15"}})
	if got.status != http.StatusSeeOther {
		t.Fatalf("enter: got %d\n%s", got.status, got.body)
	}
	path := got.header.Get("Location")
	page := officer.get(path)
	page.has(t, "the incident", "INC-0001", "Secuestro de archivos", "Valorar el riesgo", "Notificación a la autoridad", "/borrador/autoridad-es.docx", code)
	if found := officer.get("/buscar?q=inc-0001"); found.status != http.StatusSeeOther || found.header.Get("Location") != path {
		t.Errorf("search by folio: got %d to %q", found.status, found.header.Get("Location"))
	}
	officer.get("/buscar?q=secuestro").has(t, "the search", "Secuestro de archivos")
	for _, name := range []string{"autoridad-es.docx", "personas-es.pdf"} {
		if got := officer.get(path + "/borrador/" + name); got.status != http.StatusOK || len(got.body) < 1000 {
			t.Errorf("draft %s: got %d, %d bytes", name, got.status, len(got.body))
		}
	}
	if got := officer.get(path + "/borrador/otro.pdf"); got.status != http.StatusNotFound {
		t.Errorf("a draft that there is not: got %d", got.status)
	}
	// What is missing is said, and what was typed stays.
	got = post(officer, path+"/valorar", url.Values{"c-breach": {"yes"}, "c-consequences": {"Fraude"}})
	if got.status != http.StatusUnprocessableEntity {
		t.Errorf("an assessment without its kind: got %d", got.status)
	}
	got.has(t, "the assessment", "Fraude", "Clase de vulneración")
	for _, step := range []struct {
		path string
		form url.Values
	}{
		{"/valorar", url.Values{"c-breach": {"yes"}, "c-kind": {"access"}, "c-high": {"no"}}},
		{"/accion", url.Values{"c-text": {"Aislar el equipo"}, "c-kind": {"immediate"}, "c-done": {"2026-11-20T11:00"}}},
		{"/notificar", url.Values{"c-to": {"authority"}, "c-sent": {"2026-11-21T09:00"}, "c-means": {"Sede electrónica"}}},
		{"/cerrar", url.Values{"c-cause": {"Un adjunto"}}},
	} {
		if got := post(officer, path+step.path, step.form); got.status != http.StatusSeeOther {
			t.Fatalf("%s: got %d\n%s", step.path, got.status, got.body)
		}
	}
	officer.get(path).has(t, "the closed incident", "cerrada", "Abrir otra vez", "Un adjunto")
	officer.get("/incidencias/bitacora").has(t, "the breach log", "Aislar el equipo", "Un adjunto")
	if got := open(t, srv).enter(access.Administrator).get(path + "/reabrir"); got.status != http.StatusForbidden {
		t.Errorf("the administrator opens it again: got %d", got.status)
	}
}

// A flood from one network ends, and what programs fill in is not kept.
func TestReportsHaveBounds(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	srv := serve(t, w.portal())
	b := open(t, srv)
	form := url.Values{"c-what": {"algo"}}
	if got := b.do("POST", "/avisar", url.Values{"c-what": {"spam"}, "web": {"http://x"}}.Encode()); got.header.Get("Location") != "/avisar/gracias" {
		t.Errorf("a program: got %q", got.header.Get("Location"))
	}
	for range incidents.NotesPerSource {
		if got := b.do("POST", "/avisar", form.Encode()); got.status != http.StatusSeeOther {
			t.Fatalf("got %d", got.status)
		}
	}
	if got := b.do("POST", "/avisar", form.Encode()); got.status != http.StatusTooManyRequests {
		t.Errorf("a flood: got %d", got.status)
	}
	huge := url.Values{"c-what": {strings.Repeat("a", maxBody)}}
	if got := b.do("POST", "/avisar", huge.Encode()); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a huge report: got %d", got.status)
	}
	if got := b.do("POST", "/avisar", form.Encode(), "Sec-Fetch-Site", "cross-site"); got.status != http.StatusForbidden {
		t.Errorf("from another site: got %d", got.status)
	}
}
