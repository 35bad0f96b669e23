package scan

import (
	"context"
	"time"
)

// A pacer keeps a goroutine to a share of one core: after every stretch of work it
// sleeps in proportion. Waiting for the disk counts as work, so a slow disk is left
// alone as well.
type pacer struct {
	share float64       // 0 or 1 and more: no pauses
	mark  time.Time     // since when the work of this stretch is not paid for
	begun time.Time     // when the work that worked measures began
	slept time.Duration // since begun
}

// paceStretch is the shortest stretch of work worth a pause.
const paceStretch = 10 * time.Millisecond

func newPacer(share float64) *pacer { return &pacer{share: share, mark: time.Now()} }

// start begins a measurement for worked.
func (p *pacer) start() { p.begun, p.slept = time.Now(), 0 }

// worked is the time since start without pauses.
func (p *pacer) worked() time.Duration { return time.Since(p.begun) - p.slept }

// pause sleeps as the share demands, or until the context ends.
func (p *pacer) pause(ctx context.Context) {
	if p.share <= 0 || p.share >= 1 {
		return
	}
	work := time.Since(p.mark)
	if work < paceStretch {
		return
	}
	before := time.Now()
	timer := time.NewTimer(time.Duration(float64(work) * (1 - p.share) / p.share))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	p.mark = time.Now()
	p.slept += p.mark.Sub(before)
}
