// Package checktest runs checks on machines that are not there: recorded ones,
// with the results that were agreed to be right, and ones made of a few files.
//
// A golden result is a file beside the recording, written by running the test
// with -update and read by a person before it is committed.
package checktest

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/host/hosttest"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// Update tells whether golden files are to be written, for tests that keep
// others of their own: only one flag of a test binary can be called -update.
func Update() bool { return *update }

// golden is the file format: what a check says of a machine.
type golden struct {
	Status   checks.Status    `json:"status"`
	Reason   checks.Reason    `json:"reason"`
	Findings []checks.Finding `json:"findings,omitempty"`
	Observed json.RawMessage  `json:"observed,omitempty"`
}

// Golden runs check with params (JSON, empty for the defaults) on the machine
// recorded in machineDir, such as "testdata/windows-11", and compares the
// result with "<check id>.golden.json" there. It also judges the observed
// facts again, as the collector will, and demands the same verdict.
func Golden(t *testing.T, check checks.Check, params string, machineDir string) {
	t.Helper()
	for _, problem := range compare(t.Context(), check, json.RawMessage(params), machineDir, *update) {
		t.Error(problem)
	}
}

// compare does what Golden says and returns what is wrong.
func compare(ctx context.Context, check checks.Check, params json.RawMessage, machineDir string, update bool) []error {
	h, err := hosttest.Load(machineDir)
	if err != nil {
		return []error{err}
	}
	res := check.Run(ctx, h, params)
	seen.add(check.Info().ID, h.OS, res.Verdict)
	var problems []error
	if err := judgeAgain(check, params, res); err != nil {
		problems = append(problems, err)
	}
	got, err := json.MarshalIndent(golden{res.Status, res.Reason, res.Findings, res.Observed}, "", "  ")
	if err != nil {
		return append(problems, err)
	}
	got = append(got, '\n')
	file := filepath.Join(machineDir, check.Info().ID+".golden.json")
	if update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			problems = append(problems, err)
		}
		return problems
	}
	want, err := os.ReadFile(file)
	if err != nil {
		return append(problems, fmt.Errorf("%w\nrun this test with -update, and read what it writes before committing it", err))
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		problems = append(problems, fmt.Errorf("%s (-want +got):\n%s", file, diff))
	}
	return problems
}

// judgeAgain holds what makes old evidence useful: the observed facts alone,
// through JSON, give the same verdict as when they were observed.
func judgeAgain(check checks.Check, params json.RawMessage, res checks.Result) error {
	if res.Observed == nil {
		return nil // nothing was observed, and the verdict says why
	}
	again, err := check.Judge(res.Observed, params, res.ObservedAt)
	if err != nil {
		return fmt.Errorf("judge the observed facts of %s again: %w", check.Info().ID, err)
	}
	if diff := cmp.Diff(res.Verdict, again); diff != "" {
		return fmt.Errorf("judging the observed facts of %s again gives another verdict (-run +again):\n%s", check.Info().ID, diff)
	}
	return nil
}
