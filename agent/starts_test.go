package agent

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"
)

// dies starts the agent and ends it as a crash does: what it keeps stays as it was.
func (p *post) dies(t *testing.T) (safe bool) {
	t.Helper()
	a := p.open(t)
	if err := a.Close(); err != nil { // lets go of the folder, as the end of a process does
		t.Fatal(err)
	}
	return a.safe
}

func TestAgentThatDiesAgainAndAgainDoesWithLess(t *testing.T) {
	p := enrolled(t, "AC-LEASTPRIV", "DLP-LOCAL-Q")
	a := p.open(t)
	if !a.lasted(t.Context()) {
		t.Fatal("not noted that the agent lasts")
	}
	a.policyLasts(t.Context(), 0) // with the policy 1.1
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	p.c.SetPolicy(p.c.Sign(policyFor(t, "machine-1", 1, 2, "AC-LEASTPRIV", "DLP-LOCAL-Q", "AC-FAIL-3").Encode()))
	p.once(t)
	if last := p.last(t); last.GetPolicyVersion() != 2 {
		t.Fatalf("policy %d, want 2", last.GetPolicyVersion())
	}
	for range crashes {
		if p.dies(t) {
			t.Fatal("a safe start before it died often enough")
		}
	}

	a = p.open(t)
	if !a.safe {
		t.Fatalf("%d starts without an end, and the next is like any other", crashes)
	}
	if _, version := a.policies.Current(); version != 1 {
		t.Errorf("policy %d, want 1, with which it lasted", version)
	}
	if s := a.view.snapshot(); !s.SafeMode || !slices.Equal(s.LeftOut, []string{"DLP-LOCAL-Q"}) {
		t.Errorf("its status tells of safe mode %v without %q", s.SafeMode, s.LeftOut)
	}
	for _, task := range a.tasksOf(policyFor(t, "machine-1", 1, 1, "AC-LEASTPRIV", "DLP-LOCAL-Q")) {
		if task.Heavy {
			t.Errorf("%s is looked at", task.ID)
		}
	}
	if err := a.Once(t.Context()); err != nil { // and it still tells how the machine is
		t.Fatal(err)
	}
	last := p.last(t)
	if len(last.GetResults()) != 1 || last.GetPolicyVersion() != 1 {
		t.Errorf("%d results by policy %d, want those of the light check by policy 1", len(last.GetResults()), last.GetPolicyVersion())
	}
	var codes []string
	for _, r := range p.reports() {
		for _, e := range r.GetEvents() {
			codes = append(codes, e.GetCode()+":"+e.GetArgs()["why"])
		}
	}
	for _, want := range []string{eventSafeMode + ":", eventPolicyRefused + ":safe_mode"} {
		if !slices.Contains(codes, want) {
			t.Errorf("events %v, want %s", codes, want)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}

	// It ended in order, so that the next start tries everything.
	p.once(t)
	if last := p.last(t); last.GetPolicyVersion() != 2 || len(last.GetResults()) != 3 {
		t.Errorf("%d results by policy %d after safe mode, want 3 by 2", len(last.GetResults()), last.GetPolicyVersion())
	}
}

func TestStartsThatAreNoCrashes(t *testing.T) {
	p := enrolled(t)
	clock := time.Now()
	p.now = func() time.Time { return clock }
	for range 3 * crashes {
		if p.dies(t) {
			t.Fatal("starts of other hours are no loop")
		}
		clock = clock.Add(crashesIn / 2)
	}
	for range crashes {
		p.dies(t)
	}
	clock = clock.Add(-24 * time.Hour) // somebody sets the clock back
	if p.dies(t) {
		t.Error("starts in the future count")
	}
}

// An agent that does not look at what is due any more is not alive, whatever else runs.
func TestAlive(t *testing.T) {
	p := enrolled(t)
	clock := time.Now()
	p.now = func() time.Time { return clock }
	a := p.open(t)
	defer a.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done, ready := make(chan error, 1), make(chan struct{})
	go func() { done <- a.Run(ctx, func() { close(ready) }) }()
	<-ready
	if err := a.Alive(ctx); err != nil {
		t.Errorf("just started: %v", err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	clock = clock.Add(aliveWithin + time.Second)
	if a.Alive(t.Context()) == nil {
		t.Error("nobody looked for minutes, and it is alive")
	}
}

// A policy is good once the agent has lasted with that very one, however long it ran before.
func TestPolicyIsGoodAfterItHasLasted(t *testing.T) {
	p := enrolled(t, "AC-LEASTPRIV")
	a := p.open(t)
	defer a.Close()
	good := func() bool {
		b, err := a.policies.good.Load()
		if err != nil {
			t.Fatal(err)
		}
		kept, err := a.policies.store.Load()
		if err != nil {
			t.Fatal(err)
		}
		return b != nil && bytes.Equal(b, kept)
	}
	a.policies.since = time.Now().Add(-steadyAfter)
	a.policyLasts(t.Context(), steadyAfter)
	if !good() {
		t.Error("a policy with which it lasted is not good")
	}
	a.policies.Offer(t.Context(), p.c.Sign(policyFor(t, "machine-1", 1, 2, "AC-LEASTPRIV", "AC-FAIL-3").Encode()))
	if _, version := a.policies.Current(); version != 2 {
		t.Fatalf("policy %d", version)
	}
	a.policyLasts(t.Context(), steadyAfter)
	if good() {
		t.Error("a policy of this minute is good")
	}
	a.policies.since = a.policies.since.Add(-steadyAfter)
	a.policyLasts(t.Context(), steadyAfter)
	if !good() {
		t.Error("the newer policy is not good after it lasted")
	}
}
