package evidence_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"vigia/collector/evidence"
)

func TestKeyIsMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	first, err := evidence.LoadOrCreateKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := evidence.LoadOrCreateKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	if first.Verifier() != second.Verifier() {
		t.Errorf("the key changed from %s to %s", first.Verifier(), second.Verifier())
	}
	if !strings.HasPrefix(first.Verifier(), first.Origin()+"+") || len(first.Origin()) != len("vigia-")+8 {
		t.Errorf("verifier %s of log %s", first.Verifier(), first.Origin())
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("the folder holds %v, %v; want the key alone", entries, err)
	}
	info, err := entries[0].Info()
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the key's mode is %v, want 0600", info.Mode().Perm())
	}
	secret, err := os.ReadFile(filepath.Join(dir, evidence.KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{fmt.Sprint(first), fmt.Sprintf("%v %s", first, first)} {
		if strings.Contains(printed, "PRIVATE") || strings.Contains(printed, strings.TrimSpace(string(secret[len(secret)-20:]))) {
			t.Errorf("printing the key shows its secret: %s", printed)
		}
	}
}

func TestLoadKeyRefuses(t *testing.T) {
	key := func(t *testing.T) (dir string, text []byte) {
		t.Helper()
		dir = t.TempDir()
		if _, err := evidence.LoadOrCreateKey(dir); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, evidence.KeyFile))
		if err != nil {
			t.Fatal(err)
		}
		return dir, text
	}
	rows := []struct {
		name string
		text func(good []byte) []byte
		mode os.FileMode
		want string
	}{
		{"readable by others", func(b []byte) []byte { return b }, 0o644, "chmod 600"},
		{"empty", func([]byte) []byte { return nil }, 0o600, "not a note signer"},
		{"cut", func(b []byte) []byte { return b[:len(b)-9] }, 0o600, "not a note signer"},
		{"huge", func(b []byte) []byte { return make([]byte, 1<<20) }, 0o600, "larger than any key"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			dir, good := key(t)
			path := filepath.Join(dir, evidence.KeyFile)
			if err := os.WriteFile(path, row.text(good), row.mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, row.mode); err != nil {
				t.Fatal(err)
			}
			_, err := evidence.LoadOrCreateKey(dir)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
			if err != nil && strings.Contains(err.Error(), "PRIVATE") {
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
}
