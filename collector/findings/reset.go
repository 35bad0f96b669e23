package findings

import (
	"context"
	"fmt"

	"vigia/collector/storage"
)

// Reset forgets everything, before it is made anew from the evidence log.
func (s *Store) Reset(ctx context.Context, tx *storage.Tx) error {
	for _, table := range []string{
		"findings_states", "findings_facts", "findings_heard", "findings_machines", "findings_controls", "findings_days",
	} {
		if _, err := tx.Exec(ctx, `DELETE FROM `+table); err != nil {
			return fmt.Errorf("forget the findings: %w", err)
		}
	}
	s.glance.forget()
	return nil
}
