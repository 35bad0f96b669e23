package passdb

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestAsSamba reads what pdbedit wrote, in both of the forms.
func TestAsSamba(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	if _, err := exec.LookPath("pdbedit"); err != nil {
		t.Fatalf("install samba: %v", err)
	}
	if os.Getuid() != 0 {
		t.Skip("pdbedit wants root")
	}
	for _, row := range []struct {
		backend, file string
		parse         func([]byte) ([]Account, error)
	}{
		{"tdbsam", "passdb.tdb", ParseTDB}, {"smbpasswd", "smbpasswd", ParseSmbpasswd},
	} {
		t.Run(row.backend, func(t *testing.T) {
			top := t.TempDir()
			file := filepath.Join(top, row.file)
			config := filepath.Join(top, "smb.conf")
			text := "[global]\nworkgroup = MUNI\nnetbios name = SRV1\npassdb backend = " + row.backend + ":" + file + "\nprivate dir = " + top +
				"\nlock directory = " + top + "\nstate directory = " + top + "\ncache directory = " + top + "\nlog file = " + top + "/log\n"
			if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			run := func(input, name string, args ...string) {
				c := exec.CommandContext(t.Context(), name, args...)
				c.Stdin = strings.NewReader(input)
				if out, err := c.CombinedOutput(); err != nil {
					t.Fatalf("%s %v: %v\n%s", name, args, err, out)
				}
			}
			for _, account := range []string{"daemon", "bin", "games"} { // every Debian has them
				run("Invent4da\nInvent4da\n", "pdbedit", "-s", config, "-a", "-t", "-u", account)
			}
			run("", "smbpasswd", "-c", config, "-d", "bin")
			ended := row.backend == "tdbsam" // the other form has no such date
			if ended {
				run("", "pdbedit", "-s", config, "-u", "games", "-K", "1577836800")
			}
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			accounts, err := row.parse(b)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]bool{}
			for _, a := range accounts {
				got[a.Name] = a.Open(time.Now())
			}
			if diff := cmp.Diff(map[string]bool{"daemon": true, "bin": false, "games": !ended}, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
