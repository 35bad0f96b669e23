package appointments

import (
	"testing"
	"time"

	"vigia/collector/registers"
	"vigia/collector/registers/registerstest"
)

var good = registers.Values{"office": "officer", "person": "Ana Ruiz", "act": "Oficio 12/2026", "from": "2026-01-01", "account": "ana"}

func TestRules(t *testing.T) {
	registerstest.Rules(t, Book(), good, []registerstest.Row{
		{Name: "a liaison", Set: registers.Values{"office": "liaison", "department": "Agua"}},
		{Name: "a liaison of nothing", Set: registers.Values{"office": "liaison"}, Want: []string{"department: appointments.department"}},
		{Name: "by no act", Set: registers.Values{"act": ""}, Want: []string{"act: register.missing"}},
		{Name: "over before it began", Set: registers.Values{"until": "2025-12-31"}, Want: []string{"until: appointments.order"}},
		{Name: "stands in for herself", Set: registers.Values{"substitute": "ANA RUÍZ"}, Want: []string{"substitute: appointments.self"}},
	})
}

func TestVacantAndConflicts(t *testing.T) {
	all := []Appointment{
		{Folio: 1, Office: Officer, Person: "Ana Ruiz", Account: "ana", From: "2026-01-01", Until: "2026-06-30"},
		{Folio: 2, Office: Administrator, Person: "Luis Gil", From: "2025-01-01"},
		{Folio: 3, Office: Auditor, Person: "LUIS GIL", From: "2026-09-01"},
		{Folio: 4, Office: Administrator, Person: "Ana Ruiz", Account: "ana", From: "2026-03-01"},
	}
	for _, row := range []struct {
		day           string
		officer, head bool // vacant
		officerSince  string
		conflicts     int
	}{
		{"2026-02-01", false, true, "", 0},
		{"2026-06-30", false, true, "", 1}, // officer and administrator in one
		{"2026-07-01", true, true, "2026-07-01", 0},
		{"2026-11-22", true, true, "2026-07-01", 1}, // auditor and administrator in one
	} {
		at, err := time.Parse(time.DateOnly, row.day)
		if err != nil {
			t.Fatal(err)
		}
		got := Vacant([]Office{Officer, Controller}, all, at)
		since, officer := got[Officer]
		if _, head := got[Controller]; officer != row.officer || head != row.head || since != row.officerSince {
			t.Errorf("%s: vacant %v", row.day, got)
		}
		if got := Conflicts(all, at); len(got) != row.conflicts {
			t.Errorf("%s: conflicts %+v", row.day, got)
		}
	}
}
