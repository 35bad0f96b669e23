package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks/policy"
	"vigia/collector/access"
	"vigia/collector/registers"
	"vigia/collector/report"
	"vigia/collector/reviews"
	"vigia/collector/storage"
)

// The quarterly review: the officer decides and signs, the head countersigns, and who sees
// the whole organisation reads. What is shown is read from the act alone, whose numbers are
// frozen, so that a page says tomorrow what it said when it was signed.

// Packages makes the verifiable packages of acts, which takes minutes in a large
// organisation: one at a time, beside the requests.
type Packages interface {
	// Ask begins to make the package of an act unless it is made or being made.
	Ask(act string)
	// State tells how far it is.
	State(act string) PackageState
	// Open opens what was made.
	Open(act string) (io.ReadSeekCloser, error)
}

// PackageState is how far the package of an act is; the zero value: nobody asked for it.
type PackageState struct {
	Making      bool
	Done, Total int64 // entries of the log that were proved
	Made        time.Time
	Size        int64  // bytes, once it is made
	Key         string // fingerprint of the log's key
	Warnings    []string
	Failed      bool
}

// reviewRoutes are the addresses of the reviews.
func (s *site) reviewRoutes() []route {
	all, officer := everybody(), []access.Role{access.Officer}
	signers := []access.Role{access.Officer, access.Head}
	return []route{
		{method: "GET", path: "/revisiones", roles: all, serve: s.reviews},
		{method: "POST", path: "/revisiones", roles: officer, serve: s.openReview},
		{method: "GET", path: "/revisiones/{act}", roles: all, serve: s.review},
		{method: "GET", path: "/revisiones/{act}/{n}", roles: all, serve: s.reviewPart},
		{method: "POST", path: "/revisiones/{act}/{n}", roles: officer, serve: s.decideReview},
		{method: "GET", path: "/revisiones/{act}/firmar", roles: all, serve: s.signing},
		{method: "POST", path: "/revisiones/{act}/firmar", roles: signers, fresh: true, serve: s.signReview},
		{method: "POST", path: "/revisiones/{act}/papel", roles: officer, fresh: true, body: maxUpload, serve: s.signOnPaper},
		{method: "POST", path: "/revisiones/{act}/enmendar", roles: officer, serve: s.amendReview},
		{method: "GET", path: "/revisiones/{act}/imprimir", roles: all, serve: s.printReview},
		{method: "GET", path: "/revisiones/{act}/exportar", roles: all, serve: s.exporting},
		{method: "POST", path: "/revisiones/{act}/exportar", roles: all, serve: s.exportReview},
		{method: "GET", path: "/revisiones/{act}/paquete.zip", roles: all, serve: s.downloadReview},
	}
}

// reviewsView is the list of quarters.
type reviewsView struct {
	May     bool
	Problem string
	Rows    []reviewRow
	// Next is the quarter that waits to be opened; nil: none does.
	Next *reviewRow
	// Go is the act to go on with; nil: none.
	Go *reviewRow
	// Due is when the next act must be signed; zero: nothing is measured yet.
	Due     time.Time
	Overdue bool
	Days    int // to Due, or since
}

// reviewRow is a quarter, or an amendment of its act.
type reviewRow struct {
	reviews.Heading
	Quarter reviews.Period
	Running bool // the quarter is not over
	Count   reviews.Count
}

// maxQuarters bounds the list of quarters without an act.
const maxQuarters = 8

func (s *site) reviews(v *visit) error { return v.renderReviews("") }

func (v *visit) renderReviews(problem string) error {
	s, now := v.site, v.site.Now()
	page := reviewsView{May: v.user.Role == access.Officer, Problem: problem}
	var first time.Time
	err := s.read(v.r.Context(), "the reviews", func(ctx context.Context, tx *storage.Tx) error {
		acts, err := s.Reviews.List(ctx, tx)
		if err != nil {
			return err
		}
		machines, err := s.Enroll.Machines(ctx, tx)
		if err != nil {
			return err
		}
		for _, m := range machines {
			if first.IsZero() || m.EnrolledAt.Before(first) {
				first = m.EnrolledAt
			}
		}
		page.rows(acts, first, now, s.Zone)
		for i := range page.Rows {
			row := &page.Rows[i]
			if row.ID == "" || row.Stage.Closed() {
				continue
			}
			a, err := s.Reviews.Find(ctx, tx, row.ID)
			if err != nil {
				return err
			}
			row.Count = a.Count()
			if page.Go == nil {
				page.Go = row
			}
		}
		page.due(acts, first, now, s.Laws, s.Zone)
		return nil
	})
	if err != nil {
		return err
	}
	if problem != "" {
		v.status = http.StatusUnprocessableEntity
	}
	return v.render(view{name: "revisiones", title: v.T("reviews.title"), menu: "/revisiones", data: page})
}

// rows lists the quarters since the first machine, the newest first, with their acts.
func (p *reviewsView) rows(acts []reviews.Heading, first, now time.Time, zone *time.Location) {
	quarter := reviews.PeriodOf(now, zone)
	oldest := quarter
	if !first.IsZero() {
		oldest = reviews.PeriodOf(first, zone)
	}
	for i := range maxQuarters {
		if i > 0 && quarter.Begin().Before(oldest.Begin()) {
			break
		}
		row := reviewRow{Quarter: quarter, Running: quarter.Contains(now)}
		found := false
		for _, a := range acts {
			if a.Period.String() == quarter.String() {
				found = true
				r := row
				r.Heading = a
				p.Rows = append(p.Rows, r)
			}
		}
		if !found {
			p.Rows = append(p.Rows, row)
			if !row.Running && !first.IsZero() {
				p.Next = &reviewRow{Quarter: quarter} // the oldest of those that wait
			}
		}
		quarter = quarter.Previous()
	}
}

// due works out when the next act must be signed: so long after the last one, or after
// measuring began.
func (p *reviewsView) due(acts []reviews.Heading, first, now time.Time, laws policy.LawBook, zone *time.Location) {
	i := slices.IndexFunc(laws.Duties, func(d policy.Duty) bool { return d.Done == policy.ByReview })
	last := first
	for _, a := range acts {
		if a.Closed.After(last) {
			last = a.Closed
		}
	}
	if i < 0 || last.IsZero() {
		return
	}
	p.Due = laws.Duties[i].After(last.In(zone))
	p.Overdue = now.After(p.Due)
	p.Days = int(p.Due.Sub(now).Abs() / (24 * time.Hour))
}

// openReview freezes the numbers of a quarter.
func (s *site) openReview(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return v.renderReviews(v.T("reviews.problem.period"))
	}
	period, err := reviews.ParsePeriod(v.r.PostForm.Get("periodo"), s.Zone)
	if err != nil {
		return v.renderReviews(v.T("reviews.problem.period"))
	}
	a, err := s.OpenReview(v.r.Context(), period, registers.Act{By: v.user.Name, Via: registers.Portal})
	switch {
	case errors.Is(err, reviews.ErrExists):
		v.redirect("/revisiones/" + period.String())
		return nil
	case errors.Is(err, reviews.ErrFuture):
		return v.renderReviews(v.T("reviews.problem.period"))
	case err != nil:
		return err
	}
	return v.done("/revisiones/"+a.ID, v.T("reviews.opened", "n", a.Count().Lines))
}

// findAct reads the act of the address.
func (v *visit) findAct() (a *reviews.Act, err error) {
	err = v.site.read(v.r.Context(), "a review", func(ctx context.Context, tx *storage.Tx) (err error) {
		a, err = v.site.Reviews.Find(ctx, tx, v.r.PathValue("act"))
		return err
	})
	if errors.Is(err, reviews.ErrNoAct) {
		return nil, errNotFound
	}
	return a, err
}

// actHead is what every page of an act begins with.
type actHead struct {
	*reviews.Act
	Path   string
	Total  reviews.Count
	May    bool // decide
	Amends string
}

func (v *visit) actHead(a *reviews.Act) actHead {
	return actHead{Act: a, Path: "/revisiones/" + a.ID, Total: a.Count(), May: v.user.Role == access.Officer && a.Stage == reviews.Deciding, Amends: a.Amends()}
}

// partRow is a section in the overview of an act.
type partRow struct {
	N int
	reviews.Part
	Count reviews.Count
	Bar   bar
	Words string
	Here  bool
}

func (v *visit) partRows(a *reviews.Act) []partRow {
	var out []partRow
	for i, p := range a.Frozen.Sections {
		out = append(out, partRow{N: i + 1, Part: p, Count: a.CountSection(p.ID), Bar: makeBar(v.tongue, tally(p.Counts())), Words: a.Words(p.ID)})
	}
	return out
}

// reviewView is the overview of an act.
type reviewView struct {
	actHead
	Parts []partRow
	// Next is where the officer goes on; empty: there is nothing to do for who looks.
	Next, NextWord string
	Bar            bar
	Coverage       []coverRow
	Signed         []signedRow
	MayAmend       bool
	Changes        []reviews.Change
	MoreChanges    int
}

type coverRow struct {
	State reviews.MachineState
	N     int
}

// signedRow is one signature, with what stands in its step.
type signedRow struct {
	Kind, Name, Post, By, Statement string
	At                              time.Time
	Day                             string
	Document                        string
	Followed                        []reviews.Followed
}

func (s *site) review(v *visit) error {
	a, err := v.findAct()
	if err != nil {
		return err
	}
	page := reviewView{actHead: v.actHead(a), Parts: v.partRows(a), Bar: makeBar(v.tongue, tally(a.Frozen.Counts)), Signed: signatures(a)}
	page.Next, page.NextWord = v.nextOf(a, 0)
	page.MayAmend = v.user.Role == access.Officer && a.Stage != reviews.Deciding
	for _, state := range []reviews.MachineState{reviews.Measured, reviews.Partly, reviews.Silent, reviews.Never, reviews.Agentless, reviews.Excluded, reviews.Departed} {
		if n := a.Frozen.Coverage.Counts[state]; n > 0 || state == reviews.Measured {
			page.Coverage = append(page.Coverage, coverRow{state, n})
		}
	}
	const shown = 30
	page.Changes = a.Frozen.Changes[max(0, len(a.Frozen.Changes)-shown):]
	page.MoreChanges = len(a.Frozen.Changes) - len(page.Changes)
	return v.render(view{name: "revision", title: v.actTitle(a), menu: "/revisiones", data: page})
}

func (v *visit) actTitle(a *reviews.Act) string {
	title := v.T("review.title", "quarter", v.QuarterName(a.Period))
	if _, n, ok := strings.Cut(a.ID, "."); ok {
		title += " · " + v.T("review.amendment", "n", n)
	}
	return title
}

func signatures(a *reviews.Act) []signedRow {
	var out []signedRow
	for _, step := range a.Steps {
		switch {
		case step.Signature != nil:
			out = append(out, signedRow{Kind: string(step.Kind), Name: step.Signature.Name, Post: step.Signature.Post, By: step.By,
				Statement: step.Signature.Statement, At: step.At, Followed: step.Signature.Followed})
		case step.Paper != nil:
			out = append(out, signedRow{Kind: string(step.Kind), Name: step.Paper.Officer + " · " + step.Paper.Head, By: step.By,
				Statement: step.Paper.Statement, At: step.At, Day: step.Paper.Day, Document: step.Paper.SHA256, Followed: step.Paper.Followed})
		}
	}
	return out
}

// nextOf is where one goes on after a section: the next one with something undecided, or
// the signature.
func (v *visit) nextOf(a *reviews.Act, after int) (path, word string) {
	base := "/revisiones/" + a.ID
	switch {
	case a.Stage == reviews.Deciding && v.user.Role == access.Officer:
		n := len(a.Frozen.Sections)
		for i := range n {
			at := (after + i) % n
			if c := a.CountSection(a.Frozen.Sections[at].ID); c.Left() > 0 {
				return base + "/" + strconv.Itoa(at+1), v.T("review.go_on", "n", at+1, "title", a.Frozen.Sections[at].Title.In(v.Lang))
			}
		}
		return base + "/firmar", v.T("review.go_sign")
	case a.Stage == reviews.Signed && v.user.Role == access.Head:
		return base + "/firmar", v.T("review.go_countersign")
	case a.Stage.Closed():
		return base + "/exportar", v.T("review.go_export")
	}
	return "", ""
}

// stageWords is a stage with its shape.
type stageWords struct{ Icon, Word string }

// Stage names how far an act is; the empty one is that of a quarter without act.
func (f frame) Stage(s reviews.Stage) stageWords {
	switch s {
	case reviews.Deciding:
		return stageWords{"warn", f.T("stage.deciding")}
	case reviews.Signed:
		return stageWords{"warn", f.T("stage.signed")}
	case reviews.Locked:
		return stageWords{"pass", f.T("stage.locked")}
	case reviews.OnPaper:
		return stageWords{"pass", f.T("stage.paper")}
	}
	return stageWords{"unknown", f.T("stage.none")}
}

// RoleWord names a role.
func (f frame) RoleWord(role string) string {
	if word, ok := access.Roles()[access.Role(role)]; ok {
		return word.In(f.Lang)
	}
	return role
}

// SubjectWord names whom a change concerns.
func (f frame) SubjectWord(subject string) string { return report.Subject(f.Lang, subject) }

// causeWords is a cause with the words for it.
type causeWords struct {
	frame
	Cause reviews.Cause
	More  int // machines that are not named
}

// Cause is a cause with the words for it.
func (f frame) Cause(c reviews.Cause) causeWords {
	return causeWords{frame: f, Cause: c, More: c.Machines - len(c.Names)}
}

// QuarterName names a quarter as an act does: 4.º trimestre de 2026.
func (t tongue) QuarterName(p reviews.Period) string {
	return t.T("review.quarter", "n", p.Quarter, "year", p.Year)
}
