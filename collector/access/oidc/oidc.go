// Package oidc lets people log in by a provider of OpenID Connect (OpenID Connect Core 1.0):
// the authorization code flow of RFC 6749 with PKCE (RFC 7636), as RFC 9700 recommends it.
//
// The provider says who somebody is; which account that is, and what it may do, package
// access says. Nothing that the provider sends is kept but the issuer and the subject.
//
// Always true: an answer counts only in the browser that began, within minutes, with the
// state, the nonce and the verifier that were drawn for it; an ID token is signed by the
// issuer's keys with an asymmetric algorithm, for this client, and in date. What the browser
// keeps meanwhile is sealed with a key that only this process has.
package oidc

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"vigia/collector/access"
)

// Bounds of a log-in.
const (
	// answerWithin is how long a person may take at the provider.
	answerWithin = 10 * time.Minute
	// leeway is by how much the clock of the provider may differ when it says when somebody
	// proved who they are.
	leeway = time.Minute
	// knownFor is how long what the provider says of itself is not asked again.
	knownFor = 12 * time.Hour
)

// Config says which provider to ask, and how.
type Config struct {
	// Name is what the button of the log-in calls it; empty: the host of the issuer.
	Name string `mapstructure:"name"`
	// Issuer is its address, https, exactly as it gives it. Empty: there is none.
	Issuer string `mapstructure:"issuer"`
	// ClientID is the portal's name there, and SecretFile has its secret.
	ClientID   string `mapstructure:"client_id"`
	SecretFile string `mapstructure:"secret_file"`
	// Scopes are asked for beside openid; empty: profile.
	Scopes []string `mapstructure:"scopes"`
	// Claim has the name of the person; empty: preferred_username. For email the provider
	// must say that it verified it.
	Claim string `mapstructure:"claim"`
	// MFAAMR and MFAACR are values of the claims amr (RFC 8176) and acr by which the provider
	// says that it asked for a second factor; without any, it is asked here.
	MFAAMR []string `mapstructure:"mfa_amr"`
	MFAACR []string `mapstructure:"mfa_acr"`
	// CAFile holds the authorities to trust, as PEM; empty means those of the system.
	CAFile string `mapstructure:"ca_file"`
}

// Used tells whether anything is configured.
func (c Config) Used() bool {
	return c.Name+c.Issuer+c.ClientID+c.SecretFile+c.Claim+c.CAFile != "" || len(c.Scopes)+len(c.MFAAMR)+len(c.MFAACR) > 0
}

// ErrConfig is wrapped by what is wrong with a configuration.
var ErrConfig = errors.New("login.oidc")

// Provider is one provider. It is safe for concurrent use.
type Provider struct {
	conf   Config
	secret func() (string, error)
	now    func() time.Time
	logger *slog.Logger
	client *http.Client
	seal   cipher.AEAD

	mu    sync.Mutex
	known *known // guarded by mu; nil: not asked yet
}

var _ access.Provider = (*Provider)(nil)

// Options are what a Provider is made from beside its configuration.
type Options struct {
	// Secret reads the client's secret, at each use.
	Secret func() (string, error)
	// Now is the clock; nil means the machine's. Logger may be nil.
	Now    func() time.Time
	Logger *slog.Logger
}

// New checks a configuration and asks the provider nothing yet: it may be down while the
// portal starts.
func New(conf Config, opts Options) (*Provider, error) {
	u, err := url.Parse(conf.Issuer)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%w.issuer: una dirección https, sin ? ni #", ErrConfig)
	}
	for _, need := range []struct{ key, value string }{{"client_id", conf.ClientID}, {"secret_file", conf.SecretFile}} {
		if need.value == "" {
			return nil, fmt.Errorf("%w.%s: falta", ErrConfig, need.key)
		}
	}
	if conf.Name == "" {
		conf.Name = u.Hostname()
	}
	if conf.Claim == "" {
		conf.Claim = "preferred_username"
	}
	if len(conf.Scopes) == 0 {
		conf.Scopes = []string{"profile"}
	}
	client, err := newClient(conf.CAFile)
	if err != nil {
		return nil, fmt.Errorf("%w.ca_file: %w", ErrConfig, err)
	}
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	p := &Provider{conf: conf, secret: opts.Secret, now: opts.Now, logger: opts.Logger, client: client, seal: seal}
	if p.now == nil {
		p.now = time.Now
	}
	if p.logger == nil {
		p.logger = slog.New(slog.DiscardHandler)
	}
	return p, nil
}

// Name implements access.Provider.
func (p *Provider) Name() string { return p.conf.Name }

// began is what a browser keeps while its person is at the provider.
type began struct {
	State, Nonce, Verifier string
	Back, About            string
	Fresh                  bool
	At                     time.Time
}

// Begin implements access.Provider.
func (p *Provider) Begin(ctx context.Context, back, about string, fresh bool) (address, kept string, err error) {
	known, err := p.ask(ctx)
	if err != nil {
		return "", "", err
	}
	b := began{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Back: back, About: about, Fresh: fresh, At: p.now()}
	plain, err := json.Marshal(b)
	if err != nil {
		return "", "", fmt.Errorf("begin a log-in: %w", err)
	}
	params := []oauth2.AuthCodeOption{gooidc.Nonce(b.Nonce), oauth2.S256ChallengeOption(b.Verifier)}
	if fresh {
		params = append(params, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	if len(p.conf.MFAACR) > 0 {
		params = append(params, oauth2.SetAuthURLParam("acr_values", strings.Join(p.conf.MFAACR, " ")))
	}
	sealed := p.seal.Seal(nil, nil, plain, nil) //nolint:gosec // no constant nonce: NewGCMWithRandomNonce draws one and takes none
	return p.exchange(known, back).AuthCodeURL(b.State, params...), base64.RawURLEncoding.EncodeToString(sealed), nil
}

// opened is what the browser kept, if it is of this process and not too old.
func (p *Provider) opened(kept string) (b began, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(kept)
	if err != nil {
		return b, false
	}
	plain, err := p.seal.Open(nil, nil, sealed, nil)
	if err != nil || json.Unmarshal(plain, &b) != nil {
		return b, false
	}
	ago := p.now().Sub(b.At)
	return b, ago >= 0 && ago < answerWithin
}

// Finish implements access.Provider.
func (p *Provider) Finish(ctx context.Context, kept, back string, answer access.Answer) (access.Identity, string, error) {
	b, ok := p.opened(kept)
	if !ok || b.Back != back || subtle.ConstantTimeCompare([]byte(b.State), []byte(answer.State)) != 1 {
		return access.Identity{}, "", &access.Refusal{Reason: access.NotBegun}
	}
	if answer.Issuer != "" && answer.Issuer != p.conf.Issuer { // another provider's answer (RFC 9207)
		return access.Identity{}, b.About, &access.Refusal{Reason: access.BadToken}
	}
	if answer.Error != "" || answer.Code == "" {
		p.logger.WarnContext(ctx, "the log-in provider refused", "error", shortened(answer.Error))
		return access.Identity{}, b.About, &access.Refusal{Reason: access.ProviderSaid}
	}
	id, err := p.redeem(ctx, b, answer.Code)
	if errors.Is(err, access.ErrDenied) {
		return access.Identity{}, b.About, err
	}
	if err != nil {
		return access.Identity{}, b.About, fmt.Errorf("%w: %w", access.ErrElsewhere, err)
	}
	return id, b.About, nil
}

// shortened is a text of the provider's for our log.
func shortened(text string) string {
	const most = 100
	if len(text) > most {
		text = text[:most]
	}
	return strings.ToValidUTF8(text, "?")
}

// redeem exchanges the code for an ID token, and checks it.
func (p *Provider) redeem(ctx context.Context, b began, code string) (id access.Identity, err error) {
	known, err := p.ask(ctx)
	if err != nil {
		return id, err
	}
	conf := p.exchange(known, b.Back)
	if conf.ClientSecret, err = p.secret(); err != nil {
		return id, fmt.Errorf("login.oidc.secret_file: %w", err)
	}
	ctx = gooidc.ClientContext(ctx, p.client)
	tokens, err := conf.Exchange(ctx, code, oauth2.VerifierOption(b.Verifier))
	if err != nil {
		if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.ErrorCode == "invalid_grant" {
			return id, p.bad(ctx, "the provider does not know the code")
		}
		return id, fmt.Errorf("exchange the code: %w", said(err))
	}
	raw, _ := tokens.Extra("id_token").(string)
	if raw == "" {
		return id, p.bad(ctx, "there is no ID token")
	}
	keys := &witnessed{KeySet: known.keys}
	token, err := gooidc.NewVerifier(p.conf.Issuer, keys, &gooidc.Config{ClientID: p.conf.ClientID, SupportedSigningAlgs: algorithms(), Now: p.now}).Verify(ctx, raw)
	if err != nil {
		if _, ok := errors.AsType[*url.Error](keys.err); ok {
			return id, fmt.Errorf("read the provider's keys: %w", keys.err)
		}
		return id, p.bad(ctx, err.Error())
	}
	return p.identity(ctx, b, token)
}

// algorithms are those that an ID token may be signed with: none with a shared secret, and
// never without.
func algorithms() []string {
	return []string{gooidc.RS256, gooidc.RS384, gooidc.RS512, gooidc.ES256, gooidc.ES384, gooidc.ES512, gooidc.PS256, gooidc.PS384, gooidc.PS512, gooidc.EdDSA}
}

// witnessed remembers why a signature could not be verified: go-oidc keeps only the text.
type witnessed struct {
	gooidc.KeySet
	err error
}

// VerifySignature implements gooidc.KeySet.
func (w *witnessed) VerifySignature(ctx context.Context, jwt string) (payload []byte, err error) {
	payload, w.err = w.KeySet.VerifySignature(ctx, jwt)
	return payload, w.err
}

// said is an error of the exchange without the body of the answer.
func said(err error) error {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		status := 0
		if refused.Response != nil {
			status = refused.Response.StatusCode
		}
		return fmt.Errorf("the provider answers %d %s", status, shortened(refused.ErrorCode))
	}
	return err
}

// bad refuses what the provider sent, and says why in our own log.
func (p *Provider) bad(ctx context.Context, why string) error {
	p.logger.WarnContext(ctx, "an answer of the log-in provider does not hold", "why", shortened(why))
	return &access.Refusal{Reason: access.BadToken}
}

// identity reads a verified token.
func (p *Provider) identity(ctx context.Context, b began, token *gooidc.IDToken) (id access.Identity, err error) {
	var claims struct {
		AuthTime int64  `json:"auth_time"`
		AZP      string `json:"azp"`
		ACR      string `json:"acr"`
		AMR      values `json:"amr"`
		Verified bool   `json:"email_verified"`
	}
	all := map[string]any{}
	if err := errors.Join(token.Claims(&claims), token.Claims(&all)); err != nil {
		return id, p.bad(ctx, err.Error())
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(b.Nonce)) != 1:
		return id, p.bad(ctx, "the nonce is another")
	case len(token.Audience) > 1 && claims.AZP != p.conf.ClientID, claims.AZP != "" && claims.AZP != p.conf.ClientID:
		return id, p.bad(ctx, "it is for another client")
	case token.Subject == "" || len(token.Subject) > 255:
		return id, p.bad(ctx, "it has no subject")
	}
	id = access.Identity{Issuer: token.Issuer, Subject: token.Subject}
	if claims.AuthTime > 0 {
		id.At = time.Unix(claims.AuthTime, 0)
	}
	if b.Fresh && (id.At.IsZero() || id.At.Before(b.At.Add(-leeway))) {
		p.logger.WarnContext(ctx, "the log-in provider did not ask anew, or does not say when it asked (auth_time)")
		return access.Identity{}, &access.Refusal{Reason: access.NotFresh}
	}
	if name, ok := all[p.conf.Claim].(string); ok && (p.conf.Claim != "email" || claims.Verified) {
		id.Name = name
	}
	id.MFA = claims.ACR != "" && slices.Contains(p.conf.MFAACR, claims.ACR) ||
		slices.ContainsFunc(claims.AMR, func(one string) bool { return slices.Contains(p.conf.MFAAMR, one) })
	return id, nil
}

// values are texts, or one alone as some providers write it.
type values []string

// UnmarshalJSON implements json.Unmarshaler.
func (v *values) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*v = values{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(data, &many); err != nil {
		return err
	}
	*v = many
	return nil
}
