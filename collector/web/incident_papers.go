package web

import (
	"context"
	"slices"
	"strings"
	"time"

	"vigia/collector/incidents"
	"vigia/collector/paper"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// The documents that come of the incident book.

// drafts are the notices that an incident may need, by the countries of the packs in force.
func (v *visit) drafts(in incidents.Incident) []link {
	var countries []string
	err := v.site.read(v.r.Context(), "packs in force", func(ctx context.Context, tx *storage.Tx) error {
		countries = nil
		packs, err := v.site.Packs(ctx, tx)
		for _, p := range packs {
			if country, _, _ := strings.Cut(p.Name, "-"); p.Chosen && !slices.Contains(countries, country) {
				countries = append(countries, country)
			}
		}
		return err
	})
	if err != nil {
		v.site.Logger.Warn("portal cannot read the packs", "err", err)
		return nil
	}
	slices.Sort(countries)
	var out []link
	for _, d := range incidents.DraftsFor(countries...) {
		out = append(out, link{Path: incidentPath(in.Folio) + "/borrador/" + string(d), Name: incidents.Drafts()[d].In(v.Lang)})
	}
	return out
}

// incidentDraft is a notice, as a document to complete or to print.
func (s *site) incidentDraft(v *visit) error {
	in, err := v.incident()
	if err != nil {
		return err
	}
	name, ext, _ := strings.Cut(v.r.PathValue("name"), ".")
	text, err := in.Text(incidents.Draft(name), s.Organisation, s.Zone)
	if err != nil {
		return errNotFound
	}
	return v.sendPaper(text, incidents.FolioText(in.Folio)+"-"+name, ext, v.T("paper.draft"))
}

func (s *site) blankSheet(v *visit) error {
	return v.sendPaper(incidents.Sheet(s.Organisation), "hoja-de-incidencia", "pdf", "")
}

// sendPaper answers with a text as a document: docx or pdf.
func (v *visit) sendPaper(text, name, ext, mark string) error {
	var data []byte
	var err error
	kind := "application/pdf"
	switch ext {
	case "docx":
		kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
		data, err = paper.DOCX(text, v.site.Organisation)
	case "pdf":
		data, err = paper.PDF(text, v.site.Organisation, paper.Options{At: v.site.Now().UTC().Truncate(time.Second), Mark: mark})
	default:
		return errNotFound
	}
	if err != nil {
		return err
	}
	return v.download(name+"."+ext, kind, data)
}

// breachRow is a line of the breach log.
type breachRow struct {
	Folio, Path, Date, What, Kind, Cause string
	Immediate, Definitive                []string
}

func (s *site) breachLog(v *visit) error {
	var all []incidents.Incident
	err := s.read(v.r.Context(), "the breach log", func(ctx context.Context, tx *storage.Tx) (err error) {
		all, err = s.Incidents.Incidents(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	var page []breachRow
	for _, in := range all {
		if in.Breach() == incidents.Yes {
			page = append(page, v.breachRow(in))
		}
	}
	return v.render(view{name: "bitacora", title: v.T("breaches.title"), menu: "/incidencias", data: page})
}

func (v *visit) breachRow(in incidents.Incident) breachRow {
	show := func(kind incidents.Kind, values registers.Values, name string) string {
		f, _ := incidents.Form(kind).Field(name)
		return f.Show(values[name], v.Lang, v.site.Zone)
	}
	row := breachRow{Folio: incidents.FolioText(in.Folio), Path: incidentPath(in.Folio), What: in.Title(), Kind: show(incidents.Assessment, in.Assessed, "kind"),
		Date: show(incidents.Open, in.Facts, "happened")}
	if row.Date == "" {
		row.Date = show(incidents.Open, in.Facts, "detected")
	}
	for _, e := range in.Entries {
		if e.Kind == incidents.Close {
			row.Cause = e.Values["cause"]
		}
	}
	for _, a := range in.Actions {
		if a.Values["kind"] == "immediate" {
			row.Immediate = append(row.Immediate, a.Values["text"])
		} else {
			row.Definitive = append(row.Definitive, a.Values["text"])
		}
	}
	return row
}
