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
	"vigia/collector/decisions"
	"vigia/collector/registers"
	"vigia/collector/registers/plan"
	"vigia/collector/storage"
)

// queueOf is the queue of a town hall of the tests.
func queueOf(w *townHall, change ...func(*decisions.Options)) *decisions.Store {
	opts := decisions.Options{
		Log: w.log, Registers: w.registers, Zone: madrid, Now: func() time.Time { return w.now },
		Sources: []decisions.Source{decisions.Measured{Findings: w.findings}},
		Machines: func(ctx context.Context, tx *storage.Tx) ([]decisions.Machine, error) {
			machines, err := w.enroll.Machines(ctx, tx)
			var out []decisions.Machine
			for _, m := range machines {
				out = append(out, decisions.Machine{ID: m.ID, Hostname: m.Hostname, Department: m.Department})
			}
			return out, err
		},
		Size: func(ctx context.Context, tx *storage.Tx) (int64, error) {
			at, err := w.log.Checkpoint(ctx, tx)
			return at.Size, err
		},
	}
	for _, c := range change {
		c(&opts)
	}
	return decisions.NewStore(opts)
}

// missing is what an address of something that is not there gets.
var missing = answers{http.StatusSeeOther, http.StatusNotFound}

// queue: the security officer decides; who sees the whole looks, and a liaison at her part.
func (t routeTable) queue(_ *townHall) {
	t.only("GET /pendientes", "/pendientes", looks, queueRoles()...)
	t.only("GET /pendientes/{key}", "/pendientes/no~such~low", missing, queueRoles()...)
	t.only("POST /pendientes", "/pendientes", refused, access.Officer)
	t.only("GET /pendientes/linea-base", "/pendientes/linea-base", looks, everybody()...)
	t.only("POST /pendientes/linea-base", "/pendientes/linea-base", refused, access.Officer)
}

// plan: who answers for an action moves it, the others look.
func (t routeTable) plan(w *townHall) {
	w.write(func(ctx context.Context, tx *storage.Tx) error {
		_, err := w.registers.Add(ctx, tx, plan.Book(), registers.Values{"action": "Cifrar los portátiles", "owner": "Luis", "due": "2026-12-01", "state": "planned"},
			registers.Act{By: "test", Via: registers.Portal})
		return err
	})
	t.only("GET /plan", "/plan", looks, everybody()...)
	t.only("GET /plan/exportar", "/plan/exportar", looks, everybody()...)
	t.only("GET /plan/brechas", "/plan/brechas", looks, everybody()...)
	t.only("GET /plan/brechas/exportar", "/plan/brechas/exportar?formato=csv", looks, everybody()...)
	t.only("GET /plan/documento-de-seguridad", "/plan/documento-de-seguridad", looks, everybody()...)
	t.only("POST /plan/{folio}", "/plan/1", refused, access.Officer, access.Administrator)
}

// Ticking some causes decides them at once; what is wrong is said and nothing is written.
func TestDecideMany(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Auditor)
	ids := w.furnish(officePCs())
	srv := serve(t, w.portal())
	b := open(t, srv).enter(access.Officer)
	page := b.get("/pendientes")
	page.has(t, "the queue", "Preparar la línea base", "Antivirus activo y al día", "por decidir")
	keys := regexp.MustCompile(`name="clave" value="([^"]+)"`).FindAllStringSubmatch(page.body, -1)
	if len(keys) < 5 {
		t.Fatalf("got %d causes", len(keys))
	}
	form := url.Values{"hacer": {"fix"}, "volver": {"/pendientes?gravedad=high"}}
	for _, k := range keys[:3] {
		form.Add("clave", html.UnescapeString(k[1]))
	}
	got := b.do("POST", "/pendientes", form.Encode())
	if got.status != http.StatusUnprocessableEntity {
		t.Errorf("without an owner: got %d", got.status)
	}
	got.has(t, "without an owner", "Escriba quién responde")
	form.Set("responsable", "Luis Mora")
	got = b.do("POST", "/pendientes", form.Encode())
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/pendientes?gravedad=high" {
		t.Fatalf("got %d to %q", got.status, got.header.Get("Location"))
	}
	b.get("/pendientes").has(t, "afterwards", "Decididas 3 causas: se arregla.", "<b>3</b> decididas")
	b.get("/plan").has(t, "the plan", "Luis Mora", "PLN-0003", "3 acciones abiertas")
	if again := b.do("POST", "/pendientes", form.Encode()); again.status != http.StatusUnprocessableEntity {
		t.Errorf("twice: got %d", again.status)
	}
	b.do("POST", "/pendientes", url.Values{"causa": {"no~such~low"}, "hacer": {"dismiss"}, "motivo": {"x"}}.Encode()).has(t, "what is gone", "Mientras tanto cambió algo")
	// One button of a line, and where it leads.
	key := html.UnescapeString(keys[3][1])
	if got = b.do("POST", "/pendientes", url.Values{"uno": {"ask " + key}, "responsable": {"Luis Mora"}}.Encode()); got.status != http.StatusSeeOther {
		t.Fatalf("a button of a line: got %d", got.status)
	}
	b.get("/pendientes/"+url.PathEscape(key)).has(t, "asked", "Ya está decidida", "se pregunta al técnico", "a Luis Mora")
	b.get("/equipos/"+ids["OBRAS-01"]).has(t, "the machine", "En pendientes", "/pendientes/")
	// The rest goes to the plan at once; somebody who looks sees no buttons.
	page = b.get("/pendientes/linea-base")
	form = url.Values{"responsable": {"Ana Ruiz"}, "hasta": {"2026-12-20"}}
	for _, m := range regexp.MustCompile(`name="(claves-\d+|fecha-\d+)"(?: [^>]*?)?value="([^"]*)"`).FindAllStringSubmatch(page.body, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
		form.Set("incluir-"+strings.TrimPrefix(strings.TrimPrefix(m[1], "claves-"), "fecha-"), "si")
	}
	for name, values := range form {
		if strings.HasPrefix(name, "fecha-") && len(values[0]) != 10 {
			form.Set(name, "2027-01-31")
		}
	}
	if got = b.do("POST", "/pendientes/linea-base", form.Encode()); got.status != http.StatusSeeOther || got.header.Get("Location") != "/plan" {
		t.Fatalf("the baseline: got %d to %q\n%s", got.status, got.header.Get("Location"), got.body)
	}
	b.get("/plan").has(t, "the plan", "Línea base confirmada", "Ana Ruiz")
	b.get("/pendientes").has(t, "afterwards", "No hay nada por decidir")
	b.get("/plan/brechas").has(t, "the gaps", "línea base, en el plan", "PLN-0004", "ES-POL")
	csv := b.get("/plan/exportar?formato=csv")
	csv.has(t, "the plan as CSV", "Ana Ruiz", "PLN-0004")
	document := b.get("/plan/documento-de-seguridad")
	if !strings.HasPrefix(document.body, "PK") || !strings.Contains(document.header.Get("Content-Disposition"), ".docx") {
		t.Error("the security document is no file")
	}
	looker := open(t, srv).enter(access.Auditor)
	if body := looker.get("/pendientes?estado=todos").body; strings.Contains(body, `name="hacer"`) || !strings.Contains(body, "Decide la persona responsable") {
		t.Error("who looks is offered to decide")
	}
	if body := looker.get("/plan").body; strings.Contains(body, `name="estado"`) {
		t.Error("who looks is offered to move the plan")
	}
}
