package notify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"vigia/checks/message"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
	"vigia/collector/worktime"
)

// office is a town hall's outbox with a clock, and channels that do as they are told.
type office struct {
	t      *testing.T
	db     *storage.DB
	store  *Store
	now    time.Time
	people []Person
	sent   map[string]int // how often, by ID
}

func newOffice(t *testing.T, db *storage.DB) *office {
	o := &office{t: t, db: db, now: at("2026-11-18 10:00"), sent: map[string]int{}, people: []Person{{"ana", "officer"}, {"luis", "head"}, {"eva", "administrator"}}}
	o.store = NewStore(func() time.Time { return o.now })
	return o
}

func (o *office) write(fn func(ctx context.Context, tx *storage.Tx) error) {
	o.t.Helper()
	if err := o.db.Write(o.t.Context(), fn); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) queue(messages ...Message) (fresh int) {
	o.t.Helper()
	o.write(func(ctx context.Context, tx *storage.Tx) (err error) {
		fresh, err = o.store.Queue(ctx, tx, messages...)
		return err
	})
	return fresh
}

func (o *office) reach(account string, r Reach) {
	o.t.Helper()
	o.write(func(ctx context.Context, tx *storage.Tx) error { return o.store.SetReach(ctx, tx, account, r) })
}

func (o *office) runner(channels ...Channel) *Runner {
	return &Runner{DB: o.db, Store: o.store, Channels: channels, Office: working,
		People: func(context.Context) ([]Person, error) { return o.people, nil }}
}

func (o *office) once(r *Runner) {
	o.t.Helper()
	if err := r.Once(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) find(states ...State) (out []Delivery) {
	o.t.Helper()
	o.write(func(ctx context.Context, tx *storage.Tx) (err error) {
		out, err = o.store.Find(ctx, tx, states, 1000)
		return err
	})
	return out
}

func (o *office) inbox(account string) (out []Notice) {
	o.t.Helper()
	o.write(func(ctx context.Context, tx *storage.Tx) (err error) {
		out, err = o.store.Inbox(ctx, tx, account, false, 1000)
		return err
	})
	return out
}

func text(s string) message.Text { return message.Text{ES: s, EN: s + " (en)"} }

func about(key string, roles ...string) Message {
	return Message{Key: key, Kind: "test", Roles: roles, Subject: text("Asunto " + key), Body: text("Texto de " + key), Link: "/incidencias/1"}
}

// fake is a channel under the test's control.
type fake struct {
	name string
	open func() error
	send func(Letter) error
	got  []Letter
}

func (f *fake) Name() string { return f.name }
func (f *fake) Open(context.Context) (Session, error) {
	if f.open != nil {
		if err := f.open(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *fake) Send(_ context.Context, l Letter) error {
	if f.send != nil {
		if err := f.send(l); err != nil {
			return err
		}
	}
	f.got = append(f.got, l)
	return nil
}
func (f *fake) Close() error { return nil }

func each(t *testing.T, test func(t *testing.T, o *office)) {
	t.Parallel()
	storagetest.Each(t, []storage.Schema{Schema()}, func(t *testing.T, db *storage.DB) { test(t, newOffice(t, db)) })
}

func TestOnceByKey(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		if got := o.queue(about("a", "officer"), about("b", "officer"), about("a", "officer")); got != 2 {
			t.Errorf("first time: got %d new, want 2", got)
		}
		if got := o.queue(about("b", "officer")); got != 0 {
			t.Errorf("again: got %d new, want 0", got)
		}
		o.reach("ana", Reach{Address: "ana@a.example", Mode: Each})
		mail := &fake{name: Mail}
		r := o.runner(mail)
		for range 3 {
			o.once(r)
			o.now = o.now.Add(time.Minute)
		}
		if len(mail.got) != 2 || len(o.inbox("ana")) != 2 {
			t.Errorf("got %d mails and %d notices, want 2 and 2", len(mail.got), len(o.inbox("ana")))
		}
		if mail.got[0].To != "ana@a.example" || mail.got[0].ID == mail.got[1].ID {
			t.Errorf("got %+v", mail.got)
		}
	})
}

func TestBadMessages(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		for name, change := range map[string]func(*Message){
			"no key":           func(m *Message) { m.Key = "" },
			"nobody":           func(m *Message) { m.Roles = nil },
			"one language":     func(m *Message) { m.Subject.EN = "" },
			"two lines":        func(m *Message) { m.Subject.ES = "a\nBcc: b@c.example" },
			"a link elsewhere": func(m *Message) { m.Link = "//mal.example/" },
		} {
			m := about("x", "officer")
			change(&m)
			err := o.db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
				_, err := o.store.Queue(ctx, tx, m)
				return err
			})
			if !errors.Is(err, ErrMessage) {
				t.Errorf("%s: got %v, want ErrMessage", name, err)
			}
		}
		err := o.db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			return o.store.SetReach(ctx, tx, "ana", Reach{Address: "ana@a.example, x@y.example"})
		})
		if !errors.Is(err, ErrAddress) {
			t.Errorf("two addresses: got %v, want ErrAddress", err)
		}
	})
}

// The server is down for a day: nothing is lost, little is tried, and all comes after.
func TestDownForADay(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.reach("ana", Reach{Address: "ana@a.example", Mode: Each})
		down, opened := true, 0
		mail := &fake{name: Mail, open: func() error {
			opened++
			if down {
				return &Trouble{Code: codeReach, Detail: "connection refused", Channel: true}
			}
			return nil
		}}
		r := o.runner(mail)
		for i := range 5 {
			o.queue(about(fmt.Sprint("m", i), "officer"))
		}
		for range 24 * 60 {
			o.once(r)
			o.now = o.now.Add(time.Minute)
		}
		if got := o.find(Waiting); len(got) != 5 || got[0].Trouble.Code != codeReach {
			t.Errorf("after a day: got %+v, want five that wait and why", got)
		}
		if opened > 400 {
			t.Errorf("got %d calls in a day: that is a storm", opened)
		}
		down = false
		for range 61 {
			o.once(r)
			o.now = o.now.Add(time.Minute)
		}
		if len(mail.got) != 5 || len(o.find(Delivered)) != 5 {
			t.Errorf("got %d mails, want 5", len(mail.got))
		}
	})
}

func TestGivenUpIsTold(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.reach("ana", Reach{Address: "nadie@a.example", Mode: Each})
		bad := true
		mail := &fake{name: Mail, send: func(Letter) error {
			if bad {
				return &Trouble{Code: codeRecipient, Detail: "550 no such user", Permanent: true}
			}
			return nil
		}}
		r := o.runner(mail)
		o.queue(about("a", "officer"))
		o.once(r)
		o.once(r) // tells of the failure
		got := o.find(GivenUp)
		if len(got) != 1 || got[0].Trouble.Detail != "550 no such user" {
			t.Fatalf("got %+v, want one that was given up", got)
		}
		for _, account := range []string{"ana", "eva"} {
			if in := o.inbox(account); in[0].Kind != KindFailed || in[0].Link != "/avisos/ajustes" || !strings.Contains(in[0].Body.ES, "Reintentar") {
				t.Errorf("%s: got %+v, want to be told", account, in)
			}
		}
		bad = false
		o.write(func(ctx context.Context, tx *storage.Tx) error { return o.store.Retry(ctx, tx, got[0].ID) })
		o.once(r)
		if len(mail.got) != 1 || len(o.find(GivenUp)) != 0 {
			t.Errorf("after another try: got %d mails", len(mail.got))
		}
		if err := o.db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return o.store.Retry(ctx, tx, got[0].ID) }); !errors.Is(err, ErrNoDelivery) {
			t.Errorf("once more: got %v, want ErrNoDelivery", err)
		}
	})
}

func TestDigest(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.reach("ana", Reach{Address: "ana@a.example", Lang: message.English, Mode: Daily})
		mail := &fake{name: Mail}
		r := o.runner(mail)
		for i := range 3 {
			o.queue(about(fmt.Sprint("m", i), "officer"))
		}
		urgent := about("u", "officer")
		urgent.Urgent = true
		o.queue(urgent)
		o.once(r)
		if len(mail.got) != 1 || !mail.got[0].Urgent {
			t.Fatalf("got %+v, want the urgent one at once", mail.got)
		}
		o.now = at("2026-11-19 09:00")
		o.once(r)
		o.once(r)
		if len(mail.got) != 2 {
			t.Fatalf("got %d mails, want the urgent one and a digest", len(mail.got))
		}
		if d := mail.got[1]; d.Kind != KindDigest || strings.Count(d.Body.EN, "\n") != 3 || d.Lang != message.English {
			t.Errorf("digest: got %+v", d)
		}
		if got := o.inbox("ana"); len(got) != 4 {
			t.Errorf("inbox: got %d, want the four without the digest", len(got))
		}
	})
}

func TestGoesUp(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		m := about("a", "officer")
		m.Escalate = []string{"head", "director"}
		o.queue(m)
		r := o.runner()
		o.once(r)
		if len(o.inbox("luis")) != 0 {
			t.Error("the head was told at once")
		}
		o.now = o.now.Add(24 * time.Hour)
		o.once(r)
		if got := o.inbox("luis"); len(got) != 1 || got[0].Level != 1 {
			t.Errorf("a day after: got %+v, want it with the head", got)
		}
		o.write(func(ctx context.Context, tx *storage.Tx) error {
			return o.store.Acknowledge(ctx, tx, 1, "luis", "eva", strings.Repeat("ab", 32))
		})
		o.people = append(o.people, Person{"sol", "director"})
		o.now = o.now.Add(100 * time.Hour)
		o.once(r)
		if len(o.inbox("sol")) != 0 {
			t.Error("it went up although it was acknowledged")
		}
		if err := o.db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			return o.store.Acknowledge(ctx, tx, 1, "sol", "sol", "")
		}); !errors.Is(err, ErrNoNotice) {
			t.Errorf("another's notice: got %v, want ErrNoNotice", err)
		}
	})
}

func TestClosedAccountAndChannel(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.reach("ana", Reach{Address: "ana@a.example", Mode: Each})
		o.now = at("2026-11-21 10:00") // Saturday
		o.queue(about("a", "officer"))
		r := o.runner(&fake{name: Mail})
		o.once(r)
		o.people = []Person{{"eva", "administrator"}}
		o.now = at("2026-11-23 09:00")
		o.once(r)
		if got := o.find(GivenUp); len(got) != 1 || got[0].Trouble.Code != codeAccount {
			t.Errorf("closed account: got %+v", got)
		}
		o.queue(about("b", "administrator"))
		hook := &fake{name: Webhook, send: func(Letter) error { return &Trouble{Code: codeHookStatus, Detail: "500", Channel: true} }}
		o.once(o.runner(hook))
		o.now = o.now.Add(8 * 24 * time.Hour)
		o.once(o.runner()) // without a webhook now
		if got := o.find(GivenUp); len(got) != 2 || got[0].Trouble.Code != codeOff {
			t.Errorf("channel that is gone: got %+v", got)
		}
	})
}

var errPower = errors.New("power cut")

// However often the program dies, and whatever the servers do, every message ends for each
// receiver and channel delivered or given up, once; and what goes out twice has one ID.
func TestNothingIsLost(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		rounds := 5
		if o.db.Dialect() == storage.PostgreSQL {
			rounds = 1
		}
		for seed := range rounds {
			o.lossless(uint64(seed))
		}
	})
}

func (o *office) lossless(seed uint64) {
	o.t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 1))
	for _, p := range o.people {
		o.reach(p.Account, Reach{Address: p.Account + "@a.example", Mode: []Mode{Each, Daily, Weekly}[rnd.IntN(3)]})
	}
	sent := o.sent
	flaky := func(name string) *fake {
		return &fake{name: name, open: func() error {
			if rnd.IntN(4) == 0 {
				return &Trouble{Code: codeReach, Detail: "down", Channel: true}
			}
			return nil
		}, send: func(l Letter) error {
			switch rnd.IntN(8) {
			case 0:
				return &Trouble{Code: codeLater, Detail: "450"}
			case 1:
				return &Trouble{Code: codeRecipient, Detail: "550", Permanent: true}
			case 2:
				sent[l.ID]++ // it went out, and the answer was lost
				return &Trouble{Code: codeReach, Detail: "reset", Channel: true}
			}
			sent[l.ID]++
			return nil
		}}
	}
	r := o.runner(flaky(Mail), flaky(Webhook), flaky(Syslog))
	r.step = func(string) error {
		if rnd.IntN(12) == 0 {
			return errPower
		}
		return nil
	}
	queued := 0
	for round := range 120 {
		if round < 40 {
			m := about(fmt.Sprintf("s%d/%d", seed, round), []string{"officer", "head", "administrator"}[rnd.IntN(3)])
			m.Urgent = rnd.IntN(3) == 0
			if rnd.IntN(4) == 0 {
				m.Escalate = []string{"head"}
			}
			queued += o.queue(m)
		}
		if err := r.Once(o.t.Context()); err != nil && !errors.Is(err, errPower) {
			o.t.Fatal(err)
		}
		o.now = o.now.Add(time.Duration(rnd.IntN(120)) * time.Minute)
	}
	r.step = nil
	for range 260 { // the end of all waits, working hours and digests
		o.once(r)
		o.now = o.now.Add(time.Hour)
	}
	if queued != 40 {
		o.t.Fatalf("seed %d: got %d queued, want 40", seed, queued)
	}
	failed := map[string]bool{}
	for _, p := range o.people {
		for _, n := range o.inbox(p.Account) {
			if n.Kind == KindFailed {
				failed[n.Subject.ES] = true
			}
		}
	}
	seen := map[string]bool{}
	for _, d := range o.find() {
		key := fmt.Sprint(d.Message, d.Channel, d.Recipient)
		if seen[key] {
			o.t.Errorf("seed %d: two deliveries of %s", seed, key)
		}
		seen[key] = true
		switch d.State {
		case Waiting, Held:
			o.t.Errorf("seed %d: %+v is %s still", seed, d, d.State)
		case GivenUp:
			if d.Trouble.Code == "" {
				o.t.Errorf("seed %d: %+v was given up without a word", seed, d)
			}
		case Delivered, InDigest:
		}
	}
	if given := o.find(GivenUp); len(given) > 0 && len(failed) == 0 {
		o.t.Errorf("seed %d: %d were given up and nobody was told", seed, len(given))
	}
	// Every person of a message has it in the inbox, and what was delivered was sent.
	o.write(func(ctx context.Context, tx *storage.Tx) error {
		for _, d := range o.find2(ctx, tx, Delivered) {
			l, err := o.store.letter(ctx, tx, d.Message)
			if err != nil {
				return err
			}
			if sent[idOf(l.Key, d.Channel, d.Recipient)] == 0 {
				o.t.Errorf("seed %d: %+v counts as delivered and was not sent", seed, d)
			}
		}
		return nil
	})
	if len(slices.Collect(maps.Keys(sent))) == 0 {
		o.t.Errorf("seed %d: nothing was sent", seed)
	}
}

func (o *office) find2(ctx context.Context, tx *storage.Tx, state State) []Delivery {
	o.t.Helper()
	found, err := o.store.Find(ctx, tx, []State{state}, 100000)
	if err != nil {
		o.t.Fatal(err)
	}
	return found
}

func TestWords(t *testing.T) {
	t.Parallel()
	if got := Messages().Problems(); len(got) > 0 {
		t.Error(got)
	}
}

// working is when the office works.
func working(context.Context, *storage.Tx) (worktime.Calendar, error) {
	return worktime.Office(madrid), nil
}
