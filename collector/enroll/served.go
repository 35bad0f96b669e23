package enroll

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Lifetimes of the two certificates that the collector shows. Browsers refuse
// more than 398 days.
const (
	serverLifetime = 90 * 24 * time.Hour
	portalLifetime = 390 * 24 * time.Hour
)

// portalFile holds the portal's key and certificate in the keys folder, so that
// a browser meets the same one after a restart.
const portalFile = "portal.pem"

// retryRenewal is how long a certificate that could not be renewed is served
// before the next attempt.
const retryRenewal = time.Minute

// ServerTLS returns the configuration of the agents' listener: TLS 1.3 and a
// certificate for hosts (names or addresses) and the loopback, renewed by
// itself at half of its life. A client certificate is asked for but verified
// by each call, since a machine that enrols has none and one that renews may
// hold an expired one.
func (ca *CA) ServerTLS(hosts ...string) (*tls.Config, error) {
	s, err := ca.serve(serverLifetime, "", hosts)
	if err != nil {
		return nil, err
	}
	resumable := newSessions(maxSessions)
	return &tls.Config{
		MinVersion:     tls.VersionTLS13,
		ClientAuth:     tls.RequestClientCert,
		GetCertificate: s.certificate,
		WrapSession:    resumable.wrap,
		UnwrapSession:  resumable.unwrap,
	}, nil
}

// PortalTLS returns the configuration of the portal's listener. Its
// certificate is kept in the keys folder and renewed by itself.
func (ca *CA) PortalTLS(hosts ...string) (*tls.Config, error) {
	s, err := ca.serve(portalLifetime, portalFile, hosts)
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.certificate}, nil
}

// served is one certificate that the collector shows, renewed at half life.
type served struct {
	ca        *CA
	lifetime  time.Duration
	file      string // in the keys folder; empty: in memory only
	names     []string
	addresses []net.IP

	mu      sync.Mutex // guards the two below
	current *tls.Certificate
	retryAt time.Time
}

// serve makes sure that there is a valid certificate before it returns.
func (ca *CA) serve(lifetime time.Duration, file string, hosts []string) (*served, error) {
	s := &served{ca: ca, lifetime: lifetime, file: file}
	for _, host := range append(slices.Clone(hosts), "localhost", "127.0.0.1", "::1") {
		if ip := net.ParseIP(strings.Trim(host, "[]")); ip != nil {
			if !slices.ContainsFunc(s.addresses, ip.Equal) {
				s.addresses = append(s.addresses, ip)
			}
			continue
		}
		host = strings.ToLower(strings.TrimSuffix(host, "."))
		if !validHostname(host) {
			return nil, fmt.Errorf("host %q is neither a name nor an address: give it without port or scheme", host)
		}
		if !slices.Contains(s.names, host) {
			s.names = append(s.names, host)
		}
	}
	if err := s.load(); err != nil {
		return nil, err
	}
	if _, err := s.certificate(nil); err != nil {
		return nil, err
	}
	return s, nil
}

// load takes the pair on disk when it is of this authority and for all hosts.
func (s *served) load() error {
	if s.file == "" {
		return nil
	}
	kept, err := readPEM(filepath.Join(s.ca.dir, s.file))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if kept.matches() && s.covers(kept.certs) {
		s.current = pair(kept.certs, kept.key)
	}
	return nil
}

func (s *served) covers(chain []*x509.Certificate) bool {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(s.ca.Root())
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	if _, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: s.ca.now()}); err != nil {
		return false
	}
	for _, name := range s.names {
		if chain[0].VerifyHostname(name) != nil {
			return false
		}
	}
	for _, ip := range s.addresses {
		if chain[0].VerifyHostname(ip.String()) != nil {
			return false
		}
	}
	return true
}

// certificate is a tls.Config.GetCertificate.
func (s *served) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.ca.now()
	if s.current != nil && (now.Before(halfLife(s.current.Leaf)) || now.Before(s.retryAt)) {
		return s.current, nil
	}
	fresh, err := s.renew()
	switch {
	case err == nil:
		s.current, s.retryAt = fresh, time.Time{}
	case s.current != nil && now.Before(s.current.Leaf.NotAfter):
		// What is shown is still good: say so and try again later.
		s.retryAt = now.Add(retryRenewal)
		s.ca.logger.Warn("certificate not renewed", "error", err, "not_after", s.current.Leaf.NotAfter)
	default:
		return nil, fmt.Errorf("make the server's certificate: %w", err)
	}
	return s.current, nil
}

func (s *served) renew() (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	chain, err := s.ca.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: s.names[0]},
		DNSNames:    s.names,
		IPAddresses: s.addresses,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, key.Public(), s.lifetime, true)
	if err != nil {
		return nil, err
	}
	if s.file != "" {
		if err := (pemFile{key: key, certs: chain}).replace(filepath.Join(s.ca.dir, s.file)); err != nil {
			return nil, err
		}
	}
	return pair(chain, key), nil
}

// pair joins chain and key. The root is shown too: a machine that enrols knows
// only the fingerprint of its key.
func pair(chain []*x509.Certificate, key any) *tls.Certificate {
	out := &tls.Certificate{PrivateKey: key, Leaf: chain[0]}
	for _, cert := range chain {
		out.Certificate = append(out.Certificate, cert.Raw)
	}
	return out
}
