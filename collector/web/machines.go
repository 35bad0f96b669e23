package web

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/collector/enroll"
	"vigia/collector/findings"
	"vigia/collector/reviews"
	"vigia/collector/storage"
)

func (s *site) machines(v *visit) error {
	now := s.Now()
	var r rows
	err := s.read(v.r.Context(), "the machines", func(ctx context.Context, tx *storage.Tx) (err error) {
		r, err = s.readRows(ctx, tx, now)
		return err
	})
	if err != nil {
		return err
	}
	page := makeTown(v.within(r), s.Laws, now, s.Zone)
	return v.render(view{name: "equipos", title: v.T("machines.title"), menu: "/equipos", data: page})
}

// machineView is the page of one machine.
type machineView struct {
	machineRow
	Bar     bar
	States  []stateRow
	Trouble []findingRow // about the agent itself
	Open    []findingRow
	// Data is where personal data lies; nil when nothing searches for it.
	Data *dataView
	// Before are the machines that it replaced, After the one that replaced it.
	Before []enroll.Machine
	After  *enroll.Machine
	// Resolved are what was put right within the quarter.
	Resolved []findingRow
	// Pending are the causes of the queue that it has a part in.
	Pending []causeRow
}

// stateRow is the state of one control on one machine, in words.
type stateRow struct {
	findings.State
	ID, Title string // of the control
	Pack      string // when two packs ask differently
	Hostname  string // on the page of a control
	Where     string // department
	Say, Do   string
}

// findingRow is a finding in words.
type findingRow struct {
	findings.Finding
	Title, Say, Do string
}

// Place is the key as people read it. Of the files of a folder, "/a/* content.image",
// the reason is dropped: it is said beside.
func (f findingRow) Place() string {
	folder, code, ok := strings.Cut(f.Key, "* ")
	if !ok || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz_.") != "" {
		return f.Key
	}
	return folder + "*"
}

// maxFindings bounds the findings that one page lists.
const maxFindings = 200

func (s *site) machine(v *visit) error {
	now, id := s.Now(), v.r.PathValue("id")
	if !enroll.ValidAgentID(id) {
		return errNotFound
	}
	var m enroll.Machine
	var states []findings.State
	var found []findings.Finding
	var searched *findings.State
	var seen *dataFacts
	var before []enroll.Machine
	var after *enroll.Machine
	err := s.read(v.r.Context(), "a machine", func(ctx context.Context, tx *storage.Tx) (err error) {
		if m, err = s.Enroll.Machine(ctx, tx, id); err != nil {
			return err
		}
		if states, err = s.Findings.MachineStatesAt(ctx, tx, id, now); err != nil {
			return err
		}
		if searched, seen, err = s.readPersonalData(ctx, tx, states); err != nil {
			return err
		}
		if before, after, err = s.readLinks(ctx, tx, m); err != nil {
			return err
		}
		found, err = s.Findings.MachineFindingsAt(ctx, tx, id, now)
		return err
	})
	if errors.Is(err, enroll.ErrNoMachine) {
		return errNotFound
	}
	if err != nil {
		return err
	}
	if !v.sees(m.Department) {
		return errNotFound // as if there were none: what is elsewhere is not told
	}
	before = slices.DeleteFunc(before, func(m enroll.Machine) bool { return !v.sees(m.Department) })
	if after != nil && !v.sees(after.Department) {
		after = nil
	}
	page := machineView{machineRow: makeMachine(m, states, now)}
	page.Before, page.After = before, after
	page.Bar = makeBar(v.tongue, page.Counts)
	for _, state := range states {
		if state.Key == "" && state.Control != findings.ControlAgent {
			page.States = append(page.States, v.stateRow(state))
		}
	}
	slices.SortStableFunc(page.States, func(a, b stateRow) int { return rank(a.Status) - rank(b.Status) })
	page.Data = v.dataView(searched, seen, states)
	v.sortFindings(&page, found, now)
	if page.Pending, err = v.pendingOf(id); err != nil {
		return err
	}
	return v.render(view{name: "equipo", title: m.Hostname, menu: "/equipos", data: page})
}

// readLinks reads which machines one replaced, and which one replaced it.
func (s *site) readLinks(ctx context.Context, tx *storage.Tx, m enroll.Machine) (before []enroll.Machine, after *enroll.Machine, err error) {
	if before, err = s.Enroll.Replaced(ctx, tx, m.ID); err != nil || m.ReplacedBy == "" {
		return before, nil, err
	}
	newer, err := s.Enroll.Machine(ctx, tx, m.ReplacedBy)
	return before, &newer, err
}

// sortFindings puts findings where the page shows them, the worst first.
func (v *visit) sortFindings(page *machineView, found []findings.Finding, now time.Time) {
	begin := reviews.PeriodOf(now, v.site.Zone).Begin()
	slices.SortStableFunc(found, func(a, b findings.Finding) int {
		return cmp.Or(rank(a.Status)-rank(b.Status), a.FirstSeen.Compare(b.FirstSeen))
	})
	for _, f := range found {
		row := findingRow{Finding: f, Title: v.entryTitle(f.Entry, f.Control), Say: v.voice().Say(f.Reason), Do: v.voice().Do(f.Reason)}
		switch {
		case f.Phase == findings.Resolved:
			if !f.ResolvedAt.Before(begin) && f.Control != findings.ControlAgent {
				page.Resolved = append(page.Resolved, row)
			}
		case f.Control == findings.ControlAgent:
			page.Trouble = append(page.Trouble, row)
		case f.Key != "": // the whole stands in the table of controls
			page.Open = append(page.Open, row)
		}
	}
	page.Open = page.Open[:min(len(page.Open), maxFindings)]
	page.Resolved = page.Resolved[:min(len(page.Resolved), maxFindings)]
}

// stateRow puts a state into words.
func (v *visit) stateRow(state findings.State) stateRow {
	row := stateRow{State: state, ID: state.Control, Title: v.entryTitle(state.Entry, state.Control)}
	if _, pack, ok := strings.Cut(state.Entry, "@"); ok {
		row.Pack = pack
	}
	row.Say = v.voice().Say(state.Reason)
	if state.Status != checks.Pass && state.Status != checks.NotApplicable {
		row.Do = v.voice().Do(state.Reason)
	}
	return row
}

// entryTitle names what an entry of a policy is about.
func (v *visit) entryTitle(entry, control string) string {
	if law, ok := v.site.Laws.Control(control); ok {
		return law.Title.In(v.Lang)
	}
	if own, ok := findings.Messages()[entry]; ok {
		return own.Say.In(v.Lang)
	}
	return entry
}
