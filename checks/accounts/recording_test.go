package accounts

import (
	"testing"

	"vigia/checks/checktest"
)

// Each folder of testdata is a machine, written after what the documents of
// its system say; its recording.json tells what is the matter with it.
func TestRecordings(t *testing.T) {
	// What each check is told by the policy of the machine's organisation.
	params := map[string]string{
		"accounts.privileges": `{"admins":["Soporte"]}`,
		"accounts.leavers":    `{"leavers":[{"account":"usuario02","left":"2026-11-17T14:00:00Z"}]}`,
	}
	for _, machine := range []string{
		"windows-11-es-mx", "windows-10-es-es", "windows-server-2022", "windows-server-2019-es-es",
		"debian-12-server", "debian-12-gnome", "ubuntu-24.04", "rocky-9",
	} {
		t.Run(machine, func(t *testing.T) {
			for _, check := range Checks() {
				checktest.Golden(t, check, params[check.Info().ID], "testdata/"+machine)
			}
		})
	}
}
