package access

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Authenticate checks a password. source is the place that asks. The answer is ErrDenied for
// whatever is wrong with name or password, ErrThrottled while account or place rest,
// ErrSuspended where it takes an unlock, and ErrElsewhere when the directory that has the
// password cannot be asked. When the account has a second factor, it is not
// logged in yet: Prove or ProveKey says so.
func (s *Store) Authenticate(ctx context.Context, name, password, source string) (User, error) {
	if password == "" {
		return User{}, ErrDenied // a form that was left empty is no attempt
	}
	began := time.Now()
	now := s.now()
	if !s.source.allow(source, now) {
		return User{}, ErrThrottled
	}
	name = fold(name)
	if len(name) > 64 {
		name = name[:64]
	}
	name = strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", "?"), "?")
	leave, err := s.turns.take(ctx, name)
	if err != nil {
		return User{}, err
	}
	defer leave()
	if err := s.may(ctx, name, source, now); err != nil {
		return User{}, err
	}
	user, err := s.check(ctx, name, password)
	if errors.Is(err, ErrDenied) {
		if err := s.failed(ctx, name, source, user.Name != "", now); err != nil {
			return User{}, err
		}
		s.unhurried(ctx, began)
	}
	if err != nil {
		return User{}, err
	}
	if user.Second() {
		return user, nil
	}
	return user, s.passed(ctx, name, source, now)
}

// check tells whether the password is the account's and the account may be used: if not, its
// error is ErrDenied. The user is empty when there is no such account.
func (s *Store) check(ctx context.Context, name, password string) (User, error) {
	stored, found, err := s.stored(ctx, name)
	if err != nil {
		return User{}, err
	}
	// An unknown name costs the same work as a known one.
	ok, err := s.hasher.matches(ctx, stored.hash, password)
	if err != nil {
		return User{}, err
	}
	if found && stored.Via == LDAP && !stored.Disabled && !stored.Over(s.now()) {
		return stored.User, s.checkThere(ctx, stored.User, password)
	}
	if !ok || !found || stored.Via != Local || stored.Disabled || stored.Over(s.now()) {
		return stored.User, ErrDenied
	}
	return stored.User, nil
}

// Prove checks the second factor of somebody whose password was right: a code of the
// application or one of the printed sheet. It answers like Authenticate.
func (s *Store) Prove(ctx context.Context, name, code, source string) error {
	code = plainCode(code)
	if code == "" {
		return ErrDenied
	}
	return s.prove(ctx, name, source, func(ctx context.Context, now time.Time) (bool, error) {
		if len(code) == totpDigits {
			return s.useTOTP(ctx, name, code, now)
		}
		return s.useCode(ctx, name, code, now)
	})
}

// prove runs the check of a second factor as an attempt on the account.
func (s *Store) prove(ctx context.Context, name, source string, check func(ctx context.Context, now time.Time) (bool, error)) error {
	now := s.now()
	if !s.source.allow(source, now) {
		return ErrThrottled
	}
	leave, err := s.turns.take(ctx, name)
	if err != nil {
		return err
	}
	defer leave()
	if err := s.may(ctx, name, source, now); err != nil {
		return err
	}
	if _, err := s.User(ctx, name); err != nil {
		if errors.Is(err, ErrNoUser) {
			return ErrDenied
		}
		return err
	}
	good, err := check(ctx, now)
	if err != nil {
		return err
	}
	if !good {
		if err := s.failed(ctx, name, source, true, now); err != nil {
			return err
		}
		return ErrDenied
	}
	return s.passed(ctx, name, source, now)
}
