package local

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/host"
)

// A bench is a watch whose devices, clock and machine a test moves.
type bench struct {
	*MediaWatch
	present []host.MediaUse
	clock   time.Time
	booted  time.Time
	ended   time.Time
}

func newBench(t *testing.T, file string, clock time.Time) *bench {
	t.Helper()
	b := &bench{MediaWatch: NewMediaWatch(file), clock: clock}
	b.now = func() time.Time { return b.clock }
	b.list = func() ([]host.MediaUse, error) { return b.present, nil }
	b.boot = func(context.Context) time.Time { return b.booted }
	b.off = func(context.Context) time.Time { return b.ended }
	if err := b.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

// pass lets time go by, with these media plugged in.
func (b *bench) pass(t *testing.T, d time.Duration, present ...host.MediaUse) {
	t.Helper()
	b.clock, b.present = b.clock.Add(d), present
	if _, err := b.look(); err != nil {
		t.Fatal(err)
	}
}

// How full a medium is is kept from the first look at it that told, and from the last.
func TestMediaWatchKeepsHowFull(t *testing.T) {
	b := newBench(t, filepath.Join(t.TempDir(), "media.json"), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	stick := func(used ...uint64) host.MediaUse {
		u := host.MediaUse{Kind: "disk", Serial: "AB12", Size: 1 << 30}
		if len(used) > 0 {
			u.Used = &used[0]
		}
		return u
	}
	for _, u := range []host.MediaUse{stick(), stick(100), stick(700), stick(), stick(400)} {
		b.pass(t, time.Minute, u)
	}
	b.pass(t, time.Minute)
	b.pass(t, time.Minute, stick(400))
	log, err := b.Media(t.Context())
	if err != nil || len(log.Uses) != 2 {
		t.Fatalf("got %+v, %v", log, err)
	}
	for i, want := range [][2]uint64{{100, 400}, {400, 400}} {
		if u := log.Uses[i]; u.UsedBefore == nil || u.Used == nil || *u.UsedBefore != want[0] || *u.Used != want[1] {
			t.Errorf("use %d: got %v to %v, want %v", i, u.UsedBefore, u.Used, want)
		}
	}
}

func TestMediaWatch(t *testing.T) {
	file := filepath.Join(t.TempDir(), "media.json")
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	key := func(written uint64) host.MediaUse {
		return host.MediaUse{Kind: "disk", Model: "Llave", Serial: "AB12", Size: 1 << 30, Written: new(written), Mounted: written > 0}
	}
	b := newBench(t, file, start)
	b.pass(t, 0)
	b.pass(t, time.Minute, key(0))
	b.pass(t, time.Minute, key(5_000_000))
	b.pass(t, time.Minute)         // pulled out
	b.pass(t, time.Minute, key(0)) // and in again
	log, err := b.Media(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first, second := key(5_000_000), key(0)
	first.From, first.Until = start.Add(time.Minute), start.Add(3*time.Minute)
	second.From = start.Add(4 * time.Minute)
	if diff := cmp.Diff(host.MediaLog{Since: start, Uses: []host.MediaUse{first, second}}, log); diff != "" {
		t.Fatal(diff)
	}

	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	restart := func(t *testing.T, clock time.Time, content []byte) *bench {
		t.Helper()
		file := filepath.Join(t.TempDir(), "media.json")
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return newBench(t, file, clock)
	}
	t.Run("the agent starts again at once", func(t *testing.T) {
		again := restart(t, b.clock.Add(30*time.Second), kept)
		again.pass(t, 0, key(0))
		got, err := again.Media(t.Context())
		if diff := cmp.Diff(log, got); diff != "" || err != nil {
			t.Error(err, diff)
		}
	})
	t.Run("nobody looked for an hour", func(t *testing.T) {
		again := restart(t, b.clock.Add(time.Hour), kept)
		again.booted = start.Add(-time.Hour)
		if err := again.load(t.Context()); err != nil {
			t.Fatal(err)
		}
		again.pass(t, 0)
		got, err := again.Media(t.Context())
		if err != nil || !got.Lost || got.Uses[1].Until.IsZero() {
			t.Errorf("%v %+v", err, got)
		}
	})
	for _, row := range []struct {
		name  string
		ended time.Duration // after the last look; 0: nothing tells
		mark  bool          // the watch was ended in order
		lost  bool
	}{
		{"the machine was off for an hour", time.Minute, false, false},
		{"it was ended long before the machine", 50 * time.Minute, true, true},
		{"nothing tells when the machine ended", 0, true, false},
		{"nothing tells, and it was cut off", 0, false, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			content := kept
			if row.mark {
				content = bytes.Replace(kept, []byte(`"version":1`), []byte(`"version":1,"ended":true`), 1)
			}
			again := restart(t, b.clock.Add(time.Hour), content)
			again.booted = again.clock.Add(-time.Minute)
			if row.ended > 0 {
				again.ended = b.clock.Add(row.ended)
			}
			if err := again.load(t.Context()); err != nil {
				t.Fatal(err)
			}
			again.pass(t, 0)
			if got, err := again.Media(t.Context()); err != nil || got.Lost != row.lost {
				t.Errorf("%v, lost is %v, want %v", err, got.Lost, row.lost)
			}
		})
	}
	t.Run("the file is damaged", func(t *testing.T) {
		again := restart(t, b.clock, []byte("{"))
		again.pass(t, 0)
		if got, err := again.Media(t.Context()); err != nil || !got.Lost {
			t.Errorf("%v %+v", err, got)
		}
	})
}

func TestMediaWatchIsBounded(t *testing.T) {
	b := newBench(t, filepath.Join(t.TempDir(), "media.json"), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	for i := range maxUses + 20 {
		b.pass(t, time.Minute, host.MediaUse{Kind: "disk", Serial: "S", Size: uint64(i + 1)})
	}
	log, err := b.Media(t.Context())
	if err != nil || len(log.Uses) != maxUses || log.More != 20 {
		t.Errorf("%v, %d uses and %d more", err, len(log.Uses), log.More)
	}
	b.pass(t, 2*mediaKeeps)
	b.pass(t, 2*mediaKeeps)
	if log, err := b.Media(t.Context()); err != nil || len(log.Uses) != 0 {
		t.Errorf("%v, %d uses are remembered for ever", err, len(log.Uses))
	}
}

// What cannot be kept is told, until it can be.
func TestMediaWatchOnAFullDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "media")
	b := newBench(t, filepath.Join(dir, "media.json"), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // no folder can be made there
		t.Fatal(err)
	}
	b.pass(t, 0)
	if _, err := b.Media(t.Context()); err == nil {
		t.Error("a log that is on no disk is called one")
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	b.pass(t, time.Minute)
	if _, err := b.Media(t.Context()); err != nil {
		t.Error(err)
	}
}
