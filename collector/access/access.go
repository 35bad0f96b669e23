// Package access decides who may use the portal: accounts, roles, passwords, second
// factors, sessions and the limits on attempts.
//
// Always true: a password and a printed code are kept only as argon2id hashes; a wrong
// password, a name that does not exist and an account that is closed look alike from outside
// and take the same work; a code proves once. Every change of an account, and each lock, is
// a leaf of the evidence log.
//
// # Wrong attempts
//
// The rule is the one of shared platforms in the State of Mexico: three wrong attempts lock
// an account for 60 minutes; one more after that, without a good one between, suspends it
// until somebody asks for it in writing and it is unlocked. A wrong second factor is a wrong
// attempt like a wrong password.
//
// By itself that rule lets anybody shut the security officer out, in the middle of a breach
// even. So attempts count by where they come from:
//
//   - From a place where the account logged in within 90 days, they count against the
//     account, by the rule.
//   - From elsewhere they count against that place and this account: three lock that place
//     out of it for 60 minutes, one more for a day. They count as well against everywhere
//     else together: nine close the account for 60 minutes to places where it never logged
//     in, one more until it is unlocked. Its own places stay open.
//   - Whatever the name, a place has ten attempts at once, then one every 30 seconds. Names
//     that do not exist are counted like those that do, so that nothing tells them apart.
//
// An unlock takes two people: one account asks, with what was written, and another grants;
// neither is the one that is locked. At the server's console the administrator is one of
// the two. Where all browsers come through one proxy, all have its address, and the rule
// holds as it is written.
//
// # Passwords elsewhere
//
// An account can have its password in the organisation's directory, or log in by a provider
// of OpenID Connect. It exists here all the same, with its role, made by whoever administers:
// nobody gets one because a directory knows them. Attempts, locks and second factors are
// those of all accounts; where a directory is asked, a refusal takes a second at least.
package access

import (
	"embed"
	"errors"
	"slices"
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
	// Auditor reads and verifies, until a day.
	Auditor Role = "auditor"
	// Head answers for the data, and countersigns.
	Head Role = "head"
	// Liaison speaks for a department and confirms its own lists.
	Liaison Role = "liaison"
	// Transparency answers the requests of persons: Mexico's Unidad de Transparencia, or
	// whoever does it in Spain.
	Transparency Role = "transparency"
	// Committee supervises: Mexico's Comité de Transparencia.
	Committee Role = "committee"
	// Control looks into irregularities: Mexico's órgano interno de control.
	Control Role = "control"
)

// Roles lists the roles with their names.
func Roles() map[Role]message.Text {
	return map[Role]message.Text{
		Officer:       {ES: "Responsable de seguridad", EN: "Security officer"},
		Director:      {ES: "Dirección de informática", EN: "IT director"},
		Administrator: {ES: "Administración del sistema", EN: "System administrator"},
		Auditor:       {ES: "Auditoría", EN: "Auditor"},
		Head:          {ES: "Responsable del tratamiento", EN: "Head of the organisation"},
		Liaison:       {ES: "Enlace de área", EN: "Department liaison"},
		Transparency:  {ES: "Unidad de Transparencia", EN: "Transparency unit"},
		Committee:     {ES: "Comité de Transparencia", EN: "Transparency committee"},
		Control:       {ES: "Órgano interno de control", EN: "Internal control body"},
	}
}

// Signs tells whether the role decides or signs, and so must have a second factor.
func (r Role) Signs() bool { return slices.Contains([]Role{Officer, Head, Administrator}, r) }

// Bound tells whether the role speaks for one department, and sees no other.
func (r Role) Bound() bool { return r == Liaison }

// Bounds of accounts.
const (
	// MaxFailures wrong attempts lock an account for LockFor.
	MaxFailures = 3
	LockFor     = time.Hour
	// MinPassword and MaxPassword bound a password in bytes.
	MinPassword = 12
	MaxPassword = 256
	// FreshFor is how long somebody who proved with password and second factor who they are
	// may sign without proving it again.
	FreshFor = 5 * time.Minute
	maxText  = 200 // characters of a department, a reason and the like
)

// Errors of this package.
var (
	// ErrDenied is the one answer to a wrong name, password or code.
	ErrDenied = errors.New("wrong user name or password")
	// ErrThrottled means too many attempts, on the account or from the source.
	ErrThrottled = errors.New("too many attempts; wait and try again")
	// ErrSuspended means wrong attempts after a lock: it takes an unlock.
	ErrSuspended = errors.New("suspended after too many wrong attempts; it takes an unlock")
	// ErrExists means that the account is already there.
	ErrExists = errors.New("the user already exists")
	// ErrInput is wrapped by what is wrong with a name, role or password.
	ErrInput = errors.New("not acceptable")
	// ErrNoUser means that there is no such account.
	ErrNoUser = errors.New("no such user")
	// ErrLast means that nobody would be left to administer.
	ErrLast = errors.New("it is the last administrator")
	// ErrSecondPerson means that it takes another person.
	ErrSecondPerson = errors.New("it takes another person")
	// ErrNoUnlock means that nobody asked for the unlock, or that there is nothing to unlock.
	ErrNoUnlock = errors.New("no unlock was asked for")
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
	turns  *turnstile

	directory Directory // that checks passwords; nil: none does
}

// Open returns the store of the accounts in db.
func Open(db *storage.DB, log *evidence.Log, now func() time.Time) *Store {
	return &Store{db: db, log: log, now: now, hasher: newHasher(), source: newThrottle(), turns: newTurnstile()}
}
