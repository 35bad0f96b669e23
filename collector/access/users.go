package access

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// User is one account of the portal.
type User struct {
	Name string
	Role Role
	// Department is the only one that a liaison sees; empty for the other roles.
	Department string
	Created    time.Time
	Until      time.Time // when it ends; zero: never
	Disabled   bool
	LastLogin  time.Time // zero: never
	// Provisional: somebody else drew the password, and its owner replaces it first.
	Provisional bool
	// Scope is what an auditor was asked to look at.
	Scope Scope
	// Via says where the password is checked: Local, LDAP or OIDC. External is its name
	// there; Bound tells that a provider vouched for somebody, and for nobody else since.
	Via      string
	External string
	Bound    bool

	// TOTP, Keys and the sheet of codes are its second factors.
	TOTP      bool
	Keys      int
	Codes     int // of the sheet
	CodesLeft int // not used yet

	// LockedUntil is zero when it is not locked, Suspended tells that it takes an unlock;
	// both from its own places. ClosedElsewhere: places where it never logged in are shut out.
	LockedUntil     time.Time
	Suspended       bool
	ClosedElsewhere bool
}

// Second tells whether the account has a second factor, which the log-in then asks for.
func (u User) Second() bool { return u.TOTP || u.Keys > 0 || u.Codes > 0 }

// Over tells whether the account had its end.
func (u User) Over(now time.Time) bool { return !u.Until.IsZero() && !now.Before(u.Until) }

// Scope is what an auditor was asked to look at: days as YYYY-MM-DD, both included and
// either may be empty, and the requirement in the words of whoever made it.
type Scope struct {
	From, Until string
	Requirement string
}

// New is an account that is to be made.
type New struct {
	Name       string
	Role       Role
	Department string
	Until      time.Time
	Scope      Scope
	Password   string
	// Provisional: its owner replaces the password at the first log-in.
	Provisional bool
	// Way is where its password is checked; there is none if that is not here.
	Way Way
}

var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{1,63}$`)

func fold(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// Add creates an account that has only a name, a role and a password. by is who does it,
// for the evidence.
func (s *Store) Add(ctx context.Context, name string, role Role, password, by string) error {
	return s.Create(ctx, New{Name: name, Role: role, Password: password}, by)
}

// Create creates an account.
func (s *Store) Create(ctx context.Context, n New, by string) error {
	n.Name, n.Department, n.Scope.Requirement = fold(n.Name), strings.TrimSpace(n.Department), strings.TrimSpace(n.Scope.Requirement)
	if !validName.MatchString(n.Name) {
		return fmt.Errorf("user name %q: %w: use 2 to 64 letters, digits, dots or hyphens", n.Name, ErrInput)
	}
	if err := review(n.Role, n.Department, n.Scope); err != nil {
		return err
	}
	way, err := reviewWay(n.Way, n.Name)
	if err != nil {
		return err
	}
	hash := ""
	if way.Via == Local {
		if hash, err = s.hasher.hash(ctx, n.Name, n.Password); err != nil {
			return err
		}
	}
	now := s.now()
	return s.db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		if err := freeWay(ctx, tx, way, n.Name); err != nil {
			return err
		}
		res, err := tx.Exec(ctx, `INSERT INTO access_users (name, role, password, created_at, disabled, failures, locked_until, last_login_at,
			department, until_at, provisional, scope_from, scope_until, requirement, via, external)
			VALUES ($1, $2, $3, $4, 0, 0, 0, 0, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (name) DO NOTHING`,
			n.Name, string(n.Role), hash, now.UnixMicro(), n.Department, micro(n.Until), flag(n.Provisional && way.Via == Local),
			n.Scope.From, n.Scope.Until, n.Scope.Requirement, way.Via, way.External)
		if err != nil {
			return fmt.Errorf("add user: %w", err)
		}
		if n2, err := res.RowsAffected(); err != nil || n2 == 0 {
			return errors.Join(err, fmt.Errorf("%s: %w", n.Name, ErrExists))
		}
		return s.record(ctx, tx, change{Action: "add", Name: n.Name, Role: n.Role, Department: n.Department, Until: instant(n.Until),
			From: n.Scope.From, To: n.Scope.Until, Requirement: n.Scope.Requirement, Via: way.Via, External: way.External, By: by})
	})
}

// review checks what an account may be.
func review(role Role, department string, scope Scope) error {
	if _, ok := Roles()[role]; !ok {
		return fmt.Errorf("role %q: %w: there is no such role", role, ErrInput)
	}
	if role.Bound() != (department != "") {
		if role.Bound() {
			return fmt.Errorf("department: %w: a liaison speaks for one", ErrInput)
		}
		return fmt.Errorf("department: %w: only a liaison has one", ErrInput)
	}
	for _, text := range []string{department, scope.Requirement} {
		if utf8.RuneCountInString(text) > maxText || !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\n\r") {
			return fmt.Errorf("%w: a line of at most %d characters", ErrInput, maxText)
		}
	}
	for _, day := range []string{scope.From, scope.Until} {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			return fmt.Errorf("day %q: %w: write it as 2026-12-31", day, ErrInput)
		}
	}
	if scope.From != "" && scope.Until != "" && scope.From > scope.Until {
		return fmt.Errorf("scope: %w: it ends before it begins", ErrInput)
	}
	return nil
}

// Edit is what of an account can be changed.
type Edit struct {
	Role       Role
	Department string
	Until      time.Time
	Scope      Scope
}

// Change replaces role, department, end and scope of an account.
func (s *Store) Change(ctx context.Context, name string, e Edit, by string) error {
	name, e.Department, e.Scope.Requirement = fold(name), strings.TrimSpace(e.Department), strings.TrimSpace(e.Scope.Requirement)
	if err := review(e.Role, e.Department, e.Scope); err != nil {
		return err
	}
	return s.update(ctx, change{Action: "change", Name: name, Role: e.Role, Department: e.Department, Until: instant(e.Until),
		From: e.Scope.From, To: e.Scope.Until, Requirement: e.Scope.Requirement, By: by},
		does(`UPDATE access_users SET role = $2, department = $3, until_at = $4, scope_from = $5, scope_until = $6, requirement = $7 WHERE name = $1`,
			string(e.Role), e.Department, micro(e.Until), e.Scope.From, e.Scope.Until, e.Scope.Requirement))
}

// SetPassword replaces a password. It ends a lock, not a suspension: that takes two people.
// provisional: its owner replaces it at the next log-in. Sessions of the account end. One
// whose password is elsewhere gets none: ErrNotHere.
func (s *Store) SetPassword(ctx context.Context, name, password, by string, provisional bool) error {
	name = fold(name)
	hash, err := s.hasher.hash(ctx, name, password)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		var via string
		err := tx.QueryRow(ctx, `SELECT via FROM access_users WHERE name = $1`, name).Scan(&via)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("change user: %w", err)
		}
		if via != Local {
			return fmt.Errorf("%s: %w", name, ErrNotHere)
		}
		return s.updateIn(ctx, tx, change{Action: "password", Name: name, By: by},
			does(`UPDATE access_users SET password = $2, provisional = $3 WHERE name = $1`, hash, flag(provisional)),
			does(`UPDATE access_attempts SET failures = 0, locked_until = 0 WHERE name = $1 AND suspended = 0`),
			does(`DELETE FROM access_sessions WHERE name = $1`))
	})
}

// Disable closes an account and ends its sessions; Authenticate then denies it.
func (s *Store) Disable(ctx context.Context, name, by string) error {
	name = fold(name)
	return s.update(ctx, change{Action: "disable", Name: name, By: by},
		does(`UPDATE access_users SET disabled = 1 WHERE name = $1`),
		does(`DELETE FROM access_sessions WHERE name = $1`))
}

// Enable opens an account again that was closed.
func (s *Store) Enable(ctx context.Context, name, by string) error {
	name = fold(name)
	return s.update(ctx, change{Action: "enable", Name: name, By: by},
		does(`UPDATE access_users SET disabled = 0 WHERE name = $1`))
}

// statement changes rows of one account, whose name is $1; args are the others.
type statement struct {
	query string
	args  []any
}

func does(query string, args ...any) statement { return statement{query, args} }

// update changes an account, by statements of which the first must find it, and writes the
// evidence.
func (s *Store) update(ctx context.Context, c change, statements ...statement) error {
	return s.db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		return s.updateIn(ctx, tx, c, statements...)
	})
}

func (s *Store) updateIn(ctx context.Context, tx *storage.Tx, c change, statements ...statement) error {
	before, err := administrators(ctx, tx)
	if err != nil {
		return err
	}
	for i, st := range statements {
		res, err := tx.Exec(ctx, st.query, append([]any{c.Name}, st.args...)...)
		if err != nil {
			return fmt.Errorf("change user: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || i == 0 && n == 0 {
			return errors.Join(err, fmt.Errorf("%s: %w", c.Name, ErrNoUser))
		}
	}
	switch after, err := administrators(ctx, tx); {
	case err != nil:
		return err
	case before > 0 && after == 0:
		return fmt.Errorf("%s: %w", c.Name, ErrLast)
	}
	return s.record(ctx, tx, c)
}

// administrators counts those that are open.
func administrators(ctx context.Context, tx *storage.Tx) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM access_users WHERE role = $1 AND disabled = 0`, string(Administrator)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count administrators: %w", err)
	}
	return n, nil
}

// change is the evidence of a change of an account.
type change struct {
	Action      string `json:"action"`
	Name        string `json:"name"`
	Role        Role   `json:"role,omitempty"`
	Department  string `json:"department,omitempty"`
	Until       string `json:"until,omitempty"`
	From        string `json:"scope_from,omitempty"`
	To          string `json:"scope_until,omitempty"`
	Requirement string `json:"requirement,omitempty"`
	Via         string `json:"via,omitempty"`
	External    string `json:"external,omitempty"` // its name there
	Issuer      string `json:"issuer,omitempty"`   // that vouched for it first
	Subject     string `json:"subject,omitempty"`  // whom the issuer knows it as
	Factor      string `json:"factor,omitempty"`   // totp, codes, key, or all
	Source      string `json:"source,omitempty"`   // place of the attempts that locked it
	Why         string `json:"why,omitempty"`
	By          string `json:"by"`
	With        string `json:"with,omitempty"` // the second person
}

func (s *Store) record(ctx context.Context, tx *storage.Tx, c change) error {
	payload, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("record user change: %w", err)
	}
	_, err = s.log.Append(ctx, tx, evidence.Leaf{Kind: evidence.Register, Subject: "access/users", Payload: payload})
	return err
}

// userColumns are those that scanUser reads. The aliases are of lanes: the account's own
// and everywhere else together.
const userColumns = `SELECT u.name, u.role, u.department, u.created_at, u.until_at, u.disabled, u.last_login_at, u.provisional,
	u.scope_from, u.scope_until, u.requirement, u.via, u.external, u.subject, u.password,
	(SELECT COUNT(*) FROM access_totp t WHERE t.name = u.name),
	(SELECT COUNT(*) FROM access_keys k WHERE k.name = u.name),
	(SELECT COUNT(*) FROM access_codes c WHERE c.name = u.name),
	(SELECT COUNT(*) FROM access_codes c WHERE c.name = u.name AND c.used_at = 0),
	COALESCE(a.locked_until, 0), COALESCE(a.suspended, 0), COALESCE(e.locked_until, 0), COALESCE(e.suspended, 0)
	FROM access_users u
	LEFT JOIN access_attempts a ON a.name = u.name AND a.source = ''
	LEFT JOIN access_attempts e ON e.name = u.name AND e.source = '*'`

// storedUser is an account with the hash of its password.
type storedUser struct {
	User
	hash string
}

func scanUser(row interface{ Scan(...any) error }, now time.Time) (out storedUser, err error) {
	var subject string
	var created, until, disabled, login, provisional, totp, keys, codes, left, locked, suspended, elsewhere, shut int64
	u := &out.User
	err = row.Scan(&u.Name, &u.Role, &u.Department, &created, &until, &disabled, &login, &provisional, &u.Scope.From, &u.Scope.Until,
		&u.Scope.Requirement, &u.Via, &u.External, &subject, &out.hash, &totp, &keys, &codes, &left, &locked, &suspended, &elsewhere, &shut)
	if err != nil {
		return out, err
	}
	u.Created, u.Until, u.LastLogin = moment(created), moment(until), moment(login)
	u.Disabled, u.Provisional, u.TOTP, u.Suspended = disabled != 0, provisional != 0, totp != 0, suspended != 0
	u.Bound = subject != ""
	u.Keys, u.Codes, u.CodesLeft = int(keys), int(codes), int(left)
	if at := moment(locked); at.After(now) {
		u.LockedUntil = at
	}
	u.ClosedElsewhere = shut != 0 || moment(elsewhere).After(now)
	return out, nil
}

// Users lists the accounts in the order in which they were made.
func (s *Store) Users(ctx context.Context) ([]User, error) {
	now := s.now()
	var out []User
	err := s.db.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		out = nil
		rows, err := tx.Query(ctx, userColumns+` ORDER BY u.created_at, u.name`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			u, err := scanUser(rows, now)
			if err != nil {
				return err
			}
			out = append(out, u.User)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return out, nil
}

// Account returns one account, whatever its state.
func (s *Store) Account(ctx context.Context, name string) (User, error) {
	stored, found, err := s.stored(ctx, fold(name))
	if err != nil {
		return User{}, fmt.Errorf("read user: %w", err)
	}
	if !found {
		return User{}, ErrNoUser
	}
	return stored.User, nil
}

// User returns one account that may still be used, for a session that goes on.
func (s *Store) User(ctx context.Context, name string) (User, error) {
	u, err := s.Account(ctx, name)
	if err != nil {
		return User{}, err
	}
	if u.Disabled || u.Over(s.now()) {
		return User{}, ErrNoUser
	}
	return u, nil
}

func (s *Store) stored(ctx context.Context, name string) (out storedUser, found bool, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		out, err = scanUser(tx.QueryRow(ctx, userColumns+` WHERE u.name = $1`, name), s.now())
		if found = err == nil; errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return out, found, err
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// micro and moment turn times into columns and back, the zero time into 0.
func micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// instant writes a time for the evidence.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
