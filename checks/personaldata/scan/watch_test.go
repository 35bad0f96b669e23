package scan

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWatcher(t *testing.T) {
	tests := []struct {
		name   string
		change func(root string) error
		want   bool
	}{
		{"a new file", func(r string) error { return os.WriteFile(filepath.Join(r, "d", "new"), []byte(letters), 0o644) }, true},
		{"a written file", func(r string) error { return os.WriteFile(filepath.Join(r, "d", "old"), []byte(person), 0o644) }, true},
		{"a file moved in", func(r string) error {
			return os.Rename(filepath.Join(r, ".hidden", "f"), filepath.Join(r, "d", "e", "f"))
		}, true},
		{"a file in a new folder", func(r string) error {
			if err := os.MkdirAll(filepath.Join(r, "n", "m"), 0o755); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(r, "n", "m", "f"), []byte(letters), 0o644)
		}, true},
		{"nothing", func(string) error { return nil }, false},
		{"a program's own file", func(r string) error { return os.WriteFile(filepath.Join(r, ".hidden", "f"), nil, 0o644) }, false},
		{"a file removed", func(r string) error { return os.Remove(filepath.Join(r, "d", "old")) }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root := tree(t, map[string]string{"d/old": letters, "d/e/x": letters, ".hidden/f": letters})
			changed := make(chan struct{}, 10)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			w := Watcher{Roots: []string{root}, Quiet: 50 * time.Millisecond, Every: time.Millisecond, Changed: func() { changed <- struct{}{} }}
			go func() { done <- w.Run(ctx) }()
			time.Sleep(200 * time.Millisecond) // until it watches
			if err := tt.change(root); err != nil {
				t.Fatal(err)
			}
			got := false
			select {
			case <-changed:
				got = true
			case <-time.After(time.Second):
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			if got != tt.want {
				t.Errorf("told: %v, want %v", got, tt.want)
			}
		})
	}
}

// Much that changes at once is told once.
func TestWatcherGathers(t *testing.T) {
	root := tree(t, map[string]string{"old": letters})
	calls := make(chan struct{}, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	w := Watcher{Roots: []string{root}, Quiet: 200 * time.Millisecond, Every: time.Hour, Changed: func() { calls <- struct{}{} }}
	go func() { done <- w.Run(ctx) }()
	time.Sleep(100 * time.Millisecond)
	for round := range 2 {
		for i := range 50 {
			if err := os.WriteFile(filepath.Join(root, string(rune('a'+i%26))), []byte{byte(i), byte(round)}, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(500 * time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil || len(calls) != 1 {
		t.Errorf("told %d times, %v, want once", len(calls), err)
	}
}
