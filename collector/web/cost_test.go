package web

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vigia/collector/access"
	"vigia/collector/decisions"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// measure asks for times. A clock says nothing on a machine that does ten things at once, so
// that make test counts what pages ask of the database, and make bench-portal measures.
var measure = flag.Bool("speed", false, "hold the pages to their bar in time: make bench-portal")

// pageBar is what a page may take at the 95th percentile.
const pageBar = 100 * time.Millisecond

// statement is one that a page made, with how SQLite carries it out.
type statement struct {
	query string
	args  []any
}

// asks are the statements that are made meanwhile.
func (w *townHall) asks(do func()) []statement {
	w.t.Helper()
	var mu sync.Mutex
	var out []statement
	w.db.Trace(func(query string, args []any) {
		mu.Lock()
		defer mu.Unlock()
		out = append(out, statement{query, slices.Clone(args)})
	})
	defer w.db.Trace(nil)
	do()
	mu.Lock()
	defer mu.Unlock()
	return slices.Clone(out)
}

// plan is how a query is carried out, a line for each table.
func (w *townHall) plan(s statement) (lines []string) {
	w.t.Helper()
	w.must(w.db.Read(w.t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		found, err := tx.Query(ctx, `EXPLAIN QUERY PLAN `+s.query, s.args...)
		if err != nil {
			return err
		}
		defer found.Close()
		for found.Next() {
			var id, parent, unused int64
			var detail string
			if err := found.Scan(&id, &parent, &unused, &detail); err != nil {
				return err
			}
			lines = append(lines, detail)
		}
		return found.Err()
	}))
	return lines
}

// growing are the tables that grow with the machines and with time. No page may read one of
// them from one end to the other.
func growing() []string {
	return []string{"registers_rows", "evidence_entries", "evidence_hashes", "findings_states", "findings_facts", "findings_heard", "ingest_reports", "activity_entries", "decisions_members"}
}

// readWhole tells which growing table a line of a plan reads whole, without an index.
func readWhole(line string) string {
	for _, table := range growing() {
		if rest, ok := strings.CutPrefix(line, "SCAN "+table); ok && !strings.Contains(rest, "INDEX") {
			return table
		}
	}
	return ""
}

// busyTown has machines, findings and rows in its books, each so many times what one has.
func busyTown(t *testing.T, times int) *townHall {
	t.Helper()
	w := emptyTown(t)
	for i := range 4 * times {
		w.admit(pc{host: fmt.Sprintf("PC-%04d", i), department: fmt.Sprintf("Área %d", i%5), os: "windows", osName: "Windows 11 Pro", osVersion: "10.0.22631"})
	}
	w.crowd(10*times, 20)
	w.enters("systems", registers.Values{"name": "Nómina"})
	for i := range 3 * times {
		row := w.enters("visits", registers.Values{"person": fmt.Sprintf("persona%d", i), "machine": fmt.Sprintf("pc-%04d", i), "department": "Área 1", "until": "2026-12-01", "system": "1"})
		w.now = w.now.Add(time.Minute)
		w.write(func(ctx context.Context, tx *storage.Tx) error {
			row.Values["purpose"] = "Atiende el mostrador"
			_, err := w.registers.Change(ctx, tx, w.book("visits"), row.Folio, row.Version, row.Values, registers.Act{By: "prueba", Why: "faltaba", Via: registers.Portal})
			return err
		})
	}
	return w
}

// TestPagesDoNotGrowWithTheTown holds how many statements a page makes to the same number in a
// town hall of a few machines and in one of many, and lets no page read a large table whole.
func TestPagesDoNotGrowWithTheTown(t *testing.T) {
	t.Parallel()
	pages := []string{"/", "/equipos", "/equipos?estado=mal", "/controles", "/controles/AC-LOCK-15", "/pendientes", "/pendientes?estado=todos&area=%C3%81rea+3", "/pendientes/linea-base",
		"/plan", "/plan/brechas", "/calendario", "/incidencias", "/libros", "/libros/visits", "/libros/visits?orden=-until", "/libros/visits?q=mostrador&orden=person", "/libros/visits?a=2026-11-22",
		"/libros/visits/VIS-0002", "/libros/visits/VIS-0002/cambiar", "/libros/visits/nuevo", "/libros/cambios", "/libros/cambios?q=mostrador", "/buscar?q=persona", "/buscar?q=pc-00"}
	counts := make([]map[string]int, 2)
	for n, times := range []int{1, 6} {
		counts[n] = map[string]int{}
		w := busyTown(t, times)
		b := open(t, serve(t, w.portal())).enter(access.Officer)
		for _, path := range pages {
			b.get(path) // what is remembered is remembered
			var got answer
			asked := w.asks(func() { got = b.get(path) })
			if got.status != http.StatusOK {
				t.Errorf("%s: got %d", path, got.status)
			}
			counts[n][path] = len(asked)
			for _, s := range asked {
				for _, line := range w.plan(s) {
					if table := readWhole(line); table != "" {
						t.Errorf("%s reads %s whole: %s\n%s", path, table, line, s.query)
					}
				}
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(counts[0])) {
		t.Logf("%3d %3d %s", counts[0][path], counts[1][path], path)
		if counts[1][path] > counts[0][path] {
			t.Errorf("%s: %d statements, and %d with six times the machines and rows", path, counts[0][path], counts[1][path])
		}
	}
}

// crowdedQueue is a town hall of many machines and failures, half of them decided, with the
// first group's key.
func crowdedQueue(t *testing.T, machines, controls int) (w *townHall, key string) {
	t.Helper()
	w = emptyTown(t)
	w.crowd(machines, controls)
	var crowd []decisions.Machine
	for m := range machines {
		crowd = append(crowd, decisions.Machine{ID: fmt.Sprintf("machine%04d", m), Hostname: fmt.Sprintf("pc-%04d", m), Department: fmt.Sprint("Área ", m%23)})
	}
	w.decisions = decisions.NewStore(decisions.Options{
		Log: w.log, Registers: w.registers, Zone: madrid, Now: func() time.Time { return w.now },
		Sources:  []decisions.Source{decisions.Measured{Findings: w.findings}},
		Machines: func(context.Context, *storage.Tx) ([]decisions.Machine, error) { return crowd, nil },
		Size: func(ctx context.Context, tx *storage.Tx) (int64, error) {
			at, err := w.log.Checkpoint(ctx, tx)
			return at.Size, err
		},
	})
	act := registers.Act{By: "seguridad", Via: registers.Portal}
	began := time.Now()
	w.write(func(ctx context.Context, tx *storage.Tx) error {
		groups, err := w.decisions.Queue(ctx, tx, w.now)
		if err != nil {
			return err
		}
		lines := decisions.Propose(groups, w.laws, w.now)
		for i := range lines {
			lines[i].Owner, lines[i].Action = "Luis", lines[i].Control+lines[i].Family
		}
		_, err = w.decisions.Baseline(ctx, tx, lines[:len(lines)/2], w.now.AddDate(0, 1, 0), act)
		return err
	})
	t.Logf("half of the baseline is confirmed in %v", time.Since(began).Round(time.Millisecond))
	w.must(w.db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		began := time.Now()
		groups, _, err := w.decisions.Glance(ctx, tx)
		key = groups[0].Key
		t.Logf("the sources are asked in %v: %d groups, %d members in the first", time.Since(began).Round(time.Millisecond), len(groups), len(groups[0].Members))
		return err
	}))
	return w, key
}

// paced asks for a page many times, and holds it to the bar.
func paced(t *testing.T, path string, times int, ask func(i int)) {
	t.Helper()
	var took []time.Duration
	for i := range times {
		began := time.Now()
		ask(i)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	p95 := took[(len(took)*95+99)/100-1]
	t.Logf("%-60s median %6.1f ms, p95 %6.1f ms", path, float64(took[len(took)/2].Microseconds())/1000, float64(p95.Microseconds())/1000)
	if p95 > pageBar {
		t.Errorf("%s: p95 %v, want at most %v", path, p95, pageBar)
	}
}
