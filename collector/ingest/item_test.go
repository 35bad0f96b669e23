package ingest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"testing"

	"google.golang.org/protobuf/proto"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/enroll"
)

// nobody is an authority that knows no agent.
type nobody struct{}

func (nobody) VerifyAgent([]*x509.Certificate) (string, error) { return "", enroll.ErrNoCertificate }

// What a machine signs is decoded without harm, and what is taken keeps its
// promises. The fuzzer holds the machine's key, as a machine that turned
// against us does.
func FuzzReadItem(f *testing.F) {
	const agentID = "abcdefghijklmnopqrstuvwxyz"
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	add := func(m proto.Message, gap bool) {
		body, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, gap)
	}
	add(&apiv1.Report{AgentId: agentID, Sequence: 1, PreviousHash: make([]byte, 32), Full: true, Results: []*apiv1.Result{{Entry: "AC-LOCK-15", Observed: []byte("{}")}}}, false)
	add(&apiv1.Report{AgentId: agentID, Sequence: 1 << 62, PreviousHash: bytes.Repeat([]byte{1}, 32)}, false)
	add(&apiv1.Gap{AgentId: agentID, First: 3, Last: 4, Hashes: [][]byte{nil, make([]byte, 32)}, Reason: "dropped"}, true)
	f.Add([]byte("\xff"), true)
	f.Fuzz(func(t *testing.T, body []byte, gap bool) {
		wire := &apiv1.Item{Item: &apiv1.Item_Report{Report: &apiv1.SignedReport{Report: body, Signature: apiv1.Sign(key, apiv1.DomainReport, body)}}}
		if gap {
			wire = &apiv1.Item{Item: &apiv1.Item_Gap{Gap: &apiv1.SignedGap{Gap: body, Signature: apiv1.Sign(key, apiv1.DomainGap, body)}}}
		}
		it, err := readItem(agentID, key.Public().(ed25519.PublicKey), wire)
		if err != nil {
			return
		}
		if it.first == 0 || it.last < it.first || it.last > maxSequence || it.last-it.first >= maxGap || (it.report == nil) != gap {
			t.Errorf("took %+v", it)
		}
		for _, sequence := range []uint64{it.first, it.last} {
			if n := len(it.hashOf(sequence)); n != 0 && n != 32 {
				t.Errorf("a hash of %d bytes", n)
			}
		}
		if !bytes.Contains(it.payload, body) {
			t.Error("the evidence does not hold what was signed")
		}
	})
}
