package detect

import "testing"

func TestCredentials(t *testing.T) {
	for _, text := range credentialExamples().found {
		if got := credentialsIn([]byte(text), 0, len(text)); got != 1 {
			t.Errorf("%q: %d credentials, want 1", text, got)
		}
	}
	for _, text := range credentialExamples().missed {
		if got := credentialsIn([]byte(text), 0, len(text)); got != 0 {
			t.Errorf("%q: %d credentials, want none", text, got)
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
		if got := credentialsIn(b, 0, len(b)); got < 0 || got > len(b) {
			t.Fatalf("%d credentials in %q", got, b)
		}
		CredentialFileName(string(b))
	})
}
