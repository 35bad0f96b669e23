package ingest_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/storage/storagetest"
)

// BenchmarkDeliver counts acknowledged reports of ten results, one report a
// call, over connections that stay open: b.N is reports, whoever sent them.
func BenchmarkDeliver(b *testing.B) {
	for _, agents := range []int{1, 64} {
		b.Run(fmt.Sprintf("agents=%d", agents), func(b *testing.B) {
			c := newCollector(b, storagetest.SQLite(b))
			type sender struct {
				*agent
				client apiv1.IngestServiceClient
			}
			senders := make(chan sender, agents)
			for i := range agents {
				c.clock.advance(time.Minute)
				a := newAgent(b, c, fmt.Sprintf("pc-%d", i))
				senders <- sender{a, apiv1.NewIngestServiceClient(a.dial(c))}
			}
			var sent atomic.Int64
			b.SetParallelism(agents)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					s := <-senders
					n := sent.Add(1)
					var results []*apiv1.Result
					for i := range 10 {
						r := length(8 + int(n)%2)
						if i > 0 {
							r.Entry = fmt.Sprintf("XX-%d", i)
						}
						results = append(results, r)
					}
					item := s.make(c.clock.now(), results...)
					if _, err := s.client.Deliver(b.Context(), &apiv1.DeliverRequest{
						Items: []*apiv1.Item{item}, PolicyEpoch: s.policyEpoch, PolicyVersion: s.policyVersion,
					}); err != nil {
						b.Error(err)
					}
					senders <- s
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reports/s")
		})
	}
}
