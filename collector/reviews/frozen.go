package reviews

import (
	"time"

	"vigia/checks"
	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/registers"
)

// Frozen is what an act is about: numbers and lines that never change again.
type Frozen struct {
	Organisation string `json:"organisation"`
	Period       string `json:"period"`
	Zone         string `json:"time_zone"`
	// At is the instant that the numbers hold for; Final tells that the quarter was over.
	At    time.Time `json:"at"`
	Final bool      `json:"final"`
	// Amends names the act that this one amends, and Why is the reason.
	Amends string `json:"amends,omitempty"`
	Why    string `json:"why,omitempty"`
	// Carried are the decisions of the act that it amends.
	Carried []Decided `json:"carried,omitempty"`

	// Digest is that of the snapshot, and Log the state of the evidence that it was read from.
	Digest string    `json:"digest"`
	Log    LogState  `json:"log"`
	Counts StatusMap `json:"counts"` // states of all machines

	Coverage Covered   `json:"coverage"`
	Changes  []Change  `json:"changes"` // of the rules, with who made them
	Waivers  []Excused `json:"waivers"`
	Roles    []Holder  `json:"roles"`
	Sections []Part    `json:"sections"`
}

// StatusMap counts by status.
type StatusMap map[checks.Status]int

// LogState is the evidence log at a size.
type LogState struct {
	Origin string `json:"origin"`
	Size   int64  `json:"size"`
	Root   []byte `json:"root"`
}

// Covered says whom the numbers speak for.
type Covered struct {
	Counts map[MachineState]int `json:"counts"`
	// Listed tells that a list of known machines was imported.
	Listed bool `json:"listed"`
	// Unmeasured are machines that are not measured, the first of them.
	Unmeasured []Machine `json:"unmeasured"`
	More       int       `json:"more,omitempty"`
}

// Change is something that was changed in the quarter that others' numbers rest on.
type Change struct {
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Subject string    `json:"subject"`
	By      string    `json:"by"`
	Why     string    `json:"why,omitempty"`
	Leaf    int64     `json:"leaf"`
}

// Excused is a waiver or an exclusion that held in the quarter.
type Excused struct {
	What   string `json:"what"` // a folio, or a machine
	About  string `json:"about"`
	Reason string `json:"reason"`
	By     string `json:"by,omitempty"`
	Until  string `json:"until,omitempty"` // YYYY-MM-DD
}

// Holder is a person with a role in the portal.
type Holder struct {
	Account string    `json:"account"`
	Role    string    `json:"role"`
	Name    string    `json:"name,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	Ended   bool      `json:"ended,omitempty"`
}

// Part is one section of an act.
type Part struct {
	ID       string       `json:"id"`
	Title    message.Text `json:"title"`
	Asks     message.Text `json:"asks"`
	Controls []Duty       `json:"controls"`
	Books    []BookChange `json:"books,omitempty"`
	Proof    *Proof       `json:"proof,omitempty"`
	Lines    []Line       `json:"lines"`
}

// Counts are the machines by status, over the section's controls.
func (p Part) Counts() StatusMap {
	out := StatusMap{}
	for _, c := range p.Controls {
		for s, n := range c.Counts {
			out[s] += n
		}
	}
	return out
}

// Duty is one control of a section.
type Duty struct {
	ID       string          `json:"id"`
	Title    message.Text    `json:"title"`
	Severity policy.Severity `json:"severity"`
	Measured bool            `json:"measured"`
	Counts   StatusMap       `json:"counts,omitempty"`
	Before   StatusMap       `json:"before,omitempty"`
}

// BookChange is what changed in a register within the quarter.
type BookChange struct {
	Book    string       `json:"book"`
	Title   message.Text `json:"title"`
	Rows    int          `json:"rows"` // in force at its end
	Added   int          `json:"added"`
	Changed int          `json:"changed"`
	Removed int          `json:"removed"`
	// Last are the newest of them.
	Last []BookRow `json:"last,omitempty"`
}

// BookRow is one version of a row, without what it says.
type BookRow struct {
	Folio  string           `json:"folio"`
	Action registers.Action `json:"action"`
	At     time.Time        `json:"at"`
	By     string           `json:"by"`
	Leaf   int64            `json:"leaf"`
}

// Proof is what a section must show beside its numbers.
type Proof struct {
	Book  string       `json:"book"`
	Title message.Text `json:"title"`
	// Rows are the folios of the quarter; none: the proof is missing.
	Rows []BookRow `json:"rows"`
}

// LineKind is why there is a line.
type LineKind string

// The kinds of lines.
const (
	// Open is a group of findings with one cause that nobody has decided.
	Open LineKind = "open"
	// Minor are several lesser causes of a section in one line.
	Minor LineKind = "minor"
	// Settled are causes that are in the plan or waived: they are confirmed.
	Settled LineKind = "settled"
	// Missing is a proof that is not there.
	Missing LineKind = "missing"
	// Conclusion closes a section: what nothing measures, or that nothing is wrong.
	Conclusion LineKind = "conclusion"
)

// Line is one thing to decide.
type Line struct {
	ID       string          `json:"id"` // "passwords-2": of the section, from 1
	Kind     LineKind        `json:"kind"`
	Severity policy.Severity `json:"severity"`
	Status   checks.Status   `json:"status"`
	Causes   []Cause         `json:"causes,omitempty"`
	// Machines counts them, over all causes.
	Machines int `json:"machines"`
	// Proposed is what most would choose; empty: nothing is proposed.
	Proposed Choice `json:"proposed,omitempty"`
	// Duties are the controls that nothing measures, of a conclusion.
	Duties []string `json:"duties,omitempty"`
}

// Cause is one group of findings: a control, and why it is not met.
type Cause struct {
	Control  string          `json:"control"`
	Title    message.Text    `json:"title"`
	Code     string          `json:"code"`
	Text     message.Text    `json:"text"` // of the worst of them
	Do       message.Text    `json:"do"`
	Severity policy.Severity `json:"severity"`
	Status   checks.Status   `json:"status"`
	Machines int             `json:"machines"`
	// Names are the first machines by name.
	Names []string  `json:"names"`
	Since time.Time `json:"since"` // of the oldest
	// Standing is what was decided outside of the review; nil: nothing.
	Standing *Standing `json:"standing,omitempty"`
}

// Standing is what the queue of findings knows of a cause.
type Standing struct {
	Control string `json:"-"`
	Code    string `json:"-"`
	Choice  Choice `json:"choice"`        // Plan, Waive or Dismiss
	Ref     string `json:"ref,omitempty"` // "PLN-0007"
	By      string `json:"by,omitempty"`
	Until   string `json:"until,omitempty"` // YYYY-MM-DD
}
