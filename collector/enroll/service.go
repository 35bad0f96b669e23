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
	// FileRecipient is whom agents encrypt to what they give to a person to carry; empty:
	// none.
	FileRecipient string
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

// Enroll spends a token and admits a machine, or keeps its request until a person
// has decided. The same request again, because the answer was lost on its way,
// is answered again, with the same token or another: the report key proves that
// it is the same machine.
func (s *Service) Enroll(ctx context.Context, req *apiv1.EnrollRequest) (*apiv1.EnrollResponse, error) {
	if err := s.limit(ctx); err != nil {
		return nil, err
	}
	return s.Admit(ctx, req)
}

// Admit is Enroll for a request that a person brought in a file. Whoever may run the
// command that takes it is not slowed down, and it comes from no address.
func (s *Service) Admit(ctx context.Context, req *apiv1.EnrollRequest) (*apiv1.EnrollResponse, error) {
	a, err := readApplication(req, addressOf(peerAddr(ctx)))
	if err != nil {
		return nil, s.refuse(ctx, "Enroll", err)
	}
	decision, err := s.waiting(ctx, a)
	if err == nil && decision.Pending == nil {
		err = s.opts.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
			decision, err = s.decide(ctx, tx, a)
			return err
		})
	}
	if err != nil {
		return nil, s.refuse(ctx, "Enroll", err)
	}
	if r := decision.Pending; r != nil {
		if decision.Asked {
			s.opts.Logger.InfoContext(ctx, "machine waits for approval", "check_code", r.Code, "token_id", r.TokenID)
		}
		return nil, pending(decision)
	}
	s.opts.Logger.InfoContext(ctx, "machine enrolled", "agent_id", decision.Response.GetAgentId())
	return decision.Response, nil
}

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
		return nil, apiv1.Refuse(codes.Unauthenticated, apiv1.RefusedNoCertificate, ErrNoCertificate.Error()).Err()
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
			FileRecipient: s.opts.FileRecipient,
		}
		return s.opts.Store.renew(ctx, tx, m, chain[0])
	})
	if err != nil {
		return nil, s.refuse(ctx, "Renew", err)
	}
	s.opts.Logger.InfoContext(ctx, "certificate renewed", "agent_id", req.GetAgentId())
	return resp, nil
}

// limit refuses callers that ask too often. Who has no address is no caller from
// a network: what somebody carried here in files comes all at once.
func (s *Service) limit(ctx context.Context) error {
	if addr := peerAddr(ctx); addr != nil && !s.sources.allow(addr) {
		return apiv1.Refuse(codes.ResourceExhausted, apiv1.RefusedTooOften, "too many enrolments or renewals from this address: try again in a minute").Err()
	}
	return nil
}

// refuse makes the answer of an error and writes the one log line about it.
func (s *Service) refuse(ctx context.Context, method string, err error) error {
	if errors.Is(err, ErrTokenUnknown) {
		s.sources.penalise(peerAddr(ctx))
	}
	code, reason := refusal(err)
	switch {
	case reason != "":
	case errors.As(err, new(badApplication)):
		code = codes.InvalidArgument
	case ctx.Err() != nil:
		return status.FromContextError(ctx.Err()).Err()
	default: // ours, not the caller's: the cause stays in our log
		s.opts.Logger.ErrorContext(ctx, "enrolment call failed", "method", method, "error", err)
		return apiv1.Refuse(codes.Unavailable, apiv1.RefusedFault, "the collector could not do it now: try again later").Err()
	}
	s.opts.Logger.WarnContext(ctx, "enrolment call refused", "method", method, "error", err, "from", sourceOf(peerAddr(ctx)).String())
	if reason == "" {
		return status.Error(code, err.Error())
	}
	return apiv1.Refuse(code, reason, plain(err).Error()).Err()
}

// refusal is how an error goes over the wire; the reason is empty for one that has none.
func refusal(err error) (code codes.Code, reason string) {
	for _, r := range []struct {
		is     error
		code   codes.Code
		reason string
	}{
		{ErrTokenUnknown, codes.PermissionDenied, apiv1.RefusedTokenUnknown},
		{ErrTokenUsed, codes.PermissionDenied, apiv1.RefusedTokenUsed},
		{ErrTokenSpent, codes.PermissionDenied, apiv1.RefusedTokenSpent},
		{ErrTokenExpired, codes.PermissionDenied, apiv1.RefusedTokenExpired},
		{ErrTokenRevoked, codes.PermissionDenied, apiv1.RefusedTokenWithdrawn},
		{ErrTokenHost, codes.PermissionDenied, apiv1.RefusedTokenHost},
		{ErrTokenNetwork, codes.PermissionDenied, apiv1.RefusedTokenNetwork},
		{ErrRejected, codes.PermissionDenied, apiv1.RefusedRejected},
		{errApprovalLapsed, codes.PermissionDenied, apiv1.RefusedApprovalLapsed},
		{ErrNotActive, codes.PermissionDenied, apiv1.RefusedDeparted},
		{errReportKey, codes.AlreadyExists, apiv1.RefusedKeyOfDeparted},
		{errCodeTaken, codes.AlreadyExists, apiv1.RefusedCodeTaken},
		{errUnknownPeer, codes.Unauthenticated, apiv1.RefusedUnknownMachine},
		{errProof, codes.Unauthenticated, apiv1.RefusedProof},
		{storage.ErrFull, codes.ResourceExhausted, apiv1.RefusedDiskFull},
		{ErrTokenFull, codes.ResourceExhausted, apiv1.RefusedTokenFull},
		{errTooManyRequests, codes.ResourceExhausted, apiv1.RefusedTooManyWait},
	} {
		if errors.Is(err, r.is) {
			return r.code, r.reason
		}
	}
	return codes.Unknown, ""
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
