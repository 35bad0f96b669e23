// Package decisions is the queue of what a person must decide: what is wrong, grouped by
// its cause, and what was decided about it.
//
// Three hundred machines that lack a screen lock are one line of the queue and one
// decision. A cause is a control, the reason why it is not met, and how much it weighs; its
// members are the findings that share it. They come from sources: what is measured, what
// the books say against it, duties that nobody attested.
//
// Always true: a finding that nobody decided on stands in the queue for as long as it is
// there; a decision covers the findings that it names, and later ones of the same cause only
// where its kind says so (see Kind), and only until its day; a finding that was put right and came
// back is a new one; every decision is a leaf of the evidence log, written in the
// transaction that makes it true, and all rows can be made again from those leaves. The
// package measures nothing and knows no article of a law.
package decisions

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the package's tables.
func Schema() storage.Schema { return storage.Embedded("decisions", migrations) }

// Kind is what was decided.
type Kind string

// The kinds, with the findings that each covers and for how long. All but the waiver leave
// a finding that was put right and came back to be decided anew.
const (
	// Fix: somebody mends it. Owner and Due are required; it becomes a line of the work
	// plan. Covers the members and later ones of the cause to the end of Due: what is left
	// then waits for a decision again.
	Fix Kind = "fix"
	// Ask: the technician is asked first. Who is required. Covers the members to the end
	// of Due, a week when it is not said.
	Ask Kind = "ask"
	// Waive: the organisation lives with it for a reason. Why and Until are required; it
	// becomes a row of the book of waivers. Covers the members and later ones, in
	// Department if one is named, to the end of Until, and then they wait again.
	Waive Kind = "waive"
	// Incident: it is one. Covers the members, without end.
	Incident Kind = "incident"
	// Dismiss: it is not so, or does not matter. Why is required. Covers the members,
	// without end.
	Dismiss Kind = "dismiss"
	// Plan: it was found when measuring began and goes to the work plan. Owner and Due are
	// required. Covers the members, and later ones that open by the end of Until, which
	// is when installation ends; all to the end of Due.
	Plan Kind = "plan"
)

// Kinds lists the kinds in the order in which people are offered them.
func Kinds() []Kind { return []Kind{Fix, Ask, Waive, Incident, Dismiss, Plan} }

// Valid tells whether k is one of the kinds.
func (k Kind) Valid() bool { return slices.Contains(Kinds(), k) }

// Member is one finding of a cause.
type Member struct {
	Machine string // agent id; empty where it is not about a machine
	Entry   string // of a policy, or what a source calls it
	Part    string // the finding's key; empty for the whole
	// Opened is when it began to be so this time.
	Opened time.Time
	// Again tells that it was put right before and came back.
	Again bool
	// Subject names in words what it is about where that is no machine: an account.
	Subject    string
	Department string
	Reason     checks.Reason
}

// id tells members apart.
type id struct{ machine, entry, part string }

func (m Member) id() id { return id{m.Machine, m.Entry, m.Part} }

// Cause is what a source has found wrong, and where.
type Cause struct {
	Control  string
	Code     string // of the reason
	Severity policy.Severity
	Status   checks.Status
	Members  []Member
	// Title and Do say it in words where Code is of no check's catalogue; may be empty.
	Title, Do message.Text
}

// Key is the cause's own name, in addresses and evidence, and never changes:
// "AC-LOCK-15~session.lock_off~high".
func (c Cause) Key() string { return c.Control + "~" + c.Code + "~" + string(c.Severity) }

// Source finds causes. Each gives those of its own codes.
type Source interface {
	Groups(ctx context.Context, tx *storage.Tx, at time.Time) ([]Cause, error)
}

// Machine is a machine of a group.
type Machine struct{ ID, Hostname, Department string }

// Group is a line of the queue: a cause with what was decided on it.
type Group struct {
	Key      string
	Control  string
	Code     string
	Severity policy.Severity
	// Status is the worst of the members': fail, unknown or warn.
	Status checks.Status
	// Reason is one member's, to say the cause with; Varied tells that others' differ
	// in their arguments.
	Reason    checks.Reason
	Varied    bool
	Title, Do message.Text // of a source whose codes are in no check's catalogue

	Machines    []Machine // by name, each once; of all members
	Departments []string  // by name
	Members     []Member
	// Since is when the oldest member opened.
	Since time.Time

	// Undecided counts the members that wait for a decision; they come first in Members.
	Undecided int
	// Waits is since when the one that waits longest does: since it opened, or since the
	// decision on it ran out. Zero when none waits.
	Waits time.Time
	// Overdue: critical or high, and undecided for longer than DecideWithin.
	Overdue bool
	// Decision covers the group: the newest of those that cover a member. Nil while a
	// member is undecided.
	Decision *Decision
	// Past are all decisions on the cause, the newest first.
	Past []Decision

	// Concerns are by its ID the departments of the members that a decision names or covers.
	Concerns map[int64]map[string]bool
}

// Asks tells whether the group waits for a decision. What only could be better meets the
// law, and waits for nobody.
func (g Group) Asks() bool { return g.Undecided > 0 && g.Status != checks.Warn }

// In tells whether a department has a part in the group.
func (g Group) In(department string) bool { return slices.Contains(g.Departments, department) }

// Choice is what a person decides.
type Choice struct {
	Kind Kind
	// Why is the reason, or the text for the technician, in the person's words.
	Why string
	// Owner mends it (Fix, Plan), Who is asked (Ask): a person or a post.
	Owner, Who string
	// Due is the last day of Fix, Ask and Plan; Until of Waive, and of a Plan's later
	// members. Any instant of the day in the organisation's zone.
	Due, Until time.Time
	// Department narrows a waiver.
	Department string
	// Compensating is what is done instead (Waive), Approver who approves it: an account.
	Compensating, Approver string
	// Action words the line of the work plan; the cause's key when it is empty.
	Action string
	// Again decides anew on what is decided already, too.
	Again bool
	// Act is who decides, and by which way. Its Why is not used.
	Act registers.Act
}

// Decision is a choice that was taken.
type Decision struct {
	ID   int64
	Key  string
	At   time.Time
	Leaf int64 // of the evidence log
	Kind Kind
	By   string
	Why  string
	// Owner, Who, Due, Until, Department as in Choice. Days are those of the organisation,
	// as midnights of UTC; zero: none.
	Owner, Who string
	Due, Until time.Time
	Department string
	// Members counts the findings that it named.
	Members int
	// Again: it stands in the place of all decisions on the cause before it.
	Again bool
	// Ref is what it made elsewhere: the folio PLN-0004 of the work plan.
	Ref string
}

// Errors that callers tell apart.
var (
	// ErrNoGroup: there is no such cause now.
	ErrNoGroup = errors.New("no such cause is in the queue")
	// ErrDecided: nothing of it waits for a decision.
	ErrDecided = errors.New("it was decided on already")
	// ErrChoice: something that the kind needs is missing.
	ErrChoice = errors.New("the decision is not whole")
	// ErrNotYet: what it would go to is not there in this version.
	ErrNotYet = errors.New("this kind of decision cannot be taken here")
)

// ChoiceError says which field of a choice is missing or wrong.
type ChoiceError struct{ Field string }

// Error says it in a line, in English, for logs.
func (e *ChoiceError) Error() string { return ErrChoice.Error() + ": " + e.Field }

// Is makes the error one of ErrChoice.
func (e *ChoiceError) Is(target error) bool { return target == ErrChoice }

// severityRank orders severities, the worst first.
func severityRank(s policy.Severity) int {
	i := slices.Index([]policy.Severity{policy.Critical, policy.High, policy.Medium, policy.Low}, s)
	if i < 0 {
		return 4
	}
	return i
}

// sortGroups puts first what waits, then what weighs most, then what has most members.
func sortGroups(groups []Group) {
	first := func(yes bool) int {
		if yes {
			return 0
		}
		return 1
	}
	slices.SortFunc(groups, func(a, b Group) int {
		return cmp.Or(first(a.Asks())-first(b.Asks()), first(a.Undecided > 0)-first(b.Undecided > 0),
			severityRank(a.Severity)-severityRank(b.Severity), cmp.Compare(len(b.Members), len(a.Members)), strings.Compare(a.Key, b.Key))
	})
}

// Within is the group as one department sees it: only what is its own, and of the decisions
// those that are about it.
func (g Group) Within(department string) Group {
	out := g
	out.Machines, out.Members, out.Departments, out.Undecided = nil, nil, []string{department}, 0
	out.Since = time.Time{}
	for i, m := range g.Members {
		if m.Department != department {
			continue
		}
		out.Members = append(out.Members, m)
		if i < g.Undecided {
			out.Undecided++
		}
		if out.Since.IsZero() || m.Opened.Before(out.Since) {
			out.Since = m.Opened
		}
	}
	for _, m := range g.Machines {
		if m.Department == department {
			out.Machines = append(out.Machines, m)
		}
	}
	if len(out.Members) > 0 {
		out.Reason = out.Members[0].Reason
	}
	out.Overdue = g.Overdue && out.Undecided > 0
	out.Past, out.Decision = nil, nil
	for _, d := range g.Past {
		if g.Concerns[d.ID][department] {
			out.Past = append(out.Past, d)
		}
	}
	if out.Undecided == 0 && len(out.Past) > 0 {
		out.Decision = &out.Past[0]
	}
	return out
}
