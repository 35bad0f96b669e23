package deliver

import (
	"errors"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	apiv1 "vigia/collector/api/v1"
)

// letter is a request that left by hand.
type letter struct {
	base Base
	req  *apiv1.DeliverRequest
}

// export writes all that is pending into a letter.
func (p *post) export(t *testing.T) letter {
	t.Helper()
	items, err := p.q.Pending(apiv1.MaxBatchItems, apiv1.MaxBatchBytes)
	if err != nil {
		t.Fatal(err)
	}
	base := p.client.Base()
	if kept, err := KeptBase(p.shelf, p.q.Acked()); err != nil || kept != base {
		t.Errorf("the base from what is kept is %+v (%v), want %+v", kept, err, base)
	}
	return letter{base, &apiv1.DeliverRequest{Items: items, CheckpointSize: uint64(base.Size)}}
}

// brought is the collector's answer to a letter.
func (p *post) brought(t *testing.T, l letter) *apiv1.DeliverResponse {
	t.Helper()
	resp, err := p.c.ByHand(p.id.AgentID(), l.req)
	if err != nil {
		t.Fatal(err)
	}
	return proto.CloneOf(resp)
}

func (p *post) take(t *testing.T, l letter, resp *apiv1.DeliverResponse) {
	t.Helper()
	if err := p.client.Take(t.Context(), l.base, resp); err != nil {
		t.Fatalf("Take: %v", err)
	}
	p.start(t) // each visit is a process of its own
}

// add makes reports.
func (p *post) add(n int) {
	for range n {
		p.q.add()
	}
}

// Whatever the order in which files arrive, on both sides, nothing that is
// acknowledged is lost, nothing honest raises an alarm, and what a collector
// loses in silence does.
func TestCarriedAnswers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		do   func(t *testing.T, p *post)
		acks []string
		told []string
	}{
		{"one trip after another", func(t *testing.T, p *post) {
			for range 3 {
				p.add(2)
				l := p.export(t)
				p.take(t, l, p.brought(t, l))
			}
		}, []string{"ack 2", "ack 4", "ack 6"}, nil},
		{"an answer twice", func(t *testing.T, p *post) {
			p.add(2)
			l := p.export(t)
			resp := p.brought(t, l)
			p.take(t, l, resp)
			p.take(t, l, resp)
		}, []string{"ack 2"}, nil},
		{"a lost stick", func(t *testing.T, p *post) {
			p.add(2)
			p.export(t)
			p.add(1)
			l := p.export(t)
			p.take(t, l, p.brought(t, l))
		}, []string{"ack 3"}, nil},
		{"two sticks, the answers cross", func(t *testing.T, p *post) {
			p.add(2)
			a := p.export(t)
			p.add(2)
			b := p.export(t)
			answerA, answerB := p.brought(t, a), p.brought(t, b)
			p.take(t, b, answerB)
			p.take(t, a, answerA)
		}, []string{"ack 4"}, nil},
		{"two sticks, the requests cross", func(t *testing.T, p *post) {
			p.add(2)
			a := p.export(t)
			p.add(2)
			b := p.export(t)
			answerB := p.brought(t, b)
			answerA := p.brought(t, a)
			p.take(t, a, answerA)
			p.take(t, b, answerB)
			p.add(1)
			l := p.export(t)
			p.take(t, l, p.brought(t, l))
		}, []string{"ack 4", "ack 5"}, nil},
		{"two sticks after each other from one base", func(t *testing.T, p *post) {
			p.add(2)
			a := p.export(t)
			p.add(2)
			b := p.export(t)
			p.take(t, a, p.brought(t, a))
			p.take(t, b, p.brought(t, b))
			p.add(1)
			l := p.export(t)
			p.take(t, l, p.brought(t, l))
		}, []string{"ack 2", "ack 4", "ack 5"}, nil},
		{"a restored collector", func(t *testing.T, p *post) {
			p.add(3)
			l := p.export(t)
			p.take(t, l, p.brought(t, l))
			p.c.Restore(p.id.AgentID(), 1)
			p.add(1)
			l = p.export(t)
			p.take(t, l, p.brought(t, l))
			l = p.export(t)
			p.take(t, l, p.brought(t, l))
		}, []string{"ack 3", "rewind 1", "ack 4"}, nil},
		{"an answer from before the restore comes after one from behind it", func(t *testing.T, p *post) {
			p.add(1)
			l := p.export(t)
			p.take(t, l, p.brought(t, l))
			p.add(2)
			a := p.export(t)
			answerA := p.brought(t, a) // acknowledges 3
			p.c.Restore(p.id.AgentID(), 1)
			b := p.export(t)
			b.req.Items = nil
			answerB := p.brought(t, b)
			p.take(t, b, answerB)
			p.take(t, a, answerA)
			if p.q.acked != 1 {
				t.Errorf("%d acknowledged, and the collector has 1", p.q.acked)
			}
		}, []string{"ack 1"}, nil},
		{"a collector that lost reports in silence", func(t *testing.T, p *post) {
			p.add(3)
			l := p.export(t)
			p.take(t, l, p.brought(t, l))
			p.c.Forget(p.id.AgentID(), 1)
			p.add(1)
			l = p.export(t)
			p.take(t, l, p.brought(t, l))
		}, []string{"ack 3", "rewind 1"}, []string{EventRolledBack + " size"}},
		{"by hand, then by wire", func(t *testing.T, p *post) {
			p.add(2)
			l := p.export(t)
			resp := p.brought(t, l)
			p.deliver(t, 1)
			p.start(t)
			p.take(t, l, resp)
			p.deliver(t, 1)
		}, []string{"ack 3", "ack 4"}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := newPost(t)
			row.do(t, p)
			if !slices.Equal(p.q.acks, row.acks) {
				t.Errorf("got %q, want %q", p.q.acks, row.acks)
			}
			if !slices.Equal(p.told, row.told) {
				t.Errorf("told %q, want %q", p.told, row.told)
			}
		})
	}
}

func TestCarriedAnswersThatDoNotCount(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		forge func(*apiv1.DeliverResponse)
		want  error
	}{
		{"another log's checkpoint", func(r *apiv1.DeliverResponse) { r.Checkpoint[0] ^= 1 }, ErrCheckpoint},
		{"no checkpoint", func(r *apiv1.DeliverResponse) { r.Checkpoint = nil }, ErrCheckpoint},
		{"more than was ever sent", func(r *apiv1.DeliverResponse) { r.DurableSequence = 9 }, ErrAhead},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := newPost(t)
			p.add(2)
			l := p.export(t)
			resp := p.brought(t, l)
			row.forge(resp)
			if err := p.client.Take(t.Context(), l.base, resp); !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
			if p.q.acked != 0 {
				t.Errorf("%d were acknowledged", p.q.acked)
			}
		})
	}
}
