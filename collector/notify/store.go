package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"vigia/checks/message"
	"vigia/collector/storage"
)

// Store keeps messages, inboxes and deliveries. Every method works inside the caller's
// transaction and is safe for concurrent use.
type Store struct{ now func() time.Time }

// NewStore returns a Store on the tables of Schema. now is the clock; nil is time.Now.
func NewStore(now func() time.Time) *Store {
	if now == nil {
		now = time.Now
	}
	return &Store{now: now}
}

// addressees are a message's, as they are kept.
type addressees struct {
	Roles    []string `json:"roles,omitempty"`
	Accounts []string `json:"accounts,omitempty"`
	Escalate []string `json:"escalate,omitempty"`
}

// Queue queues messages whose key is new, and tells how many those were.
func (s *Store) Queue(ctx context.Context, tx *storage.Tx, messages ...Message) (int, error) {
	if len(messages) == 0 {
		return 0, nil
	}
	if err := tx.Lock(ctx, "notify"); err != nil {
		return 0, err
	}
	var last int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(id), 0) FROM notify_messages`).Scan(&last); err != nil {
		return 0, fmt.Errorf("queue a message: %w", err)
	}
	fresh := 0
	for _, m := range messages {
		if err := m.check(); err != nil {
			return fresh, err
		}
		added, err := s.insert(ctx, tx, last+1, m)
		if err != nil {
			return fresh, fmt.Errorf("queue %s: %w", m.Key, err)
		}
		if added {
			last, fresh = last+1, fresh+1
		}
	}
	return fresh, nil
}

func (s *Store) insert(ctx context.Context, tx *storage.Tx, id int64, m Message) (bool, error) {
	to, err := json.Marshal(addressees{m.Roles, m.Accounts, m.Escalate})
	if err != nil {
		return false, err
	}
	now := s.now()
	if m.NotBefore.IsZero() {
		m.NotBefore = now
	}
	res, err := tx.Exec(ctx, `INSERT INTO notify_messages (id, about_key, kind, urgent, portal_only, subject_es, subject_en,
		body_es, body_en, link, to_json, not_before, created_at, planned_at, level, watched)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, 0, 1) ON CONFLICT (about_key) DO NOTHING`,
		id, m.Key, m.Kind, flag(m.Urgent), flag(m.PortalOnly), m.Subject.ES, m.Subject.EN, m.Body.ES, m.Body.EN, m.Link,
		string(to), m.NotBefore.UnixMicro(), now.UnixMicro())
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// Queued tells which of some keys are queued already, so that whoever gathers reminders
// every minute writes nothing for them.
func (s *Store) Queued(ctx context.Context, tx *storage.Tx, keys []string) (map[string]bool, error) {
	out := map[string]bool{}
	for _, key := range keys {
		var n int64
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM notify_messages WHERE about_key = $1`, key).Scan(&n); err != nil {
			return nil, fmt.Errorf("look for a message: %w", err)
		}
		out[key] = n > 0
	}
	return out, nil
}

const noticeColumns = `n.message, n.account, m.kind, m.subject_es, m.subject_en, m.body_es, m.body_en, m.link, m.urgent,
	n.level, n.told_at, n.read_at, n.acked_at, n.acked_via, n.acked_by, n.slip`

// Inbox are the notices of an account: those that are not acknowledged, the urgent and then the newest first,
// or with past the others, up to limit.
func (s *Store) Inbox(ctx context.Context, tx *storage.Tx, account string, past bool, limit int) ([]Notice, error) {
	which := `n.acked_at = 0`
	if past {
		which = `n.acked_at <> 0`
	}
	return s.notices(ctx, tx, `WHERE n.account = $1 AND `+which+` ORDER BY m.urgent DESC, n.told_at DESC, n.message DESC LIMIT $2`, account, int64(limit))
}

// Unacknowledged counts what waits in an inbox.
func (s *Store) Unacknowledged(ctx context.Context, tx *storage.Tx, account string) (int, error) {
	var n int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM notify_notices WHERE account = $1 AND acked_at = 0`, account).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the notices: %w", err)
	}
	return n, nil
}

// Notice is one of an account, or ErrNoNotice.
func (s *Store) Notice(ctx context.Context, tx *storage.Tx, message int64, account string) (Notice, error) {
	found, err := s.notices(ctx, tx, `WHERE n.message = $1 AND n.account = $2`, message, account)
	if err == nil && len(found) == 0 {
		err = ErrNoNotice
	}
	if err != nil {
		return Notice{}, err
	}
	return found[0], nil
}

// OnPaper are the notices of people who are given them on paper, that did not come back.
func (s *Store) OnPaper(ctx context.Context, tx *storage.Tx, limit int) ([]Notice, error) {
	return s.notices(ctx, tx, `JOIN notify_people p ON p.account = n.account AND p.paper = 1
		WHERE n.acked_at = 0 ORDER BY n.told_at, n.message LIMIT $1`, int64(limit))
}

func (s *Store) notices(ctx context.Context, tx *storage.Tx, where string, args ...any) ([]Notice, error) {
	rows, err := tx.Query(ctx, `SELECT `+noticeColumns+` FROM notify_notices n JOIN notify_messages m ON m.id = n.message `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	defer rows.Close()
	var out []Notice
	for rows.Next() {
		var n Notice
		var urgent, told, read, acked int64
		if err := rows.Scan(&n.Message, &n.Account, &n.Kind, &n.Subject.ES, &n.Subject.EN, &n.Body.ES, &n.Body.EN, &n.Link, &urgent,
			&n.Level, &told, &read, &acked, &n.AckedVia, &n.AckedBy, &n.Slip); err != nil {
			return nil, fmt.Errorf("read notices: %w", err)
		}
		n.Urgent, n.Told, n.Read, n.Acked = urgent != 0, timeOf(told), timeOf(read), timeOf(acked)
		out = append(out, n)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	return out, nil
}

// MarkRead notes that a person opened a notice.
func (s *Store) MarkRead(ctx context.Context, tx *storage.Tx, message int64, account string) error {
	_, err := tx.Exec(ctx, `UPDATE notify_notices SET read_at = $3 WHERE message = $1 AND account = $2 AND read_at = 0`,
		message, account, s.now().UnixMicro())
	if err != nil {
		return fmt.Errorf("mark a notice as read: %w", err)
	}
	return nil
}

// Acknowledge notes that a person knows, which ends that it goes up to others. by recorded
// it: the person, or whoever got the signed slip back, whose document slip is then.
// Acknowledging again changes nothing. ErrNoNotice: the account has no such notice.
func (s *Store) Acknowledge(ctx context.Context, tx *storage.Tx, message int64, account, by, slip string) error {
	if _, err := s.Notice(ctx, tx, message, account); err != nil {
		return err
	}
	via := ViaPortal
	if slip != "" {
		via = ViaPaper
	}
	_, err := tx.Exec(ctx, `UPDATE notify_notices SET acked_at = $3, acked_via = $4, acked_by = $5, slip = $6
		WHERE message = $1 AND account = $2 AND acked_at = 0`, message, account, s.now().UnixMicro(), via, by, slip)
	if err != nil {
		return fmt.Errorf("acknowledge a notice: %w", err)
	}
	return nil
}

// Find lists deliveries in some states, or all, the newest first, up to limit.
func (s *Store) Find(ctx context.Context, tx *storage.Tx, states []State, limit int) ([]Delivery, error) {
	if len(states) == 0 {
		states = []State{Waiting, Held, InDigest, Delivered, GivenUp}
	}
	var out []Delivery
	for _, state := range states {
		found, err := s.deliveries(ctx, tx, `WHERE d.state = $1 ORDER BY d.id DESC LIMIT $2`, string(state), int64(limit))
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// due are the deliveries of a channel whose time has come, the oldest first.
func (s *Store) due(ctx context.Context, tx *storage.Tx, channel string, limit int) ([]Delivery, error) {
	return s.deliveries(ctx, tx, `WHERE d.state = 'waiting' AND d.next_at <= $1 AND d.channel = $2 ORDER BY d.next_at, d.id LIMIT $3`,
		s.now().UnixMicro(), channel, int64(limit))
}

func (s *Store) deliveries(ctx context.Context, tx *storage.Tx, where string, args ...any) ([]Delivery, error) {
	rows, err := tx.Query(ctx, `SELECT d.id, d.message, d.channel, d.recipient, d.state, d.created_at, d.next_at, d.attempts,
		d.trouble, d.detail, d.tried_at, d.done_at, m.subject_es, m.subject_en, m.urgent
		FROM notify_deliveries d JOIN notify_messages m ON m.id = d.message `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	defer rows.Close()
	var out []Delivery
	for rows.Next() {
		d, err := scanDelivery(rows)
		if err != nil {
			return nil, fmt.Errorf("read deliveries: %w", err)
		}
		out = append(out, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return out, nil
}

func scanDelivery(rows *sql.Rows) (Delivery, error) {
	var d Delivery
	var created, next, tried, done, urgent int64
	err := rows.Scan(&d.ID, &d.Message, &d.Channel, &d.Recipient, &d.State, &created, &next, &d.Attempts,
		&d.Trouble.Code, &d.Trouble.Detail, &tried, &done, &d.Subject.ES, &d.Subject.EN, &urgent)
	d.Created, d.Next, d.Tried, d.Done, d.Urgent = timeOf(created), timeOf(next), timeOf(tried), timeOf(done), urgent != 0
	return d, err
}

// Retry puts a delivery that was given up on its way again.
func (s *Store) Retry(ctx context.Context, tx *storage.Tx, id int64) error {
	now := s.now().UnixMicro()
	res, err := tx.Exec(ctx, `UPDATE notify_deliveries SET state = 'waiting', created_at = $2, next_at = $2, attempts = 0, done_at = 0
		WHERE id = $1 AND state = 'given_up'`, id, now)
	if err != nil {
		return fmt.Errorf("try a delivery again: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return ErrNoDelivery
	}
	return nil
}

// ChannelState is how a channel does.
type ChannelState struct {
	Channel   string
	Waiting   int
	GivenUp   int
	Delivered time.Time // the last delivery
	// Trouble is the last one of those that wait, if it is newer than the last delivery, and
	// Tried when it came.
	Trouble Trouble
	Tried   time.Time
}

// Channels tells how some channels do, from what became of their deliveries.
func (s *Store) Channels(ctx context.Context, tx *storage.Tx, channels []string) ([]ChannelState, error) {
	var out []ChannelState
	for _, name := range channels {
		c := ChannelState{Channel: name}
		var delivered int64
		if err := tx.QueryRow(ctx, `SELECT COALESCE(SUM(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN state = 'given_up' THEN 1 ELSE 0 END), 0),
			COALESCE(MAX(CASE WHEN state = 'delivered' THEN done_at ELSE 0 END), 0)
			FROM notify_deliveries WHERE channel = $1`, name).Scan(&c.Waiting, &c.GivenUp, &delivered); err != nil {
			return nil, fmt.Errorf("read how %s does: %w", name, err)
		}
		c.Delivered = timeOf(delivered)
		last, err := s.deliveries(ctx, tx, `WHERE d.channel = $1 AND d.state = 'waiting' AND d.trouble <> '' AND d.tried_at >= $2 ORDER BY d.tried_at DESC LIMIT 1`, name, delivered)
		if err != nil {
			return nil, err
		}
		if len(last) > 0 {
			c.Trouble, c.Tried = last[0].Trouble, last[0].Tried
		}
		out = append(out, c)
	}
	return out, nil
}

func timeOf(micro int64) time.Time {
	if micro == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micro).UTC()
}

// letter is what a delivery carries.
func (s *Store) letter(ctx context.Context, tx *storage.Tx, message int64) (Letter, error) {
	var l Letter
	var urgent, created int64
	err := tx.QueryRow(ctx, `SELECT about_key, kind, subject_es, subject_en, body_es, body_en, link, urgent, created_at
		FROM notify_messages WHERE id = $1`, message).
		Scan(&l.Key, &l.Kind, &l.Subject.ES, &l.Subject.EN, &l.Body.ES, &l.Body.EN, &l.Link, &urgent, &created)
	if err != nil {
		return Letter{}, fmt.Errorf("read message %d: %w", message, err)
	}
	l.Urgent, l.At = urgent != 0, timeOf(created)
	return l, nil
}

// Letter is what a channel carries.
type Letter struct {
	ID   string // the same for every attempt; unguessable for nobody, it is no secret
	Key  string
	Kind string
	// Lang is the receiver's, To the address of mail.
	Lang          message.Lang
	To            string
	Subject, Body message.Text
	Link          string // path of the portal
	Urgent        bool
	At            time.Time // when it was queued
}
