package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"vigia/collector/compare"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// Rows that a book lacks by what was measured: whoever keeps the book confirms all of them
// at once, or those that are ticked.

func (s *site) proposalRoutes() []route {
	return []route{
		{method: "GET", path: "/libros/{book}/propuestas", roles: anybody(), serve: s.proposals},
		{method: "POST", path: "/libros/{book}/propuestas", roles: anybody(), serve: s.confirmProposals},
	}
}

// proposalsView is the page of what is proposed for a book.
type proposalsView struct {
	Name, Book string
	Problem    string
	Rows       []proposalRow
	Columns    []string
	Total      int
	Pages      pager
	Ticked     bool // every box is
	All, None  string
	Why        string
	Others     []proposedBook
}

type proposalRow struct {
	Key     string
	Cells   []cell
	Where   string
	Checked bool
}

// proposedBook leads to another book of which rows are proposed.
type proposedBook struct{ Path, Title string }

// proposable is a book of the address of which rows are proposed to the visitor.
func (v *visit) proposable() (*registers.Book, error) {
	b, err := v.importable()
	if err == nil && (v.site.Compare == nil || !compare.Proposes(b.Name)) {
		err = errNotFound
	}
	return b, err
}

// Proposed tells whether rows of a book are ever proposed.
func (f frame) Proposed(book string) bool { return compare.Proposes(book) }

func (s *site) proposals(v *visit) error { return v.renderProposals("", nil) }

func (v *visit) renderProposals(problem string, ticked []string) error {
	b, err := v.proposable()
	if err != nil {
		return err
	}
	var all []compare.Proposal
	err = v.site.read(v.r.Context(), "what is proposed", func(ctx context.Context, tx *storage.Tx) (err error) {
		all, err = v.site.Compare.Proposals(ctx, tx, b, v.site.Now())
		return err
	})
	if err != nil {
		return err
	}
	path := "/libros/" + b.Name + "/propuestas"
	page, every := 1, v.r.URL.Query().Get("marcar") == "todas"
	if n, err := strconv.Atoi(v.r.URL.Query().Get("pagina")); err == nil && n > 1 && n < 1_000_000 {
		page = n
	}
	to := func(page int) string {
		if every {
			return path + "?marcar=todas&pagina=" + strconv.Itoa(page)
		}
		return path + "?pagina=" + strconv.Itoa(page)
	}
	p := proposalsView{Name: b.Name, Book: b.Title.In(v.Lang), Problem: problem, Total: len(all), Pages: makePager(page, len(all), to), Ticked: every,
		Why: v.T("proposals.why")}
	here := "pagina=" + strconv.Itoa(p.Pages.Page)
	p.All, p.None = path+"?marcar=todas&"+here, path+"?"+here
	shown := all[min((p.Pages.Page-1)*pageRows, len(all)):p.Pages.To]
	fields := proposedFields(b, shown)
	for _, f := range fields {
		p.Columns = append(p.Columns, f.Label.In(v.Lang))
	}
	for _, one := range shown {
		row := proposalRow{Key: one.Key, Where: v.places(one.Machines), Checked: every || slices.Contains(ticked, one.Key)}
		for _, f := range fields {
			row.Cells = append(row.Cells, v.cell(b, f, one.Values[f.Name]))
		}
		p.Rows = append(p.Rows, row)
	}
	for _, name := range compare.ProposedBooks() {
		if other, ok := v.site.book(name); ok && name != b.Name && v.mayWrite(other) {
			p.Others = append(p.Others, proposedBook{"/libros/" + name + "/propuestas", other.Title.In(v.Lang)})
		}
	}
	return v.render(view{name: "propuestas", title: v.T("proposals.title", "book", p.Book), menu: "/libros", data: p})
}

// proposedFields are those of a book that any of the proposals fills, as many as a table
// takes.
func proposedFields(b *registers.Book, all []compare.Proposal) []registers.Field {
	var out []registers.Field
	for _, f := range b.Fields {
		if len(out) < mostColumns && slices.ContainsFunc(all, func(p compare.Proposal) bool { return p.Values[f.Name] != "" }) {
			out = append(out, f)
		}
	}
	return out
}

// places says on which machines something was seen.
func (v *visit) places(machines []string) string {
	const most = 3
	if len(machines) <= most {
		return strings.Join(machines, ", ")
	}
	return v.T("proposals.places", "some", strings.Join(machines[:most-1], ", "), "more", len(machines)-most+1)
}

func (s *site) confirmProposals(v *visit) error {
	b, err := v.proposable()
	if err != nil {
		return err
	}
	if !v.form() {
		v.status = http.StatusUnprocessableEntity
		return v.renderProposals(v.T("form.problem.form"), nil)
	}
	why, ok := v.reason()
	keys := v.r.PostForm["fila"]
	switch v.r.PostForm.Get("hacer") {
	case "todas":
		keys = nil
	case "marcadas":
		if len(keys) == 0 {
			v.status = http.StatusUnprocessableEntity
			return v.renderProposals(v.T("proposals.problem.none"), nil)
		}
	default:
		v.status = http.StatusUnprocessableEntity
		return v.renderProposals(v.T("proposals.problem.which"), keys)
	}
	if !ok {
		v.status = http.StatusUnprocessableEntity
		return v.renderProposals(v.T("form.problem.form"), keys)
	}
	if why == "" {
		why = v.T("proposals.why")
	}
	n := 0
	err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
		n, err = s.Compare.Confirm(ctx, tx, s.Registers, b, s.Now(), keys, v.act(why))
		return err
	})
	if err != nil {
		return fmt.Errorf("confirm what is proposed: %w", err)
	}
	note := v.T("proposals.done.zero")
	if n > 0 {
		note = v.Count(n, "proposals.done")
	}
	return v.done("/libros/"+b.Name+"/propuestas", note)
}

func proposalWords() [][3]string {
	return [][3]string{
		{"proposals.link", "Proponer por lo medido", "Propose from what was measured"},
		{"proposals.title", "{book}: propuestas", "{book}: proposals"},
		{"proposals.lead", "Esto han medido los equipos y no está en el libro. Con un clic se añade todo; después se completa o corrige fila por fila.", "The machines measured this and the book does not have it. One click adds all of it; rows are completed or corrected afterwards."},
		{"proposals.where", "Visto en", "Seen on"},
		{"proposals.tick", "Añadir", "Add"},
		{"proposals.tick.row", "Añadir {what}", "Add {what}"},
		{"proposals.all.tick", "Marcar todas las de esta página", "Tick all on this page"},
		{"proposals.none.tick", "Quitar las marcas", "Untick them"},
		{"proposals.add.all", "Añadir las {n}", "Add all {n}"},
		{"proposals.add.one", "Añadirla", "Add it"},
		{"proposals.add.ticked", "Añadir solo las marcadas", "Add the ticked ones only"},
		{"proposals.reason", "Motivo", "Reason"},
		{"proposals.why", "propuesto por lo medido", "proposed from what was measured"},
		{"proposals.places", "{some} y {more} más", "{some} and {more} more"},
		{"proposals.empty", "No hay nada que proponer", "There is nothing to propose"},
		{"proposals.empty.do", "Todo lo que han medido los equipos está ya en este libro, o aún no ha llegado su primer informe.", "All that the machines measured is in this book already, or their first report has not come yet."},
		{"proposals.others", "Propuestas para otros libros", "Proposals for other books"},
		{"proposals.done.zero", "No se añadió ninguna: ya estaban en el libro.", "None was added: they were in the book already."},
		{"proposals.done.one", "Se añadió una fila.", "One row was added."},
		{"proposals.done.many", "Se añadieron {n} filas.", "{n} rows were added."},
		{"proposals.problem.none", "No marcó ninguna: marque las que quiera, o añádalas todas.", "None was ticked: tick those you want, or add all."},
		{"proposals.problem.which", "Elija uno de los dos botones.", "Choose one of the two buttons."},
	}
}
