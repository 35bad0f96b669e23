package ingest

import (
	"context"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/proto"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/enroll"
	"vigia/collector/evidence"
	"vigia/collector/findings"
	"vigia/collector/storage"
)

// Rebuild makes the views of package findings anew from the evidence log, as if
// every leaf had just arrived. Payloads that were pruned are skipped and
// counted: what they said is not known any more.
func (s *Service) Rebuild(ctx context.Context, tx *storage.Tx) (pruned int, err error) {
	if err := s.opts.Findings.Reset(ctx, tx); err != nil {
		return 0, err
	}
	machines := map[string]findings.Machine{}
	err = s.opts.Log.Entries(ctx, tx, evidence.Filter{}, func(e evidence.Entry) error {
		if e.Pruned() {
			pruned++
			return nil
		}
		if err := s.replay(ctx, tx, e, machines); err != nil {
			return fmt.Errorf("replay leaf %d (%s of %s): %w", e.Index, e.Header.Kind, e.Header.Subject, err)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("rebuild the findings: %w", err)
	}
	return pruned, nil
}

// replay repeats what followed from one leaf.
func (s *Service) replay(ctx context.Context, tx *storage.Tx, e evidence.Entry, machines map[string]findings.Machine) error {
	h := e.Header
	m := machines[h.Subject]
	switch h.Kind {
	case evidence.Enrolment:
		var r enroll.EnrolmentRecord
		if err := json.Unmarshal(e.Payload, &r); err != nil {
			return err
		}
		machines[h.Subject] = findings.Machine{ID: r.Agent, Department: r.Department, EnrolledAt: r.At}
		return s.opts.Findings.Join(ctx, tx, machines[h.Subject])
	case evidence.Register:
		if h.Subject != enroll.MachinesSubject {
			return nil
		}
		var r enroll.MoveRecord
		if err := json.Unmarshal(e.Payload, &r); err != nil {
			return err
		}
		moved := machines[r.Agent]
		moved.Department = r.Department
		machines[r.Agent] = moved
	case evidence.Report:
		return s.replayReport(ctx, tx, e, m)
	case evidence.Gap:
		signed, g := &apiv1.SignedGap{}, &apiv1.Gap{}
		if err := proto.Unmarshal(e.Payload, signed); err != nil {
			return err
		}
		if err := proto.Unmarshal(signed.GetGap(), g); err != nil {
			return err
		}
		return s.opts.Findings.Gap(ctx, tx, m, g.GetFirst(), g.GetLast(), g.GetReason(), e.Index, h.Received)
	case evidence.Alarm:
		return s.opts.Findings.Equivocation(ctx, tx, m, h.Sequence, e.Index, h.Received)
	case evidence.Revocation, evidence.Retirement:
		var r enroll.DepartureRecord
		if err := json.Unmarshal(e.Payload, &r); err != nil {
			return err
		}
		return s.opts.Findings.End(ctx, tx, m, r.At)
	case evidence.Genesis, evidence.Renewal, evidence.Policy, evidence.Token, evidence.Request, evidence.Carried, evidence.Restore, evidence.KeyChange, evidence.Prune,
		evidence.Decision, evidence.Incident, evidence.Review, evidence.Document, evidence.Activity:
		// Nothing in the views follows from them. Policies are looked up in
		// their own table, which is no view.
	}
	return nil
}

func (s *Service) replayReport(ctx context.Context, tx *storage.Tx, e evidence.Entry, m findings.Machine) error {
	signed, r := &apiv1.SignedReport{}, &apiv1.Report{}
	if err := proto.Unmarshal(e.Payload, signed); err != nil {
		return err
	}
	if err := proto.Unmarshal(signed.GetReport(), r); err != nil {
		return err
	}
	p, err := s.policyOf(ctx, tx, r, e.Index)
	if err != nil {
		return err
	}
	return s.opts.Findings.Apply(ctx, tx, findings.Input{Machine: m, Report: r, Leaf: e.Index, ReceivedAt: e.Header.Received, Policy: p})
}
