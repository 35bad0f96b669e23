package findings

import (
	"vigia/checks"
	"vigia/checks/policy"
)

// seen is one observation of one part.
type seen struct {
	at       int64 // microseconds since 1970
	sequence uint64
	leaf     int64
	control  string
	check    string
	severity policy.Severity
	status   checks.Status
	agent    checks.Status
	reason   checks.Reason
	// gone: the part is not there any more, which is as good as a pass.
	gone bool
	// full: the observation is of a full report.
	full bool
	// fresh is for how long it is believed, in microseconds.
	fresh int64
}

// row is a stretch of time in one state; see the table findings_states.
type row struct {
	track
	from, until  int64
	sequence     uint64
	since        int64
	last         int64
	lastSequence uint64
	leaf         int64
	control      string
	check        string
	severity     policy.Severity
	status       checks.Status
	agent        checks.Status
	reason       checks.Reason
	gone, late   bool
	fresh        int64
	settled      int64
	firstSeen    int64
	opened       int64
	resolved     int64
	times        int64
}

// problem tells whether a status makes a finding.
func problem(s checks.Status) bool {
	return s == checks.Fail || s == checks.Unknown || s == checks.Warn
}

func (r row) problem() bool { return problem(r.status) }

// same tells whether the observation is of the state that the row is about.
// The arguments of a reason may differ: an age grows every day.
func (r row) same(o seen) bool {
	return r.status == o.status && r.agent == o.agent && r.reason.Code == o.reason.Code && r.severity == o.severity &&
		r.control == o.control && r.check == o.check && r.gone == o.gone
}

// believed tells whether the row's last observation still counted when the next
// one was made.
func (r row) believed(at int64) bool { return at-r.last <= r.fresh }

// place puts an observation into the row that contains its time and returns
// what stands instead: the row itself first, changed or not, then new ones.
// late tells that the track has later observations.
func (r row) place(o seen, late bool) []row {
	switch {
	case o.at >= r.last && r.same(o) && r.believed(o.at):
		return []row{r.confirm(o)}
	case o.at >= r.last:
		next := begin(r.track, &r, o, r.until, late)
		r.until = o.at
		return []row{r, next}
	case checks.Worst(o.status, r.status) == o.status && o.status != r.status:
		// Somewhere between two observations that agree, a worse one. Nobody
		// knows when it ended, so it holds until the next one that is known.
		between := begin(r.track, &r, o, r.last, true)
		after := r
		after.from, after.sequence = r.last, r.lastSequence
		r.until, r.last = o.at, o.at
		return []row{r, between, after}
	default:
		return []row{r}
	}
}

// confirm notes the same state again.
func (r row) confirm(o seen) row {
	if r.settled == 0 {
		r.settled = o.at
	}
	r.last, r.lastSequence, r.leaf, r.reason, r.fresh = o.at, o.sequence, o.leaf, o.reason, o.fresh
	return r
}

// begin makes the row of an observation that begins a state. prev is the row
// before it on the track, or nil.
func begin(t track, prev *row, o seen, until int64, late bool) row {
	r := row{
		track: t, from: o.at, until: until, sequence: o.sequence, since: o.at, last: o.at, lastSequence: o.sequence,
		leaf: o.leaf, control: o.control, check: o.check, severity: o.severity, status: o.status, agent: o.agent,
		reason: o.reason, gone: o.gone, late: late, fresh: o.fresh,
	}
	if prev != nil && prev.status == r.status && prev.gone == r.gone && prev.until >= o.at {
		r.since = prev.since
	}
	if r.problem() {
		r.open(prev)
	} else {
		r.close(prev, o.full)
	}
	return r
}

// open makes r part of a finding's episode: of the one that lasts, or of a new
// one when there is none.
func (r *row) open(prev *row) {
	if prev != nil {
		r.firstSeen, r.times = prev.firstSeen, prev.times
	}
	if prev != nil && prev.opened > 0 && (prev.problem() || prev.settled == 0) {
		r.opened, r.settled = prev.opened, r.from // seen at least twice
		return
	}
	r.opened = r.from
	r.times++
	if r.firstSeen == 0 {
		r.firstSeen = r.from
	}
}

// close makes r the end of an episode, if there was one.
func (r *row) close(prev *row, full bool) {
	if prev != nil {
		r.firstSeen, r.times, r.opened, r.resolved = prev.firstSeen, prev.times, prev.opened, prev.resolved
		switch {
		case prev.problem():
			r.resolved = r.from
		case prev.settled > 0:
			r.settled = prev.settled
		default:
			r.settled = r.from // the second good one in a row
		}
	}
	if full && r.settled == 0 {
		r.settled = r.from
	}
}

// phaseAt tells what the row means for its finding at a time that it contains.
// ok is false when there is no finding to tell of.
func (r row) phaseAt(at int64) (phase Phase, ok bool) {
	switch {
	case r.times == 0:
		return "", false
	case !r.problem() && r.settled > 0 && r.settled <= at:
		return Resolved, true
	case r.times > 1:
		return Reappeared, true
	case r.problem() && (r.settled == 0 || r.settled > at):
		return New, true
	default:
		return Persistent, true
	}
}
