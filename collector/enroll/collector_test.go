package enroll

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/evidence"
	"vigia/collector/storage"
)

var schemas = []storage.Schema{evidence.Schema(), Schema()}

// collector is a real service on a real listener with a real database.
type collector struct {
	*Service
	t     *testing.T
	db    *storage.DB
	ca    *CA
	store *Store
	log   *evidence.Log
	clock *wallClock
	addr  string
	left  []string
}

func startCollector(t *testing.T, db *storage.DB) *collector {
	t.Helper()
	return startCollectorAt(t, db, "127.0.0.1:0")
}

func startCollectorAt(t *testing.T, db *storage.DB, listen string) *collector {
	t.Helper()
	key, err := evidence.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{t: t, db: db, clock: newClock()}
	if c.log, err = evidence.Open(t.Context(), db, evidence.Options{Key: key, Now: c.clock.now}); err != nil {
		t.Fatal(err)
	}
	c.ca = openCA(t, t.TempDir(), c.clock)
	c.store = NewStore(StoreOptions{CA: c.ca, Log: c.log, Now: c.clock.now, Left: func(_ context.Context, _ *storage.Tx, m Machine, _ time.Time) error {
		c.left = append(c.left, m.ID)
		return nil
	}})
	c.Service = NewService(ServiceOptions{
		DB: db, Store: c.store, CA: c.ca, Organisation: "Ayuntamiento de Villaseca", LogKey: key.Verifier(), Now: c.clock.now,
		PolicyKeys: []ed25519.PublicKey{make([]byte, ed25519.PublicKeySize)},
	})
	config, err := c.ca.ServerTLS()
	if err != nil {
		t.Fatal(err)
	}
	lis, err := new(net.ListenConfig).Listen(t.Context(), "tcp", listen)
	if err != nil {
		t.Fatal(err)
	}
	c.addr = lis.Addr().String()
	if strings.HasPrefix(listen, "[::]") { // a listener for both, called over IPv4
		c.addr = strings.Replace(c.addr, "[::]", "127.0.0.1", 1)
	}
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(config)))
	c.Register(server)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(lis); err != nil && !errors.Is(err, grpc.ErrServerStopped) { // it may end before it began
			t.Errorf("serve: %v", err)
		}
	}()
	t.Cleanup(func() { server.Stop(); <-done })
	return c
}

func (c *collector) write(fn func(ctx context.Context, tx *storage.Tx) error) {
	c.t.Helper()
	if err := c.db.Write(c.t.Context(), fn); err != nil {
		c.t.Fatal(err)
	}
}

func (c *collector) read(fn func(ctx context.Context, tx *storage.Tx) error) {
	c.t.Helper()
	if err := c.db.Read(c.t.Context(), fn); err != nil {
		c.t.Fatal(err)
	}
}

func (c *collector) token(req TokenRequest) apiv1.Token {
	c.t.Helper()
	var token apiv1.Token
	c.write(func(ctx context.Context, tx *storage.Tx) (err error) {
		token, err = c.store.CreateToken(ctx, tx, req)
		return err
	})
	return token
}

func (c *collector) machines() []Machine {
	c.t.Helper()
	var out []Machine
	c.read(func(ctx context.Context, tx *storage.Tx) (err error) {
		out, err = c.store.Machines(ctx, tx)
		return err
	})
	return out
}

// leaves lists kind and subject of what the log holds after its genesis.
func (c *collector) leaves() []string {
	c.t.Helper()
	var out []string
	c.read(func(ctx context.Context, tx *storage.Tx) error {
		return c.log.Entries(ctx, tx, evidence.Filter{First: 1}, func(e evidence.Entry) error {
			out = append(out, string(e.Header.Kind)+" "+e.Header.Subject)
			return nil
		})
	})
	return out
}

// device is a machine that enrols: its keys, and its certificate once it has one.
type device struct {
	t      *testing.T
	report ed25519.PrivateKey
	key    *ecdsa.PrivateKey
	chain  [][]byte
	id     string
	self   *apiv1.Machine
	// department is what its installer said.
	department string
}

func newDevice(t *testing.T, hostname string) *device {
	t.Helper()
	_, report, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &device{t: t, report: report, key: newKey(t), self: &apiv1.Machine{
		Hostname: hostname, Os: "windows", OsName: "Windows 11 Pro", OsVersion: "10.0.22631", Arch: "amd64", AgentVersion: "0.1.0",
	}}
}

func (d *device) csr(key any) []byte {
	d.t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		d.t.Fatal(err)
	}
	return der
}

func (d *device) request(token apiv1.Token) *apiv1.EnrollRequest {
	csr := d.csr(d.key)
	return &apiv1.EnrollRequest{
		TokenSecret: token.Secret[:], CertificateRequest: csr, ReportKey: d.report.Public().(ed25519.PublicKey),
		ReportKeyProof: apiv1.Sign(d.report, apiv1.DomainEnroll, apiv1.EnrollProof(csr)), Machine: d.self, Department: d.department,
	}
}

// client connects, showing the certificate if there is one.
func (d *device) client(c *collector) apiv1.EnrollmentServiceClient {
	d.t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(c.ca.Root())
	config := &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: roots, ServerName: "localhost", Time: c.clock.now}
	if d.chain != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &tls.Certificate{Certificate: d.chain, PrivateKey: d.key}, nil
		}
	}
	conn, err := grpc.NewClient(c.addr, grpc.WithTransportCredentials(credentials.NewTLS(config)))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = conn.Close() })
	return apiv1.NewEnrollmentServiceClient(conn)
}

func (d *device) enroll(c *collector, token apiv1.Token) (*apiv1.EnrollResponse, error) {
	resp, err := d.client(c).Enroll(d.t.Context(), d.request(token))
	if err == nil {
		d.id, d.chain = resp.GetAgentId(), resp.GetCertificates()
	}
	return resp, err
}

// renew asks for a certificate for another key and takes it into use.
func (d *device) renew(c *collector) error {
	next := newKey(d.t)
	csr := d.csr(next)
	resp, err := d.client(c).Renew(d.t.Context(), &apiv1.RenewRequest{
		AgentId: d.id, CertificateRequest: csr, Proof: apiv1.Sign(d.report, apiv1.DomainRenew, apiv1.RenewProof(d.id, csr)),
	})
	if err == nil {
		d.chain, d.key = resp.GetCertificates(), next
	}
	return err
}

// refused checks an answer's code and words, which are one line.
func refused(t *testing.T, what string, err error, code codes.Code, says string) {
	t.Helper()
	s := status.Convert(err)
	if s.Code() != code || !strings.Contains(s.Message(), says) || strings.Contains(s.Message(), "\n") {
		t.Errorf("%s: got %v %q, want %v and one line that says %q", what, s.Code(), s.Message(), code, says)
	}
}
