package shadow

import "testing"

func TestDirectory(t *testing.T) {
	for _, row := range []struct{ text, database, want string }{
		{"passwd: files systemd\ngroup: files\n", "passwd", ""},
		{"passwd:\tfiles sss systemd\n", "passwd", "sss"},
		{"passwd: files\ngroup: files winbind\n", "passwd", ""},
		{"passwd: files\ngroup: files [SUCCESS=merge] winbind\n", "group", "winbind"},
		{"# passwd: ldap\npasswd: files # ldap\n", "passwd", ""},
		{"", "passwd", ""},
	} {
		if got := Directory([]byte(row.text), row.database); got != row.want {
			t.Errorf("Directory(%q, %s) = %q, want %q", row.text, row.database, got, row.want)
		}
	}
}
