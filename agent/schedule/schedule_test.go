package schedule

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// diary notes when tasks ran, since the start.
type diary struct {
	mu    sync.Mutex
	start time.Time
	runs  map[string][]time.Duration
}

func newDiary() *diary { return &diary{start: time.Now(), runs: map[string][]time.Duration{}} }

func (d *diary) note(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.runs[id] = append(d.runs[id], time.Since(d.start))
}

func (d *diary) of(id string) []time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.runs[id])
}

func (d *diary) task(id string, every, takes time.Duration) Task {
	return Task{ID: id, Every: every, Run: func(ctx context.Context) {
		d.note(id)
		select {
		case <-ctx.Done():
		case <-time.After(takes):
		}
	}}
}

// within runs a Scheduler for a time of a bubble.
func within(s *Scheduler, t time.Duration, during func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	if during != nil {
		during()
	}
	time.Sleep(t)
	cancel()
	<-done
}

func TestTasksRunAtTheStartAndAtTheirCadence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiary()
		s := New(Options{Seed: "machine-1"})
		s.Set([]Task{d.task("a", time.Hour, time.Second), d.task("b", 24*time.Hour, time.Second)})
		within(s, 24*time.Hour, nil)
		a, b := d.of("a"), d.of("b")
		if a[0] != 0 || b[0] != time.Second {
			t.Errorf("first runs after %v and %v, want at the start, one after the other", a[0], b[0])
		}
		if n := len(a); n < 24 || n > 27 {
			t.Errorf("%d runs of an hourly task in a day", n)
		}
		if n := len(b); n < 1 || n > 2 {
			t.Errorf("%d runs of a daily task in a day", n)
		}
		for i := 1; i < len(a); i++ {
			if gap := a[i] - a[i-1]; gap > time.Hour || gap < 54*time.Minute {
				t.Errorf("run %d of an hourly task came after %v", i, gap)
			}
		}
	})
}

func TestJitterIsOfTheMachineAndTheSameEachTime(t *testing.T) {
	first := func(seed string) (out time.Duration) {
		synctest.Test(t, func(*testing.T) {
			d := newDiary()
			s := New(Options{Seed: seed})
			s.Set([]Task{d.task("a", time.Hour, 0)})
			within(s, 2*time.Hour, nil)
			out = d.of("a")[1]
		})
		return out
	}
	if a, again := first("machine-1"), first("machine-1"); a != again {
		t.Errorf("the same machine after %v and %v", a, again)
	}
	if a, b := first("machine-1"), first("machine-2"); a == b {
		t.Errorf("two machines both after %v", a)
	}
}

func TestHeavyTasksRunOneAtATimeBesideTheLight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiary()
		s := New(Options{Seed: "m"})
		var tasks []Task
		for i := range 3 {
			heavy := d.task(fmt.Sprint("heavy", i), 24*time.Hour, 10*time.Minute)
			heavy.Heavy = true
			tasks = append(tasks, heavy)
		}
		s.Set(append(tasks, d.task("light", time.Hour, time.Second)))
		within(s, time.Hour, nil)
		for i := range 3 {
			if got, want := d.of(fmt.Sprint("heavy", i)), time.Duration(i)*10*time.Minute; got[0] != want {
				t.Errorf("heavy task %d began at %v, want %v", i, got[0], want)
			}
		}
		if got := d.of("light"); got[0] != 0 {
			t.Errorf("the light task waited until %v", got[0])
		}
	})
}

func TestADeadlineEndsARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiary()
		s := New(Options{})
		stuck := d.task("stuck", time.Hour, 100*time.Hour)
		stuck.Deadline = time.Minute
		s.Set([]Task{stuck, d.task("next", time.Hour, 0)})
		within(s, 2*time.Minute, nil)
		if got := d.of("next"); len(got) != 1 || got[0] != time.Minute {
			t.Errorf("the next task ran at %v, want after the deadline of a minute", got)
		}
	})
}

func TestAJumpOfTheClockDoesNotStall(t *testing.T) {
	for _, row := range []struct {
		name string
		jump time.Duration
		min  int // runs within three hours of an hourly task
		max  int
	}{
		{"none", 0, 3, 5},
		{"back by years", -20 * 365 * 24 * time.Hour, 3, 5},
		{"ahead by a night, as after sleep", 10 * time.Hour, 4, 6},
		{"ahead by years", 30 * 365 * 24 * time.Hour, 4, 6},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var offset time.Duration
				wall := func() time.Time {
					mu.Lock()
					defer mu.Unlock()
					return time.Now().Add(offset)
				}
				d := newDiary()
				s := New(Options{Wall: wall})
				s.Set([]Task{d.task("a", time.Hour, 0)})
				within(s, 150*time.Minute, func() {
					time.Sleep(30 * time.Minute)
					mu.Lock()
					offset = row.jump
					mu.Unlock()
				})
				if got := len(d.of("a")); got < row.min || got > row.max {
					t.Errorf("%d runs at %v, want %d to %d", got, d.of("a"), row.min, row.max)
				}
				if row.jump > 0 && d.of("a")[1] > 32*time.Minute {
					t.Errorf("after the jump it ran at %v, want within a minute", d.of("a")[1])
				}
			})
		})
	}
}

func TestNewTasksRunAtOnceAndOthersGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiary()
		s := New(Options{})
		a, b := d.task("a", 10*time.Hour, 0), d.task("b", 10*time.Hour, 0)
		s.Set([]Task{a, b})
		within(s, time.Hour, func() {
			time.Sleep(10*time.Minute + time.Second)
			b.Version = "2"
			s.Set([]Task{a, b, d.task("c", 10*time.Hour, 0)})
		})
		if got := d.of("a"); len(got) != 1 {
			t.Errorf("the unchanged task ran at %v, want once", got)
		}
		for _, id := range []string{"b", "c"} {
			got := d.of(id)
			if last := got[len(got)-1]; last != 10*time.Minute+time.Second {
				t.Errorf("task %s ran at %v, want when it was set", id, got)
			}
		}
	})
}

func TestSoonRunsATaskBeforeItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiary()
		s := New(Options{Seed: "machine-1"})
		s.Set([]Task{d.task("a", 24*time.Hour, time.Second), d.task("b", 24*time.Hour, time.Second)})
		within(s, 12*time.Hour, func() {
			time.Sleep(5 * time.Hour)
			s.Soon("a")
			s.Soon("a") // said twice, run once
			s.Soon("unknown")
		})
		a, b := d.of("a"), d.of("b")
		if len(a) != 2 || a[1] != 5*time.Hour || len(b) != 1 {
			t.Errorf("a ran at %v, b at %v; want a again after five hours", a, b)
		}
	})
}

func TestIdleIsCalledWhenAllHasRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiary()
		var idle []int
		s := New(Options{Idle: func(context.Context) { idle = append(idle, len(d.of("a"))+len(d.of("b"))) }})
		s.Set([]Task{d.task("a", 10*time.Hour, time.Second), d.task("b", 10*time.Hour, time.Second)})
		within(s, time.Hour, nil)
		if want := []int{2}; !slices.Equal(idle, want) {
			t.Errorf("idle after %v runs, want %v", idle, want)
		}
	})
}

func TestOnceRunsTheLightFirst(t *testing.T) {
	var got []string
	task := func(id string, heavy bool) Task {
		return Task{ID: id, Heavy: heavy, Run: func(context.Context) { got = append(got, id) }}
	}
	Once(t.Context(), []Task{task("heavy", true), task("a", false), task("b", false)})
	if want := []string{"a", "b", "heavy"}; !slices.Equal(got, want) {
		t.Errorf("ran %v, want %v", got, want)
	}
}
