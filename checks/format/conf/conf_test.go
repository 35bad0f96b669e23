package conf

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const kde = `# lock
[$Version]
update_info=x

[Daemon][$i]
Autolock=true
Timeout=10

[Greeter]
Theme[$i]=breeze
WallpaperPlugin = org.kde.image
[Greeter][Wallpaper]
Color=1,2,3
[Daemon]
Timeout=15
broken line
`

func TestParseINI(t *testing.T) {
	f, err := ParseINI([]byte(kde))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		group, key, want string
		ok, fixed        bool
	}{
		{"Daemon", "Autolock", "true", true, true},
		{"Daemon", "Timeout", "15", true, true}, // the last one, in a group continued below
		{"Daemon", "LockGrace", "", false, true},
		{"Greeter", "Theme", "breeze", true, true},
		{"Greeter", "WallpaperPlugin", "org.kde.image", true, false},
		{"Greeter/Wallpaper", "Color", "1,2,3", true, false},
		{"Nothing", "x", "", false, false},
	} {
		got, ok := f.Get(row.group, row.key)
		if got != row.want || ok != row.ok {
			t.Errorf("Get(%s, %s) = %q, %v; want %q, %v", row.group, row.key, got, ok, row.want, row.ok)
		}
		if fixed := f.Fixed(row.group, row.key); fixed != row.fixed {
			t.Errorf("Fixed(%s, %s) = %v, want %v", row.group, row.key, fixed, row.fixed)
		}
	}
	want := []string{"$Version", "Daemon", "Greeter", "Greeter/Wallpaper"}
	if diff := cmp.Diff(want, f.Groups()); diff != "" {
		t.Errorf("groups (-want +got)\n%s", diff)
	}
}

// A marker alone at the top closes every group of the file.
func TestWholeFileImmutable(t *testing.T) {
	f, err := ParseINI([]byte("[$i]\n[Daemon]\nTimeout=5\n"))
	if err != nil || !f.Fixed("Daemon", "Timeout") {
		t.Errorf("got fixed %v, %v; want true", f.Fixed("Daemon", "Timeout"), err)
	}
}

func TestParseKeyValue(t *testing.T) {
	f, err := ParseKeyValue([]byte("# x\nminlen = 12\nminclass=3\ndeny 4\n  dcredit =-1  # one digit\naudit\nminlen = 14\n= 3\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, k := range f.Keys() {
		got[k], _ = f.Get(k)
	}
	want := map[string]string{"minlen": "14", "minclass": "3", "deny": "4", "dcredit": "-1", "audit": ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestParseResources(t *testing.T) {
	f, err := ParseResources([]byte("! app-defaults\n*timeout:\t0:10:00\nXScreenSaver*lock: False\nprograms: \\\n  a \\\n  b\nmode:\t\tone\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"timeout": "0:10:00", "lock": "False", "mode": "one"} {
		if got, ok := f.Get(name); got != want || !ok {
			t.Errorf("Get(%s) = %q, %v; want %q", name, got, ok, want)
		}
	}
}

func TestTooLarge(t *testing.T) {
	for name, b := range map[string][]byte{
		"bytes": make([]byte, MaxSize+1),
		"lines": bytes.Repeat([]byte("\n"), MaxLines+1),
	} {
		if _, err := ParseINI(b); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: got %v, want ErrTooLarge", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(kde))
	f.Add([]byte("a = b\n[\n[x\n=\n\\\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if ini, err := ParseINI(b); err == nil {
			for _, g := range ini.Groups() {
				ini.Get(g, "x")
			}
		}
		if kv, err := ParseKeyValue(b); err == nil {
			for _, k := range kv.Keys() {
				if _, ok := kv.Get(k); !ok {
					t.Errorf("key %q is listed and not there", k)
				}
			}
		}
		if _, err := ParseResources(b); err != nil && !errors.Is(err, ErrTooLarge) {
			t.Error(err)
		}
	})
}
