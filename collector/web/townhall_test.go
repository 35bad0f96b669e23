package web

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"vigia/checks/catalog"
	"vigia/checks/policy"
	"vigia/collector/access"
	"vigia/collector/activity"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/compare"
	"vigia/collector/decisions"
	"vigia/collector/documents"
	"vigia/collector/enroll"
	"vigia/collector/evidence"
	"vigia/collector/findings"
	"vigia/collector/incidents"
	"vigia/collector/notify"
	"vigia/collector/registers"
	"vigia/collector/reviews"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// The town hall of these tests is invented: its machines enrol with the real
// service, and its reports are judged by the real checks.

var madrid = time.FixedZone("CET", 3600)

// today is a Saturday in the middle of the fourth quarter.
var today = time.Date(2026, 11, 21, 18, 5, 0, 0, madrid)

const goodPassword = "una-clave-de-prueba-larga"

type townHall struct {
	t         testing.TB
	db        *storage.DB
	ca        *enroll.CA
	log       *evidence.Log
	enroll    *enroll.Store
	service   *enroll.Service
	findings  *findings.Store
	access    *access.Store
	activity  *activity.Log
	registers *registers.Store
	documents *documents.Store
	notify    *notify.Store
	decisions *decisions.Store
	catalog   *catalog.Catalog
	laws      policy.LawBook
	packs     []policy.Pack
	now       time.Time
	policies  map[string]policy.Policy
	zone      *time.Location // of the reviews
}

// emptyTown is a collector without machines, with an account of the security
// officer and of further roles.
func emptyTown(t testing.TB, more ...access.Role) *townHall {
	t.Helper()
	w := &townHall{t: t, zone: madrid, now: today, catalog: catalog.New(), policies: map[string]policy.Policy{}}
	clock := func() time.Time { return w.now }
	w.db = storagetest.Open(t, storagetest.SQLite(t), reviews.Schema(), evidence.Schema(), enroll.Schema(), findings.Schema(), access.Schema(), activity.Schema(),
		documents.Schema(), registers.Schema(), notify.Schema(), decisions.Schema(), incidents.Schema())
	key, err := evidence.NewKey(rand.Reader)
	w.must(err)
	w.log, err = evidence.Open(t.Context(), w.db, evidence.Options{Key: key, Now: clock})
	w.must(err)
	w.ca, err = enroll.OpenCA(enroll.CAOptions{Dir: t.TempDir()})
	w.must(err)
	w.findings = findings.NewStore(findings.Options{Checks: w.catalog, Location: madrid})
	w.enroll = enroll.NewStore(enroll.StoreOptions{CA: w.ca, Log: w.log, Now: clock,
		Left: func(ctx context.Context, tx *storage.Tx, m enroll.Machine, at time.Time) error {
			return w.findings.End(ctx, tx, findings.Machine{ID: m.ID, Department: m.Department, EnrolledAt: m.EnrolledAt}, at)
		}})
	w.service = enroll.NewService(enroll.ServiceOptions{DB: w.db, Store: w.enroll, CA: w.ca, Organisation: "Ayuntamiento de Valdehermoso",
		LogKey: key.Verifier(), PolicyKeys: []ed25519.PublicKey{make([]byte, ed25519.PublicKeySize)}, Now: clock})
	w.access = access.Open(w.db, w.log, clock)
	w.activity = activity.Open(activity.Options{DB: w.db, Log: w.log, Zone: madrid, Now: clock})
	w.registers = registers.NewStore(registers.Options{Log: w.log, Now: clock})
	w.documents = documents.NewStore(w.log, clock)
	w.notify = notify.NewStore(clock)
	w.decisions = queueOf(w)
	w.laws, err = policy.Laws()
	w.must(err)
	w.packs, err = policy.Packs()
	w.must(err)
	for _, role := range append(more, access.Officer) {
		n := access.New{Name: userOf(role), Role: role, Password: goodPassword}
		if role.Bound() {
			n.Department = liaisonDepartment
		}
		w.must(w.access.Create(t.Context(), n, "test"))
	}
	// Not the first log-in any more, which leads to the second factor.
	w.write(func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE access_users SET last_login_at = created_at`)
		return err
	})
	return w
}

// liaisonDepartment is that of the liaison's account.
const liaisonDepartment = "Padrón"

// userOf is the account of a role.
func userOf(role access.Role) string {
	return map[access.Role]string{access.Officer: "seguridad", access.Director: "direccion", access.Administrator: "sistemas", access.Auditor: "auditoria",
		access.Head: "alcaldia", access.Liaison: "enlace", access.Transparency: "transparencia", access.Committee: "comite", access.Control: "contraloria"}[role]
}

func (w *townHall) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *townHall) write(fn func(ctx context.Context, tx *storage.Tx) error) {
	w.t.Helper()
	w.must(w.db.Write(w.t.Context(), fn))
}

// inForce are the packs of the program, of which the town chose the first two.
func (w *townHall) inForce(context.Context, *storage.Tx) (out []Pack, _ error) {
	for _, p := range w.packs {
		out = append(out, Pack{Pack: p, Chosen: slices.Contains(policy.DefaultPacks(), p.Name)})
	}
	return out, nil
}

// compared is what lays the books beside the machines of the town.
func (w *townHall) compared() *compare.Store {
	return compare.New(compare.Options{Registers: w.registers, Findings: w.findings, Laws: w.laws, Machines: w.enroll.Machines, Zone: madrid,
		Packs: func(context.Context, *storage.Tx) ([]policy.Pack, error) { return w.packs, nil }})
}

// portal is the handler over this town, with some options changed.
func (w *townHall) portal(change ...func(*Options)) http.Handler {
	w.t.Helper()
	opts := Options{Organisation: "Ayuntamiento de Valdehermoso", Zone: madrid, DB: w.db, Accounts: w.access, Enroll: w.enroll,
		Activity: w.activity,
		Compare:  w.compared(),
		Handover: &paperwork{w: w}, Findings: w.findings, Registers: w.registers, Documents: w.documents, Decisions: w.decisions, Incidents: incidents.NewStore(incidents.Options{Log: w.log, Now: func() time.Time { return w.now }, Zone: madrid}), Notify: w.notify, People: w.people, Books: testBooks(), Catalog: w.catalog, Laws: w.laws, Packs: w.inForce, Now: func() time.Time { return w.now }, Version: "0.1.0"}
	w.withReviews(&opts)
	for _, c := range change {
		c(&opts)
	}
	h, err := New(opts)
	w.must(err)
	return h
}

// pc is a machine of the town: what it is, and what its agent sees on a day.
type pc struct {
	host, department, os, osName, osVersion string
	// lock is the idle limit of its profiles in seconds, 0 for none; fixed is
	// the day from which everything that was wrong at first is right.
	lock                       int64
	length, classes, attempts  int64
	oldPasswords               []string
	admins                     []string
	autologon                  bool
	copies                     time.Duration // age of the last copy; 0: it keeps no dataset
	personal                   int64         // persons in documents that have no permit
	unreadable                 bool          // its account policy
	fixed, lastDay, firstDay   int
	enrolOnly, retired, severe bool
}

const day = 24 * time.Hour

// officePCs are the machines of an invented town hall.
func officePCs() []pc {
	const win, linux = "windows", "linux"
	w11 := func(p pc) pc {
		p.os, p.osName, p.osVersion = win, "Windows 11 Pro", "10.0.22631"
		return p
	}
	deb := func(p pc) pc {
		p.os, p.osName, p.osVersion = linux, "Debian GNU/Linux", "13.1"
		return p
	}
	return []pc{
		w11(pc{host: "ALCALDIA-01", department: "Alcaldía", lock: 600, length: 12, classes: 3, attempts: 3}),
		w11(pc{host: "INTERV-01", department: "Intervención", lock: 600, length: 12, classes: 3, attempts: 3}),
		w11(pc{host: "PADRON-01", department: "Padrón", lock: 900, length: 8, classes: 3, attempts: 3, fixed: 30, personal: 240}),
		w11(pc{host: "PADRON-02", department: "Padrón", lock: 0, length: 8, classes: 3, attempts: 3, oldPasswords: []string{"padron2"}}),
		w11(pc{host: "TESOR-01", department: "Tesorería", lock: 600, length: 12, classes: 3, attempts: 3, fixed: 24}),
		w11(pc{host: "TESOR-02", department: "Tesorería", lock: 3600, length: 8, classes: 3, attempts: 5, admins: []string{"cobros"}}),
		w11(pc{host: "OBRAS-01", department: "Obras", lock: 0, length: 0, classes: 0, attempts: 0, autologon: true, severe: true}),
		w11(pc{host: "OBRAS-02", department: "Obras", lock: 900, length: 8, classes: 3, attempts: 3, fixed: 36}),
		w11(pc{host: "POLICIA-01", department: "Policía local", lock: 600, length: 12, classes: 3, attempts: 3, lastDay: 41}),
		w11(pc{host: "SOCIAL-01", department: "Servicios sociales", lock: 600, length: 12, classes: 3, attempts: 3, personal: 61}),
		deb(pc{host: "SRV-FICHEROS", department: "Informática", length: 12, classes: 3, attempts: 3, copies: 9 * time.Hour}),
		deb(pc{host: "SRV-CORREO", department: "Informática", length: 12, classes: 3, attempts: 3, unreadable: true, copies: 74 * time.Hour}),
		w11(pc{host: "BIBLIO-01", department: "Biblioteca", enrolOnly: true}),
		w11(pc{host: "ARCHIVO-01", department: "Archivo", lock: 600, length: 8, classes: 3, attempts: 3, lastDay: 23, retired: true}),
	}
}

// begin is the Monday on which the town hall was installed.
var begin = time.Date(2026, 10, 5, 8, 0, 0, 0, madrid)

// furnish enrols the machines and lets them report once a day until today.
func (w *townHall) furnish(pcs []pc) map[string]string {
	w.t.Helper()
	ids := map[string]string{}
	w.now = begin
	for _, p := range pcs {
		w.now = w.now.Add(3 * time.Minute)
		ids[p.host] = w.admit(p)
	}
	leaf := int64(1000)
	last, first := int(today.Sub(begin)/day), 0
	if testing.Short() {
		first = 20 // half of it: make check is to be quick
	}
	for d := first; d <= last; d++ {
		w.write(func(ctx context.Context, tx *storage.Tx) error {
			for i, p := range pcs {
				if p.enrolOnly || d < p.firstDay || p.lastDay > 0 && d > p.lastDay {
					continue
				}
				when := begin.Add(time.Duration(d)*day + 2*time.Hour + time.Duration(i)*time.Minute)
				if d == last {
					when = today.Add(-time.Duration(5+7*i) * time.Minute)
				}
				id, pol := ids[p.host], w.policy(p.host)
				w.now = when
				leaf++
				if err := w.findings.Apply(ctx, tx, findings.Input{
					Machine: findings.Machine{ID: id, Department: p.department, EnrolledAt: begin},
					Leaf:    leaf, ReceivedAt: when.Add(time.Second), Policy: pol,
					Report: &apiv1.Report{AgentId: id, Sequence: uint64(d - max(first, p.firstDay) + 1), CreatedAt: when.UnixMicro(), Full: true, Results: p.results(pol, d, when)},
				}); err != nil {
					return err
				}
				if err := w.enroll.Seen(ctx, tx, id, when.Add(time.Second), nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	w.now = today.Add(-5 * day)
	w.write(func(ctx context.Context, tx *storage.Tx) error {
		for _, p := range pcs {
			if p.retired {
				if err := w.enroll.Retire(ctx, tx, ids[p.host], "equipo sustituido", "informatica"); err != nil {
					return err
				}
			}
		}
		return nil
	})
	w.now = today
	return ids
}

// admit enrols a machine and answers its id.
func (w *townHall) admit(p pc) string {
	w.t.Helper()
	var token apiv1.Token
	w.write(func(ctx context.Context, tx *storage.Tx) (err error) {
		token, err = w.enroll.CreateToken(ctx, tx, enroll.TokenRequest{Department: p.department, By: "informatica"})
		return err
	})
	_, report, err := ed25519.GenerateKey(rand.Reader)
	w.must(err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.must(err)
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	w.must(err)
	resp, err := w.service.Enroll(w.t.Context(), &apiv1.EnrollRequest{
		TokenSecret: token.Secret[:], CertificateRequest: csr, ReportKey: report.Public().(ed25519.PublicKey),
		ReportKeyProof: apiv1.Sign(report, apiv1.DomainEnroll, apiv1.EnrollProof(csr)),
		Machine:        &apiv1.Machine{Hostname: p.host, Os: p.os, OsName: p.osName, OsVersion: p.osVersion, Arch: "amd64", AgentVersion: "0.1.0"},
	})
	w.must(err)
	return resp.GetAgentId()
}

// knowMachines imports the organisation's own list: two have no agent, one
// shall have none.
func (w *townHall) knowMachines(pcs []pc) {
	w.t.Helper()
	list := []enroll.KnownMachine{
		{Hostname: "cultura-01", Department: "Cultura"},
		{Hostname: "portatil-03", Department: "Urbanismo", Note: "en préstamo"},
		{Hostname: "torno-entrada", Department: "Conserjería", Excluded: true, Note: "sin sistema operativo propio"},
	}
	for _, p := range pcs {
		if p.retired {
			continue
		}
		list = append(list, enroll.KnownMachine{Hostname: strings.ToLower(p.host), Department: p.department})
	}
	w.write(func(ctx context.Context, tx *storage.Tx) error {
		_, err := w.enroll.ImportKnown(ctx, tx, list, "informatica")
		return err
	})
}

// policy is what a machine must obey. Both servers keep a dataset.
func (w *townHall) policy(host string) policy.Policy {
	w.t.Helper()
	if pol, ok := w.policies[host]; ok {
		return pol
	}
	source := policy.DefaultSource("es-rgpd")
	for _, server := range []string{"srv-ficheros", "srv-correo"} {
		source.Datasets = append(source.Datasets, policy.PlacedDataset{Machine: server, Dataset: policy.Dataset{Name: "expedientes", Copies: "/srv/copias/expedientes"}})
	}
	source.Permits = []policy.Permit{
		{Machine: "social-01", Folder: `C:\Users\puesto\Documents\Becas`, Purpose: "Becas del curso", By: "Servicios sociales", Until: "2027-06-30"},
		{Machine: "social-01", Folder: `C:\Users\puesto\Documents\Dependencia`, Purpose: "Valoraciones", By: "Servicios sociales", Until: "2026-10-31"},
	}
	pol, err := policy.Compose(policy.ComposeInput{Agent: "any", Hostname: host, Epoch: 1, Version: 1, Issued: begin,
		Source: source, Packs: w.packs, Catalog: w.catalog})
	w.must(err)
	w.policies[host] = pol
	return pol
}

// results are the facts that a machine's agent sees on a day.
func (p pc) results(pol policy.Policy, d int, at time.Time) []*apiv1.Result {
	fixed := p.fixed > 0 && d >= p.fixed
	if p.fixed > 0 && !fixed { // before it was put right
		p.lock, p.length, p.attempts = 0, 4, 10
	}
	var out []*apiv1.Result
	for _, e := range pol.Entries {
		observed, err := json.Marshal(p.facts(e.Check, fixed, at))
		if err != nil {
			observed = nil
		}
		out = append(out, &apiv1.Result{Entry: e.ID, Control: e.Control, Check: e.Check, Observed: observed, ObservedAt: at.UnixMicro()})
	}
	return out
}

type facts = map[string]any

func (p pc) facts(check string, fixed bool, at time.Time) facts {
	set := func(n int64) facts { return facts{"value": n, "from": "user"} }
	rule := func(n int64) facts {
		if p.unreadable {
			return facts{"by": p.os, "source": "/etc/pam.d/common-password", "unread": []facts{{"source": "/etc/pam.d/common-password", "why": "permission"}}}
		}
		return facts{"value": n, "by": p.os, "source": "política de cuentas"}
	}
	switch check {
	case "session.screenlock":
		if p.os == "linux" {
			return facts{"headless": true}
		}
		on := int64(1)
		if p.lock == 0 {
			on = 0
		}
		var lockers []facts
		for _, who := range []int{1001, 1002} {
			lockers = append(lockers, facts{"profile": fmt.Sprintf("S-1-5-21-1111111111-2222222222-3333333333-%d", who), "locker": "windows",
				"idle": set(max(p.lock, 900)), "enabled": set(on), "secure": set(1)})
		}
		return facts{"lockers": lockers}
	case "session.logon":
		f := facts{"looked": 4, "guest": p.severe && !fixed}
		if p.autologon {
			f["automatic"] = []facts{{"program": "windows", "account": "obras", "source": `HKLM\...\Winlogon`, "stored": true}}
		}
		return f
	case "accounts.password_age":
		accounts := []facts{{"name": "puesto", "changed": at.Add(-90 * day)}}
		for _, name := range p.oldPasswords {
			accounts = append(accounts, facts{"name": name, "changed": at.Add(-700 * day)})
		}
		return facts{"max_days": 365, "source": "política de cuentas", "accounts": accounts}
	case "accounts.password_length":
		return rule(p.length)
	case "accounts.password_composition":
		return rule(p.classes)
	case "accounts.lockout":
		return rule(p.attempts)
	case "accounts.privileges":
		admins := []facts{{"name": "Administrador", "via": "Administradores", "built_in": true}}
		for _, name := range p.admins {
			admins = append(admins, facts{"name": name, "via": "Administradores"})
		}
		return facts{"admins": admins}
	case "backup.daily":
		if p.copies == 0 {
			return facts{}
		}
		return facts{"datasets": []facts{{"name": "expedientes", "copies": "/srv/copias/expedientes",
			"seen": facts{"matching": 12, "best": []facts{{"time": at.Add(-p.copies), "size": 7_340_032}}}}}}
	case "personaldata.local":
		f := facts{"system": p.os, "roots": []string{"/home"}, "files": facts{"clean": 1240}, "bytes": 912_000_000, "persons": p.personal, "complete": true}
		if p.personal > 0 {
			maps.Copy(f, whereabouts(p.personal))
		}
		return f
	case "personaldata.special", "personaldata.leftovers": // nothing of that kind on any machine
		return facts{"system": p.os, "roots": []string{"/home"}, "files": facts{"clean": 1239}, "bytes": 912_000_000, "complete": true}
	case "inventory.snapshot":
		return facts{"machine": facts{"hostname": strings.ToLower(p.host), "os_name": p.osName, "os_version": p.osVersion, "arch": "amd64"},
			"software": []facts{{"name": "Firefox", "version": "140.0", "from": "machine"}}, "digest": strings.Repeat("0123abcd", 8)}
	default:
		return facts{}
	}
}

// whereabouts are what a search finds on the desk of somebody who keeps everything.
func whereabouts(persons int64) facts {
	const home = `C:\Users\puesto\`
	file := func(folder, name, level, modified string, persons int64, counts facts, categories ...string) facts {
		return facts{"path": home + folder + `\` + name, "folder": home + folder, "level": level, "persons": persons, "counts": counts,
			"categories": categories, "whole": name != "copia.zip", "modified": modified}
	}
	found := []facts{
		file(`Documents`, "listado.csv", "high", "2026-11-12", persons, facts{"es.dni": persons, "email": persons / 2, "es.phone": 40}),
		file(`Documents\Becas`, "solicitudes.xlsx", "high", "2026-10-30", 1450, facts{"mx.curp": 1450, "mx.clabe": 1200, "birthdate": 1450}),
		file(`Documents\Becas`, "renta.pdf", "medium", "2026-10-02", 38, facts{"es.iban": 38}),
		file(`Documents\Dependencia`, "grados.docx", "high", "2026-09-18", 27, facts{"es.dni": 27, "es.ss": 27}, "health"),
		file(`Downloads`, "copia.zip", "high", "2026-11-19", 96, facts{"mx.curp": 96, "mx.rfc": 96, "mx.nss": 71, "mx.ine": 12, "name": 96, "address": 90, "card": 2}, "union", "religion"),
		file(`Desktop`, "recibos.txt", "medium", "2026-08-01", 31, facts{"es.iban": 31, "card": 4}),
		file(`Desktop\Avisos`, "correos.txt", "basic", "2026-11-02", 410, facts{"email": 410}),
		file(`Desktop\Avisos`, "guardia.txt", "basic", "2026-11-02", 8, facts{"es.phone": 8}),
	}
	return facts{
		"roots": []string{`C:\Users`}, "files": facts{"clean": 21_480, "found": len(found), "incomplete": 190, "unreadable": 4}, "found": found,
		"unchanged": 20_311, "complete": false, "stopped": "limit.time",
		"reasons": facts{"content.image": 171, "content.encrypted": 12, "format.unsupported": 3, "access.denied": 4, "content.damaged": 4},
		"unread": []facts{
			{"folder": home + `Documents\INE`, "reason": "content.image", "files": 120}, {"folder": home + `Pictures\Escaneos`, "reason": "content.image", "files": 51},
			{"folder": home + `Documents\Contratos`, "reason": "content.encrypted", "files": 12}, {"folder": home + `AppData\Local\Outlook`, "reason": "format.unsupported", "files": 3},
			{"folder": `C:\Users\otra`, "reason": "access.denied", "files": 4}, {"folder": home + `Downloads`, "reason": "content.damaged", "files": 4},
		},
	}
}
