package collectortest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"testing"
	"time"
)

// authority is a root, an issuing certificate under it and the server's.
type authority struct {
	root, issuing *x509.Certificate
	issuingKey    crypto.Signer
	server        *tls.Certificate
	machineLife   time.Duration
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	now := time.Now()
	rootKey, issuingKey := newKey(t), newKey(t)
	ca := &authority{issuingKey: issuingKey, machineLife: 30 * 24 * time.Hour}
	ca.root = issue(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "Prueba root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, rootKey.Public(), now, time.Hour, nil, rootKey)
	ca.issuing = issue(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "Prueba issuing"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, issuingKey.Public(), now, time.Hour, ca.root, rootKey)
	ca.server = ca.serverCert(t, []string{"localhost"}, now, time.Hour)
	return ca
}

func (ca *authority) serverCert(t testing.TB, names []string, now time.Time, life time.Duration) *tls.Certificate {
	key := newKey(t)
	template := &x509.Certificate{DNSNames: names, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if len(names) == 1 && names[0] == "localhost" {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	}
	leaf := issue(t, template, key.Public(), now, life, ca.issuing, ca.issuingKey)
	return &tls.Certificate{Certificate: [][]byte{leaf.Raw, ca.issuing.Raw, ca.root.Raw}, PrivateKey: key}
}

func (ca *authority) machine(t testing.TB, id string, public crypto.PublicKey) *x509.Certificate {
	return issue(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: id}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, public, time.Now(), ca.machineLife, ca.issuing, ca.issuingKey)
}

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func issue(t testing.TB, template *x509.Certificate, public crypto.PublicKey, now time.Time, life time.Duration, parent *x509.Certificate, key crypto.Signer) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = serial
	template.NotBefore, template.NotAfter = now.Add(-time.Hour), now.Add(life)
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
