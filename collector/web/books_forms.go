package web

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"vigia/collector/documents"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// The form of a row is made from the fields of its book. What was typed is shown again
// whatever is wrong with it; a file that came with a form that is not right is kept, and
// need not be looked for again.

const (
	maxReason  = 1000 // letters
	mostListed = 500  // suggestions of one input
)

// reason is why something is done, in the words of who does it.
func (v *visit) reason() (string, bool) {
	text := strings.TrimSpace(strings.ReplaceAll(v.r.PostForm.Get("motivo"), "\r\n", "\n"))
	return text, utf8.ValidString(text) && utf8.RuneCountInString(text) <= maxReason && !strings.ContainsRune(text, 0)
}

// formView is the page of a form.
type formView struct {
	Name, Book, Lead string
	Folio, Path      string // of the row; the book's for a new one
	Post             string // where it is sent
	Version          int64
	Inputs           []input
	Problems         []problemRow
	General          string // what is wrong with the whole
	Why              string
	// Corrects is the folio of the row that a new one of this book corrects.
	Corrects string
	Conflict *conflictView
	Fixed    string // the department of who is limited to one
	Files    bool
	MB       int
}

// problemRow leads to the input that is wrong.
type problemRow struct{ ID, Label, Say string }

// input is one field to be filled in.
type input struct {
	ID, Name, Kind   string
	Legend           string // its name
	Hint, Say        string // Say is what is wrong
	Described        string // the ids of what tells more about it
	Value            string
	Typed            string // of the input element
	Required, Wanted bool
	Most             int
	Options          []choice
	List             []suggestion
	More             string // the book in which to look further
	MoreName         string
	Document         *documents.Document
	Fixed            bool
	Rows             int
}

// inputWords are an input with the words for it.
type inputWords struct {
	tongue
	input
}

// Input is an input with the words for it.
func (f frame) Input(in input) inputWords { return inputWords{f.tongue, in} }

type choice struct {
	ID, Code, Label string
	Chosen          bool
}

type suggestion struct{ Value, Label string }

// conflictView tells what somebody else wrote in the meantime.
type conflictView struct {
	By     string
	At     moment
	Why    string
	Gone   bool
	Fields []conflictRow
}

type conflictRow struct {
	Label               string
	Before, Theirs, Own cell
}

// draft is a row that somebody fills in.
type draft struct {
	raw      map[string]string // as typed, by field
	values   registers.Values
	problems []registers.Problem
	why      string
	general  string
}

// inputName is the name of a field's input.
func inputName(field string) string { return "c-" + field }

// newRow is the form of a new row: empty, or with what the address says of its fields, or
// with the row that it corrects.
func (s *site) newRow(v *visit) error {
	b, err := v.writable()
	if err != nil {
		return err
	}
	d := draft{raw: map[string]string{}}
	q := v.r.URL.Query()
	for _, f := range b.Fields {
		if text := strings.ToValidUTF8(q.Get(inputName(f.Name)), ""); text != "" && len(text) <= maxReason {
			d.raw[f.Name] = text
		}
	}
	corrects := q.Get("corrige")
	if folio, ok := b.ParseFolio(corrects); ok && b.AppendOnly {
		var row registers.Row
		err := s.read(v.r.Context(), "the row to correct", func(ctx context.Context, tx *storage.Tx) (err error) {
			row, err = s.Registers.Row(ctx, tx, b, folio)
			return err
		})
		switch {
		case errors.Is(err, registers.ErrNoRow):
			return errNotFound
		case err != nil:
			return err
		case !v.owns(b, row.Values):
			return errForbidden
		}
		v.holds(b, row.Values)
		corrects, d.why = b.FolioText(folio), v.T("row.corrects", "folio", b.FolioText(folio))
		d.raw = maps.Clone(row.Values)
		for _, f := range b.Fields {
			if f.Kind == registers.Folio && f.Of == b.Name {
				d.raw[f.Name] = strconv.FormatInt(folio, 10)
			}
		}
	} else {
		corrects = ""
	}
	return v.renderForm(b, registers.Row{}, d, corrects, nil)
}

func (s *site) editRow(v *visit) error {
	b, row, err := v.editable()
	if err != nil {
		return err
	}
	if row.Removed {
		v.redirect(rowPath(b, row.Folio))
		return nil
	}
	return v.renderForm(b, row, draft{raw: row.Values}, "", nil)
}

// editable is the row of the address that the visitor may change.
func (v *visit) editable() (*registers.Book, registers.Row, error) {
	b, err := v.writable()
	if err != nil {
		return nil, registers.Row{}, err
	}
	if b.AppendOnly {
		return nil, registers.Row{}, errNotFound
	}
	all, err := v.history(b)
	if err != nil {
		return nil, registers.Row{}, err
	}
	v.holds(b, all[len(all)-1].Values)
	return b, all[len(all)-1], nil
}

func (s *site) addRow(v *visit) error {
	b, err := v.writable()
	if err != nil {
		return err
	}
	d, err := v.draft(b, nil)
	if err != nil {
		return err
	}
	corrects := ""
	if folio, ok := b.ParseFolio(v.r.PostForm.Get("corrige")); ok && b.AppendOnly {
		corrects = b.FolioText(folio)
		if d.why == "" && d.general == "" {
			d.general = v.T("row.problem.why")
		}
	}
	var row registers.Row
	if d.sound() {
		err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
			row, err = s.Registers.Add(ctx, tx, b, d.values, v.act(d.why))
			return err
		})
		if !d.refused(err) && err != nil {
			return fmt.Errorf("write a row: %w", err)
		}
	}
	if !d.sound() {
		v.status = http.StatusUnprocessableEntity
		return v.renderForm(b, registers.Row{}, d, corrects, nil)
	}
	note := v.T("row.done.added", "folio", b.FolioText(row.Folio))
	if v.r.PostForm.Get("hacer") == "otra" {
		return v.done("/libros/"+b.Name+"/nuevo", note)
	}
	return v.done(rowPath(b, row.Folio), note)
}

func (s *site) changeRow(v *visit) error {
	b, now, err := v.editable()
	if err != nil {
		return err
	}
	d, err := v.draft(b, now.Values)
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(v.r.PostForm.Get("version"), 10, 64)
	if err != nil && d.general == "" {
		d.general = v.T("form.problem.form")
	}
	if now.Removed && d.general == "" {
		d.general = v.T("row.problem.gone", "folio", b.FolioText(now.Folio))
	}
	if d.sound() {
		err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
			_, err := s.Registers.Change(ctx, tx, b, now.Folio, version, d.values, v.act(d.why))
			return err
		})
		if errors.Is(err, registers.ErrConflict) {
			return v.conflict(b, version, d)
		}
		if !d.refused(err) && err != nil {
			return fmt.Errorf("change a row: %w", err)
		}
	}
	if !d.sound() {
		v.status = http.StatusUnprocessableEntity
		now.Version = version // a conflict is still one when the rest is right
		return v.renderForm(b, now, d, "", nil)
	}
	return v.done(rowPath(b, now.Folio), v.T("row.done.changed", "folio", b.FolioText(now.Folio)))
}

// conflict shows what somebody else wrote in the meantime, beside what was typed. Who sends
// the form again has seen it.
func (v *visit) conflict(b *registers.Book, seen int64, d draft) error {
	all, err := v.history(b)
	if err != nil {
		return err
	}
	now := all[len(all)-1]
	c := conflictView{By: now.Act.By, At: v.Moment(now.At), Why: now.Act.Why, Gone: now.Removed}
	before := registers.Values{}
	for _, r := range all {
		if r.Version == seen {
			before = r.Values
		}
	}
	for _, f := range b.Fields {
		theirs, own := now.Values[f.Name], d.values[f.Name]
		if theirs != own {
			c.Fields = append(c.Fields, conflictRow{f.Label.In(v.Lang), v.cell(b, f, before[f.Name]), v.cell(b, f, theirs), v.cell(b, f, own)})
		}
	}
	v.status = http.StatusConflict
	return v.renderForm(b, now, d, "", &c)
}

// sound tells that nothing is known to be wrong.
func (d *draft) sound() bool { return len(d.problems) == 0 && d.general == "" }

// refused takes what the book says is wrong, and tells whether it was that.
func (d *draft) refused(err error) bool {
	var invalid *registers.InvalidError
	if !errors.As(err, &invalid) {
		return false
	}
	d.problems = append(d.problems, invalid.Problems...)
	return true
}

// draft reads the form of a row; old are the values that fields keep which the visitor does
// not see.
func (v *visit) draft(b *registers.Book, old registers.Values) (draft, error) {
	d := draft{raw: map[string]string{}, values: registers.Values{}}
	if !v.multipart() {
		d.general = v.T("form.problem.large", "mb", documents.MaxSize>>20)
		return d, nil
	}
	var ok bool
	if d.why, ok = v.reason(); !ok {
		d.general = v.T("row.problem.reason", "most", maxReason)
	}
	for _, f := range b.Fields {
		name := inputName(f.Name)
		typed := strings.Join(v.r.PostForm[name], "\n")
		switch {
		case v.limited() && f.Name == b.Department:
			typed = v.department()
		case !v.shows(b, f):
			typed = old[f.Name]
		case f.Kind == registers.Paper:
			sha, problem, err := v.paper(b, name)
			if err != nil {
				return d, err
			}
			if problem != "" {
				d.problems = append(d.problems, registers.Problem{Field: f.Name, Code: problem})
			}
			typed = sha
		}
		d.raw[f.Name] = typed
		value, problem := f.Parse(typed, v.site.Zone)
		if problem != nil {
			d.problems = append(d.problems, *problem)
			continue
		}
		if value != "" {
			d.values[f.Name] = value
		}
	}
	if len(d.problems) == 0 {
		_ = d.refused(b.Review(d.values))
	} else {
		// What else is missing is said at once too.
		for _, f := range b.Fields {
			wrong := slices.ContainsFunc(d.problems, func(p registers.Problem) bool { return p.Field == f.Name })
			if f.Required && d.values[f.Name] == "" && !wrong {
				d.problems = append(d.problems, registers.Problem{Field: f.Name, Code: codeFieldMissing})
			}
		}
	}
	return d, nil
}

// Codes of problems that only a form has, beside those of the books.
const (
	codeFieldMissing = "register.missing"
	codeFileSize     = "form.file_size"
	codeFileType     = "form.file_type"
	codeFileGone     = "form.file_gone"
)

// paper is the hash of the file of an input: one that came now, or one that came before
// and was not taken away; or what is wrong with it.
func (v *visit) paper(b *registers.Book, name string) (sha, problem string, err error) {
	doc, err := v.upload(name, "register/"+b.Name)
	switch {
	case errors.Is(err, documents.ErrSize):
		return "", codeFileSize, nil
	case errors.Is(err, documents.ErrType):
		return "", codeFileType, nil
	case err != nil:
		return "", "", err
	case doc != nil:
		return doc.SHA256, "", nil
	}
	sha = strings.ToLower(v.r.PostForm.Get(name + ".antes"))
	if sha == "" || v.r.PostForm.Get(name+".sin") != "" {
		return "", "", nil
	}
	found, err := v.paperDocument(sha)
	if err == nil && found == nil {
		return "", codeFileGone, nil
	}
	return sha, "", err
}

// paperDocument is a document by its hash, nil when there is none.
func (v *visit) paperDocument(sha string) (*documents.Document, error) {
	if !validHash(sha) {
		return nil, nil
	}
	var out documents.Document
	err := v.site.read(v.r.Context(), "a document", func(ctx context.Context, tx *storage.Tx) (err error) {
		out, err = v.site.Documents.Find(ctx, tx, sha)
		return err
	})
	if errors.Is(err, documents.ErrNoDocument) || err == nil && !v.mayDocument(out) && !v.held[out.SHA256] {
		return nil, nil // as if there were none: to know its hash gives no right to it
	}
	return &out, err
}

// holds lets the visitor see the documents that a row names which he may change.
func (v *visit) holds(b *registers.Book, values registers.Values) {
	for _, f := range b.Fields {
		if f.Kind == registers.Paper && values[f.Name] != "" && v.shows(b, f) {
			if v.held == nil {
				v.held = map[string]bool{}
			}
			v.held[values[f.Name]] = true
		}
	}
}

// renderForm shows the form of a row; a row without a folio is a new one.
func (v *visit) renderForm(b *registers.Book, row registers.Row, d draft, corrects string, c *conflictView) error {
	page := formView{Name: b.Name, Book: b.Title.In(v.Lang), Lead: b.Lead.In(v.Lang), Path: "/libros/" + b.Name, Version: row.Version,
		General: d.general, Why: d.why, Corrects: corrects, Conflict: c, MB: documents.MaxSize >> 20}
	title := v.T("form.new.title", "book", page.Book)
	page.Post = page.Path + "/nuevo"
	if row.Folio > 0 {
		page.Folio, page.Path = b.FolioText(row.Folio), rowPath(b, row.Folio)
		page.Post = page.Path + "/cambiar"
		title = v.T("form.change.title", "folio", page.Folio)
	}
	if corrects != "" {
		title = v.T("form.correct.title", "folio", corrects)
	}
	lists, err := v.lists(b)
	if err != nil {
		return err
	}
	for i, f := range b.Fields {
		if !v.shows(b, f) {
			continue
		}
		in, err := v.input(b, f, d.raw[f.Name], "c"+strconv.Itoa(i))
		if err != nil {
			return err
		}
		if in.List = lists[f.Name]; f.Kind == registers.Folio {
			if other, ok := v.site.book(f.Of); ok && v.mayRead(other) {
				in.More, in.MoreName = "/libros/"+other.Name, other.Title.In(v.Lang)
			}
		}
		var says []string
		for _, p := range d.problems {
			if p.Field == f.Name {
				says = append(says, v.problem(b, p))
			}
		}
		if len(says) > 0 {
			in.Say = strings.Join(says, "; ")
			page.Problems = append(page.Problems, problemRow{in.focus(), in.Legend, in.Say})
		}
		in.describe()
		page.Files = page.Files || f.Kind == registers.Paper
		page.Inputs = append(page.Inputs, in)
	}
	for _, p := range d.problems {
		if _, ok := b.Field(p.Field); !ok {
			page.General = strings.TrimSpace(page.General + " " + v.problem(b, p))
		}
	}
	return v.render(view{name: "fila_editar", title: title, menu: "/libros", data: page})
}

// problem words what is wrong with a field.
func (v *visit) problem(b *registers.Book, p registers.Problem) string {
	switch p.Code {
	case codeFileSize:
		return v.T("document.problem.size", "mb", documents.MaxSize>>20)
	case codeFileType:
		return v.T("document.problem.type")
	case codeFileGone:
		return v.T("document.problem.gone")
	}
	return b.Say(v.Lang, p)
}
