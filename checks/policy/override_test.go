package policy

import (
	"encoding/json"
	"strings"
	"testing"

	"vigia/checks/catalog"
)

// Some controls have two checks, one for the machine and one for the directory, with
// parameters of their own.
func TestOverrideOfTwoChecks(t *testing.T) {
	const file = "packs: [es-rgpd, es-directory]\noverrides:\n  - control: AC-FAIL-3\n    params: PARAMS\n    why: \"así se acordó\"\n    by: Secretaría\n"
	packs, err := Packs()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, params, machine, directory, refused string }{
		{"of the machine's check only", `{ssh_tries: 6}`, `{"max":3,"recommended":3,"ssh_tries":6} changed`, `{"max":3,"recommended":3}`, ""},
		{"of both", `{max: 2, recommended: 2}`, `{"max":2,"recommended":2} changed`, `{"max":2,"recommended":2} changed`, ""},
		{"of both and of one", `{max: 2, ssh_tries: 6}`, `{"max":2,"recommended":3,"ssh_tries":6} changed`, `{"max":2,"recommended":3} changed`, ""},
		{"of none", `{ssh_trys: 6}`, "", "", `p.yaml:4: overrides[0].params: accounts.lockout: unknown field "ssh_trys"`},
		{"of another type", `{ssh_tries: many}`, "", "", `p.yaml:4: overrides[0].params: accounts.lockout: cannot unmarshal`},
	} {
		t.Run(row.name, func(t *testing.T) {
			source, err := LoadSource("p.yaml", []byte(strings.Replace(file, "PARAMS", row.params, 1)))
			if row.refused != "" {
				if err == nil || !strings.HasPrefix(err.Error(), row.refused) {
					t.Errorf("got %v, want %s", err, row.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			p, err := Compose(ComposeInput{Agent: "a", Version: 1, Source: source, Packs: packs, Catalog: catalog.New()})
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, e := range p.Entries {
				if e.Control == "AC-FAIL-3" {
					got[e.Check] = string(e.Params)
					if e.Changed != nil {
						got[e.Check] += " changed"
					}
				}
			}
			if got["accounts.lockout"] != row.machine || got["directory.lockout"] != row.directory {
				t.Errorf("got %v", got)
			}
		})
	}
}

// An override without packs that name the check is refused as before.
func TestOverrideOfAnotherPack(t *testing.T) {
	o := Override{Control: "AC-FAIL-3", Params: json.RawMessage(`{"ssh_tries":6}`), Why: "a", By: "b"}
	packs, err := Packs()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Compose(ComposeInput{Agent: "a", Version: 1, Source: Source{Packs: []string{"es-directory"}, Overrides: []Override{o}}, Packs: packs, Catalog: catalog.New()})
	if err == nil || !strings.Contains(err.Error(), `unknown field "ssh_tries"`) {
		t.Errorf("got %v", err)
	}
}
