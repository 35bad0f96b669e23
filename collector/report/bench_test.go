package report

import (
	"os"
	"strconv"
	"testing"
	"time"

	"vigia/collector/reviews/reviewtest"
	"vigia/collector/storage/storagetest"
)

// BenchmarkExport freezes, exports and verifies the quarter of 200 machines with
// eleven entries that report daily: 18 000 reports that were appended, judged
// and stored as in production. Making them takes a minute or two, once;
// VIGIA_BENCH_DAYS makes the quarter shorter.
func BenchmarkExport(b *testing.B) {
	days := 90
	if text := os.Getenv("VIGIA_BENCH_DAYS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatalf("VIGIA_BENCH_DAYS: %v", err)
		}
		days = n
	}
	w := reviewtest.New(b, storagetest.SQLite(b))
	begun := time.Now()
	w.Quarterly(200, days)
	b.Logf("%d days of 200 machines made in %s", days, time.Since(begun).Round(time.Second))
	var zip []byte
	b.Run("freeze and export", func(b *testing.B) {
		for b.Loop() {
			zip, _ = exportTown(b, w, w.Now)
		}
		b.ReportMetric(float64(len(zip)), "bytes/package")
	})
	b.Run("freeze", func(b *testing.B) {
		for b.Loop() {
			w.Freeze(reviewtest.Quarter, w.Now)
		}
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			wantVerified(b, verifyBytes(b, zip))
		}
	})
}
