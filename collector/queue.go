package collector

import (
	"context"
	"strings"
	"time"

	"vigia/collector/decisions"
	"vigia/collector/registers"
	"vigia/collector/registers/waivers"
	"vigia/collector/storage"
)

// decisionsStore puts the queue together: what finds causes, and what decisions make
// elsewhere.
func (c *Collector) decisionsStore() *decisions.Store {
	return decisions.NewStore(decisions.Options{
		Log: c.Log, Registers: c.Registers, Zone: c.Config.TimeZone.Location, Now: c.now,
		Sources: []decisions.Source{decisions.Measured{Findings: c.Findings}, booksAgainst{c.Compare}, attested{c}, overdue{c}, undelivered{c}},
		Machines: func(ctx context.Context, tx *storage.Tx) ([]decisions.Machine, error) {
			machines, err := c.Enroll.Machines(ctx, tx)
			if err != nil {
				return nil, err
			}
			out := make([]decisions.Machine, 0, len(machines))
			for _, m := range machines {
				out = append(out, decisions.Machine{ID: m.ID, Hostname: m.Hostname, Department: m.Department})
			}
			return out, nil
		},
		Waivers: waiverBook{c}, Incidents: promoted{c},
		Size: func(ctx context.Context, tx *storage.Tx) (int64, error) {
			at, err := c.Log.Checkpoint(ctx, tx)
			return at.Size, err
		},
	})
}

// waiverBook writes the waivers that the queue decides into their book.
type waiverBook struct{ *Collector }

// Waive adds a row for a cause.
func (w waiverBook) Waive(ctx context.Context, tx *storage.Tx, g decisions.Group, choice decisions.Choice) (string, error) {
	values := registers.Values{}
	for name, value := range map[string]string{
		"control": g.Control, "department": choice.Department, "finding": g.Key, "reason": choice.Why, "compensating": choice.Compensating,
		"asker": strings.ToLower(choice.Act.By), "approver": strings.ToLower(choice.Approver), "until": choice.Until.In(w.Config.TimeZone.Location).Format(time.DateOnly),
	} {
		if value != "" {
			values[name] = value
		}
	}
	row, err := w.Registers.Add(ctx, tx, waivers.Book(), values, choice.Act)
	if err != nil {
		return "", err
	}
	return waivers.Book().FolioText(row.Folio), nil
}

// refreshEvery is how often the queue and the states are made anew beside the requests.
const refreshEvery = time.Minute

// refreshQueue keeps the queue and the states at hand until the context ends.
func (c *Collector) refreshQueue(ctx context.Context) error {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := c.DB.Read(ctx, c.Decisions.Refresh); err != nil && ctx.Err() == nil {
				c.logger.WarnContext(ctx, "queue not refreshed", "error", err)
			}
			if err := c.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error { return c.Findings.Refresh(ctx, tx, c.now()) }); err != nil && ctx.Err() == nil {
				c.logger.WarnContext(ctx, "states not refreshed", "error", err)
			}
		}
	}
}
