package collector

import (
	"context"
	"time"

	"vigia/checks/policy"
	"vigia/collector/compare"
	"vigia/collector/decisions"
	"vigia/collector/storage"
)

// compareStore puts together what lays the measured beside the books.
func (c *Collector) compareStore() (*compare.Store, error) {
	laws, err := policy.Laws()
	if err != nil {
		return nil, err
	}
	return compare.New(compare.Options{
		Registers: c.Registers, Findings: c.Findings, Laws: laws, Machines: c.Enroll.Machines,
		Packs: c.Chosen, Calendar: c.Worktime, Zone: c.Config.TimeZone.Location,
	}), nil
}

// booksAgainst are the causes that only the books tell: what machines measure themselves
// stands in the queue already.
type booksAgainst struct{ compare *compare.Store }

// Groups are the differences by kind.
func (b booksAgainst) Groups(ctx context.Context, tx *storage.Tx, at time.Time) ([]decisions.Cause, error) {
	all, err := b.compare.At(ctx, tx, at)
	if err != nil {
		return nil, err
	}
	words, places := compare.Messages(), map[compare.Kind]int{}
	var out []decisions.Cause
	for _, d := range all {
		if d.Measured {
			continue
		}
		i, ok := places[d.Kind]
		if !ok {
			i = len(out)
			places[d.Kind] = i
			out = append(out, decisions.Cause{Control: d.Control, Code: d.Reason.Code, Severity: d.Severity, Status: d.Status,
				Title: d.Kind.Title(), Do: words[d.Reason.Code].Do})
		}
		out[i].Members = append(out[i].Members, decisions.Member{Machine: d.Machine, Entry: string(d.Kind), Part: d.Key, Opened: d.Since,
			Subject: d.Subject, Department: d.Department, Reason: d.Reason})
	}
	return out, nil
}
