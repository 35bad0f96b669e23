package utmp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// machine returns a file that utmpdump wrote, see testdata/make.sh.
func machine(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// widened is the same records as a 64-bit system without 32-bit programs writes them.
func widened(records []byte) []byte {
	var out []byte
	le := binary.LittleEndian
	for ; len(records) >= short; records = records[short:] {
		rec := make([]byte, long)
		copy(rec, records[:336])
		le.PutUint64(rec[336:], uint64(le.Uint32(records[336:])))
		le.PutUint64(rec[344:], uint64(le.Uint32(records[340:])))
		le.PutUint64(rec[352:], uint64(le.Uint32(records[344:])))
		copy(rec[360:], records[348:364])
		out = append(out, rec...)
	}
	return out
}

var names = map[string]bool{"usuario01": true, "usuario02": true}

func at(day, hour, minute, second, micro int) time.Time {
	return time.Date(2026, 11, day, hour, minute, second, micro*1000, time.UTC)
}

func TestNewest(t *testing.T) {
	t.Parallel()
	failed := []Record{
		{Login, at(20, 10, 0, 0, 0), 1206, "ssh:notty", "usuario02", true, true, ""},
		{Login, at(20, 9, 30, 5, 123456), 1205, "tty1", "usuario02", true, false, ""},
		{Login, at(20, 9, 30, 0, 0), 1204, "tty1", "", false, false, ""},
		{Login, at(19, 8, 0, 2, 0), 1203, "ssh:notty", "", false, true, "192.0.2.7"},
		{Login, at(19, 8, 0, 1, 0), 1202, "ssh:notty", "usuario01", true, true, "2001:db8::7"},
		{Login, at(18, 8, 0, 0, 0), 1201, "ssh:notty", "usuario01", true, true, "192.0.2.7"},
	}
	btmp := machine(t, "btmp")
	for _, row := range []struct {
		name  string
		data  []byte
		query Query
		want  []Record
		more  bool
	}{
		{"all", btmp, Query{Max: 100}, failed, false},
		{"64-bit records", widened(btmp), Query{Max: 100}, failed, false},
		{"from a day on", btmp, Query{Since: at(20, 0, 0, 0, 0), Max: 100}, failed[:3], false},
		{"too many", btmp, Query{Max: 2}, failed[:2], true},
		{"just enough", btmp, Query{Max: 6}, failed, false},
		{"the last one half written", btmp[:len(btmp)-100], Query{Max: 100}, failed[1:], false},
		{"many", bytes.Repeat(btmp, 200), Query{Max: 3}, failed[:3], true},
		{"empty", nil, Query{Max: 100}, nil, false},
		{"log-ons", machine(t, "wtmp"), Query{Max: 100}, []Record{
			{Dead, at(20, 9, 5, 0, 0), 1300, "tty1", "", false, false, ""},
			{User, at(20, 7, 5, 0, 0), 1300, "tty1", "usuario01", true, false, ""},
			{Boot, at(20, 7, 0, 0, 0), 0, "~", "", false, true, ""},
		}, false},
	} {
		row.query.Names = names
		got, more, err := Newest(t.Context(), bytes.NewReader(row.data), int64(len(row.data)), row.query)
		if err != nil || more != row.more || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %v, %v, %v; want %v, %v", row.name, got, more, err, row.want, row.more)
		}
	}
}

// A password typed as a name does not come out, in whatever way the record is shown.
func TestUnknownNamesStayInside(t *testing.T) {
	t.Parallel()
	data := machine(t, "btmp")
	if !bytes.Contains(data, []byte("Clave-Tecleada-01")) {
		t.Fatal("the canary is not in the file")
	}
	got, _, err := Newest(t.Context(), bytes.NewReader(data), int64(len(data)), Query{Max: 100, Names: names})
	if err != nil || strings.Contains(fmt.Sprintf("%#v", got), "Clave") || strings.Contains(fmt.Sprintf("%#v", got), "equipo-de-ana") {
		t.Errorf("got %#v, %v", got, err)
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	btmp := machine(t, "btmp")
	shifted := append([]byte("xyz"), btmp...)
	middle := append([]byte{}, bytes.Repeat(btmp, 3)...)
	copy(middle[9*short:], bytes.Repeat([]byte{0xff}, short))
	for name, data := range map[string][]byte{
		"text": []byte(strings.Repeat("una línea\n", 100)), "shifted": shifted, "a damaged record": middle, "a part of one": btmp[:200],
	} {
		if _, _, err := Newest(t.Context(), bytes.NewReader(data), int64(len(data)), Query{Max: 100}); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, _, err := Newest(t.Context(), bytes.NewReader(btmp[:short]), int64(len(btmp)), Query{Max: 100}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("cut while reading: got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Newest(ctx, bytes.NewReader(btmp), int64(len(btmp)), Query{Max: 100}); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: got %v", err)
	}
}

func TestLastlog(t *testing.T) {
	t.Parallel()
	then := at(20, 7, 5, 0, 0)
	file, wide := make([]byte, 3*292), make([]byte, 3*296)
	binary.LittleEndian.PutUint32(file[2*292:], uint32(then.Unix()))
	binary.LittleEndian.PutUint64(wide[2*296:], uint64(then.Unix()))
	for _, row := range []struct {
		name string
		data []byte
		wide bool
		uid  uint32
		want time.Time
	}{
		{"an account", file, false, 2, then},
		{"64-bit", wide, true, 2, then},
		{"never", file, false, 1, time.Time{}},
		{"behind the end", file, false, 60000, time.Time{}},
		{"largest number", file, false, 1<<32 - 1, time.Time{}},
	} {
		if got, err := Lastlog(bytes.NewReader(row.data), row.uid, row.wide); err != nil || !got.Equal(row.want) {
			t.Errorf("%s: got %v, %v", row.name, got, err)
		}
	}
	if _, err := Lastlog(bytes.NewReader(bytes.Repeat([]byte{0xff}, 300)), 0, true); !errors.Is(err, ErrCorrupt) {
		t.Errorf("nonsense: got %v", err)
	}
}

func FuzzNewest(f *testing.F) {
	f.Add(machine(f, "btmp"))
	f.Add(machine(f, "wtmp"))
	f.Add(widened(machine(f, "btmp")))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, _, err := Newest(t.Context(), bytes.NewReader(data), int64(len(data)), Query{Max: 10, Names: names})
		if len(got) > 10 {
			t.Errorf("%d records", len(got))
		}
		for _, r := range got {
			if r.User != "" && !names[r.User] {
				t.Errorf("an unknown name came out")
			}
		}
		_ = err
	})
}
