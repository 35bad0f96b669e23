package gvdb

import (
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// db makes a database of one number for the key /k, or none for -1.
func db(t *testing.T, n int, locked bool) *Database {
	t.Helper()
	var es []entry
	if n >= 0 {
		es = append(es, entry{"/k", "u", binary.LittleEndian.AppendUint32(nil, uint32(n))})
	}
	locks := []string{"/other"}
	if locked {
		locks = append(locks, "/k")
	}
	d, err := Parse(build(binary.LittleEndian, es, locks))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestResolve(t *testing.T) {
	type want struct {
		value    int64 // -1: the schema's default
		from     int
		lockedBy int
		change   bool
	}
	user, sys, site := db(t, 1, false), db(t, 2, false), db(t, 3, false)
	tests := []struct {
		name    string
		sources []Source
		want    want
	}{
		{"no profile", nil, want{-1, -1, -1, false}},
		{"user alone", []Source{{"u", true, user}}, want{1, 0, -1, true}},
		{"user has no file", []Source{{"u", true, nil}, {"s", false, sys}}, want{2, 1, -1, true}},
		{"user has no value", []Source{{"u", true, db(t, -1, false)}, {"s", false, sys}}, want{2, 1, -1, true}},
		{"user beats system", []Source{{"u", true, user}, {"s", false, sys}}, want{1, 0, -1, true}},
		{"lock beats user", []Source{{"u", true, user}, {"s", false, db(t, 2, true)}}, want{2, 1, 1, false}},
		{"lock of the last beats all", []Source{{"u", true, user}, {"s", false, db(t, 2, true)}, {"t", false, db(t, 3, true)}}, want{3, 2, 2, false}},
		{"lock in the middle", []Source{{"u", true, user}, {"s", false, db(t, 2, true)}, {"t", false, site}}, want{2, 1, 1, false}},
		{"lock without a value, value after it", []Source{{"u", true, user}, {"s", false, db(t, -1, true)}, {"t", false, site}}, want{3, 2, 1, false}},
		{"lock without any value", []Source{{"u", true, user}, {"s", false, db(t, -1, true)}}, want{-1, -1, 1, false}},
		{"lock in the user's own is nothing", []Source{{"u", true, db(t, 1, true)}, {"s", false, sys}}, want{1, 0, -1, true}},
		{"profile without a user", []Source{{"s", false, sys}, {"t", false, site}}, want{2, 0, -1, false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := Resolve(tt.sources, "/k")
			got := want{-1, e.From, e.LockedBy, e.Changeable}
			if e.Found {
				n, err := e.Value.Int()
				if err != nil {
					t.Fatal(err)
				}
				got.value = n
			}
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if e.Locked() != (tt.want.lockedBy >= 0) {
				t.Errorf("Locked() = %v", e.Locked())
			}
		})
	}
}

// The real files: the user turned the lock off, the system's locks say otherwise
// for two keys and cannot for the third.
func TestResolveRealDatabases(t *testing.T) {
	sources := []Source{{"user-db:user", true, parseFile(t, "user")}, {"system-db:local", false, parseFile(t, "system")}}
	tests := []struct {
		key  string
		want string
		from int
	}{
		{"/org/gnome/desktop/session/idle-delay", "600 <nil>", 1},
		{"/org/gnome/desktop/screensaver/lock-enabled", "true <nil>", 1},
		{"/org/gnome/desktop/screensaver/lock-delay", "3600 <nil>", 0},
		{"/org/gnome/desktop/lockdown/disable-lock-screen", "false <nil>", 1},
	}
	for _, tt := range tests {
		e := Resolve(sources, tt.key)
		if got := show(e.Value); got != tt.want || e.From != tt.from {
			t.Errorf("%s = %s from %d, want %s from %d", tt.key, got, e.From, tt.want, tt.from)
		}
	}
}

func TestParseProfile(t *testing.T) {
	tests := []struct {
		name, text string
		want       []Ref
	}{
		{"usual", "user-db:user\nsystem-db:local\nsystem-db:site\n",
			[]Ref{{UserDB, "user"}, {SystemDB, "local"}, {SystemDB, "site"}}},
		{"comments and space", "# who wins\n\n  user-db:user  # first\r\n\tsystem-db:local",
			[]Ref{{UserDB, "user"}, {SystemDB, "local"}}},
		{"gdm", "user-db:user\nsystem-db:gdm\nfile-db:/usr/share/gdm/greeter-dconf-defaults\n",
			[]Ref{{UserDB, "user"}, {SystemDB, "gdm"}, {FileDB, "/usr/share/gdm/greeter-dconf-defaults"}}},
		{"service", "service-db:keyfile/user\n", []Ref{{ServiceDB, "keyfile/user"}}},
		{"what dconf ignores", "user\nuser-db:\nother-db:x\nUser-DB:x\nuser-db :x\n", nil},
		{"empty", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseProfile([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
	if _, err := ParseProfile(make([]byte, MaxProfile+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

func TestRefPath(t *testing.T) {
	tests := []struct {
		ref      Ref
		want     string
		ok       bool
		writable bool
	}{
		{Ref{UserDB, "user"}, "/home/ana/.config/dconf/user", true, true},
		{Ref{SystemDB, "local"}, "/etc/dconf/db/local", true, false},
		{Ref{FileDB, "/usr/share/x"}, "/usr/share/x", true, false},
		{Ref{ServiceDB, "keyfile/user"}, "", false, true},
		{Ref{FileDB, "relative"}, "", false, false},
		{Ref{UserDB, "../../../etc/shadow"}, "", false, true},
		{Ref{SystemDB, ".."}, "", false, false},
		{Ref{SystemDB, "a\x00b"}, "", false, false},
		{Ref{Kind("other"), "x"}, "", false, false},
	}
	for _, tt := range tests {
		got, ok := tt.ref.Path("/home/ana/.config")
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("%s: Path() = %q, %v, want %q, %v", tt.ref, got, ok, tt.want, tt.ok)
		}
		if got := tt.ref.Writable(); got != tt.writable {
			t.Errorf("%s: Writable() = %v, want %v", tt.ref, got, tt.writable)
		}
	}
	if got := DefaultProfile(); len(got) != 1 || got[0].String() != "user-db:user" {
		t.Errorf("DefaultProfile() = %v", got)
	}
}

func FuzzParseProfile(f *testing.F) {
	f.Add([]byte("user-db:user\nsystem-db:local # x\nfile-db:/x\nservice-db:a/b\n"))
	if b, err := os.ReadFile("testdata/system.d/00-lock"); err == nil {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		refs, err := ParseProfile(b)
		if err != nil {
			return
		}
		for _, r := range refs {
			if r.Name == "" {
				t.Error("a database without a name")
			}
			r.Path("/x")
		}
	})
}
