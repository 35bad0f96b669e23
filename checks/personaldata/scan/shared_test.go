package scan

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"vigia/checks/host"
)

func TestShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		root := tree(t, map[string]string{"a": letters})
		s := &Shared{For: time.Minute}
		ask := func(req host.ScanRequest) int64 {
			t.Helper()
			req.Roots = []string{root}
			sum, err := s.Scan(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			return sum.Files["found"]
		}
		if got := ask(host.ScanRequest{}); got != 0 {
			t.Fatalf("%d found", got)
		}
		if err := os.WriteFile(filepath.Join(root, "b"), []byte(person), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := ask(host.ScanRequest{}); got != 0 {
			t.Errorf("the same question at once: searched again, %d found", got)
		}
		if got := ask(host.ScanRequest{MaxFiles: 100}); got != 1 {
			t.Errorf("another question: %d found, want 1", got)
		}
		time.Sleep(time.Hour)
		if got := ask(host.ScanRequest{}); got != 1 {
			t.Errorf("the same question later: %d found, want 1", got)
		}
	})
}
