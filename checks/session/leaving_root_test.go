package session

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/host/hosttest"
	"vigia/checks/host/local"
)

// A machine that is mounted somewhere gives the same facts of its disks as one that is
// recorded, and so does the machine that runs: the same code reads the same files there.
func TestLeavingOfAMountedMachine(t *testing.T) {
	for _, machine := range []string{"debian-12-server", "debian-12-gnome", "debian-12-kde", "debian-12-xfce",
		"debian-12-mate", "debian-12-cinnamon", "ubuntu-24.04-gnome", "rocky-9-gnome"} {
		for _, check := range []checks.Check{diskEncryption(), bootPassword()} {
			t.Run(machine+" "+check.Info().ID, func(t *testing.T) {
				recorded, err := hosttest.Load("testdata/" + machine)
				if err != nil {
					t.Fatal(err)
				}
				mounted := local.New(local.Options{Root: "testdata/" + machine + "/files"})
				want, got := check.Run(t.Context(), recorded, nil), check.Run(t.Context(), mounted, nil)
				if diff := cmp.Diff(want.Verdict, got.Verdict); diff != "" {
					t.Errorf("verdict (-recorded +mounted):\n%s", diff)
				}
				if diff := cmp.Diff(string(want.Observed), string(got.Observed)); diff != "" {
					t.Errorf("facts (-recorded +mounted):\n%s", diff)
				}
			})
		}
	}
}

// What this machine says is decided by its hardware; that it says something of each of
// its disks, and nothing else, holds everywhere.
func TestLeavingOfThisMachine(t *testing.T) {
	if _, err := os.Stat(dirBlocks); err != nil {
		t.Skip("no machine of Linux")
	}
	res := diskEncryption().Run(t.Context(), local.New(local.Options{}), json.RawMessage(`{"all_machines": true}`))
	var facts diskFacts
	if err := json.Unmarshal(res.Observed, &facts); err != nil {
		t.Fatalf("%v: %s", err, res.Reason.Code)
	}
	if len(facts.Volumes) == 0 && len(facts.Unread) == 0 && res.Status != checks.Unknown {
		t.Errorf("nothing was seen, and it is %s", res.Status)
	}
	for _, v := range facts.Volumes {
		if v.Mount == "" || v.State == "" {
			t.Errorf("got %+v", v)
		}
	}
}
