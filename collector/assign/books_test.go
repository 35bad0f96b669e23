package assign_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"vigia/checks/policy"
	"vigia/collector/assign"
	"vigia/collector/registers"
	"vigia/collector/registers/grants"
	"vigia/collector/registers/media"
	"vigia/collector/registers/movements"
	"vigia/collector/registers/people"
	"vigia/collector/registers/permits"
	"vigia/collector/registers/software"
	"vigia/collector/storage"
)

// params are the parameters of a check in a machine's policy, for those that the books feed.
func params(t *testing.T, p policy.Policy, check string) string {
	t.Helper()
	for _, e := range p.Entries {
		if e.Check != check {
			continue
		}
		var all map[string]json.RawMessage
		if len(e.Params) > 0 {
			if err := json.Unmarshal(e.Params, &all); err != nil {
				t.Fatal(err)
			}
		}
		var out []string
		for _, key := range []string{"users", "leavers", "permits", "software", "denied", "authorised"} {
			if raw, ok := all[key]; ok {
				out = append(out, key+string(raw))
			}
		}
		return strings.Join(out, " ")
	}
	t.Fatalf("no entry runs %s", check)
	return ""
}

func TestBooksReachThePolicy(t *testing.T) {
	pc7 := assign.Machine{ID: "a7", Hostname: "PC-07", Department: "Catastro"}
	pc8 := assign.Machine{ID: "a8", Hostname: "pc-08", Department: "Catastro"}
	person := func(name, accounts string, more ...string) registers.Values {
		v := registers.Values{"name": name, "kind": "staff", "status": "active", "accounts": accounts}
		for i := 0; i+1 < len(more); i += 2 {
			v[more[i]] = more[i+1]
		}
		return v
	}
	type add struct {
		book *registers.Book
		v    registers.Values
	}
	permit := registers.Values{"machine": "pc-07", "folder": `C:\Padron`, "purpose": "cobro", "authorised_by": "Alcaldesa", "until": "2027-01-31"}
	for _, tc := range []struct {
		name, source string
		adds         []add
		m            assign.Machine
		check, want  string
	}{
		{"empty books say nothing", "", nil, pc7, "accounts.snapshot", ""},
		{"an account that is good everywhere", "", []add{{people.Book(), person("Ana", "Ana")}}, pc7, "accounts.snapshot", `users[{"account":"Ana"}]`},
		{"an account of the machine", "", []add{{people.Book(), person("Ana", `pc-07\caja`)}}, pc7, "accounts.snapshot", `users[{"machine":"pc-07","account":"caja"}]`},
		{"an account of another machine", "", []add{{people.Book(), person("Ana", `pc-07\caja`)}}, pc8, "accounts.snapshot", ""},
		{"a trainee until a day", "", []add{{people.Book(), person("Eva", "eva", "kind", "trainee", "ends", "2026-12-31")}}, pc7, "accounts.snapshot", `users[{"account":"eva","until":"2026-12-31"}]`},
		{"one who may administer this machine", "", []add{{people.Book(), person("Ana", "ana")},
			{grants.Book(), registers.Values{"person": "1", "machine": "pc-07", "level": "admin", "authorised_by": "A", "authorised": "2026-01-01", "until": "2027-06-30"}}},
			pc7, "accounts.snapshot", `users[{"machine":"pc-07","account":"ana","admin":true,"until":"2027-06-30"}]`},
		{"and not that one", "", []add{{people.Book(), person("Ana", "ana")},
			{grants.Book(), registers.Values{"person": "1", "machine": "pc-07", "level": "admin", "authorised_by": "A", "authorised": "2026-01-01"}}},
			pc8, "accounts.snapshot", `users[{"account":"ana"}]`},
		{"one who may administer all", "", []add{{people.Book(), person("Ana", "ana\npc-08\\soporte")},
			{grants.Book(), registers.Values{"person": "1", "level": "admin", "authorised_by": "A", "authorised": "2026-01-01"}}},
			pc8, "accounts.snapshot", `users[{"account":"ana","admin":true},{"machine":"pc-08","account":"soporte","admin":true}]`},
		{"the book wins over the file", "users:\n  - {account: ana, admin: true}\n  - {account: root}\n  - {machine: pc-08, account: otro}\n",
			[]add{{people.Book(), person("Ana", "ana")}}, pc7, "accounts.snapshot", `users[{"account":"ana"},{"account":"root"}]`},
		{"one who left", "", []add{{people.Book(), person("Ana", "ana", "status", "left", "left", "2026-11-01T15:00:00Z")}},
			pc7, "accounts.leavers", `leavers[{"account":"ana","left":"2026-11-01T15:00:00Z"}]`},
		{"one who left may log on until then", "", []add{{people.Book(), person("Ana", "ana", "status", "left", "left", "2026-11-01T15:00:00Z")}},
			pc7, "accounts.snapshot", `users[{"account":"ana","until":"2026-11-01"}]`},
		{"one who left by the book of movements", "", []add{{people.Book(), person("Ana", "ana")},
			{movements.Book(), registers.Values{"kind": "leave", "person": "1", "at": "2026-11-01T15:00:00Z", "asked_by": "Titular"}}},
			pc7, "accounts.leavers", `leavers[{"account":"ana","left":"2026-11-01T15:00:00Z"}]`},
		{"one who left and came back", "", []add{{people.Book(), person("Ana", "ana")},
			{movements.Book(), registers.Values{"kind": "leave", "person": "1", "at": "2026-10-01T15:00:00Z", "asked_by": "Titular"}},
			{movements.Book(), registers.Values{"kind": "join", "person": "1", "at": "2026-11-01T15:00:00Z", "asked_by": "Titular"}}},
			pc7, "accounts.leavers", ""},
		{"an account that somebody else has now", "", []add{{people.Book(), person("Ana", "caja", "status", "left", "left", "2026-11-01T15:00:00Z")}, {people.Book(), person("Eva", "caja")}},
			pc7, "accounts.leavers", ""},
		{"a permit", "", []add{{permits.Book(), permit}}, pc7, "personaldata.local",
			`permits[{"machine":"pc-07","folder":"C:\\Padron","purpose":"cobro","by":"Alcaldesa","until":"2027-01-31"}]`},
		{"a permit of another machine", "", []add{{permits.Book(), permit}}, pc8, "personaldata.local", ""},
		{"a permit in both, and one in the file", "permits:\n  - {machine: pc-07, folder: 'c:\\padron', purpose: x, by: y, until: 2026-01-01}\n  - {folder: /srv/z, purpose: x, by: y, until: 2026-12-31}\n",
			[]add{{permits.Book(), permit}}, pc7, "personaldata.local",
			`permits[{"machine":"pc-07","folder":"C:\\Padron","purpose":"cobro","by":"Alcaldesa","until":"2027-01-31"},{"folder":"/srv/z","purpose":"x","by":"y","until":"2026-12-31"}]`},
		{"programs", "software:\n  - {name: Firefox}\n", []add{
			{software.Book(), registers.Values{"product": "LibreOffice *", "versions": ">=24.2 <25", "decision": "allowed", "decided_by": "A"}},
			{software.Book(), registers.Values{"product": "*torrent*", "decision": "forbidden", "decided_by": "A"}}},
			pc7, "inventory.unauthorised", `software[{"name":"LibreOffice *","versions":"\u003e=24.2 \u003c25"},{"name":"Firefox"}] denied[{"name":"*torrent*"}]`},
		{"a medium", "", []add{{media.Book(), registers.Values{"code": "SOP-1", "kind": "usb", "serial": "00AA", "status": "in_use", "until": "2026-12-31"}}},
			pc7, "media.portable", `authorised[{"serial":"00AA","until":"2026-12-31"}]`},
		{"media of which none may be used", "", []add{{media.Book(), registers.Values{"code": "SOP-1", "kind": "usb", "serial": "00AA", "status": "lost"}}},
			pc7, "media.portable", `authorised[]`},
		{"no book of media", "", nil, pc7, "media.portable", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, o *office) {
				o.write(func(ctx context.Context, tx *storage.Tx) error {
					if tc.source != "" {
						if _, err := o.Import(ctx, tx, "p.yaml", []byte("packs: [es-rgpd]\n"+tc.source), "ana"); err != nil {
							return err
						}
					}
					for _, a := range tc.adds {
						if _, err := o.books.Add(ctx, tx, a.book, a.v, registers.Act{By: "ana", Via: registers.Portal}); err != nil {
							return err
						}
					}
					return nil
				})
				p := o.current(tc.m)
				if got := params(t, p, tc.check); got != tc.want {
					t.Errorf("got  %s\nwant %s", got, tc.want)
				}
			})
		})
	}
}

// A row that is added, changed or taken away gives a machine a new policy at its next
// contact, and leaves those alone that it does not bind; what is undone never was.
func TestBooksChange(t *testing.T) {
	onEach(t, func(t *testing.T, o *office) {
		pc7, pc8 := assign.Machine{ID: "a7", Hostname: "pc-07"}, assign.Machine{ID: "a8", Hostname: "pc-08"}
		versions := func(want7, want8 uint64) {
			t.Helper()
			for range 2 { // the second from memory
				p7 := o.current(pc7)
				p8 := o.current(pc8)
				if p7.Version != want7 || p8.Version != want8 {
					t.Fatalf("got versions %d and %d, want %d and %d", p7.Version, p8.Version, want7, want8)
				}
			}
		}
		act := registers.Act{By: "ana", Via: registers.Portal}
		v := registers.Values{"machine": "pc-07", "folder": "/srv/padron", "purpose": "cobro", "authorised_by": "Alcaldesa", "until": "2027-01-31"}
		versions(1, 1)
		if err := o.db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			if _, err := o.books.Add(ctx, tx, permits.Book(), v, act); err != nil {
				return err
			}
			return context.Canceled
		}); err == nil {
			t.Fatal("the write was not undone")
		}
		versions(1, 1)
		o.write(func(ctx context.Context, tx *storage.Tx) error {
			_, err := o.books.Add(ctx, tx, permits.Book(), v, act)
			return err
		})
		versions(2, 1)
		o.write(func(ctx context.Context, tx *storage.Tx) error {
			return o.books.Remove(ctx, tx, permits.Book(), 1, 1, act)
		})
		versions(3, 1)
		p := o.current(pc7)
		if got := params(t, p, "personaldata.local"); got != "" {
			t.Errorf("after its end: %s", got)
		}
	})
}

// Whatever else is written to the books, who says the same of the same people gets the same
// policy: in a town hall of two thousand machines another would be two thousand leaves.
func TestTheOrderOfPeopleIsNoNews(t *testing.T) {
	onEach(t, func(t *testing.T, o *office) {
		act := registers.Act{By: "ana", Via: registers.Portal}
		pc7 := assign.Machine{ID: "a7", Hostname: "pc-07"}
		o.write(func(ctx context.Context, tx *storage.Tx) error {
			for i := range 30 {
				v := registers.Values{"name": fmt.Sprint("Persona ", i), "kind": "staff", "status": "active", "accounts": fmt.Sprint("persona", i)}
				if _, err := o.books.Add(ctx, tx, people.Book(), v, act); err != nil {
					return err
				}
			}
			return nil
		})
		want := o.current(pc7).Version
		for i := range 5 { // of another machine
			o.write(func(ctx context.Context, tx *storage.Tx) error {
				v := registers.Values{"machine": "pc-99", "folder": fmt.Sprint("/srv/", i), "purpose": "cobro", "authorised_by": "Alcaldesa", "until": "2027-01-31"}
				_, err := o.books.Add(ctx, tx, permits.Book(), v, act)
				return err
			})
			if got := o.current(pc7).Version; got != want {
				t.Fatalf("got version %d after a permit of another machine, want %d", got, want)
			}
		}
	})
}

// Whatever a book takes, a policy can be made of.
func TestEveryRowThatABookTakesComposes(t *testing.T) {
	onEach(t, func(t *testing.T, o *office) {
		odd := []string{"a", "*", "**a**", ">=1", "1.*", ">= 1", "<<1", "=", "C:/", `C:\a`, "/", "/a", `\\a\b`, "ñ", "a b", `p\q`, `\`, "2026-11-22", strings.Repeat("x", 500), strings.Repeat("*a", 9)}
		taken := 0
		o.write(func(ctx context.Context, tx *storage.Tx) error {
			for _, text := range odd {
				for _, a := range []struct {
					book *registers.Book
					v    registers.Values
				}{
					{people.Book(), registers.Values{"name": text, "kind": "staff", "status": "active", "accounts": text}},
					{permits.Book(), registers.Values{"user": "a", "folder": text, "purpose": text, "authorised_by": text, "until": "2027-01-31"}},
					{software.Book(), registers.Values{"product": text, "decision": "allowed", "decided_by": text}},
					{software.Book(), registers.Values{"product": "b " + text, "publisher": text, "decision": "forbidden", "decided_by": text}},
					{software.Book(), registers.Values{"product": "c", "versions": text, "decision": "allowed", "decided_by": text}},
					{media.Book(), registers.Values{"code": text, "kind": "usb", "serial": text, "status": "in_use"}},
				} {
					if a.book.Review(a.v) != nil {
						continue
					}
					if _, err := o.books.Add(ctx, tx, a.book, a.v, registers.Act{By: "ana", Via: registers.Portal}); err != nil {
						return err
					}
					taken++
				}
			}
			return nil
		})
		if p := o.current(assign.Machine{ID: "a", Hostname: "pc"}); !slices.ContainsFunc(p.Entries, func(e policy.Entry) bool { return len(e.Params) > 1000 }) || taken < 40 {
			t.Errorf("%d rows, and no policy is made of them", taken)
		}
	})
}
