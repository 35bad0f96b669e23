// Package simulate lets a town hall that never was live for a while: its machines enrol
// and report, its people come and go, things break and are mended, and its officials keep
// their books, decide and sign. It is for training, for demonstrations and for tests.
//
// The story follows from a seed. It goes through the collector's own services, so that
// what comes out is what real machines and people would have left: signed reports, leaves
// of the evidence log, findings judged by the real checks. Only the keys differ from run
// to run.
//
// Always true: it writes into a collector whose log is named as simulated
// (evidence.Simulated) and into no other, so that no page, paper or package that comes of
// it can pass for a real one.
package simulate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"vigia/checks/catalog"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/enroll"
	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// Bounds of a simulation.
const (
	MaxMachines = 5000
	MaxDays     = 3 * 366
)

// Clock is the time in the simulated town hall. It is safe for concurrent use.
type Clock struct {
	mu sync.Mutex
	at time.Time // guarded by mu
}

// NewClock returns a clock that stands at a time.
func NewClock(at time.Time) *Clock { return &Clock{at: at} }

// Now is the time that it shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Set turns it forward. It never goes back: what was written stays in order.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.After(c.at) {
		c.at = at
	}
}

// Hall is the collector that the town hall uses. Its parts tell the time by Clock.
type Hall struct {
	DB      *storage.DB
	Log     *evidence.Log
	Enroll  *enroll.Store
	Catalog *catalog.Catalog
	Clock   *Clock
	// Admit answers a machine that enrols, Take what one delivers.
	Admit func(ctx context.Context, req *apiv1.EnrollRequest) (*apiv1.EnrollResponse, error)
	Take  func(ctx context.Context, agentID string, req *apiv1.DeliverRequest) (*apiv1.DeliverResponse, error)
	// Day lets people act at the end of a working day; nil: nobody does.
	Day func(ctx context.Context, town *Town, day int) error
}

// Options say what to simulate.
type Options struct {
	Machines, Days int
	Seed           uint64
	// Until is the last day; its time of day is when people have gone home.
	Until time.Time
	// Every is after how many days a machine reports again when nothing has changed: 1 as
	// real ones do, more for a story that is told faster. 0 is 1.
	Every int
	// Progress is told after each day how many of all have gone by; nil: nobody is.
	Progress func(day, days int)
}

func (o Options) check() error {
	switch {
	case o.Machines < 1 || o.Machines > MaxMachines:
		return fmt.Errorf("%d machines: between 1 and %d", o.Machines, MaxMachines)
	case o.Days < 1 || o.Days > MaxDays:
		return fmt.Errorf("%d days: between 1 and %d", o.Days, MaxDays)
	case o.Every < 0 || o.Every > 31:
		return fmt.Errorf("a report every %d days: between 1 and 31", o.Every)
	}
	return nil
}

// ErrReal means that the collector is a real one.
var ErrReal = errors.New("the collector is a real one: nothing is simulated in it")

// Begin is the first day of a story.
func (o Options) Begin() time.Time {
	y, m, d := o.Until.AddDate(0, 0, 1-o.Days).Date()
	return time.Date(y, m, d, 8, 0, 0, 0, o.Until.Location())
}

// Run tells the whole story and answers its town.
func Run(ctx context.Context, hall Hall, opts Options) (*Town, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	if !evidence.Simulated(hall.Log.Origin()) {
		return nil, ErrReal
	}
	opts.Every = max(opts.Every, 1)
	if opts.Progress == nil {
		opts.Progress = func(int, int) {}
	}
	t := &tale{Hall: hall, opts: opts, town: NewTown(opts.Machines, opts.Days, opts.Seed), agents: map[int]*agent{}}
	for day := range opts.Days {
		if err := t.live(ctx, day); err != nil {
			return nil, fmt.Errorf("day %d: %w", day+1, err)
		}
		opts.Progress(day+1, opts.Days)
	}
	return t.town, nil
}

// tale is a story as it is told.
type tale struct {
	Hall
	opts   Options
	town   *Town
	agents map[int]*agent // by machine
}

// workers is how many machines report at once: their commits are grouped.
const workers = 8

// live lets one day go by.
func (t *tale) live(ctx context.Context, day int) error {
	morning := t.opts.Begin().AddDate(0, 0, day)
	t.Clock.Set(morning)
	if err := t.leave(ctx, day); err != nil {
		return err
	}
	if err := t.arrive(ctx, day); err != nil {
		return err
	}
	t.Clock.Set(morning.Add(2 * time.Hour))
	if err := t.report(ctx, day); err != nil {
		return err
	}
	t.Clock.Set(morning.Add(7 * time.Hour))
	if t.Day == nil {
		return nil
	}
	return t.Day(ctx, t.town, day)
}

// arrive enrols the machines that begin on a day.
func (t *tale) arrive(ctx context.Context, day int) error {
	for i, m := range t.town.Machines {
		if m.Joined != day {
			continue
		}
		a, err := t.enrol(ctx, m)
		if err != nil {
			return fmt.Errorf("enrol %s: %w", m.Host, err)
		}
		t.agents[i] = a
		t.Clock.Set(t.Clock.Now().Add(5 * time.Second))
	}
	return nil
}

// leave retires the machines that are thrown away on a day.
func (t *tale) leave(ctx context.Context, day int) error {
	for i, m := range t.town.Machines {
		a := t.agents[i]
		if m.Left != day || day == 0 || a == nil {
			continue
		}
		delete(t.agents, i)
		if err := t.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
			return t.Enroll.Retire(ctx, tx, a.id, "equipo sustituido", "sistemas")
		}); err != nil {
			return fmt.Errorf("retire %s: %w", m.Host, err)
		}
	}
	return nil
}

// report lets the machines that are on report once.
func (t *tale) report(ctx context.Context, day int) error {
	var order []int
	for i := range t.agents {
		order = append(order, i)
	}
	slices.Sort(order)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, i := range order {
		m, a := t.town.Machines[i], t.agents[i]
		if m.Has(Off, day) || t.resting(m, a, day) {
			continue
		}
		g.Go(func() error {
			o := observer{Machine: m, town: t.town, day: day, at: t.Clock.Now().UTC().Truncate(time.Minute).Add(-time.Duration(m.pick("minute", 90)) * time.Minute)}
			if err := a.report(ctx, t.Hall, o); err != nil {
				return fmt.Errorf("report of %s: %w", m.Host, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// resting tells whether a machine leaves a day out, in a story that is told faster: never
// one on which something begins or ends.
func (t *tale) resting(m Machine, a *agent, day int) bool {
	if t.opts.Every == 1 || a.sequence == 0 || (day+m.pick("turn", t.opts.Every))%t.opts.Every == 0 || day == t.opts.Days-1 {
		return false
	}
	return !slices.ContainsFunc(m.Troubles, func(tr Trouble) bool { return tr.From == day || tr.Until == day })
}
