package enroll

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	apiv1 "vigia/collector/api/v1"
)

// wallClock is a clock that tests turn.
type wallClock struct{ at time.Time }

func newClock() *wallClock { return &wallClock{time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)} }

func (c *wallClock) now() time.Time          { return c.at }
func (c *wallClock) advance(d time.Duration) { c.at = c.at.Add(d) }

func openCA(t *testing.T, dir string, clock *wallClock) *CA {
	t.Helper()
	ca, err := OpenCA(CAOptions{Dir: dir, Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestCAIsTheSameAfterReopening(t *testing.T) {
	t.Parallel()
	dir, clock := filepath.Join(t.TempDir(), "keys"), newClock()
	first := openCA(t, dir, clock)
	clock.advance(time.Hour)
	second := openCA(t, dir, clock)
	if !first.Root().Equal(second.Root()) {
		t.Error("the root certificate changed")
	}
	if !first.issuing.Equal(second.issuing) {
		t.Error("the issuing certificate changed")
	}
	if got, want := first.Root().NotAfter.Sub(clock.at), 9*365*24*time.Hour; got < want {
		t.Errorf("life of the root: got %v, want more than %v", got, want)
	}
	for _, name := range []string{rootKeyFile, issuingFile} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); runtime.GOOS != "windows" && got != 0o600 {
			t.Errorf("mode of %s: got %o, want 600", name, got)
		}
	}
}

func TestCASurvivesTheLossOfItsCertificate(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), newClock()
	first := openCA(t, dir, clock)
	chain, err := first.issueAgent(NewAgentID(), newKey(t).Public())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, rootCertFile)); err != nil {
		t.Fatal(err)
	}
	second := openCA(t, dir, clock)
	if apiv1.Pin(first.Root()) != apiv1.Pin(second.Root()) {
		t.Error("the pin changed: every agent would be lost")
	}
	if _, err := second.VerifyAgent(chain); err != nil {
		t.Errorf("a certificate of before: %v", err)
	}
}

func TestOpenCARefuses(t *testing.T) {
	t.Parallel()
	change := func(name string, to func([]byte) []byte) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, name)
			old, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, to(old), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	rows := []struct {
		name   string
		damage func(t *testing.T, dir string)
		says   string
	}{
		{"a certificate without its key", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, rootKeyFile)); err != nil {
				t.Fatal(err)
			}
		}, "from a backup"},
		{"a key of another authority", func(t *testing.T, dir string) {
			if err := (pemFile{key: newKey(t)}).replace(filepath.Join(dir, rootKeyFile)); err != nil {
				t.Fatal(err)
			}
		}, "from a backup"},
		{"an empty key", change(rootKeyFile, func([]byte) []byte { return nil }), "from a backup"},
		{"half a key", change(rootKeyFile, func(b []byte) []byte { return b[:len(b)/2] }), "from a backup"},
		{"two keys", change(rootKeyFile, func(b []byte) []byte { return append(b, b...) }), "from a backup"},
		{"no certificate", change(rootCertFile, func([]byte) []byte { return []byte("nothing\n") }), "from a backup"},
		{"half an issuing pair", change(issuingFile, func(b []byte) []byte { return b[:len(b)-30] }), "from a backup"},
		{"a huge key", change(rootKeyFile, func([]byte) []byte { return make([]byte, maxPEMBytes+1) }), "larger"},
		{"a key that others may read", func(t *testing.T, dir string) {
			if runtime.GOOS == "windows" {
				t.Skip("rights are inherited from the folder there")
			}
			if err := os.Chmod(filepath.Join(dir, rootKeyFile), 0o640); err != nil {
				t.Fatal(err)
			}
		}, "chmod 600"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir, clock := t.TempDir(), newClock()
			openCA(t, dir, clock)
			row.damage(t, dir)
			_, err := OpenCA(CAOptions{Dir: dir, Now: clock.now})
			if err == nil || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line that says %q", err, row.says)
			}
		})
	}
}

func TestIssuingCertificateIsReplacedAtHalfLife(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), newClock()
	ca := openCA(t, dir, clock)
	before := ca.issuing
	clock.advance(issuingLifetime/2 - AgentLifetime/2)
	old, err := ca.issueAgent(NewAgentID(), newKey(t).Public())
	if err != nil {
		t.Fatal(err)
	}
	if !old[1].Equal(before) {
		t.Error("replaced before half of its life")
	}
	clock.advance(AgentLifetime / 2)
	fresh, err := ca.issueAgent(NewAgentID(), newKey(t).Public())
	if err != nil {
		t.Fatal(err)
	}
	if fresh[1].Equal(before) {
		t.Error("not replaced at half of its life")
	}
	for name, chain := range map[string][]*x509.Certificate{"old": old, "new": fresh} {
		if _, err := openCA(t, dir, clock).VerifyAgent(chain); err != nil {
			t.Errorf("%s certificate after the change: %v", name, err)
		}
	}
}

func TestVerifyAgent(t *testing.T) {
	t.Parallel()
	clock := newClock()
	ca, other := openCA(t, t.TempDir(), clock), openCA(t, t.TempDir(), clock)
	id := NewAgentID()
	issue := func(ca *CA, template *x509.Certificate, lifetime time.Duration) []*x509.Certificate {
		chain, err := ca.issue(template, newKey(t).Public(), lifetime, false)
		if err != nil {
			t.Fatal(err)
		}
		return chain
	}
	client := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	named := func(uris ...*url.URL) *x509.Certificate { return &x509.Certificate{URIs: uris, ExtKeyUsage: client} }
	rows := []struct {
		name string
		peer []*x509.Certificate
		want error
	}{
		{"good", issue(ca, named(agentURI(id)), AgentLifetime), nil},
		{"good without its issuer", issue(ca, named(agentURI(id)), AgentLifetime)[:1], nil},
		{"none", nil, ErrNoCertificate},
		{"expired", issue(ca, named(agentURI(id)), time.Minute), ErrExpired},
		{"of another authority", issue(other, named(agentURI(id)), AgentLifetime), ErrForeign},
		{"expired, of another authority", issue(other, named(agentURI(id)), time.Minute), ErrForeign},
		{"a server's", issue(ca, &x509.Certificate{DNSNames: []string{"localhost"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, AgentLifetime), ErrForeign},
		{"without a name", issue(ca, named(), AgentLifetime), ErrForeign},
		{"two names", issue(ca, named(agentURI(id), agentURI(NewAgentID())), AgentLifetime), ErrForeign},
		{"another scheme", issue(ca, named(&url.URL{Scheme: "spiffe", Host: agentHost, Path: "/" + id}), AgentLifetime), ErrForeign},
		{"not an agent", issue(ca, named(&url.URL{Scheme: agentScheme, Host: "portal", Path: "/" + id}), AgentLifetime), ErrForeign},
		{"not an id", issue(ca, named(agentURI("../"+id)), AgentLifetime), ErrForeign},
	}
	clock.advance(time.Hour)
	for _, row := range rows {
		got, err := ca.VerifyAgent(row.peer)
		if !errors.Is(err, row.want) {
			t.Errorf("%s: got error %v, want %v", row.name, err, row.want)
		}
		if row.want == nil && got != id {
			t.Errorf("%s: got id %q, want %q", row.name, got, id)
		}
	}
	// What was verified once is remembered, but not beyond its time.
	clock.advance(AgentLifetime)
	if _, err := ca.VerifyAgent(rows[0].peer); !errors.Is(err, ErrExpired) {
		t.Errorf("a good one a month later: got %v, want %v", err, ErrExpired)
	}
	clock.advance(-2 * AgentLifetime)
	if _, err := ca.VerifyAgent(rows[0].peer); !errors.Is(err, ErrForeign) {
		t.Errorf("a good one before its time: got %v, want %v", err, ErrForeign)
	}
}

func TestAgentCertificateTakesTheKeyAloneFromTheRequest(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	ca := openCA(t, t.TempDir(), newClock())
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		DNSNames: []string{"collector.example"}, URIs: []*url.URL{agentURI(NewAgentID())},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := requestedKey(csr)
	if err != nil {
		t.Fatal(err)
	}
	id := NewAgentID()
	chain, err := ca.issueAgent(id, public)
	if err != nil {
		t.Fatal(err)
	}
	leaf := chain[0]
	if len(leaf.DNSNames) != 0 || len(leaf.URIs) != 1 || leaf.URIs[0].String() != "vigia://agent/"+id || leaf.Subject.CommonName != id {
		t.Errorf("names: got %v %v %v, want only those of %s", leaf.Subject, leaf.DNSNames, leaf.URIs, id)
	}
	if !key.PublicKey.Equal(leaf.PublicKey) {
		t.Error("the key is not that of the request")
	}
	if got := leaf.NotAfter.Sub(ca.now()); got != AgentLifetime {
		t.Errorf("life: got %v, want %v", got, AgentLifetime)
	}
}

func TestServedCertificates(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), newClock()
	ca := openCA(t, dir, clock)
	server, err := ca.ServerTLS("Vigia.Ayuntamiento.example", "192.0.2.7", "2001:db8::7")
	if err != nil {
		t.Fatal(err)
	}
	portal, err := ca.PortalTLS("portal.ayuntamiento.example")
	if err != nil {
		t.Fatal(err)
	}
	if server.MinVersion != tls.VersionTLS13 || server.ClientAuth != tls.RequestClientCert {
		t.Errorf("server: got version %x and client auth %v", server.MinVersion, server.ClientAuth)
	}
	hosts := map[string][]string{
		"server": {"vigia.ayuntamiento.example", "192.0.2.7", "2001:db8::7", "localhost", "127.0.0.1", "::1"},
		"portal": {"portal.ayuntamiento.example", "localhost", "127.0.0.1", "::1"},
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.Root())
	// Two years: the certificates are always good, for every host.
	for day := 0; day < 2*366; day += 5 {
		for name, config := range map[string]*tls.Config{"server": server, "portal": portal} {
			cert, err := config.GetCertificate(nil)
			if err != nil {
				t.Fatalf("%s, day %d: %v", name, day, err)
			}
			between := x509.NewCertPool()
			for _, der := range cert.Certificate[1:] {
				issuer, err := x509.ParseCertificate(der)
				if err != nil {
					t.Fatal(err)
				}
				between.AddCert(issuer)
			}
			for _, host := range hosts[name] {
				if _, err := cert.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: between, CurrentTime: clock.at}); err != nil {
					t.Fatalf("%s for %s, day %d: %v", name, host, day, err)
				}
			}
			if life := cert.Leaf.NotAfter.Sub(cert.Leaf.NotBefore); life > 398*24*time.Hour {
				t.Fatalf("%s: a life of %v, which browsers refuse", name, life)
			}
			if last := cert.Certificate[len(cert.Certificate)-1]; !bytes.Equal(last, ca.Root().Raw) {
				t.Fatalf("%s: the chain does not end with the root that tokens pin", name)
			}
		}
		clock.advance(5 * 24 * time.Hour)
	}
}

func TestPortalCertificateOutlivesARestart(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), newClock()
	serial := func(hosts ...string) string {
		config, err := openCA(t, dir, clock).PortalTLS(hosts...)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := config.GetCertificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		return cert.Leaf.SerialNumber.String()
	}
	first := serial("portal.example")
	clock.advance(24 * time.Hour)
	if got := serial("portal.example"); got != first {
		t.Error("another certificate after a restart")
	}
	if got := serial("portal.example", "otro.example"); got == first {
		t.Error("the same certificate for one more host")
	}
}

func TestServerTLSRefusesHosts(t *testing.T) {
	t.Parallel()
	ca := openCA(t, t.TempDir(), newClock())
	for _, host := range []string{"", "https://vigia.example", "vigia.example:8443", "dos palabras", "../x"} {
		if _, err := ca.ServerTLS(host); err == nil {
			t.Errorf("host %q was taken", host)
		}
	}
}

func TestRequestedKeyRefuses(t *testing.T) {
	t.Parallel()
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	unusual, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, p521)
	if err != nil {
		t.Fatal(err)
	}
	good, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, newKey(t))
	if err != nil {
		t.Fatal(err)
	}
	forged := bytes.Clone(good)
	forged[len(forged)-1] ^= 1
	for name, der := range map[string][]byte{
		"empty": nil, "noise": []byte("not a request"), "huge": make([]byte, maxRequestBytes+1), "P-521": unusual, "forged": forged,
		"with more after it": append(bytes.Clone(good), 0),
	} {
		if _, err := requestedKey(der); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, edwards)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := requestedKey(der); err != nil {
		t.Errorf("Ed25519: %v", err)
	}
}

func FuzzRequestedKey(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(der)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, der []byte) {
		if public, err := requestedKey(der); (public == nil) == (err == nil) {
			t.Errorf("got key %v and error %v", public, err)
		}
	})
}
