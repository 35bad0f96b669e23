package collector

import (
	"context"
	"fmt"
	"time"

	"vigia/checks"
	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/decisions"
	"vigia/collector/registers/attestations"
	"vigia/collector/storage"
)

// attested are the causes of duties that people declare: that nobody has declared, that a
// declaration is over, and that what was found does not meet the duty.
type attested struct{ *Collector }

// Groups are a cause for each such duty.
func (a attested) Groups(ctx context.Context, tx *storage.Tx, at time.Time) ([]decisions.Cause, error) {
	laws, err := policy.Laws()
	if err != nil {
		return nil, err
	}
	packs, err := a.Chosen(ctx, tx)
	if err != nil {
		return nil, err
	}
	rows, err := a.Registers.RowsAt(ctx, tx, attestations.Book(), at)
	if err != nil {
		return nil, err
	}
	asked := map[string]bool{}
	for _, p := range packs {
		for _, rule := range p.Rules {
			asked[rule.Control] = true
		}
	}
	begun, err := a.Log.Received(ctx, tx, 0)
	if err != nil {
		return nil, err
	}
	zone := a.Config.TimeZone.Location
	var out []decisions.Cause
	for _, law := range laws.Controls {
		standing := attestations.Status(rows, law.ID, 0, at.In(zone))
		cause := decisions.Cause{Control: law.ID, Severity: law.Severity, Status: standing.Status}
		member := decisions.Member{Entry: law.ID, Opened: begun, Subject: law.ID}
		switch {
		case standing.Last.Folio == 0:
			if law.Mode != policy.Manual || !asked[law.ID] && !law.Core {
				continue
			}
			cause.Code, cause.Title = "attestation.missing", message.Text{ES: "nadie ha declarado cómo se cumple", EN: "nobody has declared how it is met"}
		case standing.Expired:
			cause.Code, cause.Title = "attestation.expired", message.Text{ES: "la última declaración ya no vale", EN: "the last declaration does not hold any more"}
			if until, err := time.ParseInLocation(time.DateOnly, standing.Until, zone); err == nil {
				member.Opened = until.AddDate(0, 0, 1)
			}
		case standing.Status == checks.Fail, standing.Status == checks.Warn:
			cause.Code, cause.Title = "attestation."+string(standing.Status), message.Text{ES: "se comprobó y no se cumple del todo", EN: "it was looked at and is not wholly met"}
			member.Opened = standing.Last.Written
		default:
			continue
		}
		cause.Do = message.Text{ES: "compruébelo y anótelo en el libro de declaraciones de cumplimiento, con su documento", EN: "look at it and write it into the book of attestations, with its document"}
		member.Reason = checks.Because(cause.Code)
		if standing.Last.Folio > 0 {
			member.Part = fmt.Sprint(attestations.Book().FolioText(standing.Last.Folio))
		}
		cause.Members = []decisions.Member{member}
		out = append(out, cause)
	}
	return out, nil
}
