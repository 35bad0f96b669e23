package waivers

import (
	"slices"
	"testing"
	"time"

	"vigia/checks/policy"
	"vigia/collector/registers"
	"vigia/collector/registers/registerstest"
)

var good = registers.Values{"control": "AC-LOCK-15", "machine": "pc-caja-01", "reason": "Programa de caja", "approver": "titular", "from": "2026-11-01", "until": "2026-12-31"}

func TestRules(t *testing.T) {
	registerstest.Rules(t, Book(), good, []registerstest.Row{
		{Name: "for the whole organisation", Set: registers.Values{"machine": "", "from": ""}},
		{Name: "without an end", Set: registers.Values{"until": ""}, Want: []string{"until: register.missing"}},
		{Name: "without a reason", Set: registers.Values{"reason": ""}, Want: []string{"reason: register.missing"}},
		{Name: "without who answers", Set: registers.Values{"approver": ""}, Want: []string{"approver: register.missing"}},
		{Name: "ends before it begins", Set: registers.Values{"until": "2026-10-31"}, Want: []string{"until: waivers.order"}},
		{Name: "no control", Set: registers.Values{"control": "bloqueo"}, Want: []string{"control: waivers.control"}},
		{Name: "two controls", Set: registers.Values{"control": "AC-LOCK-15, AC-PWD-LEN"}, Want: []string{"control: waivers.control"}},
	})
}

func row(folio int64, set registers.Values) registers.Row {
	return registers.Row{Folio: folio, Version: 1, Values: registerstest.With(good, set),
		At: time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC), Act: registers.Act{By: "Oficial", Via: registers.Portal}}
}

func TestActiveAndCovers(t *testing.T) {
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	rows := []registers.Row{
		row(1, nil),
		row(2, registers.Values{"machine": "", "department": "Tesorería", "until": "2026-12-15"}),
		row(3, registers.Values{"machine": "", "finding": "gnome/ana", "control": "AC-PWD-LEN"}),
		row(4, registers.Values{"machine": "", "control": "SYS-FW", "from": "2026-12-01"}),
	}
	for _, c := range []struct {
		name                                  string
		at                                    time.Time
		control, machine, department, finding string
		want                                  int64
	}{
		{"the machine", time.Date(2026, 11, 20, 9, 0, 0, 0, madrid), "AC-LOCK-15", "PC-CAJA-01", "Catastro", "x", 1},
		{"another machine", time.Date(2026, 11, 20, 9, 0, 0, 0, madrid), "AC-LOCK-15", "pc-caja-02", "Catastro", "x", 0},
		{"the department", time.Date(2026, 11, 20, 9, 0, 0, 0, madrid), "AC-LOCK-15", "pc-caja-02", "tesorería", "x", 2},
		{"the longer of two", time.Date(2026, 11, 20, 9, 0, 0, 0, madrid), "AC-LOCK-15", "pc-caja-01", "Tesorería", "x", 1},
		{"another control", time.Date(2026, 11, 20, 9, 0, 0, 0, madrid), "AC-PWD-AGE-365", "pc-caja-01", "Tesorería", "x", 0},
		{"the finding", time.Date(2026, 11, 20, 9, 0, 0, 0, madrid), "AC-PWD-LEN", "pc-1", "", "gnome/ana", 3},
		{"another finding", time.Date(2026, 11, 20, 9, 0, 0, 0, madrid), "AC-PWD-LEN", "pc-1", "", "gnome/luis", 0},
		{"on its last day, late", time.Date(2026, 12, 31, 23, 59, 0, 0, madrid), "AC-LOCK-15", "pc-caja-01", "", "x", 1},
		{"when it has ended, by itself", time.Date(2027, 1, 1, 0, 0, 0, 0, madrid), "AC-LOCK-15", "pc-caja-01", "", "x", 0},
		{"before it begins", time.Date(2026, 11, 30, 12, 0, 0, 0, madrid), "SYS-FW", "pc-1", "", "", 0},
		{"on its first day", time.Date(2026, 12, 1, 0, 0, 0, 0, madrid), "SYS-FW", "pc-1", "", "", 4},
		{"before it was written", time.Date(2026, 10, 31, 12, 0, 0, 0, madrid), "AC-LOCK-15", "pc-caja-01", "", "x", 0},
	} {
		w, ok := Active(rows, c.at).Covers(c.control, c.machine, c.department, c.finding)
		if w.Folio != c.want || ok != (c.want > 0) {
			t.Errorf("%s: got %d, %v, want %d", c.name, w.Folio, ok, c.want)
		}
	}
	removed := row(1, nil)
	removed.Removed = true
	if got := Active([]registers.Row{removed}, time.Date(2026, 11, 20, 0, 0, 0, 0, madrid)); len(got) > 0 {
		t.Errorf("one that was struck out holds: %v", got)
	}
}

func TestWhatPacksDemand(t *testing.T) {
	packs := []policy.Pack{
		{TwoPeople: []string{policy.TwoPeopleWaivers}, Terms: []policy.Term{{ID: policy.WaiverLongest, Count: 365, Unit: policy.Days}}},
		{Terms: []policy.Term{{ID: policy.WaiverLongest, Count: 6, Unit: policy.Months}}},
	}
	both := RulesOf(packs)
	if (both != Rules{Longest: 180, TwoPeople: true}) {
		t.Fatalf("got %+v", both)
	}
	for _, c := range []struct {
		name  string
		rules Rules
		set   registers.Values
		want  []string
	}{
		{"as it should be", both, nil, nil},
		{"longer than a pack allows", both, registers.Values{"until": "2027-06-01"}, []string{"until: waivers.long"}},
		{"no bound", Rules{}, registers.Values{"until": "2036-06-01"}, nil},
		{"counted from when it is written", both, registers.Values{"from": "", "until": "2027-05-01"}, []string{"until: waivers.long"}},
		{"who writes it approves it", both, registers.Values{"approver": "oficial"}, []string{"approver: waivers.approver"}},
		{"who asked approves it", both, registers.Values{"asker": "titular"}, []string{"approver: waivers.approver"}},
		{"who approved writes what another asked", both, registers.Values{"asker": "tecnico", "approver": "oficial"}, nil},
		{"one person where packs do not care", Rules{Longest: 365}, registers.Values{"approver": "oficial"}, nil},
	} {
		var got []string
		for _, p := range c.rules.Review(row(1, c.set), time.UTC) {
			got = append(got, p.Field+": "+p.Code)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestLeft(t *testing.T) {
	w, err := Of(row(1, nil))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 12, 29, 23, 0, 0, 0, time.UTC)
	if w.Left(at) != 2 || w.Ended(at) || !w.Ended(at.AddDate(0, 0, 3)) {
		t.Errorf("left %d, ended %v", w.Left(at), w.Ended(at))
	}
}
