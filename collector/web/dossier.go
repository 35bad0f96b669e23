package web

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/enroll"
	"vigia/collector/paper"
	"vigia/collector/registers"
	"vigia/collector/report"
	"vigia/collector/storage"
)

// Dossier is the security document of a portal's options, for the command line: as the
// security officer would get it.
func Dossier(ctx context.Context, opts Options) ([]byte, error) {
	s := newSite(opts)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/plan/documento-de-seguridad", nil)
	if err != nil {
		return nil, err
	}
	v := &visit{site: s, r: r, tongue: tongue{Lang: message.Spanish, words: s.words, zone: s.Zone, now: s.Now()}, user: &access.User{Role: access.Officer}}
	return v.dossier()
}

func (s *site) securityDocument(v *visit) error {
	data, err := v.dossier()
	if err != nil {
		return err
	}
	return v.download("documento-de-seguridad-"+v.now.In(v.zone).Format(time.DateOnly)+".docx", typeDOCX, data)
}

// dossier writes the document, always in Spanish: it goes to the authority.
func (v *visit) dossier() ([]byte, error) {
	s := v.site
	v.Lang = message.Spanish
	d := report.Dossier{Organisation: s.Organisation, At: v.now.In(v.zone), Books: map[string]report.DossierBook{}}
	gaps, err := v.gapRows()
	if err != nil {
		return nil, err
	}
	families := map[string]string{}
	for _, f := range s.Laws.Families {
		families[f.ID] = f.Title.ES
	}
	for _, g := range gaps {
		line := report.DossierGap{ID: g.ID, Name: g.Name, Family: families[g.Family], Cites: g.Cites, Severity: v.Label(g.Severity), Missing: g.Says,
			Decision: g.Kinds, Plan: strings.Join(g.Plans, ", ")}
		switch {
		case g.Unmeasured:
			line.Missing, line.Where = []string{v.T("gaps.unmeasured")}, "—"
		case g.Machines > 0:
			line.Where = v.Count(g.Machines, "queue.machines")
		default:
			line.Where = fmt.Sprint(g.Others)
		}
		d.Gaps = append(d.Gaps, line)
	}
	err = s.read(v.r.Context(), "the books", func(ctx context.Context, tx *storage.Tx) error {
		packs, err := s.Packs(ctx, tx)
		if err != nil {
			return err
		}
		for _, p := range packs {
			d.Packs = append(d.Packs, p.Title.ES)
		}
		machines, err := s.Enroll.Machines(ctx, tx)
		if err != nil {
			return err
		}
		d.Machines = reporting(machines, v.now)
		for _, b := range s.Books {
			var rows []registers.Row
			if rows, err = s.Registers.Rows(ctx, tx, b); err != nil {
				return err
			}
			d.Books[b.Name] = report.DossierBook{Book: b, Rows: v.unnamed(b, rows)}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	data, err := paper.DOCX(report.SecurityDocument(d), s.Organisation)
	if err != nil {
		return nil, fmt.Errorf("write the security document: %w", err)
	}
	return data, nil
}

// unnamed are the rows of a book that the visitor reads, without the names that he does not
// see.
func (v *visit) unnamed(b *registers.Book, rows []registers.Row) []registers.Row {
	if !v.mayRead(b) {
		return nil
	}
	for i, r := range rows {
		rows[i].Values = maps.Clone(r.Values)
		for _, f := range b.Fields {
			if !v.shows(b, f) {
				delete(rows[i].Values, f.Name)
			}
		}
	}
	return rows
}

// reporting counts the machines that have not left.
func reporting(machines []enroll.Machine, at time.Time) int {
	n := 0
	for _, m := range machines {
		if m.ActiveAt(at) {
			n++
		}
	}
	return n
}
