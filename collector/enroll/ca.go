package enroll

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	apiv1 "vigia/collector/api/v1"
)

// Lifetimes of the certificates. A clock of an office PC is often wrong by a
// time zone, so everything is valid from a day before it is made.
const (
	rootLifetime    = 10 * 365 * 24 * time.Hour
	issuingLifetime = 3 * 365 * 24 * time.Hour
	// AgentLifetime is that of a machine's certificate; agents renew at half.
	AgentLifetime = 30 * 24 * time.Hour
	backdating    = 24 * time.Hour
)

// Names of the files in the keys folder.
const (
	rootKeyFile  = "ca.key"
	rootCertFile = "ca.pem" // the current root; others follow while one takes over
	issuingFile  = "issuing.pem"
)

// CAOptions configures OpenCA.
type CAOptions struct {
	// Dir is the keys folder; it is created with mode 0700.
	Dir string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger gets a line when a key or certificate is made; nil means none.
	Logger *slog.Logger
}

// CA is the collector's certificate authority: a root, which tokens and agents
// pin by its public key, and an issuing certificate under it, which signs all
// others and is replaced at half of its life.
type CA struct {
	dir    string
	now    func() time.Time
	logger *slog.Logger
	// roots are all trusted ones, that of rootKey first. More than one stand
	// in ca.pem while a new root takes over.
	roots   []*x509.Certificate
	rootKey crypto.Signer

	mu         sync.Mutex // guards the two below
	issuing    *x509.Certificate
	issuingKey crypto.Signer

	verified verified
}

// OpenCA reads the authority from its folder, or makes it when the folder
// holds none. A certificate without its key is an error and never replaced:
// every agent has pinned that key.
func OpenCA(opts CAOptions) (*CA, error) {
	ca := &CA{dir: opts.Dir, now: opts.Now, logger: opts.Logger}
	if ca.now == nil {
		ca.now = time.Now
	}
	if ca.logger == nil {
		ca.logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(ca.dir, 0o700); err != nil {
		return nil, fmt.Errorf("create the keys folder: %w", err)
	}
	if err := ca.openRoot(); err != nil {
		return nil, err
	}
	if err := ca.openIssuing(); err != nil {
		return nil, err
	}
	return ca, nil
}

func (ca *CA) openRoot() error {
	keyPath, certPath := filepath.Join(ca.dir, rootKeyFile), filepath.Join(ca.dir, rootCertFile)
	key, keyErr := readPEM(keyPath)
	if errors.Is(keyErr, fs.ErrNotExist) {
		if _, err := os.Stat(certPath); err == nil {
			return fmt.Errorf("%s is there but its key %s is not: restore the keys folder from a backup", certPath, rootKeyFile)
		}
		if key, keyErr = createRootKey(keyPath); keyErr == nil {
			ca.logger.Info("certificate authority created", "dir", ca.dir)
		}
	}
	if keyErr != nil {
		return keyErr
	}
	if key.key == nil {
		return damaged(keyPath)
	}
	roots, err := readPEM(certPath)
	if errors.Is(err, fs.ErrNotExist) {
		// A first start, a crash between the two files, or a lost ca.pem: the
		// same key under the same name is the same authority to everyone who
		// pinned it.
		var root *x509.Certificate
		if root, err = selfSigned(key.key, ca.now()); err != nil {
			return fmt.Errorf("make the root certificate: %w", err)
		}
		roots = pemFile{certs: []*x509.Certificate{root}}
		err = roots.replace(certPath)
	}
	if err != nil {
		return err
	}
	return ca.useRoots(key.key, roots.certs)
}

// createRootKey makes the one key that everything hangs from. When another
// process was first, its key is the one.
func createRootKey(path string) (pemFile, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pemFile{}, fmt.Errorf("make the root key: %w", err)
	}
	made := pemFile{key: key}
	err = made.create(path)
	if errors.Is(err, fs.ErrExist) {
		return readPEM(path)
	}
	return made, err
}

// useRoots puts the certificate of key first.
func (ca *CA) useRoots(key crypto.Signer, roots []*x509.Certificate) error {
	for i, root := range roots {
		if samePublicKey(root.PublicKey, key.Public()) {
			roots[0], roots[i] = roots[i], roots[0]
			ca.rootKey, ca.roots = key, roots
			return nil
		}
	}
	return fmt.Errorf("%s belongs to none of the certificates in %s: restore the keys folder from a backup", rootKeyFile, rootCertFile)
}

func (ca *CA) openIssuing() error {
	pair, err := readPEM(filepath.Join(ca.dir, issuingFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	ca.mu.Lock()
	defer ca.mu.Unlock()
	if pair.matches() && pair.certs[0].CheckSignatureFrom(ca.roots[0]) == nil {
		ca.issuing, ca.issuingKey = pair.certs[0], pair.key
	}
	return ca.refreshIssuing()
}

// refreshIssuing makes a new issuing certificate when there is none or it has
// passed half of its life. Certificates of the old one stay valid, since they
// are verified up to the root. ca.mu is held.
func (ca *CA) refreshIssuing() error {
	if ca.issuing != nil && ca.now().Before(halfLife(ca.issuing)) {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make the issuing key: %w", err)
	}
	template := &x509.Certificate{
		Subject:               authorityName("issuing", key.Public()),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	cert, err := sign(template, key.Public(), issuingLifetime, ca.now(), ca.roots[0], ca.rootKey)
	if err != nil {
		return fmt.Errorf("make the issuing certificate: %w", err)
	}
	pair := pemFile{key: key, certs: []*x509.Certificate{cert}}
	if err := pair.replace(filepath.Join(ca.dir, issuingFile)); err != nil {
		return err
	}
	ca.issuing, ca.issuingKey = cert, key
	ca.logger.Info("issuing certificate made", "not_after", cert.NotAfter)
	return nil
}

// Root returns the current root certificate, the one that tokens pin.
func (ca *CA) Root() *x509.Certificate { return ca.roots[0] }

// Roots returns all root certificates that agents must trust, the current one
// first, as DER.
func (ca *CA) Roots() [][]byte {
	out := make([][]byte, len(ca.roots))
	for i, root := range ca.roots {
		out[i] = root.Raw
	}
	return out
}

// NewToken draws the secret of a token that pins this authority.
func (ca *CA) NewToken() apiv1.Token { return apiv1.NewToken(ca.Root()) }

// issue signs a leaf certificate; the chain begins with it and holds its
// issuers up to the root when withRoot is set.
func (ca *CA) issue(template *x509.Certificate, public crypto.PublicKey, lifetime time.Duration, withRoot bool) ([]*x509.Certificate, error) {
	ca.mu.Lock()
	if err := ca.refreshIssuing(); err != nil {
		ca.mu.Unlock()
		return nil, err
	}
	issuing, key := ca.issuing, ca.issuingKey
	ca.mu.Unlock()
	cert, err := sign(template, public, lifetime, ca.now(), issuing, key)
	if err != nil {
		return nil, fmt.Errorf("sign a certificate: %w", err)
	}
	chain := []*x509.Certificate{cert, issuing}
	if withRoot {
		chain = append(chain, ca.roots[0])
	}
	return chain, nil
}

// issueAgent signs the certificate of a machine for the key of its request.
func (ca *CA) issueAgent(agentID string, public crypto.PublicKey) ([]*x509.Certificate, error) {
	return ca.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: agentID},
		URIs:        []*url.URL{agentURI(agentID)},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, public, AgentLifetime, false)
}

// Errors of VerifyAgent, for callers that tell them apart.
var (
	// ErrNoCertificate: the peer showed none.
	ErrNoCertificate = errors.New("no client certificate was shown")
	// ErrExpired: the certificate is ours but its time is over.
	ErrExpired = errors.New("the client certificate has expired")
	// ErrForeign: the certificate was not issued by this authority to an agent.
	ErrForeign = errors.New("the client certificate is not of this collector's authority")
)

// VerifyAgent answers the agent id in a peer's certificate, after it verified
// the chain up to one of the roots at the present time. Whether the machine is
// still admitted is for the caller to look up.
func (ca *CA) VerifyAgent(peer []*x509.Certificate) (string, error) {
	if len(peer) == 0 {
		return "", ErrNoCertificate
	}
	now, leaf := ca.now(), peer[0]
	if id, ok := ca.verified.find(leaf, now); ok {
		return id, nil
	}
	at := now
	if now.After(leaf.NotAfter) {
		at = leaf.NotAfter // is it at least ours? Then expired is what to say.
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, root := range ca.roots {
		roots.AddCert(root)
	}
	for _, cert := range peer[1:] {
		between.AddCert(cert)
	}
	ca.mu.Lock()
	between.AddCert(ca.issuing)
	ca.mu.Unlock()
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots:         roots,
		Intermediates: between,
		CurrentTime:   at,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrForeign, err)
	}
	id, ok := agentIDOf(leaf)
	if !ok {
		return "", fmt.Errorf("%w: it names no agent", ErrForeign)
	}
	if at != now {
		return id, ErrExpired
	}
	ca.verified.keep(chains[0], id)
	return id, nil
}

// maxVerified bounds the certificates that are remembered.
const maxVerified = 8192

// verified remembers which certificates were verified, and until when that
// holds: an agent shows the same one for two weeks, with every call.
type verified struct {
	mu  sync.Mutex // guards ids
	ids map[[sha256.Size]byte]verifiedID
}

type verifiedID struct {
	id          string
	from, until time.Time // the whole chain is valid between these
}

func (v *verified) find(leaf *x509.Certificate, now time.Time) (string, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	known, ok := v.ids[sha256.Sum256(leaf.Raw)]
	if !ok || now.Before(known.from) || now.After(known.until) {
		return "", false
	}
	return known.id, true
}

func (v *verified) keep(chain []*x509.Certificate, id string) {
	known := verifiedID{id: id, from: chain[0].NotBefore, until: chain[0].NotAfter}
	for _, cert := range chain[1:] {
		if cert.NotBefore.After(known.from) {
			known.from = cert.NotBefore
		}
		if cert.NotAfter.Before(known.until) {
			known.until = cert.NotAfter
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ids == nil || len(v.ids) >= maxVerified {
		v.ids = make(map[[sha256.Size]byte]verifiedID)
	}
	v.ids[sha256.Sum256(chain[0].Raw)] = known
}

const (
	agentScheme = "vigia"
	agentHost   = "agent"
)

func agentURI(id string) *url.URL {
	return &url.URL{Scheme: agentScheme, Host: agentHost, Path: "/" + id}
}

func agentIDOf(cert *x509.Certificate) (string, bool) {
	if len(cert.URIs) != 1 {
		return "", false
	}
	u := cert.URIs[0]
	if u.Scheme != agentScheme || u.Host != agentHost || len(u.Path) < 2 || agentURI(u.Path[1:]).String() != u.String() {
		return "", false
	}
	return u.Path[1:], ValidAgentID(u.Path[1:])
}

// selfSigned makes the root certificate of a key. Its name depends on the key
// alone, so that a root made again from the same key is the same authority.
func selfSigned(key crypto.Signer, now time.Time) (*x509.Certificate, error) {
	template := &x509.Certificate{
		Subject:               authorityName("root", key.Public()),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLen:            1,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	return sign(template, key.Public(), rootLifetime, now, nil, key)
}

// sign completes the template with serial and times and signs it by parent, or
// by itself when parent is nil. It never outlives its parent.
func sign(template *x509.Certificate, public crypto.PublicKey, lifetime time.Duration, now time.Time, parent *x509.Certificate, key crypto.Signer) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	template.NotBefore = now.Add(-backdating)
	template.NotAfter = now.Add(lifetime)
	if parent == nil {
		parent = template
	} else if template.NotAfter.After(parent.NotAfter) {
		template.NotAfter = parent.NotAfter
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func authorityName(role string, public crypto.PublicKey) pkix.Name {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return pkix.Name{Organization: []string{"Vigia"}, CommonName: "Vigia " + role}
	}
	sum := sha256.Sum256(der)
	return pkix.Name{Organization: []string{"Vigia"}, CommonName: "Vigia " + role + " " + hex.EncodeToString(sum[:4])}
}

func samePublicKey(a, b crypto.PublicKey) bool {
	key, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && key.Equal(b)
}

// halfLife is the time at which a certificate is to be replaced.
func halfLife(cert *x509.Certificate) time.Time {
	return cert.NotBefore.Add(backdating).Add(cert.NotAfter.Sub(cert.NotBefore.Add(backdating)) / 2)
}
