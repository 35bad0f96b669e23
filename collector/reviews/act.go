package reviews

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/checks/policy"
	"vigia/collector/registers"
)

// Stage is how far an act is.
type Stage string

// The stages, in their order. The last two take no further step.
const (
	Deciding Stage = "deciding" // the numbers are frozen, lines are being decided
	Signed   Stage = "signed"   // by the officer; waits for the other signature
	Locked   Stage = "locked"   // signed by both on the screen
	OnPaper  Stage = "paper"    // signed by both on paper, and the scan is kept
)

// Closed tells that nothing more is written.
func (s Stage) Closed() bool { return s == Locked || s == OnPaper }

// StepKind says what a step does.
type StepKind string

// The kinds of steps.
const (
	StepFrozen        StepKind = "frozen"
	StepDecided       StepKind = "decided"
	StepSigned        StepKind = "signed"
	StepCountersigned StepKind = "countersigned"
	StepPaper         StepKind = "paper"
)

// StepSchema names the format of a step's payload. Members are only added.
const StepSchema = "vigia-review-step/1"

// Step is one step of an act: the payload of a leaf of kind review, with the subject
// "review/" and the act's id, and the step's number as its sequence.
type Step struct {
	Schema string        `json:"schema"`
	Act    string        `json:"act"`
	Number int           `json:"number"` // from 1
	Kind   StepKind      `json:"kind"`
	At     time.Time     `json:"at"`
	By     string        `json:"by"`
	Via    registers.Via `json:"via"`
	// Before is the SHA-256 of the payload of the step before, in hexadecimal.
	Before string `json:"before,omitempty"`

	Frozen    *Frozen    `json:"frozen,omitempty"`
	Decided   *Decided   `json:"decided,omitempty"`
	Signature *Signature `json:"signature,omitempty"`
	Paper     *Paper     `json:"paper,omitempty"`

	// Leaf and Hash are the step's place in the log and the SHA-256 of its payload.
	Leaf int64  `json:"-"`
	Hash string `json:"-"`
}

// Choice is what an officer decides on a line.
type Choice string

// The choices.
const (
	// Confirm: what is said is right, and nothing more is to be done in this quarter.
	Confirm Choice = "confirm"
	// Plan: it is put right by an action with an owner and a day.
	Plan Choice = "plan"
	// Waive: it stays so until a day, for a reason.
	Waive Choice = "waive"
	// Incident: it goes into the incident book.
	Incident Choice = "incident"
	// Dismiss: it is not as measured, or does not matter, for a reason.
	Dismiss Choice = "dismiss"
)

// Choices are the choices, in their order.
func Choices() []Choice { return []Choice{Confirm, Plan, Waive, Incident, Dismiss} }

// Decided is what was saved of one section.
type Decided struct {
	Section string     `json:"section"`
	Words   string     `json:"words,omitempty"` // the officer's, about the section
	Lines   []Decision `json:"lines"`
}

// Decision is what was decided on a line.
type Decision struct {
	Line   string `json:"line"`
	Choice Choice `json:"choice"`
	Words  string `json:"words,omitempty"` // the reason, or what is to be done
	Owner  string `json:"owner,omitempty"` // of the action
	Due    string `json:"due,omitempty"`   // YYYY-MM-DD, of the action or the waiver
}

// Signature is that of one person.
type Signature struct {
	Name string `json:"name"` // as it stands under the act
	Post string `json:"post,omitempty"`
	// Statement is the SHA-256 of what was signed, as Act.Statement gives it.
	Statement string `json:"statement"`
	// Undecided are the lines that were left undecided, none of them critical.
	Undecided []string `json:"undecided,omitempty"`
	// Late is what had come late by then.
	Late []Late `json:"late,omitempty"`
	// Followed is what the signature brought about: rows of other books.
	Followed []Followed `json:"followed,omitempty"`
}

// Followed is what came of a decision.
type Followed struct {
	Line string `json:"line"`
	Ref  string `json:"ref"` // "PLN-0007"
}

// Paper is an act that was signed by hand.
type Paper struct {
	SHA256 string `json:"sha256"` // of the scan
	Leaf   int64  `json:"leaf"`   // of the document
	Day    string `json:"day"`    // YYYY-MM-DD on which it was signed
	// Officer and Head are the names under it.
	Officer   string     `json:"officer"`
	Head      string     `json:"head"`
	Statement string     `json:"statement"`
	Undecided []string   `json:"undecided,omitempty"`
	Late      []Late     `json:"late,omitempty"`
	Followed  []Followed `json:"followed,omitempty"`
}

// Late is what a machine measured before the numbers were frozen and told after.
type Late struct {
	Machine  string    `json:"machine"`
	Hostname string    `json:"hostname"`
	Reports  int       `json:"reports"`
	First    time.Time `json:"first"` // measured
	Last     time.Time `json:"last"`
	Leaf     int64     `json:"leaf"` // of the first one
}

// Errors that callers tell apart.
var (
	ErrNoAct = errors.New("there is no such act")
	// ErrExists: the period has an act, or the act an amendment.
	ErrExists = errors.New("the act was opened before")
	// ErrClosed: the act takes no such step any more.
	ErrClosed = errors.New("the act is signed: what must be corrected goes into an amendment")
	// ErrUndecided: a critical line is undecided.
	ErrUndecided = errors.New("a critical line is undecided")
	// ErrSamePerson: the second signature is of who gave the first.
	ErrSamePerson = errors.New("two different persons sign")
	// ErrNotSigned: there is no first signature yet.
	ErrNotSigned = errors.New("the officer has not signed yet")
	// ErrChanged: somebody wrote in the meantime, so that what was read is not what would be signed.
	ErrChanged = errors.New("the act changed in the meantime: read it again")
	// ErrDecision is wrapped by what is wrong with a decision.
	ErrDecision = errors.New("the decision is not complete")
	// ErrAltered: what is stored is not what was frozen or signed.
	ErrAltered = errors.New("the stored act was altered")
)

// Act is one review as its steps made it.
type Act struct {
	ID     string // of the period, with ".1" and so on for an amendment
	Period Period
	Stage  Stage
	Frozen Frozen
	Steps  []Step

	decisions map[string]Decision // by line
	by        map[string]Step     // by line: the step that decided it
	words     map[string]string   // by section
}

// Amends is the act that this one amends; empty: none.
func (a *Act) Amends() string { return a.Frozen.Amends }

// Decision finds what was decided on a line, with the step that did.
func (a *Act) Decision(line string) (Decision, Step, bool) {
	d, ok := a.decisions[line]
	return d, a.by[line], ok
}

// Words are the officer's about a section.
func (a *Act) Words(section string) string { return a.words[section] }

// Opened is the step that froze the numbers.
func (a *Act) Opened() Step { return a.Steps[0] }

// Signature finds the step of a kind; false: there is none.
func (a *Act) Signature(kind StepKind) (Step, bool) {
	i := slices.IndexFunc(a.Steps, func(s Step) bool { return s.Kind == kind })
	if i < 0 {
		return Step{}, false
	}
	return a.Steps[i], true
}

// Count says how many decisions an act asks for, and how many are taken.
type Count struct{ Lines, Decided, Critical, CriticalDecided int }

// Left is how many lines are undecided.
func (c Count) Left() int { return c.Lines - c.Decided }

// Ready tells that the act may be signed.
func (c Count) Ready() bool { return c.Critical == c.CriticalDecided }

func (c *Count) add(line Line, decided bool) {
	c.Lines++
	if decided {
		c.Decided++
	}
	if line.Severity == policy.Critical {
		c.Critical++
		if decided {
			c.CriticalDecided++
		}
	}
}

// Count counts the act's lines.
func (a *Act) Count() Count {
	var c Count
	for _, s := range a.Frozen.Sections {
		n := a.CountSection(s.ID)
		c.Lines, c.Decided = c.Lines+n.Lines, c.Decided+n.Decided
		c.Critical, c.CriticalDecided = c.Critical+n.Critical, c.CriticalDecided+n.CriticalDecided
	}
	return c
}

// CountSection counts the lines of a section.
func (a *Act) CountSection(section string) Count {
	var c Count
	for _, s := range a.Frozen.Sections {
		if s.ID != section {
			continue
		}
		for _, l := range s.Lines {
			_, decided := a.decisions[l.ID]
			c.add(l, decided)
		}
	}
	return c
}

// Undecided are the lines without decision, of the severity if one is given.
func (a *Act) Undecided(severity policy.Severity) []string {
	var out []string
	for _, s := range a.Frozen.Sections {
		for _, l := range s.Lines {
			if _, ok := a.decisions[l.ID]; !ok && (severity == "" || l.Severity == severity) {
				out = append(out, l.ID)
			}
		}
	}
	return out
}

// statement is exactly what is signed, in a form of which the bytes are always the same.
type statement struct {
	Schema    string             `json:"schema"`
	Act       string             `json:"act"`
	Frozen    string             `json:"frozen"` // hash of the first step
	Sections  []statementSection `json:"sections"`
	Undecided []string           `json:"undecided"`
	Late      []Late             `json:"late"`
}

type statementSection struct {
	ID        string     `json:"id"`
	Words     string     `json:"words"`
	Decisions []Decision `json:"decisions"`
}

// statementSchema opens what is signed.
const statementSchema = "vigia-review-statement/1"

// Statement is what is signed: the frozen numbers by their hash, every line's decision and
// the officer's words as they stand, what is undecided and what came late. The text is JSON,
// sum its SHA-256 in hexadecimal.
func (a *Act) Statement(late []Late) (text []byte, sum string, err error) {
	s := statement{Schema: statementSchema, Act: a.ID, Frozen: a.Steps[0].Hash, Undecided: a.Undecided(""), Late: late}
	for _, section := range a.Frozen.Sections {
		row := statementSection{ID: section.ID, Words: a.words[section.ID]}
		for _, l := range section.Lines {
			if d, ok := a.decisions[l.ID]; ok {
				row.Decisions = append(row.Decisions, d)
			}
		}
		s.Sections = append(s.Sections, row)
	}
	text, err = json.Marshal(s)
	if err != nil {
		return nil, "", fmt.Errorf("encode what is signed of %s: %w", a.ID, err)
	}
	return text, hash(text), nil
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Fold makes an act of the payloads of its steps, in their order, and refuses what does not
// hang together: a step that is missing, changed, of another act, or not allowed where it
// stands. leaves may be nil.
func Fold(payloads [][]byte, leaves []int64, zone *time.Location) (*Act, error) {
	if len(payloads) == 0 {
		return nil, ErrNoAct
	}
	a := &Act{decisions: map[string]Decision{}, by: map[string]Step{}, words: map[string]string{}}
	before := ""
	for i, payload := range payloads {
		var s Step
		if err := json.Unmarshal(payload, &s); err != nil {
			return nil, fmt.Errorf("step %d: %w", i+1, ErrAltered)
		}
		if i < len(leaves) {
			s.Leaf = leaves[i]
		}
		s.Hash = hash(payload)
		if s.Schema != StepSchema || s.Number != i+1 || s.Before != before || i > 0 && s.Act != a.ID {
			return nil, fmt.Errorf("step %d does not follow: %w", i+1, ErrAltered)
		}
		if err := a.apply(s, zone); err != nil {
			return nil, fmt.Errorf("step %d, %s: %w", i+1, s.Kind, err)
		}
		before = s.Hash
	}
	return a, nil
}

// apply adds a step, if it may stand here.
func (a *Act) apply(s Step, zone *time.Location) error {
	if len(a.Steps) > 0 && a.Stage.Closed() {
		return ErrClosed
	}
	switch {
	case s.Kind == StepFrozen && len(a.Steps) == 0 && s.Frozen != nil:
		p, err := ParsePeriod(s.Frozen.Period, zone)
		if err != nil {
			return err
		}
		a.ID, a.Period, a.Stage, a.Frozen = s.Act, p, Deciding, *s.Frozen
		for _, d := range s.Frozen.Carried {
			a.take(d, s)
		}
	case len(a.Steps) == 0:
		return ErrAltered
	case s.Kind == StepDecided && s.Decided != nil && a.Stage == Deciding:
		a.take(*s.Decided, s)
	case s.Kind == StepSigned && s.Signature != nil && a.Stage == Deciding:
		if err := a.signable(s.Signature.Statement, s.Signature.Late); err != nil {
			return err
		}
		a.Stage = Signed
	case s.Kind == StepCountersigned && s.Signature != nil && a.Stage == Signed:
		first, _ := a.Signature(StepSigned)
		switch {
		case same(first.By, s.By) || same(first.Signature.Name, s.Signature.Name):
			return ErrSamePerson
		case first.Signature.Statement != s.Signature.Statement:
			return ErrAltered
		}
		a.Stage = Locked
	case s.Kind == StepPaper && s.Paper != nil && a.Stage == Deciding:
		if err := a.signable(s.Paper.Statement, nil); err != nil { // what came late after it was printed is not on it
			return err
		}
		if same(s.Paper.Officer, s.Paper.Head) {
			return ErrSamePerson
		}
		a.Stage = OnPaper
	default:
		return ErrClosed
	}
	a.Steps = append(a.Steps, s)
	return nil
}

// same compares persons as people write them.
func same(a, b string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
}

// signable makes sure that the statement is of the act as it stands.
func (a *Act) signable(want string, late []Late) error {
	if len(a.Undecided(policy.Critical)) > 0 {
		return ErrUndecided
	}
	_, sum, err := a.Statement(late)
	if err != nil {
		return err
	}
	if sum != want {
		return ErrChanged
	}
	return nil
}

func (a *Act) take(d Decided, s Step) {
	a.words[d.Section] = d.Words
	for _, line := range d.Lines {
		a.decisions[line.Line], a.by[line.Line] = line, s
	}
}
