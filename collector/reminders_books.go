package collector

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/notify"
	"vigia/collector/registers/requests"
	"vigia/collector/storage"
)

// The matters of the other parts, put into messages: what is due, to whom it is told, and
// to whom next.

// findingsUndecided tells of grave findings on which nobody decides.
func (c *Collector) findingsUndecided(ctx context.Context, tx *storage.Tx, now time.Time) ([]notify.Message, error) {
	found, err := c.Decisions.Reminders(ctx, tx, now)
	if err != nil {
		return nil, fmt.Errorf("reminders of the queue: %w", err)
	}
	var out []notify.Message
	for _, r := range found {
		out = append(out, notify.Message{Key: r.Key, Kind: "findings.undecided", Roles: r.Roles, Subject: r.Subject, Body: r.Text, Link: r.Path,
			NotBefore: r.At, Escalate: []string{string(access.Head), string(access.Director)}})
	}
	return out, nil
}

// requestSoon is how long before its end a term of a request is told of.
const requestSoon = 48 * time.Hour

// requestsDue tells of requests of persons whose terms end soon or are over.
func (c *Collector) requestsDue(ctx context.Context, tx *storage.Tx, now time.Time) ([]notify.Message, error) {
	rows, err := c.Registers.Rows(ctx, tx, requests.Book())
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	packs, err := c.Chosen(ctx, tx)
	if err != nil {
		return nil, err
	}
	office, err := c.Worktime(ctx, tx)
	if err != nil {
		return nil, err
	}
	var out []notify.Message
	for _, row := range rows {
		r, err := requests.Of(row)
		if err != nil {
			return nil, err
		}
		terms, err := requests.Clock(r, packs, office, now)
		if err != nil {
			return nil, fmt.Errorf("terms of %s: %w", requests.Book().FolioText(row.Folio), err)
		}
		for _, t := range terms {
			if !t.Ours || !t.Open() || t.Due.Sub(now) > requestSoon {
				continue
			}
			folio := requests.Book().FolioText(row.Folio)
			due := t.Due.In(c.Config.TimeZone.Location).Format("02/01/2006")
			m := notify.Message{
				Key:  fmt.Sprintf("request/%d/%s/%s/%s", row.Folio, t.ID, t.Due.Format(time.DateOnly), t.State),
				Kind: "request.term", Link: "/libros/requests/" + strconv.FormatInt(row.Folio, 10),
				Roles: []string{string(access.Transparency), string(access.Officer)}, Escalate: []string{string(access.Head)},
				Subject: say("Solicitud {folio}: un plazo vence el {due}", "Request {folio}: a term ends on {due}", "folio", folio, "due", due),
				Body:    message.Text{ES: "Paso: " + t.Law.Title.ES + ". Hágalo y anote la fecha en el libro.", EN: "Step: " + t.Law.Title.EN + ". Take it, and note the date in the book."},
			}
			if t.State == requests.Overdue {
				m.Urgent = true
				m.Subject = say("Solicitud {folio}: un plazo venció el {due}", "Request {folio}: a term ended on {due}", "folio", folio, "due", due)
			}
			out = append(out, m)
		}
	}
	return out, nil
}

// endsWithin is how long before its end a row of a book is told of.
const endsWithin = 14 * 24 * time.Hour

// rowsEnding tells once a week of what the books have that ended or ends soon: waivers,
// permits, attestations, contracts.
func (c *Collector) rowsEnding(ctx context.Context, tx *storage.Tx, now time.Time) ([]notify.Message, error) {
	soon := c.dayOf(now.Add(endsWithin))
	sums, err := c.Registers.Summaries(ctx, tx, Books(), c.dayOf(now), soon, false, "")
	if err != nil {
		return nil, err
	}
	ending, es, en := 0, "", ""
	for _, b := range Books() {
		if n := sums[b.Name].Ending; n > 0 {
			ending += n
			es += fmt.Sprintf("- %s: %d\n", b.Title.ES, n)
			en += fmt.Sprintf("- %s: %d\n", b.Title.EN, n)
		}
	}
	if ending == 0 {
		return nil, nil
	}
	return []notify.Message{{
		Key: "books/ending/" + c.weekOf(now), Kind: "books.ending", Roles: []string{string(access.Officer)}, Link: "/libros",
		Subject: say("Anotaciones que vencen en dos semanas: {n}", "Entries that end within two weeks: {n}", "n", strconv.Itoa(ending)),
		Body:    message.Text{ES: "Renueve o deje vencer lo que termina:\n" + es, EN: "Renew, or let end, what is about to:\n" + en},
	}}, nil
}
