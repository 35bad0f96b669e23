package smbconf

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAsSamba compares with what testparm makes of the same file.
func TestAsSamba(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("slow")
	}
	if _, err := exec.LookPath("testparm"); err != nil {
		t.Fatalf("install samba: %v", err)
	}
	top := t.TempDir()
	extra := filepath.Join(top, "extra.conf")
	text := "[Global]\nworkgroup = MUNI\nGuest OK = no\n[Datos Comunes]\npath = /srv/da\\\ntos\npublic=TRUE\nwrite able = yes\n" +
		"include = " + extra + "\n[copia]\ncopy = datos comunes\nguest ok = 0\n; comment\n[solo lectura]\npath=/srv/x\nwriteable = no\n" +
		"[DATOS COMUNES]\nvalid users = @urbanismo\n"
	main := filepath.Join(top, "smb.conf")
	for name, text := range map[string]string{main: text, extra: "force user = nobody\n[otra]\npath = /srv/otra\nread only = no\n"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Load(main, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range c.Sections {
		if s.Name == "Global" || s.Name == "global" {
			continue
		}
		for parameter, ask := range map[string]func() string{
			"path":        func() string { v, _ := s.Get("path"); return v },
			"force user":  func() string { v, _ := s.Get("force user"); return v },
			"valid users": func() string { v, _ := s.Get("valid users"); return v },
			"guest ok":    func() string { return yesNo(c.EffectiveBool(s, "guest ok", false)) },
			"read only":   func() string { return yesNo(c.EffectiveBool(s, "read only", true)) },
		} {
			out, err := exec.CommandContext(t.Context(), "testparm", "-s", "--section-name="+s.Name, "--parameter-name="+parameter, main).Output()
			if err != nil {
				t.Fatalf("[%s] %s: %v", s.Name, parameter, err)
			}
			if got, want := ask(), strings.TrimSpace(string(out)); got != want {
				t.Errorf("[%s] %s: got %q, Samba says %q", s.Name, parameter, got, want)
			}
		}
	}
}

func yesNo(b bool) string {
	if b {
		return "Yes"
	}
	return "No"
}
