package decisions

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/collector/evidence"
	"vigia/collector/findings"
	"vigia/collector/registers"
	"vigia/collector/storage"
	"vigia/collector/worktime"
)

// DecideWithin is for how long what is critical or high may wait for a decision.
const DecideWithin = 72 * time.Hour

// askFor is how long the technician has when nobody says.
const askFor = 7 * 24 * time.Hour

// Log is where evidence goes; *evidence.Log is one.
type Log interface {
	Append(ctx context.Context, tx *storage.Tx, leaves ...evidence.Leaf) (first int64, err error)
}

// Waivers keep what the organisation lives with; the book of waivers is behind it.
type Waivers interface {
	// Waive writes a row and returns its folio as people cite it.
	Waive(ctx context.Context, tx *storage.Tx, g Group, c Choice) (folio string, err error)
}

// Incidents keep the incident book.
type Incidents interface {
	// Promote opens an incident for a group and returns its folio as people cite it.
	Promote(ctx context.Context, tx *storage.Tx, g Group, c Choice) (folio string, err error)
}

// Options configures NewStore.
type Options struct {
	// Log receives a leaf for every decision.
	Log Log
	// Registers holds the work plan.
	Registers *registers.Store
	// Sources find the causes. No two give the same key.
	Sources []Source
	// Machines are those that the members name.
	Machines func(ctx context.Context, tx *storage.Tx) ([]Machine, error)
	// Size is how many leaves the evidence log has, so that Glance knows when something has
	// changed; nil: nothing ever does within its bounds.
	Size func(ctx context.Context, tx *storage.Tx) (int64, error)
	// Waivers and Incidents may be nil: such decisions are then ErrNotYet.
	Waivers   Waivers
	Incidents Incidents
	// Hours count the time to decide, of a pack whose source counts working hours; nil:
	// hours of the clock.
	Hours *worktime.Calendar
	// Zone is where days end; nil is UTC.
	Zone *time.Location
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Store keeps the decisions. Its methods work inside the caller's transaction and are safe
// for concurrent use.
type Store struct {
	opts Options

	glance glance
}

// NewStore returns a Store on the tables of Schema.
func NewStore(opts Options) *Store {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	if opts.Machines == nil {
		opts.Machines = func(context.Context, *storage.Tx) ([]Machine, error) { return nil, nil }
	}
	return &Store{opts: opts, glance: glance{covers: newCovers()}}
}

// look is what the sources said at an instant. Nothing of it changes.
type look struct {
	at       time.Time
	causes   []Cause
	machines []Machine // by name
	places   map[string]int
}

// observe asks the sources.
func (s *Store) observe(ctx context.Context, tx *storage.Tx, at time.Time) (*look, error) {
	machines, err := s.opts.Machines(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("machines of the queue: %w", err)
	}
	out := &look{at: at, machines: slices.Clone(machines), places: make(map[string]int, len(machines))}
	slices.SortFunc(out.machines, func(a, b Machine) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Hostname), strings.ToLower(b.Hostname)), strings.Compare(a.ID, b.ID))
	})
	for i, m := range out.machines {
		out.places[m.ID] = i
	}
	for _, source := range s.opts.Sources {
		causes, err := source.Groups(ctx, tx, at)
		if err != nil {
			return nil, fmt.Errorf("causes of the queue: %w", err)
		}
		for _, c := range causes {
			if len(c.Members) > 0 {
				out.causes = append(out.causes, c)
			}
		}
	}
	return out, nil
}

// Queue is what was wrong at a time, by all that is known now, with the decisions that had
// been taken by then: first what waits, the worst first.
func (s *Store) Queue(ctx context.Context, tx *storage.Tx, at time.Time) ([]Group, error) {
	seen, err := s.observe(ctx, tx, at)
	if err != nil {
		return nil, err
	}
	c := newCovers()
	if err := c.load(ctx, tx); err != nil {
		return nil, err
	}
	return s.groups(seen, c, at), nil
}

// groups joins what was seen with what was decided.
func (s *Store) groups(seen *look, c covers, at time.Time) []Group {
	out := make([]Group, 0, len(seen.causes))
	for _, cause := range seen.causes {
		out = append(out, s.group(cause, seen, c, at))
	}
	sortGroups(out)
	return out
}

// Group is one line of Queue, or ErrNoGroup.
func (s *Store) Group(ctx context.Context, tx *storage.Tx, key string, at time.Time) (Group, error) {
	all, err := s.Queue(ctx, tx, at)
	if err != nil {
		return Group{}, err
	}
	for _, g := range all {
		if g.Key == key {
			return g, nil
		}
	}
	return Group{}, fmt.Errorf("%s: %w", key, ErrNoGroup)
}

// Measured is the source of what the machines report.
type Measured struct{ Findings *findings.Store }

// Groups are the causes of the findings that there are.
func (m Measured) Groups(ctx context.Context, tx *storage.Tx, at time.Time) ([]Cause, error) {
	all, err := m.Findings.ProblemsAt(ctx, tx, at)
	if err != nil {
		return nil, err
	}
	return causesOf(all), nil
}

// causesOf groups findings by control, reason and severity.
func causesOf(all []findings.Finding) []Cause {
	type cause struct{ control, code, severity string }
	places := map[cause]int{}
	var out []Cause
	for _, f := range all {
		k := cause{f.Control, f.Reason.Code, string(f.Severity)}
		i, ok := places[k]
		if !ok {
			i = len(out)
			places[k] = i
			out = append(out, Cause{Control: f.Control, Code: f.Reason.Code, Severity: f.Severity, Status: f.Status})
		}
		if f.Status != out[i].Status {
			out[i].Status = checks.Worst(out[i].Status, f.Status)
		}
		out[i].Members = append(out[i].Members, Member{
			Machine: f.Machine, Entry: f.Entry, Part: f.Key, Opened: f.OpenedAt, Again: f.Times > 1, Reason: f.Reason,
		})
	}
	return out
}

// Record is the payload of a leaf of kind decision and subject "finding/" and the cause's
// control, with the decision's number as its sequence, as JSON.
type Record struct {
	ID      int64          `json:"id"`
	Cause   string         `json:"cause"`
	At      time.Time      `json:"at"`
	Kind    Kind           `json:"kind"`
	By      string         `json:"by"`
	Via     registers.Via  `json:"via"`
	Why     string         `json:"why,omitempty"`
	Owner   string         `json:"owner,omitempty"`
	Who     string         `json:"who,omitempty"`
	Due     string         `json:"due,omitempty"`   // day
	Until   string         `json:"until,omitempty"` // day
	Area    string         `json:"department,omitempty"`
	Again   bool           `json:"again,omitempty"` // in the place of all before
	Ref     string         `json:"ref,omitempty"`
	Count   int            `json:"count"`
	Members []RecordMember `json:"members,omitempty"`
}

// RecordMember is a finding that a decision names.
type RecordMember struct {
	Machine string    `json:"machine,omitempty"`
	Entry   string    `json:"entry"`
	Part    string    `json:"part,omitempty"`
	Opened  time.Time `json:"opened"`
}

// Take is a choice for some causes.
type Take struct {
	Keys []string
	Choice
}

// Decide takes one decision on each of some causes: of those that wait for one, or on all
// when c.Again. What it makes in other books is made in the same transaction.
func (s *Store) Decide(ctx context.Context, tx *storage.Tx, keys []string, c Choice) ([]Decision, error) {
	return s.DecideEach(ctx, tx, Take{Keys: slices.Compact(slices.Sorted(slices.Values(keys))), Choice: c})
}

// DecideEach is Decide with a choice for each, all or none, as one act.
func (s *Store) DecideEach(ctx context.Context, tx *storage.Tx, takes ...Take) ([]Decision, error) {
	if err := tx.Lock(ctx, "decisions"); err != nil {
		return nil, err
	}
	now := s.opts.Now().UTC().Truncate(time.Microsecond)
	all, err := s.Queue(ctx, tx, now)
	if err != nil {
		return nil, err
	}
	byKey := make(map[string]Group, len(all))
	for _, g := range all {
		byKey[g.Key] = g
	}
	var out []Decision
	for _, take := range takes {
		c := take.Choice
		if err := s.check(&c, now); err != nil {
			return nil, err
		}
		for _, key := range take.Keys {
			g, ok := byKey[key]
			if !ok {
				return nil, fmt.Errorf("%s: %w", key, ErrNoGroup)
			}
			if g.Undecided == 0 && !c.Again {
				return nil, fmt.Errorf("%s: %w", key, ErrDecided)
			}
			ref, err := s.elsewhere(ctx, tx, g, c)
			if err != nil {
				return nil, err
			}
			d, err := s.decide(ctx, tx, g, c, ref, now)
			if err != nil {
				return nil, err
			}
			g.Undecided = 0 // for whoever names it twice
			byKey[key] = g
			out = append(out, d)
		}
	}
	return out, nil
}

// decide writes one decision.
func (s *Store) decide(ctx context.Context, tx *storage.Tx, g Group, c Choice, ref string, now time.Time) (Decision, error) {
	r := Record{
		Cause: g.Key, At: now, Kind: c.Kind, By: c.Act.By, Via: c.Act.Via, Why: c.Why, Owner: c.Owner, Who: c.Who,
		Due: s.day(c.Due), Until: s.day(c.Until), Area: c.Department, Again: c.Again, Ref: ref,
	}
	for i, m := range g.Members {
		if i < g.Undecided || c.Again {
			if c.Department == "" || m.Department == c.Department {
				r.Members = append(r.Members, RecordMember{m.Machine, m.Entry, m.Part, m.Opened.UTC()})
			}
		}
	}
	r.Count = len(r.Members)
	if r.Count == 0 {
		return Decision{}, fmt.Errorf("%s in %s: %w", g.Key, c.Department, ErrDecided)
	}
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(id), 0) + 1 FROM decisions_taken`).Scan(&r.ID); err != nil {
		return Decision{}, fmt.Errorf("number a decision: %w", err)
	}
	payload, err := json.Marshal(r)
	if err != nil {
		return Decision{}, fmt.Errorf("encode a decision: %w", err)
	}
	if len(payload) > evidence.MaxPayload {
		return Decision{}, fmt.Errorf("a decision on %d findings at once is too large: %w", r.Count, ErrChoice)
	}
	leaf, err := s.opts.Log.Append(ctx, tx, evidence.Leaf{Kind: evidence.Decision, Subject: "finding/" + g.Control, Sequence: uint64(r.ID), Payload: payload})
	if err != nil {
		return Decision{}, fmt.Errorf("append a decision: %w", err)
	}
	return r.decision(leaf), s.keep(ctx, tx, r, leaf)
}

// keep writes the rows of a record.
func (s *Store) keep(ctx context.Context, tx *storage.Tx, r Record, leaf int64) error {
	members := r.Members
	r.Members = nil
	short, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode a decision: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO decisions_taken (id, at, leaf, cause, record) VALUES ($1, $2, $3, $4, $5)`,
		r.ID, r.At.UnixMicro(), leaf, r.Cause, string(short)); err != nil {
		return fmt.Errorf("keep decision %d: %w", r.ID, err)
	}
	for batch := range slices.Chunk(members, 100) {
		var places []string
		args := []any{r.ID}
		for _, m := range batch {
			n := len(args)
			places = append(places, fmt.Sprintf("($1, $%d, $%d, $%d, $%d)", n+1, n+2, n+3, n+4))
			args = append(args, m.Machine, m.Entry, m.Part, m.Opened.UnixMicro())
		}
		if _, err := tx.Exec(ctx, `INSERT INTO decisions_members (decision, machine, entry, part, opened) VALUES `+strings.Join(places, ", "), args...); err != nil {
			return fmt.Errorf("keep what decision %d is about: %w", r.ID, err)
		}
	}
	return nil
}

// Replay takes a leaf of the log into the rows, when they are made anew; leaves come in
// the order of the log.
func (s *Store) Replay(ctx context.Context, tx *storage.Tx, payload []byte, leaf int64) error {
	var r Record
	if err := json.Unmarshal(payload, &r); err != nil {
		return fmt.Errorf("decision of leaf %d: %w", leaf, err)
	}
	return s.keep(ctx, tx, r, leaf)
}

// Reset forgets all decisions, before they are made anew from the log.
func (s *Store) Reset(ctx context.Context, tx *storage.Tx) error {
	for _, table := range []string{"decisions_members", "decisions_taken"} {
		if _, err := tx.Exec(ctx, `DELETE FROM `+table); err != nil {
			return fmt.Errorf("forget the decisions: %w", err)
		}
	}
	s.glance.forget()
	return nil
}

func (r Record) decision(leaf int64) Decision {
	d := Decision{
		ID: r.ID, Key: r.Cause, At: r.At.UTC(), Leaf: leaf, Kind: r.Kind, By: r.By, Why: r.Why, Owner: r.Owner, Who: r.Who,
		Department: r.Area, Members: r.Count, Again: r.Again, Ref: r.Ref,
	}
	d.Due, _ = time.Parse(time.DateOnly, r.Due) // zero when there is none
	d.Until, _ = time.Parse(time.DateOnly, r.Until)
	return d
}

// day writes the day of an instant in the organisation's zone; nothing for none.
func (s *Store) day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(s.opts.Zone).Format(time.DateOnly)
}
