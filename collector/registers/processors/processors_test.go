package processors

import (
	"slices"
	"testing"
	"time"

	"vigia/collector/registers"
	"vigia/collector/registers/registerstest"
)

var good = registers.Values{"name": "Nube Ejemplo", "service": "Correo", "kind": "mail", "department": "Informática", "hosts": "nube.example",
	"contract": "C-12/2026", "signed": "2026-01-15", "until": "2026-12-31", "clauses": "instructions\npurpose\nsecurity\nbreach\nsecrecy\nreturn\ntransfer"}

func TestRules(t *testing.T) {
	registerstest.Rules(t, Book(), good, []registerstest.Row{
		{Name: "in use without a contract, and it is said", Set: registers.Values{"contract": "", "signed": "", "until": "", "clauses": ""}},
		{Name: "never signed", Set: registers.Values{"signed": ""}, Want: []string{"signed: processors.signed"}},
		{Name: "over before it was signed", Set: registers.Values{"until": "2025-12-31"}, Want: []string{"until: processors.order"}},
		{Name: "ended, and the data", Set: registers.Values{"ended": "2026-11-01"}, Want: []string{"returned: processors.returned"}},
		{Name: "a clause that is none", Set: registers.Values{"clauses": "coffee"}, Want: []string{"clauses: register.not_choices"}},
	})
}

func TestProcessor(t *testing.T) {
	p, err := Of(registers.Row{Folio: 1, Values: registerstest.With(good, registers.Values{"clauses": "instructions\nsecurity\nsecrecy\nreturn\ntransfer"})})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Missing(); !slices.Equal(got, []string{"purpose", "breach"}) {
		t.Errorf("missing %v", got)
	}
	for day, want := range map[string]bool{"2026-01-14": false, "2026-01-15": true, "2026-12-31": true, "2027-01-01": false} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil || p.Covered(at) != want {
			t.Errorf("%s: covered %v", day, p.Covered(at))
		}
	}
	for host, want := range map[string]bool{"nube.example": true, "Correo.NUBE.example": true, "otranube.example": false, "example": false} {
		if _, got := ByHost([]Processor{p}, host); got != want {
			t.Errorf("%s: got %v", host, got)
		}
	}
}
