package compare

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"vigia/checks/policy"
	"vigia/collector/enroll"
	"vigia/collector/registers"
	"vigia/collector/worktime"
)

// BenchmarkTown compares the books of a large town hall, as they are in memory between two
// writes, with what its machines reported; and proposes the rows of its emptiest book.
func BenchmarkTown(b *testing.B) {
	const machines = 2000
	laws, err := policy.Laws()
	if err != nil {
		b.Fatal(err)
	}
	books, f := map[string][]registers.Row{}, newFacts()
	w := world{at: now, zone: time.UTC, calendar: worktime.Office(time.UTC), laws: laws}
	add := func(book string, v registers.Values) {
		books[book] = append(books[book], registers.Row{Folio: int64(len(books[book]) + 1), Version: 1, Values: v, At: now.AddDate(0, -1, 0)})
	}
	for i := range machines {
		id, host := fmt.Sprintf("a%d", i), fmt.Sprintf("pc-%04d", i)
		w.machines = append(w.machines, enroll.Machine{ID: id, Hostname: host, EnrolledAt: now.AddDate(-1, 0, 0)})
		f.accounts[id] = []account{{Name: fmt.Sprintf("u%d", i), ID: "1000"}, {Name: "caja", ID: "1001"}, {Name: "root", ID: "0", BuiltIn: true}}
		for n := range 60 {
			f.programs[id] = append(f.programs[id], program{Name: fmt.Sprintf("Programa %d", (i+n)%400), Version: "1.2.3"})
		}
		add("people", registers.Values{"name": host, "kind": "staff", "status": "active", "accounts": fmt.Sprintf("u%d\n%s\\caja", i, host)})
		add("assets", registers.Values{"hostname": host, "kind": "desktop", "status": "in_use"})
		if i%10 == 0 {
			add("movements", registers.Values{"kind": "leave", "person": "1", "at": "2026-11-20T21:00:00Z", "asked_by": "T"})
			add("mediabook", registers.Values{"direction": "out", "kind": "usb", "at": "2026-11-20T21:00:00Z", "number": "1"})
		}
	}
	w.facts = f
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			if _, err := shelfOf(books); err != nil {
				b.Fatal(err)
			}
		}
	})
	if w.shelf, err = shelfOf(books); err != nil {
		b.Fatal(err)
	}
	b.Run("compare", func(b *testing.B) {
		var took []time.Duration
		for b.Loop() {
			start := time.Now()
			if _, err := w.differences(); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(start))
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
	})
	b.Run("propose", func(b *testing.B) {
		for b.Loop() {
			if len(w.newSoftware()) == 0 {
				b.Fatal("nothing is proposed")
			}
		}
	})
}
