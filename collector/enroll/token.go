package enroll

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// Lifetimes of a token.
const (
	TokenLifetime    = 72 * time.Hour
	MaxTokenLifetime = 30 * 24 * time.Hour
)

// Errors about tokens. They are told to whoever holds the secret, and to
// nobody else: without it there is only ErrTokenUnknown.
var (
	ErrTokenUnknown = errors.New("this collector made no such token: check that it was copied whole and for this collector")
	ErrTokenUsed    = errors.New("the token was already used: a token admits one machine; create another")
	ErrTokenExpired = errors.New("the token has expired: create another")
	ErrTokenRevoked = errors.New("the token was withdrawn: create another")
	ErrTokenHost    = errors.New("the token is for another machine: use the one that was created for this host name")
)

// TokenRequest asks for a token.
type TokenRequest struct {
	// Hostname limits the token to one machine; empty admits any.
	Hostname string
	// Department is given to the machine; empty takes that of the list of
	// known machines.
	Department string
	// Lifetime is at most MaxTokenLifetime; 0 means TokenLifetime.
	Lifetime time.Duration
	// By is the account of whoever asks.
	By string
}

// TokenState is what became of a token.
type TokenState string

// The states of a token.
const (
	TokenOpen    TokenState = "open"
	TokenUsed    TokenState = "used"
	TokenExpired TokenState = "expired"
	TokenRevoked TokenState = "revoked"
)

// TokenInfo is what is known of a token: everything but its secret.
type TokenInfo struct {
	ID                   string
	Hostname, Department string
	CreatedBy            string
	CreatedAt, ExpiresAt time.Time
	// UsedAt and UsedBy (an agent id) are zero while it is unused.
	UsedAt    time.Time
	UsedBy    string
	RevokedAt time.Time
}

// State tells what the token is at a time.
func (t TokenInfo) State(at time.Time) TokenState {
	switch {
	case !t.UsedAt.IsZero():
		return TokenUsed
	case !t.RevokedAt.IsZero():
		return TokenRevoked
	case !at.Before(t.ExpiresAt):
		return TokenExpired
	default:
		return TokenOpen
	}
}

// TokenRecord is the payload of a leaf of kind token, as JSON.
type TokenRecord struct {
	Action     string    `json:"action"` // created or revoked
	ID         string    `json:"id"`
	Hostname   string    `json:"hostname,omitempty"`
	Department string    `json:"department,omitempty"`
	Expires    time.Time `json:"expires"`
	By         string    `json:"by,omitempty"`
}

// CreateToken makes a token. Its text is shown once and kept nowhere.
func (s *Store) CreateToken(ctx context.Context, tx *storage.Tx, req TokenRequest) (apiv1.Token, error) {
	if s.ca == nil {
		return apiv1.Token{}, errors.New("create a token: no certificate authority is open")
	}
	if req.Lifetime == 0 {
		req.Lifetime = TokenLifetime
	}
	if req.Lifetime < time.Minute || req.Lifetime > MaxTokenLifetime {
		return apiv1.Token{}, fmt.Errorf("create a token: a lifetime of %s is not between 1m and %s", req.Lifetime, MaxTokenLifetime)
	}
	if req.Hostname = strings.ToLower(strings.TrimSpace(req.Hostname)); req.Hostname != "" && !validHostname(req.Hostname) {
		return apiv1.Token{}, fmt.Errorf("create a token: %q is not a host name", req.Hostname)
	}
	for _, text := range []string{req.Department, req.By} {
		if !validText(text) {
			return apiv1.Token{}, fmt.Errorf("create a token: %q is too long or holds control characters", text)
		}
	}
	token := s.ca.NewToken()
	hash := sha256.Sum256(token.Secret[:])
	now := s.now()
	info := TokenInfo{
		ID: tokenID(hash), Hostname: req.Hostname, Department: req.Department, CreatedBy: req.By,
		CreatedAt: now, ExpiresAt: now.Add(req.Lifetime),
	}
	if _, err := tx.Exec(ctx, `INSERT INTO enroll_tokens
		(id, secret_hash, hostname, department, created_at, created_by, expires_at, used_at, used_by, revoked_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '', 0)`,
		info.ID, hash[:], info.Hostname, info.Department, micros(info.CreatedAt), info.CreatedBy, micros(info.ExpiresAt)); err != nil {
		return apiv1.Token{}, fmt.Errorf("create a token: %w", err)
	}
	return token, s.append(ctx, tx, evidence.Token, "token/"+info.ID, tokenRecord("created", info, req.By))
}

// RevokeToken withdraws an unused token.
func (s *Store) RevokeToken(ctx context.Context, tx *storage.Tx, id, by string) error {
	row := tx.QueryRow(ctx, selectToken+` WHERE id = $1`, id)
	info, err := scanToken(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("withdraw token %q: %w", id, ErrTokenUnknown)
	}
	if err != nil {
		return fmt.Errorf("read token %q: %w", id, err)
	}
	if state := info.State(s.now()); state != TokenOpen {
		return fmt.Errorf("withdraw token %q: it is %s already", id, state)
	}
	if _, err := tx.Exec(ctx, `UPDATE enroll_tokens SET revoked_at = $2 WHERE id = $1`, id, micros(s.now())); err != nil {
		return fmt.Errorf("withdraw token %q: %w", id, err)
	}
	return s.append(ctx, tx, evidence.Token, "token/"+id, tokenRecord("revoked", info, by))
}

// Tokens lists all tokens, the newest first.
func (s *Store) Tokens(ctx context.Context, tx *storage.Tx) ([]TokenInfo, error) {
	rows, err := tx.Query(ctx, selectToken)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	defer rows.Close()
	var out []TokenInfo
	for rows.Next() {
		info, err := scanToken(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("list tokens: %w", err)
		}
		out = append(out, info)
	}
	slices.SortFunc(out, func(a, b TokenInfo) int {
		if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return out, nil
}

// tokenOf finds the token of a secret, used or not.
func (s *Store) tokenOf(ctx context.Context, tx *storage.Tx, secret []byte) (TokenInfo, error) {
	hash := sha256.Sum256(secret)
	info, err := scanToken(tx.QueryRow(ctx, selectToken+` WHERE secret_hash = $1`, hash[:]).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return TokenInfo{}, ErrTokenUnknown
	}
	if err != nil {
		return TokenInfo{}, fmt.Errorf("read a token: %w", err)
	}
	return info, nil
}

// spend marks the token as used by an agent, once.
func (s *Store) spend(ctx context.Context, tx *storage.Tx, id, agentID string) error {
	res, err := tx.Exec(ctx, `UPDATE enroll_tokens SET used_at = $2, used_by = $3 WHERE id = $1 AND used_at = 0`,
		id, micros(s.now()), agentID)
	if err != nil {
		return fmt.Errorf("spend a token: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(ErrTokenUsed, err)
	}
	return nil
}

// admits tells why a token does not admit a host at a time, nil when it does.
func (t TokenInfo) admits(hostname string, at time.Time) error {
	switch t.State(at) {
	case TokenUsed:
		return ErrTokenUsed
	case TokenRevoked:
		return ErrTokenRevoked
	case TokenExpired:
		return ErrTokenExpired
	case TokenOpen:
	}
	if t.Hostname != "" && !sameHost(t.Hostname, hostname) {
		return ErrTokenHost
	}
	return nil
}

const selectToken = `SELECT id, hostname, department, created_at, created_by, expires_at, used_at, used_by, revoked_at FROM enroll_tokens`

func scanToken(scan func(...any) error) (TokenInfo, error) {
	var t TokenInfo
	var created, expires, used, revoked int64
	err := scan(&t.ID, &t.Hostname, &t.Department, &created, &t.CreatedBy, &expires, &used, &t.UsedBy, &revoked)
	t.CreatedAt, t.ExpiresAt, t.UsedAt, t.RevokedAt = fromMicros(created), fromMicros(expires), fromMicros(used), fromMicros(revoked)
	return t, err
}

func tokenRecord(action string, t TokenInfo, by string) TokenRecord {
	return TokenRecord{Action: action, ID: t.ID, Hostname: t.Hostname, Department: t.Department, Expires: t.ExpiresAt.UTC(), By: by}
}

// readable is base32 in lower case, as tokens and agent ids are written.
var readable = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// tokenID names a token without telling its secret.
func tokenID(hash [sha256.Size]byte) string { return readable.EncodeToString(hash[:])[:10] }
