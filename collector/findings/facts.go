package findings

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"vigia/checks"
	apiv1 "vigia/collector/api/v1"
)

// keptFacts is how many versions of an entry's facts stay for reference.
const keptFacts = 3

// facts finds what a result observed, and remembers it for those that will
// refer to it. nil means that it refers to facts that are not here.
func (a *application) facts(ctx context.Context, id string, r *apiv1.Result) (*facts, error) {
	if r.GetSameAs() != 0 {
		old, err := a.sameFacts(ctx, id, r.GetSameAs())
		if err != nil {
			return nil, fmt.Errorf("find the facts of %s: %w", id, err)
		}
		return old, nil
	}
	own := agentFacts(r)
	if err := a.keepFacts(ctx, id, own); err != nil {
		return nil, fmt.Errorf("keep the facts of %s: %w", id, err)
	}
	return &own, nil
}

// sameFacts looks up the facts of an earlier report, by the number of the one
// that brought them or of the last one that referred to them.
func (a *application) sameFacts(ctx context.Context, id string, sequence uint64) (*facts, error) {
	if sequence >= a.in.Report.GetSequence() {
		return nil, nil
	}
	var f facts
	var origin int64
	var agent, reason string
	err := a.tx.QueryRow(ctx, `SELECT sequence, observed, agent_status, reason FROM findings_facts
		WHERE machine = $1 AND entry = $2 AND (sequence = $3 OR last_sequence = $3) ORDER BY sequence DESC LIMIT 1`,
		a.in.Machine.ID, id, int64(sequence)).Scan(&origin, &f.observed, &agent, &reason)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f.agent = checks.Status(agent)
	if err := json.Unmarshal([]byte(reason), &f.reason); err != nil {
		return nil, err
	}
	_, err = a.tx.Exec(ctx, `UPDATE findings_facts SET last_sequence = $4 WHERE machine = $1 AND entry = $2 AND sequence = $3`,
		a.in.Machine.ID, id, origin, int64(a.in.Report.GetSequence()))
	return &f, err
}

func (a *application) keepFacts(ctx context.Context, id string, f facts) error {
	reason, err := json.Marshal(f.reason)
	if err != nil {
		return err
	}
	observed := f.observed
	if observed == nil {
		observed = []byte{}
	}
	if _, err := a.tx.Exec(ctx, `INSERT INTO findings_facts (machine, entry, sequence, last_sequence, observed, agent_status, reason)
		VALUES ($1, $2, $3, $3, $4, $5, $6)`,
		a.in.Machine.ID, id, int64(a.in.Report.GetSequence()), observed, string(f.agent), string(reason)); err != nil {
		return err
	}
	_, err = a.tx.Exec(ctx, `DELETE FROM findings_facts WHERE machine = $1 AND entry = $2 AND sequence NOT IN
		(SELECT sequence FROM findings_facts WHERE machine = $1 AND entry = $2 ORDER BY sequence DESC LIMIT $3)`,
		a.in.Machine.ID, id, int64(keptFacts))
	return err
}
