package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"vigia/collector/incidents"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// Anybody may report an incident, without an account: an employee who sees something must
// not be kept from saying so by a password. What is told waits for the officer and is shown
// to nobody else; nothing that was typed is shown back but to whoever typed it wrongly.

// reportView is that page.
type reportView struct {
	Inputs   []input
	Problems []problemRow
	General  string
	Code     string
	Full     bool // no more are taken now
}

// trap is a field that people do not see and programs fill in.
const trap = "web"

func (s *site) reportForm(v *visit) error {
	return v.renderReport(reportView{}, map[string]string{"machine": v.r.URL.Query().Get("equipo")}, nil)
}

func (v *visit) renderReport(page reportView, raw map[string]string, problems []registers.Problem) error {
	b := incidents.NoteForm()
	for i, f := range b.Fields {
		in, err := v.input(b, f, shortField(raw[f.Name]), "n"+strconv.Itoa(i))
		if err != nil {
			return err
		}
		for _, p := range problems {
			if p.Field == f.Name {
				in.Say = v.problem(b, p)
				page.Problems = append(page.Problems, problemRow{in.focus(), in.Legend, in.Say})
			}
		}
		in.describe()
		page.Inputs = append(page.Inputs, in)
	}
	return v.render(view{name: "avisar", title: v.T("report.title"), data: page})
}

// shortField bounds what is shown of a field again.
func shortField(text string) string {
	text = strings.ToValidUTF8(text, "")
	if runes := []rune(text); len(runes) > 10_000 {
		return string(runes[:10_000])
	}
	return text
}

func (s *site) reportIncident(v *visit) error {
	if s.Incidents == nil {
		return errNotFound
	}
	if !v.form() {
		v.status = http.StatusRequestEntityTooLarge
		return v.renderReport(reportView{General: v.T("report.problem.large")}, nil, nil)
	}
	form := v.r.PostForm
	raw, values := map[string]string{}, registers.Values{}
	var problems []registers.Problem
	for _, f := range incidents.NoteForm().Fields {
		raw[f.Name] = form.Get(inputName(f.Name))
		value, problem := f.Parse(raw[f.Name], s.Zone)
		switch {
		case problem != nil:
			problems = append(problems, *problem)
		case value != "":
			values[f.Name] = value
		}
	}
	code := strings.TrimSpace(form.Get("codigo"))
	if form.Get(trap) != "" { // a program: it is thanked, and nothing is kept
		v.redirect("/avisar/gracias")
		return nil
	}
	var err error
	if len(problems) == 0 {
		err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
			code, err = s.Incidents.Tell(ctx, tx, code, values, source(v.r.RemoteAddr))
			return err
		})
	}
	var invalid *registers.InvalidError
	page := reportView{Code: shortField(code)}
	switch {
	case errors.As(err, &invalid):
		problems = invalid.Problems
	case errors.Is(err, incidents.ErrTooMany):
		v.status, page.Full = http.StatusTooManyRequests, true
		return v.renderReport(page, raw, nil)
	case errors.Is(err, incidents.ErrNoNote):
		v.status, page.General = http.StatusUnprocessableEntity, v.T("report.problem.code")
		return v.renderReport(page, raw, nil)
	case err != nil:
		return err
	}
	if len(problems) > 0 {
		v.status = http.StatusUnprocessableEntity
		return v.renderReport(page, raw, problems)
	}
	v.redirect("/avisar/gracias?" + url.Values{"codigo": {code}}.Encode())
	return nil
}

// noteCode is the form of the code of a note: nothing else is shown.
var noteCode = regexp.MustCompile(`^[A-Z0-9]{4}-[A-Z0-9]{4}$`)

func (s *site) reported(v *visit) error {
	code := v.r.URL.Query().Get("codigo")
	if !noteCode.MatchString(code) {
		code = ""
	}
	return v.render(view{name: "avisado", title: v.T("report.thanks"), data: reportView{Code: code}})
}
