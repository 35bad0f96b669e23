package local

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Wine keeps the lists of files as modes, so only the way is tested here; what a list
// says is tested with the bytes of one.
func TestLiveAccess(t *testing.T) {
	p := New(Options{}).Permissions
	name := filepath.Join(t.TempDir(), "datos.txt")
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{name, filepath.Dir(name), `C:\`, `HKLM\SOFTWARE`, `HKLM`} {
		a, err := p.Access(t.Context(), path)
		if err != nil || a.Owner == "" || len(a.Entries) == 0 && !a.Unrestricted {
			t.Errorf("%s: got %+v, %v", path, a, err)
		}
	}
	for _, path := range []string{filepath.Join(filepath.Dir(name), "nada"), `HKLM\SOFTWARE\NoExiste`} {
		if a, err := p.Access(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: got %+v, %v, want absent", path, a, err)
		}
	}
	if a, err := p.Access(t.Context(), `HKU\S-1-5-21-9-9-9-1001`); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a profile that is not loaded: got %+v, %v", a, err)
	}
}
