package service

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

// access is the access list of a thing, as text.
func access(t *testing.T, name string) string {
	t.Helper()
	sd, err := windows.GetNamedSecurityInfo(name, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION|windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		t.Fatal(err)
	}
	return sd.String()
}

func TestMakeFolder(t *testing.T) {
	up := filepath.Join(t.TempDir(), "Vigia")
	dir := filepath.Join(up, "agent")
	for range 2 { // the second finds it there
		if err := MakeFolder(dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{up, dir} {
		t.Logf("%s: %s", filepath.Base(name), access(t, name))
	}
	file := filepath.Join(dir, "estado.html")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := access(t, file)
	if err := ShowFile(file); err != nil {
		t.Fatal(err)
	}
	after := access(t, file)
	t.Logf("a file %s, shown %s", before, after)
	if strings.Contains(before, ";BU)") && !strings.Contains(before, ";;;WD)") {
		t.Errorf("users read what nobody showed them: %s", before)
	}
	if b, err := os.ReadFile(file); string(b) != "x" || err != nil {
		t.Errorf("it reads %q, %v", b, err)
	}
}
