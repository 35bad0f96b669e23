package agent

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"vigia/agent/spool"
	apiv1 "vigia/collector/api/v1"
)

// signer signs as this machine.
type signer interface {
	AgentID() string
	Sign(domain apiv1.Domain, message []byte) []byte
}

// outbox is the spool as package deliver sees it: as items of the wire. Gaps
// are signed here, with the same bytes each time.
type outbox struct {
	*spool.Queue
	id signer
}

// Last is the newest sequence number.
func (o outbox) Last() uint64 { return o.Stats().Last }

// Pending implements deliver.Queue.
func (o outbox) Pending(maxItems, maxBytes int) ([]*apiv1.Item, error) {
	records, err := o.Unacked(0, maxItems, maxBytes)
	if err != nil {
		return nil, err
	}
	return o.items(records)
}

// items are records as they go over the wire.
func (o outbox) items(records []spool.Record) ([]*apiv1.Item, error) {
	items := make([]*apiv1.Item, 0, len(records))
	for _, r := range records {
		if r.Gap == nil {
			items = append(items, &apiv1.Item{Item: &apiv1.Item_Report{Report: &apiv1.SignedReport{
				Report: r.Message, Signature: r.Signature,
			}}})
			continue
		}
		gap, err := o.sign(r)
		if err != nil {
			return nil, err
		}
		items = append(items, &apiv1.Item{Item: &apiv1.Item_Gap{Gap: gap}})
	}
	return items, nil
}

func (o outbox) sign(r spool.Record) (*apiv1.SignedGap, error) {
	gap := &apiv1.Gap{
		AgentId: o.id.AgentID(), First: r.First, Last: r.Last,
		Reason: r.Gap.Reason.String(), CreatedAt: r.Gap.At.UnixMicro(),
	}
	for _, h := range r.Gap.Hashes {
		if h == (spool.Hash{}) {
			gap.Hashes = append(gap.Hashes, nil)
		} else {
			gap.Hashes = append(gap.Hashes, slices.Clone(h[:]))
		}
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(gap)
	if err != nil {
		return nil, fmt.Errorf("encode gap %d-%d: %w", r.First, r.Last, err)
	}
	return &apiv1.SignedGap{Gap: b, Signature: o.id.Sign(apiv1.DomainGap, b)}, nil
}
