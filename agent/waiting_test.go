package agent

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"vigia/agent/collectortest"
	"vigia/agent/identity"
	"vigia/checks/host"
	"vigia/checks/host/local"
)

func waitingFor(t *testing.T) awaited {
	t.Helper()
	root := invented(t)
	return awaited{
		dir: folder(filepath.Join(t.TempDir(), "data")), version: "test", logger: slog.New(slog.DiscardHandler), first: 10 * time.Millisecond,
		machine: func() *host.Host { return local.New(local.Options{Root: root}) },
	}
}

func (w awaited) asked(t *testing.T) bool {
	t.Helper()
	_, ok, err := identity.WhatIsAsked(w.dir.identity())
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

// An installer asks for the enrolment; the service makes it and forgets the token.
func TestEnrolmentThatWasAskedFor(t *testing.T) {
	c := collectortest.Start(t)
	c.SetPolicy(c.Sign(policyFor(t, "machine-1", 1, 1).Encode()))
	w := waitingFor(t)
	done := make(chan error, 1)
	go func() { done <- w.enrolled(t.Context()) }()
	time.Sleep(50 * time.Millisecond) // it waits with nothing asked for
	if err := identity.Ask(w.dir.identity(), identity.Asked{Collector: c.Addr, Token: c.NewToken().String()}); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if w.asked(t) {
		t.Error("the token is kept after it was spent")
	}
	if _, err := identity.Load(w.dir.identity(), nil); err != nil {
		t.Error(err)
	}
	if err := identity.Ask(w.dir.identity(), identity.Asked{Collector: c.Addr, Token: c.NewToken().String()}); !errors.Is(err, identity.ErrEnrolled) {
		t.Errorf("asked of an enrolled machine: %v", err)
	}
}

// A token that is worth nothing is not kept, and the service goes on waiting for another.
func TestRefusedEnrolmentIsForgotten(t *testing.T) {
	c := collectortest.Start(t)
	c.SetPolicy(c.Sign(policyFor(t, "machine-1", 1, 1).Encode()))
	w := waitingFor(t)
	spent := c.NewToken()
	other := waitingFor(t)
	for _, each := range []awaited{other, w} {
		if err := identity.Ask(each.dir.identity(), identity.Asked{Collector: c.Addr, Token: spent.String()}); err != nil {
			t.Fatal(err)
		}
	}
	if err := other.enrolled(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.enrolled(ctx) }()
	for deadline := time.Now().Add(20 * time.Second); w.asked(t); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a token that was spent by another machine is tried for ever")
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A collector that cannot be reached costs no token.
func TestUnreachableCollectorIsTriedAgain(t *testing.T) {
	c := collectortest.Start(t)
	w := waitingFor(t)
	if err := identity.Ask(w.dir.identity(), identity.Asked{Collector: "127.0.0.1:1", Token: c.NewToken().String()}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := w.enrolled(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if !w.asked(t) {
		t.Error("the token is lost")
	}
}
