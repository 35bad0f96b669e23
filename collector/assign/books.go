package assign

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/checks/policy"
	"vigia/collector/registers"
	"vigia/collector/registers/grants"
	"vigia/collector/registers/media"
	"vigia/collector/registers/movements"
	"vigia/collector/registers/people"
	"vigia/collector/registers/permits"
	"vigia/collector/registers/software"
	"vigia/collector/storage"
)

// Registers are the books that policies are made from; *registers.Store is one.
type Registers interface {
	// Mark differs after every version of a row of the books.
	Mark(ctx context.Context, tx *storage.Tx, books ...*registers.Book) (registers.Mark, error)
	// Rows are those of a book that are in force.
	Rows(ctx context.Context, tx *storage.Tx, b *registers.Book) ([]registers.Row, error)
}

// feedBooks are the books that a policy is made from.
func feedBooks() []*registers.Book {
	return []*registers.Book{people.Book(), movements.Book(), grants.Book(), permits.Book(), software.Book(), media.Book()}
}

// feed is what the books say, for all machines.
type feed struct {
	permits  []policy.Permit
	software []policy.Software
	denied   []policy.Software
	media    []policy.Portable
	users    []policy.User
	leavers  []policy.Leaver
}

// mark is that of what the books say now.
func (s *Service) mark(ctx context.Context, tx *storage.Tx) (registers.Mark, error) {
	if s.opts.Registers == nil {
		return registers.Mark{}, nil
	}
	mark, err := s.opts.Registers.Mark(ctx, tx, s.books...)
	if err != nil {
		return registers.Mark{}, fmt.Errorf("read the books for policies: %w", err)
	}
	return mark, nil
}

// feedAt reads what the books say at a mark, which is that of the transaction.
func (s *Service) feedAt(ctx context.Context, tx *storage.Tx, mark registers.Mark) (feed, error) {
	if mark == (registers.Mark{}) {
		return feed{}, nil
	}
	s.mu.Lock()
	known, at := s.feed, s.feedMark
	s.mu.Unlock()
	if at == mark {
		return known, nil
	}
	rows := map[string][]registers.Row{}
	for _, b := range s.books {
		var err error
		if rows[b.Name], err = s.opts.Registers.Rows(ctx, tx, b); err != nil {
			return feed{}, fmt.Errorf("read the books for policies: %w", err)
		}
	}
	f, err := feedOf(rows)
	if err != nil {
		return feed{}, fmt.Errorf("read the books for policies: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.feed, s.feedMark = f, mark
	return f, nil
}

// feedOf turns rows into those of policies. Rows that say the same of the same thing are
// joined.
func feedOf(rows map[string][]registers.Row) (feed, error) {
	var f feed
	if err := f.things(rows); err != nil {
		return feed{}, err
	}
	everybody, err := persons(rows)
	if err != nil {
		return feed{}, err
	}
	owned := map[string]bool{} // accounts of those who are here
	for _, p := range everybody {
		for _, a := range p.Accounts {
			if p.Left.IsZero() && p.Status == people.Active {
				owned[accountKey(a.Machine, a.Name)] = true
				f.users = append(f.users, policy.User{Machine: a.Machine, Account: a.Name, Until: p.Ended})
			}
		}
	}
	for _, p := range everybody {
		for _, a := range p.Accounts {
			// Whoever comes back, or has the account now, is no leaver.
			if !p.Left.IsZero() && !owned[accountKey(a.Machine, a.Name)] {
				f.leavers = append(f.leavers, policy.Leaver{Machine: a.Machine, Account: a.Name, Left: p.Left})
				f.users = append(f.users, policy.User{Machine: a.Machine, Account: a.Name, Until: p.Left.UTC().Format(time.DateOnly)})
			}
		}
	}
	// The machines look for the last of them only.
	const most = 2000
	slices.SortFunc(f.leavers, func(a, b policy.Leaver) int {
		return cmp.Or(b.Left.Compare(a.Left), strings.Compare(a.Machine, b.Machine), strings.Compare(a.Account, b.Account))
	})
	f.leavers = f.leavers[:min(len(f.leavers), most)]
	for _, row := range rows[grants.Name] {
		g, err := grants.Of(row)
		if err != nil {
			return feed{}, err
		}
		p, known := everybody[g.Person]
		if !known || g.System != 0 || g.Level != grants.Admin || !p.Left.IsZero() {
			continue
		}
		for _, a := range p.Accounts {
			switch {
			case a.Machine == "":
				f.users = append(f.users, policy.User{Machine: g.Machine, Account: a.Name, Admin: true, Until: earlier(g.Until, p.Ended)})
			case g.Machine == "" || sameHost(a.Machine, g.Machine):
				f.users = append(f.users, policy.User{Machine: a.Machine, Account: a.Name, Admin: true, Until: earlier(g.Until, p.Ended)})
			}
		}
	}
	// In one order, whatever that of the persons was: a policy that says the same is the same,
	// and no machine is given another.
	slices.SortFunc(f.users, func(a, b policy.User) int {
		return cmp.Or(strings.Compare(a.Machine, b.Machine), strings.Compare(a.Account, b.Account), strings.Compare(a.Until, b.Until), onlyFirst(a.Admin, b.Admin))
	})
	return f, nil
}

// onlyFirst orders what holds of one alone before it.
func onlyFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}

// things reads the books that name no person's account.
func (f *feed) things(rows map[string][]registers.Row) error {
	for _, row := range rows[permits.Name] {
		p, err := permits.Of(row)
		if err != nil {
			return err
		}
		f.permits = append(f.permits, policy.Permit{Machine: p.Machine, User: p.User, Folder: p.Folder, Purpose: p.Purpose, By: p.AuthorisedBy, Until: p.Until})
	}
	for _, row := range rows[software.Name] {
		p, err := software.Of(row)
		if err != nil {
			return err
		}
		line := policy.Software{Name: p.Product, Publisher: p.Publisher, Versions: p.Versions}
		if p.Allowed {
			f.software = append(f.software, line)
		} else {
			f.denied = append(f.denied, line)
		}
	}
	for _, row := range rows[media.Name] {
		m, err := media.Of(row)
		if err != nil {
			return err
		}
		if f.media == nil {
			f.media = []policy.Portable{} // there is a register, be it of none that may be used
		}
		if m.Usable() {
			f.media = append(f.media, policy.Portable{Serial: m.Serial, Until: m.Until})
		}
	}
	return nil
}

// persons are the people by folio, those who left by the book of movements too. Of those
// on leave the accounts count as left since then.
func persons(rows map[string][]registers.Row) (map[int64]people.Person, error) {
	out := map[int64]people.Person{}
	for _, row := range rows[people.Name] {
		p, err := people.Of(row)
		if err != nil {
			return nil, err
		}
		out[p.Folio] = p
	}
	last := map[int64]movements.Movement{} // the last that begins or ends a person's time
	for _, row := range rows[movements.Name] {
		m, err := movements.Of(row)
		if err != nil {
			return nil, err
		}
		if (m.Kind == movements.Join || m.Kind == movements.Leave) && !m.At.Before(last[m.Person].At) {
			last[m.Person] = m
		}
	}
	for folio, m := range last {
		if p, ok := out[folio]; ok && m.Kind == movements.Leave && p.Left.IsZero() {
			p.Left = m.At
			out[folio] = p
		}
	}
	return out, nil
}

// over lays the books over what the organisation wrote into its file, for one machine:
// both hold, and where they speak of the same thing the book does.
func (f feed) over(s policy.Source, m Machine) policy.Source {
	s.Permits = laid(s.Permits, f.permits, func(p policy.Permit) (string, bool) {
		return strings.ToLower(p.User + "\x00" + p.Folder), here(p.Machine, m)
	})
	s.Software = laid(s.Software, f.software, func(p policy.Software) (string, bool) {
		return strings.ToLower(p.Name + "\x00" + p.Publisher + "\x00" + p.Versions), true
	})
	s.Denied = laid(s.Denied, f.denied, func(p policy.Software) (string, bool) {
		return strings.ToLower(p.Name + "\x00" + p.Publisher + "\x00" + p.Versions), true
	})
	if f.media != nil {
		s.Media = laid(s.Media, f.media, func(p policy.Portable) (string, bool) { return strings.ToLower(p.Serial), true })
		if s.Media == nil {
			s.Media = []policy.Portable{}
		}
	}
	s.Leavers = laid(s.Leavers, f.leavers, func(l policy.Leaver) (string, bool) { return accountKey("", l.Account), here(l.Machine, m) })
	s.Users = laid(s.Users, oneEach(f.users, m), func(u policy.User) (string, bool) { return accountKey("", u.Account), here(u.Machine, m) })
	return s
}

// laid are the rows of a machine: those of the book, then those of the file about which
// the book says nothing.
func laid[T any](file, book []T, key func(T) (string, bool)) []T {
	if len(book) == 0 {
		return file
	}
	var out []T
	said := map[string]bool{}
	for _, row := range book {
		if k, ours := key(row); ours {
			said[k] = true
			out = append(out, row)
		}
	}
	for _, row := range file {
		if k, ours := key(row); ours && !said[k] {
			out = append(out, row)
		}
	}
	return out
}

// oneEach joins what the books say of one account on a machine: it may do what any row
// allows, until the last of the days.
func oneEach(users []policy.User, m Machine) []policy.User {
	var out []policy.User
	place := map[string]int{}
	for _, u := range users {
		if !here(u.Machine, m) {
			continue
		}
		key := accountKey("", u.Account)
		i, twice := place[key]
		if !twice {
			place[key] = len(out)
			out = append(out, u)
			continue
		}
		if u.Admin && !out[i].Admin {
			// The right to administer ends with its grant, and being here with the post:
			// nothing can say both, and to log on is the lesser.
			out[i] = policy.User{Machine: u.Machine, Account: u.Account, Admin: true, Until: u.Until}
		} else if u.Admin == out[i].Admin {
			out[i].Until = later(out[i].Until, u.Until)
		}
	}
	return out
}

func here(machine string, m Machine) bool { return machine == "" || sameHost(machine, m.Hostname) }

// sameHost compares host names; one without domain matches one with it.
func sameHost(a, b string) bool {
	shortA, domainA, _ := strings.Cut(a, ".")
	shortB, domainB, _ := strings.Cut(b, ".")
	return a != "" && strings.EqualFold(shortA, shortB) && (domainA == "" || domainB == "" || strings.EqualFold(domainA, domainB))
}

func accountKey(machine, account string) string { return strings.ToLower(machine + "\x00" + account) }

// earlier is the first of two last days; an empty one never comes.
func earlier(a, b string) string {
	if a == "" || b != "" && b < a {
		return b
	}
	return a
}

// later is the last of two last days.
func later(a, b string) string {
	if a == "" || b == "" {
		return ""
	}
	return max(a, b)
}
