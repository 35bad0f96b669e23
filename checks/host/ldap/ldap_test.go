package ldap_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/host"
	"vigia/checks/host/ldap"
	"vigia/checks/host/ldap/ldaptest"
)

const base = "dc=villaejemplo,dc=example"

// many is LDIF of n people.
func many(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "dn: ou=personas,%s\nobjectClass: organizationalUnit\nou: personas\n\n", base)
	for i := range n {
		fmt.Fprintf(&b, "dn: uid=u%04d,ou=personas,%s\nobjectClass: inetOrgPerson\nuid: u%04d\ncn: Persona\nsn: Inventada\nmail: u%04d@villaejemplo.example\n\n", i, base, i, i)
	}
	return b.String()
}

func TestSearchOfARealServer(t *testing.T) {
	if testing.Short() {
		t.Skip("starts slapd")
	}
	s := ldaptest.Slapd(t, ldaptest.OpenLDAP{Entries: many(1234), Unlimited: true})
	d := s.Open(t)
	people := host.DirectoryQuery{Base: s.Base, Scope: "subtree", Filter: "(objectClass=inetOrgPerson)", Attributes: []string{"UID", "absent"}, Max: 5000}
	t.Run("all pages, only what was asked for, under the name asked for", func(t *testing.T) {
		got, err := d.Search(t.Context(), people)
		if err != nil || len(got) != 1234 {
			t.Fatalf("got %d entries, %v; want 1234", len(got), err)
		}
		want := host.DirectoryEntry{DN: "uid=u0000,ou=personas," + base, Attributes: map[string][]string{"UID": {"u0000"}}}
		if diff := cmp.Diff(want, got[0]); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
	t.Run("StartTLS", func(t *testing.T) {
		d, err := ldap.New(ldap.Config{URL: s.Plain, CA: s.CA, BindDN: s.BindDN, Password: ldaptest.Fixed(s.Password)})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := d.Search(t.Context(), people); err != nil || len(got) != 1234 {
			t.Errorf("got %d entries, %v; want 1234", len(got), err)
		}
	})
	t.Run("root DSE", func(t *testing.T) {
		got, err := d.Search(t.Context(), host.DirectoryQuery{Scope: "base", Filter: "(objectClass=*)", Attributes: []string{"namingContexts"}, Max: 1})
		if err != nil || len(got) != 1 || got[0].Attributes["namingContexts"][0] != base {
			t.Errorf("got %v, %v", got, err)
		}
	})
	for _, row := range []struct {
		name   string
		change func(*ldap.Config, *host.DirectoryQuery)
		want   error
	}{
		{"more than asked for", func(_ *ldap.Config, q *host.DirectoryQuery) { q.Max = 1233 }, host.ErrTooBig},
		{"a base that is not there", func(_ *ldap.Config, q *host.DirectoryQuery) { q.Base = "ou=nadie," + base }, fs.ErrNotExist},
		{"another authority", func(c *ldap.Config, _ *host.DirectoryQuery) { c.CA = ldaptest.NewCertificate(t, "127.0.0.1").CA }, host.ErrDirectoryTrust},
		{"the system's authorities", func(c *ldap.Config, _ *host.DirectoryQuery) { c.CA = nil }, host.ErrDirectoryTrust},
		{"nobody listens", func(c *ldap.Config, _ *host.DirectoryQuery) {
			c.URL = strings.Replace(s.Secure, "127.0.0.1", "127.0.0.2", 1)
		}, host.ErrDirectoryUnreachable},
		{"a wrong password", func(c *ldap.Config, _ *host.DirectoryQuery) { c.Password = ldaptest.Fixed("otra") }, host.ErrDirectoryLogin},
		{"no password", func(c *ldap.Config, _ *host.DirectoryQuery) { c.Password = ldaptest.Fixed("") }, host.ErrDirectoryLogin},
		{"a password that cannot be read", func(c *ldap.Config, _ *host.DirectoryQuery) {
			c.Password = func(context.Context) (string, error) { return "", fs.ErrPermission }
		}, fs.ErrPermission},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg := ldap.Config{URL: s.Secure, CA: s.CA, BindDN: s.BindDN, Password: ldaptest.Fixed(s.Password)}
			q := people
			row.change(&cfg, &q)
			d, err := ldap.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := d.Search(t.Context(), q); !errors.Is(err, row.want) || got != nil {
				t.Errorf("got %d entries, error %v; want %v", len(got), err, row.want)
			}
		})
	}
}

// OpenLDAP gives at most 500 entries, pages or not, to those whom its administrator did
// not give more: a part is never taken for the whole.
func TestAServersOwnLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("starts slapd")
	}
	s := ldaptest.Slapd(t, ldaptest.OpenLDAP{Entries: many(501)})
	q := host.DirectoryQuery{Base: s.Base, Scope: "subtree", Filter: "(objectClass=inetOrgPerson)", Attributes: []string{"uid"}, Max: 5000}
	if got, err := s.Open(t).Search(t.Context(), q); !errors.Is(err, host.ErrTooBig) || got != nil {
		t.Errorf("got %d entries, error %v; want ErrTooBig", len(got), err)
	}
}

// A directory locks accounts that insist: a refused password is tried once.
func TestARefusedPasswordRests(t *testing.T) {
	if testing.Short() {
		t.Skip("starts slapd")
	}
	s := ldaptest.Slapd(t, ldaptest.OpenLDAP{})
	now, tries, password := time.Now(), 0, "equivocada"
	d, err := ldap.New(ldap.Config{
		URL: s.Secure, CA: s.CA, BindDN: s.BindDN, Now: func() time.Time { return now },
		Password: func(context.Context) (string, error) { tries++; return password, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	q := host.DirectoryQuery{Scope: "base", Filter: "(objectClass=*)", Max: 1}
	for range 3 {
		if _, err := d.Search(t.Context(), q); !errors.Is(err, host.ErrDirectoryLogin) {
			t.Fatalf("got %v, want ErrDirectoryLogin", err)
		}
	}
	if tries != 1 {
		t.Errorf("the password was tried %d times within the hour, want 1", tries)
	}
	now, password = now.Add(time.Hour), s.Password
	if _, err := d.Search(t.Context(), q); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, url := range []string{
		"", "servidor", "http://servidor", "ldapi:///x", "ldaps://", "ldaps://a:b@servidor", "ldaps://servidor/dc=x", "ldaps://servidor?x", "cldap://servidor",
	} {
		if _, err := ldap.New(ldap.Config{URL: url, BindDN: "cn=lector"}); err == nil {
			t.Errorf("%q was taken", url)
		}
	}
	if _, err := ldap.New(ldap.Config{URL: "ldaps://servidor", BindDN: "cn=lector", CA: []byte("none")}); err == nil {
		t.Error("an authority that is none was taken")
	}
	if _, err := ldap.New(ldap.Config{URL: "ldaps://servidor"}); err == nil {
		t.Error("no account was taken")
	}
}

// hostile answers each connection with what say writes.
func hostile(t *testing.T, cert *ldaptest.Certificate, say func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if cert != nil {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert.TLS(t)}})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			say(conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

func TestHostileServers(t *testing.T) {
	bound := "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00" // bindResponse, success
	read := func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) }
	entry := "\x30\x82\x03\xf2\x02\x01\x02\x64\x82\x03\xeb\x04\x82\x03\xe5" + strings.Repeat("a", 997) + "\x30\x00"
	for _, row := range []struct {
		name   string
		secure bool
		say    func(net.Conn)
		want   error // nil: any
	}{
		{"no TLS offered", false, func(c net.Conn) {
			read(c)
			_, _ = io.WriteString(c, "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00")
		}, nil},
		{"an endless answer before TLS", false, func(c net.Conn) { read(c); _, _ = io.WriteString(c, "\x30\x84\x7f\xff\xff\xff") }, nil},
		{"no LDAP", false, func(c net.Conn) { read(c); _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }, nil},
		{"silence", true, func(net.Conn) {}, nil},
		{"a message of 2 GB", true, func(c net.Conn) { read(c); _, _ = io.WriteString(c, "\x30\x84\x7f\xff\xff\xff") }, nil},
		{"a string of 2 GB in a short message", true, func(c net.Conn) {
			read(c)
			_, _ = io.WriteString(c, "\x30\x0a\x02\x01\x01\x04\x84\x7f\xff\xff\xff\x00")
		}, nil},
		{"entries without end", true, func(c net.Conn) {
			read(c)
			_, _ = io.WriteString(c, bound)
			read(c)
			for range 200 << 10 {
				if _, err := io.WriteString(c, entry); err != nil {
					return
				}
			}
		}, host.ErrTooBig},
		{"the connection ends in the middle", true, func(c net.Conn) {
			read(c)
			_, _ = io.WriteString(c, bound)
			read(c)
			_, _ = io.WriteString(c, entry[:100])
		}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			cert := ldaptest.NewCertificate(t, "127.0.0.1")
			var url string
			if row.secure {
				url = "ldaps://" + hostile(t, &cert, row.say)
			} else {
				url = "ldap://" + hostile(t, nil, row.say)
			}
			d, err := ldap.New(ldap.Config{URL: url, CA: cert.CA, BindDN: "cn=lector", Password: ldaptest.Fixed("x")})
			if err != nil {
				t.Fatal(err)
			}
			got, err := d.Search(t.Context(), host.DirectoryQuery{Base: base, Scope: "subtree", Filter: "(objectClass=*)", Max: 1 << 30})
			if err == nil || got != nil || row.want != nil && !errors.Is(err, row.want) {
				t.Errorf("got %d entries, error %v", len(got), err)
			}
		})
	}
}

func TestACertificateForAnotherName(t *testing.T) {
	cert := ldaptest.NewCertificate(t, "127.0.0.9")
	address := hostile(t, &cert, func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) })
	d, err := ldap.New(ldap.Config{URL: "ldaps://" + address, CA: cert.CA, BindDN: "cn=lector", Password: func(context.Context) (string, error) {
		t.Error("the password was asked for before the server was verified")
		return "x", nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Search(t.Context(), host.DirectoryQuery{Scope: "base", Filter: "(objectClass=*)", Max: 1}); !errors.Is(err, host.ErrDirectoryTrust) {
		t.Errorf("got %v, want ErrDirectoryTrust", err)
	}
}

func TestTheContextEndsASearch(t *testing.T) {
	hold := make(chan struct{})
	cert := ldaptest.NewCertificate(t, "127.0.0.1")
	address := hostile(t, &cert, func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)); <-hold })
	defer close(hold)
	d, err := ldap.New(ldap.Config{URL: "ldaps://" + address, CA: cert.CA, BindDN: "cn=lector", Password: ldaptest.Fixed("x")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err = d.Search(ctx, host.DirectoryQuery{Scope: "base", Filter: "(objectClass=*)", Max: 1})
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
		t.Errorf("got %v after %v", err, time.Since(began))
	}
}
