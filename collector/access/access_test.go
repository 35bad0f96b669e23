package access

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vigia/collector/evidence"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// clock is a clock that a test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

const good = "cuatro-palabras-al-azar"

// each runs a test with an account ana on every database.
func each(t *testing.T, fn func(t *testing.T, s *Store, c *clock, log *evidence.Log, db *storage.DB)) {
	t.Helper()
	storagetest.Each(t, []storage.Schema{evidence.Schema(), Schema()}, func(t *testing.T, db *storage.DB) {
		c := &clock{t: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
		key, err := evidence.NewKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		log, err := evidence.Open(t.Context(), db, evidence.Options{Key: key, Now: c.now})
		if err != nil {
			t.Fatal(err)
		}
		s := Open(db, log, c.now)
		if err := s.Add(t.Context(), "Ana", Officer, good, "test"); err != nil {
			t.Fatal(err)
		}
		fn(t, s, c, log, db)
	})
}

func TestAuthenticate(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *clock, _ *evidence.Log, _ *storage.DB) {
		u, err := s.Authenticate(t.Context(), " ANA ", good, "a")
		if err != nil || u.Name != "ana" || u.Role != Officer {
			t.Errorf("got %+v, %v; want ana the officer", u, err)
		}
		for name, row := range map[string][2]string{
			"wrong password":   {"ana", good + "x"},
			"empty password":   {"ana", ""},
			"endless password": {"ana", strings.Repeat("x", 1<<20)},
			"unknown name":     {"luis", good},
			"empty name":       {"", good},
		} {
			if _, err := s.Authenticate(t.Context(), row[0], row[1], name); !errors.Is(err, ErrDenied) {
				t.Errorf("%s: got %v, want ErrDenied", name, err)
			}
		}
	})
}

// Attempts that are made at once all count, and no more of them are looked at than are allowed.
func TestConcurrentFailuresAllCount(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *clock, _ *evidence.Log, _ *storage.DB) {
		var wg sync.WaitGroup
		var denied atomic.Int64
		for range 2 * MaxFailures {
			wg.Go(func() {
				_, err := s.Authenticate(context.WithoutCancel(t.Context()), "ana", "equivocada-del-todo", "a")
				if errors.Is(err, ErrDenied) {
					denied.Add(1)
				} else if !errors.Is(err, ErrThrottled) {
					t.Errorf("got %v", err)
				}
			})
		}
		wg.Wait()
		if denied.Load() != MaxFailures {
			t.Errorf("got %d attempts, want %d", denied.Load(), MaxFailures)
		}
		if _, err := s.Authenticate(t.Context(), "ana", good, "a"); !errors.Is(err, ErrThrottled) {
			t.Errorf("got %v, want ErrThrottled", err)
		}
	})
}

// One source that tries many names is slowed down; others are not.
func TestSourceIsThrottled(t *testing.T) {
	each(t, func(t *testing.T, s *Store, c *clock, _ *evidence.Log, _ *storage.DB) {
		for i := range sourceBurst {
			if _, err := s.Authenticate(t.Context(), fmt.Sprint("nadie", i), "x", "10.0.0.9"); !errors.Is(err, ErrDenied) {
				t.Fatal(err)
			}
		}
		if _, err := s.Authenticate(t.Context(), "ana", good, "10.0.0.9"); !errors.Is(err, ErrThrottled) {
			t.Errorf("the source: got %v, want ErrThrottled", err)
		}
		if _, err := s.Authenticate(t.Context(), "ana", good, "10.0.0.8"); err != nil {
			t.Errorf("another source: %v", err)
		}
		c.pass(sourceEvery)
		if _, err := s.Authenticate(t.Context(), "ana", good, "10.0.0.9"); err != nil {
			t.Errorf("the source, later: %v", err)
		}
	})
}

func TestSetPasswordLiftsTheLock(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *clock, _ *evidence.Log, _ *storage.DB) {
		for range MaxFailures {
			_, _ = s.Authenticate(t.Context(), "ana", "equivocada-del-todo", "a") // to lock it
		}
		const fresh = "otra-frase-bien-larga"
		if err := s.SetPassword(t.Context(), "ana", fresh, "test", false); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Authenticate(t.Context(), "ana", good, "b"); !errors.Is(err, ErrDenied) {
			t.Errorf("old password: got %v, want ErrDenied", err)
		}
		if _, err := s.Authenticate(t.Context(), "ana", fresh, "b"); err != nil {
			t.Errorf("new password: %v", err)
		}
	})
}

func TestDisabled(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *clock, _ *evidence.Log, _ *storage.DB) {
		if err := s.Disable(t.Context(), "ana", "test"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Authenticate(t.Context(), "ana", good, "a"); !errors.Is(err, ErrDenied) {
			t.Errorf("got %v, want ErrDenied", err)
		}
		if _, err := s.User(t.Context(), "ana"); !errors.Is(err, ErrNoUser) {
			t.Errorf("a session that goes on: got %v, want ErrNoUser", err)
		}
	})
}

func TestAddRefuses(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *clock, _ *evidence.Log, _ *storage.DB) {
		for name, row := range map[string]struct {
			user     string
			role     Role
			password string
			want     error
		}{
			"twice":                  {"ana", Officer, good, ErrExists},
			"bad name":               {"a b", Officer, good, ErrInput},
			"bad role":               {"luis", "king", good, ErrInput},
			"short password":         {"luis", Officer, "corta", ErrInput},
			"name in the password":   {"luis", Officer, "LUIS-y-algo-mas", ErrInput},
			"password without bound": {"luis", Officer, strings.Repeat("x", MaxPassword+1), ErrInput},
		} {
			if err := s.Add(t.Context(), row.user, row.role, row.password, "test"); !errors.Is(err, row.want) {
				t.Errorf("%s: got %v, want %v", name, err, row.want)
			}
		}
	})
}

// Each change is evidence, and no password is in it.
func TestChangesAreEvidence(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *clock, log *evidence.Log, db *storage.DB) {
		if err := s.Disable(t.Context(), "ana", "jefa"); err != nil {
			t.Fatal(err)
		}
		var got []string
		err := db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			got = nil
			return log.Entries(ctx, tx, evidence.Filter{Kinds: []evidence.Kind{evidence.Register}}, func(e evidence.Entry) error {
				got = append(got, string(e.Payload))
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{`{"action":"add","name":"ana","role":"officer","by":"test"}`, `{"action":"disable","name":"ana","by":"jefa"}`}
		if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestGeneratePassword(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		p := GeneratePassword()
		if len(p) < MinPassword || strings.ContainsAny(p, "0O1lI") || seen[p] {
			t.Fatalf("got %q: short, easy to misread or drawn twice", p)
		}
		seen[p] = true
	}
}

func TestParsePHC(t *testing.T) {
	phc, err := newHasher().hash(t.Context(), "ana", good)
	if err != nil {
		t.Fatal(err)
	}
	for _, damaged := range []string{"x", phc[:len(phc)-4], strings.Replace(phc, "m=19456", "m=99999999", 1), strings.Replace(phc, "argon2id", "argon2i", 1)} {
		if _, _, err := parsePHC(damaged); !errors.Is(err, errHash) {
			t.Errorf("parsePHC(%q): got %v, want errHash", damaged, err)
		}
	}
}

func TestRolesAreNamed(t *testing.T) {
	for role, name := range Roles() {
		if name.ES == "" || name.EN == "" {
			t.Errorf("%s has no name in a language", role)
		}
	}
}
