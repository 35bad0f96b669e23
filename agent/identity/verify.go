package identity

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	apiv1 "vigia/collector/api/v1"
)

// verifier decides whether who answered is the collector. It verifies in place
// of crypto/tls, which has no notion of a pin, and keeps the reason of a
// refusal, of which gRPC tells only the text.
type verifier struct {
	host string
	now  func() time.Time
	// roots are the pinned ones; nil while enrolling, when pin decides.
	roots *x509.CertPool
	pin   [sha256.Size]byte

	mu        sync.Mutex
	refusal   error // of the last handshake
	undialled error // why the last connection was not made
}

func (v *verifier) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		ServerName: v.host,
		//nolint:gosec // VerifyConnection verifies, against the pin or the pinned roots
		InsecureSkipVerify: true,
		VerifyConnection: func(cs tls.ConnectionState) error {
			err := v.verify(cs.PeerCertificates)
			v.mu.Lock()
			v.refusal = err
			v.mu.Unlock()
			return err
		},
	}
}

func (v *verifier) verify(chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return ErrUnknownCA
	}
	roots := v.roots
	if roots == nil {
		for _, cert := range chain[1:] {
			if cert.IsCA && apiv1.Pin(cert) == v.pin {
				roots = x509.NewCertPool()
				roots.AddCert(cert)
			}
		}
		if roots == nil {
			return fmt.Errorf("%w: its root certificate is not the one in the token", ErrUnknownCA)
		}
	}
	between := x509.NewCertPool()
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: v.now(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("%w: it is valid from %s to %s, and here it is %s", ErrClock,
			chain[0].NotBefore.UTC().Format(time.RFC3339), chain[0].NotAfter.UTC().Format(time.RFC3339), v.now().UTC().Format(time.RFC3339))
	default:
		return fmt.Errorf("%w: %w", ErrUnknownCA, err)
	}
	// Last, so that a stranger is called one whatever he is named.
	if err := chain[0].VerifyHostname(v.host); err != nil {
		return fmt.Errorf("%w: %w", ErrServerName, err)
	}
	return nil
}

// explain turns the error of a call into one of the errors of this package.
func (v *verifier) explain(err error, denied error) error {
	v.mu.Lock()
	refusal, undialled := v.refusal, v.undialled
	v.mu.Unlock()
	if refusal != nil {
		return refusal
	}
	kind := ErrUnreachable
	s := status.New(codes.Unavailable, err.Error())
	var answered interface{ GRPCStatus() *status.Status }
	if errors.As(err, &answered) {
		s = answered.GRPCStatus() // without what wraps it
	}
	switch s.Code() {
	case codes.PermissionDenied:
		kind = denied
	case codes.Unauthenticated:
		kind = ErrUnknownMachine
	case codes.InvalidArgument, codes.AlreadyExists, codes.FailedPrecondition, codes.Unimplemented:
		kind = ErrRefused
	case codes.ResourceExhausted:
		kind = ErrBusy
	case codes.Unavailable, codes.DeadlineExceeded:
		if undialled != nil { // gRPC has only the text of it
			return fmt.Errorf("%w: %w", kind, undialled)
		}
	}
	return fmt.Errorf("%w: %w", kind, apiv1.RefusalOf(s))
}
