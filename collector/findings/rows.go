package findings

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"vigia/checks"
	"vigia/checks/policy"
	"vigia/collector/storage"
)

const rowColumns = `machine, entry, part, from_at, sequence, until_at, since, last_at, last_sequence, leaf, control, check_id,
	severity, status, agent_status, reason_code, reason_args, gone, late, fresh, settled, first_seen, opened, resolved, times`

const selectRows = `SELECT ` + rowColumns + ` FROM findings_states `

func scanRow(scan func(...any) error) (row, error) {
	var r row
	var sequence, lastSequence, gone, late int64
	var severity, status, agent, args string
	if err := scan(&r.machine, &r.entry, &r.key, &r.from, &sequence, &r.until, &r.since, &r.last, &lastSequence, &r.leaf,
		&r.control, &r.check, &severity, &status, &agent, &r.reason.Code, &args, &gone, &late, &r.fresh, &r.settled,
		&r.firstSeen, &r.opened, &r.resolved, &r.times); err != nil {
		return row{}, err
	}
	r.sequence, r.lastSequence = uint64(sequence), uint64(lastSequence)
	r.severity, r.status, r.agent = policy.Severity(severity), checks.Status(status), checks.Status(agent)
	r.gone, r.late = gone != 0, late != 0
	if args != "" {
		if err := json.Unmarshal([]byte(args), &r.reason.Args); err != nil {
			return row{}, fmt.Errorf("arguments of a reason: %w", err)
		}
	}
	return r, nil
}

// rows runs a query of rowColumns and calls each with every row.
func rows(ctx context.Context, tx *storage.Tx, each func(row), query string, args ...any) error {
	found, err := tx.Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read states: %w", err)
	}
	defer found.Close()
	for found.Next() {
		r, err := scanRow(found.Scan)
		if err != nil {
			return fmt.Errorf("read states: %w", err)
		}
		each(r)
	}
	if err := found.Err(); err != nil {
		return fmt.Errorf("read states: %w", err)
	}
	return nil
}

// oneRow is rows for at most one; nil when there is none.
func oneRow(ctx context.Context, tx *storage.Tx, query string, args ...any) (*row, error) {
	r, err := scanRow(tx.QueryRow(ctx, query, args...).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read states: %w", err)
	}
	return &r, nil
}

func insertRow(ctx context.Context, tx *storage.Tx, r row) error {
	args, err := encodeArgs(r.reason.Args)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO findings_states (`+rowColumns+`) VALUES
		($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)`,
		r.machine, r.entry, r.key, r.from, int64(r.sequence), r.until, r.since, r.last, int64(r.lastSequence), r.leaf,
		r.control, r.check, string(r.severity), string(r.status), string(r.agent), r.reason.Code, args, bit(r.gone), bit(r.late),
		r.fresh, r.settled, r.firstSeen, r.opened, r.resolved, r.times); err != nil {
		return fmt.Errorf("add the state of %s: %w", r.track, err)
	}
	return nil
}

// updateRow writes what place and confirm may change.
func updateRow(ctx context.Context, tx *storage.Tx, r row) error {
	args, err := encodeArgs(r.reason.Args)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE findings_states SET until_at = $6, last_at = $7, last_sequence = $8, leaf = $9,
		reason_args = $10, fresh = $11, settled = $12
		WHERE machine = $1 AND entry = $2 AND part = $3 AND from_at = $4 AND sequence = $5`,
		r.machine, r.entry, r.key, r.from, int64(r.sequence), r.until, r.last, int64(r.lastSequence), r.leaf,
		args, r.fresh, r.settled); err != nil {
		return fmt.Errorf("change the state of %s: %w", r.track, err)
	}
	return nil
}

func encodeArgs(args map[string]string) (string, error) {
	if len(args) == 0 {
		return "", nil
	}
	b, err := json.Marshal(args)
	if err != nil {
		return "", fmt.Errorf("encode the arguments of a reason: %w", err)
	}
	return string(b), nil
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
