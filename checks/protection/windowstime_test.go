package protection

import (
	"context"
	"io/fs"
	"testing"
	"time"

	"vigia/checks/host"
)

// binaryValue is a registry with one value, of bytes.
type binaryValue struct {
	host.Unsupported
	name string
	data []byte
}

func (b binaryValue) Value(_ context.Context, key, name string) (host.RegistryValue, error) {
	if key+`\`+name != b.name {
		return host.RegistryValue{}, fs.ErrNotExist
	}
	return host.RegistryValue{Kind: host.RegistryBinary, Binary: b.data}, nil
}

func TestFiletime(t *testing.T) {
	for _, tt := range []struct {
		name string
		b    []byte
		want string
	}{
		{"start of Unix time", []byte{0x00, 0x80, 0x3e, 0xd5, 0xde, 0xb1, 0x9d, 0x01}, "1970-01-01"},
		{"none", make([]byte, 8), ""},
		{"short", []byte{1}, ""},
		{"beyond any year", []byte{255, 255, 255, 255, 255, 255, 255, 255}, ""},
	} {
		got, err := filetime(tt.b)
		if (err == nil) != (tt.want != "") || err == nil && dayOf(got) != tt.want {
			t.Errorf("%s: got %v, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}

func TestDMTFTime(t *testing.T) {
	for s, want := range map[string]string{
		"20261119213000.000000+000": "2026-11-19T21:30:00Z",
		"20261119213000.000000-360": "2026-11-20T03:30:00Z",
		"20261119003000.123456+060": "2026-11-18T23:30:00Z",
		"********213000.000000+000": "",
		"20261319213000.000000+000": "",
		"20261119213000.000000+0x0": "",
		"20261119213000":            "",
		"":                          "",
	} {
		got, err := dmtfTime(s)
		if (err == nil) != (want != "") || err == nil && got.Format(time.RFC3339) != want {
			t.Errorf("%q: got %v, %v; want %q", s, got, err, want)
		}
	}
}

func FuzzClamBuilt(f *testing.F) {
	f.Add([]byte(cvd("07 Nov 2026 08-34 +0000")))
	f.Add([]byte("ClamAV-VDB:"))
	f.Fuzz(func(t *testing.T, header []byte) {
		if built, err := clamBuilt(header); err == nil && built.IsZero() {
			t.Errorf("the zero time of %q", header)
		}
	})
}

func FuzzDMTFTime(f *testing.F) {
	f.Add("20261119213000.000000+000")
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := dmtfTime(s); err == nil && got.Location() != time.UTC {
			t.Errorf("%q: %v", s, got)
		}
	})
}
