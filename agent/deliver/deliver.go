// Package deliver carries reports up to the collector and its answer down.
//
// A Client calls, sends what is pending in batches, and hangs up. It keeps the
// signed checkpoints that it is answered and demands that each later one
// contains the earlier: that is how any one machine exposes a rewritten
// history. A collector that was restored from a backup says so by a new epoch
// and is sent again what it lost; one that lost something in silence is
// reported, by an event in the evidence itself, and is sent it all the same:
// the agent never stops delivering and never decides that it is no longer
// enrolled. The package does not know what a report says nor what a policy
// means.
package deliver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	apiv1 "vigia/collector/api/v1"
)

// Errors of Deliver, besides those of the connection.
var (
	// ErrCheckpoint: the log's checkpoint is not signed by its key, so nothing
	// of the answer counts.
	ErrCheckpoint = errors.New("the collector's checkpoint is not signed by the log's key")
	// ErrAhead: the collector has more of this machine than it ever sent. The
	// machine was cloned or put back to an old image.
	ErrAhead = errors.New("the collector has reports of this machine that it never sent")
	// ErrStuck: the collector takes nothing and says no reason.
	ErrStuck = errors.New("the collector does not take the next report")
	// ErrRefused: the collector does not admit this machine's certificate.
	ErrRefused = errors.New("the collector refuses this machine")
	// ErrBusy: the collector cannot take more now, and said so.
	ErrBusy = errors.New("the collector asks to wait")
	// ErrUnreachable: there was no answer, or it was cut off.
	ErrUnreachable = errors.New("the collector cannot be reached")
)

// EventRolledBack is the code of the event that exposes a collector which lost
// or changed history without saying so.
const EventRolledBack = "collector.rolled_back"

// Queue holds what is to be delivered.
type Queue interface {
	// Pending returns the first items that are not acknowledged, consecutive.
	Pending(maxItems, maxBytes int) ([]*apiv1.Item, error)
	// Acked is the highest sequence number that the collector has, Last the
	// highest that there is.
	Acked() uint64
	Last() uint64
	// Ack and Rewind record durably what the collector has now.
	Ack(sequence uint64) error
	Rewind(sequence uint64) error
}

// Credentials say how to connect to the collector.
type Credentials interface {
	TLS(address string) (*tls.Config, error)
	LogKey() string
}

// Recipient is whom a person's files are encrypted to.
type Recipient interface {
	FileRecipient() string
	// KeepFileRecipient keeps another durably.
	KeepFileRecipient(recipient string) error
}

// Policies is where policies come to.
type Policies interface {
	// Current is the policy that is in force; zeros for none.
	Current() (epoch, version uint64)
	// Offer takes a policy or refuses it, and accounts for either itself.
	Offer(ctx context.Context, p *apiv1.SignedPolicy)
}

// Store keeps the checkpoints. Save is durable.
type Store interface {
	Load() ([]byte, error) // nil for none
	Save([]byte) error
}

// Options of a Client. All but Dial and the last six are needed.
type Options struct {
	Address func() string // host:port
	// Dial connects to it, perhaps by a detour; nil: straight.
	Dial        func(ctx context.Context, address string) (net.Conn, error)
	Credentials Credentials
	Queue       Queue
	Policies    Policies
	Checkpoints Store
	// Tell puts an event into a report, durably.
	Tell func(ctx context.Context, code string, args map[string]string) error
	// Recipient learns whom to encrypt files to when the collector has a new key; nil: nobody.
	Recipient Recipient
	// Spread is the most that a delivery waits, so that machines which are
	// switched on together do not call together.
	Spread time.Duration
	// Anyway is how long after a delivery Run makes the next one even if nobody wakes it;
	// nil: an hour.
	Anyway func() time.Duration
	// Done is called after each delivery that the context did not end.
	Done   func(Outcome, error)
	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: none
}

// Client delivers. It is safe for concurrent use, one call after another.
type Client struct {
	opts Options

	mu   sync.Mutex // one delivery, or one answer that came by hand, at a time
	kept *history
}

// Outcome is what a delivery did.
type Outcome struct {
	Items int // sent
	// Acked is the highest sequence number that the collector has.
	Acked uint64
	// RetryAfter is how long the collector asks to be left alone; 0: as the
	// agent likes.
	RetryAfter time.Duration
}

// New returns a Client with the checkpoints that were kept.
func New(opts Options) (*Client, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Dial == nil {
		opts.Dial = func(ctx context.Context, address string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", address)
		}
	}
	if opts.Anyway == nil {
		opts.Anyway = func() time.Duration { return callAnyway }
	}
	if opts.Done == nil {
		opts.Done = func(Outcome, error) {}
	}
	b, err := opts.Checkpoints.Load()
	if err != nil {
		return nil, fmt.Errorf("read the kept checkpoints: %w", err)
	}
	kept, err := decodeHistory(b)
	if err != nil {
		// They are evidence for others; the agent can go on without.
		opts.Logger.Warn("kept checkpoints are damaged, beginning anew", "error", err)
		kept = &history{Version: historyVersion}
	}
	return &Client{opts: opts, kept: kept}, nil
}

// window is how much of an answer may be on its way, in bytes. Most have less than one
// kilobyte; a policy may have some hundreds.
const window = 256 << 10

// callTimeout bounds one call.
const callTimeout = 2 * time.Minute

// Deliver calls, sends all that is pending and hangs up. It calls even if
// nothing is pending, for the policy.
func (c *Client) Deliver(ctx context.Context) (out Outcome, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer func() {
		if ctx.Err() == nil { // ending is neither success nor failure
			c.opts.Done(out, err)
		}
	}()
	address := c.opts.Address()
	cfg, err := c.opts.Credentials.TLS(address)
	if err != nil {
		return out, err
	}
	var undialled dialling
	// Who dials finds the name: a proxy may be the only one that can, and a target of gRPC
	// is a URL, in which the zone of an address is none.
	conn, err := grpc.NewClient("passthrough:///collector",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return undialled.note(c.opts.Dial(ctx, address))
		}),
		grpc.WithTransportCredentials(credentials.NewTLS(cfg)),
		grpc.WithDisableServiceConfig(),
		// Windows that do not grow need no pings to measure the line with: on a call of a
		// few kilobytes these were a fifth of the packets.
		grpc.WithStaticStreamWindowSize(window), grpc.WithStaticConnWindowSize(window),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(apiv1.MaxMessageBytes)))
	if err != nil {
		return out, fmt.Errorf("connect to %s: %w", address, err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	client := apiv1.NewIngestServiceClient(conn)
	rewound := false
	for {
		acked := c.opts.Queue.Acked()
		more, err := c.batch(ctx, client, &out)
		if back := c.opts.Queue.Acked() < acked; back && rewound && err == nil {
			err = fmt.Errorf("%w: it went back twice", ErrStuck)
		} else {
			rewound = rewound || back
		}
		if why := undialled.err(); why != nil && errors.Is(err, ErrUnreachable) {
			err = fmt.Errorf("%w: %w", ErrUnreachable, why)
		}
		if err != nil {
			return out, fmt.Errorf("deliver to %s: %w", address, err)
		}
		if !more || out.RetryAfter > 0 {
			return out, nil
		}
	}
}

// dialling remembers why the last connection was not made, of which gRPC tells only the
// text.
type dialling struct {
	mu  sync.Mutex
	why error
}

func (d *dialling) note(conn net.Conn, err error) (net.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.why = err
	return conn, err
}

func (d *dialling) err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.why
}

// batch makes one call and tells whether there is reason for another.
func (c *Client) batch(ctx context.Context, client apiv1.IngestServiceClient, out *Outcome) (more bool, err error) {
	items, err := c.opts.Queue.Pending(apiv1.MaxBatchItems, apiv1.MaxBatchBytes)
	if err != nil {
		return false, fmt.Errorf("read the spool: %w", err)
	}
	epoch, version := c.opts.Policies.Current()
	req := &apiv1.DeliverRequest{Items: items, PolicyEpoch: epoch, PolicyVersion: version, CheckpointSize: c.kept.size()}
	if c.opts.Recipient != nil {
		req.RecipientMark = apiv1.RecipientMark(c.opts.Recipient.FileRecipient())
	}
	callCtx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	resp, trailer, err := c.call(callCtx, client, req)
	if err != nil {
		out.RetryAfter = retryAfter(err, trailer)
		return false, explain(err)
	}
	out.Items += len(items)
	out.RetryAfter = time.Duration(resp.GetRetryAfterSeconds()) * time.Second
	acked := c.opts.Queue.Acked()
	if err := c.judge(ctx, resp, acked); err != nil {
		return false, err
	}
	durable := resp.GetDurableSequence()
	switch {
	case durable > c.opts.Queue.Last():
		return false, fmt.Errorf("%w: it has %d, the last sent is %d", ErrAhead, durable, c.opts.Queue.Last())
	case durable > acked:
		err = c.opts.Queue.Ack(durable)
	case durable < acked:
		err = c.opts.Queue.Rewind(durable)
	case len(items) > 0:
		return false, fmt.Errorf("%w: it has %d of %d", ErrStuck, durable, c.opts.Queue.Last())
	}
	if err != nil {
		return false, err
	}
	out.Acked = durable
	c.learn(ctx, resp)
	if p := resp.GetPolicy(); p != nil {
		c.opts.Policies.Offer(ctx, p)
	}
	return c.opts.Queue.Last() > durable, nil
}

// learn keeps whom to encrypt files to, where that is news. It stops no delivery: the
// collector says it again.
func (c *Client) learn(ctx context.Context, resp *apiv1.DeliverResponse) {
	if c.opts.Recipient == nil || resp.GetFileRecipient() == "" {
		return
	}
	if err := c.opts.Recipient.KeepFileRecipient(resp.GetFileRecipient()); err != nil {
		c.opts.Logger.WarnContext(ctx, "whom to encrypt files to is not kept", "error", err)
	}
}

// call sends a request compressed, as its reports are mostly words that repeat, and plain
// to a collector that does not know how to read that.
func (c *Client) call(ctx context.Context, client apiv1.IngestServiceClient, req *apiv1.DeliverRequest) (*apiv1.DeliverResponse, metadata.MD, error) {
	var trailer metadata.MD
	resp, err := client.Deliver(ctx, req, grpc.Trailer(&trailer), grpc.UseCompressor(gzip.Name))
	if status.Code(err) == codes.Unimplemented {
		trailer = nil
		resp, err = client.Deliver(ctx, req, grpc.Trailer(&trailer))
	}
	return resp, trailer, err
}

// judge verifies the answer's checkpoint, reports a collector that lost or
// changed history in silence, and keeps the checkpoint.
func (c *Client) judge(ctx context.Context, resp *apiv1.DeliverResponse, acked uint64) error {
	next, err := openCheckpoint(resp.GetCheckpoint(), c.opts.Credentials.LogKey())
	if err != nil {
		return err
	}
	why := c.kept.contradicts(next, resp.GetEpoch(), resp.GetConsistency())
	if why == "" && resp.GetEpoch() == c.kept.Epoch && resp.GetDurableSequence() < acked {
		why = "reports"
	}
	now := c.opts.Now()
	if why != "" && c.kept.mayTell(now) {
		c.opts.Logger.ErrorContext(ctx, "collector lost or changed history without saying so", "why", why,
			"kept_size", c.kept.size(), "size", next.size, "acked", acked, "durable", resp.GetDurableSequence())
		// First the event, then the new checkpoint: after a crash between them
		// it is told twice rather than never.
		if err := c.opts.Tell(ctx, EventRolledBack, map[string]string{
			"why":        why,
			"epoch":      strconv.FormatUint(resp.GetEpoch(), 10),
			"kept_epoch": strconv.FormatUint(c.kept.Epoch, 10),
			"size":       strconv.FormatInt(next.size, 10),
			"kept_size":  strconv.FormatUint(c.kept.size(), 10),
			"acked":      strconv.FormatUint(acked, 10),
			"durable":    strconv.FormatUint(resp.GetDurableSequence(), 10),
		}); err != nil {
			return fmt.Errorf("report the collector's lost history: %w", err)
		}
		c.kept.Told = now.UTC().Truncate(time.Second)
	}
	if !c.kept.keep(next, resp.GetEpoch(), now, why != "") {
		return nil
	}
	b, err := c.kept.encode()
	if err != nil {
		return fmt.Errorf("encode the checkpoints: %w", err)
	}
	if err := c.opts.Checkpoints.Save(b); err != nil {
		return fmt.Errorf("keep the checkpoint: %w", err)
	}
	return nil
}

func explain(err error) error {
	s := status.Convert(err)
	switch s.Code() {
	case codes.Unauthenticated, codes.PermissionDenied:
		return fmt.Errorf("%w: %w", ErrRefused, apiv1.RefusalOf(s))
	case codes.ResourceExhausted:
		return fmt.Errorf("%w: %w", ErrBusy, apiv1.RefusalOf(s))
	case codes.Unavailable:
		if len(s.Details()) > 0 { // the collector's own words, not the connection's
			return fmt.Errorf("%w: %w", ErrBusy, apiv1.RefusalOf(s))
		}
		return fmt.Errorf("%w: %s", ErrUnreachable, s.Message())
	default:
		return err
	}
}

// retryAfter reads how long the collector asks to wait, from the error's
// details or its trailer.
func retryAfter(err error, trailer metadata.MD) time.Duration {
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			return clamp(info.GetRetryDelay().AsDuration())
		}
	}
	for _, v := range trailer.Get("retry-after") {
		if seconds, err := strconv.ParseUint(v, 10, 31); err == nil {
			return clamp(time.Duration(seconds) * time.Second)
		}
	}
	return 0
}

// maxRetryAfter bounds what a collector may ask for.
const maxRetryAfter = 24 * time.Hour

func clamp(d time.Duration) time.Duration { return max(0, min(d, maxRetryAfter)) }
