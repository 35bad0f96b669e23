package enroll

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// Limits of a token.
const (
	TokenLifetime    = 72 * time.Hour
	MaxTokenLifetime = 30 * 24 * time.Hour
	MaxTokenMachines = 1000
	MaxTokenNetworks = 16
)

// MaxTokens bounds how many tokens are made at once.
const MaxTokens = 4096

// Errors about tokens. They are told to whoever holds the secret, and to
// nobody else: without it there is only ErrTokenUnknown.
var (
	ErrTokenUnknown = errors.New("this collector made no such token: check that it was copied whole and for this collector")
	ErrTokenUsed    = errors.New("the token was already used: a token admits one machine; create another")
	ErrTokenExpired = errors.New("the token has expired: create another")
	ErrTokenRevoked = errors.New("the token was withdrawn: create another")
	ErrTokenHost    = errors.New("the token is for another machine: use the one that was created for this host name")
	ErrTokenSpent   = errors.New("the token has admitted all machines that it was made for: create another")
	ErrTokenFull    = errors.New("all places of the token are held by machines that wait for approval or for their certificate: wait, or create another")
	// ErrTokenClosed is of a token that is to be withdrawn and admits nobody anyway.
	ErrTokenClosed  = errors.New("the token admits nobody any more")
	ErrTokenNetwork = errors.New("the token does not admit machines from this network: enrol from one that it was made for, or create another")
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
	// Machines is how many it admits, at most MaxTokenMachines; 0 means one.
	Machines int
	// Networks are those it admits machines from, by the address that the
	// collector sees; none means any. At most MaxTokenNetworks.
	Networks []netip.Prefix
	// Approval: a person approves each machine before it is admitted.
	Approval bool
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
	// TokenFull: machines that wait or are expected hold all places that are left.
	TokenFull TokenState = "full"
)

// TokenInfo is what is known of a token: everything but its secret.
type TokenInfo struct {
	ID                   string
	Hostname, Department string
	CreatedBy            string
	CreatedAt, ExpiresAt time.Time
	// UsedAt and UsedBy (an agent id) are zero while it is unused.
	// That of a token for several machines is when it admitted the last one,
	// and names none.
	UsedAt    time.Time
	UsedBy    string
	RevokedAt time.Time

	Machines int // how many it admits
	Networks []netip.Prefix
	Approval bool
	// Admitted are the machines that enrolled with it. Waiting are those that
	// wait for approval, Expected those that were approved and did not come for
	// their certificate yet: each of them holds a place.
	Admitted, Waiting, Expected int
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
	case t.Waiting+t.Expected > 0 && t.Admitted+t.Waiting+t.Expected >= t.Machines:
		return TokenFull
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
	// Machines is left out when it is one, Networks when it is any.
	Machines int            `json:"machines,omitempty"`
	Networks []netip.Prefix `json:"networks,omitempty"`
	Approval bool           `json:"approval,omitempty"`
}

// CreateToken makes a token. Its text is shown once and kept nowhere.
func (s *Store) CreateToken(ctx context.Context, tx *storage.Tx, req TokenRequest) (apiv1.Token, error) {
	tokens, err := s.CreateTokens(ctx, tx, []TokenRequest{req}, nil)
	if err != nil {
		return apiv1.Token{}, err
	}
	return tokens[0], nil
}

// CreateTokens makes a token for each request, at most MaxTokens, or none.
// progress is told how many are made and may be nil.
func (s *Store) CreateTokens(ctx context.Context, tx *storage.Tx, reqs []TokenRequest, progress func(done, total int)) ([]apiv1.Token, error) {
	if s.ca == nil {
		return nil, errors.New("create a token: no certificate authority is open")
	}
	if len(reqs) == 0 || len(reqs) > MaxTokens {
		return nil, fmt.Errorf("create tokens: %d is not between 1 and %d", len(reqs), MaxTokens)
	}
	now := s.now()
	tokens := make([]apiv1.Token, 0, len(reqs))
	records := make([]record, 0, len(reqs))
	for i, req := range reqs {
		req, err := req.check()
		if err != nil {
			return nil, fmt.Errorf("create a token: %w", err)
		}
		token := s.ca.NewToken()
		hash := sha256.Sum256(token.Secret[:])
		info := TokenInfo{
			ID: tokenID(hash), Hostname: req.Hostname, Department: req.Department, CreatedBy: req.By, CreatedAt: now,
			ExpiresAt: now.Add(req.Lifetime), Machines: req.Machines, Networks: req.Networks, Approval: req.Approval,
		}
		if _, err := tx.Exec(ctx, `INSERT INTO enroll_tokens (id, secret_hash, hostname, department, created_at, created_by,
			expires_at, used_at, used_by, revoked_at, machines, networks, approval)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '', 0, $8, $9, $10)`,
			info.ID, hash[:], info.Hostname, info.Department, micros(info.CreatedAt), info.CreatedBy, micros(info.ExpiresAt),
			info.Machines, writeNetworks(info.Networks), bit(info.Approval)); err != nil {
			return nil, fmt.Errorf("create a token: %w", err)
		}
		tokens = append(tokens, token)
		records = append(records, record{evidence.Token, "token/" + info.ID, tokenRecord("created", info, req.By)})
		if progress != nil {
			progress(i+1, len(reqs))
		}
	}
	return tokens, s.append(ctx, tx, records...)
}

// check tells what is not acceptable in a request, and fills in what it leaves
// to the defaults.
func (req TokenRequest) check() (TokenRequest, error) {
	if req.Lifetime == 0 {
		req.Lifetime = TokenLifetime
	}
	if req.Lifetime < time.Minute || req.Lifetime > MaxTokenLifetime {
		return req, fmt.Errorf("a lifetime of %s is not between 1m and %s", req.Lifetime, MaxTokenLifetime)
	}
	if req.Machines == 0 {
		req.Machines = 1
	}
	if req.Machines < 1 || req.Machines > MaxTokenMachines {
		return req, fmt.Errorf("%d machines are not between 1 and %d", req.Machines, MaxTokenMachines)
	}
	if req.Hostname = strings.ToLower(strings.TrimSpace(req.Hostname)); req.Hostname != "" && !validHostname(req.Hostname) {
		return req, fmt.Errorf("%q is not a host name", req.Hostname)
	}
	if req.Hostname != "" && req.Machines > 1 {
		return req, errors.New("a token for one host name admits one machine")
	}
	if len(req.Networks) > MaxTokenNetworks {
		return req, fmt.Errorf("%d networks are more than %d", len(req.Networks), MaxTokenNetworks)
	}
	for _, network := range req.Networks {
		if !network.IsValid() {
			return req, errors.New("a network is not valid")
		}
	}
	for _, text := range []string{req.Department, req.By} {
		if !validText(text) {
			return req, fmt.Errorf("%q is too long or holds control characters", text)
		}
	}
	return req, nil
}

// ParseNetwork reads a network such as 10.1.0.0/16 or 2001:db8::/32, or the
// address of one machine. Bits beyond the prefix are cut off, and an IPv4
// network that is written as IPv6 counts as IPv4.
func ParseNetwork(text string) (netip.Prefix, error) {
	text = strings.TrimSpace(text)
	network, err := netip.ParsePrefix(text)
	if err != nil {
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("%q is neither a network, such as 10.1.0.0/16 or 2001:db8::/32, nor an address", text)
		}
		network = netip.PrefixFrom(addr, addr.BitLen())
	}
	if addr := network.Addr(); addr.Is4In6() && network.Bits() >= 96 {
		network = netip.PrefixFrom(addr.Unmap(), network.Bits()-96)
	}
	return network.Masked(), nil
}

func writeNetworks(networks []netip.Prefix) string {
	texts := make([]string, len(networks))
	for i, network := range networks {
		texts[i] = network.String()
	}
	return strings.Join(texts, " ")
}

func readNetworks(text string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for word := range strings.FieldsSeq(text) {
		network, err := netip.ParsePrefix(word)
		if err != nil {
			return nil, err
		}
		networks = append(networks, network)
	}
	return networks, nil
}

// Token returns what is known of a token, or ErrTokenUnknown.
func (s *Store) Token(ctx context.Context, tx *storage.Tx, id string) (TokenInfo, error) {
	info, err := scanToken(tx.QueryRow(ctx, selectToken+` WHERE id = $2`, s.lapse(), id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return TokenInfo{}, fmt.Errorf("token %q: %w", id, ErrTokenUnknown)
	}
	if err != nil {
		return TokenInfo{}, fmt.Errorf("read token %q: %w", id, err)
	}
	return info, nil
}

// whyWithdrawn is the reason that stands in the record beside those that people
// wrote, in their language.
const whyWithdrawn = "se retiró su código de alta"

// RevokeToken withdraws a token that admits machines still, or has some that
// wait for approval: these are rejected. Machines that it admitted stay.
func (s *Store) RevokeToken(ctx context.Context, tx *storage.Tx, id, by string) error {
	info, err := s.Token(ctx, tx, id)
	if err != nil {
		return fmt.Errorf("withdraw a token: %w", err)
	}
	waiting, err := s.waitingFor(ctx, tx, id)
	if err != nil {
		return err
	}
	state := info.State(s.now())
	if state == TokenRevoked || state != TokenOpen && state != TokenFull && len(waiting) == 0 {
		return fmt.Errorf("withdraw token %q: %w: it is %s", id, ErrTokenClosed, state)
	}
	if _, err := tx.Exec(ctx, `UPDATE enroll_tokens SET revoked_at = $2 WHERE id = $1`, id, micros(s.now())); err != nil {
		return fmt.Errorf("withdraw token %q: %w", id, err)
	}
	if err := s.append(ctx, tx, record{evidence.Token, "token/" + id, tokenRecord("revoked", info, by)}); err != nil {
		return err
	}
	if len(waiting) == 0 {
		return nil
	}
	_, err = s.Reject(ctx, tx, waiting, whyWithdrawn, by)
	return err
}

// Tokens lists all tokens, the newest first.
func (s *Store) Tokens(ctx context.Context, tx *storage.Tx) ([]TokenInfo, error) {
	rows, err := tx.Query(ctx, selectToken, s.lapse())
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
	info, err := scanToken(tx.QueryRow(ctx, selectToken+` WHERE secret_hash = $2`, s.lapse(), hash[:]).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return TokenInfo{}, ErrTokenUnknown
	}
	if err != nil {
		return TokenInfo{}, fmt.Errorf("read a token: %w", err)
	}
	return info, nil
}

// spend takes a place of the token for an agent. A token for one machine is used
// up by that, also when the machine was there before and lost its answer.
func (s *Store) spend(ctx context.Context, tx *storage.Tx, t TokenInfo, agentID string) error {
	if t.Machines > 1 {
		if t.Admitted+1 < t.Machines {
			return nil // the machine's own row counts
		}
		agentID = ""
	}
	res, err := tx.Exec(ctx, `UPDATE enroll_tokens SET used_at = $2, used_by = $3 WHERE id = $1 AND used_at = 0`,
		t.ID, micros(s.now()), agentID)
	if err != nil {
		return fmt.Errorf("spend a token: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(ErrTokenUsed, err)
	}
	return nil
}

// admits tells why a token does not admit a host that calls from an address at a
// time, nil when it does. from is not valid for a request that came in a file.
func (t TokenInfo) admits(hostname string, from netip.Addr, at time.Time) error {
	switch t.State(at) {
	case TokenUsed:
		if t.Machines > 1 {
			return ErrTokenSpent
		}
		return ErrTokenUsed
	case TokenRevoked:
		return ErrTokenRevoked
	case TokenExpired:
		return ErrTokenExpired
	case TokenFull:
		return ErrTokenFull
	case TokenOpen:
	}
	if t.Hostname != "" && !sameHost(t.Hostname, hostname) {
		return ErrTokenHost
	}
	return t.reaches(from)
}

// reaches tells whether an address is in the token's networks.
func (t TokenInfo) reaches(from netip.Addr) error {
	if len(t.Networks) == 0 || slices.ContainsFunc(t.Networks, func(n netip.Prefix) bool { return n.Contains(from) }) {
		return nil
	}
	return ErrTokenNetwork
}

// selectToken reads tokens; $1 is lapse.
const selectToken = `SELECT id, hostname, department, created_at, created_by, expires_at, used_at, used_by, revoked_at,
	machines, networks, approval,
	(SELECT COUNT(*) FROM enroll_machines m WHERE m.token_id = enroll_tokens.id),
	(SELECT COUNT(*) FROM enroll_requests r WHERE r.token_id = enroll_tokens.id AND r.state = 'pending' AND r.last_asked > $1),
	(SELECT COUNT(*) FROM enroll_requests r WHERE r.token_id = enroll_tokens.id AND r.state = 'approved' AND r.decided_at > $1)
	FROM enroll_tokens`

func scanToken(scan func(...any) error) (TokenInfo, error) {
	var t TokenInfo
	var created, expires, used, revoked, approval int64
	var networks string
	if err := scan(&t.ID, &t.Hostname, &t.Department, &created, &t.CreatedBy, &expires, &used, &t.UsedBy, &revoked,
		&t.Machines, &networks, &approval, &t.Admitted, &t.Waiting, &t.Expected); err != nil {
		return TokenInfo{}, err
	}
	t.CreatedAt, t.ExpiresAt, t.UsedAt, t.RevokedAt = fromMicros(created), fromMicros(expires), fromMicros(used), fromMicros(revoked)
	t.Approval = approval != 0
	var err error
	t.Networks, err = readNetworks(networks)
	return t, err
}

func tokenRecord(action string, t TokenInfo, by string) TokenRecord {
	r := TokenRecord{
		Action: action, ID: t.ID, Hostname: t.Hostname, Department: t.Department, Expires: t.ExpiresAt.UTC(), By: by,
		Networks: t.Networks, Approval: t.Approval,
	}
	if t.Machines > 1 {
		r.Machines = t.Machines
	}
	return r
}

// readable is base32 in lower case, as tokens and agent ids are written.
var readable = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// tokenID names a token without telling its secret.
func tokenID(hash [sha256.Size]byte) string { return readable.EncodeToString(hash[:])[:10] }
