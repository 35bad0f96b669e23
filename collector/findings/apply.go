package findings

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"vigia/checks"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/storage"
)

// Input is a report that has been appended to the evidence log.
type Input struct {
	Machine    Machine
	Report     *apiv1.Report
	Leaf       int64 // its index in the log
	ReceivedAt time.Time
	// Policy is the one that the report names or, if that was never issued, the
	// last one that was before the report came.
	Policy policy.Policy
}

// clockTolerance is by how much a clock may be ahead before it is told of, and
// how long before its enrolment a machine may claim to have measured: clocks
// that are wrong by a time zone are common.
const (
	clockAhead  = 10 * time.Minute
	clockBehind = 24 * time.Hour
)

// Apply takes a report into the states. The reports of one machine come in the
// order of their numbers, each once.
func (s *Store) Apply(ctx context.Context, tx *storage.Tx, in Input) error {
	a := &application{Store: s, tx: tx, in: in, entries: map[string]*policy.Entry{}, changed: map[string]int64{}}
	for i := range in.Policy.Entries {
		e := &in.Policy.Entries[i]
		a.entries[e.ID] = e
	}
	var wrong bool
	a.created, wrong = a.clock(in.Report.GetCreatedAt())
	if err := a.load(ctx); err != nil {
		return err
	}
	if err := a.loadFacts(ctx); err != nil {
		return err
	}
	if err := a.results(ctx); err != nil {
		return err
	}
	if in.Report.GetFull() {
		if err := a.absent(ctx); err != nil {
			return err
		}
	}
	if err := a.trust(ctx, wrong); err != nil {
		return err
	}
	if err := a.write(ctx); err != nil {
		return err
	}
	gap, err := s.heard(ctx, tx, in.Machine, a.created, silenceOf(in.Policy.Schedule))
	if err != nil {
		return err
	}
	return s.updateControls(ctx, tx, in.Machine, a.changed, gap, micros(in.ReceivedAt))
}

// application is one Apply under way.
type application struct {
	*Store
	tx      *storage.Tx
	in      Input
	created int64
	entries map[string]*policy.Entry
	// open are the machine's open rows by entry and key, as they will be.
	open map[string]map[string]row
	// dirty are the tracks of open that write must store, by entry; true for
	// those that were observed once more and are as they were.
	dirty map[string]map[string]bool
	// kept says which facts are kept, by entry.
	kept map[string][]keptRef
	// changed is the earliest change of the whole, by control.
	changed map[string]int64
}

// clock bounds a time that the machine claims by what can be: not after its
// report came, not long before the machine enrolled. What cannot be counts as
// the time of receipt; wrong tells so when it is by more than a little.
func (a *application) clock(claimed int64) (at int64, wrong bool) {
	received := micros(a.in.ReceivedAt)
	switch {
	case claimed <= 0:
		return received, true
	case claimed > received:
		return received, claimed-received > clockAhead.Microseconds()
	case !a.in.Machine.EnrolledAt.IsZero() && claimed < micros(a.in.Machine.EnrolledAt.Add(-clockBehind)):
		return received, true
	default:
		return claimed, false
	}
}

func (a *application) load(ctx context.Context) error {
	a.open, a.dirty = map[string]map[string]row{}, map[string]map[string]bool{}
	return rows(ctx, a.tx, func(r row) {
		if a.open[r.entry] == nil {
			a.open[r.entry] = map[string]row{}
		}
		a.open[r.entry][r.key] = r
	}, selectRows+`WHERE machine = $1 AND until_at = $2`, a.in.Machine.ID, int64(forever))
}

func (a *application) results(ctx context.Context) error {
	results := a.in.Report.GetResults()
	told := map[string]bool{}
	for _, r := range results[:min(len(results), maxResults)] {
		id := clip(r.GetEntry(), maxName)
		if told[id] || ownEntry(id) {
			continue // an honest agent says a thing once, and nothing in our name
		}
		told[id] = true
		if err := a.result(ctx, id, r); err != nil {
			return err
		}
	}
	return nil
}

// result judges one result and takes it in.
func (a *application) result(ctx context.Context, id string, r *apiv1.Result) error {
	entry := a.entries[r.GetEntry()]
	f, err := a.facts(ctx, id, r)
	if err != nil {
		return err
	}
	at, _ := a.clock(r.GetObservedAt())
	v := judge(a.checks, r, entry, f, time.UnixMicro(at).UTC())
	o := a.observation(entry, at)
	if entry == nil {
		o.control, o.check = clip(r.GetControl(), maxName), clip(r.GetCheck(), maxName)
	}
	return a.verdict(ctx, id, v, o, agentStatus(r, f))
}

func agentStatus(r *apiv1.Result, f *facts) checks.Status {
	own := checks.Status(r.GetStatus().Word())
	if own == "" && f != nil {
		return f.agent
	}
	return own
}

// observation is a seen with all but the verdict.
func (a *application) observation(entry *policy.Entry, at int64) seen {
	o := seen{
		at: at, sequence: a.in.Report.GetSequence(), leaf: a.in.Leaf, severity: policy.Medium,
		full: a.in.Report.GetFull(), fresh: freshness(a.in.Policy.Schedule, entry),
	}
	if entry != nil {
		o.control, o.check, o.severity = entry.Control, entry.Check, entry.Severity
	}
	return o
}

// freshness is for how long an observation is believed: until the next one is
// due, and then as long as a machine may be silent.
func freshness(s policy.Schedule, entry *policy.Entry) int64 {
	every := time.Duration(s.Snapshot)
	if entry != nil && time.Duration(entry.Every) > every {
		every = time.Duration(entry.Every)
	}
	return every.Microseconds() + silenceOf(s)
}

// silenceOf is how long a machine may be silent, in microseconds.
func silenceOf(s policy.Schedule) int64 {
	if s.Silence <= 0 {
		return defaultSilence.Microseconds()
	}
	return time.Duration(s.Silence).Microseconds()
}

// defaultSilence is for a policy without a schedule, which Compose never makes.
const defaultSilence = 48 * time.Hour

// verdict takes a verdict in: the whole, each part, and the parts that were
// there before and are not told of.
func (a *application) verdict(ctx context.Context, id string, v checks.Verdict, o seen, agent checks.Status) error {
	parts := make(map[string]checks.Finding, len(v.Findings))
	for _, f := range v.Findings {
		parts[f.Key] = f
	}
	whole, known := a.open[id][""]
	late := known && o.at < whole.last
	w := o
	w.status, w.reason, w.agent = v.Status, v.Reason, agent
	if err := a.see(ctx, track{a.in.Machine.ID, id, ""}, w); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(parts)) {
		p := o
		p.status, p.reason = parts[key].Status, parts[key].Reason
		if err := a.see(ctx, track{a.in.Machine.ID, id, key}, p); err != nil {
			return err
		}
	}
	if late {
		return nil // absence then says nothing about what is there now
	}
	for _, key := range slices.Sorted(maps.Keys(a.open[id])) {
		if _, told := parts[key]; told || key == "" {
			continue
		}
		if err := a.untold(ctx, a.open[id][key], v, o); err != nil {
			return err
		}
	}
	return nil
}

// untold takes in that a verdict does not speak of a part that is known. Of a
// whole that could not be measured that says nothing; else the part is gone.
func (a *application) untold(ctx context.Context, was row, v checks.Verdict, o seen) error {
	switch {
	case was.gone && was.settled > 0:
		if o.at-was.from > ResolvedFor.Microseconds() {
			a.end(was, o.at) // long enough to be told of
		}
		return nil
	case was.gone && v.Status == checks.Unknown:
		return nil
	case v.Status == checks.Unknown:
		o.status, o.reason = checks.Unknown, v.Reason
	default:
		o.status, o.reason, o.gone = checks.NotApplicable, checks.Because(codeGone), true
	}
	return a.see(ctx, was.track, o)
}

// absent deals with what a full report does not hold: an entry of the policy is
// missing, any other is no longer asked for.
func (a *application) absent(ctx context.Context) error {
	told := map[string]bool{}
	for _, r := range a.in.Report.GetResults() {
		told[clip(r.GetEntry(), maxName)] = true
	}
	for _, id := range slices.Sorted(maps.Keys(a.entries)) {
		if told[id] {
			continue
		}
		v := unknown(checks.Because(codeMissing))
		if err := a.verdict(ctx, id, v, a.observation(a.entries[id], a.created), ""); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(a.open)) {
		if told[id] || a.entries[id] != nil || ownEntry(id) {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(a.open[id])) {
			if r := a.open[id][key]; a.created >= r.last {
				a.end(r, a.created)
			}
		}
	}
	return nil
}

// see takes one observation of one part in.
func (a *application) see(ctx context.Context, t track, o seen) error {
	was, open := a.open[t.entry][t.key]
	switch {
	case open && o.at >= was.from:
		return a.replace(ctx, was, was.place(o, o.at < was.last))
	case open:
		return a.seeLate(ctx, t, o)
	}
	prev, err := oneRow(ctx, a.tx, selectRows+`WHERE machine = $1 AND entry = $2 AND part = $3 ORDER BY until_at DESC, from_at DESC, sequence DESC LIMIT 1`,
		t.machine, t.entry, t.key)
	if err != nil {
		return err
	}
	if prev != nil && o.at < prev.until {
		return a.seeLate(ctx, t, o)
	}
	return a.add(ctx, begin(t, prev, o, forever, false))
}

// seeLate puts an observation before the newest row of its track.
func (a *application) seeLate(ctx context.Context, t track, o seen) error {
	const where = `WHERE machine = $1 AND entry = $2 AND part = $3 AND `
	in, err := oneRow(ctx, a.tx, selectRows+where+`from_at <= $4 AND until_at > $4 ORDER BY sequence DESC LIMIT 1`, t.machine, t.entry, t.key, o.at)
	if err != nil {
		return err
	}
	if in != nil {
		return a.replace(ctx, *in, in.place(o, true))
	}
	prev, err := oneRow(ctx, a.tx, selectRows+where+`until_at <= $4 ORDER BY until_at DESC, from_at DESC, sequence DESC LIMIT 1`, t.machine, t.entry, t.key, o.at)
	if err != nil {
		return err
	}
	next, err := oneRow(ctx, a.tx, selectRows+where+`from_at > $4 ORDER BY from_at, sequence LIMIT 1`, t.machine, t.entry, t.key, o.at)
	if err != nil {
		return err
	}
	until := int64(forever)
	if next != nil {
		until = next.from
	}
	return a.add(ctx, begin(t, prev, o, until, true))
}

// replace puts what place answered in the stead of a row.
func (a *application) replace(ctx context.Context, was row, with []row) error {
	now := with[0]
	current, open := a.open[was.entry][was.key]
	open = open && current.from == was.from && current.sequence == was.sequence
	switch {
	case len(with) == 1 && now.last == was.last && now.settled == was.settled && now.lastSequence == was.lastSequence:
		return nil
	case len(with) == 1 && open:
		a.mark(now, maps.Equal(now.reason.Args, was.reason.Args) && now.settled == was.settled && now.fresh == was.fresh)
		return nil
	}
	if err := updateRow(ctx, a.tx, now); err != nil {
		return err
	}
	a.note(now, min(was.last, now.until))
	if open {
		delete(a.open[was.entry], was.key)
		delete(a.dirty[was.entry], was.key)
	}
	for _, r := range with[1:] {
		if err := a.add(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// add inserts a row.
func (a *application) add(ctx context.Context, r row) error {
	if r.until == forever {
		if a.open[r.entry] == nil {
			a.open[r.entry] = map[string]row{}
		}
		a.open[r.entry][r.key] = r
	}
	a.note(r, r.from)
	return insertRow(ctx, a.tx, r)
}

// end closes an open row.
func (a *application) end(r row, at int64) {
	r.until = max(at, r.from)
	a.mark(r, false)
	a.note(r, min(r.last, r.until)) // it may have been stale for a while
}

// mark keeps a changed open row for write.
func (a *application) mark(r row, plain bool) {
	a.open[r.entry][r.key] = r
	if a.dirty[r.entry] == nil {
		a.dirty[r.entry] = map[string]bool{}
	}
	before, marked := a.dirty[r.entry][r.key]
	a.dirty[r.entry][r.key] = plain && (before || !marked)
}

// note remembers that the whole of a control's entry changed at a time.
func (a *application) note(r row, at int64) {
	if r.key != "" || r.control == ControlAgent {
		return
	}
	if old, ok := a.changed[r.control]; !ok || at < old {
		a.changed[r.control] = at
	}
}

// write stores the marked rows. The most common report repeats what is known,
// part by part, so that is one statement for each entry.
func (a *application) write(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(a.dirty)) {
		together, last := a.together(id)
		if together {
			if _, err := a.tx.Exec(ctx, `UPDATE findings_states SET last_at = $4, last_sequence = $5, leaf = $6
				WHERE machine = $1 AND entry = $2 AND until_at = $3 AND gone = 0`,
				a.in.Machine.ID, id, int64(forever), last.last, int64(last.lastSequence), last.leaf); err != nil {
				return fmt.Errorf("confirm the states of %s: %w", last.track, err)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(a.dirty[id])) {
			if together && a.dirty[id][key] {
				continue
			}
			if err := updateRow(ctx, a.tx, a.open[id][key]); err != nil {
				return err
			}
		}
	}
	return nil
}

// together tells whether all parts of an entry that are there were observed
// last by one observation, and returns one of them.
func (a *application) together(id string) (bool, row) {
	var one row
	for _, r := range a.open[id] {
		switch {
		case r.gone || r.until != forever:
		case one.machine == "":
			one = r
		case r.last != one.last || r.lastSequence != one.lastSequence || r.leaf != one.leaf:
			return false, row{}
		}
	}
	return one.machine != "", one
}
