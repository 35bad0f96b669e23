package web

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/decisions"
	"vigia/collector/registers"
	"vigia/collector/registers/attestations"
	"vigia/collector/registers/plan"
	"vigia/collector/storage"
)

// The work plan, and the analysis of what is missing that it answers.

func (s *site) planRoutes() []route {
	look, change := everybody(), []access.Role{access.Officer, access.Administrator}
	return []route{
		{method: "GET", path: "/plan", roles: look, serve: s.plan},
		{method: "POST", path: "/plan/{folio}", roles: change, serve: s.movePlan},
		{method: "GET", path: "/plan/exportar", roles: look, serve: s.exportPlan},
		{method: "GET", path: "/plan/brechas", roles: look, serve: s.gaps},
		{method: "GET", path: "/plan/brechas/exportar", roles: look, serve: s.exportGaps},
		{method: "GET", path: "/plan/documento-de-seguridad", roles: look, serve: s.securityDocument},
	}
}

// planView is the page of the plan.
type planView struct {
	May     bool
	By      string // how it is grouped
	Closed  bool   // what is done and dropped is shown too
	Groups  []planGroup
	Bar     bar
	Open    int
	Overdue int
	Done    int
	Percent int // done, of what was not dropped; -1: nothing
	More    int
}

// planGroup is a part of the plan.
type planGroup struct {
	Title string
	Late  bool
	Rows  []planRow
}

// planRow is an action.
type planRow struct {
	plan.Row
	Folio   string
	Path    string
	Version int64
	Word    string // of its state
	Late    bool
	// Left of Found findings are still there, for those that come from measurements.
	Left, Found int
	Cause       string // the page of the cause that it mends
}

// Measured tells that the findings that it was made for are counted.
func (r planRow) Measured() bool { return r.Found > 0 }

// Percent is how much of what was found is mended.
func (r planRow) Percent() int { return (r.Found - r.Left) * 100 / max(r.Found, 1) }

// maxPlan bounds the actions that the page lists.
const maxPlan = 200

// planRows reads the plan, with how far each action has come.
func (v *visit) planRows() ([]planRow, error) {
	s := v.site
	var rows []registers.Row
	progress := map[string]decisions.Progress{}
	err := s.read(v.r.Context(), "the work plan", func(ctx context.Context, tx *storage.Tx) (err error) {
		if s.Registers == nil {
			return nil
		}
		if rows, err = s.Registers.Rows(ctx, tx, plan.Book()); err != nil || s.Decisions == nil {
			return err
		}
		groups, _, err := s.Decisions.Glance(ctx, tx)
		if err != nil {
			return err
		}
		taken, err := s.Decisions.Taken(ctx, tx)
		progress = decisions.Covered(groups, taken)
		return err
	})
	if err != nil {
		return nil, err
	}
	book, today := plan.Book(), v.now.In(v.zone)
	var out []planRow
	for _, r := range rows {
		p, err := plan.Of(r)
		if err != nil {
			return nil, err
		}
		if !v.mayNames(book) {
			p.Owner = ""
		}
		row := planRow{Row: p, Folio: book.FolioText(p.Folio), Path: fmt.Sprintf("/libros/plan/%d", p.Folio), Version: p.Version,
			Word: v.planWord(p.State), Late: p.Overdue(today)}
		if done, ok := progress[row.Folio]; ok {
			row.Left, row.Found = done.Left, done.Found
			row.Cause = causeRow{Group: decisions.Group{Key: done.Keys[0]}}.Path()
			if done.Left == 0 || len(done.Keys) > 1 { // it is not there, or they are many
				row.Cause = ""
			}
		}
		out = append(out, row)
	}
	slices.SortStableFunc(out, func(a, b planRow) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Row.Folio, b.Row.Folio)) })
	return out, nil
}

func (s *site) plan(v *visit) error {
	rows, err := v.planRows()
	if err != nil {
		return err
	}
	q := v.r.URL.Query()
	page := planView{May: v.mayPlan(), By: q.Get("por"), Closed: q.Get("ver") == "todas", Percent: -1}
	counts, listed := tally{}, 0
	for _, row := range rows {
		switch {
		case row.State == plan.Done:
			counts[checks.Pass]++
			page.Done++
		case row.State == plan.Dropped:
		case row.Late:
			counts[checks.Fail]++
			page.Overdue++
		case row.State == plan.Doing:
			counts[checks.Warn]++
		default:
			counts[checks.Unknown]++
		}
		if row.State.Open() {
			page.Open++
		} else if !page.Closed {
			continue
		}
		if listed++; listed > maxPlan {
			page.More++
			continue
		}
		page.add(v, row)
	}
	slices.SortStableFunc(page.Groups, func(a, b planGroup) int {
		if a.Late != b.Late {
			if a.Late {
				return -1
			}
			return 1
		}
		if page.By == "" {
			return 0
		}
		return strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title))
	})
	if n := counts.Asked(); n > 0 {
		page.Percent = counts[checks.Pass] * 100 / n
	}
	page.Bar = v.planBar(counts)
	return v.render(view{name: "plan", title: v.T("plan.title"), menu: "/plan", data: page})
}

// mayPlan tells whether whoever looks may change the plan.
func (v *visit) mayPlan() bool {
	return v.user.Role == access.Officer || v.user.Role == access.Administrator
}

// add puts a row into its group: what is overdue into the first, whatever the order.
func (p *planView) add(v *visit, row planRow) {
	title := ""
	switch {
	case row.Late:
		title = v.T("plan.late")
	case !row.State.Open():
		title = v.T("plan.closed")
	case p.By == "responsable":
		title = row.Owner
	case p.By == "area":
		title = cmp.Or(row.Department, v.T("cause.area.all"))
	case row.Due.Before(v.now.AddDate(0, 0, 7)):
		title = v.T("plan.week")
	case row.Due.Before(v.now.AddDate(0, 0, 31)):
		title = v.T("plan.month")
	default:
		title = v.T("plan.later")
	}
	i := slices.IndexFunc(p.Groups, func(g planGroup) bool { return g.Title == title && g.Late == row.Late })
	if i < 0 {
		i = len(p.Groups)
		p.Groups = append(p.Groups, planGroup{Title: title, Late: row.Late})
	}
	p.Groups[i].Rows = append(p.Groups[i].Rows, row)
}

// planBar is a bar of how far the plan is, in its own words.
func (v *visit) planBar(counts tally) bar {
	b := makeBar(v.tongue, counts)
	if len(b.Segments) == 0 {
		return b
	}
	b.Says = ""
	for i := range b.Segments {
		seg := &b.Segments[i]
		switch seg.Status {
		case checks.Pass:
			seg.Word = v.T("plan.done")
		case checks.Warn:
			seg.Word = v.T("plan.doing")
		case checks.Fail:
			seg.Word = v.T("plan.late")
		case checks.Unknown, checks.NotApplicable:
			seg.Word = v.T("plan.planned")
		}
		if i > 0 {
			b.Says += ", "
		}
		b.Says += strconv.Itoa(seg.N) + " " + seg.Word
	}
	return b
}

func (v *visit) planWord(s plan.State) string {
	switch s {
	case plan.Doing:
		return v.T("plan.doing")
	case plan.Done:
		return v.T("plan.done")
	case plan.Dropped:
		return v.T("plan.dropped")
	case plan.Planned:
	}
	return v.T("plan.planned")
}

// movePlan puts an action into another state.
func (s *site) movePlan(v *visit) error {
	folio, err := strconv.ParseInt(v.r.PathValue("folio"), 10, 64)
	if err != nil || folio < 1 {
		return errNotFound
	}
	if !v.form() {
		return v.renderError(http.StatusUnprocessableEntity, v.T("queue.problem.form"))
	}
	to := plan.State(v.r.PostForm.Get("estado"))
	version, err := strconv.ParseInt(v.r.PostForm.Get("version"), 10, 64)
	if err != nil || !slices.Contains(plan.States(), to) {
		return v.renderError(http.StatusUnprocessableEntity, v.T("queue.problem.form"))
	}
	err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
		row, err := s.Registers.Row(ctx, tx, plan.Book(), folio)
		if err != nil {
			return err
		}
		p, err := plan.Of(row)
		if err != nil {
			return err
		}
		_, err = s.Registers.Change(ctx, tx, plan.Book(), folio, version, p.Move(to, v.now.In(v.zone)).Values(), registers.Act{By: v.user.Name, Via: registers.Portal})
		return err
	})
	switch {
	case errors.Is(err, registers.ErrNoRow):
		return errNotFound
	case errors.Is(err, registers.ErrConflict):
		return v.done("/plan", v.T("queue.problem.stale"))
	case err != nil:
		return fmt.Errorf("move an action of the plan: %w", err)
	}
	return v.done(cmp.Or(planBack(v.r.PostForm.Get("volver")), "/plan"), v.T("plan.moved", "folio", plan.Book().FolioText(folio), "state", v.planWord(to)))
}

// planBack is the page of the plan to which one goes back.
func planBack(to string) string {
	if to = localPath(to); strings.HasPrefix(to, "/plan") {
		return to
	}
	return ""
}

// renderError shows a problem of a form that has no page of its own.
func (v *visit) renderError(status int, what string) error {
	v.status = status
	return v.render(view{name: "error", title: what, data: errorView{Code: strconv.Itoa(status), What: what, Do: v.T("error.internal.do")}})
}

// Kinds of files that are sent.
const (
	typeXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	typeDOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	typeCSV  = "text/csv; charset=utf-8"
)

// exportRows sends rows of a book as the address asks for.
func (v *visit) exportRows(b *registers.Book, name string, rows []registers.Row) error {
	format, kind := registers.XLSX, typeXLSX
	if v.r.URL.Query().Get("formato") == "csv" {
		format, kind = registers.CSV, typeCSV
	}
	var out bytes.Buffer
	if err := v.seen(b).Export(&out, format, rows, v.Lang, v.zone); err != nil {
		return fmt.Errorf("export %s: %w", name, err)
	}
	return v.download(name+"-"+v.now.In(v.zone).Format(time.DateOnly)+"."+string(format), kind, out.Bytes())
}

func (s *site) exportPlan(v *visit) error {
	var rows []registers.Row
	err := s.read(v.r.Context(), "the work plan", func(ctx context.Context, tx *storage.Tx) (err error) {
		rows, err = s.Registers.Rows(ctx, tx, plan.Book())
		return err
	})
	if err != nil {
		return err
	}
	return v.exportRows(plan.Book(), v.T("plan.file"), rows)
}

// gapsView is the page of the gap analysis.
type gapsView struct {
	Rows       []gapRow
	Failing    int
	Unmeasured int
	Undecided  int
}

// gapRow is a duty that is not met, in words.
type gapRow struct {
	decisions.Gap
	Name  string
	Cites string
	Says  []string
	Kinds string
	Path  string // where it is decided
}

// gapRows reads the gap analysis.
func (v *visit) gapRows() ([]gapRow, error) {
	s := v.site
	groups, _, err := v.glance()
	if err != nil {
		return nil, err
	}
	var packs []Pack
	var declared []registers.Row
	err = s.read(v.r.Context(), "the packs", func(ctx context.Context, tx *storage.Tx) (err error) {
		if packs, err = s.Packs(ctx, tx); err == nil && s.Registers != nil {
			declared, err = s.Registers.Rows(ctx, tx, attestations.Book())
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	measured := map[string]bool{}
	for id := range packsOf(packs) {
		measured[id] = true
	}
	for _, law := range s.Laws.Controls {
		if attestations.Status(declared, law.ID, 0, v.now.In(v.zone)).Status == checks.Pass {
			measured[law.ID] = true
		}
	}
	var out []gapRow
	for _, gap := range decisions.Gaps(groups, s.Laws, measured, measured) {
		row := gapRow{Gap: gap, Name: gap.Title.In(v.Lang), Path: "/pendientes?estado=todos&control=" + gap.ID}
		for _, g := range gap.Groups {
			row.Says = append(row.Says, v.causeRow(g).Say)
		}
		var kinds, cites []string
		for _, k := range gap.Kinds {
			kinds = append(kinds, v.kindWord(k))
		}
		for _, c := range s.cites(gap.Control, v.Lang) {
			cites = append(cites, c.Source+" "+c.Articles)
		}
		row.Kinds, row.Cites = strings.Join(kinds, ", "), strings.Join(cites, "; ")
		out = append(out, row)
	}
	return out, nil
}

func (s *site) gaps(v *visit) error {
	rows, err := v.gapRows()
	if err != nil {
		return err
	}
	page := gapsView{Rows: rows}
	for _, row := range rows {
		if row.Unmeasured {
			page.Unmeasured++
		} else {
			page.Failing++
		}
		page.Undecided += row.Undecided
	}
	return v.render(view{name: "brechas", title: v.T("gaps.title"), menu: "/plan", data: page})
}

// gapBook is the gap analysis as a table that exports make files of.
func (v *visit) gapBook() *registers.Book {
	field := func(name, label string) registers.Field {
		return registers.Field{Name: name, Kind: registers.Prose, Label: message.Text{ES: label, EN: label}}
	}
	return &registers.Book{Name: "gaps", Prefix: "BRE", Title: message.Text{ES: v.T("gaps.title"), EN: v.T("gaps.title")}, Fields: []registers.Field{
		field("control", v.T("queue.control")), field("name", v.T("gaps.duty")), field("severity", v.T("col.severity")), field("cites", v.T("gaps.articles")),
		field("state", v.T("col.state")), field("missing", v.T("gaps.missing")), field("machines", v.T("overview.coverage")),
		field("undecided", v.T("queue.state.waiting")), field("decision", v.T("queue.decision")), field("plan", v.T("plan.menu")),
	}}
}

func (s *site) exportGaps(v *visit) error {
	gaps, err := v.gapRows()
	if err != nil {
		return err
	}
	var rows []registers.Row
	for i, g := range gaps {
		values := registers.Values{"control": g.ID, "name": g.Name, "severity": v.Label(g.Severity), "cites": g.Cites, "missing": strings.Join(g.Says, "\n"),
			"machines": strconv.Itoa(g.Machines), "undecided": strconv.Itoa(g.Undecided), "decision": g.Kinds, "plan": strings.Join(g.Plans, ", "),
			"state": v.Label(g.Worst())}
		if g.Unmeasured {
			values["missing"] = v.T("gaps.unmeasured")
		}
		rows = append(rows, registers.Row{Folio: int64(i + 1), Version: 1, Values: values})
	}
	return v.exportRows(v.gapBook(), v.T("gaps.file"), rows)
}
