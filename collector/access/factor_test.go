package access

import (
	"errors"
	"strings"
	"testing"
	"time"

	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// The codes of RFC 6238's appendix B, of its last six digits, for SHA-1.
func TestTOTPCodeIsThatOfTheRFC(t *testing.T) {
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // "12345678901234567890"
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got, err := TOTPCode(secret, time.Unix(at, 0)); err != nil || got != want {
			t.Errorf("%d: got %s, %v; want %s", at, got, err, want)
		}
	}
}

func TestTOTPAddress(t *testing.T) {
	got := TOTPAddress("Vigía Villa: Alta", "ana", "ABC")
	if want := "otpauth://totp/Vig%C3%ADa%20Villa%20%20Alta:ana?issuer=Vig%C3%ADa%20Villa%20%20Alta&secret=ABC"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A code of the application is good once, a step before and after too.
func TestTOTP(t *testing.T) {
	each(t, func(t *testing.T, s *Store, c *clock, _ *evidence.Log, _ *storage.DB) {
		ctx, secret := t.Context(), NewTOTP()
		code := func(steps int) string {
			text, err := TOTPCode(secret, c.now().Add(time.Duration(steps)*totpStep))
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		if err := s.SetTOTP(ctx, "ana", secret, "000000", "ana"); !errors.Is(err, ErrDenied) {
			t.Errorf("wrong code: got %v, want ErrDenied", err)
		}
		if err := s.SetTOTP(ctx, "ana", secret, code(0), "ana"); err != nil {
			t.Fatal(err)
		}
		u, err := s.Authenticate(ctx, "ana", good, office)
		if err != nil || !u.Second() {
			t.Fatalf("got %+v, %v; want an account with a second factor", u, err)
		}
		for _, row := range []struct {
			name  string
			steps int
			wait  time.Duration
			want  error
		}{
			{"the one it was set up with", 0, 0, ErrDenied},
			{"of the next step", 1, 0, nil},
			{"that once more", 1, 0, ErrDenied},
			{"of two steps on", 2, 0, ErrDenied},
			{"a while later", 0, 5 * time.Minute, nil},
			{"of the step before one that was used", -1, 0, ErrDenied},
			{"of the step before", -1, 5 * time.Minute, nil},
			{"of the step now", 0, 0, nil},
			{"of two steps before", -2, 5 * time.Minute, ErrDenied},
		} {
			c.pass(row.wait)
			text := code(row.steps)
			if err := s.Prove(ctx, "ana", text[:3]+" "+text[3:], office); !errors.Is(err, row.want) || (err == nil) != (row.want == nil) {
				t.Errorf("%s: got %v, want %v", row.name, err, row.want)
			}
			if err := s.SetPassword(ctx, "ana", good, "test", false); err != nil { // forgives
				t.Fatal(err)
			}
		}
	})
}

// Wrong codes lock as wrong passwords do, and the right password between does not forgive them.
func TestWrongCodesLock(t *testing.T) {
	each(t, func(t *testing.T, s *Store, c *clock, _ *evidence.Log, _ *storage.DB) {
		ctx := t.Context()
		if _, err := s.NewCodes(ctx, "ana", "ana"); err != nil {
			t.Fatal(err)
		}
		for range MaxFailures {
			if _, err := s.Authenticate(ctx, "ana", good, office); err != nil {
				t.Fatal(err)
			}
			if err := s.Prove(ctx, "ana", "123456", office); !errors.Is(err, ErrDenied) {
				t.Fatal(err)
			}
		}
		if _, err := s.Authenticate(ctx, "ana", good, office); !errors.Is(err, ErrThrottled) {
			t.Errorf("got %v, want ErrThrottled", err)
		}
	})
}

// Each printed code is good once, however it is written; a new sheet voids the one before; the
// codes themselves are nowhere.
func TestPrintedCodes(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *clock, log *evidence.Log, db *storage.DB) {
		ctx := t.Context()
		codes, err := s.NewCodes(ctx, "ana", "ana")
		if err != nil || len(codes) != SheetSize {
			t.Fatalf("got %d codes, %v; want %d", len(codes), err, SheetSize)
		}
		for _, row := range []struct {
			name, code string
			want       error
		}{
			{"as printed", codes[0], nil},
			{"again", codes[0], ErrDenied},
			{"in capitals without hyphens", strings.ToUpper(strings.ReplaceAll(codes[1], "-", "")), nil},
			{"cut", codes[2][:8], ErrDenied},
			{"the next", codes[2], nil},
		} {
			if err := s.Prove(ctx, "ana", row.code, office); !errors.Is(err, row.want) || (err == nil) != (row.want == nil) {
				t.Errorf("%s: got %v, want %v", row.name, err, row.want)
			}
		}
		if u, err := s.Account(ctx, "ana"); err != nil || u.CodesLeft != SheetSize-3 {
			t.Errorf("got %d left, %v; want %d", u.CodesLeft, err, SheetSize-3)
		}
		if _, err := s.NewCodes(ctx, "ana", "ana"); err != nil {
			t.Fatal(err)
		}
		if err := s.Prove(ctx, "ana", codes[5], office); !errors.Is(err, ErrDenied) {
			t.Errorf("of the sheet before: got %v, want ErrDenied", err)
		}
		for _, leaf := range leaves(t, log, db) {
			for _, code := range codes {
				if strings.Contains(leaf, code) || strings.Contains(leaf, strings.ReplaceAll(code, "-", "")) {
					t.Errorf("a code is in the evidence: %s", leaf)
				}
			}
		}
		if err := s.ResetFactors(ctx, "ana", "jefa"); err != nil {
			t.Fatal(err)
		}
		if u, err := s.Account(ctx, "ana"); err != nil || u.Second() {
			t.Errorf("after the reset: got %+v, %v; want no second factor", u, err)
		}
	})
}

func TestCreateReviews(t *testing.T) {
	each(t, func(t *testing.T, s *Store, c *clock, _ *evidence.Log, _ *storage.DB) {
		for name, row := range map[string]struct {
			n    New
			want error
		}{
			"liaison without a department": {New{Name: "luis", Role: Liaison, Password: good}, ErrInput},
			"auditor with one":             {New{Name: "luis", Role: Auditor, Department: "Padrón", Password: good}, ErrInput},
			"a day that is none":           {New{Name: "luis", Role: Auditor, Scope: Scope{From: "2026-02-30"}, Password: good}, ErrInput},
			"days in the wrong order":      {New{Name: "luis", Role: Auditor, Scope: Scope{From: "2026-03-01", Until: "2026-02-01"}, Password: good}, ErrInput},
			"a requirement of two lines":   {New{Name: "luis", Role: Auditor, Scope: Scope{Requirement: "a\nb"}, Password: good}, ErrInput},
			"liaison":                      {New{Name: "luis", Role: Liaison, Department: " Padrón ", Password: good}, nil},
		} {
			if err := s.Create(t.Context(), row.n, "test"); !errors.Is(err, row.want) || (err == nil) != (row.want == nil) {
				t.Errorf("%s: got %v, want %v", name, err, row.want)
			}
		}
		if u, err := s.User(t.Context(), "luis"); err != nil || u.Department != "Padrón" {
			t.Errorf("got %+v, %v; want the liaison of Padrón", u, err)
		}
		if err := s.Create(t.Context(), New{Name: "eva", Role: Auditor, Password: good, Until: c.now().Add(time.Hour)}, "test"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Authenticate(t.Context(), "eva", good, "a"); err != nil {
			t.Errorf("before the end: %v", err)
		}
		c.pass(time.Hour)
		if _, err := s.Authenticate(t.Context(), "eva", good, "a"); !errors.Is(err, ErrDenied) {
			t.Errorf("after the end: got %v, want ErrDenied", err)
		}
		if _, err := s.User(t.Context(), "eva"); !errors.Is(err, ErrNoUser) {
			t.Errorf("a session after the end: got %v, want ErrNoUser", err)
		}
	})
}

func TestLastAdministratorStays(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *clock, _ *evidence.Log, _ *storage.DB) {
		ctx := t.Context()
		if err := s.Add(ctx, "raiz", Administrator, good, "test"); err != nil {
			t.Fatal(err)
		}
		if err := s.Disable(ctx, "raiz", "test"); !errors.Is(err, ErrLast) {
			t.Errorf("disable: got %v, want ErrLast", err)
		}
		if err := s.Change(ctx, "raiz", Edit{Role: Director}, "test"); !errors.Is(err, ErrLast) {
			t.Errorf("change: got %v, want ErrLast", err)
		}
		if err := s.Add(ctx, "otra", Administrator, good, "test"); err != nil {
			t.Fatal(err)
		}
		if err := s.Disable(ctx, "raiz", "test"); err != nil {
			t.Errorf("with another one: %v", err)
		}
	})
}
