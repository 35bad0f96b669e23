package reviews

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"vigia/checks/policy"
	"vigia/collector/documents"
	"vigia/collector/evidence"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the package's tables.
func Schema() storage.Schema { return storage.Embedded("reviews", migrations) }

// Log is where evidence goes; *evidence.Log is one.
type Log interface {
	Append(ctx context.Context, tx *storage.Tx, leaves ...evidence.Leaf) (first int64, err error)
}

// Options are what a Store is made from.
type Options struct {
	Log Log
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Zone is where quarters begin; nil means UTC.
	Zone *time.Location
	// Sources are what numbers are frozen from.
	Sources func(ctx context.Context, tx *storage.Tx) (Sources, error)
	Speaker Speaker
	// Registers and Books are the organisation's books; nil: it keeps none.
	Registers *registers.Store
	Books     []*registers.Book
	Documents *documents.Store
	// Standing is what was decided on findings outside of reviews; nil: nothing.
	Standing func(ctx context.Context, tx *storage.Tx, at time.Time) ([]Standing, error)
	// Follow does what a decision asks for, in the transaction of the signature: a row of
	// the work plan, a waiver, an entry of the incident book. It answers what it wrote, or
	// nothing. nil: decisions stand in the act alone.
	Follow func(ctx context.Context, tx *storage.Tx, f Following) (ref string, err error)
}

// Following is a decision that somebody signed.
type Following struct {
	Act      *Act
	Section  Part
	Line     Line
	Decision Decision
	By       registers.Act
}

// Store keeps the acts. Every method works inside the caller's transaction and is safe for
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
	return &Store{opts: opts}
}

// Heading is an act in a list.
type Heading struct {
	ID     string
	Period Period
	Amends string
	Stage  Stage
	Opened time.Time
	Closed time.Time // zero: it is not
}

// Open begins the act of a period on its frozen numbers. ErrExists: it has one.
func (s *Store) Open(ctx context.Context, tx *storage.Tx, p Prepared, who registers.Act) (*Act, error) {
	return s.begin(ctx, tx, p.frozen.Period, p.frozen, p.packed, who)
}

// Amend opens an act that corrects another one, for a reason. It is about the same frozen
// numbers, and begins with the same decisions. The one that it amends must be signed, and
// be the last of its period.
func (s *Store) Amend(ctx context.Context, tx *storage.Tx, id string, who registers.Act) (*Act, error) {
	old, err := s.Find(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if old.Stage == Deciding {
		return nil, fmt.Errorf("amend %s: %w", id, ErrNotSigned)
	}
	if strings.TrimSpace(who.Why) == "" {
		return nil, fmt.Errorf("amend %s: its reason: %w", id, ErrDecision)
	}
	f := old.Frozen
	f.Amends, f.Why, f.Carried = id, who.Why, nil
	for _, section := range f.Sections {
		d := Decided{Section: section.ID, Words: old.Words(section.ID)}
		for _, l := range section.Lines {
			if decision, _, ok := old.Decision(l.ID); ok {
				d.Lines = append(d.Lines, decision)
			}
		}
		f.Carried = append(f.Carried, d)
	}
	base, number, _ := strings.Cut(id, ".")
	n, _ := strconv.Atoi(number) // none is 0
	packed, err := s.packed(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	return s.begin(ctx, tx, base+"."+strconv.Itoa(n+1), f, packed, who)
}

// begin writes the first step of an act.
func (s *Store) begin(ctx context.Context, tx *storage.Tx, id string, f Frozen, packed []byte, who registers.Act) (*Act, error) {
	if err := tx.Lock(ctx, "reviews"); err != nil {
		return nil, err
	}
	var n int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM reviews_acts WHERE id = $1`, id).Scan(&n); err != nil {
		return nil, fmt.Errorf("open %s: %w", id, err)
	}
	if n > 0 {
		return nil, fmt.Errorf("open %s: %w", id, ErrExists)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO reviews_acts (id, period, amends, state, steps, opened_at, closed_at) VALUES ($1, $2, $3, $4, 0, $5, 0)`,
		id, f.Period, f.Amends, string(Deciding), s.opts.Now().UnixMicro()); err != nil {
		return nil, fmt.Errorf("open %s: %w", id, err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO reviews_snapshots (act, data) VALUES ($1, $2)`, id, packed); err != nil {
		return nil, fmt.Errorf("keep the numbers of %s: %w", id, err)
	}
	a := &Act{ID: id, decisions: map[string]Decision{}, by: map[string]Step{}, words: map[string]string{}}
	return a, s.step(ctx, tx, a, Step{Kind: StepFrozen, Frozen: &f}, who)
}

// step appends a step to the log and to the act.
func (s *Store) step(ctx context.Context, tx *storage.Tx, a *Act, step Step, who registers.Act) error {
	if strings.TrimSpace(who.By) == "" {
		return errors.New("write to a review: it must be said who writes")
	}
	step.Schema, step.Act, step.Number, step.By, step.Via = StepSchema, a.ID, len(a.Steps)+1, who.By, who.Via
	step.At = s.opts.Now().UTC().Truncate(time.Microsecond)
	if n := len(a.Steps); n > 0 {
		step.Before = a.Steps[n-1].Hash
		if last := a.Steps[n-1].At; step.At.Before(last) {
			step.At = last // whatever the clock says
		}
	}
	payload, err := json.Marshal(step)
	if err != nil {
		return fmt.Errorf("encode a step of %s: %w", a.ID, err)
	}
	step.Hash = hash(payload)
	if err := a.apply(step, s.opts.Zone); err != nil {
		return fmt.Errorf("%s: %w", a.ID, err)
	}
	leaf, err := s.opts.Log.Append(ctx, tx, evidence.Leaf{Kind: evidence.Review, Subject: Subject(a.ID), Sequence: uint64(step.Number), Payload: payload})
	if err != nil {
		return fmt.Errorf("append a step of %s: %w", a.ID, err)
	}
	a.Steps[len(a.Steps)-1].Leaf = leaf
	if _, err := tx.Exec(ctx, `INSERT INTO reviews_steps (act, number, leaf, payload) VALUES ($1, $2, $3, $4)`, a.ID, step.Number, leaf, string(payload)); err != nil {
		return fmt.Errorf("keep a step of %s: %w", a.ID, err)
	}
	closed := int64(0)
	if a.Stage.Closed() {
		closed = step.At.UnixMicro()
	}
	if _, err := tx.Exec(ctx, `UPDATE reviews_acts SET state = $2, steps = $3, closed_at = $4 WHERE id = $1`, a.ID, string(a.Stage), step.Number, closed); err != nil {
		return fmt.Errorf("keep the state of %s: %w", a.ID, err)
	}
	return nil
}

// Subject is that of an act's leaves in the evidence log.
func Subject(act string) string { return "review/" + act }

// Find reads an act by its id, or ErrNoAct.
func (s *Store) Find(ctx context.Context, tx *storage.Tx, id string) (*Act, error) {
	rows, err := tx.Query(ctx, `SELECT leaf, payload FROM reviews_steps WHERE act = $1 ORDER BY number`, id)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", id, err)
	}
	defer rows.Close()
	var payloads [][]byte
	var leaves []int64
	for rows.Next() {
		var leaf int64
		var payload string
		if err := rows.Scan(&leaf, &payload); err != nil {
			return nil, fmt.Errorf("read %s: %w", id, err)
		}
		payloads, leaves = append(payloads, []byte(payload)), append(leaves, leaf)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", id, err)
	}
	a, err := Fold(payloads, leaves, s.opts.Zone)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", id, err)
	}
	return a, nil
}

// hold is Find for a change: nobody else changes the act meanwhile.
func (s *Store) hold(ctx context.Context, tx *storage.Tx, id string) (*Act, error) {
	if err := tx.Lock(ctx, "reviews"); err != nil {
		return nil, err
	}
	return s.Find(ctx, tx, id)
}

// List are all acts, the newest first.
func (s *Store) List(ctx context.Context, tx *storage.Tx) ([]Heading, error) {
	rows, err := tx.Query(ctx, `SELECT id, period, amends, state, opened_at, closed_at FROM reviews_acts ORDER BY period DESC, opened_at DESC, id DESC`)
	if err != nil {
		return nil, fmt.Errorf("list the reviews: %w", err)
	}
	defer rows.Close()
	var out []Heading
	for rows.Next() {
		var h Heading
		var period string
		var opened, closed int64
		if err := rows.Scan(&h.ID, &period, &h.Amends, &h.Stage, &opened, &closed); err != nil {
			return nil, fmt.Errorf("list the reviews: %w", err)
		}
		if h.Period, err = ParsePeriod(period, s.opts.Zone); err != nil {
			return nil, err
		}
		h.Opened = time.UnixMicro(opened).UTC()
		if closed != 0 {
			h.Closed = time.UnixMicro(closed).UTC()
		}
		out = append(out, h)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list the reviews: %w", err)
	}
	return out, nil
}

func (s *Store) packed(ctx context.Context, tx *storage.Tx, id string) ([]byte, error) {
	var data []byte
	err := tx.QueryRow(ctx, `SELECT data FROM reviews_snapshots WHERE act = $1`, id).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNoAct
	}
	if err != nil {
		return nil, fmt.Errorf("read the numbers of %s: %w", id, err)
	}
	return data, nil
}

// Snapshot is the one that an act was opened on. ErrAltered: it is not that any more.
func (s *Store) Snapshot(ctx context.Context, tx *storage.Tx, a *Act) (Snapshot, error) {
	data, err := s.packed(ctx, tx, a.ID)
	if err != nil {
		return Snapshot{}, err
	}
	snap, err := unpackSnapshot(data, s.opts.Zone)
	if err != nil {
		return Snapshot{}, fmt.Errorf("%s: %w", a.ID, err)
	}
	if snap.Digest() != a.Frozen.Digest {
		return Snapshot{}, fmt.Errorf("the frozen numbers of %s: %w", a.ID, ErrAltered)
	}
	for _, step := range a.Steps {
		snap.Leaves = append(snap.Leaves, step.Leaf)
		if step.Paper != nil {
			snap.Leaves = append(snap.Leaves, step.Paper.Leaf)
		}
	}
	slices.Sort(snap.Leaves)
	snap.Leaves = slices.Compact(snap.Leaves)
	return snap, nil
}

// Decide saves the officer's words on a section and decisions on its lines. Lines that are
// not named keep theirs; what says nothing new writes nothing.
func (s *Store) Decide(ctx context.Context, tx *storage.Tx, id string, d Decided, who registers.Act) (*Act, error) {
	a, err := s.hold(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if a.Stage != Deciding {
		return nil, fmt.Errorf("%s: %w", id, ErrClosed)
	}
	i := slices.IndexFunc(a.Frozen.Sections, func(p Part) bool { return p.ID == d.Section })
	if i < 0 {
		return nil, fmt.Errorf("there is no section %q: %w", d.Section, ErrDecision)
	}
	d.Words = tidy(d.Words)
	if len(d.Words) > maxWords || !utf8.ValidString(d.Words) {
		return nil, &DecisionError{Line: d.Section, Code: "long"}
	}
	fresh := Decided{Section: d.Section, Words: d.Words}
	for _, line := range d.Lines {
		line.Words, line.Owner = tidy(line.Words), tidy(line.Owner)
		if err := a.Frozen.Sections[i].check(line); err != nil {
			return nil, err
		}
		if old, ok := a.decisions[line.Line]; !ok || old != line {
			fresh.Lines = append(fresh.Lines, line)
		}
	}
	if len(fresh.Lines) == 0 && fresh.Words == a.words[d.Section] {
		return a, nil
	}
	return a, s.step(ctx, tx, a, Step{Kind: StepDecided, Decided: &fresh}, who)
}

// maxWords bounds what a person writes about a line or a section, in bytes.
const maxWords = 4000

func tidy(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
}

// DecisionError says what is wrong with the decision on a line.
type DecisionError struct {
	Line string
	Code string // line, choice, words, owner, due, long
}

// Error says it in a line.
func (e *DecisionError) Error() string { return fmt.Sprintf("%s: %s: %v", e.Line, e.Code, ErrDecision) }

// Unwrap gives ErrDecision.
func (e *DecisionError) Unwrap() error { return ErrDecision }

// check makes sure that a decision on a line of the section is complete.
func (p Part) check(d Decision) error {
	wrong := func(code string) error { return &DecisionError{Line: d.Line, Code: code} }
	i := slices.IndexFunc(p.Lines, func(l Line) bool { return l.ID == d.Line })
	if i < 0 {
		return wrong("line")
	}
	if !slices.Contains(p.Lines[i].Choices(), d.Choice) {
		return wrong("choice")
	}
	if len(d.Words) > maxWords || len(d.Owner) > 200 || !utf8.ValidString(d.Words+d.Owner) || strings.ContainsRune(d.Words+d.Owner, 0) {
		return wrong("long")
	}
	_, dayErr := time.Parse(time.DateOnly, d.Due)
	switch d.Choice {
	case Plan:
		if d.Owner == "" {
			return wrong("owner")
		}
		if dayErr != nil {
			return wrong("due")
		}
	case Waive:
		if d.Words == "" {
			return wrong("words")
		}
		if dayErr != nil {
			return wrong("due")
		}
	case Dismiss, Incident:
		if d.Words == "" {
			return wrong("words")
		}
	case Confirm:
		if p.Lines[i].Severity == policy.Critical && d.Words == "" {
			return wrong("words") // why it is right as it is
		}
	}
	return nil
}

// Choices are those that a line may be given.
func (l Line) Choices() []Choice {
	switch l.Kind {
	case Conclusion:
		return []Choice{Confirm, Plan}
	case Settled:
		return []Choice{Confirm, Plan, Incident}
	case Missing:
		return []Choice{Plan, Waive, Confirm}
	case Open, Minor:
		return []Choice{Plan, Waive, Incident, Dismiss}
	}
	return nil
}

// Signer is a person who signs.
type Signer struct {
	registers.Act
	Name string // as it stands under the act
	Post string
	// Statement is the sum of what the person was shown.
	Statement string
}
