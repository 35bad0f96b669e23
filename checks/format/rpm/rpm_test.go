package rpm

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The headers of testdata are of packages that rpmbuild made of invented spec files and
// rpm installed: see testdata/README.
func TestRealHeaders(t *testing.T) {
	for _, tt := range []struct {
		file string
		want Package
		evr  string
	}{
		{"acta-registro.header", Package{Name: "acta-registro", Version: "1.4.2", Release: "1.el9", Arch: "noarch", Vendor: "Informática del Valle"}, "1.4.2-1.el9"},
		{"nucleo-base.header", Package{Name: "nucleo-base", Epoch: 1, Version: "9.5", Release: "3.el9", Arch: "x86_64", Vendor: "Distribución de Ejemplo"}, "1:9.5-3.el9"},
	} {
		b, err := os.ReadFile(filepath.Join("testdata", tt.file))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || got.EVR() != tt.evr {
			t.Errorf("%s: version %s (-want +got):\n%s", tt.file, got.EVR(), diff)
		}
		// What is behind the fields that are read may be missing.
		entries := int(binary.BigEndian.Uint32(b))
		if cut, err := Parse(b[:8+16*entries+600]); err != nil || cut.Name != got.Name || cut.Vendor != got.Vendor {
			t.Errorf("%s, cut off: %+v, %v", tt.file, cut, err)
		}
	}
}

// header writes one as rpm does.
func header(tags ...[3]string) []byte {
	var index, store []byte
	for _, tag := range tags {
		number := map[string]uint32{"name": tagName, "version": tagVersion, "release": tagRelease, "epoch": tagEpoch, "arch": tagArch, "vendor": tagVendor}[tag[0]]
		kind := uint32(typeString)
		value := append([]byte(tag[1]), 0)
		if tag[2] == "int" {
			kind, value = typeInt32, []byte{0, 0, 0, 2}
		}
		for _, n := range []uint32{number, kind, uint32(len(store)), 1} {
			index = binary.BigEndian.AppendUint32(index, n)
		}
		store = append(store, value...)
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(store)))
	return append(append(b, index...), store...)
}

func TestParse(t *testing.T) {
	name, version, release := [3]string{"name", "a"}, [3]string{"version", "1"}, [3]string{"release", "2"}
	whole := header(name, version, release)
	for _, tt := range []struct {
		what string
		b    []byte
		want string // version; empty: no header
	}{
		{"least", whole, "1-2"},
		{"epoch", header(name, version, release, [3]string{"epoch", "", "int"}), "2:1-2"},
		{"empty", nil, ""},
		{"no entries", make([]byte, 16), ""},
		{"more entries than bytes", append([]byte{0, 0, 255, 255}, whole[4:]...), ""},
		{"no name", header(version, release), ""},
		{"cut off in a field", whole[:len(whole)-1], ""},
		{"name is a number", header([3]string{"name", "", "int"}, version, release), ""},
		{"epoch is a text", header(name, version, release, [3]string{"epoch", "x"}), ""},
		{"a text without end", header(name, version, [3]string{"release", strings.Repeat("x", 2000)}), ""},
	} {
		got, err := Parse(tt.b)
		if (err == nil) != (tt.want != "") || err == nil && got.EVR() != tt.want || err != nil && !errors.Is(err, ErrHeader) {
			t.Errorf("%s: got %+v, %v; want %q", tt.what, got, err, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(header([3]string{"name", "a"}, [3]string{"version", "1"}, [3]string{"release", "2"}, [3]string{"epoch", "", "int"}, [3]string{"arch", "noarch"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := Parse(b); err == nil && (p.Name == "" || len(p.Vendor) > maxText) {
			t.Errorf("got %+v", p)
		}
	})
}
