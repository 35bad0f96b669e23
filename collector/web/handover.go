package web

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"vigia/collector/access"
	"vigia/collector/handover"
)

// Handover makes the package of a change of administration; *collector.Collector does.
type Handover interface {
	HandoverState(ctx context.Context, whole bool) (handover.State, error)
	HandOver(ctx context.Context, w io.Writer, act handover.Act, passphrase string) (handover.Receipt, error)
}

// handoverRoutes are the addresses of the change of administration.
func (s *site) handoverRoutes() []route {
	roles := []access.Role{access.Officer, access.Head, access.Administrator}
	return []route{
		{method: "GET", path: "/entrega", roles: roles, serve: s.handover},
		{method: "POST", path: "/entrega", roles: roles, fresh: true, serve: s.handOver},
	}
}

// handoverView is the page.
type handoverView struct {
	handover.State
	Items   []handoverItem
	Last    moment
	Act     handover.Act
	Problem string
}

type handoverItem struct {
	Code, Ask string
	Answer    handover.Answer
}

func (s *site) handover(v *visit) error { return v.renderHandover(handover.Act{}, "") }

func (v *visit) renderHandover(act handover.Act, problem string) error {
	if v.site.Handover == nil {
		return errNotFound
	}
	state, err := v.site.Handover.HandoverState(v.r.Context(), false)
	if err != nil {
		return err
	}
	page := handoverView{State: state, Act: act, Problem: problem, Last: v.Moment(state.Backup.At)}
	for _, item := range handover.Checklist() {
		row := handoverItem{Code: item.Code, Ask: item.Ask.In(v.Lang)}
		for _, a := range act.Answers {
			if a.Code == item.Code {
				row.Answer = a
			}
		}
		page.Items = append(page.Items, row)
	}
	return v.render(view{name: "entrega", title: v.T("handover.title"), menu: "/entrega", data: page})
}

// maxNotes bounds what is typed about a handover, in letters.
const maxNotes = 2000

// handOver makes the package and sends it.
func (s *site) handOver(v *visit) error {
	refuse := func(act handover.Act, problem string) error {
		v.status = http.StatusUnprocessableEntity
		return v.renderHandover(act, problem)
	}
	if s.Handover == nil {
		return errNotFound
	}
	if !v.form() {
		return refuse(handover.Act{}, v.T("admissions.problem.form"))
	}
	good := true
	typed := func(name string) string {
		text, ok := v.typed(name)
		good = good && ok
		return text
	}
	act := handover.Act{
		By: v.user.Name, Place: typed("lugar"), From: handover.Party{Name: typed("entrega"), Post: typed("entrega-cargo")},
		To:      handover.Party{Name: typed("recibe"), Post: typed("recibe-cargo")},
		Witness: handover.Party{Name: typed("testigo"), Post: typed("testigo-cargo")}, Notes: strings.TrimSpace(v.r.PostForm.Get("notas")),
	}
	for _, item := range handover.Checklist() {
		answer := handover.Answer{Code: item.Code, Done: v.r.PostForm.Get("hecho-"+item.Code) != "", Note: typed("nota-" + item.Code)}
		if answer.Done || answer.Note != "" {
			act.Answers = append(act.Answers, answer)
		}
	}
	switch {
	case !good || !utf8.ValidString(act.Notes) || utf8.RuneCountInString(act.Notes) > maxNotes:
		return refuse(act, v.T("admissions.problem.text"))
	case act.From.Name == "" || act.To.Name == "":
		return refuse(act, v.T("handover.problem.parties"))
	}
	var data bytes.Buffer
	// A phrase does not wait while somebody proves who they are: it is asked again, and
	// never is what was to be encrypted left open.
	phrase := v.r.PostForm.Get("clave-frase")
	if v.r.PostForm.Get("cifrar") == "" {
		phrase = ""
	} else if utf8.RuneCountInString(phrase) < handover.MinPassphrase {
		return refuse(act, v.T("handover.problem.phrase", "n", handover.MinPassphrase))
	}
	if _, err := s.Handover.HandOver(v.r.Context(), &data, act, phrase); err != nil {
		return err
	}
	name, kind := "entrega-"+s.Now().In(s.Zone).Format("2006-01-02")+".zip", "application/zip"
	if phrase != "" {
		name, kind = name+".age", "application/octet-stream"
	}
	v.attachment(name, kind)
	if _, err := data.WriteTo(v.w); err != nil {
		s.Logger.Debug("client left", "err", err)
	}
	return nil
}
