package deliver

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Times of Run.
const (
	firstRetry = 5 * time.Second
	lastRetry  = 15 * time.Minute
	// callAnyway is when to call with nothing to say, for a policy that is
	// waiting.
	callAnyway = time.Hour
)

// Run delivers when there is something new, told by wake, until the context
// ends. After an error it waits longer and longer, with full jitter: machines
// that lost their collector together do not come back together.
func (c *Client) Run(ctx context.Context, wake <-chan struct{}) {
	retry := newBackOff()
	for {
		//nolint:gosec // who knows when a machine calls gains nothing
		if c.opts.Spread > 0 && !sleep(ctx, rand.N(c.opts.Spread)) {
			return
		}
		out, err := c.Deliver(ctx)
		if ctx.Err() != nil {
			return
		}
		rest := clamp(out.RetryAfter)
		if err != nil {
			wait := max(retry.NextBackOff(), rest)
			c.opts.Logger.WarnContext(ctx, "delivery failed", "error", err, "retry_in", wait.Round(time.Second))
			if !sleep(ctx, wait) {
				return
			}
			continue
		}
		retry.Reset()
		if !sleep(ctx, rest) {
			return
		}
		if c.opts.Queue.Last() > c.opts.Queue.Acked() {
			continue
		}
		timer := time.NewTimer(callAnyway)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// newBackOff doubles from firstRetry to lastRetry. Each wait is drawn from
// nothing up to twice the interval, which is full jitter with the interval as
// its mean.
func newBackOff() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = firstRetry, lastRetry
	b.Multiplier, b.RandomizationFactor = 2, 1
	b.Reset()
	return b
}

func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
