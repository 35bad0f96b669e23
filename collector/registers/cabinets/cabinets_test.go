package cabinets

import (
	"testing"
	"time"

	"vigia/collector/registers"
	"vigia/collector/registers/registerstest"
)

var good = registers.Values{"name": "Archivero 3", "place": "Planta baja", "department": "Catastro", "contents": "Expedientes de predios", "lock": "key",
	"keys": "2", "holders": "Ana Ruiz\nLuis Gil", "checked": "2026-09-01"}

func TestRules(t *testing.T) {
	registerstest.Rules(t, Book(), good, []registerstest.Row{
		{Name: "in a locked room", Set: registers.Values{"lock": "room", "keys": "", "holders": "Ana Ruiz"}},
		{Name: "not locked, and it is said", Set: registers.Values{"lock": "none", "keys": "", "holders": ""}},
		{Name: "nobody counted the keys", Set: registers.Values{"keys": ""}, Want: []string{"keys: cabinets.keys"}},
		{Name: "nobody can open it", Set: registers.Values{"holders": ""}, Want: []string{"holders: cabinets.holders"}},
		{Name: "more people than keys", Set: registers.Values{"keys": "1"}, Want: []string{"holders: cabinets.more"}},
		{Name: "nobody looked at it", Set: registers.Values{"checked": ""}, Want: []string{"checked: register.missing"}},
	})
}

func TestCabinet(t *testing.T) {
	c, err := Of(registers.Row{Folio: 1, Values: registerstest.With(good, registers.Values{"keys": "5"})})
	if err != nil || c.Open() || c.Loose() != 3 {
		t.Errorf("got %+v, %v", c, err)
	}
	at := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	if c.Stale(at, 90) || !c.Stale(at, 89) {
		t.Error("stale by the wrong day")
	}
}
