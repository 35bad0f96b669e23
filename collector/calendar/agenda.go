package calendar

import (
	"context"
	"slices"
	"strings"
	"time"

	"vigia/checks/policy"
	"vigia/collector/enroll"
	"vigia/collector/registers"
	"vigia/collector/registers/attestations"
	"vigia/collector/registers/restores"
	"vigia/collector/reviews"
	"vigia/collector/storage"
)

// Agenda reads when duties were done, so that the page, the queue and the reminders speak of
// the same days.
type Agenda struct {
	Laws      policy.LawBook
	Enroll    *enroll.Store
	Reviews   *reviews.Store
	Registers *registers.Store // nil: there are no books
	Books     []*registers.Book
	Zone      *time.Location
}

// Entries works out the calendar of a moment, and tells when measuring began: without a
// machine it has not, the time is zero, and nothing is due.
func (a Agenda) Entries(ctx context.Context, tx *storage.Tx, now time.Time) (out []Entry, begun time.Time, err error) {
	machines, err := a.Enroll.Machines(ctx, tx)
	if err != nil {
		return nil, begun, err
	}
	for _, m := range machines {
		if begun.IsZero() || m.EnrolledAt.Before(begun) {
			begun = m.EnrolledAt
		}
	}
	if begun.IsZero() {
		return nil, begun, nil
	}
	acts, err := a.Reviews.List(ctx, tx)
	if err != nil {
		return nil, begun, err
	}
	last := map[string]time.Time{}
	for _, d := range a.Laws.Duties {
		if last[d.ID], err = a.lastDone(ctx, tx, d, acts); err != nil {
			return nil, begun, err
		}
	}
	return Entries(a.Laws, func(d policy.Duty) time.Time { return last[d.ID] }, begun, now, a.Zone), begun, nil
}

// lastDone is when a duty was done last: by a closed act, or by a row of its book. An
// attestation counts when it names the duty, or the duty's control where no other has it.
func (a Agenda) lastDone(ctx context.Context, tx *storage.Tx, d policy.Duty, acts []reviews.Heading) (at time.Time, err error) {
	if d.Done == policy.ByReview {
		for _, act := range acts {
			if act.Closed.After(at) {
				at = act.Closed
			}
		}
		return at, nil
	}
	name := d.Book
	if name == "" {
		name = attestations.Name
	}
	i := slices.IndexFunc(a.Books, func(b *registers.Book) bool { return b.Name == name })
	if i < 0 || a.Registers == nil {
		return time.Time{}, nil
	}
	rows, err := a.Registers.Rows(ctx, tx, a.Books[i])
	if err != nil {
		return time.Time{}, err
	}
	for _, r := range rows {
		if d.Book == "" && !a.attests(r.Values["control"], d) {
			continue
		}
		done := r.At
		if d.Book == restores.Name {
			// An authorisation is no trial, and one that failed shows no recovery.
			at, err := time.Parse(time.RFC3339, r.Values["restored"])
			if err != nil || r.Values["result"] == "failed" {
				continue
			}
			done = at
		}
		if day, err := time.ParseInLocation(time.DateOnly, r.Values["day"], a.Zone); err == nil {
			done = day
		}
		if done.After(at) {
			at = done
		}
	}
	return at, nil
}

// attests tells whether an attestation of a control, or of a duty by its name, is of this duty.
func (a Agenda) attests(control string, d policy.Duty) bool {
	if strings.EqualFold(control, d.ID) {
		return true
	}
	others := slices.ContainsFunc(a.Laws.Duties, func(x policy.Duty) bool {
		return x.ID != d.ID && x.Book == "" && x.Done != policy.ByReview && x.Controls[0] == d.Controls[0]
	})
	return !others && strings.EqualFold(control, d.Controls[0])
}
