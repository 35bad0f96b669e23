package agent

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vigia/agent/collectortest"
	"vigia/checks/message"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
)

// packVersion gives a policy's pack another version.
func packVersion(p policy.Policy, version int) policy.Policy {
	p.Packs = []policy.PackRef{{Name: p.Packs[0].Name, Version: version}}
	return p
}

// Every policy that must not be taken is not: the last good one stays in force, over a
// restart too, and the collector, the status and the page are told why and what to do.
func TestRefusedPolicies(t *testing.T) {
	good := packVersion(policyFor(t, "machine-1", 1, 3), 5)
	next := func() policy.Policy { return packVersion(policyFor(t, "machine-1", 1, 4), 5) }
	replace := func(was, is string) []byte { return bytes.Replace(next().Encode(), []byte(was), []byte(is), 1) }
	for _, row := range []struct {
		name string
		body []byte
		sign func(c *collectortest.Server, body []byte) *apiv1.SignedPolicy // nil: with the collector's key
		why  string
		says string
	}{
		{"unsigned", next().Encode(), func(_ *collectortest.Server, b []byte) *apiv1.SignedPolicy { return &apiv1.SignedPolicy{Policy: b} }, "signature", "no la firma el colector"},
		{"a foreign key", next().Encode(), func(_ *collectortest.Server, b []byte) *apiv1.SignedPolicy {
			_, key, err := ed25519.GenerateKey(rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			return &apiv1.SignedPolicy{Policy: b, Signature: apiv1.Sign(key, apiv1.DomainPolicy, b)}
		}, "signature", "no la firma el colector"},
		{"another policy's signature", next().Encode(), func(c *collectortest.Server, b []byte) *apiv1.SignedPolicy {
			return &apiv1.SignedPolicy{Policy: b, Signature: c.Sign(good.Encode()).GetSignature()}
		}, "signature", "no la firma el colector"},
		{"another machine's", policyFor(t, "machine-2", 1, 4).Encode(), nil, "other_machine", "es la de otro equipo"},
		{"an older version", packVersion(policyFor(t, "machine-1", 1, 2), 5).Encode(), nil, "older", "es más antigua"},
		{"an older epoch", packVersion(policyFor(t, "machine-1", 0, 9), 5).Encode(), nil, "older", "vigia restore"},
		{"an older pack", packVersion(policyFor(t, "machine-1", 1, 4), 4).Encode(), nil, "pack_older", "uno de sus paquetes"},
		{"cut off", next().Encode()[:200], nil, "invalid", "cut off"},
		{"empty", nil, nil, "invalid", "cut off"},
		{"an unknown key", replace(`{"agent"`, `{"run":"rm","agent"`), nil, "invalid", "run"},
		{"a key twice", replace(`{"agent":"machine-1"`, `{"agent":"machine-2","agent":"machine-1"`), nil, "invalid", "twice"},
		{"not UTF-8", replace(`machine-1`, "machine-\xe1"), nil, "invalid", "not UTF-8"},
		{"a check that this agent does not know", replace(`"accounts.password_age"`, `"accounts.mindreading"`), nil, "invalid", "update the agent"},
		{"a threshold below zero", replace(`"max_days":365`, `"max_days":-1`), nil, "invalid", "below zero"},
		{"a threshold of another type", replace(`"max_days":365`, `"max_days":"many"`), nil, "invalid", "max_days"},
		{"a parameter that the check does not have", replace(`"max_days":365`, `"max_weeks":52`), nil, "invalid", "max_weeks"},
		{"too large", append(next().Encode(), bytes.Repeat([]byte(" "), policy.MaxPolicy)...), nil, "invalid", "larger than"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := enrolled(t)
			p.c.SetPolicy(p.c.Sign(good.Encode()))
			p.once(t)
			sign := row.sign
			if sign == nil {
				sign = (*collectortest.Server).Sign
			}
			p.c.SetPolicy(sign(p.c, row.body))
			a := p.open(t)
			a.Offer(t, sign(p.c, row.body))
			if err := a.reporter.writeDue(t.Context()); err != nil {
				t.Fatal(err)
			}
			if row.name != "too large" { // no message carries one
				if err := a.Once(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // and once more after a restart
				if epoch, version := a.policies.Current(); epoch != 1 || version != 3 {
					t.Errorf("policy %d.%d is in force, want 1.3", epoch, version)
				}
				s := a.view.snapshot()
				r := s.Policy.Refused
				if r == nil || r.Why != row.why {
					t.Fatalf("status: got %+v, want %q", r, row.why)
				}
				if words := newSayer(message.Spanish).refused(r); !strings.Contains(words, row.says) || strings.Contains(words, "{") {
					t.Errorf("status says %q, want %q", words, row.says)
				}
				if html := string(page(s, a.view.catalog, message.Spanish)); !strings.Contains(html, "no se aceptó") || !strings.Contains(html, "es-rgpd 5") {
					t.Error("the page does not tell of it")
				}
				a.Close()
				a = p.open(t)
				a.Offer(t, sign(p.c, row.body))
			}
			var whys []string
			for _, r := range p.reports() {
				for _, e := range r.GetEvents() {
					if e.GetCode() == eventPolicyRefused {
						whys = append(whys, e.GetArgs()["why"])
					}
				}
			}
			if row.name != "too large" && !slices.Contains(whys, row.why) {
				t.Errorf("the collector was told of %q, want %q", whys, row.why)
			}
			// A good one ends it.
			a.Offer(t, p.c.Sign(packVersion(policyFor(t, "machine-1", 1, 5), 6).Encode()))
			if _, version := a.policies.Current(); version != 5 || a.view.snapshot().Policy.Refused != nil {
				t.Errorf("policy %d with %+v, want 5 and no refusal", version, a.view.snapshot().Policy.Refused)
			}
			a.Close()
		})
	}
}

// Offer gives a policy to an agent as a delivery does.
func (a *Agent) Offer(t *testing.T, signed *apiv1.SignedPolicy) {
	t.Helper()
	a.policies.Offer(t.Context(), signed)
}

// A restore from a backup begins a new epoch: what was decided meanwhile is gone, packs
// included, and no agent is locked out.
func TestAnHonestRestoreBringsOlderPacks(t *testing.T) {
	p := enrolled(t)
	a := p.open(t)
	defer a.Close()
	for _, row := range []struct {
		epoch, version uint64
		pack           int
		taken          bool
	}{
		{1, 9, 7, true},
		{1, 10, 6, false},
		{2, 4, 6, true},
		{2, 5, 5, false},
		{2, 5, 7, true},
	} {
		a.Offer(t, p.c.Sign(packVersion(policyFor(t, "machine-1", row.epoch, row.version), row.pack).Encode()))
		epoch, version := a.policies.Current()
		if got := epoch == row.epoch && version == row.version; got != row.taken {
			t.Errorf("%d.%d with pack %d: taken %v, want %v", row.epoch, row.version, row.pack, got, row.taken)
		}
	}
}

// A pack that is left out, or comes new, is no step back.
func TestOtherPacksAreNotOlder(t *testing.T) {
	p := enrolled(t)
	a := p.open(t)
	defer a.Close()
	for version, packs := range [][]policy.PackRef{
		{{Name: "es-rgpd", Version: 3}, {Name: "mx-general", Version: 5}}, {{Name: "mx-general", Version: 5}},
		{{Name: "mx-nle", Version: 1}, {Name: "mx-general", Version: 6}},
	} {
		next := policyFor(t, "machine-1", 1, uint64(version)+2)
		next.Packs = packs
		a.Offer(t, p.c.Sign(next.Encode()))
		if _, got := a.policies.Current(); got != next.Version {
			t.Errorf("%v: policy %d is in force, want %d", packs, got, next.Version)
		}
	}
}

// A policy that a bad disk has eaten is not the end of what was good before it.
func TestADamagedPolicyGivesWayToTheSteadyOne(t *testing.T) {
	for _, bad := range []struct {
		name string
		text []byte
	}{{"noise", []byte("\xff\xff\xff")}, {"empty", []byte{}}} {
		t.Run(bad.name, func(t *testing.T) {
			p := enrolled(t)
			p.c.SetPolicy(p.c.Sign(policyFor(t, "machine-1", 1, 3).Encode()))
			p.once(t)
			a := p.open(t)
			if err := a.policies.steady(0); err != nil {
				t.Fatal(err)
			}
			a.Offer(t, p.c.Sign(policyFor(t, "machine-1", 1, 4).Encode()))
			a.Close()
			if err := os.WriteFile(filepath.Join(folder(p.data).enrolment("machine-1"), policyFile), bad.text, 0o600); err != nil {
				t.Fatal(err)
			}
			a = p.open(t)
			defer a.Close()
			if epoch, version := a.policies.Current(); epoch != 1 || version != 3 {
				t.Errorf("policy %d.%d is in force, want 1.3", epoch, version)
			}
		})
	}
}
