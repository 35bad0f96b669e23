// Package compare lays what is measured beside what the books say: accounts that are
// nobody's, machines that the inventory does not have, systems whose level is too low, exits
// that nobody authorised, leavers whose steps are late. It also proposes what the books lack
// from what was measured, for a person to confirm.
//
// Always true: a difference says since when it is there, which row would mend it, and its
// key stays the same for as long as it lasts; what a check of a machine finds itself is told
// again with Measured set, so that nobody decides it twice; a book without rows is compared
// with nothing, for it is not wrong but not begun. The package keeps no table and changes
// no book.
package compare

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"vigia/checks"
	"vigia/checks/policy"
	"vigia/collector/enroll"
	"vigia/collector/findings"
	"vigia/collector/registers"
	"vigia/collector/storage"
	"vigia/collector/worktime"
)

// Kind is what differs.
type Kind string

// The kinds that only the books tell.
const (
	AccountUnowned   Kind = "account.unowned"    // nobody in the book of people has it
	AccountTwoOwners Kind = "account.two_owners" // two persons have it
	ExternalContract Kind = "person.contract"    // external staff without a contract
	JoinerUnsigned   Kind = "movement.unsigned"  // no receipt of the manual, or no commitment
	LeaverLate       Kind = "movement.late"      // accounts not shut within 24 hours
	LeaverData       Kind = "movement.data"      // nobody says what became of the data
	SubstituteLate   Kind = "movement.substitute"
	ProfileLate      Kind = "movement.profile" // not served in three working days
	GrantOver        Kind = "grant.left"       // of somebody who left
	LevelBelow       Kind = "system.below"     // a lower level than is asked, by nobody
	DataUndeclared   Kind = "system.data"      // data measured that the system does not name
	MachineUnlisted  Kind = "machine.unlisted" // reports, and is not in the inventory
	AssetUnseen      Kind = "asset.unseen"     // in the inventory, and never reported
	AssetBack        Kind = "asset.disposed"   // reports, and was disposed of
	ExitUnpermitted  Kind = "media.exit"
	EntryUnpermitted Kind = "media.entry"
	PermitTwice      Kind = "media.twice" // an extraordinary permit used again
	ExitPlain        Kind = "media.plain" // sensitive data out without encryption
	MediumLost       Kind = "media.lost"
)

// The kinds that checks of the machines find.
const (
	AccountUnauthorised Kind = "account.unauthorised"
	LeaverEnabled       Kind = "leaver.enabled"
	SoftwareUnapproved  Kind = "software.unapproved"
	DataUnpermitted     Kind = "data.unpermitted"
	MediumUnknown       Kind = "medium.unknown"
)

// Difference is something that is measured otherwise than a book says, or that books say
// otherwise than they should.
type Difference struct {
	Kind Kind
	// Key names it for as long as it lasts: "machine.unlisted/4f2a…".
	Key      string
	Control  string
	Severity policy.Severity
	Status   checks.Status
	// Reason says it: a code of Messages, or of the check's catalogue when Measured.
	Reason checks.Reason
	// Machine is an agent's id, empty where it is about no machine.
	Machine, Hostname, Department string
	// Subject is what it is about, in words: an account, a system, a folio.
	Subject string
	Since   time.Time
	// Book and Folio are the row that would mend it; no folio: a row to add.
	Book  string
	Folio int64
	// Measured tells that it stands among the findings of the machine too.
	Measured bool
}

// Registers are the books; *registers.Store is one.
type Registers interface {
	Mark(ctx context.Context, tx *storage.Tx, books ...*registers.Book) (registers.Mark, error)
	Rows(ctx context.Context, tx *storage.Tx, b *registers.Book) ([]registers.Row, error)
	RowsAt(ctx context.Context, tx *storage.Tx, b *registers.Book, at time.Time) ([]registers.Row, error)
}

// Options configures New.
type Options struct {
	Registers Registers
	Findings  *findings.Store
	Laws      policy.LawBook
	// Machines are all machines that there are or were.
	Machines func(ctx context.Context, tx *storage.Tx) ([]enroll.Machine, error)
	// Packs are those that the organisation chose.
	Packs func(ctx context.Context, tx *storage.Tx) ([]policy.Pack, error)
	// Calendar counts working days; nil: an office without holidays.
	Calendar func(ctx context.Context, tx *storage.Tx) (worktime.Calendar, error)
	// Zone is where the organisation's days end; nil means UTC.
	Zone *time.Location
}

// Store compares. It keeps what it read in memory, under marks that tell whether it is
// still so, and is safe for concurrent use.
type Store struct {
	opts Options

	mu sync.Mutex // guards all below
	// shelf are the books as of mark.
	shelf *shelf
	mark  registers.Mark
	// facts are what machines reported last.
	facts facts
}

// New returns a Store.
func New(opts Options) *Store {
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	if opts.Calendar == nil {
		opts.Calendar = func(context.Context, *storage.Tx) (worktime.Calendar, error) { return worktime.Office(opts.Zone), nil }
	}
	return &Store{opts: opts, facts: newFacts()}
}

// world is all that rules look at.
type world struct {
	at       time.Time
	zone     *time.Location
	calendar worktime.Calendar
	laws     policy.LawBook
	levels   []policy.LevelRule
	shelf    *shelf
	machines []enroll.Machine // those in service at the time, by host name
	facts    facts
}

// At lists what differs at a time, the most severe first. Facts of machines are those that
// they reported last; what began after the time is left out.
func (s *Store) At(ctx context.Context, tx *storage.Tx, at time.Time) ([]Difference, error) {
	w, err := s.look(ctx, tx, at)
	if err != nil {
		return nil, err
	}
	out, err := w.differences()
	if err != nil {
		return nil, err
	}
	measured, err := s.measured(ctx, tx, w)
	if err != nil {
		return nil, err
	}
	told := map[string]bool{}
	for _, d := range measured {
		if d.Kind == AccountUnauthorised {
			told[d.Machine+"\x00"+strings.ToLower(d.Subject)] = true
		}
	}
	out = slices.DeleteFunc(out, func(d Difference) bool {
		return d.Since.After(at) || d.Kind == AccountUnowned && told[d.Machine+"\x00"+strings.ToLower(d.Subject)]
	})
	out = append(out, measured...)
	slices.SortFunc(out, func(a, b Difference) int {
		return cmp.Or(rank(a.Severity)-rank(b.Severity), strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Key, b.Key))
	})
	return out, nil
}

func rank(s policy.Severity) int {
	return slices.Index([]policy.Severity{policy.Critical, policy.High, policy.Medium, policy.Low}, s)
}

// look gathers what rules look at.
func (s *Store) look(ctx context.Context, tx *storage.Tx, at time.Time) (world, error) {
	w := world{at: at, zone: s.opts.Zone, laws: s.opts.Laws}
	var err error
	if w.shelf, err = s.shelfAt(ctx, tx, at); err != nil {
		return world{}, err
	}
	packs, err := s.opts.Packs(ctx, tx)
	if err != nil {
		return world{}, fmt.Errorf("read the packs: %w", err)
	}
	for _, p := range packs {
		w.levels = append(w.levels, p.Levels...)
	}
	if w.calendar, err = s.opts.Calendar(ctx, tx); err != nil {
		return world{}, fmt.Errorf("read the calendar: %w", err)
	}
	all, err := s.opts.Machines(ctx, tx)
	if err != nil {
		return world{}, err
	}
	for _, m := range all {
		if !m.EnrolledAt.After(at) && (m.Status == enroll.Active || m.StatusSince.After(at)) {
			w.machines = append(w.machines, m)
		}
	}
	slices.SortFunc(w.machines, func(a, b enroll.Machine) int {
		return cmp.Or(strings.Compare(a.Hostname, b.Hostname), strings.Compare(a.ID, b.ID))
	})
	w.facts, err = s.freshFacts(ctx, tx, packs)
	return w, err
}

// measured are the fails of machines that are differences from a book.
func (s *Store) measured(ctx context.Context, tx *storage.Tx, w world) ([]Difference, error) {
	kinds := map[string]Kind{
		"accounts.snapshot": AccountUnauthorised, "accounts.leavers": LeaverEnabled, "inventory.unauthorised": SoftwareUnapproved,
		"personaldata.local": DataUnpermitted, "media.portable": MediumUnknown,
	}
	books := map[Kind]string{
		AccountUnauthorised: "people", LeaverEnabled: "people", SoftwareUnapproved: "software", DataUnpermitted: "permits", MediumUnknown: "media",
	}
	var ids []string
	for id := range kinds {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	states, err := s.opts.Findings.FailsAt(ctx, tx, w.at, ids...)
	if err != nil {
		return nil, err
	}
	machines := map[string]enroll.Machine{}
	for _, m := range w.machines {
		machines[m.ID] = m
	}
	var out []Difference
	for _, st := range states {
		m, here := machines[st.Machine]
		if !here || strings.HasPrefix(st.Key, "idle/") {
			continue // an account that nobody uses is no difference from a book
		}
		kind := kinds[st.Check]
		d := Difference{Kind: kind, Key: string(kind) + "/" + st.Machine + "/" + st.Entry + "/" + st.Key, Control: st.Control, Severity: st.Severity,
			Status: st.Status, Reason: st.Reason, Machine: m.ID, Hostname: m.Hostname, Department: m.Department,
			Subject: cmp.Or(st.Reason.Args["account"], st.Reason.Args["serial"], strings.TrimPrefix(st.Key, "program/")),
			Since:   st.Since, Book: books[kind], Measured: true}
		out = append(out, d)
	}
	return out, nil
}
