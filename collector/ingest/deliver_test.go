package ingest_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/enroll"
	"vigia/collector/evidence"
	"vigia/collector/findings"
	"vigia/collector/ingest"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

func treeProof(hashes [][32]byte) tlog.TreeProof {
	proof := make(tlog.TreeProof, len(hashes))
	for i, hash := range hashes {
		proof[i] = hash
	}
	return proof
}

func TestDeliver(t *testing.T) {
	onEach(t, func(t *testing.T, c *collector) {
		a := newAgent(t, c, "pc-1")
		a.wantDurable(c, 0) // nothing to send, but is there a policy?
		first := a.make(c.clock.now(), length(14))
		a.wantDurable(c, 1, first)
		if got := c.state(a, "AC-PWD-LEN"); !strings.HasPrefix(got, "pass ") {
			t.Errorf("state: got %q, want a pass", got)
		}
		c.clock.advance(time.Hour)
		second, third := a.make(c.clock.now(), length(4)), a.make(c.clock.now())
		a.wantDurable(c, 3, second, third)
		if got := c.state(a, "AC-PWD-LEN"); !strings.HasPrefix(got, "fail ") {
			t.Errorf("state: got %q, want a fail, whatever the agent says", got)
		}
		c.wantLeaves(a, "report 1, report 2, report 3")
		c.read(func(ctx context.Context, tx *storage.Tx) error {
			m, err := c.machines.Machine(ctx, tx, a.id)
			if !m.LastSeen.Equal(c.clock.now()) {
				t.Errorf("last seen: got %v, want %v", m.LastSeen, c.clock.now())
			}
			return err
		})
		// The evidence is what was signed, byte by byte.
		c.read(func(ctx context.Context, tx *storage.Tx) error {
			return c.log.Entries(ctx, tx, evidence.Filter{Subject: a.id, Kinds: []evidence.Kind{evidence.Report}}, func(e evidence.Entry) error {
				signed := &apiv1.SignedReport{}
				if err := proto.Unmarshal(e.Payload, signed); err != nil {
					return err
				}
				if !apiv1.Verify(a.report.Public().(ed25519.PublicKey), apiv1.DomainReport, signed.GetReport(), signed.GetSignature()) {
					t.Errorf("entry %d: its signature is not valid", e.Index)
				}
				proof, err := c.log.ProveInclusion(ctx, tx, e.Index, a.checkpoint.Size)
				if err != nil {
					return err
				}
				return evidence.VerifyEntry(e, proof, a.checkpoint)
			})
		})
		c.verify()
	})
}

func TestAMachineThatNeverReportsIsSilent(t *testing.T) {
	onEach(t, func(t *testing.T, c *collector) {
		a := newAgent(t, c, "pc-1")
		silent := func() (found bool) {
			c.read(func(ctx context.Context, tx *storage.Tx) error {
				all, err := c.views.FindingsAt(ctx, tx, c.clock.now())
				for _, f := range all {
					found = found || f.Entry == findings.EntrySilence && f.Machine == a.id
				}
				return err
			})
			return found
		}
		c.clock.advance(47 * time.Hour)
		if silent() {
			t.Error("silent already after 47 hours")
		}
		c.clock.advance(time.Hour)
		if !silent() {
			t.Error("not silent after two days without a report")
		}
		a.wantDurable(c, 1, a.make(c.clock.now(), length(8)))
		if silent() {
			t.Error("silent after a report")
		}
		c.verify()
	})
}

func TestPolicyIsDeliveredWhenItDiffers(t *testing.T) {
	onEach(t, func(t *testing.T, c *collector) {
		a := newAgent(t, c, "pc-1")
		if resp := a.deliver(c); resp.GetPolicy() != nil {
			t.Error("a policy came that the agent has")
		}
		c.write(func(ctx context.Context, tx *storage.Tx) error {
			_, err := c.policies.Import(ctx, tx, "politica.yaml", []byte("packs: [es-rgpd]\nschedule: {silence: 24h}\n"), "admin")
			return err
		})
		before := a.policyVersion
		if resp := a.deliver(c); resp.GetPolicy() == nil || a.policyVersion != before+1 {
			t.Errorf("after an import: got version %d, want %d", a.policyVersion, before+1)
		}
		a.policyEpoch, a.policyVersion = 9, 9
		if resp := a.deliver(c); resp.GetPolicy() == nil || a.policyVersion != before+1 {
			t.Error("an agent with a policy of its own making got none")
		}
		c.verify()
	})
}

// Whatever is delivered in whatever order, and however often, there is one
// effect: that of the chain delivered once.
func TestAnyOrderOfDeliveriesHasOneEffect(t *testing.T) {
	t.Parallel()
	storagetest.EachDSN(t, func(t *testing.T, dsn string) {
		c := newCollector(t, dsn)
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			c.clock.advance(time.Minute) // enrolments are limited
			a := newAgent(t, c, fmt.Sprintf("pc-%d", n))
			var chain []*apiv1.Item
			for i := range rapid.IntRange(1, 12).Draw(rt, "reports") {
				chain = append(chain, a.make(c.clock.now().Add(time.Duration(i)*time.Minute), length(rapid.IntRange(1, 20).Draw(rt, "letters"))))
			}
			durable := 0
			for range rapid.IntRange(0, 8).Draw(rt, "deliveries") {
				from := rapid.IntRange(0, len(chain)-1).Draw(rt, "from")
				to := rapid.IntRange(from, len(chain)).Draw(rt, "to")
				if from <= durable {
					durable = max(durable, to)
				}
				a.wantDurable(c, uint64(durable), chain[from:to]...)
			}
			a.wantDurable(c, uint64(len(chain)), chain...)
			var want []string
			for i := range chain {
				want = append(want, fmt.Sprintf("report %d", i+1))
			}
			c.wantLeaves(a, strings.Join(want, ", "))
		})
		c.verify()
	})
}

func TestEquivocation(t *testing.T) {
	onEach(t, func(t *testing.T, c *collector) {
		a := newAgent(t, c, "pc-1")
		chain := []*apiv1.Item{a.make(c.clock.now(), length(8)), a.make(c.clock.now())}
		a.wantDurable(c, 2, chain...)
		// The machine was restored from an image of before its second report.
		clone := *a
		clone.last, clone.lastHash = 1, [32]byte(hashOf(chain[0]))
		other := clone.make(c.clock.now(), length(20))
		for range 3 {
			_, err := clone.send(c, other)
			refused(t, "another second report", err, codes.PermissionDenied, "report 2 differs")
		}
		_, err := clone.send(c, clone.make(c.clock.now()))
		refused(t, "a third that follows the other second", err, codes.PermissionDenied, "report 2 differs")
		c.wantLeaves(a, "report 1, report 2, alarm 2")
		if got := c.state(a, "vigia.equivocation"); got != "fail agent.equivocation" {
			t.Errorf("finding: got %q", got)
		}
		c.read(func(ctx context.Context, tx *storage.Tx) error {
			list, err := c.machines.Suggestions(ctx, tx)
			if len(list) != 1 || list[0].Kind != enroll.CopiedFolder || list[0].Machines[0].ID != a.id {
				t.Errorf("what a person should look at: got %+v", list)
			}
			return err
		})
		// The one whose chain is known goes on.
		a.wantDurable(c, 3, a.make(c.clock.now()))
		for range 20 {
			clone.last, clone.lastHash = 1, [32]byte(hashOf(chain[0]))
			_, err := clone.send(c, clone.make(c.clock.now(), length(int(time.Now().UnixNano()%1e6))))
			refused(t, "many second reports", err, codes.PermissionDenied, "report 2 differs")
		}
		if got := len(c.leaves(a.id, evidence.Alarm)); got != 5 {
			t.Errorf("alarms of a day: got %d, want 5", got)
		}
		c.verify()
	})
}

func TestWhatCameBeforeAnAlarmIsKept(t *testing.T) {
	onEach(t, func(t *testing.T, c *collector) {
		a := newAgent(t, c, "pc-1")
		first := a.make(c.clock.now())
		a.lastHash = [32]byte{1}
		_, err := a.send(c, first, a.make(c.clock.now()))
		refused(t, "a chain that breaks inside a batch", err, codes.PermissionDenied, "report 1 differs")
		c.wantLeaves(a, "report 1, alarm 1")
	})
}

func TestGaps(t *testing.T) {
	onEach(t, func(t *testing.T, c *collector) {
		a := newAgent(t, c, "pc-1")
		var chain []*apiv1.Item
		for range 9 {
			chain = append(chain, a.make(c.clock.now(), length(8)))
		}
		a.wantDurable(c, 1, chain[0])
		// 2 and 3 were dropped, their hashes are known; 4 follows them.
		a.wantDurable(c, 4, a.gap(2, 3, hashOf(chain[1]), hashOf(chain[2])), chain[3])
		c.wantLeaves(a, "report 1, gap 2, report 4")
		if got := c.state(a, "vigia.gap"); got != "pass agent.gap_ended" {
			t.Errorf("finding: got %q", got)
		}
		a.wantDurable(c, 4, a.gap(2, 3, hashOf(chain[1]), hashOf(chain[2]))) // again
		c.wantLeaves(a, "report 1, gap 2, report 4")
		a.wantDurable(c, 4, chain[2]) // it was found after all
		a.wantDurable(c, 4, chain[2])
		c.wantLeaves(a, "report 1, gap 2, report 4, report 3")
		// 5 and 6 are damaged and nothing is known of them; the gap begins
		// before what is durable.
		a.wantDurable(c, 6, a.gap(4, 6, hashOf(chain[3]), nil, nil))
		a.wantDurable(c, 7, chain[6])
		_, err := a.send(c, a.gap(7, 8, make([]byte, 32), nil))
		refused(t, "a gap that denies a report", err, codes.PermissionDenied, "report 7 differs")
		a.wantDurable(c, 7, chain[8]) // ahead: 8 lacks
		a.wantDurable(c, 9, chain[7], chain[8])
		c.wantLeaves(a, "report 1, gap 2, report 4, report 3, gap 4, report 7, alarm 7, report 8, report 9")
		c.verify()
	})
}

func TestCallers(t *testing.T) {
	onEach(t, func(t *testing.T, c *collector) {
		a, b := newAgent(t, c, "pc-1"), newAgent(t, c, "pc-2")
		item := a.make(c.clock.now())
		stranger := *a
		stranger.chain = nil
		_, err := stranger.send(c, item)
		refused(t, "without a certificate", err, codes.Unauthenticated, "no client certificate")

		elsewhere := newCollector(t, storagetest.SQLite(t))
		foreign := newAgent(t, elsewhere, "pc-1")
		_, err = foreign.send(c, foreign.make(c.clock.now()))
		refused(t, "of another authority", err, codes.Unauthenticated, "not of this collector's authority")

		_, err = b.send(c, item)
		refused(t, "another machine's report", err, codes.InvalidArgument, "signature")

		c.clock.advance(31 * 24 * time.Hour)
		_, err = a.send(c, item)
		refused(t, "an expired certificate", err, codes.Unauthenticated, "renew it")
		csr := a.csr()
		renewed := must(apiv1.NewEnrollmentServiceClient(a.dial(c)).Renew(t.Context(), &apiv1.RenewRequest{
			AgentId: a.id, CertificateRequest: csr, Proof: apiv1.Sign(a.report, apiv1.DomainRenew, apiv1.RenewProof(a.id, csr)),
		}))(t)
		a.chain = renewed.GetCertificates()
		a.wantDurable(c, 1, item)

		c.write(func(ctx context.Context, tx *storage.Tx) error {
			return c.machines.Revoke(ctx, tx, a.id, "stolen", "admin")
		})
		_, err = a.send(c, a.make(c.clock.now()))
		refused(t, "a revoked machine", err, codes.PermissionDenied, "revoked or retired")
		c.wantLeaves(a, "report 1")
		c.verify()
	})
}

func TestMalformedItems(t *testing.T) {
	onEach(t, func(t *testing.T, c *collector) {
		a := newAgent(t, c, "pc-1")
		good := func() *apiv1.Report { return a.draft(c.clock.now(), length(8)) }
		report := func(change func(*apiv1.Report)) *apiv1.Item {
			r := good()
			change(r)
			return signedReport(a.report, must(proto.Marshal(r))(t))
		}
		gap := func(change func(*apiv1.Gap)) *apiv1.Item {
			g := &apiv1.Gap{AgentId: a.id, First: 1, Last: 2}
			change(g)
			return signedGap(a.report, must(proto.Marshal(g))(t))
		}
		forged := report(func(*apiv1.Report) {})
		forged.GetReport().GetReport()[3] ^= 1
		swapped := &apiv1.Item{Item: &apiv1.Item_Gap{Gap: &apiv1.SignedGap{
			Gap: forged.GetReport().GetReport(), Signature: report(func(*apiv1.Report) {}).GetReport().GetSignature(),
		}}}
		_, otherKey, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		fill := func(n int, item *apiv1.Item) (out []*apiv1.Item) {
			for range n {
				out = append(out, item)
			}
			return out
		}
		big := report(func(r *apiv1.Report) { r.Results[0].Observed = make([]byte, apiv1.MaxReportBytes-1000) })
		rows := []struct {
			name  string
			items []*apiv1.Item
			says  string
		}{
			{"an empty item", []*apiv1.Item{{}}, "neither a report nor a gap"},
			{"an empty report", []*apiv1.Item{signedReport(a.report, nil)}, "1 to 2097152 bytes"},
			{"a huge report", []*apiv1.Item{signedReport(a.report, make([]byte, apiv1.MaxReportBytes+1))}, "1 to 2097152 bytes"},
			{"noise, well signed", []*apiv1.Item{signedReport(a.report, []byte("\xff\xff\xff"))}, "not a report"},
			{"a changed byte", []*apiv1.Item{forged}, "signature"},
			{"another key", []*apiv1.Item{signedReport(otherKey, must(proto.Marshal(good()))(t))}, "signature"},
			{"a report as a gap", []*apiv1.Item{swapped}, "signature"},
			{"another agent", []*apiv1.Item{report(func(r *apiv1.Report) { r.AgentId = enroll.NewAgentID() })}, "another machine"},
			{"sequence 0", []*apiv1.Item{report(func(r *apiv1.Report) { r.Sequence = 0 })}, "sequence 0"},
			{"a sequence beyond", []*apiv1.Item{report(func(r *apiv1.Report) { r.Sequence = 1 << 63 })}, "sequence 9223372036854775808"},
			{"a short previous hash", []*apiv1.Item{report(func(r *apiv1.Report) { r.PreviousHash = []byte{1} })}, "previous hash"},
			{"a first report with one before", []*apiv1.Item{report(func(r *apiv1.Report) { r.PreviousHash[0] = 1 })}, "32 zero bytes"},
			{"a gap backwards", []*apiv1.Item{gap(func(g *apiv1.Gap) { g.First, g.Last = 5, 4 })}, "from 5 to 4"},
			{"a gap from 0", []*apiv1.Item{gap(func(g *apiv1.Gap) { g.First = 0 })}, "from 0 to 2"},
			{"a gap without end", []*apiv1.Item{gap(func(g *apiv1.Gap) { g.Last = 1 << 40 })}, "enrol this machine again"},
			{"a gap with a hash too few", []*apiv1.Item{gap(func(g *apiv1.Gap) { g.Hashes = [][]byte{make([]byte, 32)} })}, "1 hashes for 2 reports"},
			{"a gap with half a hash", []*apiv1.Item{gap(func(g *apiv1.Gap) { g.Hashes = [][]byte{make([]byte, 16), nil} })}, "16 bytes"},
			{"another agent's gap", []*apiv1.Item{gap(func(g *apiv1.Gap) { g.AgentId = "x" })}, "another machine"},
			{"noise for a gap", []*apiv1.Item{signedGap(a.report, []byte("\xff"))}, "not a gap"},
			{"an empty gap", []*apiv1.Item{signedGap(a.report, nil)}, "1 to 2097152 bytes"},
			{"a hole in the batch", []*apiv1.Item{report(func(*apiv1.Report) {}), report(func(r *apiv1.Report) { r.Sequence = 3 })}, "sequence 3 does not follow 1"},
			{"too many items", fill(apiv1.MaxBatchItems+1, report(func(*apiv1.Report) {})), "at most 256"},
			{"too many bytes", fill(3, big), "more than 4194304 bytes"},
		}
		for _, row := range rows {
			_, err := a.send(c, row.items...)
			refused(t, row.name, err, codes.InvalidArgument, row.says)
		}
		_, err = a.send(c, fill(5, big)...)
		refused(t, "an oversized message", err, codes.ResourceExhausted, "larger than max")
		c.wantLeaves(a, "")
		a.wantDurable(c, 1, a.make(c.clock.now(), length(8)))
	})
}

func TestWhatIsSignedIsTakenWhateverItSays(t *testing.T) {
	onEach(t, func(t *testing.T, c *collector) {
		a := newAgent(t, c, "pc-1")
		newer := &apiv1.Result{Entry: "AC-PWD-LEN", Control: "AC-PWD-LEN", Check: "accounts.of_next_year", Status: apiv1.Status_STATUS_PASS, Observed: []byte("{}")}
		a.wantDurable(c, 1, a.make(c.clock.now(), newer))
		if got := c.state(a, "AC-PWD-LEN"); got != "unknown check.not_the_one_asked" {
			t.Errorf("state of an unknown check: got %q", got)
		}
		invented := length(8)
		invented.Entry = "XX-9"
		a.wantDurable(c, 2, a.make(c.clock.now(), invented))
		if got := c.state(a, "XX-9"); got != "unknown policy.entry_not_known" {
			t.Errorf("state of what nobody asked: got %q", got)
		}
		// A policy that this collector never issued: as after a restore.
		a.policyEpoch, a.policyVersion = 7, 7
		a.wantDurable(c, 3, a.make(c.clock.now(), length(14)))
		if got := c.state(a, "AC-PWD-LEN"); !strings.HasPrefix(got, "pass ") {
			t.Errorf("state by an unknown policy: got %q, want it judged by the last known one", got)
		}
		c.verify()
	})
}

func TestCallsAreLimited(t *testing.T) {
	t.Parallel()
	c := newCollector(t, storagetest.SQLite(t), func(o *ingest.Options) { o.CallsPerSecond, o.Burst = 0.1, 3 })
	a := newAgent(t, c, "pc-1")
	for range 3 {
		a.wantDurable(c, 0)
	}
	_, err := a.send(c)
	refused(t, "the fourth call", err, codes.ResourceExhausted, "too often")
	var delay time.Duration
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			delay = info.GetRetryDelay().AsDuration()
		}
	}
	if delay <= 0 || delay > 10*time.Second {
		t.Errorf("told to wait: got %v, want up to 10s", delay)
	}
	c.clock.advance(delay)
	a.wantDurable(c, 0)
	b := newAgent(t, c, "pc-2")
	b.wantDurable(c, 0)
}

func TestManyAgentsAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, c *collector) {
		agents := make([]*agent, 8)
		for i := range agents {
			agents[i] = newAgent(t, c, fmt.Sprintf("pc-%d", i))
		}
		var wg sync.WaitGroup
		for _, a := range agents {
			wg.Go(func() {
				for i := range 6 {
					item := a.make(c.clock.now(), length(i))
					for range 2 { // each twice
						if resp, err := a.send(c, item); err != nil || resp.GetDurableSequence() != uint64(i+1) {
							t.Errorf("report %d: got %v, %v", i+1, resp, err)
						}
					}
				}
			})
		}
		wg.Wait()
		for _, a := range agents {
			if got := len(c.leaves(a.id, evidence.Report)); got != 6 {
				t.Errorf("reports: got %d, want 6", got)
			}
		}
		c.verify()
	})
}
