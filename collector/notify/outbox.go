package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/collector/storage"
	"vigia/collector/worktime"
)

// giveUpAfter is how long a delivery is tried: longer than a long weekend without a server.
const giveUpAfter = 7 * 24 * time.Hour

// The wait before another attempt doubles from the first to the last.
const (
	firstWait = time.Minute
	lastWait  = time.Hour
)

// backoff is how long to wait after so many attempts, at random between the half and the
// whole, so that what failed together is not tried together.
func backoff(attempts int) time.Duration {
	wait := lastWait
	if n := attempts - 1; n >= 0 && n < 6 {
		wait = firstWait << n
	}
	return wait/2 + rand.N(wait/2+1) //nolint:gosec // spreads load, guards nothing
}

// Plan tells whom what is due, and puts it on its way: into inboxes, and into the outbox of
// the channels that there are.
func (s *Store) Plan(ctx context.Context, tx *storage.Tx, people []Person, channels []string, office worktime.Calendar) error {
	if err := tx.Lock(ctx, "notify"); err != nil {
		return err
	}
	k := known{Now: s.now(), Calendar: office, People: people, Channels: channels}
	var err error
	if k.Settings, err = s.Settings(ctx, tx); err != nil {
		return err
	}
	if k.Reaches, err = s.Reaches(ctx, tx); err != nil {
		return err
	}
	if k.Messages, err = s.watched(ctx, tx, k.Now); err != nil {
		return err
	}
	if k.Held, err = s.held(ctx, tx); err != nil {
		return err
	}
	todo := plan(k)
	for _, n := range todo.Notices {
		if _, err := tx.Exec(ctx, `INSERT INTO notify_notices (message, account, level, told_at, read_at, acked_at, acked_via, acked_by, slip)
			VALUES ($1, $2, $3, $4, 0, 0, '', '', '') ON CONFLICT (message, account) DO NOTHING`,
			n.Message, n.Account, int64(n.Level), k.Now.UnixMicro()); err != nil {
			return fmt.Errorf("tell a person: %w", err)
		}
	}
	for _, d := range todo.Deliveries {
		if err := s.deliver(ctx, tx, d); err != nil {
			return err
		}
	}
	for _, p := range todo.Messages {
		if _, err := tx.Exec(ctx, `UPDATE notify_messages SET planned_at = $2, level = $3, watched = $4 WHERE id = $1`,
			p.Message, p.Planned.UnixMicro(), int64(p.Level), flag(p.Watched)); err != nil {
			return fmt.Errorf("note that a message was told: %w", err)
		}
	}
	for _, d := range todo.Digests {
		if err := s.digest(ctx, tx, d); err != nil {
			return err
		}
	}
	return nil
}

// deliver puts a delivery into the outbox; one that is there stays as it is.
func (s *Store) deliver(ctx context.Context, tx *storage.Tx, d newDelivery) error {
	_, err := tx.Exec(ctx, `INSERT INTO notify_deliveries (id, message, channel, recipient, state, created_at, next_at, attempts,
		trouble, detail, tried_at, done_at, digest)
		SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3, $4, $5, $6, 0, '', '', 0, 0, 0 FROM notify_deliveries WHERE 1 = 1
		ON CONFLICT (message, channel, recipient) DO NOTHING`,
		d.Message, d.Channel, d.Recipient, string(d.State), s.now().UnixMicro(), d.Next.UnixMicro())
	if err != nil {
		return fmt.Errorf("put a delivery into the outbox: %w", err)
	}
	return nil
}

// digest makes one message of many that were held for a person.
func (s *Store) digest(ctx context.Context, tx *storage.Tx, d newDigest) error {
	const most = 40 // lines of one digest; the portal has the rest
	var es, en strings.Builder
	last := d.Held[0]
	for i, id := range d.Held {
		last = max(last, id)
		if i >= most {
			continue
		}
		found, err := s.deliveries(ctx, tx, `WHERE d.id = $1`, id)
		if err != nil {
			return err
		}
		for _, one := range found {
			es.WriteString("- " + one.Subject.ES + "\n")
			en.WriteString("- " + one.Subject.EN + "\n")
		}
	}
	if more := len(d.Held) - most; more > 0 {
		fmt.Fprintf(&es, "- y %d más, en el portal\n", more)
		fmt.Fprintf(&en, "- and %d more, in the portal\n", more)
	}
	n := strconv.Itoa(len(d.Held))
	m := Message{
		Key: "digest/" + d.Account + "/" + strconv.FormatInt(last, 10), Kind: KindDigest, Accounts: []string{d.Account}, PortalOnly: true,
		Subject: message.Text{ES: "Resumen de avisos: " + n, EN: "Summary of notices: " + n},
		Body:    message.Text{ES: shorten(es.String()), EN: shorten(en.String())}, Link: "/avisos",
	}
	if _, err := s.Queue(ctx, tx, m); err != nil {
		return err
	}
	var id int64
	if err := tx.QueryRow(ctx, `SELECT id FROM notify_messages WHERE about_key = $1`, m.Key).Scan(&id); err != nil {
		return fmt.Errorf("read the digest: %w", err)
	}
	// What it sums up stands in the inbox one by one already.
	now := s.now()
	if _, err := tx.Exec(ctx, `UPDATE notify_messages SET watched = 0, planned_at = $2 WHERE id = $1`, id, now.UnixMicro()); err != nil {
		return fmt.Errorf("make a digest: %w", err)
	}
	if err := s.deliver(ctx, tx, newDelivery{id, Mail, d.Account, Waiting, now}); err != nil {
		return err
	}
	for _, one := range d.Held {
		if _, err := tx.Exec(ctx, `UPDATE notify_deliveries SET state = 'digest', digest = $2, done_at = $3 WHERE id = $1`, one, id, now.UnixMicro()); err != nil {
			return fmt.Errorf("make a digest: %w", err)
		}
	}
	return nil
}

// The kinds of messages that are the package's own.
const (
	KindDigest = "notify.digest"
	KindFailed = "notify.failed"
	KindTest   = "notify.test"
)

func shorten(text string) string {
	if runes := []rune(text); len(runes) > maxText {
		return string(runes[:maxText-1]) + "…"
	}
	return text
}

// watched are the messages with which there may be something to do.
func (s *Store) watched(ctx context.Context, tx *storage.Tx, now time.Time) ([]watched, error) {
	rows, err := tx.Query(ctx, `SELECT id, to_json, urgent, portal_only, not_before, planned_at, level FROM notify_messages
		WHERE watched = 1 AND not_before <= $1 ORDER BY id`, now.UnixMicro())
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	defer rows.Close()
	var out []watched
	for rows.Next() {
		var m watched
		var text string
		var urgent, portal, before, planned int64
		if err := rows.Scan(&m.ID, &text, &urgent, &portal, &before, &planned, &m.Level); err != nil {
			return nil, fmt.Errorf("read messages: %w", err)
		}
		var to addressees
		if err := json.Unmarshal([]byte(text), &to); err != nil {
			return nil, fmt.Errorf("read message %d: %w", m.ID, err)
		}
		m.Roles, m.Accounts, m.Escalate = to.Roles, to.Accounts, to.Escalate
		m.Urgent, m.PortalOnly, m.NotBefore, m.Planned = urgent != 0, portal != 0, timeOf(before), timeOf(planned)
		out = append(out, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	for i := range out {
		if out[i].Planned.IsZero() {
			continue
		}
		if err := s.told(ctx, tx, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// told reads whom a message reached and whether anybody acknowledged it.
func (s *Store) told(ctx context.Context, tx *storage.Tx, m *watched) error {
	rows, err := tx.Query(ctx, `SELECT account, acked_at FROM notify_notices WHERE message = $1`, m.ID)
	if err != nil {
		return fmt.Errorf("read who was told: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var account string
		var acked int64
		if err := rows.Scan(&account, &acked); err != nil {
			return fmt.Errorf("read who was told: %w", err)
		}
		m.Told, m.Acked = append(m.Told, account), m.Acked || acked != 0
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read who was told: %w", err)
	}
	return nil
}

func (s *Store) held(ctx context.Context, tx *storage.Tx) ([]held, error) {
	found, err := s.deliveries(ctx, tx, `WHERE d.state = 'held' ORDER BY d.id`)
	if err != nil {
		return nil, err
	}
	var out []held
	for _, d := range found {
		out = append(out, held{d.ID, d.Recipient, d.Created})
	}
	return out, nil
}

// claim begins an attempt: should the program die in it, the next one waits its time. It
// answers no when somebody else has the delivery.
func (s *Store) claim(ctx context.Context, tx *storage.Tx, d Delivery) (bool, error) {
	now := s.now()
	res, err := tx.Exec(ctx, `UPDATE notify_deliveries SET attempts = attempts + 1, tried_at = $2, next_at = $3
		WHERE id = $1 AND state = 'waiting' AND next_at <= $2`, d.ID, now.UnixMicro(), now.Add(backoff(d.Attempts+1)).UnixMicro())
	if err != nil {
		return false, fmt.Errorf("begin a delivery: %w", err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// settle notes how an attempt ended. trouble is nil when the message is delivered.
func (s *Store) settle(ctx context.Context, tx *storage.Tx, d Delivery, trouble *Trouble) error {
	now := s.now()
	state, done := Delivered, now.UnixMicro()
	var told Trouble
	if trouble != nil {
		told = *trouble
		state, done = Waiting, 0
		if told.Permanent || now.Sub(d.Created) >= giveUpAfter {
			state, done = GivenUp, now.UnixMicro()
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE notify_deliveries SET state = $2, trouble = $3, detail = $4, done_at = $5, tried_at = $6
		WHERE id = $1 AND state = 'waiting'`, d.ID, string(state), told.Code, told.Detail, done, now.UnixMicro()); err != nil {
		return fmt.Errorf("note how a delivery ended: %w", err)
	}
	if state != GivenUp {
		return nil
	}
	return s.tellFailure(ctx, tx, d, told)
}

// tellFailure puts a delivery that was given up where those see it who can mend it.
func (s *Store) tellFailure(ctx context.Context, tx *storage.Tx, d Delivery, t Trouble) error {
	say := func(lang message.Lang) string {
		about := message.Text{
			ES: "No se pudo entregar por {channel}: {subject}", EN: "Could not be delivered by {channel}: {subject}",
		}.Format(lang, map[string]string{"channel": ChannelName(d.Channel).In(lang), "subject": d.Subject.In(lang)})
		if runes := []rune(about); len(runes) > maxSubject {
			about = string(runes[:maxSubject-1]) + "…"
		}
		return about
	}
	_, err := s.Queue(ctx, tx, Message{
		Key:  fmt.Sprintf("notify/failed/%d/%d", d.ID, d.Created.UnixMicro()),
		Kind: KindFailed, Roles: fallback(), PortalOnly: true, Link: "/avisos/ajustes",
		Subject: message.Text{ES: say(message.Spanish), EN: say(message.English)},
		Body:    message.Text{ES: shorten(t.Say(message.Spanish)), EN: shorten(t.Say(message.English))},
	})
	return err
}
