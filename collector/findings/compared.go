package findings

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"time"

	"vigia/checks"
	"vigia/collector/storage"
)

// FailsAt lists the parts of some checks that failed at a time, by all that is known now,
// ordered by machine, entry and key. Machines that have fallen silent keep theirs.
func (s *Store) FailsAt(ctx context.Context, tx *storage.Tx, at time.Time, ids ...string) ([]State, error) {
	t := micros(at)
	args := []any{t, string(checks.Fail)}
	var in []string
	for _, id := range ids {
		args = append(args, id)
		in = append(in, fmt.Sprintf("$%d", len(args)))
	}
	var out []State
	// The conditions on the status are those of the index of problems.
	err := rows(ctx, tx, func(r row) { out = append(out, r.state(t)) }, selectRows+
		`WHERE until_at > $1 AND status <> 'pass' AND status <> 'not_applicable' AND from_at <= $1 AND gone = 0 AND part <> ''
		AND status = $2 AND check_id IN (`+strings.Join(in, ", ")+`)`, args...)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out, compareStates)
	return out, nil
}

// FactsOf calls each with the newest facts of an entry on every machine that reported it,
// as JSON in the check's own form. Those whose number, by machine, is in have are left out:
// the caller knows them.
func (s *Store) FactsOf(ctx context.Context, tx *storage.Tx, entry string, have map[string]uint64, each func(machine string, sequence uint64, observed []byte) error) error {
	newest, err := newestFacts(ctx, tx, entry)
	if err != nil {
		return err
	}
	for machine, sequence := range newest {
		if have[machine] == sequence {
			continue
		}
		var observed []byte
		if err := tx.QueryRow(ctx, `SELECT observed FROM findings_facts WHERE machine = $1 AND entry = $2 AND sequence = $3`,
			machine, entry, int64(sequence)).Scan(&observed); err != nil {
			return fmt.Errorf("read the facts of %s on %s: %w", entry, machine, err)
		}
		if err := each(machine, sequence, observed); err != nil {
			return err
		}
	}
	return nil
}

// newestFacts are the numbers of the newest facts of an entry, by machine.
func newestFacts(ctx context.Context, tx *storage.Tx, entry string) (map[string]uint64, error) {
	found, err := tx.Query(ctx, `SELECT machine, MAX(sequence) FROM findings_facts WHERE entry = $1 GROUP BY machine`, entry)
	if err != nil {
		return nil, fmt.Errorf("list the facts of %s: %w", entry, err)
	}
	defer found.Close()
	out := map[string]uint64{}
	for found.Next() {
		var machine string
		var sequence int64
		if err := found.Scan(&machine, &sequence); err != nil {
			return nil, fmt.Errorf("list the facts of %s: %w", entry, err)
		}
		out[machine] = uint64(sequence)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("list the facts of %s: %w", entry, err)
	}
	return out, nil
}
