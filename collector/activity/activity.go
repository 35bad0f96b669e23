// Package activity is the log of what people do in the portal and at the console: who, when,
// from where, which record, and whether it was looked at or changed. It is what clause
// thirteen of the agreement on shared platforms in the State of Mexico asks for, and what any
// auditor does.
//
// Nobody writes into it by hand and nobody changes it. Each day that ended is sealed: a leaf
// of the evidence log has the hash of its entries and of the seal before, so that a changed,
// missing or added entry shows. Entries are erased when their term ends; their seals stay.
//
// Always true: what changes something is in the log, durable, before its answer goes out;
// what was only looked at follows within moments. No entry has a password, what a form said,
// or a name under which nobody is known.
package activity

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"vigia/collector/evidence"
	"vigia/collector/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the package's tables.
func Schema() storage.Schema { return storage.Embedded("activity", migrations) }

// Act is what somebody did.
type Act string

// The acts.
const (
	LogIn   Act = "log_in"
	LogOut  Act = "log_out"
	Refused Act = "refused" // a log-in or a proof that was not good
	Look    Act = "look"
	Change  Act = "change"
	Command Act = "command" // at the console
)

// Acts lists them.
func Acts() []Act { return []Act{LogIn, LogOut, Refused, Look, Change, Command} }

// Entry is one thing that somebody did.
type Entry struct {
	ID     int64
	At     time.Time
	Who    string // account; empty: nobody that is known
	Role   string
	Source string // address, or console
	Act    Act
	Route  string // as the portal's table has it, or the command
	Record string // which record, as the portal addresses it
	Result int    // status of the answer, or the exit code
}

// maxText bounds a text of an entry, in bytes.
const maxText = 300

// Bounds of what waits to be written.
const (
	maxWaiting = 512
	maxWait    = time.Second
)

// DefaultKeep is how long entries are kept: two years is the least of the Spanish rules for
// high-level files, five what Mexican auditors ask back.
const DefaultKeep = 5 * 366 * 24 * time.Hour

// Options are what a Log is made from.
type Options struct {
	DB  *storage.DB
	Log *evidence.Log
	// Zone is where a day begins; nil means UTC.
	Zone *time.Location
	// Keep is how long entries are kept; 0 is DefaultKeep.
	Keep time.Duration
	Now  func() time.Time
	// Logger may be nil.
	Logger *slog.Logger
}

// Log is the activity log.
type Log struct {
	Options

	mu      sync.Mutex
	waiting []Entry // guarded by mu
}

// Open returns the log in the database.
func Open(opts Options) *Log {
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	if opts.Keep <= 0 {
		opts.Keep = DefaultKeep
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Log{Options: opts}
}

// Note notes what was looked at. It is written within moments, with others.
func (l *Log) Note(ctx context.Context, e Entry) error {
	l.mu.Lock()
	l.waiting = append(l.waiting, l.clean(e))
	full := len(l.waiting) >= maxWaiting
	l.mu.Unlock()
	if !full {
		return nil
	}
	return l.Flush(ctx)
}

// Record writes what was changed, and what waited. It is durable when it returns nil.
func (l *Log) Record(ctx context.Context, e Entry) error {
	l.mu.Lock()
	l.waiting = append(l.waiting, l.clean(e))
	l.mu.Unlock()
	return l.Flush(ctx)
}

func (l *Log) clean(e Entry) Entry {
	if e.At.IsZero() {
		e.At = l.Now()
	}
	for _, text := range []*string{&e.Who, &e.Role, &e.Source, &e.Route, &e.Record} {
		t := strings.ToValidUTF8(*text, "?")
		t = strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return '?'
			}
			return r
		}, t)
		for len(t) > maxText {
			_, size := utf8.DecodeLastRuneInString(t)
			t = t[:len(t)-size]
		}
		*text = t
	}
	return e
}

// Flush writes what waits. What cannot be written waits on.
func (l *Log) Flush(ctx context.Context) error {
	l.mu.Lock()
	batch := l.waiting
	l.waiting = nil
	l.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	err := l.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		last, err := lastID(ctx, tx)
		if err != nil {
			return err
		}
		for i, e := range batch {
			if _, err := tx.Exec(ctx, `INSERT INTO activity_entries (id, at_us, who, role, source, act, route, record, result)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, last+int64(i)+1, e.At.UnixMicro(), e.Who, e.Role, e.Source, string(e.Act), e.Route, e.Record, int64(e.Result)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		l.mu.Lock()
		l.waiting = append(batch, l.waiting...)
		if over := len(l.waiting) - 64*maxWaiting; over > 0 { // a database that stays away
			l.waiting = l.waiting[over:]
		}
		l.mu.Unlock()
		return fmt.Errorf("write activity: %w", err)
	}
	return nil
}

func lastID(ctx context.Context, tx *storage.Tx) (last int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COALESCE(MAX(id), 0) FROM activity_entries`).Scan(&last)
	if err != nil {
		return 0, err
	}
	var sealed int64
	err = tx.QueryRow(ctx, `SELECT COALESCE(MAX(last_id), 0) FROM activity_seals`).Scan(&sealed)
	return max(last, sealed), err // ids of what was erased are not given again
}

// Run writes what waits and seals the days that ended, until ctx ends; then it writes what
// still waits.
func (l *Log) Run(ctx context.Context) error {
	tick := time.NewTicker(maxWait)
	defer tick.Stop()
	var sealed time.Time
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return l.Flush(last)
		case <-tick.C:
		}
		if err := l.Flush(ctx); err != nil {
			l.Logger.ErrorContext(ctx, "activity could not be written; it waits", "error", err)
			continue
		}
		if now := l.Now(); now.Sub(sealed) >= time.Minute || now.Before(sealed) {
			if err := l.Seal(ctx); err != nil {
				l.Logger.ErrorContext(ctx, "a day of activity could not be sealed; it is tried again", "error", err)
			}
			sealed = now
		}
	}
}

// Seal is the payload of a leaf of kind activity whose subject is "activity", as JSON: a day
// that ended, its entries from First to Last (Last before First: none), the SHA-256 over
// their lines, and the hash of the seal before.
type Seal struct {
	Day      string `json:"day"`
	Zone     string `json:"zone"`
	First    int64  `json:"first"`
	Last     int64  `json:"last"`
	Count    int64  `json:"count"`
	SHA256   string `json:"sha256"`
	Previous string `json:"previous,omitempty"`
}

// Erasure is the payload of a leaf of kind activity whose subject is "activity/erased": the
// term of all entries up to Last ended.
type Erasure struct {
	Day  string `json:"day"` // the last day that was erased
	Last int64  `json:"last"`
}

// line is an entry as it is hashed: its fields in this order, as a JSON array, and a newline.
func line(e Entry) ([]byte, error) {
	b, err := json.Marshal([]any{e.ID, e.At.UnixMicro(), e.Who, e.Role, e.Source, e.Act, e.Route, e.Record, e.Result})
	return append(b, '\n'), err
}

// Seal seals the days that ended since the last seal, and erases what is past its term.
func (l *Log) Seal(ctx context.Context) error {
	today := l.day(l.Now())
	return l.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		for {
			sealed, err := l.sealNext(ctx, tx, today)
			if err != nil || !sealed {
				return errors.Join(err, l.erase(ctx, tx))
			}
		}
	})
}

func (l *Log) day(at time.Time) string { return at.In(l.Zone).Format(time.DateOnly) }

// sealNext seals the first day that ended and is not sealed; false when there is none. A day
// is sealed with all that was written before the first entry of a later one.
func (l *Log) sealNext(ctx context.Context, tx *storage.Tx, today string) (bool, error) {
	var last Seal
	err := tx.QueryRow(ctx, `SELECT day, last_id, hash FROM activity_seals ORDER BY last_id DESC, day DESC LIMIT 1`).Scan(&last.Day, &last.Last, &last.SHA256)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	var at int64
	err = tx.QueryRow(ctx, `SELECT at_us FROM activity_entries WHERE id > $1 ORDER BY id LIMIT 1`, last.Last).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil // a day without entries needs no seal: the ids tell that none is missing
	}
	if err != nil {
		return false, err
	}
	day := max(l.day(time.UnixMicro(at)), last.Day)
	if day == last.Day { // a clock that went back: it belongs to the next day that ends
		begin, err := time.ParseInLocation(time.DateOnly, day, l.Zone)
		if err != nil {
			return false, err
		}
		day = begin.AddDate(0, 0, 1).Format(time.DateOnly)
	}
	if day >= today {
		return false, nil
	}
	begin, err := time.ParseInLocation(time.DateOnly, day, l.Zone)
	if err != nil {
		return false, err
	}
	end := begin.AddDate(0, 0, 1)
	seal := Seal{Day: day, Zone: l.Zone.String(), First: last.Last + 1, Previous: last.SHA256}
	err = tx.QueryRow(ctx, `SELECT COALESCE((SELECT MIN(id) FROM activity_entries WHERE id > $1 AND at_us >= $2) - 1,
		(SELECT MAX(id) FROM activity_entries))`, last.Last, end.UnixMicro()).Scan(&seal.Last)
	if err != nil {
		return false, err
	}
	if seal.Count, seal.SHA256, err = hashRange(ctx, tx, seal.First, seal.Last); err != nil {
		return false, err
	}
	payload, err := json.Marshal(seal)
	if err != nil {
		return false, err
	}
	leaf, err := l.Log.Append(ctx, tx, evidence.Leaf{Kind: evidence.Activity, Subject: "activity", Sequence: uint64(seal.Last), Payload: payload})
	if err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO activity_seals (day, first_id, last_id, hash, previous, leaf, erased) VALUES ($1, $2, $3, $4, $5, $6, 0)`,
		seal.Day, seal.First, seal.Last, seal.SHA256, seal.Previous, leaf)
	return true, err
}

// hashRange hashes the entries from first to last.
func hashRange(ctx context.Context, tx *storage.Tx, first, last int64) (count int64, hash string, err error) {
	h := sha256.New()
	err = scanEntries(ctx, tx, `WHERE id >= $1 AND id <= $2 ORDER BY id`, []any{first, last}, func(e Entry) error {
		b, err := line(e)
		count++
		h.Write(b)
		return err
	})
	return count, hex.EncodeToString(h.Sum(nil)), err
}

// erase erases the sealed days whose term ended.
func (l *Log) erase(ctx context.Context, tx *storage.Tx) error {
	before := l.day(l.Now().Add(-l.Keep))
	var out Erasure
	err := tx.QueryRow(ctx, `SELECT day, last_id FROM activity_seals WHERE day < $1 AND erased = 0 ORDER BY last_id DESC LIMIT 1`, before).Scan(&out.Day, &out.Last)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM activity_entries WHERE id <= $1`, out.Last); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE activity_seals SET erased = 1 WHERE last_id <= $1`, out.Last); err != nil {
		return err
	}
	payload, err := json.Marshal(out)
	if err != nil {
		return err
	}
	_, err = l.Log.Append(ctx, tx, evidence.Leaf{Kind: evidence.Activity, Subject: "activity/erased", Sequence: uint64(out.Last), Payload: payload})
	return err
}

// scanEntries reads entries.
func scanEntries(ctx context.Context, tx *storage.Tx, where string, args []any, fn func(Entry) error) error {
	rows, err := tx.Query(ctx, `SELECT id, at_us, who, role, source, act, route, record, result FROM activity_entries `+where, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var e Entry
		var at, result int64
		if err := rows.Scan(&e.ID, &at, &e.Who, &e.Role, &e.Source, &e.Act, &e.Route, &e.Record, &result); err != nil {
			return err
		}
		e.At, e.Result = time.UnixMicro(at).UTC(), int(result)
		if err := fn(e); err != nil {
			return err
		}
	}
	return rows.Err()
}
