package transfers

import (
	"slices"
	"testing"

	"vigia/collector/registers"
	"vigia/collector/registers/registerstest"
)

const hash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

var good = registers.Values{"recipient": "Instituto estatal", "recipient_kind": "public", "department": "Personal", "data": "nombre\nRFC", "purpose": "Servicio médico",
	"basis": "law", "law": "Ley de seguridad social, art. 12", "instrument": "agreement", "document": hash, "from": "2026-01-01"}

func TestRules(t *testing.T) {
	registerstest.Rules(t, Book(), good, []registerstest.Row{
		{Name: "by consent", Set: registers.Values{"basis": "consent", "law": ""}},
		{Name: "without consent and without a law", Set: registers.Values{"law": ""}, Want: []string{"law: transfers.law"}},
		{Name: "an agreement that nobody has", Set: registers.Values{"document": ""}, Want: []string{"document: transfers.document"}},
		{Name: "there is none, and it is said", Set: registers.Values{"instrument": "none", "document": ""}},
		{Name: "between authorities", Set: registers.Values{"instrument": "exempt", "document": ""}},
		{Name: "a firm is no authority", Set: registers.Values{"instrument": "exempt", "recipient_kind": "private"}, Want: []string{"instrument: transfers.exempt"}},
		{Name: "abroad without safeguards", Set: registers.Values{"recipient_kind": "abroad"}, Want: []string{"safeguards: transfers.safeguards"}},
		{Name: "ends before it begins", Set: registers.Values{"until": "2025-01-01"}, Want: []string{"until: transfers.order"}},
		{Name: "no data", Set: registers.Values{"data": ""}, Want: []string{"data: register.missing"}},
	})
}

func TestLacks(t *testing.T) {
	for _, row := range []struct {
		set  registers.Values
		want []string
	}{
		{registers.Values{"notice": "2026-01-01"}, nil},
		{nil, []string{"notice"}},
		{registers.Values{"instrument": "none"}, []string{"instrument", "notice"}},
	} {
		tr, err := Of(registers.Row{Folio: 1, Values: registerstest.With(good, row.set)})
		if got := tr.Lacks(); err != nil || !slices.Equal(got, row.want) {
			t.Errorf("%v: got %v, %v, want %v", row.set, got, err, row.want)
		}
	}
}
