package decisions

import (
	"context"
	"fmt"
	"time"

	"vigia/checks/message"
	"vigia/collector/storage"
)

// Reminder is something that people must be told once.
type Reminder struct {
	// Key is the reminder's own and stays the same for as long as the matter does.
	Key           string
	Subject, Text message.Text
	// Roles must know, by their codes in package access.
	Roles []string
	// Path is the page of the portal about it.
	Path string
	// At is since when it is due.
	At time.Time
}

// Reminders are about what is critical or high and has waited for a decision for too
// long: one for each day on which there is something new of that kind.
func (s *Store) Reminders(ctx context.Context, tx *storage.Tx, now time.Time) ([]Reminder, error) {
	groups, _, err := s.Glance(ctx, tx)
	if err != nil {
		return nil, err
	}
	n := 0
	var newest, oldest time.Time
	for _, g := range groups {
		if !g.Overdue {
			continue
		}
		n++
		if g.Waits.After(newest) {
			newest = g.Waits
		}
		if oldest.IsZero() || g.Waits.Before(oldest) {
			oldest = g.Waits
		}
	}
	if n == 0 {
		return nil, nil
	}
	args := map[string]string{"n": fmt.Sprint(n), "since": oldest.In(s.opts.Zone).Format("02/01/2006")}
	say := func(es, en string) message.Text {
		t := message.Text{ES: es, EN: en}
		return message.Text{ES: t.Format(message.Spanish, args), EN: t.Format(message.English, args)}
	}
	return []Reminder{{
		Key:     "queue/overdue/" + newest.In(s.opts.Zone).Format(time.DateOnly),
		Subject: say("Hallazgos graves sin decidir: {n}", "Grave findings without a decision: {n}"),
		Text: say("Hay {n} causas de severidad crítica o alta que llevan más de 72 horas sin que nadie decida qué hacer con ellas; la más antigua espera desde el {since}. Decida en «Pendientes»: cada una se resuelve con una pulsación.",
			"There are {n} causes of critical or high severity on which nobody has decided for more than 72 hours; the oldest has waited since {since}. Decide in “To decide”: each takes one keystroke."),
		Roles: []string{"officer"}, Path: "/pendientes?estado=vencidos", At: newest.Add(DecideWithin),
	}}, nil
}
