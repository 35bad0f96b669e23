package sshd

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// dir is a real folder as Files.
type dir struct{}

func (dir) Read(name string) ([]byte, error) { return os.ReadFile(name) }

func (dir) List(name string) ([]string, error) {
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// TestAsTheServer compares with what sshd itself says of the same files.
func TestAsTheServer(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("slow")
	}
	if _, err := os.Stat("/usr/sbin/sshd"); err != nil {
		t.Fatalf("install openssh-server: %v", err)
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // sshd says nothing without it
		t.Fatal(err)
	}
	top := t.TempDir()
	key := filepath.Join(top, "key")
	if out, err := command(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	defaults := map[string]string{
		"permitrootlogin": "prohibit-password", "passwordauthentication": "yes", "permitemptypasswords": "no", "maxauthtries": "6",
		"kbdinteractiveauthentication": "yes", "x11forwarding": "no",
	}
	for name, files := range map[string]map[string]string{
		"nothing said":      {"main": ""},
		"first value wins":  {"main": "PermitRootLogin no\nPermitRootLogin yes\nMAXAUTHTRIES 3\n"},
		"equals and quotes": {"main": "PermitRootLogin=no\nMaxAuthTries = \"4\"\n  x11forwarding\tyes # comment\n"},
		"include first":     {"main": "Include conf.d/*.conf\nPermitRootLogin no\n", "conf.d/b.conf": "PermitRootLogin yes\n", "conf.d/a.conf": "MaxAuthTries 2\n", "conf.d/c.bak": "X11Forwarding yes\n"},
		"include last":      {"main": "PermitRootLogin no\nInclude conf.d/*.conf\n", "conf.d/b.conf": "PermitRootLogin yes\nPasswordAuthentication no\n"},
		"match":             {"main": "PasswordAuthentication no\nMatch User nobody\nPasswordAuthentication yes\nPermitRootLogin yes\n"},
		"match all":         {"main": "Match User nobody\nPermitRootLogin yes\nMatch all\nPermitRootLogin no\n"},
		"match in a file":   {"main": "Include conf.d/a.conf\nPermitRootLogin no\n", "conf.d/a.conf": "Match User nobody\nPermitRootLogin yes\n"},
		"nothing matches":   {"main": "Include conf.d/*.conf none.conf\nMaxAuthTries 1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			for file, text := range files {
				path := filepath.Join(root, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				// Here sshd takes /etc/ssh for the folder of what is relative.
				text = strings.NewReplacer("Include conf.d", "Include "+root+"/conf.d", " none.conf", " "+root+"/none.conf").Replace(text)
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			file := filepath.Join(root, "main")
			out, err := command(t.Context(), "/usr/sbin/sshd", "-T", "-h", key, "-f", file).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			c, err := Load(file, dir{})
			if err != nil {
				t.Fatal(err)
			}
			for keyword, otherwise := range defaults {
				got := otherwise
				if v, ok := c.Get(keyword); ok {
					got = v.Text
				}
				if got == "prohibit-password" {
					got = "without-password" // how sshd prints it
				}
				if want := keyword + " " + got + "\n"; !strings.Contains(string(out), want) {
					t.Errorf("sshd does not say %q", want)
				}
			}
		})
	}
}

func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, name, args...)
}
