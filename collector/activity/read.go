package activity

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// Filter says which entries; empty fields leave all.
type Filter struct {
	Who string
	// Record is a record's address, or with a slash at its end all below it: /equipos/.
	Record   string
	Act      Act
	From, To time.Time // the first instant, and the first that is not in it any more
	// Before are those older than an id, for the next page; Limit is how many, 0 for all.
	Before int64
	Limit  int
}

// where is the condition of the filter, the newest first.
func (f Filter) where() (string, []any) {
	var parts []string
	var args []any
	add := func(condition string, value any) {
		args = append(args, value)
		parts = append(parts, strings.ReplaceAll(condition, "?", fmt.Sprintf("$%d", len(args))))
	}
	if f.Who != "" {
		add("who = ?", f.Who)
	}
	switch {
	case len(f.Record) > 1 && strings.HasSuffix(f.Record, "/"):
		add(fmt.Sprintf("SUBSTR(record, 1, %d) = ?", utf8.RuneCountInString(f.Record)), f.Record)
	case f.Record != "":
		add("record = ?", f.Record)
	}
	if f.Act != "" {
		add("act = ?", string(f.Act))
	}
	if !f.From.IsZero() {
		add("at_us >= ?", f.From.UnixMicro())
	}
	if !f.To.IsZero() {
		add("at_us < ?", f.To.UnixMicro())
	}
	if f.Before > 0 {
		add("id < ?", f.Before)
	}
	out := ""
	if len(parts) > 0 {
		out = "WHERE " + strings.Join(parts, " AND ")
	}
	out += " ORDER BY id DESC"
	if f.Limit > 0 {
		out += fmt.Sprintf(" LIMIT %d", f.Limit)
	}
	return out, args
}

// Entries gives the entries of a filter to fn, the newest first. What still waits is written
// first, so that one sees oneself.
func (l *Log) Entries(ctx context.Context, f Filter, fn func(Entry) error) error {
	if err := l.Flush(ctx); err != nil {
		return err
	}
	where, args := f.where()
	err := l.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		return scanEntries(ctx, tx, where, args, fn)
	})
	if err != nil {
		return fmt.Errorf("read activity: %w", err)
	}
	return nil
}

// Whos lists the accounts that the log names.
func (l *Log) Whos(ctx context.Context) (out []string, err error) {
	err = l.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		out = nil
		for who := ""; ; { // from one to the next by the index, for there are many entries
			err := tx.QueryRow(ctx, `SELECT COALESCE(MIN(who), '') FROM activity_entries WHERE who > $1`, who).Scan(&who)
			if err != nil || who == "" {
				return err
			}
			out = append(out, who)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read activity: %w", err)
	}
	return out, nil
}

// State is how far the log is sealed.
type State struct {
	Days int    // that are sealed
	Last string // the last of them
	Open int64  // entries that are not sealed yet
}

// State tells how far the log is sealed.
func (l *Log) State(ctx context.Context) (out State, err error) {
	err = l.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		var last int64
		if err := tx.QueryRow(ctx, `SELECT COUNT(*), COALESCE(MAX(day), ''), COALESCE(MAX(last_id), 0) FROM activity_seals`).Scan(&out.Days, &out.Last, &last); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `SELECT COUNT(*) FROM activity_entries WHERE id > $1`, last).Scan(&out.Open)
	})
	if err != nil {
		return State{}, fmt.Errorf("read activity: %w", err)
	}
	return out, nil
}

// BadDayError names the first day that is not what was sealed.
type BadDayError struct{ Day, Why string }

// Error says it in a line.
func (e *BadDayError) Error() string {
	return fmt.Sprintf("the activity of %s is not what was sealed: %s", e.Day, e.Why)
}

// Verify compares the entries with the seals in the evidence log, which it trusts: verifying
// that is another matter. It returns a BadDayError for the first day that differs.
func (l *Log) Verify(ctx context.Context) (days int, err error) {
	err = l.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		days = 0
		var seals []Seal
		erased := int64(0)
		err := l.Log.Entries(ctx, tx, evidence.Filter{Kinds: []evidence.Kind{evidence.Activity}}, func(e evidence.Entry) error {
			if e.Header.Subject == "activity/erased" {
				erased = max(erased, int64(e.Header.Sequence))
				return nil
			}
			var seal Seal
			if err := json.Unmarshal(e.Payload, &seal); err != nil {
				return &BadDayError{Day: e.Header.Received.Format(time.DateOnly), Why: "its seal cannot be read"}
			}
			seals = append(seals, seal)
			return nil
		})
		if err != nil {
			return err
		}
		var before Seal
		for _, seal := range seals {
			if seal.Previous != before.SHA256 || seal.First != before.Last+1 {
				return &BadDayError{Day: seal.Day, Why: "its seal does not follow the one before"}
			}
			before = seal
			days++
			if seal.Last <= erased {
				continue
			}
			count, hash, err := hashRange(ctx, tx, seal.First, seal.Last)
			switch {
			case err != nil:
				return err
			case count != seal.Count:
				return &BadDayError{Day: seal.Day, Why: fmt.Sprintf("it has %d entries, %d were sealed", count, seal.Count)}
			case hash != seal.SHA256:
				return &BadDayError{Day: seal.Day, Why: "an entry was changed"}
			}
		}
		return nil
	})
	return days, err
}
