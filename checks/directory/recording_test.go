package directory

import (
	"testing"

	"vigia/checks/checktest"
)

// Each folder of testdata is a machine that reads its directory, written after what the
// documents of its system say; its recording.json tells what is the matter with it.
func TestRecordings(t *testing.T) {
	// What each check is told by the policy of the machine's organisation.
	params := map[string]string{
		"directory.accounts": `{"users":[{"account":"usuario01"},{"account":"usuario02"},{"account":"usuario03"},{"account":"usuario04","until":"2026-10-31"},{"account":"escaner"}]}`,
		"directory.leavers":  `{"leavers":[{"account":"usuario03","left":"2026-11-16T14:00:00Z"}]}`,
	}
	for _, machine := range []string{"windows-server-2022", "debian-12-server"} {
		t.Run(machine, func(t *testing.T) {
			for _, check := range Checks() {
				checktest.Golden(t, check, params[check.Info().ID], "testdata/"+machine)
			}
		})
	}
}
