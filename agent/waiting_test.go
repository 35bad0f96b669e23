package agent

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vigia/agent/collectortest"
	"vigia/agent/identity"
	"vigia/checks/host"
	"vigia/checks/host/local"
	"vigia/checks/message"
	apiv1 "vigia/collector/api/v1"
)

func waitingFor(t *testing.T) awaited {
	t.Helper()
	root := invented(t)
	return awaited{
		dir: folder(filepath.Join(t.TempDir(), "data")), version: "test", logger: slog.New(slog.DiscardHandler), first: 10 * time.Millisecond, soonest: 10 * time.Millisecond,
		explain: newSayer(message.English).explain,
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

// A person approves: the service asks again by itself, tells what that person must see, and
// begins.
func TestEnrolmentThatAPersonApproves(t *testing.T) {
	c := collectortest.Start(t)
	c.SetPolicy(c.Sign(policyFor(t, "machine-1", 1, 1).Encode()))
	c.AwaitApproval(0)
	w := waitingFor(t)
	asked := identity.Asked{Collector: c.Addr, Token: c.NewToken().String(), Department: "Padrón", Proxy: "direct"}
	if err := identity.Ask(w.dir.identity(), asked); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.enrolled(t.Context()) }()
	waitFor(t, "the second question", func() bool { return len(c.Enrolments()) > 1 })
	code, stdout, stderr := command(t, "", "status", "--data", string(w.dir))
	want := apiv1.CheckCode(c.Enrolments()[0].GetReportKey())
	if code != exitNo || !strings.Contains(stdout, want) {
		t.Errorf("status: %d, %q, %q; want the check code %s", code, stdout, stderr, want)
	}
	c.Approve()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	id, err := identity.Load(w.dir.identity(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if last := c.Enrolments()[len(c.Enrolments())-1]; last.GetDepartment() != "Padrón" || id.Proxy() != "direct" {
		t.Errorf("department %q, proxy %q", last.GetDepartment(), id.Proxy())
	}
	if w.asked(t) {
		t.Error("the token is kept after it was spent")
	}
}

func TestEnrolmentThatAPersonRejects(t *testing.T) {
	c := collectortest.Start(t)
	c.AwaitApproval(0)
	w := waitingFor(t)
	if err := identity.Ask(w.dir.identity(), identity.Asked{Collector: c.Addr, Token: c.NewToken().String()}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.enrolled(ctx) }()
	waitFor(t, "a question", func() bool { return len(c.Enrolments()) > 0 })
	c.Reject()
	waitFor(t, "the end of a token that a person rejected", func() bool { return !w.asked(t) })
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// What was asked for wrongly and is asked for again rightly is tried at once, however long
// the pause had become.
func TestCorrectedEnrolmentIsTriedAtOnce(t *testing.T) {
	c := collectortest.Start(t)
	c.SetPolicy(c.Sign(policyFor(t, "machine-1", 1, 1).Encode()))
	w := waitingFor(t)
	w.soonest = time.Hour
	asked := identity.Asked{Collector: c.Addr, Token: c.NewToken().String()}
	c.AwaitApproval(time.Hour)
	if err := identity.Ask(w.dir.identity(), asked); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.enrolled(t.Context()) }()
	waitFor(t, "the first question", func() bool { return len(c.Enrolments()) > 0 })
	c.Approve()
	asked.Department = "Catastro"
	if err := identity.Ask(w.dir.identity(), asked); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it is tried in an hour")
	}
}

// A person enrols the machine while the service tries to: one of them does, and neither
// ends badly.
func TestPersonEnrolsWhileTheServiceTries(t *testing.T) {
	c := collectortest.Start(t)
	c.SetPolicy(c.Sign(policyFor(t, "machine-1", 1, 1).Encode()))
	w := waitingFor(t)
	unlock, err := w.dir.lock() // of the person's command
	if err != nil {
		t.Fatal(err)
	}
	if err := identity.Ask(w.dir.identity(), identity.Asked{Collector: c.Addr, Token: c.NewToken().String()}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.enrolled(t.Context()) }()
	time.Sleep(50 * time.Millisecond)
	if n := len(c.Enrolments()); n != 0 {
		t.Errorf("%d calls while somebody else has the folder", n)
	}
	if _, err := enrol(t.Context(), w.dir, identity.Asked{Collector: c.Addr, Token: c.NewToken().String()}, nil, &apiv1.Machine{}, w.logger); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil || len(c.Enrolments()) != 1 {
		t.Errorf("the service: %v, with %d enrolments", err, len(c.Enrolments()))
	}
	// The person's command ends some time after the machine is enrolled.
	cfg := DefaultConfig()
	cfg.DataDir = string(w.dir)
	opened := make(chan error, 1)
	told := make(chan struct{}, 1000)
	go func() {
		a, err := openWhenFree(t.Context(), Options{Config: cfg, Machine: w.machine, Logger: w.logger, Version: "test"},
			func() { told <- struct{}{} }, 10*time.Millisecond)
		if err == nil {
			err = a.Close()
		}
		opened <- err
	}()
	<-told // whoever started the service knows that it is there
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Error(err)
	}
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come", what)
		}
	}
}
