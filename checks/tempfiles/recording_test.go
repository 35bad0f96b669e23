package tempfiles

import (
	"strings"
	"testing"

	"vigia/checks/checktest"
)

// Each folder of testdata is a machine, written after what the documents of its system
// say; its recording.json tells what is the matter with it.
func TestRecordings(t *testing.T) {
	for _, machine := range []string{
		"windows-11-es-mx", "windows-server-2019-es-es", "windows-server-2022", "debian-12-server", "rocky-9", "ubuntu-24.04",
	} {
		params := `{"folders":["/srv/padron/tmp"]}`
		if strings.HasPrefix(machine, "windows") {
			params = `{"folders":["D:\\Padron\\tmp"]}`
		}
		t.Run(machine, func(t *testing.T) {
			checktest.Golden(t, access(), params, "testdata/"+machine)
		})
	}
}
