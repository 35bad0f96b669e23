package ingest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip" // agents compress what they deliver
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/enroll"
)

// Limits of the listener. An agent calls, delivers and hangs up.
const (
	handshakeTimeout = 20 * time.Second
	callTimeout      = time.Minute
	idleTimeout      = 5 * time.Minute
	maxAge           = 30 * time.Minute
	pingInterval     = 2 * time.Minute
	pingTimeout      = 20 * time.Second
	minPing          = time.Minute // between two of a client's
	maxStreams       = 8           // per connection
	maxHeaderBytes   = 16 << 10
	window           = 256 << 10 // bytes that may be on their way, of a stream and of a connection
	// MaxConnections and MaxPerAddress bound the connections that Limit lets
	// in. A whole town hall may come from one address.
	MaxConnections = 4096
	MaxPerAddress  = 512
)

// NewServer returns a gRPC server for agents: TLS as given, every limit set, and
// callers without a certificate of the authority turned away from all but
// enrolment before a byte of their message is read. Register the services on
// it, then Serve a listener that went through Limit.
func NewServer(tlsConfig *tls.Config, authority Authority, logger *slog.Logger) *grpc.Server {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return grpc.NewServer(
		grpc.Creds(credentials.NewTLS(tlsConfig)),
		grpc.MaxRecvMsgSize(apiv1.MaxMessageBytes),
		grpc.MaxSendMsgSize(apiv1.MaxMessageBytes),
		grpc.MaxHeaderListSize(maxHeaderBytes),
		grpc.MaxConcurrentStreams(maxStreams),
		// Windows that do not grow need no pings to measure the line with, which cost a call
		// of a few kilobytes more packets than its message.
		grpc.StaticStreamWindowSize(window), grpc.StaticConnWindowSize(window),
		grpc.ConnectionTimeout(handshakeTimeout),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionIdle: idleTimeout, MaxConnectionAge: maxAge, MaxConnectionAgeGrace: callTimeout,
			Time: pingInterval, Timeout: pingTimeout,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minPing, PermitWithoutStream: true}),
		grpc.InTapHandle(func(ctx context.Context, info *tap.Info) (context.Context, error) {
			return ctx, admit(ctx, info.FullMethodName, authority)
		}),
		grpc.UnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
			return guard(ctx, req, info.FullMethod, handle, logger)
		}),
	)
}

// admit turns strangers away from the methods that take evidence. The method
// itself looks closer, and says more to a caller whose certificate expired.
func admit(ctx context.Context, method string, authority Authority) error {
	if strings.HasPrefix(method, "/"+apiv1.EnrollmentService_ServiceDesc.ServiceName+"/") {
		return nil
	}
	_, err := authority.VerifyAgent(enroll.PeerCertificates(ctx))
	if err == nil || errors.Is(err, enroll.ErrExpired) {
		return nil
	}
	return refuseCaller(err)
}

// refuseCaller is the answer to a caller whose certificate is not good.
func refuseCaller(err error) error {
	switch {
	case errors.Is(err, enroll.ErrNoCertificate):
		return apiv1.Refuse(codes.Unauthenticated, apiv1.RefusedNoCertificate, "no client certificate was shown: enrol this machine first").Err()
	case errors.Is(err, enroll.ErrExpired):
		return apiv1.Refuse(codes.Unauthenticated, apiv1.RefusedExpired, "the client certificate has expired: renew it, then deliver again").Err()
	default:
		return apiv1.Refuse(codes.Unauthenticated, apiv1.RefusedForeign, "the client certificate is not of this collector's authority: enrol this machine here").Err()
	}
}

// guard bounds the time of a call and keeps a fault of one call from ending the
// collector.
func guard(ctx context.Context, req any, method string, handle grpc.UnaryHandler, logger *slog.Logger) (resp any, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	defer func() {
		if cause := recover(); cause != nil {
			// The value may hold what was delivered; its type and place do not.
			logger.ErrorContext(ctx, "call crashed", "method", method, "type", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
			resp, err = nil, status.Error(codes.Internal, "the collector has a fault: nothing was taken, try again later")
		}
	}()
	return handle(ctx, req)
}

// Limit bounds the connections of a listener, in all and by source address. It
// hangs up on those beyond at once.
func Limit(lis net.Listener, total, perAddress int) net.Listener {
	return &limited{Listener: lis, total: total, perAddress: perAddress, open: map[netip.Addr]int{}}
}

type limited struct {
	net.Listener
	total, perAddress int

	mu   sync.Mutex // guards the two below
	open map[netip.Addr]int
	all  int
}

func (l *limited) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := addressOf(conn)
		if l.enter(from) {
			return &counted{Conn: conn, leave: func() { l.leave(from) }}, nil
		}
		_ = conn.Close() // turned away: there is nobody to tell
	}
}

func (l *limited) enter(from netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= l.total || l.open[from] >= l.perAddress {
		return false
	}
	l.all++
	l.open[from]++
	return true
}

func (l *limited) leave(from netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.open[from]--; l.open[from] == 0 {
		delete(l.open, from)
	}
}

// counted is a connection that is counted until it is closed.
type counted struct {
	net.Conn
	once  sync.Once
	leave func()
}

func (c *counted) Close() error {
	defer c.once.Do(c.leave)
	return c.Conn.Close()
}

func addressOf(conn net.Conn) netip.Addr {
	ap, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return netip.Addr{} // not TCP: all such are one source
	}
	return ap.Addr().Unmap()
}
