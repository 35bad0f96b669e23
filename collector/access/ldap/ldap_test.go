package ldap

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vigia/checks/host/ldap/ldaptest"
	"vigia/collector/access"
)

const (
	base = "dc=villaejemplo,dc=example"
	word = "Palabra-de-Ana-1"
)

// people are two with the same surname, one whose password is to be replaced, and one without.
const people = "dn: ou=personas," + base + "\nobjectClass: organizationalUnit\nou: personas\n\n" +
	"dn: uid=ana,ou=personas," + base + "\nobjectClass: inetOrgPerson\nuid: ana\ncn: Ana\nsn: Inventada\nuserPassword: " + word + "\n\n" +
	"dn: uid=luis,ou=personas," + base + "\nobjectClass: inetOrgPerson\nuid: luis\ncn: Luis\nsn: Inventada\nuserPassword: " + word + "\npwdReset: TRUE\n\n" +
	"dn: uid=eva,ou=personas," + base + "\nobjectClass: inetOrgPerson\nuid: eva\ncn: Eva\nsn: Otra\n\n" +
	"dn: cn=reglas," + base + "\nobjectClass: organizationalRole\nobjectClass: pwdPolicy\ncn: reglas\npwdAttribute: userPassword\npwdMustChange: TRUE\n\n"

// config is the configuration for a server.
func config(t testing.TB, s *ldaptest.Server) Config {
	t.Helper()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, s.CA, 0o600); err != nil {
		t.Fatal(err)
	}
	return Config{URL: s.Secure, CAFile: ca, BindDN: s.BindDN, PasswordFile: "x", Base: s.Base, Filter: "(&(objectClass=inetOrgPerson)(uid={name}))"}
}

func TestCheck(t *testing.T) {
	if testing.Short() {
		t.Skip("starts slapd")
	}
	s := ldaptest.Slapd(t, ldaptest.OpenLDAP{Entries: people, Policies: true, Default: "cn=reglas," + base})
	secret := func() (string, error) { return s.Password, nil }
	same := func(*Config) {}
	elsewhere := func(c *Config) { c.URL = strings.Replace(s.Secure, "127.0.0.1", "127.0.0.2", 1) }
	for _, row := range []struct {
		name, who, password string
		conf                func(*Config)
		reason              access.Reason // empty: let in, or
		elsewhere           bool
	}{
		{"right", "ana", word, same, "", false},
		{"StartTLS", "ana", word, func(c *Config) { c.URL = s.Plain }, "", false},
		{"wrong password", "ana", "otra", same, access.WrongPassword, false},
		{"empty password", "ana", "", same, access.WrongPassword, false},
		{"nobody", "nadie", word, same, access.NobodyThere, false},
		{"a star is a letter", "a*", word, same, access.NobodyThere, false},
		{"no filter gets in by the name", "x)(uid=ana", word, same, access.NobodyThere, false},
		{"nor closes ours", "ana)(|(uid=*", word, same, access.NobodyThere, false},
		{"two people", "Inventada", word, func(c *Config) { c.Filter = "(sn={name})" }, access.SeveralThere, false},
		{"password to be replaced", "luis", word, same, access.MustChange, false},
		{"no password there", "eva", word, same, access.WrongPassword, false},
		{"outside of the base", "ana", word, func(c *Config) { c.Base = "ou=servicios," + base }, access.NobodyThere, false},
		{"no such base", "ana", word, func(c *Config) { c.Base = "ou=nada," + base }, "", true},
		{"nobody listens", "ana", word, elsewhere, "", true},
		{"another authority", "ana", word, func(c *Config) {
			if err := os.WriteFile(c.CAFile, ldaptest.NewCertificate(t, "127.0.0.1").CA, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "", true},
		{"no such service", "ana", word, func(c *Config) { c.BindDN = "cn=otro," + base }, "", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			conf := config(t, s)
			row.conf(&conf)
			d, err := New(conf, secret, nil)
			if err != nil {
				t.Fatal(err)
			}
			err = d.Check(t.Context(), row.who, row.password)
			refused, _ := errors.AsType[*access.Refusal](err)
			switch {
			case row.elsewhere:
				if !errors.Is(err, access.ErrElsewhere) || errors.Is(err, access.ErrDenied) {
					t.Errorf("got %v, want ErrElsewhere", err)
				}
			case row.reason != "":
				if refused == nil || refused.Reason != row.reason || !errors.Is(err, access.ErrDenied) {
					t.Errorf("got %v, want the refusal %q", err, row.reason)
				}
			case err != nil:
				t.Errorf("got %v, want in", err)
			}
			if err != nil && (strings.Contains(err.Error(), word) || strings.Contains(err.Error(), s.Password)) {
				t.Errorf("a password is in %q", err)
			}
		})
	}
}

// A directory locks the account of a service that insists.
func TestAServiceThatIsRefusedRests(t *testing.T) {
	if testing.Short() {
		t.Skip("starts slapd")
	}
	s := ldaptest.Slapd(t, ldaptest.OpenLDAP{Entries: people, Policies: true})
	now, password := time.Now(), "equivocada"
	d, err := New(config(t, s), func() (string, error) { return password, nil }, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	check := func() error { return d.Check(t.Context(), "ana", word) }
	if err := check(); !errors.Is(err, access.ErrElsewhere) || !strings.Contains(err.Error(), "refuses") {
		t.Fatalf("got %v", err)
	}
	if err := check(); !errors.Is(err, access.ErrElsewhere) || !strings.Contains(err.Error(), "not tried again") {
		t.Errorf("at once: got %v, want not tried", err)
	}
	now = now.Add(rest)
	if err := check(); !strings.Contains(err.Error(), "refuses") {
		t.Errorf("later: got %v, want tried", err)
	}
	password = s.Password
	if err := check(); err != nil {
		t.Errorf("another password at once: %v", err)
	}
	d.secret = func() (string, error) { return "", os.ErrPermission }
	if err := check(); !errors.Is(err, access.ErrElsewhere) || !errors.Is(err, os.ErrPermission) {
		t.Errorf("a password that cannot be read: %v", err)
	}
}

// A directory that does not answer costs seconds, and no more than the context.
func TestTheContextEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("starts slapd")
	}
	s := ldaptest.Slapd(t, ldaptest.OpenLDAP{Entries: people, Policies: true})
	d, err := New(config(t, s), func() (string, error) { return s.Password, nil }, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Check(ctx, "ana", word); !errors.Is(err, access.ErrElsewhere) {
		t.Errorf("got %v, want ErrElsewhere", err)
	}
}

// The codes of Active Directory as its servers write them.
func TestActiveDirectoryCodes(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]access.Reason{
		"525": access.NobodyThere, "52e": access.WrongPassword, "530": access.NotNow, "531": access.NotNow, "532": access.ExpiredThere,
		"533": access.DisabledThere, "701": access.ExpiredThere, "773": access.MustChange, "775": access.LockedThere, "9999": access.WrongPassword,
	} {
		text := `LDAP Result Code 49 "Invalid Credentials": 80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data ` + code + ", v4563"
		if got := activeDirectory(text); got != want {
			t.Errorf("%s: got %q, want %q", code, got, want)
		}
	}
	if got := activeDirectory("invalid credentials"); got != access.WrongPassword {
		t.Errorf("without a code: got %q", got)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := Config{URL: "ldaps://dc1.villaejemplo.example", BindDN: "lector@villaejemplo.example", PasswordFile: "x", Base: base}
	if _, err := New(good, nil, nil); err != nil {
		t.Error(err)
	}
	for key, change := range map[string]func(*Config){
		"url":           func(c *Config) { c.URL = "http://dc1" },
		"bind_dn":       func(c *Config) { c.BindDN = "" },
		"password_file": func(c *Config) { c.PasswordFile = "" },
		"base":          func(c *Config) { c.Base = "villaejemplo" },
		"filter":        func(c *Config) { c.Filter = "(uid=ana)" },
		"filter: ":      func(c *Config) { c.Filter = "(uid={name}" },
		"ca_file":       func(c *Config) { c.CAFile = filepath.Join(t.TempDir(), "no.pem") },
	} {
		conf := good
		change(&conf)
		if _, err := New(conf, nil, nil); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), "login.ldap."+key) {
			t.Errorf("%s: got %v", key, err)
		}
	}
}
