package reviews

import (
	"time"

	"vigia/checks"
	"vigia/checks/policy"
	"vigia/collector/evidence"
	"vigia/collector/findings"
)

// Snapshot is the quarter's numbers, frozen.
type Snapshot struct {
	Organisation string
	Period       Period
	// At is the instant that the numbers hold for: the end of the quarter, or
	// the moment of freezing while it still runs.
	At time.Time
	// Final tells that the quarter was over.
	Final bool

	Coverage Coverage
	// Controls are the duties in the order of the law book: all that some
	// policy measures, and the core ones that none does.
	Controls []Control
	// States are the whole states of machines by machine and entry, with those
	// that stand for no duty (findings.ControlAgent) left out.
	States []State
	// Findings are what is wrong, and what was resolved within the quarter.
	Findings []findings.Finding
	// Trend has one point a week and one for At.
	Trend []Point
	// Notes are what changed the rules or the fleet within the quarter.
	Notes []Note

	// Leaves are the indexes of the entries that prove the states, sorted.
	Leaves []int64
}

// MachineState says how a machine stands in the coverage.
type MachineState string

// The states of coverage. The first three are machines with an agent.
const (
	Measured  MachineState = "measured"  // reports, and nothing it measures is unknown
	Partly    MachineState = "partly"    // reports, and something is unknown
	Silent    MachineState = "silent"    // does not report any more
	Never     MachineState = "never"     // enrolled and never reported
	Excluded  MachineState = "excluded"  // left out on purpose
	Agentless MachineState = "agentless" // known to the organisation, without agent
	Departed  MachineState = "departed"  // revoked or retired within the quarter
)

// Coverage says whom the numbers speak for.
type Coverage struct {
	Machines []Machine
	// Listed tells that a list of known machines was imported; without one
	// nobody knows which machines have no agent.
	Listed bool
}

// Count counts the machines in a state.
func (c Coverage) Count(state MachineState) int {
	n := 0
	for _, m := range c.Machines {
		if m.State == state {
			n++
		}
	}
	return n
}

// Machine is one machine of the coverage.
type Machine struct {
	ID         string // agent id, empty without agent
	Hostname   string
	Department string
	OS         string
	State      MachineState
	LastSeen   time.Time // of its last measurement up to Snapshot.At
	Enrolled   time.Time
	// Why says why it is excluded or departed, in the words of who did it.
	Why string
}

// State is the state of one entry on one machine, and its evidence.
type State struct {
	findings.State
	Hostname string
	// Facts is the leaf with the observed facts when that is not Leaf: the
	// report that a later one refers to. -1: none was found.
	Facts int64
	// PolicyLeaf is the leaf of the policy with whose parameters it was judged,
	// -1 when none was found.
	PolicyLeaf int64
}

// Control is one duty over all machines.
type Control struct {
	policy.Control
	// Measured tells that a policy in force asks for it.
	Measured bool
	Packs    []string
	// Counts are machines by status at At, Before at the end of the quarter
	// before; Before is empty when nothing was measured then.
	Counts, Before map[checks.Status]int
}

// Worst is the worst status of the control on any machine, Unknown when
// nothing measures it.
func (c Control) Worst() checks.Status {
	var statuses []checks.Status
	for status, n := range c.Counts {
		if n > 0 {
			statuses = append(statuses, status)
		}
	}
	return checks.Worst(statuses...)
}

// Point counts states of all controls at a time.
type Point struct {
	At     time.Time
	Counts map[checks.Status]int
}

// Note is an event of the quarter that a reader of its numbers must know of.
type Note struct {
	At   time.Time
	Kind evidence.Kind
	// Subject is whom it concerns: a host name, a register, a file.
	Subject string
	// By and Why are the words of who did it; empty where nobody gave any.
	By, Why string
	Leaf    int64
}
