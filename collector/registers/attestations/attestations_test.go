package attestations

import (
	"testing"
	"time"

	"vigia/checks"
	"vigia/collector/registers"
	"vigia/collector/registers/registerstest"
)

var good = registers.Values{"control": "GOV-AUDIT-Y", "what": "Auditoría interna", "by": "Contraloría", "day": "2026-03-10", "result": "meets"}

func TestRules(t *testing.T) {
	registerstest.Rules(t, Book(), good, []registerstest.Row{
		{Name: "with a document and an end", Set: registers.Values{"until": "2026-12-31", "document": "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"}},
		{Name: "nobody did it", Set: registers.Values{"by": ""}, Want: []string{"by: register.missing"}},
		{Name: "ends before it was done", Set: registers.Values{"until": "2026-03-09"}, Want: []string{"until: attestations.order"}},
		{Name: "partly, and not what", Set: registers.Values{"result": "partly"}, Want: []string{"note: attestations.note"}},
		{Name: "not met, and what", Set: registers.Values{"result": "fails", "note": "Falta el informe"}},
		{Name: "no document's hash", Set: registers.Values{"document": "acta.pdf"}, Want: []string{"document: register.not_paper"}},
	})
}

func TestStatus(t *testing.T) {
	row := func(folio int64, set registers.Values) registers.Row {
		return registers.Row{Folio: folio, Version: 1, Values: registerstest.With(good, set)}
	}
	rows := []registers.Row{
		row(1, registers.Values{"day": "2025-03-01", "result": "fails", "note": "x"}),
		row(2, nil),
		row(3, registers.Values{"control": "PHY-ROOM", "until": "2026-06-30"}),
		row(4, registers.Values{"control": "GOV-RETENTION", "department": "Catastro", "result": "partly", "note": "x"}),
		row(5, registers.Values{"day": "2026-12-24"}),
	}
	for _, c := range []struct {
		name, control, department string
		days                      int
		at                        string
		want                      checks.Status
		folio                     int64
		until                     string
		expired                   bool
	}{
		{"the last counts", "GOV-AUDIT-Y", "", 365, "2026-11-22", checks.Pass, 2, "2027-03-10", false},
		{"as of an earlier day", "GOV-AUDIT-Y", "", 365, "2026-02-01", checks.Fail, 1, "2026-03-01", false},
		{"its cadence is over", "GOV-AUDIT-Y", "", 180, "2026-11-22", checks.Unknown, 2, "2026-09-06", true},
		{"without cadence it holds", "GOV-AUDIT-Y", "", 0, "2026-11-22", checks.Pass, 2, "", false},
		{"its own end is over", "PHY-ROOM", "", 365, "2026-07-01", checks.Unknown, 3, "2026-06-30", true},
		{"on its last day", "PHY-ROOM", "", 365, "2026-06-30", checks.Pass, 3, "2026-06-30", false},
		{"a department speaks for itself", "GOV-RETENTION", "", 365, "2026-11-22", checks.Unknown, 0, "", false},
		{"of that department", "GOV-RETENTION", "Catastro", 365, "2026-11-22", checks.Warn, 4, "2027-03-10", false},
		{"nobody declared it", "GOV-TRAIN", "", 365, "2026-11-22", checks.Unknown, 0, "", false},
		{"what is written for a later day", "GOV-AUDIT-Y", "", 365, "2026-12-25", checks.Pass, 5, "2027-12-24", false},
	} {
		at, err := time.Parse(time.DateOnly, c.at)
		if err != nil {
			t.Fatal(err)
		}
		got := StatusOf(rows, c.control, c.department, c.days, at)
		if got.Status != c.want || got.Last.Folio != c.folio || got.Until != c.until || got.Expired != c.expired {
			t.Errorf("%s: got %+v", c.name, got)
		}
	}
}
