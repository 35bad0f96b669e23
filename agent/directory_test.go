package agent

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"vigia/checks"
	"vigia/checks/catalog"
	"vigia/checks/host"
	"vigia/checks/host/hosttest"
	"vigia/checks/host/ldap/ldaptest"
	"vigia/packaging/settings"
)

func TestWhoReadsAPassword(t *testing.T) {
	const service = 990
	for _, row := range []struct {
		name  string
		mode  fs.FileMode
		owner string
		want  string
	}{
		{"root alone", 0o600, "0", ""},
		{"the service alone", 0o400, "990", ""},
		{"the group", 0o640, "0", "0640"},
		{"everybody", 0o604, "0", "0604"},
		{"somebody writes it", 0o620, "0", "0620"},
		{"a user", 0o600, "1000", "uid 1000"},
	} {
		if got := linuxReader(host.FileInfo{Mode: row.mode, Owner: row.owner}, service); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
	allow := func(who string, rights uint32) host.AccessEntry {
		return host.AccessEntry{Who: who, Allow: true, Rights: rights}
	}
	closed := []host.AccessEntry{allow("S-1-5-18", 0x1f01ff), allow("S-1-5-32-544", 0x1f01ff), allow("S-1-5-80-1-2-3-4-5", 0x120089)}
	with := func(e host.AccessEntry) host.Access {
		return host.Access{Owner: "S-1-5-18", Entries: append(closed, e)}
	}
	inherit := allow("S-1-5-32-545", 0x120089)
	inherit.InheritOnly = true
	for _, row := range []struct {
		name   string
		access host.Access
		want   string
	}{
		{"system, administrators, a service", host.Access{Entries: closed}, ""},
		{"no list", host.Access{Unrestricted: true}, "S-1-1-0"},
		{"users read", with(allow("S-1-5-32-545", 0x120089)), "S-1-5-32-545"},
		{"a person, generic", with(allow("S-1-5-21-1-2-3-1001", 0x80000000)), "S-1-5-21-1-2-3-1001"},
		{"everybody may look at the attributes", with(allow("S-1-1-0", 0x80)), ""},
		{"users are denied", with(host.AccessEntry{Who: "S-1-5-32-545", Rights: 0x1}), ""},
		{"only for what is made below", with(inherit), ""},
	} {
		if got := windowsReader(row.access); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestDirectorySettings(t *testing.T) {
	const whole = "directory:\n  url: ldaps://dc1.villaejemplo.example\n  bind_dn: lector@villaejemplo.example\n  password_file: directorio.txt\n"
	for _, row := range []struct {
		name, config string
		mode         fs.FileMode // of the password file
		want         string      // of the error; empty: none
	}{
		{"none", "language: es\n", 0o600, ""},
		{"whole", whole, 0o600, ""},
		{"another may read the password", whole, 0o644, "problem.loose_password"},
		{"no password file", strings.Replace(whole, "directorio.txt", "otro.txt", 1), 0o600, "problem.password_file"},
		{"no account", strings.Replace(whole, "  bind_dn: lector@villaejemplo.example\n", "", 1), 0o600, "directory.bind_dn: is missing"},
		{"a key that is not known", whole + "  password: x\n", 0o600, "directory.password: is not a known setting"},
		{"no TLS", strings.Replace(whole, "ldaps://", "http://", 1), 0o600, "want ldaps://HOST"},
		{"no such authority", whole + "  ca_file: ca.pem\n", 0o600, "directory.ca_file: "},
		{"an authority that is none", whole + "  ca_file: directorio.txt\n", 0o600, "no PEM certificate"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range map[string]string{ConfigFile: row.config, "directorio.txt": "palabra\n"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), row.mode); err != nil {
					t.Fatal(err)
				}
			}
			if runtime.GOOS == "windows" && row.name == "whole" {
				row.want = "problem.loose_password" // whoever runs this test may read what it writes
			}
			d, err := directoryFor(t.Context(), dir, nil)
			if row.want != "" {
				if err == nil || !strings.Contains(err.Error(), row.want) || d != nil {
					t.Fatalf("got %v, want %s", err, row.want)
				}
				_, isSettings := errors.AsType[*settings.Error](err)
				_, isProblem := errors.AsType[*problem](err)
				if !isSettings && !isProblem {
					t.Errorf("%v would be said in no words of the catalogue", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := d != nil; got != (row.config == whole) {
				t.Errorf("this machine reads the directory: %v", got)
			}
		})
	}
}

// A machine that was not chosen says so, live and recorded.
func TestOnlyTheChosenMachineHasADirectory(t *testing.T) {
	q := host.DirectoryQuery{Scope: "base", Filter: "(objectClass=*)", Max: 1}
	h := live(nil, nil, nil)
	if _, err := h.Directory.Search(t.Context(), q); !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("got %v, want ErrUnsupported", err)
	}
	h = live(nil, silent{fs.ErrPermission}, nil)
	if _, err := h.Directory.Search(t.Context(), q); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v, want ErrPermission", err)
	}
	recorder := hosttest.NewRecorder(live(nil, nil, nil))
	if _, err := recorder.Host().Directory.Search(context.Background(), q); !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("recording: got %v, want ErrUnsupported", err)
	}
}

// The whole way: from the configuration file to a check's answer.
func TestTheChosenMachineReadsTheDirectory(t *testing.T) {
	if testing.Short() || runtime.GOOS == "windows" {
		t.Skip("starts slapd")
	}
	s := ldaptest.Slapd(t, ldaptest.OpenLDAP{})
	for _, url := range []string{s.Secure, s.Plain} {
		dir := t.TempDir()
		config := "directory:\n  url: " + url + "\n  ca_file: ca.pem\n  bind_dn: " + s.BindDN + "\n  password_file: palabra.txt\n"
		for name, content := range map[string]string{ConfigFile: config, "ca.pem": string(s.CA), "palabra.txt": s.Password + "\n"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		d, err := directoryFor(t.Context(), dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		check, _ := catalog.New().Lookup("directory.lockout")
		res := check.Run(t.Context(), live(nil, d, nil), nil)
		if res.Status != checks.Fail || res.Reason.Code != "directory.rule_none_module" {
			t.Errorf("%s: got %s %v, want the failing of a server without policies", url, res.Status, res.Reason)
		}
	}
}
