package findings

import (
	"context"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/message"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/storage"
)

func TestWrongClocks(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *town) {
		w.pol = testPolicy("W-1")
		received := at(3, 8)
		w.deliver("ahead", at(400), received, true, result("W-1", 10))
		w.deliver("little-ahead", received.Add(5*time.Minute), received, true, result("W-1", 10))
		w.deliver("dead-battery", time.Date(2009, 1, 1, 0, 0, 0, 0, zone), received, true, result("W-1", 10))
		w.deliver("zone", received.Add(-7*time.Hour), received, true, result("W-1", 10))
		w.wantStates(at(3, 9),
			"ahead W-1: pass scale.light since 05T08", "ahead vigia.clock: warn agent.clock_wrong since 05T08",
			"dead-battery W-1: pass scale.light since 05T08", "dead-battery vigia.clock: warn agent.clock_wrong since 05T08",
			"little-ahead W-1: pass scale.light since 05T08",
			"zone W-1: pass scale.light since 05T01")
		w.report("ahead", at(3, 10), true, result("W-1", 10))
		w.report("ahead", at(3, 11), true, result("W-1", 10))
		w.wantFindings(at(3, 12),
			"ahead vigia.clock: resolved warn first 05T08 opened 05T08 times 1 resolved 05T10",
			"dead-battery vigia.clock: new warn first 05T08 opened 05T08 times 1")
	})
}

func TestGapsAndEquivocation(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *town) {
		w.pol = testPolicy("W-1")
		m := Machine{ID: "pc", Department: "Obras"}
		w.report("pc", at(0, 8), true, result("W-1", 10))
		w.write(func(ctx context.Context, tx *storage.Tx) error {
			return w.store.Gap(ctx, tx, m, 2, 9, "no such reason", 5, at(0, 9))
		})
		w.write(func(ctx context.Context, tx *storage.Tx) error {
			return w.store.Equivocation(ctx, tx, m, 12, 6, at(0, 10))
		})
		w.seq["pc"] = 12
		w.report("pc", at(0, 11), true, result("W-1", 10))
		w.wantFindings(at(0, 11.5),
			"pc vigia.equivocation: new fail first 02T10 opened 02T10 times 1",
			"pc vigia.gap: persistent warn first 02T09 opened 02T09 times 1")
		w.report("pc", at(0, 12), true, result("W-1", 10))
		w.wantFindings(at(0, 12.5),
			"pc vigia.equivocation: new fail first 02T10 opened 02T10 times 1",
			"pc vigia.gap: resolved warn first 02T09 opened 02T09 times 1 resolved 02T11")
	})
}

func TestEnd(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *town) {
		w.pol = testPolicy("W-1")
		for _, m := range []string{"pc", "silent"} {
			w.report(m, at(0, 8), true, result("W-1", 200))
		}
		w.report("pc", at(5, 8), true, result("W-1", 200))
		for _, m := range []string{"pc", "silent"} {
			w.write(func(ctx context.Context, tx *storage.Tx) error {
				return w.store.End(ctx, tx, Machine{ID: m, Department: "Obras"}, at(5, 9))
			})
		}
		w.wantStates(at(5, 8.5), "pc W-1: fail scale.heavy since 02T08", "silent W-1: fail scale.heavy since 02T08")
		w.wantStates(at(5, 9))
		w.wantFindings(at(30))
	})
}

// Nobody but the collector speaks of a machine's trust.
func TestAReportCannotSpeakInOurName(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *town) {
		w.pol = testPolicy("W-1")
		w.write(func(ctx context.Context, tx *storage.Tx) error {
			return w.store.Equivocation(ctx, tx, Machine{ID: "pc"}, 3, 1, at(0, 7))
		})
		w.report("pc", at(0, 8), true, result("W-1", 10), result(EntryEquivocation, 10))
		w.wantFindings(at(0, 9), "pc vigia.equivocation: new fail first 02T07 opened 02T07 times 1")
	})
}

func TestMessagesAreComplete(t *testing.T) {
	t.Parallel()
	all := Messages()
	for _, problem := range all.Problems() {
		t.Error(problem)
	}
	if conflicts := checks.Messages().Merge(all); len(conflicts) > 0 {
		t.Errorf("also said elsewhere, otherwise: %v", conflicts)
	}
	for _, code := range []string{
		codeSilent, codeStale, codeMissing, codeNoFacts, codeFactsMissing, codeFactsUnreadable, codeEntryUnknown,
		codeCheckUnknown, codeCheckMismatch, codeGone, codeEquivocation, codeGap, codeGapEnded, codeClock, codeClockRight,
		ControlAgent, EntrySilence, EntryEquivocation, EntryGap, EntryClock, EntryPolicy, codePolicyTaken,
	} {
		if all.Say(message.Spanish, code, nil) == code {
			t.Errorf("%s is not said", code)
		}
	}
}

// A machine that refuses a policy is told of until it has a newer one.
func TestARefusedPolicy(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *town) {
		w.pol = testPolicy("W-1")
		refused := func(why string) *apiv1.Event {
			return &apiv1.Event{Code: eventPolicyRefused, At: at(0, 8).UnixMicro(),
				Args: map[string]string{"why": why, "epoch": "1", "version": "4", "detail": "pack es-rgpd comes as 4\x00"}}
		}
		tell := func(hour float64, version uint64, events ...*apiv1.Event) {
			w.seq["pc"]++
			w.leaf++
			in := Input{Machine: Machine{ID: "pc", Department: "Obras"}, Leaf: w.leaf, ReceivedAt: at(0, hour), Policy: w.pol,
				Report: &apiv1.Report{AgentId: "pc", Sequence: w.seq["pc"], CreatedAt: at(0, hour).UnixMicro(), PolicyEpoch: 1, PolicyVersion: version, Events: events}}
			w.write(func(ctx context.Context, tx *storage.Tx) error { return w.store.Apply(ctx, tx, in) })
		}
		tell(8, 5)
		w.wantFindings(at(0, 8.5))
		tell(9, 5, refused("a word that is not ours"), refused("older"))
		w.wantStates(at(0, 9.5), "pc vigia.policy: fail agent.policy_refused.older since 02T09")
		if got := w.states(at(0, 9.5))[0].Reason; got.Args["in_force"] != "1.5" || got.Args["offered"] != "1.4" || got.Args["detail"] != "pack es-rgpd comes as 4·" {
			t.Errorf("got %v", got)
		}
		tell(10, 5) // the same one is in force still
		w.wantFindings(at(0, 10.5), "pc vigia.policy: new fail first 02T09 opened 02T09 times 1")
		tell(11, 5, refused("pack_older"))
		w.wantStates(at(0, 11.5), "pc vigia.policy: warn agent.policy_refused.pack_older since 02T11")
		tell(12, 6)
		tell(13, 6)
		w.wantFindings(at(0, 13.5), "pc vigia.policy: resolved warn first 02T09 opened 02T09 times 1 resolved 02T12")
	})
}

func TestEveryRefusalIsSaid(t *testing.T) {
	t.Parallel()
	for _, why := range []string{"signature", "other_machine", "older", "pack_older", "invalid", "safe_mode", "not_kept"} {
		entry, ok := Messages()[codePolicyRefused+why]
		if !ok || entry.Do.ES == "" || refusalStatus(why) == "" {
			t.Errorf("%s: is not said, or nobody knows what to do", why)
		}
	}
}
