package identity

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	apiv1 "vigia/collector/api/v1"
)

// Request is what an enrolment needs.
type Request struct {
	Dir       string // will hold the identity
	Collector string // host:port
	Token     apiv1.Token
	Machine   *apiv1.Machine
	// Department is what the installer says of it; the collector may know better.
	Department string
	// Proxy is kept with the identity, as it was written; it may hold a password. Dial
	// goes by it.
	Proxy string
	Dial  Dial
	Now   func() time.Time // nil: time.Now
}

// pending are the keys of an enrolment that was not answered. They are asked
// with again: the collector then knows that it is the machine whose token it
// spent.
type pending struct {
	TLSKey    []byte `json:"tls_key"`
	ReportKey []byte `json:"report_key"`
}

// Enroll makes the keys, spends the token and keeps the identity. It returns
// the first policy too, which is not verified yet and may be nil.
func Enroll(ctx context.Context, req Request) (*Identity, *apiv1.SignedPolicy, error) {
	if req.Now == nil {
		req.Now = time.Now
	}
	host, err := splitHost(req.Collector)
	if err != nil {
		return nil, nil, err
	}
	if _, err := os.Lstat(filepath.Join(req.Dir, stateFile)); !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			return nil, nil, fmt.Errorf("look for an identity: %w", err)
		}
		return nil, nil, ErrEnrolled
	}
	keys, err := preparePending(req.Dir)
	if err != nil {
		return nil, nil, fmt.Errorf("prepare keys: %w", err)
	}
	key, err := parseKey(keys.TLSKey)
	if err != nil {
		return nil, nil, fmt.Errorf("prepare keys: %w", err)
	}
	reportKey := ed25519.NewKeyFromSeed(keys.ReportKey)
	csr, err := certificateRequest(key)
	if err != nil {
		return nil, nil, err
	}
	v := &verifier{host: host, now: req.Now, pin: req.Token.CAPin}
	var resp *apiv1.EnrollResponse
	err = v.call(ctx, req.Collector, v.config(), req.Dial, func(ctx context.Context, c apiv1.EnrollmentServiceClient) error {
		var err error
		resp, err = c.Enroll(ctx, &apiv1.EnrollRequest{
			TokenSecret:        req.Token.Secret[:],
			CertificateRequest: csr,
			ReportKey:          reportKey.Public().(ed25519.PublicKey),
			ReportKeyProof:     apiv1.Sign(reportKey, apiv1.DomainEnroll, apiv1.EnrollProof(csr)),
			Machine:            req.Machine,
			Department:         req.Department,
		})
		return err
	})
	if wait, ok := mustWait(err); ok {
		return nil, nil, &Pending{CheckCode: apiv1.CheckCode(reportKey.Public().(ed25519.PublicKey)), AskAgain: wait}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("enrol with %s: %w", req.Collector, v.explain(err, ErrTokenRefused))
	}
	if err := checkPinned(resp.GetRoots(), req.Token); err != nil {
		return nil, nil, fmt.Errorf("enrol with %s: %w: %w", req.Collector, ErrAnswer, err)
	}
	id := &Identity{dir: req.Dir, now: req.Now}
	s := state{
		Version: stateVersion, AgentID: resp.GetAgentId(), Collector: req.Collector, Proxy: req.Proxy,
		Organisation: resp.GetOrganisation(), EnrolledAt: req.Now().UTC().Truncate(time.Second),
		TLSKey: keys.TLSKey, ReportKey: keys.ReportKey, Certificates: resp.GetCertificates(),
		Roots: resp.GetRoots(), PolicyKeys: resp.GetPolicyKeys(), LogKey: resp.GetLogKey(),
		FileRecipient: resp.GetFileRecipient(),
	}
	if err := id.adopt(s); err != nil {
		return nil, nil, fmt.Errorf("enrol with %s: %w: %w", req.Collector, ErrAnswer, err)
	}
	if err := id.save(s); err != nil {
		return nil, nil, fmt.Errorf("keep the identity: %w", err)
	}
	if err := remove(req.Dir, pendingFile); err != nil {
		return nil, nil, fmt.Errorf("remove the keys of the enrolment: %w", err)
	}
	return id, resp.GetPolicy(), nil
}

// preparePending returns the keys of an enrolment that was begun before, or
// makes and keeps new ones.
func preparePending(dir string) (pending, error) {
	var keys pending
	b, err := readFile(dir, pendingFile)
	if err == nil && json.Unmarshal(b, &keys) == nil && len(keys.ReportKey) == ed25519.SeedSize {
		if _, err := parseKey(keys.TLSKey); err == nil {
			return keys, nil
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return pending{}, err
	}
	if keys.TLSKey, err = newKey(); err != nil {
		return pending{}, err
	}
	keys.ReportKey = make([]byte, ed25519.SeedSize)
	rand.Read(keys.ReportKey) // never fails: crypto/rand ends the program instead
	if b, err = json.Marshal(keys); err != nil {
		return pending{}, fmt.Errorf("encode keys: %w", err)
	}
	return keys, writeFile(dir, pendingFile, b)
}

// checkPinned demands that the root of the token is among the roots to trust.
func checkPinned(roots [][]byte, token apiv1.Token) error {
	for _, der := range roots {
		if cert, err := x509.ParseCertificate(der); err == nil && apiv1.Pin(cert) == token.CAPin {
			return nil
		}
	}
	return errors.New("the token's root is not among the roots")
}

func certificateRequest(key crypto.Signer) ([]byte, error) {
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate request: %w", err)
	}
	return csr, nil
}

func (id *Identity) save(s state) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode identity: %w", err)
	}
	return writeFile(id.dir, stateFile, b)
}
