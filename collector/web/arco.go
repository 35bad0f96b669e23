package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/checks/policy"
	"vigia/collector/access"
	"vigia/collector/registers"
	"vigia/collector/registers/requests"
	"vigia/collector/registers/systems"
	"vigia/collector/storage"
	"vigia/collector/worktime"
)

// The requests of persons about their own data: what each waits for, until when, and a
// form for the next step alone. All else of a request is changed in its book.

func (s *site) arcoRoutes() []route {
	return []route{
		{method: "GET", path: "/solicitudes", roles: arcoReaders(), serve: s.requests},
		{method: "GET", path: "/solicitudes/{folio}", roles: arcoReaders(), serve: s.request},
		{method: "POST", path: "/solicitudes/{folio}", roles: arcoWriters(), serve: s.stepRequest},
		{method: "GET", path: "/solicitudes/{folio}/acuse", roles: arcoWriters(), serve: s.requestReceipt},
		{method: "GET", path: "/solicitudes/{folio}/respuesta", roles: arcoWriters(), serve: s.requestAnswer},
	}
}

// arcoWriters serve requests, arcoReaders look at them too: as the book says.
func arcoWriters() []access.Role { return rolesOf(requests.Book().Writers) }

func arcoReaders() []access.Role {
	b := requests.Book()
	return rolesOf(append(slices.Clone(b.Writers), b.Readers...))
}

func rolesOf(codes []string) []access.Role {
	var out []access.Role
	for _, code := range codes {
		out = append(out, access.Role(code))
	}
	return out
}

// soon is when a step counts as one that waits: it ends within so many days.
const soon = 3 * 24 * time.Hour

// requestSummary is a request in the list.
type requestSummary struct {
	requests.Request
	Text, Path string // its folio as people cite it
	Asks       string // the rights, in words
	State      requests.State
	Word       string // what comes next
	Due        time.Time
	Late, Soon bool
	Left       string // how long it has, in words
}

// arcoView is the page of all requests.
type arcoView struct {
	May          bool
	Open, Closed []requestSummary
	Overdue      int
	MoreClosed   int
	Terms        bool // a pack in force has terms for requests
}

// arco is what the pages of requests are made from.
type arco struct {
	packs []policy.Pack
	cal   worktime.Calendar
	rows  []registers.Row
}

// readArco reads the book, all of it or one row.
func (v *visit) readArco(folio int64) (out arco, err error) {
	s := v.site
	err = s.read(v.r.Context(), "the requests", func(ctx context.Context, tx *storage.Tx) (err error) {
		if s.Registers == nil {
			return nil
		}
		if out.packs, err = s.Chosen(ctx, tx); err != nil {
			return err
		}
		if out.cal, err = s.Worktime(ctx, tx); err != nil {
			return err
		}
		if folio > 0 {
			var row registers.Row
			row, err = s.Registers.Row(ctx, tx, requests.Book(), folio)
			out.rows = []registers.Row{row}
			return err
		}
		out.rows, err = s.Registers.Rows(ctx, tx, requests.Book())
		return err
	})
	return out, err
}

// summary says how a request stands.
func (v *visit) summary(a arco, row registers.Row) (requestSummary, []requests.Term, error) {
	r, err := requests.Of(row)
	if err != nil {
		return requestSummary{}, nil, err
	}
	terms, err := requests.Clock(r, a.packs, a.cal, v.now)
	if err != nil {
		return requestSummary{}, nil, err
	}
	out := requestSummary{Request: r, Text: r.FolioText(), Path: "/solicitudes/" + r.FolioText(), Asks: v.rights(r.Kinds), State: requests.Worst(terms)}
	if next, open := requests.Next(terms); open {
		out.Word, out.Due = arcoStep("next", strings.TrimPrefix(next.ID, "request.")).In(v.Lang), next.Due
		out.Late = next.State == requests.Overdue
		out.Soon = !out.Late && !next.Due.IsZero() && next.Due.Sub(v.now) < soon
		out.Left = v.left(a.cal, next.Due)
	}
	return out, terms, nil
}

// left says how long there is until a day, or how long it is over.
func (v *visit) left(cal worktime.Calendar, due time.Time) string {
	switch {
	case due.IsZero():
		return ""
	case v.now.After(due):
		return v.T("arco.over", "ago", v.ago(v.now.Sub(due)))
	case worktime.On(due.In(v.zone)) == worktime.On(v.now.In(v.zone)):
		return v.T("arco.today")
	default:
		return v.Count(cal.DaysBetween(v.now, due), "arco.left")
	}
}

// rights names what is asked for.
func (v *visit) rights(codes []string) string {
	var out []string
	for _, o := range requests.Kinds() {
		if slices.Contains(codes, o.Code) {
			out = append(out, o.Label.In(v.Lang))
		}
	}
	return strings.Join(out, ", ")
}

// maxClosed bounds the closed requests that the page lists; the book has them all.
const maxClosed = 50

func (s *site) requests(v *visit) error {
	a, err := v.readArco(0)
	if err != nil {
		return err
	}
	page := arcoView{May: slices.Contains(arcoWriters(), v.user.Role), Terms: len(policy.TermsOf(a.packs, policy.RequestAnswer)) > 0}
	for _, row := range slices.Backward(a.rows) {
		sum, terms, err := v.summary(a, row)
		switch {
		case err != nil:
			return err
		case !requests.Closed(terms):
			page.Open = append(page.Open, sum)
			if sum.Late {
				page.Overdue++
			}
		case len(page.Closed) < maxClosed:
			page.Closed = append(page.Closed, sum)
		default:
			page.MoreClosed++
		}
	}
	slices.SortStableFunc(page.Open, func(a, b requestSummary) int {
		if a.Due.IsZero() != b.Due.IsZero() {
			return cmp.Compare(boolInt(a.Due.IsZero()), boolInt(b.Due.IsZero()))
		}
		return a.Due.Compare(b.Due)
	})
	return v.render(view{name: "solicitudes", title: v.T("arco.title"), menu: "/solicitudes", data: page})
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// waitingRequests counts those with a step that is overdue or ends soon.
func (v *visit) waitingRequests() int {
	a, err := v.readArco(0)
	if err != nil {
		v.site.Logger.Error("requests could not be counted", "err", err)
		return 0
	}
	n := 0
	for _, row := range a.rows {
		if sum, _, err := v.summary(a, row); err == nil && (sum.Late || sum.Soon) {
			n++
		}
	}
	return n
}

// requestView is the page of one request.
type requestView struct {
	requestSummary
	May     bool
	Version int64
	Steps   []stepRow
	Facts   []cell
	Systems []systemRow
	// Forms are the steps that can be taken now, the next one first.
	Forms    []stepForm
	Problem  string
	Portable bool // it asks for portability, so that a structured file is due
	Book     string
}

// stepRow is one step on the line of time.
type stepRow struct {
	Title string
	State requests.State
	Word  string
	Due   string // day
	Done  string // day
	Left  string
	Law   string // articles
	Now   bool   // it is the next one
	Who   string // the person, where it is not the office
}

// systemRow is a system of treatment which may hold the person.
type systemRow struct {
	Folio, Name, Department, Persons string
	Chosen, Own                      bool
}

func (s *site) request(v *visit) error { return v.renderRequest("", nil) }

// arcoFolio is the folio of the address.
func (v *visit) arcoFolio() (int64, error) {
	folio, ok := requests.Book().ParseFolio(v.r.PathValue("folio"))
	if !ok {
		return 0, errNotFound
	}
	return folio, nil
}

// oneRequest is the request of the address.
func (v *visit) oneRequest() (arco, registers.Row, error) {
	folio, err := v.arcoFolio()
	if err != nil {
		return arco{}, registers.Row{}, err
	}
	a, err := v.readArco(folio)
	if errors.Is(err, registers.ErrNoRow) || err == nil && len(a.rows) == 0 {
		return arco{}, registers.Row{}, errNotFound
	}
	if err != nil {
		return arco{}, registers.Row{}, err
	}
	return a, a.rows[0], nil
}

// renderRequest shows a request; typed is what somebody typed that was not right.
func (v *visit) renderRequest(problem string, typed registers.Values) error {
	a, row, err := v.oneRequest()
	if err != nil {
		return err
	}
	sum, terms, err := v.summary(a, row)
	if err != nil {
		return err
	}
	b := requests.Book()
	page := requestView{requestSummary: sum, May: slices.Contains(arcoWriters(), v.user.Role), Version: row.Version, Problem: problem,
		Portable: slices.Contains(sum.Kinds, "portability"), Book: fmt.Sprintf("/libros/%s/%d", b.Name, row.Folio)}
	next, _ := requests.Next(terms)
	for _, t := range terms {
		page.Steps = append(page.Steps, v.stepRow(a.cal, t, t.ID == next.ID))
	}
	for _, name := range []string{"reference", "received", "channel", "holder", "identity", "department", "referred", "extension_why", "outcome", "outcome_why", "portability", "note"} {
		if f, ok := b.Field(name); ok && row.Values[name] != "" {
			page.Facts = append(page.Facts, v.cell(b, f, row.Values[name]))
		}
	}
	if page.Systems, err = v.mayHold(sum.Request); err != nil {
		return err
	}
	if page.May {
		page.Forms = v.stepForms(b, row.Values, typed, terms, strings.TrimPrefix(next.ID, "request."))
	}
	return v.render(view{name: "solicitud", title: sum.Text, menu: "/solicitudes", data: page})
}

func (v *visit) stepRow(cal worktime.Calendar, t requests.Term, next bool) stepRow {
	out := stepRow{Title: t.Law.Title.In(v.Lang), State: t.State, Word: arcoStep("state", string(t.State)).In(v.Lang), Now: next && t.Open()}
	if out.Title == "" {
		out.Title = arcoStep("step", strings.TrimPrefix(t.ID, "request.")).In(v.Lang)
	}
	if !t.Due.IsZero() {
		out.Due = v.Day(t.Due)
	}
	if t.Done != "" {
		out.Done = v.DayOf(t.Done)
	}
	if t.Open() {
		out.Left = v.left(cal, t.Due)
	}
	var cites []string
	for _, c := range t.Law.Cites {
		cites = append(cites, c.Source+" "+c.Article)
	}
	out.Law = strings.Join(cites, " · ")
	if !t.Ours {
		out.Who = v.T("arco.person")
	}
	return out
}

// mayHold are the systems of treatment which may hold the person: those that keep data,
// first those of the department that the request names, then by name. Which of them do is
// for a person to say.
func (v *visit) mayHold(r requests.Request) ([]systemRow, error) {
	s := v.site
	var rows []registers.Row
	err := s.read(v.r.Context(), "the systems", func(ctx context.Context, tx *storage.Tx) (err error) {
		rows, err = s.Registers.Rows(ctx, tx, systems.Book())
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []systemRow
	for _, row := range rows {
		folio := systems.Book().FolioText(row.Folio)
		out = append(out, systemRow{Folio: folio, Name: row.Values["name"], Department: row.Values["department"], Persons: row.Values["persons"],
			Chosen: slices.Contains(r.Systems, folio), Own: r.Department != "" && registers.Fold(r.Department) == registers.Fold(row.Values["department"])})
	}
	slices.SortStableFunc(out, func(a, b systemRow) int {
		return cmp.Or(cmp.Compare(boolInt(b.Chosen), boolInt(a.Chosen)), cmp.Compare(boolInt(b.Own), boolInt(a.Own)), strings.Compare(registers.Fold(a.Name), registers.Fold(b.Name)))
	})
	return out, nil
}
