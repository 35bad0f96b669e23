// Package identity is who this agent is: its keys, its certificate, and what
// it pinned of its collector when it enrolled.
//
// Both private keys are made on the machine and never leave it: an ECDSA key
// for TLS, replaced at each renewal, and an Ed25519 key that signs reports for
// the life of the enrolment. Enrolment trusts nothing but the fingerprint in
// the token; from then on the agent trusts the roots and keys that it was
// given, and it accepts new ones only from a collector that those verify. The
// package never gives up an identity, whatever the collector answers, and
// never writes a token or a key to a log or an error.
package identity

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	apiv1 "vigia/collector/api/v1"
)

// Errors that a technician can act on.
var (
	// ErrNotEnrolled: the folder holds no identity.
	ErrNotEnrolled = errors.New("this machine is not enrolled")
	// ErrEnrolled: the folder holds one already.
	ErrEnrolled = errors.New("this machine is already enrolled")
	// ErrAddress: what was given is no address of a collector.
	ErrAddress = errors.New("not an address of a collector")
	// ErrPermissions: others than the owner can read the keys.
	ErrPermissions = errors.New("the keys can be read by other users")
	// ErrDamaged: the identity's file does not hold together.
	ErrDamaged = errors.New("the identity is damaged")
	// ErrUnknownCA: who answered is not the collector that was pinned.
	ErrUnknownCA = errors.New("the server is not the collector that this machine trusts")
	// ErrServerName: the collector's certificate is for other names.
	ErrServerName = errors.New("the collector's certificate is not for this address")
	// ErrClock: this machine's time is outside the certificate's.
	ErrClock = errors.New("this machine's clock is not within the collector's certificate")
	// ErrTokenRefused: the collector does not accept the token; the error says why.
	ErrTokenRefused = errors.New("the collector refused the token")
	// ErrUnknownMachine: the collector does not know this machine.
	ErrUnknownMachine = errors.New("the collector does not know this machine")
	// ErrNotActive: the machine was revoked or retired.
	ErrNotActive = errors.New("the collector no longer admits this machine")
	// ErrRefused: the collector does not accept the request itself.
	ErrRefused = errors.New("the collector refused the request")
	// ErrAnswer: what the collector answered does not hold together.
	ErrAnswer = errors.New("the collector's answer is not acceptable")
	// ErrBusy: too many have asked from this address.
	ErrBusy = errors.New("the collector asks to wait")
	// ErrUnreachable: there was no answer.
	ErrUnreachable = errors.New("the collector cannot be reached")
)

// state is what is kept on disk, see load and save.
type state struct {
	Version      int       `json:"version"`
	AgentID      string    `json:"agent_id"`
	Collector    string    `json:"collector"`       // host:port
	Proxy        string    `json:"proxy,omitempty"` // as it was given; may hold a password
	Organisation string    `json:"organisation"`
	EnrolledAt   time.Time `json:"enrolled_at"`
	TLSKey       []byte    `json:"tls_key"` // PKCS #8
	// NextKey is the key of a renewal that was asked for and not answered. It
	// is asked for again, for the collector knows only it and the current one.
	NextKey      []byte   `json:"next_key,omitempty"`
	ReportKey    []byte   `json:"report_key"`   // Ed25519 seed
	Certificates [][]byte `json:"certificates"` // own, then issuers
	Roots        [][]byte `json:"roots"`
	PolicyKeys   [][]byte `json:"policy_keys"`
	LogKey       string   `json:"log_key"`
	// FileRecipient is whom evidence is encrypted to that a person carries.
	FileRecipient string `json:"file_recipient,omitempty"`
}

const stateVersion = 1

// Identity is an enrolled machine's. It is safe for concurrent use.
type Identity struct {
	dir string
	now func() time.Time

	mu        sync.Mutex
	state     state // as it is on disk
	cert      *tls.Certificate
	roots     *x509.CertPool
	reportKey ed25519.PrivateKey
	sessions  tls.ClientSessionCache // of the current certificate
}

// Load reads the identity in a folder. now is the wall clock; nil means
// time.Now.
func Load(dir string, now func() time.Time) (*Identity, error) {
	if now == nil {
		now = time.Now
	}
	b, err := readFile(dir, stateFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotEnrolled
	}
	if err != nil {
		return nil, fmt.Errorf("read identity: %w", err)
	}
	var s state
	if err := json.Unmarshal(b, &s); err != nil {
		// The decoder's own words could hold a piece of a key.
		return nil, fmt.Errorf("read %s: %w", stateFile, ErrDamaged)
	}
	if s.Version != stateVersion {
		return nil, fmt.Errorf("read %s: version %d is not one that this agent knows: %w", stateFile, s.Version, ErrDamaged)
	}
	id := &Identity{dir: dir, now: now}
	if err := id.adopt(s); err != nil {
		return nil, fmt.Errorf("read %s: %w: %w", stateFile, ErrDamaged, err)
	}
	return id, nil
}

// adopt takes a state after checking that it holds together.
func (id *Identity) adopt(s state) error {
	if !validAgentID(s.AgentID) {
		return errors.New("agent id is not well formed")
	}
	if s.Collector != "" { // a machine without a route has none
		if _, err := splitHost(s.Collector); err != nil {
			return err
		}
	}
	key, err := parseKey(s.TLSKey)
	if err != nil {
		return err
	}
	if len(s.ReportKey) != ed25519.SeedSize {
		return errors.New("report key has the wrong length")
	}
	cert, err := parseChain(s.Certificates, key)
	if err != nil {
		return err
	}
	roots, err := parseRoots(s.Roots)
	if err != nil {
		return err
	}
	if err := checkKeys(s.PolicyKeys, s.LogKey); err != nil {
		return err
	}
	id.state, id.cert, id.roots = s, cert, roots
	id.reportKey = ed25519.NewKeyFromSeed(s.ReportKey)
	id.sessions = newSessions()
	return nil
}

// AgentID is the name that the collector gave this machine.
func (id *Identity) AgentID() string { return id.get().AgentID }

// Collector is the address to call, as host:port; empty when there is no route to it.
func (id *Identity) Collector() string { return id.get().Collector }

// Proxy is what was said of a proxy when this machine enrolled; it may hold a password.
func (id *Identity) Proxy() string { return id.get().Proxy }

// Organisation is whom the collector belongs to.
func (id *Identity) Organisation() string { return id.get().Organisation }

// EnrolledAt is when this machine enrolled, by its clock.
func (id *Identity) EnrolledAt() time.Time { return id.get().EnrolledAt }

// PolicyKeys are the keys whose policies this machine obeys.
func (id *Identity) PolicyKeys() []ed25519.PublicKey {
	var keys []ed25519.PublicKey
	for _, key := range id.get().PolicyKeys {
		keys = append(keys, slices.Clone(key))
	}
	return keys
}

// LogKey verifies the checkpoints of the collector's evidence log.
func (id *Identity) LogKey() string { return id.get().LogKey }

// Expires is the end of the current certificate.
func (id *Identity) Expires() time.Time {
	id.mu.Lock()
	defer id.mu.Unlock()
	return id.cert.Leaf.NotAfter
}

// Sign signs a message with the report key.
func (id *Identity) Sign(domain apiv1.Domain, message []byte) []byte {
	id.mu.Lock()
	key := id.reportKey
	id.mu.Unlock()
	return apiv1.Sign(key, domain, message)
}

// TLS is how to connect to the collector at host:port, with this machine's
// current certificate, and who answered is verified against the pinned roots.
// The sessions of one certificate are resumed.
//
// The first handshake has the key exchange of crypto/tls that no quantum computer undoes,
// at two kilobytes. One that resumes its session mixes that secret in, and offers the
// small exchange beside it; if the collector knows the session no more, the next one is a
// first one again.
func (id *Identity) TLS(address string) (*tls.Config, error) {
	host, err := splitHost(address)
	if err != nil {
		return nil, err
	}
	id.mu.Lock()
	defer id.mu.Unlock()
	v := &verifier{host: host, now: id.now, roots: id.roots}
	cfg := v.config()
	cert := id.cert
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
	sessions := id.sessions
	cfg.ClientSessionCache = sessions
	if _, known := sessions.Get(host); known {
		cfg.CurvePreferences = []tls.CurveID{tls.X25519}
		verify := cfg.VerifyConnection
		cfg.VerifyConnection = func(cs tls.ConnectionState) error {
			if !cs.DidResume {
				id.forget(sessions)
			}
			return verify(cs)
		}
	}
	return cfg, nil
}

// forget begins with new sessions, where those are still in use.
func (id *Identity) forget(old tls.ClientSessionCache) {
	id.mu.Lock()
	defer id.mu.Unlock()
	if id.sessions == old {
		id.sessions = newSessions()
	}
}

func newSessions() tls.ClientSessionCache { return tls.NewLRUClientSessionCache(4) }

func (id *Identity) get() state {
	id.mu.Lock()
	defer id.mu.Unlock()
	return id.state
}

var agentID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

func validAgentID(s string) bool { return agentID.MatchString(s) }

// splitHost returns the host of host:port as a certificate names it: the zone of an IPv6
// address tells this machine which cable to use, and nobody else anything.
func splitHost(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if _, nan := strconv.ParseUint(port, 10, 16); err != nil || host == "" || nan != nil {
		return "", fmt.Errorf("%w: %q is not HOST:PORT; an IPv6 address is written in brackets, [2001:db8::1]:8443", ErrAddress, address)
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.WithZone("").String(), nil
	}
	return host, nil
}

// newKey makes a TLS key, as PKCS #8.
func newKey() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode a key: %w", err)
	}
	return der, nil
}

func parseKey(der []byte) (crypto.Signer, error) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("TLS key cannot be read")
	}
	signer, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("TLS key is not ECDSA")
	}
	return signer, nil
}

// parseChain joins a certificate with its issuers and its key.
func parseChain(chain [][]byte, key crypto.Signer) (*tls.Certificate, error) {
	if len(chain) == 0 || len(chain) > 8 {
		return nil, errors.New("there is no certificate, or too long a chain")
	}
	leaf, err := x509.ParseCertificate(chain[0])
	if err != nil {
		return nil, errors.New("certificate cannot be read")
	}
	own, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, fmt.Errorf("encode a key: %w", err)
	}
	if !bytes.Equal(leaf.RawSubjectPublicKeyInfo, own) {
		return nil, errors.New("certificate is for another key")
	}
	return &tls.Certificate{Certificate: chain, PrivateKey: key, Leaf: leaf}, nil
}

func parseRoots(roots [][]byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if len(roots) == 0 || len(roots) > 16 {
		return nil, errors.New("there is no root certificate, or too many")
	}
	for _, der := range roots {
		cert, err := x509.ParseCertificate(der)
		if err != nil || !cert.IsCA {
			return nil, errors.New("a root certificate cannot be read")
		}
		pool.AddCert(cert)
	}
	return pool, nil
}

func checkKeys(policyKeys [][]byte, logKey string) error {
	if len(policyKeys) == 0 || len(policyKeys) > 16 {
		return errors.New("there is no policy key, or too many")
	}
	for _, key := range policyKeys {
		if len(key) != ed25519.PublicKeySize {
			return errors.New("a policy key has the wrong length")
		}
	}
	if _, err := note.NewVerifier(logKey); err != nil {
		return errors.New("the log key cannot be read")
	}
	return nil
}
