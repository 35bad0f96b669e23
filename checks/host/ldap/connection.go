package ldap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"vigia/checks/host"
)

// Server is a directory's address and how its certificate is verified.
type Server struct {
	address string
	tls     *tls.Config
	first   bool // TLS from the first byte; else StartTLS
}

// NewServer checks an address, as Config.URL has it, and the authorities to trust, as PEM,
// and connects to nothing.
func NewServer(address string, ca []byte) (*Server, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" {
		return nil, errors.New("want ldaps://HOST or ldap://HOST")
	}
	s, port := &Server{}, "389"
	switch u.Scheme {
	case "ldaps":
		s.first, port = true, "636"
	case "ldap":
	default:
		return nil, fmt.Errorf("want ldaps://HOST or ldap://HOST, not %s", u.Scheme)
	}
	if u.Port() != "" {
		port = u.Port()
	}
	s.address = net.JoinHostPort(u.Hostname(), port)
	s.tls = &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	if len(ca) > 0 {
		s.tls.RootCAs = x509.NewCertPool()
		if !s.tls.RootCAs.AppendCertsFromPEM(ca) {
			return nil, errors.New("the authority's file holds no PEM certificate")
		}
	}
	return s, nil
}

// Connection is one that is encrypted, with a server that was verified and whose messages
// are bounded. Nobody is logged in on it at first. Whoever opened it closes it.
type Connection struct {
	*goldap.Conn
	net    net.Conn
	frames *frames
	stop   func() bool // ends the watch over the context
}

// connect opens a connection and logs in.
func (d *Directory) connect(ctx context.Context) (*Connection, error) {
	if err := d.rested(); err != nil {
		return nil, err
	}
	c, err := d.server.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := d.login(ctx, c); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Connect dials, encrypts and verifies who answers. The end of ctx closes the connection,
// whatever is waiting for it.
func (s *Server) Connect(ctx context.Context) (_ *Connection, err error) {
	dialer := net.Dialer{Timeout: answerWithin}
	plain, err := dialer.DialContext(ctx, "tcp", s.address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", host.ErrDirectoryUnreachable, err)
	}
	c := &Connection{net: plain, stop: context.AfterFunc(ctx, func() { _ = plain.Close() })}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	if err := plain.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return nil, err
	}
	secure, err := s.encrypt(ctx, plain)
	if err != nil {
		return nil, err
	}
	if err := plain.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	c.frames = &frames{Conn: secure, left: maxAnswer}
	c.Conn = goldap.NewConn(c.frames, true)
	c.SetTimeout(answerWithin)
	c.Start()
	return c, nil
}

// encrypt makes plain a TLS connection with the server that the address names.
func (s *Server) encrypt(ctx context.Context, plain net.Conn) (net.Conn, error) {
	if !s.first {
		if err := startTLS(plain); err != nil {
			return nil, err
		}
	}
	secure := tls.Client(plain, s.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
			return nil, fmt.Errorf("%w: %w", host.ErrDirectoryTrust, err)
		}
		if _, ok := errors.AsType[x509.HostnameError](err); ok {
			return nil, fmt.Errorf("%w: %w", host.ErrDirectoryTrust, err)
		}
		return nil, fmt.Errorf("%w: %w", host.ErrDirectoryUnreachable, err)
	}
	return secure, nil
}

func (d *Directory) login(ctx context.Context, c *Connection) error {
	password, err := d.cfg.Password(ctx)
	if err != nil {
		return fmt.Errorf("read the password: %w", err)
	}
	if password == "" { // a log-in without password is none (RFC 4513 section 5.1.2)
		return fmt.Errorf("the password is empty: %w", host.ErrDirectoryLogin)
	}
	err = c.Bind(d.cfg.BindDN, password)
	if goldap.IsErrorWithCode(err, goldap.LDAPResultInvalidCredentials) {
		d.mu.Lock()
		d.refused = d.cfg.Now()
		d.mu.Unlock()
	}
	return err
}

// rested refuses to try a password again that was refused a short while ago.
func (d *Directory) rested() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if since := d.cfg.Now().Sub(d.refused); !d.refused.IsZero() && since >= 0 && since < restAfterRefusal {
		return fmt.Errorf("not tried again for an hour: %w", host.ErrDirectoryLogin)
	}
	d.refused = time.Time{}
	return nil
}

// Close ends the connection. Its goroutines end with it.
func (c *Connection) Close() {
	c.stop()
	if c.Conn != nil {
		_ = c.Unbind() // a courtesy; it closes too
	}
	_ = c.net.Close()
}
