package web

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"vigia/collector/registers"
	"vigia/collector/storage"
)

// An import is shown before it is done: the file is read and waits, the page tells what it
// would change and what is wrong with it, and what was shown is what is written.

// importRoutes are the addresses of imports and exports.
func (s *site) importRoutes() []route {
	all := anybody()
	return []route{
		{method: "GET", path: "/libros/{book}/importar", roles: all, serve: s.importForm},
		{method: "POST", path: "/libros/{book}/importar", roles: all, body: registers.MaxSheetBytes + maxBody, serve: s.importFile},
		{method: "GET", path: "/libros/{book}/{id}/importar", roles: all, serve: s.importPreview},
		{method: "POST", path: "/libros/{book}/{id}/importar", roles: all, serve: s.importDo},
		{method: "GET", path: "/libros/{book}/plantilla", roles: all, serve: s.template},
		{method: "GET", path: "/libros/{book}/exportar", roles: all, serve: s.export},
		{method: "GET", path: "/libros/{book}/imprimir", roles: all, serve: s.printBook},
	}
}

// importable is a book into which the visitor imports: not who is limited to a department,
// for a file speaks of a whole book.
func (v *visit) importable() (*registers.Book, error) {
	b, err := v.writable()
	if err == nil && v.limited() {
		err = errForbidden
	}
	return b, err
}

// importView is the page that asks for a file.
type importView struct {
	Name, Book string
	Problem    string
	AppendOnly bool
	Fields     []importField
	Rows, MB   int
	Key        string
}

type importField struct {
	Label, Hint string
	Required    bool
	Options     []string
}

func (s *site) importForm(v *visit) error { return v.renderImport("") }

func (v *visit) renderImport(problem string) error {
	b, err := v.importable()
	if err != nil {
		return err
	}
	page := importView{Name: b.Name, Book: b.Title.In(v.Lang), Problem: problem, AppendOnly: b.AppendOnly,
		Rows: registers.MaxSheetRows, MB: registers.MaxSheetBytes >> 20}
	var key []string
	for _, f := range b.Fields {
		row := importField{Label: f.Label.In(v.Lang), Hint: f.Hint.In(v.Lang), Required: f.Required}
		for _, o := range f.Options {
			row.Options = append(row.Options, o.Label.In(v.Lang))
		}
		page.Fields = append(page.Fields, row)
	}
	for _, name := range b.Key {
		if f, ok := b.Field(name); ok {
			key = append(key, f.Label.In(v.Lang))
		}
	}
	page.Key = strings.Join(key, ", ")
	return v.render(view{name: "importar", title: v.T("import.title", "book", page.Book), menu: "/libros", data: page})
}

// importFile reads a file and leads to its preview.
func (s *site) importFile(v *visit) error {
	b, err := v.importable()
	if err != nil {
		return err
	}
	refuse := func(problem string) error {
		v.status = http.StatusUnprocessableEntity
		return v.renderImport(problem)
	}
	if !v.multipart() {
		return refuse(v.T("import.problem.large", "mb", registers.MaxSheetBytes>>20))
	}
	file, err := v.file("archivo")
	switch {
	case err != nil:
		return err
	case file == nil:
		return refuse(v.T("import.problem.none"))
	}
	sheet, err := registers.ReadSheet(file.Data)
	if line, ok := errors.AsType[*registers.LineError](err); ok {
		return refuse(v.lineProblem(b, *line))
	}
	if err != nil {
		return fmt.Errorf("read the file: %w", err)
	}
	var kept registers.Upload
	err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
		kept, err = s.Registers.KeepUpload(ctx, tx, b, shortened(path.Base(strings.ToValidUTF8(strings.ReplaceAll(file.Name, "\x00", ""), "_"))), sheet, v.user.Name)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the file: %w", err)
	}
	v.redirect(previewPath(b, kept.ID, nil))
	return nil
}

func previewPath(b *registers.Book, id string, q url.Values) string {
	out := "/libros/" + b.Name + "/" + id + "/importar"
	if len(q) > 0 {
		out += "?" + q.Encode()
	}
	return out
}

// lineProblem words what is wrong with a line, and where.
func (v *visit) lineProblem(b *registers.Book, e registers.LineError) string {
	say := b.Say(v.Lang, e.Problem)
	if f, ok := b.Field(e.Field); ok {
		say = f.Label.In(v.Lang) + ": " + say
	}
	if e.Line > 0 {
		return v.T("import.line", "n", e.Line) + ": " + say
	}
	return say
}

// previewView is the page that shows what an import would do.
type previewView struct {
	Name, Book, ID, File   string
	AppendOnly             bool
	Added, Changed, Gone   int
	Same, Bad, Missing     int
	Problems               []problemLine
	MoreProblems           bool
	Rows                   []previewRow
	Pages                  pager
	Replace, Good, Carries bool
	Unreadable             bool
	Digest, Why, Problem   string
	Options                string // the query that keeps the options
	Expires                moment
}

type problemLine struct {
	Line       int
	Label, Say string
}

// previewRow is one line's change.
type previewRow struct {
	Line        int
	Action      string
	Kind        registers.Action
	Folio, Path string
	Says        []cell
	Differences []differenceView
}

// importOptions are those of the address or form.
func importOptions(q url.Values) registers.PlanOptions {
	return registers.PlanOptions{Replace: q.Get("faltan") == "quitar", Good: q.Get("malas") == "dejar"}
}

func optionQuery(opts registers.PlanOptions) url.Values {
	q := url.Values{}
	if opts.Replace {
		q.Set("faltan", "quitar")
	}
	if opts.Good {
		q.Set("malas", "dejar")
	}
	return q
}

func (s *site) importPreview(v *visit) error {
	b, err := v.importable()
	if err != nil {
		return err
	}
	opts := importOptions(v.r.URL.Query())
	page, _ := strconv.Atoi(v.r.URL.Query().Get("pagina"))
	return v.renderPreview(b, opts, max(1, page), "", "")
}

func (v *visit) renderPreview(b *registers.Book, opts registers.PlanOptions, number int, why, problem string) error {
	s := v.site
	opts.Zone = s.Zone
	var upload registers.Upload
	var plan registers.Plan
	err := s.read(v.r.Context(), "an import", func(ctx context.Context, tx *storage.Tx) (err error) {
		if upload, err = s.Registers.Upload(ctx, tx, b, v.r.PathValue("id"), v.user.Name); err != nil {
			return err
		}
		plan, err = s.Registers.Plan(ctx, tx, b, upload.Sheet, opts)
		return err
	})
	if errors.Is(err, registers.ErrNoUpload) {
		v.status = http.StatusNotFound
		return v.renderImport(v.T("import.problem.expired"))
	}
	if err != nil {
		return err
	}
	page := previewView{Name: b.Name, Book: b.Title.In(v.Lang), ID: upload.ID, File: upload.Name, AppendOnly: b.AppendOnly,
		Added: plan.Count(registers.Added), Changed: plan.Count(registers.Changed), Same: plan.Same, Bad: plan.Bad, Missing: len(plan.Missing),
		Replace: plan.Replace, Good: plan.Good, Carries: plan.Carries(), Unreadable: plan.Unreadable, Digest: plan.Digest(), Why: why, Problem: problem,
		Expires: v.Moment(upload.At.Add(registers.UploadTerm)), Options: optionQuery(opts).Encode()}
	if plan.Replace {
		page.Gone = len(plan.Missing)
	}
	for _, e := range plan.Problems {
		row := problemLine{Line: e.Line, Say: b.Say(v.Lang, e.Problem)}
		if f, ok := b.Field(e.Field); ok {
			row.Label = f.Label.In(v.Lang)
		}
		page.Problems = append(page.Problems, row)
	}
	lines := map[int]bool{}
	for _, e := range plan.Problems {
		lines[e.Line] = true
	}
	page.MoreProblems = plan.Bad > len(lines)
	v.previewRows(b, plan, opts, number, &page)
	if problem != "" && v.status == 0 {
		v.status = http.StatusUnprocessableEntity
	}
	return v.render(view{name: "importar_ver", title: v.T("preview.title", "book", page.Book), menu: "/libros", data: page})
}

// previewRows are those of one page: what is added and changed, and then what is struck out.
func (v *visit) previewRows(b *registers.Book, plan registers.Plan, opts registers.PlanOptions, number int, page *previewView) {
	total := len(plan.Changes) + page.Gone
	page.Pages = makePager(number, total, func(n int) string {
		q := optionQuery(opts)
		q.Set("pagina", strconv.Itoa(n))
		return previewPath(b, page.ID, q)
	})
	for i := max(0, page.Pages.From-1); i < page.Pages.To; i++ {
		if i >= len(plan.Changes) {
			r := plan.Missing[i-len(plan.Changes)]
			page.Rows = append(page.Rows, previewRow{Kind: registers.Removed, Action: v.T("preview.removed"), Folio: b.FolioText(r.Folio),
				Path: rowPath(b, r.Folio), Says: v.says(b, r.Values)})
			continue
		}
		c := plan.Changes[i]
		row := previewRow{Line: c.Line, Kind: c.Action, Action: v.T("preview.added")}
		if c.Action == registers.Changed {
			row.Action, row.Folio, row.Path = v.T("preview.changed"), b.FolioText(c.Folio), rowPath(b, c.Folio)
			for _, d := range c.Differences {
				if f, ok := b.Field(d.Field); ok {
					row.Differences = append(row.Differences, differenceView{f.Label.In(v.Lang), v.cell(b, f, d.Old), v.cell(b, f, d.New)})
				}
			}
		} else {
			row.Says = v.says(b, c.New)
		}
		page.Rows = append(page.Rows, row)
	}
}

// says are the values of a row that has any.
func (v *visit) says(b *registers.Book, values registers.Values) []cell {
	var out []cell
	for _, f := range b.Fields {
		if values[f.Name] != "" {
			out = append(out, v.cell(b, f, values[f.Name]))
		}
	}
	return out
}

// importDo writes what was shown, in one transaction.
func (s *site) importDo(v *visit) error {
	b, err := v.importable()
	if err != nil {
		return err
	}
	if !v.form() {
		v.status = http.StatusUnprocessableEntity
		return v.renderImport(v.T("form.problem.form"))
	}
	form := v.r.PostForm
	opts := importOptions(form)
	why, ok := v.reason()
	refuse := func(problem string) error { return v.renderPreview(b, opts, 1, why, problem) }
	if form.Get("hacer") == "descartar" {
		err := s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
			if _, err := s.Registers.Upload(ctx, tx, b, v.r.PathValue("id"), v.user.Name); err != nil {
				return err
			}
			return s.Registers.DropUpload(ctx, tx, v.r.PathValue("id"))
		})
		if err != nil && !errors.Is(err, registers.ErrNoUpload) {
			return fmt.Errorf("drop an import: %w", err)
		}
		return v.done("/libros/"+b.Name+"/importar", v.T("preview.dropped"))
	}
	if !ok {
		return refuse(v.T("row.problem.reason", "most", maxReason))
	}
	opts.Zone = s.Zone
	var written []registers.Row
	err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
		upload, err := s.Registers.Upload(ctx, tx, b, v.r.PathValue("id"), v.user.Name)
		if err != nil {
			return err
		}
		plan, err := s.Registers.Plan(ctx, tx, b, upload.Sheet, opts)
		switch {
		case err != nil:
			return err
		case plan.Digest() != form.Get("visto"):
			return registers.ErrConflict
		case !plan.Carries():
			return errNotSound
		}
		act := registers.Act{By: v.user.Name, Why: cmp.Or(why, v.T("preview.why", "file", upload.Name)), Via: registers.Import}
		if written, err = s.Registers.Carry(ctx, tx, b, plan, act); err != nil {
			return err
		}
		return s.Registers.DropUpload(ctx, tx, upload.ID)
	})
	var invalid *registers.InvalidError
	switch {
	case errors.Is(err, registers.ErrNoUpload):
		v.status = http.StatusUnprocessableEntity
		return v.renderImport(v.T("import.problem.expired"))
	case errors.Is(err, registers.ErrConflict):
		return refuse(v.T("preview.problem.changed"))
	case errors.Is(err, errNotSound):
		return refuse(v.T("preview.problem.wrong"))
	case errors.As(err, &invalid):
		return refuse(v.lineProblem(b, registers.LineError{Problem: invalid.Problems[0]}))
	case err != nil:
		return fmt.Errorf("import into %s: %w", b.Name, err)
	}
	return v.done("/libros/"+b.Name, v.Count(len(written), "preview.done"))
}

// errNotSound: the plan is not one that can be carried out.
var errNotSound = errors.New("the import has problems")

// template hands out an empty table.
func (s *site) template(v *visit) error {
	b, err := v.importable()
	if err != nil {
		return err
	}
	return v.table(b, v.T("export.template"), func(out *bytes.Buffer, format registers.Format) error {
		return b.Template(out, format, v.Lang)
	})
}

// mostExported bounds what one file holds: beyond that an address asks for less.
const mostExported = 200_000

// export hands out the rows that the table shows, all pages of them.
func (s *site) export(v *visit) error {
	b, rows, ask, err := v.whole(mostExported)
	if err != nil {
		return err
	}
	return v.table(b, cmp.Or(ask.Day, s.Now().In(s.Zone).Format(time.DateOnly)), func(out *bytes.Buffer, format registers.Format) error {
		return v.seen(b).Export(out, format, rows, v.Lang, s.Zone)
	})
}

// seen is a book without the fields that the visitor does not see.
func (v *visit) seen(b *registers.Book) *registers.Book {
	out := *b
	out.Fields = nil
	for _, f := range b.Fields {
		if v.shows(b, f) {
			out.Fields = append(out.Fields, f)
		}
	}
	return &out
}

// whole reads all rows that a table shows on all its pages.
func (v *visit) whole(most int) (*registers.Book, []registers.Row, asked, error) {
	b, err := v.opened()
	if err != nil {
		return nil, nil, asked{}, err
	}
	ask := v.asked(b)
	q := v.query(b)
	q.At, q.Text, q.Sort, q.Down, q.Most = ask.at, ask.Text, "", ask.Down, most
	var rows []registers.Row
	err = v.site.read(v.r.Context(), "a book", func(ctx context.Context, tx *storage.Tx) (err error) {
		rows, _, err = v.site.Registers.Find(ctx, tx, b, q)
		return err
	})
	return b, rows, ask, err
}

// table answers with a file in the format of the address.
func (v *visit) table(b *registers.Book, mark string, write func(*bytes.Buffer, registers.Format) error) error {
	format, mediaType := registers.XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	if v.r.URL.Query().Get("formato") == "csv" {
		format, mediaType = registers.CSV, "text/csv; charset=utf-8"
	}
	var out bytes.Buffer
	if err := write(&out, format); err != nil {
		return err
	}
	v.attachment(fmt.Sprintf("%s %s.%s", b.Title.In(v.Lang), mark, format), mediaType)
	v.w.Header().Set("Content-Length", strconv.Itoa(out.Len()))
	if _, err := out.WriteTo(v.w); err != nil {
		v.site.Logger.Debug("client left", "err", err)
	}
	return nil
}

// mostPrinted bounds the rows of a page for the printer.
const mostPrinted = 2000

// printView is the page for the printer.
type printView struct {
	Book, When string
	Text       string
	Columns    []string
	Rows       []tableRow
	More       bool
	By         string
}

// printBook shows all rows with all fields, for paper.
func (s *site) printBook(v *visit) error {
	b, rows, ask, err := v.whole(mostPrinted + 1)
	if err != nil {
		return err
	}
	page := printView{Book: b.Title.In(v.Lang), Text: ask.Text, More: len(rows) > mostPrinted, By: v.user.Name, When: v.Moment(s.Now()).Text}
	if ask.Day != "" {
		page.When = v.DayOf(ask.Day)
	}
	shown := v.seen(b)
	for _, f := range shown.Fields {
		page.Columns = append(page.Columns, f.Label.In(v.Lang))
	}
	for _, r := range rows[:min(len(rows), mostPrinted)] {
		row := tableRow{Folio: b.FolioText(r.Folio), Path: rowPath(b, r.Folio)}
		for _, f := range shown.Fields {
			row.Cells = append(row.Cells, v.cell(b, f, r.Values[f.Name]))
		}
		page.Rows = append(page.Rows, row)
	}
	return v.render(view{name: "libro_imprimir", title: page.Book, menu: "/libros", data: page})
}
