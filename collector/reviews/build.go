package reviews

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/evidence"
	"vigia/collector/findings"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// Speaker says reasons in words; report.Voice does, in one language.
type Speaker interface {
	Say(lang message.Lang, r checks.Reason) string
	Do(lang message.Lang, r checks.Reason) string
}

// Bounds of what an act lists one by one; the snapshot holds all.
const (
	maxUnmeasured = 60
	maxChanges    = 200
	maxBookRows   = 8
	maxHolders    = 100
	maxWaivers    = 200
)

// Prepared is a snapshot that an act can be opened on. It was read apart, so that nobody
// waits while the numbers of thousands of machines are gathered.
type Prepared struct {
	Snapshot Snapshot
	frozen   Frozen
	packed   []byte
}

// Frozen is what the act will be about.
func (p Prepared) Frozen() Frozen { return p.frozen }

// Prepare freezes the numbers of a period as of now.
func (s *Store) Prepare(ctx context.Context, tx *storage.Tx, period Period, now time.Time) (Prepared, error) {
	sources, err := s.opts.Sources(ctx, tx)
	if err != nil {
		return Prepared{}, err
	}
	snap, err := sources.Freeze(ctx, tx, period, now.UTC().Truncate(time.Microsecond))
	if err != nil {
		return Prepared{}, err
	}
	check, err := sources.Log.Checkpoint(ctx, tx)
	if err != nil {
		return Prepared{}, err
	}
	f := Frozen{
		Organisation: snap.Organisation, Period: period.String(), Zone: period.Zone.String(), At: snap.At, Final: snap.Final,
		Digest: snap.Digest(), Log: LogState{Origin: check.Origin, Size: check.Size, Root: check.Hash[:]}, Counts: StatusMap{},
	}
	for _, x := range snap.States {
		f.Counts[x.Status]++
	}
	f.Coverage = covered(snap.Coverage)
	f.Changes = changes(snap.Notes)
	if f.Roles, err = s.roles(ctx, tx, sources.Log, snap); err != nil {
		return Prepared{}, err
	}
	if f.Waivers, err = s.excused(ctx, tx, snap); err != nil {
		return Prepared{}, err
	}
	if f.Sections, err = s.parts(ctx, tx, snap, sources.Laws); err != nil {
		return Prepared{}, err
	}
	packed, err := packSnapshot(snap)
	if err != nil {
		return Prepared{}, err
	}
	return Prepared{Snapshot: snap, frozen: f, packed: packed}, nil
}

func covered(c Coverage) Covered {
	out := Covered{Counts: map[MachineState]int{}, Listed: c.Listed}
	for _, m := range c.Machines {
		out.Counts[m.State]++
		if m.State == Measured || m.State == Partly {
			continue
		}
		if len(out.Unmeasured) == maxUnmeasured {
			out.More++
			continue
		}
		out.Unmeasured = append(out.Unmeasured, m)
	}
	return out
}

func changes(notes []Note) []Change {
	out := make([]Change, 0, len(notes))
	for _, n := range notes {
		out = append(out, Change{At: n.At, Kind: string(n.Kind), Subject: n.Subject, By: n.By, Why: n.Why, Leaf: n.Leaf})
	}
	return out[max(0, len(out)-maxChanges):]
}

// subjectUsers is that of the leaves about accounts of the portal.
const subjectUsers = "access/users"

// roles says who had which role in the quarter, from the evidence of the accounts.
func (s *Store) roles(ctx context.Context, tx *storage.Tx, log *evidence.Log, snap Snapshot) ([]Holder, error) {
	var out []Holder
	filter := evidence.Filter{Kinds: []evidence.Kind{evidence.Register}, Subject: subjectUsers, To: snap.At.Add(time.Microsecond)}
	err := log.Entries(ctx, tx, filter, func(e evidence.Entry) error {
		var c struct{ Action, Name, Role string }
		if err := json.Unmarshal(e.Payload, &c); err != nil {
			return fmt.Errorf("read entry %d: %w", e.Index, err)
		}
		if c.Name == "" {
			return nil
		}
		last := slices.IndexFunc(out, func(h Holder) bool { return h.Account == c.Name && !h.Ended })
		switch {
		case c.Role != "" && (last < 0 || out[last].Role != c.Role):
			if last >= 0 {
				out[last].Ended = true
			}
			out = append(out, Holder{Account: c.Name, Role: c.Role, Since: e.Header.Received})
		case last >= 0 && (c.Action == "disable" || c.Action == "remove" || c.Action == "delete"):
			if e.Header.Received.Before(snap.Period.Begin()) {
				out = slices.Delete(out, last, last+1)
			} else {
				out[last].Ended = true
			}
		}
		return nil
	})
	return out[:min(len(out), maxHolders)], tolerate(err)
}

// bookWaivers is the register of waivers.
const bookWaivers = "waivers"

// excused lists the waivers that held in the quarter and the machines that are left out.
func (s *Store) excused(ctx context.Context, tx *storage.Tx, snap Snapshot) ([]Excused, error) {
	var out []Excused
	if b, ok := s.book(bookWaivers); ok {
		rows, err := s.opts.Registers.Rows(ctx, tx, b)
		if err != nil {
			return nil, err
		}
		begin, end := snap.Period.Begin().Format(time.DateOnly), snap.At.In(snap.Period.Zone).Format(time.DateOnly)
		for _, r := range rows {
			v := r.Values
			if v["until"] != "" && v["until"] < begin || v["from"] > end {
				continue
			}
			out = append(out, Excused{What: b.FolioText(r.Folio), Reason: v["reason"], By: cmp.Or(v["approver"], r.Act.By), Until: v["until"],
				About: strings.Join(slices.DeleteFunc([]string{v["control"], v["machine"], v["department"]}, func(x string) bool { return x == "" }), " · ")})
		}
	}
	for _, m := range snap.Coverage.Machines {
		if m.State == Excluded {
			out = append(out, Excused{What: m.Hostname, About: m.Department, Reason: m.Why})
		}
	}
	return out[:min(len(out), maxWaivers)], nil
}

func (s *Store) book(name string) (*registers.Book, bool) {
	if s.opts.Registers == nil {
		return nil, false
	}
	i := slices.IndexFunc(s.opts.Books, func(b *registers.Book) bool { return b.Name == name })
	if i < 0 {
		return nil, false
	}
	return s.opts.Books[i], true
}

// parts makes the sections with their lines.
func (s *Store) parts(ctx context.Context, tx *storage.Tx, snap Snapshot, laws policy.LawBook) ([]Part, error) {
	var standing []Standing
	var err error
	if s.opts.Standing != nil {
		if standing, err = s.opts.Standing(ctx, tx, snap.At); err != nil {
			return nil, err
		}
	}
	section := func(control string) string {
		if found, ok := laws.SectionOf(control); ok {
			return found.ID
		}
		for _, x := range laws.Sections {
			if x.Machines {
				return x.ID // what the collector says of a machine itself, or what no law names
			}
		}
		return ""
	}
	byPart := map[string][]Cause{}
	for _, c := range causes(snap, laws, standing, s.opts.Speaker) {
		byPart[section(c.Control)] = append(byPart[section(c.Control)], c)
	}
	var out []Part
	for _, x := range laws.Sections {
		p := Part{ID: x.ID, Title: x.Title, Asks: x.Asks}
		for _, c := range snap.Controls {
			if section(c.ID) == x.ID && c.ID != findings.ControlAgent && (c.Measured || c.Core) {
				p.Controls = append(p.Controls, Duty{ID: c.ID, Title: c.Title, Severity: c.Severity, Measured: c.Measured, Counts: c.Counts, Before: c.Before})
			}
		}
		for _, name := range x.Books {
			b, ok := s.book(name)
			if !ok {
				continue
			}
			change, err := s.bookChange(ctx, tx, b, snap)
			if err != nil {
				return nil, err
			}
			p.Books = append(p.Books, change)
		}
		if x.Proof != "" {
			if p.Proof, err = s.proof(ctx, tx, x.Proof, snap); err != nil {
				return nil, err
			}
		}
		out = append(out, p)
	}
	lines(out, byPart)
	return out, nil
}

// bookChange counts what was written into a book within the quarter.
func (s *Store) bookChange(ctx context.Context, tx *storage.Tx, b *registers.Book, snap Snapshot) (BookChange, error) {
	out := BookChange{Book: b.Name, Title: b.Title}
	rows, err := s.opts.Registers.Rows(ctx, tx, b)
	if err != nil {
		return BookChange{}, err
	}
	out.Rows = len(rows)
	written, err := s.opts.Registers.Between(ctx, tx, b, snap.Period.Begin(), snap.At.Add(time.Microsecond))
	if err != nil {
		return BookChange{}, err
	}
	slices.SortStableFunc(written, func(a, b registers.Row) int { return b.At.Compare(a.At) })
	for _, r := range written {
		row := rowOf(b, r)
		switch row.Action {
		case registers.Added:
			out.Added++
		case registers.Removed:
			out.Removed++
		case registers.Changed:
			out.Changed++
		}
		if len(out.Last) < maxBookRows {
			out.Last = append(out.Last, row)
		}
	}
	return out, nil
}

func rowOf(b *registers.Book, r registers.Row) BookRow {
	row := BookRow{Folio: b.FolioText(r.Folio), Action: registers.Changed, At: r.At, By: r.Act.By, Leaf: r.Leaf}
	switch {
	case r.Removed:
		row.Action = registers.Removed
	case r.Version == 1:
		row.Action = registers.Added
	}
	return row
}

// proof finds the rows of a book that were written in the quarter and stand.
func (s *Store) proof(ctx context.Context, tx *storage.Tx, name string, snap Snapshot) (*Proof, error) {
	p := &Proof{Book: name}
	b, ok := s.book(name)
	if !ok {
		return p, nil
	}
	p.Title = b.Title
	rows, err := s.opts.Registers.Between(ctx, tx, b, snap.Period.Begin(), snap.At.Add(time.Microsecond))
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if r.Version == 1 && !r.Removed && len(p.Rows) < maxUnmeasured {
			p.Rows = append(p.Rows, rowOf(b, r))
		}
	}
	return p, nil
}

// Late lists, by machine, the reports that came after the numbers were frozen although
// they were made before.
func (s *Store) Late(ctx context.Context, tx *storage.Tx, a *Act) ([]Late, error) {
	sources, err := s.opts.Sources(ctx, tx)
	if err != nil {
		return nil, err
	}
	machines, err := sources.Enroll.Machines(ctx, tx)
	if err != nil {
		return nil, err
	}
	var out []Late
	for _, m := range machines {
		if m.EnrolledAt.After(a.Frozen.At) {
			continue
		}
		l := Late{Machine: m.ID, Hostname: m.Hostname}
		filter := evidence.Filter{First: a.Frozen.Log.Size, Kinds: []evidence.Kind{evidence.Report}, Subject: m.ID}
		// A machine's reports come in their order, so the first that is not late ends it.
		err := sources.Log.Entries(ctx, tx, filter, func(e evidence.Entry) error {
			at := time.UnixMicro(decodeReport(e.Payload).GetCreatedAt()).UTC()
			if at.After(a.Frozen.At) {
				return errEnough
			}
			if l.Reports++; l.Reports == 1 {
				l.First, l.Leaf = at, e.Index
			}
			l.Last = at
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) && tolerate(err) != nil {
			return nil, fmt.Errorf("read what came late of %s: %w", m.ID, err)
		}
		if l.Reports > 0 {
			out = append(out, l)
		}
	}
	return out, nil
}

// errEnough ends a walk over entries.
var errEnough = errors.New("enough")
