package dpkg

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestPackages(t *testing.T) {
	f, err := os.Open("testdata/status")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var got []Package
	for p, err := range Packages(iotest.OneByteReader(f)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p)
	}
	want := []Package{
		{Name: "editor-de-textos", Version: "2:1.4-3+b1", Arch: "amd64", Want: "install", State: Installed, Priority: "optional"},
		{Name: "quitado", Version: "1.0", Arch: "all", Want: "deinstall", State: ConfigFiles},
		{Name: "a-medias", Version: "0.1", Arch: "all", Want: "install", Broken: true, State: HalfInstalled},
		{Name: "por-disparar", Version: "3~rc1", Arch: "i386", Want: "hold", State: TriggersPending},
		{Name: "nunca", Want: "unknown", State: NotInstalled},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	present := []bool{true, false, true, true, false}
	for i, p := range got {
		if p.Present() != present[i] {
			t.Errorf("%s is present: %v, want %v", p.Name, p.Present(), present[i])
		}
	}
}

// The stanzas around one that makes no sense are read.
func TestMalformedStanzas(t *testing.T) {
	const good = "Package: bueno\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n"
	tests := []struct{ name, stanza string }{
		{"no name", "Status: install ok installed\nVersion: 1\n"},
		{"no status", "Package: a\nVersion: 1\n"},
		{"status of two words", "Package: a\nStatus: install installed\nVersion: 1\n"},
		{"unknown state", "Package: a\nStatus: install ok perfect\nVersion: 1\n"},
		{"no version", "Package: a\nStatus: install ok installed\n"},
		{"no field", "Package: a\nStatus: install ok installed\nVersion: 1\nnothing\n"},
		{"field without a name", ": a\nPackage: a\nStatus: install ok installed\nVersion: 1\n"},
		{"two names", "Package: a\nPackage: b\nStatus: install ok installed\nVersion: 1\n"},
		{"long name", "Package: " + strings.Repeat("a", maxValue+1) + "\nStatus: install ok installed\nVersion: 1\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var names []string
			var bad []int
			for p, err := range Packages(strings.NewReader(good + "\n" + tt.stanza + "\n\n" + good)) {
				var stanza *StanzaError
				switch {
				case errors.As(err, &stanza):
					bad = append(bad, stanza.Line)
				case err != nil:
					t.Fatal(err)
				default:
					names = append(names, p.Name)
				}
			}
			if !cmp.Equal(names, []string{"bueno", "bueno"}) || !cmp.Equal(bad, []int{6}) {
				t.Errorf("packages %q and malformed lines %v, want two and line 6", names, bad)
			}
		})
	}
}

func TestLongLinesArePassedOver(t *testing.T) {
	text := "Package: a\nDepends: " + strings.Repeat("x", 1<<20) + "\nStatus: install ok installed\nVersion: 1"
	n := 0
	for p, err := range Packages(strings.NewReader(text)) {
		if err != nil || p.Name != "a" {
			t.Errorf("got %+v, %v", p, err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("got %d packages, want 1", n)
	}
}

func TestReadError(t *testing.T) {
	errDisk := errors.New("disk is broken")
	r := io.MultiReader(strings.NewReader("Package: a\nStatus: install ok installed\nVersion: 1\n\nPackage: b\n"), iotest.ErrReader(errDisk))
	var names []string
	var last error
	for p, err := range Packages(r) {
		if last = err; err == nil {
			names = append(names, p.Name)
		}
	}
	if !cmp.Equal(names, []string{"a"}) || !errors.Is(last, errDisk) {
		t.Errorf("got %q and %v, want a and the reader's error", names, last)
	}
}

func TestEmptyAndStopping(t *testing.T) {
	for range Packages(strings.NewReader("\n\n  \n")) {
		t.Error("an empty file has a package")
	}
	two := strings.Repeat("Package: a\nStatus: install ok installed\nVersion: 1\n\n", 2)
	n := 0
	for range Packages(strings.NewReader(two)) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("got %d packages", n)
	}
}

// endless repeats a text for ever.
type endless struct {
	text string
	at   int
}

func (e *endless) Read(b []byte) (int, error) {
	n := copy(b, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	return n, nil
}

func TestTooLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("reads half a gigabyte")
	}
	for name, text := range map[string]string{
		"packages": strings.Repeat("Package: a\n\n", 1000),
		"bytes":    "Description: " + strings.Repeat("x", 1<<16) + "\n",
		"one line": strings.Repeat("x", 1<<16),
	} {
		var last error
		for _, err := range Packages(&endless{text: text}) {
			last = err
		}
		if !errors.Is(last, ErrTooLarge) {
			t.Errorf("too many %s: got %v, want ErrTooLarge", name, last)
		}
	}
}

func FuzzPackages(f *testing.F) {
	b, err := os.ReadFile("testdata/status")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("Package: a\r\nStatus: install ok installed\r\nVersion: 1\r\n\r\nx\n y\n:\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for p, err := range Packages(bytes.NewReader(b)) {
			var stanza *StanzaError
			if err != nil && !errors.As(err, &stanza) {
				t.Errorf("got %v", err)
			}
			if err == nil && (p.Name == "" || p.State == "") {
				t.Errorf("a package of nothing: %+v", p)
			}
		}
	})
}

func TestAutoInstalled(t *testing.T) {
	got, err := AutoInstalled([]byte("Package: libuno\nArchitecture: amd64\nAuto-Installed: 1\n\n" +
		"Package: editor\nArchitecture: amd64\nAuto-Installed: 0\n\nAuto-Installed: 1\n\nPackage: libdos\r\nArchitecture: i386\r\nAuto-Installed: 1"))
	if d := cmp.Diff(map[string]bool{"libuno:amd64": true, "libdos:i386": true}, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}
