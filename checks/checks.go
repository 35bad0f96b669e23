// Package checks says what a check is.
//
// A check observes, then judges. Observing is the impure half: per operating
// system, a function reads the machine through host.Host and returns a plain
// struct of facts, which is the evidence and includes what could not be read.
// Judging is pure: facts, parameters and the time of observation give a
// verdict, so old evidence can be judged again when a law or a threshold
// changes. New joins both halves, and only New implements Check: it owns the
// deadline, the recovery of a crash and the decoding of parameters, so that an
// author cannot forget them.
//
// Always true: a fact that could not be measured is Unknown, never Pass; a
// result holds codes and arguments, never prose; and no personal value is in
// it.
package checks

import (
	"context"
	"encoding/json"
	"time"

	"vigia/checks/host"
	"vigia/checks/message"
)

// Status is the outcome of a check, a control or a machine.
type Status string

// The statuses. The whole is the worst of its parts, see Worst.
const (
	// Pass meets the legal bar and the recommended one.
	Pass Status = "pass"
	// Warn meets the legal bar but misses the recommended one.
	Warn Status = "warn"
	// Fail misses the legal bar.
	Fail Status = "fail"
	// Unknown could not be measured: unreadable, timed out, truncated,
	// unsupported or stale. It is never counted as a pass.
	Unknown Status = "unknown"
	// NotApplicable means that the thing itself is absent: no desktop, no
	// dataset, no portable. An absent setting is not that.
	NotApplicable Status = "not_applicable"
)

// Statuses lists all statuses, worst first.
func Statuses() []Status { return []Status{Fail, Unknown, Warn, Pass, NotApplicable} }

// Valid tells whether s is one of the five statuses.
func (s Status) Valid() bool { return s.rank() > 0 }

func (s Status) rank() int {
	switch s {
	case Fail:
		return 5
	case Unknown:
		return 4
	case Warn:
		return 3
	case Pass:
		return 2
	case NotApplicable:
		return 1
	default:
		return 0
	}
}

// Worst returns the worst of the statuses: fail, unknown, warn, pass,
// not_applicable. Anything that is not a Status counts as Unknown, and so does
// an empty list: nothing measured is not a pass.
func Worst(statuses ...Status) Status {
	if len(statuses) == 0 {
		return Unknown
	}
	worst := NotApplicable
	for _, s := range statuses {
		if !s.Valid() {
			s = Unknown
		}
		if s.rank() > worst.rank() {
			worst = s
		}
	}
	return worst
}

// Reason says why, as a code of the check's catalogue with its arguments.
// Arguments are safe to show and to keep: no personal value is among them.
type Reason struct {
	Code string            `json:"code"`
	Args map[string]string `json:"args,omitempty"`
}

// Because builds a Reason from a code and pairs of argument name and value.
func Because(code string, pairs ...string) Reason {
	r := Reason{Code: code}
	for i := 0; i+1 < len(pairs); i += 2 {
		if r.Args == nil {
			r.Args = make(map[string]string, len(pairs)/2)
		}
		r.Args[pairs[i]] = pairs[i+1]
	}
	return r
}

// Finding is the state of one part of a check: one profile, account, dataset
// or file. Key names the part and is stable from run to run, so that the
// collector can tell a persisting finding from a new one.
type Finding struct {
	Key    string `json:"key"`
	Status Status `json:"status"`
	Reason Reason `json:"reason"`
}

// Verdict is what a judgement answers.
type Verdict struct {
	Status   Status    `json:"status"`
	Reason   Reason    `json:"reason"`
	Findings []Finding `json:"findings,omitempty"`
}

// Result is one run of a check on one machine.
type Result struct {
	Check string
	Verdict
	// Observed is the JSON of the facts; nil when observing gave none.
	Observed   json.RawMessage
	ObservedAt time.Time
	Took       time.Duration
}

// Unread names one source of facts that could not be read, and why.
type Unread struct {
	// Source is a path, registry key or API name, without personal values.
	Source string `json:"source"`
	// Why is one of the codes of WhyUnread.
	Why string `json:"why"`
}

// Info describes a check. It is constant.
type Info struct {
	// ID names the check, as domain.name: "session.screenlock". Never reused.
	ID string
	// Deadline bounds one run; zero means DefaultDeadline.
	Deadline time.Duration
	// Heavy checks run one at a time and at low priority.
	Heavy bool
	// Covers says, for each system that the check can observe, where its facts
	// come from and what they leave out.
	Covers map[host.OS]Coverage
	// Messages says each reason code of the check in both languages, and what
	// a generalist technician does about it.
	Messages message.Catalogue
}

// Coverage is what a check sees of one system, for whoever must trust it.
type Coverage struct {
	// Sources are the paths, registry keys, calls and classes that are read.
	Sources []string
	// Missing says what is not covered, and why; empty when nothing is known to be.
	Missing message.Text
	// ByHand says how an auditor repeats the measurement on the machine.
	ByHand message.Text
}

// DefaultDeadline bounds a check that names no deadline of its own.
const DefaultDeadline = 30 * time.Second

// Check measures one duty on one machine. Implementations come from New.
type Check interface {
	Info() Info
	// Platforms lists the systems the check can observe, sorted.
	Platforms() []host.OS
	// Run observes and judges. It never returns an error: a measurement that
	// did not work is an Unknown result with its reason.
	Run(ctx context.Context, h *host.Host, params json.RawMessage) Result
	// Judge repeats the judgement on old evidence, as of the time at which it
	// was observed. It errors only when observed or params cannot be decoded.
	Judge(observed, params json.RawMessage, at time.Time) (Verdict, error)
	// CheckParams reports what is wrong with params: unknown or ill-typed
	// fields. A policy is validated with it, by the code that will run it.
	CheckParams(params json.RawMessage) error
	// TakesParam tells whether the check has a parameter of that name.
	TakesParam(name string) bool
	// NewFacts returns a pointer to facts as Run observes them, with nothing in them: all
	// that can leave the machine with a result is a field of theirs.
	NewFacts() any
}
