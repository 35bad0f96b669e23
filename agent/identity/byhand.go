package identity

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"vigia/collector/api/carry"
	apiv1 "vigia/collector/api/v1"
)

// Asking is an enrolment that goes by hand: what is asked, with the keys of an
// enrolment that was begun before, if there is one.
type Asking struct {
	Request *apiv1.EnrollRequest
	keys    pending
}

// AskByHand prepares an enrolment whose request a person carries. A machine that
// is enrolled is ErrEnrolled. Of the request, Collector may be empty: there is
// no route to it; Dial and Proxy are of no use.
func AskByHand(req Request) (Asking, error) {
	if _, err := os.Lstat(filepath.Join(req.Dir, stateFile)); !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			return Asking{}, fmt.Errorf("look for an identity: %w", err)
		}
		return Asking{}, ErrEnrolled
	}
	keys, err := preparePending(req.Dir)
	if err != nil {
		return Asking{}, fmt.Errorf("prepare keys: %w", err)
	}
	a := Asking{keys: keys}
	key, err := parseKey(keys.TLSKey)
	if err != nil {
		return Asking{}, fmt.Errorf("prepare keys: %w", err)
	}
	csr, err := certificateRequest(key)
	if err != nil {
		return Asking{}, err
	}
	public, _ := ed25519.NewKeyFromSeed(keys.ReportKey).Public().(ed25519.PublicKey)
	a.Request = &apiv1.EnrollRequest{
		TokenSecret: req.Token.Secret[:], CertificateRequest: csr, ReportKey: public,
		ReportKeyProof: a.Sign(apiv1.DomainEnroll, apiv1.EnrollProof(csr)),
		Machine:        req.Machine, Department: req.Department,
	}
	return a, nil
}

// Sign signs with the key that will be the machine's report key.
func (a Asking) Sign(domain apiv1.Domain, message []byte) []byte {
	return apiv1.Sign(ed25519.NewKeyFromSeed(a.keys.ReportKey), domain, message)
}

// AdmittedByHand keeps the identity that an answer brought. That the answer is
// authentic is the caller's to prove; here the roots must have the pin.
func AdmittedByHand(dir, collector string, pin [32]byte, resp *apiv1.EnrollResponse, now func() time.Time) (*Identity, error) {
	if now == nil {
		now = time.Now
	}
	if _, err := os.Lstat(filepath.Join(dir, stateFile)); !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			return nil, fmt.Errorf("look for an identity: %w", err)
		}
		return nil, ErrEnrolled
	}
	keys, err := preparePending(dir)
	if err != nil {
		return nil, fmt.Errorf("read the keys of the enrolment: %w", err)
	}
	if err := checkPinned(resp.GetRoots(), apiv1.Token{CAPin: pin}); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	id := &Identity{dir: dir, now: now}
	s := state{
		Version: stateVersion, AgentID: resp.GetAgentId(), Collector: collector,
		Organisation: resp.GetOrganisation(), EnrolledAt: now().UTC().Truncate(time.Second),
		TLSKey: keys.TLSKey, ReportKey: keys.ReportKey, Certificates: resp.GetCertificates(),
		Roots: resp.GetRoots(), PolicyKeys: resp.GetPolicyKeys(), LogKey: resp.GetLogKey(),
		FileRecipient: resp.GetFileRecipient(),
	}
	if err := id.adopt(s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	if err := id.save(s); err != nil {
		return nil, fmt.Errorf("keep the identity: %w", err)
	}
	if err := remove(dir, pendingFile); err != nil {
		return nil, fmt.Errorf("remove the keys of the enrolment: %w", err)
	}
	return id, nil
}

// FileRecipient is whom evidence is encrypted to that a person carries; empty
// while the collector did not say.
func (id *Identity) FileRecipient() string { return id.get().FileRecipient }

// KeepFileRecipient keeps a recipient that the collector told over a connection of its own
// or in an answer that it signed. It is an error if it is none.
func (id *Identity) KeepFileRecipient(recipient string) error {
	if err := carry.CheckRecipient(recipient); err != nil {
		return fmt.Errorf("whom to encrypt files to: %w", err)
	}
	id.mu.Lock()
	defer id.mu.Unlock()
	s := id.state
	if recipient == s.FileRecipient {
		return nil
	}
	s.FileRecipient = recipient
	return id.replaceLocked(s)
}

// answerKeyFile opens the answers that a person brings.
const answerKeyFile = "answers.key"

// AnswerKey is the key to which answers are encrypted, made when there is none.
// It is no loss if it is lost: what is not answered is asked again.
func AnswerKey(dir string) (carry.Key, error) {
	b, err := readFile(dir, answerKeyFile)
	if err == nil {
		if key, err := carry.ParseKey(string(b)); err == nil {
			return key, nil
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return carry.Key{}, fmt.Errorf("read the key of answers: %w", err)
	}
	key, err := carry.NewKey()
	if err != nil {
		return carry.Key{}, err
	}
	if err := writeFile(dir, answerKeyFile, []byte(key.String()+"\n")); err != nil {
		return carry.Key{}, fmt.Errorf("keep the key of answers: %w", err)
	}
	return key, nil
}

// errandsFile remembers the requests that left by hand.
const errandsFile = "errands.json"

// LoadErrands reads into what SaveErrands kept; it is left as it is when nothing
// was, or when that is damaged: then answers on their way are not recognised,
// and their requests made again.
func LoadErrands(dir string, into any) error {
	b, err := readFile(dir, errandsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read what left by hand: %w", err)
	}
	_ = json.Unmarshal(b, into) // see above
	return nil
}

// SaveErrands keeps what left by hand, durably.
func SaveErrands(dir string, errands any) error {
	b, err := json.Marshal(errands)
	if err == nil {
		err = writeFile(dir, errandsFile, b)
	}
	if err != nil {
		return fmt.Errorf("keep what left by hand: %w", err)
	}
	return nil
}
