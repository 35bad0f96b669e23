package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"vigia/collector/storage"
)

// Where a password is checked: here, by the organisation's directory, or by a provider of
// OpenID Connect, which asks for it itself.
const (
	Local = ""
	LDAP  = "ldap"
	OIDC  = "oidc"
)

// Ways lists them.
func Ways() []string { return []string{Local, LDAP, OIDC} }

// Errors of accounts whose password is elsewhere.
var (
	// ErrElsewhere means that the directory or the provider could not be asked.
	ErrElsewhere = errors.New("the directory or the log-in provider cannot be asked")
	// ErrNotHere means that the account has no password here that could be set.
	ErrNotHere = errors.New("the account has no password here")
)

// Directory checks passwords that are not kept here.
type Directory interface {
	// Check tells whether the password is that of a person of the directory: nil for yes, a
	// *Refusal for no, and what wraps ErrElsewhere when it could not be asked.
	Check(ctx context.Context, name, password string) error
}

// Reason is why a directory or a provider says no. It is for the activity log: whoever asks
// to be let in learns only that they are not.
type Reason string

// The reasons.
const (
	WrongPassword Reason = "password"
	NobodyThere   Reason = "nobody"    // no such person there
	SeveralThere  Reason = "several"   // the filter finds more than one
	DisabledThere Reason = "disabled"  // the account there is disabled
	LockedThere   Reason = "locked"    // the account there is locked
	ExpiredThere  Reason = "expired"   // the account or its password there expired
	MustChange    Reason = "change"    // the password there has to be replaced first
	NotNow        Reason = "hours"     // not at this hour or from this machine
	NoAccount     Reason = "unknown"   // vouched for, but without an account here
	OtherPerson   Reason = "other"     // the name is that of an account of somebody else there
	NotFresh      Reason = "stale"     // they did not prove anew who they are
	BadToken      Reason = "token"     // what the provider says does not hold
	NotBegun      Reason = "not_begun" // this browser did not begin that log-in, or long ago
	ProviderSaid  Reason = "provider"  // the provider itself refused
)

// Reasons lists them.
func Reasons() []Reason {
	return []Reason{WrongPassword, NobodyThere, SeveralThere, DisabledThere, LockedThere, ExpiredThere, MustChange, NotNow,
		NoAccount, OtherPerson, NotFresh, BadToken, NotBegun, ProviderSaid}
}

// Refusal is an ErrDenied with its reason.
type Refusal struct{ Reason Reason }

// Error implements error.
func (r *Refusal) Error() string { return "refused elsewhere: " + string(r.Reason) }

// Unwrap makes it an ErrDenied.
func (r *Refusal) Unwrap() error { return ErrDenied }

// refuseAfter is how long a wrong name or password takes at least where there is a directory,
// so that the time does not tell whose account is one of it.
const refuseAfter = time.Second

// Delegate lets d check the passwords of the accounts whose way is LDAP. It is called before
// the store is used.
func (s *Store) Delegate(d Directory) { s.directory = d }

// checkThere asks the directory about the account. It costs at least what a password costs
// here.
func (s *Store) checkThere(ctx context.Context, u User, password string) error {
	if s.directory == nil {
		return fmt.Errorf("%w: none is configured", ErrElsewhere)
	}
	return s.directory.Check(ctx, u.External, password)
}

// unhurried waits until a refusal that began at the time has taken refuseAfter.
func (s *Store) unhurried(ctx context.Context, began time.Time) {
	if s.directory == nil {
		return
	}
	timer := time.NewTimer(refuseAfter - time.Since(began))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Way is where the password of an account is checked, and its name there.
type Way struct {
	Via      string
	External string // empty: as here
}

// reviewWay checks a way, for the account of a name.
func reviewWay(way Way, name string) (Way, error) {
	if !slices.Contains(Ways(), way.Via) {
		return way, fmt.Errorf("way %q: %w: use local, ldap or oidc", way.Via, ErrInput)
	}
	way.External = fold(way.External)
	if way.Via == Local {
		if way.External != "" {
			return way, fmt.Errorf("external name: %w: only an account of a directory or provider has one", ErrInput)
		}
		return way, nil
	}
	if way.External == "" {
		way.External = name
	}
	if utf8.RuneCountInString(way.External) > maxText || !utf8.ValidString(way.External) || strings.ContainsAny(way.External, "\x00\n\r") {
		return way, fmt.Errorf("external name: %w: a line of at most %d characters", ErrInput, maxText)
	}
	return way, nil
}

// freeWay demands that no other account has the way.
func freeWay(ctx context.Context, tx *storage.Tx, way Way, name string) error {
	if way.Via == Local {
		return nil
	}
	var other string
	err := tx.QueryRow(ctx, `SELECT name FROM access_users WHERE via = $1 AND external = $2 AND name <> $3`, way.Via, way.External, name).Scan(&other)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find the external name: %w", err)
	}
	return fmt.Errorf("external name %s: %w: it is that of the account %s", way.External, ErrInput, other)
}

// SetWay changes where the password of an account is checked, and forgets whom a provider
// knew it as. Its sessions end. An account that comes back here gets the password, to be
// replaced at the first log-in; others get none.
func (s *Store) SetWay(ctx context.Context, name string, way Way, password, by string) error {
	name = fold(name)
	way, err := reviewWay(way, name)
	if err != nil {
		return err
	}
	hash := ""
	if way.Via == Local {
		if hash, err = s.hasher.hash(ctx, name, password); err != nil {
			return err
		}
	}
	return s.db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		if err := freeWay(ctx, tx, way, name); err != nil {
			return err
		}
		return s.updateIn(ctx, tx, change{Action: "way", Name: name, Via: orLocal(way.Via), External: way.External, By: by},
			does(`UPDATE access_users SET via = $2, external = $3, issuer = '', subject = '', password = $4, provisional = $5 WHERE name = $1`,
				way.Via, way.External, hash, flag(way.Via == Local)),
			does(`DELETE FROM access_sessions WHERE name = $1`))
	})
}

func orLocal(via string) string {
	if via == Local {
		return "local"
	}
	return via
}

// Identity is what a provider vouches for.
type Identity struct {
	Issuer  string
	Subject string // never given to another person by the issuer
	Name    string // as the person is called there; may be given to another one day
	// MFA: the provider says that it asked for more than a password.
	MFA bool
	// At is when the person proved to the provider who they are; zero: it does not say.
	At time.Time
}

// Provider is one of OpenID Connect.
type Provider interface {
	// Name is how people call it.
	Name() string
	// Begin returns the address at which the person proves who they are, and what the same
	// browser brings back with the answer. back is the address that the answer comes to,
	// about what the caller wants to know then. fresh: the person is asked even if they are
	// logged in there. An error wraps ErrElsewhere.
	Begin(ctx context.Context, back, about string, fresh bool) (address, kept string, err error)
	// Finish checks an answer that came back, against what Begin gave to be kept. An error is
	// a *Refusal or wraps ErrElsewhere.
	Finish(ctx context.Context, kept, back string, answer Answer) (id Identity, about string, err error)
}

// Answer is what a provider sends a browser back with (RFC 6749 section 4.1.2, RFC 9207).
type Answer struct{ Code, State, Issuer, Error string }

// Enter finds the account of somebody for whom a provider vouches. The first log-in binds the
// account to whom the provider knows; from then on the name there does not matter. source is
// the place that asks. The errors are those of Authenticate, the refusals with their reason.
// proved: no second factor is asked here any more, so this is the whole log-in.
func (s *Store) Enter(ctx context.Context, id Identity, source string) (user User, proved bool, err error) {
	now := s.now()
	if !s.source.allow(source, now) {
		return User{}, false, ErrThrottled
	}
	name, err := s.bind(ctx, id)
	if err != nil {
		return User{}, false, err
	}
	leave, err := s.turns.take(ctx, name)
	if err != nil {
		return User{}, false, err
	}
	defer leave()
	if err := s.may(ctx, name, source, now); err != nil {
		return User{}, false, err
	}
	user, err = s.User(ctx, name)
	if errors.Is(err, ErrNoUser) {
		return User{Name: name}, false, &Refusal{NoAccount}
	}
	if err != nil {
		return User{}, false, err
	}
	if user.Second() && !id.MFA {
		return user, false, nil
	}
	return user, true, s.passed(ctx, name, source, now)
}

// bind returns the name of the account, which it binds when nobody entered by it yet.
func (s *Store) bind(ctx context.Context, id Identity) (name string, err error) {
	if id.Issuer == "" || id.Subject == "" {
		return "", &Refusal{BadToken}
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		name = ""
		err := tx.QueryRow(ctx, `SELECT name FROM access_users WHERE via = $1 AND issuer = $2 AND subject = $3`, OIDC, id.Issuer, id.Subject).Scan(&name)
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		var subject, found string
		external := fold(id.Name)
		err = tx.QueryRow(ctx, `SELECT name, subject FROM access_users WHERE via = $1 AND external = $2 AND external <> '' AND disabled = 0`, OIDC, external).Scan(&found, &subject)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return &Refusal{NoAccount}
		case err != nil:
			return err
		case subject != "":
			return &Refusal{OtherPerson}
		}
		name = found
		return s.updateIn(ctx, tx, change{Action: "bound", Name: name, Via: OIDC, External: external, Issuer: id.Issuer, Subject: id.Subject, By: name},
			does(`UPDATE access_users SET issuer = $2, subject = $3 WHERE name = $1`, id.Issuer, id.Subject))
	})
	if err != nil && !errors.Is(err, ErrDenied) {
		return "", fmt.Errorf("log on: %w", err)
	}
	return name, err
}

// Vouched tells whether it is the account of the name for which a provider vouches: nil, or
// an error like Enter's. It binds nothing.
func (s *Store) Vouched(ctx context.Context, name string, id Identity, source string) error {
	if err := s.may(ctx, name, source, s.now()); err != nil {
		return err
	}
	var found string
	err := s.db.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		err := tx.QueryRow(ctx, `SELECT name FROM access_users WHERE via = $1 AND issuer = $2 AND subject = $3`, OIDC, id.Issuer, id.Subject).Scan(&found)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("log on: %w", err)
	}
	if found == "" || found != name {
		return &Refusal{OtherPerson}
	}
	return nil
}
