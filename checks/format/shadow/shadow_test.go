package shadow

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParsePasswd(t *testing.T) {
	got, err := ParsePasswd(read(t, "passwd"))
	if err != nil {
		t.Fatal(err)
	}
	x := Hash{Kind: Elsewhere}
	want := Accounts{NIS: true, Users: []User{
		{Name: "root", UID: 0, GID: 0, Home: "/root", Shell: "/bin/bash", Hash: x},
		{Name: "daemon", UID: 1, GID: 1, Home: "/usr/sbin", Shell: "/usr/sbin/nologin", Hash: x},
		{Name: "toor", UID: 0, GID: 0, Home: "/root", Hash: Hash{Kind: Empty}},
		{Name: "ana", UID: 1000, GID: 1000, Home: "/home/ana", Shell: "/bin/bash", Hash: x},
		{Name: "luis", UID: 1001, GID: 1001, Home: "/home/luis", Shell: "/bin/sh", Hash: Hash{Set, MD5}},
		{Name: "nobody", UID: 65534, GID: 65534, Home: "/nonexistent", Shell: "/usr/sbin/nologin", Hash: x},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("users (-want +got):\n%s", d)
	}
}

func TestParseShadow(t *testing.T) {
	got, err := ParseShadow(read(t, "shadow"))
	if err != nil {
		t.Fatal(err)
	}
	want := Entries{Entries: []Entry{
		{"root", Hash{Kind: Unusable}, 19700, 0, 99999, 7, NoDays, NoDays},
		{"daemon", Hash{Kind: Unusable}, 19700, 0, 99999, 7, NoDays, NoDays},
		{"ana", Hash{Set, Yescrypt}, 19800, 0, 365, 7, 30, NoDays},
		{"luis", Hash{Locked, SHA512}, 19000, 1, 90, 7, NoDays, 20000},
		{"eva", Hash{Kind: Locked}, 19900, NoDays, NoDays, NoDays, NoDays, NoDays},
		{"iker", Hash{Kind: Empty}, 0, 0, 99999, 7, NoDays, NoDays},
		{"rosa", Hash{Set, Traditional}, 10000, 0, NoDays, 7, NoDays, NoDays},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("entries (-want +got):\n%s", d)
	}
	if e, ok := got.Lookup("eva"); !ok || e.Name != "eva" {
		t.Errorf("Lookup(eva) = %v, %v", e, ok)
	}
	if _, ok := got.Lookup("ev"); ok {
		t.Error("Lookup(ev) found somebody")
	}
}

func TestParseGroup(t *testing.T) {
	got, err := ParseGroup(read(t, "group"))
	if err != nil {
		t.Fatal(err)
	}
	want := Groups{Groups: []Group{
		{Name: "root", GID: 0},
		{Name: "sudo", GID: 27, Members: []string{"ana", "luis"}},
		{Name: "users", GID: 100},
		{Name: "empty-member", GID: 1500, Members: []string{"ana", "eva"}},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("groups (-want +got):\n%s", d)
	}
}

// Malformed lines are named by number, the rest is still read, and nothing of
// the lines reaches the error.
func TestMalformedLines(t *testing.T) {
	tests := []struct {
		name, file string
		parse      func([]byte) (kept int, err error)
		want       []int // lines
		kept       int
	}{
		{"passwd", "secret::0\nana:x:1000:1000::/home/ana:/bin/sh\n:x:5:5:::\nsecret:x:-1:0:::\nsecret:x:4294967295:0:::\nsecret:x:1:99999999999:::\n",
			func(b []byte) (int, error) { a, err := ParsePasswd(b); return len(a.Users), err }, []int{1, 3, 4, 5, 6}, 1},
		{"shadow", "ana:*:1:2:3:4:5:6:\nsecret:secret\n:*:1:::::::\n:*:1::::::\nsecret:*:secret::x::::\nsecret:*:-2::::::\nsecret:*:2147483648::::::",
			func(b []byte) (int, error) { a, err := ParseShadow(b); return len(a.Entries), err }, []int{2, 3, 4, 5, 6, 7}, 1},
		{"group", "secret\n:x:1:\nsecret:x:x:\nwheel:x:10:ana\n",
			func(b []byte) (int, error) { a, err := ParseGroup(b); return len(a.Groups), err }, []int{1, 2, 3}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kept, err := tt.parse([]byte(tt.file))
			if kept != tt.kept {
				t.Errorf("kept %d lines, want %d", kept, tt.kept)
			}
			if got := lineNumbers(err); !cmp.Equal(got, tt.want) {
				t.Errorf("malformed lines %v, want %v", got, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error quotes the file: %v", err)
			}
		})
	}
}

func lineNumbers(err error) []int {
	var out []int
	var walk func(error)
	walk = func(err error) {
		if le, ok := err.(*LineError); ok { //nolint:errorlint // walks the tree itself
			out = append(out, le.Line)
		}
		switch u := err.(type) { //nolint:errorlint // walks the tree itself
		case interface{ Unwrap() error }:
			walk(u.Unwrap())
		case interface{ Unwrap() []error }:
			for _, e := range u.Unwrap() {
				walk(e)
			}
		}
	}
	walk(err)
	return out
}

func TestManyMalformedLinesAreCounted(t *testing.T) {
	_, err := ParseGroup(bytes.Repeat([]byte("x\n"), 100))
	if n := len(lineNumbers(err)); n != maxErrors {
		t.Errorf("the error lists %d lines, want %d", n, maxErrors)
	}
	if !strings.Contains(err.Error(), "80 more") {
		t.Errorf("the error hides how many there are: %v", err)
	}
}

func TestTooLarge(t *testing.T) {
	for name, b := range map[string][]byte{
		"bytes": make([]byte, MaxSize+1),
		"lines": bytes.Repeat([]byte{'\n'}, MaxLines+1),
	} {
		_, err1 := ParsePasswd(b)
		_, err2 := ParseShadow(b)
		_, err3 := ParseGroup(b)
		_, err4 := ParseLoginDefs(b)
		for _, err := range []error{err1, err2, err3, err4} {
			if !errors.Is(err, ErrTooLarge) {
				t.Errorf("too many %s: got %v, want ErrTooLarge", name, err)
			}
		}
	}
}

func TestHashOf(t *testing.T) {
	tests := []struct {
		field string
		want  Hash
	}{
		{"", Hash{Kind: Empty}},
		{"x", Hash{Kind: Elsewhere}},
		{"*", Hash{Kind: Unusable}},
		{"*LK*", Hash{Kind: Unusable}},
		{"*NP*", Hash{Kind: Unusable}},
		{"!", Hash{Kind: Locked}},
		{"!!", Hash{Kind: Locked}},
		{"!*", Hash{Kind: Locked}},
		{"!$5$salt$hash", Hash{Locked, SHA256}},
		{"!!abJnggxhB/yWI", Hash{Locked, Traditional}},
		{"$y$j9T$salt$hash", Hash{Set, Yescrypt}},
		{"$gy$j9T$salt$hash", Hash{Set, GostYes}},
		{"$7$salt$hash", Hash{Set, Scrypt}},
		{"$2y$05$hash", Hash{Set, Bcrypt}},
		{"$2b$05$hash", Hash{Set, Bcrypt}},
		{"$6$rounds=5000$salt$hash", Hash{Set, SHA512}},
		{"$sha1$40000$salt$hash", Hash{Set, SHA1}},
		{"$md5,rounds=904$salt$hash", Hash{Set, SunMD5}},
		{"$md5$salt$hash", Hash{Set, SunMD5}},
		{"$1$salt$hash", Hash{Set, MD5}},
		{"$3$$hash", Hash{Set, NTHash}},
		{"$argon$salt$hash", Hash{Set, Other}},
		{"$6$", Hash{Kind: Unusable}},
		{"$6", Hash{Kind: Unusable}},
		{"$$x", Hash{Kind: Unusable}},
		{"abJnggxhB/yWI", Hash{Set, Traditional}},
		{"_J9..rasmBYk8r9AiWNc", Hash{Set, BSDiExtDES}},
		{"abJnggxhB/yW!", Hash{Kind: Unusable}},
		{"a typed password", Hash{Kind: Unusable}},
	}
	for _, tt := range tests {
		if got := hashOf(tt.field); got != tt.want {
			t.Errorf("hashOf(%q) = {%v %q}, want {%v %q}", tt.field, got.Kind, got.Scheme, tt.want.Kind, tt.want.Scheme)
		}
	}
}

// Whatever is printed of an entry, the hash is not in it.
func TestHashIsNotKept(t *testing.T) {
	got, err := ParseShadow([]byte("ana:$6$SALTSALT$HASHHASH:1::::::\nluis:MISTYPED:1::::::\n"))
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("%v %+v %#v", got, got, got)
	for _, secret := range []string{"SALTSALT", "HASHHASH", "MISTYPED"} {
		if strings.Contains(text, secret) {
			t.Errorf("an entry prints %s: %s", secret, text)
		}
	}
}

func TestWeak(t *testing.T) {
	for s, want := range map[Scheme]bool{Yescrypt: false, SHA512: false, SHA256: false, Bcrypt: false, NoScheme: false,
		MD5: true, Traditional: true, SHA1: true, Other: true, "invented": true} {
		if got := s.Weak(); got != want {
			t.Errorf("%q.Weak() = %v, want %v", s, got, want)
		}
	}
}

func TestAgeing(t *testing.T) {
	at := time.Date(2026, 10, 2, 15, 0, 0, 0, time.UTC) // day 20728
	tests := []struct {
		name       string
		e          Entry
		mustChange bool
		age        int
		ageOK      bool
		expires    Days
		expiresOK  bool
		closed     bool
	}{
		{"ordinary", Entry{LastChange: 20700, Max: 365, Expire: NoDays}, false, 28, true, 21066, true, false},
		{"never expires", Entry{LastChange: 20700, Max: NoDays, Expire: NoDays}, false, 28, true, NoDays, false, false},
		{"must change", Entry{LastChange: 0, Max: 365, Expire: NoDays}, true, 0, false, 366, true, false},
		{"ageing off", Entry{LastChange: NoDays, Max: 365, Expire: NoDays}, false, 0, false, NoDays, false, false},
		{"future change", Entry{LastChange: 20730, Max: 90, Expire: NoDays}, false, -2, true, 20821, true, false},
		{"closed today", Entry{LastChange: 20700, Max: 90, Expire: 20728}, false, 28, true, 20791, true, true},
		{"closes tomorrow", Entry{LastChange: 20700, Max: 90, Expire: 20729}, false, 28, true, 20791, true, false},
		{"closed at 0", Entry{LastChange: 20700, Max: 90, Expire: 0}, false, 28, true, 20791, true, true},
		{"huge maximum", Entry{LastChange: 20700, Max: 1<<31 - 1, Expire: NoDays}, false, 28, true, 1<<31 - 1, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.e.MustChange(); got != tt.mustChange {
				t.Errorf("MustChange() = %v, want %v", got, tt.mustChange)
			}
			if got, ok := tt.e.Age(at); got != tt.age || ok != tt.ageOK {
				t.Errorf("Age() = %v, %v, want %v, %v", got, ok, tt.age, tt.ageOK)
			}
			if got, ok := tt.e.PasswordExpires(); got != tt.expires || ok != tt.expiresOK {
				t.Errorf("PasswordExpires() = %v, %v, want %v, %v", got, ok, tt.expires, tt.expiresOK)
			}
			if got := tt.e.AccountClosed(at); got != tt.closed {
				t.Errorf("AccountClosed() = %v, want %v", got, tt.closed)
			}
		})
	}
}

func TestDays(t *testing.T) {
	tests := []struct {
		at   string
		want Days
	}{
		{"1970-01-01T00:00:00Z", 0},
		{"1970-01-01T23:59:59Z", 0},
		{"1970-01-02T00:00:00+01:00", 0},
		{"1969-12-31T23:00:00Z", -1},
		{"2026-10-02T15:00:00Z", 20728},
	}
	for _, tt := range tests {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := DayOf(at); got != tt.want {
			t.Errorf("DayOf(%s) = %d, want %d", tt.at, got, tt.want)
		}
	}
	if got, ok := Days(20728).Date(); !ok || !got.Equal(time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("Date() = %v, %v", got, ok)
	}
	if _, ok := NoDays.Date(); ok {
		t.Error("NoDays has a date")
	}
}

func TestLoginDefs(t *testing.T) {
	d, err := ParseLoginDefs(read(t, "login.defs"))
	if err != nil {
		t.Fatal(err)
	}
	ints := []struct {
		key  string
		want int64
		ok   bool
		err  error
	}{
		{"PASS_MAX_DAYS", 99999, true, nil},
		{"PASS_MIN_DAYS", 0, true, nil},
		{"PASS_MIN_LEN", 0, false, nil}, // commented out
		{"UMASK", 0o22, true, nil},
		{"UID_MAX", 60000, true, nil}, // the last line wins
		{"NOVALUE", 0, false, nil},
		{"ENCRYPT_METHOD", 0, true, ErrNotNumber},
		{"BAD_NUMBER", 0, true, ErrNotNumber},
	}
	for _, tt := range ints {
		got, ok, err := d.Int(tt.key)
		if got != tt.want || ok != tt.ok || !errors.Is(err, tt.err) {
			t.Errorf("Int(%s) = %d, %v, %v, want %d, %v, %v", tt.key, got, ok, err, tt.want, tt.ok, tt.err)
		}
	}
	if got, _ := d.Lookup("LOGIN_STRING"); got != "%s's password: " {
		t.Errorf("LOGIN_STRING = %q", got)
	}
	if !d.Yes("USERGROUPS_ENAB") || d.Yes("UMASK") || d.Yes("absent") {
		t.Error("Yes mistakes a setting")
	}
	for uid, want := range map[uint32]bool{0: false, 499: false, 500: true, 60000: true, 60001: false, 65534: false} {
		if got := d.Regular(uid); got != want {
			t.Errorf("Regular(%d) = %v, want %v", uid, got, want)
		}
	}
	if lo, hi := (LoginDefs{}).UIDRange(); lo != DefaultUIDMin || hi != DefaultUIDMax {
		t.Errorf("the default range is %d to %d", lo, hi)
	}
}

func TestParseLong(t *testing.T) {
	for s, want := range map[string]int64{"0": 0, "077": 63, "0x1f": 31, "0XFF": 255, "-5": -5, "-0x10": -16, "+7": 7} {
		if got, err := parseLong(s); err != nil || got != want {
			t.Errorf("parseLong(%q) = %d, %v, want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "x", "0b1", "0o7", "1_0", "08", "1 # comment", "99999999999999999999"} {
		if got, err := parseLong(s); err == nil {
			t.Errorf("parseLong(%q) = %d, want an error", s, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"passwd", "shadow", "group", "login.defs"} {
		f.Add(read(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, _ := ParsePasswd(b)
		for _, u := range a.Users {
			if u.Name == "" {
				t.Error("a user without a name")
			}
		}
		es, _ := ParseShadow(b)
		for _, e := range es.Entries {
			if e.LastChange < NoDays || e.Max < NoDays || e.Hash.Kind == Elsewhere {
				t.Errorf("impossible entry: %+v", e)
			}
			e.PasswordExpires()
		}
		_, _ = ParseGroup(b)
		d, _ := ParseLoginDefs(b)
		d.Regular(1000)
	})
}
