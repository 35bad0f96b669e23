package identity

import (
	"bytes"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"vigia/agent/collectortest"
	apiv1 "vigia/collector/api/v1"
)

func request(t *testing.T, c *collectortest.Server) Request {
	t.Helper()
	return Request{
		Dir: filepath.Join(t.TempDir(), "identity"), Collector: c.Addr, Token: c.NewToken(),
		Machine: &apiv1.Machine{Hostname: "pc-registro-07", Os: "linux"},
	}
}

func TestEnrollThenLoad(t *testing.T) {
	c := collectortest.Start(t)
	c.SetPolicy(c.Sign([]byte("{}")))
	req := request(t, c)
	id, policy, err := Enroll(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if string(policy.GetPolicy()) != "{}" {
		t.Errorf("policy %q, want {}", policy.GetPolicy())
	}
	loaded, err := Load(req.Dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := loaded.AgentID(), "machine-1"; got != want || id.AgentID() != want {
		t.Errorf("agent id %q then %q, want %q", id.AgentID(), got, want)
	}
	if got := loaded.Collector(); got != c.Addr {
		t.Errorf("collector %q, want %q", got, c.Addr)
	}
	message := []byte("what is measured")
	if !bytes.Equal(id.Sign(apiv1.DomainReport, message), loaded.Sign(apiv1.DomainReport, message)) {
		t.Error("the report key changed between enrolment and load")
	}
	if runtime.GOOS != "windows" {
		for name, want := range map[string]os.FileMode{".": 0o700, stateFile: 0o600} {
			info, err := os.Stat(filepath.Join(req.Dir, name))
			if err != nil || info.Mode().Perm() != want {
				t.Errorf("mode of %s is %v, %v; want %v", name, info.Mode().Perm(), err, want)
			}
		}
	}
	if entries, _ := os.ReadDir(req.Dir); len(entries) != 1 {
		t.Errorf("%d files are left in the folder, want only the identity", len(entries))
	}
	if _, _, err := Enroll(t.Context(), req); !errors.Is(err, ErrEnrolled) {
		t.Errorf("a second enrolment: %v, want %v", err, ErrEnrolled)
	}
}

func TestEnrollRefuses(t *testing.T) {
	c, other := collectortest.Start(t), collectortest.Start(t)
	for _, row := range []struct {
		name   string
		change func(*Request)
		want   error
	}{
		{"a token that was never made", func(r *Request) { r.Token.Secret[0] ^= 1 }, ErrTokenRefused},
		{"a token that was used", func(r *Request) {
			first := *r
			first.Dir = filepath.Join(t.TempDir(), "first")
			if _, _, err := Enroll(t.Context(), first); err != nil {
				t.Fatal(err)
			}
		}, ErrTokenRefused},
		{"another collector answers", func(r *Request) { r.Collector = other.Addr }, ErrUnknownCA},
		{"the clock is years behind", func(r *Request) {
			r.Now = func() time.Time { return time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC) }
		}, ErrClock},
		{"the clock is ahead", func(r *Request) { r.Now = func() time.Time { return time.Now().AddDate(40, 0, 0) } }, ErrClock},
		{"nobody answers", func(r *Request) { r.Collector = "127.0.0.1:1" }, ErrUnreachable},
	} {
		t.Run(row.name, func(t *testing.T) {
			req := request(t, c)
			row.change(&req)
			_, _, err := Enroll(t.Context(), req)
			if !errors.Is(err, row.want) {
				t.Fatalf("got %v, want %v", err, row.want)
			}
			if text := err.Error(); strings.Contains(text, req.Token.String()) || strings.Contains(text, "\n") {
				t.Errorf("error %q holds the token or a line end", text)
			}
			if _, err := Load(req.Dir, nil); !errors.Is(err, ErrNotEnrolled) {
				t.Errorf("after a refusal Load: %v, want %v", err, ErrNotEnrolled)
			}
		})
	}
	t.Run("the certificate is for other names", func(t *testing.T) {
		c := collectortest.Start(t)
		c.Resign("vigia.example")
		if _, _, err := Enroll(t.Context(), request(t, c)); !errors.Is(err, ErrServerName) {
			t.Errorf("got %v, want %v", err, ErrServerName)
		}
	})
	t.Run("an address without a port", func(t *testing.T) {
		req := request(t, c)
		req.Collector = "vigia.example"
		if _, _, err := Enroll(t.Context(), req); err == nil {
			t.Error("got no error")
		}
	})
}

func TestEnrollAgainAfterALostAnswer(t *testing.T) {
	c := collectortest.Start(t)
	req := request(t, c)
	c.LoseAnswers(1)
	if _, _, err := Enroll(t.Context(), req); !errors.Is(err, ErrUnreachable) {
		t.Fatalf("got %v, want %v", err, ErrUnreachable)
	}
	id, _, err := Enroll(t.Context(), req)
	if err != nil || id.AgentID() != "machine-1" {
		t.Errorf("the same token again: %v", err)
	}
}

func TestLoadRefuses(t *testing.T) {
	c := collectortest.Start(t)
	for _, row := range []struct {
		name   string
		change func(t *testing.T, dir string)
		want   error
	}{
		{"no folder", func(t *testing.T, dir string) { os.RemoveAll(dir) }, ErrNotEnrolled},
		{"a key that others can read", func(t *testing.T, dir string) { chmod(t, filepath.Join(dir, stateFile), 0o644) }, ErrPermissions},
		{"a folder that others can enter", func(t *testing.T, dir string) { chmod(t, dir, 0o755) }, ErrPermissions},
		{"a file cut short", func(t *testing.T, dir string) { os.Truncate(filepath.Join(dir, stateFile), 100) }, ErrDamaged},
		{"a key cut short", func(t *testing.T, dir string) {
			name := filepath.Join(dir, stateFile)
			b, _ := os.ReadFile(name)
			os.WriteFile(name, bytes.Replace(b, []byte(`"report_key": "`), []byte(`"report_key": "AAAA`), 1), 0o600)
		}, ErrDamaged},
	} {
		t.Run(row.name, func(t *testing.T) {
			if runtime.GOOS == "windows" && errors.Is(row.want, ErrPermissions) {
				return // mode bits say nothing there
			}
			req := request(t, c)
			if _, _, err := Enroll(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			row.change(t, req.Dir)
			if _, err := Load(req.Dir, nil); !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
		})
	}
}

func chmod(t *testing.T, name string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
}

func TestRenew(t *testing.T) {
	c := collectortest.Start(t)
	c.ExpireMachines(-time.Minute) // what it issues has expired
	req := request(t, c)
	id, _, err := Enroll(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if !id.RenewAt().Before(id.Expires()) {
		t.Errorf("renewal at %v, after the end at %v", id.RenewAt(), id.Expires())
	}
	before := bytes.Clone(id.get().TLSKey)
	c.LoseAnswers(3)
	for range 3 { // each answer is lost, the collector knows only the last key
		if err := id.Renew(t.Context(), Way{}); !errors.Is(err, ErrUnreachable) {
			t.Fatalf("got %v, want %v", err, ErrUnreachable)
		}
		if id, err = Load(req.Dir, nil); err != nil { // as after a restart
			t.Fatal(err)
		}
	}
	c.ExpireMachines(30 * 24 * time.Hour)
	if err := id.Renew(t.Context(), Way{}); err != nil {
		t.Fatalf("an expired certificate of a known machine: %v", err)
	}
	if !id.Expires().After(time.Now().AddDate(0, 0, 29)) || bytes.Equal(before, id.get().TLSKey) {
		t.Errorf("after renewal the certificate ends at %v, key changed: %v", id.Expires(), !bytes.Equal(before, id.get().TLSKey))
	}
	id, err = Load(req.Dir, nil)
	if err != nil || len(id.get().NextKey) != 0 || !id.Expires().After(time.Now()) {
		t.Errorf("what is on disk: %v, next key %d bytes, ends %v", err, len(id.get().NextKey), id.Expires())
	}
	c.Revoke(id.AgentID())
	if err := id.Renew(t.Context(), Way{}); !errors.Is(err, ErrNotActive) {
		t.Errorf("a revoked machine: %v, want %v", err, ErrNotActive)
	}
	if _, err := Load(req.Dir, nil); err != nil {
		t.Errorf("a refusal must not end the identity: %v", err)
	}
}

func TestRenewalIsAtHalfLifeWithJitter(t *testing.T) {
	c := collectortest.Start(t)
	seen := map[time.Duration]bool{}
	for range 3 {
		id, _, err := Enroll(t.Context(), request(t, c))
		if err != nil {
			t.Fatal(err)
		}
		leaf := id.cert.Leaf
		part := float64(id.RenewAt().Sub(leaf.NotBefore)) / float64(leaf.NotAfter.Sub(leaf.NotBefore))
		if part < 0.5 || part > 0.6 {
			t.Errorf("renewal at %.2f of the life, want 0.5 to 0.6", part)
		}
		seen[id.RenewAt().Sub(leaf.NotBefore)] = true
	}
	if len(seen) < 2 {
		t.Error("every machine renews at the same moment")
	}
}

func TestTLSTrustsOnlyThePinnedRoots(t *testing.T) {
	c, other := collectortest.Start(t), collectortest.Start(t)
	id, _, err := Enroll(t.Context(), request(t, c))
	if err != nil {
		t.Fatal(err)
	}
	foreign, _, err := Enroll(t.Context(), request(t, other))
	if err != nil {
		t.Fatal(err)
	}
	chain := []*x509.Certificate{foreign.cert.Leaf}
	v := &verifier{host: "127.0.0.1", now: time.Now, roots: id.roots}
	if err := v.verify(chain); !errors.Is(err, ErrUnknownCA) {
		t.Errorf("a certificate of another CA: %v, want %v", err, ErrUnknownCA)
	}
	if err := v.verify(nil); !errors.Is(err, ErrUnknownCA) {
		t.Errorf("no certificate: %v, want %v", err, ErrUnknownCA)
	}
	// A machine's own certificate, of the right CA, is no collector's.
	between, _ := x509.ParseCertificate(id.get().Certificates[1])
	if err := v.verify([]*x509.Certificate{id.cert.Leaf, between}); err == nil {
		t.Error("another machine's certificate passes for the collector's")
	}
}
