package web

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vigia/collector/access"
	"vigia/collector/decisions"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// Everything that the town hall of these tests keeps says in its values whose it is and what:
// ROJO-people-p-name is a field that names a person, of the book of people, of the department
// ROJO-area. VERDE is what belongs to no department.
var marks = regexp.MustCompile(`(?i)\b(azul|rojo|verde)-([a-z]+)(-p-)?`)

// reader is an account of the test.
type markedReader struct {
	name   string
	role   access.Role
	colour string // of its department; empty: it has none
}

func markedReaders() []markedReader {
	out := []markedReader{{"azul-enlace", access.Liaison, "azul"}, {"rojo-enlace", access.Liaison, "rojo"}}
	for role := range access.Roles() {
		if !role.Bound() {
			out = append(out, markedReader{userOf(role), role, ""})
		}
	}
	return out
}

// boundBooks are those of which a liaison sees the rows of her department; transparencyBooks
// those that the Unidad de Transparencia sees; closedBooks are for the roles that are named.
var (
	boundBooks = []string{"people", "movements", "letters", "appointments", "systems", "appaccess", "processors", "permits", "assets", "media",
		"mediapermits", "cabinets", "notices", "transfers", "waivers", "attestations", "restores", "training", "liaisons", "plan"}
	transparencyBooks = []string{"requests", "notices", "transfers", "receipts"}
	closedBooks       = map[string][]access.Role{
		"requests": {access.Transparency, access.Officer, access.Head, access.Committee, access.Auditor, access.Control},
	}
)

// mayRead is the table of who sees what, apart from the code that keeps to it.
func (r markedReader) mayRead(colour, kind string, personal bool) bool {
	whole := slices.Contains([]access.Role{access.Officer, access.Head, access.Director, access.Administrator, access.Auditor, access.Committee, access.Control}, r.role)
	only := func(roles ...access.Role) bool { return slices.Contains(roles, r.role) }
	if r.role == access.Liaison && colour != r.colour {
		return false
	}
	switch kind {
	case "area": // a department's name
		return true
	case "enlace": // who wrote something stands beside it
		return true
	case "equipo", "lista", "hallazgo", "decision", "dato":
		return whole || r.role == access.Liaison
	case "incidencia", "revision":
		return whole
	case "aviso", "importe": // a note without account, a file that waits to be imported
		return only(access.Officer, access.Administrator)
	case "noticia": // to the account of a liaison; who records signed slips sees it
		return only(access.Liaison, access.Officer, access.Administrator)
	}
	switch {
	case r.role == access.Liaison:
		return slices.Contains(boundBooks, kind)
	case r.role == access.Transparency:
		// To answer a person it must know in which systems to look.
		return kind == "systems" && !personal || slices.Contains(transparencyBooks, kind)
	case personal && only(access.Director, access.Committee): // who oversees sees no names
		return false
	case closedBooks[kind] != nil:
		return only(closedBooks[kind]...)
	}
	return whole
}

// leaks are the marks of an answer that whoever got it may not see. What a file holds is
// unpacked.
func (r markedReader) leaks(t *testing.T, got answer) []string {
	t.Helper()
	var text strings.Builder
	for name, values := range got.header {
		fmt.Fprintln(&text, name, values)
		for _, value := range values {
			if plain, err := url.QueryUnescape(value); err == nil {
				fmt.Fprintln(&text, plain)
			}
		}
	}
	unpack(t, &text, []byte(got.body), deepest)
	var out []string
	for _, m := range marks.FindAllStringSubmatch(text.String(), -1) {
		if !r.mayRead(strings.ToLower(m[1]), strings.ToLower(m[2]), m[3] != "") && !slices.Contains(out, m[0]) {
			out = append(out, m[0])
		}
	}
	return out
}

// deepest is how many files within files are looked into.
const deepest = 3

var tags = regexp.MustCompile(`<[^>]*>`)

// unpack writes the text of a file: of the files in it too, and of marked-up text without
// the marks.
func unpack(t *testing.T, out *strings.Builder, data []byte, depth int) {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || depth == 0 {
		out.Write(data)
		if depth < deepest { // words of a document may be in pieces
			out.Write(tags.ReplaceAll(data, nil))
		}
		out.WriteString("\n")
		return
	}
	for _, f := range archive.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		inside, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(out, f.Name)
		unpack(t, out, inside, depth-1)
	}
}

// TestNoRoleReachesAnothersData lets every account ask for every address with every name
// that there is in both departments, and looks for what is not theirs in whatever comes back.
func TestNoRoleReachesAnothersData(t *testing.T) {
	t.Parallel()
	m := markedTown(t)
	srv := serve(t, m.portal(m.options))
	m.readsNothing(t, srv)
	t.Run("writes", func(t *testing.T) { m.writesNothing(t, srv) })
}

// readsNothing is the part of those who ask.
func (m *marked) readsNothing(t *testing.T, srv *httptest.Server) {
	t.Helper()
	for _, reader := range markedReaders() {
		if testing.Short() && !slices.Contains([]access.Role{access.Liaison, access.Transparency, access.Director}, reader.role) {
			continue // make check is to be quick, and make test has them all
		}
		t.Run(reader.name, func(t *testing.T) {
			b := open(t, srv)
			if got := b.logIn(reader.name, goodPassword, "/"); got.status != http.StatusSeeOther {
				t.Fatalf("log in: got %d", got.status)
			}
			seen, served := map[string]bool{}, 0
			for _, r := range new(site).routes() {
				if r.method != http.MethodGet {
					continue
				}
				for _, path := range m.paths(t, r) {
					got := b.get(path)
					if got.status >= http.StatusInternalServerError {
						t.Errorf("GET %s: got %d", path, got.status)
					}
					if got.status == http.StatusOK {
						served++
					}
					for _, leak := range reader.leaks(t, got) {
						if strings.Contains(path, leak) {
							continue // what was asked for stands in the form
						}
						t.Errorf("GET %s (%d) shows %s", path, got.status, leak)
					}
					for _, mark := range marks.FindAllString(got.body, -1) {
						seen[strings.ToLower(mark)] = true
					}
				}
			}
			// The marks are there to be found: else the test would prove nothing.
			if own := m.expected(reader); served < 20 || len(own) == 0 {
				t.Errorf("only %d pages were served", served)
			} else {
				for _, mark := range own {
					if !seen[mark] {
						t.Errorf("no page shows %s, which is for this account", mark)
					}
				}
			}
		})
	}
}

// expected are marks that an account must have seen.
func (m *marked) expected(r markedReader) []string {
	switch r.role {
	case access.Liaison:
		return []string{r.colour + "-equipo", r.colour + "-people-p-", r.colour + "-hallazgo", r.colour + "-noticia", r.colour + "-decision", r.colour + "-plan"}
	case access.Transparency:
		return []string{"azul-requests", "rojo-requests", "rojo-notices", "verde-receipts"}
	case access.Director, access.Committee:
		return []string{"azul-equipo", "rojo-people", "rojo-incidencia"}
	case access.Officer, access.Administrator:
		return []string{"rojo-people-p-", "rojo-aviso", "rojo-noticia", "verde-software"}
	case access.Head, access.Auditor, access.Control:
	}
	return []string{"rojo-people-p-", "azul-equipo", "verde-software", "rojo-requests"}
}

// writesNothing lets every account that does not run the organisation send
// every form about what is not theirs: nothing comes of it and nothing is told.
func (m *marked) writesNothing(t *testing.T, srv *httptest.Server) {
	t.Helper()
	for _, reader := range markedReaders() {
		if slices.Contains([]access.Role{access.Officer, access.Administrator, access.Head}, reader.role) || reader.colour == "rojo" {
			continue // they write what the test would call another's
		}
		b := open(t, srv)
		if got := b.logIn(reader.name, goodPassword, "/"); got.status != http.StatusSeeOther {
			t.Fatalf("log in: got %d", got.status)
		}
		form := m.shotgun()
		before := m.state()
		for _, r := range new(site).routes() {
			if r.method != http.MethodPost || ownForms[r.path] || r.open {
				continue
			}
			if reader.role == access.Transparency && (strings.HasPrefix(r.path, "/solicitudes") || strings.HasPrefix(r.path, "/recibos")) {
				continue // its own
			}
			for _, path := range m.paths(t, r) {
				if reader.role == access.Transparency && slices.ContainsFunc(transparencyBooks, func(book string) bool { return strings.HasPrefix(path, "/libros/"+book+"/") }) {
					continue
				}
				if reader.role == access.Liaison && r.path == "/libros/{book}/nuevo" {
					continue // a new row is of her own department, whatever the form says: TestBooks has that
				}
				if reader.role == access.Liaison && m.own(reader.colour, path) {
					continue
				}
				got := b.send(path, form, nil)
				if got.status >= http.StatusInternalServerError {
					t.Errorf("%s: POST %s: got %d\n%s", reader.name, path, got.status, got.body)
				}
				for _, leak := range reader.leaks(t, got) {
					t.Errorf("%s: POST %s (%d) shows %s", reader.name, path, got.status, leak)
				}
			}
			if after := m.state(); after != before {
				t.Errorf("%s: POST %s changed something:\n%s\n%s", reader.name, r.path, before, after)
				before = after
			}
		}
	}
}

// ownForms are those by which one looks after one's own account and notices, and the one that
// makes a file of what one sees already.
var ownForms = map[string]bool{
	"/salir": true, "/confirmar": true, "/acceso/clave": true, "/acceso/segundo-factor/aplicacion": true, "/acceso/segundo-factor/hoja": true,
	"/acceso/segundo-factor/llave": true, "/avisos/direccion": true, "/revisiones/{act}/exportar": true,
}

// shotgun is a form with all that any form asks for.
func (m *marked) shotgun() url.Values {
	form := url.Values{"version": {"1"}, "motivo": {"porque sí"}, "hacer": {"guardar"}, "cuenta": {"rojo-enlace"}, "sesion": {m.session}, "llave": {"abc"},
		"fila": {"todas"}, "visto": {m.digest}, "responsable": {"Luis"}, "estado": {"done"}, "clave": {m.keys[0]}, "uno": {"dismiss " + m.keys[0]}, "folio": {"1"}}
	for _, b := range m.books {
		for _, f := range b.Fields {
			form.Set("c-"+f.Name, m.value(b, f, "azul"))
		}
	}
	return form
}

// state is the log's size, the log of activity aside, and all rows but those of sessions
// and of the activity.
func (m *marked) state() string {
	var out strings.Builder
	m.must(m.db.Read(m.t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		out.Reset()
		var leaves int64
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM evidence_entries WHERE kind <> 'activity'`).Scan(&leaves); err != nil {
			return err
		}
		fmt.Fprintln(&out, "leaves", leaves)
		for _, table := range m.tables {
			rows, err := tx.Query(ctx, `SELECT * FROM `+table)
			if err != nil {
				return err
			}
			defer rows.Close()
			names, err := rows.Columns()
			if err != nil {
				return err
			}
			n, sum := 0, 0
			for rows.Next() {
				values := make([]any, len(names))
				for i := range values {
					values[i] = new(any)
				}
				if err := rows.Scan(values...); err != nil {
					return err
				}
				n++
				for _, v := range values {
					for _, c := range fmt.Sprint(*v.(*any)) {
						sum = sum*31 + int(c)
					}
				}
			}
			if err := rows.Err(); err != nil {
				return err
			}
			fmt.Fprintln(&out, table, n, sum)
		}
		return nil
	}))
	return out.String()
}

// An account whose role was lowered, whose department was changed or whose time is over
// acts as what it is now with the very next request.
func TestAChangedAccountActsAtOnce(t *testing.T) {
	t.Parallel()
	m := markedTown(t)
	srv := serve(t, m.portal(m.options))
	enter := func(name string) *browser {
		b := open(t, srv)
		b.logIn(name, goodPassword, "/").goes(t, name, "/")
		return b
	}
	change := func(name string, e access.Edit) { m.must(m.access.Change(t.Context(), name, e, "test")) }

	liaison := enter("azul-enlace")
	liaison.get("/equipos").has(t, "her machines", "AZUL-area")
	change("azul-enlace", access.Edit{Role: access.Liaison, Department: "ROJO-area"})
	moved := markedReader{"azul-enlace", access.Liaison, "rojo"}
	for _, r := range new(site).routes() {
		if r.method != http.MethodGet {
			continue
		}
		for _, path := range m.paths(t, r) {
			got := liaison.get(path)
			for _, leak := range moved.leaks(t, got) {
				// Her name is hers, and what she was told stays in her inbox.
				if !strings.EqualFold(leak, "azul-enlace") && !strings.EqualFold(leak, "azul-noticia") {
					t.Errorf("moved to another department: GET %s shows %s", path, leak)
				}
			}
		}
	}

	officer := enter(userOf(access.Officer))
	if got := officer.get("/cuentas"); got.status != http.StatusOK {
		t.Fatalf("the officer: got %d", got.status)
	}
	change(userOf(access.Officer), access.Edit{Role: access.Transparency})
	for _, path := range []string{"/cuentas", "/equipos", "/incidencias", "/pendientes", "/libros/people", "/libros/people/1", "/altas", "/actividad"} {
		if got := officer.get(path); got.status != http.StatusForbidden {
			t.Errorf("lowered: GET %s: got %d, want 403", path, got.status)
		}
	}

	auditor := enter(userOf(access.Auditor))
	change(userOf(access.Auditor), access.Edit{Role: access.Auditor, Until: m.now.Add(time.Hour)})
	if got := auditor.get("/equipos"); got.status != http.StatusOK {
		t.Errorf("the auditor within the time: got %d", got.status)
	}
	m.now = m.now.Add(time.Hour)
	for _, r := range new(site).routes() {
		if r.open || r.method != http.MethodGet {
			continue
		}
		for _, path := range m.paths(t, r)[:1] {
			if got := auditor.get(path); got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/entrar") {
				t.Errorf("the auditor after the time: GET %s: got %d to %q", path, got.status, got.header.Get("Location"))
			}
		}
	}
	if got := open(t, srv).logIn(userOf(access.Auditor), goodPassword, "/"); got.status != http.StatusForbidden {
		t.Errorf("the auditor logs in after the time: got %d, want 403", got.status)
	}
}

// A stranger, and somebody of whom only the password is known yet, reach what is open and
// nothing else.
func TestHalfLoggedInReachesNothing(t *testing.T) {
	t.Parallel()
	m := markedTown(t)
	secret := access.NewTOTP()
	code, err := access.TOTPCode(secret, m.now)
	m.must(err)
	m.must(m.access.SetTOTP(t.Context(), userOf(access.Officer), secret, code, userOf(access.Officer)))
	srv := serve(t, m.portal(m.options))
	half := open(t, srv)
	half.logIn(userOf(access.Officer), goodPassword, "/").goes(t, "the password", secondPath)
	for who, b := range map[string]*browser{"stranger": open(t, srv), "half": half} {
		nobody := markedReader{who, "", ""}
		for _, r := range new(site).routes() {
			for _, path := range m.paths(t, r) {
				if r.open && r.method == http.MethodPost {
					continue // routes_test.go has those; they would end what is half begun
				}
				got := b.do(r.method, path, "")
				for _, leak := range nobody.leaks(t, got) {
					if !strings.HasSuffix(strings.ToLower(leak), "-area") && !strings.HasSuffix(strings.ToLower(leak), "-enlace") {
						t.Errorf("%s: %s %s shows %s", who, r.method, path, leak)
					}
				}
				if !r.open && (got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/entrar")) {
					t.Errorf("%s: %s %s: got %d to %q, want the log-in", who, r.method, path, got.status, got.header.Get("Location"))
				}
			}
		}
	}
}

// markedWaivers gives every waiver the same folio.
type markedWaivers struct{}

// Waive implements decisions.Waivers.
func (markedWaivers) Waive(context.Context, *storage.Tx, decisions.Group, decisions.Choice) (string, error) {
	return "EXC-0001", nil
}

// decide decides on every cause, for the department that it is in; on what is in both, for
// one of them.
func (m *marked) decide() {
	m.write(func(ctx context.Context, tx *storage.Tx) error {
		groups, err := m.decisions.Queue(ctx, tx, m.now)
		if err != nil {
			return err
		}
		for i, g := range groups {
			m.keys = append(m.keys, g.Key)
			colour := "ROJO"
			if !g.In("ROJO-area") {
				colour = "AZUL"
			}
			c := decisions.Choice{Kind: decisions.Dismiss, Why: colour + "-decision-porque", Act: registers.Act{By: userOf(access.Officer), Via: registers.Portal}}
			if len(g.Departments) == 2 && i%2 == 0 {
				c = decisions.Choice{Kind: decisions.Waive, Why: colour + "-decision-porque", Department: colour + "-area", Until: m.now.Add(20 * day),
					Owner: colour + "-decision-responsable", Compensating: colour + "-decision-compensa", Approver: userOf(access.Head), Act: c.Act}
			} else if len(g.Departments) == 2 {
				continue
			}
			if _, err := m.decisions.Decide(ctx, tx, []string{g.Key}, c); err != nil {
				return fmt.Errorf("%s: %w", g.Key, err)
			}
		}
		return nil
	})
}

func withWaivers(o *decisions.Options) { o.Waivers = markedWaivers{} }

// Who logs in at a browser at which another is logged in finds nothing of the other's: the
// secret of an application above all, which the other has seen.
func TestALogInInheritsNothing(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Director)
	b := open(t, serve(t, w.portal())).enter(access.Director)
	const secret = `<code>([A-Z2-7 ]{30,})</code>`
	seen := b.get(factorPath).found(t, secret)
	if again := b.get(factorPath).found(t, secret); again != seen {
		t.Fatal("the secret changes while it is being read")
	}
	b.enter(access.Officer)
	if mine := b.get(factorPath).found(t, secret); mine == seen {
		t.Error("the officer is offered the secret that the director saw")
	}
}
