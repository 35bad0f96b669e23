// Package findings says what is wrong now, since when, and what changed.
//
// It turns reports into states: for every machine, every entry of its policy
// and every part of that (a profile, an account, a dataset), the stretches of
// time during which it was seen in one state. Each result is judged again here
// by the catalogue's own check with the parameters of the policy that the
// report names; the agent's own status is kept beside, and a difference shows.
//
// Always true: what was not measured is Unknown and never Pass, be it because
// a check is not known here, because facts are missing or because the machine
// has fallen silent; a fact counts at the time at which it was observed, so
// that the state at any past time can be told; what comes late is put into its
// place in history and leaves the present alone; and all of it is a view, which
// gives the same rows again when it is made anew from the evidence log.
//
// The package decides no incident, knows no article of a law and talks to
// nobody.
package findings

import (
	"embed"
	"fmt"
	"math"
	"time"

	"vigia/checks"
	"vigia/checks/policy"
	"vigia/collector/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the package's tables.
func Schema() storage.Schema { return storage.Embedded("findings", migrations) }

// Entries that the collector adds to those of the policies. They say how far a
// machine's evidence goes and stand for no duty of a law; their control is
// ControlAgent.
const (
	ControlAgent = "VIGIA"
	// EntrySilence: the machine does not report. Given by FindingsAt only.
	EntrySilence = "vigia.silence"
	// EntryEquivocation: two different reports bear one number.
	EntryEquivocation = "vigia.equivocation"
	// EntryGap: reports were lost or dropped before they arrived.
	EntryGap = "vigia.gap"
	// EntryClock: the machine's clock is wrong by more than a little.
	EntryClock = "vigia.clock"
	// EntryPolicy: the machine was offered a policy and refused it.
	EntryPolicy = "vigia.policy"
)

// Machine is what this package needs to know of a machine.
type Machine struct {
	ID         string // agent id
	Department string
	// EnrolledAt bounds what a machine's clock may claim; zero for no bound.
	EnrolledAt time.Time
}

// State is the state of one part of one machine.
type State struct {
	Machine string // agent id
	Entry   string // of the policy: a control's id, perhaps with "@pack"
	Control string
	Check   string
	Key     string // "" for the whole, else the finding's key
	Status  checks.Status
	// AgentStatus is the agent's own judgement of the whole; empty when it gave
	// none.
	AgentStatus checks.Status
	Reason      checks.Reason
	Severity    policy.Severity
	// Since is when the status began, Last when it was observed last.
	Since, Last time.Time
	Leaf        int64 // evidence of the last observation
	Sequence    uint64
	// Late tells that the state became known after later ones.
	Late bool
	// Silent tells that the machine does not report any more, so that the
	// status is the last one known (a fail) or unknown (all else).
	Silent bool
}

// Differs tells whether agent and collector judged the same facts otherwise.
func (s State) Differs() bool {
	return s.Key == "" && s.AgentStatus != "" && s.AgentStatus != s.Status && !s.Silent
}

// Phase is where a finding is in its life.
type Phase string

// The phases. A finding is new until it was observed twice; it resolves when
// two observations in a row, or one full report, find nothing wrong.
const (
	New        Phase = "new"
	Persistent Phase = "persistent"
	Resolved   Phase = "resolved"
	Reappeared Phase = "reappeared"
)

// Finding is something that is not as it should be: a state other than pass and
// not applicable, followed over time. The whole of an entry is a finding only
// when none of its parts is.
type Finding struct {
	State
	// FirstSeen is when it was seen first, whatever happened since.
	FirstSeen time.Time
	// OpenedAt is when it began to be so the last time.
	OpenedAt time.Time
	Phase    Phase
	// ResolvedAt is zero unless the phase is Resolved; the state is then the
	// last one before.
	ResolvedAt time.Time
	Times      int // episodes, this one included
}

// ResolvedFor is for how long FindingsAt lists what is resolved: longer than a
// quarter.
const ResolvedFor = 100 * 24 * time.Hour

// forever ends what has not ended.
const forever = math.MaxInt64

// Options configures NewStore.
type Options struct {
	// Checks finds a check to judge again with: the catalogue.
	Checks Checks
	// Location is the time zone in which days begin; nil means UTC.
	Location *time.Location
	// Absences tells which machines are said to be away; nil: none ever is.
	Absences Absences
}

// Checks finds checks by their ids; *catalog.Catalog is one.
type Checks interface {
	Lookup(id string) (checks.Check, bool)
}

// Store keeps the states. Every method works inside the caller's transaction
// and is safe for concurrent use.
type Store struct {
	checks   Checks
	location *time.Location
	absences Absences
	many     int // states from which on Glance remembers them

	glance glance
}

// NewStore returns a Store on the tables of Schema.
func NewStore(opts Options) *Store {
	s := &Store{checks: opts.Checks, location: opts.Location, absences: opts.Absences, many: manyStates}
	if s.location == nil {
		s.location = time.UTC
	}
	return s
}

func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(us int64) time.Time {
	if us == 0 || us == forever {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// track names what a row is about.
type track struct{ machine, entry, key string }

func (t track) String() string {
	if t.key == "" {
		return fmt.Sprintf("%s on %s", t.entry, t.machine)
	}
	return fmt.Sprintf("a part of %s on %s", t.entry, t.machine)
}
