package simulate

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"hash/fnv"

	"google.golang.org/protobuf/proto"

	"vigia/checks"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/enroll"
	"vigia/collector/storage"
)

// agent is the agent of a machine, as far as the collector can tell.
type agent struct {
	id       string
	key      ed25519.PrivateKey
	sequence uint64
	previous [sha256.Size]byte
	policy   policy.Policy
	sent     map[string]sent // by entry
}

// sent is what was last reported whole of an entry.
type sent struct {
	sequence uint64
	content  [sha256.Size]byte
}

// enrol admits a machine with a token of its department.
func (t *tale) enrol(ctx context.Context, m Machine) (*agent, error) {
	var token apiv1.Token
	if err := t.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		token, err = t.Enroll.CreateToken(ctx, tx, enroll.TokenRequest{Hostname: m.Host, Department: m.Department, By: "sistemas"})
		return err
	}); err != nil {
		return nil, err
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	tls, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, tls)
	if err != nil {
		return nil, err
	}
	resp, err := t.Admit(ctx, &apiv1.EnrollRequest{
		TokenSecret: token.Secret[:], CertificateRequest: csr, ReportKey: public,
		ReportKeyProof: apiv1.Sign(private, apiv1.DomainEnroll, apiv1.EnrollProof(csr)), Machine: m.describe(),
	})
	if err != nil {
		return nil, err
	}
	a := &agent{id: resp.GetAgentId(), key: private, sent: map[string]sent{}}
	return a, a.obey(t.Hall, resp.GetPolicy())
}

// describe is what a machine says of itself.
func (m Machine) describe() *apiv1.Machine {
	system := "linux"
	if m.Windows {
		system = "windows"
	}
	hardware, installation := sha256.Sum256([]byte("hardware "+m.Serial)), sha256.Sum256([]byte("installation "+m.Serial))
	return &apiv1.Machine{Hostname: m.Host, Os: system, OsName: m.OSName, OsVersion: m.OSBuild, Arch: "amd64", AgentVersion: "0.9.0",
		HardwareId: hardware[:16], InstallationId: installation[:16]}
}

// obey takes a policy, if one came.
func (a *agent) obey(hall Hall, signed *apiv1.SignedPolicy) error {
	if signed == nil {
		return nil
	}
	next, err := policy.Decode(signed.GetPolicy(), hall.Catalog)
	if err != nil {
		return err
	}
	a.policy = next
	return nil
}

// report sends the day's full report, and takes the policy that comes back.
func (a *agent) report(ctx context.Context, hall Hall, o observer) error {
	results, err := a.results(hall, o)
	if err != nil {
		return err
	}
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(&apiv1.Report{
		AgentId: a.id, Sequence: a.sequence + 1, PreviousHash: a.previous[:], CreatedAt: o.at.UnixMicro(),
		PolicyEpoch: a.policy.Epoch, PolicyVersion: a.policy.Version, Machine: o.describe(), Full: true, Results: results,
		Health: &apiv1.Health{StartedAt: o.monday(0).UnixMicro(), RssBytes: uint64(18+o.pick("rss", 5)) << 20, CpuMs: uint64(o.day) * 41},
	})
	if err != nil {
		return err
	}
	resp, err := hall.Take(ctx, a.id, &apiv1.DeliverRequest{
		Items: []*apiv1.Item{{Item: &apiv1.Item_Report{Report: &apiv1.SignedReport{
			Report: body, Signature: apiv1.Sign(a.key, apiv1.DomainReport, body),
		}}}},
		PolicyEpoch: a.policy.Epoch, PolicyVersion: a.policy.Version,
	})
	if err != nil {
		return err
	}
	a.sequence, a.previous = a.sequence+1, apiv1.ReportHash(body)
	if got := resp.GetDurableSequence(); got != a.sequence {
		return fmt.Errorf("acknowledged up to %d, want %d", got, a.sequence)
	}
	for _, r := range results {
		if r.GetSameAs() == 0 {
			a.sent[r.GetEntry()] = sent{a.sequence, content(r)}
		}
	}
	return a.obey(hall, resp.GetPolicy())
}

// results measures and judges each entry of the policy. What did not change refers to the
// report that has it, but once in seven, as real agents do.
func (a *agent) results(hall Hall, o observer) ([]*apiv1.Result, error) {
	var out []*apiv1.Result
	for _, e := range a.policy.Entries {
		check, ok := hall.Catalog.Lookup(e.Check)
		if !ok {
			return nil, fmt.Errorf("the policy asks for the check %s, which there is not", e.Check)
		}
		observed, err := o.observe(e.Check, e.Params)
		if err != nil {
			return nil, err
		}
		v, err := check.Judge(observed, e.Params, o.at)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.ID, err)
		}
		r := &apiv1.Result{Entry: e.ID, Control: e.Control, Check: e.Check, Status: apiv1.StatusOf(string(v.Status)), Reason: reason(v.Reason), Observed: observed}
		for _, f := range v.Findings {
			r.Findings = append(r.Findings, &apiv1.Finding{Key: f.Key, Status: apiv1.StatusOf(string(f.Status)), Reason: reason(f.Reason)})
		}
		if was := a.sent[e.ID]; was.sequence > 0 && was.content == content(r) && !turn(e.ID, o.day) {
			r.SameAs, r.Observed, r.Findings = was.sequence, nil, nil
		}
		r.ObservedAt = o.at.UnixMicro()
		out = append(out, r)
	}
	return out, nil
}

// turn tells whether it is the day of the week on which an entry is reported whole.
func turn(entry string, day int) bool {
	h := fnv.New32a()
	h.Write([]byte(entry))
	return (uint32(day)+h.Sum32())%7 == 0
}

func reason(r checks.Reason) *apiv1.Reason { return &apiv1.Reason{Code: r.Code, Args: r.Args} }

// content identifies a result without its times.
func content(r *apiv1.Result) [sha256.Size]byte {
	c := proto.CloneOf(r)
	c.ObservedAt, c.SameAs = 0, 0
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(c)
	if err != nil {
		return [sha256.Size]byte{}
	}
	return sha256.Sum256(b)
}
