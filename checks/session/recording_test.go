package session

import (
	"testing"

	"vigia/checks/checktest"
)

// Each folder of testdata is a machine, written after what the documents of
// its system say; its recording.json tells what is the matter with it.
func TestRecordings(t *testing.T) {
	for _, machine := range []string{
		"windows-11-es-mx", "windows-10-es-es", "windows-server-2022",
		"debian-12-server", "debian-12-gnome", "debian-12-kde", "debian-12-xfce",
		"debian-12-mate", "debian-12-cinnamon", "ubuntu-24.04-gnome", "rocky-9-gnome",
	} {
		t.Run(machine, func(t *testing.T) {
			for _, check := range Checks() {
				checktest.Golden(t, check, "", "testdata/"+machine)
			}
		})
	}
}
