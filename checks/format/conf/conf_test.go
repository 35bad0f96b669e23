package conf

import (
	"bytes"
	"errors"
	"strings"
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
		{"Daemon", "Timeout", "10", true, true}, // immutable from its first line on
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
	if diff := cmp.Diff([]int{16}, f.Malformed()); diff != "" {
		t.Errorf("malformed lines (-want +got)\n%s", diff)
	}
}

func TestINILines(t *testing.T) {
	for name, row := range map[string]struct {
		text, group, key, want string
		ok                     bool
		malformed              []int
	}{
		"before any group":       {"a=1\n[g]\na=2\n", "", "a", "1", true, nil},
		"last line counts":       {"[g]\na=1\na=2\n", "g", "a", "2", true, nil},
		"continued group":        {"[g]\na=1\n[h]\nb=1\n[g]\na=2\n", "g", "a", "2", true, nil},
		"byte order mark":        {"\xef\xbb\xbf[g]\r\na = 1 \r\n", "g", "a", "1", true, nil},
		"equals sign in a value": {"[g]\na=b=c\n", "g", "a", "b=c", true, nil},
		"comments":               {"[g]\n#a=1\n;a=2\n", "g", "a", "", false, nil},
		"another language":       {"[g]\na=1\na[es]=2\na[ca@valencia]=3\n", "g", "a", "1", true, nil},
		"immutable and expanded": {"[g]\na[$ie]=$HOME\na=2\n", "g", "a", "$HOME", true, nil},
		"marks apart":            {"[g]\na[$i][$e]=1\na=2\n", "g", "a", "1", true, nil},
		"deleted":                {"[g]\na=1\na[$d]\n", "g", "a", "", false, nil},
		"seat":                   {"[Seat:*]\nautologin-user=quiosco\n", "Seat:*", "autologin-user", "quiosco", true, nil},
		"escapes":                {`[g]` + "\n" + `a=\sx\ty\nz\r\\ \x41 \xZ \q \`, "g", "a", " x\ty\nz\r\\ A \\xZ \\q \\", true, nil},
		"escaped group":          {`[a\x5bb]` + "\nk=1", "a[b", "k", "1", true, nil},
		"header left open":       {"[g]\na=1\n[h\na=2\n", "g", "a", "1", true, []int{3}},
		"text after a header":    {"[g]\na=1\n[h] x\na=2\n", "g", "a", "1", true, []int{3}},
		"no equals sign":         {"[g]\na\nb=1\n", "g", "a", "", false, []int{2}},
		"no key":                 {"[g]\n=1\n[$i]=2\n", "g", "", "", false, []int{2, 3}},
		"bracket opens nowhere":  {"[g]\na]=1\n", "g", "a]", "", false, []int{2}},
		"mark in a lost group":   {"[g\na[$i]=1\n[g]\na=2", "g", "a", "2", true, []int{1}},
		"group marked immutable": {"[a][$i]\nk=1\n", "a", "k", "1", true, nil},
	} {
		f, err := ParseINI([]byte(row.text))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := f.Get(row.group, row.key); got != row.want || ok != row.ok {
			t.Errorf("%s: Get(%s, %s) = %q, %v; want %q, %v", name, row.group, row.key, got, ok, row.want, row.ok)
		}
		if diff := cmp.Diff(row.malformed, f.Malformed()); diff != "" {
			t.Errorf("%s: malformed lines (-want +got)\n%s", name, diff)
		}
	}
}

func TestResolve(t *testing.T) {
	const absent = "absent"
	for name, row := range map[string]struct {
		files []string
		want  Setting
	}{
		"no files":                        {nil, Setting{From: -1}},
		"nobody sets it":                  {[]string{"[g]\nb=1", absent}, Setting{From: -1}},
		"user alone":                      {[]string{absent, "[g]\na=2"}, Setting{Value: "2", Found: true, From: 1}},
		"user wins":                       {[]string{"[g]\na=1", "[g]\na=2"}, Setting{Value: "2", Found: true, From: 1}},
		"system alone":                    {[]string{"[g]\na=1", "[g]\nb=2"}, Setting{Value: "1", Found: true, From: 0}},
		"immutable key":                   {[]string{"[g]\na[$i]=1", "[g]\na=2"}, Setting{Value: "1", Found: true, From: 0, Fixed: true}},
		"another immutable key":           {[]string{"[g]\nb[$i]=1", "[g]\na=2"}, Setting{Value: "2", Found: true, From: 1}},
		"immutable group":                 {[]string{"[g][$i]\na=1", "[g]\na=2"}, Setting{Value: "1", Found: true, From: 0, Fixed: true}},
		"immutable group without the key": {[]string{"[g][$i]\nb=1", "[g]\na=2"}, Setting{From: 0, Fixed: true}},
		"another immutable group":         {[]string{"[h][$i]\na=1", "[g]\na=2"}, Setting{Value: "2", Found: true, From: 1}},
		"subgroup is another group":       {[]string{"[g][h][$i]\na=1", "[g]\na=2"}, Setting{Value: "2", Found: true, From: 1}},
		"immutable file":                  {[]string{"[$i]\n[h]\nb=1", "[g]\na=2"}, Setting{From: 0, Fixed: true}},
		"immutable in the middle":         {[]string{"[g]\na=0", "[g][$i]", "[g]\na=2"}, Setting{Value: "0", Found: true, From: 1, Fixed: true}},
		"user's own mark binds nobody":    {[]string{"[g]\na=1", "[g][$i]\na=2"}, Setting{Value: "2", Found: true, From: 1}},
		"user deletes it":                 {[]string{"[g]\na=1", "[g]\na[$d]"}, Setting{From: 1}},
		"deleted for good":                {[]string{"[g]\na[$di]", "[g]\na=2"}, Setting{From: 0, Fixed: true}},
	} {
		var files []*INI
		for _, text := range row.files {
			if text == absent {
				files = append(files, nil)
				continue
			}
			f, err := ParseINI([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		if diff := cmp.Diff(row.want, Resolve(files, "g", "a")); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
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
	if diff := cmp.Diff([]int{8}, f.Malformed()); diff != "" {
		t.Errorf("malformed lines (-want +got)\n%s", diff)
	}
}

// pam_faillock does not read a line of 1023 bytes, libpwquality no file with one.
func TestLongLine(t *testing.T) {
	f, err := ParseKeyValue([]byte("deny = 3\ndeny = 5 #" + strings.Repeat("x", maxLine) + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := f.Get("deny"); got != "3" || !cmp.Equal(f.Malformed(), []int{2}) {
		t.Errorf("deny = %s, malformed lines %v; want 3 and line 2", got, f.Malformed())
	}
}

func TestMalformedIsBounded(t *testing.T) {
	f, err := ParseINI(bytes.Repeat([]byte("x\n"), 1000))
	if err != nil || len(f.Malformed()) != maxMalformed {
		t.Errorf("%d malformed lines, %v; want %d", len(f.Malformed()), err, maxMalformed)
	}
}

func TestParseResources(t *testing.T) {
	f, err := ParseResources([]byte("! app-defaults\n#include \"x\"\n*timeout:\t0:20:00\n*timeout:\t0:10:00\nXScreenSaver*lock: False\n" +
		"xscreensaver.cycle: 1\n*Dialog.lockTimeout: 5\nprograms: \\\n  a \\\n  b: c\nnothing\n*: x\nmode:\t\tone \\"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"timeout": "0:10:00", "lock": "False", "cycle": "1", "mode": "one", "*Dialog.lockTimeout": "5", "programs": "a b: c",
	} {
		if got, ok := f.Get(name); strings.Join(strings.Fields(got), " ") != want || !ok {
			t.Errorf("Get(%s) = %q, %v; want %q", name, got, ok, want)
		}
	}
	if got, ok := f.Get("lockTimeout"); ok {
		t.Errorf("lockTimeout of a dialog is taken for the application's: %q", got)
	}
	if diff := cmp.Diff([]int{11, 12}, f.Malformed()); diff != "" {
		t.Errorf("malformed lines (-want +got)\n%s", diff)
	}
}

func TestTooLarge(t *testing.T) {
	for name, b := range map[string][]byte{
		"bytes": make([]byte, MaxSize+1),
		"lines": bytes.Repeat([]byte("\n"), MaxLines+1),
	} {
		_, errINI := ParseINI(b)
		_, errKV := ParseKeyValue(b)
		_, errX := ParseResources(b)
		for _, err := range []error{errINI, errKV, errX} {
			if !errors.Is(err, ErrTooLarge) {
				t.Errorf("%s: got %v, want ErrTooLarge", name, err)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(kde))
	f.Add([]byte("a = b\n[\n[x\n=\n\\\n"))
	f.Add([]byte("[$i]\n[a][b][$i]\nk[$ie][es]=\\x41\\s\n*x.y: z\\\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if ini, err := ParseINI(b); err == nil {
			for _, g := range ini.Groups() {
				ini.Get(g, "x")
				Resolve([]*INI{ini, ini}, g, "x")
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
