package web

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/collector/access"
	"vigia/collector/documents"
	"vigia/collector/incidents"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// The incident book. Whoever sees the organisation reads it; the officer writes, and who
// runs the systems adds what was done. Anybody may report, without an account: see
// report_incident.go.

func (s *site) incidentRoutes() []route {
	look, write := everybody(), incidentWriters()
	return []route{
		{method: "GET", path: "/incidencias", roles: look, serve: s.incidentBook},
		{method: "GET", path: "/incidencias/nueva", roles: write, serve: s.newIncident},
		{method: "POST", path: "/incidencias/nueva", roles: write, body: documents.MaxSize + maxBody, serve: s.openIncident},
		{method: "GET", path: "/incidencias/bitacora", roles: look, serve: s.breachLog},
		{method: "GET", path: "/incidencias/hoja-en-blanco", roles: anybody(), serve: s.blankSheet},
		{method: "POST", path: "/incidencias/avisos/{code}", roles: []access.Role{access.Officer}, serve: s.decideNote},
		{method: "GET", path: "/incidencias/{folio}", roles: look, serve: s.incidentPage},
		{method: "GET", path: "/incidencias/{folio}/borrador/{name}", roles: write, serve: s.incidentDraft},
		{method: "GET", path: "/incidencias/{folio}/{step}", roles: write, serve: s.incidentStep},
		{method: "POST", path: "/incidencias/{folio}/{step}", roles: write, body: documents.MaxSize + maxBody, serve: s.writeIncident},
		{method: "GET", path: "/avisar", open: true, serve: s.reportForm},
		{method: "POST", path: "/avisar", open: true, serve: s.reportIncident},
		{method: "GET", path: "/avisar/gracias", open: true, serve: s.reported},
	}
}

// incidentWriters are the roles that write to the book.
func incidentWriters() []access.Role { return []access.Role{access.Officer, access.Administrator} }

// steps are the entries that people write, by their addresses.
func incidentSteps() map[string]incidents.Kind {
	return map[string]incidents.Kind{
		"novedad": incidents.Update, "valorar": incidents.Assessment, "accion": incidents.Action, "notificar": incidents.Notice,
		"recuperacion": incidents.Recovery, "cerrar": incidents.Close, "reabrir": incidents.Reopen,
	}
}

// officerSteps are those that only the officer takes.
func officerStep(kind incidents.Kind) bool {
	return slices.Contains([]incidents.Kind{incidents.Assessment, incidents.Notice, incidents.Close, incidents.Reopen}, kind)
}

// clockView is a term in words.
type clockView struct {
	Title, State, Word, Left string
	Due                      moment
	Share                    int
	Runs                     bool
}

func (v *visit) clockView(c incidents.Clock) clockView {
	out := clockView{Title: c.Term.Title.In(v.Lang), State: string(c.State), Word: v.clockWord(c.State), Due: v.Moment(c.Due), Share: min(c.Share, 100), Runs: c.Runs()}
	left := c.Due.Sub(v.site.Now())
	if c.State == incidents.Running {
		out.Left = v.T("incident.left", "time", v.span(left))
	}
	if c.State == incidents.Overdue {
		out.Left = v.T("incident.over", "time", v.span(-left))
	}
	return out
}

// span writes hours, and days from three on.
func (v *visit) span(d time.Duration) string {
	hours := int(d / time.Hour)
	if hours >= 72 {
		return v.Count(hours/24, "span.days")
	}
	if hours < 1 {
		return v.T("span.minutes", "n", max(1, int(d/time.Minute)))
	}
	return v.Count(hours, "span.hours")
}

// incidentRow is an incident in the list.
type incidentRow struct {
	Folio, Title, Type, Path, Phase string
	Opened, Closed                  moment
	Breach                          string // in words; empty: no
	Clock                           *clockView
	Open                            bool
}

func (v *visit) incidentRow(in incidents.Incident, clocks []incidents.Clock) incidentRow {
	form := incidents.Form(incidents.Open)
	field, _ := form.Field("type")
	row := incidentRow{Folio: incidents.FolioText(in.Folio), Title: in.Title(), Type: field.Show(in.Facts["type"], v.Lang, v.site.Zone), Path: incidentPath(in.Folio),
		Opened: v.Moment(in.Opened), Closed: v.Moment(in.Closed), Open: in.Closed.IsZero(), Phase: v.phaseWord(in)}
	switch in.Breach() {
	case incidents.Yes:
		row.Breach = v.T("incident.breach")
	case "":
		row.Breach = v.T("incident.undecided")
	}
	if len(clocks) > 0 && row.Open {
		c := v.clockView(clocks[0])
		row.Clock = &c
	}
	return row
}

func incidentPath(folio int64) string { return "/incidencias/" + strconv.FormatInt(folio, 10) }

// noteRow is a note that somebody handed in without an account.
type noteRow struct {
	Code  string
	At    moment
	Parts []notePart
}

type notePart struct {
	At                                 moment
	What, When, Machine, Name, Contact string
}

func (v *visit) noteRow(n incidents.Note) noteRow {
	row := noteRow{Code: n.Code, At: v.Moment(n.Parts[0].At)}
	for _, p := range n.Parts {
		row.Parts = append(row.Parts, notePart{v.Moment(p.At), p.Values["what"], p.Values["when"], p.Values["machine"], p.Values["name"], p.Values["contact"]})
	}
	return row
}

// incidentsView is the page of the book.
type incidentsView struct {
	Notes        []noteRow
	Open, Closed []incidentRow
	May, Decides bool
	Problem      string
	Shown        string // which of the closed: a year, or all
	More         int
}

// mostClosed is how many closed incidents a page lists.
const mostClosed = 100

func (s *site) incidentBook(v *visit) error { return v.renderIncidents("") }

func (v *visit) renderIncidents(problem string) error {
	s, now := v.site, v.site.Now()
	page := incidentsView{May: slices.Contains(incidentWriters(), v.user.Role), Decides: v.user.Role == access.Officer, Problem: problem}
	err := s.read(v.r.Context(), "the incident book", func(ctx context.Context, tx *storage.Tx) error {
		page.Notes, page.Open, page.Closed, page.More = nil, nil, nil, 0
		all, err := s.Incidents.Incidents(ctx, tx)
		if err != nil {
			return err
		}
		for _, in := range all {
			if !in.Closed.IsZero() {
				if len(page.Closed) == mostClosed {
					page.More++
					continue
				}
				page.Closed = append(page.Closed, v.incidentRow(in, nil))
				continue
			}
			clocks, err := s.Incidents.ClocksOf(ctx, tx, in, now)
			if err != nil {
				return err
			}
			page.Open = append(page.Open, v.incidentRow(in, clocks))
		}
		if !page.May {
			return nil
		}
		waiting, err := s.Incidents.Waiting(ctx, tx)
		for _, n := range waiting {
			page.Notes = append(page.Notes, v.noteRow(n))
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.render(view{name: "incidencias", title: v.T("incidents.title"), menu: "/incidencias", data: page})
}

// openIncidents counts what waits in the book: notes nobody read, and terms that run.
func (v *visit) openIncidents() int {
	s, n := v.site, 0
	err := s.read(v.r.Context(), "open incidents", func(ctx context.Context, tx *storage.Tx) error {
		n = 0
		all, err := s.Incidents.Incidents(ctx, tx)
		if err != nil {
			return err
		}
		for _, in := range all {
			if in.Closed.IsZero() {
				n++
			}
		}
		if !slices.Contains(incidentWriters(), v.user.Role) {
			return nil
		}
		waiting, err := s.Incidents.Waiting(ctx, tx)
		n += len(waiting)
		return err
	})
	if err != nil {
		s.Logger.Warn("portal cannot count incidents", "err", err)
		return 0
	}
	return n
}

// decideNote takes a note into an incident, or says why it is none.
func (s *site) decideNote(v *visit) error {
	if !v.form() {
		return v.refuseNote(v.T("form.problems"))
	}
	why, ok := v.reason()
	folio := int64(-1)
	if v.r.PostForm.Get("hacer") == "anexar" {
		n, valid := incidents.ParseFolio(v.r.PostForm.Get("folio"))
		if !valid {
			return v.refuseNote(v.T("note.problem.folio"))
		}
		folio = n
	} else if why == "" || !ok {
		return v.refuseNote(v.T("note.problem.why"))
	}
	err := s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
		if folio > 0 {
			if _, err := s.Incidents.Incident(ctx, tx, folio); err != nil {
				return err
			}
		}
		return s.Incidents.Decide(ctx, tx, v.r.PathValue("code"), folio, v.act(why))
	})
	switch {
	case errors.Is(err, incidents.ErrNoNote):
		return errNotFound
	case errors.Is(err, incidents.ErrDecided):
		return v.refuseNote(v.T("note.problem.decided"))
	case errors.Is(err, incidents.ErrNoIncident):
		return v.refuseNote(v.T("note.problem.folio"))
	case err != nil:
		return err
	case folio > 0:
		return v.done(incidentPath(folio), v.T("note.attached"))
	}
	return v.done("/incidencias", v.T("note.dismissed"))
}

func (v *visit) refuseNote(problem string) error {
	v.status = http.StatusUnprocessableEntity
	return v.renderIncidents(problem)
}

// opened is the incident of the address.
func (v *visit) incident() (in incidents.Incident, err error) {
	folio, ok := incidents.ParseFolio(v.r.PathValue("folio"))
	if !ok {
		return in, errNotFound
	}
	err = v.site.read(v.r.Context(), "an incident", func(ctx context.Context, tx *storage.Tx) (err error) {
		in, err = v.site.Incidents.Incident(ctx, tx, folio)
		return err
	})
	if errors.Is(err, incidents.ErrNoIncident) {
		err = errNotFound
	}
	return in, err
}

// incidentView is the page of one incident.
type incidentView struct {
	incidentRow
	Instants                   []cell
	Facts, Assessed, Recovered []cell
	Clocks                     []clockView
	Actions, Notices           []entryView
	Entries                    []entryView
	Controls                   []controlState
	Notes                      []noteRow
	May, Decides               bool
	Next                       nextStep
	Steps                      []nextStep
	Drafts                     []link
}

type nextStep struct{ Path, Name, Why string }

type link struct{ Path, Name string }

// controlState is a control that must be met, as it is now.
type controlState struct {
	ID, Title string
	Badge     badge
}

// entryView is an entry in words.
type entryView struct {
	Number   int64
	Kind     string
	At       moment
	By, Via  string
	Why      string
	Cells    []cell
	Leaf     int64
	Corrects int64
}

func (v *visit) entryView(e incidents.Entry) entryView {
	return entryView{Number: e.Number, Kind: incidents.Form(e.Kind).Title.In(v.Lang), At: v.Moment(e.At), By: e.Act.By, Via: v.viaWord(e.Act.Via), Why: e.Act.Why,
		Cells: v.incidentCells(e.Kind, e.Values), Leaf: e.Leaf, Corrects: e.Corrects}
}

// incidentCells are the values of an entry in words, without those that are not there.
func (v *visit) incidentCells(kind incidents.Kind, values registers.Values) []cell {
	b := incidents.Form(kind)
	var out []cell
	for _, f := range b.Fields {
		if values[f.Name] != "" && v.shows(b, f) {
			out = append(out, v.cell(b, f, values[f.Name]))
		}
	}
	return out
}

func (s *site) incidentPage(v *visit) error {
	in, err := v.incident()
	if err != nil {
		return err
	}
	now := s.Now()
	var clocks []incidents.Clock
	page := incidentView{May: slices.Contains(incidentWriters(), v.user.Role), Decides: v.user.Role == access.Officer}
	err = s.read(v.r.Context(), "an incident", func(ctx context.Context, tx *storage.Tx) (err error) {
		page.Notes = nil
		if clocks, err = s.Incidents.ClocksOf(ctx, tx, in, now); err != nil {
			return err
		}
		notes, err := s.Incidents.NotesOf(ctx, tx, in.Folio)
		for _, n := range notes {
			page.Notes = append(page.Notes, v.noteRow(n))
		}
		return err
	})
	if err != nil {
		return err
	}
	page.incidentRow = v.incidentRow(in, clocks)
	for _, c := range clocks {
		page.Clocks = append(page.Clocks, v.clockView(c))
	}
	facts, instants := maps.Clone(in.Facts), registers.Values{}
	for _, name := range []string{"happened", "detected", "known", "confirmed"} {
		instants[name] = facts[name]
		delete(facts, name)
	}
	delete(facts, "title")
	delete(facts, "type")
	page.Instants, page.Facts = v.incidentCells(incidents.Open, instants), v.incidentCells(incidents.Open, facts)
	page.Assessed, page.Recovered = v.incidentCells(incidents.Assessment, in.Assessed), v.incidentCells(incidents.Recovery, in.Recovered)
	for _, e := range in.Actions {
		page.Actions = append(page.Actions, v.entryView(e))
	}
	for _, e := range in.Notices {
		page.Notices = append(page.Notices, v.entryView(e))
	}
	for _, e := range slices.Backward(in.Entries) {
		page.Entries = append(page.Entries, v.entryView(e))
	}
	if page.Controls, err = v.controlStates(in.Facts.List("controls")); err != nil {
		return err
	}
	if page.May {
		page.Next, page.Steps = v.nextSteps(in, clocks)
		page.Drafts = v.drafts(in)
	}
	return v.render(view{name: "incidencia", title: page.Folio + " " + in.Title(), menu: "/incidencias", data: page})
}

// controlStates are controls as they are now, over all machines.
func (v *visit) controlStates(ids []string) ([]controlState, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	now := v.site.Now()
	var r rows
	if err := v.site.read(v.r.Context(), "controls of an incident", func(ctx context.Context, tx *storage.Tx) (err error) {
		r, err = v.site.readRows(ctx, tx, now)
		return err
	}); err != nil {
		return nil, err
	}
	worst := map[string]checks.Status{}
	for _, c := range makeTown(r, v.site.Laws, now, v.site.Zone).Controls {
		worst[c.ID] = c.Counts.Worst()
	}
	var out []controlState
	for _, id := range ids {
		control, ok := v.site.Laws.Control(id)
		if !ok {
			continue
		}
		status := checks.Unknown
		if s, measured := worst[id]; measured {
			status = s
		}
		out = append(out, controlState{ID: id, Title: control.Title.In(v.Lang), Badge: badge{status, v.Label(status)}})
	}
	return out, nil
}

// nextSteps are what to do now, the first thing apart.
func (v *visit) nextSteps(in incidents.Incident, clocks []incidents.Clock) (nextStep, []nextStep) {
	path := incidentPath(in.Folio)
	step := func(name string) nextStep {
		return nextStep{Path: path + "/" + name, Name: v.stepWord(name)}
	}
	if !in.Closed.IsZero() {
		return nextStep{}, v.allowed([]nextStep{step("reabrir")})
	}
	all := []nextStep{step("novedad"), step("valorar"), step("accion"), step("notificar"), step("recuperacion"), step("cerrar")}
	next := step("accion")
	next.Why = v.T("incident.next.action")
	running := slices.IndexFunc(clocks, incidents.Clock.Runs)
	switch {
	case in.Breach() == "":
		next = step("valorar")
		next.Why = v.T("incident.next.assess")
	case in.Breach() == incidents.Yes && running >= 0:
		next = step("notificar")
		next.Path += "?a=" + url.QueryEscape(string(clocks[running].Whom))
		next.Why = v.T("incident.next.notify", "due", v.Moment(clocks[running].Due).Text)
	case in.Breach() == incidents.Yes && in.Facts["confirmed"] == "":
		next = step("novedad")
		next.Why = v.T("incident.next.confirm")
	case len(in.Actions) > 0:
		next = step("cerrar")
		next.Why = v.T("incident.next.close")
	}
	if v.user.Role != access.Officer {
		next = nextStep{}
	}
	return next, v.allowed(all)
}

// allowed leaves out what the visitor may not do.
func (v *visit) allowed(steps []nextStep) []nextStep {
	return slices.DeleteFunc(steps, func(s nextStep) bool {
		name := s.Path[strings.LastIndexByte(s.Path, '/')+1:]
		return officerStep(incidentSteps()[name]) && v.user.Role != access.Officer
	})
}
