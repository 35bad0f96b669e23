package smbconf

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func reader(files map[string]string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		b, ok := files[name]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return []byte(b), nil
	}
}

const main = "/etc/samba/smb.conf"

func TestLoad(t *testing.T) {
	c, err := Load(main, reader(map[string]string{
		main: "# comment\nworkgroup = MUNI\n[global]\n; old\nMap To Guest = Bad User\nread only = yes\n" +
			"[Datos Comunes]\npath = /srv/\\\ndatos\nPublic=YES\nwriteable = yes\ninclude = /etc/samba/extra.conf\n" +
			"[homes]\nvalid users = %S\n[copia]\ncopy = datos comunes\nguest ok = no\n[\nno sense\n",
		"/etc/samba/extra.conf": "force user = nobody\n[otra]\nwritable = no\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range c.Sections {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"global", "Datos Comunes", "otra", "homes", "copia"}, names); diff != "" {
		t.Errorf("sections (-want +got)\n%s", diff)
	}
	for _, row := range []struct {
		section, name, want string
		ok                  bool
	}{
		{"datoscomunes", "path", "/srv/datos", true},
		{"DATOS COMUNES", "force user", "nobody", true},
		{"otra", "read only", "yes", true},
		{"homes", "valid users", "%S", true},
		{"homes", "path", "", false},
		{"copia", "path", "/srv/datos", true},
		{"copia", "map to guest", "Bad User", true},
	} {
		s, found := c.Section(row.section)
		if got, ok := c.Effective(s, row.name); !found || got != row.want || ok != row.ok {
			t.Errorf("[%s] %s = %q, %v; want %q, %v", row.section, row.name, got, ok, row.want, row.ok)
		}
	}
	share, _ := c.Section("datos comunes")
	other, _ := c.Section("copia")
	if !share.Bool("guest ok", false) || other.Bool("guest ok", true) || c.EffectiveBool(share, "read only", true) {
		t.Error("yes and no are not told apart")
	}
	if c.Unknown != nil {
		t.Errorf("unknown %v", c.Unknown)
	}
}

func TestUnknown(t *testing.T) {
	for text, want := range map[string][]string{
		"include = registry":                   {"registry"},
		"config backend = registry":            {"registry"},
		"[global]\nregistry shares = yes":      {"registry"},
		"registry shares = no":                 nil,
		"include = /etc/samba/%m.conf":         {"/etc/samba/%m.conf"},
		"config file = /etc/otro.conf":         {"/etc/otro.conf"},
		"include = /etc/samba/not-there.conf":  nil,
		"[x]\nregistry shares = what is this?": nil,
	} {
		c, err := Load(main, reader(map[string]string{main: text + "\n"}))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, c.Unknown); diff != "" {
			t.Errorf("%q (-want +got)\n%s", text, diff)
		}
	}
}

func TestErrors(t *testing.T) {
	if _, err := Load(main, reader(nil)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: got %v", err)
	}
	for name, text := range map[string]string{
		"includes itself":   "include = " + main,
		"large":             strings.Repeat("x", MaxSize+1),
		"too many sections": sections(maxSections + 1),
	} {
		if _, err := Load(main, reader(map[string]string{main: text})); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: got %v, want ErrTooLarge", name, err)
		}
	}
}

func sections(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("[")
		for ; i > 0; i /= 26 {
			b.WriteByte(byte('a' + i%26))
		}
		b.WriteString("_]\n")
	}
	return b.String()
}

func FuzzLoad(f *testing.F) {
	f.Add("[global]\nmap to guest = bad user\n[a]\npublic = yes\ncopy = b\n")
	f.Add("include = " + main + "\n[x\\\n]\n=\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Load(main, reader(map[string]string{main: text}))
		if err != nil {
			if !errors.Is(err, ErrTooLarge) {
				t.Error(err)
			}
			return
		}
		if len(c.Sections) == 0 || c.Sections[0].Name != "global" {
			t.Error("no [global]")
		}
		for _, s := range c.Sections {
			c.EffectiveBool(s, "guest ok", false)
		}
	})
}
