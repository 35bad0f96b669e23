package web

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"vigia/checks/message"
	"vigia/collector/access"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/enroll"
	"vigia/collector/storage"
)

// newcomer is a machine that wants to be admitted to the town.
type newcomer struct {
	report     ed25519.PrivateKey
	csr        []byte
	self       *apiv1.Machine
	department string
}

func (w *townHall) newcomer(host string, hardware, installation byte) *newcomer {
	w.t.Helper()
	_, report, err := ed25519.GenerateKey(rand.Reader)
	w.must(err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.must(err)
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	w.must(err)
	n := &newcomer{report: report, csr: csr, self: &apiv1.Machine{Hostname: host, Os: "windows", OsName: "Windows 11 Pro", OsVersion: "10.0.22631", Arch: "amd64", AgentVersion: "0.1.0"}}
	if hardware > 0 {
		n.self.HardwareId, n.self.InstallationId = append(make([]byte, 15), hardware), append(make([]byte, 15), installation)
	}
	return n
}

func (n *newcomer) code() string { return apiv1.CheckCode(n.report.Public().(ed25519.PublicKey)) }

// ask is one call of the newcomer; its id, or empty while it waits.
func (w *townHall) ask(n *newcomer, token apiv1.Token) string {
	w.t.Helper()
	resp, err := w.service.Enroll(w.t.Context(), &apiv1.EnrollRequest{
		TokenSecret: token.Secret[:], CertificateRequest: n.csr, ReportKey: n.report.Public().(ed25519.PublicKey),
		ReportKeyProof: apiv1.Sign(n.report, apiv1.DomainEnroll, apiv1.EnrollProof(n.csr)), Machine: n.self, Department: n.department,
	})
	if status.Code(err) == codes.FailedPrecondition || status.Code(err) == codes.PermissionDenied {
		return ""
	}
	w.must(err)
	return resp.GetAgentId()
}

func (w *townHall) token(req enroll.TokenRequest) apiv1.Token {
	w.t.Helper()
	var token apiv1.Token
	w.write(func(ctx context.Context, tx *storage.Tx) (err error) {
		token, err = w.enroll.CreateToken(ctx, tx, req)
		return err
	})
	return token
}

func (b *browser) post(path string, form url.Values) answer {
	b.t.Helper()
	return b.do("POST", path, form.Encode())
}

// accepted checks that a form was taken and returns the page that says so.
func (b *browser) accepted(what string, got answer) answer {
	b.t.Helper()
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/altas" {
		b.t.Fatalf("%s: got %d to %q, want 303 to /altas\n%s", what, got.status, got.header.Get("Location"), got.body)
	}
	return b.get("/altas")
}

func TestAdmissionsOfAnEmptyTown(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Administrator, access.Auditor)
	srv := serve(t, w.portal())
	admin, officer, auditor := open(t, srv).enter(access.Administrator), open(t, srv).enter(access.Officer), open(t, srv).enter(access.Auditor)
	page := admin.get("/altas")
	page.has(t, "administrator", "Ningún equipo espera", "cree un código de grupo", "Ningún equipo parece repetido", "No hay ningún código abierto", "Crear código", "vigia token create --from")
	if strings.Contains(page.body, `class="count"`) {
		t.Error("the menu counts something that waits")
	}
	checkPage(t, "administrator", page.body)
	page = officer.get("/altas")
	page.has(t, "officer", "Su papel permite mirar", `href="/altas"`)
	if strings.Contains(page.body, `action="/altas`) {
		t.Error("the officer is shown a form")
	}
	if strings.Contains(auditor.get("/").body, "/altas") {
		t.Error("the auditor's menu leads to a page that is not for auditors")
	}
}

func TestMakeTokens(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Administrator)
	b := open(t, serve(t, w.portal(func(o *Options) { o.Agents = "vigia.valdehermoso.example:8443" }))).enter(access.Administrator)
	page := b.accepted("one", b.post("/altas/codigos", url.Values{"equipo": {"PC-014"}, "departamento": {"Tesorería"}, "dias": {"3"}}))
	page.has(t, "one", "para 1 equipo", "no se vuelve a mostrar", "vigia-agent enroll --collector vigia.valdehermoso.example:8443", "pc-014", "0 de 1", userOf(access.Administrator))
	text := regexp.MustCompile(`vigia1-[a-z2-7]+`).FindString(page.body)
	token, err := apiv1.ParseToken(text)
	if err != nil {
		t.Fatalf("token %q: %v", text, err)
	}
	if again := b.get("/altas"); strings.Contains(again.body, "vigia1-") {
		t.Error("the token is shown twice")
	}
	if w.ask(w.newcomer("pc-014", 0, 0), token) == "" {
		t.Error("the token admits nobody")
	}
	page = b.accepted("a group", b.post("/altas/codigos", url.Values{"tipo": {"grupo"}, "equipos": {"12"}, "dias": {"30"}, "redes": {"10.1.0.0/16, 2001:db8::/32"}, "aprobacion": {"si"}}))
	page.has(t, "a group", "para 12 equipos", "0 de 12", "10.1.0.0/16, 2001:db8::/32", "con aprobación", "Códigos usados, caducados o retirados")
	for name, form := range map[string]url.Values{
		"días":               {"dias": {"31"}},
		"nombre de equipo":   {"dias": {"3"}, "equipo": {"a b"}},
		"entre 1 y 1000":     {"tipo": {"grupo"}, "dias": {"3"}, "equipos": {"1001"}},
		"separadas por":      {"tipo": {"grupo"}, "dias": {"3"}, "equipos": {"2"}, "redes": {"la red de arriba"}},
		"redes como mucho":   {"tipo": {"grupo"}, "dias": {"3"}, "equipos": {"2"}, "redes": {strings.Repeat("10.0.0.0/8 ", 17)}},
		"200 letras":         {"dias": {"3"}, "departamento": {strings.Repeat("a", 201)}},
		"No se hizo nada":    {"dias": {"0"}},
		"de una línea y de ": {"dias": {"3"}, "departamento": {"a\nb"}},
	} {
		got := b.post("/altas/codigos", form)
		if got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: got %d, want 422", name, got.status)
		}
		got.has(t, name, name, `role="alert"`)
	}
	id := regexp.MustCompile(`/altas/codigos/([a-z2-7]{10})`).FindStringSubmatch(page.body)[1]
	b.accepted("withdraw", b.post("/altas/codigos/"+id, url.Values{"hacer": {"retirar"}})).has(t, "withdraw", "Código retirado", "retirado")
	got := b.post("/altas/codigos/"+id, url.Values{"hacer": {"retirar"}})
	got.has(t, "withdraw again", "Alguien lo decidió entretanto")
	if got := b.post("/altas/codigos/%ff%00", url.Values{"hacer": {"retirar"}}); got.status != http.StatusNotFound {
		t.Errorf("a token of no text: got %d, want 404", got.status)
	}
}

func TestDecideRequests(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Administrator)
	b := open(t, serve(t, w.portal())).enter(access.Administrator)
	group := w.token(enroll.TokenRequest{Machines: 5, Approval: true, By: "informatica"})
	enrolled := w.newcomer("pc-1", 1, 1)
	if w.ask(enrolled, w.token(enroll.TokenRequest{})) == "" {
		t.Fatal("not enrolled")
	}
	var list []*newcomer
	for i, host := range []string{"pc-1", "pc-2", "pc-3", "pc-4"} {
		n := w.newcomer(host, byte(i+1), byte(i+50))
		n.department = "Aula"
		w.ask(n, group)
		list = append(list, n)
	}
	page := b.get("/altas")
	page.has(t, "waiting", list[0].code(), list[3].code(), "Aula", "el mismo hardware que", "el mismo nombre que", `<b class="count">4</b>`, "Aprobar los de la lista (4)", "4 en espera", "por archivo")
	checkPage(t, "waiting", page.body)
	b.get("/").has(t, "another page", `<b class="count">4</b>`, `aria-label="Altas: 4 por decidir"`)

	got := b.post("/altas/solicitudes", url.Values{"hacer": {"aprobar"}})
	got.has(t, "none ticked", "Marque al menos un equipo")
	got = b.post("/altas/solicitudes", url.Values{"hacer": {"rechazar"}, "solicitud": {list[1].code()}, "motivo": {"  "}})
	got.has(t, "no reason", "Escriba el motivo")
	got = b.post("/altas/solicitudes", url.Values{"hacer": {"aprobar"}, "solicitud": {"AAAA-AAAA"}})
	got.has(t, "no such request", "Alguien lo decidió entretanto")

	b.accepted("approve", b.post("/altas/solicitudes", url.Values{"hacer": {"aprobar"}, "solicitud": {list[1].code()}, "departamento": {"Biblioteca"}})).
		has(t, "approve", "Aprobado 1 equipo", `<b class="count">3</b>`, "Aprobar los de la lista (3)", "1 por llegar", "Aprobados que aún no han venido: 1", "Aprobado por ")
	id := w.ask(list[1], group)
	b.get("/equipos/"+id).has(t, "the machine", "pc-2", "Biblioteca")
	b.accepted("reject", b.post("/altas/solicitudes", url.Values{"hacer": {"rechazar"}, "solicitud": {list[2].code()}, "motivo": {"no es nuestro"}})).
		has(t, "reject", "Rechazado 1 equipo")
	if w.ask(list[2], group) != "" {
		t.Error("the rejected machine was admitted")
	}
	tokenOf := regexp.MustCompile(`/altas/codigos/([a-z2-7]{10})`).FindStringSubmatch(b.get("/altas").body)[1]
	shown := regexp.MustCompile(`name="solicitudes" value="([^"]+)"`).FindStringSubmatch(b.get("/altas").body)[1]
	late := w.newcomer("pc-5", 5, 55) // after the page was read
	w.ask(late, group)
	all := url.Values{"hacer": {"aprobar"}, "solicitudes": {shown}}
	page = b.accepted("all", b.post("/altas/codigos/"+tokenOf, all))
	page.has(t, "all", "Aprobados 2 equipos", "Aprobar los de la lista (1)", "Aprobados que aún no han venido: 2")
	checkPage(t, "approved", page.body)
	if w.ask(late, group) != "" {
		t.Error("a machine that nobody saw was admitted")
	}
	got = b.post("/altas/codigos/"+tokenOf, all)
	got.has(t, "all of none", "Alguien lo decidió entretanto")
	got = b.post("/altas/codigos/"+tokenOf, url.Values{"hacer": {"aprobar"}})
	got.has(t, "none shown", "Marque al menos un equipo")
	got = b.post("/altas/codigos/"+tokenOf, url.Values{"hacer": {"aprobar"}, "solicitudes": {"AAAA-AAAA"}})
	got.has(t, "of no token", "Alguien lo decidió entretanto")

	b.accepted("take back", b.post("/altas/solicitudes", url.Values{"hacer": {"rechazar"}, "solicitud": {list[0].code()}, "motivo": {"no era ese"}})).
		has(t, "take back", "Rechazado 1 equipo", "Aprobados que aún no han venido: 1")
	if w.ask(list[0], group) != "" {
		t.Error("a machine whose approval was taken back was admitted")
	}
}

func TestDecideDuplicates(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, access.Administrator)
	b := open(t, serve(t, w.portal())).enter(access.Administrator)
	enrolled := func(host, department string, hardware, installation byte) string {
		w.now = w.now.Add(time.Hour)
		return w.ask(w.newcomer(host, hardware, installation), w.token(enroll.TokenRequest{Department: department}))
	}
	before, after := enrolled("caja-1", "Tesorería", 1, 1), enrolled("caja-1", "", 1, 2)
	one, two := enrolled("aula-1", "", 3, 9), enrolled("aula-2", "", 4, 9)
	moved := enrolled("portatil", "", 5, 5)
	w.write(func(ctx context.Context, tx *storage.Tx) error {
		return w.enroll.Seen(ctx, tx, moved, w.now.Add(time.Hour), &apiv1.Machine{Hostname: "portatil", Os: "linux", HardwareId: append(make([]byte, 15), 6)})
	})
	w.now = w.now.Add(2 * time.Hour)
	page := b.get("/altas")
	page.has(t, "suggestions", "Equipo reinstalado", "mismo hardware, mismo nombre, el antiguo calla", "Unir: el antiguo pasó a ser el nuevo", "Imagen de disco copiada", "sysprep",
		"Informa desde otro hardware que antes", "Visto: es correcto", `<b class="count">3</b>`)
	checkPage(t, "suggestions", page.body)
	checkPage(t, "suggestions in English", b.get("/altas?lang="+string(message.English)).body)
	b.get("/altas?lang=es")

	got := b.post("/altas/parecidos", url.Values{"ids": {before + " " + after}, "unir": {before}})
	got.has(t, "no reason", "Escriba el motivo")
	got = b.post("/altas/parecidos", url.Values{"ids": {"x y"}, "motivo": {"x"}})
	got.has(t, "no ids", "formulario llegó incompleto")
	b.accepted("merge", b.post("/altas/parecidos", url.Values{"ids": {before + " " + after}, "unir": {before}, "motivo": {"Windows nuevo"}})).
		has(t, "merge", "Unidos", `<b class="count">2</b>`)
	b.get("/equipos/"+after).has(t, "new", "Antes", "/equipos/"+before, "Tesorería")
	b.get("/equipos/"+before).has(t, "old", "Sustituido por", "/equipos/"+after, "Windows nuevo")
	got = b.post("/altas/parecidos", url.Values{"ids": {before + " " + after}, "unir": {before}, "motivo": {"otra vez"}})
	got.has(t, "merge again", "Alguien lo decidió entretanto")
	b.accepted("distinct", b.post("/altas/parecidos", url.Values{"ids": {one + " " + two}, "motivo": {"aula"}})).has(t, "distinct", "Anotado")
	crowd := make([]string, enroll.MaxDistinct-1) // the largest form is taken; one is unknown
	for i := range crowd {
		crowd[i] = enroll.NewAgentID()
	}
	b.post("/altas/parecidos", url.Values{"ids": {one + " " + strings.Join(crowd, " ")}, "motivo": {"imagen"}}).has(t, "crowd", "Alguien lo decidió entretanto")
	page = b.accepted("seen", b.post("/altas/parecidos", url.Values{"ids": {moved}, "motivo": {"placa"}}))
	page.has(t, "seen", "Ningún equipo parece repetido")
	if strings.Contains(page.body, `class="count"`) {
		t.Error("something waits still")
	}
}

// TestManyRequests holds that a long queue is cut, and that its form fits.
func TestManyRequests(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("slow: many keys")
	}
	w := emptyTown(t, access.Administrator)
	b := open(t, serve(t, w.portal())).enter(access.Administrator)
	group := w.token(enroll.TokenRequest{Machines: 200, Approval: true})
	form := url.Values{"hacer": {"aprobar"}}
	for i := range maxRequests + 5 {
		w.now = w.now.Add(10 * time.Second) // the limit by address is another test
		n := w.newcomer(fmt.Sprintf("pc-%03d", i), byte(i+1), byte(i+1))
		w.ask(n, group)
		form.Add("solicitud", n.code())
	}
	page := b.get("/altas")
	page.has(t, "many", "Y 5 más")
	if n := strings.Count(page.body, `name="solicitud"`); n != maxRequests {
		t.Errorf("got %d requests, want %d", n, maxRequests)
	}
	b.accepted("all at once", b.post("/altas/solicitudes", form)).has(t, "all at once", "Aprobados 105 equipos")
}
