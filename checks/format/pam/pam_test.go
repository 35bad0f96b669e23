package pam

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	update = flag.Bool("update", false, "rewrite the golden files")
	cases  = flag.String("libpam", "testdata/libpam.jsonl", "the `file` of libpam's answers to compare with")
)

// dir reads services from a folder of testdata.
func dir(name string) func(string) ([]byte, error) {
	return func(file string) ([]byte, error) { return os.ReadFile(filepath.Join("testdata", name, file)) }
}

// files reads services from a map.
func files(m map[string]string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if s, ok := m[name]; ok {
			return []byte(s), nil
		}
		return nil, fmt.Errorf("open %s: %w", name, fs.ErrNotExist)
	}
}

func load(t testing.TB, service string, read func(string) ([]byte, error)) *Stack {
	t.Helper()
	s, err := Load(service, read)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func dump(s *Stack) string {
	var sb strings.Builder
	for _, t := range types() {
		for _, r := range s.Rules(t) {
			fmt.Fprintf(&sb, "%s%s ", strings.Repeat("  ", r.Level), r.Type)
			if r.Quiet {
				sb.WriteString("quiet ")
			}
			switch {
			case r.Broken != "":
				fmt.Fprintf(&sb, "BROKEN %s", r.Broken)
			case r.Substack != "":
				fmt.Fprintf(&sb, "substack %s", r.Substack)
			default:
				fmt.Fprintf(&sb, "%s %s %q", showControl(r.Control), r.Module, r.Args)
			}
			fmt.Fprintf(&sb, " (%s:%d)\n", r.File, r.Line)
		}
	}
	return sb.String()
}

func showControl(c Control) string {
	if c.Keyword != "" {
		return c.Keyword
	}
	var on []string
	for _, r := range returns() {
		if a, ok := c.on[r]; ok {
			on = append(on, fmt.Sprintf("%s=%d", r, a))
		}
	}
	return fmt.Sprintf("[%s default=%d malformed=%v]", strings.Join(on, " "), c.otherwise, c.Malformed)
}

func TestRealServices(t *testing.T) {
	tests := []struct{ dir, service string }{
		{"debian", "login"}, {"debian", "passwd"}, {"debian", "su"}, {"debian", "absent"},
		{"debian-pwquality", "passwd"}, {"rhel", "login"},
	}
	for _, tt := range tests {
		t.Run(tt.dir+"/"+tt.service, func(t *testing.T) {
			got := dump(load(t, tt.service, dir(tt.dir)))
			golden := filepath.Join("testdata", tt.dir+"-"+tt.service+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestLoadConf(t *testing.T) {
	conf, err := os.ReadFile("testdata/pam.conf")
	if err != nil {
		t.Fatal(err)
	}
	s, err := LoadConf(conf, "Login", dir("debian"))
	if err != nil {
		t.Fatal(err)
	}
	want := `auth required pam_unix.so ["nullok" "try_first_pass"] (pam.conf:2)
account required pam_unix.so [] (pam.conf:4)
password [success=1 default=0 malformed=false] pam_unix.so ["obscure" "yescrypt"] (common-password:1)
password requisite pam_deny.so [] (common-password:2)
password required pam_permit.so [] (common-password:3)
session required pam_deny.so [] (pam.conf:7)
`
	if d := cmp.Diff(want, dump(s)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestFindAndArg(t *testing.T) {
	s := load(t, "login", dir("rhel"))
	found := s.Find(Password, "pam_pwquality")
	if len(found) != 1 {
		t.Fatalf("found %d rules of pam_pwquality, want 1", len(found))
	}
	r := found[0]
	tests := []struct {
		arg, want string
		ok        bool
	}{
		{"minlen", "14", true}, // the last one counts
		{"local_users_only", "", true},
		{"retry", "", false},
		{"min", "", false},
	}
	for _, tt := range tests {
		if got, ok := r.Arg(tt.arg); got != tt.want || ok != tt.ok {
			t.Errorf("Arg(%s) = %q, %v, want %q, %v", tt.arg, got, ok, tt.want, tt.ok)
		}
	}
	if got := len(s.Find(Auth, "pam_faillock")); got != 2 {
		t.Errorf("found %d rules of pam_faillock, want 2", got)
	}
	if got := s.Find(Auth, "pam_pwquality"); got != nil {
		t.Errorf("found %v among the auth rules", got)
	}
	for module, want := range map[string]bool{"pam_unix.so": true, "pam_unix": true, "/lib/security/pam_unix.so": true, "pam_unix2.so": false, "": false} {
		if got := (Rule{Module: module}).Is("pam_unix"); got != want {
			t.Errorf("%q is pam_unix: %v, want %v", module, got, want)
		}
	}
}

func TestRequires(t *testing.T) {
	tests := []struct {
		name, text string
		want       bool
	}{
		{"requisite", "password requisite pam_pwquality.so\npassword required pam_unix.so\n", true},
		{"required", "password required pam_pwquality.so\npassword required pam_unix.so\n", true},
		{"absent", "password required pam_unix.so\n", false},
		{"optional", "password optional pam_pwquality.so\npassword required pam_unix.so\n", false},
		{"after sufficient", "password sufficient pam_unix.so\npassword required pam_pwquality.so\n", false},
		{"skipped", "password [success=1 default=ignore] pam_unix.so\npassword requisite pam_pwquality.so\npassword required pam_permit.so\n", false},
		{"Debian's block after it", "password requisite pam_pwquality.so\npassword [success=1 default=ignore] pam_unix.so\npassword requisite pam_deny.so\npassword required pam_permit.so\n", true},
		{"in a substack", "password substack quality\npassword required pam_unix.so\n", true},
		{"substack ends early", "password substack early\npassword required pam_unix.so\n", false},
	}
	extra := map[string]string{
		"quality": "password requisite pam_pwquality.so\n",
		"early":   "password sufficient pam_permit.so\npassword requisite pam_pwquality.so\n",
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := maps.Clone(extra)
			m["passwd"] = tt.text
			if got := load(t, "passwd", files(m)).Requires(Password, "pam_pwquality"); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	if s := load(t, "login", dir("rhel")); !s.Requires(Auth, "pam_faillock") || !s.Requires(Account, "pam_unix") || s.Requires(Session, "pam_systemd") {
		t.Error("the stack of rhel/login is judged wrong")
	}
}

// libpam.jsonl holds random stacks of pam_debug with what libpam 1.5.2 answered to
// each (testdata/libpam.py makes more of them).
func TestDispatchAsLibpam(t *testing.T) {
	b, err := os.ReadFile(*cases)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range bytes.Split(bytes.TrimSpace(b), []byte("\n")) {
		var c struct {
			Files  map[string]string
			Status Return
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		got := load(t, "svc", files(c.Files)).Dispatch(Auth, func(r Rule) Return {
			v, _ := r.Arg("auth")
			return Return(v)
		})
		if got != c.Status {
			t.Errorf("case %d: got %s, libpam answered %s\n%s", i+1, got, c.Status, line)
		}
	}
}

func TestBroken(t *testing.T) {
	loop := map[string]string{"svc": "auth include svc\n"}
	tests := []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"type", map[string]string{"svc": "atuh required pam_unix.so\n"}, "auth BROKEN unknown type (svc:1)\n"},
		{"no control", map[string]string{"svc": "\n\naccount\n"}, "account BROKEN no control (svc:3)\n"},
		{"no module", map[string]string{"svc": "auth required\n"}, "auth BROKEN no module (svc:1)\n"},
		{"include without a name", map[string]string{"svc": "session include\n"}, "session BROKEN include names no file (svc:1)\n"},
		{"missing include", map[string]string{"svc": "session include absent\n"}, "session BROKEN included file does not exist (svc:1)\n"},
		{"missing substack", map[string]string{"svc": "auth substack absent\n"}, "auth substack absent (svc:1)\nauth BROKEN included file does not exist (svc:1)\n"},
		{"missing @include", map[string]string{"svc": "@include absent\n"},
			"auth BROKEN included file does not exist (svc:1)\naccount BROKEN included file does not exist (svc:1)\n" +
				"password BROKEN included file does not exist (svc:1)\nsession BROKEN included file does not exist (svc:1)\n"},
		{"@include without a name, of one type", map[string]string{"svc": "auth include a\n", "a": "@include\n"}, "auth BROKEN include names no file (a:1)\n"},
		{"loop", loop, "auth BROKEN includes nest too deep (svc:1)\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := load(t, "svc", files(tt.files))
			if d := cmp.Diff(tt.want, dump(s)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if len(s.Broken()) == 0 {
				t.Error("Broken() lists nothing")
			}
			for _, typ := range types() {
				if got := s.Dispatch(typ, func(Rule) Return { return Success }); got == Success {
					t.Errorf("%s succeeds", typ)
				}
			}
		})
	}
}

func TestLines(t *testing.T) {
	tests := []struct {
		name, text, want string
	}{
		{"comment after a rule", "auth required pam_unix.so nullok # lenient\n", `auth required pam_unix.so ["nullok"] (svc:1)`},
		{"continued", "auth \\\n required \\\n pam_unix.so\n", `auth required pam_unix.so [] (svc:1)`},
		{"comment ends a continuation", "auth required pam_unix.so a # b \\\n", `auth required pam_unix.so ["a"] (svc:1)`},
		{"continued at the end", "auth required pam_unix.so \\", `auth required pam_unix.so [] (svc:1)`},
		{"no newline, carriage return", "auth\trequired\tpam_unix.so\r", `auth required pam_unix.so [] (svc:1)`},
		{"quiet, letter case", "-AUTH Required pam_unix.so\n", `auth quiet required pam_unix.so [] (svc:1)`},
		{"argument in brackets", `auth required pam_x.so [query=select [a\] from b] x=y`, `auth required pam_x.so ["query=select [a] from b" "x=y"] (svc:1)`},
		{"bracket left open", "auth required pam_x.so [a b", `auth required pam_x.so ["a b"] (svc:1)`},
		{"control with spaces", "auth [ success = 2  default=die ] pam_x.so", `auth [success=2 default=-4 malformed=false] pam_x.so [] (svc:1)`},
		{"two defaults", "auth [default=ok default=bad] pam_x.so", `auth [ default=-1 malformed=false] pam_x.so [] (svc:1)`},
		{"unknown answer", "auth [sucess=ok] pam_x.so", `auth [ default=-3 malformed=true] pam_x.so [] (svc:1)`},
		{"unknown action", "auth [success=maybe] pam_x.so", `auth [ default=-3 malformed=true] pam_x.so [] (svc:1)`},
		{"jump of none", "auth [success=0] pam_x.so", `auth [ default=-3 malformed=true] pam_x.so [] (svc:1)`},
		{"half a pair", "auth [success=] pam_x.so", `auth [ default=-3 malformed=true] pam_x.so [] (svc:1)`},
		{"empty control", "auth [] pam_x.so", `auth [ default=-3 malformed=false] pam_x.so [] (svc:1)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := dump(load(t, "svc", files(map[string]string{"svc": tt.text})))
			if d := cmp.Diff(tt.want+"\n", got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestLoadErrors(t *testing.T) {
	denied := func(name string) func(string) ([]byte, error) {
		m := files(map[string]string{"svc": "auth include a\n", "a": "auth required pam_unix.so\n"})
		return func(n string) ([]byte, error) {
			if n == name {
				return nil, fmt.Errorf("open %s: %w", n, fs.ErrPermission)
			}
			return m(n)
		}
	}
	for _, name := range []string{"svc", "a", "other"} {
		if _, err := Load("svc", denied(name)); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s cannot be read: got %v, want fs.ErrPermission", name, err)
		}
	}
	wide := map[string]string{"svc": strings.Repeat("auth include svc\n", 5)}
	long := map[string]string{"svc": strings.Repeat("auth required pam_unix.so\n", MaxRules+1)}
	big := map[string]string{"svc": strings.Repeat(" ", MaxSize+1)}
	for name, m := range map[string]map[string]string{"includes": wide, "rules": long, "bytes": big} {
		if _, err := Load("svc", files(m)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("too many %s: got %v, want ErrTooLarge", name, err)
		}
		if _, err := LoadConf([]byte("svc auth include svc"), "svc", files(m)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("pam.conf, too many %s: got %v, want ErrTooLarge", name, err)
		}
	}
}

func TestNoRulesRefuse(t *testing.T) {
	s := load(t, "svc", files(nil))
	if got := s.Dispatch(Auth, func(Rule) Return { return Success }); got != PermDenied {
		t.Errorf("an empty stack answers %s", got)
	}
}

func FuzzLoad(f *testing.F) {
	for _, name := range []string{"debian/login", "debian/common-auth", "rhel/system-auth", "rhel/login", "rhel/postlogin"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, b)
	}
	f.Add([]byte("auth substack inc\n@include inc\n-auth [default=2 x"), []byte("auth include svc \\\n"))
	f.Fuzz(func(t *testing.T, svc, inc []byte) {
		read := func(name string) ([]byte, error) {
			switch name {
			case "svc":
				return svc, nil
			case "inc", "system-auth", "common-auth":
				return inc, nil
			}
			return nil, fs.ErrNotExist
		}
		s, err := Load("svc", read)
		if err != nil {
			if !errors.Is(err, ErrTooLarge) {
				t.Errorf("got %v", err)
			}
			return
		}
		for _, typ := range types() {
			s.Requires(typ, "pam_unix")
			for _, r := range s.Rules(typ) {
				if r.Broken == "" && r.Substack == "" && r.Module == "" {
					t.Errorf("a rule of nothing: %+v", r)
				}
			}
		}
		if _, err := LoadConf(svc, "login", read); err != nil && !errors.Is(err, ErrTooLarge) {
			t.Errorf("got %v", err)
		}
	})
}
