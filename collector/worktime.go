package collector

import (
	"context"

	"vigia/checks/policy"
	"vigia/collector/storage"
	"vigia/collector/worktime"
)

// Chosen are the packs whose rules hold for the organisation now, with their calendars and
// terms.
func (c *Collector) Chosen(ctx context.Context, tx *storage.Tx) ([]policy.Pack, error) {
	all, err := c.Assign.AllPacks(ctx, tx)
	if err != nil {
		return nil, err
	}
	var out []policy.Pack
	for _, p := range all {
		if p.InForce && p.Chosen {
			out = append(out, p.Pack)
		}
	}
	return out, nil
}

// Worktime is the calendar of the organisation now: that of its packs, with its own
// holidays of the configuration.
func (c *Collector) Worktime(ctx context.Context, tx *storage.Tx) (worktime.Calendar, error) {
	packs, err := c.Chosen(ctx, tx)
	if err != nil {
		return worktime.Calendar{}, err
	}
	return worktime.Of(packs, c.Config.TimeZone.Location, c.closures()), nil
}

func (c *Collector) closures() []worktime.Closure {
	var out []worktime.Closure
	for _, h := range c.Config.Holidays {
		out = append(out, h.Closure)
	}
	return out
}
