package deliver

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	apiv1 "vigia/collector/api/v1"
)

// Base is what a request that left by hand knew of the collector. Its answer is
// judged by that, for it may come weeks later, or after that of a younger one.
type Base struct {
	Epoch uint64    `json:"epoch"`
	Size  int64     `json:"size"` // of the log
	Hash  tlog.Hash `json:"hash"` // its root
	Acked uint64    `json:"acked"`
}

// Base is what a request that leaves now knows.
func (c *Client) Base() Base {
	b := Base{Epoch: c.kept.Epoch, Acked: c.opts.Queue.Acked()}
	if k := c.kept.newest(); k != nil {
		b.Size, b.Hash = k.Size, k.Hash
	}
	return b
}

// KeptBase is the Base of a machine whose agent is not at hand, from the
// checkpoints that it keeps.
func KeptBase(checkpoints Store, acked uint64) (Base, error) {
	b, err := checkpoints.Load()
	if err != nil {
		return Base{}, fmt.Errorf("read the kept checkpoints: %w", err)
	}
	h, err := decodeHistory(b)
	if err != nil {
		h = &history{} // as New does: they are evidence for others
	}
	base := Base{Epoch: h.Epoch, Acked: acked}
	if k := h.newest(); k != nil {
		base.Size, base.Hash = k.Size, k.Hash
	}
	return base, nil
}

// Take takes the answer to a request that left by hand; its authenticity is the
// caller's to prove. What it acknowledges is acknowledged; a collector that
// lost or changed history since the request was made is reported as one that
// answers at once would be. An answer that is older than another which was
// taken is no news and does no harm, and neither does one that is taken twice.
func (c *Client) Take(ctx context.Context, base Base, resp *apiv1.DeliverResponse) (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out Outcome
	defer func() { c.opts.Done(out, err) }()
	next, err := openCheckpoint(resp.GetCheckpoint(), c.opts.Credentials.LogKey())
	if err != nil {
		return err
	}
	epoch, durable, acked := resp.GetEpoch(), resp.GetDurableSequence(), c.opts.Queue.Acked()
	if last := c.opts.Queue.Last(); durable > last {
		return fmt.Errorf("%w: it has %d, the last sent is %d", ErrAhead, durable, last)
	}
	why := base.contradicts(next, epoch, resp.GetConsistency())
	if why == "" && epoch == base.Epoch && durable < base.Acked {
		why = "reports"
	}
	live := epoch >= c.kept.Epoch // and not of the time before a restore that is known
	restored := epoch > max(c.kept.Epoch, c.kept.SeenEpoch)
	news := restored || epoch == max(c.kept.Epoch, c.kept.SeenEpoch) && next.size >= max(int64(c.kept.size()), c.kept.SeenSize)
	if err := c.keepCarried(ctx, base, next, resp, why, live); err != nil {
		return err
	}
	switch {
	case !live:
	case durable > acked:
		err = c.opts.Queue.Ack(durable)
	case durable < acked && (restored || why != ""):
		err = c.opts.Queue.Rewind(durable)
	}
	if err != nil {
		return err
	}
	out.Acked = c.opts.Queue.Acked()
	if news {
		c.learn(ctx, resp)
	}
	if p := resp.GetPolicy(); p != nil && news {
		c.opts.Policies.Offer(ctx, p)
	}
	return nil
}

// contradicts tells in which way a checkpoint does not contain that of the
// request.
func (b Base) contradicts(next checkpoint, epoch uint64, proof [][]byte) string {
	h := &history{Epoch: b.Epoch}
	if b.Size > 0 {
		h.Kept = []kept{{Epoch: b.Epoch, Size: b.Size, Hash: b.Hash}}
	}
	return h.contradicts(next, epoch, proof)
}

// keepCarried reports a contradiction and keeps the checkpoint, where it
// continues the kept ones. One that was proven from an older checkpoint only is
// not kept: the next request asks from the newest that is.
func (c *Client) keepCarried(ctx context.Context, base Base, next checkpoint, resp *apiv1.DeliverResponse, why string, live bool) error {
	now := c.opts.Now()
	epoch := resp.GetEpoch()
	if why != "" && c.kept.mayTell(now) {
		c.opts.Logger.ErrorContext(ctx, "collector lost or changed history without saying so", "why", why,
			"kept_size", base.Size, "size", next.size, "acked", base.Acked, "durable", resp.GetDurableSequence())
		if err := c.opts.Tell(ctx, EventRolledBack, map[string]string{
			"why":        why,
			"epoch":      strconv.FormatUint(epoch, 10),
			"kept_epoch": strconv.FormatUint(base.Epoch, 10),
			"size":       strconv.FormatInt(next.size, 10),
			"kept_size":  strconv.FormatInt(base.Size, 10),
			"acked":      strconv.FormatUint(base.Acked, 10),
			"durable":    strconv.FormatUint(resp.GetDurableSequence(), 10),
			"by":         "file",
		}); err != nil {
			return fmt.Errorf("report the collector's lost history: %w", err)
		}
		c.kept.Told = now.UTC().Truncate(time.Second)
	}
	last := c.kept.newest()
	continues := last == nil || epoch > c.kept.Epoch || epoch == c.kept.Epoch && last.Size == base.Size && last.Hash == base.Hash
	changed := why != ""
	if continues || why != "" && live {
		changed = c.kept.keep(next, epoch, now, why != "") || changed
	}
	if epoch > c.kept.SeenEpoch || epoch == c.kept.SeenEpoch && next.size > c.kept.SeenSize {
		c.kept.SeenEpoch, c.kept.SeenSize = epoch, next.size
		changed = true
	}
	if !changed {
		return nil
	}
	b, err := c.kept.encode()
	if err != nil {
		return fmt.Errorf("encode the checkpoints: %w", err)
	}
	if err := c.opts.Checkpoints.Save(b); err != nil {
		return fmt.Errorf("keep the checkpoint: %w", err)
	}
	return nil
}
