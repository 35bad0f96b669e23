package enroll

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/storage"
)

// ServiceOptions configures NewService.
type ServiceOptions struct {
	DB    *storage.DB
	Store *Store
	CA    *CA
	// Organisation is the name that agents show.
	Organisation string
	// PolicyKeys are the keys that agents accept policies from.
	PolicyKeys []ed25519.PublicKey
	// LogKey is the verifier string of the evidence log.
	LogKey string
	// Policy composes the first policy of a machine, in the transaction that
	// creates it; nil gives none.
	Policy func(ctx context.Context, tx *storage.Tx, m Machine) (*apiv1.SignedPolicy, error)
	// Now is the clock; nil means time.Now. Logger may be nil.
	Now    func() time.Time
	Logger *slog.Logger
}

// Service answers agents that enrol or renew. It verifies its callers itself,
// so it may stand on a listener that asks for no valid certificate.
type Service struct {
	apiv1.UnimplementedEnrollmentServiceServer
	opts    ServiceOptions
	sources *sources
}

// NewService returns the service.
func NewService(opts ServiceOptions) *Service {
	opts.Now = clock(opts.Now)
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Policy == nil {
		opts.Policy = func(context.Context, *storage.Tx, Machine) (*apiv1.SignedPolicy, error) { return nil, nil }
	}
	return &Service{opts: opts, sources: newSources(opts.Now)}
}

// Register adds the service to a server.
func (s *Service) Register(server *grpc.Server) { apiv1.RegisterEnrollmentServiceServer(server, s) }

// maxRequestBytes bounds a PKCS #10 request; that of a P-256 key is 300 bytes.
const maxRequestBytes = 8 << 10

// Enroll spends a token and admits a machine. The same request again, because
// the answer was lost on its way, is answered again, with the same token or
// another: the report key proves that it is the same machine.
func (s *Service) Enroll(ctx context.Context, req *apiv1.EnrollRequest) (*apiv1.EnrollResponse, error) {
	if err := s.limit(ctx); err != nil {
		return nil, err
	}
	self := req.GetMachine()
	if len(req.GetTokenSecret()) != len(apiv1.Token{}.Secret) {
		return nil, status.Error(codes.InvalidArgument, "the token's secret must have 16 bytes")
	}
	if err := checkMachine(self); err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "machine: %v", err)
	}
	public, err := requestedKey(req.GetCertificateRequest())
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "certificate request: %v", err)
	}
	if !apiv1.Verify(req.GetReportKey(), apiv1.DomainEnroll, apiv1.EnrollProof(req.GetCertificateRequest()), req.GetReportKeyProof()) {
		return nil, status.Error(codes.InvalidArgument, "report key: its proof is not valid")
	}
	var resp *apiv1.EnrollResponse
	err = s.opts.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		var err error
		resp, err = s.enroll(ctx, tx, req, public)
		return err
	})
	if err != nil {
		return nil, s.refuse(ctx, "Enroll", err)
	}
	s.opts.Logger.InfoContext(ctx, "machine enrolled", "agent_id", resp.GetAgentId())
	return resp, nil
}

// enroll is the part of Enroll inside the transaction.
func (s *Service) enroll(ctx context.Context, tx *storage.Tx, req *apiv1.EnrollRequest, public crypto.PublicKey) (*apiv1.EnrollResponse, error) {
	store, self, now := s.opts.Store, req.GetMachine(), s.opts.Now()
	token, err := store.tokenOf(ctx, tx, req.GetTokenSecret())
	if err != nil {
		return nil, err
	}
	hostname := strings.ToLower(self.GetHostname())
	refusal := token.admits(hostname, now)
	if errors.Is(refusal, ErrTokenUsed) && now.Before(token.ExpiresAt) {
		if m, err := store.Machine(ctx, tx, token.UsedBy); err == nil && m.Status == Active && m.ReportKey.Equal(ed25519.PublicKey(req.GetReportKey())) {
			return s.enrollAgain(ctx, tx, m, public)
		}
	}
	if refusal != nil {
		return nil, refusal
	}
	department := token.Department
	if department == "" {
		if department, err = store.departmentOf(ctx, tx, hostname); err != nil {
			return nil, err
		}
	}
	m := Machine{
		ID: NewAgentID(), Hostname: hostname, OS: self.GetOs(), OSName: self.GetOsName(), OSVersion: self.GetOsVersion(),
		Arch: self.GetArch(), AgentVersion: self.GetAgentVersion(), Department: department,
		ReportKey: req.GetReportKey(), TokenID: token.ID, EnrolledAt: now, LastSeen: now, Status: Active, StatusSince: now,
	}
	old, err := store.byReportKey(ctx, tx, m.ReportKey)
	switch {
	case err == nil && old.Status == Active:
		// The first answer was lost and the technician took a new token.
		if err := store.spend(ctx, tx, token.ID, old.ID); err != nil {
			return nil, err
		}
		return s.enrollAgain(ctx, tx, old, public)
	case err == nil:
		return nil, errReportKey
	case !errors.Is(err, ErrNoMachine):
		return nil, err
	}
	chain, err := s.opts.CA.issueAgent(m.ID, public)
	if err != nil {
		return nil, err
	}
	m.CertSerial, m.CertNotAfter, m.certKey = serial(chain[0]), chain[0].NotAfter, keyHash(chain[0])
	if err := store.spend(ctx, tx, token.ID, m.ID); err != nil {
		return nil, err
	}
	if err := store.insert(ctx, tx, m); err != nil {
		return nil, err
	}
	return s.welcome(ctx, tx, m, chain)
}

// enrollAgain answers a machine whose first answer was lost.
func (s *Service) enrollAgain(ctx context.Context, tx *storage.Tx, m Machine, public crypto.PublicKey) (*apiv1.EnrollResponse, error) {
	chain, err := s.opts.CA.issueAgent(m.ID, public)
	if err != nil {
		return nil, err
	}
	if err := s.opts.Store.renew(ctx, tx, m, chain[0]); err != nil {
		return nil, err
	}
	return s.welcome(ctx, tx, m, chain)
}

func (s *Service) welcome(ctx context.Context, tx *storage.Tx, m Machine, chain []*x509.Certificate) (*apiv1.EnrollResponse, error) {
	policy, err := s.opts.Policy(ctx, tx, m)
	if err != nil {
		return nil, err
	}
	return &apiv1.EnrollResponse{
		AgentId:      m.ID,
		Certificates: rawChain(chain),
		Roots:        s.opts.CA.Roots(),
		PolicyKeys:   s.policyKeys(),
		LogKey:       s.opts.LogKey,
		Organisation: s.opts.Organisation,
		Policy:       policy,
	}, nil
}

// errReportKey: who was shown the door does not come back with the same key.
var errReportKey = errors.New("the report key belongs to a machine that was revoked or retired: delete the agent's data folder and enrol with new keys")

// Errors of Renew. An outsider learns no more than that he is not known.
var (
	errUnknownPeer = errors.New("this collector does not know the machine with that certificate: enrol it with a new token")
	errProof       = errors.New("the proof of the report key is not valid")
)

// Renew issues the next certificate of a machine. The TLS certificate may have
// expired: the handshake proves its key, and the key is known here.
func (s *Service) Renew(ctx context.Context, req *apiv1.RenewRequest) (*apiv1.RenewResponse, error) {
	if err := s.limit(ctx); err != nil {
		return nil, err
	}
	peerCerts := PeerCertificates(ctx)
	if len(peerCerts) == 0 {
		return nil, status.Error(codes.Unauthenticated, ErrNoCertificate.Error())
	}
	if !ValidAgentID(req.GetAgentId()) {
		return nil, status.Error(codes.InvalidArgument, "the agent id is not well formed")
	}
	public, err := requestedKey(req.GetCertificateRequest())
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "certificate request: %v", err)
	}
	var resp *apiv1.RenewResponse
	err = s.opts.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		m, err := s.opts.Store.Machine(ctx, tx, req.GetAgentId())
		if errors.Is(err, ErrNoMachine) {
			return errUnknownPeer
		}
		if err != nil {
			return err
		}
		switch {
		case !m.owns(peerCerts[0]):
			return errUnknownPeer
		case !apiv1.Verify(m.ReportKey, apiv1.DomainRenew, apiv1.RenewProof(m.ID, req.GetCertificateRequest()), req.GetProof()):
			return errProof
		case m.Status != Active:
			return ErrNotActive
		}
		chain, err := s.opts.CA.issueAgent(m.ID, public)
		if err != nil {
			return err
		}
		resp = &apiv1.RenewResponse{
			Certificates: rawChain(chain), Roots: s.opts.CA.Roots(), PolicyKeys: s.policyKeys(), LogKey: s.opts.LogKey,
		}
		return s.opts.Store.renew(ctx, tx, m, chain[0])
	})
	if err != nil {
		return nil, s.refuse(ctx, "Renew", err)
	}
	s.opts.Logger.InfoContext(ctx, "certificate renewed", "agent_id", req.GetAgentId())
	return resp, nil
}

// limit refuses callers that ask too often.
func (s *Service) limit(ctx context.Context) error {
	if !s.sources.allow(peerAddr(ctx)) {
		return status.Error(codes.ResourceExhausted, "too many enrolments or renewals from this address: try again in a minute")
	}
	return nil
}

// refuse makes the answer of an error and writes the one log line about it.
func (s *Service) refuse(ctx context.Context, method string, err error) error {
	code := codes.PermissionDenied
	switch {
	case errors.Is(err, ErrTokenUnknown):
		s.sources.penalise(peerAddr(ctx))
	case errors.Is(err, ErrTokenUsed), errors.Is(err, ErrTokenExpired), errors.Is(err, ErrTokenRevoked), errors.Is(err, ErrTokenHost), errors.Is(err, ErrNotActive):
	case errors.Is(err, errReportKey):
		code = codes.AlreadyExists
	case errors.Is(err, errUnknownPeer), errors.Is(err, errProof):
		code = codes.Unauthenticated
	case errors.Is(err, storage.ErrFull):
		code = codes.ResourceExhausted
	case ctx.Err() != nil:
		return status.FromContextError(ctx.Err()).Err()
	default: // ours, not the caller's: the cause stays in our log
		s.opts.Logger.ErrorContext(ctx, "enrolment call failed", "method", method, "error", err)
		return status.Error(codes.Unavailable, "the collector could not do it now: try again later")
	}
	s.opts.Logger.WarnContext(ctx, "enrolment call refused", "method", method, "error", err, "from", sourceOf(peerAddr(ctx)).String())
	return status.Error(code, plain(err).Error())
}

// plain is the sentence for the caller, without the database's own words.
func plain(err error) error {
	if errors.Is(err, storage.ErrFull) {
		return errors.New("the collector's disk is full: free space there, then try again")
	}
	return err
}

func (s *Service) policyKeys() [][]byte {
	out := make([][]byte, len(s.opts.PolicyKeys))
	for i, key := range s.opts.PolicyKeys {
		out[i] = key
	}
	return out
}

// requestedKey takes the public key out of a PKCS #10 request, and nothing else.
func requestedKey(der []byte) (crypto.PublicKey, error) {
	if len(der) == 0 || len(der) > maxRequestBytes {
		return nil, errors.New("it is missing or too long")
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, errors.New("it is not a PKCS #10 request")
	}
	switch key := csr.PublicKey.(type) {
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() && key.Curve != elliptic.P384() {
			return nil, errors.New("its key must be ECDSA P-256 or P-384, or Ed25519")
		}
	case ed25519.PublicKey:
	default:
		return nil, errors.New("its key must be ECDSA P-256 or P-384, or Ed25519")
	}
	if err := csr.CheckSignature(); err != nil {
		return nil, errors.New("it is not signed by its own key")
	}
	return csr.PublicKey, nil
}

// PeerCertificates are those that the caller of a gRPC method showed, its own
// first. Nothing about them was verified but that the caller holds the first
// one's key.
func PeerCertificates(ctx context.Context) []*x509.Certificate {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok {
		return nil
	}
	return info.State.PeerCertificates
}

func peerAddr(ctx context.Context) net.Addr {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	return p.Addr
}

func rawChain(chain []*x509.Certificate) [][]byte {
	out := make([][]byte, len(chain))
	for i, cert := range chain {
		out[i] = cert.Raw
	}
	return out
}
