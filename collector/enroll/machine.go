package enroll

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// Status says whether a machine is let in.
type Status string

// The statuses of a machine. Neither of the last two is ever left again: the
// machine enrols anew and is another machine.
const (
	Active  Status = "active"
	Revoked Status = "revoked" // its keys are not trusted any more
	Retired Status = "retired" // it left the organisation in order
)

// Machine is a machine that enrolled.
type Machine struct {
	ID string // agent id
	// What the machine says of itself.
	Hostname, OS, OSName, OSVersion, Arch, AgentVersion string
	Department                                          string
	ReportKey                                           ed25519.PublicKey
	TokenID                                             string
	EnrolledAt                                          time.Time
	// LastSeen is when it last delivered or renewed, by the collector's clock.
	LastSeen    time.Time
	Status      Status
	StatusSince time.Time
	// StatusWhy and StatusBy tell of a revocation or retirement.
	StatusWhy, StatusBy string
	CertSerial          string
	CertNotAfter        time.Time
	// Hardware and Installation are the hashes, in hexadecimal, by which it
	// knows its hardware and its installation of a system; empty while it did
	// not tell. Nothing vouches for them but the machine itself.
	Hardware, Installation string
	// ReplacedBy is the agent id of the machine that a person said to be this
	// one, enrolled anew; empty for none.
	ReplacedBy string

	certKey, certKeyOld []byte
}

// ActiveAt tells whether the machine was enrolled and let in at a time.
func (m Machine) ActiveAt(at time.Time) bool {
	return !m.EnrolledAt.After(at) && (m.Status == Active || m.StatusSince.After(at))
}

// Errors that callers tell apart.
var (
	// ErrNoMachine: no machine has that agent id.
	ErrNoMachine = errors.New("no machine has that agent id")
	// ErrNotActive: the machine was revoked or retired.
	ErrNotActive = errors.New("the machine is not admitted any more")
)

// EnrolmentRecord is the payload of a leaf of kind enrolment, as JSON.
type EnrolmentRecord struct {
	At         time.Time `json:"at"`
	Agent      string    `json:"agent"`
	Hostname   string    `json:"hostname"`
	OS         string    `json:"os"`
	Department string    `json:"department,omitempty"`
	Token      string    `json:"token"`
	// ReportKey is the Ed25519 key that verifies this machine's reports.
	ReportKey []byte `json:"report_key"`
	// Serial and NotAfter describe its first TLS certificate, KeyHash is the
	// SHA-256 of that certificate's SubjectPublicKeyInfo.
	Serial   string    `json:"serial"`
	KeyHash  []byte    `json:"key_sha256"`
	NotAfter time.Time `json:"not_after"`
	// Hardware and Installation are as in Machine, and left out while unknown.
	Hardware     string `json:"hardware,omitempty"`
	Installation string `json:"installation,omitempty"`
	// Request is the check code of the request that By approved.
	Request string `json:"request,omitempty"`
	By      string `json:"by,omitempty"`
}

// RenewalRecord is the payload of a leaf of kind renewal, as JSON.
type RenewalRecord struct {
	Agent    string    `json:"agent"`
	Serial   string    `json:"serial"`
	KeyHash  []byte    `json:"key_sha256"`
	NotAfter time.Time `json:"not_after"`
}

// DepartureRecord is the payload of a leaf of kind revocation or retirement,
// as JSON.
type DepartureRecord struct {
	At       time.Time `json:"at"`
	Agent    string    `json:"agent"`
	Hostname string    `json:"hostname"`
	Why      string    `json:"why"`
	By       string    `json:"by"`
	// ReplacedBy is the agent id of the machine in whose favour it left.
	ReplacedBy string `json:"replaced_by,omitempty"`
}

// MachinesSubject is the subject of register leaves about enrolled machines.
const MachinesSubject = "machines"

// MoveRecord is the payload of a leaf of kind register and subject
// MachinesSubject, as JSON: a machine belongs to another department now.
type MoveRecord struct {
	Agent      string `json:"agent"`
	Department string `json:"department"`
	By         string `json:"by"`
}

// NewAgentID draws the id of a machine: 128 random bits in base32.
func NewAgentID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return readable.EncodeToString(b[:])
}

// ValidAgentID tells whether a text has the form of an agent id.
func ValidAgentID(id string) bool {
	b, err := readable.DecodeString(id)
	return err == nil && len(b) == 16 && readable.EncodeToString(b) == id
}

// Machine returns a machine of any status, or ErrNoMachine.
func (s *Store) Machine(ctx context.Context, tx *storage.Tx, agentID string) (Machine, error) {
	m, err := scanMachine(tx.QueryRow(ctx, selectMachine+` WHERE agent_id = $1`, agentID).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Machine{}, ErrNoMachine
	}
	if err != nil {
		return Machine{}, fmt.Errorf("read machine %s: %w", agentID, err)
	}
	return m, nil
}

// Admitted tells whether an active machine signs with a key.
func (s *Store) Admitted(ctx context.Context, tx *storage.Tx, reportKey ed25519.PublicKey) (bool, error) {
	m, err := s.byReportKey(ctx, tx, reportKey)
	if errors.Is(err, ErrNoMachine) {
		return false, nil
	}
	return err == nil && m.Status == Active, err
}

// byReportKey returns the machine that signs with a key, or ErrNoMachine.
func (s *Store) byReportKey(ctx context.Context, tx *storage.Tx, key ed25519.PublicKey) (Machine, error) {
	m, err := scanMachine(tx.QueryRow(ctx, selectMachine+` WHERE report_key = $1`, []byte(key)).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Machine{}, ErrNoMachine
	}
	if err != nil {
		return Machine{}, fmt.Errorf("find a machine by its report key: %w", err)
	}
	return m, nil
}

// Machines lists all machines of any status by host name, then by id.
func (s *Store) Machines(ctx context.Context, tx *storage.Tx) ([]Machine, error) {
	rows, err := tx.Query(ctx, selectMachine)
	if err != nil {
		return nil, fmt.Errorf("list machines: %w", err)
	}
	defer rows.Close()
	var out []Machine
	for rows.Next() {
		m, err := scanMachine(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("list machines: %w", err)
		}
		out = append(out, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list machines: %w", err)
	}
	slices.SortFunc(out, func(a, b Machine) int {
		if c := strings.Compare(a.Hostname, b.Hostname); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out, nil
}

// Revoke stops trusting a machine's keys: from this transaction on it is let in
// nowhere and renews nothing.
func (s *Store) Revoke(ctx context.Context, tx *storage.Tx, agentID, why, by string) error {
	return s.depart(ctx, tx, agentID, departure{status: Revoked, kind: evidence.Revocation, why: why, by: by})
}

// Retire takes a machine out of service in order.
func (s *Store) Retire(ctx context.Context, tx *storage.Tx, agentID, why, by string) error {
	return s.depart(ctx, tx, agentID, departure{status: Retired, kind: evidence.Retirement, why: why, by: by})
}

// departure is the end of a machine's admission.
type departure struct {
	status     Status
	kind       evidence.Kind
	why, by    string
	replacedBy string // agent id, or empty
}

func (s *Store) depart(ctx context.Context, tx *storage.Tx, agentID string, d departure) error {
	m, err := s.Machine(ctx, tx, agentID)
	if err != nil {
		return fmt.Errorf("%s %s: %w", d.kind, agentID, err)
	}
	// A retired machine whose keys leak may still be revoked.
	if m.Status == d.status || m.Status == Revoked {
		return fmt.Errorf("%s %s: %w: it is %s since %s", d.kind, agentID, ErrNotActive, m.Status, m.StatusSince.Format(time.RFC3339))
	}
	if err := checkWhy(d.why, d.by); err != nil {
		return fmt.Errorf("%s %s: %w", d.kind, agentID, err)
	}
	now := s.now()
	if _, err := tx.Exec(ctx, `UPDATE enroll_machines SET status = $2, status_since = $3, status_why = $4, status_by = $5 WHERE agent_id = $1`,
		agentID, string(d.status), micros(now), d.why, d.by); err != nil {
		return fmt.Errorf("%s %s: %w", d.kind, agentID, err)
	}
	if err := s.append(ctx, tx, record{d.kind, agentID, DepartureRecord{
		At: now, Agent: agentID, Hostname: m.Hostname, Why: d.why, By: d.by, ReplacedBy: d.replacedBy,
	}}); err != nil {
		return err
	}
	if err := s.left(ctx, tx, m, now); err != nil {
		return fmt.Errorf("%s %s: %w", d.kind, agentID, err)
	}
	return nil
}

// checkWhy tells what is not acceptable in a reason that is kept.
func checkWhy(why, by string) error {
	if strings.TrimSpace(why) == "" || !validText(why) || !validText(by) {
		return fmt.Errorf("give a reason of at most %d letters", maxTextRunes)
	}
	return nil
}

// Seen notes that an active machine called, and what it says of itself when
// self is not nil. A description that is not acceptable is left out: it is the
// reporter's ornament, not evidence.
func (s *Store) Seen(ctx context.Context, tx *storage.Tx, agentID string, at time.Time, self *apiv1.Machine) error {
	if self == nil || checkMachine(self) != nil {
		if _, err := tx.Exec(ctx, `UPDATE enroll_machines SET last_seen = $2 WHERE agent_id = $1`, agentID, micros(at)); err != nil {
			return fmt.Errorf("note the call of %s: %w", agentID, err)
		}
		return nil
	}
	if _, err := tx.Exec(ctx, `UPDATE enroll_machines SET last_seen = $2, hostname = $3, os = $4, os_name = $5,
		os_version = $6, arch = $7, agent_version = $8 WHERE agent_id = $1`,
		agentID, micros(at), strings.ToLower(self.GetHostname()), self.GetOs(), self.GetOsName(),
		self.GetOsVersion(), self.GetArch(), self.GetAgentVersion()); err != nil {
		return fmt.Errorf("note the call of %s: %w", agentID, err)
	}
	return s.noteHardware(ctx, tx, agentID, at, self)
}

// SetDepartment moves an active machine to a department.
func (s *Store) SetDepartment(ctx context.Context, tx *storage.Tx, agentID, department, by string) error {
	if !validText(department) {
		return fmt.Errorf("move %s: the department's name is too long or holds control characters", agentID)
	}
	if _, err := s.Machine(ctx, tx, agentID); err != nil {
		return fmt.Errorf("move %s: %w", agentID, err)
	}
	if _, err := tx.Exec(ctx, `UPDATE enroll_machines SET department = $2 WHERE agent_id = $1`, agentID, department); err != nil {
		return fmt.Errorf("move %s: %w", agentID, err)
	}
	return s.append(ctx, tx, record{evidence.Register, MachinesSubject, MoveRecord{Agent: agentID, Department: department, By: by}})
}

// insert adds a machine that has just enrolled, after the request if a person
// approved one.
func (s *Store) insert(ctx context.Context, tx *storage.Tx, m Machine, approved *Request) error {
	if _, err := tx.Exec(ctx, `INSERT INTO enroll_machines
		(agent_id, hostname, os, os_name, os_version, arch, agent_version, department, report_key, token_id, enrolled_at,
		 last_seen, status, status_since, status_why, status_by, cert_serial, cert_not_after, cert_key, cert_key_old,
		 hardware_id, installation_id, replaced_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, '', '', $15, $16, $17, $18, $19, $20, '')`,
		m.ID, m.Hostname, m.OS, m.OSName, m.OSVersion, m.Arch, m.AgentVersion, m.Department, []byte(m.ReportKey), m.TokenID,
		micros(m.EnrolledAt), micros(m.LastSeen), string(m.Status), micros(m.StatusSince),
		m.CertSerial, micros(m.CertNotAfter), m.certKey, []byte{}, m.Hardware, m.Installation); err != nil {
		return fmt.Errorf("add machine %s: %w", m.ID, err)
	}
	if m.Hardware != "" {
		if err := s.keepHardware(ctx, tx, m.ID, m.Hardware, m.EnrolledAt); err != nil {
			return err
		}
	}
	enrolment := EnrolmentRecord{
		At: m.EnrolledAt, Agent: m.ID, Hostname: m.Hostname, OS: m.OS, Department: m.Department, Token: m.TokenID,
		ReportKey: m.ReportKey, Serial: m.CertSerial, KeyHash: m.certKey, NotAfter: m.CertNotAfter,
		Hardware: m.Hardware, Installation: m.Installation,
	}
	if approved != nil {
		enrolment.Request, enrolment.By = approved.Code, approved.DecidedBy
	}
	if err := s.append(ctx, tx, record{evidence.Enrolment, m.ID, enrolment}); err != nil {
		return err
	}
	if err := s.joined(ctx, tx, m); err != nil {
		return fmt.Errorf("add machine %s: %w", m.ID, err)
	}
	return nil
}

// renew notes a machine's new certificate. The key before stays good for
// renewal, since an agent may never have got the answer.
func (s *Store) renew(ctx context.Context, tx *storage.Tx, m Machine, cert *x509.Certificate) error {
	hash := keyHash(cert)
	old := m.certKey
	if slices.Equal(hash, old) {
		old = m.certKeyOld
	}
	if old == nil {
		old = []byte{} // SQLite reads an empty value as nil
	}
	if _, err := tx.Exec(ctx, `UPDATE enroll_machines SET cert_serial = $2, cert_not_after = $3, cert_key = $4,
		cert_key_old = $5, last_seen = $6 WHERE agent_id = $1`,
		m.ID, serial(cert), micros(cert.NotAfter), hash, old, micros(s.now())); err != nil {
		return fmt.Errorf("renew %s: %w", m.ID, err)
	}
	return s.append(ctx, tx, record{evidence.Renewal, m.ID, RenewalRecord{
		Agent: m.ID, Serial: serial(cert), KeyHash: hash, NotAfter: cert.NotAfter,
	}})
}

// owns tells whether the machine was given a certificate for this key, now or
// at the renewal before.
func (m Machine) owns(cert *x509.Certificate) bool {
	hash := keyHash(cert)
	return slices.Equal(hash, m.certKey) || slices.Equal(hash, m.certKeyOld)
}

func keyHash(cert *x509.Certificate) []byte {
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return sum[:]
}

func serial(cert *x509.Certificate) string { return cert.SerialNumber.Text(16) }

const selectMachine = `SELECT agent_id, hostname, os, os_name, os_version, arch, agent_version, department, report_key,
	token_id, enrolled_at, last_seen, status, status_since, status_why, status_by, cert_serial, cert_not_after, cert_key, cert_key_old,
	hardware_id, installation_id, replaced_by
	FROM enroll_machines`

func scanMachine(scan func(...any) error) (Machine, error) {
	var m Machine
	var reportKey []byte
	var enrolled, seen, since, notAfter int64
	err := scan(&m.ID, &m.Hostname, &m.OS, &m.OSName, &m.OSVersion, &m.Arch, &m.AgentVersion, &m.Department, &reportKey,
		&m.TokenID, &enrolled, &seen, &m.Status, &since, &m.StatusWhy, &m.StatusBy, &m.CertSerial, &notAfter, &m.certKey, &m.certKeyOld,
		&m.Hardware, &m.Installation, &m.ReplacedBy)
	m.ReportKey = reportKey
	m.EnrolledAt, m.LastSeen = fromMicros(enrolled), fromMicros(seen)
	m.StatusSince, m.CertNotAfter = fromMicros(since), fromMicros(notAfter)
	return m, err
}
