package collector

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/decisions"
	"vigia/collector/notify"
	"vigia/collector/registers"
	"vigia/collector/registers/restores"
	"vigia/collector/storage"
)

// A duty whose day is over waits in the queue, and people are told of it before and after;
// what was done puts an end to both.
func TestOverdueDutiesAreFindings(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	c := bareTown(t, "", 2, 2)
	begun := c.now()
	causes := func(days int) []string {
		t.Helper()
		var keys []string
		if err := c.DB.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			groups, err := c.Decisions.Queue(ctx, tx, begun.AddDate(0, 0, days))
			for _, g := range groups {
				if strings.Contains(g.Key, "~duty.") {
					if !g.Asks() || g.Title.ES == "" || g.Do.ES == "" {
						t.Errorf("%s asks for nothing: %+v", g.Key, g)
					}
					keys = append(keys, g.Key)
				}
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		slices.Sort(keys)
		return keys
	}
	told := func(days int) map[string]notify.Message {
		t.Helper()
		out := map[string]notify.Message{}
		if err := c.DB.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			messages, err := c.dutiesDue(ctx, tx, begun.AddDate(0, 0, days))
			for _, m := range messages {
				if out[m.Key].Key != "" {
					t.Errorf("%s twice", m.Key)
				}
				out[m.Key] = m
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	says := func(days int, duty, want string) {
		t.Helper()
		for key, m := range told(days) {
			if strings.HasPrefix(key, "duty/"+duty+"/") {
				if !strings.Contains(m.Subject.ES, want) || strings.ContainsAny(m.Subject.ES+m.Subject.EN, "{}") {
					t.Errorf("after %d days: %q, want %q", days, m.Subject.ES, want)
				}
				return
			}
		}
		if want != "" {
			t.Errorf("after %d days nobody is told of %s: %v", days, duty, told(days))
		}
	}

	if got := causes(1); len(got) > 0 {
		t.Errorf("on the first day: %v", got)
	}
	const review, restore = "AC-USERREV-Q~duty.quarterly-review~high", "BK-RESTORE-Q~duty.restore-trial~critical"
	if got := causes(100); !slices.Contains(got, review) || !slices.Contains(got, restore) {
		t.Errorf("after a quarter in which nothing was done: %v", got)
	}
	says(20, "restore-trial", "")
	says(80, "restore-trial", "Prueba de recuperación de copias: para el")
	says(100, "restore-trial", "Prueba de recuperación de copias: debía estar hecho el")

	// Who only authorised the trial has not made it.
	var row registers.Row
	write := func(do func(ctx context.Context, tx *storage.Tx) error) {
		t.Helper()
		if err := c.DB.Write(t.Context(), do); err != nil {
			t.Fatal(err)
		}
	}
	act, now := registers.Act{By: "prueba", Via: registers.Portal}, begun.UTC().Truncate(time.Second).Format(time.RFC3339)
	values := registers.Values{"dataset": "tesoreria", "reason": "test", "authorised_by": "alcaldia", "authorised": now}
	write(func(ctx context.Context, tx *storage.Tx) (err error) {
		row, err = c.Registers.Add(ctx, tx, restores.Book(), values, act)
		return err
	})
	if got := causes(100); !slices.Contains(got, restore) {
		t.Errorf("the trial was authorised and not made: %v", got)
	}
	maps.Copy(values, registers.Values{"restored": now, "run_by": "Luis Gil", "data": "Carpeta de pólizas", "rekeyed_none": "yes", "result": "complete", "minutes": "35",
		"proof": strings.Repeat("0a", 32)})
	write(func(ctx context.Context, tx *storage.Tx) (err error) {
		_, err = c.Registers.Change(ctx, tx, restores.Book(), row.Folio, row.Version, values, act)
		return err
	})
	if got := causes(92); slices.Contains(got, restore) {
		t.Errorf("the trial is in its book, and the queue asks for it: %v", got)
	}
}

// dead is a channel whose server wants nothing.
type dead struct{}

func (dead) Name() string                                 { return notify.Mail }
func (dead) Open(context.Context) (notify.Session, error) { return dead{}, nil }
func (dead) Close() error                                 { return nil }
func (dead) Send(context.Context, notify.Letter) error {
	return &notify.Trouble{Code: "recipient", Detail: "550 nobody", Permanent: true}
}

// A notice that was given up is a line of the queue until it is sent again.
func TestUndeliveredNoticesAreFindings(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 18, 10, 0, 0, 0, time.UTC)
	c, err := Open(t.Context(), Options{Dir: t.TempDir(), Config: DefaultConfig(), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	lines := func() (out []decisions.Group) {
		t.Helper()
		if err := c.DB.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			groups, err := c.Decisions.Queue(ctx, tx, now)
			for _, g := range groups {
				if g.Code == "vigia.undelivered" {
					out = append(out, g)
				}
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	if got := lines(); len(got) > 0 {
		t.Fatalf("before anything was sent: %+v", got)
	}
	if err := c.Access.Add(t.Context(), "eva", access.Officer, "una frase de prueba", "test"); err != nil {
		t.Fatal(err)
	}
	if err := c.DB.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		_, err := c.Notify.Queue(ctx, tx, notify.Message{Key: "x", Kind: "x", Accounts: []string{"eva"}, Urgent: true,
			Subject: message.Text{ES: "Vence un plazo", EN: "A term ends"}, Body: message.Text{ES: "a", EN: "a"}})
		return errors.Join(err, c.Notify.SetReach(ctx, tx, "eva", notify.Reach{Address: "eva@villa.example", Mode: notify.Each}))
	}); err != nil {
		t.Fatal(err)
	}
	runner, err := c.runner()
	if err != nil {
		t.Fatal(err)
	}
	runner.Channels = []notify.Channel{dead{}}
	if err := runner.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := lines()
	if len(got) != 1 || len(got[0].Members) != 1 || got[0].Members[0].Subject != "Vence un plazo · mail · eva" || !got[0].Asks() {
		t.Fatalf("got %+v", got)
	}
	if err := c.DB.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		lost, err := c.Notify.Find(ctx, tx, []notify.State{notify.GivenUp}, 10)
		if err != nil || len(lost) == 0 {
			return errors.Join(err, errors.New("nothing was given up"))
		}
		return c.Notify.Retry(ctx, tx, lost[0].ID)
	}); err != nil {
		t.Fatal(err)
	}
	if got := lines(); len(got) > 0 {
		t.Errorf("it is on its way again: %+v", got)
	}
}
