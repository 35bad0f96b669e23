// Package collectortest is a collector for the agent's tests: the wire contract
// over real TLS 1.3 on loopback, with its own CA, one-use tokens and a Merkle
// log in memory. A test can make it lose an answer, refuse, expire, be restored
// from a backup or forget in silence. It stores nothing and judges nothing.
package collectortest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	apiv1 "vigia/collector/api/v1"
)

// Server is a running collector. Its methods may be called while agents do.
type Server struct {
	apiv1.UnimplementedEnrollmentServiceServer
	apiv1.UnimplementedIngestServiceServer

	t         testing.TB
	Addr      string
	policyKey ed25519.PrivateKey
	logSigner note.Signer
	logKey    string

	mu       sync.Mutex
	ca       *authority
	tokens   map[[16]byte]string // agent that spent it, "" for none
	machines map[string]*machine
	policy   *apiv1.SignedPolicy
	epoch    uint64
	hashes   []tlog.Hash // stored hashes of the log
	size     int64
	deaf     int // calls of Deliver that end without effect
	mute     int // calls of Deliver whose answer is lost
	slow     uint32
	busy     int
	// busySeconds is how long a busy collector asks to wait.
	busySeconds int64
	calls       []*apiv1.DeliverRequest
	resumed     int
	forge       func(*apiv1.DeliverResponse)
	// approval is what a person says of machines that enrol.
	approval   approval
	askAgain   time.Duration
	enrolments []*apiv1.EnrollRequest
}

type machine struct {
	reportKey ed25519.PublicKey
	tlsKeys   [][]byte
	revoked   bool
	items     []item
}

type item struct {
	first, last uint64
	hash        [32]byte
	report      *apiv1.Report
	gap         *apiv1.Gap
	leaf        int64
}

// Start runs a collector on 127.0.0.1 until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	return StartAt(t, "127.0.0.1:0")
}

// StartAt runs a collector at an address of this machine until the test ends.
func StartAt(t testing.TB, address string) *Server {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, "vigia-test")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	_, policyKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{
		t: t, policyKey: policyKey, logSigner: signer, logKey: vkey, ca: newAuthority(t),
		tokens: map[[16]byte]string{}, machines: map[string]*machine{}, epoch: 1,
	}
	s.grow([]byte("genesis"))
	lis, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s.Addr = lis.Addr().String()
	server := grpc.NewServer(
		grpc.Creds(credentials.NewTLS(&tls.Config{
			MinVersion: tls.VersionTLS13,
			ClientAuth: tls.RequestClientCert,
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
				s.mu.Lock()
				defer s.mu.Unlock()
				return s.ca.server, nil
			},
		})),
		grpc.MaxRecvMsgSize(apiv1.MaxMessageBytes))
	apiv1.RegisterEnrollmentServiceServer(server, s)
	apiv1.RegisterIngestServiceServer(server, s)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(lis); err != nil {
			t.Errorf("serve: %v", err)
		}
	}()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})
	return s
}

// NewToken makes a token that is good once.
func (s *Server) NewToken() apiv1.Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := apiv1.NewToken(s.ca.root)
	s.tokens[token.Secret] = ""
	return token
}

// Sign signs a policy with the collector's key.
func (s *Server) Sign(policy []byte) *apiv1.SignedPolicy {
	return &apiv1.SignedPolicy{Policy: policy, Signature: apiv1.Sign(s.policyKey, apiv1.DomainPolicy, policy)}
}

// SetPolicy is what every agent is given from now on.
func (s *Server) SetPolicy(p *apiv1.SignedPolicy) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy = p
}

// Reports returns the reports of a machine, in order, gaps left out.
func (s *Server) Reports(agentID string) []*apiv1.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*apiv1.Report
	if m := s.machines[agentID]; m != nil {
		for _, it := range m.items {
			if it.report != nil {
				out = append(out, it.report)
			}
		}
	}
	return out
}

// Gaps returns the gaps of a machine.
func (s *Server) Gaps(agentID string) []*apiv1.Gap {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*apiv1.Gap
	for _, it := range s.machines[agentID].items {
		if it.gap != nil {
			out = append(out, it.gap)
		}
	}
	return out
}

// Calls returns the deliveries so far; Resumed how many came over a resumed
// TLS session.
func (s *Server) Calls() []*apiv1.DeliverRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Resumed counts the deliveries over a resumed TLS session.
func (s *Server) Resumed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.resumed
}

// Enrolments returns the enrolments that were asked for so far.
func (s *Server) Enrolments() []*apiv1.EnrollRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.enrolments)
}

// Enroll implements apiv1.EnrollmentServiceServer.
func (s *Server) Enroll(_ context.Context, req *apiv1.EnrollRequest) (*apiv1.EnrollResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enrolments = append(s.enrolments, proto.CloneOf(req))
	user, ok := s.tokens[[16]byte(req.GetTokenSecret())]
	if !ok {
		return nil, status.Error(codes.PermissionDenied, "there is no such token")
	}
	csr, err := x509.ParseCertificateRequest(req.GetCertificateRequest())
	if err != nil || csr.CheckSignature() != nil {
		return nil, status.Error(codes.InvalidArgument, "bad certificate request")
	}
	if !apiv1.Verify(req.GetReportKey(), apiv1.DomainEnroll, apiv1.EnrollProof(req.GetCertificateRequest()), req.GetReportKeyProof()) {
		return nil, status.Error(codes.InvalidArgument, "bad proof")
	}
	if user != "" && !bytes.Equal(s.machines[user].reportKey, req.GetReportKey()) {
		return nil, status.Error(codes.PermissionDenied, "the token was already used")
	}
	switch s.approval {
	case notNeeded:
	case waits:
		return nil, s.pending()
	case rejected:
		return nil, status.Error(codes.PermissionDenied, "a person rejected this machine")
	}
	id := user
	if id == "" {
		id = fmt.Sprintf("machine-%d", len(s.machines)+1)
		s.machines[id] = &machine{reportKey: req.GetReportKey()}
		s.tokens[[16]byte(req.GetTokenSecret())] = id
	}
	cert := s.ca.machine(s.t, id, csr.PublicKey)
	m := s.machines[id]
	m.tlsKeys = append(m.tlsKeys, cert.RawSubjectPublicKeyInfo)
	if s.mute > 0 {
		s.mute--
		return nil, status.Error(codes.Unavailable, "the answer is lost")
	}
	return &apiv1.EnrollResponse{
		AgentId: id, Certificates: [][]byte{cert.Raw, s.ca.issuing.Raw}, Roots: [][]byte{s.ca.root.Raw},
		PolicyKeys: [][]byte{s.policyKey.Public().(ed25519.PublicKey)}, LogKey: s.logKey,
		Organisation: "Ayuntamiento de Prueba", Policy: s.policy,
	}, nil
}

// Renew implements apiv1.EnrollmentServiceServer.
func (s *Server) Renew(ctx context.Context, req *apiv1.RenewRequest) (*apiv1.RenewResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.machines[req.GetAgentId()]
	leaf, _ := peerLeaf(ctx)
	switch {
	case m == nil || leaf == nil:
		return nil, status.Error(codes.Unauthenticated, "this machine is not known")
	case !slices.ContainsFunc(m.tlsKeys, func(k []byte) bool { return bytes.Equal(k, leaf.RawSubjectPublicKeyInfo) }):
		return nil, status.Error(codes.Unauthenticated, "this certificate is not known")
	case !apiv1.Verify(m.reportKey, apiv1.DomainRenew, apiv1.RenewProof(req.GetAgentId(), req.GetCertificateRequest()), req.GetProof()):
		return nil, status.Error(codes.Unauthenticated, "bad proof")
	case m.revoked:
		return nil, status.Error(codes.PermissionDenied, "this machine was revoked")
	}
	csr, err := x509.ParseCertificateRequest(req.GetCertificateRequest())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, "bad certificate request")
	}
	cert := s.ca.machine(s.t, req.GetAgentId(), csr.PublicKey)
	// As the real one does, only the newest key and the one before are known.
	if last := m.tlsKeys[len(m.tlsKeys)-1]; !bytes.Equal(last, cert.RawSubjectPublicKeyInfo) {
		m.tlsKeys = [][]byte{last, cert.RawSubjectPublicKeyInfo}
	}
	if s.mute > 0 {
		s.mute--
		return nil, status.Error(codes.Unavailable, "the answer is lost")
	}
	return &apiv1.RenewResponse{
		Certificates: [][]byte{cert.Raw, s.ca.issuing.Raw}, Roots: [][]byte{s.ca.root.Raw},
		PolicyKeys: [][]byte{s.policyKey.Public().(ed25519.PublicKey)}, LogKey: s.logKey,
	}, nil
}

// Deliver implements apiv1.IngestServiceServer.
func (s *Server) Deliver(ctx context.Context, req *apiv1.DeliverRequest) (*apiv1.DeliverResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, proto.CloneOf(req))
	leaf, resumed := peerLeaf(ctx)
	if resumed {
		s.resumed++
	}
	if leaf == nil || time.Now().After(leaf.NotAfter) {
		return nil, status.Error(codes.Unauthenticated, "the client certificate has expired")
	}
	m := s.machines[leaf.Subject.CommonName]
	switch {
	case m == nil:
		return nil, status.Error(codes.Unauthenticated, "this machine is not known")
	case m.revoked:
		return nil, status.Error(codes.PermissionDenied, "this machine was revoked")
	case s.deaf > 0:
		s.deaf--
		return nil, status.Error(codes.Unavailable, "not now")
	case s.busy > 0:
		s.busy--
		st, err := status.New(codes.ResourceExhausted, "the disk is full").WithDetails(
			&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Duration(s.busySeconds) * time.Second)})
		if err != nil {
			return nil, err
		}
		return nil, st.Err()
	}
	return s.deliver(leaf.Subject.CommonName, m, req)
}

// ByHand is Deliver for what a person brought.
func (s *Server) ByHand(agentID string, req *apiv1.DeliverRequest) (*apiv1.DeliverResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deliver(agentID, s.machines[agentID], req)
}

func (s *Server) deliver(agentID string, m *machine, req *apiv1.DeliverRequest) (*apiv1.DeliverResponse, error) {
	for _, it := range req.GetItems() {
		if err := s.take(agentID, m, it); err != nil {
			return nil, err
		}
	}
	if s.mute > 0 {
		s.mute--
		return nil, status.Error(codes.Unavailable, "the answer is lost")
	}
	resp := &apiv1.DeliverResponse{
		DurableSequence: m.durable(), Epoch: s.epoch, Checkpoint: s.checkpoint(), RetryAfterSeconds: s.slow,
	}
	if old := int64(req.GetCheckpointSize()); old > 0 && old <= s.size {
		proof, err := tlog.ProveTree(s.size, old, s.reader())
		if err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
		for _, h := range proof {
			resp.Consistency = append(resp.Consistency, h[:])
		}
	}
	resp.Policy = s.policy
	if s.forge != nil {
		s.forge(resp)
	}
	return resp, nil
}

func (m *machine) durable() uint64 {
	if len(m.items) == 0 {
		return 0
	}
	return m.items[len(m.items)-1].last
}

// take appends one item, with the checks that the real collector does.
func (s *Server) take(agentID string, m *machine, wire *apiv1.Item) error {
	it := item{}
	message, signature, domain := wire.GetReport().GetReport(), wire.GetReport().GetSignature(), apiv1.DomainReport
	if wire.GetGap() != nil {
		message, signature, domain = wire.GetGap().GetGap(), wire.GetGap().GetSignature(), apiv1.DomainGap
	}
	if !apiv1.Verify(m.reportKey, domain, message, signature) {
		return status.Error(codes.InvalidArgument, "bad signature")
	}
	it.hash = apiv1.ReportHash(message)
	if wire.GetGap() != nil {
		it.gap = new(apiv1.Gap)
		if err := proto.Unmarshal(message, it.gap); err != nil {
			return status.Error(codes.InvalidArgument, err.Error())
		}
		it.first, it.last = it.gap.GetFirst(), it.gap.GetLast()
		if n := len(it.gap.GetHashes()); n > 0 && len(it.gap.GetHashes()[n-1]) == 32 {
			it.hash = [32]byte(it.gap.GetHashes()[n-1])
		}
	} else {
		it.report = new(apiv1.Report)
		if err := proto.Unmarshal(message, it.report); err != nil {
			return status.Error(codes.InvalidArgument, err.Error())
		}
		it.first, it.last = it.report.GetSequence(), it.report.GetSequence()
		if it.report.GetAgentId() != agentID {
			return status.Error(codes.InvalidArgument, "another machine's report")
		}
	}
	for _, old := range m.items {
		if old.first <= it.last && it.first <= old.last {
			if old.hash != it.hash || old.first != it.first {
				s.t.Errorf("%s: equivocation at %d", agentID, it.first)
			}
			return nil
		}
	}
	if it.first != m.durable()+1 {
		return nil // the answer says from where to send again
	}
	if it.report != nil {
		var previous [32]byte
		if n := len(m.items); n > 0 {
			previous = m.items[n-1].hash
		}
		if !bytes.Equal(it.report.GetPreviousHash(), previous[:]) {
			s.t.Errorf("%s: report %d follows %x, want %x", agentID, it.first, it.report.GetPreviousHash(), previous)
		}
	}
	it.leaf = s.size
	s.growLocked(message)
	m.items = append(m.items, it)
	return nil
}

func (s *Server) grow(leaf []byte) { s.set(func() { s.growLocked(leaf) }) }

func (s *Server) growLocked(leaf []byte) {
	hashes, err := tlog.StoredHashes(s.size, leaf, s.reader())
	if err != nil {
		s.t.Errorf("grow the log: %v", err)
		return
	}
	s.hashes = append(s.hashes[:tlog.StoredHashIndex(0, s.size)], hashes...)
	s.size++
}

func (s *Server) reader() tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, n := range indexes {
			out[i] = s.hashes[n]
		}
		return out, nil
	})
}

func (s *Server) checkpoint() []byte {
	root, err := tlog.TreeHash(s.size, s.reader())
	if err != nil {
		s.t.Errorf("hash the log: %v", err)
	}
	text := fmt.Sprintf("vigia-test\n%d\n%s\n", s.size, base64.StdEncoding.EncodeToString(root[:]))
	signed, err := note.Sign(&note.Note{Text: text}, s.logSigner)
	if err != nil {
		s.t.Errorf("sign the checkpoint: %v", err)
	}
	return signed
}

func peerLeaf(ctx context.Context) (leaf *x509.Certificate, resumed bool) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil, false
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.PeerCertificates) == 0 {
		return nil, false
	}
	return info.State.PeerCertificates[0], info.State.DidResume
}
