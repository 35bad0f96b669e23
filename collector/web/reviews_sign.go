package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/access"
	"vigia/collector/registers"
	"vigia/collector/report"
	"vigia/collector/reviews"
	"vigia/collector/storage"
)

// signView is the page on which an act is signed: all that the signature covers.
type signView struct {
	actHead
	Parts     []signPart
	Late      []reviews.Late
	Statement string
	Paper     string // the statement of what is printed, where nothing came late
	Undecided []string
	Critical  []string
	// Sign and Countersign tell what who looks may do.
	Sign, Countersign bool
	Signed            []signedRow
	Problem           string
	Form              map[string]string
	Today             string
}

// signPart is a section with its decisions.
type signPart struct {
	N     int
	Title string
	Words string
	Lines []signLine
}

type signLine struct {
	ID, Title string
	Severity  policy.Severity
	Decision  *reviews.Decision
	Label     string
}

func (s *site) signing(v *visit) error {
	a, err := v.findAct()
	if err != nil {
		return err
	}
	return v.renderSigning(a, "")
}

func (v *visit) renderSigning(a *reviews.Act, problem string) error {
	s := v.site
	page := signView{actHead: v.actHead(a), Undecided: a.Undecided(""), Critical: a.Undecided(policy.Critical), Signed: signatures(a), Problem: problem,
		Today: v.now.In(v.zone).Format(time.DateOnly), Form: map[string]string{}}
	for _, name := range []string{"nombre", "cargo", "oficial", "titular", "dia"} {
		page.Form[name] = strings.TrimSpace(v.r.PostFormValue(name))
	}
	if a.Stage == reviews.Deciding {
		err := s.read(v.r.Context(), "what came late", func(ctx context.Context, tx *storage.Tx) (err error) {
			page.Late, err = s.Reviews.Late(ctx, tx, a)
			return err
		})
		if err != nil {
			return err
		}
	} else if first, ok := a.Signature(reviews.StepSigned); ok {
		page.Late = first.Signature.Late
	}
	var err error
	if _, page.Statement, err = a.Statement(page.Late); err != nil {
		return err
	}
	if _, page.Paper, err = a.Statement(nil); err != nil {
		return err
	}
	first, signed := a.Signature(reviews.StepSigned)
	page.Sign = a.Stage == reviews.Deciding && v.user.Role == access.Officer && len(page.Critical) == 0
	page.Countersign = a.Stage == reviews.Signed && signed && v.user.Role == access.Head && first.By != v.user.Name
	for i, p := range a.Frozen.Sections {
		part := signPart{N: i + 1, Title: p.Title.In(v.Lang), Words: a.Words(p.ID)}
		for _, l := range p.Lines {
			line := signLine{ID: l.ID, Title: v.lineTitle(l), Severity: l.Severity}
			if d, _, ok := a.Decision(l.ID); ok {
				line.Decision, line.Label = &d, v.choiceWord(d.Choice, l.Kind)
			}
			part.Lines = append(part.Lines, line)
		}
		page.Parts = append(page.Parts, part)
	}
	if problem != "" {
		v.status = http.StatusUnprocessableEntity
	}
	return v.render(view{name: "revision_firmar", title: v.T("sign.title", "quarter", v.QuarterName(a.Period)), menu: "/revisiones", data: page})
}

// signReview takes the signature of the officer, or of the head.
func (s *site) signReview(v *visit) error {
	a, err := v.findAct()
	if err != nil {
		return err
	}
	if err := v.r.ParseForm(); err != nil {
		return v.renderSigning(a, v.T("sign.problem.name"))
	}
	form := v.r.PostForm
	who := reviews.Signer{Act: registers.Act{By: v.user.Name, Via: registers.Portal}, Name: form.Get("nombre"), Post: form.Get("cargo"), Statement: form.Get("declaracion")}
	sign, done := s.Reviews.Sign, v.T("sign.done")
	if v.user.Role == access.Head {
		sign, done = s.Reviews.Countersign, v.T("sign.done.both")
	}
	err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
		_, err := sign(ctx, tx, a.ID, who)
		return err
	})
	if problem := v.signProblem(err); problem != "" {
		return v.renderSigning(a, problem)
	}
	if err != nil {
		return err
	}
	return v.done("/revisiones/"+a.ID, done)
}

// signProblem words why a signature was not taken; empty: it was, or the error is another.
func (v *visit) signProblem(err error) string {
	var wrong *reviews.DecisionError
	switch {
	case errors.Is(err, reviews.ErrUndecided):
		return v.T("sign.problem.undecided")
	case errors.Is(err, reviews.ErrChanged):
		return v.T("sign.problem.changed")
	case errors.Is(err, reviews.ErrSamePerson):
		return v.T("sign.problem.same")
	case errors.Is(err, reviews.ErrNotSigned):
		return v.T("sign.problem.first")
	case errors.Is(err, reviews.ErrClosed):
		return v.T("review.closed")
	case errors.As(err, &wrong) && wrong.Code == "due":
		return v.T("sign.problem.day")
	case errors.As(err, &wrong):
		return v.T("sign.problem.name")
	}
	return v.fileProblem(err)
}

// signOnPaper takes the scan of an act that was signed by hand.
func (s *site) signOnPaper(v *visit) error {
	a, err := v.findAct()
	if err != nil {
		return err
	}
	if !v.multipart() {
		return v.renderSigning(a, v.T("sign.problem.file"))
	}
	file, err := v.file("escaneo")
	if err != nil {
		return err
	}
	if file == nil {
		return v.renderSigning(a, v.T("sign.problem.file"))
	}
	form := v.r.PostForm
	err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
		_, err := s.Reviews.SignOnPaper(ctx, tx, a.ID, reviews.PaperSigned{Act: registers.Act{By: v.user.Name, Via: registers.Portal},
			Officer: form.Get("oficial"), Head: form.Get("titular"), Day: form.Get("dia"), File: file.Name, Scan: file.Data, Statement: form.Get("declaracion")})
		return err
	})
	if problem := v.signProblem(err); problem != "" {
		return v.renderSigning(a, problem)
	}
	if err != nil {
		return err
	}
	return v.done("/revisiones/"+a.ID, v.T("sign.done.paper"))
}

// printReview answers with the act as a PDF, ready to be printed and signed by hand.
func (s *site) printReview(v *visit) error {
	a, err := v.findAct()
	if err != nil {
		return err
	}
	pdf, err := report.ActPDF(a, s.actSeal(v, a))
	if err != nil {
		return err
	}
	return v.send("inline", "acta-"+a.ID+".pdf", "application/pdf", pdf)
}

func (s *site) actSeal(_ *visit, _ *reviews.Act) report.Seal {
	return report.Seal{Key: s.LogKey, Program: s.Version, Lang: message.Spanish}
}

// exportView is the page of an act's package.
type exportView struct {
	actHead
	Package PackageState
	Percent int
	Bytes   string
}

func (s *site) exporting(v *visit) error {
	a, err := v.findAct()
	if err != nil {
		return err
	}
	page := exportView{actHead: v.actHead(a)}
	if s.Packages != nil {
		page.Package = s.Packages.State(a.ID)
	}
	page.Bytes = v.size(page.Package.Size)
	if page.Package.Making {
		if page.Package.Total > 0 {
			page.Percent = int(100 * page.Package.Done / page.Package.Total)
		}
		v.w.Header().Set("Refresh", "3")
	}
	return v.render(view{name: "revision_paquete", title: v.T("package.title", "quarter", v.QuarterName(a.Period)), menu: "/revisiones", data: page})
}

// packageWait is how long a request waits for a package: a small one is there at once.
const packageWait = 3 * time.Second

func (s *site) exportReview(v *visit) error {
	a, err := v.findAct()
	if err != nil {
		return err
	}
	if s.Packages == nil {
		return errNotFound
	}
	s.Packages.Ask(a.ID)
	until := time.NewTimer(packageWait)
	defer until.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for s.Packages.State(a.ID).Making {
		select {
		case <-v.r.Context().Done():
			return nil
		case <-until.C:
			v.redirect("/revisiones/" + a.ID + "/exportar")
			return nil
		case <-tick.C:
		}
	}
	v.redirect("/revisiones/" + a.ID + "/exportar")
	return nil
}

func (s *site) downloadReview(v *visit) error {
	a, err := v.findAct()
	if err != nil {
		return err
	}
	if s.Packages == nil {
		return errNotFound
	}
	state := s.Packages.State(a.ID)
	if state.Made.IsZero() {
		v.redirect("/revisiones/" + a.ID + "/exportar")
		return nil
	}
	f, err := s.Packages.Open(a.ID)
	if err != nil {
		return err
	}
	defer f.Close()
	v.attachment("revision-"+a.ID+".zip", "application/zip")
	http.ServeContent(v.w, v.r, "", state.Made, f)
	return nil
}
