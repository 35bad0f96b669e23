package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	"vigia/agent/schedule"
	"vigia/checks"
	"vigia/checks/catalog"
	"vigia/checks/host"
	"vigia/checks/host/local"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
)

// graceAfterDeadline is what a check may take beyond its own deadline, which
// it keeps itself, before the scheduler stops waiting.
const graceAfterDeadline = 30 * time.Second

// memory is what the agent knows of the results of its entries; a schedule.Ledger.
type memory interface {
	Observe(r *apiv1.Result)
	Last(entry string) []byte
}

// past answers a check about its own last run.
type past struct {
	memory memory
	entry  string
}

// Observed implements host.Past.
func (p past) Observed(context.Context) ([]byte, error) {
	if b := p.memory.Last(p.entry); len(b) > 0 {
		return b, nil
	}
	return nil, fmt.Errorf("evidence of %s: %w", p.entry, fs.ErrNotExist)
}

// tasks makes a task of each entry of a policy. machine returns the machine as
// it is now; results takes each result.
func tasks(p policy.Policy, cat *catalog.Catalog, machine func() *host.Host, results memory) []schedule.Task {
	var out []schedule.Task
	for _, e := range p.Entries {
		check, ok := cat.Lookup(e.Check)
		if !ok {
			continue // policy.Decode let none such through
		}
		info := check.Info()
		out = append(out, schedule.Task{
			ID:       e.ID,
			Version:  versionOf(e),
			Every:    time.Duration(e.Every),
			Deadline: info.Deadline + graceAfterDeadline,
			Heavy:    info.Heavy,
			Run: func(ctx context.Context) {
				now := *machine()
				now.Past = past{results, e.ID}
				res := check.Run(ctx, &now, e.Params)
				if errors.Is(ctx.Err(), context.Canceled) {
					return // the agent is ending: nothing was measured
				}
				results.Observe(wireResult(e, res))
			},
		})
	}
	return out
}

// versionOf identifies what an entry runs.
func versionOf(e policy.Entry) string {
	sum := sha256.Sum256(append([]byte(e.Check+"\x00"), e.Params...))
	return hex.EncodeToString(sum[:])
}

// wireResult is a result as reports carry it. Names of files and accounts may
// be in any encoding, the wire takes UTF-8 only.
func wireResult(e policy.Entry, r checks.Result) *apiv1.Result {
	out := &apiv1.Result{
		Entry: e.ID, Control: e.Control, Check: e.Check,
		Status:     apiv1.StatusOf(string(r.Status)),
		Reason:     wireReason(r.Reason),
		Observed:   r.Observed,
		ObservedAt: r.ObservedAt.UnixMicro(),
		TookMs:     r.Took.Milliseconds(),
	}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, &apiv1.Finding{
			Key: utf8Only(f.Key), Status: apiv1.StatusOf(string(f.Status)), Reason: wireReason(f.Reason),
		})
	}
	return out
}

func wireReason(r checks.Reason) *apiv1.Reason {
	out := &apiv1.Reason{Code: r.Code}
	for name, value := range r.Args {
		if out.Args == nil {
			out.Args = make(map[string]string, len(r.Args))
		}
		out.Args[name] = utf8Only(value)
	}
	return out
}

// reasonOf is the inverse of wireReason.
func reasonOf(r *apiv1.Reason) checks.Reason {
	return checks.Reason{Code: r.GetCode(), Args: r.GetArgs()}
}

func utf8Only(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// introducer tells which machine this is.
type introducer struct {
	machine func() *host.Host
	version string
	marks   func() local.Marks // nil: none
	asking  atomic.Bool        // a question is under way, maybe one that is never answered
	marked  atomic.Pointer[local.Marks]
}

// patience is how long a report waits to be told the name of its machine.
const patience = 10 * time.Second

// describe tells which machine this is. A machine that does not answer is not waited for:
// the collector keeps what it was told before, and no report may be late for it.
func (i *introducer) describe(ctx context.Context) *apiv1.Machine {
	h := i.machine()
	m := &apiv1.Machine{Os: string(h.OS), AgentVersion: i.version}
	if !i.asking.CompareAndSwap(false, true) {
		return m
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	told := make(chan host.Identity, 1)
	go func() {
		id, err := h.System.Identity(ctx)
		if i.marks != nil && i.marked.Load() == nil { // they stay as long as the agent runs
			marks := i.marks()
			i.marked.Store(&marks)
		}
		i.asking.Store(false)
		if err == nil {
			told <- id
		}
		close(told)
	}()
	select {
	case id, ok := <-told:
		if ok {
			m.Hostname, m.OsName, m.OsVersion, m.Arch = utf8Only(id.Hostname), utf8Only(id.OSName), utf8Only(id.OSVer), id.Arch
		}
	case <-ctx.Done():
	}
	if marks := i.marked.Load(); marks != nil {
		m.HardwareId, m.InstallationId = hardwareID(*marks), installationID(*marks)
	}
	return m
}

// unmarked is a machine as reports name it that are not full: it stays the same one.
func unmarked(m *apiv1.Machine) *apiv1.Machine {
	m = proto.CloneOf(m)
	m.HardwareId, m.InstallationId = nil, nil
	return m
}
