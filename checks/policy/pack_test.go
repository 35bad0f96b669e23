package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/catalog"
)

// localPack is a pack that a state could publish.
const localPack = `name: mx-nle
version: 3
date: 2026-12-01
title: {es: "Nuevo León", en: "Nuevo León"}
rules:
  - control: AC-LOCK-15
    check: session.screenlock
    params: {max_idle: 600}
    every: 1h
  - control: BK-DAILY
    check: backup.daily
    every: 6h
    inject: [datasets]
`

func TestLoadPack(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		old, new string // what is replaced in localPack
		want     []string
	}{
		{"as published", "", "", nil},
		{"says its form", "name: mx-nle", "schema: 1\nname: mx-nle", nil},
		{"of a later form", "name: mx-nle", "schema: 3\nname: mx-nle\nclocks: []", []string{"p.yaml:1: schema: ", "update Vigía first"}},
		{"of a later form at its end", "    inject: [datasets]\n", "    inject: [datasets]\nschema: 9\n", []string{"p.yaml:14: schema: ", "update Vigía first"}},
		{"empty", localPack, "", []string{"p.yaml: the file is empty"}},
		{"no rules", localPack[strings.Index(localPack, "rules:"):], "rules: []\n", []string{"p.yaml:5: rules: "}},
		{"a duty that no law holds", "AC-LOCK-15", "AC-LOCK-99", []string{"p.yaml:6: rules[0].control: no law holds \"AC-LOCK-99\""}},
		{"a check that is not known", "backup.daily", "backup.hourly", []string{"p.yaml:11: rules[1].check: ", "no check \"backup.hourly\": update Vigía first"}},
		{"an unknown parameter", "max_idle", "max_idel", []string{"p.yaml:8: rules[0].params: session.screenlock: ", "max_idel"}},
		{"a parameter out of range", "max_idle: 600", "max_idle: -1", []string{"p.yaml:8: rules[0].params: session.screenlock: "}},
		{"an unknown register", "[datasets]", "[secrets]", []string{"p.yaml:13: rules[1].inject[0]: "}},
		{"an unknown key", "date:", "dates:", []string{"p.yaml:3: dates: unknown key"}},
		{"a key twice", "version: 3", "version: 3\nversion: 4", []string{"p.yaml:3: version: the key is there twice"}},
		{"a rule twice", "BK-DAILY", "AC-LOCK-15", []string{"p.yaml:10: rules[1].control: AC-LOCK-15 is there twice"}},
		{"version zero", "version: 3", "version: 0", []string{"p.yaml:2: version: "}},
		{"a name that is a path", "name: mx-nle", "name: ../etc/mx", []string{"p.yaml:1: name: "}},
		{"one language", `, en: "Nuevo León"`, "", []string{"p.yaml:4: title: want both languages"}},
		{"too often", "every: 1h", "every: 1s", []string{"p.yaml:9: rules[0].every: want at least 1m0s"}},
		{"not UTF-8", "Nuevo León", "Nuevo Le\xf3n", []string{"p.yaml: "}},
		{"two documents", localPack, localPack + "---\n" + localPack, []string{"p.yaml: more than one YAML document"}},
		{"too large", "rules:", "# " + strings.Repeat("x", MaxPack) + "\nrules:", []string{"p.yaml: larger than "}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			text := localPack
			if row.old != "" {
				text = strings.Replace(localPack, row.old, row.new, 1)
			}
			p, err := LoadPack("p.yaml", []byte(text), catalog.New())
			if row.want == nil {
				if err != nil || p.Name != "mx-nle" || p.Version != 3 || len(p.Rules) != 2 || p.Rules[0].Severity == "" {
					t.Errorf("got %+v, %v", p, err)
				}
				return
			}
			for _, want := range row.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want it to say %q", err, want)
				}
			}
		})
	}
}

// What this program ships is read by the loader of imported packs too.
func TestEmbeddedPacksAreLoadedAlike(t *testing.T) {
	t.Parallel()
	packs, err := Packs()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range packs {
		text, err := PackText(want.Name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := LoadPack(want.Name+".yaml", text, catalog.New())
		if err != nil {
			t.Errorf("%s: %v", want.Name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", want.Name, diff)
		}
	}
	if _, err := PackText("../laws/index"); err == nil {
		t.Error("a law is no pack")
	}
}

func TestNewest(t *testing.T) {
	t.Parallel()
	pack := func(name string, version int, date string) Pack {
		return Pack{Name: name, Version: version, Date: date}
	}
	got := Newest(
		[]Pack{pack("mx-b", 3, "imported"), pack("mx-a", 1, "imported"), pack("mx-c", 2, "imported")},
		[]Pack{pack("mx-a", 2, "embedded"), pack("mx-b", 3, "embedded"), pack("mx-d", 1, "embedded")})
	want := []Pack{pack("mx-a", 2, "embedded"), pack("mx-b", 3, "imported"), pack("mx-c", 2, "imported"), pack("mx-d", 1, "embedded")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	before, err := LoadPack("p.yaml", []byte(localPack), catalog.New())
	if err != nil {
		t.Fatal(err)
	}
	after, err := LoadPack("p.yaml", []byte(strings.NewReplacer(
		"max_idle: 600", "max_idle: 900", "every: 1h", "every: 2h", "BK-DAILY", "BK-ACCESS", "backup.daily", "backup.access").Replace(localPack)), catalog.New())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range Changes(before, after) {
		got = append(got, fmt.Sprintf("%s %s %s %s>%s", c.Kind, c.Control, c.What, c.Old, c.New))
	}
	want := []string{
		"removed BK-DAILY  >", "changed AC-LOCK-15 every 1h0m0s>2h0m0s", "changed AC-LOCK-15 params.max_idle 600>900", "added BK-ACCESS  >",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if same := Changes(after, after); len(same) > 0 {
		t.Errorf("a pack differs from itself: %v", same)
	}
}

// An agent takes a policy only if every decoder would read the same of it.
func TestDecodeTakesNothingAmbiguous(t *testing.T) {
	t.Parallel()
	p, err := DefaultPolicy([]string{"es-rgpd"}, catalog.New())
	if err != nil {
		t.Fatal(err)
	}
	good := string(p.Encode())
	for _, row := range []struct{ name, old, new, want string }{
		{"a key twice", `{"agent":"local"`, `{"agent":"other","agent":"local"`, `"agent" is there twice`},
		{"a key twice in other capitals", `{"agent":"local"`, `{"agent":"local","Agent":"other"`, `"Agent" is there twice`},
		{"a key twice within a list", `{"name":"es-rgpd"`, `{"name":"es-rgpd","name":"es-rgpd"`, `"name" is there twice`},
		{"a parameter twice", `"params":{`, `"params":{"max_idle":1,"max_idle":2,`, "is there twice"},
		{"not UTF-8", `"agent":"local"`, "\"agent\":\"loc\xe1l\"", "not UTF-8"},
		{"an unknown key", `{"agent"`, `{"orders":"delete","agent"`, "orders"},
		{"a pack of version zero", `"version":`, `"version":0,"x":`, ""},
		{"deep", `{"agent"`, `{"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `,"agent"`, "levels"},
		{"two values", good, good + good, "more than one JSON value"},
		{"cut off", good, good[:len(good)/2], "cut off"},
		{"empty", good, "", "cut off"},
		{"too large", good, good + strings.Repeat(" ", MaxPolicy), "larger than"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			bad := strings.Replace(good, row.old, row.new, 1)
			if bad == good {
				t.Fatal("the row changes nothing")
			}
			if _, err := Decode([]byte(bad), catalog.New()); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want it to say %q", err, row.want)
			}
		})
	}
	if _, err := Decode([]byte(good), catalog.New()); err != nil {
		t.Error(err)
	}
}

// timedPack is a pack that says when its offices work and how long things may take.
const timedPack = `schema: 2
name: mx-nle
version: 3
date: 2026-12-01
title: {es: "Nuevo León", en: "Nuevo León"}
calendar:
  week: [monday, friday]
  opens: 8h
  closes: 15h
  holidays:
    - {title: {es: "Aniversario", en: "Anniversary"}, month: 9, day: 20, since: 2024, every: 6}
    - {title: {es: "Lunes", en: "Monday"}, month: 2, nth: 1, weekday: monday}
    - {title: {es: "Jueves Santo", en: "Maundy Thursday"}, easter: -3}
terms:
  - {id: request.answer, title: {es: "Respuesta", en: "Answer"}, count: 20, unit: working_days, cites: [{source: ZAC, article: "47"}]}
  - {id: request.execute, title: {es: "Hacer", en: "Do"}, count: 1, unit: months, moves: true}
two_people: [waivers]
rules:
  - control: AC-LOCK-15
    check: session.screenlock
    every: 1h
`

func TestTimesOfAPack(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, old, new, want string }{
		{"as published", "", "", ""},
		{"in the first form", "schema: 2\n", "", "p.yaml: schema: a pack with calendar"},
		{"no week", "week: [monday, friday]", "week: []", "p.yaml:7: calendar.week: "},
		{"no such day of the week", "friday]", "viernes]", "p.yaml:7: calendar.week[1]: "},
		{"closes before it opens", "closes: 15h", "closes: 7h", "p.yaml:9: calendar.closes: "},
		{"no such day", "month: 9, day: 20", "month: 9, day: 31", "holidays[0].day: the month has no day 31"},
		{"no such month", "month: 9, day: 20", "month: 13, day: 20", "holidays[0].month: "},
		{"two ways at once", "month: 9, day: 20", "month: 9, day: 20, easter: 1", "holidays[0]: want one of"},
		{"every without since", "since: 2024, every: 6", "every: 6", "holidays[0].every: "},
		{"no weekday", "weekday: monday", "weekday: lunes", "holidays[1].nth: "},
		{"a fifth Monday", "nth: 1", "nth: 5", "holidays[1].nth: "},
		{"far from Easter", "easter: -3", "easter: -300", "holidays[2].easter: "},
		{"in one language", `{es: "Lunes", en: "Monday"}`, `{es: "Lunes"}`, "holidays[1].title: want both"},
		{"an unknown term", "request.answer", "request.answers", "terms[0].id: no term is called"},
		{"a term twice", "request.execute", "request.answer", "terms[1].id: request.answer is there twice"},
		{"a negative term", "count: 20", "count: -1", "terms[0].count: "},
		{"an unknown unit", "working_days", "workdays", "terms[0].unit: "},
		{"working days move by themselves", "unit: working_days", "unit: working_days, moves: true", "terms[0].moves: "},
		{"a law that is not in the book", "source: ZAC", "source: XYZ", "terms[0].cites[0].source: unknown source"},
		{"two people for what there is not", "[waivers]", "[coffee]", "two_people[0]: "},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			text := timedPack
			if row.old != "" {
				text = strings.Replace(timedPack, row.old, row.new, 1)
			}
			p, err := LoadPack("p.yaml", []byte(text), catalog.New())
			switch {
			case row.want == "":
				if err != nil || p.Calendar == nil || len(p.Terms) != 2 || len(TermsOf([]Pack{p}, RequestAnswer)) != 1 {
					t.Errorf("got %+v, %v", p, err)
				}
			case err == nil || !strings.Contains(err.Error(), row.want):
				t.Errorf("got %v, want it to say %q", err, row.want)
			}
		})
	}
}
