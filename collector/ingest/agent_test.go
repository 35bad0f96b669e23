package ingest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"vigia/checks/catalog"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/assign"
	"vigia/collector/enroll"
	"vigia/collector/evidence"
	"vigia/collector/findings"
	"vigia/collector/ingest"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// clock is turned by the tests while servers read it.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// collector is all that takes evidence, as the program composes it, on a real
// listener with real certificates and a real database.
type collector struct {
	t        testing.TB
	dsn, dir string
	clock    *clock
	db       *storage.DB
	ca       *enroll.CA
	machines *enroll.Store
	log      *evidence.Log
	views    *findings.Store
	policies *assign.Service
	service  *ingest.Service
	addr     string
	stop     func()
}

// setup changes how a collector is composed.
type setup func(*ingest.Options)

var schemas = []storage.Schema{evidence.Schema(), enroll.Schema(), assign.Schema(), findings.Schema(), ingest.Schema()}

func newCollector(t testing.TB, dsn string, how ...setup) *collector {
	t.Helper()
	c := &collector{t: t, dsn: dsn, dir: t.TempDir(), clock: &clock{at: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}}
	c.start(how...)
	return c
}

// onEach runs a test against a new collector on every database.
func onEach(t *testing.T, test func(t *testing.T, c *collector)) {
	t.Helper()
	t.Parallel()
	storagetest.EachDSN(t, func(t *testing.T, dsn string) { test(t, newCollector(t, dsn)) })
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// start opens the data folder and serves it, as after a restart.
func (c *collector) start(how ...setup) {
	c.t.Helper()
	ctx := context.Background()
	c.db = must(storage.Open(ctx, storage.Options{DSN: c.dsn}, schemas...))(c.t)
	key := must(evidence.LoadOrCreateKey(c.dir))(c.t)
	c.log = must(evidence.Open(ctx, c.db, evidence.Options{Key: key, Now: c.clock.now}))(c.t)
	c.ca = must(enroll.OpenCA(enroll.CAOptions{Dir: c.dir, Now: c.clock.now}))(c.t)
	checks := catalog.New()
	c.views = findings.NewStore(findings.Options{Checks: checks})
	c.machines = enroll.NewStore(enroll.StoreOptions{CA: c.ca, Log: c.log, Now: c.clock.now,
		Joined: func(ctx context.Context, tx *storage.Tx, m enroll.Machine) error {
			return c.views.Join(ctx, tx, findings.Machine{ID: m.ID, Department: m.Department, EnrolledAt: m.EnrolledAt})
		},
		Left: func(ctx context.Context, tx *storage.Tx, m enroll.Machine, at time.Time) error {
			return c.views.End(ctx, tx, findings.Machine{ID: m.ID, Department: m.Department}, at)
		}})
	c.policies = assign.New(assign.Options{
		Log: c.log, Key: must(assign.LoadOrCreateKey(c.dir))(c.t), Catalog: checks, Packs: must(policy.Packs())(c.t),
		Default: policy.DefaultSource("es-rgpd"), Now: c.clock.now,
	})
	opts := ingest.Options{
		DB: c.db, Authority: c.ca, Machines: c.machines, Log: c.log, Findings: c.views, Policies: c.policies, Now: c.clock.now,
		CallsPerSecond: 1e6, Burst: 1e6,
	}
	for _, change := range how {
		change(&opts)
	}
	c.service = ingest.NewService(opts)
	server := ingest.NewServer(must(c.ca.ServerTLS())(c.t), c.ca, nil)
	c.service.Register(server)
	enroll.NewService(enroll.ServiceOptions{
		DB: c.db, Store: c.machines, CA: c.ca, PolicyKeys: c.policies.Keys(), LogKey: c.log.Verifier(), Now: c.clock.now,
		Policy: func(ctx context.Context, tx *storage.Tx, m enroll.Machine) (*apiv1.SignedPolicy, error) {
			signed, _, err := c.policies.Current(ctx, tx, assign.Machine{ID: m.ID, Hostname: m.Hostname, Department: m.Department})
			return signed, err
		},
	}).Register(server)
	lis := must(new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0"))(c.t)
	c.addr = lis.Addr().String()
	done := make(chan error, 1)
	go func() { done <- server.Serve(ingest.Limit(lis, ingest.MaxConnections, ingest.MaxPerAddress)) }()
	var once sync.Once
	c.stop = func() {
		once.Do(func() {
			server.Stop()
			if err := errors.Join(<-done, c.db.Close()); err != nil {
				c.t.Errorf("stop the collector: %v", err)
			}
		})
	}
	c.t.Cleanup(c.stop)
}

// restart stops the collector as it is and opens its data folder again.
func (c *collector) restart(how ...setup) {
	c.t.Helper()
	c.stop()
	c.start(how...)
}

func (c *collector) write(fn func(ctx context.Context, tx *storage.Tx) error) {
	c.t.Helper()
	if err := c.db.Write(context.Background(), fn); err != nil {
		c.t.Fatal(err)
	}
}

func (c *collector) read(fn func(ctx context.Context, tx *storage.Tx) error) {
	c.t.Helper()
	if err := c.db.Read(context.Background(), fn); err != nil {
		c.t.Fatal(err)
	}
}

// leaves lists kind and sequence of the leaves about a subject.
func (c *collector) leaves(subject string, kinds ...evidence.Kind) (out []string) {
	c.t.Helper()
	c.read(func(ctx context.Context, tx *storage.Tx) error {
		return c.log.Entries(ctx, tx, evidence.Filter{Subject: subject, Kinds: kinds}, func(e evidence.Entry) error {
			out = append(out, fmt.Sprintf("%s %d", e.Header.Kind, e.Header.Sequence))
			return nil
		})
	})
	return out
}

func (c *collector) wantLeaves(a *agent, want string) {
	c.t.Helper()
	got := strings.Join(c.leaves(a.id, evidence.Report, evidence.Gap, evidence.Alarm), ", ")
	if got != want {
		c.t.Errorf("leaves: got %q, want %q", got, want)
	}
}

// verify recomputes the log and rebuilds the views, which must not change.
func (c *collector) verify() {
	c.t.Helper()
	c.read(func(ctx context.Context, tx *storage.Tx) error { return c.log.Verify(ctx, tx, nil) })
	before := c.dumpViews()
	c.write(func(ctx context.Context, tx *storage.Tx) error {
		pruned, err := c.service.Rebuild(ctx, tx)
		if pruned != 0 {
			c.t.Errorf("pruned: got %d, want 0", pruned)
		}
		return err
	})
	for i, line := range c.dumpViews() {
		if line != before[i] {
			c.t.Errorf("the views made anew differ: got\n%s\nwant\n%s", line, before[i])
			break
		}
	}
}

// dumpViews is all that package findings tells of the coming week.
func (c *collector) dumpViews() (out []string) {
	c.t.Helper()
	c.read(func(ctx context.Context, tx *storage.Tx) error {
		from := c.clock.now().AddDate(0, 0, -7)
		for hour := 0; hour < 14*24; hour += 6 {
			at := from.Add(time.Duration(hour) * time.Hour)
			states, err := c.views.StatesAt(ctx, tx, at)
			if err != nil {
				return err
			}
			problems, err := c.views.FindingsAt(ctx, tx, at)
			if err != nil {
				return err
			}
			out = append(out, fmt.Sprintf("%+v %+v", states, problems))
		}
		trend, err := c.views.Trend(ctx, tx, from, c.clock.now())
		out = append(out, fmt.Sprintf("%+v", trend))
		return err
	})
	return out
}

// state is the status and reason of an entry on a machine now.
func (c *collector) state(a *agent, entry string) string {
	c.t.Helper()
	var found string
	c.read(func(ctx context.Context, tx *storage.Tx) error {
		states, err := c.views.MachineStatesAt(ctx, tx, a.id, c.clock.now())
		for _, s := range states {
			if s.Entry == entry && s.Key == "" {
				found = string(s.Status) + " " + s.Reason.Code
			}
		}
		return err
	})
	return found
}

// agent is a machine that measures little and reports well.
type agent struct {
	t      testing.TB
	report ed25519.PrivateKey
	key    *ecdsa.PrivateKey
	chain  [][]byte
	id     string
	// last are the number and hash of the newest report.
	last     uint64
	lastHash [sha256.Size]byte
	// What it knows from the collector.
	policyEpoch, policyVersion uint64
	checkpoint                 evidence.Checkpoint
}

func newAgent(t testing.TB, c *collector, hostname string) *agent {
	t.Helper()
	_, report, err := ed25519.GenerateKey(rand.Reader)
	a := &agent{t: t, report: must(report, err)(t), key: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)}
	var token apiv1.Token
	c.write(func(ctx context.Context, tx *storage.Tx) (err error) {
		token, err = c.machines.CreateToken(ctx, tx, enroll.TokenRequest{Department: "Obras"})
		return err
	})
	csr := a.csr()
	resp := must(apiv1.NewEnrollmentServiceClient(a.dial(c)).Enroll(t.Context(), &apiv1.EnrollRequest{
		TokenSecret: token.Secret[:], CertificateRequest: csr, ReportKey: report.Public().(ed25519.PublicKey),
		ReportKeyProof: apiv1.Sign(report, apiv1.DomainEnroll, apiv1.EnrollProof(csr)), Machine: machine(hostname),
	}))(t)
	a.id, a.chain = resp.GetAgentId(), resp.GetCertificates()
	a.obey(c, resp.GetPolicy())
	return a
}

func machine(hostname string) *apiv1.Machine {
	return &apiv1.Machine{Hostname: hostname, Os: "linux", OsName: "Debian", OsVersion: "12", Arch: "amd64", AgentVersion: "0.1.0"}
}

func (a *agent) csr() []byte {
	return must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, a.key))(a.t)
}

// dial connects as the agent does, with its certificate if it has one.
func (a *agent) dial(c *collector) *grpc.ClientConn {
	a.t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(c.ca.Root())
	config := &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: roots, ServerName: "localhost", Time: c.clock.now}
	if a.chain != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &tls.Certificate{Certificate: a.chain, PrivateKey: a.key}, nil
		}
	}
	conn := must(grpc.NewClient(c.addr, grpc.WithTransportCredentials(credentials.NewTLS(config)), grpc.WithDefaultCallOptions(
		grpc.MaxCallRecvMsgSize(apiv1.MaxMessageBytes), grpc.MaxCallSendMsgSize(4*apiv1.MaxMessageBytes))))(a.t)
	a.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// obey takes a policy after it verified it.
func (a *agent) obey(c *collector, signed *apiv1.SignedPolicy) {
	a.t.Helper()
	if !apiv1.Verify(c.policies.Keys()[0], apiv1.DomainPolicy, signed.GetPolicy(), signed.GetSignature()) {
		a.t.Fatal("the policy's signature is not valid")
	}
	p := must(policy.Decode(signed.GetPolicy(), catalog.New()))(a.t)
	if p.Agent != a.id && a.id != "" {
		a.t.Fatalf("a policy for %s", p.Agent)
	}
	a.policyEpoch, a.policyVersion = p.Epoch, p.Version
}

// length is the result of one real check, with real facts.
func length(letters int) *apiv1.Result {
	return &apiv1.Result{
		Entry: "AC-PWD-LEN", Control: "AC-PWD-LEN", Check: "accounts.password_length", Status: apiv1.Status_STATUS_PASS,
		Observed: fmt.Appendf(nil, `{"value":%d,"source":"/etc/security/pwquality.conf"}`, letters),
	}
}

// make makes and signs the next report of the chain.
func (a *agent) make(at time.Time, results ...*apiv1.Result) *apiv1.Item {
	a.t.Helper()
	return a.sign(a.draft(at, results...))
}

func (a *agent) draft(at time.Time, results ...*apiv1.Result) *apiv1.Report {
	for _, r := range results {
		r.ObservedAt = at.UnixMicro()
	}
	return &apiv1.Report{
		AgentId: a.id, Sequence: a.last + 1, PreviousHash: slices.Clone(a.lastHash[:]), CreatedAt: at.UnixMicro(),
		PolicyEpoch: a.policyEpoch, PolicyVersion: a.policyVersion, Machine: machine("pc-1"), Results: results,
	}
}

// sign signs a report and makes it the newest.
func (a *agent) sign(r *apiv1.Report) *apiv1.Item {
	a.t.Helper()
	body := must(proto.Marshal(r))(a.t)
	a.last, a.lastHash = r.GetSequence(), apiv1.ReportHash(body)
	return signedReport(a.report, body)
}

func signedReport(key ed25519.PrivateKey, body []byte) *apiv1.Item {
	return &apiv1.Item{Item: &apiv1.Item_Report{Report: &apiv1.SignedReport{
		Report: body, Signature: apiv1.Sign(key, apiv1.DomainReport, body),
	}}}
}

func (a *agent) gap(first, last uint64, hashes ...[]byte) *apiv1.Item {
	a.t.Helper()
	return signedGap(a.report, must(proto.Marshal(&apiv1.Gap{AgentId: a.id, First: first, Last: last, Hashes: hashes, Reason: "dropped"}))(a.t))
}

func signedGap(key ed25519.PrivateKey, body []byte) *apiv1.Item {
	return &apiv1.Item{Item: &apiv1.Item_Gap{Gap: &apiv1.SignedGap{Gap: body, Signature: apiv1.Sign(key, apiv1.DomainGap, body)}}}
}

// hashOf is the hash of a signed report.
func hashOf(item *apiv1.Item) []byte {
	sum := apiv1.ReportHash(item.GetReport().GetReport())
	return sum[:]
}

// send makes one call and returns what came, unlooked at.
func (a *agent) send(c *collector, items ...*apiv1.Item) (*apiv1.DeliverResponse, error) {
	a.t.Helper()
	conn := a.dial(c)
	defer conn.Close() // as agents do
	return apiv1.NewIngestServiceClient(conn).Deliver(a.t.Context(), &apiv1.DeliverRequest{
		Items: items, PolicyEpoch: a.policyEpoch, PolicyVersion: a.policyVersion, CheckpointSize: uint64(a.checkpoint.Size),
	})
}

// deliver sends and looks at the answer as an agent does: the checkpoint is
// signed and grows out of the one before.
func (a *agent) deliver(c *collector, items ...*apiv1.Item) *apiv1.DeliverResponse {
	a.t.Helper()
	resp := must(a.send(c, items...))(a.t)
	next := must(evidence.VerifyCheckpoint(resp.GetCheckpoint(), c.log.Verifier()))(a.t)
	if a.checkpoint.Size > 0 {
		proof := make([][sha256.Size]byte, 0, len(resp.GetConsistency()))
		for _, hash := range resp.GetConsistency() {
			proof = append(proof, [sha256.Size]byte(hash))
		}
		if err := evidence.VerifyConsistency(a.checkpoint, next, treeProof(proof)); err != nil {
			a.t.Errorf("checkpoint %d after %d: %v", next.Size, a.checkpoint.Size, err)
		}
	}
	a.checkpoint = next
	if resp.GetPolicy() != nil {
		a.obey(c, resp.GetPolicy())
	}
	return resp
}

// wantDurable delivers and compares how far the chain is durable.
func (a *agent) wantDurable(c *collector, want uint64, items ...*apiv1.Item) {
	a.t.Helper()
	if got := a.deliver(c, items...).GetDurableSequence(); got != want {
		a.t.Errorf("durable: got %d, want %d", got, want)
	}
}

// refused checks an answer's code and words, which are one line.
func refused(t testing.TB, what string, err error, code codes.Code, says string) {
	t.Helper()
	s := status.Convert(err)
	if s.Code() != code || !strings.Contains(s.Message(), says) || strings.Contains(s.Message(), "\n") {
		t.Errorf("%s: got %v %q, want %v and one line that says %q", what, s.Code(), s.Message(), code, says)
	}
}
