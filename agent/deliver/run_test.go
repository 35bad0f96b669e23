package deliver

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	apiv1 "vigia/collector/api/v1"
)

// oldCollector is a client of one that reads nothing compressed, if plain is set.
type oldCollector struct {
	plain bool
	heard []string
}

func (c *oldCollector) Deliver(_ context.Context, _ *apiv1.DeliverRequest, opts ...grpc.CallOption) (*apiv1.DeliverResponse, error) {
	how := "plain"
	for _, o := range opts {
		if o, ok := o.(grpc.CompressorCallOption); ok {
			how = o.CompressorType
		}
	}
	c.heard = append(c.heard, how)
	if c.plain && how != "plain" {
		return nil, status.Error(codes.Unimplemented, "no decompressor")
	}
	return &apiv1.DeliverResponse{DurableSequence: 7}, nil
}

func TestDeliveriesAreCompressedForWhoReadsThem(t *testing.T) {
	for _, row := range []struct {
		name string
		old  bool
		want []string
	}{
		{"a collector of today", false, []string{"gzip"}},
		{"one that does not know gzip", true, []string{"gzip", "plain"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			collector := &oldCollector{plain: row.old}
			resp, _, err := (&Client{}).call(t.Context(), collector, &apiv1.DeliverRequest{})
			if err != nil || resp.GetDurableSequence() != 7 {
				t.Errorf("got %v, %v", resp, err)
			}
			if !slices.Equal(collector.heard, row.want) {
				t.Errorf("calls %q, want %q", collector.heard, row.want)
			}
		})
	}
}

func TestIdle(t *testing.T) {
	const anyway = 4 * time.Hour
	for _, row := range []struct {
		name string
		do   func(wake chan<- struct{}, sleep func(time.Duration), end func())
		want time.Duration
		goes bool
	}{
		{"nobody wakes it", func(chan<- struct{}, func(time.Duration), func()) {}, anyway, true},
		{"it is woken", func(wake chan<- struct{}, _ func(time.Duration), _ func()) {
			time.Sleep(time.Hour)
			wake <- struct{}{}
		}, time.Hour, true},
		{"the machine sleeps for a night: noticed soon after", func(_ chan<- struct{}, sleep func(time.Duration), _ func()) {
			time.Sleep(time.Hour + time.Minute)
			sleep(10 * time.Hour)
		}, time.Hour + lookAgain, true},
		{"the clock is put back", func(_ chan<- struct{}, sleep func(time.Duration), _ func()) {
			sleep(-48 * time.Hour)
		}, anyway, true},
		{"it ends", func(_ chan<- struct{}, _ func(time.Duration), end func()) {
			time.Sleep(time.Hour)
			end()
		}, time.Hour, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var slept atomic.Int64 // nanoseconds, while its timers stood still
				c := &Client{opts: Options{
					Anyway: func() time.Duration { return anyway },
					Now:    func() time.Time { return time.Now().Add(time.Duration(slept.Load())) },
				}}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				wake, began := make(chan struct{}, 1), time.Now()
				done := make(chan bool, 1)
				go func() { done <- c.idle(ctx, wake) }()
				synctest.Wait()
				row.do(wake, func(d time.Duration) { synctest.Wait(); slept.Add(int64(d)) }, cancel)
				if got := <-done; got != row.goes {
					t.Errorf("goes on: %v, want %v", got, row.goes)
				}
				if got := time.Since(began); got != row.want {
					t.Errorf("after %v, want %v", got, row.want)
				}
			})
		})
	}
}
