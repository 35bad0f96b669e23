package oidc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"vigia/collector/access"
)

// Bounds of one request to the provider.
const (
	within    = 5 * time.Second // a page has 15, and asks up to three times
	maxAnswer = 1 << 20         // bytes
)

// newClient is the HTTP client for the provider: over TLS, by the proxy of the environment,
// and to nowhere else than asked.
func newClient(caFile string) (*http.Client, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile != "" {
		data, err := os.ReadFile(caFile)
		if err != nil {
			return nil, err
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(data) {
			return nil, errors.New("no tiene ningún certificado en PEM")
		}
	}
	return &http.Client{
		Timeout: within,
		Transport: bounded{&http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: conf, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: within, ResponseHeaderTimeout: within, IdleConnTimeout: time.Minute, MaxIdleConns: 4, MaxResponseHeaderBytes: 64 << 10}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// bounded ends answers that are too long.
type bounded struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" {
		return nil, errors.New("the provider is asked over https only")
	}
	resp, err := b.RoundTripper.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body = &limited{ReadCloser: resp.Body, left: maxAnswer}
	return resp, nil
}

// limited is a body that fails when it is longer than it may be.
type limited struct {
	io.ReadCloser
	left int64
}

var errTooLong = errors.New("the provider's answer is too long")

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooLong
	}
	n, err := l.ReadCloser.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// known is what the provider says of itself.
type known struct {
	endpoint oauth2.Endpoint
	keys     gooidc.KeySet
	since    time.Time // when it was asked
}

// exchange is how a code is asked for and exchanged, with back as the address of the answer.
func (p *Provider) exchange(k *known, back string) *oauth2.Config {
	scopes := slices.DeleteFunc(slices.Clone(p.conf.Scopes), func(s string) bool { return s == gooidc.ScopeOpenID })
	return &oauth2.Config{ClientID: p.conf.ClientID, Endpoint: k.endpoint, RedirectURL: back, Scopes: append([]string{gooidc.ScopeOpenID}, scopes...)}
}

// ask returns what the provider says of itself, asked now when it was not lately.
func (p *Provider) ask(ctx context.Context) (*known, error) {
	p.mu.Lock()
	k := p.known
	p.mu.Unlock()
	if k != nil {
		if ago := p.now().Sub(k.since); ago >= 0 && ago < knownFor {
			return k, nil
		}
	}
	k, err := p.discover(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", access.ErrElsewhere, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known = k
	return k, nil
}

// discover asks the provider for its addresses (OpenID Connect Discovery 1.0 section 4).
func (p *Provider) discover(ctx context.Context) (*known, error) {
	provider, err := gooidc.NewProvider(gooidc.ClientContext(ctx, p.client), p.conf.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discovery of %s: %s", p.conf.Issuer, shortened(err.Error()))
	}
	var said struct {
		Keys    string   `json:"jwks_uri"`
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := provider.Claims(&said); err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	k := &known{endpoint: provider.Endpoint(), since: p.now()}
	for _, address := range []string{k.endpoint.AuthURL, k.endpoint.TokenURL, said.Keys} {
		if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" {
			return nil, fmt.Errorf("discovery: the address %q is not one of https", shortened(address))
		}
	}
	k.endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if len(said.Methods) > 0 && !slices.Contains(said.Methods, "client_secret_basic") {
		k.endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	// Keys are read when they are needed, whoever needs them first.
	k.keys = gooidc.NewRemoteKeySet(gooidc.ClientContext(context.Background(), p.client), said.Keys)
	return k, nil
}
