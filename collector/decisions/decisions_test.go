package decisions

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/policy"
	"vigia/collector/evidence"
	"vigia/collector/registers"
	"vigia/collector/registers/plan"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

var zone = time.FixedZone("CET", 3600)

// day0 is a Monday morning.
var day0 = time.Date(2026, 11, 2, 9, 0, 0, 0, zone)

// stage is a Store with a source that says what the test wants.
type stage struct {
	t      testing.TB
	db     *storage.DB
	log    *evidence.Log
	books  *registers.Store
	store  *Store
	now    time.Time
	causes []Cause
	waived int
	begun  int64 // leaves before this run
}

// Groups makes the stage a source.
func (s *stage) Groups(context.Context, *storage.Tx, time.Time) ([]Cause, error) {
	return s.causes, nil
}

// Waive makes it the book of waivers.
func (s *stage) Waive(context.Context, *storage.Tx, Group, Choice) (string, error) {
	s.waived++
	return fmt.Sprintf("EXC-%04d", s.waived), nil
}

func onEach(t *testing.T, test func(t *testing.T, s *stage)) {
	t.Helper()
	storagetest.Each(t, []storage.Schema{evidence.Schema(), registers.Schema(), Schema()}, func(t *testing.T, db *storage.DB) {
		test(t, newStage(t, db))
	})
}

func newStage(t testing.TB, db *storage.DB) *stage {
	t.Helper()
	s := &stage{t: t, db: db, now: day0}
	clock := func() time.Time { return s.now }
	key, err := evidence.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if s.log, err = evidence.Open(t.Context(), db, evidence.Options{Key: key, Now: clock}); err != nil {
		t.Fatal(err)
	}
	s.books = registers.NewStore(registers.Options{Log: s.log, Now: clock})
	s.store = NewStore(Options{
		Log: s.log, Registers: s.books, Sources: []Source{s}, Waivers: s, Zone: zone, Now: clock,
		Machines: func(context.Context, *storage.Tx) ([]Machine, error) {
			var out []Machine
			for i := range 6 {
				out = append(out, Machine{ID: fmt.Sprint("m", i), Hostname: fmt.Sprint("PC-", i), Department: []string{"Obras", "Padrón"}[i%2]})
			}
			return out, nil
		},
		Size: func(ctx context.Context, tx *storage.Tx) (int64, error) {
			at, err := s.log.Checkpoint(ctx, tx)
			return at.Size, err
		},
	})
	return s
}

// lock is the cause of some machines without a screen lock, all since day0.
func lock(machines ...int) Cause {
	c := Cause{Control: "AC-LOCK-15", Code: "session.off", Severity: policy.High, Status: checks.Fail}
	for _, m := range machines {
		c.Members = append(c.Members, Member{Machine: fmt.Sprint("m", m), Entry: "AC-LOCK-15", Opened: day0})
	}
	return c
}

func (s *stage) queue() []Group {
	s.t.Helper()
	var out []Group
	err := s.db.Read(s.t.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
		out, err = s.store.Queue(ctx, tx, s.now)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

func (s *stage) decide(c Choice, keys ...string) ([]Decision, error) {
	c.Act = registers.Act{By: "ana", Via: registers.Portal}
	var out []Decision
	err := s.db.Write(s.t.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
		out, err = s.store.Decide(ctx, tx, keys, c)
		return err
	})
	return out, err
}

func (s *stage) must(c Choice, keys ...string) {
	s.t.Helper()
	if _, err := s.decide(c, keys...); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) plans() []plan.Row {
	s.t.Helper()
	var out []plan.Row
	err := s.db.Read(s.t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		rows, err := s.books.Rows(ctx, tx, plan.Book())
		for _, row := range rows {
			p, err := plan.Of(row)
			if err != nil {
				return err
			}
			out = append(out, p)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

const key = "AC-LOCK-15~session.off~high"

// Each kind covers what its comment says: the members, perhaps later ones, until its day.
func TestWhatADecisionCovers(t *testing.T) {
	days := func(n int) time.Time { return day0.AddDate(0, 0, n) }
	later := func(opened time.Time, again bool) Cause {
		c := lock(0, 1)
		c.Members = append(c.Members, Member{Machine: "m2", Entry: "AC-LOCK-15", Opened: opened, Again: again})
		return c
	}
	back := func() Cause { // the first was put right and came back
		c := lock(0, 1)
		c.Members[0].Opened, c.Members[0].Again = days(3), true
		return c
	}
	for name, row := range map[string]struct {
		choice Choice
		at     int // days after day0
		cause  Cause
		want   int // undecided
	}{
		"fix covers its members":                {Choice{Kind: Fix, Owner: "Luis", Due: days(10)}, 5, lock(0, 1), 0},
		"fix covers later ones":                 {Choice{Kind: Fix, Owner: "Luis", Due: days(10)}, 5, later(days(2), false), 0},
		"fix does not cover what came back":     {Choice{Kind: Fix, Owner: "Luis", Due: days(10)}, 5, back(), 1},
		"fix to the end of its day":             {Choice{Kind: Fix, Owner: "Luis", Due: days(10)}, 10, lock(0, 1), 0},
		"fix runs out":                          {Choice{Kind: Fix, Owner: "Luis", Due: days(10)}, 11, lock(0, 1), 2},
		"ask covers its members":                {Choice{Kind: Ask, Who: "Luis", Due: days(10)}, 5, lock(0, 1), 0},
		"ask does not cover later ones":         {Choice{Kind: Ask, Who: "Luis", Due: days(10)}, 5, later(days(2), false), 1},
		"ask is for a week":                     {Choice{Kind: Ask, Who: "Luis"}, 8, lock(0, 1), 2},
		"waive covers what came back":           {Choice{Kind: Waive, Why: "obra", Until: days(30)}, 5, back(), 0},
		"waive covers later ones":               {Choice{Kind: Waive, Why: "obra", Until: days(30)}, 5, later(days(2), true), 0},
		"waive runs out":                        {Choice{Kind: Waive, Why: "obra", Until: days(30)}, 31, lock(0, 1), 2},
		"waive of one department":               {Choice{Kind: Waive, Why: "obra", Until: days(30), Department: "Obras"}, 5, later(days(2), false), 1},
		"dismiss covers its members for ever":   {Choice{Kind: Dismiss, Why: "es una prueba"}, 500, lock(0, 1), 0},
		"dismiss does not cover later ones":     {Choice{Kind: Dismiss, Why: "es una prueba"}, 5, later(days(2), false), 1},
		"dismiss does not cover what came back": {Choice{Kind: Dismiss, Why: "es una prueba"}, 5, back(), 1},
		"plan covers its members":               {Choice{Kind: Plan, Owner: "Luis", Due: days(60)}, 5, lock(0, 1), 0},
		"plan does not cover later ones":        {Choice{Kind: Plan, Owner: "Luis", Due: days(60)}, 5, later(days(2), false), 1},
		"plan covers those of the installation": {Choice{Kind: Plan, Owner: "Luis", Due: days(60), Until: days(4)}, 9, later(days(4), false), 0},
		"plan ends with the installation":       {Choice{Kind: Plan, Owner: "Luis", Due: days(60), Until: days(4)}, 9, later(days(5), false), 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, storagetest.Open(t, storagetest.SQLite(t), evidence.Schema(), registers.Schema(), Schema()))
			s.causes = []Cause{lock(0, 1)}
			s.now = day0.Add(time.Hour)
			s.must(row.choice, key)
			s.now, s.causes = days(row.at), []Cause{row.cause}
			got := s.queue()[0]
			if got.Undecided != row.want || (got.Decision == nil) != (row.want > 0) {
				t.Errorf("got %d undecided (%v), want %d", got.Undecided, got.Decision, row.want)
			}
		})
	}
}

// Whoever decides is told what is missing, and nothing happens.
func TestAChoiceIsWhole(t *testing.T) {
	for name, row := range map[string]struct {
		choice Choice
		want   string
	}{
		"no kind":                 {Choice{}, "kind"},
		"a fix without owner":     {Choice{Kind: Fix, Due: day0}, "owner"},
		"a fix without day":       {Choice{Kind: Fix, Owner: "Luis"}, "due"},
		"a day that is over":      {Choice{Kind: Fix, Owner: "Luis", Due: day0.AddDate(0, 0, -1)}, "due"},
		"asking nobody":           {Choice{Kind: Ask}, "who"},
		"a waiver without end":    {Choice{Kind: Waive, Why: "obra"}, "until"},
		"a waiver, no reason":     {Choice{Kind: Waive, Until: day0}, "why"},
		"dismissed for nothing":   {Choice{Kind: Dismiss, Why: "  "}, "why"},
		"a fix of a department":   {Choice{Kind: Fix, Owner: "Luis", Due: day0, Department: "Obras"}, "department"},
		"a reason with NUL":       {Choice{Kind: Dismiss, Why: "a\x00b"}, "why"},
		"a reason without an end": {Choice{Kind: Dismiss, Why: string(make([]rune, 3000))}, "why"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, storagetest.Open(t, storagetest.SQLite(t), evidence.Schema(), registers.Schema(), Schema()))
			s.causes = []Cause{lock(0)}
			_, err := s.decide(row.choice, key)
			var bad *ChoiceError
			if !errors.As(err, &bad) || bad.Field != row.want || !errors.Is(err, ErrChoice) {
				t.Errorf("got %v, want what is wrong with %s", err, row.want)
			}
			if s.queue()[0].Undecided != 1 {
				t.Error("it was decided all the same")
			}
		})
	}
}

// An accepted fix is a line of the plan, in the same transaction as its leaf.
func TestFixIsPlanned(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.causes = []Cause{lock(0, 2, 4)}
		s.must(Choice{Kind: Fix, Owner: "Luis", Due: day0.AddDate(0, 0, 10), Action: "Poner el bloqueo"}, key)
		rows := s.plans()
		if len(rows) != 1 || rows[0].Action != "Poner el bloqueo" || rows[0].OriginRef != key || rows[0].Department != "Obras" || rows[0].Origin != plan.Finding {
			t.Errorf("got %+v", rows)
		}
		if _, err := s.decide(Choice{Kind: Dismiss, Why: "no"}, key); !errors.Is(err, ErrDecided) {
			t.Errorf("a second decision: got %v", err)
		}
		s.must(Choice{Kind: Dismiss, Why: "era una prueba", Again: true}, key)
		got := s.queue()[0]
		if got.Decision == nil || got.Decision.Kind != Dismiss || len(got.Past) != 2 {
			t.Errorf("got %+v", got)
		}
		if _, err := s.decide(Choice{Kind: Incident}, "no~such~low"); !errors.Is(err, ErrNoGroup) {
			t.Errorf("a cause that is not there: got %v", err)
		}
		s.causes = []Cause{lock(0, 1, 2, 4)}
		if _, err := s.decide(Choice{Kind: Incident}, key); !errors.Is(err, ErrNotYet) {
			t.Errorf("without an incident book: got %v", err)
		}
	})
}

// What is critical or high is overdue after 72 hours, by the hours that count.
func TestOverdue(t *testing.T) {
	s := newStage(t, storagetest.Open(t, storagetest.SQLite(t), evidence.Schema(), registers.Schema(), Schema()))
	s.causes = []Cause{lock(0)}
	s.now = day0.Add(72 * time.Hour)
	if s.queue()[0].Overdue {
		t.Error("overdue after 72 hours")
	}
	s.now = day0.Add(72*time.Hour + time.Minute)
	if !s.queue()[0].Overdue {
		t.Error("not overdue after more than 72 hours")
	}
	s.must(Choice{Kind: Ask, Who: "Luis", Due: s.now.AddDate(0, 0, 1)}, key)
	s.now = s.now.AddDate(0, 0, 3) // the term of the question is over, not the time to decide
	if got := s.queue()[0]; got.Overdue || got.Undecided != 1 {
		t.Errorf("after a question: got %+v", got)
	}
	s.causes[0].Status = checks.Warn
	s.now = s.now.AddDate(0, 1, 0)
	if got := s.queue()[0]; got.Overdue || got.Asks() {
		t.Error("what could be better is overdue")
	}
}
