package detect

import (
	"strings"
	"testing"
)

// credentialsIn counts in blocks of a size.
func credentialsIn(text string, enc Encoding, size int) int {
	var c CredentialCounter
	c.Reset(enc)
	for len(text) > 0 {
		k := min(size, len(text))
		c.Scan([]byte(text[:k]))
		text = text[k:]
	}
	return c.Finish()
}

func TestCredentials(t *testing.T) {
	for _, text := range credentialExamples().found {
		if got := credentialsIn(text, Bytes, len(text)+1); got != 1 {
			t.Errorf("%q: %d credentials, want 1", text, got)
		}
	}
	for _, text := range credentialExamples().missed {
		if got := credentialsIn(text, Bytes, len(text)+1); got != 0 {
			t.Errorf("%q: %d credentials, want none", text, got)
		}
	}
}

func TestCredentialBlocks(t *testing.T) {
	filler := strings.Repeat("El Pleno aprueba el acta de la sesión anterior. ", 200) + "\n"
	text := filler + strings.Join(credentialExamples().found[:5], "\n"+filler) + "\n"
	want := credentialsIn(text, Bytes, len(text))
	if want != 5 {
		t.Errorf("%d credentials, want 5", want)
	}
	for _, size := range []int{1, 7, 511, 4096, 20000} {
		if got := credentialsIn(text, Bytes, size); got != want {
			t.Errorf("%d in blocks of %d, want %d", got, size, want)
		}
		wide := string(widen([]byte(text), UTF16LE))
		if got := credentialsIn(wide, UTF16LE, size); got != want {
			t.Errorf("%d in UTF-16 in blocks of %d, want %d", got, size, want)
		}
	}
}

func TestCredentialFileName(t *testing.T) {
	for name, want := range map[string]bool{
		"contraseñas.xlsx": true, "Contrasen\u0303as correo.docx": true, "CLAVES.txt": true, "passwords-2026.csv": true,
		"accesos_portal.ods": true, "mis claves.odt": true, "password.txt": true, "contraseñas": true,
		"passwd": false, "password.go": false, "password_test.py": false, "clave.html": false, "enclaves.txt": false,
		"palabras clave.pdf": false, "acta.pdf": false, "": false, ".": false, "accesorios.xlsx": false,
	} {
		if got := CredentialFileName(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}

func FuzzCredentials(f *testing.F) {
	for _, text := range append(credentialExamples().found, credentialExamples().missed...) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		want := credentialsIn(string(b), Bytes, len(b)+1)
		if got := credentialsIn(string(b), Bytes, 7); got != want {
			t.Fatalf("%d credentials in blocks of 7, %d in one: %q", got, want, b)
		}
		CredentialFileName(string(b))
	})
}
