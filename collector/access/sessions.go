package access

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"vigia/collector/storage"
)

// Session is what a browser that logged in has here.
type Session struct {
	// Token is the hash of the browser's; Name the account, empty while it is not logged in.
	Token, Name string
	Data        []byte
	// Source and Browser say from where it began and with what.
	Source, Browser  string
	Began, Seen, End time.Time
}

// ID names the session where people see it: the token's hash is no secret, and long.
func (s Session) ID() string {
	sum := sha256.Sum256([]byte(s.Token))
	return hex.EncodeToString(sum[:8])
}

// Sessions end by the machine's own clock, as their cookies do in the browser: Now of Open,
// which tests move, is for what people prove and are locked out of.

// seenEvery is how often a session that changes nothing is written again: its end moves with
// its use, and must not cost a write with each page.
const seenEvery = time.Minute

// maxSessions bounds the sessions: then the one that would end first makes room.
const maxSessions = 4096

// Session finds the session of a token that has not ended.
func (s *Store) Session(ctx context.Context, token string) (out Session, found bool, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		out, err = scanSession(tx.QueryRow(ctx, sessionColumns+` WHERE token = $1`, token))
		if found = err == nil; errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return Session{}, false, fmt.Errorf("find session: %w", err)
	}
	if found && !time.Now().Before(out.End) {
		return Session{}, false, nil
	}
	return out, found, nil
}

const sessionColumns = `SELECT token, name, data, source, browser, began_at, seen_at, ends_at FROM access_sessions`

func scanSession(row interface{ Scan(...any) error }) (out Session, err error) {
	var began, seen, ends int64
	err = row.Scan(&out.Token, &out.Name, &out.Data, &out.Source, &out.Browser, &began, &seen, &ends)
	out.Began, out.Seen, out.End = moment(began), moment(seen), moment(ends)
	return out, err
}

// KeepSession writes a session: at once when it is new or changed, else when it was last
// written a minute ago. One that was ended meanwhile is not begun again: before is what was
// found of it when the request came, with an empty token for none.
func (s *Store) KeepSession(ctx context.Context, before, now Session) error {
	at := time.Now()
	same := before.Token == now.Token
	if same && string(before.Data) == string(now.Data) && at.Sub(before.Seen) < seenEvery {
		return nil
	}
	err := s.db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		if same {
			_, err := tx.Exec(ctx, `UPDATE access_sessions SET name = $2, data = $3, seen_at = $4, ends_at = $5, source = $6, browser = $7 WHERE token = $1`,
				now.Token, now.Name, now.Data, at.UnixMicro(), now.End.UnixMicro(), now.Source, now.Browser)
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM access_sessions WHERE ends_at <= $1 OR token IN
			(SELECT token FROM access_sessions ORDER BY ends_at DESC LIMIT 1000 OFFSET $2)`, at.UnixMicro(), int64(maxSessions-1)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO access_sessions (token, name, data, source, browser, began_at, seen_at, ends_at)
			VALUES ($1, $2, $3, $4, $5, $6, $6, $7) ON CONFLICT (token) DO NOTHING`,
			now.Token, now.Name, now.Data, now.Source, now.Browser, at.UnixMicro(), now.End.UnixMicro())
		return err
	})
	if err != nil {
		return fmt.Errorf("keep session: %w", err)
	}
	return nil
}

// EndSession ends the session of a token.
func (s *Store) EndSession(ctx context.Context, token string) error {
	err := s.db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM access_sessions WHERE token = $1`, token)
		return err
	})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// EndSessions ends those of an account, all or the one with the id, but never that of the
// token keep.
func (s *Store) EndSessions(ctx context.Context, name, id, keep string) error {
	all, err := s.Sessions(ctx, name)
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.Token == keep || id != "" && one.ID() != id {
			continue
		}
		if err := s.EndSession(ctx, one.Token); err != nil {
			return err
		}
	}
	return nil
}

// Sessions lists those of an account, the one seen last first.
func (s *Store) Sessions(ctx context.Context, name string) (out []Session, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		out = nil
		rows, err := tx.Query(ctx, sessionColumns+` WHERE name = $1 AND ends_at > $2 ORDER BY seen_at DESC`, name, time.Now().UnixMicro())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			one, err := scanSession(rows)
			if err != nil {
				return err
			}
			out = append(out, one)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return out, nil
}
