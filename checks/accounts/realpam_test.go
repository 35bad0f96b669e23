package accounts

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"vigia/checks/host"
)

// box is a machine with an /etc of its own and one user, ana, around the real libpam
// and modules of this one.
type box struct{ dir string }

const rightPassword = "Correcta-2026-ana"

// newBox writes the files of a box, by their names in /etc.
func newBox(t *testing.T, files map[string]string) box {
	t.Helper()
	for tool, pkg := range map[string]string{"pamtester": "pamtester", "faillock": "libpam-modules-bin", "unshare": "util-linux", "openssl": "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is missing: apt-get install %s", tool, pkg)
		}
	}
	dir := t.TempDir()
	hash, err := exec.CommandContext(t.Context(), "openssl", "passwd", "-6", "-salt", "abcdefgh", rightPassword).Output()
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, content string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("passwd", "root:x:0:0::/root:/bin/sh\nana:x:4242:4242::/nowhere:/bin/sh\n")
	write("shadow", "root:*:20000:0:99999:7:::\nana:"+strings.TrimSpace(string(hash))+":20000:0:99999:7:::\n")
	write("pam.d/other", "auth required pam_deny.so\naccount required pam_deny.so\npassword required pam_deny.so\nsession required pam_deny.so\n")
	write("group", "root:x:0:\nana:x:4242:\n")
	write("nsswitch.conf", "passwd: files\nshadow: files\ngroup: files\n")
	write("login.defs", "UID_MIN 1000\n")
	write("security/faillock.conf", "nodelay\n")
	write("security/opasswd", "")
	for name, content := range files {
		write(name, content)
	}
	return box{dir}
}

// run runs a script where the box's /etc stands in place of this machine's, as far as
// the script and what it starts can see.
func (b box) run(t *testing.T, script string) string {
	t.Helper()
	const inside = `set -e
mount --bind "$1" /etc
mount -t tmpfs tmpfs /run
`
	args := []string{"--mount", "--propagation", "private"}
	if os.Geteuid() != 0 {
		args = append(args, "--user", "--map-root-user")
	}
	cmd := exec.CommandContext(t.Context(), "unshare", append(args, "sh", "-c", inside+script, "sh", b.dir)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// files are those of the box, as a check reads them.
func (b box) files() host.Files { return boxFiles{b} }

type boxFiles struct{ box }

func (f boxFiles) path(name string) string {
	return filepath.Join(f.dir, strings.TrimPrefix(name, "/etc"))
}

func (f boxFiles) ReadFile(_ context.Context, name string, limit int64) ([]byte, error) {
	b, err := os.ReadFile(f.path(name))
	if int64(len(b)) > limit {
		return nil, host.ErrTooBig
	}
	return b, err
}

func (f boxFiles) Stat(_ context.Context, name string) (host.FileInfo, error) {
	info, err := os.Stat(f.path(name))
	if err != nil {
		return host.FileInfo{}, err
	}
	return host.FileInfo{Name: info.Name(), Size: info.Size(), Mode: info.Mode()}, nil
}

func (f boxFiles) ReadDir(_ context.Context, name string) ([]host.FileInfo, error) {
	entries, err := os.ReadDir(f.path(name))
	var out []host.FileInfo
	for _, e := range entries {
		out = append(out, host.FileInfo{Name: e.Name()})
	}
	return out, err
}

func (f boxFiles) ReadRange(context.Context, string, int64, int64) ([]byte, error) {
	return nil, host.ErrUnsupported
}

func (f boxFiles) Walk(context.Context, string, func(string, host.FileInfo, error) error) error {
	return host.ErrUnsupported
}

// The number of attempts that the facts tell is the one after which the real modules
// keep out somebody who knows the password.
func TestLockoutOfRealPAM(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	const (
		unix    = "pam_unix.so nodelay"
		permit  = "auth required pam_permit.so\naccount required pam_permit.so\n"
		rocky   = "auth required pam_env.so\n%sauth [default=1 ignore=ignore success=ok] pam_localuser.so\nauth sufficient pam_unix.so nullok nodelay\n%sauth required pam_deny.so\naccount required pam_permit.so\n"
		preauth = "auth required pam_faillock.so preauth silent\n"
		fail    = "auth required pam_faillock.so authfail\n"
	)
	for _, row := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"Debian as it comes", map[string]string{"pam.d/login": "auth [success=1 default=ignore] " + unix + " nullok\nauth requisite pam_deny.so\n" + permit}, 0},
		{"Debian with faillock", map[string]string{"pam.d/login": "auth required pam_faillock.so preauth\nauth [success=1 default=ignore] " + unix + "\nauth [default=die] pam_faillock.so authfail\n" + permit}, 3},
		{"by include", map[string]string{"pam.d/login": "@include common-auth\naccount required pam_permit.so\n", "pam.d/common-auth": "auth required pam_faillock.so preauth deny=2\nauth [success=1 default=ignore] " + unix + "\nauth [default=die] pam_faillock.so authfail deny=2\nauth required pam_permit.so\n"}, 2},
		{"argument over file", map[string]string{"security/faillock.conf": "nodelay\ndeny = 6\n", "pam.d/login": "auth required pam_faillock.so preauth deny=4\nauth [success=1 default=ignore] " + unix + "\nauth [default=die] pam_faillock.so authfail deny=4\n" + permit}, 4},
		{"a folder of drop-ins, which it does not read", map[string]string{"security/faillock.conf": "nodelay\ndeny = 2\n", "security/faillock.conf.d/a.conf": "deny = 5\n", "pam.d/login": "auth required pam_faillock.so preauth\nauth [success=1 default=ignore] " + unix + "\nauth [default=die] pam_faillock.so authfail\n" + permit}, 2},
		{"another file", map[string]string{"security/other.conf": "nodelay\ndeny = 5\n", "pam.d/login": "auth required pam_faillock.so preauth conf=/etc/security/other.conf\nauth [success=1 default=ignore] " + unix + "\nauth [default=die] pam_faillock.so authfail conf=/etc/security/other.conf\n" + permit}, 5},
		{"the manual's first example", map[string]string{"pam.d/login": "auth [success=1 default=bad] " + unix + "\nauth [default=die] pam_faillock.so authfail\nauth sufficient pam_faillock.so authsucc\nauth required pam_deny.so\naccount required pam_permit.so\n"}, 3},
		{"counted, and only the account module asked", map[string]string{"pam.d/login": "auth [success=1 default=bad] " + unix + "\nauth [default=die] pam_faillock.so authfail\nauth required pam_permit.so\naccount required pam_faillock.so\naccount required pam_permit.so\n"}, 0},
		{"asked and never told", map[string]string{"pam.d/login": "auth required pam_faillock.so preauth\nauth [success=1 default=die] " + unix + "\nauth requisite pam_deny.so\n" + permit}, 0},
		{"asked too late", map[string]string{"pam.d/login": "auth sufficient " + unix + "\nauth required pam_faillock.so preauth\nauth required pam_faillock.so authfail\nauth required pam_deny.so\naccount required pam_permit.so\n"}, 0},
		{"Rocky as it comes", map[string]string{"pam.d/login": "auth substack system-auth\naccount include system-auth\n", "pam.d/system-auth": fmt.Sprintf(rocky, "", "")}, 0},
		{"Rocky with faillock", map[string]string{"pam.d/login": "auth substack system-auth\naccount include system-auth\n", "pam.d/system-auth": fmt.Sprintf(rocky, preauth, fail)}, 3},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, row.files)
			seen, err := observePAMLockout(t.Context(), host.New(host.Host{OS: host.Linux, Now: today, Files: b.files()}))
			if err != nil || seen.Value == nil || *seen.Value != row.want {
				t.Fatalf("the check tells %+v, %v; want %d attempts", seen, err, row.want)
			}
			if before, at := b.lets(t, max(row.want-1, 0)), b.lets(t, row.want); row.want > 0 && (!before || at) {
				t.Errorf("after %d wrong ones the right one is let in: %v; after %d: %v", row.want-1, before, row.want, at)
			}
			if row.want == 0 && !b.lets(t, 7) {
				t.Error("after 7 wrong ones the right one is kept out")
			}
		})
	}
}

// How long the lock of the real module holds is what the facts tell.
func TestReleaseOfRealPAM(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	const login = "auth required pam_faillock.so preauth\nauth [success=1 default=ignore] pam_unix.so nodelay\nauth [default=die] pam_faillock.so authfail\nauth required pam_permit.so\naccount required pam_permit.so\n"
	for _, row := range []struct {
		unlock string
		want   int64
		opens  bool // after three seconds
	}{
		{"2", 2, true}, {"3600", 3600, false}, {"0", 0, false}, {"never", 0, false},
	} {
		t.Run(row.unlock, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, map[string]string{"pam.d/login": login, "security/faillock.conf": "nodelay\nunlock_time = " + row.unlock + "\n"})
			seen, err := observePAMLockout(t.Context(), host.New(host.Host{OS: host.Linux, Now: today, Files: b.files()}))
			if err != nil || seen.Seconds == nil || *seen.Seconds != row.want {
				t.Fatalf("the check tells %+v, %v; want %d seconds", seen, err, row.want)
			}
			const enters = "if echo " + rightPassword + " | pamtester login ana authenticate >/dev/null 2>&1; then echo in; else echo out; fi\n"
			got := b.run(t, "for i in 1 2 3; do echo wrong | pamtester login ana authenticate >/dev/null 2>&1 || true; done\n"+enters+"sleep 3\n"+enters)
			if want := "out\n" + map[bool]string{true: "in\n", false: "out\n"}[row.opens]; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// An empty password is let in where the facts tell of nullok, and nowhere else.
func TestBlankOfRealPAM(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	for _, args := range []string{"nullok", ""} {
		t.Run("pam_unix "+args, func(t *testing.T) {
			b := newBox(t, map[string]string{
				"pam.d/login": "auth required pam_unix.so nodelay " + args + "\naccount required pam_permit.so\n",
				"shadow":      "root:*:20000:0:99999:7:::\nana::20000:0:99999:7:::\n"})
			seen, err := observeShadowBlank(t.Context(), host.New(host.Host{OS: host.Linux, Now: today, Files: b.files()}))
			if err != nil || len(seen.Accounts) != 1 || len(seen.Unread) > 0 {
				t.Fatalf("the check tells %+v, %v; want the account without password", seen, err)
			}
			got := b.run(t, "if echo | pamtester login ana authenticate >/dev/null 2>&1; then echo in; else echo out; fi\n")
			if tells := len(seen.Nullok) > 0; tells != (got == "in\n") {
				t.Errorf("the check tells of nullok: %v; an empty password: %q", tells, got)
			}
		})
	}
}

// lets tells whether the right password is let in after n wrong ones in a row.
func (b box) lets(t *testing.T, n int64) bool {
	t.Helper()
	out := b.run(t, "for i in $(seq "+strconv.FormatInt(n, 10)+"); do echo wrong | pamtester login ana authenticate >/dev/null 2>&1 || true; done\n"+
		"if echo "+rightPassword+" | pamtester login ana authenticate acct_mgmt >/dev/null 2>&1; then echo in; else echo out; fi\n")
	lines := bufio.NewScanner(strings.NewReader(out))
	last := ""
	for lines.Scan() {
		last = lines.Text()
	}
	return last == "in"
}

// The shortest password that the facts tell is the one that libpwquality takes.
func TestLengthOfRealPwquality(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	if _, err := exec.LookPath("pwscore"); err != nil {
		t.Fatal("pwscore is missing: apt-get install libpwquality-tools")
	}
	const (
		stack = "password requisite pam_pwquality.so\npassword required pam_unix.so use_authtok\n"
		all   = "dictcheck = 0\nusercheck = 0\n"
		text  = "qZ7#mK2$xW9!pL4&vB6*nC8(tR1)yH3"
	)
	for _, row := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"its own number", map[string]string{pwqualityName: all}, 8},
		{"the file", map[string]string{pwqualityName: all + "minlen = 14\n"}, 14},
		{"the file over the folder", map[string]string{pwqualityName: all + "minlen = 10\n", pwqualityName + ".d/50-a.conf": "minlen = 14\n"}, 10},
		{"the folder", map[string]string{pwqualityName: all, pwqualityName + ".d/50-a.conf": "minlen = 14\n"}, 14},
		{"the last of the folder", map[string]string{pwqualityName: all, pwqualityName + ".d/50-a.conf": "minlen = 14\n", pwqualityName + ".d/60-b.conf": "minlen = 11\n"}, 11},
		{"no less than 6", map[string]string{pwqualityName: all + "minlen = 3\n"}, 6},
		{"a name in capitals", map[string]string{pwqualityName: all + "MinLen = 12\n"}, 12},
		{"no name of a drop-in", map[string]string{pwqualityName: all, pwqualityName + ".d/50-a.txt": "minlen = 14\n"}, 8},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.files["pam.d/passwd"] = stack
			b := newBox(t, row.files)
			seen, err := observePAMLength(t.Context(), host.New(host.Host{OS: host.Linux, Now: today, Files: b.files()}))
			if err != nil || seen.Value == nil || *seen.Value != row.want {
				t.Fatalf("the check tells %+v, %v; want %d characters", seen, err, row.want)
			}
			script := ""
			for _, n := range []int64{row.want - 1, row.want} {
				script += "if echo '" + text[:n] + "' | pwscore >/dev/null 2>&1; then echo taken; else echo refused; fi\n"
			}
			if got := b.run(t, script); got != "refused\ntaken\n" {
				t.Errorf("with %d and %d characters: %q", row.want-1, row.want, got)
			}
		})
	}
}

const pwqualityName = "security/pwquality.conf"
