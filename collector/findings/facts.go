package findings

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

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

// keptRef names kept facts of an entry.
type keptRef struct {
	origin uint64 // the report that brought them
	last   uint64 // the last one that referred to them
}

// loadFacts reads which facts of the machine are kept, oldest first, but not
// the facts themselves: they may be large.
func (a *application) loadFacts(ctx context.Context) error {
	a.kept = map[string][]keptRef{}
	found, err := a.tx.Query(ctx, `SELECT entry, sequence, last_sequence FROM findings_facts WHERE machine = $1 ORDER BY sequence`, a.in.Machine.ID)
	if err != nil {
		return fmt.Errorf("list the facts of %s: %w", a.in.Machine.ID, err)
	}
	defer found.Close()
	for found.Next() {
		var entry string
		var origin, last int64
		if err := found.Scan(&entry, &origin, &last); err != nil {
			return fmt.Errorf("list the facts of %s: %w", a.in.Machine.ID, err)
		}
		a.kept[entry] = append(a.kept[entry], keptRef{uint64(origin), uint64(last)})
	}
	if err := found.Err(); err != nil {
		return fmt.Errorf("list the facts of %s: %w", a.in.Machine.ID, err)
	}
	return nil
}

// sameFacts looks up the facts of an earlier report, by the number of the one
// that brought them or of the last one that referred to them.
func (a *application) sameFacts(ctx context.Context, id string, sequence uint64) (*facts, error) {
	i := slices.IndexFunc(a.kept[id], func(k keptRef) bool { return k.origin == sequence || k.last == sequence })
	if i < 0 || sequence >= a.in.Report.GetSequence() {
		return nil, nil
	}
	kept := &a.kept[id][i]
	var f facts
	var agent, reason string
	if err := a.tx.QueryRow(ctx, `SELECT observed, agent_status, reason FROM findings_facts
		WHERE machine = $1 AND entry = $2 AND sequence = $3`,
		a.in.Machine.ID, id, int64(kept.origin)).Scan(&f.observed, &agent, &reason); err != nil {
		return nil, err
	}
	f.agent = checks.Status(agent)
	if err := json.Unmarshal([]byte(reason), &f.reason); err != nil {
		return nil, err
	}
	kept.last = a.in.Report.GetSequence()
	_, err := a.tx.Exec(ctx, `UPDATE findings_facts SET last_sequence = $4 WHERE machine = $1 AND entry = $2 AND sequence = $3`,
		a.in.Machine.ID, id, int64(kept.origin), int64(kept.last))
	return &f, err
}

// keepFacts keeps facts for later reference; beyond keptFacts they take the
// place of the oldest.
func (a *application) keepFacts(ctx context.Context, id string, f facts) error {
	reason, err := json.Marshal(f.reason)
	if err != nil {
		return err
	}
	observed := f.observed
	if observed == nil {
		observed = []byte{}
	}
	sequence := a.in.Report.GetSequence()
	args := []any{a.in.Machine.ID, id, int64(sequence), observed, string(f.agent), string(reason)}
	if kept := a.kept[id]; len(kept) >= keptFacts {
		_, err = a.tx.Exec(ctx, `UPDATE findings_facts SET sequence = $3, last_sequence = $3, observed = $4, agent_status = $5, reason = $6
			WHERE machine = $1 AND entry = $2 AND sequence = $7`, append(args, int64(kept[0].origin))...)
		a.kept[id] = kept[1:]
	} else {
		_, err = a.tx.Exec(ctx, `INSERT INTO findings_facts (machine, entry, sequence, last_sequence, observed, agent_status, reason)
			VALUES ($1, $2, $3, $3, $4, $5, $6)`, args...)
	}
	a.kept[id] = append(a.kept[id], keptRef{sequence, sequence})
	return err
}
