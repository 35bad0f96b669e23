package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"vigia/collector/storage"
)

// Unlock is a request to unlock an account, which another person grants.
type Unlock struct {
	Name string
	// Why is what was asked in writing: who, when, under which number.
	Why     string
	AskedBy string
	AskedAt time.Time
}

// unlockFor is how long a request waits to be granted.
const unlockFor = 7 * 24 * time.Hour

// Unlocks lists the requests that wait, by account.
func (s *Store) Unlocks(ctx context.Context) (out map[string]Unlock, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		out = map[string]Unlock{}
		rows, err := tx.Query(ctx, `SELECT name, why, asked_by, asked_at FROM access_unlocks WHERE asked_at > $1`, s.now().Add(-unlockFor).UnixMicro())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var u Unlock
			var at int64
			if err := rows.Scan(&u.Name, &u.Why, &u.AskedBy, &at); err != nil {
				return err
			}
			u.AskedAt = moment(at)
			out[u.Name] = u
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list unlocks: %w", err)
	}
	return out, nil
}

// AskUnlock asks that an account be unlocked, for what was written. by is another account.
func (s *Store) AskUnlock(ctx context.Context, name, why, by string) error {
	name, why = fold(name), strings.TrimSpace(why)
	if why == "" || utf8.RuneCountInString(why) > maxText || !utf8.ValidString(why) || strings.ContainsAny(why, "\x00\n\r") {
		return fmt.Errorf("written request: %w: a line of at most %d characters", ErrInput, maxText)
	}
	if name == by {
		return ErrSecondPerson
	}
	return s.update(ctx, change{Action: "unlock_asked", Name: name, Why: why, By: by},
		does(`UPDATE access_users SET name = name WHERE name = $1`),
		does(`DELETE FROM access_unlocks WHERE name = $1`),
		does(`INSERT INTO access_unlocks (name, why, asked_by, asked_at) VALUES ($1, $2, $3, $4)`, why, by, s.now().UnixMicro()))
}

// GrantUnlock unlocks an account for which somebody else asked. Both must be of a role that
// signs; the caller has seen to it that by proved who they are.
func (s *Store) GrantUnlock(ctx context.Context, name, by string) error {
	name = fold(name)
	return s.db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		var why, asked string
		err := tx.QueryRow(ctx, `SELECT why, asked_by FROM access_unlocks WHERE name = $1 AND asked_at > $2`, name, s.now().Add(-unlockFor).UnixMicro()).Scan(&why, &asked)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoUnlock
		}
		if err != nil {
			return fmt.Errorf("unlock: %w", err)
		}
		if asked == by || name == by {
			return ErrSecondPerson
		}
		return s.unlockIn(ctx, tx, change{Action: "unlock", Name: name, Why: why, By: asked, With: by})
	})
}

// UnlockAtConsole unlocks an account from the server itself: operator is who runs the command,
// and a second person stands beside, with an account of a role that signs, its password and,
// when it has one, a code of its second factor.
func (s *Store) UnlockAtConsole(ctx context.Context, name, why, operator, with, password, code string) error {
	const console = "console"
	name, with, why = fold(name), fold(with), strings.TrimSpace(why)
	if why == "" {
		return fmt.Errorf("written request: %w: say who asked, when and how", ErrInput)
	}
	if name == with {
		return ErrSecondPerson
	}
	if _, err := s.Account(ctx, name); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if beside, err := s.Account(ctx, with); err == nil && beside.Via == OIDC {
		return fmt.Errorf("%s: %w: nobody can prove it at a console", with, ErrNotHere)
	}
	second, err := s.Authenticate(ctx, with, password, console)
	if err != nil {
		return fmt.Errorf("%s: %w", with, err)
	}
	if !second.Role.Signs() {
		return fmt.Errorf("%s: %w of a role that signs", with, ErrSecondPerson)
	}
	if second.Second() {
		if err := s.Prove(ctx, with, code, console); err != nil {
			return fmt.Errorf("%s: %w", with, err)
		}
	}
	return s.db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		return s.unlockIn(ctx, tx, change{Action: "unlock", Name: name, Why: why, By: operator, With: with})
	})
}

func (s *Store) unlockIn(ctx context.Context, tx *storage.Tx, c change) error {
	return s.updateIn(ctx, tx, c,
		does(`UPDATE access_users SET name = name WHERE name = $1`),
		does(`DELETE FROM access_attempts WHERE name = $1`),
		does(`DELETE FROM access_unlocks WHERE name = $1`))
}
