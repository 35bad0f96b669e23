package enroll

import (
	"cmp"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/storage"
)

// maxRequestBytes bounds a PKCS #10 request; that of a P-256 key is 300 bytes.
const maxRequestBytes = 8 << 10

// The answer to a machine that waits for approval, as google.rpc.ErrorInfo.
const (
	ErrorDomain     = apiv1.ErrorDomain
	ApprovalPending = "APPROVAL_PENDING"
)

// How long a waiting machine shall wait before it asks again: shortly while
// somebody may stand before it, and longer afterwards. Where many wait it is
// longer, so that all of them behind one address stay far below its limit.
const (
	soon      = 30 * time.Second
	soonUntil = 10 * time.Minute
	later     = 5 * time.Minute
	perWaiter = time.Second
)

// Decision is what becomes of a request to enrol. One of its first two fields is
// set.
type Decision struct {
	// Response admits the machine.
	Response *apiv1.EnrollResponse
	// Pending is what waits for a person. The same request again, after the
	// approval, is decided anew and admits the machine.
	Pending *Request
	// Asked: it waits from now on, and did not before.
	Asked bool
	// After is when a machine that waits should ask again.
	After time.Duration
}

// Decide decides about a request to enrol that came over the network from an
// address, or, when from is not valid, in a file. It does all of it in the
// caller's transaction, which must be committed when there is no error, before
// the decision is told to anybody.
func (s *Service) Decide(ctx context.Context, tx *storage.Tx, req *apiv1.EnrollRequest, from netip.Addr) (Decision, error) {
	a, err := readApplication(req, from)
	if err != nil {
		return Decision{}, err
	}
	return s.decide(ctx, tx, a)
}

// application is a request to enrol that is well formed.
type application struct {
	secret     []byte
	csr        []byte
	public     crypto.PublicKey // of csr
	reportKey  ed25519.PublicKey
	self       *apiv1.Machine
	hostname   string // lower case
	department string
	from       netip.Addr
}

// badApplication is the error of a request that no honest agent makes.
type badApplication struct{ why string }

func (e badApplication) Error() string { return e.why }

// readApplication checks a request as far as that needs no database.
func readApplication(req *apiv1.EnrollRequest, from netip.Addr) (application, error) {
	if len(req.GetTokenSecret()) != len(apiv1.Token{}.Secret) {
		return application{}, badApplication{"the token's secret must have 16 bytes"}
	}
	if err := checkMachine(req.GetMachine()); err != nil {
		return application{}, badApplication{fmt.Sprintf("machine: %v", err)}
	}
	if !validText(req.GetDepartment()) {
		return application{}, badApplication{fmt.Sprintf("department: it is longer than %d letters or holds control characters", maxTextRunes)}
	}
	public, err := requestedKey(req.GetCertificateRequest())
	if err != nil {
		return application{}, badApplication{fmt.Sprintf("certificate request: %v", err)}
	}
	if !apiv1.Verify(req.GetReportKey(), apiv1.DomainEnroll, apiv1.EnrollProof(req.GetCertificateRequest()), req.GetReportKeyProof()) {
		return application{}, badApplication{"report key: its proof is not valid"}
	}
	return application{
		secret: req.GetTokenSecret(), csr: req.GetCertificateRequest(), public: public, reportKey: req.GetReportKey(),
		self: req.GetMachine(), hostname: strings.ToLower(req.GetMachine().GetHostname()),
		department: strings.TrimSpace(req.GetDepartment()), from: from,
	}, nil
}

// request is what is kept of an application that a person decides about.
func (a application) request(code, tokenID string, now time.Time) Request {
	r := Request{
		Code: code, ReportKey: a.reportKey, CertificateRequest: a.csr, TokenID: tokenID, Hostname: a.hostname,
		OS: a.self.GetOs(), OSName: a.self.GetOsName(), OSVersion: a.self.GetOsVersion(), Arch: a.self.GetArch(),
		AgentVersion: a.self.GetAgentVersion(), Hardware: writeID(a.self.GetHardwareId()),
		Installation: writeID(a.self.GetInstallationId()), SaidDepartment: a.department,
		AskedAt: now, LastAsked: now, State: RequestPending,
	}
	if a.from.IsValid() {
		r.Source = a.from.String()
	}
	return r
}

// waiting answers a machine that waits and asks again, which mostly leaves
// nothing to write. The decision is empty when there may be something.
func (s *Service) waiting(ctx context.Context, a application) (Decision, error) {
	var decision Decision
	err := s.opts.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		token, err := s.opts.Store.tokenOf(ctx, tx, a.secret)
		if err != nil || !token.Approval {
			return err
		}
		r, err := s.opts.Store.requestOf(ctx, tx, a.reportKey)
		if errors.Is(err, ErrNoRequest) {
			return nil
		}
		if err != nil {
			return err
		}
		now := a.request(r.Code, token.ID, s.opts.Now())
		if r.State == RequestPending && r.TokenID == token.ID && r.Hostname == now.Hostname && r.Source == now.Source &&
			(now.SaidDepartment == "" || r.SaidDepartment == now.SaidDepartment) && now.LastAsked.Sub(r.LastAsked) < later {
			decision, err = s.wait(ctx, tx, r)
		}
		return err
	})
	return decision, err
}

// wait is the decision that a machine waits.
func (s *Service) wait(ctx context.Context, tx *storage.Tx, r Request) (Decision, error) {
	waiting, err := s.opts.Store.CountPending(ctx, tx)
	after := later
	if s.opts.Now().Sub(r.AskedAt) < soonUntil {
		after = soon
	}
	return Decision{Pending: &r, After: max(after, time.Duration(waiting)*perWaiter)}, err
}

// decide is the part of Enroll inside the transaction.
func (s *Service) decide(ctx context.Context, tx *storage.Tx, a application) (Decision, error) {
	store, now := s.opts.Store, s.opts.Now()
	token, err := store.tokenOf(ctx, tx, a.secret)
	if err != nil {
		return Decision{}, err
	}
	refusal := token.admits(a.hostname, a.from, now)
	m, err := store.byReportKey(ctx, tx, a.reportKey)
	switch {
	case err == nil && m.Status == Active:
		return s.again(ctx, tx, a, token, m, refusal)
	case err == nil && refusal == nil:
		return Decision{}, errReportKey
	case err == nil:
		return Decision{}, refusal
	case !errors.Is(err, ErrNoMachine):
		return Decision{}, err
	}
	r, err := store.requestOf(ctx, tx, a.reportKey)
	switch {
	case err == nil:
		decided, decision, err := s.resume(ctx, tx, a, token, r, refusal)
		if decided || err != nil {
			return decision, err
		}
	case !errors.Is(err, ErrNoRequest):
		return Decision{}, err
	}
	switch {
	case refusal != nil:
		return Decision{}, refusal
	case token.Approval:
		r := a.request(apiv1.CheckCode(a.reportKey), token.ID, now)
		if err := store.ask(ctx, tx, r); err != nil {
			return Decision{}, err
		}
		d, err := s.wait(ctx, tx, r)
		d.Asked = true
		return d, err
	}
	return s.admit(ctx, tx, a, token, nil)
}

// again answers a machine that is enrolled and asks as if it were not: the first
// answer was lost.
func (s *Service) again(ctx context.Context, tx *storage.Tx, a application, token TokenInfo, m Machine, refusal error) (Decision, error) {
	store, now := s.opts.Store, s.opts.Now()
	switch own := m.TokenID == token.ID || token.UsedBy == m.ID; {
	case own && (now.Before(token.ExpiresAt) || !a.from.IsValid()): // a stick may be on its way for months
	case own:
		r, err := store.requestOf(ctx, tx, a.reportKey)
		if err != nil && !errors.Is(err, ErrNoRequest) {
			return Decision{}, err
		}
		if err != nil || !now.Before(r.DecidedAt.Add(requestLife)) {
			return Decision{}, refusal
		}
	case refusal != nil:
		return Decision{}, refusal
	case token.Machines == 1: // the technician took a new token
		if err := store.spend(ctx, tx, token, m.ID); err != nil {
			return Decision{}, err
		}
	}
	chain, err := s.opts.CA.issueAgent(m.ID, a.public)
	if err != nil {
		return Decision{}, err
	}
	if err := store.renew(ctx, tx, m, chain[0]); err != nil {
		return Decision{}, err
	}
	return s.welcome(ctx, tx, m, chain)
}

// resume goes on with a request that the machine made before. Not decided means
// that the request has no say: the machine is as any other that comes with the
// token.
func (s *Service) resume(ctx context.Context, tx *storage.Tx, a application, token TokenInfo, r Request, refusal error) (decided bool, d Decision, err error) {
	store, own := s.opts.Store, token.ID == r.TokenID
	switch r.State {
	case RequestApproved:
		if !own && refusal != nil {
			return false, Decision{}, refusal
		}
		if !own {
			if token, err = store.Token(ctx, tx, r.TokenID); err != nil {
				return false, Decision{}, err
			}
		}
		d, err := s.admit(ctx, tx, a, token, &r)
		return true, d, err
	case RequestPending:
		if !own {
			break
		}
		if err := token.reaches(a.from); err != nil {
			return false, Decision{}, err
		}
		before := r
		r = a.request(r.Code, r.TokenID, s.opts.Now())
		r.AskedAt = before.AskedAt
		r.SaidDepartment = cmp.Or(r.SaidDepartment, before.SaidDepartment)
		if err := store.askAgain(ctx, tx, r); err != nil {
			return false, Decision{}, err
		}
		d, err := s.wait(ctx, tx, r)
		return true, d, err
	case RequestRejected:
		switch {
		case own && errors.Is(refusal, ErrTokenRevoked):
			return false, Decision{}, refusal
		case own:
			return false, Decision{}, fmt.Errorf("%w: %s", ErrRejected, r.Why)
		}
	case RequestLapsed:
		if own && refusal != nil && !r.DecidedAt.IsZero() {
			return false, Decision{}, errApprovalLapsed
		}
	case RequestEnrolled: // and its machine is gone from the tables
	}
	return false, Decision{}, nil
}

// admit makes a machine of the organisation out of one that asks, after the
// request if a person approved one.
func (s *Service) admit(ctx context.Context, tx *storage.Tx, a application, token TokenInfo, approved *Request) (Decision, error) {
	store, now := s.opts.Store, s.opts.Now()
	department, err := s.departmentOf(ctx, tx, a, token, approved)
	if err != nil {
		return Decision{}, err
	}
	m := Machine{
		ID: NewAgentID(), Hostname: a.hostname, OS: a.self.GetOs(), OSName: a.self.GetOsName(), OSVersion: a.self.GetOsVersion(),
		Arch: a.self.GetArch(), AgentVersion: a.self.GetAgentVersion(), Department: department,
		ReportKey: a.reportKey, TokenID: token.ID, EnrolledAt: now, LastSeen: now, Status: Active, StatusSince: now,
		Hardware: writeID(a.self.GetHardwareId()), Installation: writeID(a.self.GetInstallationId()),
	}
	chain, err := s.opts.CA.issueAgent(m.ID, a.public)
	if err != nil {
		return Decision{}, err
	}
	m.CertSerial, m.CertNotAfter, m.certKey = serial(chain[0]), chain[0].NotAfter, keyHash(chain[0])
	if err := store.spend(ctx, tx, token, m.ID); err != nil {
		return Decision{}, err
	}
	if err := store.insert(ctx, tx, m, approved); err != nil {
		return Decision{}, err
	}
	if err := store.fulfil(ctx, tx, m.ReportKey, m.ID); err != nil {
		return Decision{}, err
	}
	return s.welcome(ctx, tx, m, chain)
}

// departmentOf is what the person who approved says, else the token, else the
// list of known machines, else the installer: what he had said when it was
// approved, for that is what the person saw.
func (s *Service) departmentOf(ctx context.Context, tx *storage.Tx, a application, token TokenInfo, approved *Request) (string, error) {
	given, said := "", a.department
	if approved != nil {
		given, said = approved.Department, approved.SaidDepartment
	}
	if given = cmp.Or(given, token.Department); given != "" {
		return given, nil
	}
	known, err := s.opts.Store.departmentOf(ctx, tx, a.hostname)
	return cmp.Or(known, said), err
}

func (s *Service) welcome(ctx context.Context, tx *storage.Tx, m Machine, chain []*x509.Certificate) (Decision, error) {
	policy, err := s.opts.Policy(ctx, tx, m)
	if err != nil {
		return Decision{}, err
	}
	return Decision{Response: &apiv1.EnrollResponse{
		AgentId:      m.ID,
		Certificates: rawChain(chain),
		Roots:        s.opts.CA.Roots(),
		PolicyKeys:   s.policyKeys(),
		LogKey:       s.opts.LogKey,
		Organisation: s.opts.Organisation,
		Policy:       policy, FileRecipient: s.opts.FileRecipient,
	}}, nil
}

// errReportKey: who was shown the door does not come back with the same key.
var errReportKey = errors.New("the report key belongs to a machine that was revoked or retired: delete the agent's data folder and enrol with new keys")

// pending is the answer to a machine that waits.
func pending(d Decision) error {
	st := status.New(codes.FailedPrecondition, "an administrator has to approve this machine, whose check code is "+d.Pending.Code)
	if told, err := st.WithDetails(&errdetails.ErrorInfo{Domain: ErrorDomain, Reason: ApprovalPending},
		&errdetails.RetryInfo{RetryDelay: durationpb.New(d.After)}); err == nil {
		st = told
	}
	return st.Err()
}
