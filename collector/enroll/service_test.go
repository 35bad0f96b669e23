package enroll

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/evidence"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

func TestEnrollAndRenew(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, schemas, func(t *testing.T, db *storage.DB) {
		c := startCollector(t, db)
		token := c.token(TokenRequest{Department: "Tesorería", By: "admin"})
		d := newDevice(t, "PC-Caja-1")
		resp, err := d.enroll(c, token)
		if err != nil {
			t.Fatal(err)
		}
		if !ValidAgentID(resp.GetAgentId()) || resp.GetOrganisation() != "Ayuntamiento de Villaseca" ||
			len(resp.GetRoots()) != 1 || len(resp.GetPolicyKeys()) != 1 || resp.GetLogKey() == "" {
			t.Errorf("answer: got %v", resp)
		}
		list := c.machines()
		if len(list) != 1 {
			t.Fatalf("machines: got %d, want 1", len(list))
		}
		m := list[0]
		if m.ID != d.id || m.Hostname != "pc-caja-1" || m.Department != "Tesorería" || m.Status != Active || !m.EnrolledAt.Equal(c.clock.at) || m.OSName != "Windows 11 Pro" {
			t.Errorf("machine: got %+v", m)
		}
		c.clock.advance(15 * 24 * time.Hour)
		if err := d.renew(c); err != nil {
			t.Fatalf("renew at half life: %v", err)
		}
		if got := c.machines()[0].CertNotAfter; !got.Equal(c.clock.at.Add(AgentLifetime)) {
			t.Errorf("certificate until: got %v, want %v", got, c.clock.at.Add(AgentLifetime))
		}
		c.clock.advance(200 * 24 * time.Hour)
		if err := d.renew(c); err != nil {
			t.Errorf("renew with an expired certificate: %v", err)
		}
		want := []string{"token token/" + m.TokenID, "enrolment " + d.id, "renewal " + d.id, "renewal " + d.id}
		if got := c.leaves(); strings.Join(got, ", ") != strings.Join(want, ", ") {
			t.Errorf("leaves: got %v, want %v", got, want)
		}
	})
}

func TestEnrollmentRecordHoldsTheReportKey(t *testing.T) {
	t.Parallel()
	c := startCollector(t, storagetest.Open(t, storagetest.SQLite(t), schemas...))
	d := newDevice(t, "pc-1")
	if _, err := d.enroll(c, c.token(TokenRequest{})); err != nil {
		t.Fatal(err)
	}
	var record EnrolmentRecord
	c.read(func(ctx context.Context, tx *storage.Tx) error {
		return c.log.Entries(ctx, tx, evidence.Filter{Kinds: []evidence.Kind{evidence.Enrolment}}, func(e evidence.Entry) error {
			return json.Unmarshal(e.Payload, &record)
		})
	})
	if !d.report.Public().(ed25519.PublicKey).Equal(ed25519.PublicKey(record.ReportKey)) || record.Agent != d.id {
		t.Errorf("record: got %+v", record)
	}
}

func TestEnrollRefuses(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, schemas, func(t *testing.T, db *storage.DB) {
		c := startCollector(t, db)
		used, expired, revoked := c.token(TokenRequest{}), c.token(TokenRequest{Lifetime: time.Hour}), c.token(TokenRequest{})
		bound := c.token(TokenRequest{Hostname: "pc-registro"})
		open := c.token(TokenRequest{})
		if _, err := newDevice(t, "pc-1").enroll(c, used); err != nil {
			t.Fatal(err)
		}
		c.write(func(ctx context.Context, tx *storage.Tx) error {
			tokens, err := c.store.Tokens(ctx, tx)
			if err != nil {
				return err
			}
			for _, info := range tokens {
				if info.State(c.clock.at) == TokenOpen && info.ID == tokenID(sumOf(revoked)) {
					return c.store.RevokeToken(ctx, tx, info.ID, "admin")
				}
			}
			return errors.New("the token is not listed")
		})
		c.clock.advance(2 * time.Hour)
		foreign := openCA(t, t.TempDir(), c.clock).NewToken()
		rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		ask := func(token apiv1.Token, change func(*apiv1.EnrollRequest)) *apiv1.EnrollRequest {
			d := newDevice(t, "pc-2")
			req := d.request(token)
			if change != nil {
				change(req)
			}
			return req
		}
		rows := []struct {
			name string
			req  *apiv1.EnrollRequest
			code codes.Code
			says string
		}{
			{"used token", ask(used, nil), codes.PermissionDenied, "already used"},
			{"expired token", ask(expired, nil), codes.PermissionDenied, "expired"},
			{"withdrawn token", ask(revoked, nil), codes.PermissionDenied, "withdrawn"},
			{"token of another machine", ask(bound, nil), codes.PermissionDenied, "another machine"},
			{"token of another collector", ask(foreign, nil), codes.PermissionDenied, "no such token"},
			{"no token", ask(open, func(r *apiv1.EnrollRequest) { r.TokenSecret = nil }), codes.InvalidArgument, "16 bytes"},
			{"no machine", ask(open, func(r *apiv1.EnrollRequest) { r.Machine = nil }), codes.InvalidArgument, "host name"},
			{"host name with a line break", ask(open, func(r *apiv1.EnrollRequest) { r.Machine.Hostname = "a\nb" }), codes.InvalidArgument, "host name"},
			{"unknown system", ask(open, func(r *apiv1.EnrollRequest) { r.Machine.Os = "plan9" }), codes.InvalidArgument, "linux or windows"},
			{"long version", ask(open, func(r *apiv1.EnrollRequest) { r.Machine.OsVersion = strings.Repeat("9", 300) }), codes.InvalidArgument, "os_version"},
			{"no request", ask(open, func(r *apiv1.EnrollRequest) { r.CertificateRequest = nil }), codes.InvalidArgument, "certificate request"},
			{"RSA key", ask(open, func(r *apiv1.EnrollRequest) { r.CertificateRequest = newDevice(t, "x").csr(rsaKey) }), codes.InvalidArgument, "P-256"},
			{"proof of another request", ask(open, func(r *apiv1.EnrollRequest) { r.CertificateRequest = newDevice(t, "x").csr(newKey(t)) }), codes.InvalidArgument, "proof"},
			{"short report key", ask(open, func(r *apiv1.EnrollRequest) { r.ReportKey = r.ReportKey[1:] }), codes.InvalidArgument, "proof"},
		}
		client := newDevice(t, "pc-2").client(c)
		for _, row := range rows {
			c.clock.advance(time.Minute) // the limit is another test
			_, err := client.Enroll(t.Context(), row.req)
			refused(t, row.name, err, row.code, row.says)
		}
		if got := len(c.machines()); got != 1 {
			t.Errorf("machines: got %d, want the first alone", got)
		}
		if _, err := newDevice(t, "PC-Registro.villaseca.example").enroll(c, bound); err != nil {
			t.Errorf("the machine a token is for, with its domain: %v", err)
		}
		if _, err := newDevice(t, "pc-3").enroll(c, open); err != nil {
			t.Errorf("a token after refusals: %v", err)
		}
	})
}

func TestOneTokenAdmitsOneOfManyAtOnce(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, schemas, func(t *testing.T, db *storage.DB) {
		c := startCollector(t, db)
		token := c.token(TokenRequest{})
		var wg sync.WaitGroup
		errs := make([]error, 16)
		for i := range errs {
			d := newDevice(t, "pc-1")
			client, req := d.client(c), d.request(token)
			wg.Go(func() { _, errs[i] = client.Enroll(t.Context(), req) })
		}
		wg.Wait()
		admitted := 0
		for _, err := range errs {
			if err == nil {
				admitted++
				continue
			}
			refused(t, "the others", err, codes.PermissionDenied, "already used")
		}
		if admitted != 1 || len(c.machines()) != 1 {
			t.Errorf("admitted: got %d and %d machines, want 1 of each", admitted, len(c.machines()))
		}
	})
}

func TestEnrollmentWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	c := startCollector(t, storagetest.Open(t, storagetest.SQLite(t), schemas...))
	spent, second := c.token(TokenRequest{}), c.token(TokenRequest{})
	d := newDevice(t, "pc-1")
	first, err := d.client(c).Enroll(t.Context(), d.request(spent))
	if err != nil {
		t.Fatal(err)
	}
	for i, token := range []apiv1.Token{spent, second, spent} {
		again, err := d.client(c).Enroll(t.Context(), d.request(token))
		if err != nil {
			t.Fatalf("time %d: %v", i, err)
		}
		if again.GetAgentId() != first.GetAgentId() {
			t.Errorf("time %d: got another id", i)
		}
		d.id, d.chain = again.GetAgentId(), again.GetCertificates()
	}
	if err := d.renew(c); err != nil {
		t.Errorf("renew with the last answer: %v", err)
	}
	if got := len(c.machines()); got != 1 {
		t.Errorf("machines: got %d, want 1", got)
	}
	if _, err := newDevice(t, "pc-9").enroll(c, second); err == nil {
		t.Error("the second token was not spent")
	}
	c.write(func(ctx context.Context, tx *storage.Tx) error {
		return c.store.Revoke(ctx, tx, d.id, "stolen", "admin")
	})
	_, err = d.client(c).Enroll(t.Context(), d.request(spent))
	refused(t, "a revoked machine with its old token", err, codes.PermissionDenied, "already used")
	_, err = d.client(c).Enroll(t.Context(), d.request(c.token(TokenRequest{})))
	refused(t, "a revoked machine with a new token", err, codes.AlreadyExists, "revoked or retired")
}

func TestRenewRefuses(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, schemas, func(t *testing.T, db *storage.DB) {
		c := startCollector(t, db)
		enrolled := func(host string) *device {
			d := newDevice(t, host)
			if _, err := d.enroll(c, c.token(TokenRequest{})); err != nil {
				t.Fatal(err)
			}
			return d
		}
		good, other, stranger := enrolled("pc-1"), enrolled("pc-2"), newDevice(t, "pc-3")
		stranger.id = good.id
		refused(t, "without a certificate", stranger.renew(c), codes.Unauthenticated, "certificate")
		foreign, err := openCA(t, t.TempDir(), c.clock).issueAgent(good.id, stranger.key.Public())
		if err != nil {
			t.Fatal(err)
		}
		stranger.chain, stranger.report = rawChain(foreign), good.report
		refused(t, "with a foreign certificate", stranger.renew(c), codes.Unauthenticated, "does not know")
		id := other.id
		other.id = good.id
		refused(t, "for another machine", other.renew(c), codes.Unauthenticated, "does not know")
		other.id = NewAgentID()
		refused(t, "for a machine that is none", other.renew(c), codes.Unauthenticated, "does not know")
		other.id = "nobody"
		refused(t, "for no machine", other.renew(c), codes.InvalidArgument, "agent id")
		other.id = id
		report := other.report
		other.report = good.report
		refused(t, "with another report key", other.renew(c), codes.Unauthenticated, "proof")
		other.report = report
		c.write(func(ctx context.Context, tx *storage.Tx) error {
			return c.store.Revoke(ctx, tx, other.id, "stolen", "admin")
		})
		refused(t, "after revocation", other.renew(c), codes.PermissionDenied, "not admitted")
		c.write(func(ctx context.Context, tx *storage.Tx) error {
			return c.store.Retire(ctx, tx, good.id, "scrapped", "admin")
		})
		refused(t, "after retirement", good.renew(c), codes.PermissionDenied, "not admitted")
		if got := strings.Join(c.left, " "); got != other.id+" "+good.id {
			t.Errorf("left: got %q", got)
		}
	})
}

// An agent that never got the answer to its renewal comes with the key before.
func TestRenewalWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	c := startCollector(t, storagetest.Open(t, storagetest.SQLite(t), schemas...))
	d := newDevice(t, "pc-1")
	if _, err := d.enroll(c, c.token(TokenRequest{})); err != nil {
		t.Fatal(err)
	}
	chain, key := d.chain, d.key
	if err := d.renew(c); err != nil {
		t.Fatal(err)
	}
	d.chain, d.key = chain, key
	if err := d.renew(c); err != nil {
		t.Fatalf("with the key before: %v", err)
	}
	if err := d.renew(c); err != nil {
		t.Fatalf("with the new key: %v", err)
	}
	d.chain, d.key = chain, key
	refused(t, "with a key long replaced", d.renew(c), codes.Unauthenticated, "does not know")
}

func TestCallsAreLimitedBySource(t *testing.T) {
	t.Parallel()
	c := startCollector(t, storagetest.Open(t, storagetest.SQLite(t), schemas...))
	d := newDevice(t, "pc-1")
	client, req := d.client(c), d.request(openCA(t, t.TempDir(), c.clock).NewToken())
	tries := 0
	for ; tries < 100; tries++ {
		_, err := client.Enroll(t.Context(), req)
		if status.Code(err) == codes.ResourceExhausted {
			break
		}
		refused(t, "a wrong token", err, codes.PermissionDenied, "no such token")
	}
	if tries > callBurst/unknownCost+1 {
		t.Errorf("wrong tokens before the limit: got %d", tries)
	}
	c.clock.advance(time.Minute)
	if _, err := d.enroll(c, c.token(TokenRequest{})); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

func sumOf(token apiv1.Token) [32]byte { return sha256.Sum256(token.Secret[:]) }
