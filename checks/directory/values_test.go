package directory

import (
	"strings"
	"testing"
	"time"
)

func TestValues(t *testing.T) {
	for in, want := range map[string]string{
		sid(21, 1, 2, 3, 500): "S-1-5-21-1-2-3-500",
		sid(32, 544):          "S-1-5-32-544",
		"":                    "",
		sid(32, 544)[:11]:     "",
		"S-1-5-18":            "S-1-5-18",
	} {
		if got := sidText(in); got != want {
			t.Errorf("sidText(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[int64]int64{-36000000000: 3600, 0: 0, -1 << 63: 0, 5: 0, -1: 0} {
		if got := seconds(in); got != want {
			t.Errorf("seconds(%d) = %d, want %d", in, got, want)
		}
	}
	if got, ok := fileTime(116444736000000000); !ok || !got.Equal(time.Unix(0, 0)) {
		t.Errorf("fileTime of 1970 is %v", got)
	}
	for _, ticks := range []int64{0, -1, 1<<63 - 1} {
		if got, ok := fileTime(ticks); ok {
			t.Errorf("fileTime(%d) is %v, want none", ticks, got)
		}
	}
	for in, want := range map[string]string{
		"20261120090000Z": "2026-11-20T09:00:00Z", "20200102030405.0Z": "2020-01-02T03:04:05Z",
		lockedForGood: "", "20261120090000": "", "x": "", "": "",
	} {
		got := ""
		if at, ok := generalizedTime(in); ok {
			got = at.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("generalizedTime(%q) = %q, want %q", in, got, want)
		}
	}
	if got, want := escape("CN=A (b)*\\,DC=ñ"), `CN=A \28b\29\2a\5c,DC=\c3\b1`; got != want {
		t.Errorf("escape: got %s, want %s", got, want)
	}
	for in, want := range map[string]string{
		"CN=Jefatura,DC=x": "Jefatura", `CN=Pérez\, Ana,DC=x`: `Pérez\, Ana`, "uid=ana+cn=b,DC=x": "ana", "": "", `CN=a\`: `a\`,
	} {
		if got := nameOf(in); got != want {
			t.Errorf("nameOf(%q) = %q, want %q", in, got, want)
		}
	}
}

// What a directory sends may be anything.
func FuzzValues(f *testing.F) {
	f.Add(sid(21, 1, 2, 3, 500))
	f.Add("CN=a\\,b,DC=x")
	f.Add("20261120090000.5Z")
	f.Add("\x01\xff\x00\x00\x00\x00\x00\x05")
	f.Fuzz(func(t *testing.T, s string) {
		if got := sidText(s); got != "" && !strings.HasPrefix(got, "S-1-") {
			t.Errorf("sidText gives %q", got)
		}
		generalizedTime(s)
		if len(nameOf(s)) > len(s) {
			t.Error("a name is longer than its DN")
		}
		if strings.ContainsAny(escape(s), "()*\x00") {
			t.Errorf("escape(%q) = %q", s, escape(s))
		}
	})
}
