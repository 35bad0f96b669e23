package deliver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"vigia/agent/collectortest"
	"vigia/agent/identity"
	"vigia/collector/api/carry"
	apiv1 "vigia/collector/api/v1"
)

// line is a queue in memory, with the chain that the contract asks for.
type line struct {
	id    *identity.Identity
	items []*apiv1.Item
	head  [32]byte
	acked uint64
	acks  []string
}

func (q *line) add(events ...*apiv1.Event) {
	b, err := proto.Marshal(&apiv1.Report{
		AgentId: q.id.AgentID(), Sequence: q.Last() + 1, PreviousHash: q.head[:], Events: events,
	})
	if err != nil {
		panic(err)
	}
	q.head = apiv1.ReportHash(b)
	q.items = append(q.items, &apiv1.Item{Item: &apiv1.Item_Report{Report: &apiv1.SignedReport{
		Report: b, Signature: q.id.Sign(apiv1.DomainReport, b),
	}}})
}

func (q *line) Pending(maxItems, _ int) ([]*apiv1.Item, error) {
	pending := q.items[q.acked:]
	return pending[:min(len(pending), maxItems)], nil
}
func (q *line) Acked() uint64 { return q.acked }
func (q *line) Last() uint64  { return uint64(len(q.items)) }
func (q *line) Ack(n uint64) error {
	q.acked = n
	q.acks = append(q.acks, fmt.Sprint("ack ", n))
	return nil
}
func (q *line) Rewind(n uint64) error {
	q.acked = n
	q.acks = append(q.acks, fmt.Sprint("rewind ", n))
	return nil
}

// shelf keeps checkpoints and policies.
type shelf struct {
	saved   []byte
	offered []*apiv1.SignedPolicy
}

func (s *shelf) Load() ([]byte, error)                          { return s.saved, nil }
func (s *shelf) Save(b []byte) error                            { s.saved = slices.Clone(b); return nil }
func (s *shelf) Current() (epoch, version uint64)               { return 1, 7 }
func (s *shelf) Offer(_ context.Context, p *apiv1.SignedPolicy) { s.offered = append(s.offered, p) }

// post is an enrolled machine that delivers.
type post struct {
	c      *collectortest.Server
	id     *identity.Identity
	q      *line
	shelf  *shelf
	client *Client
	told   []string
}

func newPost(t *testing.T) *post {
	t.Helper()
	p := &post{c: collectortest.Start(t), shelf: &shelf{}}
	id, _, err := identity.Enroll(t.Context(), identity.Request{
		Dir: filepath.Join(t.TempDir(), "identity"), Collector: p.c.Addr, Token: p.c.NewToken(), Machine: &apiv1.Machine{},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.id, p.q = id, &line{id: id}
	p.start(t)
	return p
}

// start begins anew, as after a restart of the agent.
func (p *post) start(t *testing.T) {
	t.Helper()
	client, err := New(Options{
		Address: p.id.Collector, Credentials: p.id, Queue: p.q, Policies: p.shelf, Checkpoints: p.shelf, Recipient: p.id,
		Tell: func(_ context.Context, code string, args map[string]string) error {
			p.told = append(p.told, code+" "+args["why"])
			p.q.add(&apiv1.Event{Code: code, Args: args})
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.client = client
}

// deliver adds reports and delivers until all is acknowledged.
func (p *post) deliver(t *testing.T, reports int) {
	t.Helper()
	for range reports {
		p.q.add()
	}
	if _, err := p.client.Deliver(t.Context()); err != nil {
		t.Fatalf("Deliver: %v", err)
	}
	if got, want := p.q.acked, p.q.Last(); got != want {
		t.Fatalf("acknowledged %d, want %d", got, want)
	}
}

// arrived checks that the collector has each report once.
func (p *post) arrived(t *testing.T) {
	t.Helper()
	got := p.c.Reports(p.id.AgentID())
	if len(got) != len(p.q.items) {
		t.Errorf("the collector has %d reports, want %d", len(got), len(p.q.items))
	}
}

func TestDeliver(t *testing.T) {
	p := newPost(t)
	p.deliver(t, 3)
	p.arrived(t)
	p.deliver(t, 2*apiv1.MaxBatchItems+1)
	p.arrived(t)
	if got := len(p.c.Calls()); got != 4 {
		t.Errorf("%d calls, want 1 and then 3 for %d reports", got, 2*apiv1.MaxBatchItems+1)
	}
	if p.c.Resumed() == 0 {
		t.Error("the second call did not resume the TLS session")
	}
	if p.c.Calls()[1].GetCheckpointSize() == 0 {
		t.Error("the second call names no checkpoint")
	}
	if len(p.told) > 0 {
		t.Errorf("events %q, want none", p.told)
	}
}

// A collector with a new key for files tells it, and an agent keeps no other text.
func TestANewRecipientIsKept(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	key, err := carry.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ told, want string }{{key.Recipient(), key.Recipient()}, {"age1roto", key.Recipient()}, {"", key.Recipient()}} {
		p.c.Forge(func(resp *apiv1.DeliverResponse) { resp.FileRecipient = row.told })
		if _, err := p.client.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := p.id.FileRecipient(); got != row.want {
			t.Errorf("told %q: got %q, want %q", row.told, got, row.want)
		}
	}
	calls := p.c.Calls()
	if got := calls[0].GetRecipientMark(); !bytes.Equal(got, apiv1.RecipientMark("")) {
		t.Errorf("the mark of none: got %x", got)
	}
	if got := calls[len(calls)-1].GetRecipientMark(); !bytes.Equal(got, apiv1.RecipientMark(key.Recipient())) {
		t.Errorf("the mark of the new one: got %x", got)
	}
}

func TestNothingPendingStillAsksForAPolicy(t *testing.T) {
	p := newPost(t)
	p.c.SetPolicy(p.c.Sign([]byte("{}")))
	p.deliver(t, 0)
	if got := len(p.shelf.offered); got != 1 {
		t.Errorf("%d policies were offered, want 1", got)
	}
	if got := p.c.Calls()[0]; got.GetPolicyEpoch() != 1 || got.GetPolicyVersion() != 7 {
		t.Errorf("the call says policy %d.%d, want 1.7", got.GetPolicyEpoch(), got.GetPolicyVersion())
	}
}

func TestALostAnswerHasOneEffect(t *testing.T) {
	p := newPost(t)
	p.q.add()
	p.c.LoseAnswers(1)
	if _, err := p.client.Deliver(t.Context()); err == nil {
		t.Fatal("got no error for a lost answer")
	}
	p.start(t)
	p.deliver(t, 1)
	p.arrived(t)
}

func TestARestoredCollectorIsSentAgainWhatItLost(t *testing.T) {
	p := newPost(t)
	p.deliver(t, 5)
	p.c.Restore(p.id.AgentID(), 2)
	p.deliver(t, 1)
	p.arrived(t)
	if want := []string{"ack 5", "rewind 2", "ack 6"}; !slices.Equal(p.q.acks, want) {
		t.Errorf("queue %q, want %q", p.q.acks, want)
	}
	if len(p.told) > 0 {
		t.Errorf("events %q for an honest restore", p.told)
	}
	p.deliver(t, 1) // and the log goes on as usual
}

func TestACollectorThatForgetsInSilenceIsReported(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(p *post)
		want   []string
	}{
		{"reports and log are shorter", func(p *post) { p.c.Forget(p.id.AgentID(), 2) }, []string{"collector.rolled_back size"}},
		{"another log of the same size", func(p *post) {
			p.c.Forge(func(r *apiv1.DeliverResponse) { p.swap(r, func(c *collectortest.Server) {}) })
		}, []string{"collector.rolled_back hash"}},
		{"another log, longer", func(p *post) {
			p.c.Forge(func(r *apiv1.DeliverResponse) { p.swap(r, func(c *collectortest.Server) { c.Grow(3) }) })
		}, []string{"collector.rolled_back proof"}},
		{"no proof", func(p *post) {
			p.q.add()
			p.c.Forge(func(r *apiv1.DeliverResponse) { r.Consistency = nil })
		}, []string{"collector.rolled_back proof"}},
		{"an old epoch", func(p *post) {
			p.c.Forge(func(r *apiv1.DeliverResponse) { r.Epoch = 0 })
		}, []string{"collector.rolled_back epoch"}},
		{"the log is whole but not the reports", func(p *post) {
			once := true
			p.c.Forge(func(r *apiv1.DeliverResponse) {
				if once {
					r.DurableSequence = 3
				}
				once = false
			})
		}, []string{"collector.rolled_back reports"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := newPost(t)
			p.deliver(t, 5)
			before := p.client.kept.newest().Note
			row.change(p)
			if _, err := p.client.Deliver(t.Context()); err != nil {
				t.Fatalf("it must not stop: %v", err)
			}
			p.c.Forge(nil)
			if !slices.Equal(p.told, row.want) {
				t.Errorf("events %q, want %q", p.told, row.want)
			}
			reports := p.c.Reports(p.id.AgentID())
			found := slices.ContainsFunc(reports, func(r *apiv1.Report) bool {
				return len(r.GetEvents()) > 0 && r.GetEvents()[0].GetCode() == EventRolledBack
			})
			if !found {
				t.Error("the event did not arrive")
			}
			h, err := decodeHistory(p.shelf.saved)
			if err != nil || len(h.Kept) < 2 {
				t.Fatalf("kept checkpoints: %v, %v", h, err)
			}
			if first := h.Kept[0]; first.Note != before || !first.Conflict {
				t.Errorf("the contradicted checkpoint is not kept: %+v", first)
			}
		})
	}
}

// swap replaces the checkpoint of an answer by one of another log, signed by
// the same key, and restores the test's log after one call.
func (p *post) swap(r *apiv1.DeliverResponse, change func(*collectortest.Server)) {
	r.Checkpoint = p.c.OtherLog(r.GetCheckpoint(), change)
	p.c.ForgeLocked(nil)
}

func TestDeliverRefuses(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(p *post)
		want   error
	}{
		{"a checkpoint that is not signed", func(p *post) {
			p.c.Forge(func(r *apiv1.DeliverResponse) { r.Checkpoint[0] ^= 1 })
		}, ErrCheckpoint},
		{"no checkpoint", func(p *post) { p.c.Forge(func(r *apiv1.DeliverResponse) { r.Checkpoint = nil }) }, ErrCheckpoint},
		{"more than was sent", func(p *post) {
			p.c.Forge(func(r *apiv1.DeliverResponse) { r.DurableSequence = 99 })
		}, ErrAhead},
		{"nothing taken", func(p *post) {
			p.c.Forge(func(r *apiv1.DeliverResponse) { r.DurableSequence = 5 })
		}, ErrStuck},
		{"revoked", func(p *post) { p.c.Revoke(p.id.AgentID()) }, ErrRefused},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := newPost(t)
			p.deliver(t, 5)
			row.change(p)
			p.q.add()
			if _, err := p.client.Deliver(t.Context()); !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
			if got := p.q.acked; got != 5 {
				t.Errorf("acknowledged %d, want 5 as before", got)
			}
		})
	}
}

func TestABusyCollectorIsLeftAlone(t *testing.T) {
	p := newPost(t)
	p.q.add()
	p.c.Busy(1, 90)
	out, err := p.client.Deliver(t.Context())
	if err == nil || out.RetryAfter != 90*time.Second {
		t.Errorf("got %+v, %v; want an error and 90 s", out, err)
	}
	p.c.Slow(30)
	out, err = p.client.Deliver(t.Context())
	if err != nil || out.RetryAfter != 30*time.Second {
		t.Errorf("got %+v, %v; want 30 s", out, err)
	}
}

func TestRunDeliversWhenWoken(t *testing.T) {
	p := newPost(t)
	done := make(chan Outcome, 10)
	p.client.opts.Done = func(o Outcome, err error) {
		if err != nil {
			t.Errorf("Deliver: %v", err)
		}
		done <- o
	}
	p.q.add()
	ctx, cancel := context.WithCancel(t.Context())
	wake := make(chan struct{}, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.client.Run(ctx, wake)
	}()
	if got := <-done; got.Acked != 1 {
		t.Errorf("first %+v, want report 1", got)
	}
	wake <- struct{}{}
	if got := <-done; got.Acked != 1 {
		t.Errorf("then %+v, want a call with nothing new", got)
	}
	cancel()
	<-ended
}

func TestBackOffGrowsWithFullJitter(t *testing.T) {
	b := newBackOff()
	var longest time.Duration
	short := false
	for range 200 {
		d := b.NextBackOff()
		longest = max(longest, d)
		short = short || d < lastRetry/4
	}
	if longest < lastRetry || longest > 2*lastRetry || !short {
		t.Errorf("longest wait %v, a short one among them: %v", longest, short)
	}
}

func TestSleepEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if sleep(ctx, time.Hour) {
			t.Error("slept on after the end")
		}
		if !sleep(t.Context(), time.Second) || !sleep(t.Context(), 0) {
			t.Error("did not sleep through")
		}
	})
}

func TestDamagedCheckpointsBeginAnew(t *testing.T) {
	p := newPost(t)
	p.deliver(t, 1)
	p.shelf.saved = p.shelf.saved[:10]
	p.start(t)
	p.deliver(t, 1)
	if len(p.told) > 0 {
		t.Errorf("events %q", p.told)
	}
}

func TestHistoryKeepsOneADayAndEachConflict(t *testing.T) {
	h := &history{Version: historyVersion}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	size := int64(0)
	for range 500 {
		for range 24 {
			size++
			h.keep(checkpoint{size: size, signed: "note"}, 1, now, false)
			now = now.Add(time.Hour)
		}
	}
	if n := len(h.Kept); n > maxDaily {
		t.Errorf("%d checkpoints after 500 days, want at most %d", n, maxDaily)
	}
	if got := h.size(); got != uint64(size) {
		t.Errorf("the newest is of size %d, want %d", got, size)
	}
	for range 60 {
		h.keep(checkpoint{size: 1, signed: "note"}, 1, now, true)
	}
	conflicts := 0
	for _, k := range h.Kept {
		if k.Conflict {
			conflicts++
		}
	}
	if conflicts != maxConflicts {
		t.Errorf("%d conflicts are kept, want %d", conflicts, maxConflicts)
	}
	b, err := h.encode()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := decodeHistory(b); err != nil || len(again.Kept) != len(h.Kept) {
		t.Errorf("decoded %v", err)
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add("vigia\n12\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
	f.Add("vigia\n-1\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := parseCheckpoint(text); err == nil && c.size < 0 {
			t.Errorf("size %d", c.size)
		}
	})
}

func FuzzDecodeHistory(f *testing.F) {
	f.Add([]byte(`{"version":1,"epoch":1,"checkpoints":[{"size":3,"hash":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := decodeHistory(b); err == nil {
			h.contradicts(checkpoint{size: 9}, h.Epoch, [][]byte{b})
			h.keep(checkpoint{size: 9}, h.Epoch, time.Unix(0, 0), true)
		}
	})
}
