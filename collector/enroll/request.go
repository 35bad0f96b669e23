package enroll

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// RequestState is what became of a machine's wish to be admitted.
type RequestState string

// The states of a request.
const (
	RequestPending  RequestState = "pending"
	RequestApproved RequestState = "approved" // the machine did not come for its certificate yet
	RequestRejected RequestState = "rejected"
	RequestEnrolled RequestState = "enrolled"
	// RequestLapsed: nobody decided while the machine asked, or the machine did
	// not come for its certificate in time. The place is free again.
	RequestLapsed RequestState = "lapsed"
)

// Limits of requests.
const (
	// requestLife is how long an approval waits for its machine, and a place for
	// a machine that does not ask any more.
	requestLife = 30 * 24 * time.Hour
	// maxPending bounds the requests that wait, of all tokens together.
	maxPending = 5000
	// requestMemory is how long requests are listed that wait no more. Their
	// evidence stays.
	requestMemory = 365 * 24 * time.Hour
)

// Errors about requests.
var (
	// ErrNoRequest: no request has that check code.
	ErrNoRequest = errors.New("no request has that check code")
	// ErrDecided: the request does not wait for a decision.
	ErrDecided = errors.New("the request waits for no decision")
	// ErrRejected is told to a machine that a person refused.
	ErrRejected = errors.New("an administrator rejected this machine")

	errTooManyRequests = errors.New("too many machines wait for approval: approve or reject them in the portal, then try again")
	errApprovalLapsed  = errors.New("the approval was not used within 30 days: ask for another token")
	errCodeTaken       = errors.New("another machine has this machine's check code: delete the agent's data folder and enrol with new keys")
)

// Request is a machine that asked with a token whose machines a person approves.
type Request struct {
	// Code is the check code of the report key, which the machine shows too. It
	// names the request.
	Code      string
	ReportKey ed25519.PublicKey
	// CertificateRequest is what it asked for last, PKCS #10 in DER.
	CertificateRequest []byte
	TokenID            string
	// What the machine says of itself.
	Hostname, OS, OSName, OSVersion, Arch, AgentVersion string
	Hardware, Installation                              string
	// SaidDepartment is what the installer said.
	SaidDepartment string
	// Source is the address that it asked from last, empty for a file.
	Source         string
	AskedAt        time.Time
	LastAsked      time.Time
	State          RequestState
	Department     string // given by the person who approved; empty for none
	DecidedAt      time.Time
	DecidedBy, Why string
	AgentID        string // once it is enrolled
}

// RequestRecord is the payload of a leaf of kind request, as JSON. Its subject
// is "request/" and the check code.
type RequestRecord struct {
	Action    string `json:"action"` // asked, approved or rejected
	Code      string `json:"code"`
	Token     string `json:"token"`
	Hostname  string `json:"hostname"`
	ReportKey []byte `json:"report_key"`
	// Only of what was asked.
	OS             string `json:"os,omitempty"`
	Source         string `json:"source,omitempty"`
	SaidDepartment string `json:"said_department,omitempty"`
	Hardware       string `json:"hardware,omitempty"`
	Installation   string `json:"installation,omitempty"`
	// Only of what was decided.
	Department string `json:"department,omitempty"`
	Why        string `json:"why,omitempty"`
	By         string `json:"by,omitempty"`
}

func (r Request) record(action string) record {
	out := RequestRecord{Action: action, Code: r.Code, Token: r.TokenID, Hostname: r.Hostname, ReportKey: r.ReportKey}
	if action == "asked" {
		out.OS, out.Source, out.SaidDepartment, out.Hardware, out.Installation = r.OS, r.Source, r.SaidDepartment, r.Hardware, r.Installation
	} else {
		out.Department, out.Why, out.By = r.Department, r.Why, r.DecidedBy
	}
	return record{evidence.Request, "request/" + r.Code, out}
}

// lapse is the time before which a request that waits has lapsed, as the tables
// keep it.
func (s *Store) lapse() int64 { return micros(s.now().Add(-requestLife)) }

// Requests lists the requests that wait for a person, the oldest first; with all
// those too that were decided within a year.
func (s *Store) Requests(ctx context.Context, tx *storage.Tx, all bool) ([]Request, error) {
	query, args := selectRequest+` WHERE state = 'pending' AND last_asked > $1`, []any{s.lapse()}
	if all {
		query, args = selectRequest, nil
	}
	return s.listRequests(ctx, tx, query, args...)
}

// Expected lists the requests that were approved and whose machines did not come
// for their certificates yet, the oldest first. Reject takes their approval back.
func (s *Store) Expected(ctx context.Context, tx *storage.Tx) ([]Request, error) {
	return s.listRequests(ctx, tx, selectRequest+` WHERE state = 'approved' AND decided_at > $1`, s.lapse())
}

func (s *Store) listRequests(ctx context.Context, tx *storage.Tx, query string, args ...any) ([]Request, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list requests: %w", err)
	}
	defer rows.Close()
	var out []Request
	for rows.Next() {
		r, err := s.scanRequest(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("list requests: %w", err)
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list requests: %w", err)
	}
	slices.SortFunc(out, func(a, b Request) int {
		if c := a.AskedAt.Compare(b.AskedAt); c != 0 {
			return c
		}
		return strings.Compare(a.Code, b.Code)
	})
	return out, nil
}

// CountPending counts the requests that wait for a person.
func (s *Store) CountPending(ctx context.Context, tx *storage.Tx) (int, error) {
	var n int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM enroll_requests WHERE state = 'pending' AND last_asked > $1`, s.lapse()).Scan(&n); err != nil {
		return 0, fmt.Errorf("count requests: %w", err)
	}
	return n, nil
}

// Request returns the request with a check code, however it is typed, or
// ErrNoRequest.
func (s *Store) Request(ctx context.Context, tx *storage.Tx, code string) (Request, error) {
	plain := plainCode(code)
	if plain == "" {
		return Request{}, fmt.Errorf("%q: %w", code, ErrNoRequest)
	}
	r, err := s.scanRequest(tx.QueryRow(ctx, selectRequest+` WHERE code = $1`, plain).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Request{}, fmt.Errorf("%q: %w", code, ErrNoRequest)
	}
	if err != nil {
		return Request{}, fmt.Errorf("read request %q: %w", code, err)
	}
	return r, nil
}

// requestOf returns the request of a report key, or ErrNoRequest.
func (s *Store) requestOf(ctx context.Context, tx *storage.Tx, key ed25519.PublicKey) (Request, error) {
	r, err := s.scanRequest(tx.QueryRow(ctx, selectRequest+` WHERE report_key = $1`, []byte(key)).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Request{}, ErrNoRequest
	}
	if err != nil {
		return Request{}, fmt.Errorf("find a request by its report key: %w", err)
	}
	return r, nil
}

// waitingFor lists the check codes of those that wait for a person with a token.
func (s *Store) waitingFor(ctx context.Context, tx *storage.Tx, tokenID string) ([]string, error) {
	requests, err := s.Requests(ctx, tx, false)
	if err != nil {
		return nil, err
	}
	var codes []string
	for _, r := range requests {
		if r.TokenID == tokenID {
			codes = append(codes, r.Code)
		}
	}
	return codes, nil
}

// WaitingFor lists the check codes of the requests that wait with a token.
func (s *Store) WaitingFor(ctx context.Context, tx *storage.Tx, tokenID string) ([]string, error) {
	if _, err := s.Token(ctx, tx, tokenID); err != nil {
		return nil, err
	}
	return s.waitingFor(ctx, tx, tokenID)
}

// Approve admits the machines with these check codes, all or none: each gets its
// certificate when it asks the next time, within 30 days. A department that is
// not empty is theirs, whatever the token, the list of known machines or the
// installer say. by is the account of whoever decides.
func (s *Store) Approve(ctx context.Context, tx *storage.Tx, codes []string, department, by string) ([]Request, error) {
	if !validText(department) || !validText(by) {
		return nil, errors.New("approve: the department's name is too long or holds control characters")
	}
	return s.decide(ctx, tx, codes, "approved", []RequestState{RequestPending}, func(r *Request) {
		r.State, r.Department, r.DecidedBy = RequestApproved, department, by
	})
}

// Reject refuses the machines with these check codes, all or none, and gives
// their places back to the token. It takes an approval back too, as long as the
// machine did not come for its certificate.
func (s *Store) Reject(ctx context.Context, tx *storage.Tx, codes []string, why, by string) ([]Request, error) {
	if err := checkWhy(why, by); err != nil {
		return nil, fmt.Errorf("reject: %w", err)
	}
	return s.decide(ctx, tx, codes, "rejected", []RequestState{RequestPending, RequestApproved}, func(r *Request) {
		r.State, r.Why, r.DecidedBy = RequestRejected, why, by
		r.Department = ""
	})
}

func (s *Store) decide(ctx context.Context, tx *storage.Tx, codes []string, action string, from []RequestState, change func(*Request)) ([]Request, error) {
	if len(codes) == 0 || len(codes) > maxPending {
		return nil, fmt.Errorf("decide about requests: name 1 to %d", maxPending)
	}
	var out []Request
	var records []record
	for _, code := range codes {
		r, err := s.Request(ctx, tx, code)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out, func(o Request) bool { return o.Code == r.Code }) {
			continue // named twice
		}
		if !slices.Contains(from, r.State) {
			return nil, fmt.Errorf("%s (%s): %w: it is %s", r.Code, r.Hostname, ErrDecided, r.State)
		}
		change(&r)
		r.DecidedAt = s.now()
		if _, err := tx.Exec(ctx, `UPDATE enroll_requests SET state = $2, department = $3, decided_at = $4, decided_by = $5, why = $6 WHERE code = $1`,
			r.Code, string(r.State), r.Department, micros(r.DecidedAt), r.DecidedBy, r.Why); err != nil {
			return nil, fmt.Errorf("decide about %s: %w", r.Code, err)
		}
		out = append(out, r)
		records = append(records, r.record(action))
	}
	return out, s.append(ctx, tx, records...)
}

// ask keeps a new request, or one that was decided and begins again.
func (s *Store) ask(ctx context.Context, tx *storage.Tx, r Request) error {
	now := s.now()
	if _, err := tx.Exec(ctx, `DELETE FROM enroll_requests WHERE last_asked < $1 AND decided_at < $1 OR report_key = $2`, micros(now.Add(-requestMemory)), []byte(r.ReportKey)); err != nil {
		return fmt.Errorf("forget old requests: %w", err)
	}
	n, err := s.CountPending(ctx, tx)
	switch {
	case err != nil:
		return err
	case n >= maxPending:
		return errTooManyRequests
	}
	switch other, err := s.Request(ctx, tx, r.Code); {
	case err == nil && !other.ReportKey.Equal(r.ReportKey):
		return errCodeTaken
	case err != nil && !errors.Is(err, ErrNoRequest):
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO enroll_requests (code, report_key, certificate_request, token_id, hostname, os, os_name,
		os_version, arch, agent_version, hardware_id, installation_id, said_department, source, asked_at, last_asked, state,
		department, decided_at, decided_by, why, agent_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, 'pending', '', 0, '', '', '')`,
		r.Code, []byte(r.ReportKey), r.CertificateRequest, r.TokenID, r.Hostname, r.OS, r.OSName, r.OSVersion, r.Arch,
		r.AgentVersion, r.Hardware, r.Installation, r.SaidDepartment, r.Source, micros(now)); err != nil {
		return fmt.Errorf("keep a request: %w", err)
	}
	return s.append(ctx, tx, r.record("asked"))
}

// askAgain keeps what a waiting machine says of itself now.
func (s *Store) askAgain(ctx context.Context, tx *storage.Tx, r Request) error {
	if _, err := tx.Exec(ctx, `UPDATE enroll_requests SET certificate_request = $2, hostname = $3, os = $4, os_name = $5,
		os_version = $6, arch = $7, agent_version = $8, hardware_id = $9, installation_id = $10, said_department = $11,
		source = $12, last_asked = $13 WHERE code = $1`,
		r.Code, r.CertificateRequest, r.Hostname, r.OS, r.OSName, r.OSVersion, r.Arch, r.AgentVersion, r.Hardware,
		r.Installation, r.SaidDepartment, r.Source, micros(s.now())); err != nil {
		return fmt.Errorf("keep a request: %w", err)
	}
	return nil
}

// fulfil notes that the machine of a report key is admitted, with whatever token.
func (s *Store) fulfil(ctx context.Context, tx *storage.Tx, key ed25519.PublicKey, agentID string) error {
	if _, err := tx.Exec(ctx, `UPDATE enroll_requests SET state = 'enrolled', agent_id = $2,
		decided_at = CASE WHEN decided_at = 0 THEN $3 ELSE decided_at END WHERE report_key = $1`,
		[]byte(key), agentID, micros(s.now())); err != nil {
		return fmt.Errorf("close a request: %w", err)
	}
	return nil
}

// plainCode is a check code as it is written, of one that was typed; empty when
// it cannot be one.
func plainCode(typed string) string {
	code := strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(typed))
	if len(code) != 8 || strings.ContainsFunc(code, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return ""
	}
	return code[:4] + "-" + code[4:]
}

const selectRequest = `SELECT code, report_key, certificate_request, token_id, hostname, os, os_name, os_version, arch, agent_version,
	hardware_id, installation_id, said_department, source, asked_at, last_asked, state, department, decided_at, decided_by, why, agent_id
	FROM enroll_requests`

func (s *Store) scanRequest(scan func(...any) error) (Request, error) {
	var r Request
	var key []byte
	var asked, last, decided int64
	err := scan(&r.Code, &key, &r.CertificateRequest, &r.TokenID, &r.Hostname, &r.OS, &r.OSName, &r.OSVersion, &r.Arch, &r.AgentVersion,
		&r.Hardware, &r.Installation, &r.SaidDepartment, &r.Source, &asked, &last, &r.State, &r.Department, &decided, &r.DecidedBy, &r.Why, &r.AgentID)
	r.ReportKey = key
	r.AskedAt, r.LastAsked, r.DecidedAt = fromMicros(asked), fromMicros(last), fromMicros(decided)
	if r.State == RequestPending && last <= s.lapse() || r.State == RequestApproved && decided <= s.lapse() {
		r.State = RequestLapsed
	}
	return r, err
}
