package hosttest

import (
	"context"
	"testing"

	"vigia/checks/host"
)

// The settings of clients of clouds and mail hold accounts and tokens, and never leave
// the machine; what packages apt brought along does.
func TestSettingsWithAccountsAreWithheld(t *testing.T) {
	t.Parallel()
	for path, keep := range map[string]bool{
		"/home/ana/.config/rclone/rclone.conf":           false,
		"/home/ana/.config/Nextcloud/nextcloud.cfg":      false,
		"/home/ana/.config/goa-1.0/accounts.conf":        false,
		"/home/ana/.config/evolution/sources/a.source":   false,
		"/home/ana/.dropbox/info.json":                   false,
		"/home/ana/.thunderbird/a1b2.default/prefs.js":   false,
		"/home/ana/.config/kscreenlockerrc":              true,
		"/var/lib/apt/extended_states":                   true,
		"/var/lib/apt/lists/un-repositorio_Packages":     false,
		"/var/lib/dnf/history.sqlite":                    false,
		`C:\Users\ana\AppData\Roaming\Dropbox\info.json`: false,
	} {
		if got := people(slashes).isConfiguration(path); got != keep {
			t.Errorf("%s: kept is %v, want %v", path, got, keep)
		}
	}
}

// Of programs a recorder holds nothing, however many are looked into.
func TestProgramsAreNotHeld(t *testing.T) {
	t.Parallel()
	const name = "/opt/herramientas/Visor.EXE"
	h := host.New(host.Host{OS: host.Linux, Files: oneFile{content: []byte("MZ y lo que sigue")}})
	r := NewRecorder(h)
	b, err := r.Host().Files.ReadRange(t.Context(), name, 0, 2)
	if string(b) != "MZ" || err != nil {
		t.Errorf("got %q, %v", b, err)
	}
	if s := r.files[name]; s == nil || !s.withheld || s.hasContent {
		t.Errorf("recorded as %+v", s)
	}
}

// oneFile answers every question about a file with the same content.
type oneFile struct {
	host.Unsupported
	content []byte
}

func (f oneFile) ReadFile(context.Context, string, int64) ([]byte, error) { return f.content, nil }

func (f oneFile) ReadRange(_ context.Context, _ string, offset, length int64) ([]byte, error) {
	return f.content[offset : offset+length], nil
}
