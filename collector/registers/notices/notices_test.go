package notices

import (
	"slices"
	"testing"

	"vigia/collector/registers"
	"vigia/collector/registers/registerstest"
)

var good = registers.Values{"title": "Padrón del agua", "kind": "simplified", "department": "Agua", "places": "counter", "system": "3",
	"contents": "controller\npurposes\ntransfers\nrefusal\nwhere", "published": "2026-01-10"}

func TestRules(t *testing.T) {
	registerstest.Rules(t, Book(), good, []registerstest.Row{
		{Name: "on the web", Set: registers.Values{"places": "web", "url": "https://villa.example/aviso"}},
		{Name: "on the web, and not where", Set: registers.Values{"places": "counter\nweb"}, Want: []string{"url: notices.no_where"}},
		{Name: "half an address", Set: registers.Values{"url": "villa.example"}, Want: []string{"url: notices.url"}},
		{Name: "shown nowhere", Set: registers.Values{"places": ""}, Want: []string{"places: register.missing"}},
		{Name: "withdrawn before it was published", Set: registers.Values{"withdrawn": "2026-01-09"}, Want: []string{"withdrawn: notices.order"}},
	})
}

func TestMissing(t *testing.T) {
	for _, row := range []struct {
		name string
		set  registers.Values
		want []string
	}{
		{"a simplified one that says all", nil, nil},
		{"without transfers", registers.Values{"contents": "controller\npurposes\nrefusal\nwhere"}, []string{"transfers"}},
		{"a complete one with the simplified one's", registers.Values{"kind": "complete"}, []string{"address", "data", "basis", "rights", "office", "changes"}},
		{"nobody looked", registers.Values{"contents": ""}, []string{"controller", "purposes", "transfers", "refusal", "where"}},
	} {
		n, err := Of(registers.Row{Folio: 1, Values: registerstest.With(good, row.set)})
		if got := n.Missing(); err != nil || !slices.Equal(got, row.want) {
			t.Errorf("%s: got %v, %v, want %v", row.name, got, err, row.want)
		}
	}
}

func TestWithout(t *testing.T) {
	n, err := Of(registers.Row{Folio: 1, Values: registerstest.With(good, registers.Values{"withdrawn": "2026-06-30"})})
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[string][]int64{"2026-01-09": {3, 4}, "2026-01-10": {4}, "2026-06-30": {4}, "2026-07-01": {3, 4}} {
		if got := Without([]int64{3, 4}, []Notice{n}, day); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", day, got, want)
		}
	}
}
