package enroll

import (
	"context"
	"fmt"
	"time"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/storage"
)

// maxHardware is how many pieces of hardware are remembered of one machine: the
// one that was seen least lately makes room.
const maxHardware = 16

// seenHardware is when one machine reported from one piece of hardware.
type seenHardware struct {
	id          string
	first, last time.Time
}

// noteHardware keeps what a machine says of its hardware and installation, when
// it does. The description is acceptable.
func (s *Store) noteHardware(ctx context.Context, tx *storage.Tx, agentID string, at time.Time, self *apiv1.Machine) error {
	hardware, installation := writeID(self.GetHardwareId()), writeID(self.GetInstallationId())
	if installation != "" {
		if _, err := tx.Exec(ctx, `UPDATE enroll_machines SET installation_id = $2 WHERE agent_id = $1`, agentID, installation); err != nil {
			return fmt.Errorf("note the installation of %s: %w", agentID, err)
		}
	}
	if hardware == "" {
		return nil
	}
	if _, err := tx.Exec(ctx, `UPDATE enroll_machines SET hardware_id = $2 WHERE agent_id = $1`, agentID, hardware); err != nil {
		return fmt.Errorf("note the hardware of %s: %w", agentID, err)
	}
	return s.keepHardware(ctx, tx, agentID, hardware, at)
}

// keepHardware remembers that a machine was seen on some hardware.
func (s *Store) keepHardware(ctx context.Context, tx *storage.Tx, agentID, hardware string, at time.Time) error {
	res, err := tx.Exec(ctx, `UPDATE enroll_hardware SET last_seen = $3 WHERE agent_id = $1 AND hardware_id = $2`, agentID, hardware, micros(at))
	if err != nil {
		return fmt.Errorf("note the hardware of %s: %w", agentID, err)
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM enroll_hardware WHERE agent_id = $1 AND hardware_id IN (
		SELECT hardware_id FROM enroll_hardware WHERE agent_id = $1 ORDER BY last_seen DESC, first_seen DESC LIMIT 1000 OFFSET $2)`,
		agentID, maxHardware-1); err != nil {
		return fmt.Errorf("forget old hardware of %s: %w", agentID, err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO enroll_hardware (agent_id, hardware_id, first_seen, last_seen) VALUES ($1, $2, $3, $3)`,
		agentID, hardware, micros(at)); err != nil {
		return fmt.Errorf("note the hardware of %s: %w", agentID, err)
	}
	return nil
}

// hardware lists what is remembered of all machines, by agent id.
func (s *Store) hardware(ctx context.Context, tx *storage.Tx) (map[string][]seenHardware, error) {
	rows, err := tx.Query(ctx, `SELECT agent_id, hardware_id, first_seen, last_seen FROM enroll_hardware ORDER BY agent_id, first_seen`)
	if err != nil {
		return nil, fmt.Errorf("list the hardware of machines: %w", err)
	}
	defer rows.Close()
	out := map[string][]seenHardware{}
	for rows.Next() {
		var agentID string
		var h seenHardware
		var first, last int64
		if err := rows.Scan(&agentID, &h.id, &first, &last); err != nil {
			return nil, fmt.Errorf("list the hardware of machines: %w", err)
		}
		h.first, h.last = fromMicros(first), fromMicros(last)
		out[agentID] = append(out[agentID], h)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list the hardware of machines: %w", err)
	}
	return out, nil
}

// Equivocated notes that a machine's key signed two different reports with one
// number: its data folder was copied, or restored from an old image.
func (s *Store) Equivocated(ctx context.Context, tx *storage.Tx, agentID string, at time.Time) error {
	if _, err := tx.Exec(ctx, `INSERT INTO enroll_alarms (agent_id, first_at, last_at, times) VALUES ($1, $2, $2, 1)
		ON CONFLICT (agent_id) DO UPDATE SET last_at = excluded.last_at, times = enroll_alarms.times + 1`, agentID, micros(at)); err != nil {
		return fmt.Errorf("note an alarm about %s: %w", agentID, err)
	}
	return nil
}
