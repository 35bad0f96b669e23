// Package access decides who may use the portal: accounts, roles, passwords
// and the limit on attempts.
//
// Always true: a password is kept only as an argon2id hash; a wrong password,
// a name that does not exist and an account that is disabled look alike from
// outside and take the same work; after three wrong passwords an account
// rests for an hour. Every change of an account is a leaf of the evidence log.
package access

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// Role is what a person is in the organisation, as far as the portal cares.
type Role string

// The roles.
const (
	// Officer is the security officer, who decides and signs.
	Officer Role = "officer"
	// Director looks: the IT director.
	Director Role = "director"
	// Administrator runs the collector.
	Administrator Role = "administrator"
	// Auditor reads and verifies.
	Auditor Role = "auditor"
)

// Roles lists the roles with their names.
func Roles() map[Role]message.Text {
	return map[Role]message.Text{
		Officer:       {ES: "Responsable de seguridad", EN: "Security officer"},
		Director:      {ES: "Dirección de informática", EN: "IT director"},
		Administrator: {ES: "Administración del sistema", EN: "System administrator"},
		Auditor:       {ES: "Auditoría", EN: "Auditor"},
	}
}

// User is one account of the portal.
type User struct {
	Name      string
	Role      Role
	Created   time.Time
	Disabled  bool
	LastLogin time.Time // zero: never
}

// Bars of an account: so many wrong passwords in a row, then so long a rest.
const (
	MaxFailures = 3
	LockFor     = time.Hour
	// MinPassword and MaxPassword bound a password in bytes.
	MinPassword = 12
	MaxPassword = 256
)

// Errors of this package.
var (
	// ErrDenied is the one answer to a wrong name or password.
	ErrDenied = errors.New("wrong user name or password")
	// ErrThrottled means too many attempts, on the account or from the source.
	ErrThrottled = errors.New("too many attempts; wait and try again")
	// ErrExists means that the account is already there.
	ErrExists = errors.New("the user already exists")
	// ErrInput is wrapped by what is wrong with a name, role or password.
	ErrInput = errors.New("not acceptable")
	// ErrNoUser means that there is no such account.
	ErrNoUser = errors.New("no such user")
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the tables of this package.
func Schema() storage.Schema { return storage.Embedded("access", migrations) }

// Store keeps the accounts.
type Store struct {
	db     *storage.DB
	log    *evidence.Log
	now    func() time.Time
	hasher *hasher
	source *throttle
}

// Open returns the store of the accounts in db.
func Open(db *storage.DB, log *evidence.Log, now func() time.Time) *Store {
	return &Store{db: db, log: log, now: now, hasher: newHasher(), source: newThrottle()}
}

var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{1,63}$`)

// Add creates an account. by is who does it, for the evidence.
func (s *Store) Add(ctx context.Context, name string, role Role, password, by string) error {
	name = strings.ToLower(strings.TrimSpace(name))
	if !validName.MatchString(name) {
		return fmt.Errorf("user name %q: %w: use 2 to 64 letters, digits, dots or hyphens", name, ErrInput)
	}
	if _, ok := Roles()[role]; !ok {
		return fmt.Errorf("role %q: %w: use officer, director, administrator or auditor", role, ErrInput)
	}
	hash, err := s.hasher.hash(ctx, name, password)
	if err != nil {
		return err
	}
	now := s.now()
	return s.db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		res, err := tx.Exec(ctx, `INSERT INTO access_users
			(name, role, password, created_at, disabled, failures, locked_until, last_login_at)
			VALUES ($1, $2, $3, $4, 0, 0, 0, 0) ON CONFLICT (name) DO NOTHING`,
			name, string(role), hash, now.UnixMicro())
		if err != nil {
			return fmt.Errorf("add user: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, fmt.Errorf("%s: %w", name, ErrExists))
		}
		return s.record(ctx, tx, change{Action: "add", Name: name, Role: role, By: by})
	})
}

// SetPassword replaces a password and lifts a lock.
func (s *Store) SetPassword(ctx context.Context, name, password, by string) error {
	name = strings.ToLower(strings.TrimSpace(name))
	hash, err := s.hasher.hash(ctx, name, password)
	if err != nil {
		return err
	}
	return s.update(ctx, change{Action: "password", Name: name, By: by},
		`UPDATE access_users SET password = $2, failures = 0, locked_until = 0 WHERE name = $1`, name, hash)
}

// Disable closes an account; Authenticate then denies it.
func (s *Store) Disable(ctx context.Context, name, by string) error {
	name = strings.ToLower(strings.TrimSpace(name))
	return s.update(ctx, change{Action: "disable", Name: name, By: by},
		`UPDATE access_users SET disabled = 1 WHERE name = $1`, name)
}

func (s *Store) update(ctx context.Context, c change, query string, args ...any) error {
	return s.db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		res, err := tx.Exec(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("change user: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, fmt.Errorf("%s: %w", c.Name, ErrNoUser))
		}
		return s.record(ctx, tx, c)
	})
}

// change is the evidence of a change of an account.
type change struct {
	Action string `json:"action"`
	Name   string `json:"name"`
	Role   Role   `json:"role,omitempty"`
	By     string `json:"by"`
}

func (s *Store) record(ctx context.Context, tx *storage.Tx, c change) error {
	payload, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("record user change: %w", err)
	}
	_, err = s.log.Append(ctx, tx, evidence.Leaf{Kind: evidence.Register, Subject: "access/users", Payload: payload})
	return err
}

// Users lists the accounts by name.
func (s *Store) Users(ctx context.Context) ([]User, error) {
	var out []User
	err := s.db.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		out = nil
		rows, err := tx.Query(ctx, `SELECT name, role, created_at, disabled, last_login_at FROM access_users ORDER BY created_at, name`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var u User
			var created, disabled, login int64
			if err := rows.Scan(&u.Name, &u.Role, &created, &disabled, &login); err != nil {
				return err
			}
			u.Created, u.Disabled = time.UnixMicro(created).UTC(), disabled != 0
			if login != 0 {
				u.LastLogin = time.UnixMicro(login).UTC()
			}
			out = append(out, u)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return out, nil
}

// User returns one account that may still be used, for a session that goes on.
func (s *Store) User(ctx context.Context, name string) (User, error) {
	users, err := s.Users(ctx)
	if err != nil {
		return User{}, err
	}
	for _, u := range users {
		if u.Name == name && !u.Disabled {
			return u, nil
		}
	}
	return User{}, ErrNoUser
}

// Authenticate checks a password. source is the address that asks. The answer
// is ErrDenied for whatever is wrong with name or password, ErrThrottled while
// the account rests or the source asked too often.
func (s *Store) Authenticate(ctx context.Context, name, password, source string) (User, error) {
	now := s.now()
	if !s.source.allow(source, now) {
		return User{}, ErrThrottled
	}
	name = strings.ToLower(strings.TrimSpace(name))
	stored, found, err := s.stored(ctx, name)
	if err != nil {
		return User{}, fmt.Errorf("log on: %w", err)
	}
	if found && now.Before(stored.lockedUntil) {
		return User{}, ErrThrottled
	}
	// An unknown name costs the same work as a known one.
	ok, err := s.hasher.matches(ctx, stored.hash, password)
	if err != nil {
		return User{}, fmt.Errorf("log on: %w", err)
	}
	if !found {
		return User{}, ErrDenied
	}
	good := ok && !stored.user.Disabled
	if err := s.count(ctx, name, good, now); err != nil {
		return User{}, fmt.Errorf("log on: %w", err)
	}
	if !good {
		return User{}, ErrDenied
	}
	s.source.forget(source)
	return stored.user, nil
}

// count notes a good or bad attempt, in one statement so that attempts made at
// once all count.
func (s *Store) count(ctx context.Context, name string, good bool, now time.Time) error {
	return s.db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		if good {
			_, err := tx.Exec(ctx, `UPDATE access_users SET failures = 0, locked_until = 0, last_login_at = $2 WHERE name = $1`,
				name, now.UnixMicro())
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE access_users SET
			locked_until = CASE WHEN failures + 1 >= $2 THEN $3 ELSE locked_until END,
			failures = CASE WHEN failures + 1 >= $2 THEN 0 ELSE failures + 1 END
			WHERE name = $1`, name, int64(MaxFailures), now.Add(LockFor).UnixMicro())
		return err
	})
}

type storedUser struct {
	user        User
	hash        string
	lockedUntil time.Time
}

func (s *Store) stored(ctx context.Context, name string) (out storedUser, found bool, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		var disabled, locked int64
		out, found = storedUser{user: User{Name: name}}, false
		err := tx.QueryRow(ctx, `SELECT role, password, disabled, locked_until FROM access_users WHERE name = $1`, name).
			Scan(&out.user.Role, &out.hash, &disabled, &locked)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		found, out.user.Disabled, out.lockedUntil = true, disabled != 0, time.UnixMicro(locked)
		return nil
	})
	return out, found, err
}
