package web

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/collector/access"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// Pages of all books. They know no book: what a page asks for and shows comes from the
// book's fields, and who may do it from its roles.

// bookRoutes are the addresses of the books. Every role may come in; the book itself says
// whom it is for.
func (s *site) bookRoutes() []route {
	all := anybody()
	return slices.Concat(s.importRoutes(), s.changesRoutes(), s.searchRoutes(), []route{
		{method: "GET", path: "/libros", roles: all, serve: s.shelf},
		{method: "GET", path: "/libros/{book}", roles: all, serve: s.bookPage},
		{method: "GET", path: "/libros/{book}/nuevo", roles: all, serve: s.newRow},
		{method: "POST", path: "/libros/{book}/nuevo", roles: all, body: maxUpload, serve: s.addRow},
		{method: "GET", path: "/libros/{book}/{folio}", roles: all, serve: s.rowPage},
		{method: "GET", path: "/libros/{book}/{folio}/cambiar", roles: all, serve: s.editRow},
		{method: "POST", path: "/libros/{book}/{folio}/cambiar", roles: all, body: maxUpload, serve: s.changeRow},
		{method: "GET", path: "/libros/{book}/{folio}/quitar", roles: all, serve: s.strikeForm},
		{method: "POST", path: "/libros/{book}/{folio}/quitar", roles: all, serve: s.strikeRow},
	})
}

const (
	pageRows    = 100                 // rows of a table on one page
	endingSoon  = 30 * 24 * time.Hour // a row that ends within is told of
	mostColumns = 7                   // of a table, beside the folio
)

// book finds a book by its name.
func (s *site) book(name string) (*registers.Book, bool) {
	i := slices.IndexFunc(s.Books, func(b *registers.Book) bool { return b.Name == name })
	if i < 0 {
		return nil, false
	}
	return s.Books[i], true
}

// limited tells that the visitor sees rows of his department only.
func (v *visit) limited() bool { return v.user != nil && v.user.Role.Bound() }

// mayRead tells whether the visitor reads a book, be it in part.
func (v *visit) mayRead(b *registers.Book) bool {
	role := string(v.user.Role)
	named := slices.Contains(b.Readers, role) || slices.Contains(b.Writers, role)
	switch {
	case v.limited():
		return b.Department != "" && (len(b.Readers) == 0 || named)
	case len(b.Readers) == 0:
		return named || slices.Contains(everybody(), v.user.Role) || v.mayWrite(b)
	default:
		return named || v.mayWrite(b)
	}
}

// mayWrite tells whether the visitor writes rows of a book.
func (v *visit) mayWrite(b *registers.Book) bool {
	switch {
	case v.limited() && b.Department == "":
		return false
	case len(b.Writers) == 0:
		return v.user.Role == access.Officer || v.user.Role == access.Administrator
	default:
		return slices.Contains(b.Writers, string(v.user.Role))
	}
}

// mayNames tells whether the visitor sees the fields that name persons: who oversees and
// who looks at the whole does not need them.
func (v *visit) mayNames(b *registers.Book) bool {
	if v.user.Role == access.Director || v.user.Role == access.Committee {
		return v.mayWrite(b)
	}
	return true
}

// opened is a book of the address that the visitor may read.
func (v *visit) opened() (*registers.Book, error) {
	b, ok := v.site.book(v.r.PathValue("book"))
	switch {
	case !ok:
		return nil, errNotFound
	case !v.mayRead(b):
		return nil, errForbidden
	}
	return b, nil
}

// writable is a book of the address that the visitor may write to.
func (v *visit) writable() (*registers.Book, error) {
	b, err := v.opened()
	if err == nil && !v.mayWrite(b) {
		err = errForbidden
	}
	return b, err
}

// query is one that finds no more than the visitor may see.
func (v *visit) query(b *registers.Book) registers.Query {
	return registers.Query{Names: v.mayNames(b), Limited: v.limited(), Department: v.department()}
}

// owns tells whether the visitor may see a row at all.
func (v *visit) owns(b *registers.Book, values registers.Values) bool {
	own := registers.Fold(v.department())
	return !v.limited() || own != "" && registers.Fold(values[b.Department]) == own
}

// shelfView is the page of all books.
type shelfView struct {
	Shelves []shelfRow
	Empty   bool // nothing was written to any book yet
	May     bool // write to one of them
}

type shelfRow struct {
	ID, Title string
	Books     []bookCard
}

// bookCard is a book on the shelf.
type bookCard struct {
	Name, Title, Lead string
	registers.Summary
	LastAt moment
	May    bool
}

func (s *site) shelf(v *visit) error {
	var mine []*registers.Book
	for _, b := range s.Books {
		if v.mayRead(b) {
			mine = append(mine, b)
		}
	}
	now := s.Now().In(s.Zone)
	var sums map[string]registers.Summary
	err := s.read(v.r.Context(), "the books", func(ctx context.Context, tx *storage.Tx) (err error) {
		sums, err = s.Registers.Summaries(ctx, tx, mine, now.Format(time.DateOnly), now.Add(endingSoon).Format(time.DateOnly), v.limited(), v.department())
		return err
	})
	if err != nil {
		return err
	}
	page := shelfView{Empty: true}
	for _, theme := range registers.Themes() {
		row := shelfRow{ID: theme.Code, Title: theme.Label.In(v.Lang)}
		for _, b := range mine {
			if b.Theme == registers.Theme(theme.Code) || theme.Code == string(registers.ThemeOther) && b.Theme == "" {
				card := bookCard{Name: b.Name, Title: b.Title.In(v.Lang), Lead: b.Lead.In(v.Lang), Summary: sums[b.Name], May: v.mayWrite(b)}
				card.LastAt = v.Moment(card.Last)
				page.Empty, page.May = page.Empty && card.Rows == 0, page.May || card.May
				row.Books = append(row.Books, card)
			}
		}
		if len(row.Books) > 0 {
			page.Shelves = append(page.Shelves, row)
		}
	}
	return v.render(view{name: "libros", title: v.T("books.title"), menu: "/libros", data: page})
}

// asked is what the address of a table asks for.
type asked struct {
	Text, Sort string
	Down       bool
	Day        string // as of which; empty: now
	Page       int    // from 1
	at         time.Time
	wrongDay   bool
}

// asked reads the address. What makes no sense is left out.
func (v *visit) asked(b *registers.Book) asked {
	q := v.r.URL.Query()
	out := asked{Text: strings.ToValidUTF8(q.Get("q"), ""), Page: 1}
	if runes := []rune(out.Text); len(runes) > maxTyped {
		out.Text = string(runes[:maxTyped])
	}
	sort, down := strings.CutPrefix(q.Get("orden"), "-")
	if f, ok := b.Field(sort); ok && v.shows(b, f) {
		out.Sort, out.Down = sort, down
	} else if sort == "folio" {
		out.Down = down
	}
	if n, err := strconv.Atoi(q.Get("pagina")); err == nil && n > 1 && n < 1_000_000 {
		out.Page = n
	}
	if day := q.Get("a"); day != "" {
		at, err := time.ParseInLocation(time.DateOnly, day, v.site.Zone)
		if out.wrongDay = err != nil || at.Year() < 1900 || at.Year() > 2199; !out.wrongDay {
			out.Day, out.at = day, at.AddDate(0, 0, 1).Add(-time.Microsecond)
		}
	}
	return out
}

// Order is what the address says of the order; empty: by folio.
func (a asked) Order() string {
	order := a.Sort
	if order == "" && a.Down {
		order = "folio"
	}
	if order != "" && a.Down {
		order = "-" + order
	}
	return order
}

// With is the address's query with one part changed.
func (a asked) With(key, value string) string {
	q := url.Values{}
	for name, text := range map[string]string{"q": a.Text, "a": a.Day} {
		if text != "" {
			q.Set(name, text)
		}
	}
	if order := a.Order(); order != "" {
		q.Set("orden", order)
	}
	if a.Page > 1 && key == "" {
		q.Set("pagina", strconv.Itoa(a.Page))
	}
	if key != "" {
		q.Set(key, value)
		if value == "" {
			q.Del(key)
		}
	}
	if len(q) == 0 {
		return "?"
	}
	return "?" + q.Encode()
}

// shows tells whether the visitor sees a field.
func (v *visit) shows(b *registers.Book, f registers.Field) bool {
	return !f.Personal || v.mayNames(b)
}

// bookView is the table of a book.
type bookView struct {
	Name, Title, Lead string
	AppendOnly, May   bool
	Limited           string // the department that the visitor is limited to
	HidesNames        bool
	Asked             asked
	Past              string // the day, in words
	WrongDay          bool
	Columns           []tableColumn
	Rows              []tableRow
	Total             int
	Pages             pager
	CSV, XLSX, Print  string
	Ended, Incomplete int
}

// tableColumn is one of a table, with where to sort by it.
type tableColumn struct {
	Name, Label, Path, Sorted string // Sorted is the value of aria-sort
	Number                    bool
}

// tableRow is a row in a table.
type tableRow struct {
	Folio, Path string
	Cells       []cell
	Ended       bool
}

// cell is one value in words, with where it leads.
type cell struct {
	Label, Text, Path string
	Lines             []string
	Hidden            bool
	Long              bool
	Day               bool
}

// pager leads to the other pages of a list.
type pager struct {
	Page, Pages    int
	From, To       int
	Total          int
	Previous, Next string
}

// pageLinks are a pager with the words for it.
type pageLinks struct {
	tongue
	pager
}

// Pager is a pager with the words for it.
func (f frame) Pager(p pager) pageLinks { return pageLinks{f.tongue, p} }

// Limited tells that the reader is limited to a department.
func (f frame) Limited() bool { return f.User != nil && f.User.Role.Bound() }

func makePager(page, total int, to func(page int) string) pager {
	p := pager{Page: page, Total: total, Pages: max(1, (total+pageRows-1)/pageRows)}
	p.Page = min(p.Page, p.Pages)
	p.From, p.To = min((p.Page-1)*pageRows+1, total), min(p.Page*pageRows, total)
	if p.Page > 1 {
		p.Previous = to(p.Page - 1)
	}
	if p.Page < p.Pages {
		p.Next = to(p.Page + 1)
	}
	return p
}

func (s *site) bookPage(v *visit) error {
	b, err := v.opened()
	if err != nil {
		return err
	}
	ask := v.asked(b)
	q := v.query(b)
	q.At, q.Text, q.Sort, q.Down, q.Offset, q.Most = ask.at, ask.Text, ask.Sort, ask.Down, (ask.Page-1)*pageRows, pageRows
	var rows []registers.Row
	var total int
	err = s.read(v.r.Context(), "a book", func(ctx context.Context, tx *storage.Tx) (err error) {
		rows, total, err = s.Registers.Find(ctx, tx, b, q)
		return err
	})
	if err != nil {
		return err
	}
	if len(rows) == 0 && total > 0 { // a page beyond the last
		v.redirect("/libros/" + b.Name + ask.With("pagina", strconv.Itoa((total+pageRows-1)/pageRows)))
		return nil
	}
	page := bookView{Name: b.Name, Title: b.Title.In(v.Lang), Lead: b.Lead.In(v.Lang), AppendOnly: b.AppendOnly, May: v.mayWrite(b) && ask.Day == "",
		Asked: ask, WrongDay: ask.wrongDay, Total: total, HidesNames: !v.mayNames(b)}
	if v.limited() {
		page.Limited = v.department()
	}
	if ask.Day != "" {
		page.Past = v.DayOf(ask.Day)
	}
	page.Columns = v.columns(b, ask)
	today := s.Now().In(s.Zone).Format(time.DateOnly)
	for _, r := range rows {
		row := tableRow{Folio: b.FolioText(r.Folio), Path: rowPath(b, r.Folio)}
		row.Ended = ask.Day == "" && b.Ends != "" && r.Values[b.Ends] != "" && r.Values[b.Ends] < today
		for _, col := range page.Columns[1:] {
			f, _ := b.Field(col.Name)
			row.Cells = append(row.Cells, v.cell(b, f, r.Values[f.Name]))
		}
		page.Rows = append(page.Rows, row)
	}
	page.Pages = makePager(ask.Page, total, func(n int) string { return ask.With("pagina", strconv.Itoa(n)) })
	base := "/libros/" + b.Name
	page.CSV, page.XLSX = base+"/exportar"+ask.With("formato", "csv"), base+"/exportar"+ask.With("formato", "xlsx")
	page.Print = base + "/imprimir" + ask.With("pagina", "")
	return v.render(view{name: "libro", title: page.Title, menu: "/libros", data: page})
}

// rowPath is the address of a row.
func rowPath(b *registers.Book, folio int64) string {
	return "/libros/" + b.Name + "/" + b.FolioText(folio)
}

// columns are the fields that a table shows: what tells rows apart, what every row has, and
// as many of the others as there is room for; in the order of the book.
func (v *visit) columns(b *registers.Book, ask asked) []tableColumn {
	chosen := map[string]bool{}
	take := func(want func(registers.Field) bool) {
		for _, f := range b.Fields {
			if len(chosen) < mostColumns && want(f) && v.shows(b, f) {
				chosen[f.Name] = true
			}
		}
	}
	take(func(f registers.Field) bool { return slices.Contains(b.Key, f.Name) })
	take(func(f registers.Field) bool { return f.Name == b.Ends || f.Name == b.Department })
	take(func(f registers.Field) bool { return f.Required })
	take(func(f registers.Field) bool { return f.Kind == registers.Choice })
	take(func(f registers.Field) bool {
		return f.Kind != registers.Prose && f.Kind != registers.Lines && f.Kind != registers.Paper && f.Kind != registers.Choices
	})
	out := []tableColumn{v.column(ask, "", "folio", v.T("book.folio"), false)}
	for _, f := range b.Fields {
		if chosen[f.Name] {
			out = append(out, v.column(ask, f.Name, f.Name, f.Label.In(v.Lang), f.Kind == registers.Number))
		}
	}
	return out
}

// column leads to the table sorted by it, and back when it is sorted so already.
func (v *visit) column(ask asked, field, name, label string, number bool) tableColumn {
	c := tableColumn{Name: field, Label: label, Number: number}
	up := name
	if ask.Sort == field {
		c.Sorted = "ascending"
		if ask.Down {
			c.Sorted = "descending"
		} else {
			up = "-" + name
		}
	}
	c.Path = ask.With("orden", up)
	return c
}

// cell puts a value into words.
func (v *visit) cell(b *registers.Book, f registers.Field, value string) cell {
	out := cell{Label: f.Label.In(v.Lang)}
	switch {
	case value == "":
		return out
	case !v.shows(b, f):
		out.Hidden = true
		return out
	}
	out.Text = f.Show(value, v.Lang, v.site.Zone)
	switch f.Kind {
	case registers.Folio:
		if other, ok := v.site.book(f.Of); ok {
			if folio, err := strconv.ParseInt(value, 10, 64); err == nil {
				out.Path = rowPath(other, folio)
			}
		}
	case registers.Paper:
		out.Path, out.Text = "/documentos/"+value, v.T("row.document")
	case registers.Host:
		out.Path = "/buscar?" + url.Values{"q": {value}}.Encode()
	case registers.Lines:
		out.Lines = strings.Split(value, "\n")
	case registers.Prose:
		out.Long = true
	case registers.Number:
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			out.Text = v.Number(n)
		}
	case registers.Line, registers.Account, registers.Day, registers.Moment, registers.Choice, registers.Choices, registers.Flag:
	}
	return out
}
