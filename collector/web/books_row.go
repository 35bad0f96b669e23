package web

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/collector/registers"
	"vigia/collector/storage"
)

// rowView is the page of one row.
type rowView struct {
	Name, Book       string
	Folio, Title     string
	Path             string
	Cells            []cell
	Removed, May     bool
	AppendOnly       bool
	Ended            string // since when, in words
	Lacks            []string
	Versions         []versionView
	Number           int64 // of versions
	Correct          string
	Leaf             int64
	RemovedBy, Since string
}

// versionView is one version in the history.
type versionView struct {
	Number      int64
	Action, By  string
	Via, Why    string
	At          moment
	Leaf        int64
	Differences []differenceView
}

type differenceView struct {
	Label    string
	Old, New cell
}

// rowTitle is what people call a row: what tells it from the others.
func (v *visit) rowTitle(b *registers.Book, values registers.Values) string {
	var parts []string
	add := func(f registers.Field) {
		if value := values[f.Name]; value != "" && v.shows(b, f) && len(parts) < 3 {
			parts = append(parts, shortened(f.Show(value, v.Lang, v.site.Zone)))
		}
	}
	for _, name := range b.Key {
		if f, ok := b.Field(name); ok {
			add(f)
		}
	}
	for _, f := range b.Fields {
		if len(parts) == 0 && (f.Kind == registers.Line || f.Kind == registers.Account || f.Kind == registers.Host || f.Kind == registers.Choice) {
			add(f)
		}
	}
	return strings.Join(parts, " · ")
}

// shortened keeps a text fit for a heading.
func shortened(text string) string {
	const most = 80
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// history reads the row of the address, or says that there is none for the visitor.
func (v *visit) history(b *registers.Book) (all []registers.Row, err error) {
	folio, ok := b.ParseFolio(v.r.PathValue("folio"))
	if !ok {
		return nil, errNotFound
	}
	err = v.site.read(v.r.Context(), "a row", func(ctx context.Context, tx *storage.Tx) (err error) {
		all, err = v.site.Registers.History(ctx, tx, b, folio)
		return err
	})
	switch {
	case errors.Is(err, registers.ErrNoRow):
		return nil, errNotFound
	case err != nil:
		return nil, err
	case !v.owns(b, all[len(all)-1].Values):
		return nil, errForbidden
	}
	// What was another department's before is not his.
	return slices.DeleteFunc(all, func(r registers.Row) bool { return !v.owns(b, r.Values) }), nil
}

func (s *site) rowPage(v *visit) error {
	b, err := v.opened()
	if err != nil {
		return err
	}
	all, err := v.history(b)
	if err != nil {
		return err
	}
	now := all[len(all)-1]
	page := rowView{Name: b.Name, Book: b.Title.In(v.Lang), Folio: b.FolioText(now.Folio), Title: v.rowTitle(b, now.Values), Path: rowPath(b, now.Folio),
		Removed: now.Removed, AppendOnly: b.AppendOnly, May: v.mayWrite(b) && !now.Removed, Number: now.Version, Leaf: now.Leaf}
	page.Correct = "/libros/" + b.Name + "/nuevo?" + url.Values{"corrige": {page.Folio}}.Encode()
	for _, f := range b.Fields {
		if f.Wanted && now.Values[f.Name] == "" {
			page.Lacks = append(page.Lacks, f.Label.In(v.Lang))
		}
		page.Cells = append(page.Cells, v.cell(b, f, now.Values[f.Name]))
	}
	if end := now.Values[b.Ends]; end != "" && end < s.Now().In(s.Zone).Format(time.DateOnly) {
		page.Ended = v.DayOf(end)
	}
	for i, r := range slices.Backward(all) {
		var old registers.Values
		if i > 0 {
			old = all[i-1].Values
		}
		page.Versions = append(page.Versions, v.versionView(b, r, old))
	}
	return v.render(view{name: "fila", title: page.Folio + " · " + page.Book, menu: "/libros", data: page})
}

// versionView puts a version into words; old are the values before it.
func (v *visit) versionView(b *registers.Book, r registers.Row, old registers.Values) versionView {
	w := registers.Written{Row: r}
	out := versionView{Number: r.Version, By: r.Act.By, Why: r.Act.Why, At: v.Moment(r.At), Leaf: r.Leaf,
		Action: v.actionWord(w.Action()), Via: v.viaWord(r.Act.Via)}
	if w.Action() == registers.Changed {
		for _, d := range registers.Differences(old, r.Values) {
			if f, ok := b.Field(d.Field); ok {
				out.Differences = append(out.Differences, differenceView{f.Label.In(v.Lang), v.cell(b, f, d.Old), v.cell(b, f, d.New)})
			}
		}
	}
	return out
}

func (t tongue) actionWord(a registers.Action) string {
	switch a {
	case registers.Added:
		return t.T("row.added")
	case registers.Removed:
		return t.T("row.removed")
	case registers.Changed:
	}
	return t.T("row.changed")
}

func (t tongue) viaWord(via registers.Via) string {
	switch via {
	case registers.Import:
		return t.T("row.via.import")
	case registers.Command:
		return t.T("row.via.command")
	case registers.Portal:
	}
	return t.T("row.via.portal")
}

// act is who writes in the portal, and why.
func (v *visit) act(why string) registers.Act {
	return registers.Act{By: v.user.Name, Why: why, Via: registers.Portal}
}

// strikeView is the page that asks whether a row is to be struck out.
type strikeView struct {
	Name, Book, Folio, Title, Path string
	Version                        int64
	Cells                          []cell
	Why                            string
	Problem                        string
}

func (s *site) strikeForm(v *visit) error { return v.renderStrike("", "") }

func (v *visit) renderStrike(why, problem string) error {
	b, err := v.writable()
	if err != nil {
		return err
	}
	if b.AppendOnly {
		return errNotFound
	}
	all, err := v.history(b)
	if err != nil {
		return err
	}
	now := all[len(all)-1]
	if now.Removed {
		v.redirect(rowPath(b, now.Folio))
		return nil
	}
	page := strikeView{Name: b.Name, Book: b.Title.In(v.Lang), Folio: b.FolioText(now.Folio), Title: v.rowTitle(b, now.Values), Path: rowPath(b, now.Folio),
		Version: now.Version, Why: why, Problem: problem}
	for _, f := range b.Fields {
		if now.Values[f.Name] != "" {
			page.Cells = append(page.Cells, v.cell(b, f, now.Values[f.Name]))
		}
	}
	return v.render(view{name: "fila_quitar", title: v.T("strike.title", "folio", page.Folio), menu: "/libros", data: page})
}

// strikeRow strikes a row out, for a reason.
func (s *site) strikeRow(v *visit) error {
	b, err := v.writable()
	if err != nil {
		return err
	}
	if b.AppendOnly {
		return errNotFound
	}
	all, err := v.history(b)
	if err != nil {
		return err
	}
	refuse := func(problem string) error {
		v.status = 422
		return v.renderStrike(v.r.PostForm.Get("motivo"), problem)
	}
	if !v.form() {
		return refuse(v.T("form.problem.form"))
	}
	why, ok := v.reason()
	version, err := strconv.ParseInt(v.r.PostForm.Get("version"), 10, 64)
	switch {
	case why == "" || !ok:
		return refuse(v.T("strike.problem.why"))
	case err != nil:
		return refuse(v.T("form.problem.form"))
	}
	folio := all[len(all)-1].Folio
	err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
		return s.Registers.Remove(ctx, tx, b, folio, version, v.act(why))
	})
	switch {
	case errors.Is(err, registers.ErrConflict):
		return refuse(v.T("strike.problem.conflict"))
	case err != nil && !errors.Is(err, registers.ErrNoRow):
		return fmt.Errorf("strike out: %w", err)
	}
	return v.done("/libros/"+b.Name, v.T("strike.done", "folio", b.FolioText(folio)))
}
