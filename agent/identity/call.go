package identity

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	apiv1 "vigia/collector/api/v1"
)

// callTimeout bounds one call to the collector.
const callTimeout = 30 * time.Second

// Dial connects to host:port, perhaps by a detour. nil: straight.
type Dial func(ctx context.Context, address string) (net.Conn, error)

// Way is how the collector is reached.
type Way struct {
	Address string // host:port; empty: that of the enrolment
	Dial    Dial
}

// call connects, makes one call and hangs up.
func (v *verifier) call(ctx context.Context, address string, cfg *tls.Config, dial Dial, do func(context.Context, apiv1.EnrollmentServiceClient) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if dial == nil {
		dial = straight
	}
	// Who dials finds the name: a proxy may be the only one that can, and a target of gRPC
	// is a URL, in which the zone of an address is none.
	conn, err := grpc.NewClient("passthrough:///collector",
		grpc.WithTransportCredentials(credentials.NewTLS(cfg)),
		grpc.WithDisableServiceConfig(),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			conn, err := dial(ctx, address)
			v.mu.Lock()
			v.undialled = err
			v.mu.Unlock()
			return conn, err
		}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(apiv1.MaxMessageBytes)))
	if err != nil {
		return err
	}
	defer func() {
		if closed := conn.Close(); closed != nil {
			err = errors.Join(err, fmt.Errorf("hang up: %w", closed))
		}
	}()
	return do(ctx, apiv1.NewEnrollmentServiceClient(conn))
}

func straight(ctx context.Context, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", address)
}
