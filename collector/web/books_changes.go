package web

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"vigia/collector/registers"
	"vigia/collector/reviews"
	"vigia/collector/storage"
)

// changesRoutes is the address of what changed in a period, over all books.
func (s *site) changesRoutes() []route {
	return []route{{method: "GET", path: "/libros/cambios", roles: anybody(), serve: s.changes}}
}

// changesView is the page.
type changesView struct {
	From, To  string // days
	Book, By  string
	Text      string
	Books     []choice
	Problem   bool
	Rows      []changeRow
	Pages     pager
	FromWords string
	ToWords   string
}

// changeRow is one version of a row.
type changeRow struct {
	versionView
	Book, Folio, Path, Title string
	Kind                     registers.Action
}

// period reads the days of the address; without them it is the quarter at hand.
func (v *visit) period() (from, to time.Time, ok bool) {
	zone := v.site.Zone
	quarter := reviews.PeriodOf(v.site.Now(), zone)
	from, to = quarter.Begin(), quarter.End()
	day := func(name string) (time.Time, bool) {
		text := v.r.URL.Query().Get(name)
		if text == "" {
			return time.Time{}, true
		}
		at, err := time.ParseInLocation(time.DateOnly, text, zone)
		return at, err == nil && at.Year() >= 1900 && at.Year() <= 2199
	}
	first, okFirst := day("desde")
	last, okLast := day("hasta")
	if !okFirst || !okLast || !first.IsZero() && !last.IsZero() && last.Before(first) {
		return from, to, false
	}
	if !first.IsZero() {
		from = first
		if last.IsZero() && !to.After(first) {
			to = first.AddDate(0, 3, 0)
		}
	}
	if !last.IsZero() {
		to = last.AddDate(0, 0, 1)
		if first.IsZero() && !from.Before(to) {
			from = to.AddDate(0, -3, 0)
		}
	}
	return from, to, true
}

func (s *site) changes(v *visit) error {
	from, to, ok := v.period()
	q := v.r.URL.Query()
	page := changesView{From: from.In(s.Zone).Format(time.DateOnly), To: to.In(s.Zone).Add(-time.Second).Format(time.DateOnly), Problem: !ok,
		Book: q.Get("libro"), By: strings.ToValidUTF8(q.Get("quien"), ""), Text: strings.ToValidUTF8(q.Get("q"), "")}
	page.FromWords, page.ToWords = v.DayOf(page.From), v.DayOf(page.To)
	if len(page.By) > maxTyped || len(page.Text) > maxTyped || strings.ContainsRune(page.By, 0) {
		page.By, page.Text = "", ""
	}
	// Who sees names sees them in every book; the others search and see what names nobody.
	ask := registers.Query{Limited: v.limited(), Department: v.department(), Text: page.Text, Most: pageRows, Names: true}
	var books []*registers.Book
	for _, b := range s.Books {
		if !v.mayRead(b) {
			continue
		}
		page.Books = append(page.Books, choice{Code: b.Name, Label: b.Title.In(v.Lang), Chosen: b.Name == page.Book})
		if page.Book == "" || b.Name == page.Book {
			books = append(books, b)
			ask.Names = ask.Names && v.mayNames(b)
		}
	}
	number, _ := strconv.Atoi(q.Get("pagina"))
	number = min(max(1, number), 1_000_000)
	ask.Offset = (number - 1) * pageRows
	var rows []registers.Written
	var total int
	err := s.read(v.r.Context(), "what changed", func(ctx context.Context, tx *storage.Tx) (err error) {
		rows, total, err = s.Registers.Changes(ctx, tx, books, from, to, ask, page.By)
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range rows {
		if !v.owns(r.Book, r.Before) {
			r.Before = nil // it was another department's
		}
		row := changeRow{versionView: v.versionView(r.Book, r.Row, r.Before), Book: r.Book.Title.In(v.Lang), Folio: r.Book.FolioText(r.Folio),
			Path: rowPath(r.Book, r.Folio), Title: v.rowTitle(r.Book, r.Values), Kind: r.Action()}
		page.Rows = append(page.Rows, row)
	}
	page.Pages = makePager(number, total, func(n int) string {
		again := url.Values{"desde": {page.From}, "hasta": {page.To}, "pagina": {strconv.Itoa(n)}}
		for name, value := range map[string]string{"libro": page.Book, "quien": page.By, "q": page.Text} {
			if value != "" {
				again.Set(name, value)
			}
		}
		return "/libros/cambios?" + again.Encode()
	})
	return v.render(view{name: "cambios", title: v.T("changes.title"), menu: "/libros", data: page})
}
