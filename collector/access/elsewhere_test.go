package access

import (
	"context"
	"errors"
	"testing"

	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// answers is a directory that says of everybody the same.
type answers struct {
	err   error
	asked []string
}

func (a *answers) Check(_ context.Context, name, _ string) error {
	a.asked = append(a.asked, name)
	return a.err
}

func reason(err error) Reason {
	if refused, ok := errors.AsType[*Refusal](err); ok {
		return refused.Reason
	}
	return ""
}

func TestDirectoryAccounts(t *testing.T) {
	each(t, func(t *testing.T, s *Store, c *clock, _ *evidence.Log, _ *storage.DB) {
		ctx := t.Context()
		if err := s.Create(ctx, New{Name: "luis", Role: Director, Way: Way{Via: LDAP, External: " LLopez "}, Provisional: true}, "test"); err != nil {
			t.Fatal(err)
		}
		if u, err := s.Account(ctx, "luis"); err != nil || u.Via != LDAP || u.External != "llopez" || u.Provisional {
			t.Errorf("got %+v, %v", u, err)
		}
		for what, n := range map[string]New{
			"the same name there":  {Name: "eva", Role: Director, Way: Way{Via: LDAP, External: "llopez"}},
			"no such way":          {Name: "eva", Role: Director, Way: Way{Via: "kerberos"}},
			"a local one's name":   {Name: "eva", Role: Director, Password: good, Way: Way{External: "x"}},
			"a name of two lines":  {Name: "eva", Role: Director, Way: Way{Via: LDAP, External: "a\nb"}},
			"no password here":     {Name: "eva", Role: Director},
			"nothing but its name": {Name: "luis2", Role: "none", Way: Way{Via: LDAP}},
		} {
			if err := s.Create(ctx, n, "test"); !errors.Is(err, ErrInput) {
				t.Errorf("%s: got %v, want ErrInput", what, err)
			}
		}
		if _, err := s.Authenticate(ctx, "luis", good, "a"); !errors.Is(err, ErrElsewhere) {
			t.Errorf("without a directory: got %v, want ErrElsewhere", err)
		}
		d := &answers{}
		s.Delegate(d)
		if u, err := s.Authenticate(ctx, "LUIS", good, "a"); err != nil || u.Name != "luis" || len(d.asked) != 1 || d.asked[0] != "llopez" {
			t.Errorf("got %+v, %v, asked %q; want luis by llopez", u, err, d.asked)
		}
		if _, err := s.Authenticate(ctx, "ana", good, "a"); err != nil || len(d.asked) != 1 {
			t.Errorf("an account with a password here: %v, asked %q", err, d.asked)
		}
		d.err = ErrElsewhere
		for range 2 * MaxFailures {
			if _, err := s.Authenticate(ctx, "luis", good, "a"); !errors.Is(err, ErrElsewhere) {
				t.Fatalf("down: got %v, want ErrElsewhere and no lock", err)
			}
		}
		c.pass(LockFor)
		d.err = &Refusal{LockedThere}
		for range MaxFailures {
			if _, err := s.Authenticate(ctx, "luis", good, "a"); reason(err) != LockedThere || !errors.Is(err, ErrDenied) {
				t.Fatalf("refused: got %v", err)
			}
		}
		d.err, d.asked = nil, nil
		if _, err := s.Authenticate(ctx, "luis", good, "a"); !errors.Is(err, ErrThrottled) || len(d.asked) != 0 {
			t.Errorf("locked: got %v, asked %q; want nobody asked", err, d.asked)
		}
		if err := s.SetPassword(ctx, "luis", good, "test", true); !errors.Is(err, ErrNotHere) {
			t.Errorf("a password here: got %v, want ErrNotHere", err)
		}
		if err := s.SetWay(ctx, "luis", Way{}, good, "test"); err != nil {
			t.Fatal(err)
		}
		if u, err := s.Account(ctx, "luis"); err != nil || u.Via != Local || u.External != "" || !u.Provisional {
			t.Errorf("back here: got %+v, %v", u, err)
		}
	})
}

func TestProviderAccounts(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *clock, log *evidence.Log, db *storage.DB) {
		ctx := t.Context()
		for name, external := range map[string]string{"luis": "llopez", "eva": ""} {
			if err := s.Create(ctx, New{Name: name, Role: Director, Way: Way{Via: OIDC, External: external}}, "test"); err != nil {
				t.Fatal(err)
			}
		}
		enter := func(id Identity) (string, Reason) {
			t.Helper()
			u, _, err := s.Enter(ctx, id, "a")
			if err != nil && reason(err) == "" {
				t.Fatal(err)
			}
			if err != nil {
				return "", reason(err)
			}
			return u.Name, ""
		}
		const issuer = "https://id.example"
		for _, row := range []struct {
			what string
			id   Identity
			name string
			no   Reason
		}{
			{"nobody", Identity{Issuer: issuer, Subject: "9", Name: "nadie"}, "", NoAccount},
			{"an account with a password", Identity{Issuer: issuer, Subject: "9", Name: "ana"}, "", NoAccount},
			{"no name", Identity{Issuer: issuer, Subject: "9"}, "", NoAccount},
			{"no subject", Identity{Issuer: issuer, Name: "llopez"}, "", BadToken},
			{"the name here is not that there", Identity{Issuer: issuer, Subject: "1", Name: "luis"}, "", NoAccount},
			{"first time", Identity{Issuer: issuer, Subject: "1", Name: "LLopez"}, "luis", ""},
			{"renamed", Identity{Issuer: issuer, Subject: "1", Name: "otro"}, "luis", ""},
			{"renamed to another account's name", Identity{Issuer: issuer, Subject: "1", Name: "eva"}, "luis", ""},
			{"the name of somebody else now", Identity{Issuer: issuer, Subject: "2", Name: "llopez"}, "", OtherPerson},
			{"the subject of another issuer", Identity{Issuer: "https://otro.example", Subject: "1", Name: "llopez"}, "", OtherPerson},
		} {
			if name, no := enter(row.id); name != row.name || no != row.no {
				t.Errorf("%s: got %q, %q; want %q, %q", row.what, name, no, row.name, row.no)
			}
			s.source.forget("a")
		}
		luis := Identity{Issuer: issuer, Subject: "1"}
		if err := s.Vouched(ctx, "luis", luis, "a"); err != nil {
			t.Errorf("vouched for: %v", err)
		}
		if err := s.Vouched(ctx, "eva", luis, "a"); reason(err) != OtherPerson {
			t.Errorf("for another account: got %v", err)
		}
		if _, err := s.Authenticate(ctx, "luis", good, "b"); !errors.Is(err, ErrDenied) {
			t.Errorf("by a password: got %v, want ErrDenied", err)
		}
		if err := s.UnlockAtConsole(ctx, "ana", "escrito 1", "root", "luis", good, ""); !errors.Is(err, ErrNotHere) {
			t.Errorf("beside a console: got %v, want ErrNotHere", err)
		}
		// A second factor here is asked, unless the provider asked for one.
		if _, err := s.NewCodes(ctx, "luis", "test"); err != nil {
			t.Fatal(err)
		}
		if _, whole, err := s.Enter(ctx, luis, "a"); err != nil || whole {
			t.Errorf("with a factor here: whole is %v, %v", whole, err)
		}
		luis.MFA = true
		if _, whole, err := s.Enter(ctx, luis, "a"); err != nil || !whole {
			t.Errorf("with a factor there: whole is %v, %v", whole, err)
		}
		// The account is given to somebody else: who was bound is out.
		if err := s.SetWay(ctx, "luis", Way{Via: OIDC, External: "nueva"}, "", "test"); err != nil {
			t.Fatal(err)
		}
		if name, no := enter(luis); no != NoAccount {
			t.Errorf("who was bound before: got %q, %q", name, no)
		}
		if name, no := enter(Identity{Issuer: issuer, Subject: "3", Name: "nueva"}); name != "luis" {
			t.Errorf("whom it was given to: got %q, %q", name, no)
		}
	})
}
