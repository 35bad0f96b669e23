package incidents

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"vigia/checks/policy"
	"vigia/collector/evidence"
	"vigia/collector/registers"
	"vigia/collector/storage"
	"vigia/collector/worktime"
)

// Encrypted answers whether a machine was known to be encrypted at a time: the entry of
// the log that proves it, or else why not, in words.
type Encrypted func(ctx context.Context, tx *storage.Tx, hostname string, at time.Time) (leaf int64, why string, err error)

// Options configures NewStore.
type Options struct {
	// Log receives a leaf for every entry.
	Log Log
	// Now is the clock; nil means time.Now. Zone is where days end; nil is UTC.
	Now  func() time.Time
	Zone *time.Location
	// Rules are the packs in force and the calendar; nil: no term runs.
	Rules func(ctx context.Context, tx *storage.Tx) ([]policy.Pack, worktime.Calendar, error)
	// Encrypted proves an exemption; nil: none can be proved.
	Encrypted Encrypted
	// Plan writes an action that remains to be done into the work plan and returns its
	// folio as people cite it; nil: actions stand in the book alone.
	Plan func(ctx context.Context, tx *storage.Tx, incident string, action registers.Values, act registers.Act) (string, error)
}

// Store keeps the book. Its methods work inside the caller's transaction and are safe for
// concurrent use.
type Store struct{ opts Options }

// NewStore returns a Store on the tables of Schema.
func NewStore(opts Options) *Store {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	if opts.Rules == nil {
		opts.Rules = func(context.Context, *storage.Tx) ([]policy.Pack, worktime.Calendar, error) {
			return nil, worktime.Office(nil), nil
		}
	}
	if opts.Encrypted == nil {
		opts.Encrypted = func(context.Context, *storage.Tx, string, time.Time) (int64, string, error) {
			return 0, "aquí nada lo mide", nil
		}
	}
	return &Store{opts: opts}
}

// Open enters a new incident and answers it. A *registers.InvalidError says what is wrong
// with the values.
func (s *Store) Open(ctx context.Context, tx *storage.Tx, v registers.Values, act registers.Act) (Incident, error) {
	if err := tx.Lock(ctx, "incidents"); err != nil {
		return Incident{}, err
	}
	var last int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(folio), 0) FROM incidents_entries`).Scan(&last); err != nil {
		return Incident{}, fmt.Errorf("read the last folio of the incident book: %w", err)
	}
	return s.append(ctx, tx, Incident{Folio: last + 1}, Entry{Kind: Open, Values: v, Act: act})
}

// Write adds an entry of any kind but Open to an incident. corrects is the number of the
// entry that it corrects, 0 for none.
func (s *Store) Write(ctx context.Context, tx *storage.Tx, folio int64, kind Kind, v registers.Values, corrects int64, act registers.Act) (Incident, error) {
	if err := tx.Lock(ctx, "incidents"); err != nil {
		return Incident{}, err
	}
	in, err := s.Incident(ctx, tx, folio)
	if err != nil {
		return Incident{}, err
	}
	closed := !in.Closed.IsZero()
	switch {
	case closed && kind != Reopen:
		return Incident{}, fmt.Errorf("%s: %w", FolioText(folio), ErrClosed)
	case !closed && kind == Reopen:
		return Incident{}, fmt.Errorf("%s: %w", FolioText(folio), ErrOpen)
	case kind == Open:
		return Incident{}, fmt.Errorf("%s is open already", FolioText(folio))
	}
	return s.append(ctx, tx, in, Entry{Kind: kind, Values: v, Corrects: corrects, Act: act})
}

// append checks and writes the next entry of an incident.
func (s *Store) append(ctx context.Context, tx *storage.Tx, in Incident, e Entry) (Incident, error) {
	if err := checkAct(e.Act); err != nil {
		return Incident{}, err
	}
	now := s.opts.Now().UTC().Truncate(time.Microsecond)
	if n := len(in.Entries); n > 0 && now.Before(in.Entries[n-1].At) {
		now = in.Entries[n-1].At // whatever the clock says, entries stay in their order
	}
	if e.Values = maps.Clone(e.Values); e.Values == nil {
		e.Values = registers.Values{}
	}
	e.Folio, e.Number, e.At = in.Folio, int64(len(in.Entries)+1), now
	if err := s.complete(ctx, tx, in, &e); err != nil {
		return Incident{}, err
	}
	next, err := Fold(append(slices.Clone(in.Entries), e))
	if err != nil {
		return Incident{}, err
	}
	payload, err := json.Marshal(Record{Folio: e.Folio, Number: e.Number, Kind: e.Kind, At: e.At, By: e.Act.By, Why: e.Act.Why, Via: e.Act.Via,
		Corrects: e.Corrects, Values: e.Values})
	if err != nil {
		return Incident{}, fmt.Errorf("encode %s: %w", FolioText(e.Folio), err)
	}
	if e.Leaf, err = s.opts.Log.Append(ctx, tx, evidence.Leaf{Kind: evidence.Incident, Subject: "incident/" + strconv.FormatInt(e.Folio, 10),
		Sequence: uint64(e.Number), Payload: payload}); err != nil {
		return Incident{}, fmt.Errorf("append to the incident book: %w", err)
	}
	next.Entries[len(next.Entries)-1].Leaf = e.Leaf
	return next, insert(ctx, tx, e)
}

// complete makes sure that an entry may be written, and adds what the store itself knows.
func (s *Store) complete(ctx context.Context, tx *storage.Tx, in Incident, e *Entry) error {
	if err := Form(e.Kind).Review(e.Values); err != nil {
		return err
	}
	next, err := Fold(append(slices.Clone(in.Entries), *e))
	if err != nil {
		return err
	}
	var problems []registers.Problem
	switch e.Kind {
	case Open, Update:
		// Each is right by itself; what matters is what they say together.
		problems = append(checkFacts(next.Facts), s.notLater(e.At, e.Values, "happened", "detected", "known", "confirmed", "paper_at")...)
	case Assessment:
		problems, err = s.exempt(ctx, tx, next, e)
	case Notice:
		if problems, err = s.late(ctx, tx, next, e); err == nil {
			problems = append(problems, s.notLater(e.At, e.Values, "sent")...)
		}
	case Recovery:
		problems = s.notLater(e.At, e.Values, "authorised", "at")
	case Action:
		problems = s.notLater(e.At, e.Values, "done")
		if e.Values["done"] == "" && s.opts.Plan != nil && len(problems) == 0 {
			e.Values["plan"], err = s.opts.Plan(ctx, tx, FolioText(e.Folio), e.Values, e.Act)
		}
	case Close:
		if in.Breach() == "" {
			problems = []registers.Problem{{Field: "cause", Code: "incidents.undecided"}}
		}
	case Reopen:
	}
	if err == nil && len(problems) > 0 {
		err = &registers.InvalidError{Problems: problems}
	}
	return err
}

// notLater finds the moments that are later than now, an hour of clocks that differ apart.
func (s *Store) notLater(now time.Time, v registers.Values, fields ...string) []registers.Problem {
	var out []registers.Problem
	for _, f := range fields {
		if t, err := v.Moment(f); err == nil && t.After(now.Add(time.Hour)) {
			out = append(out, registers.Problem{Field: f, Code: "incidents.future"})
		}
	}
	return out
}

// exempt makes sure that an exemption by encryption rests on evidence, which it links.
func (s *Store) exempt(ctx context.Context, tx *storage.Tx, next Incident, e *Entry) ([]registers.Problem, error) {
	delete(e.Values, "exempt_leaf")
	if e.Values["exempt"] != "encryption" {
		return nil, nil
	}
	at, err := next.Instants()
	if err != nil {
		return nil, err
	}
	when := at.Happened
	if when.IsZero() {
		when = at.Detected
	}
	leaf, why, err := s.opts.Encrypted(ctx, tx, e.Values["exempt_machine"], when)
	switch {
	case err != nil:
		return nil, err
	case why != "":
		return []registers.Problem{{Field: "exempt_machine", Code: "incidents.not_encrypted",
			Args: map[string]string{"machine": e.Values["exempt_machine"], "why": why}}}, nil
	}
	e.Values["exempt_leaf"] = strconv.FormatInt(leaf, 10)
	return nil, nil
}

// late asks for reasons where a notice is later than its term.
func (s *Store) late(ctx context.Context, tx *storage.Tx, next Incident, e *Entry) ([]registers.Problem, error) {
	packs, office, err := s.opts.Rules(ctx, tx)
	if err != nil {
		return nil, err
	}
	clocks, err := Clocks(next, packs, office, e.At)
	if err != nil {
		return nil, err
	}
	for _, c := range clocks {
		if c.State == Late && string(c.Whom) == e.Values["to"] && e.Values["late_why"] == "" {
			return []registers.Problem{{Field: "late_why", Code: "incidents.late",
				Args: map[string]string{"due": c.Due.In(s.opts.Zone).Format("02/01/2006 15:04")}}}, nil
		}
	}
	return nil, nil
}

func insert(ctx context.Context, tx *storage.Tx, e Entry) error {
	values, err := json.Marshal(e.Values)
	if err != nil {
		return fmt.Errorf("encode %s: %w", FolioText(e.Folio), err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO incidents_entries (folio, number, at, kind, by_name, why, via, corrects, values_json, leaf)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, e.Folio, e.Number, e.At.UnixMicro(), string(e.Kind), e.Act.By, e.Act.Why,
		string(e.Act.Via), e.Corrects, string(values), e.Leaf); err != nil {
		return fmt.Errorf("write %s: %w", FolioText(e.Folio), err)
	}
	return nil
}

// Incident is one incident, or ErrNoIncident.
func (s *Store) Incident(ctx context.Context, tx *storage.Tx, folio int64) (Incident, error) {
	all, err := s.read(ctx, tx, `WHERE folio = $1`, folio)
	if err != nil {
		return Incident{}, err
	}
	if len(all) == 0 {
		return Incident{}, fmt.Errorf("%s: %w", FolioText(folio), ErrNoIncident)
	}
	return all[0], nil
}

// Incidents are all of the book, the last one first.
func (s *Store) Incidents(ctx context.Context, tx *storage.Tx) ([]Incident, error) {
	return s.read(ctx, tx, ``)
}

// IncidentsAt are all as the book had them at a time.
func (s *Store) IncidentsAt(ctx context.Context, tx *storage.Tx, at time.Time) ([]Incident, error) {
	return s.read(ctx, tx, `WHERE at <= $1`, at.UnixMicro())
}

func (s *Store) read(ctx context.Context, tx *storage.Tx, where string, args ...any) ([]Incident, error) {
	rows, err := tx.Query(ctx, `SELECT folio, number, at, kind, by_name, why, via, corrects, values_json, leaf FROM incidents_entries `+
		where+` ORDER BY folio, number`, args...)
	if err != nil {
		return nil, fmt.Errorf("read the incident book: %w", err)
	}
	defer rows.Close()
	var out []Incident
	var entries []Entry
	flush := func() error {
		if len(entries) == 0 {
			return nil
		}
		in, err := Fold(entries)
		out, entries = append(out, in), nil
		return err
	}
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, fmt.Errorf("read the incident book: %w", err)
		}
		if len(entries) > 0 && entries[0].Folio != e.Folio {
			if err := flush(); err != nil {
				return nil, err
			}
		}
		entries = append(entries, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the incident book: %w", err)
	}
	if err := flush(); err != nil {
		return nil, err
	}
	slices.SortFunc(out, byFolio)
	return out, nil
}

func scanEntry(rows *sql.Rows) (Entry, error) {
	var e Entry
	var at int64
	var values string
	if err := rows.Scan(&e.Folio, &e.Number, &at, &e.Kind, &e.Act.By, &e.Act.Why, &e.Act.Via, &e.Corrects, &values, &e.Leaf); err != nil {
		return Entry{}, err
	}
	e.At = time.UnixMicro(at).UTC()
	return e, json.Unmarshal([]byte(values), &e.Values)
}

// ClocksOf are the terms of an incident now, what is urgent first.
func (s *Store) ClocksOf(ctx context.Context, tx *storage.Tx, in Incident, now time.Time) ([]Clock, error) {
	packs, office, err := s.opts.Rules(ctx, tx)
	if err != nil {
		return nil, err
	}
	clocks, err := Clocks(in, packs, office, now)
	return Urgent(clocks), err
}

// Reminder is something about an incident that people must know.
type Reminder struct {
	Key      string // stable: who was told once is not told again
	Incident Incident
	Clock    Clock
	Mark     int // of the term, in hundredths
}

// Reminders are those that are due now: one for each mark of a term that has passed.
func (s *Store) Reminders(ctx context.Context, tx *storage.Tx, now time.Time) ([]Reminder, error) {
	all, err := s.Incidents(ctx, tx)
	if err != nil {
		return nil, err
	}
	packs, office, err := s.opts.Rules(ctx, tx)
	if err != nil {
		return nil, err
	}
	var out []Reminder
	for _, in := range all {
		clocks, err := Clocks(in, packs, office, now)
		if err != nil {
			return nil, err
		}
		for i, c := range clocks {
			if mark := c.Mark(); mark > 0 && in.Closed.IsZero() {
				out = append(out, Reminder{Key: fmt.Sprintf("incident/%d/%s/%d/%d/%d", in.Folio, c.Whom, i, c.Due.Unix(), mark), Incident: in, Clock: c, Mark: mark})
			}
		}
	}
	return out, nil
}

// maxWhy bounds the reason of an entry, in characters.
const maxWhy = 2000

func checkAct(act registers.Act) error {
	if act.By == "" || len(act.By) > 200 || !slices.Contains([]registers.Via{registers.Portal, registers.Import, registers.Command}, act.Via) {
		return fmt.Errorf("write to the incident book: it must be said who writes, and how")
	}
	if !utf8.ValidString(act.Why) || utf8.RuneCountInString(act.Why) > maxWhy {
		return fmt.Errorf("write to the incident book: a reason of at most %d characters", maxWhy)
	}
	return nil
}
