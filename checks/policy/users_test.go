package policy

import (
	"strings"
	"testing"

	"vigia/checks/catalog"
)

const sourceWithUsers = `packs: [es-rgpd]
users:
  - {account: ana}
  - {machine: pc-07, account: soporte, admin: true, until: 2027-06-30}
  - {machine: pc-08, account: eva}
`

// The register of users goes to the comparison of accounts: the rows of all machines
// and those of the machine itself.
func TestUsers(t *testing.T) {
	s, err := LoadSource("p.yaml", []byte(sourceWithUsers))
	if err != nil {
		t.Fatal(err)
	}
	packs, err := Packs()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compose(ComposeInput{Agent: "a", Hostname: "PC-07.muni.example", Source: s, Packs: packs, Catalog: catalog.New()})
	if err != nil {
		t.Fatal(err)
	}
	const want = `"users":[{"account":"ana"},{"machine":"pc-07","account":"soporte","admin":true,"until":"2027-06-30"}]`
	for _, e := range p.Entries {
		if e.Check == "accounts.snapshot" {
			if got := string(e.Params); !strings.Contains(got, want) {
				t.Errorf("got %s, want %s", got, want)
			}
			return
		}
	}
	t.Error("nothing compares accounts")
}

func TestBadUsers(t *testing.T) {
	for _, tt := range []struct{ name, old, with, want string }{
		{"no account", "{account: ana}", "{machine: pc-07}", `p.yaml:3: users[0].account: is missing`},
		{"a date that is none", "2027-06-30", "junio", `p.yaml:4: users[1].until: want the last day as YYYY-MM-DD, got "junio"`},
		{"an unknown key", "admin:", "root:", `p.yaml:4: users[1].root: unknown key`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := LoadSource("p.yaml", []byte(strings.Replace(sourceWithUsers, tt.old, tt.with, 1)))
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}
