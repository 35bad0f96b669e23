package pe

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestReadSigner(t *testing.T) {
	want := Signer{Name: "Herramientas del Valle", Organisation: "Herramientas del Valle, S. L."}
	signed := read(t, "firmado.exe")
	got, err := ReadSigner(bytes.NewReader(signed))
	if got != want || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	if v, err := ReadVersion(bytes.NewReader(signed)); v.Original != "notas.exe" || err != nil {
		t.Errorf("the version of a signed program: got %+v, %v", v, err)
	}
	// What it says is not proven, and nothing here claims it.
	changed := bytes.Clone(signed)
	changed[0x400] ^= 1
	if got, err := ReadSigner(bytes.NewReader(changed)); got != want || err != nil {
		t.Errorf("changed after it was signed: got %+v, %v", got, err)
	}
}

func TestNoSigner(t *testing.T) {
	signed := read(t, "firmado.exe")
	header := int(binary.LittleEndian.Uint32(signed[60:]))
	slot := header + 24 + 112 + 8*securitySlot
	at := int(binary.LittleEndian.Uint32(signed[slot:]))
	with := func(at int, v ...byte) []byte {
		b := bytes.Clone(signed)
		copy(b[at:], v)
		return b
	}
	for _, tt := range []struct {
		name string
		b    []byte
		want error
	}{
		{"empty", nil, ErrFormat},
		{"not signed", read(t, "notas.exe"), ErrNotSigned},
		{"not signed, 32 bits", read(t, "notas32.exe"), ErrNotSigned},
		{"fewer directories", with(header+24+108, 4), ErrNotSigned},
		{"a signature behind the end", with(slot, 0, 0, 0, 0x7F), ErrFormat},
		{"longer than its place", with(at, 0xFF, 0xFF, 0xFF, 0x7F), ErrFormat},
		{"no length", with(at, 8, 0, 0, 0), ErrFormat},
		{"another type", with(at+6, 1), ErrFormat},
		{"not DER", with(at+8, 0xFF), ErrFormat},
		{"cut off", signed[:len(signed)-200], ErrFormat},
		{"an object that is no signed data", with(at+8+14, 1), ErrFormat},
		{"a signature without its certificate", with(bytes.LastIndex(signed, []byte("S. L.")), 'X'), ErrFormat},
	} {
		_, err := ReadSigner(bytes.NewReader(tt.b))
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
	broken := errors.New("disco")
	if _, err := ReadSigner(failing{broken}); !errors.Is(err, broken) {
		t.Errorf("an error of reading: got %v", err)
	}
}

func TestSignerString(t *testing.T) {
	for want, s := range map[string]Signer{
		"":                            {},
		"Valle":                       {Name: "Valle", Organisation: "Valle"},
		"Herramientas, S. L.":         {Organisation: "Herramientas, S. L."},
		"Valle (Herramientas, S. L.)": {Name: "Valle", Organisation: "Herramientas, S. L."},
		"Una persona que firma sola":  {Name: "Una persona que firma sola"},
	} {
		if got := s.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A certificate of an authority, as makers have them: the signature holds both, and the
// signer is the one that the signature names, in whatever order they stand.
func TestSignedByAnAuthority(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	dir := t.TempDir()
	run := func(name string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("this test needs %s: apt-get install --no-install-recommends openssl osslsigncode\n%v\n%s", name, err, out)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "notas.exe"), read(t, "notas.exe"), 0o600); err != nil {
		t.Fatal(err)
	}
	run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/O=Autoridad de Ejemplo/CN=Autoridad")
	run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem", "-out", "req.pem", "-subj", "/C=MX/O=Programas de la Sierra/CN=Programas de la Sierra")
	run("openssl", "x509", "-req", "-in", "req.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "cert.pem", "-days", "30")
	run("osslsigncode", "sign", "-certs", "cert.pem", "-ac", "ca.pem", "-key", "key.pem", "-h", "sha384", "-n", "Notas", "-in", "notas.exe", "-out", "una.exe")
	run("osslsigncode", "sign", "-nest", "-certs", "ca.pem", "-key", "ca.key", "-h", "sha256", "-in", "una.exe", "-out", "dos.exe")
	run("osslsigncode", "remove-signature", "-in", "dos.exe", "-out", "ninguna.exe")
	for name, want := range map[string]string{"una.exe": "Programas de la Sierra", "dos.exe": "Programas de la Sierra", "ninguna.exe": ""} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadSigner(bytes.NewReader(b))
		if got.String() != want || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

func FuzzReadSigner(f *testing.F) {
	f.Add(read(f, "firmado.exe"))
	f.Add(read(f, "notas.exe"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &counting{ReaderAt: bytes.NewReader(b)}
		s, err := ReadSigner(c)
		if err != nil && s != (Signer{}) {
			t.Errorf("an error and %+v", s)
		}
		if c.n > 1<<20 {
			t.Errorf("asked for %d bytes", c.n)
		}
	})
}
