package storage

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A key that root's command makes before the service ever started is the service's.
func TestRootWritesForTheOwnerOfTheFolder(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	const service = 4711
	dir := t.TempDir()
	if err := os.Chown(dir, service, service); err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(string, []byte, os.FileMode) error{"new.key": CreateFile, "old.pem": ReplaceFile} {
		path := filepath.Join(dir, name)
		if err := write(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		owner, ok := info.Sys().(*syscall.Stat_t)
		if !ok || owner.Uid != service || owner.Gid != service || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got %+v %v", name, owner, info.Mode())
		}
	}
}
