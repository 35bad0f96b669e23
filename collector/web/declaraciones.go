package web

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"vigia/checks"
	"vigia/checks/policy"
	"vigia/collector/access"
	"vigia/collector/registers"
	"vigia/collector/registers/attestations"
	"vigia/collector/storage"
)

// The duties that people prove: what was declared of each, until when it holds, and the
// books that show it. What a person says stands apart from what was measured.

func (s *site) declarationRoutes() []route {
	return []route{{method: "GET", path: "/declaraciones", roles: everybody(), serve: s.declarations}}
}

// declarationsView is the page.
type declarationsView struct {
	May      bool
	Families []declaredFamily
	Counts   []declaredCount
}

// declaredFamily are the duties of one family.
type declaredFamily struct {
	ID, Title string
	Rows      []declaredRow
}

// declaredCount is how many duties stand so.
type declaredCount struct {
	badge
	N int
}

// declaredRow is a duty with what people said of it.
type declaredRow struct {
	ID, Title, Asks string
	badge
	Path, Folio string // of the last declaration
	Day, Until  string
	Expired     bool
	Books       []declaredBook
	Declares    bool // it is proven by a declaration
}

// declaredBook is a book that shows a duty.
type declaredBook struct {
	Name, Title string
	Rows        int
}

func (s *site) declarations(v *visit) error {
	var rows []registers.Row
	counts := map[string]int{}
	err := s.read(v.r.Context(), "the declarations", func(ctx context.Context, tx *storage.Tx) (err error) {
		if s.Registers == nil {
			return nil
		}
		if rows, err = s.Registers.Rows(ctx, tx, attestations.Book()); err != nil {
			return err
		}
		for _, c := range s.Laws.Controls {
			if c.Proof == nil {
				continue
			}
			for _, name := range c.Proof.Books {
				b, ok := s.book(name)
				if _, counted := counts[name]; !ok || counted {
					continue
				}
				if _, counts[name], err = s.Registers.Find(ctx, tx, b, registers.Query{Most: 1}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	page := declarationsView{May: v.user.Role == access.Officer || v.user.Role == access.Administrator}
	tally := map[checks.Status]int{}
	for _, family := range s.Laws.Families {
		out := declaredFamily{ID: family.ID, Title: family.Title.In(v.Lang)}
		for _, c := range s.Laws.Controls {
			if c.Family == family.ID && c.Proof != nil {
				row := v.declared(c, rows, counts)
				tally[row.Status]++
				out.Rows = append(out.Rows, row)
			}
		}
		if len(out.Rows) > 0 {
			page.Families = append(page.Families, out)
		}
	}
	for _, status := range []checks.Status{checks.Fail, checks.Unknown, checks.Warn, checks.Pass} {
		if tally[status] > 0 {
			page.Counts = append(page.Counts, declaredCount{badge{status, v.declaredWord(status)}, tally[status]})
		}
	}
	return v.render(view{name: "declaraciones", title: v.T("declared.title"), menu: "/controles", data: page})
}

// declared is one duty.
func (v *visit) declared(c policy.Control, rows []registers.Row, counts map[string]int) declaredRow {
	standing := attestations.Status(rows, c.ID, c.Proof.Days, v.now.In(v.zone))
	out := declaredRow{ID: c.ID, Title: c.Title.In(v.Lang), Asks: c.Asks.In(v.Lang), Expired: standing.Expired,
		badge: badge{standing.Status, v.declaredWord(standing.Status)}, Declares: slices.Contains(c.Proof.Books, attestations.Name)}
	if standing.Last.Folio > 0 {
		out.Folio = attestations.Book().FolioText(standing.Last.Folio)
		out.Path = "/libros/" + attestations.Name + "/" + out.Folio
		out.Day, out.Until = v.DayOf(standing.Last.Day), v.DayOf(standing.Until)
	}
	for _, name := range c.Proof.Books {
		if b, ok := v.site.book(name); ok && name != attestations.Name {
			out.Books = append(out.Books, declaredBook{name, b.Title.In(v.Lang), counts[name]})
		}
	}
	slices.SortStableFunc(out.Books, func(a, b declaredBook) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), strings.Compare(a.Title, b.Title))
	})
	return out
}

// declaredWord says a status as what a person declared.
func (v *visit) declaredWord(status checks.Status) string {
	switch status {
	case checks.Pass:
		return v.T("declared.pass")
	case checks.Warn:
		return v.T("declared.warn")
	case checks.Fail:
		return v.T("declared.fail")
	case checks.Unknown, checks.NotApplicable:
	}
	return v.T("declared.unknown")
}
