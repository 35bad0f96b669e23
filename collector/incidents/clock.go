package incidents

import (
	"slices"
	"time"

	"vigia/checks/policy"
	"vigia/collector/worktime"
)

// Whom is who must be told of a breach.
type Whom string

// Those who must be told.
const (
	Authority Whom = "authority"
	Persons   Whom = "persons"
)

// State is how a term stands.
type State string

// The states of a term.
const (
	Running State = "running"
	Overdue State = "overdue"
	Met     State = "met"     // told in time
	Late    State = "late"    // told, and too late
	Waiting State = "waiting" // does not run yet: what it runs from is not there
	Exempt  State = "exempt"
)

// Clock is one term of an incident.
type Clock struct {
	Whom Whom
	Term policy.Term
	// From is what it runs from, Due when it ends, Told when whom it is about was told;
	// zero where that is not.
	From, Due, Told time.Time
	State           State
	// Share is how much of the term has passed, in hundredths; over 100 when it is overdue.
	Share int
}

// Clocks are the terms of an incident by the packs in force, at a time. An incident that
// was not assessed has them too, as if it were a breach: nobody should find out at the end
// of a term that there was one. One that was found to be none has none. A term that is in
// two packs stands twice.
func Clocks(in Incident, packs []policy.Pack, office worktime.Calendar, now time.Time) ([]Clock, error) {
	if in.Breach() == No {
		return nil, nil
	}
	at, err := in.Instants()
	if err != nil {
		return nil, err
	}
	var out []Clock
	for _, t := range policy.TermsOf(packs, policy.BreachAuthority) {
		c, err := in.clock(Authority, t, at.of(t), office, now)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	if in.Assessed["high"] == No {
		return out, nil
	}
	for _, t := range policy.TermsOf(packs, policy.BreachPersons) {
		c, err := in.clock(Persons, t, at.of(t), office, now)
		if err != nil {
			return nil, err
		}
		if in.Assessed["exempt"] != "" && c.Told.IsZero() {
			c.State = Exempt
		}
		out = append(out, c)
	}
	return out, nil
}

// of is the instant that a term runs from.
func (at Instants) of(t policy.Term) time.Time {
	if t.From == policy.FromConfirmed {
		return at.Confirmed
	}
	return at.Known
}

func (in Incident) clock(whom Whom, term policy.Term, from time.Time, office worktime.Calendar, now time.Time) (Clock, error) {
	c := Clock{Whom: whom, Term: term, From: from, State: Waiting}
	for _, n := range in.Notices {
		if to := n.Values["to"]; to != string(whom) && (whom != Persons || to != "public") {
			continue
		}
		sent, err := n.Values.Moment("sent")
		if err != nil {
			return Clock{}, err
		}
		if c.Told.IsZero() || sent.Before(c.Told) {
			c.Told = sent
		}
	}
	if from.IsZero() {
		if !c.Told.IsZero() {
			c.State = Met
		}
		return c, nil
	}
	due, err := office.Due(from, term)
	if err != nil {
		return Clock{}, err
	}
	c.Due = due
	until := now
	if !c.Told.IsZero() {
		until = c.Told
	}
	if whole := due.Sub(from); whole > 0 {
		c.Share = int(max(0, until.Sub(from)) * 100 / whole)
	} else {
		c.Share = 100
	}
	switch {
	case c.Told.After(due):
		c.State = Late
	case !c.Told.IsZero():
		c.State = Met
	case now.After(due):
		c.State = Overdue
	default:
		c.State = Running
	}
	return c, nil
}

// Runs tells whether a term waits for somebody to act.
func (c Clock) Runs() bool { return c.State == Running || c.State == Overdue }

// marks are the shares of a term, in hundredths, at which people are reminded: of 72 hours
// these are 24, 48 and 66, and its end.
func marks() []int { return []int{33, 66, 91, 100} }

// Mark is the last mark that a running term has passed; 0: none.
func (c Clock) Mark() int {
	if !c.Runs() {
		return 0
	}
	last := 0
	for _, m := range marks() {
		if c.Share >= m {
			last = m
		}
	}
	return last
}

// Urgent orders clocks: what runs first, and of these what ends first.
func Urgent(clocks []Clock) []Clock {
	out := slices.Clone(clocks)
	slices.SortStableFunc(out, func(a, b Clock) int {
		if a.Runs() != b.Runs() {
			if a.Runs() {
				return -1
			}
			return 1
		}
		return a.Due.Compare(b.Due)
	})
	return out
}
