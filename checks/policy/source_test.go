package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const fullSource = `packs: [mx-general, es-rgpd]
portal: https://vigia.ejemplo.gob.mx:9443
overrides:
  - control: BK-DAILY
    machine: SRV-01
    params: {every: 168h}
    every: 12h
    why: "el padrón se actualiza por semana"
    by: Contraloría
  - control: AC-FAIL-3
    department: Tesorería
    params: {max: 3}
    why: "maneja cuentas bancarias"
    by: Contraloría
permits:
  - machine: pc-07
    folder: C:\Padrones
    purpose: becas
    by: Desarrollo Social
    until: 2027-06-30
datasets:
  - machine: SRV-01
    name: catastro
    source: /srv/catastro
    copies: /mnt/copias/catastro
    pattern: "*.zip"
    min_bytes: 1000000
software:
  - {name: LibreOffice*, publisher: The Document Foundation}
  - name: 7-Zip
scan: ['C:\Users', /home]
schedule: {report: 30m}
`

func TestLoadSource(t *testing.T) {
	got, err := LoadSource("politica.yaml", []byte(fullSource))
	if err != nil {
		t.Fatal(err)
	}
	want := Source{
		Packs: []string{"mx-general", "es-rgpd"}, Portal: "https://vigia.ejemplo.gob.mx:9443",
		Overrides: []Override{
			{Control: "BK-DAILY", Machine: "SRV-01", Params: []byte(`{"every":"168h"}`), Every: Duration(12 * 3600e9), Why: "el padrón se actualiza por semana", By: "Contraloría"},
			{Control: "AC-FAIL-3", Department: "Tesorería", Params: []byte(`{"max":3}`), Why: "maneja cuentas bancarias", By: "Contraloría"},
		},
		Permits:  []Permit{{Machine: "pc-07", Folder: `C:\Padrones`, Purpose: "becas", By: "Desarrollo Social", Until: "2027-06-30"}},
		Datasets: []PlacedDataset{{Machine: "SRV-01", Dataset: Dataset{Name: "catastro", Source: "/srv/catastro", Copies: "/mnt/copias/catastro", Pattern: "*.zip", MinBytes: 1000000}}},
		Software: []Software{{Name: "LibreOffice*", Publisher: "The Document Foundation"}, {Name: "7-Zip"}},
		Scan:     []string{`C:\Users`, "/home"}, Schedule: &Schedule{Report: Duration(1800e9)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLoadSourceRefuses(t *testing.T) {
	for _, tt := range []struct{ name, old, with, want string }{
		{"no packs", "packs: [mx-general, es-rgpd]\n", "", `p.yaml: packs: name at least one of ` + allPacks(t)},
		{"unknown pack", "es-rgpd]", "es-rgdp]", `p.yaml:1: packs[1]: there is no pack "es-rgdp"; there are ` + allPacks(t)},
		{"a pack twice", "es-rgpd]", "mx-general]", `p.yaml:1: packs[1]: mx-general is there twice`},
		{"portal without TLS", "https:", "http:", `p.yaml:2: portal: want an address such as https://vigia.example.org:9443`},
		{"portal with a password", "https://", "https://a:b@", `p.yaml:2: portal: want an address such as https://vigia.example.org:9443`},

		{"unknown control", "control: BK-DAILY", "control: BK-DIALY", `p.yaml:4: overrides[0].control: none of the packs ["mx-general" "es-rgpd"] measures "BK-DIALY"`},
		{"a control without check", "control: BK-DAILY", "control: INC-72H", `p.yaml:4: overrides[0].control: none of the packs ["mx-general" "es-rgpd"] measures "INC-72H"`},
		{"unknown parameter", "{every: 168h}", "{evry: 168h}", `p.yaml:6: overrides[0].params: backup.daily: unknown field "evry"`},
		{"a parameter out of range", "{every: 168h}", "{every: 0s}", `p.yaml:6: overrides[0].params: backup.daily: every and min_bytes must be more than 0`},
		{"parameters that are a list", "{every: 168h}", "[every]", `p.yaml:6: overrides[0].params: parameters: want keys with values: json: cannot unmarshal array into Go value of type map[string]json.RawMessage`},
		{"too often", "every: 12h", "every: 5s", `p.yaml:7: overrides[0].every: want at least 1m0s`},
		{"nobody said why", "    why: \"el padrón se actualiza por semana\"\n", "", `p.yaml:4: overrides[0].why: is missing`},
		{"nobody decided", "    by: Contraloría\n  - control: AC-FAIL-3", "  - control: AC-FAIL-3", `p.yaml:4: overrides[0].by: is missing`},
		{"changes nothing", "    params: {every: 168h}\n    every: 12h\n", "", `p.yaml:4: overrides[0]: changes nothing: give params or every`},
		{"twice for the same machines", "  - control: AC-FAIL-3\n    department: Tesorería\n    params: {max: 3}\n", "  - control: BK-DAILY\n    machine: srv-01\n    params: {every: 2h}\n", `p.yaml:10: overrides[1].control: BK-DAILY is changed twice for the same machines`},
		{"control characters", "by: Contraloría\npermits", "by: \"Contra\\nloría\"\npermits", `p.yaml:14: overrides[1].by: holds control characters`},

		{"no end", "    until: 2027-06-30\n", "", `p.yaml:16: permits[0].until: is missing`},
		{"no such day", "2027-06-30", "2027-06-31", `p.yaml:20: permits[0].until: want the last day as YYYY-MM-DD, got "2027-06-31"`},
		{"nobody permitted", "    by: Desarrollo Social\n", "", `p.yaml:16: permits[0].by: is missing`},
		{"no purpose", "    purpose: becas\n", "", `p.yaml:16: permits[0].purpose: is missing`},
		{"a folder of nowhere", `folder: C:\Padrones`, "folder: Padrones", `p.yaml:17: permits[0].folder: want a whole path such as /srv/datos or D:\Datos, got "Padrones"`},
		{"a folder that climbs", `folder: C:\Padrones`, `folder: C:\Padrones\..`, `p.yaml:17: permits[0].folder: write the path without ..`},
		{"a whole disk", `folder: C:\Padrones`, `folder: C:\`, `p.yaml:17: permits[0].folder: a permit for a whole disk permits everything; name a folder`},
		{"the root", `folder: C:\Padrones`, `folder: //`, `p.yaml:17: permits[0].folder: a permit for a whole disk permits everything; name a folder`},

		{"a dataset without name", "    name: catastro\n", "", `p.yaml:22: datasets[0].name: is missing`},
		{"copies of nowhere", "copies: /mnt/copias/catastro", "copies: copias", `p.yaml:25: datasets[0].copies: want a whole path such as /srv/datos or D:\Datos, got "copias"`},
		{"a bad day", `    pattern: "*.zip"`, "    sizes_from: ayer\n    pattern: \"*.zip\"", `p.yaml:26: datasets[0].sizes_from: want a day as YYYY-MM-DD, got "ayer"`},
		{"a bad pattern", `"*.zip"`, `"[a"`, `p.yaml:26: datasets[0].pattern: want a form such as *.zip, got "[a"`},
		{"a negative size", "1000000", "-1", `p.yaml:27: datasets[0].min_bytes: is negative`},
		{"an unknown key of a dataset", "min_bytes", "min_size", `p.yaml:27: datasets[0].min_size: unknown key`},

		{"a folder to scan of nowhere", "/home]", "home]", `p.yaml:31: scan[1]: want a whole path such as /srv/datos or D:\Datos, got "home"`},
		{"reports too often", "30m", "5s", `p.yaml:32: schedule.report: want at least 1m0s`},
		{"silence before a report", "{report: 30m}", "{report: 72h, snapshot: 96h}", `p.yaml:32: schedule.silence: 48h0m0s is shorter than report, 72h0m0s: every machine would seem silent`},
		{"a snapshot before a report", "{report: 30m}", "{report: 30h}", `p.yaml:32: schedule.snapshot: 24h0m0s is shorter than report, 30h0m0s`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if strings.Count(fullSource, tt.old) < 1 {
				t.Fatalf("%q is not there to change", tt.old)
			}
			_, err := LoadSource("p.yaml", []byte(strings.Replace(fullSource, tt.old, tt.with, 1)))
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestLoadSourceLimits(t *testing.T) {
	long := "packs: [es-rgpd]\nscan:\n" + strings.Repeat("  - /srv/a\n", maxScan+1)
	if _, err := LoadSource("p.yaml", []byte(long)); err == nil || err.Error() != "p.yaml:2: scan: 101 rows, more than 100" {
		t.Errorf("got %v", err)
	}
	both := "packs: [es-rgpd]\noverrides:\n  - {control: BK-DAILY, machine: a, department: b, every: 1h, why: c, by: d}\n"
	if _, err := LoadSource("p.yaml", []byte(both)); err == nil || err.Error() != "p.yaml:3: overrides[0]: machine or department, not both" {
		t.Errorf("got %v", err)
	}
	// Each part is right by itself, and together they are more than a check takes.
	var many strings.Builder
	many.WriteString("packs: [es-rgpd]\ndatasets:\n")
	for i := range 201 {
		many.WriteString("  - {name: d" + strings.Repeat("x", i) + ", copies: /c}\n")
	}
	if _, err := LoadSource("p.yaml", []byte(many.String())); err == nil || !strings.Contains(err.Error(), "BK-DAILY") || !strings.Contains(err.Error(), "201 datasets") {
		t.Errorf("got %v", err)
	}
}
