package policy

import (
	"strings"
	"testing"

	"vigia/checks/catalog"
)

// Those who left go to the machines that they may have used, as parameters of its check.
func TestLeavers(t *testing.T) {
	source, err := LoadSource("politica.yaml", []byte("packs: [es-rgpd]\nleavers:\n"+
		"  - {account: ana, left: 2026-11-02T15:00:00-06:00}\n  - {machine: otro, account: luis, left: 2026-11-02T15:00:00Z}\n"))
	if err != nil {
		t.Fatal(err)
	}
	packs, err := Packs()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compose(ComposeInput{Agent: "a", Hostname: "srv-01", Source: source, Packs: packs, Catalog: catalog.New()})
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, e := range p.Entries {
		if e.Check == "accounts.leavers" {
			found = true
			if want := `"leavers":[{"account":"ana","left":"2026-11-02T15:00:00-06:00"}]`; !strings.Contains(string(e.Params), want) {
				t.Errorf("%s: got %s, want %s", e.Control, e.Params, want)
			}
		}
	}
	if !found {
		t.Error("no entry looks for those who left")
	}
	for text, want := range map[string]string{
		"leavers: [{account: ana}]":                       "leavers[0].left",
		"leavers: [{left: 2026-11-02T15:00:00Z}]":         "account",
		"leavers: [{account: ana, left: 2026-11-02}]":     "left",
		"leavers: [{account: ana, left: mañana, x: '1'}]": "leavers[0]",
	} {
		if _, err := LoadSource("politica.yaml", []byte("packs: [es-rgpd]\n"+text+"\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s named", text, err, want)
		}
	}
}
