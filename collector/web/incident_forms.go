package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vigia/collector/access"
	"vigia/collector/documents"
	"vigia/collector/incidents"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// The forms of the incident book: each writes an entry.

// incidentFormView is the page on which an entry is written.
type incidentFormView struct {
	formView
	Note   *noteRow
	Folios string // of the incident, empty for a new one
	Crumb  string
	Code   string // of the note that it comes from
	Advice string // what speaks for a high risk
}

func (s *site) newIncident(v *visit) error {
	d := draft{raw: map[string]string{}}
	code := v.r.URL.Query().Get("aviso")
	var note *incidents.Note
	if code != "" {
		err := s.read(v.r.Context(), "a note", func(ctx context.Context, tx *storage.Tx) error {
			n, err := s.Incidents.Note(ctx, tx, code)
			note = &n
			return err
		})
		if errors.Is(err, incidents.ErrNoNote) {
			return errNotFound
		}
		if err != nil {
			return err
		}
		first := note.Parts[0]
		at := first.At.UTC().Truncate(time.Second).Format(time.RFC3339)
		var told []string
		for _, p := range note.Parts {
			told = append(told, p.Values["what"])
			if p.Values["when"] != "" {
				told = append(told, v.T("report.when")+": "+p.Values["when"])
			}
		}
		d.raw = map[string]string{"description": strings.Join(told, "\n"), "detected": at, "known": at, "notifier": first.Values["name"]}
		if d.raw["notifier"] == "" {
			d.raw["notifier"] = v.T("note.anonymous")
		}
		if m := strings.ToLower(strings.TrimSpace(first.Values["machine"])); m != "" {
			d.raw["machines"] = m
		}
		d.raw["notified"] = v.user.Name
	}
	return v.renderIncidentForm(incidents.Open, nil, d, note)
}

// renderIncidentForm shows the form of an entry, empty or as it was typed.
func (v *visit) renderIncidentForm(kind incidents.Kind, in *incidents.Incident, d draft, note *incidents.Note) error {
	b := incidents.Form(kind)
	page := incidentFormView{Crumb: b.Title.In(v.Lang)}
	page.General, page.Why, page.MB, page.Path = d.general, d.why, documents.MaxSize>>20, "/incidencias"
	page.Post = "/incidencias/nueva"
	title := v.T("incident.new")
	if in != nil {
		page.Folios, page.Path = incidents.FolioText(in.Folio), incidentPath(in.Folio)
		page.Post = v.r.URL.Path
		title = b.Title.In(v.Lang)
		if kind == incidents.Assessment {
			page.Advice = v.adviceOf(*in)
		}
	}
	if note != nil {
		row := v.noteRow(*note)
		page.Note, page.Code = &row, note.Code
	}
	for i, f := range b.Fields {
		if hiddenField(kind, f.Name) {
			continue
		}
		input, err := v.input(b, f, d.raw[f.Name], "c"+strconv.Itoa(i))
		if err != nil {
			return err
		}
		var says []string
		for _, p := range d.problems {
			if p.Field == f.Name {
				says = append(says, v.problem(b, p))
			}
		}
		if len(says) > 0 {
			input.Say = strings.Join(says, "; ")
			page.Problems = append(page.Problems, problemRow{input.focus(), input.Legend, input.Say})
		}
		input.describe()
		page.Files = page.Files || f.Kind == registers.Paper
		page.Inputs = append(page.Inputs, input)
	}
	if len(d.problems) > 0 || d.general != "" {
		v.status = http.StatusUnprocessableEntity
	}
	return v.render(view{name: "incidencia_anotar", title: title, menu: "/incidencias", data: page})
}

// hiddenField tells whether nobody fills a field in by hand.
func hiddenField(kind incidents.Kind, name string) bool {
	return kind == incidents.Assessment && name == "exempt_leaf" || kind == incidents.Action && name == "plan" ||
		(kind == incidents.Open || kind == incidents.Update) && name == "findings"
}

// adviceOf says what speaks for a high risk in what was assessed so far.
func (v *visit) adviceOf(in incidents.Incident) string {
	form := incidents.Form(incidents.Assessment)
	var names []string
	for _, name := range incidents.Grave(in.Assessed) {
		if f, ok := form.Field(name); ok {
			names = append(names, f.Label.In(v.Lang))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return v.T("incident.grave", "what", strings.Join(names, ", "))
}

func (s *site) openIncident(v *visit) error {
	d, err := v.draft(incidents.Form(incidents.Open), nil)
	if err != nil {
		return err
	}
	code := v.r.PostForm.Get("aviso")
	var in incidents.Incident
	if d.sound() {
		err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
			if in, err = s.Incidents.Open(ctx, tx, d.values, v.act(d.why)); err != nil || code == "" {
				return err
			}
			return s.Incidents.Decide(ctx, tx, code, in.Folio, v.act(""))
		})
	}
	switch {
	case errors.Is(err, incidents.ErrDecided), errors.Is(err, incidents.ErrNoNote):
		d.general = v.T("note.problem.decided")
	case d.refused(err):
	case err != nil:
		return err
	}
	if !d.sound() {
		return v.renderIncidentForm(incidents.Open, nil, d, nil)
	}
	v.about(incidents.FolioText(in.Folio))
	return v.done(incidentPath(in.Folio), v.T("incident.opened", "folio", incidents.FolioText(in.Folio)))
}

// step is the entry of the address, which the visitor may write.
func (v *visit) step() (incidents.Kind, error) {
	kind, ok := incidentSteps()[v.r.PathValue("step")]
	switch {
	case !ok:
		return "", errNotFound
	case officerStep(kind) && v.user.Role != access.Officer:
		return "", errForbidden
	}
	return kind, nil
}

func (s *site) incidentStep(v *visit) error {
	kind, err := v.step()
	if err != nil {
		return err
	}
	in, err := v.incident()
	if err != nil {
		return err
	}
	d := draft{raw: map[string]string{}}
	switch kind {
	case incidents.Update:
		d.raw = in.Facts
	case incidents.Assessment:
		d.raw = in.Assessed
	case incidents.Notice:
		d.raw = map[string]string{"to": v.r.URL.Query().Get("a")}
	case incidents.Open, incidents.Action, incidents.Recovery, incidents.Close, incidents.Reopen:
	}
	return v.renderIncidentForm(kind, &in, d, nil)
}

func (s *site) writeIncident(v *visit) error {
	kind, err := v.step()
	if err != nil {
		return err
	}
	in, err := v.incident()
	if err != nil {
		return err
	}
	d, err := v.draft(incidents.Form(kind), nil)
	if err != nil {
		return err
	}
	if d.sound() {
		values := d.values
		if kind == incidents.Update { // only what is new
			values = registers.Values{}
			for name, value := range d.values {
				if in.Facts[name] != value {
					values[name] = value
				}
			}
			if len(values) == 0 {
				v.redirect(incidentPath(in.Folio))
				return nil
			}
		}
		err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
			_, err := s.Incidents.Write(ctx, tx, in.Folio, kind, values, 0, v.act(d.why))
			return err
		})
	}
	switch {
	case errors.Is(err, incidents.ErrClosed), errors.Is(err, incidents.ErrOpen):
		d.general = v.T("incident.problem.closed")
	case d.refused(err):
	case err != nil:
		return err
	}
	if !d.sound() {
		return v.renderIncidentForm(kind, &in, d, nil)
	}
	return v.done(incidentPath(in.Folio), v.T("incident.written"))
}
