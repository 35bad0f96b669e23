package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks/policy"
	"vigia/collector/access"
	"vigia/collector/calendar"
	"vigia/collector/registers"
	"vigia/collector/registers/attestations"
	"vigia/collector/storage"
)

// calendarRoutes are the duties by their days, and the monthly report on the access log.
func (s *site) calendarRoutes() []route {
	all := everybody()
	return []route{
		{method: "GET", path: "/calendario", roles: all, serve: s.calendar},
		{method: "GET", path: "/calendario/vigia.ics", roles: all, serve: s.calendarFile},
		{method: "GET", path: "/calendario/registro", roles: all, serve: s.logReport},
		{method: "POST", path: "/calendario/registro", roles: []access.Role{access.Officer}, fresh: true, serve: s.signLogReport},
	}
}

// calendarView is the page of the duties.
type calendarView struct {
	Entries []dutyEntry
	Months  []calendarMonth
	Overdue int
	May     bool
	Begun   bool
}

// dutyEntry is a duty with where it is done.
type dutyEntry struct {
	calendar.Entry
	Path, Word string
	Icon       string
}

// calendarMonth is a month of the year that begins now.
type calendarMonth struct {
	Name   string
	Duties []calendarDay
}

type calendarDay struct {
	Day     int
	Title   string
	Overdue bool
}

// entries are the duties of now, and since when is measured.
func (v *visit) entries() (out []calendar.Entry, begun time.Time, err error) {
	s := v.site
	agenda := calendar.Agenda{Laws: s.Laws, Enroll: s.Enroll, Reviews: s.Reviews, Registers: s.Registers, Books: s.Books, Zone: s.Zone}
	err = s.read(v.r.Context(), "the calendar", func(ctx context.Context, tx *storage.Tx) (err error) {
		out, begun, err = agenda.Entries(ctx, tx, v.now)
		return err
	})
	return out, begun, err
}

// where is the page on which a duty is done.
func (v *visit) where(d policy.Duty) (path, word string) {
	switch d.Done {
	case policy.ByReview:
		return "/revisiones", v.T("calendar.go.review")
	case policy.ByReport:
		return "/calendario/registro", v.T("calendar.go.report")
	case policy.ByAttestation:
	}
	if d.Book != "" {
		return "/libros/" + d.Book, v.T("calendar.go.book")
	}
	return "/libros/" + attestations.Name + "/nuevo?" + inputName("control") + "=" + d.ID, v.T("calendar.go.attest")
}

func (s *site) calendar(v *visit) error {
	entries, begun, err := v.entries()
	if err != nil {
		return err
	}
	page := calendarView{Begun: !begun.IsZero(), May: v.user.Role == access.Officer}
	first := time.Date(v.now.In(v.zone).Year(), v.now.In(v.zone).Month(), 1, 0, 0, 0, 0, v.zone)
	for i := range 12 {
		at := first.AddDate(0, i, 0)
		page.Months = append(page.Months, calendarMonth{Name: v.monthName(at)})
	}
	for _, e := range entries {
		row := dutyEntry{Entry: e, Icon: map[calendar.State]string{calendar.Overdue: "fail", calendar.Near: "warn", calendar.Later: "pass"}[e.State]}
		row.Path, row.Word = v.where(e.Duty)
		if e.State == calendar.Overdue {
			page.Overdue++
		}
		page.Entries = append(page.Entries, row)
		for i, day := range e.Through(first.AddDate(1, 0, -1)) {
			at := (day.Year()-first.Year())*12 + int(day.Month()) - int(first.Month())
			if at < 0 {
				if i > 0 {
					continue
				}
				at = 0 // it waits since before
			}
			if at < len(page.Months) {
				page.Months[at].Duties = append(page.Months[at].Duties, calendarDay{Day: day.Day(), Title: e.Title.In(v.Lang), Overdue: e.State == calendar.Overdue && i == 0})
			}
		}
	}
	for i := range page.Months {
		slices.SortStableFunc(page.Months[i].Duties, func(a, b calendarDay) int { return a.Day - b.Day })
	}
	return v.render(view{name: "calendario", title: v.T("calendar.title"), menu: "/calendario", data: page})
}

// monthName writes a month with its year.
func (t tongue) monthName(at time.Time) string {
	names := [...]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"}
	if t.Lang != "es" {
		return at.Format("January 2006")
	}
	return names[at.Month()-1] + " " + strconv.Itoa(at.Year())
}

// calendarFile is the calendar of the next year for another program.
func (s *site) calendarFile(v *visit) error {
	entries, _, err := v.entries()
	if err != nil {
		return err
	}
	v.attachment("vigia.ics", "text/calendar; charset=utf-8")
	return calendar.ICS(v.w, entries, v.Lang, "https://"+v.r.Host+"/", v.now, v.now.AddDate(1, 0, 0))
}

// logReportView is the monthly report on the access log.
type logReportView struct {
	Rows    []logRow
	Last    time.Time
	Due     time.Time
	Overdue bool
	May     bool
	Problem string
	Words   string
	Text    string
}

// logRow is a control of log-ons and of their record.
type logRow struct {
	policy.Control
	Bar    bar
	Counts tally
	Asked  bool
}

// logFamilies are those whose controls the report is about.
func logFamilies() []string { return []string{"failed_logons", "activity_log"} }

func (s *site) logReport(v *visit) error { return v.renderLogReport("", "") }

func (v *visit) renderLogReport(problem, words string) error {
	s := v.site
	page := logReportView{May: v.user.Role == access.Officer, Problem: problem, Words: words}
	counts := map[string]tally{}
	err := s.read(v.r.Context(), "the report on the access log", func(ctx context.Context, tx *storage.Tx) error {
		found, err := s.Findings.Trend(ctx, tx, v.now, v.now)
		for _, c := range found {
			if counts[c.Control] == nil {
				counts[c.Control] = tally{}
			}
			counts[c.Control][c.Status] += c.Machines
		}
		return err
	})
	if err != nil {
		return err
	}
	extra := []string{"AC-LEASTPRIV", "AC-UNIQUE-ID", "SYS-CLOCK"}
	for _, c := range s.Laws.Controls {
		if slices.Contains(logFamilies(), c.Family) || slices.Contains(extra, c.ID) {
			n := counts[c.ID]
			page.Rows = append(page.Rows, logRow{Control: c, Bar: makeBar(v.tongue, n), Counts: n, Asked: len(n) > 0})
		}
	}
	var text []string
	for _, r := range page.Rows {
		if r.Asked {
			text = append(text, r.ID+": "+r.Bar.Says)
		}
	}
	page.Text = strings.Join(text, "; ")
	entries, _, err := v.entries()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Done == policy.ByReport {
			page.Last, page.Due, page.Overdue = e.Last, e.Due, e.State == calendar.Overdue
		}
	}
	if problem != "" {
		v.status = http.StatusUnprocessableEntity
	}
	return v.render(view{name: "registro", title: v.T("logreport.title"), menu: "/calendario", data: page})
}

// signLogReport signs the report as an attestation of its control.
func (s *site) signLogReport(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return errUnreadable
	}
	form := v.r.PostForm
	words, name, measured := strings.TrimSpace(form.Get("palabras")), strings.TrimSpace(form.Get("nombre")), strings.TrimSpace(form.Get("medido"))
	if words == "" || name == "" || len(words) > 4000 || len(name) > 200 || len(measured) > 4000 {
		return v.renderLogReport(v.T("logreport.problem"), words)
	}
	i := slices.IndexFunc(s.Laws.Duties, func(d policy.Duty) bool { return d.Done == policy.ByReport })
	b, ok := s.book(attestations.Name)
	if !ok || i < 0 {
		return errNotFound
	}
	result := attestations.Meets
	if form.Get("resultado") == string(attestations.Partly) {
		result = attestations.Partly
	}
	values := registers.Values{"control": s.Laws.Duties[i].Controls[0], "what": v.T("logreport.what") + "\n" + measured, "by": name,
		"day": v.now.In(v.zone).Format(time.DateOnly), "result": string(result), "note": words}
	err := s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
		_, err := s.Registers.Add(ctx, tx, b, values, registers.Act{By: v.user.Name, Via: registers.Portal})
		return err
	})
	if err != nil {
		return err
	}
	return v.done("/calendario", v.T("logreport.done"))
}
