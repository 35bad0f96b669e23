package findings

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/policy"
	"vigia/collector/storage"
)

// StatesAt tells the state of every part of every machine at a time, by all
// that is known now, ordered by machine, entry and key. A machine that had
// fallen silent by then has its passes turned into unknown; its fails stay,
// lest pulling a plug be a remedy.
func (s *Store) StatesAt(ctx context.Context, tx *storage.Tx, at time.Time) ([]State, error) {
	return s.statesAt(ctx, tx, at, "")
}

// MachineStatesAt is StatesAt for one machine.
func (s *Store) MachineStatesAt(ctx context.Context, tx *storage.Tx, machine string, at time.Time) ([]State, error) {
	return s.statesAt(ctx, tx, at, machine)
}

func (s *Store) statesAt(ctx context.Context, tx *storage.Tx, at time.Time, machine string) ([]State, error) {
	t := micros(at)
	spells, err := spellsAt(ctx, tx, t, machine)
	if err != nil {
		return nil, err
	}
	away, err := s.absencesAt(ctx, tx, at)
	if err != nil {
		return nil, err
	}
	query, args := at1(`WHERE from_at <= $1 AND until_at > $1 AND gone = 0`, t, machine)
	var out []State
	err = rows(ctx, tx, func(r row) {
		out = append(out, s.effective(r, t, spells, away[r.machine]))
	}, selectRows+query, args...)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out, compareStates)
	return out, nil
}

// at1 adds the machine to a condition when one is given.
func at1(where string, t int64, machine string) (string, []any) {
	if machine == "" {
		return where, []any{t}
	}
	return where + ` AND machine = $2`, []any{t, machine}
}

func compareStates(a, b State) int {
	return cmp.Or(strings.Compare(a.Machine, b.Machine), strings.Compare(a.Entry, b.Entry), strings.Compare(a.Key, b.Key))
}

// state is what a row says at a time it contains.
func (r row) state(t int64) State {
	return State{
		Machine: r.machine, Entry: r.entry, Control: r.control, Check: r.check, Key: r.key,
		Status: r.status, AgentStatus: r.agent, Reason: r.reason, Severity: r.severity,
		Since: fromMicros(r.since), Last: fromMicros(min(r.last, t)), Leaf: r.leaf, Sequence: r.lastSequence, Late: r.late,
	}
}

// effective is state with silence and staleness applied, and why the machine is silent
// where that is known.
func (s *Store) effective(r row, t int64, spells map[string]spell, away []Absence) State {
	out := r.state(t)
	if ownEntry(r.entry) {
		return out
	}
	if sp, known := spells[r.machine]; known && t >= sp.silentFrom() {
		out.Silent = true
		if r.status != checks.Fail {
			out.Status, out.Since = checks.Unknown, fromMicros(max(sp.silentFrom(), r.from))
			out.Reason = checks.Because(codeSilent, "since", s.clockTime(sp.last))
			if a, ok := awayAt(away, t, sp); ok {
				out.Reason = s.awayReason(a)
			}
		}
		return out
	}
	if t >= r.staleFrom() && r.status != checks.Fail && r.status != checks.Unknown {
		out.Status, out.Since = checks.Unknown, fromMicros(r.staleFrom())
		out.Reason = checks.Because(codeStale, "since", s.clockTime(r.last))
	}
	return out
}

// staleFrom is when the row's last observation stops being believed.
func (r row) staleFrom() int64 { return r.last + r.fresh + 1 }

// spellsAt returns, for each machine that had not left by then, the spell that
// began last.
func spellsAt(ctx context.Context, tx *storage.Tx, t int64, machine string) (map[string]spell, error) {
	where, args := at1(`WHERE from_at <= $1`, t, machine)
	found, err := tx.Query(ctx, `SELECT h.machine, h.from_at, h.last_at, h.silence FROM findings_heard h
		JOIN (SELECT machine, MAX(from_at) AS from_at FROM findings_heard `+where+` GROUP BY machine) l
		ON l.machine = h.machine AND l.from_at = h.from_at
		JOIN findings_machines m ON m.machine = h.machine AND m.ended_at > $1`, args...)
	if err != nil {
		return nil, fmt.Errorf("read when machines reported: %w", err)
	}
	defer found.Close()
	out := map[string]spell{}
	for found.Next() {
		var id string
		var sp spell
		if err := found.Scan(&id, &sp.from, &sp.last, &sp.silence); err != nil {
			return nil, fmt.Errorf("read when machines reported: %w", err)
		}
		out[id] = sp
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read when machines reported: %w", err)
	}
	return out, nil
}

// FindingsAt tells what was wrong at a time, by all that is known now, and what
// was resolved in the ResolvedFor before, ordered by machine, entry and key.
// The findings of a machine that had fallen silent keep their last status and
// are marked; its silence is a finding itself, unless it is said to be away.
func (s *Store) FindingsAt(ctx context.Context, tx *storage.Tx, at time.Time) ([]Finding, error) {
	return s.findingsAt(ctx, tx, at, "")
}

// MachineFindingsAt is FindingsAt for one machine.
func (s *Store) MachineFindingsAt(ctx context.Context, tx *storage.Tx, machine string, at time.Time) ([]Finding, error) {
	return s.findingsAt(ctx, tx, at, machine)
}

// ending names the problem row of a track that ended at a time.
type ending struct {
	track
	at int64
}

func (s *Store) findingsAt(ctx context.Context, tx *storage.Tx, at time.Time, machine string) ([]Finding, error) {
	t := micros(at)
	spells, err := spellsAt(ctx, tx, t, machine)
	if err != nil {
		return nil, err
	}
	away, err := s.absencesAt(ctx, tx, at)
	if err != nil {
		return nil, err
	}
	var now []row
	query, args := at1(`WHERE from_at <= $1 AND until_at > $1 AND times > 0`, t, machine)
	if err := rows(ctx, tx, func(r row) { now = append(now, r) }, selectRows+query, args...); err != nil {
		return nil, err
	}
	ended := map[ending]row{}
	query, args = at1(`WHERE until_at > $1 AND until_at < $2 AND status <> '`+string(checks.Pass)+`' AND status <> '`+string(checks.NotApplicable)+`'`,
		t-ResolvedFor.Microseconds(), "")
	args = append(args, t+1)
	if machine != "" {
		query, args = query+` AND machine = $3`, append(args, machine)
	}
	if err := rows(ctx, tx, func(r row) {
		// Of several at one moment the last counts.
		if was, twice := ended[ending{r.track, r.until}]; !twice || r.from > was.from || r.from == was.from && r.sequence > was.sequence {
			ended[ending{r.track, r.until}] = r
		}
	}, selectRows+query, args...); err != nil {
		return nil, err
	}
	var out []Finding
	for _, r := range now {
		if f, ok := findingOf(r, t, ended); ok {
			sp, known := spells[f.Machine]
			f.Silent = known && t >= sp.silentFrom() && !ownEntry(f.Entry)
			out = append(out, f)
		}
	}
	out = withoutWholes(out)
	for id, sp := range spells {
		if _, expected := awayAt(away[id], t, sp); t >= sp.silentFrom() && !expected {
			out = append(out, s.silenceOf(id, sp))
		}
	}
	slices.SortFunc(out, func(a, b Finding) int { return compareStates(a.State, b.State) })
	return out, nil
}

// findingOf makes the finding of a row that contains the time t.
func findingOf(r row, t int64, ended map[ending]row) (Finding, bool) {
	phase, ok := r.phaseAt(t)
	if !ok || phase == Resolved && r.resolved <= t-ResolvedFor.Microseconds() {
		return Finding{}, false
	}
	f := Finding{
		FirstSeen: fromMicros(r.firstSeen), OpenedAt: fromMicros(r.opened), Phase: phase, Times: int(r.times),
	}
	if phase == Resolved {
		f.ResolvedAt = fromMicros(r.resolved)
	}
	if !r.problem() { // show what is resolved, or may be
		if was, known := ended[ending{r.track, r.resolved}]; known {
			r = was
		}
	}
	f.State = r.state(t)
	return f, true
}

// withoutWholes drops the finding of a whole where parts of it tell more.
func withoutWholes(all []Finding) []Finding {
	type whole struct {
		machine, entry string
		resolved       bool
	}
	told := map[whole]bool{}
	for _, f := range all {
		if f.Key != "" {
			told[whole{f.Machine, f.Entry, f.Phase == Resolved}] = true
			if f.Phase != Resolved {
				told[whole{f.Machine, f.Entry, true}] = true
			}
		}
	}
	return slices.DeleteFunc(all, func(f Finding) bool {
		return f.Key == "" && told[whole{f.Machine, f.Entry, f.Phase == Resolved}]
	})
}

// silenceOf is the finding that a machine has fallen silent.
func (s *Store) silenceOf(machine string, sp spell) Finding {
	from := fromMicros(sp.silentFrom())
	return Finding{
		State: State{
			Machine: machine, Entry: EntrySilence, Control: ControlAgent, Status: checks.Unknown, Severity: policy.High,
			Reason: checks.Because(codeSilent, "since", s.clockTime(sp.last)), Since: from, Last: fromMicros(sp.last), Silent: true,
		},
		FirstSeen: from, OpenedAt: from, Phase: Persistent, Times: 1,
	}
}
