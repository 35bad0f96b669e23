package auditing

import (
	"testing"

	"vigia/checks/checktest"
)

// Each folder of testdata is a machine, written after what the documents of
// its system say; its recording.json tells what is the matter with it.
func TestRecordings(t *testing.T) {
	for _, machine := range []string{
		"windows-11-es-mx", "windows-server-2019-es-es", "debian-12-server", "ubuntu-24.04", "rocky-9",
	} {
		t.Run(machine, func(t *testing.T) {
			for _, check := range Checks() {
				checktest.Golden(t, check, "", "testdata/"+machine)
			}
		})
	}
}
