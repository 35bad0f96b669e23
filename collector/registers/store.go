package registers

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// forever ends what is in force.
const forever = math.MaxInt64

// Options configures NewStore.
type Options struct {
	// Log receives a leaf for every version.
	Log Log
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Changed is called in the transaction of every version, after it was kept, so that what
	// follows from a book follows at once: a permit that machines must obey, a waiver that
	// lets a finding rest. Its error undoes the write. It may read any book and write to
	// others, but not to the same one. A row that is struck out comes with Removed and the
	// values that it had. An import calls it once for each line. nil: nobody asks.
	Changed func(ctx context.Context, tx *storage.Tx, book *Book, row Row) error
}

// Store keeps the books. Every method works inside the caller's transaction and is safe
// for concurrent use.
type Store struct{ opts Options }

// NewStore returns a Store on the tables of Schema.
func NewStore(opts Options) *Store {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Changed == nil {
		opts.Changed = func(context.Context, *storage.Tx, *Book, Row) error { return nil }
	}
	return &Store{opts: opts}
}

// Add writes a new row and gives it the book's next folio.
func (s *Store) Add(ctx context.Context, tx *storage.Tx, b *Book, v Values, act Act) (Row, error) {
	rows, err := s.write(ctx, tx, b, []change{{values: v}}, act)
	if err != nil {
		return Row{}, err
	}
	return rows[0], nil
}

// Change writes the next version of a row. version is the one that the writer has seen;
// ErrConflict if there is a newer one. A change that changes nothing writes nothing.
func (s *Store) Change(ctx context.Context, tx *storage.Tx, b *Book, folio, version int64, v Values, act Act) (Row, error) {
	rows, err := s.write(ctx, tx, b, []change{{folio: folio, version: version, values: v}}, act)
	if err != nil {
		return Row{}, err
	}
	return rows[0], nil
}

// Remove strikes a row out.
func (s *Store) Remove(ctx context.Context, tx *storage.Tx, b *Book, folio, version int64, act Act) error {
	_, err := s.write(ctx, tx, b, []change{{folio: folio, version: version, remove: true}}, act)
	return err
}

// change is one version to write: of a new row when it has no folio.
type change struct {
	folio, version int64
	values         Values
	remove         bool
}

// write writes versions, all or none.
func (s *Store) write(ctx context.Context, tx *storage.Tx, b *Book, changes []change, act Act) ([]Row, error) {
	if err := checkAct(act); err != nil {
		return nil, err
	}
	if err := tx.Lock(ctx, "registers/"+b.Name); err != nil {
		return nil, err
	}
	next, now, err := s.nextOf(ctx, tx, b)
	if err != nil {
		return nil, err
	}
	keys, err := s.holders(ctx, tx, b, len(changes))
	if err != nil {
		return nil, err
	}
	out := make([]Row, 0, len(changes))
	var leaves []evidence.Leaf
	var fresh []int // of out, those that are written
	for _, c := range changes {
		row, action, err := s.next(ctx, tx, b, c, &next, keys)
		if err != nil {
			return nil, err
		}
		if action != "" {
			row.At, row.Act = now, act
			leaf, err := leafOf(b, row, action)
			if err != nil {
				return nil, err
			}
			leaves, fresh = append(leaves, leaf), append(fresh, len(out))
		}
		out = append(out, row)
	}
	if len(leaves) == 0 {
		return out, nil
	}
	for batch := range slices.Chunk(fresh, evidence.MaxBatch) {
		first, err := s.opts.Log.Append(ctx, tx, leaves[:len(batch)]...)
		if err != nil {
			return nil, fmt.Errorf("append to the book %s: %w", b.Name, err)
		}
		leaves = leaves[len(batch):]
		for i, at := range batch {
			out[at].Leaf = first + int64(i)
			if err := s.keep(ctx, tx, b, out[at]); err != nil {
				return nil, err
			}
			if err := s.opts.Changed(ctx, tx, b, out[at]); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// next works out the version that a change makes; no action: it changes nothing.
func (s *Store) next(ctx context.Context, tx *storage.Tx, b *Book, c change, next *int64, keys *holders) (Row, Action, error) {
	if c.folio != 0 && b.AppendOnly {
		return Row{}, "", fmt.Errorf("%s: %w", b.FolioText(c.folio), ErrAppendOnly)
	}
	var old Row
	if c.folio != 0 {
		var err error
		if old, err = s.Row(ctx, tx, b, c.folio); err != nil {
			return Row{}, "", err
		}
		if old.Version != c.version {
			return Row{}, "", fmt.Errorf("%s: %w", b.FolioText(c.folio), ErrConflict)
		}
	}
	before := b.hashKey(old.Values)
	if c.remove {
		keys.moves(old.Folio, before, "")
		return Row{Folio: old.Folio, Version: old.Version + 1, Values: old.Values, Removed: true}, Removed, nil
	}
	if err := b.Review(c.values); err != nil {
		return Row{}, "", err
	}
	if c.folio != 0 && len(Differences(old.Values, c.values)) == 0 {
		return old, "", nil
	}
	if err := s.refers(ctx, tx, b, old.Values, c.values); err != nil {
		return Row{}, "", err
	}
	key := b.hashKey(c.values)
	switch other, err := keys.of(ctx, tx, key); {
	case err != nil:
		return Row{}, "", err
	case other != 0 && other != c.folio:
		return Row{}, "", &InvalidError{Problems: []Problem{{
			Field: b.Key[0], Code: codeTwice, Args: map[string]string{"folio": b.FolioText(other)},
		}}}
	}
	if c.folio == 0 {
		row := Row{Folio: *next, Version: 1, Values: c.values}
		*next++
		keys.moves(row.Folio, "", key)
		return row, Added, nil
	}
	keys.moves(c.folio, before, key)
	return Row{Folio: old.Folio, Version: old.Version + 1, Values: c.values}, Changed, nil
}

// refers makes sure that the rows of other books exist that values name and old ones did
// not. Of a book that was not linked nothing is asked.
func (s *Store) refers(ctx context.Context, tx *storage.Tx, b *Book, old, values Values) error {
	var problems []Problem
	for _, f := range b.Fields {
		value := values[f.Name]
		if f.Kind != Folio || f.prefix == "" || value == "" || value == old[f.Name] {
			continue
		}
		var there int64
		folio, _ := strconv.ParseInt(value, 10, 64) // canonical
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM registers_rows WHERE until_at = $1 AND removed = 0 AND book = $2 AND folio = $3`,
			int64(forever), f.Of, folio).Scan(&there); err != nil {
			return fmt.Errorf("look for a row of %s: %w", f.Of, err)
		}
		if there == 0 {
			problems = append(problems, *f.problem(codeNoRow, "value", f.Show(value, "", nil)))
		}
	}
	if len(problems) > 0 {
		return &InvalidError{Problems: problems}
	}
	return nil
}

func leafOf(b *Book, row Row, action Action) (evidence.Leaf, error) {
	payload, err := json.Marshal(Record{
		Book: b.Name, Folio: row.Folio, Version: row.Version, Action: action, At: row.At,
		By: row.Act.By, Why: row.Act.Why, Via: row.Act.Via, Values: row.Values,
	})
	if err != nil {
		return evidence.Leaf{}, fmt.Errorf("encode %s: %w", b.FolioText(row.Folio), err)
	}
	return evidence.Leaf{Kind: evidence.Register, Subject: Subject(b), Sequence: uint64(row.Folio), Payload: payload}, nil
}

// Subject is that of a book's leaves in the evidence log.
func Subject(b *Book) string { return "register/" + b.Name }

// keep puts a version in force in place of the one before.
func (s *Store) keep(ctx context.Context, tx *storage.Tx, b *Book, row Row) error {
	at := row.At.UnixMicro()
	if row.Version > 1 {
		if _, err := tx.Exec(ctx, `UPDATE registers_rows SET until_at = $4 WHERE book = $1 AND folio = $2 AND version = $3`,
			b.Name, row.Folio, row.Version-1, at); err != nil {
			return fmt.Errorf("change %s: %w", b.FolioText(row.Folio), err)
		}
	}
	values, err := json.Marshal(row.Values)
	if err != nil {
		return fmt.Errorf("encode %s: %w", b.FolioText(row.Folio), err)
	}
	removed := int64(0)
	if row.Removed {
		removed = 1
	}
	ix := b.index(row)
	if _, err := tx.Exec(ctx, `INSERT INTO registers_rows
		(book, folio, version, from_at, until_at, removed, values_json, by_name, why, via, leaf, row_key, department, words, names, lacks, ends)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		b.Name, row.Folio, row.Version, at, int64(forever), removed, string(values),
		row.Act.By, row.Act.Why, string(row.Act.Via), row.Leaf,
		ix.key, ix.department, ix.words, ix.names, ix.lacks, ix.ends); err != nil {
		return fmt.Errorf("write %s: %w", b.FolioText(row.Folio), err)
	}
	return nil
}

// nextOf is the next folio of a book, and the time of what is written now: never before
// what was written last, whatever the clock says.
func (s *Store) nextOf(ctx context.Context, tx *storage.Tx, b *Book) (folio int64, at time.Time, err error) {
	// Two queries, for each of which an index has the answer at its end.
	var last, written int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(folio), 0) FROM registers_rows WHERE book = $1`, b.Name).Scan(&last); err != nil {
		return 0, time.Time{}, fmt.Errorf("read the last folio of %s: %w", b.Name, err)
	}
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(from_at), 0) FROM registers_rows WHERE book = $1`, b.Name).Scan(&written); err != nil {
		return 0, time.Time{}, fmt.Errorf("read the last change of %s: %w", b.Name, err)
	}
	at = s.opts.Now().UTC().Truncate(time.Microsecond)
	if before := time.UnixMicro(written).UTC(); at.Before(before) {
		at = before
	}
	return last + 1, at, nil
}

// Rows are the rows of a book that are in force, by folio.
func (s *Store) Rows(ctx context.Context, tx *storage.Tx, b *Book) ([]Row, error) {
	return s.query(ctx, tx, b, `AND until_at = $2 AND removed = 0`, int64(forever))
}

// RowsAt are the rows that were in force at a time, by folio.
func (s *Store) RowsAt(ctx context.Context, tx *storage.Tx, b *Book, at time.Time) ([]Row, error) {
	return s.query(ctx, tx, b, `AND from_at <= $2 AND until_at > $2 AND removed = 0`, at.UnixMicro())
}

// Row is a row in force, or ErrNoRow.
func (s *Store) Row(ctx context.Context, tx *storage.Tx, b *Book, folio int64) (Row, error) {
	rows, err := s.query(ctx, tx, b, `AND until_at = $2 AND removed = 0 AND folio = $3`, int64(forever), folio)
	if err != nil {
		return Row{}, err
	}
	if len(rows) == 0 {
		return Row{}, fmt.Errorf("%s: %w", b.FolioText(folio), ErrNoRow)
	}
	return rows[0], nil
}

// History is every version of a row, the oldest first, or ErrNoRow.
func (s *Store) History(ctx context.Context, tx *storage.Tx, b *Book, folio int64) ([]Row, error) {
	rows, err := s.query(ctx, tx, b, `AND folio = $2`, folio)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s: %w", b.FolioText(folio), ErrNoRow)
	}
	return rows, nil
}

// Between are the versions of a book that were written from one time to before another,
// by folio and version: what changed in a quarter.
func (s *Store) Between(ctx context.Context, tx *storage.Tx, b *Book, from, to time.Time) ([]Row, error) {
	return s.query(ctx, tx, b, `AND from_at >= $2 AND from_at < $3`, from.UnixMicro(), to.UnixMicro())
}

func (s *Store) query(ctx context.Context, tx *storage.Tx, b *Book, where string, args ...any) ([]Row, error) {
	return s.rowsOf(ctx, tx, b, `book = $1 `+where+` ORDER BY folio, version`, append([]any{b.Name}, args...))
}

// rowColumns are those that scanRow reads.
const rowColumns = `folio, version, from_at, until_at, removed, values_json, by_name, why, via, leaf`

// rowsOf reads the versions of a condition, which tells their order too.
func (s *Store) rowsOf(ctx context.Context, tx *storage.Tx, b *Book, where string, args []any) ([]Row, error) {
	found, err := tx.Query(ctx, `SELECT `+rowColumns+` FROM registers_rows WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read the book %s: %w", b.Name, err)
	}
	defer found.Close()
	var out []Row
	for found.Next() {
		row, err := scanRow(found)
		if err != nil {
			return nil, fmt.Errorf("read the book %s: %w", b.Name, err)
		}
		out = append(out, row)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read the book %s: %w", b.Name, err)
	}
	return out, nil
}

func scanRow(found *sql.Rows, more ...any) (Row, error) {
	var r Row
	var from, until, removed int64
	var values string
	into := []any{&r.Folio, &r.Version, &from, &until, &removed, &values, &r.Act.By, &r.Act.Why, &r.Act.Via, &r.Leaf}
	if err := found.Scan(append(into, more...)...); err != nil {
		return Row{}, err
	}
	r.At, r.Removed = time.UnixMicro(from).UTC(), removed != 0
	if until != forever {
		r.Until = time.UnixMicro(until).UTC()
	}
	return r, json.Unmarshal([]byte(values), &r.Values)
}

// Difference is a field that two versions say differently.
type Difference struct{ Field, Old, New string }

// Differences lists what differs between values, by the fields' names.
func Differences(before, after Values) []Difference {
	var out []Difference
	for name, value := range before {
		if after[name] != value {
			out = append(out, Difference{name, value, after[name]})
		}
	}
	for name, value := range after {
		if _, both := before[name]; !both && value != "" {
			out = append(out, Difference{name, "", value})
		}
	}
	slices.SortFunc(out, func(a, b Difference) int { return strings.Compare(a.Field, b.Field) })
	return out
}

// maxWhy bounds the reason of an act, in characters.
const maxWhy = 2000

func checkAct(act Act) error {
	switch {
	case strings.TrimSpace(act.By) == "" || len(act.By) > 200:
		return errors.New("write to a book: it must be said who writes")
	case !slices.Contains([]Via{Portal, Import, Command}, act.Via):
		return fmt.Errorf("write to a book: unknown way %q", act.Via)
	case !utf8.ValidString(act.Why) || utf8.RuneCountInString(act.Why) > maxWhy || strings.ContainsRune(act.Why, 0):
		return fmt.Errorf("write to a book: a reason of at most %d characters", maxWhy)
	}
	return nil
}
