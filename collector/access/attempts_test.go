package access

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// step is an attempt, or a wait, of a story of wrong attempts.
type step struct {
	wait time.Duration
	from string
	bad  bool
	want error
	// times that it is made; 0 is once.
	times int
}

// office is a place where ana logged in before.
const office = "10.0.0.5"

// The rule of the package comment, as stories. ana logged in from the office.
func TestWrongAttempts(t *testing.T) {
	for _, row := range []struct {
		name  string
		steps []step
	}{
		{"two wrong ones and a good one", []step{{from: office, bad: true, want: ErrDenied, times: 2}, {from: office}, {from: office, bad: true, want: ErrDenied, times: 2}, {from: office}}},
		{"three wrong ones lock for an hour", []step{{from: office, bad: true, want: ErrDenied, times: 3}, {from: office, want: ErrThrottled},
			{wait: 59 * time.Minute, from: office, want: ErrThrottled}, {wait: time.Minute, from: office}}},
		{"a locked account is locked from everywhere", []step{{from: office, bad: true, want: ErrDenied, times: 3}, {from: "casa", want: ErrThrottled}}},
		{"attempts while it is locked do not count", []step{{from: office, bad: true, want: ErrDenied, times: 3}, {from: office, bad: true, want: ErrThrottled, times: 4},
			{wait: time.Hour, from: office}}},
		{"one more after the lock suspends", []step{{from: office, bad: true, want: ErrDenied, times: 3}, {wait: time.Hour, from: office, bad: true, want: ErrDenied},
			{from: office, want: ErrSuspended}, {wait: 300 * 24 * time.Hour, from: office, want: ErrSuspended}, {from: "casa", want: ErrSuspended}}},
		{"a good one after the lock begins anew", []step{{from: office, bad: true, want: ErrDenied, times: 3}, {wait: time.Hour, from: office}, {from: office, bad: true, want: ErrDenied, times: 2}, {from: office}}},
		{"a stranger locks himself out, not ana", []step{{from: "fuera", bad: true, want: ErrDenied, times: 3}, {from: "fuera", want: ErrThrottled}, {from: office},
			{wait: time.Hour, from: "fuera", bad: true, want: ErrDenied}, {from: "fuera", want: ErrSuspended}, {from: office}, {wait: 25 * time.Hour, from: "fuera"}}},
		{"many strangers close it for strangers, not for ana", []step{{from: "f1", bad: true, want: ErrDenied, times: 3}, {from: "f2", bad: true, want: ErrDenied, times: 3},
			{from: "f3", bad: true, want: ErrDenied, times: 3}, {from: "casa", want: ErrThrottled}, {from: office},
			{wait: time.Hour, from: "f4", bad: true, want: ErrDenied}, {from: "casa", want: ErrSuspended}, {from: office}}},
		{"a place where one logged in is one's own", []step{{from: "casa"}, {from: "f1", bad: true, want: ErrDenied, times: 3}, {from: "f2", bad: true, want: ErrDenied, times: 3},
			{from: "f3", bad: true, want: ErrDenied, times: 3}, {from: "casa"}}},
		{"and for 90 days", []step{{wait: 91 * 24 * time.Hour, from: office, bad: true, want: ErrDenied, times: 3}, {from: office, want: ErrThrottled}, {from: "casa"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			each(t, func(t *testing.T, s *Store, c *clock, _ *evidence.Log, _ *storage.DB) {
				if _, err := s.Authenticate(t.Context(), "ana", good, office); err != nil {
					t.Fatal(err)
				}
				for i, st := range row.steps {
					c.pass(st.wait)
					for range max(1, st.times) {
						c.pass(time.Millisecond)
						s.source.forget(st.from) // the allowance of a place is another test
						password := good
						if st.bad {
							password = "equivocada-del-todo"
						}
						if _, err := s.Authenticate(t.Context(), "ana", password, st.from); !errors.Is(err, st.want) || (err == nil) != (st.want == nil) {
							t.Fatalf("step %d, from %s: got %v, want %v", i, st.from, err, st.want)
						}
					}
				}
			})
		})
	}
}

// A name that does not exist answers as one that does.
func TestUnknownNamesLookAlike(t *testing.T) {
	each(t, func(t *testing.T, s *Store, c *clock, _ *evidence.Log, _ *storage.DB) {
		for i := range 12 {
			if i == 8 {
				c.pass(time.Hour)
			}
			from := fmt.Sprint("f", i/2)
			_, known := s.Authenticate(t.Context(), "ana", "equivocada-del-todo", from)
			_, unknown := s.Authenticate(t.Context(), "nadie", "equivocada-del-todo", from)
			if known == nil || unknown == nil || known.Error() != unknown.Error() {
				t.Fatalf("attempt %d: got %v for a name that exists and %v for one that does not", i, known, unknown)
			}
			s.source.forget(from)
		}
	})
}

// suspend suspends ana from her own place.
func suspend(t *testing.T, s *Store, c *clock) {
	t.Helper()
	if _, err := s.Authenticate(t.Context(), "ana", good, office); err != nil {
		t.Fatal(err)
	}
	for i := range MaxFailures + 1 {
		if i == MaxFailures {
			c.pass(LockFor)
		}
		if _, err := s.Authenticate(t.Context(), "ana", "equivocada-del-todo", office); !errors.Is(err, ErrDenied) {
			t.Fatal(err)
		}
	}
	if u, err := s.Account(t.Context(), "ana"); err != nil || !u.Suspended {
		t.Fatalf("got %+v, %v; want it suspended", u, err)
	}
}

// An unlock takes two who are not the locked one, and is evidence.
func TestUnlockTakesTwo(t *testing.T) {
	each(t, func(t *testing.T, s *Store, c *clock, log *evidence.Log, db *storage.DB) {
		ctx := t.Context()
		for _, name := range []string{"jefa", "sistemas"} {
			if err := s.Add(ctx, name, Administrator, good, "test"); err != nil {
				t.Fatal(err)
			}
		}
		suspend(t, s, c)
		if err := s.SetPassword(ctx, "ana", good, "sistemas", false); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Authenticate(ctx, "ana", good, office); !errors.Is(err, ErrSuspended) {
			t.Errorf("another password alone: got %v, want ErrSuspended", err)
		}
		for name, row := range map[string]struct{ got, want error }{
			"nobody asked":      {s.GrantUnlock(ctx, "ana", "jefa"), ErrNoUnlock},
			"asks for herself":  {s.AskUnlock(ctx, "ana", "oficio 12", "ana"), ErrSecondPerson},
			"nothing written":   {s.AskUnlock(ctx, "ana", " ", "jefa"), ErrInput},
			"no such account":   {s.AskUnlock(ctx, "nadie", "oficio 12", "jefa"), ErrNoUser},
			"asks":              {s.AskUnlock(ctx, "ana", "oficio 12", "jefa"), nil},
			"grants alone":      {s.GrantUnlock(ctx, "ana", "jefa"), ErrSecondPerson},
			"grants to herself": {s.GrantUnlock(ctx, "ana", "ana"), ErrSecondPerson},
		} {
			if !errors.Is(row.got, row.want) {
				t.Errorf("%s: got %v, want %v", name, row.got, row.want)
			}
		}
		if err := s.GrantUnlock(ctx, "ana", "sistemas"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Authenticate(ctx, "ana", good, office); err != nil {
			t.Errorf("after the unlock: %v", err)
		}
		said := strings.Join(leaves(t, log, db), "\n")
		for _, want := range []string{`"action":"locked","name":"ana"`, `"action":"suspended","name":"ana","source":"own: 10.0.0.5"`,
			`{"action":"unlock","name":"ana","why":"oficio 12","by":"jefa","with":"sistemas"}`} {
			if !strings.Contains(said, want) {
				t.Errorf("evidence: got no %s in\n%s", want, said)
			}
		}
	})
}

// At the console the second person proves who they are.
func TestUnlockAtConsole(t *testing.T) {
	each(t, func(t *testing.T, s *Store, c *clock, _ *evidence.Log, _ *storage.DB) {
		ctx := t.Context()
		for name, role := range map[string]Role{"jefa": Head, "mira": Director} {
			if err := s.Add(ctx, name, role, good, "test"); err != nil {
				t.Fatal(err)
			}
		}
		codes, err := s.NewCodes(ctx, "jefa", "jefa")
		if err != nil {
			t.Fatal(err)
		}
		suspend(t, s, c)
		for _, row := range []struct {
			name, with, password, code string
			want                       error
		}{
			{"herself", "ana", good, "", ErrSecondPerson},
			{"wrong password", "jefa", "no-es-esta-clave", codes[0], ErrDenied},
			{"no second factor", "jefa", good, "", ErrDenied},
			{"of a role that does not sign", "mira", good, "", ErrSecondPerson},
			{"as it should be", "jefa", good, codes[0], nil},
		} {
			if err := s.UnlockAtConsole(ctx, "ana", "oficio 7", "root", row.with, row.password, row.code); !errors.Is(err, row.want) || (err == nil) != (row.want == nil) {
				t.Errorf("%s: got %v, want %v", row.name, err, row.want)
			}
		}
		if _, err := s.Authenticate(ctx, "ana", good, office); err != nil {
			t.Errorf("after the unlock: %v", err)
		}
	})
}

// leaves are the payloads of the changes of accounts.
func leaves(t *testing.T, log *evidence.Log, db *storage.DB) (out []string) {
	t.Helper()
	err := db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		out = nil
		return log.Entries(ctx, tx, evidence.Filter{Kinds: []evidence.Kind{evidence.Register}}, func(e evidence.Entry) error {
			out = append(out, string(e.Payload))
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
