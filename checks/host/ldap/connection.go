package ldap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"vigia/checks/host"
)

// connection is one logged-in connection.
type connection struct {
	*goldap.Conn
	net    net.Conn
	frames *frames
	stop   func() bool // ends the watch over the context
}

// connect dials, encrypts, verifies who answers and logs in. The end of ctx closes the
// connection, whatever is waiting for it.
func (d *Directory) connect(ctx context.Context) (_ *connection, err error) {
	if err := d.rested(); err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: answerWithin}
	plain, err := dialer.DialContext(ctx, "tcp", d.address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", host.ErrDirectoryUnreachable, err)
	}
	c := &connection{net: plain, stop: context.AfterFunc(ctx, func() { _ = plain.Close() })}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if err := plain.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return nil, err
	}
	secure, err := d.encrypt(ctx, plain)
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
	return c, d.login(ctx, c)
}

// encrypt makes plain a TLS connection with the server that the address names.
func (d *Directory) encrypt(ctx context.Context, plain net.Conn) (net.Conn, error) {
	if !d.first {
		if err := startTLS(plain); err != nil {
			return nil, err
		}
	}
	secure := tls.Client(plain, d.tls)
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

func (d *Directory) login(ctx context.Context, c *connection) error {
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

// close ends the connection. Its goroutines end with it.
func (c *connection) close() {
	c.stop()
	if c.Conn != nil {
		_ = c.Unbind() // a courtesy; it closes too
	}
	_ = c.net.Close()
}
