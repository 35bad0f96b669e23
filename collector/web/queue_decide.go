package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"vigia/checks/policy"
	"vigia/collector/decisions"
	"vigia/collector/registers"
	"vigia/collector/registers/waivers"
	"vigia/collector/storage"
)

// What the officer decides in the queue.

// fixDays is within how many days a fix is proposed to be done.
func fixDays(s policy.Severity) int {
	switch s {
	case policy.Critical:
		return 7
	case policy.High:
		return 15
	case policy.Medium:
		return 30
	case policy.Low:
	}
	return 60
}

// decide takes a decision on one group or on those that were ticked.
func (s *site) decide(v *visit) error {
	if !v.form() {
		return v.refuseDecision("", v.T("queue.problem.form"))
	}
	keys, kind := v.r.PostForm["clave"], decisions.Kind(v.r.PostForm.Get("hacer"))
	if one := v.r.PostForm.Get("uno"); one != "" { // a button of one line of the list
		name, key, _ := strings.Cut(one, " ")
		keys, kind = []string{key}, decisions.Kind(name)
	}
	single := v.r.PostForm.Get("causa")
	if single != "" {
		keys = []string{single}
	}
	if len(keys) == 0 || len(keys) > 500 {
		return v.refuseDecision(single, v.T("queue.problem.none"))
	}
	choice, problem := v.choice(kind)
	if problem != "" {
		return v.refuseDecision(single, problem)
	}
	before, _, err := v.glance()
	if err != nil {
		return err
	}
	severities := map[string]policy.Severity{}
	actions := map[string]string{}
	for _, g := range before {
		severities[g.Key], actions[g.Key] = g.Severity, v.actionOf(g)
	}
	err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
		_, err := s.Decisions.DecideEach(ctx, tx, v.byDay(choice, keys, severities, actions)...)
		return err
	})
	if problem := v.decisionProblem(err); problem != "" {
		return v.refuseDecision(single, problem)
	}
	if err != nil {
		return fmt.Errorf("decide: %w", err)
	}
	note := v.T("queue.done.one", "kind", v.kindWord(kind))
	if len(keys) > 1 {
		note = v.T("queue.done.many", "n", len(keys), "kind", v.kindWord(kind))
	}
	return v.done(v.after(single), note)
}

// byDay gives each cause the day that its severity proposes, when none was given.
func (v *visit) byDay(choice decisions.Choice, keys []string, severities map[string]policy.Severity, actions map[string]string) []decisions.Take {
	var out []decisions.Take
	for _, key := range keys {
		c := choice
		c.Action = actions[key]
		if c.Kind == decisions.Fix && c.Due.IsZero() {
			c.Due = v.now.In(v.zone).AddDate(0, 0, fixDays(severities[key]))
		}
		out = append(out, decisions.Take{Keys: []string{key}, Choice: c})
	}
	return out
}

// actionOf words the line of the work plan that mends a cause.
func (v *visit) actionOf(g decisions.Group) string {
	row := v.causeRow(g)
	text := row.Name + ": " + row.Say
	if runes := []rune(text); len(runes) > 190 {
		text = strings.TrimSpace(string(runes[:190])) + "…"
	}
	return text
}

// choice reads a decision from the form.
func (v *visit) choice(kind decisions.Kind) (decisions.Choice, string) {
	form := v.r.PostForm
	c := decisions.Choice{
		Kind: kind, Why: strings.ReplaceAll(form.Get("motivo"), "\r\n", "\n"), Owner: form.Get("responsable"),
		Department: form.Get("area"), Compensating: form.Get("compensa"), Approver: cmp.Or(strings.ToLower(strings.TrimSpace(form.Get("aprueba"))), v.user.Name), Again: form.Get("otra_vez") != "",
		Act: registers.Act{By: v.user.Name, Via: registers.Portal},
	}
	switch kind {
	case decisions.Fix, decisions.Incident, decisions.Dismiss, decisions.Waive:
	case decisions.Ask:
		c.Who, c.Owner = c.Owner, ""
	case decisions.Plan: // the baseline's own
		return c, v.T("queue.problem.form")
	default:
		return c, v.T("queue.problem.form")
	}
	if kind != decisions.Waive {
		c.Department = ""
	}
	for _, day := range []struct {
		text string
		into *time.Time
		use  bool
	}{{form.Get("fecha"), &c.Due, kind == decisions.Fix || kind == decisions.Ask}, {form.Get("hasta"), &c.Until, kind == decisions.Waive}} {
		if day.text == "" || !day.use {
			continue
		}
		t, err := time.ParseInLocation(time.DateOnly, day.text, v.zone)
		if err != nil || t.Year() > 2199 {
			return c, v.T("queue.problem.day")
		}
		*day.into = t.Add(12 * time.Hour)
	}
	return c, ""
}

// decisionProblem says why a decision was not taken; empty when that is nothing that whoever
// decides can mend.
func (v *visit) decisionProblem(err error) string {
	var bad *decisions.ChoiceError
	var invalid *registers.InvalidError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &bad):
		switch bad.Field {
		case "owner", "who":
			return v.T("queue.problem.owner")
		case "due", "until":
			return v.T("queue.problem.day")
		case "why":
			return v.T("queue.problem.why")
		}
		return v.T("queue.problem.form")
	case errors.As(err, &invalid):
		return v.T("queue.problem.waiver", "what", waivers.Book().Say(v.Lang, invalid.Problems[0]))
	case errors.Is(err, decisions.ErrNotYet):
		return v.T("queue.problem.not_yet")
	case errors.Is(err, decisions.ErrNoGroup), errors.Is(err, decisions.ErrDecided), errors.Is(err, registers.ErrConflict):
		return v.T("queue.problem.stale")
	default:
		return ""
	}
}

// refuseDecision shows the page again with what is wrong and what was typed.
func (v *visit) refuseDecision(key, problem string) error {
	v.status = http.StatusUnprocessableEntity
	if key != "" {
		if err := v.renderCause(key, causeView{Problem: problem, Form: v.r.PostForm}); !errors.Is(err, errNotFound) {
			return err
		}
	}
	return v.renderQueue(queueView{Problem: problem, Form: v.r.PostForm})
}

// after is where one goes on after a decision: the list from which it was taken, or the
// next group that waits.
func (v *visit) after(single string) string {
	if single == "" {
		if back := localPath(v.r.PostForm.Get("volver")); strings.HasPrefix(back, "/pendientes") {
			return back
		}
		return "/pendientes"
	}
	groups, _, err := v.glance()
	if err != nil {
		return "/pendientes"
	}
	for _, g := range groups {
		if g.Asks() && g.Key != single {
			return causeRow{Group: g}.Path()
		}
	}
	return "/pendientes"
}
