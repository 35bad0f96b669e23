package findings

import (
	"context"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/policy"
	"vigia/collector/storage"
)

// ownPrefix begins the entries that no report may speak of.
const ownPrefix = "vigia."

func ownEntry(id string) bool { return strings.HasPrefix(id, ownPrefix) }

// unfading is the freshness of the collector's own observations: they hold
// until something else is known.
const unfading = int64(100 * 365 * 24 * time.Hour / time.Microsecond)

// timeLayout is how a time stands in the arguments of a reason.
const timeLayout = "2006-01-02 15:04"

func (s *Store) clockTime(us int64) string {
	return time.UnixMicro(us).In(s.location).Format(timeLayout)
}

// trust notes what a report says about the machine's clock, and that reports
// arrive again after a gap.
func (a *application) trust(ctx context.Context, clockWrong bool) error {
	if clockWrong {
		o := a.ownObservation(policy.Medium, checks.Warn, checks.Because(codeClock,
			"said", a.clockTime(a.in.Report.GetCreatedAt()), "received", a.clockTime(micros(a.in.ReceivedAt))))
		if err := a.see(ctx, track{a.in.Machine.ID, EntryClock, ""}, o); err != nil {
			return err
		}
	} else if err := a.better(ctx, EntryClock, codeClockRight); err != nil {
		return err
	}
	return a.better(ctx, EntryGap, codeGapEnded)
}

// better notes that an own entry has nothing wrong any more, if it had.
func (a *application) better(ctx context.Context, entry, code string) error {
	r, known := a.open[entry][""]
	if !known || (!r.problem() && r.settled > 0) {
		return nil
	}
	return a.see(ctx, r.track, a.ownObservation(r.severity, checks.Pass, checks.Because(code)))
}

// ownObservation is made by the collector, so its clock dates it.
func (a *application) ownObservation(severity policy.Severity, status checks.Status, reason checks.Reason) seen {
	return seen{
		at: micros(a.in.ReceivedAt), sequence: a.in.Report.GetSequence(), leaf: a.in.Leaf, control: ControlAgent,
		severity: severity, status: status, reason: reason, fresh: unfading,
	}
}

// Gap notes that reports first to last of a machine were lost, for a reason
// that its agent names.
func (s *Store) Gap(ctx context.Context, tx *storage.Tx, m Machine, first, last uint64, why string, leaf int64, receivedAt time.Time) error {
	if why != "dropped" && why != "damaged" {
		why = "damaged"
	}
	return s.note(ctx, tx, m, EntryGap, seen{
		at: micros(receivedAt), sequence: last, leaf: leaf, control: ControlAgent, severity: policy.Medium, status: checks.Warn,
		reason: checks.Because(codeGap, "first", strconv.FormatUint(first, 10), "last", strconv.FormatUint(last, 10), "why", why),
		fresh:  unfading,
	})
}

// Equivocation notes that two different reports bore one number. Nothing that
// the machine reports later takes it away.
func (s *Store) Equivocation(ctx context.Context, tx *storage.Tx, m Machine, sequence uint64, leaf int64, receivedAt time.Time) error {
	return s.note(ctx, tx, m, EntryEquivocation, seen{
		at: micros(receivedAt), sequence: sequence, leaf: leaf, control: ControlAgent, severity: policy.Critical, status: checks.Fail,
		reason: checks.Because(codeEquivocation, "sequence", strconv.FormatUint(sequence, 10)),
		fresh:  unfading,
	})
}

func (s *Store) note(ctx context.Context, tx *storage.Tx, m Machine, entry string, o seen) error {
	a := &application{Store: s, tx: tx, in: Input{Machine: m}, changed: map[string]int64{}}
	if err := a.load(ctx); err != nil {
		return err
	}
	if err := a.see(ctx, track{m.ID, entry, ""}, o); err != nil {
		return err
	}
	return a.write(ctx)
}
