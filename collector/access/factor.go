package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"vigia/collector/storage"
)

// TOTP as RFC 6238 has it and every application knows it: SHA-1, six digits, 30 seconds. A
// code of the step before or after is good too, for clocks differ; none is good twice.
const (
	totpDigits = 6
	totpStep   = 30 * time.Second
	totpSecret = 20 // bytes
)

// SheetSize is how many codes a printed sheet has.
const SheetSize = 10

// NewTOTP draws a secret for an application, in base32.
func NewTOTP() string {
	b := make([]byte, totpSecret)
	rand.Read(b)
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)
}

// TOTPAddress is what the picture for the application says: otpauth://totp/...
func TOTPAddress(issuer, name, secret string) string {
	issuer = strings.ReplaceAll(issuer, ":", " ")
	return "otpauth://totp/" + url.PathEscape(issuer+":"+name) + "?" +
		strings.ReplaceAll(url.Values{"secret": {secret}, "issuer": {issuer}}.Encode(), "+", "%20")
}

// TOTPCode is the code of a secret at a time, as an application shows it.
func TOTPCode(secret string, at time.Time) (string, error) {
	return codeAt(secret, at.Unix()/int64(totpStep/time.Second))
}

func codeAt(secret string, step int64) (string, error) {
	return hotp.GenerateCodeCustom(secret, uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
}

// plainCode is a code without what people put between its groups.
func plainCode(code string) string {
	if len(code) > 64 {
		return ""
	}
	return strings.ToLower(strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -\u00a0\u202f\t.", r) {
			return -1
		}
		return r
	}, code))
}

// stepOf finds the step of a code, after the last one used.
func stepOf(secret, code string, last int64, now time.Time) (int64, bool, error) {
	at := now.Unix() / int64(totpStep/time.Second)
	found, good := int64(0), false
	for step := at - 1; step <= at+1; step++ {
		want, err := codeAt(secret, step)
		if err != nil {
			return 0, false, fmt.Errorf("code of the application: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && step > last {
			found, good = step, true
		}
	}
	return found, good, nil
}

// SetTOTP gives the account an application, once a code of it shows that it has the secret.
// It replaces the one before.
func (s *Store) SetTOTP(ctx context.Context, name, secret, code, by string) error {
	now := s.now()
	step, good, err := stepOf(secret, plainCode(code), 0, now)
	if err != nil || !good {
		return errors.Join(err, ErrDenied)
	}
	return s.update(ctx, change{Action: "factor", Factor: "totp", Name: name, By: by},
		does(`UPDATE access_users SET name = name WHERE name = $1`),
		does(`DELETE FROM access_totp WHERE name = $1`),
		does(`INSERT INTO access_totp (name, secret, added_at, last_step) VALUES ($1, $2, $3, $4)`, secret, now.UnixMicro(), step))
}

// useTOTP takes a code of the application.
func (s *Store) useTOTP(ctx context.Context, name, code string, now time.Time) (good bool, err error) {
	err = s.db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		good = false
		var secret string
		var last int64
		err := tx.QueryRow(ctx, `SELECT secret, last_step FROM access_totp WHERE name = $1`, name).Scan(&secret, &last)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		step, ok, err := stepOf(secret, code, last, now)
		if err != nil || !ok {
			return err
		}
		good = true
		_, err = tx.Exec(ctx, `UPDATE access_totp SET last_step = $2 WHERE name = $1`, name, step)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("use a code: %w", err)
	}
	return good, nil
}

// sheetCode is the length of a printed code: 60 random bits.
const sheetCode = 12

// NewCodes draws a sheet of codes for the account, of which each is good once, and forgets
// the sheet before. They are told now and never again.
func (s *Store) NewCodes(ctx context.Context, name, by string) ([]string, error) {
	salt := make([]byte, argonSalt)
	rand.Read(salt)
	now := s.now()
	var codes []string
	statements := []statement{does(`UPDATE access_users SET name = name WHERE name = $1`), does(`DELETE FROM access_codes WHERE name = $1`)}
	for len(codes) < SheetSize {
		b := make([]byte, sheetCode)
		rand.Read(b)
		for i := range b {
			b[i] = passwordAlphabet[int(b[i])%len(passwordAlphabet)]
		}
		key, err := s.hasher.key(ctx, string(b), salt)
		if err != nil {
			return nil, err
		}
		codes = append(codes, string(b[:4])+"-"+string(b[4:8])+"-"+string(b[8:]))
		statements = append(statements, does(`INSERT INTO access_codes (name, hash, salt, made_at, used_at) VALUES ($1, $2, $3, $4, 0)`,
			hex.EncodeToString(key), hex.EncodeToString(salt), now.UnixMicro()))
	}
	if err := s.update(ctx, change{Action: "factor", Factor: "codes", Name: name, By: by}, statements...); err != nil {
		return nil, err
	}
	return codes, nil
}

// useCode takes a code of the sheet.
func (s *Store) useCode(ctx context.Context, name, code string, now time.Time) (good bool, err error) {
	if len(code) != sheetCode {
		code = "" // costs the same, is none
	}
	var salt string
	err = s.db.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		err := tx.QueryRow(ctx, `SELECT salt FROM access_codes WHERE name = $1 LIMIT 1`, name).Scan(&salt)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("use a code: %w", err)
	}
	raw, err := hex.DecodeString(salt)
	if err != nil {
		return false, errHash
	}
	key, err := s.hasher.key(ctx, code, append(raw, make([]byte, max(0, argonSalt-len(raw)))...))
	if err != nil {
		return false, err
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		res, err := tx.Exec(ctx, `UPDATE access_codes SET used_at = $3 WHERE name = $1 AND hash = $2 AND used_at = 0`, name, hex.EncodeToString(key), now.UnixMicro())
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		good = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("use a code: %w", err)
	}
	return good, nil
}

// ResetFactors takes all second factors from an account, whose owner lost them, and ends its
// sessions.
func (s *Store) ResetFactors(ctx context.Context, name, by string) error {
	name = fold(name)
	return s.update(ctx, change{Action: "factor_reset", Factor: "all", Name: name, By: by},
		does(`UPDATE access_users SET name = name WHERE name = $1`),
		does(`DELETE FROM access_totp WHERE name = $1`),
		does(`DELETE FROM access_codes WHERE name = $1`),
		does(`DELETE FROM access_keys WHERE name = $1`),
		does(`DELETE FROM access_sessions WHERE name = $1`))
}
