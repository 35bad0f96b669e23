package collector

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vigia/checks"
	"vigia/collector/assign"
	"vigia/collector/compare"
	"vigia/collector/decisions"
	"vigia/collector/evidence"
	"vigia/collector/findings"
	"vigia/collector/registers"
	"vigia/collector/simulate"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// bareTown is a simulated town hall of some machines and days whose books are empty.
func bareTown(t *testing.T, dsn string, machines, days int) *Collector {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := evidence.CreateSimulatedKey(filepath.Join(dir, KeysDir)); err != nil {
		t.Fatal(err)
	}
	opts := simulate.Options{Machines: machines, Days: days, Seed: 4, Every: 1, Until: time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)}
	clock := simulate.NewClock(opts.Begin().Add(-24 * time.Hour))
	cfg := DefaultConfig()
	cfg.Database.DSN = dsn
	c, err := Open(t.Context(), Options{Dir: dir, Config: cfg, Now: clock.Now, Logger: slog.New(slog.DiscardHandler), story: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := c.simulate(t.Context(), clock, opts, true); err != nil {
		t.Fatal(err)
	}
	return c
}

// The first quarter begins with empty books: one confirmation for each fills them from
// what was measured, after which nothing is proposed again and the books and the machines
// agree; what a person strikes out is different again at once.
func TestEmptyBooksAreFilledFromWhatIsMeasured(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	storagetest.EachDSN(t, func(t *testing.T, dsn string) {
		c := bareTown(t, dsn, 8, 3)
		now := c.now()
		if got := against(t, c, now); len(got) != 0 {
			t.Errorf("empty books differ from the machines: %v", got)
		}
		act := registers.Act{By: "seguridad", Why: proposedWhy, Via: registers.Portal}
		for _, name := range compare.ProposedBooks() {
			b, err := bookOf(name)
			if err != nil {
				t.Fatal(err)
			}
			var proposed []compare.Proposal
			read(t, c, func(ctx context.Context, tx *storage.Tx) (err error) {
				proposed, err = c.Compare.Proposals(ctx, tx, b, now)
				return err
			})
			if len(proposed) == 0 && name != "systems" {
				t.Errorf("nothing is proposed for %s", name)
			}
			for _, keys := range [][]string{{"none"}, nil} {
				err = c.DB.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
					n, err := c.Compare.Confirm(ctx, tx, c.Registers, b, now, keys, act)
					if want := map[bool]int{true: len(proposed)}[keys == nil]; err == nil && n != want {
						t.Errorf("%s: %d rows were added, want %d", name, n, want)
					}
					return err
				})
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			read(t, c, func(ctx context.Context, tx *storage.Tx) (err error) {
				proposed, err = c.Compare.Proposals(ctx, tx, b, now)
				return err
			})
			if len(proposed) != 0 {
				t.Errorf("%s: %d rows are proposed again, such as %v", name, len(proposed), proposed[0].Values)
			}
		}
		if got := against(t, c, now); len(got) != 0 {
			t.Errorf("the books that were filled differ from the machines: %v", got)
		}
		assets, err := bookOf("assets")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.DB.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			return c.Registers.Remove(ctx, tx, assets, 1, 1, act)
		}); err != nil {
			t.Fatal(err)
		}
		if got, want := against(t, c, c.now()), []string{"compare.machine.unlisted"}; !slices.Equal(got, want) {
			t.Errorf("after a machine was struck out: %v, want %v", got, want)
		}
		if got := against(t, c, now.Add(-time.Hour)); len(got) != 0 {
			t.Errorf("an hour before: %v", got)
		}
	})
}

func read(t *testing.T, c *Collector, fn func(ctx context.Context, tx *storage.Tx) error) {
	t.Helper()
	if err := c.DB.Read(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// against are the codes by which the books alone are wrong, as the queue gets them.
func against(t *testing.T, c *Collector, at time.Time) (codes []string) {
	t.Helper()
	var causes []decisions.Cause
	read(t, c, func(ctx context.Context, tx *storage.Tx) (err error) {
		causes, err = booksAgainst{c.Compare}.Groups(ctx, tx, at)
		return err
	})
	for _, cause := range causes {
		codes = append(codes, cause.Code)
		if cause.Status != checks.Fail || cause.Title.ES == "" || cause.Do.ES == "" || len(cause.Members) == 0 {
			t.Errorf("not whole: %+v", cause)
		}
	}
	return codes
}

// A permit that is entered is in the machine's next policy, by which the very facts that
// were a finding are none; struck out, they are one again.
func TestAPermitChangesTheJudgement(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	c := bareTown(t, "", 12, 4)
	var found findings.State
	var observed []byte
	var m assign.Machine
	read(t, c, func(ctx context.Context, tx *storage.Tx) error {
		fails, err := c.Findings.FailsAt(ctx, tx, c.now(), "personaldata.local")
		if err != nil || len(fails) == 0 {
			return errors.Join(err, errors.New("nothing is found on any machine"))
		}
		found = fails[0]
		machine, err := c.Enroll.Machine(ctx, tx, found.Machine)
		if err != nil {
			return err
		}
		m = assign.Machine{ID: machine.ID, Hostname: machine.Hostname, Department: machine.Department}
		return c.Findings.FactsOf(ctx, tx, found.Entry, nil, func(id string, _ uint64, facts []byte) error {
			if id == m.ID {
				observed = facts
			}
			return nil
		})
	})
	status := func() checks.Status {
		t.Helper()
		var out checks.Status
		if err := c.DB.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			_, p, err := c.Assign.Current(ctx, tx, m)
			if err != nil {
				return err
			}
			for _, e := range p.Entries {
				if e.ID != found.Entry {
					continue
				}
				check, _ := c.Catalog.Lookup(e.Check)
				verdict, err := check.Judge(observed, e.Params, c.now())
				if err != nil {
					return err
				}
				out = checks.Pass
				for _, f := range verdict.Findings {
					if f.Key == found.Key {
						out = f.Status
					}
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	folder := found.Key[:strings.LastIndexAny(found.Key, `/\`)]
	permits, err := bookOf("permits")
	if err != nil {
		t.Fatal(err)
	}
	act := registers.Act{By: "seguridad", Via: registers.Portal}
	if got := status(); got != checks.Fail {
		t.Fatalf("without a permit: %s", got)
	}
	if err := c.DB.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		_, err := c.Registers.Add(ctx, tx, permits, registers.Values{"machine": strings.ToLower(m.Hostname), "folder": folder, "purpose": "cobro",
			"authorised_by": "Alcaldesa", "until": "2090-12-31"}, act)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if got := status(); got != checks.Pass {
		t.Errorf("with a permit for %s: %s", folder, got)
	}
	if err := c.DB.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		return c.Registers.Remove(ctx, tx, permits, 1, 1, act)
	}); err != nil {
		t.Fatal(err)
	}
	if got := status(); got != checks.Fail {
		t.Errorf("after it was struck out: %s", got)
	}
}
