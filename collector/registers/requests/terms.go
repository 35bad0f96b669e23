package requests

import (
	"time"

	"vigia/checks/policy"
	"vigia/collector/worktime"
)

// State is how a step of a request stands.
type State string

// The states.
const (
	Pending State = "pending" // its time runs
	Overdue State = "overdue" // its time is over and it is not done
	Done    State = "done"    // in time
	Late    State = "late"    // done, after its time
	Skipped State = "skipped" // it was not needed
	Future  State = "future"  // its time has not begun
)

// Term is one step of a request with its clock.
type Term struct {
	// ID is that of the pack's term: policy.RequestAnswer.
	ID string
	// Law is the term that binds, the strictest of the packs in force, extension included.
	Law policy.Term
	// From is what the clock starts with, Due its end; zero while it has not begun.
	From, Due time.Time
	// Done is the day on which it was done, empty while it is not.
	Done  string
	State State
	// Ours tells that the office must do it; else the person.
	Ours bool
}

// Open tells whether something is still to be done.
func (t Term) Open() bool { return t.State == Pending || t.State == Overdue }

// Clock are the terms of a request, in their order, as of an instant. terms are those of
// the packs in force; a step of which no pack speaks is left out, unless it was taken.
//
// What is missing stops the clock: when the person was asked for it, the answer counts
// from the day on which it came. When its time is over and it did not come, the request
// has lapsed, which a person confirms by answering so.
func Clock(r Request, packs []policy.Pack, cal worktime.Calendar, now time.Time) ([]Term, error) {
	c := clock{request: r, packs: packs, cal: cal, now: now}
	start := r.Received
	closed := r.Answered != ""
	elsewhere := r.NotCompetent != ""

	c.add(policy.RequestAcknowledge, start, r.Acknowledged, true, closed)
	c.add(policy.RequestNotCompetent, start, r.NotCompetent, true, true) // needed only if it is so
	c.add(policy.RequestComplete, start, r.Asked, true, true)
	if r.Asked != "" {
		c.add(policy.RequestCompletion, c.noon(r.Asked), r.Completed, false, closed || elsewhere)
		start = time.Time{}
		if r.Completed != "" {
			start = c.noon(r.Completed)
		}
	}
	c.add(policy.RequestAnswer, start, r.Answered, true, elsewhere)
	if executes := r.Outcome == "" || r.Outcome == Granted || r.Outcome == Partly; executes {
		from := time.Time{}
		if closed {
			from = c.noon(r.Answered)
		}
		c.add(policy.RequestExecute, from, r.Executed, true, elsewhere)
	}
	return c.out, c.err
}

// clock is one Clock under way.
type clock struct {
	request Request
	packs   []policy.Pack
	cal     worktime.Calendar
	now     time.Time
	out     []Term
	err     error
}

// noon is an instant of a day, in the calendar's zone.
func (c *clock) noon(day string) time.Time {
	d, err := worktime.ParseDate(day)
	if err != nil && c.err == nil {
		c.err = err
	}
	zone := c.cal.Zone
	if zone == nil {
		zone = time.UTC
	}
	return d.Midnight(zone).Add(12 * time.Hour)
}

// add adds a step. optional: it may be left out for good.
func (c *clock) add(id string, from time.Time, done string, ours, optional bool) {
	laws := policy.TermsOf(c.packs, id)
	if len(laws) == 0 && done == "" && id != policy.RequestAnswer {
		return
	}
	t := Term{ID: id, From: from, Done: done, Ours: ours}
	if !from.IsZero() && len(laws) > 0 {
		if id == policy.RequestAnswer && c.request.Extended != "" {
			laws = c.extended()
		}
		var err error
		if t.Due, t.Law, _, err = c.cal.Earliest(from, laws); err != nil && c.err == nil {
			c.err = err
		}
	}
	over := !t.Due.IsZero() && c.now.After(t.Due)
	switch {
	case done != "" && !t.Due.IsZero() && c.noon(done).After(t.Due):
		t.State = Late
	case done != "":
		t.State = Done
	case optional && (over || c.request.Answered != "" || c.request.NotCompetent != ""):
		t.State = Skipped
	case from.IsZero():
		t.State = Future
	case over:
		t.State = Overdue
	default:
		t.State = Pending
	}
	c.out = append(c.out, t)
}

// extended are the terms of the answer, each with the extension of its own pack. A pack
// without extension gives none.
func (c *clock) extended() []policy.Term {
	var out []policy.Term
	for _, p := range c.packs {
		for _, t := range policy.TermsOf([]policy.Pack{p}, policy.RequestAnswer) {
			for _, more := range policy.TermsOf([]policy.Pack{p}, policy.RequestExtension) {
				if more.Unit == t.Unit {
					t.Count += more.Count
				}
			}
			out = append(out, t)
		}
	}
	return out
}

// Next is the step to take now: the first that the office owes, else the one that waits for
// the person. false: there is none, the request is closed.
func Next(terms []Term) (Term, bool) {
	var waits Term
	found := false
	for _, t := range terms {
		owed := t.ID != policy.RequestNotCompetent && t.ID != policy.RequestComplete // choices, not debts
		switch {
		case !t.Open() || !owed:
		case t.Ours:
			return t, true
		case !found:
			waits, found = t, true
		}
	}
	return waits, found
}

// Closed tells whether nothing is left to do.
func Closed(terms []Term) bool {
	_, open := Next(terms)
	if open {
		return false
	}
	for _, t := range terms {
		if t.State == Future {
			return false
		}
	}
	return true
}

// Worst is how a request stands as a whole: overdue, pending, or done.
func Worst(terms []Term) State {
	out := Done
	for _, t := range terms {
		switch {
		case t.State == Overdue && t.Ours:
			return Overdue
		case t.Open() || t.State == Future:
			out = Pending
		}
	}
	return out
}
