package simulate

import (
	"slices"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/catalog"
	"vigia/checks/policy"
)

// What is the matter with a machine is what its checks say, and nothing else is.
func TestFactsAreJudged(t *testing.T) {
	begin := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	cat := catalog.New()
	packs, err := policy.Packs()
	if err != nil {
		t.Fatal(err)
	}
	town := NewTown(60, 200, 7)
	source := policy.DefaultSource("mx-general")
	for _, m := range town.Machines {
		for _, name := range m.Datasets {
			source.Datasets = append(source.Datasets, policy.PlacedDataset{Machine: m.Host, Dataset: policy.Dataset{Name: name, Copies: "/srv/copias/" + name}})
		}
	}
	failed := map[string]int{}
	for _, m := range town.Machines {
		pol, err := policy.Compose(policy.ComposeInput{Agent: "x", Hostname: m.Host, Epoch: 1, Version: 1, Issued: begin, Source: source, Packs: packs, Catalog: cat})
		if err != nil {
			t.Fatal(err)
		}
		for day := 0; day < 200; day += 40 {
			o := observer{Machine: m, town: town, day: day, at: begin.AddDate(0, 0, day)}
			for _, e := range pol.Entries {
				observed, err := o.observe(e.Check, e.Params)
				if err != nil {
					t.Fatal(err)
				}
				check, ok := cat.Lookup(e.Check)
				if !ok {
					t.Fatalf("no check %s", e.Check)
				}
				v, err := check.Judge(observed, e.Params, o.at)
				if err != nil {
					t.Errorf("%s on %s: %v\n%s", e.Check, m.Host, err, observed)
					continue
				}
				if v.Status == checks.Fail {
					failed[e.Check]++
				}
				quiet := m.OSName != "Microsoft Windows 10 Pro" && !slices.ContainsFunc(m.Troubles, func(tr Trouble) bool { return day >= tr.From && day < tr.Until })
				if quiet && v.Status == checks.Fail {
					t.Errorf("%s on %s, with which nothing is the matter on day %d: %s %v\n%s", e.Check, m.Host, day, v.Status, v.Reason, observed)
				}
				if v.Reason.Code == "check.not_observed" {
					t.Errorf("%s on %s: %v\n%s", e.Check, m.Host, v.Reason, observed)
				}
			}
		}
	}
	for _, check := range []string{
		"session.screenlock", "session.logon", "accounts.password_age", "accounts.password_length", "accounts.lockout", "accounts.privileges", "accounts.shares",
		"accounts.remote", "protection.antivirus", "protection.patches", "protection.firewall", "personaldata.local", "personaldata.leftovers",
		"inventory.channels", "session.disk_encryption", "backup.daily",
	} {
		if failed[check] == 0 {
			t.Errorf("%s never fails: %v", check, failed)
		}
	}
}

// The same seed tells the same story, another one another.
func TestTownFollowsFromItsSeed(t *testing.T) {
	count := func(seed uint64) (people, machines, troubles int, first string) {
		town := NewTown(120, 365, seed)
		for _, m := range town.Machines {
			troubles += len(m.Troubles)
		}
		return len(town.People), len(town.Machines), troubles, town.People[0].Account
	}
	p1, m1, t1, f1 := count(1)
	p2, m2, t2, f2 := count(1)
	if p1 != p2 || m1 != m2 || t1 != t2 || f1 != f2 || m1 != 120 {
		t.Errorf("one seed, two towns: %d %d %d %s and %d %d %d %s", p1, m1, t1, f1, p2, m2, t2, f2)
	}
	if _, _, t3, f3 := count(2); t3 == t1 && f3 == f1 {
		t.Error("two seeds, one town")
	}
}
