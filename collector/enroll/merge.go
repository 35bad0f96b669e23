package enroll

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// LinksSubject is the subject of register leaves that say which enrolled
// machines are one, and which are not.
const LinksSubject = "machine-links"

// MaxDistinct bounds how many machines are told apart at once: more than were ever
// made of one disk image.
const MaxDistinct = 4096

// crowdPrefix begins the second id of what the tables keep of three machines or more
// that were told apart at once: a row for each of them, with what the crowd is named by.
// No agent id begins so.
const crowdPrefix = "~"

// LinkRecord is the payload of a leaf of kind register and subject LinksSubject,
// as JSON.
type LinkRecord struct {
	// Action is merged: Agents are two, and the second replaces the first; or
	// distinct: each of Agents is a machine of its own, or the one that is named
	// is what it seems.
	Action    string   `json:"action"`
	Agents    []string `json:"agents"`
	Hostnames []string `json:"hostnames"`
	Why       string   `json:"why"`
	By        string   `json:"by"`
}

// Errors of Merge and Distinct.
var (
	// ErrReplaced: the old machine was merged before.
	ErrReplaced = errors.New("it was replaced by another machine already")

	errSelf = errors.New("they are one and the same enrolment")
)

// Merge says that an active machine is another one, enrolled anew: the old one
// is retired as replaced by the new one, which takes its department when it has
// none. What the old one reported stays its own.
func (s *Store) Merge(ctx context.Context, tx *storage.Tx, oldID, newID, why, by string) error {
	fail := func(err error) error { return fmt.Errorf("merge %s into %s: %w", oldID, newID, err) }
	if oldID == newID {
		return fail(errSelf)
	}
	if err := checkWhy(why, by); err != nil {
		return fail(err)
	}
	before, err := s.Machine(ctx, tx, oldID)
	if err != nil {
		return fail(err)
	}
	after, err := s.Machine(ctx, tx, newID)
	switch {
	case err != nil:
		return fail(err)
	case after.Status != Active:
		return fail(ErrNotActive)
	case before.ReplacedBy != "":
		return fail(ErrReplaced)
	}
	// Links cannot go in a circle: who is replaced is not active ever after.
	if before.Status == Active {
		if err := s.depart(ctx, tx, oldID, departure{status: Retired, kind: evidence.Retirement, why: why, by: by, replacedBy: newID}); err != nil {
			return fail(err)
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE enroll_machines SET replaced_by = $2 WHERE agent_id = $1`, oldID, newID); err != nil {
		return fail(err)
	}
	if err := s.append(ctx, tx, record{evidence.Register, LinksSubject, LinkRecord{
		Action: "merged", Agents: []string{oldID, newID}, Hostnames: []string{before.Hostname, after.Hostname}, Why: why, By: by,
	}}); err != nil {
		return err
	}
	if after.Department == "" && before.Department != "" {
		return s.SetDepartment(ctx, tx, newID, before.Department, by)
	}
	return nil
}

// Distinct says that machines which look like one are each a machine of its own,
// and closes what was suggested about them; of a single machine, that the change
// of its hardware, or the alarm about it, has been looked at. A later one is
// suggested again.
func (s *Store) Distinct(ctx context.Context, tx *storage.Tx, ids []string, why, by string) error {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if len(ids) == 0 || len(ids) > MaxDistinct {
		return fmt.Errorf("tell machines apart: name 1 to %d", MaxDistinct)
	}
	if err := checkWhy(why, by); err != nil {
		return fmt.Errorf("tell machines apart: %w", err)
	}
	r := LinkRecord{Action: "distinct", Agents: ids, Why: why, By: by}
	for _, id := range ids {
		m, err := s.Machine(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("tell %s apart: %w", id, err)
		}
		r.Hostnames = append(r.Hostnames, m.Hostname)
	}
	if err := s.tellApart(ctx, tx, ids, why, by); err != nil {
		return err
	}
	return s.append(ctx, tx, record{evidence.Register, LinksSubject, r})
}

// tellApart keeps that machines were told apart, whose ids are in order. Of a crowd, a
// smaller one within it is not needed any more.
func (s *Store) tellApart(ctx context.Context, tx *storage.Tx, ids []string, why, by string) error {
	rows := [][2]string{{ids[0], ids[len(ids)-1]}}
	if len(ids) > 2 {
		_, crowds, err := s.closed(ctx, tx)
		if err != nil {
			return err
		}
		for name, members := range crowds.members() {
			if !within(members, ids) {
				continue
			}
			if _, err := tx.Exec(ctx, `DELETE FROM enroll_distinct WHERE second_id = $1`, name); err != nil {
				return fmt.Errorf("tell machines apart: %w", err)
			}
		}
		rows = rows[:0]
		sum := sha256.Sum256([]byte(strings.Join(ids, " ")))
		for _, id := range ids {
			rows = append(rows, [2]string{id, crowdPrefix + hex.EncodeToString(sum[:])})
		}
	}
	for _, row := range rows {
		if _, err := tx.Exec(ctx, `INSERT INTO enroll_distinct (first_id, second_id, closed_at, closed_by, why) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (first_id, second_id) DO UPDATE SET closed_at = excluded.closed_at, closed_by = excluded.closed_by, why = excluded.why`,
			row[0], row[1], micros(s.now()), by, why); err != nil {
			return fmt.Errorf("tell machines apart: %w", err)
		}
	}
	return nil
}

// crowds are, by agent id, the names of the crowds in which a machine was told apart.
type crowds map[string][]string

func (c crowds) members() map[string][]string {
	out := map[string][]string{}
	for id, names := range c {
		for _, name := range names {
			out[name] = append(out[name], id)
		}
	}
	return out
}

// apart tells whether two machines were in one crowd.
func (c crowds) apart(a, b string) bool {
	for _, name := range c[a] {
		if slices.Contains(c[b], name) {
			return true
		}
	}
	return false
}

// within tells whether all of some ids are among those in order.
func within(some, ordered []string) bool {
	for _, id := range some {
		if _, ok := slices.BinarySearch(ordered, id); !ok {
			return false
		}
	}
	return true
}

// Replaced lists the machines that one replaced, the last first.
func (s *Store) Replaced(ctx context.Context, tx *storage.Tx, agentID string) ([]Machine, error) {
	rows, err := tx.Query(ctx, selectMachine+` WHERE replaced_by = $1`, agentID)
	if err != nil {
		return nil, fmt.Errorf("list what %s replaced: %w", agentID, err)
	}
	defer rows.Close()
	var out []Machine
	for rows.Next() {
		m, err := scanMachine(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("list what %s replaced: %w", agentID, err)
		}
		out = append(out, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list what %s replaced: %w", agentID, err)
	}
	slices.SortFunc(out, func(a, b Machine) int { return b.EnrolledAt.Compare(a.EnrolledAt) })
	return out, nil
}

// closed lists when pairs of machines were told apart, and in which crowds.
func (s *Store) closed(ctx context.Context, tx *storage.Tx) (map[[2]string]time.Time, crowds, error) {
	rows, err := tx.Query(ctx, `SELECT first_id, second_id, closed_at FROM enroll_distinct`)
	if err != nil {
		return nil, nil, fmt.Errorf("list machines that were told apart: %w", err)
	}
	defer rows.Close()
	out, many := map[[2]string]time.Time{}, crowds{}
	for rows.Next() {
		var pair [2]string
		var at int64
		if err := rows.Scan(&pair[0], &pair[1], &at); err != nil {
			return nil, nil, fmt.Errorf("list machines that were told apart: %w", err)
		}
		if strings.HasPrefix(pair[1], crowdPrefix) {
			many[pair[0]] = append(many[pair[0]], pair[1])
			continue
		}
		out[pair] = fromMicros(at)
	}
	if err := rows.Err(); err != nil {
		return nil, nil, fmt.Errorf("list machines that were told apart: %w", err)
	}
	return out, many, nil
}

// pairOf puts two ids in order.
func pairOf(a, b string) [2]string {
	if b < a {
		return [2]string{b, a}
	}
	return [2]string{a, b}
}
