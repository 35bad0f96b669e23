package findings

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
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

// trust notes what a report says about the machine's clock and about policies that
// it refused, and that reports arrive again after a gap.
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
	if err := a.refusals(ctx); err != nil {
		return err
	}
	return a.better(ctx, EntryGap, codeGapEnded)
}

// eventPolicyRefused is told by an agent that was offered a policy and refused it.
const eventPolicyRefused = "policy.refused"

// refusalStatus says how bad it is that a policy is refused, by the agent's word for why.
// The machine goes on with the last good one, so what is nobody's doing is a warning.
func refusalStatus(why string) checks.Status {
	switch why {
	case "signature", "other_machine", "older":
		return checks.Fail
	case "pack_older", "invalid", "safe_mode", "not_kept":
		return checks.Warn
	default:
		return ""
	}
}

// refusals notes that the machine refused a policy. That ends when it reports by a newer
// one than it had then.
func (a *application) refusals(ctx context.Context) error {
	epoch, version := a.in.Report.GetPolicyEpoch(), a.in.Report.GetPolicyVersion()
	var last *apiv1.Event
	for _, e := range a.in.Report.GetEvents() {
		if e.GetCode() == eventPolicyRefused && refusalStatus(e.GetArgs()["why"]) != "" {
			last = e
		}
	}
	if last != nil {
		why := last.GetArgs()["why"]
		o := a.ownObservation(policy.High, refusalStatus(why), checks.Because(codePolicyRefused+why, "in_force", order(epoch, version),
			"offered", clip(last.GetArgs()["epoch"]+"."+last.GetArgs()["version"], maxName), "detail", clip(last.GetArgs()["detail"], maxName)))
		return a.see(ctx, track{a.in.Machine.ID, EntryPolicy, ""}, o)
	}
	r, known := a.open[EntryPolicy][""]
	if !known {
		return nil
	}
	var had, hadVersion uint64
	if _, err := fmt.Sscanf(r.reason.Args["in_force"], "%d.%d", &had, &hadVersion); err == nil && r.problem() &&
		(epoch < had || epoch == had && version <= hadVersion) {
		return nil // it has the same one still
	}
	return a.better(ctx, EntryPolicy, codePolicyTaken)
}

func order(epoch, version uint64) string { return fmt.Sprintf("%d.%d", epoch, version) }

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
