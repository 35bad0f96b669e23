package web

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/findings"
	"vigia/collector/report"
	"vigia/collector/reviews"
	"vigia/collector/storage"
)

func (v *visit) voice() report.Voice { return v.site.voices[v.Lang] }

// familyView is a group of duties in the list of all.
type familyView struct {
	Title    string
	Controls []controlBar
}

type controlsView struct {
	Families []familyView
	// Elsewhere counts the duties that nothing measures.
	Elsewhere int
	Measured  int
	// Packs are those by which machines are measured.
	Packs []packRow
}

// packRow is a pack in force in the list of all.
type packRow struct {
	Title, Name, Date, Signer string
	Version                   int
	Imported                  moment
}

// controls lists the duties by family, in the order of the law book.
func (s *site) controls(v *visit) error {
	now := s.Now()
	var r rows
	err := s.read(v.r.Context(), "the controls", func(ctx context.Context, tx *storage.Tx) (err error) {
		r, err = s.readRows(ctx, tx, now)
		return err
	})
	if err != nil {
		return err
	}
	t := makeTown(v.within(r), s.Laws, now, s.Zone)
	byID := map[string]controlRow{}
	for _, c := range slices.Concat(t.Controls, t.Unmeasured) {
		byID[c.ID] = c
	}
	page := controlsView{Measured: len(t.Controls), Elsewhere: len(t.Unmeasured)}
	for _, p := range r.packs {
		if p.Chosen {
			page.Packs = append(page.Packs, packRow{Title: p.Title.In(v.Lang), Name: p.Name, Date: v.DayOf(p.Date), Version: p.Version,
				Signer: p.Signer, Imported: v.Moment(p.Imported)})
		}
	}
	for _, family := range s.Laws.Families {
		group := familyView{Title: family.Title.In(v.Lang)}
		for _, law := range s.Laws.Controls {
			if c, ok := byID[law.ID]; ok && law.Family == family.ID {
				group.Controls = append(group.Controls, controlBar{controlRow: c, Title: c.Title.In(v.Lang), Bar: makeBar(v.tongue, c.Counts)})
			}
		}
		if len(group.Controls) > 0 {
			page.Families = append(page.Families, group)
		}
	}
	return v.render(view{name: "controles", title: v.T("controls.title"), menu: "/controles", data: page})
}

// controlView is the page of one duty.
type controlView struct {
	controlBar
	Asks   string
	Family string
	Cites  []cite
	Packs  []string // titles
	States []stateRow
}

// cite is a text and the articles of it that ask for a duty.
type cite struct{ Source, Title, Articles, Reading string }

func (s *site) control(v *visit) error {
	law, ok := s.Laws.Control(v.r.PathValue("id"))
	if !ok {
		return errNotFound
	}
	now := s.Now()
	var r rows
	err := s.read(v.r.Context(), "a control", func(ctx context.Context, tx *storage.Tx) (err error) {
		r, err = s.readRows(ctx, tx, now)
		return err
	})
	if err != nil {
		return err
	}
	r = v.within(r)
	t := makeTown(r, policy.LawBook{Controls: []policy.Control{law}}, now, s.Zone)
	row := controlRow{Control: law, Packs: packsOf(r.packs)[law.ID]}
	if len(t.Controls) == 1 {
		row = t.Controls[0]
	}
	page := controlView{controlBar: controlBar{controlRow: row, Title: law.Title.In(v.Lang), Bar: makeBar(v.tongue, row.Counts)},
		Asks: law.Asks.In(v.Lang), Cites: s.cites(law, v.Lang)}
	for _, f := range s.Laws.Families {
		if f.ID == law.Family {
			page.Family = f.Title.In(v.Lang)
		}
	}
	for _, p := range row.Packs {
		page.Packs = append(page.Packs, p.Title.In(v.Lang))
	}
	page.States = v.statesOf(t, r.states, law.ID)
	return v.render(view{name: "control", title: page.Title, menu: "/controles", data: page})
}

// statesOf puts the whole states of a control into words, the worst first.
func (v *visit) statesOf(t town, states []findings.State, control string) []stateRow {
	machines := map[string]machineRow{}
	for _, m := range t.Machines {
		machines[m.ID] = m
	}
	var out []stateRow
	for _, state := range states {
		m, ok := machines[state.Machine]
		if !ok || state.Control != control || state.Key != "" || m.Condition == reviews.Departed {
			continue
		}
		row := v.stateRow(state)
		row.Hostname, row.Where = m.Hostname, m.Department
		out = append(out, row)
	}
	slices.SortStableFunc(out, func(a, b stateRow) int {
		return cmp.Or(rank(a.Status)-rank(b.Status), strings.Compare(strings.ToLower(a.Hostname), strings.ToLower(b.Hostname)), strings.Compare(a.Entry, b.Entry))
	})
	return out
}

// cites groups the articles by text, in the order of the duty's own list.
func (s *site) cites(law policy.Control, lang message.Lang) []cite {
	var out []cite
	for _, c := range law.Cites {
		i := slices.IndexFunc(out, func(o cite) bool { return o.Source == c.Source })
		if i >= 0 {
			out[i].Articles += ", " + c.Article
			continue
		}
		next := cite{Source: c.Source, Articles: c.Article}
		for _, src := range s.Laws.Sources {
			if src.ID == c.Source {
				next.Title, next.Reading = src.Title.In(lang), src.Reading
			}
		}
		out = append(out, next)
	}
	return out
}
