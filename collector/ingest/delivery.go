package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/assign"
	"vigia/collector/enroll"
	"vigia/collector/evidence"
	"vigia/collector/findings"
	"vigia/collector/storage"
)

// delivery is one call of Deliver under way. Its results are assigned anew each
// time that write runs.
type delivery struct {
	*Service
	agentID string
	req     *apiv1.DeliverRequest
	items   []item
	// made and note are of what a person brought, see TakeCarried; note is nil for others.
	made time.Time
	note func(first, last uint64) (evidence.Leaf, error)

	// What write answers.
	resp     *apiv1.DeliverResponse
	appended int
	alarm    *alarm
}

// alarm is the refusal of a report whose number another one has.
type alarm struct {
	sequence   uint64
	have, came []byte // hashes
	payload    []byte // the signed item that came
}

func (a *alarm) Error() string {
	return fmt.Sprintf("report %d differs from the one with that number that was delivered before: this machine was cloned or restored from an image; retire it and enrol it again", a.sequence)
}

// AlarmRecord is the payload of a leaf of kind alarm, as JSON: the proof that a
// machine's key signed two different reports with one number. The first is the
// machine's report leaf with that sequence.
type AlarmRecord struct {
	What     string `json:"what"` // equivocation
	Agent    string `json:"agent"`
	Sequence uint64 `json:"sequence"`
	// Have is the SHA-256 of the report that was taken, or that a later report
	// or gap named; Came that of the other one, which Item shows or names.
	Have []byte `json:"have"`
	Came []byte `json:"came"`
	// Item is the SignedReport or SignedGap that proves it, in protobuf.
	Item []byte `json:"item"`
}

// What is kept of each machine.
const (
	keptHashes   = 4096
	pruneEvery   = 256
	alarmsPerDay = 5
)

// read decodes and verifies the items, outside the transaction.
func (d *delivery) read(ctx context.Context) error {
	var m enroll.Machine
	if err := d.opts.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		var err error
		m, err = d.machine(ctx, tx)
		return err
	}); err != nil {
		return err
	}
	var err error
	d.items, err = readItems(d.agentID, m.ReportKey, d.req.GetItems())
	return err
}

// machine returns the calling machine, which must be active.
func (d *delivery) machine(ctx context.Context, tx *storage.Tx) (enroll.Machine, error) {
	m, err := d.opts.Machines.Machine(ctx, tx, d.agentID)
	if err != nil {
		return enroll.Machine{}, err
	}
	if m.Status != enroll.Active {
		return enroll.Machine{}, enroll.ErrNotActive
	}
	return m, nil
}

// write does all that must be durable before the answer.
func (d *delivery) write(ctx context.Context, tx *storage.Tx) error {
	d.resp, d.appended, d.alarm = nil, 0, nil
	m, err := d.machine(ctx, tx) // it may have been revoked meanwhile
	if err != nil {
		return err
	}
	now := d.opts.Now()
	was, err := readCursor(ctx, tx, d.agentID)
	if err != nil {
		return err
	}
	p, err := d.plan(ctx, tx, was)
	if err != nil {
		return err
	}
	if err := d.append(ctx, tx, m, p, now); err != nil {
		return err
	}
	if p.cursor.sequence != was.sequence || !bytes.Equal(p.cursor.hash, was.hash) {
		if err := p.cursor.write(ctx, tx, d.agentID); err != nil {
			return err
		}
	}
	self := p.newest()
	if d.note != nil {
		err = d.carried(ctx, tx, m, p, now)
	} else {
		err = d.opts.Machines.Seen(ctx, tx, d.agentID, now, self)
	}
	if err != nil {
		return err
	}
	if self.GetHostname() != "" {
		m.Hostname = strings.ToLower(self.GetHostname())
	}
	d.appended, d.alarm = len(p.take), p.alarm
	if err := d.answer(ctx, tx, m, p.cursor.sequence); err != nil {
		return err
	}
	return d.opts.Steps.Appended(ctx)
}

// carried notes that a person brought the new items, and when the machine was heard of.
func (d *delivery) carried(ctx context.Context, tx *storage.Tx, m enroll.Machine, p plan, now time.Time) error {
	if len(p.take) == 0 {
		return nil
	}
	leaf, err := d.note(p.take[0].first, p.take[len(p.take)-1].last)
	if err != nil {
		return err
	}
	if _, err := d.opts.Log.Append(ctx, tx, leaf); err != nil {
		return fmt.Errorf("keep who brought what: %w", err)
	}
	seen := d.made
	if seen.After(now) { // its clock is ahead
		seen = now
	}
	if seen.Before(m.LastSeen) {
		seen = m.LastSeen
	}
	return d.opts.Machines.Seen(ctx, tx, d.agentID, seen, p.newest())
}

// plan is what a delivery will do to the log.
type plan struct {
	cursor cursor
	take   []item
	alarm  *alarm
}

// newest is the description in the newest report that is taken, or nil.
func (p plan) newest() *apiv1.Machine {
	for _, it := range slices.Backward(p.take) {
		if self := it.report.GetMachine(); self != nil {
			return self
		}
	}
	return nil
}

// plan decides about each item: new, known already, or an alarm. Items beyond
// the next number are left for when the agent has sent what lacks.
func (d *delivery) plan(ctx context.Context, tx *storage.Tx, at cursor) (plan, error) {
	p := plan{cursor: at}
	for _, it := range d.items {
		if it.first > p.cursor.sequence+1 {
			break
		}
		found, err := d.compare(ctx, tx, it, p.cursor)
		if err != nil {
			return plan{}, err
		}
		if found.alarm != nil {
			p.alarm = found.alarm
			break
		}
		if it.last > p.cursor.sequence || found.given {
			p.take = append(p.take, it)
		}
		if it.last > p.cursor.sequence {
			p.cursor = cursor{sequence: it.last, hash: it.hashOf(it.last)}
		}
	}
	return p, nil
}

// comparison is what is known about an item.
type comparison struct {
	// alarm is set when the item contradicts the chain.
	alarm *alarm
	// given: it is a report that a gap had given up and that came after all.
	given bool
}

// compare holds an item against what is known of the chain.
func (d *delivery) compare(ctx context.Context, tx *storage.Tx, it item, at cursor) (comparison, error) {
	if it.report != nil && it.first == at.sequence+1 {
		if before := it.report.GetPreviousHash(); len(at.hash) > 0 && !bytes.Equal(before, at.hash) {
			return comparison{alarm: &alarm{sequence: it.first - 1, have: at.hash, came: before, payload: it.payload}}, nil
		}
		return comparison{}, nil
	}
	for sequence := lately(it.first, at.sequence); sequence <= min(it.last, at.sequence); sequence++ {
		came := it.hashOf(sequence)
		if came == nil {
			continue
		}
		have, leaf, err := knownHash(ctx, tx, d.agentID, sequence)
		if err != nil {
			return comparison{}, err
		}
		switch {
		case have == nil: // forgotten, or hidden by a gap
		case !bytes.Equal(have, came):
			return comparison{alarm: &alarm{sequence: sequence, have: have, came: came, payload: it.payload}}, nil
		case it.report != nil && leaf < 0:
			return comparison{given: true}, nil
		}
	}
	return comparison{}, nil
}

// lately is first, or where the hashes begin that are kept up to last.
func lately(first, last uint64) uint64 {
	if last > keptHashes {
		return max(first, last-keptHashes)
	}
	return first
}

// append writes the planned leaves and what follows from each.
func (d *delivery) append(ctx context.Context, tx *storage.Tx, m enroll.Machine, p plan, now time.Time) error {
	var leaves []evidence.Leaf
	for _, it := range p.take {
		leaves = append(leaves, it.leaf(d.agentID))
	}
	raise, err := d.mayRaise(ctx, tx, p.alarm, now)
	if err != nil {
		return err
	}
	if raise {
		leaf, err := p.alarm.leaf(d.agentID)
		if err != nil {
			return err
		}
		leaves = append(leaves, leaf)
	}
	if len(leaves) == 0 {
		return nil
	}
	first, err := d.opts.Log.Append(ctx, tx, leaves...)
	if err != nil {
		return err
	}
	// The leaves' own time, so that the views come out the same from the log.
	if now, err = d.opts.Log.Received(ctx, tx, first); err != nil {
		return err
	}
	who := findings.Machine{ID: m.ID, Department: m.Department, EnrolledAt: m.EnrolledAt}
	for i, it := range p.take {
		if err := d.effect(ctx, tx, who, it, first+int64(i), now); err != nil {
			return fmt.Errorf("take item %d of %s: %w", it.first, d.agentID, err)
		}
	}
	if !raise {
		return nil
	}
	leaf := first + int64(len(p.take))
	if _, err := tx.Exec(ctx, `INSERT INTO ingest_alarms (agent_id, sequence, hash, raised_at, leaf) VALUES ($1, $2, $3, $4, $5)`,
		d.agentID, int64(p.alarm.sequence), p.alarm.came, now.UnixMicro(), leaf); err != nil {
		return fmt.Errorf("keep the alarm about %s: %w", d.agentID, err)
	}
	if err := d.opts.Machines.Equivocated(ctx, tx, d.agentID, now); err != nil {
		return err
	}
	return d.opts.Findings.Equivocation(ctx, tx, who, p.alarm.sequence, leaf, now)
}

// effect writes what follows from one item: its hash and the views.
func (d *delivery) effect(ctx context.Context, tx *storage.Tx, m findings.Machine, it item, leaf int64, now time.Time) error {
	if it.report == nil {
		for sequence := lately(it.first, it.last); sequence <= it.last; sequence++ {
			if hash := it.hashOf(sequence); hash != nil {
				if err := keepHash(ctx, tx, m.ID, sequence, hash, -1); err != nil {
					return err
				}
			}
		}
		return d.opts.Findings.Gap(ctx, tx, m, it.first, it.last, it.gap.GetReason(), leaf, now)
	}
	if err := keepHash(ctx, tx, m.ID, it.first, it.hash[:], leaf); err != nil {
		return err
	}
	if it.first%pruneEvery == 0 && it.first > keptHashes {
		if _, err := tx.Exec(ctx, `DELETE FROM ingest_reports WHERE agent_id = $1 AND sequence < $2`, m.ID, int64(it.first-keptHashes)); err != nil {
			return fmt.Errorf("forget old hashes: %w", err)
		}
	}
	p, err := d.policyOf(ctx, tx, it.report, leaf)
	if err != nil {
		return err
	}
	return d.opts.Findings.Apply(ctx, tx, findings.Input{Machine: m, Report: it.report, Leaf: leaf, ReceivedAt: now, Policy: p})
}

// policyOf is the policy to judge a report by: the one it names. After a restore
// from a backup that one may be unknown; then the last one that is known counts.
func (s *Service) policyOf(ctx context.Context, tx *storage.Tx, r *apiv1.Report, leaf int64) (policy.Policy, error) {
	p, err := s.opts.Policies.Issued(ctx, tx, r.GetAgentId(), r.GetPolicyEpoch(), r.GetPolicyVersion())
	if errors.Is(err, assign.ErrNotIssued) {
		p, err = s.opts.Policies.IssuedBefore(ctx, tx, r.GetAgentId(), leaf)
	}
	if errors.Is(err, assign.ErrNotIssued) {
		return policy.Policy{}, nil // every result will be unknown, and say why
	}
	return p, err
}

// answer composes the response, after all is appended.
func (d *delivery) answer(ctx context.Context, tx *storage.Tx, m enroll.Machine, durable uint64) error {
	resp := &apiv1.DeliverResponse{DurableSequence: durable}
	signed, current, err := d.opts.Policies.Current(ctx, tx, assign.Machine{ID: m.ID, Hostname: m.Hostname, Department: m.Department})
	switch {
	case errors.Is(err, assign.ErrCompose):
		d.opts.Logger.ErrorContext(ctx, "no policy for a machine", "agent_id", m.ID, "error", err)
	case err != nil:
		return err
	case current.Epoch != d.req.GetPolicyEpoch() || current.Version != d.req.GetPolicyVersion():
		resp.Policy = signed
	}
	if mark := d.req.GetRecipientMark(); len(mark) > 0 && d.opts.FileRecipient != "" && !bytes.Equal(mark, apiv1.RecipientMark(d.opts.FileRecipient)) {
		resp.FileRecipient = d.opts.FileRecipient
	}
	if resp.Epoch, err = d.opts.Log.Epoch(ctx, tx); err != nil {
		return err
	}
	c, err := d.opts.Log.Checkpoint(ctx, tx)
	if err != nil {
		return err
	}
	resp.Checkpoint = c.Signed
	if old := d.req.GetCheckpointSize(); old > 0 && old <= uint64(c.Size) {
		proof, err := d.opts.Log.ProveConsistency(ctx, tx, int64(old), c.Size)
		if err != nil {
			return err
		}
		for _, hash := range proof {
			resp.Consistency = append(resp.Consistency, hash[:])
		}
	}
	d.resp = resp
	return nil
}

// mayRaise tells whether an alarm is a new one. A machine that turned against
// us cannot fill the log with them.
func (d *delivery) mayRaise(ctx context.Context, tx *storage.Tx, a *alarm, now time.Time) (bool, error) {
	if a == nil {
		return false, nil
	}
	var same, today int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(SUM(CASE WHEN sequence = $2 AND hash = $3 THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN raised_at > $4 THEN 1 ELSE 0 END), 0) FROM ingest_alarms WHERE agent_id = $1`,
		d.agentID, int64(a.sequence), a.came, now.Add(-24*time.Hour).UnixMicro()).Scan(&same, &today); err != nil {
		return false, fmt.Errorf("read the alarms about %s: %w", d.agentID, err)
	}
	return same == 0 && today < alarmsPerDay, nil
}

func (a *alarm) leaf(agentID string) (evidence.Leaf, error) {
	payload, err := json.Marshal(AlarmRecord{
		What: "equivocation", Agent: agentID, Sequence: a.sequence, Have: a.have, Came: a.came, Item: a.payload,
	})
	if err != nil {
		return evidence.Leaf{}, fmt.Errorf("encode the alarm about %s: %w", agentID, err)
	}
	return evidence.Leaf{Kind: evidence.Alarm, Subject: agentID, Sequence: a.sequence, Payload: payload}, nil
}

// cursor is how far a machine's chain has come.
type cursor struct {
	sequence uint64
	hash     []byte // of that report; nil when a gap hides it
}

// readCursor returns the cursor; that of a new machine is the chain's origin.
func readCursor(ctx context.Context, tx *storage.Tx, agentID string) (cursor, error) {
	var sequence int64
	var c cursor
	err := tx.QueryRow(ctx, `SELECT sequence, hash FROM ingest_cursors WHERE agent_id = $1`, agentID).Scan(&sequence, &c.hash)
	if errors.Is(err, sql.ErrNoRows) {
		return cursor{hash: make([]byte, sha256.Size)}, nil
	}
	if err != nil {
		return cursor{}, fmt.Errorf("read the cursor of %s: %w", agentID, err)
	}
	c.sequence = uint64(sequence)
	return c, nil
}

func (c cursor) write(ctx context.Context, tx *storage.Tx, agentID string) error {
	hash := c.hash
	if hash == nil {
		hash = []byte{}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO ingest_cursors (agent_id, sequence, hash) VALUES ($1, $2, $3)
		ON CONFLICT (agent_id) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash`, agentID, int64(c.sequence), hash); err != nil {
		return fmt.Errorf("move the cursor of %s: %w", agentID, err)
	}
	return nil
}

// knownHash is the hash that a machine's report had, nil when it is not known.
// leaf is negative when only a gap told of it.
func knownHash(ctx context.Context, tx *storage.Tx, agentID string, sequence uint64) (hash []byte, leaf int64, err error) {
	err = tx.QueryRow(ctx, `SELECT hash, leaf FROM ingest_reports WHERE agent_id = $1 AND sequence = $2`, agentID, int64(sequence)).Scan(&hash, &leaf)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read a report's hash: %w", err)
	}
	return hash, leaf, nil
}

// keepHash remembers a report's hash; what a gap told gives way to the report.
func keepHash(ctx context.Context, tx *storage.Tx, agentID string, sequence uint64, hash []byte, leaf int64) error {
	if _, err := tx.Exec(ctx, `INSERT INTO ingest_reports (agent_id, sequence, hash, leaf) VALUES ($1, $2, $3, $4)
		ON CONFLICT (agent_id, sequence) DO UPDATE SET leaf = excluded.leaf WHERE ingest_reports.leaf < 0`,
		agentID, int64(sequence), hash, leaf); err != nil {
		return fmt.Errorf("keep a report's hash: %w", err)
	}
	return nil
}
