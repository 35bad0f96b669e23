// Package oidctest is a provider of OpenID Connect for tests: it speaks real HTTPS and signs
// real tokens, and says what the test wants of whoever comes. All of it is invented.
package oidctest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The client that the provider knows.
const (
	Client = "vigia"
	Secret = "secreto-de-prueba"
)

// Provider is one that runs.
type Provider struct {
	*httptest.Server
	// CAFile holds its certificate, as PEM.
	CAFile string
	// Now is its clock.
	Now func() time.Time

	mu sync.Mutex
	// Person is what it says of whoever comes next: the claims beside those of every token.
	person map[string]any
	// Change replaces or, by nil, takes away claims of a token.
	change map[string]any
	// refuse is an error that it gives instead of a code.
	refuse string
	es256  bool
	forged bool // signed with a key that it does not publish
	down   bool
	codes  map[string]asked
	last   url.Values // what was last asked for

	rsa, other *rsa.PrivateKey
	ec         *ecdsa.PrivateKey
}

// asked is what a code is for.
type asked struct {
	nonce, challenge, back string
	at                     int64
}

// Start starts a provider, which ends with the test.
func Start(t testing.TB) *Provider {
	t.Helper()
	p := &Provider{Now: time.Now, codes: map[string]asked{}, person: map[string]any{}}
	var err error
	if p.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err == nil {
		p.other, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err == nil {
		p.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /auth", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.down {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	p.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate().Raw})
	if err := os.WriteFile(p.CAFile, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// Comes sets who comes next, by claims; sub is one of them.
func (p *Provider) Comes(claims map[string]any) {
	p.set(func() { p.person, p.change, p.refuse, p.forged, p.es256 = claims, nil, "", false, false })
}

// Changes replaces claims of the tokens; nil takes one away.
func (p *Provider) Changes(claims map[string]any) { p.set(func() { p.change = claims }) }

// Refuses makes it give an error instead of a code.
func (p *Provider) Refuses(problem string) { p.set(func() { p.refuse = problem }) }

// Forges makes it sign with a key that is not its own.
func (p *Provider) Forges() { p.set(func() { p.forged = true }) }

// SignsES256 makes it sign with an elliptic curve; else it is RSA.
func (p *Provider) SignsES256() { p.set(func() { p.es256 = true }) }

// GoesDown and ComesUp end and begin its service.
func (p *Provider) GoesDown() { p.set(func() { p.down = true }) }

// ComesUp is the end of GoesDown.
func (p *Provider) ComesUp() { p.set(func() { p.down = false }) }

// Asked is what it was last asked for.
func (p *Provider) Asked() (last url.Values) {
	p.set(func() { last = p.last })
	return last
}

func (p *Provider) set(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fn()
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the client may have left
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256", "ES256"}, "authorization_response_iss_parameter_supported": true,
	})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: p.rsa.Public(), KeyID: "rsa", Algorithm: "RS256", Use: "sig"}, {Key: p.ec.Public(), KeyID: "ec", Algorithm: "ES256", Use: "sig"}}})
}

// authorize lets whoever comes in at once, as one who has a session there.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p.last = q
	if q.Get("client_id") != Client || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" ||
		q.Get("code_challenge") == "" || q.Get("nonce") == "" || q.Get("state") == "" || !strings.Contains(" "+q.Get("scope")+" ", " openid ") {
		http.Error(w, "not an acceptable request", http.StatusBadRequest)
		return
	}
	out := url.Values{"state": {q.Get("state")}, "iss": {p.URL}}
	if p.refuse != "" {
		out.Set("error", p.refuse)
	} else {
		code := rand.Text()
		at := p.Now().Add(-time.Hour).Unix() // of the session there
		if q.Get("prompt") == "login" && q.Get("max_age") == "0" {
			at = p.Now().Unix()
		}
		p.codes[code] = asked{nonce: q.Get("nonce"), challenge: q.Get("code_challenge"), back: q.Get("redirect_uri"), at: at}
		out.Set("code", code)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+out.Encode(), http.StatusSeeOther)
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	if !ok || id != Client || secret != Secret {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	a, ok := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !ok || a.back != r.FormValue("redirect_uri") || base64.RawURLEncoding.EncodeToString(sum[:]) != a.challenge {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	claims := map[string]any{"iss": p.URL, "aud": Client, "nonce": a.nonce, "auth_time": a.at,
		"iat": p.Now().Unix(), "exp": p.Now().Add(5 * time.Minute).Unix()}
	maps.Copy(claims, p.person)
	for name, value := range p.change {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	raw, err := p.sign(claims)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, http.StatusOK, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": raw})
}

func (p *Provider) sign(claims map[string]any) (string, error) {
	key := jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: p.rsa, KeyID: "rsa"}}
	switch {
	case p.forged:
		key.Key = jose.JSONWebKey{Key: p.other, KeyID: "rsa"}
	case p.es256:
		key = jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: p.ec, KeyID: "ec"}}
	}
	signer, err := jose.NewSigner(key, nil)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}
