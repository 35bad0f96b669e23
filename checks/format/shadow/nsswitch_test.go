package shadow

import (
	"slices"
	"testing"
)

func TestDirectory(t *testing.T) {
	for _, row := range []struct{ text, database, want string }{
		{"passwd: files systemd\ngroup: files\n", "passwd", ""},
		{"passwd:\tfiles sss systemd\n", "passwd", "sss"},
		{"passwd: files\ngroup: files winbind\n", "passwd", ""},
		{"passwd: files\ngroup: files [SUCCESS=merge] winbind\n", "group", "winbind"},
		{"# passwd: ldap\npasswd: files # ldap\n", "passwd", ""},
		{"passwd: files authd\n", "passwd", "authd"},
		{"", "passwd", ""},
	} {
		if got := Directory([]byte(row.text), row.database); got != row.want {
			t.Errorf("Directory(%q, %s) = %q, want %q", row.text, row.database, got, row.want)
		}
	}
}

func TestDirectories(t *testing.T) {
	got := Directories([]byte("passwd: files sss [NOTFOUND=return] systemd winbind\ngroup: ldap\n"), "passwd")
	if want := []string{"sss", "winbind"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
