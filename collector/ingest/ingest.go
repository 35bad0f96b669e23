// Package ingest takes the evidence that agents deliver.
//
// It makes sure who is calling and that every item is signed by that machine's
// report key and continues its chain, appends it to the evidence log together
// with the views that follow from it, and answers when, and only when, all of
// that is durable.
//
// Always true: a report has one effect however often it is delivered; a second
// report with the number of another is never taken, but kept as an alarm; what
// is signed and in its place in the chain is taken whatever it says, for an
// agent whose report is refused could never go on; and nothing is acknowledged
// before the transaction that holds it was committed.
//
// The package judges no fact and reads nothing of a report but what places it.
package ingest

import (
	"context"
	"crypto/x509"
	"embed"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/assign"
	"vigia/collector/enroll"
	"vigia/collector/evidence"
	"vigia/collector/findings"
	"vigia/collector/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the package's tables.
func Schema() storage.Schema { return storage.Embedded("ingest", migrations) }

// Database is the storage, as far as this package needs it.
type Database interface {
	Read(ctx context.Context, fn func(ctx context.Context, tx *storage.Tx) error) error
	Write(ctx context.Context, fn func(ctx context.Context, tx *storage.Tx) error) error
}

// Authority tells which agent a peer's certificate names: *enroll.CA.
type Authority interface {
	VerifyAgent(peer []*x509.Certificate) (agentID string, err error)
}

// Options configures NewService. All fields but the last six are needed.
type Options struct {
	DB        Database
	Authority Authority
	Machines  *enroll.Store
	Log       *evidence.Log
	Findings  *findings.Store
	Policies  *assign.Service

	// FileRecipient is whom agents encrypt to what they give to a person to carry; empty:
	// none.
	FileRecipient string
	// CallsPerSecond and Burst bound the calls of one agent; 0 means 20 and 100.
	CallsPerSecond float64
	Burst          int
	// Now is the clock; nil means time.Now. Logger may be nil.
	Now    func() time.Time
	Logger *slog.Logger
	// Steps are called on the way of a delivery, for tests that kill or fail
	// the collector there.
	Steps Steps
}

// Steps are the moments at which a test may want to end a collector.
type Steps struct {
	// Appended is called inside the transaction, when all is written and
	// nothing is committed; its error undoes all. It may be called again.
	Appended func(ctx context.Context) error
	// Committed is called after the commit and before the answer.
	Committed func(ctx context.Context)
}

// Defaults of Options.
const (
	defaultCallsPerSecond = 20
	defaultBurst          = 100
)

// Service is the IngestService of the wire contract.
type Service struct {
	apiv1.UnimplementedIngestServiceServer
	opts Options

	mu    sync.Mutex // guards calls
	calls map[string]*rate.Limiter
}

// NewService returns the service on the tables of Schema.
func NewService(opts Options) *Service {
	if opts.CallsPerSecond <= 0 {
		opts.CallsPerSecond = defaultCallsPerSecond
	}
	if opts.Burst <= 0 {
		opts.Burst = defaultBurst
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Steps.Appended == nil {
		opts.Steps.Appended = func(context.Context) error { return nil }
	}
	if opts.Steps.Committed == nil {
		opts.Steps.Committed = func(context.Context) {}
	}
	return &Service{opts: opts, calls: map[string]*rate.Limiter{}}
}

// Register adds the service to a server.
func (s *Service) Register(server *grpc.Server) { apiv1.RegisterIngestServiceServer(server, s) }

// Deliver takes a batch of an agent's items and answers how far its chain is
// durable now.
func (s *Service) Deliver(ctx context.Context, req *apiv1.DeliverRequest) (*apiv1.DeliverResponse, error) {
	agentID, err := s.caller(ctx)
	if err != nil {
		return nil, err
	}
	if wait := s.wait(agentID); wait > 0 {
		return nil, later(codes.ResourceExhausted, apiv1.RefusedTooOften, wait, "this machine calls too often: try again later")
	}
	return s.Take(ctx, agentID, req)
}

// Take is Deliver for a caller that is known to be this agent. Who calls bounds the calls.
func (s *Service) Take(ctx context.Context, agentID string, req *apiv1.DeliverRequest) (*apiv1.DeliverResponse, error) {
	return s.take(ctx, &delivery{Service: s, agentID: agentID, req: req})
}

// TakeCarried is Take for what a person brought in a file that was signed by the machine's
// report key at a time by the machine's clock. The machine was heard of then, not now, and
// only if some of it is new. note makes the leaf that says so, of the numbers of the new
// items; it is durable with them.
func (s *Service) TakeCarried(ctx context.Context, agentID string, req *apiv1.DeliverRequest, made time.Time,
	note func(first, last uint64) (evidence.Leaf, error)) (*apiv1.DeliverResponse, error) {
	return s.take(ctx, &delivery{Service: s, agentID: agentID, req: req, made: made, note: note})
}

func (s *Service) take(ctx context.Context, d *delivery) (*apiv1.DeliverResponse, error) {
	if err := d.read(ctx); err != nil {
		return nil, s.refuse(ctx, d.agentID, err)
	}
	if err := s.opts.DB.Write(ctx, d.write); err != nil {
		return nil, s.refuse(ctx, d.agentID, err)
	}
	s.opts.Steps.Committed(ctx)
	if d.alarm != nil {
		return nil, s.refuse(ctx, d.agentID, d.alarm)
	}
	if d.appended > 0 {
		s.opts.Logger.DebugContext(ctx, "evidence taken", "agent_id", d.agentID, "items", d.appended, "sequence", d.resp.GetDurableSequence())
	}
	return d.resp, nil
}

// caller tells which agent is calling, by its certificate.
func (s *Service) caller(ctx context.Context) (string, error) {
	agentID, err := s.opts.Authority.VerifyAgent(enroll.PeerCertificates(ctx))
	if err == nil {
		return agentID, nil
	}
	if errors.Is(err, enroll.ErrForeign) {
		s.opts.Logger.WarnContext(ctx, "foreign certificate refused", "error", err)
	}
	return "", refuseCaller(err)
}

// maxLimiters bounds the memory of wait; an agent that was forgotten begins
// with a full burst.
const maxLimiters = 16384

// wait is how long an agent must wait before it may call, 0 for not at all.
func (s *Service) wait(agentID string) time.Duration {
	now := s.opts.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	limiter := s.calls[agentID]
	if limiter == nil {
		if len(s.calls) >= maxLimiters {
			clear(s.calls)
		}
		limiter = rate.NewLimiter(rate.Limit(s.opts.CallsPerSecond), s.opts.Burst)
		s.calls[agentID] = limiter
	}
	r := limiter.ReserveN(now, 1)
	delay := r.DelayFrom(now)
	if delay > 0 {
		r.CancelAt(now)
	}
	return delay
}

// badItem is the error of what no honest agent sends.
type badItem struct{ why string }

func (e badItem) Error() string { return e.why }

// Times after which an agent may try again.
const (
	fullDelay   = 5 * time.Minute
	faultDelay  = 30 * time.Second
	minuteDelay = time.Minute
)

// refuse makes the answer of an error and writes the one log line about it.
func (s *Service) refuse(ctx context.Context, agentID string, err error) error {
	var bad badItem
	var alarm *alarm
	log := s.opts.Logger.With("agent_id", agentID)
	switch {
	case errors.As(err, &bad):
		log.WarnContext(ctx, "delivery refused", "error", err)
		return status.Error(codes.InvalidArgument, bad.why)
	case errors.As(err, &alarm):
		log.ErrorContext(ctx, "two different reports with one number", "sequence", alarm.sequence)
		return apiv1.Refuse(codes.PermissionDenied, apiv1.RefusedCloned, alarm.Error()).Err()
	case errors.Is(err, enroll.ErrNoMachine):
		log.WarnContext(ctx, "delivery refused", "error", err)
		return apiv1.Refuse(codes.Unauthenticated, apiv1.RefusedUnknownMachine, "this collector does not know the machine: enrol it again").Err()
	case errors.Is(err, enroll.ErrNotActive):
		log.WarnContext(ctx, "delivery refused", "error", err)
		return apiv1.Refuse(codes.PermissionDenied, apiv1.RefusedDeparted, "this machine was revoked or retired: if that is wrong, enrol it again").Err()
	case errors.Is(err, storage.ErrFull):
		log.ErrorContext(ctx, "disk full, delivery refused", "error", err)
		return later(codes.ResourceExhausted, apiv1.RefusedDiskFull, fullDelay, "the collector's disk is full: nothing was taken, the agent keeps it; free space on the collector")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return status.FromContextError(err).Err()
	default: // ours, not the caller's: the cause stays in our log
		log.ErrorContext(ctx, "delivery failed", "error", err)
		return later(codes.Unavailable, apiv1.RefusedFault, faultDelay, "the collector could not take it now: nothing is lost, try again later")
	}
}

// later is a refusal that names a time to try again.
func later(code codes.Code, reason string, after time.Duration, text string) error {
	st := apiv1.Refuse(code, reason, text)
	if told, err := st.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(after)}); err == nil {
		st = told
	}
	return st.Err()
}
