package agent

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vigia/agent/schedule"
	"vigia/checks/catalog"
	"vigia/checks/checktest"
	"vigia/checks/host"
	apiv1 "vigia/collector/api/v1"
)

// stuck is a machine of which one folder lies on a disk that never answers, whoever asks
// and whatever their context says; nor does it tell its name.
type stuck struct {
	checktest.Files
	host.Unsupported
	folder string
	answer chan struct{} // closed when the disk is back
	asked  *atomic.Int32
}

func (s stuck) ReadDir(ctx context.Context, name string) ([]host.FileInfo, error) {
	if name == s.folder {
		s.asked.Add(1)
		<-s.answer
	}
	return s.Files.ReadDir(ctx, name)
}

func (s stuck) ReadFile(ctx context.Context, name string, limit int64) ([]byte, error) {
	return s.Files.ReadFile(ctx, name, limit)
}

func (s stuck) ReadRange(ctx context.Context, name string, offset, length int64) ([]byte, error) {
	return s.Files.ReadRange(ctx, name, offset, length)
}

func (s stuck) Stat(ctx context.Context, name string) (host.FileInfo, error) {
	return s.Files.Stat(ctx, name)
}

func (s stuck) Walk(ctx context.Context, root string, visit func(string, host.FileInfo, error) error) error {
	return s.Files.Walk(ctx, root, visit)
}

func (s stuck) Identity(context.Context) (host.Identity, error) {
	<-s.answer
	return host.Identity{Hostname: "pc-1"}, nil
}

// A check that asks for what never answers is unknown at its deadline, costs the others
// that time and no more, and leaves one goroutine behind, however often it runs.
func TestHangingCheckHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		disk := stuck{
			Files:  checktest.Files{Content: map[string]string{"/etc/passwd": "root:x:0:0::/root:/bin/bash\n", "/etc/shadow": "root:*:1::::::\n"}},
			folder: "/usr/share/xsessions", answer: make(chan struct{}), asked: &asked,
		}
		machine := host.New(host.Host{OS: host.Linux, Files: disk, System: disk})
		p := policyFor(t, "machine-1", 1, 1, "AC-LOCK-15", "AC-LEASTPRIV", "AC-PWD-AGE-365")
		ledger := schedule.NewLedger(nil)
		ids := []string{"AC-LOCK-15", "AC-LEASTPRIV", "AC-PWD-AGE-365"}
		ledger.SetPolicy(ids, schedule.Terms{})

		self := introducer{machine: func() *host.Host { return machine }, version: "test"}
		var reported []map[string]*apiv1.Result
		var after []time.Duration
		start := time.Now()
		rest := func(ctx context.Context) { // as the agent does after a round
			if ledger.Due() == schedule.Nothing {
				return
			}
			if m := self.describe(ctx); m.GetHostname() != "" || m.GetOs() != "linux" {
				t.Errorf("the machine answered: %v", m)
			}
			results := map[string]*apiv1.Result{}
			for _, d := range ledger.Draft(ledger.Due()) {
				for _, r := range d.Results {
					results[r.GetEntry()] = r
				}
				ledger.Commit(d, uint64(len(reported)+1))
			}
			reported, after = append(reported, results), append(after, time.Since(start))
		}
		s := schedule.New(schedule.Options{Seed: "machine-1", Idle: rest})
		s.Set(tasks(p, catalog.New(), func() *host.Host { return machine }, ledger))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.Run(ctx)
		}()
		time.Sleep(12 * time.Hour)
		cancel()
		<-done

		if len(reported) < 2 {
			t.Fatalf("%d reports in half a day", len(reported))
		}
		if want := 30*time.Second + patience; after[0] != want {
			t.Errorf("the first report came after %v, want the deadline of the one that hangs and the patience for the name, %v", after[0], want)
		}
		for _, id := range ids {
			r := reported[0][id]
			hangs := strings.HasPrefix(r.GetReason().GetCode(), "check.timed_out")
			if r == nil || hangs != (id == "AC-LOCK-15") {
				t.Errorf("%s: got %v", id, r)
			}
		}
		if asked.Load() != 1 {
			t.Errorf("the disk was asked %d times while it did not answer", asked.Load())
		}
		close(disk.answer)
		synctest.Wait()
		if m := self.describe(t.Context()); m.GetHostname() != "pc-1" {
			t.Errorf("the machine answers again, and tells %v", m)
		}
	})
}
