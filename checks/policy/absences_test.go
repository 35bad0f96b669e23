package policy

import (
	"strings"
	"testing"
	"time"
)

func TestAbsences(t *testing.T) {
	source := func(row string) string { return "packs: [es-rgpd]\nabsences:\n  - " + row + "\n" }
	for _, row := range []struct{ name, text, want string }{
		{"a holiday", `{from: 2026-12-21, until: 2027-01-06, why: "Navidad", by: "RH"}`, ""},
		{"a portable", `{machine: portatil-03, from: 2026-07-01, until: 2026-07-15, why: "en casa", by: "TI"}`, ""},
		{"backwards", `{from: 2027-01-06, until: 2026-12-21, why: "x", by: "y"}`, "is before"},
		{"no day", `{from: mañana, until: 2026-12-21, why: "x", by: "y"}`, "YYYY-MM-DD"},
		{"nobody said so", `{from: 2026-12-21, until: 2026-12-22, why: "x"}`, "is missing"},
		{"both", `{machine: a, department: b, from: 2026-12-21, until: 2026-12-22, why: "x", by: "y"}`, "one of them"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, err := LoadSource("p.yaml", []byte(source(row.text)))
			switch {
			case row.want == "" && (err != nil || len(s.Absences) != 1):
				t.Errorf("got %v, %v", s.Absences, err)
			case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

func TestAbsenceBinds(t *testing.T) {
	for _, row := range []struct {
		a    Absence
		want bool
	}{
		{Absence{}, true},
		{Absence{Machine: "PC-1"}, true},
		{Absence{Machine: "pc-2"}, false},
		{Absence{Department: "ingresos"}, true},
		{Absence{Department: "Catastro"}, false},
	} {
		if got := row.a.Binds("pc-1.municipio.example", "Ingresos"); got != row.want {
			t.Errorf("%+v: got %v", row.a, got)
		}
	}
	from, until := Absence{From: "2026-12-21", Until: "2026-12-22"}.Days(time.UTC)
	if until.Sub(from) != 48*time.Hour {
		t.Errorf("two days are from %v to %v", from, until)
	}
}
