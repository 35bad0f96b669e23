package evidence_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"vigia/collector/evidence"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// Acknowledged leaves per second, each call appending one of 1 KiB in its own
// Write: with many callers the fsync and the transaction are shared.
func BenchmarkAppend(b *testing.B) {
	for name, dsn := range map[string]func(testing.TB) string{"sqlite": storagetest.SQLite, "postgresql": storagetest.PostgreSQL} {
		for _, callers := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/callers=%d", name, callers), func(b *testing.B) {
				db := storagetest.Open(b, dsn(b), evidence.Schema())
				log := open(b, db)
				payload := make([]byte, 1024)
				if _, err := rand.Read(payload); err != nil {
					b.Fatal(err)
				}
				var left atomic.Int64
				left.Store(int64(b.N))
				b.ResetTimer()
				var wg sync.WaitGroup
				for range callers {
					wg.Go(func() {
						for left.Add(-1) >= 0 {
							err := db.Write(b.Context(), func(ctx context.Context, tx *storage.Tx) error {
								_, err := log.Append(ctx, tx, evidence.Leaf{Kind: evidence.Report, Subject: "machine-7", Payload: payload})
								return err
							})
							if err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "leaves/s")
			})
		}
	}
}
