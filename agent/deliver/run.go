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
	// waiting, where Options.Anyway does not tell.
	callAnyway = time.Hour
	// lookAgain bounds a wait: while a machine sleeps its timers stand still.
	lookAgain = 5 * time.Minute
)

// Run delivers when there is something that cannot wait, told by wake, and what there is
// whenever it is time to call anyway, until the context ends. After an error it waits longer and longer, with full jitter: machines
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
		if !c.idle(ctx, wake) {
			return
		}
	}
}

// idle waits until there is something to say at once, or it is time to call anyway, by
// either clock. It is false at the end of the context.
func (c *Client) idle(ctx context.Context, wake <-chan struct{}) bool {
	mono, wall := time.Now(), c.opts.Now().Round(0)
	for {
		left := c.opts.Anyway() - max(time.Since(mono), c.opts.Now().Round(0).Sub(wall))
		if left <= 0 {
			return ctx.Err() == nil
		}
		timer := time.NewTimer(min(left, lookAgain))
		select {
		case <-ctx.Done():
			timer.Stop()
			return false
		case <-wake:
			timer.Stop()
			return true
		case <-timer.C:
		}
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
