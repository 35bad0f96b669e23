package directory

import (
	"testing"

	"vigia/checks/checktest"
)

// Each folder of testdata is a machine that reads its directory, written after what the
// documents of its system say; its recording.json tells what is the matter with it.
func TestRecordings(t *testing.T) {
	for _, machine := range []string{"windows-server-2022", "debian-12-server"} {
		t.Run(machine, func(t *testing.T) {
			for _, check := range Checks() {
				checktest.Golden(t, check, "", "testdata/"+machine)
			}
		})
	}
}
