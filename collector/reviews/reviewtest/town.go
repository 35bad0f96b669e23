// Package reviewtest makes a town hall that never was, for tests of what is
// read out of a collector: a real database with machines that enrolled, reports
// that they signed and the real checks judged, and all of it in the evidence
// log, as the server would have put it there.
package reviewtest

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"vigia/checks"
	"vigia/checks/catalog"
	"vigia/checks/message"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/assign"
	"vigia/collector/documents"
	"vigia/collector/enroll"
	"vigia/collector/evidence"
	"vigia/collector/findings"
	"vigia/collector/registers"
	"vigia/collector/reviews"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// Organisation is the invented town hall.
const Organisation = "Ayuntamiento de Peñíscola de los Ñandúes"

// Zone is its time zone.
func Zone() *time.Location {
	loc, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		return time.UTC
	}
	return loc
}

// Town is a collector with its machines. Turn Now to let time pass.
type Town struct {
	DB       *storage.DB
	Log      *evidence.Log
	Enroll   *enroll.Store
	Assign   *assign.Service
	Findings *findings.Store
	Catalog  *catalog.Catalog
	Laws     policy.LawBook
	Packs    []policy.Pack
	Now      time.Time
	// Registers keeps Books; a test may set those before it opens an act.
	Registers *registers.Store
	Documents *documents.Store
	Books     []*registers.Book
	// Follow is what Acts do of a signature; nil: nothing.
	Follow func(ctx context.Context, tx *storage.Tx, f reviews.Following) (string, error)

	t       testing.TB
	service *enroll.Service
}

// Schemas are the tables of a town.
func Schemas() []storage.Schema {
	return []storage.Schema{evidence.Schema(), enroll.Schema(), assign.Schema(), findings.Schema(), documents.Schema(), registers.Schema(), reviews.Schema()}
}

// New begins an empty collector in an empty database.
func New(t testing.TB, dsn string) *Town {
	t.Helper()
	key, err := evidence.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return NewWithKey(t, dsn, key)
}

// NewWithKey is New with a key for the log, which another process may have too.
func NewWithKey(t testing.TB, dsn string, key *evidence.Key) *Town {
	t.Helper()
	w := &Town{t: t, Catalog: catalog.New(), Now: time.Date(2026, 9, 28, 8, 0, 0, 0, Zone())}
	clock := func() time.Time { return w.Now }
	w.DB = storagetest.Open(t, dsn, Schemas()...)
	var err error
	w.Log, err = evidence.Open(t.Context(), w.DB, evidence.Options{Key: key, Now: clock})
	w.must(err)
	dir := t.TempDir()
	ca, err := enroll.OpenCA(enroll.CAOptions{Dir: dir, Now: clock})
	w.must(err)
	policyKey, err := assign.LoadOrCreateKey(dir)
	w.must(err)
	w.Laws, err = policy.Laws()
	w.must(err)
	w.Packs, err = policy.Packs()
	w.must(err)
	w.Findings = findings.NewStore(findings.Options{Checks: w.Catalog, Location: Zone()})
	w.Enroll = enroll.NewStore(enroll.StoreOptions{CA: ca, Log: w.Log, Now: clock,
		Left: func(ctx context.Context, tx *storage.Tx, m enroll.Machine, at time.Time) error {
			return w.Findings.End(ctx, tx, findings.Machine{ID: m.ID, Department: m.Department, EnrolledAt: m.EnrolledAt}, at)
		}})
	w.Assign = assign.New(assign.Options{Log: w.Log, Key: policyKey, Catalog: w.Catalog, Packs: w.Packs,
		Default: policy.DefaultSource("es-rgpd"), Now: clock})
	w.Registers = registers.NewStore(registers.Options{Log: w.Log, Now: clock})
	w.Documents = documents.NewStore(w.Log, clock)
	w.service = enroll.NewService(enroll.ServiceOptions{DB: w.DB, Store: w.Enroll, CA: ca, Organisation: Organisation,
		LogKey: key.Verifier(), PolicyKeys: w.Assign.Keys(), Now: clock})
	return w
}

// Sources are what a review of the town is frozen from.
func (w *Town) Sources() reviews.Sources {
	return reviews.Sources{Organisation: Organisation, Log: w.Log, Enroll: w.Enroll, Findings: w.Findings, Laws: w.Laws, Packs: w.Packs, Checks: w.Catalog}
}

// Acts are the reviews of the town.
func (w *Town) Acts() *reviews.Store {
	return reviews.NewStore(reviews.Options{Log: w.Log, Now: func() time.Time { return w.Now }, Zone: Zone(), Speaker: voices{w.Catalog},
		Sources:   func(context.Context, *storage.Tx) (reviews.Sources, error) { return w.Sources(), nil },
		Registers: w.Registers, Books: w.Books, Documents: w.Documents, Follow: w.Follow})
}

// voices says the reasons of the checks.
type voices struct{ *catalog.Catalog }

// Say implements reviews.Speaker.
func (v voices) Say(lang message.Lang, r checks.Reason) string { return v.Catalog.Say(lang, r) }

// Do implements reviews.Speaker.
func (v voices) Do(lang message.Lang, r checks.Reason) string { return v.Catalog.Do(lang, r) }

// Open opens the act of a quarter as of now.
func (w *Town) Open(period string, by string) *reviews.Act {
	w.t.Helper()
	p, err := reviews.ParsePeriod(period, Zone())
	w.must(err)
	acts := w.Acts()
	var prepared reviews.Prepared
	w.Read(func(ctx context.Context, tx *storage.Tx) (err error) {
		prepared, err = acts.Prepare(ctx, tx, p, w.Now)
		return err
	})
	var a *reviews.Act
	w.Write(func(ctx context.Context, tx *storage.Tx) (err error) {
		a, err = acts.Open(ctx, tx, prepared, registers.Act{By: by, Via: registers.Portal})
		return err
	})
	return a
}

// Freeze freezes a quarter as of a time.
func (w *Town) Freeze(period string, at time.Time) reviews.Snapshot {
	w.t.Helper()
	p, err := reviews.ParsePeriod(period, Zone())
	w.must(err)
	var snap reviews.Snapshot
	w.Read(func(ctx context.Context, tx *storage.Tx) (err error) {
		snap, err = w.Sources().Freeze(ctx, tx, p, at)
		return err
	})
	return snap
}

func (w *Town) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// Write runs fn in a transaction.
func (w *Town) Write(fn func(ctx context.Context, tx *storage.Tx) error) {
	w.t.Helper()
	w.must(w.DB.Write(context.Background(), fn))
}

// Read runs fn in a snapshot.
func (w *Town) Read(fn func(ctx context.Context, tx *storage.Tx) error) {
	w.t.Helper()
	w.must(w.DB.Read(context.Background(), fn))
}

// Import imports the organisation's policy.
func (w *Town) Import(yaml string) {
	w.t.Helper()
	w.Write(func(ctx context.Context, tx *storage.Tx) error {
		_, err := w.Assign.Import(ctx, tx, "politica.yaml", []byte(yaml), "secretaria")
		return err
	})
}

// Agent is an enrolled machine of the town.
type Agent struct {
	PC
	ID string

	key      ed25519.PrivateKey
	enrolled time.Time
	last     uint64
	lastHash [sha256.Size]byte
	// told is the report that last brought an entry's facts, and those.
	told map[string]told
}

type told struct {
	sequence uint64
	observed string
}

// Admit enrols a machine, now.
func (w *Town) Admit(pc PC) *Agent {
	w.t.Helper()
	var token apiv1.Token
	w.Write(func(ctx context.Context, tx *storage.Tx) (err error) {
		token, err = w.Enroll.CreateToken(ctx, tx, enroll.TokenRequest{Department: pc.Department, By: "informatica"})
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
		ReportKeyProof: apiv1.Sign(report, apiv1.DomainEnroll, apiv1.EnrollProof(csr)), Machine: pc.machine(),
	})
	w.must(err)
	return &Agent{PC: pc, ID: resp.GetAgentId(), key: report, enrolled: w.Now, told: map[string]told{}}
}

// Report lets machines report, now, in one transaction, and appends and judges
// what they say. A full report repeats no facts that did not change.
func (w *Town) Report(agents ...*Agent) {
	w.t.Helper()
	w.Write(func(ctx context.Context, tx *storage.Tx) error {
		type arrived struct {
			report *apiv1.Report
			policy policy.Policy
		}
		var leaves []evidence.Leaf
		var all []arrived
		for _, a := range agents {
			_, p, err := w.Assign.Current(ctx, tx, assign.Machine{ID: a.ID, Hostname: a.Host, Department: a.Department})
			if err != nil {
				return err
			}
			report, payload := a.sign(w.t, p, w.Now.Add(-time.Minute))
			leaves = append(leaves, evidence.Leaf{Kind: evidence.Report, Subject: a.ID, Sequence: report.GetSequence(), Payload: payload})
			all = append(all, arrived{report, p})
		}
		first, err := w.Log.Append(ctx, tx, leaves...)
		if err != nil {
			return err
		}
		for i, a := range agents {
			if err := w.Findings.Apply(ctx, tx, findings.Input{
				Machine: findings.Machine{ID: a.ID, Department: a.Department, EnrolledAt: a.enrolled},
				Report:  all[i].report, Leaf: first + int64(i), ReceivedAt: w.Now, Policy: all[i].policy,
			}); err != nil {
				return err
			}
			if err := w.Enroll.Seen(ctx, tx, a.ID, w.Now, a.machine()); err != nil {
				return err
			}
		}
		return nil
	})
}

// sign makes the agent's next report. The database may run a transaction again,
// but does not in these tests: nobody else writes.
func (a *Agent) sign(t testing.TB, p policy.Policy, at time.Time) (*apiv1.Report, []byte) {
	t.Helper()
	r := &apiv1.Report{
		AgentId: a.ID, Sequence: a.last + 1, PreviousHash: append([]byte(nil), a.lastHash[:]...), CreatedAt: at.UnixMicro(),
		PolicyEpoch: p.Epoch, PolicyVersion: p.Version, Machine: a.machine(), Full: true,
	}
	for _, e := range p.Entries {
		res := &apiv1.Result{Entry: e.ID, Control: e.Control, Check: e.Check, ObservedAt: at.UnixMicro()}
		observed := a.observe(t, e.Check, at)
		if was := a.told[e.ID]; was.sequence > 0 && was.observed == string(observed) {
			res.SameAs = was.sequence
		} else {
			res.Observed = observed
			a.told[e.ID] = told{r.GetSequence(), string(observed)}
		}
		if a.Boasts {
			res.Status = apiv1.Status_STATUS_PASS
		}
		r.Results = append(r.Results, res)
	}
	body, err := proto.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := proto.MarshalOptions{Deterministic: true}.Marshal(
		&apiv1.SignedReport{Report: body, Signature: apiv1.Sign(a.key, apiv1.DomainReport, body)})
	if err != nil {
		t.Fatal(err)
	}
	a.last, a.lastHash = r.GetSequence(), apiv1.ReportHash(body)
	return r, payload
}
