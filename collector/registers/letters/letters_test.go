package letters

import (
	"testing"

	"vigia/collector/registers"
	"vigia/collector/registers/registerstest"
)

var good = registers.Values{"person": "7", "department": "Tesorería", "kind": "employee", "signed": "2026-02-01", "where": "Expediente de personal", "account": "ana.ruiz"}

func TestRules(t *testing.T) {
	registerstest.Rules(t, Book(), good, []registerstest.Row{
		{Name: "a supplier", Set: registers.Values{"person": "", "account": "", "name": "Soporte de caja", "kind": "external"}},
		{Name: "nobody's", Set: registers.Values{"person": "", "account": ""}, Want: []string{"person: letters.who"}},
		{Name: "nobody has it", Set: registers.Values{"where": ""}, Want: []string{"document: letters.proof"}},
		{Name: "looked at before it was signed", Set: registers.Values{"checked": "2026-01-01"}, Want: []string{"checked: letters.order"}},
		{Name: "never signed", Set: registers.Values{"signed": ""}, Want: []string{"signed: register.missing"}},
	})
}

func TestFind(t *testing.T) {
	var all []Letter
	for i, set := range []registers.Values{nil, {"signed": "2026-06-01", "person": ""}, {"person": "", "account": "luis", "signed": "2026-03-01"}} {
		l, err := Of(registers.Row{Folio: int64(i + 1), Values: registerstest.With(good, set)})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	for _, row := range []struct {
		name    string
		person  int64
		account string
		day     string
		want    int64
	}{
		{"by folio", 7, "", "2026-11-22", 1},
		{"the last by account", 0, "Ana.Ruiz", "2026-11-22", 2},
		{"as of a day", 0, "ana.ruiz", "2026-05-01", 1},
		{"before it was signed", 7, "", "2026-01-31", 0},
		{"of nobody", 0, "", "2026-11-22", 0},
		{"of somebody without one", 9, "eva", "2026-11-22", 0},
	} {
		got, ok := Find(all, row.person, row.account, row.day)
		if got.Folio != row.want || ok != (row.want > 0) {
			t.Errorf("%s: got %d, %v", row.name, got.Folio, ok)
		}
	}
}
