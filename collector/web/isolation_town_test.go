package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/enroll"
	"vigia/collector/incidents"
	"vigia/collector/notify"
	"vigia/collector/registers"
	"vigia/collector/registers/appaccess"
	"vigia/collector/registers/appointments"
	assetbook "vigia/collector/registers/assets"
	"vigia/collector/registers/attestations"
	"vigia/collector/registers/cabinets"
	"vigia/collector/registers/grants"
	"vigia/collector/registers/letters"
	"vigia/collector/registers/liaisons"
	"vigia/collector/registers/media"
	"vigia/collector/registers/mediabook"
	"vigia/collector/registers/mediapermits"
	"vigia/collector/registers/movements"
	"vigia/collector/registers/notices"
	"vigia/collector/registers/people"
	permitbook "vigia/collector/registers/permits"
	"vigia/collector/registers/plan"
	"vigia/collector/registers/processors"
	"vigia/collector/registers/receipts"
	"vigia/collector/registers/requests"
	"vigia/collector/registers/restores"
	"vigia/collector/registers/software"
	"vigia/collector/registers/systems"
	"vigia/collector/registers/training"
	"vigia/collector/registers/transfers"
	"vigia/collector/registers/waivers"
	"vigia/collector/reviews"
	"vigia/collector/storage"
)

// realBooks are all of the organisation: the list of collector.Books, which this package
// cannot import; markedTown compares the two.
func realBooks() []*registers.Book {
	return []*registers.Book{people.Book(), movements.Book(), letters.Book(), appointments.Book(), systems.Book(), grants.Book(), appaccess.Book(),
		appaccess.Deliveries(), processors.Book(), permitbook.Book(), assetbook.Book(), software.Book(), media.Book(), mediabook.Book(), mediapermits.Book(),
		cabinets.Book(), requests.Book(), notices.Book(), transfers.Book(), receipts.Book(), waivers.Book(), attestations.Book(), restores.Book(),
		training.Book(), liaisons.Book(), plan.Book()}
}

// marked is a town hall in which everything says whose it is.
type marked struct {
	*townHall
	books    []*registers.Book
	machines map[string]string   // id by colour
	papers   map[string][]string // documents by colour
	keys     []string            // of the queue
	act      string
	sections int
	codes    []string // of notes
	upload   string
	session  string // of ROJO's liaison
	digest   string
	notices  int
	tables   []string
}

// markedPC is a machine of a department.
func markedPC(colour string, more func(*pc)) pc {
	name := strings.ToUpper(colour)
	p := pc{host: name + "-equipo-1", department: name + "-area", os: "windows", osName: "Windows 11 Pro", osVersion: "10.0.22631",
		lock: 0, length: 8, classes: 3, attempts: 3, admins: []string{colour + "-hallazgo"}, oldPasswords: []string{colour + "-hallazgo"}, firstDay: 40}
	more(&p)
	return p
}

func markedTown(t *testing.T) *marked {
	t.Helper()
	source, err := os.ReadFile("../books.go")
	if err != nil {
		t.Fatal(err)
	}
	if all := regexp.MustCompile(`\w\.(Book|Deliveries)\(\)`).FindAll(source, -1); len(all) != len(realBooks()) {
		t.Fatalf("collector has %d books, the test %d", len(all), len(realBooks()))
	}
	var roles []access.Role
	for role := range access.Roles() {
		if role != access.Officer && !role.Bound() {
			roles = append(roles, role)
		}
	}
	m := &marked{townHall: emptyTown(t, roles...), books: realBooks(), machines: map[string]string{}, papers: map[string][]string{}}
	ids := m.furnish([]pc{
		markedPC("azul", func(p *pc) { p.attempts = 5; p.personal = 12 }),
		markedPC("rojo", func(p *pc) { p.autologon, p.severe, p.copies = true, true, 90*time.Hour }),
	})
	for _, colour := range []string{"azul", "rojo"} {
		name := strings.ToUpper(colour)
		m.machines[colour] = ids[name+"-equipo-1"]
		m.must(m.access.Create(t.Context(), access.New{Name: colour + "-enlace", Role: access.Liaison, Department: name + "-area", Password: goodPassword}, "test"))
	}
	m.exec(`UPDATE access_users SET last_login_at = created_at`)
	m.write(func(ctx context.Context, tx *storage.Tx) error {
		_, err := m.enroll.ImportKnown(ctx, tx, []enroll.KnownMachine{
			{Hostname: "azul-lista-1", Department: "AZUL-area", Note: "AZUL-lista-nota"}, {Hostname: "rojo-lista-1", Department: "ROJO-area", Note: "ROJO-lista-nota"},
		}, "test")
		return err
	})
	m.decisions = queueOf(m.townHall, withWaivers)
	m.fillBooks()
	m.decide()
	m.happen()
	m.tell(
		notify.Message{Key: "azul", Kind: "x", Accounts: []string{"azul-enlace"}, Subject: message.Text{ES: "AZUL-noticia", EN: "AZUL-noticia"}, Body: message.Text{ES: "AZUL-noticia-texto", EN: "AZUL-noticia-texto"}},
		notify.Message{Key: "rojo", Kind: "x", Accounts: []string{"rojo-enlace"}, Subject: message.Text{ES: "ROJO-noticia", EN: "ROJO-noticia"}, Body: message.Text{ES: "ROJO-noticia-texto", EN: "ROJO-noticia-texto"}},
	)
	m.notices = 2
	m.open()
	m.must(m.db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		rows, err := tx.Query(ctx, `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			volatile := strings.HasPrefix(name, "activity") || strings.HasPrefix(name, "evidence") || strings.HasPrefix(name, "sqlite") ||
				slices.Contains([]string{"access_sessions", "access_attempts", "access_places"}, name)
			if !volatile {
				m.tables = append(m.tables, name)
			}
		}
		return rows.Err()
	}))
	if len(m.tables) < 20 {
		t.Fatalf("got %d tables", len(m.tables))
	}
	return m
}

// options are those of a portal with the real books.
func (m *marked) options(o *Options) { o.Books = registers.Linked(m.books...) }

// value is one that says whose it is.
func (m *marked) value(b *registers.Book, f registers.Field, colour string) string {
	mark := strings.ToUpper(colour) + "-" + b.Name + "-"
	if f.Personal {
		mark += "p-"
	}
	switch f.Kind {
	case registers.Line, registers.Prose, registers.Lines:
		if f.Name == b.Department {
			return strings.ToUpper(colour) + "-area"
		}
		return mark + f.Name
	case registers.Account, registers.Host:
		return strings.ToLower(mark + f.Name)
	case registers.Day:
		return "2027-05-04"
	case registers.Moment:
		return "2026-11-18T10:00:00Z"
	case registers.Choice, registers.Choices:
		return f.Options[0].Code
	case registers.Flag:
		return "yes"
	case registers.Folio:
		return "1"
	case registers.Paper:
		return m.paper(b, mark, colour)
	case registers.Number:
	}
	return "7"
}

// paper hands in a document.
func (m *marked) paper(b *registers.Book, mark, colour string) (sha string) {
	m.write(func(ctx context.Context, tx *storage.Tx) error {
		d, err := m.documents.Add(ctx, tx, mark+"papel.txt", []byte(mark+"contenido"), "register/"+b.Name, userOf(access.Officer))
		sha = d.SHA256
		return err
	})
	if !slices.Contains(m.papers[colour], sha) {
		m.papers[colour] = append(m.papers[colour], sha)
	}
	return sha
}

// fillBooks writes a row of each department to each book, every field of it, and moves a
// third from one to the other. The rules of the books are another matter.
func (m *marked) fillBooks() {
	for i, b := range m.books {
		free := *b
		free.Check = nil
		colours := []string{"azul", "rojo"}
		if b.Department == "" {
			colours = []string{"verde", "verde"}
		}
		m.books[i] = b
		for n, colour := range colours {
			values := registers.Values{}
			for _, f := range b.Fields {
				values[f.Name] = m.value(b, f, colour)
				if f.Kind == registers.Line && b.Department == "" && f.Name != "hash" {
					values[f.Name] += fmt.Sprint("-", n)
				}
			}
			m.repair(b, values)
			m.add(&free, values, colour)
		}
		if b.Department == "" || b.AppendOnly {
			continue
		}
		values := registers.Values{}
		for _, f := range b.Fields {
			values[f.Name] = m.value(b, f, "azul")
			if f.Kind == registers.Line && f.Name != b.Department || f.Kind == registers.Account || f.Kind == registers.Host {
				values[f.Name] += "-antes"
			}
		}
		m.repair(b, values)
		row := m.add(&free, values, "azul")
		for _, f := range b.Fields {
			values[f.Name] = m.value(b, f, "rojo")
			if f.Kind == registers.Line && f.Name != b.Department || f.Kind == registers.Account || f.Kind == registers.Host {
				values[f.Name] += "-despues"
			}
		}
		m.repair(b, values)
		m.write(func(ctx context.Context, tx *storage.Tx) error {
			_, err := m.registers.Change(ctx, tx, &free, row.Folio, row.Version, values, registers.Act{By: "rojo-enlace", Why: "ROJO-" + b.Name + "-motivo", Via: registers.Portal})
			return err
		})
	}
}

// repair puts what pages of their own read into the form that they need.
func (m *marked) repair(b *registers.Book, v registers.Values) {
	switch b.Name {
	case "requests":
		v["received"] = "2026-11-18T10:00:00Z"
	case "waivers":
		v["control"] = "AC-LOCK-15"
	case "plan":
		v["state"] = "planned"
	case "receipts":
		v["hash"] = strings.Repeat("ab", 32)
	case "attestations":
		v["control"], v["day"] = "AC-LOCK-15", "2026-11-20"
	}
}

func (m *marked) add(b *registers.Book, values registers.Values, colour string) (row registers.Row) {
	m.t.Helper()
	by := colour + "-enlace"
	if colour == "verde" {
		by = userOf(access.Officer)
	}
	m.write(func(ctx context.Context, tx *storage.Tx) (err error) {
		row, err = m.registers.Add(ctx, tx, b, values, registers.Act{By: by, Why: strings.ToUpper(colour) + "-" + b.Name + "-motivo", Via: registers.Portal})
		if err != nil {
			err = fmt.Errorf("%s: %w", b.Name, err)
		}
		return err
	})
	return row
}

// happen lets an incident happen in each department, and somebody tell of another.
func (m *marked) happen() {
	store := incidents.NewStore(incidents.Options{Log: m.log, Now: func() time.Time { return m.now }, Zone: madrid})
	for _, colour := range []string{"AZUL", "ROJO"} {
		m.write(func(ctx context.Context, tx *storage.Tx) error {
			values := registers.Values{"title": colour + "-incidencia", "type": "malware", "detected": "2026-11-20T09:00:00Z", "known": "2026-11-20T10:00:00Z",
				"notifier": colour + "-incidencia-quien", "description": colour + "-incidencia-que", "machines": strings.ToLower(colour) + "-equipo-1"}
			in, err := store.Open(ctx, tx, values, registers.Act{By: userOf(access.Officer), Via: registers.Portal})
			if err != nil {
				return err
			}
			if _, err := m.documents.Add(ctx, tx, colour+"-incidencia.txt", []byte(colour+"-incidencia-papel"), fmt.Sprint("incident/", in.Folio), userOf(access.Officer)); err != nil {
				return err
			}
			code, err := store.Tell(ctx, tx, "", registers.Values{"what": colour + "-aviso", "name": colour + "-aviso-nombre"}, colour)
			m.codes = append(m.codes, code)
			return err
		})
	}
	m.must(m.db.Read(m.t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		for _, colour := range []string{"AZUL", "ROJO"} {
			all, err := m.documents.About(ctx, tx, map[string]string{"AZUL": "incident/1", "ROJO": "incident/2"}[colour])
			if err != nil {
				return err
			}
			for _, d := range all {
				m.papers[strings.ToLower(colour)] = append(m.papers[strings.ToLower(colour)], d.SHA256)
			}
		}
		return nil
	}))
}

// open opens an act with words of the officer's, a file that waits to be imported, and a
// session of ROJO's liaison.
func (m *marked) open() {
	a := m.openAct(userOf(access.Officer))
	m.act, m.sections = a.ID, len(a.Frozen.Sections)
	m.write(func(ctx context.Context, tx *storage.Tx) error {
		_, err := m.reviewStore().Decide(ctx, tx, a.ID, reviews.Decided{Section: a.Frozen.Sections[0].ID, Words: "VERDE-revision-palabras"},
			registers.Act{By: userOf(access.Officer), Via: registers.Portal})
		return err
	})
	srv := serve(m.t.(*testing.T), m.portal(m.options))
	officer, rojo := open(m.t.(*testing.T), srv).enter(access.Officer), open(m.t.(*testing.T), srv)
	var names, values []string
	for _, f := range people.Book().Fields {
		if f.Required {
			names, values = append(names, f.Name), append(values, strings.ReplaceAll(m.value(people.Book(), f, "verde"), "-people-", "-importe-"))
		}
	}
	got := officer.send("/libros/people/importar", url.Values{}, map[string]string{"archivo": strings.Join(names, ";") + "\n" + strings.Join(values, ";") + "\n"})
	found := regexp.MustCompile(`^/libros/people/([^/]+)/importar`).FindStringSubmatch(got.header.Get("Location"))
	if got.status != http.StatusSeeOther || found == nil {
		m.t.Fatalf("the file to import: got %d\n%s", got.status, got.body)
	}
	m.upload = found[1]
	preview := officer.get(got.header.Get("Location"))
	preview.has(m.t.(*testing.T), "the preview", "VERDE-importe")
	m.digest = preview.found(m.t.(*testing.T), `name="visto" value="([^"]+)"`)
	if got := rojo.logIn("rojo-enlace", goodPassword, "/"); got.status != http.StatusSeeOther {
		m.t.Fatalf("ROJO's log-in: got %d", got.status)
	}
	rojo.get("/equipos")
	all, err := m.access.Sessions(m.t.Context(), "rojo-enlace")
	m.must(err)
	m.session = all[0].ID()
}

// own tells whether an address is about what a liaison may write.
func (m *marked) own(colour, path string) bool {
	folio := map[string]string{"azul": "/1/", "rojo": "/2/"}[colour]
	return strings.HasPrefix(path, "/libros/") && strings.Contains(path, folio) || strings.HasPrefix(path, "/avisos/1") && colour == "azul"
}

// names are what stands in the place of a part of an address.
func (m *marked) names(part, pattern string) (out []string) {
	switch part {
	case "{book}":
		for _, b := range m.books {
			out = append(out, b.Name)
		}
	case "{folio}":
		return []string{"1", "2", "3"}
	case "{act}":
		return []string{m.act}
	case "{n}":
		for i := range m.sections {
			out = append(out, fmt.Sprint(i+1))
		}
	case "{sha}":
		return slices.Concat(m.papers["azul"], m.papers["rojo"], m.papers["verde"])
	case "{key}":
		for _, key := range m.keys {
			out = append(out, url.PathEscape(key))
		}
	case "{name}":
		if strings.Contains(pattern, "borrador") {
			return []string{"autoridad-es.docx", "personas-es.pdf", "personas-es.docx"}
		}
		return []string{"azul-enlace", "rojo-enlace", userOf(access.Officer)}
	case "{cuenta}":
		return []string{"azul-enlace", "rojo-enlace"}
	case "{code}":
		return m.codes
	case "{step}":
		for name := range incidentSteps() {
			out = append(out, name)
		}
		slices.Sort(out)
	case "{id}":
		switch {
		case strings.HasPrefix(pattern, "/equipos"):
			return []string{m.machines["azul"], m.machines["rojo"]}
		case strings.HasPrefix(pattern, "/libros"):
			return []string{m.upload}
		case strings.HasPrefix(pattern, "/avisos"):
			return []string{"1", "2"}
		case strings.HasPrefix(pattern, "/controles"):
			return []string{"AC-LOCK-15", "AC-LEASTPRIV", "PD-LOCAL"}
		case strings.HasPrefix(pattern, "/altas"):
			return []string{"abc"}
		}
	}
	return out
}

// queries are what is asked of an address beside the address itself.
func (m *marked) queries(pattern, path string) []string {
	out := []string{""}
	switch pattern {
	case "/buscar":
		out = append(out, "?q=rojo", "?q=azul", "?q=verde", "?q=rojo+equipo", "?q=PER", "?q=INC", "?q=0002")
	case "/libros/{book}", "/libros/{book}/imprimir":
		out = append(out, "?q=rojo", "?a=2026-11-21", "?orden=-folio", "?a=2030-01-01")
	case "/libros/{book}/exportar":
		out = append(out, "?formato=csv", "?q=rojo", "?a=2026-11-21")
	case "/libros/cambios":
		out = append(out, "?q=rojo", "?quien=rojo-enlace", "?libro=people", "?libro=requests", "?pagina=2")
	case "/libros/{book}/nuevo":
		out = append(out, "?corrige=1", "?corrige=2")
		for _, b := range m.books {
			for _, f := range b.Fields {
				if f.Kind == registers.Paper && strings.HasPrefix(path, "/libros/"+b.Name+"/") {
					out = append(out, "?"+inputName(f.Name)+"="+m.papers["rojo"][0], "?"+inputName(f.Name)+"="+m.papers["azul"][0])
				}
			}
		}
	case "/avisos/{id}":
		out = append(out, "?cuenta=rojo-enlace", "?cuenta=azul-enlace")
	case "/pendientes":
		out = append(out, "?estado=todos", "?estado=decididos", "?estado=todos&area=ROJO-area", "?estado=todos&gravedad=high")
	case "/plan/exportar", "/plan/brechas/exportar":
		out = append(out, "?formato=csv")
	case "/incidencias/nueva":
		for _, code := range m.codes {
			out = append(out, "?aviso="+code)
		}
	case "/actividad", "/actividad/descargar":
		out = append(out, "?quien=rojo-enlace")
	case "/recibos", "/declaraciones", "/solicitudes":
		out = append(out, "?lang=en", "?lang=es")
	}
	return out
}

// paths are all addresses of a route that the town has something at. A part of an address
// that has no names here fails: say in names what there is.
func (m *marked) paths(t *testing.T, r route) []string {
	t.Helper()
	paths := []string{strings.ReplaceAll(r.path, "{$}", "")}
	for _, part := range regexp.MustCompile(`\{[a-z]+\}`).FindAllString(r.path, -1) {
		names := m.names(part, r.path)
		if len(names) == 0 {
			t.Fatalf("%s: nothing is known to stand for %s", r.path, part)
		}
		var next []string
		for _, path := range paths {
			for _, name := range names {
				next = append(next, strings.Replace(path, part, name, 1))
			}
		}
		paths = next
	}
	if r.method != http.MethodGet {
		return paths
	}
	var out []string
	for _, path := range paths {
		for _, query := range m.queries(r.path, path) {
			out = append(out, path+query)
		}
	}
	return out
}
