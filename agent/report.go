package agent

import (
	"context"
	"fmt"
	"math"
	"runtime/metrics"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"vigia/agent/schedule"
	"vigia/agent/spool"
	apiv1 "vigia/collector/api/v1"
)

// Codes of the events that the agent tells about itself.
const (
	eventStarted       = "agent.started"
	eventDamaged       = "spool.damaged"
	eventDropped       = "spool.dropped"
	eventPolicyRefused = "policy.refused"
	eventSafeMode      = "agent.safe_mode"
	eventCrashed       = "agent.crashed"
)

// Bounds of what is waiting to be told.
const (
	maxEvents   = 200
	maxEventArg = 500 // bytes
)

// reporter turns results and events into signed reports on disk.
type reporter struct {
	queue    *spool.Queue
	ledger   *schedule.Ledger
	id       signer
	policies *policies
	machine  func(context.Context) *apiv1.Machine
	now      func() time.Time
	started  time.Time
	// wrote is called after a report is durable. A calm one says nothing that the one
	// before did not.
	wrote func(calm bool)

	writing sync.Mutex // one report at a time

	mu     sync.Mutex
	events []*apiv1.Event // not yet in a report
}

// note keeps an event for the next report.
func (r *reporter) note(code string, args map[string]string) {
	e := &apiv1.Event{Code: code, Args: map[string]string{}, At: r.now().UnixMicro()}
	for name, value := range args {
		e.Args[name] = utf8Only(value[:min(len(value), maxEventArg)])
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.events) < maxEvents {
		r.events = append(r.events, e)
	}
}

// tell reports an event, durably.
func (r *reporter) tell(ctx context.Context, code string, args map[string]string) error {
	r.note(code, args)
	return r.write(ctx, schedule.Partial)
}

// writeDue writes a report if one is due or something is to be told.
func (r *reporter) writeDue(ctx context.Context) error {
	due := r.ledger.Due()
	if due == schedule.Nothing && r.waiting() > 0 {
		due = schedule.Partial
	}
	if due == schedule.Nothing {
		return nil
	}
	return r.write(ctx, due)
}

func (r *reporter) waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.events)
}

// write makes a report durable. What it holds counts as told only then.
func (r *reporter) write(ctx context.Context, due schedule.Due) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	machine := r.machine(ctx)
	epoch, version := r.policies.Current()
	health := r.health()
	calm := due != schedule.Full
	for _, draft := range r.ledger.Draft(due) {
		named := machine
		if !draft.Full {
			named = unmarked(machine)
		}
		r.mu.Lock()
		events := slices.Clone(r.events)
		r.mu.Unlock()
		severity := draft.Severity
		if len(events) > 0 {
			severity = max(severity, schedule.SeverityEvent)
		}
		calm = calm && severity == schedule.SeverityBeat
		sequence, err := r.queue.Append(ctx, spool.Severity(severity), func(sequence uint64, previous spool.Hash) (spool.Signed, error) {
			return r.sign(&apiv1.Report{
				AgentId: r.id.AgentID(), Sequence: sequence, PreviousHash: previous[:], CreatedAt: r.now().UnixMicro(),
				PolicyEpoch: epoch, PolicyVersion: version, Machine: named,
				Full: draft.Full, Results: draft.Results, Events: events, Health: health,
			})
		})
		if err != nil {
			return err
		}
		r.ledger.Commit(draft, sequence)
		r.mu.Lock()
		r.events = slices.Delete(r.events, 0, len(events))
		r.mu.Unlock()
	}
	r.wrote(calm)
	return nil
}

func (r *reporter) sign(report *apiv1.Report) (spool.Signed, error) {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(report)
	if err != nil {
		return spool.Signed{}, fmt.Errorf("encode: %w", err)
	}
	if len(b) > apiv1.MaxReportBytes {
		return spool.Signed{}, fmt.Errorf("%d bytes are over the bound of a report, %d", len(b), apiv1.MaxReportBytes)
	}
	return spool.Signed{Message: b, Signature: r.id.Sign(apiv1.DomainReport, b)}, nil
}

// recall rebuilds the ledger from the reports on disk.
func (r *reporter) recall() error {
	return r.queue.Backward(func(rec spool.Record) bool {
		if rec.Gap != nil {
			return true
		}
		var report apiv1.Report
		if err := proto.Unmarshal(rec.Message, &report); err != nil {
			return true // the collector will say it; here it teaches nothing
		}
		return r.ledger.Recall(&report)
	})
}

// health is what the agent takes of the machine.
func (r *reporter) health() *apiv1.Health {
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
		{Name: "/cpu/classes/total:cpu-seconds"},
		{Name: "/cpu/classes/idle:cpu-seconds"},
	}
	metrics.Read(samples)
	stats := r.queue.Stats()
	h := &apiv1.Health{
		StartedAt: r.started.UnixMicro(), SpoolBytes: uint64(stats.Bytes), SpoolReports: stats.Waiting,
		RssBytes: integer(samples[0]) - min(integer(samples[0]), integer(samples[1])),
	}
	if busy := float(samples[2]) - float(samples[3]); busy > 0 && !math.IsInf(busy, 0) {
		h.CpuMs = uint64(busy * 1000)
	}
	return h
}

func integer(s metrics.Sample) uint64 {
	if s.Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return s.Value.Uint64()
}

func float(s metrics.Sample) float64 {
	if s.Value.Kind() != metrics.KindFloat64 {
		return 0
	}
	return s.Value.Float64()
}
