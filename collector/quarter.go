package collector

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/message"
	"vigia/collector/decisions"
	"vigia/collector/registers"
	"vigia/collector/registers/plan"
	"vigia/collector/report"
	"vigia/collector/reviews"
	"vigia/collector/storage"
)

// reviewsStore puts the reviews together: what they are frozen from, and what a signed
// decision brings about elsewhere.
func (c *Collector) reviewsStore() *reviews.Store {
	return reviews.NewStore(reviews.Options{
		Log: c.Log, Now: c.now, Zone: c.Config.TimeZone.Location, Sources: c.sources,
		Speaker:   speakers{message.Spanish: report.NewVoice(message.Spanish, c.Catalog), message.English: report.NewVoice(message.English, c.Catalog)},
		Registers: c.Registers, Books: Books(), Documents: c.Documents, Standing: c.standing, Follow: c.follow,
	})
}

// speakers say reasons in each language.
type speakers map[message.Lang]report.Voice

// Say implements reviews.Speaker.
func (s speakers) Say(lang message.Lang, r checks.Reason) string { return s[lang].Say(r) }

// Do implements reviews.Speaker.
func (s speakers) Do(lang message.Lang, r checks.Reason) string { return s[lang].Do(r) }

// OpenReview freezes the numbers of a quarter and opens its act. They are gathered beside
// whatever else is written.
func (c *Collector) OpenReview(ctx context.Context, period reviews.Period, who registers.Act) (a *reviews.Act, err error) {
	var prepared reviews.Prepared
	err = c.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		prepared, err = c.Reviews.Prepare(ctx, tx, period, c.now())
		return err
	})
	if err != nil {
		return nil, err
	}
	err = c.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		a, err = c.Reviews.Open(ctx, tx, prepared, who)
		return err
	})
	return a, err
}

// standing tells a review which causes were decided on in the queue.
func (c *Collector) standing(ctx context.Context, tx *storage.Tx, at time.Time) ([]reviews.Standing, error) {
	groups, err := c.Decisions.Queue(ctx, tx, at)
	if err != nil {
		return nil, err
	}
	open := map[[2]string]bool{} // with something undecided
	for _, g := range groups {
		if g.Undecided > 0 || g.Decision == nil {
			open[[2]string{g.Control, g.Code}] = true
		}
	}
	var out []reviews.Standing
	for _, g := range groups {
		if g.Decision == nil || open[[2]string{g.Control, g.Code}] {
			continue
		}
		s := reviews.Standing{Control: g.Control, Code: g.Code, Ref: g.Decision.Ref, By: g.Decision.By}
		until := cmp.Or(g.Decision.Until, g.Decision.Due)
		if !until.IsZero() {
			s.Until = until.Format(time.DateOnly)
		}
		switch g.Decision.Kind {
		case decisions.Waive:
			s.Choice = reviews.Waive
		case decisions.Dismiss:
			s.Choice = reviews.Dismiss
		case decisions.Incident:
			s.Choice = reviews.Incident
		case decisions.Fix, decisions.Plan, decisions.Ask:
			s.Choice = reviews.Plan
		}
		out = append(out, s)
	}
	return out, nil
}

// follow does what a signed decision asks for: the queue decides its causes so, and what
// stands in no queue goes into the work plan.
func (c *Collector) follow(ctx context.Context, tx *storage.Tx, f reviews.Following) (string, error) {
	if f.Line.Kind == reviews.Settled && f.Decision.Choice == reviews.Confirm {
		return "", nil
	}
	now := c.now()
	groups, err := c.Decisions.Queue(ctx, tx, now)
	if err != nil {
		return "", err
	}
	var keys []string
	for _, cause := range f.Line.Causes {
		for _, g := range groups {
			if g.Control == cause.Control && g.Code == cause.Code && g.Undecided > 0 {
				keys = append(keys, g.Key)
			}
		}
	}
	if len(keys) > 0 {
		made, err := c.Decisions.Decide(ctx, tx, keys, c.choiceOf(f, now))
		if err == nil {
			var refs []string
			for _, d := range made {
				if d.Ref != "" && !slices.Contains(refs, d.Ref) {
					refs = append(refs, d.Ref)
				}
			}
			return strings.Join(refs, ", "), nil
		}
		if !errors.Is(err, decisions.ErrNotYet) {
			return "", err
		}
	}
	if f.Decision.Choice != reviews.Plan {
		return "", nil
	}
	return c.planned(ctx, tx, f, now)
}

// dueOf is the day of a decision, not before today: it may have been written some days ago.
func (c *Collector) dueOf(d reviews.Decision, now time.Time) time.Time {
	zone := c.Config.TimeZone.Location
	due, err := time.ParseInLocation(time.DateOnly, d.Due, zone)
	if today := now.In(zone); err != nil || due.Before(today) {
		return today
	}
	return due
}

// choiceOf puts a decision of a review as the queue takes it.
func (c *Collector) choiceOf(f reviews.Following, now time.Time) decisions.Choice {
	d := f.Decision
	out := decisions.Choice{Why: clipText(d.Words, 2000), Act: registers.Act{By: f.By.By, Via: f.By.Via}}
	switch d.Choice {
	case reviews.Waive:
		out.Kind, out.Until, out.Approver = decisions.Waive, c.dueOf(d, now), f.By.By
	case reviews.Incident:
		out.Kind = decisions.Incident
	case reviews.Dismiss:
		out.Kind = decisions.Dismiss
	case reviews.Plan, reviews.Confirm:
		out.Kind, out.Owner, out.Due = decisions.Fix, d.Owner, c.dueOf(d, now)
		out.Action = clipText(actionOf(f), 200)
	}
	return out
}

// actionOf words what is to be done: the officer's words, or else what the line is about.
func actionOf(f reviews.Following) string {
	if line, _, _ := strings.Cut(f.Decision.Words, "\n"); line != "" {
		return line
	}
	switch {
	case len(f.Line.Causes) > 1:
		return "Corregir las causas de «" + f.Section.Title.ES + "»"
	case len(f.Line.Causes) == 1:
		return "Corregir: " + f.Line.Causes[0].Title.ES
	case f.Line.Kind == reviews.Missing:
		return "Hacer y anotar la prueba que falta: " + f.Section.Title.ES
	default:
		return "Comprobar a mano: " + f.Section.Title.ES
	}
}

// planned writes a row of the work plan for a line.
func (c *Collector) planned(ctx context.Context, tx *storage.Tx, f reviews.Following, now time.Time) (string, error) {
	var controls []string
	for _, cause := range f.Line.Causes {
		controls = append(controls, cause.Control)
	}
	controls = append(controls, f.Line.Duties...)
	y, m, d := c.dueOf(f.Decision, now).Date()
	row := plan.Row{Action: clipText(strings.Join(strings.Fields(actionOf(f)), " "), 400), Control: clipText(strings.Join(controls, ", "), 400), Origin: plan.Review, OriginRef: f.Act.ID + " " + f.Line.ID,
		Owner: strings.Join(strings.Fields(f.Decision.Owner), " "), Due: time.Date(y, m, d, 0, 0, 0, 0, time.UTC), State: plan.Planned, Note: f.Decision.Words}
	book := plan.Book()
	added, err := c.Registers.Add(ctx, tx, book, row.Values(), registers.Act{By: f.By.By, Via: f.By.Via})
	if err != nil {
		return "", err
	}
	return book.FolioText(added.Folio), nil
}

// clipText shortens a text to so many characters.
func clipText(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}
