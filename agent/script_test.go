package agent

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"vigia/checks/personaldata/scan"
	apiv1 "vigia/collector/api/v1"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == scan.WorkerCommand { // started by a test of this program
		if err := scan.Work(context.Background()); err != nil {
			os.Exit(exitError)
		}
		os.Exit(exitFine)
	}
	testscript.Main(m, map[string]func(){
		"vigia-agent": func() {
			os.Exit(Main(context.Background(), os.Args[1:], Env{
				Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ(), Version: "test",
			}))
		},
	})
}

// The scripts are the command line as a technician meets it.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("VIGIA_AGENT_DATA", filepath.Join(env.WorkDir, "data"))
			env.Setenv("COLUMNS", "100")
			// A token of a collector that nobody runs.
			env.Setenv("TOKEN", apiv1.Token{Secret: [16]byte{1, 2, 3}, CAPin: [32]byte{4, 5, 6}}.String())
			return nil
		},
	})
}
