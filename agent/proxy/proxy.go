// Package proxy connects to the collector, through the HTTP proxy of the
// organisation where there is one (CONNECT, RFC 9110 9.3.6).
//
// The proxy carries bytes and no more: TLS goes from end to end, and who answers is
// verified as without one. A proxy that wants to know who asks is told a user and a
// password (Basic, RFC 7617); NTLM, Negotiate (Kerberos) and Digest are not spoken. No
// error and no text of this package holds a password.
package proxy

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"
)

// Direct is said in place of an address: there is no proxy, whatever the environment
// says.
const Direct = "direct"

// ErrSetting is the error of what was said of a proxy and is not understood. Its words do
// not repeat it, as it may hold a password.
var ErrSetting = errors.New("a proxy is written http://host:port, http://user:password@host:port or direct")

// Dialer connects. It is safe for concurrent use.
type Dialer struct {
	choose func(*url.URL) (*url.URL, error)
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	within time.Duration // a proxy has to answer
}

// answerWithin is how long a proxy may take: it has to reach the collector meanwhile.
const answerWithin = 15 * time.Second

// New returns a Dialer that goes by setting. Where that is empty it goes by HTTPS_PROXY
// and NO_PROXY of the environment (as os.Environ gives it), by which this machine's own
// addresses never go through a proxy.
func New(setting string, environ []string) (*Dialer, error) {
	d := &Dialer{dial: new(net.Dialer).DialContext, within: answerWithin}
	if setting != "" {
		fixed, err := parse(setting)
		if err != nil {
			return nil, err
		}
		d.choose = func(*url.URL) (*url.URL, error) { return fixed, nil }
		return d, nil
	}
	var cfg httpproxy.Config
	for _, pair := range environ {
		switch name, value, _ := strings.Cut(pair, "="); {
		case value == "":
		case name == "HTTPS_PROXY", name == "https_proxy" && cfg.HTTPSProxy == "":
			cfg.HTTPSProxy = value
		case name == "NO_PROXY", name == "no_proxy" && cfg.NoProxy == "":
			cfg.NoProxy = value
		}
	}
	d.choose = cfg.ProxyFunc()
	return d, nil
}

// Check tells whether a setting is understood: empty, Direct or a URL of a proxy.
func Check(setting string) error {
	if setting == "" {
		return nil
	}
	_, err := parse(setting)
	return err
}

// HoldsPassword tells whether a setting holds what nobody else should read.
func HoldsPassword(setting string) bool {
	u, err := parse(setting)
	return err == nil && u != nil && u.User != nil
}

// parse reads a setting; nil is Direct.
func parse(setting string) (*url.URL, error) {
	if setting == Direct {
		return nil, nil //nolint:nilnil // as package http says that there is no proxy
	}
	u, err := url.Parse(setting)
	if err != nil || u.Scheme != "http" || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return nil, ErrSetting // without the words of url.Parse, which repeat all of it
	}
	if port := u.Port(); port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return nil, ErrSetting
		}
	}
	if u.User != nil && strings.ContainsAny(u.User.Username(), ":\r\n") {
		return nil, ErrSetting // RFC 7617 has no way to say that
	}
	return u, nil
}

// For names the proxy, as host:port, through which address is reached; empty: none. An
// environment that is not understood is ErrSetting.
func (d *Dialer) For(address string) (string, error) {
	u, err := d.through(address)
	if err != nil || u == nil {
		return "", err
	}
	return hostPort(u), nil
}

// through returns the URL of the proxy for an address, nil for none.
func (d *Dialer) through(address string) (*url.URL, error) {
	u, err := d.choose(&url.URL{Scheme: "https", Host: address})
	switch {
	case err != nil:
		return nil, fmt.Errorf("read HTTPS_PROXY: %w", ErrSetting)
	case u != nil && u.Scheme != "http":
		return nil, fmt.Errorf("read HTTPS_PROXY: %w", ErrSetting)
	}
	return u, nil
}

// hostPort is where a proxy listens; it is port 80 if its URL does not say, as for any
// other http URL.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// Dial connects to host:port, for TLS to follow.
func (d *Dialer) Dial(ctx context.Context, address string) (net.Conn, error) {
	u, err := d.through(address)
	if err != nil {
		return nil, err
	}
	if u == nil {
		return d.dial(ctx, "tcp", address)
	}
	at := hostPort(u)
	ctx, cancel := context.WithTimeout(ctx, d.within)
	defer cancel()
	conn, err := d.dial(ctx, "tcp", at)
	if err != nil {
		return nil, &Error{Proxy: at, Why: Unreachable, Detail: err.Error()}
	}
	login := ""
	if u.User != nil {
		password, _ := u.User.Password()
		login = base64.StdEncoding.EncodeToString([]byte(u.User.Username() + ":" + password))
	}
	through, refused := handshake(ctx, conn, withoutZone(address), login)
	if refused != nil {
		conn.Close() //nolint:errcheck // it is of no use any more
		refused.Proxy = at
		return nil, refused
	}
	return through, nil
}

// withoutZone is an address as the proxy is told it: a zone means something on this
// machine only.
func withoutZone(address string) string {
	if at, err := netip.ParseAddrPort(address); err == nil && at.Addr().Zone() != "" {
		return netip.AddrPortFrom(at.Addr().WithZone(""), at.Port()).String()
	}
	return address
}
