package collector

import (
	"context"

	"vigia/collector/registers"
	"vigia/collector/registers/restores"
	"vigia/collector/registers/waivers"
	"vigia/collector/storage"
)

// written looks at every version of every book in the transaction that writes it: rules
// that need more than the row itself, such as what the packs in force demand. What it finds
// wrong keeps the version from being written.
func (c *Collector) written(ctx context.Context, tx *storage.Tx, book *registers.Book, row registers.Row) error {
	var problems []registers.Problem
	switch book.Name {
	case waivers.Name:
		packs, err := c.Chosen(ctx, tx)
		if err != nil {
			return err
		}
		problems = waivers.RulesOf(packs).Review(row, c.Config.TimeZone.Location)
	case restores.Name:
		history, err := c.Registers.History(ctx, tx, book, row.Folio)
		if err != nil {
			return err
		}
		problems = restores.Review(history, row, c.Config.TimeZone.Location)
	}
	if len(problems) > 0 {
		return &registers.InvalidError{Problems: problems}
	}
	return nil
}
