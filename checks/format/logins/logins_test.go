package logins

import (
	"bytes"
	"encoding/binary"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// record writes one record of wtmp in a layout.
func record(l Layout, kind uint16, user string, at int64) []byte {
	b := make([]byte, l.Size)
	binary.LittleEndian.PutUint16(b, kind)
	copy(b[8:], "pts/0")
	copy(b[userAt:userEnd], user)
	copy(b[76:], "192.0.2.7")
	binary.LittleEndian.PutUint32(b[l.time:], uint32(at))
	return b
}

func TestLastlog(t *testing.T) {
	used := make([]byte, LastlogSize)
	binary.LittleEndian.PutUint32(used, 1_795_000_000)
	for _, row := range []struct {
		name   string
		record []byte
		want   time.Time
		ok     bool
	}{
		{"used", used, time.Unix(1_795_000_000, 0).UTC(), true},
		{"never", make([]byte, LastlogSize), time.Time{}, false},
		{"the file ends before it", nil, time.Time{}, false},
		{"cut off", used[:100], time.Time{}, false},
	} {
		if got, ok := Lastlog(row.record); !got.Equal(row.want) || ok != row.ok {
			t.Errorf("%s: got %v %v, want %v %v", row.name, got, ok, row.want, row.ok)
		}
	}
}

func TestLatest(t *testing.T) {
	for _, l := range []Layout{Compat(), Wide()} {
		var b []byte
		b = append(b, record(l, 2, "reboot", 1000)...)
		b = append(b, record(l, userProcess, "ana", 3000)...)
		b = append(b, record(l, userProcess, "luis", 2000)...)
		b = append(b, record(l, userProcess, "ana", 2500)...)
		b = append(b, record(l, 8, "", 4000)...) // the end of a session
		b = append(b, record(l, userProcess, "eva", 0)...)
		b = append(b, record(l, userProcess, "un-nombre-que-llena-todo-el-campo", 5000)[:l.Size-1]...)
		got, ok := LayoutOf(b[:len(b)-l.Size+1])
		if !ok || got != l {
			t.Fatalf("layout: got %v %v, want %v", got, ok, l)
		}
		last := map[string]time.Time{"luis": time.Unix(9000, 0).UTC()}
		l.Latest(b, last)
		want := map[string]time.Time{"ana": time.Unix(3000, 0).UTC(), "luis": time.Unix(9000, 0).UTC()}
		if diff := cmp.Diff(want, last); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
}

func TestLayoutOf(t *testing.T) {
	for name, row := range map[string]struct {
		b  []byte
		ok bool
	}{
		"empty":               {nil, true},
		"text":                {bytes.Repeat([]byte("Nov  2 09:00:01 equipo01 sshd: Accepted\n"), 30), false},
		"too short":           {make([]byte, 100), false},
		"a session of nobody": {record(Compat(), userProcess, "", 5), false},
		"control characters":  {record(Compat(), userProcess, "a\x01b", 5), false},
	} {
		if _, ok := LayoutOf(row.b); ok != row.ok {
			t.Errorf("%s: got %v, want %v", name, ok, row.ok)
		}
	}
}

func FuzzLogins(f *testing.F) {
	f.Add(append(record(Compat(), 2, "reboot", 1000), record(Compat(), userProcess, "ana", 3000)...))
	f.Add(append(record(Wide(), 2, "reboot", 1000), record(Wide(), userProcess, "ana", 3000)...))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		Lastlog(b)
		l, ok := LayoutOf(b)
		if !ok {
			return
		}
		last := map[string]time.Time{}
		l.Latest(b, last)
		for user, at := range last {
			if user == "" || len(user) > userEnd-userAt || at.IsZero() {
				t.Errorf("%q at %v", user, at)
			}
		}
	})
}

// utmpdump of util-linux writes the file from a text.
func TestWtmpOfUtmpdump(t *testing.T) {
	const text = "[2] [00000] [~~  ] [reboot  ] [~           ] [6.1.0-30-amd64      ] [0.0.0.0        ] [2026-11-01T07:00:00,000000+00:00]\n" +
		"[7] [00812] [ts/0] [ana     ] [pts/0       ] [192.0.2.7           ] [192.0.2.7      ] [2026-11-02T08:15:30,123456+00:00]\n" +
		"[8] [00812] [ts/0] [        ] [pts/0       ] [                    ] [0.0.0.0        ] [2026-11-02T08:20:00,000000+00:00]\n"
	cmd := exec.CommandContext(t.Context(), "utmpdump", "--reverse")
	cmd.Stdin = strings.NewReader(text)
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("utmpdump of the package util-linux: %v", err)
	}
	l, ok := LayoutOf(b)
	if !ok {
		t.Fatalf("the layout of %d bytes is not known", len(b))
	}
	last := map[string]time.Time{}
	l.Latest(b, last)
	want := map[string]time.Time{"ana": time.Date(2026, 11, 2, 8, 15, 30, 0, time.UTC)}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
