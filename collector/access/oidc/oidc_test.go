package oidc_test

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vigia/collector/access"
	"vigia/collector/access/oidc"
	"vigia/collector/access/oidc/oidctest"
)

const back = "https://vigia.villaejemplo.example/entrar/proveedor/vuelta"

// person is somebody invented.
func person() map[string]any {
	return map[string]any{"sub": "s-1", "preferred_username": "Ana", "email": "ana@villaejemplo.example", "amr": []string{"pwd", "otp"}, "acr": "2"}
}

func config(p *oidctest.Provider) oidc.Config {
	return oidc.Config{Issuer: p.URL, ClientID: oidctest.Client, SecretFile: "x", CAFile: p.CAFile}
}

func start(t *testing.T, p *oidctest.Provider, conf oidc.Config, now func() time.Time) *oidc.Provider {
	t.Helper()
	out, err := oidc.New(conf, oidc.Options{Now: now, Secret: func() (string, error) { return oidctest.Secret, nil }})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// goes is a browser that goes to the provider and comes back with its answer.
func goes(t *testing.T, p *oidctest.Provider, address string) access.Answer {
	t.Helper()
	client := *p.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	to, err := resp.Location()
	if err != nil || !strings.HasPrefix(to.String(), back+"?") {
		t.Fatalf("got %d to %v, %v; want back", resp.StatusCode, to, err)
	}
	q := to.Query()
	return access.Answer{Code: q.Get("code"), State: q.Get("state"), Issuer: q.Get("iss"), Error: q.Get("error")}
}

func TestLogIn(t *testing.T) {
	t.Parallel()
	server := oidctest.Start(t)
	for _, row := range []struct {
		name  string
		conf  func(*oidc.Config)
		come  func()
		fresh bool
		want  access.Identity // At: any
	}{
		{"RSA", func(*oidc.Config) {}, func() {}, false, access.Identity{Name: "Ana"}},
		{"ES256", func(*oidc.Config) {}, server.SignsES256, false, access.Identity{Name: "Ana"}},
		{"amr says more than a password", func(c *oidc.Config) { c.MFAAMR = []string{"hwk", "otp"} }, func() {}, false, access.Identity{Name: "Ana", MFA: true}},
		{"acr says more than a password", func(c *oidc.Config) { c.MFAACR = []string{"2"} }, func() {}, false, access.Identity{Name: "Ana", MFA: true}},
		{"neither is of the configuration", func(c *oidc.Config) { c.MFAAMR, c.MFAACR = []string{"hwk"}, []string{"3"} }, func() {}, false, access.Identity{Name: "Ana"}},
		{"amr as one text", func(c *oidc.Config) { c.MFAAMR = []string{"mfa"} }, func() { server.Changes(map[string]any{"amr": "mfa"}) }, false, access.Identity{Name: "Ana", MFA: true}},
		{"asked anew", func(*oidc.Config) {}, func() {}, true, access.Identity{Name: "Ana"}},
		{"an address that was not verified", func(c *oidc.Config) { c.Claim = "email" }, func() {}, false, access.Identity{}},
		{"a verified address", func(c *oidc.Config) { c.Claim = "email" }, func() { server.Changes(map[string]any{"email_verified": true}) }, false, access.Identity{Name: "ana@villaejemplo.example"}},
		{"several audiences, for us", func(*oidc.Config) {}, func() {
			server.Changes(map[string]any{"aud": []string{"otra", oidctest.Client}, "azp": oidctest.Client})
		}, false, access.Identity{Name: "Ana"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			server.Comes(person())
			row.come()
			conf := config(server)
			row.conf(&conf)
			p := start(t, server, conf, nil)
			address, kept, err := p.Begin(t.Context(), back, "asunto", row.fresh)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"asunto", "Verifier"} {
				if strings.Contains(kept, secret) {
					t.Errorf("what the browser keeps tells %q", secret)
				}
			}
			id, about, err := p.Finish(t.Context(), kept, back, goes(t, server, address))
			if err != nil || about != "asunto" {
				t.Fatalf("got about %q, %v", about, err)
			}
			want := row.want
			want.Issuer, want.Subject, want.At = server.URL, "s-1", id.At
			if id != want || id.At.IsZero() {
				t.Errorf("got %+v, want %+v", id, want)
			}
			if old := time.Since(id.At) > 30*time.Minute; old == row.fresh {
				t.Errorf("they proved it at %v; asked anew: %v", id.At, row.fresh)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	server := oidctest.Start(t)
	change := func(claims map[string]any) func() { return func() { server.Changes(claims) } }
	for _, row := range []struct {
		name  string
		come  func()
		fresh bool
		after func(*access.Answer)
		want  access.Reason
	}{
		{"wrong nonce", change(map[string]any{"nonce": "otro"}), false, nil, access.BadToken},
		{"no nonce", change(map[string]any{"nonce": nil}), false, nil, access.BadToken},
		{"wrong audience", change(map[string]any{"aud": "otra"}), false, nil, access.BadToken},
		{"several audiences, for another", change(map[string]any{"aud": []string{"otra", oidctest.Client}, "azp": "otra"}), false, nil, access.BadToken},
		{"several audiences, for nobody", change(map[string]any{"aud": []string{"otra", oidctest.Client}}), false, nil, access.BadToken},
		{"expired", change(map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}), false, nil, access.BadToken},
		{"not yet", change(map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}), false, nil, access.BadToken},
		{"other issuer", change(map[string]any{"iss": "https://otro.example"}), false, nil, access.BadToken},
		{"no subject", change(map[string]any{"sub": nil}), false, nil, access.BadToken},
		{"another key", server.Forges, false, nil, access.BadToken},
		{"not asked anew", change(map[string]any{"auth_time": time.Now().Add(-time.Hour).Unix()}), true, nil, access.NotFresh},
		{"asked anew, it does not say when", change(map[string]any{"auth_time": nil}), true, nil, access.NotFresh},
		{"the person says no", func() { server.Refuses("access_denied") }, false, nil, access.ProviderSaid},
		{"another state", func() {}, false, func(a *access.Answer) { a.State = "otro" }, access.NotBegun},
		{"a made-up code", func() {}, false, func(a *access.Answer) { a.Code = "otro" }, access.BadToken},
		{"an answer of another issuer", func() {}, false, func(a *access.Answer) { a.Issuer = "https://otro.example" }, access.BadToken},
	} {
		t.Run(row.name, func(t *testing.T) {
			server.Comes(person())
			row.come()
			p := start(t, server, config(server), nil)
			address, kept, err := p.Begin(t.Context(), back, "", row.fresh)
			if err != nil {
				t.Fatal(err)
			}
			answer := goes(t, server, address)
			if row.after != nil {
				row.after(&answer)
			}
			id, _, err := p.Finish(t.Context(), kept, back, answer)
			refused, ok := errors.AsType[*access.Refusal](err)
			if !ok || refused.Reason != row.want || id != (access.Identity{}) || !errors.Is(err, access.ErrDenied) {
				t.Errorf("got %+v, %v; want the refusal %q", id, err, row.want)
			}
		})
	}
}

// The answer counts only in the browser that began, once, and for minutes.
func TestBoundToTheBrowser(t *testing.T) {
	t.Parallel()
	server := oidctest.Start(t)
	server.Comes(person())
	now := time.Now()
	p := start(t, server, config(server), func() time.Time { return now })
	address, mine, err := p.Begin(t.Context(), back, "", false)
	if err != nil {
		t.Fatal(err)
	}
	_, others, err := p.Begin(t.Context(), back, "", false)
	if err != nil {
		t.Fatal(err)
	}
	answer := goes(t, server, address)
	restarted := start(t, server, config(server), nil)
	for name, try := range map[string]func() error{
		"another browser": func() error { _, _, err := p.Finish(t.Context(), others, back, answer); return err },
		"no browser":      func() error { _, _, err := p.Finish(t.Context(), "", back, answer); return err },
		"altered": func() error {
			_, _, err := p.Finish(t.Context(), mine[:20]+"A"+mine[21:]+"A", back, answer)
			return err
		},
		"another address": func() error { _, _, err := p.Finish(t.Context(), mine, "https://otra.example/", answer); return err },
		"another process": func() error { _, _, err := restarted.Finish(t.Context(), mine, back, answer); return err },
		"too late": func() error {
			now = now.Add(10 * time.Minute)
			defer func() { now = now.Add(-10 * time.Minute) }()
			_, _, err := p.Finish(t.Context(), mine, back, answer)
			return err
		},
	} {
		if refused, ok := errors.AsType[*access.Refusal](try()); !ok || refused.Reason != access.NotBegun {
			t.Errorf("%s: got %v, want the refusal %q", name, refused, access.NotBegun)
		}
	}
	if _, _, err := p.Finish(t.Context(), mine, back, answer); err != nil {
		t.Errorf("the browser that began: %v", err)
	}
	if _, _, err := p.Finish(t.Context(), mine, back, answer); !errors.Is(err, access.ErrDenied) {
		t.Errorf("the same code twice: got %v, want a refusal", err)
	}
}

func TestProviderDown(t *testing.T) {
	t.Parallel()
	server := oidctest.Start(t)
	server.Comes(person())
	p := start(t, server, config(server), nil)
	server.GoesDown()
	if _, _, err := p.Begin(t.Context(), back, "", false); !errors.Is(err, access.ErrElsewhere) {
		t.Errorf("down at first: got %v, want ErrElsewhere", err)
	}
	server.ComesUp()
	address, kept, err := p.Begin(t.Context(), back, "", false)
	if err != nil {
		t.Fatalf("up again: %v", err)
	}
	answer := goes(t, server, address)
	server.GoesDown()
	if _, _, err := p.Finish(t.Context(), kept, back, answer); !errors.Is(err, access.ErrElsewhere) || errors.Is(err, access.ErrDenied) {
		t.Errorf("down meanwhile: got %v, want ErrElsewhere", err)
	}
	server.ComesUp()
	conf := config(server)
	conf.CAFile = ""
	if _, _, err := start(t, server, conf, nil).Begin(t.Context(), back, "", false); !errors.Is(err, access.ErrElsewhere) {
		t.Errorf("a certificate of nobody: got %v, want ErrElsewhere", err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := oidc.Config{Issuer: "https://id.example/realms/uno", ClientID: "vigia", SecretFile: "x"}
	if p, err := oidc.New(good, oidc.Options{}); err != nil || p.Name() != "id.example" {
		t.Errorf("got %v, %v; want one with the name of the host", p, err)
	}
	empty := filepath.Join(t.TempDir(), "nada.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for key, change := range map[string]func(*oidc.Config){
		"issuer":      func(c *oidc.Config) { c.Issuer = "http://id.example" },
		"client_id":   func(c *oidc.Config) { c.ClientID = "" },
		"secret_file": func(c *oidc.Config) { c.SecretFile = "" },
		"ca_file":     func(c *oidc.Config) { c.CAFile = empty },
	} {
		conf := good
		change(&conf)
		if _, err := oidc.New(conf, oidc.Options{}); !errors.Is(err, oidc.ErrConfig) || !strings.Contains(err.Error(), "login.oidc."+key) {
			t.Errorf("%s: got %v", key, err)
		}
	}
	if (oidc.Config{}).Used() || !good.Used() {
		t.Error("an empty configuration is one that is not used")
	}
}

// What is asked for at the provider.
func TestAskedFor(t *testing.T) {
	t.Parallel()
	server := oidctest.Start(t)
	conf := config(server)
	conf.Scopes, conf.MFAACR = []string{"openid", "email"}, []string{"2", "3"}
	address, _, err := start(t, server, conf, nil).Begin(t.Context(), back, "", true)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"scope": "openid email", "acr_values": "2 3", "prompt": "login", "max_age": "0", "code_challenge_method": "S256", "redirect_uri": back} {
		if got := u.Query().Get(key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
}
