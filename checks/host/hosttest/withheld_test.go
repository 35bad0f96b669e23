package hosttest

import "testing"

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
