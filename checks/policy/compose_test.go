package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigia/checks/catalog"
)

// two packs of the tests: they agree on the lock, differ on attempts, and only
// the first asks for copies.
func testPacks() []Pack {
	return []Pack{
		{Name: "es-a", Version: 4, Rules: []Rule{
			{Control: "AC-LOCK-15", Check: "session.screenlock", Params: json.RawMessage(`{"max_idle":900}`), Every: Duration(2 * time.Hour), Severity: Medium},
			{Control: "AC-FAIL-3", Check: "accounts.lockout", Params: json.RawMessage(`{"max":3}`), Every: Duration(24 * time.Hour), Severity: High},
			{Control: "BK-DAILY", Check: "backup.daily", Every: Duration(6 * time.Hour), Severity: Critical, Inject: []string{"datasets"}},
		}},
		{Name: "mx-b", Version: 2, Rules: []Rule{
			{Control: "AC-LOCK-15", Check: "session.screenlock", Params: json.RawMessage(`{ "max_idle": 900 }`), Every: Duration(time.Hour), Severity: High},
			{Control: "AC-FAIL-3", Check: "accounts.lockout", Params: json.RawMessage(`{"max":5}`), Every: Duration(24 * time.Hour), Severity: High},
			{Control: "DLP-LOCAL-Q", Check: "personaldata.local", Params: json.RawMessage(`{"min_persons":10}`), Every: Duration(168 * time.Hour), Severity: High, Inject: []string{"permits", "roots"}},
			{Control: "INV-HWSW-Q", Check: "inventory.snapshot", Every: Duration(24 * time.Hour), Severity: Medium, Inject: []string{"software"}},
		}},
	}
}

func input(s Source) ComposeInput {
	return ComposeInput{
		Agent: "a-1", Hostname: "PC-07", Department: "Tesorería", Epoch: 2, Version: 9,
		Issued: time.Date(2026, 11, 21, 6, 0, 0, 0, time.FixedZone("CST", -6*3600)),
		Source: s, Packs: testPacks(), Catalog: catalog.New(),
	}
}

// brief writes an entry on one line.
func brief(e Entry) string {
	out := e.ID + " " + string(e.Params) + " " + e.Every.String() + " " + string(e.Severity) + " " + strings.Join(e.Packs, "+")
	if e.Changed != nil {
		out += " changed by " + e.Changed.By + ": " + e.Changed.Why
	}
	return out
}

func TestCompose(t *testing.T) {
	fail3 := func(most string) Override {
		return Override{Control: "AC-FAIL-3", Params: json.RawMessage(`{"max":` + most + `}`), Why: "porque " + most, By: "Contraloría"}
	}
	at := func(o Override, department, machine string) Override {
		o.Department, o.Machine = department, machine
		return o
	}
	for _, tt := range []struct {
		name   string
		source Source
		only   string // the controls to look at, by prefix
		want   []string
	}{
		{
			name: "two packs", source: Source{Packs: []string{"es-a", "mx-b"}}, want: []string{
				`AC-LOCK-15 {"max_idle":900} 1h0m0s high es-a+mx-b`,
				`AC-FAIL-3 {"max":3} 24h0m0s high es-a`,
				`BK-DAILY  6h0m0s critical es-a`,
				`AC-FAIL-3@mx-b {"max":5} 24h0m0s high mx-b`,
				`DLP-LOCAL-Q {"min_persons":10} 168h0m0s high mx-b`,
				`INV-HWSW-Q  24h0m0s medium mx-b`,
			},
		},
		{
			name: "in the other order", source: Source{Packs: []string{"mx-b", "es-a"}}, only: "AC-FAIL-3", want: []string{
				`AC-FAIL-3 {"max":5} 24h0m0s high mx-b`,
				`AC-FAIL-3@es-a {"max":3} 24h0m0s high es-a`,
			},
		},
		{
			name: "an override makes two rules one", source: Source{Packs: []string{"es-a", "mx-b"}, Overrides: []Override{fail3("2")}}, only: "AC-FAIL-3", want: []string{
				`AC-FAIL-3 {"max":2} 24h0m0s high es-a+mx-b changed by Contraloría: porque 2`,
			},
		},
		{
			name: "machine over department over all",
			source: Source{Packs: []string{"es-a"}, Overrides: []Override{
				at(fail3("9"), "", "pc-07"), fail3("7"), at(fail3("8"), "TESORERÍA", ""),
			}}, only: "AC-FAIL-3", want: []string{
				`AC-FAIL-3 {"max":9} 24h0m0s high es-a changed by Contraloría: porque 7; porque 8; porque 9`,
			},
		},
		{
			name: "for others", source: Source{Packs: []string{"es-a"}, Overrides: []Override{at(fail3("9"), "", "pc-08"), at(fail3("8"), "Obras", "")}},
			only: "AC-FAIL-3", want: []string{`AC-FAIL-3 {"max":3} 24h0m0s high es-a`},
		},
		{
			name:   "keys are laid over each other",
			source: Source{Packs: []string{"es-a"}, Overrides: []Override{{Control: "AC-FAIL-3", Params: json.RawMessage(`{"recommended":2}`), Every: Duration(time.Hour), Why: "a", By: "b"}}},
			only:   "AC-FAIL-3", want: []string{`AC-FAIL-3 {"max":3,"recommended":2} 1h0m0s high es-a changed by b: a`},
		},
		{
			name: "datasets of this machine and of all",
			source: Source{Packs: []string{"es-a"}, Datasets: []PlacedDataset{
				{Machine: "pc-07.cabildo.local", Dataset: Dataset{Name: "a", Copies: "/c/a", Every: Duration(48 * time.Hour)}},
				{Machine: "pc-08", Dataset: Dataset{Name: "b", Copies: "/c/b"}},
				{Dataset: Dataset{Name: "c", Copies: "/c/c"}},
			}}, only: "BK-DAILY", want: []string{
				`BK-DAILY {"datasets":[{"name":"a","copies":"/c/a","every":"48h0m0s"},{"name":"c","copies":"/c/c"}]} 6h0m0s critical es-a`,
			},
		},
		{
			name: "permits, roots and software",
			source: Source{Packs: []string{"mx-b"}, Scan: []string{"/srv"}, Software: []Software{{Name: "a*"}}, Permits: []Permit{
				{Machine: "pc-08", Folder: "/b", By: "x", Until: "2027-01-01"}, {Folder: "/a", Purpose: "p", By: "x", Until: "2027-01-01"},
			}}, want: []string{
				`AC-LOCK-15 {"max_idle":900} 1h0m0s high mx-b`,
				`AC-FAIL-3 {"max":5} 24h0m0s high mx-b`,
				`DLP-LOCAL-Q {"min_persons":10,"permits":[{"folder":"/a","purpose":"p","by":"x","until":"2027-01-01"}],"roots":["/srv"]} 168h0m0s high mx-b`,
				`INV-HWSW-Q {"software":[{"name":"a*"}]} 24h0m0s medium mx-b`,
			},
		},
		{
			name: "one machine searches elsewhere",
			source: Source{Packs: []string{"mx-b"}, Scan: []string{"/srv"}, Overrides: []Override{
				{Control: "DLP-LOCAL-Q", Machine: "PC-07", Params: json.RawMessage(`{"roots":["/datos"]}`), Why: "a", By: "b"},
			}}, only: "DLP-LOCAL-Q", want: []string{`DLP-LOCAL-Q {"min_persons":10,"roots":["/datos"]} 168h0m0s high mx-b changed by b: a`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Compose(input(tt.source))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range p.Entries {
				if strings.HasPrefix(e.ID, tt.only) {
					got = append(got, brief(e))
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			back, err := Decode(p.Encode(), catalog.New())
			if err != nil {
				t.Fatalf("what was composed does not decode: %v", err)
			}
			if diff := cmp.Diff(p, back); diff != "" {
				t.Errorf("decoded (-composed +decoded):\n%s", diff)
			}
		})
	}
}

func TestComposeHead(t *testing.T) {
	got, err := Compose(input(Source{Packs: []string{"mx-b"}, Portal: "https://a:1", Schedule: &Schedule{Report: Duration(time.Minute)}}))
	if err != nil {
		t.Fatal(err)
	}
	got.Entries = nil
	want := Policy{
		Agent: "a-1", Epoch: 2, Version: 9, Issued: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
		Packs: []PackRef{{"mx-b", 2}}, Portal: "https://a:1",
		Schedule: Schedule{Report: Duration(time.Minute), Snapshot: Duration(24 * time.Hour), Silence: Duration(48 * time.Hour)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestComposeRefuses(t *testing.T) {
	in := input(Source{Packs: []string{"es-x"}})
	if _, err := Compose(in); err == nil || err.Error() != `there is no pack "es-x"` {
		t.Errorf("unknown pack: got %v", err)
	}
	in = input(Source{Packs: []string{"es-a"}})
	in.Packs[0].Rules[1].Check = "accounts.lockin"
	if _, err := Compose(in); err == nil || err.Error() != `pack es-a, control AC-FAIL-3: there is no check "accounts.lockin"` {
		t.Errorf("unknown check: got %v", err)
	}
	in = input(Source{Packs: []string{"es-a"}, Overrides: []Override{{Control: "AC-FAIL-3", Params: json.RawMessage(`{"mox":1}`)}}})
	if _, err := Compose(in); err == nil || err.Error() != `pack es-a, control AC-FAIL-3: parameters of accounts.lockout: unknown field "mox"` {
		t.Errorf("unknown parameter: got %v", err)
	}
}

func TestSameHost(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"PC-07", "pc-07", true},
		{"pc-07", "pc-07.cabildo.local", true},
		{"pc-07.cabildo.local", "PC-07.CABILDO.LOCAL", true},
		{"pc-07.cabildo.local", "pc-07.otra.local", false},
		{"pc-07", "pc-070", false},
		{"", "", false},
		{"", "pc-07", false},
	} {
		if got := sameHost(tt.a, tt.b); got != tt.want {
			t.Errorf("%q, %q: got %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}

// The same input gives the same bytes, whatever the order of keys in it.
func TestEncodeIsDeterministic(t *testing.T) {
	source := Source{Packs: []string{"es-a", "mx-b"}, Overrides: []Override{{Control: "AC-FAIL-3", Params: json.RawMessage(`{"recommended":2,"max":4}`), Why: "a <b>", By: "b"}}}
	first, err := Compose(input(source))
	if err != nil {
		t.Fatal(err)
	}
	source.Overrides[0].Params = json.RawMessage(` { "max" : 4, "recommended":2 } `)
	for range 20 {
		again, err := Compose(input(source))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Encode(), again.Encode()) {
			t.Fatalf("got  %s\nthen %s", first.Encode(), again.Encode())
		}
	}
	if got := (Policy{Entries: []Entry{{Params: json.RawMessage(`{`)}}}).Encode(); got != nil {
		t.Errorf("a policy that cannot be encoded: got %s, want nil", got)
	}
}

func TestDecodeRefuses(t *testing.T) {
	good, err := Compose(input(Source{Packs: []string{"es-a"}}))
	if err != nil {
		t.Fatal(err)
	}
	cat := catalog.New()
	changed := func(old, with string) []byte {
		data := string(good.Encode())
		if !strings.Contains(data, old) {
			t.Fatalf("%q is not there to change in %s", old, data)
		}
		return []byte(strings.Replace(data, old, with, 1))
	}
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "policy is empty or cut off"},
		{"cut off", good.Encode()[:40], "policy is empty or cut off"},
		{"more than one", append(good.Encode(), '{'), "policy: more than one JSON value"},
		{"no object", []byte(`[]`), "policy: cannot unmarshal array into Go value of type policy.Policy"},
		{"too large", make([]byte, MaxPolicy+1), "policy is larger than 4194304 bytes"},
		{"unknown field", changed(`"epoch"`, `"epoca"`), `policy: unknown field "epoca"`},
		{"for nobody", changed(`"a-1"`, `""`), "policy names no agent"},
		{"a check of another version", changed(`accounts.lockout`, `accounts.locksmith`), `policy entry 2, AC-FAIL-3: this version has no check "accounts.locksmith": update the agent, or take the rule out of the policy`},
		{"parameters of another version", changed(`"max":3`, `"maximum":3`), `policy entry 2, AC-FAIL-3: parameters of accounts.lockout: unknown field "maximum"`},
		{"an id twice", changed(`"id":"AC-FAIL-3","control":"AC-FAIL-3"`, `"id":"AC-LOCK-15","control":"AC-LOCK-15"`), `policy entry 2, AC-LOCK-15: the id is there twice`},
		{"an id of another control", changed(`"id":"AC-FAIL-3"`, `"id":"AC-FAIL-4"`), `policy entry 2, AC-FAIL-4: the id does not belong to control AC-FAIL-3`},
		{"an id of no pack", changed(`"id":"AC-FAIL-3"`, `"id":"AC-FAIL-3@"`), `policy entry 2, AC-FAIL-3@: the id does not belong to control AC-FAIL-3`},
		{"no control", changed(`"control":"AC-FAIL-3"`, `"control":"../x"`), `policy entry 2, AC-FAIL-3: "../x" is no control`},
		{"too often", changed(`"every":"2h0m0s"`, `"every":"2s"`), `policy entry 1, AC-LOCK-15: runs every 2s, want at least 1m0s`},
		{"no severity", changed(`"severity":"medium"`, `"severity":""`), `policy entry 1, AC-LOCK-15: unknown severity ""`},
		{"of no pack", changed(`"packs":["es-a"]`, `"packs":[]`), `policy entry 1, AC-LOCK-15: belongs to no pack`},
		{"no schedule", changed(`"report":"1h0m0s"`, `"report":"0s"`), `policy schedule.report: want at least 1m0s`},
		{"silent at once", changed(`"silence":"48h0m0s"`, `"silence":"30m"`), `policy schedule.silence: 30m0s is shorter than report, 1h0m0s: every machine would seem silent`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Decode(tt.data, cat)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestDefaultPolicy(t *testing.T) {
	cat := catalog.New()
	both, err := DefaultPolicy(nil, cat)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]PackRef{{"es-rgpd", 2}, {"mx-general", 2}}, both.Packs); diff != "" {
		t.Errorf("packs (-want +got):\n%s", diff)
	}
	controls := map[string]bool{}
	for _, e := range both.Entries {
		controls[e.Control] = true
	}
	if len(controls) < 10 {
		t.Errorf("got %d controls, want at least 10", len(controls))
	}
	if _, err := Decode(both.Encode(), cat); err != nil {
		t.Errorf("the default policy does not decode: %v", err)
	}
	one, err := DefaultPolicy([]string{"mx-general"}, cat)
	packs, loadErr := Packs()
	if loadErr != nil {
		t.Fatal(loadErr)
	}
	general, _ := findPack(packs, "mx-general")
	if err != nil || len(one.Packs) != 1 || len(one.Entries) != len(general.Rules) || len(general.Rules) < 30 {
		t.Errorf("one pack: got %d packs, %d entries for %d rules, %v", len(one.Packs), len(one.Entries), len(general.Rules), err)
	}
	if _, err := DefaultPolicy([]string{"mx-generall"}, cat); err == nil || err.Error() != `there is no pack "mx-generall"; there are `+allPacks(t) {
		t.Errorf("unknown pack: got %v", err)
	}
}

// Whatever overrides an organisation writes, the policy decodes and the most
// particular value holds.
func TestOverridesProperty(t *testing.T) {
	cat := catalog.New()
	rapid.Check(t, func(t *rapid.T) {
		var overrides []Override
		want, rank := int64(3), -1
		for scope, place := range []Override{{}, {Department: "tesorería"}, {Machine: "PC-07"}} {
			if !rapid.Bool().Draw(t, "there") {
				continue
			}
			n := rapid.Int64Range(1, 50).Draw(t, "max")
			place.Control, place.Why, place.By = "AC-FAIL-3", "w", "b"
			place.Params, _ = json.Marshal(map[string]int64{"max": n})
			at := rapid.IntRange(0, len(overrides)).Draw(t, "at")
			overrides = append(overrides[:at:at], append([]Override{place}, overrides[at:]...)...)
			if scope > rank {
				want, rank = n, scope
			}
		}
		in := input(Source{Packs: []string{"es-a"}, Overrides: overrides})
		in.Catalog = cat
		p, err := Compose(in)
		if err != nil {
			t.Fatal(err)
		}
		if p, err = Decode(p.Encode(), cat); err != nil {
			t.Fatal(err)
		}
		var params struct{ Max int64 }
		if err := json.Unmarshal(p.Entries[1].Params, &params); err != nil || params.Max != want {
			t.Fatalf("got %+v, %v; want max %d", params, err, want)
		}
		if changed := p.Entries[1].Changed != nil; changed != (len(overrides) > 0) {
			t.Fatalf("changed is %v with %d overrides", changed, len(overrides))
		}
	})
}

func FuzzDecode(f *testing.F) {
	cat := catalog.New()
	good, err := DefaultPolicy([]string{"es-rgpd"}, cat)
	if err != nil {
		f.Fatal(err)
	}
	good.Entries = good.Entries[:2] // small inputs are found sooner
	f.Add(good.Encode())
	f.Add([]byte(`{"agent":"a","entries":[{"id":"AC-X@"}]}`))
	f.Add([]byte(`{"agent":"a","schedule":{"report":"1h"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(data, cat)
		if err != nil {
			return
		}
		again, err := Decode(p.Encode(), cat)
		if err != nil {
			t.Fatalf("what was decoded does not decode again: %v", err)
		}
		if !bytes.Equal(p.Encode(), again.Encode()) {
			t.Error("encoding twice gives other bytes")
		}
	})
}

// allPacks lists the names of the embedded packs as an error does.
func allPacks(t *testing.T) string {
	t.Helper()
	packs, err := Packs()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%q", packNames(packs))
}
