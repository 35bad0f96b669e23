package agent

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"vigia/collector/api/carry"
)

// A pipe where a file should be ends in an error, not in waiting.
func TestPipesAreNoFiles(t *testing.T) {
	t.Parallel()
	stick := t.TempDir()
	pipe := filepath.Join(stick, carry.KitFile)
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"on the stick": func() error { _, err := readKit(stick, ""); return err },
		"--kit":        func() error { _, err := readKit(stick, pipe); return err },
		"a device":     func() error { _, err := readKit(stick, "/dev/zero"); return err },
		"--token-file": func() error {
			c := &cli{}
			_, err := c.readToken(nil, enrolFlags{tokenFile: pipe}, "pc-1")
			return err
		},
		"the export itself": func() error { _, _, err := stickOf(pipe); return err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			done := make(chan error, 1)
			go func() { done <- do() }()
			select {
			case err := <-done:
				if codeOf(err) != "usage.not_file" {
					t.Errorf("got %v, want usage.not_file", err)
				}
			case <-time.After(5 * time.Second):
				t.Error("it waits")
			}
		})
	}
}
