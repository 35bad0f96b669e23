package ingest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"

	"google.golang.org/protobuf/proto"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/evidence"
)

// maxSequence is far beyond what any machine will count to, and fits a BIGINT.
const maxSequence = 1 << 62

// maxGap bounds the reports that one gap may stand for: at one a minute, that
// is almost two years.
const maxGap = 1 << 20

// framing is what signature and protobuf add to an item, in bytes: batches are
// measured by what they carry.
const framing = 128

// item is a report or a gap, decoded and found to be this machine's.
type item struct {
	report *apiv1.Report // nil for a gap
	gap    *apiv1.Gap    // nil for a report
	// first and last are the sequence numbers it stands for.
	first, last uint64
	hash        [sha256.Size]byte // of the report's bytes
	payload     []byte            // what becomes evidence: the signed item
}

// readItems decodes the items of a request and verifies all that needs no
// database but the machine's report key.
func readItems(agentID string, key ed25519.PublicKey, items []*apiv1.Item) ([]item, error) {
	if len(items) > apiv1.MaxBatchItems {
		return nil, badItem{fmt.Sprintf("%d items in one delivery: at most %d", len(items), apiv1.MaxBatchItems)}
	}
	total := 0
	for _, wire := range items {
		total += proto.Size(wire)
	}
	if total > apiv1.MaxBatchBytes+len(items)*framing {
		return nil, badItem{fmt.Sprintf("more than %d bytes in one delivery: send fewer items", apiv1.MaxBatchBytes)}
	}
	out := make([]item, 0, len(items))
	for i, wire := range items {
		it, err := readItem(agentID, key, wire)
		if err != nil {
			return nil, badItem{fmt.Sprintf("item %d: %v", i+1, err)}
		}
		if i > 0 && it.first != out[i-1].last+1 {
			return nil, badItem{fmt.Sprintf("item %d: sequence %d does not follow %d", i+1, it.first, out[i-1].last)}
		}
		out = append(out, it)
	}
	return out, nil
}

func readItem(agentID string, key ed25519.PublicKey, wire *apiv1.Item) (item, error) {
	switch {
	case wire.GetReport() != nil:
		return readReport(agentID, key, wire.GetReport())
	case wire.GetGap() != nil:
		return readGap(agentID, key, wire.GetGap())
	default:
		return item{}, fmt.Errorf("it is neither a report nor a gap")
	}
}

func readReport(agentID string, key ed25519.PublicKey, signed *apiv1.SignedReport) (item, error) {
	body := signed.GetReport()
	if len(body) == 0 || len(body) > apiv1.MaxReportBytes {
		return item{}, fmt.Errorf("a report has 1 to %d bytes, this one %d", apiv1.MaxReportBytes, len(body))
	}
	if !apiv1.Verify(key, apiv1.DomainReport, body, signed.GetSignature()) {
		return item{}, fmt.Errorf("the signature is not of this machine's report key")
	}
	r := &apiv1.Report{}
	if err := proto.Unmarshal(body, r); err != nil {
		return item{}, fmt.Errorf("it is not a report")
	}
	switch {
	case r.GetAgentId() != agentID:
		return item{}, fmt.Errorf("the report is of another machine")
	case r.GetSequence() == 0 || r.GetSequence() > maxSequence:
		return item{}, fmt.Errorf("sequence %d is not from 1 to %d", r.GetSequence(), uint64(maxSequence))
	case len(r.GetPreviousHash()) != sha256.Size:
		return item{}, fmt.Errorf("the previous hash has %d bytes, not %d", len(r.GetPreviousHash()), sha256.Size)
	}
	if r.GetSequence() == 1 && !bytes.Equal(r.GetPreviousHash(), make([]byte, sha256.Size)) {
		return item{}, fmt.Errorf("the first report must follow 32 zero bytes")
	}
	payload, err := evidenceOf(&apiv1.SignedReport{Report: body, Signature: signed.GetSignature()})
	if err != nil {
		return item{}, err
	}
	return item{report: r, first: r.GetSequence(), last: r.GetSequence(), hash: apiv1.ReportHash(body), payload: payload}, nil
}

func readGap(agentID string, key ed25519.PublicKey, signed *apiv1.SignedGap) (item, error) {
	body := signed.GetGap()
	if len(body) == 0 || len(body) > apiv1.MaxReportBytes {
		return item{}, fmt.Errorf("a gap has 1 to %d bytes, this one %d", apiv1.MaxReportBytes, len(body))
	}
	if !apiv1.Verify(key, apiv1.DomainGap, body, signed.GetSignature()) {
		return item{}, fmt.Errorf("the signature is not of this machine's report key")
	}
	g := &apiv1.Gap{}
	if err := proto.Unmarshal(body, g); err != nil {
		return item{}, fmt.Errorf("it is not a gap")
	}
	switch {
	case g.GetAgentId() != agentID:
		return item{}, fmt.Errorf("the gap is of another machine")
	case g.GetFirst() == 0 || g.GetLast() < g.GetFirst() || g.GetLast() > maxSequence:
		return item{}, fmt.Errorf("a gap from %d to %d is none", g.GetFirst(), g.GetLast())
	case g.GetLast()-g.GetFirst() >= maxGap:
		return item{}, fmt.Errorf("a gap of more than %d reports: enrol this machine again", maxGap)
	}
	count := g.GetLast() - g.GetFirst() + 1
	if n := uint64(len(g.GetHashes())); n != 0 && n != count {
		return item{}, fmt.Errorf("%d hashes for %d reports", n, count)
	}
	for _, hash := range g.GetHashes() {
		if n := len(hash); n != 0 && n != sha256.Size {
			return item{}, fmt.Errorf("a hash has %d bytes", n)
		}
	}
	payload, err := evidenceOf(&apiv1.SignedGap{Gap: body, Signature: signed.GetSignature()})
	if err != nil {
		return item{}, err
	}
	return item{gap: g, first: g.GetFirst(), last: g.GetLast(), payload: payload}, nil
}

// evidenceOf is the payload of an item's leaf: the signed item in protobuf, of
// which only the two known fields are kept.
func evidenceOf(signed proto.Message) ([]byte, error) {
	payload, err := proto.MarshalOptions{Deterministic: true}.Marshal(signed)
	if err != nil {
		return nil, fmt.Errorf("it cannot be kept: %w", err)
	}
	return payload, nil
}

// hashOf is the hash that a gap tells for a sequence number, nil for none.
func (it item) hashOf(sequence uint64) []byte {
	if it.report != nil {
		return it.hash[:]
	}
	i := sequence - it.first
	if i >= uint64(len(it.gap.GetHashes())) || len(it.gap.GetHashes()[i]) == 0 {
		return nil
	}
	return it.gap.GetHashes()[i]
}

// leaf is the item as evidence.
func (it item) leaf(agentID string) evidence.Leaf {
	kind := evidence.Report
	if it.report == nil {
		kind = evidence.Gap
	}
	return evidence.Leaf{Kind: kind, Subject: agentID, Sequence: it.first, Payload: it.payload}
}
