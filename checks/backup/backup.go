// Package backup checks that what must be copied is copied, and that the copies are out
// of reach: every dataset that the policy names has a good copy that is recent enough,
// or it is proved that nothing changed since the last one (BK-DAILY); and nobody who
// works with the data day by day can read or change the copies (BK-ACCESS).
//
// It reads what tools leave behind and runs none of them: plain folders, mirrors,
// restic, borg, rsnapshot, Proxmox, Windows Server Backup. Copies are read to verify
// their checksums and for nothing else: names, contents and hashes of contents stay
// where they are, and the evidence is times, sizes, counts and formats. A copy that is
// empty, too small, damaged, dated in the future or still being written is never a good
// one, and what could not be looked at is never proof.
package backup

import (
	"errors"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// Checks lists the checks of this domain.
func Checks() []checks.Check { return []checks.Check{daily(), access()} }

// daily is BK-DAILY.
func daily() checks.Check {
	return checks.NewWithParams(
		checks.Info{
			ID: "backup.daily", Deadline: 40 * time.Minute, Heavy: true,
			Messages: dailyMessages(), Covers: dailyCovers(),
		},
		dailyParams{
			Every: checks.Duration(24 * time.Hour), Grace: checks.Duration(6 * time.Hour),
			MinBytes: 1, MaxDrop: 50, Frozen: 5, Quiet: checks.Duration(time.Hour), VerifyBytes: 1 << 30,
		},
		checks.OnWith[dailyFacts, dailyParams]{host.Linux: observe, host.Windows: observe},
		judge)
}

type dailyParams struct {
	Datasets []dataset `json:"datasets,omitempty"`
	// Every is the cadence of copies, Grace what a late one may take and
	// MinBytes the size below which a copy is not one, for the datasets that
	// do not say it themselves.
	Every    checks.Duration `json:"every"`
	Grace    checks.Duration `json:"grace"`
	MinBytes int64           `json:"min_bytes"`
	// MaxDrop is by how many per cent a copy may be smaller than the usual size of those
	// before it; 100 allows anything.
	MaxDrop int64 `json:"max_drop"`
	// Frozen is how many copies in a row may not have the same size to the byte while
	// their source changes; 0 allows it.
	Frozen int `json:"frozen"`
	// Quiet is how long before the time of a copy its source must have been
	// untouched for the copy to hold it whole: a copy is dated when it ends,
	// and what changed while it ran may not be in it.
	Quiet checks.Duration `json:"quiet"`
	// VerifyBytes is about how much of the copies one run reads to verify their
	// contents. Whatever it is, each copy has its turn within a quarter.
	VerifyBytes int64 `json:"verify_bytes"`
}

// Validate implements checks.Validator.
func (p dailyParams) Validate() error {
	if p.Every <= 0 || p.MinBytes < 1 {
		return errors.New("every and min_bytes must be more than 0")
	}
	if p.MaxDrop < 0 || p.MaxDrop > 100 || p.Frozen < 0 || p.Frozen == 1 || p.Frozen > maxRecent || p.VerifyBytes < 0 {
		return errors.New("max_drop is a percentage, frozen 0 or from 2 to 12, verify_bytes not negative")
	}
	return validate(p.Datasets)
}

// limit is the greatest age of the newest good copy.
func (p dailyParams) limit(d dataset) time.Duration {
	every, grace := p.Every, p.Grace
	if d.Every > 0 {
		every = d.Every
	}
	if d.Grace > 0 {
		grace = d.Grace
	}
	return time.Duration(every) + time.Duration(grace)
}

func (p dailyParams) floor(d dataset) int64 {
	if d.MinBytes > 0 {
		return d.MinBytes
	}
	return p.MinBytes
}

func (p dailyParams) drop(d dataset) int64 {
	switch {
	case d.Kind != "" && d.Kind != kindFull:
		return 100
	case d.MaxDrop > 0:
		return d.MaxDrop
	default:
		return p.MaxDrop
	}
}

func (p dailyParams) frozen(d dataset) int {
	if d.Kind == kindArchive {
		return 0
	}
	return p.Frozen
}
