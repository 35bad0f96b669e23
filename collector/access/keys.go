package access

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"vigia/collector/storage"
)

// Key is a security key of an account.
type Key struct {
	ID, Label   string
	Added, Used time.Time
}

// maxKeys bounds the keys of an account.
const maxKeys = 10

// ErrNoKeys means that browsers know no security keys at this address: it is a number, or not
// reached over TLS.
var ErrNoKeys = errors.New("security keys need the portal's name, not its number")

// relying is what a browser is told of the portal at an origin such as https://vigia.local:9443.
func relying(origin, organisation string) (*webauthn.WebAuthn, error) {
	u, err := url.Parse(origin)
	if err != nil || u.Hostname() == "" {
		return nil, ErrNoKeys
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil || net.ParseIP(u.Hostname()) != nil {
		return nil, ErrNoKeys
	}
	if organisation == "" {
		organisation = "Vigía"
	}
	w, err := webauthn.New(&webauthn.Config{RPID: u.Hostname(), RPDisplayName: organisation, RPOrigins: []string{origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementDiscouraged, UserVerification: protocol.VerificationDiscouraged},
		Timeouts: webauthn.TimeoutsConfig{
			Login:        webauthn.TimeoutConfig{Enforce: true, Timeout: FreshFor, TimeoutUVD: FreshFor},
			Registration: webauthn.TimeoutConfig{Enforce: true, Timeout: FreshFor, TimeoutUVD: FreshFor},
		}})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoKeys, err)
	}
	return w, nil
}

// holder is an account as the library sees it.
type holder struct {
	name string
	keys []webauthn.Credential
}

// WebAuthnID tells the account apart without naming it.
func (h holder) WebAuthnID() []byte {
	sum := sha256.Sum256([]byte("vigia account " + h.name))
	return sum[:]
}

// WebAuthnName is shown by the browser.
func (h holder) WebAuthnName() string { return h.name }

// WebAuthnDisplayName is shown by the browser.
func (h holder) WebAuthnDisplayName() string { return h.name }

// WebAuthnCredentials are the account's keys.
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

// holder reads the account's keys.
func (s *Store) holder(ctx context.Context, name string) (holder, []Key, error) {
	h := holder{name: name}
	var keys []Key
	err := s.db.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		h.keys, keys = nil, nil
		rows, err := tx.Query(ctx, `SELECT id, label, credential, added_at, used_at FROM access_keys WHERE name = $1 ORDER BY added_at`, name)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var k Key
			var text string
			var added, used int64
			if err := rows.Scan(&k.ID, &k.Label, &text, &added, &used); err != nil {
				return err
			}
			var credential webauthn.Credential
			if err := json.Unmarshal([]byte(text), &credential); err != nil {
				return err
			}
			k.Added, k.Used = moment(added), moment(used)
			h.keys, keys = append(h.keys, credential), append(keys, k)
		}
		return rows.Err()
	})
	if err != nil {
		return h, nil, fmt.Errorf("read security keys: %w", err)
	}
	return h, keys, nil
}

// Keys lists the security keys of an account.
func (s *Store) Keys(ctx context.Context, name string) ([]Key, error) {
	_, keys, err := s.holder(ctx, name)
	return keys, err
}

// BeginKey begins to add a security key: options are for the browser, as JSON, state is for
// FinishKey and is not told to anybody.
func (s *Store) BeginKey(ctx context.Context, name, origin, organisation string) (options, state string, err error) {
	w, err := relying(origin, organisation)
	if err != nil {
		return "", "", err
	}
	h, _, err := s.holder(ctx, name)
	if err != nil {
		return "", "", err
	}
	creation, data, err := w.BeginRegistration(h, webauthn.WithExclusions(webauthn.Credentials(h.keys).CredentialDescriptors()))
	if err != nil {
		return "", "", fmt.Errorf("begin a security key: %w", err)
	}
	return twoJSON(creation, data)
}

func twoJSON(a, b any) (string, string, error) {
	first, err1 := json.Marshal(a)
	second, err2 := json.Marshal(b)
	return string(first), string(second), errors.Join(err1, err2)
}

// FinishKey adds the key that answered. The label is the person's own word for it.
func (s *Store) FinishKey(ctx context.Context, name, state, response, label, origin, organisation, by string) error {
	w, err := relying(origin, organisation)
	if err != nil {
		return err
	}
	label = strings.TrimSpace(label)
	if utf8.RuneCountInString(label) > 40 || !utf8.ValidString(label) || strings.ContainsAny(label, "\x00\n\r") {
		return fmt.Errorf("label: %w: a line of at most 40 characters", ErrInput)
	}
	var data webauthn.SessionData
	if err := json.Unmarshal([]byte(state), &data); err != nil {
		return ErrDenied
	}
	h, keys, err := s.holder(ctx, name)
	if err != nil {
		return err
	}
	if len(keys) >= maxKeys {
		return fmt.Errorf("security key: %w: an account has at most %d", ErrInput, maxKeys)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBody(strings.NewReader(response))
	if err != nil {
		return ErrDenied
	}
	credential, err := w.CreateCredential(h, data, parsed)
	if err != nil {
		return ErrDenied
	}
	credential.Attestation = webauthn.CredentialAttestation{} // who made it is not asked
	text, err := json.Marshal(credential)
	if err != nil {
		return fmt.Errorf("security key: %w", err)
	}
	return s.update(ctx, change{Action: "factor", Factor: "key", Name: name, By: by},
		does(`UPDATE access_users SET name = name WHERE name = $1`),
		does(`INSERT INTO access_keys (name, id, label, credential, added_at, used_at) VALUES ($1, $2, $3, $4, $5, 0)`,
			base64.RawURLEncoding.EncodeToString(credential.ID), label, string(text), s.now().UnixMicro()))
}

// RemoveKey takes a security key from an account.
func (s *Store) RemoveKey(ctx context.Context, name, id, by string) error {
	return s.update(ctx, change{Action: "factor_removed", Factor: "key", Name: name, By: by},
		does(`UPDATE access_users SET name = name WHERE name = $1`),
		does(`DELETE FROM access_keys WHERE name = $1 AND id = $2`, id))
}

// BeginProof asks one of the account's keys; options and state as of BeginKey.
func (s *Store) BeginProof(ctx context.Context, name, origin, organisation string) (options, state string, err error) {
	w, err := relying(origin, organisation)
	if err != nil {
		return "", "", err
	}
	h, keys, err := s.holder(ctx, name)
	if err != nil {
		return "", "", err
	}
	if len(keys) == 0 {
		return "", "", ErrNoKeys
	}
	assertion, data, err := w.BeginLogin(h)
	if err != nil {
		return "", "", fmt.Errorf("ask a security key: %w", err)
	}
	return twoJSON(assertion, data)
}

// ProveKey checks what a security key answered, as Prove checks a code.
func (s *Store) ProveKey(ctx context.Context, name, state, response, origin, organisation, source string) error {
	w, err := relying(origin, organisation)
	if err != nil {
		return err
	}
	return s.prove(ctx, name, source, func(ctx context.Context, now time.Time) (bool, error) {
		var data webauthn.SessionData
		if json.Unmarshal([]byte(state), &data) != nil {
			return false, nil //nolint:nilerr // what was never asked has no right answer
		}
		h, _, err := s.holder(ctx, name)
		if err != nil {
			return false, err
		}
		parsed, err := protocol.ParseCredentialRequestResponseBody(strings.NewReader(response))
		if err != nil {
			return false, nil //nolint:nilerr // an answer that is none is a wrong one
		}
		credential, err := w.ValidateLogin(h, data, parsed)
		if err != nil {
			return false, nil //nolint:nilerr // as above
		}
		if credential.Authenticator.CloneWarning {
			return false, nil
		}
		return true, s.usedKey(ctx, name, credential, now)
	})
}

// usedKey keeps the key's counter, by which a copy shows.
func (s *Store) usedKey(ctx context.Context, name string, credential *webauthn.Credential, now time.Time) error {
	text, err := json.Marshal(credential)
	if err != nil {
		return fmt.Errorf("security key: %w", err)
	}
	text = bytes.TrimSpace(text)
	return s.db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE access_keys SET credential = $3, used_at = $4 WHERE name = $1 AND id = $2`,
			name, base64.RawURLEncoding.EncodeToString(credential.ID), string(text), now.UnixMicro())
		return err
	})
}
