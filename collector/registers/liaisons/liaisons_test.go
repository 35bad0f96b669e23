package liaisons

import (
	"slices"
	"testing"
	"time"

	"vigia/collector/registers"
	"vigia/collector/registers/registerstest"
)

var good = registers.Values{"department": "Catastro", "period": "2026-11", "by": "Eva Sol", "delivered": "2026-12-02", "looked": "users\nmedia", "problems": "0"}

func TestRules(t *testing.T) {
	registerstest.Rules(t, Book(), good, []registerstest.Row{
		{Name: "a quarter", Set: registers.Values{"period": "2026Q4"}},
		{Name: "no period", Set: registers.Values{"period": "noviembre"}, Want: []string{"period: liaisons.period"}},
		{Name: "a fifth quarter", Set: registers.Values{"period": "2026Q5"}, Want: []string{"period: liaisons.period"}},
		{Name: "a thirteenth month", Set: registers.Values{"period": "2026-13"}, Want: []string{"period: liaisons.period"}},
		{Name: "before it began", Set: registers.Values{"delivered": "2026-10-31"}, Want: []string{"delivered: liaisons.early"}},
		{Name: "problems, and not which", Set: registers.Values{"problems": "2"}, Want: []string{"words: liaisons.words"}},
		{Name: "looked at nothing", Set: registers.Values{"looked": ""}, Want: []string{"looked: liaisons.looked"}},
	})
}

func TestSilent(t *testing.T) {
	all := []Report{{Department: "Catastro", Period: "2026-11"}, {Department: "Caja", Period: "2026Q3"}, {Department: "Agua", Period: "2026Q4"}}
	if got := Silent([]string{"Agua", "Caja", "Catastro"}, all, "2026Q4"); !slices.Equal(got, []string{"Caja"}) {
		t.Errorf("got %v", got)
	}
	if got := Quarter(time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)); got != "2026Q4" {
		t.Errorf("got %s", got)
	}
}
