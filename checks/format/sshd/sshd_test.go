package sshd

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// files is a machine's files by path; a path of "denied" may not be read.
type files map[string]string

func (f files) Read(name string) ([]byte, error) {
	b, ok := f[name]
	switch {
	case b == "denied":
		return nil, fs.ErrPermission
	case !ok:
		return nil, fs.ErrNotExist
	}
	return []byte(b), nil
}

func (f files) List(dir string) ([]string, error) {
	var out []string
	for name := range f {
		if path.Dir(name) == dir {
			out = append(out, path.Base(name))
		}
	}
	if out == nil {
		return nil, fs.ErrNotExist
	}
	return out, nil
}

const main = "/etc/ssh/sshd_config"

func TestLoad(t *testing.T) {
	c, err := Load(main, files{
		main: "# Include x\nInclude /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin yes\npermitemptypasswords=no\nMaxAuthTries = 4 # few\n" +
			"Banner \"/etc/mi banner\"\nMatch User ana,luis Address 10.0.0.0/8\n  PasswordAuthentication yes\n  Include match.conf\nMatch all\nX11Forwarding no\nX11Forwarding yes\n",
		"/etc/ssh/sshd_config.d/20.conf":   "PermitRootLogin no\nInclude relativo.conf\n",
		"/etc/ssh/sshd_config.d/10.conf":   "PermitRootLogin prohibit-password\nMatch Group sftp\nForceCommand internal-sftp\n",
		"/etc/ssh/sshd_config.d/.oculto":   "PermitRootLogin yes\n",
		"/etc/ssh/sshd_config.d/30.config": "denied",
		"/etc/ssh/relativo.conf":           "PasswordAuthentication no\n",
		"/etc/ssh/match.conf":              "PermitEmptyPasswords yes\nMatch User eva\nMaxAuthTries 9\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	for keyword, want := range map[string]string{
		"PermitRootLogin": "prohibit-password", "passwordauthentication": "no", "PermitEmptyPasswords": "no", "MaxAuthTries": "4",
		"Banner": "/etc/mi banner", "X11Forwarding": "no",
	} {
		if got, ok := c.Get(keyword); got.Text != want || !ok {
			t.Errorf("%s = %q, %v; want %q", keyword, got.Text, ok, want)
		}
	}
	if v, ok := c.Get("UsePAM"); ok {
		t.Errorf("nobody sets UsePAM: got %+v", v)
	}
	for keyword, want := range map[string][]Value{
		"PasswordAuthentication": {{"yes", "User ana,luis Address 10.0.0.0/8", main, 8}},
		"PermitEmptyPasswords":   {{"yes", "User ana,luis Address 10.0.0.0/8", "/etc/ssh/match.conf", 1}},
		"MaxAuthTries":           {{"9", "User ana,luis Address 10.0.0.0/8 User eva", "/etc/ssh/match.conf", 3}},
		"ForceCommand":           {{"internal-sftp", "Group sftp", "/etc/ssh/sshd_config.d/10.conf", 3}},
		"PermitRootLogin":        nil,
	} {
		if diff := cmp.Diff(want, c.Conditional(keyword)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", keyword, diff)
		}
	}
}

func TestIncludes(t *testing.T) {
	c, err := Load(main, files{main: "Include /etc/*/x.conf\nInclude /etc/ssh/no.d/*.conf nada\nUsePAM yes\n"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/etc/*/x.conf"}, c.Unread); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for name, row := range map[string]struct {
		files files
		want  error
	}{
		"no file":         {files{}, fs.ErrNotExist},
		"refused":         {files{main: "Include x\n", "/etc/ssh/x": "denied"}, fs.ErrPermission},
		"includes itself": {files{main: "Include sshd_config\n"}, ErrTooLarge},
		"large":           {files{main: strings.Repeat(" ", MaxSize+1)}, ErrTooLarge},
		"many lines":      {files{main: strings.Repeat("a b\n", maxValues+1)}, ErrTooLarge},
	} {
		if _, err := Load(main, row.files); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", name, err, row.want)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("Include *.conf\nMatch User a\nPermitRootLogin=yes\n'a\" = # b")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Load(main, files{main: text, "/etc/ssh/a.conf": text})
		if err != nil {
			if !errors.Is(err, ErrTooLarge) && !errors.Is(err, fs.ErrPermission) {
				t.Error(err)
			}
			return
		}
		c.Get("permitrootlogin")
		c.Conditional("permitrootlogin")
	})
}

func TestApplies(t *testing.T) {
	for match, want := range map[string][2]bool{
		"":                              {true, true},
		"User ana":                      {true, true},
		"user luis,an*":                 {true, true},
		"User a?a,!ana":                 {false, false},
		"User luis":                     {false, false},
		"Group sftp":                    {true, true},
		"Group=sftp,otros":              {true, true},
		"Group otros":                   {false, false},
		"Group *,!sftp":                 {false, false},
		"Address 10.0.0.0/8":            {true, false},
		"User ana Address 10.0.0.0/8":   {true, false},
		"User luis Address 10.0.0.0/8":  {false, false},
		"Address 10.0.0.0/8 Group nada": {false, false},
		"User":                          {true, false},
		"invalid-user":                  {false, false},
		"all User ana":                  {true, true},
		"User [a]na":                    {false, false},
	} {
		may, certain := Value{Match: match}.Applies("ana", []string{"ana", "sftp"})
		if got := [2]bool{may, certain}; got != want {
			t.Errorf("%q: got %v, want %v", match, got, want)
		}
	}
}

func TestAll(t *testing.T) {
	c, err := Load(main, files{main: "Subsystem netconf /usr/sbin/netconf\nSubsystem sftp internal-sftp -f AUTH\n"})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.All("subsystem"); len(got) != 2 || got[1].Text != "sftp internal-sftp -f AUTH" {
		t.Errorf("got %+v", got)
	}
}
