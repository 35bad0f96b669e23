package agent

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vigia/agent/collectortest"
	"vigia/agent/identity"
	"vigia/checks/catalog"
	"vigia/checks/host"
	"vigia/checks/host/local"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
)

// post is one enrolled machine, made of files, and its collector.
type post struct {
	c    *collectortest.Server
	data string
	root string // of the machine
	id   *identity.Identity
	now  func() time.Time
}

// enrolled enrols a machine with the policy that the collector has for it.
func enrolled(t *testing.T, entries ...string) *post {
	t.Helper()
	p := &post{c: collectortest.Start(t), data: filepath.Join(t.TempDir(), "data"), root: invented(t), now: time.Now}
	p.c.SetPolicy(p.c.Sign(policyFor(t, "machine-1", 1, 1, entries...).Encode()))
	id, signed, err := identity.Enroll(t.Context(), identity.Request{
		Dir: folder(p.data).identity(), Collector: p.c.Addr, Token: p.c.NewToken(), Machine: &apiv1.Machine{Hostname: "pc-1", Os: "linux"},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.id = id
	if err := keepFirstPolicy(t.Context(), folder(p.data), id, signed, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return p
}

// invented is the root of a Linux machine that never was.
func invented(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range map[string]string{
		"etc/login.defs": "PASS_MAX_DAYS 365\nPASS_MIN_LEN 14\nUID_MIN 1000\n",
		"etc/passwd":     "root:x:0:0:root:/root:/bin/bash\nana:x:1000:1000::/home/ana:/bin/bash\n",
		"etc/group":      "root:x:0:\nsudo:x:27:ana\n",
		"etc/os-release": "ID=debian\nVERSION_ID=12\n",
		"etc/hostname":   "pc-1\n",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// policyFor is a policy with the entries of the embedded packs that are named;
// two light ones if none is.
func policyFor(t *testing.T, agentID string, epoch, version uint64, entries ...string) policy.Policy {
	t.Helper()
	p, err := policy.DefaultPolicy([]string{"es-rgpd"}, catalog.New())
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) == 0 {
		entries = []string{"AC-LEASTPRIV", "AC-PWD-AGE-365"}
	}
	p.Agent, p.Epoch, p.Version, p.Issued = agentID, epoch, version, time.Unix(1790000000, 0).UTC()
	p.Entries = slices.DeleteFunc(p.Entries, func(e policy.Entry) bool { return !slices.Contains(entries, e.ID) })
	if len(p.Entries) != len(entries) {
		t.Fatalf("policy has %d entries, want %q", len(p.Entries), entries)
	}
	return p
}

func (p *post) open(t *testing.T) *Agent {
	t.Helper()
	cfg := DefaultConfig()
	cfg.DataDir = p.data
	a, err := Open(t.Context(), Options{
		Config: cfg, Now: p.now, Version: "test", Logger: slog.New(slog.DiscardHandler),
		Machine: func() *host.Host { return local.New(local.Options{Root: p.root}) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// once is one start of the agent that measures and delivers everything.
func (p *post) once(t *testing.T) {
	t.Helper()
	a := p.open(t)
	defer a.Close()
	if err := a.Once(t.Context()); err != nil {
		t.Fatalf("Once: %v", err)
	}
}

func (p *post) reports() []*apiv1.Report { return p.c.Reports(p.id.AgentID()) }

// last is the newest report that the collector has.
func (p *post) last(t *testing.T) *apiv1.Report {
	t.Helper()
	all := p.reports()
	if len(all) == 0 {
		t.Fatal("the collector has no report")
	}
	return all[len(all)-1]
}

func TestOnceMeasuresAndDelivers(t *testing.T) {
	p := enrolled(t)
	p.once(t)
	r := p.last(t)
	if !r.GetFull() || len(r.GetResults()) != 2 {
		t.Fatalf("the report is full: %v, with %d results; want a full one with 2", r.GetFull(), len(r.GetResults()))
	}
	if r.GetPolicyEpoch() != 1 || r.GetPolicyVersion() != 1 {
		t.Errorf("the report names policy %d.%d, want 1.1", r.GetPolicyEpoch(), r.GetPolicyVersion())
	}
	if got := r.GetMachine(); got.GetOs() != "linux" || got.GetAgentVersion() == "" || got.GetHostname() != "pc-1" {
		t.Errorf("machine %v", got)
	}
	if got := r.GetHealth(); got.GetRssBytes() == 0 || got.GetStartedAt() == 0 {
		t.Errorf("health %v", got)
	}
	if got := r.GetEvents(); len(got) != 1 || got[0].GetCode() != eventStarted {
		t.Errorf("events %v, want %s", got, eventStarted)
	}
	for _, res := range r.GetResults() {
		if res.GetStatus() == apiv1.Status_STATUS_UNSPECIFIED || res.GetReason().GetCode() == "" || len(res.GetObserved()) == 0 {
			t.Errorf("result %v lacks status, reason or facts", res)
		}
	}
	p.once(t)
	if got := len(p.reports()); got != 2 {
		t.Errorf("%d reports after two starts, want 2", got)
	}
}

func TestRunReportsAtOnceAndEnds(t *testing.T) {
	p := enrolled(t)
	a := p.open(t)
	defer a.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx, func() {}) }()
	deadline := time.After(20 * time.Second)
	for len(p.reports()) == 0 {
		select {
		case <-deadline:
			t.Fatal("nothing arrived")
		case <-time.After(10 * time.Millisecond):
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
	b, err := os.ReadFile(folder(p.data).page())
	if err != nil || !strings.Contains(string(b), "Ayuntamiento de Prueba") {
		t.Errorf("local page: %v, %.80s", err, b)
	}
}

func TestUnchangedResultsReferToTheReportThatHasThem(t *testing.T) {
	p := enrolled(t)
	p.once(t)
	a := p.open(t)
	defer a.Close()
	tasks := a.tasksOf(policyFor(t, "machine-1", 1, 1))
	for _, task := range tasks {
		task.Run(t.Context())
	}
	if err := a.reporter.tell(t.Context(), "test.event", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := a.client.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, res := range p.last(t).GetResults() {
		if res.GetSameAs() != 1 || len(res.GetObserved()) > 0 {
			t.Errorf("%s is as in %d, with %d bytes of facts; want as in 1 without", res.GetEntry(), res.GetSameAs(), len(res.GetObserved()))
		}
	}
}

func TestLostAnswersAndRestartsHaveOneEffect(t *testing.T) {
	p := enrolled(t)
	for range 3 {
		a := p.open(t)
		p.c.LoseAnswers(2)
		if err := a.Once(t.Context()); err == nil {
			t.Fatal("got no error for a lost answer")
		}
		a.Close() // killed before it was acknowledged
	}
	p.once(t)
	var got []uint64
	for _, r := range p.reports() {
		got = append(got, r.GetSequence())
	}
	if want := []uint64{1, 2, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("the collector has reports %v, want %v", got, want)
	}
}

func TestARestoredCollectorGetsItsReportsAgain(t *testing.T) {
	p := enrolled(t)
	for range 3 {
		p.once(t)
	}
	p.c.Restore("machine-1", 1)
	p.once(t)
	if got := len(p.reports()); got != 4 {
		t.Errorf("the collector has %d reports, want 4", got)
	}
	for _, r := range p.reports() {
		for _, e := range r.GetEvents() {
			if e.GetCode() != eventStarted {
				t.Errorf("event %s after an honest restore", e.GetCode())
			}
		}
	}
}

func TestADamagedReportIsToldAsAGap(t *testing.T) {
	p := enrolled(t)
	p.c.Fail(2)
	a := p.open(t)
	if err := a.Once(t.Context()); err == nil {
		t.Fatal("got no error from a collector that is away")
	}
	a.Close()
	for range 2 {
		p.c.Fail(2)
		a := p.open(t)
		_ = a.Once(t.Context())
		a.Close()
	}
	segments, err := filepath.Glob(filepath.Join(folder(p.data).spool("machine-1"), "*.seg"))
	if err != nil || len(segments) != 3 {
		t.Fatalf("%d segments, %v; want one for each start", len(segments), err)
	}
	b, err := os.ReadFile(segments[1])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 0xff
	if err := os.WriteFile(segments[1], b, 0o600); err != nil {
		t.Fatal(err)
	}
	p.once(t)
	gaps := p.c.Gaps("machine-1")
	if len(gaps) != 1 || gaps[0].GetFirst() != 2 || gaps[0].GetLast() != 2 || gaps[0].GetReason() != "damaged" {
		t.Fatalf("gaps %v, want one of report 2", gaps)
	}
	if got := len(p.reports()); got != 3 {
		t.Errorf("%d reports arrived, want 3 around the gap", got)
	}
	told := slices.ContainsFunc(p.last(t).GetEvents(), func(e *apiv1.Event) bool { return e.GetCode() == eventDamaged })
	if !told {
		t.Errorf("events %v, want %s", p.last(t).GetEvents(), eventDamaged)
	}
}

func TestANewPolicyIsFollowed(t *testing.T) {
	p := enrolled(t)
	p.once(t)
	p.c.SetPolicy(p.c.Sign(policyFor(t, "machine-1", 1, 2, "AC-PWD-LEN").Encode()))
	p.once(t)
	r := p.last(t)
	if r.GetPolicyVersion() != 2 || len(r.GetResults()) != 1 || r.GetResults()[0].GetEntry() != "AC-PWD-LEN" {
		t.Errorf("report %v, want AC-PWD-LEN of version 2", r)
	}
}

func TestAPolicyIsRefusedAndTheLastGoodOneStays(t *testing.T) {
	good := policyFor(t, "machine-1", 1, 3)
	for _, row := range []struct {
		name  string
		offer func(c *collectortest.Server) *apiv1.SignedPolicy
		why   string
	}{
		{"not signed by the key", func(c *collectortest.Server) *apiv1.SignedPolicy {
			s := c.Sign(policyFor(t, "machine-1", 1, 4).Encode())
			s.Signature[0] ^= 1
			return s
		}, "signature"},
		{"another machine's", func(c *collectortest.Server) *apiv1.SignedPolicy {
			return c.Sign(policyFor(t, "machine-2", 1, 4).Encode())
		}, "other_machine"},
		{"an older version", func(c *collectortest.Server) *apiv1.SignedPolicy {
			return c.Sign(policyFor(t, "machine-1", 1, 2).Encode())
		}, "older"},
		{"an older epoch", func(c *collectortest.Server) *apiv1.SignedPolicy {
			return c.Sign(policyFor(t, "machine-1", 0, 9).Encode())
		}, "older"},
		{"a check that is not known", func(c *collectortest.Server) *apiv1.SignedPolicy {
			next := policyFor(t, "machine-1", 1, 4)
			next.Entries[0].Check = "session.mindreading"
			return c.Sign(next.Encode())
		}, "invalid"},
		{"no JSON", func(c *collectortest.Server) *apiv1.SignedPolicy { return c.Sign([]byte("{")) }, "invalid"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := enrolled(t)
			p.c.SetPolicy(p.c.Sign(good.Encode()))
			p.once(t)
			p.c.SetPolicy(row.offer(p.c))
			for range 2 { // it is told once, though it is offered with each answer
				a := p.open(t)
				for range 2 {
					if err := a.Once(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				epoch, version := a.policies.Current()
				if epoch != 1 || version != 3 {
					t.Errorf("policy %d.%d is in force, want 1.3", epoch, version)
				}
				a.Close()
			}
			var whys []string
			for _, r := range p.reports() {
				for _, e := range r.GetEvents() {
					if e.GetCode() == eventPolicyRefused {
						whys = append(whys, e.GetArgs()["why"])
					}
				}
			}
			if want := []string{row.why, row.why}; !slices.Equal(whys, want) { // once for each start
				t.Errorf("events say %q, want %q", whys, want)
			}
		})
	}
}

func TestARestoredCollectorsPolicyIsAccepted(t *testing.T) {
	p := enrolled(t)
	p.c.SetPolicy(p.c.Sign(policyFor(t, "machine-1", 1, 9).Encode()))
	p.once(t)
	p.c.SetPolicy(p.c.Sign(policyFor(t, "machine-1", 2, 1).Encode()))
	p.once(t)
	a := p.open(t)
	defer a.Close()
	if epoch, version := a.policies.Current(); epoch != 2 || version != 1 {
		t.Errorf("policy %d.%d is in force, want 2.1 of the new epoch", epoch, version)
	}
}

func TestAnExpiredCertificateIsRenewed(t *testing.T) {
	p := enrolled(t)
	p.once(t)
	// The machine was off for months: its clock says so, its certificate ended.
	p.now = func() time.Time { return time.Now().Add(time.Second) }
	p.c.ExpireMachines(-time.Minute)
	a := p.open(t)
	if err := a.id.Renew(t.Context(), a.way()); err != nil {
		t.Fatal(err)
	}
	a.Close()
	p.c.ExpireMachines(30 * 24 * time.Hour)
	a = p.open(t)
	defer a.Close()
	if !a.id.Expires().Before(time.Now()) {
		t.Fatal("the certificate has not expired: the test is wrong")
	}
	if err := a.Once(t.Context()); err != nil {
		t.Fatalf("Once with an expired certificate: %v", err)
	}
	if got := len(p.reports()); got != 2 {
		t.Errorf("%d reports, want 2", got)
	}
}

func TestARevokedMachineKeepsMeasuring(t *testing.T) {
	p := enrolled(t)
	p.c.Revoke("machine-1")
	for range 2 {
		a := p.open(t)
		if err := a.Once(t.Context()); err == nil {
			t.Error("got no error")
		} else if code, _ := classify(err); code != "problem.not_admitted" {
			t.Errorf("%v is %s, want problem.not_admitted", err, code)
		}
		a.Close()
	}
	a := p.open(t)
	defer a.Close()
	if got := a.queue.Stats().Waiting; got != 2 {
		t.Errorf("%d reports wait, want 2", got)
	}
}

func TestOnlyOneAgentWorksInAFolder(t *testing.T) {
	p := enrolled(t)
	a := p.open(t)
	defer a.Close()
	cfg := DefaultConfig()
	cfg.DataDir = p.data
	_, err := Open(t.Context(), Options{Config: cfg, Logger: slog.New(slog.DiscardHandler)})
	if !errors.Is(err, errInUse) {
		t.Errorf("got %v, want %v", err, errInUse)
	}
}

func TestStatusSaysWhatIsOnDisk(t *testing.T) {
	p := enrolled(t)
	p.once(t)
	p.c.Fail(2)
	a := p.open(t)
	_ = a.Once(t.Context())
	a.Close()
	s, err := currentStatus(t.Context(), folder(p.data), p.id)
	if err != nil {
		t.Fatal(err)
	}
	if s.Spool.Last != 2 || s.Spool.Acked != 1 || s.Spool.Waiting != 1 || s.Delivery.Error == "" || s.Policy.Version != 1 {
		b, _ := json.Marshal(s)
		t.Errorf("status %s", b)
	}
}

func TestThePageNamesNobody(t *testing.T) {
	p := enrolled(t, "AC-LEASTPRIV")
	p.once(t)
	b, err := os.ReadFile(folder(p.data).page())
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"ana", "<script", "http://", "https://"} {
		if strings.Contains(string(b), " "+bad+" ") || strings.Contains(string(b), ">"+bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	info, err := os.Stat(folder(p.data).page())
	if err != nil || info.Mode().Perm()&0o044 != 0o044 {
		t.Errorf("mode %v, %v; the machine's user must be able to read it", info.Mode(), err)
	}
}
