package collector

import (
	"context"
	"fmt"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/access"
	"vigia/collector/decisions"
	"vigia/collector/incidents"
	"vigia/collector/notify"
	"vigia/collector/registers"
	"vigia/collector/registers/plan"
	"vigia/collector/report"
	"vigia/collector/storage"
	"vigia/collector/worktime"
)

// incidentsStore puts the incident book together: the rules that its terms come from, what
// proves an exemption, and where actions go.
func (c *Collector) incidentsStore() *incidents.Store {
	return incidents.NewStore(incidents.Options{
		Log: c.Log, Now: c.now, Zone: c.Config.TimeZone.Location, Encrypted: c.encrypted, Plan: c.planAction,
		Rules: func(ctx context.Context, tx *storage.Tx) ([]policy.Pack, worktime.Calendar, error) {
			packs, err := c.Chosen(ctx, tx)
			if err != nil {
				return nil, worktime.Calendar{}, err
			}
			return packs, worktime.Of(packs, c.Config.TimeZone.Location, c.closures()), nil
		},
	})
}

// diskControl is the control that measures whether a portable machine is encrypted.
const diskControl = "AC-DISK-ENC"

// encrypted looks for the proof that a machine was encrypted at a time: a pass that was
// measured, and of a machine that had not fallen silent by then.
func (c *Collector) encrypted(ctx context.Context, tx *storage.Tx, hostname string, at time.Time) (leaf int64, why string, err error) {
	machines, err := c.Enroll.Machines(ctx, tx)
	if err != nil {
		return 0, "", err
	}
	why = "no hay ningún equipo con ese nombre"
	for _, m := range machines {
		if !strings.EqualFold(m.Hostname, hostname) {
			continue
		}
		states, err := c.Findings.MachineStatesAt(ctx, tx, m.ID, at)
		if err != nil {
			return 0, "", err
		}
		why = "no se había medido"
		for _, s := range states {
			if s.Control != diskControl || s.Key != "" {
				continue
			}
			switch {
			case s.Status == checks.Pass && !s.Silent:
				return s.Leaf, "", nil
			case s.Silent:
				why = "el equipo no informaba desde " + c.local(s.Last)
			default:
				why = "constaba «" + report.Label(message.Spanish, string(s.Status)) + "»"
			}
		}
	}
	return 0, why, nil
}

// planAction writes an action of an incident into the work plan.
func (c *Collector) planAction(ctx context.Context, tx *storage.Tx, incident string, v registers.Values, act registers.Act) (string, error) {
	row := registers.Values{"action": v["text"], "origin": "incident", "origin_ref": incident, "owner": v["owner"], "due": v["due"], "state": "planned"}
	if v["control"] != "" {
		row["control"] = v["control"]
	}
	added, err := c.Registers.Add(ctx, tx, plan.Book(), row, act)
	if err != nil {
		return "", err
	}
	return plan.Book().FolioText(added.Folio), nil
}

// promoted opens an incident for what somebody in the queue says is one.
type promoted struct{ *Collector }

// Promote implements decisions.Incidents.
func (p promoted) Promote(ctx context.Context, tx *storage.Tx, g decisions.Group, choice decisions.Choice) (string, error) {
	voice := report.NewVoice(message.Spanish, p.Catalog)
	title := g.Title.ES
	if title == "" {
		title = voice.Say(g.Reason)
	}
	var hosts []string
	for _, m := range g.Machines {
		hosts = append(hosts, m.Hostname)
	}
	now := p.now().UTC().Truncate(time.Second).Format(time.RFC3339)
	detected := g.Since.UTC().Truncate(time.Second).Format(time.RFC3339)
	v := registers.Values{
		"title": shortened(title, 200), "type": "policy", "detected": min(detected, now), "known": now, "notifier": choice.Act.By,
		"description": strings.TrimSpace(fmt.Sprintf("%s\n\nControl %s, en %d equipos.\n\n%s", title, g.Control, len(hosts), choice.Why)),
		"controls":    g.Control, "findings": g.Key,
	}
	if len(hosts) > 0 {
		v["machines"] = strings.Join(hosts[:min(len(hosts), 200)], "\n")
	}
	in, err := p.Incidents.Open(ctx, tx, v, choice.Act)
	if err != nil {
		return "", err
	}
	return incidents.FolioText(in.Folio), nil
}

// shortened keeps at most so many letters.
func shortened(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// incidentTerms reminds of the terms of breaches: who decides, then who answers for it.
func (c *Collector) incidentTerms(ctx context.Context, tx *storage.Tx, now time.Time) ([]notify.Message, error) {
	found, err := c.Incidents.Reminders(ctx, tx, now)
	if err != nil {
		return nil, err
	}
	var out []notify.Message
	for _, r := range found {
		folio, due := incidents.FolioText(r.Incident.Folio), c.local(r.Clock.Due)
		subject, body := say("{folio}: {term}, {share} % del plazo", "{folio}: {term}, {share} % of the term", "folio", folio, "term", r.Clock.Term.Title.ES, "share", fmt.Sprint(r.Mark)),
			say("El plazo termina el {due}. Abra la incidencia, valore si alcanza a datos personales y prepare el aviso.", "The term ends on {due}. Open the incident, assess whether it reaches personal data and prepare the notice.", "due", due)
		if r.Mark >= 100 {
			subject = say("{folio}: venció el plazo: {term}", "{folio}: the term is over: {term}", "folio", folio, "term", r.Clock.Term.Title.ES)
			body = say("El plazo terminó el {due}. El aviso se debe igual, con los motivos del retraso.", "The term ended on {due}. The notice is due all the same, with the reasons for the delay.", "due", due)
		}
		out = append(out, notify.Message{Key: r.Key, Kind: "incident.clock", Urgent: true, Roles: []string{string(access.Officer), string(access.Head)},
			Escalate: []string{string(access.Director)}, Subject: subject, Body: body, Link: fmt.Sprintf("/incidencias/%d", r.Incident.Folio)})
	}
	waiting, err := c.Incidents.Waiting(ctx, tx)
	for _, n := range waiting {
		out = append(out, notify.Message{Key: fmt.Sprintf("note/%s/%d", n.Code, len(n.Parts)), Kind: "incident.note", Urgent: true, Roles: []string{string(access.Officer)},
			Escalate: []string{string(access.Head)}, Subject: say("Alguien avisa de una incidencia: {code}", "Somebody reports an incident: {code}", "code", n.Code),
			Body: say("Léalo y anótelo en el libro, o diga por qué no es una incidencia.", "Read it and enter it into the book, or say why it is none.", "code", n.Code), Link: "/incidencias"})
	}
	return out, err
}
