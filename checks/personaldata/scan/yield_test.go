package scan

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"vigia/checks/host"
)

func TestYield(t *testing.T) {
	tests := []struct {
		name  string
		load  func(since time.Duration) host.Load
		limit time.Duration
		want  Reason
		rests [2]time.Duration // at least and at most, over ten minutes of work
	}{
		{"at rest", func(time.Duration) host.Load { return host.Load{} }, 0, "", [2]time.Duration{0, 0}},
		{"somebody works", func(time.Duration) host.Load { return host.Load{Busy: true} }, 0, "", [2]time.Duration{29 * time.Minute, 31 * time.Minute}},
		{"on battery for an hour", func(d time.Duration) host.Load { return host.Load{Battery: d < time.Hour} }, 0, "", [2]time.Duration{time.Hour, time.Hour + time.Minute}},
		{"on battery for ever", func(time.Duration) host.Load { return host.Load{Battery: true} }, 2 * time.Hour, ReasonBattery, [2]time.Duration{2*time.Hour - time.Minute, 2 * time.Hour}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if tt.limit > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.limit)
					defer cancel()
				}
				begin := time.Now()
				y := yielder{load: func() host.Load { return tt.load(time.Since(begin)) }}
				var got Reason
				worked := time.Duration(0)
				for got == "" && worked < 10*time.Minute {
					time.Sleep(time.Second)
					worked += time.Second
					got = y.yield(ctx)
				}
				rested := time.Since(begin) - worked
				if got != tt.want || rested < tt.rests[0] || rested > tt.rests[1] {
					t.Errorf("rested %v, ended with %q; want %v, %q", rested, got, tt.rests, tt.want)
				}
			})
		})
	}
}
