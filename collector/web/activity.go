package web

import (
	"encoding/csv"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"vigia/collector/access"
	"vigia/collector/activity"
)

// activityRoles see what everybody does, the administrator too; nobody changes it.
func activityRoles() []access.Role {
	return []access.Role{access.Officer, access.Head, access.Administrator, access.Auditor, access.Control}
}

func (s *site) activityRoutes() []route {
	return []route{
		{method: "GET", path: "/actividad", roles: activityRoles(), serve: s.activityPage},
		{method: "GET", path: "/actividad/descargar", roles: activityRoles(), serve: s.activityFile},
	}
}

// activityView is the page of the activity log.
type activityView struct {
	State   activity.State
	Entries []activityRow
	Whos    []string
	Acts    []roleChoice
	// The filter as it was typed.
	Who, Record, Act, From, To string
	Older, File                string // addresses
	Filtered                   bool
	Scope                      access.Scope
}

// activityRow is an entry in words.
type activityRow struct {
	activity.Entry
	Said string
	Why  string // somebody was refused elsewhere, in words
	Path string // of the record, when it is a page
	Bad  bool   // it was not granted
}

// entriesOnPage bounds a page, entriesInFile a file.
const (
	entriesOnPage = 100
	entriesInFile = 200_000
)

// actWord says what was done.
func (t tongue) actWord(act activity.Act) string {
	switch act {
	case activity.LogIn:
		return t.T("act.log_in")
	case activity.LogOut:
		return t.T("act.log_out")
	case activity.Refused:
		return t.T("act.refused")
	case activity.Change:
		return t.T("act.change")
	case activity.Command:
		return t.T("act.command")
	case activity.Look:
	}
	return t.T("act.look")
}

// activityFilter reads the filter of the address. An auditor's scope bounds it.
func (v *visit) activityFilter() (activity.Filter, activityView) {
	q := v.r.URL.Query()
	get := func(name string) string {
		text := strings.TrimSpace(q.Get(name))
		return strings.ToValidUTF8(strings.ReplaceAll(text[:min(len(text), 200)], "\x00", ""), "")
	}
	page := activityView{Who: get("quien"), Record: get("registro"), Act: get("hecho"), From: get("desde"), To: get("hasta")}
	if v.user.Role == access.Auditor {
		page.Scope = v.user.Scope
	}
	f := activity.Filter{Who: page.Who, Record: page.Record, Act: activity.Act(page.Act)}
	day := func(text string) (time.Time, bool) {
		at, err := time.ParseInLocation(time.DateOnly, text, v.site.Zone)
		return at, err == nil
	}
	for _, from := range []string{page.From, page.Scope.From} {
		if at, ok := day(from); ok && at.After(f.From) {
			f.From = at
		}
	}
	for _, to := range []string{page.To, page.Scope.Until} {
		if at, ok := day(to); ok {
			if end := at.AddDate(0, 0, 1); f.To.IsZero() || end.Before(f.To) {
				f.To = end
			}
		}
	}
	page.Filtered = page.Who+page.Record+page.Act+page.From+page.To != ""
	return f, page
}

func (s *site) activityPage(v *visit) error {
	if s.Activity == nil {
		return errNotFound
	}
	ctx := v.r.Context()
	f, page := v.activityFilter()
	f.Before, _ = strconv.ParseInt(v.r.URL.Query().Get("antes"), 10, 64) // 0, from the newest, when it is none
	f.Limit = entriesOnPage + 1
	err := s.Activity.Entries(ctx, f, func(e activity.Entry) error {
		page.Entries = append(page.Entries, v.activityRow(e))
		return nil
	})
	if err != nil {
		return err
	}
	q := v.r.URL.Query()
	q.Del("antes")
	q.Del("lang")
	page.File = "/actividad/descargar?" + q.Encode()
	if len(page.Entries) > entriesOnPage {
		page.Entries = page.Entries[:entriesOnPage]
		q.Set("antes", strconv.FormatInt(page.Entries[entriesOnPage-1].ID, 10))
		page.Older = "/actividad?" + q.Encode()
	}
	if page.Whos, err = s.Activity.Whos(ctx); err != nil {
		return err
	}
	if page.State, err = s.Activity.State(ctx); err != nil {
		return err
	}
	for _, act := range activity.Acts() {
		page.Acts = append(page.Acts, roleChoice{string(act), v.actWord(act)})
	}
	return v.render(view{name: "actividad", title: v.T("activity.title"), menu: "/actividad", data: page})
}

func (v *visit) activityRow(e activity.Entry) activityRow {
	row := activityRow{Entry: e, Said: v.actWord(e.Act), Why: v.refusedWhy(e), Bad: e.Act != activity.Command && e.Result >= 400 || e.Act == activity.Command && e.Result != 0}
	if u, err := url.Parse(e.Record); err == nil && strings.HasPrefix(e.Record, "/") && strings.HasPrefix(e.Route, "GET ") {
		row.Path = (&url.URL{Path: u.Path}).String()
	}
	return row
}

// activityFile is the log as a table, the newest first.
func (s *site) activityFile(v *visit) error {
	if s.Activity == nil {
		return errNotFound
	}
	f, _ := v.activityFilter()
	f.Limit = entriesInFile
	h := v.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="actividad.csv"`)
	if _, err := io.WriteString(v.w, "\ufeff"); err != nil {
		return nil //nolint:nilerr // the client left
	}
	out := csv.NewWriter(v.w)
	out.Comma, out.UseCRLF = ';', true
	_ = out.Write([]string{"n", v.T("activity.when"), v.T("activity.who"), v.T("accounts.role"), v.T("own.from"), v.T("activity.did"), v.T("activity.record"), v.T("activity.route"), v.T("activity.result")}) // Error tells below
	err := s.Activity.Entries(v.r.Context(), f, func(e activity.Entry) error {
		cells := []string{strconv.FormatInt(e.ID, 10), e.At.In(s.Zone).Format(time.RFC3339), e.Who, e.Role, e.Source, strings.TrimSuffix(v.actWord(e.Act)+": "+v.refusedWhy(e), ": "), e.Record, e.Route, strconv.Itoa(e.Result)}
		for i, cell := range cells {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				cells[i] = "'" + cell // a spreadsheet must not take it for a formula
			}
		}
		return out.Write(cells)
	})
	out.Flush()
	if err != nil || out.Error() != nil {
		s.Logger.Warn("the activity log was not written whole", "err", err, "out", out.Error())
		// The answer has begun: only a cut connection tells that it is not whole.
		return http.ErrAbortHandler
	}
	return nil
}

func activityWords() [][3]string {
	return [][3]string{
		{"activity.menu", "Actividad", "Activity"},
		{"activity.title", "Registro de actividad", "Activity log"},
		{"activity.lead", "Cada consulta y cada cambio, con su autor, fecha, hora y registro. Nadie puede cambiarlo; cada día que termina queda sellado en el registro de evidencias.", "Each consultation and each change, with its author, date, time and record. Nobody can change it; each day that ends is sealed in the evidence log."},
		{"activity.sealed", "{n} días sellados; el último, {day}.", "{n} days sealed; the last one, {day}."},
		{"activity.open", "{n} anotaciones se sellarán al acabar su día.", "{n} entries will be sealed when their day ends."},
		{"activity.scope", "Ve lo que abarca su requerimiento:", "You see what your requirement covers:"},
		{"activity.filter", "Buscar en el registro", "Search the log"},
		{"activity.when", "Cuándo", "When"},
		{"activity.who", "Quién", "Who"},
		{"activity.nobody", "nadie conocido", "nobody known"},
		{"activity.did", "Qué hizo", "What they did"},
		{"activity.record", "Sobre qué", "On what"},
		{"activity.record.hint", "Una dirección, como /equipos/ o /cuentas/ana. Con barra final, todo lo que cuelga de ella.", "An address, such as /equipos/ or /cuentas/ana. With a slash at its end, all below it."},
		{"activity.route", "Ruta", "Route"},
		{"activity.result", "Resultado", "Result"},
		{"activity.from", "Desde el día", "From the day"},
		{"activity.to", "Hasta el día", "To the day"},
		{"activity.any", "cualquiera", "any"},
		{"activity.search", "Buscar", "Search"},
		{"activity.clear", "Quitar el filtro", "Remove the filter"},
		{"activity.file", "Descargar en CSV", "Download as CSV"},
		{"activity.older", "Anteriores", "Older"},
		{"activity.none", "No hay nada anotado con ese filtro.", "Nothing is noted with that filter."},
		{"activity.none.do", "Quite el filtro, o amplíe las fechas.", "Remove the filter, or widen the dates."},
		{"activity.refused", "no concedido", "not granted"},
		{"act.log_in", "entró", "logged in"},
		{"act.log_out", "salió", "logged out"},
		{"act.refused", "no demostró quién es", "did not prove who they are"},
		{"act.look", "consultó", "looked"},
		{"act.change", "cambió", "changed"},
		{"act.command", "orden en el servidor", "command on the server"},
	}
}
