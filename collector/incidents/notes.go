package incidents

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/collector/evidence"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// Note is what somebody told without an account, and what was added to it later: whoever
// knows of an incident must be able to say so (ES-POL 7.5.3).
type Note struct {
	// Code is what whoever told it knows it by, and can add to it with.
	Code string
	// Parts are what was told, the first part first.
	Parts []NotePart
	// Folio is the incident into which it was taken; 0 while it waits, -1 when it is none.
	Folio     int64
	DecidedBy string
	DecidedAt time.Time
}

// NotePart is what was told at one time.
type NotePart struct {
	At     time.Time
	Values registers.Values
	Leaf   int64
}

// NoteForm is what may be told. Nothing but what happened is asked for.
func NoteForm() *registers.Book {
	return &registers.Book{Name: "incidents-note", Prefix: Prefix, AppendOnly: true, Title: say("Avisar de una incidencia", "Report an incident"), Fields: []registers.Field{
		{Name: "what", Kind: registers.Prose, Required: true, Label: say("Qué ha pasado o qué ha notado", "What happened, or what you noticed"),
			Hint: say("Con sus palabras. No escriba contraseñas ni datos de otras personas.", "In your own words. Write no passwords and no data of others.")},
		{Name: "when", Kind: registers.Line, Label: say("Cuándo", "When"), Hint: say("Aunque sea aproximado.", "Even if only about.")},
		{Name: "machine", Kind: registers.Line, Label: say("Equipo o lugar", "Machine or place"), Hint: say("El nombre está en la etiqueta o en la página de Vigía de su equipo.", "Its name is on the label or on Vigía's page on it.")},
		{Name: "name", Kind: registers.Line, Personal: true, Label: say("Su nombre, si quiere", "Your name, if you like")},
		{Name: "contact", Kind: registers.Line, Personal: true, Label: say("Teléfono o extensión, si quiere", "Telephone, if you like")},
	}}
}

// Bounds of what is told without an account: nobody can fill the disk with it, nor keep
// others from being heard.
const (
	NotesPerSource = 6   // in an hour, from one network
	NotesPerHour   = 60  // in an hour, from all
	NotesWaiting   = 500 // that wait for the officer
	maxParts       = 20  // of one note
)

// Errors that callers tell apart.
var (
	// ErrTooMany: the bounds are reached; whoever tells it must use another way.
	ErrTooMany = errors.New("too many notes were handed in")
	ErrNoNote  = errors.New("there is no note with that code")
	// ErrDecided: somebody took or dismissed the note already.
	ErrDecided = errors.New("the note was decided on already")
)

// NoteRecord is the payload of a leaf of kind incident whose subject is "note/" and the
// code, as JSON. Its sequence is the number of the part.
type NoteRecord struct {
	Code   string           `json:"code"`
	At     time.Time        `json:"at"`
	Values registers.Values `json:"values,omitempty"`
	// Folio and By tell that the note was taken into an incident, or is none (-1).
	Folio int64  `json:"folio,omitempty"`
	By    string `json:"by,omitempty"`
	Why   string `json:"why,omitempty"`
}

// Tell keeps a note, or adds to one when code is not empty, and answers its code. source is
// the network that it comes from.
func (s *Store) Tell(ctx context.Context, tx *storage.Tx, code string, v registers.Values, source string) (string, error) {
	if err := NoteForm().Review(v); err != nil {
		return "", err
	}
	if err := tx.Lock(ctx, "incidents"); err != nil {
		return "", err
	}
	now := s.opts.Now().UTC().Truncate(time.Microsecond)
	var mine, all, waiting int
	hour := now.Add(-time.Hour).UnixMicro()
	if err := tx.QueryRow(ctx, `SELECT COUNT(CASE WHEN source = $1 THEN 1 END), COUNT(*) FROM incidents_notes WHERE at > $2`, source, hour).Scan(&mine, &all); err != nil {
		return "", fmt.Errorf("count the notes: %w", err)
	}
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM incidents_notes WHERE folio = 0`).Scan(&waiting); err != nil {
		return "", fmt.Errorf("count the notes: %w", err)
	}
	if mine >= NotesPerSource || all >= NotesPerHour || waiting >= NotesWaiting {
		return "", ErrTooMany
	}
	number, folio := int64(1), int64(0)
	if code != "" {
		note, err := s.Note(ctx, tx, code)
		switch {
		case err != nil:
			return "", err
		case len(note.Parts) >= maxParts:
			return "", ErrTooMany
		}
		code, number, folio = note.Code, int64(len(note.Parts))+1, note.Folio
	} else {
		code = newCode()
	}
	payload, err := json.Marshal(NoteRecord{Code: code, At: now, Values: v})
	if err != nil {
		return "", fmt.Errorf("encode a note: %w", err)
	}
	leaf, err := s.opts.Log.Append(ctx, tx, evidence.Leaf{Kind: evidence.Incident, Subject: "note/" + code, Sequence: uint64(number), Payload: payload})
	if err != nil {
		return "", fmt.Errorf("append a note: %w", err)
	}
	values, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode a note: %w", err)
	}
	// What is added to a note that was dismissed waits anew.
	if folio < 0 {
		folio = 0
		if _, err := tx.Exec(ctx, `UPDATE incidents_notes SET folio = 0 WHERE code = $1`, code); err != nil {
			return "", fmt.Errorf("open a note again: %w", err)
		}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO incidents_notes (code, number, at, source, values_json, folio, decided_by, decided_at, leaf)
		VALUES ($1, $2, $3, $4, $5, $6, '', 0, $7)`, code, number, now.UnixMicro(), source, string(values), folio, leaf); err != nil {
		return "", fmt.Errorf("keep a note: %w", err)
	}
	return code, nil
}

// newCode is eight letters and digits in two groups, which can be said on the telephone.
func newCode() string {
	text := rand.Text()
	return text[:4] + "-" + text[4:8]
}

// cleanCode reads a code as people type it.
func cleanCode(text string) string {
	text = strings.ToUpper(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, text))
	if len(text) != 8 {
		return text
	}
	return text[:4] + "-" + text[4:]
}

// Note is a note by its code, or ErrNoNote.
func (s *Store) Note(ctx context.Context, tx *storage.Tx, code string) (Note, error) {
	notes, err := s.notes(ctx, tx, `WHERE code = $1`, cleanCode(code))
	if err != nil {
		return Note{}, err
	}
	if len(notes) == 0 {
		return Note{}, ErrNoNote
	}
	return notes[0], nil
}

// Waiting are the notes that nobody has decided on, the oldest first.
func (s *Store) Waiting(ctx context.Context, tx *storage.Tx) ([]Note, error) {
	return s.notes(ctx, tx, `WHERE folio = 0`)
}

// NotesOf are the notes that were taken into an incident.
func (s *Store) NotesOf(ctx context.Context, tx *storage.Tx, folio int64) ([]Note, error) {
	return s.notes(ctx, tx, `WHERE folio = $1`, folio)
}

func (s *Store) notes(ctx context.Context, tx *storage.Tx, where string, args ...any) ([]Note, error) {
	rows, err := tx.Query(ctx, `SELECT code, at, values_json, folio, decided_by, decided_at, leaf FROM incidents_notes `+where+` ORDER BY code, number`, args...)
	if err != nil {
		return nil, fmt.Errorf("read the notes: %w", err)
	}
	defer rows.Close()
	var out []Note
	for rows.Next() {
		var n Note
		var p NotePart
		var at, decided int64
		var values string
		if err := rows.Scan(&n.Code, &at, &values, &n.Folio, &n.DecidedBy, &decided, &p.Leaf); err != nil {
			return nil, fmt.Errorf("read the notes: %w", err)
		}
		if err := json.Unmarshal([]byte(values), &p.Values); err != nil {
			return nil, fmt.Errorf("read the note %s: %w", n.Code, err)
		}
		p.At = time.UnixMicro(at).UTC()
		if decided > 0 {
			n.DecidedAt = time.UnixMicro(decided).UTC()
		}
		if i := len(out) - 1; i >= 0 && out[i].Code == n.Code {
			out[i].Parts = append(out[i].Parts, p)
			continue
		}
		n.Parts = []NotePart{p}
		out = append(out, n)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the notes: %w", err)
	}
	slices.SortStableFunc(out, func(a, b Note) int { return a.Parts[0].At.Compare(b.Parts[0].At) })
	return out, nil
}

// Decide takes a note into an incident, or says that it is none with a folio of -1 and a
// reason. ErrDecided means that somebody was faster.
func (s *Store) Decide(ctx context.Context, tx *storage.Tx, code string, folio int64, act registers.Act) error {
	if err := checkAct(act); err != nil {
		return err
	}
	if err := tx.Lock(ctx, "incidents"); err != nil {
		return err
	}
	note, err := s.Note(ctx, tx, code)
	switch {
	case err != nil:
		return err
	case note.Folio != 0:
		return ErrDecided
	case folio == 0 || folio < -1:
		return fmt.Errorf("decide on the note %s: no incident", note.Code)
	}
	now := s.opts.Now().UTC().Truncate(time.Microsecond)
	payload, err := json.Marshal(NoteRecord{Code: note.Code, At: now, Folio: folio, By: act.By, Why: act.Why})
	if err != nil {
		return fmt.Errorf("encode the decision on a note: %w", err)
	}
	if _, err := s.opts.Log.Append(ctx, tx, evidence.Leaf{Kind: evidence.Incident, Subject: "note/" + note.Code, Payload: payload}); err != nil {
		return fmt.Errorf("append the decision on a note: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE incidents_notes SET folio = $2, decided_by = $3, decided_at = $4 WHERE code = $1`,
		note.Code, folio, act.By, now.UnixMicro()); err != nil {
		return fmt.Errorf("decide on a note: %w", err)
	}
	return nil
}
