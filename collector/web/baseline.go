package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"vigia/collector/access"
	"vigia/collector/decisions"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// baselineView is the page that takes the first day's findings to the work plan.
type baselineView struct {
	May             bool
	Problem         string
	Lines           []baselineRow
	Causes          int // that the lines put together
	Findings        int
	Owner           string
	Owners          []string
	Until, Soonest  string
	Taken           moment // when a baseline was taken last
	TakenBy         string
	TakenPath       string
	Machines, Plans int
}

// baselineRow is a line in words.
type baselineRow struct {
	decisions.Line
	Name  string
	Says  []string // what is wrong, by cause
	Keys  string
	Day   string
	Owner string
	Keep  bool
}

// installDays is for how long new machines are part of the baseline, unless the officer says
// otherwise.
const installDays = 30

func (s *site) baseline(v *visit) error { return v.renderBaseline("") }

func (v *visit) renderBaseline(problem string) error {
	groups, _, err := v.glance()
	if err != nil {
		return err
	}
	today := v.now.In(v.zone)
	page := baselineView{May: v.user.Role == access.Officer, Problem: problem, Owners: owners(groups),
		Soonest: today.Format(time.DateOnly), Until: today.AddDate(0, 0, installDays).Format(time.DateOnly)}
	var last decisions.Decision
	says := map[string]string{}
	for _, g := range groups {
		says[g.Key] = v.causeRow(g).Say
		for _, d := range g.Past {
			if d.Kind == decisions.Plan && d.ID > last.ID {
				last = d
			}
		}
	}
	if last.ID > 0 {
		page.Taken, page.TakenBy = v.Moment(last.At), last.By
	}
	form := v.r.PostForm
	if form != nil {
		page.Owner, page.Until = form.Get("responsable"), form.Get("hasta")
	}
	for i, line := range decisions.Propose(groups, v.site.Laws, today) {
		row := baselineRow{Line: line, Name: v.lineName(line), Keys: strings.Join(line.Keys, " "), Day: line.Due.Format(time.DateOnly), Keep: true}
		for _, key := range line.Keys {
			row.Says = append(row.Says, says[key])
		}
		if form != nil {
			row.Day, row.Owner, row.Keep = form.Get(fmt.Sprint("fecha-", i)), form.Get(fmt.Sprint("responsable-", i)), form.Get(fmt.Sprint("incluir-", i)) != ""
		}
		page.Causes += len(line.Keys)
		page.Findings += line.Findings
		page.Lines = append(page.Lines, row)
	}
	return v.render(view{name: "linea-base", title: v.T("baseline.title"), menu: "/pendientes", data: page})
}

// lineName words the line of the plan.
func (v *visit) lineName(line decisions.Line) string {
	if line.Control != "" {
		return v.entryTitle(line.Control, line.Control)
	}
	for _, f := range v.site.Laws.Families {
		if f.ID == line.Family {
			return v.T("baseline.rest", "family", f.Title.In(v.Lang))
		}
	}
	return line.Family
}

func (s *site) takeBaseline(v *visit) error {
	refuse := func(problem string) error {
		v.status = http.StatusUnprocessableEntity
		return v.renderBaseline(problem)
	}
	if !v.form() {
		return refuse(v.T("queue.problem.form"))
	}
	form := v.r.PostForm
	groups, _, err := v.glance()
	if err != nil {
		return err
	}
	proposed := decisions.Propose(groups, s.Laws, v.now.In(v.zone))
	var lines []decisions.Line
	for i, line := range proposed {
		n := fmt.Sprint(i)
		if form.Get("incluir-"+n) == "" {
			continue
		}
		if form.Get("claves-"+n) != strings.Join(line.Keys, " ") { // it is not the line that she saw
			return refuse(v.T("queue.problem.stale"))
		}
		line.Action, line.Owner = v.lineName(line), cmp.Or(strings.TrimSpace(form.Get("responsable-"+n)), strings.TrimSpace(form.Get("responsable")))
		if line.Due, err = time.ParseInLocation(time.DateOnly, form.Get("fecha-"+n), v.zone); err != nil {
			return refuse(v.T("queue.problem.day"))
		}
		line.Due = line.Due.Add(12 * time.Hour)
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return refuse(v.T("queue.problem.none"))
	}
	var until time.Time
	if text := form.Get("hasta"); text != "" {
		if until, err = time.ParseInLocation(time.DateOnly, text, v.zone); err != nil {
			return refuse(v.T("queue.problem.day"))
		}
		until = until.Add(12 * time.Hour)
	}
	err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
		_, err := s.Decisions.Baseline(ctx, tx, lines, until, registers.Act{By: v.user.Name, Via: registers.Portal})
		return err
	})
	if problem := v.decisionProblem(err); problem != "" {
		return refuse(problem)
	}
	if err != nil {
		return fmt.Errorf("take the baseline: %w", err)
	}
	return v.done("/plan", v.T("baseline.done", "n", len(lines)))
}
