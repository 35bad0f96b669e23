package policy

import (
	"strings"
	"testing"
	"testing/fstest"

	"vigia/checks/catalog"
)

func TestLaws(t *testing.T) {
	book, err := Laws()
	if err != nil {
		t.Fatal(err)
	}
	core := 0
	for _, c := range book.Controls {
		if c.Core {
			core++
		}
		for _, text := range []string{c.Title.ES, c.Title.EN, c.Asks.ES, c.Asks.EN} {
			if strings.TrimSpace(text) != text || len(text) > 200 {
				t.Errorf("%s: %q has spaces around it or is no sentence", c.ID, text)
			}
		}
	}
	if core != 40 {
		t.Errorf("got %d core controls, want 40", core)
	}
	for _, id := range []string{
		"AC-LOCK-15", "AC-PWD-AGE-365", "AC-PWD-LEN", "AC-PWD-COMP", "AC-FAIL-3",
		"AC-LEASTPRIV", "AC-LOGON-REQ", "BK-DAILY", "DLP-LOCAL-Q", "INV-HWSW-Q",
	} {
		if c, ok := book.Control(id); !ok || c.ID != id {
			t.Errorf("%s is not in the book", id)
		}
	}
	if _, ok := book.Control("AC-NOTHING"); ok {
		t.Error("a control that does not exist was found")
	}
	if first, last := book.Controls[0].Family, book.Controls[len(book.Controls)-1].Family; first != book.Families[0].ID || last != "governance" {
		t.Errorf("controls are not in the order of the families: %s to %s", first, last)
	}
}

// Every rule of every pack names a check that exists, with parameters that it
// takes and registers that it has a parameter for.
func TestPacks(t *testing.T) {
	packs, err := Packs()
	if err != nil {
		t.Fatal(err)
	}
	book, err := Laws()
	if err != nil {
		t.Fatal(err)
	}
	cat := catalog.New()
	measured := map[string]bool{}
	for _, p := range packs {
		for _, r := range p.Rules {
			check, ok := cat.Lookup(r.Check)
			if !ok {
				t.Errorf("%s, %s: there is no check %q", p.Name, r.Control, r.Check)
				continue
			}
			measured[r.Check] = true
			if err := check.CheckParams(r.Params); err != nil {
				t.Errorf("%s, %s: %v", p.Name, r.Control, err)
			}
			if r.Severity.rank() == 0 {
				t.Errorf("%s, %s has no severity", p.Name, r.Control)
			}
			for _, register := range r.Inject {
				if err := check.CheckParams([]byte(`{"` + register + `":[]}`)); err != nil {
					t.Errorf("%s, %s: %s takes no %s: %v", p.Name, r.Control, r.Check, register, err)
				}
			}
		}
	}
	for _, check := range cat.All() {
		if !measured[check.Info().ID] {
			t.Errorf("no pack asks for %s", check.Info().ID)
		}
	}
	for _, name := range DefaultPacks() {
		if _, ok := findPack(packs, name); !ok {
			t.Errorf("the default pack %s does not exist", name)
		}
	}
	unmeasured := book.Unmeasured(packs)
	if len(unmeasured) == 0 {
		t.Error("every core duty is measured: is that so?")
	}
	for _, c := range unmeasured {
		if !c.Core || c.ID == "AC-LOCK-15" {
			t.Errorf("%s is listed as not measured", c.ID)
		}
	}
}

const index = `version: 1
date: 2026-11-21
sources:
  - {id: RGPD, kind: law, jurisdiction: EU, reading: secondary, title: {es: uno, en: one}}
families:
  - {id: session, title: {es: Sesión, en: Session}}
`

const control = `controls:
  - id: AC-LOCK-15
    family: session
    severity: high
    mode: automatic
    core: true
    title: {es: Bloqueo, en: Lock}
    asks: {es: Que se bloquee, en: That it locks}
    cites:
      - {source: RGPD, article: "32"}
`

const pack = `name: es-test
version: 3
date: 2026-11-01
title: {es: Prueba, en: Test}
rules:
  - control: AC-LOCK-15
    check: session.screenlock
    every: 1h
    inject: [permits]
`

// What is wrong with a law or a pack is said with file, line and key.
func TestBadLawsAndPacks(t *testing.T) {
	files := func(law, rules string) fstest.MapFS {
		return fstest.MapFS{
			"laws/index.yaml":    {Data: []byte(index)},
			"laws/a.yaml":        {Data: []byte(law)},
			"packs/es-test.yaml": {Data: []byte(rules)},
		}
	}
	change := func(text, old, with string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("%q is not there to change", old)
		}
		return strings.Replace(text, old, with, 1)
	}
	for _, tt := range []struct{ name, law, pack, want string }{
		{"good", control, pack, ""},
		{"unknown family", change(control, "family: session", "family: seasons"), pack, `laws/a.yaml:3: controls[0].family: unknown family "seasons"`},
		{"unknown severity", change(control, "high", "huge"), pack, `laws/a.yaml:4: controls[0].severity: unknown severity "huge"`},
		{"unknown mode", change(control, "automatic", "magic"), pack, `laws/a.yaml:5: controls[0].mode: unknown mode "magic"`},
		{"one language", change(control, ", en: Lock", ""), pack, `laws/a.yaml:7: controls[0].title: want both languages`},
		{"asks nothing", change(control, ", en: That it locks", ""), pack, `laws/a.yaml:8: controls[0].asks: want both languages`},
		{"unknown source", change(control, "source: RGPD", "source: CIA"), pack, `laws/a.yaml:10: controls[0].cites[0].source: unknown source "CIA"`},
		{"no article", change(control, `"32"`, `""`), pack, `laws/a.yaml:10: controls[0].cites[0].article: is empty`},
		{"no source", change(control, "    cites:\n      - {source: RGPD, article: \"32\"}\n", ""), pack, `laws/a.yaml:2: controls[0].cites: a duty without source is none`},
		{"twice", control + strings.TrimPrefix(control, "controls:\n"), pack, `laws/a.yaml:11: controls[1].id: AC-LOCK-15 is there twice`},
		{"no id", change(control, "AC-LOCK-15", "lock"), pack, `laws/a.yaml:2: controls[0].id: want an id such as AC-LOCK-15, got "lock"`},
		{"unknown key", change(control, "core:", "cores:"), pack, `laws/a.yaml:6: controls[0].cores: unknown key`},

		{"another name", control, change(pack, "es-test", "es-tost"), `packs/es-test.yaml:1: name: want the name of the file, got "es-tost"`},
		{"no version", control, change(pack, "version: 3\n", ""), `packs/es-test.yaml: version: want 1 or more`},
		{"no such day", control, change(pack, "11-01", "11-31"), `packs/es-test.yaml:3: date: want YYYY-MM-DD, got "2026-11-31"`},
		{"no such control", control, change(pack, "AC-LOCK-15", "AC-LOCK-16"), `packs/es-test.yaml:6: rules[0].control: no law holds "AC-LOCK-16"`},
		{"no check", control, change(pack, "    check: session.screenlock\n", ""), `packs/es-test.yaml:6: rules[0].check: is missing`},
		{"no cadence", control, change(pack, "    every: 1h\n", ""), `packs/es-test.yaml:6: rules[0].every: want at least 1m0s`},
		{"bad cadence", control, change(pack, "1h", "hourly"), `packs/es-test.yaml:8: rules[0].every: duration "hourly": use a form such as 36h, 15m or 90s`},
		{"bad severity", control, pack + "    severity: odd\n", `packs/es-test.yaml:10: rules[0].severity: unknown severity "odd"`},
		{"no such register", control, change(pack, "permits", "permisos"), `packs/es-test.yaml:9: rules[0].inject[0]: no register is called "permisos"; there are ["authorised" "datasets" "denied" "leavers" "permits" "roots" "software" "users"]`},
		{"twice in a pack", control, pack + "  - {control: AC-LOCK-15, check: a.b, every: 2h}\n", `packs/es-test.yaml:10: rules[1].control: AC-LOCK-15 is there twice`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tree := files(tt.law, tt.pack)
			book, err := readLaws(tree)
			var packs []Pack
			if err == nil {
				packs, err = readPacks(tree, book)
			}
			if tt.want == "" {
				if err != nil || len(packs) != 1 || packs[0].Rules[0].Severity != High {
					t.Errorf("got %+v, %v; want one pack whose rule has the control's severity", packs, err)
				}
				return
			}
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestSeverityRank(t *testing.T) {
	order := []Severity{"", Low, Medium, High, Critical}
	for i, s := range order {
		if s.rank() != i {
			t.Errorf("%q: got rank %d, want %d", s, s.rank(), i)
		}
	}
}
