package compare

import (
	"context"
	"strings"
	"time"

	"vigia/collector/registers"
	"vigia/collector/registers/assets"
	"vigia/collector/registers/grants"
	"vigia/collector/registers/media"
	"vigia/collector/registers/mediabook"
	"vigia/collector/registers/mediapermits"
	"vigia/collector/registers/movements"
	"vigia/collector/registers/people"
	"vigia/collector/registers/permits"
	"vigia/collector/registers/software"
	"vigia/collector/registers/systems"
	"vigia/collector/storage"
)

// shelf are the books, read once. It is not changed after it was made.
type shelf struct {
	people    []people.Person
	person    map[int64]people.Person
	movements []movements.Movement
	systems   []systems.System
	grants    []grants.Grant
	permits   []permits.Permit
	assets    []assets.Asset
	software  []software.Program
	media     []media.Medium
	entries   []mediabook.Entry
	exits     map[int64]mediapermits.Permit
	// since is when the version in force of a row was written, by book and folio.
	since map[string]map[int64]time.Time
	// owners are the folios of those who have an account, by its folded name and then by
	// the short name of its machine, empty for all.
	owners map[string]map[string][]int64
	// books say how folios are cited.
	books map[string]*registers.Book
}

func compared() []*registers.Book {
	return []*registers.Book{people.Book(), movements.Book(), systems.Book(), grants.Book(), permits.Book(), assets.Book(),
		software.Book(), media.Book(), mediabook.Book(), mediapermits.Book()}
}

// shelfAt reads the books as of a time, from memory when nothing was written since.
func (s *Store) shelfAt(ctx context.Context, tx *storage.Tx, at time.Time) (*shelf, error) {
	books := compared()
	mark, err := s.opts.Registers.Mark(ctx, tx, books...)
	if err != nil {
		return nil, err
	}
	now := !mark.At().After(at)
	s.mu.Lock()
	known, knownAt := s.shelf, s.mark
	s.mu.Unlock()
	if now && known != nil && knownAt == mark {
		return known, nil
	}
	rows := map[string][]registers.Row{}
	for _, b := range books {
		if now {
			rows[b.Name], err = s.opts.Registers.Rows(ctx, tx, b)
		} else {
			rows[b.Name], err = s.opts.Registers.RowsAt(ctx, tx, b, at)
		}
		if err != nil {
			return nil, err
		}
	}
	out, err := shelfOf(rows)
	if err != nil {
		return nil, err
	}
	if now {
		s.mu.Lock()
		s.shelf, s.mark = out, mark
		s.mu.Unlock()
	}
	return out, nil
}

// shelfOf gives rows their types.
func shelfOf(rows map[string][]registers.Row) (*shelf, error) {
	s := &shelf{person: map[int64]people.Person{}, exits: map[int64]mediapermits.Permit{}, since: map[string]map[int64]time.Time{}, owners: map[string]map[string][]int64{}, books: map[string]*registers.Book{}}
	for _, b := range compared() {
		s.books[b.Name] = b
	}
	for book, list := range rows {
		s.since[book] = map[int64]time.Time{}
		for _, row := range list {
			s.since[book][row.Folio] = row.At
		}
	}
	var err error
	read := func(book string, take func(registers.Row) error) {
		for _, row := range rows[book] {
			if err == nil {
				err = take(row)
			}
		}
	}
	read(people.Name, into(people.Of, &s.people))
	read(movements.Name, into(movements.Of, &s.movements))
	read(systems.Name, into(systems.Of, &s.systems))
	read(grants.Name, into(grants.Of, &s.grants))
	read(permits.Name, into(permits.Of, &s.permits))
	read(assets.Name, into(assets.Of, &s.assets))
	read(software.Name, into(software.Of, &s.software))
	read(media.Name, into(media.Of, &s.media))
	read(mediabook.Name, into(mediabook.Of, &s.entries))
	var exits []mediapermits.Permit
	read(mediapermits.Name, into(mediapermits.Of, &exits))
	if err != nil {
		return nil, err
	}
	for _, p := range exits {
		s.exits[p.Folio] = p
	}
	for _, p := range s.people {
		s.person[p.Folio] = p
		for _, a := range p.Accounts {
			name := strings.ToLower(a.Name)
			if s.owners[name] == nil {
				s.owners[name] = map[string][]int64{}
			}
			s.owners[name][short(a.Machine)] = append(s.owners[name][short(a.Machine)], p.Folio)
		}
	}
	return s, nil
}

// into appends what a row is to a list.
func into[T any](of func(registers.Row) (T, error), list *[]T) func(registers.Row) error {
	return func(row registers.Row) error {
		v, err := of(row)
		*list = append(*list, v)
		return err
	}
}

// text cites a row.
func (s *shelf) text(book string, folio int64) string { return s.books[book].FolioText(folio) }

// owned tells whether an account of a machine is somebody's.
func (s *shelf) owned(machine, account string) bool {
	by := s.owners[strings.ToLower(account)]
	return len(by[""]) > 0 || len(by[short(machine)]) > 0
}

// short is a host name without its domain, in lower case.
func short(host string) string {
	name, _, _ := strings.Cut(strings.ToLower(host), ".")
	return name
}
