package requests

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vigia/checks/policy"
	"vigia/collector/registers"
	"vigia/collector/registers/registerstest"
	"vigia/collector/worktime"
)

var good = registers.Values{"reference": "A. R. G.", "kinds": "access", "received": "2026-11-03T16:00:00Z", "channel": "counter", "holder": "self", "identity": "document"}

func TestRules(t *testing.T) {
	answered := registers.Values{"answered": "2026-11-20", "outcome": "granted"}
	with := func(more registers.Values) registers.Values { return registerstest.With(answered, more) }
	registerstest.Rules(t, Book(), good, []registerstest.Row{
		{Name: "two rights at once", Set: registers.Values{"kinds": "access\nportability"}},
		{Name: "no right", Set: registers.Values{"kinds": ""}, Want: []string{"kinds: register.missing"}},
		{Name: "a CURP as reference", Set: registers.Values{"reference": "GOMA800101HDFRRN09"}, Want: []string{"reference: requests.values"}},
		{Name: "a DNI as reference", Set: registers.Values{"reference": "12345678-Z"}, Want: []string{"reference: requests.values"}},
		{Name: "a mail address as reference", Set: registers.Values{"reference": "ana@villa.example"}, Want: []string{"reference: requests.values"}},
		{Name: "a file number as reference", Set: registers.Values{"reference": "EXP 45/2026"}},
		{Name: "systems by folio", Set: registers.Values{"systems": "SIS-0001\nSIS-0012"}},
		{Name: "systems by name", Set: registers.Values{"systems": "Padrón"}, Want: []string{"systems: requests.system"}},
		{Name: "before it was received", Set: registers.Values{"acknowledged": "2026-11-01"}, Want: []string{"acknowledged: requests.order"}},
		{Name: "another is competent, and not who", Set: registers.Values{"not_competent": "2026-11-04"}, Want: []string{"referred: requests.referred"}},
		{Name: "completed without being asked", Set: registers.Values{"completed": "2026-11-09"}, Want: []string{"asked: requests.asked"}},
		{Name: "extended for no reason", Set: registers.Values{"extended": "2026-11-09"}, Want: []string{"extension_why: requests.why"}},
		{Name: "a reason and no extension", Set: registers.Values{"extension_why": "Mucho papel"}, Want: []string{"extended: requests.extended"}},
		{Name: "answered", Set: answered},
		{Name: "answered, and not what", Set: with(registers.Values{"outcome": ""}), Want: []string{"outcome: requests.outcome"}},
		{Name: "an outcome without an answer", Set: with(registers.Values{"answered": ""}), Want: []string{"answered: requests.answered"}},
		{Name: "denied for no reason", Set: with(registers.Values{"outcome": "denied"}), Want: []string{"outcome_why: requests.why"}},
		{Name: "granted to nobody knows whom", Set: with(registers.Values{"identity": "pending"}), Want: []string{"identity: requests.identity"}},
		{Name: "carried out", Set: with(registers.Values{"executed": "2026-11-25"})},
		{Name: "carried out before the answer", Set: with(registers.Values{"executed": "2026-11-19"}), Want: []string{"executed: requests.order"}},
		{Name: "denied and carried out", Set: with(registers.Values{"outcome": "denied", "outcome_why": "x", "executed": "2026-11-25"}), Want: []string{"executed: requests.executed"}},
		{Name: "portability in no format", Set: with(registers.Values{"kinds": "portability", "executed": "2026-11-25"}), Want: []string{"portability: requests.format"}},
		{Name: "portability on paper", Set: with(registers.Values{"kinds": "portability", "executed": "2026-11-25", "portability": "pdf"}), Want: []string{"portability: requests.structured"}},
		{Name: "portability", Set: with(registers.Values{"kinds": "portability", "executed": "2026-11-25", "portability": "csv"})},
	})
}

func packs(t *testing.T, names ...string) []policy.Pack {
	t.Helper()
	all, err := policy.Packs()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(p policy.Pack) bool { return !slices.Contains(names, p.Name) })
}

// The clock of a request through its life. Steps are written as "answer 12-02 pending".
func TestClock(t *testing.T) {
	mexico, spain := []string{"mx-general"}, []string{"es-rgpd"}
	for _, row := range []struct {
		name  string
		packs []string
		set   registers.Values
		now   string
		want  []string
		next  string
		whole State
	}{
		{"Mexico: just received", mexico, nil, "2026-11-03 12:00",
			[]string{"acknowledge 11-04 pending", "not_competent 11-06 pending", "complete 11-10 pending", "answer 12-02 pending", "execute - future"}, "acknowledge", Pending},
		{"Mexico: over the third Monday of November", mexico, registers.Values{"acknowledged": "2026-11-03"}, "2026-11-20 12:00",
			[]string{"acknowledge 11-04 done", "not_competent 11-06 skipped", "complete 11-10 skipped", "answer 12-02 pending", "execute - future"}, "answer", Pending},
		{"Mexico: nobody acknowledged", mexico, nil, "2026-11-05 12:00",
			[]string{"acknowledge 11-04 overdue", "not_competent 11-06 pending", "complete 11-10 pending", "answer 12-02 pending", "execute - future"}, "acknowledge", Overdue},
		{"Mexico: another is competent", mexico, registers.Values{"acknowledged": "2026-11-03", "not_competent": "2026-11-06", "referred": "El Estado"}, "2026-11-08 12:00",
			[]string{"acknowledge 11-04 done", "not_competent 11-06 done", "complete 11-10 skipped", "answer 12-02 skipped", "execute - skipped"}, "", Done},
		{"Mexico: told too late", mexico, registers.Values{"acknowledged": "2026-11-03", "not_competent": "2026-11-09", "referred": "El Estado"}, "2026-11-10 12:00",
			[]string{"acknowledge 11-04 done", "not_competent 11-06 late", "complete 11-10 skipped", "answer 12-02 skipped", "execute - skipped"}, "", Done},
		{"Mexico: waits for the person", mexico, registers.Values{"acknowledged": "2026-11-03", "asked": "2026-11-09"}, "2026-11-12 12:00",
			[]string{"acknowledge 11-04 done", "not_competent 11-06 skipped", "complete 11-10 done", "completion 11-24 pending", "answer - future", "execute - future"}, "completion", Pending},
		{"Mexico: counts again from what came", mexico, registers.Values{"acknowledged": "2026-11-03", "asked": "2026-11-09", "completed": "2026-11-17"}, "2026-11-18 12:00",
			[]string{"acknowledge 11-04 done", "not_competent 11-06 skipped", "complete 11-10 done", "completion 11-24 done", "answer 12-15 pending", "execute - future"}, "answer", Pending},
		{"Mexico: it never came", mexico, registers.Values{"acknowledged": "2026-11-03", "asked": "2026-11-09"}, "2026-11-25 12:00",
			[]string{"acknowledge 11-04 done", "not_competent 11-06 skipped", "complete 11-10 done", "completion 11-24 overdue", "answer - future", "execute - future"}, "completion", Pending},
		{"Mexico: extended over Christmas", mexico, registers.Values{"acknowledged": "2026-11-03", "extended": "2026-11-30", "extension_why": "x"}, "2026-12-03 12:00",
			[]string{"acknowledge 11-04 done", "not_competent 11-06 skipped", "complete 11-10 skipped", "answer 12-16 pending", "execute - future"}, "answer", Pending},
		{"Mexico: overdue", mexico, registers.Values{"acknowledged": "2026-11-03"}, "2026-12-03 00:00",
			[]string{"acknowledge 11-04 done", "not_competent 11-06 skipped", "complete 11-10 skipped", "answer 12-02 overdue", "execute - future"}, "answer", Overdue},
		{"Mexico: granted", mexico, registers.Values{"acknowledged": "2026-11-03", "answered": "2026-12-02", "outcome": "granted"}, "2026-12-03 12:00",
			[]string{"acknowledge 11-04 done", "not_competent 11-06 skipped", "complete 11-10 skipped", "answer 12-02 done", "execute 12-23 pending"}, "execute", Pending},
		{"Mexico: carried out a day late", mexico, registers.Values{"acknowledged": "2026-11-03", "answered": "2026-12-02", "outcome": "granted", "executed": "2026-12-24"}, "2026-12-28 12:00",
			[]string{"acknowledge 11-04 done", "not_competent 11-06 skipped", "complete 11-10 skipped", "answer 12-02 done", "execute 12-23 late"}, "", Done},
		{"Mexico: denied needs no carrying out", mexico, registers.Values{"acknowledged": "2026-11-03", "answered": "2026-11-20", "outcome": "denied", "outcome_why": "x"}, "2026-12-28 12:00",
			[]string{"acknowledge 11-04 done", "not_competent 11-06 skipped", "complete 11-10 skipped", "answer 12-02 done"}, "", Done},
		{"Spain: a month, of which the last day is worked", spain, nil, "2026-11-04 12:00",
			[]string{"acknowledge 11-06 pending", "answer 12-03 pending"}, "acknowledge", Pending},
		{"Spain: three months with the extension", spain, registers.Values{"acknowledged": "2026-11-04", "extended": "2026-11-30", "extension_why": "x"}, "2026-12-04 12:00",
			[]string{"acknowledge 11-06 done", "answer 02-03 pending"}, "answer", Pending},
		{"both: the strictest of each", []string{"mx-general", "es-rgpd"}, nil, "2026-11-03 12:00",
			[]string{"acknowledge 11-04 pending", "not_competent 11-06 pending", "complete 11-10 pending", "answer 12-01 pending", "execute - future"}, "acknowledge", Pending},
	} {
		t.Run(row.name, func(t *testing.T) {
			in := packs(t, row.packs...)
			zone := time.FixedZone("", -6*3600)
			cal := worktime.Of(in, zone, nil)
			v := registerstest.With(good, row.set)
			if err := Book().Review(v); err != nil {
				t.Fatal(err)
			}
			request, err := Of(registers.Row{Folio: 1, Values: v})
			if err != nil {
				t.Fatal(err)
			}
			now, err := time.ParseInLocation("2006-01-02 15:04", row.now, zone)
			if err != nil {
				t.Fatal(err)
			}
			terms, err := Clock(request, in, cal, now)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, term := range terms {
				due := "-"
				if !term.Due.IsZero() {
					due = term.Due.In(zone).Format("01-02")
				}
				got = append(got, fmt.Sprintf("%s %s %s", strings.TrimPrefix(term.ID, "request."), due, term.State))
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("got %q,\nwant %q", got, row.want)
			}
			next, open := Next(terms)
			if strings.TrimPrefix(next.ID, "request.") != row.next || open != (row.next != "") || Worst(terms) != row.whole {
				t.Errorf("next %q, %v; whole %s", next.ID, open, Worst(terms))
			}
		})
	}
}
