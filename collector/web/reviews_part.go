package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"vigia/checks"
	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/access"
	"vigia/collector/registers"
	"vigia/collector/reviews"
	"vigia/collector/storage"
)

// The page of one section of an act, on which its lines are decided.

// partView is one section.
type partView struct {
	actHead
	N       int
	Part    reviews.Part
	Steps   []partRow
	Bar     bar
	Duties  []dutyRow
	Lines   []lineRow
	Words   string
	Problem string
	Prev    int
	Next    int
	// Owners are suggested: the roles and accounts that there are.
	Owners []string
	Owner  string // who is proposed
	Soon   string // the day that is proposed
}

// dutyRow is a control of a section with its picture.
type dutyRow struct {
	reviews.Duty
	Bar    bar
	Change int // of those that fail or are unknown, since the quarter before
	Known  bool
}

// lineRow is a line to decide.
type lineRow struct {
	reviews.Line
	Title     string
	Choices   []lineChoice
	Chosen    reviews.Choice
	Decision  reviews.Decision
	By        string
	At        time.Time
	Decided   bool
	Wrong     string
	Unguarded []string // titles of the duties that nothing measures
}

type lineChoice struct {
	Choice  reviews.Choice
	Label   string
	Hint    string
	Checked bool
}

// partOf finds the section of the address.
func (v *visit) partOf(a *reviews.Act) (int, error) {
	n, err := strconv.Atoi(v.r.PathValue("n"))
	if err != nil || n < 1 || n > len(a.Frozen.Sections) {
		return 0, errNotFound
	}
	return n, nil
}

func (s *site) reviewPart(v *visit) error {
	a, err := v.findAct()
	if err != nil {
		return err
	}
	n, err := v.partOf(a)
	if err != nil {
		return err
	}
	return v.renderPart(a, n, nil, nil)
}

// renderPart shows a section, with what was typed where it could not be saved.
func (v *visit) renderPart(a *reviews.Act, n int, typed *reviews.Decided, wrong *reviews.DecisionError) error {
	p := a.Frozen.Sections[n-1]
	page := partView{actHead: v.actHead(a), N: n, Part: p, Steps: v.partRows(a), Bar: makeBar(v.tongue, tally(p.Counts())), Words: a.Words(p.ID)}
	page.Steps[n-1].Here = true
	page.Prev = n - 1
	if n < len(a.Frozen.Sections) {
		page.Next = n + 1
	}
	page.Soon = v.now.In(v.zone).AddDate(0, 2, 0).Format(time.DateOnly)
	for _, h := range a.Frozen.Roles {
		if !h.Ended && !slices.Contains(page.Owners, h.Account) {
			page.Owners = append(page.Owners, h.Account)
		}
		if !h.Ended && h.Role == string(access.Administrator) && page.Owner == "" {
			page.Owner = h.Account // most of what is wrong is theirs to mend
		}
	}
	for _, d := range p.Controls {
		row := dutyRow{Duty: d, Bar: makeBar(v.tongue, tally(d.Counts)), Known: len(d.Before) > 0}
		row.Change = d.Counts[checks.Fail] + d.Counts[checks.Unknown] - d.Before[checks.Fail] - d.Before[checks.Unknown]
		page.Duties = append(page.Duties, row)
	}
	for _, l := range p.Lines {
		row := v.lineRow(a, p, l)
		if typed != nil {
			for _, d := range typed.Lines {
				if d.Line == l.ID {
					row.Decision, row.Chosen = d, d.Choice
				}
			}
		}
		if wrong != nil && wrong.Line == l.ID {
			row.Wrong = v.wrongLine(wrong.Code)
		}
		for i := range row.Choices {
			row.Choices[i].Checked = row.Choices[i].Choice == row.Chosen
		}
		page.Lines = append(page.Lines, row)
	}
	if typed != nil {
		page.Words = typed.Words
	}
	if wrong != nil {
		v.status, page.Problem = http.StatusUnprocessableEntity, cmp.Or(v.wrongLine(wrong.Code), v.T("review.wrong.line"))
	}
	return v.render(view{name: "revision_parte", title: strconv.Itoa(n) + ". " + p.Title.In(v.Lang), menu: "/revisiones", data: page})
}

// wrongLine words what is wrong with a decision.
func (v *visit) wrongLine(code string) string {
	switch code {
	case "choice":
		return v.T("review.wrong.choice")
	case "words":
		return v.T("review.wrong.words")
	case "owner":
		return v.T("review.wrong.owner")
	case "due":
		return v.T("review.wrong.due")
	case "long":
		return v.T("review.wrong.long")
	}
	return v.T("review.wrong.line")
}

func (v *visit) lineRow(a *reviews.Act, p reviews.Part, l reviews.Line) lineRow {
	row := lineRow{Line: l, Title: v.lineTitle(l)}
	if d, step, ok := a.Decision(l.ID); ok {
		row.Decision, row.Chosen, row.Decided, row.By, row.At = d, d.Choice, true, step.By, step.At
	} else if l.Severity != policy.Critical {
		row.Chosen = l.Proposed // what is critical is chosen by hand
	}
	for _, c := range l.Choices() {
		row.Choices = append(row.Choices, lineChoice{Choice: c, Label: v.choiceWord(c, l.Kind), Hint: v.choiceHint(c)})
	}
	for _, d := range p.Controls {
		if slices.Contains(l.Duties, d.ID) {
			row.Unguarded = append(row.Unguarded, d.Title.In(v.Lang))
		}
	}
	return row
}

// lineTitle says what a line is about.
func (v *visit) lineTitle(l reviews.Line) string {
	switch l.Kind {
	case reviews.Settled:
		return v.Count(len(l.Causes), "review.line.settled")
	case reviews.Missing:
		return v.T("review.line.missing")
	case reviews.Conclusion:
		if len(l.Duties) > 0 {
			return v.Count(len(l.Duties), "review.line.unmeasured")
		}
		return v.T("review.line.clean")
	case reviews.Minor:
		if l.Status == checks.Unknown && slices.IndexFunc(l.Causes, func(c reviews.Cause) bool { return c.Status != checks.Unknown }) < 0 {
			return v.Count(len(l.Causes), "review.line.unknown")
		}
		return v.Count(len(l.Causes), "review.line.minor")
	case reviews.Open:
		return l.Causes[0].Title.In(v.Lang)
	}
	return string(l.Kind)
}

// choiceWord names a choice.
func (t tongue) choiceWord(c reviews.Choice, kind reviews.LineKind) string {
	switch c {
	case reviews.Confirm:
		if kind == reviews.Conclusion {
			return t.T("review.choice.checked")
		}
		return t.T("review.choice.confirm")
	case reviews.Plan:
		return t.T("review.choice.plan")
	case reviews.Waive:
		return t.T("review.choice.waive")
	case reviews.Incident:
		return t.T("review.choice.incident")
	case reviews.Dismiss:
		return t.T("review.choice.dismiss")
	}
	return string(c)
}

func (t tongue) choiceHint(c reviews.Choice) string {
	switch c {
	case reviews.Plan:
		return t.T("review.hint.plan")
	case reviews.Waive:
		return t.T("review.hint.waive")
	case reviews.Incident, reviews.Dismiss:
		return t.T("review.hint.why")
	case reviews.Confirm:
	}
	return ""
}

// Choice names a choice that was taken.
func (f frame) Choice(c reviews.Choice) string { return f.choiceWord(c, reviews.Open) }

// In writes a text in the reader's language.
func (f frame) In(text message.Text) string { return text.In(f.Lang) }

// decideReview saves a section.
func (s *site) decideReview(v *visit) error {
	a, err := v.findAct()
	if err != nil {
		return err
	}
	n, err := v.partOf(a)
	if err != nil {
		return err
	}
	if err := v.r.ParseForm(); err != nil {
		return v.renderPart(a, n, nil, &reviews.DecisionError{Code: "long"})
	}
	form, p := v.r.PostForm, a.Frozen.Sections[n-1]
	typed := reviews.Decided{Section: p.ID, Words: form.Get("palabras")}
	for _, l := range p.Lines {
		choice := reviews.Choice(form.Get("decision." + l.ID))
		if choice == "" {
			continue
		}
		d := reviews.Decision{Line: l.ID, Choice: choice, Words: form.Get("palabras." + l.ID)}
		if choice == reviews.Plan {
			d.Owner, d.Due = form.Get("quien."+l.ID), form.Get("fecha."+l.ID)
		}
		if choice == reviews.Waive {
			d.Due = form.Get("fecha." + l.ID)
		}
		typed.Lines = append(typed.Lines, d)
	}
	err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
		a, err = s.Reviews.Decide(ctx, tx, a.ID, typed, registers.Act{By: v.user.Name, Via: registers.Portal})
		return err
	})
	if wrong, ok := errors.AsType[*reviews.DecisionError](err); ok {
		if a, err = v.findAct(); err != nil {
			return err
		}
		return v.renderPart(a, n, &typed, wrong)
	}
	if errors.Is(err, reviews.ErrClosed) {
		return v.done("/revisiones/"+v.r.PathValue("act"), v.T("review.closed"))
	}
	if err != nil {
		return err
	}
	path := fmt.Sprintf("/revisiones/%s/%d", a.ID, n)
	if form.Get("hacer") == "seguir" {
		path, _ = v.nextOf(a, n)
	}
	return v.done(path, v.T("review.saved", "title", p.Title.In(v.Lang), "left", a.Count().Left()))
}

// amendReview opens an act that corrects this one.
func (s *site) amendReview(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return errNotFound
	}
	why, ok := v.reason()
	id := v.r.PathValue("act")
	if !ok || why == "" {
		if _, err := v.findAct(); err != nil {
			return err
		}
		return v.done("/revisiones/"+id, v.T("review.amend.why"))
	}
	var a *reviews.Act
	err := s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
		a, err = s.Reviews.Amend(ctx, tx, id, registers.Act{By: v.user.Name, Why: why, Via: registers.Portal})
		return err
	})
	switch {
	case errors.Is(err, reviews.ErrNoAct):
		return errNotFound
	case errors.Is(err, reviews.ErrExists), errors.Is(err, reviews.ErrNotSigned):
		return v.done("/revisiones/"+id, v.T("review.amend.not"))
	case err != nil:
		return err
	}
	return v.done("/revisiones/"+a.ID, v.T("review.amend.done"))
}
