package policy

import (
	"strings"
	"testing"
	"time"

	"vigia/checks/catalog"
)

func TestCouriers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, text, want string }{
		{"a department", `{department: Catastro, silence: 240h, why: "visita semanal", by: "TI"}`, ""},
		{"a machine", `{machine: pc-014, silence: 840h, why: "visita mensual", by: "TI"}`, ""},
		{"both", `{machine: pc-014, department: Catastro, silence: 240h, why: "x", by: "y"}`, "not both"},
		{"everybody", `{silence: 240h, why: "x", by: "y"}`, "a machine or a department"},
		{"nobody said so", `{machine: pc-014, silence: 240h, why: "x"}`, "is missing"},
		{"no time", `{machine: pc-014, why: "x", by: "y"}`, "want from"},
		{"for ever", `{machine: pc-014, silence: 9000h, why: "x", by: "y"}`, "want from"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s, err := LoadSource("p.yaml", []byte("packs: [es-rgpd]\ncouriers:\n  - "+row.text+"\n"))
			switch {
			case row.want == "" && (err != nil || len(s.Couriers) != 1):
				t.Errorf("got %v, %v", s.Couriers, err)
			case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

// A machine that a courier visits may be silent as long as that takes, and no other.
func TestSilenceOfACourier(t *testing.T) {
	t.Parallel()
	packs, err := Packs()
	if err != nil {
		t.Fatal(err)
	}
	day := Duration(24 * time.Hour)
	source := DefaultSource("es-rgpd")
	source.Couriers = []Courier{
		{Machine: "PC-014.ayto.example", Silence: 35 * day}, {Department: "catastro", Silence: 10 * day},
	}
	for _, row := range []struct {
		host, department string
		want             Duration
	}{
		{"pc-001", "Tesorería", defaultSilence},
		{"pc-001", "Catastro", 10 * day},
		{"pc-014.ayto.example", "Catastro", 35 * day},
		{"pc-014.ayto.example", "", 35 * day},
	} {
		p, err := Compose(ComposeInput{Agent: "a", Hostname: row.host, Department: row.department, Epoch: 1, Version: 1,
			Source: source, Packs: packs, Catalog: catalog.New()})
		if err != nil {
			t.Fatal(err)
		}
		if p.Schedule.Silence != row.want {
			t.Errorf("%s of %q: got %v, want %v", row.host, row.department, p.Schedule.Silence, row.want)
		}
	}
}
