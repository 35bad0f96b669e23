package compare

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/enroll"
	"vigia/collector/registers"
	"vigia/collector/worktime"
)

// now is the time of the tests; rows were written a month before unless they say.
var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant

// worldOf has two machines, and rows "book" and pairs, in the order of their folios.
func worldOf(t *testing.T, rows ...[]string) world {
	t.Helper()
	books := map[string][]registers.Row{}
	for _, r := range rows {
		v := registers.Values{}
		for i := 1; i+1 < len(r); i += 2 {
			v[r[i]] = r[i+1]
		}
		at := now.AddDate(0, -1, 0)
		if v["written"] != "" {
			at = now.AddDate(0, 0, -1)
			delete(v, "written")
		}
		i := slices.IndexFunc(compared(), func(b *registers.Book) bool { return b.Name == r[0] })
		if i < 0 {
			t.Fatalf("no book %q", r[0])
		}
		if err := compared()[i].Review(v); err != nil {
			t.Fatalf("%s: %v", r[0], err)
		}
		books[r[0]] = append(books[r[0]], registers.Row{Folio: int64(len(books[r[0]]) + 1), Version: 1, Values: v, At: at})
	}
	shelf, err := shelfOf(books)
	if err != nil {
		t.Fatal(err)
	}
	laws, err := policy.Laws()
	if err != nil {
		t.Fatal(err)
	}
	f := newFacts()
	f.accounts["a1"] = []account{{Name: "root", ID: "0", BuiltIn: true}, {Name: "ana", ID: "1000"}, {Name: "Administrador", ID: "S-1-5-21-1-500", BuiltIn: true}}
	f.places["a1"] = []place{{Folder: `D:\Padron\2026`, Data: []string{"curp", "health"}, Persons: 40}, {Folder: "/srv/otro", Data: []string{"tax"}}}
	return world{at: now, zone: time.UTC, calendar: worktime.Office(time.UTC), laws: laws, shelf: shelf, facts: f,
		levels:   []policy.LevelRule{{Level: policy.LevelHigh, Data: []string{"health"}}, {Level: policy.LevelMedium, Data: []string{"tax"}}},
		machines: []enroll.Machine{{ID: "a1", Hostname: "srv-1", EnrolledAt: now.AddDate(0, -2, 0), LastSeen: now}, {ID: "a2", Hostname: "PC-02.ayto.example", EnrolledAt: now.AddDate(0, -2, 0), LastSeen: now}}}
}

func TestDifferences(t *testing.T) {
	const paper = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	row := func(book string, pairs ...string) []string { return append([]string{book}, pairs...) }
	person := func(name, accounts string, more ...string) []string {
		r := row("people", "name", name, "accounts", accounts)
		for _, d := range [][2]string{{"kind", "staff"}, {"status", "active"}} {
			if !slices.Contains(more, d[0]) {
				r = append(r, d[0], d[1])
			}
		}
		return append(r, more...)
	}
	move := func(kind, at string, more ...string) []string {
		return append(row("movements", "kind", kind, "person", "1", "at", at, "asked_by", "Titular"), more...)
	}
	asset := func(host, status string, more ...string) []string {
		return append(row("assets", "hostname", host, "kind", "desktop", "status", status), more...)
	}
	system := func(more ...string) []string {
		return append(row("systems", "name", "Padrón", "format", "electronic", "machines", "srv-1", "data", "name\ncurp"), more...)
	}
	entry := func(direction, at string, more ...string) []string {
		return append(row("mediabook", "direction", direction, "kind", "usb", "at", at, "sender", "T", "number", "1", "information", "p", "way", "hand", "recipient", "G"), more...)
	}
	permit := func(kind string, more ...string) []string {
		return append(row("mediapermits", "direction", "out", "kind", kind, "file", "p", "sender", "T", "destination", "G", "medium", "usb", "way", "hand",
			"reason", "r", "authorised_by", "A", "from", "2026-11-01"), more...)
	}
	everybody := person("Ana", "ana\nAdministrador")
	for _, tc := range []struct {
		name string
		rows [][]string
		want []string // kind of the subject
	}{
		{"empty books are compared with nothing", nil, nil},
		{"all is in its place", [][]string{everybody, asset("srv-1", "in_use"), asset("pc-02", "in_use")}, nil},

		{"an account that is nobody's", [][]string{person("Ana", "ana")}, []string{"account.unowned Administrador"}},
		{"an account of another machine", [][]string{person("Ana", "pc-02\\ana\nAdministrador")}, []string{"account.unowned ana"}},
		{"an account of this machine", [][]string{person("Ana", "srv-1\\ANA\nAdministrador")}, nil},
		{"an account of two", [][]string{everybody, person("Eva", "ana")}, []string{"account.two_owners ana"}},
		{"an account that was handed on", [][]string{everybody, person("Eva", "ana", "status", "left", "left", "2026-11-01T15:00:00Z")}, nil},
		{"one account on two machines", [][]string{everybody, person("Eva", "pc-02\\caja"), person("Luz", "pc-03\\caja")}, nil},

		{"external staff without a contract", [][]string{everybody, person("Eva", "", "kind", "external", "ends", "2027-01-31")}, []string{"person.contract PER-0002"}},
		{"external staff whose time is over", [][]string{everybody, person("Eva", "", "kind", "external", "ends", "2026-01-31")}, nil},
		{"a grant of one who left", [][]string{everybody, person("Eva", "", "status", "left", "left", "2026-11-01T15:00:00Z"), row("grants", "person", "2", "level", "admin", "authorised_by", "A", "authorised", "2026-01-01")},
			[]string{"grant.left AUT-0001"}},
		{"a grant that ended with her", [][]string{everybody, person("Eva", "", "status", "left", "left", "2026-11-01T15:00:00Z"), row("grants", "person", "2", "level", "admin", "authorised_by", "A", "authorised", "2026-01-01", "until", "2026-11-01")}, nil},

		{"a leave of two days ago", [][]string{everybody, move("leave", "2026-11-20T11:00:00Z")}, []string{"movement.late MOV-0001"}},
		{"a leave of this morning", [][]string{everybody, move("leave", "2026-11-22T09:00:00Z")}, nil},
		{"a leave that was seen to", [][]string{everybody, move("leave", "2026-11-01T11:00:00Z", "rights_removed", "2026-11-01T12:00:00Z", "data", "none")}, nil},
		{"a leave whose data nobody saw to", [][]string{everybody, move("leave", "2026-11-01T11:00:00Z", "rights_removed", "2026-11-01T12:00:00Z")}, []string{"movement.data MOV-0001"}},
		{"a joiner who signed nothing", [][]string{everybody, move("join", "2026-11-20T11:00:00Z", "account_made", "2026-11-20T11:00:00Z")}, []string{"movement.unsigned MOV-0001"}},
		{"a joiner who signed", [][]string{everybody, move("join", "2026-11-20T11:00:00Z", "account_made", "2026-11-20T11:00:00Z", "manual", paper, "confidentiality", paper)}, nil},
		{"a substitution that is over", [][]string{everybody, move("substitution", "2026-10-20T11:00:00Z", "until", "2026-11-20T11:00:00Z", "manual", paper, "confidentiality", paper)}, []string{"movement.substitute MOV-0001"}},
		{"a change of profile of last Monday", [][]string{everybody, move("profile", "2026-11-16T11:00:00Z", "told", "yes")}, []string{"movement.profile MOV-0001"}},
		{"a change of profile of Friday", [][]string{everybody, move("profile", "2026-11-20T11:00:00Z", "told", "yes")}, nil},

		{"a machine that is not in the inventory", [][]string{asset("srv-1", "in_use")}, []string{"machine.unlisted PC-02.ayto.example"}},
		{"one in the inventory that never reported", [][]string{asset("srv-1", "in_use"), asset("pc-02", "in_use"), asset("pc-99", "in_use")}, []string{"asset.unseen EQU-0003"}},
		{"one that was entered yesterday", [][]string{asset("srv-1", "in_use"), asset("pc-02", "in_use"), asset("pc-99", "in_use", "written", "x")}, nil},
		{"one that is being repaired", [][]string{asset("srv-1", "in_use"), asset("pc-02", "in_use"), asset("pc-99", "repair")}, nil},
		{"one that was disposed of", [][]string{asset("srv-1", "in_use"), asset("pc-02", "disposed", "disposed", "2026-11-01", "wiped", "purge")}, []string{"asset.disposed EQU-0002"}},

		{"a system whose folder holds more than it says", [][]string{system("folders", `d:\padron`)}, []string{"system.data SIS-0001"}},
		{"a system elsewhere", [][]string{system("folders", `d:\otros`)}, nil},
		{"a level that nobody may lower", [][]string{system("folders", `d:\padron`, "level", "basic")}, []string{"system.below SIS-0001", "system.data SIS-0001"}},
		{"a level that was lowered", [][]string{row("systems", "name", "P", "format", "physical", "data", "health", "level", "basic", "lowered_by", "A", "lowered_why", "x")}, nil},
		{"a level too low on paper", [][]string{row("systems", "name", "P", "format", "physical", "data", "health", "level", "medium")}, []string{"system.below SIS-0001"}},

		{"an exit without a permit", [][]string{entry("out", "2026-11-10T11:00:00Z")}, []string{"media.exit ESR-0001"}},
		{"an entry without a permit", [][]string{entry("in", "2026-11-10T11:00:00Z")}, []string{"media.entry ESR-0001"}},
		{"an exit within its permit", [][]string{permit("ordinary"), entry("out", "2026-11-10T11:00:00Z", "permit", "1")}, nil},
		{"an exit before its permit", [][]string{permit("ordinary"), entry("out", "2026-10-10T11:00:00Z", "permit", "1")}, []string{"media.exit ESR-0001"}},
		{"an exit that was corrected", [][]string{permit("ordinary"), entry("out", "2026-11-10T11:00:00Z"), entry("out", "2026-11-10T11:00:00Z", "permit", "1", "corrects", "1")}, nil},
		{"two exits by an extraordinary permit", [][]string{permit("extraordinary"), entry("out", "2026-11-01T11:00:00Z", "permit", "1"), entry("out", "2026-11-01T12:00:00Z", "permit", "1")}, []string{"media.twice ESR-0002"}},
		{"two exits by an ordinary permit", [][]string{permit("ordinary"), entry("out", "2026-11-01T11:00:00Z", "permit", "1"), entry("out", "2026-11-01T12:00:00Z", "permit", "1")}, nil},
		{"sensitive data in the clear", [][]string{permit("ordinary"), entry("out", "2026-11-01T11:00:00Z", "permit", "1", "sensitive", "yes", "encrypted", "weak")}, []string{"media.plain ESR-0001"}},
		{"a lost stick", [][]string{row("media", "code", "SOP-1", "kind", "usb", "status", "lost")}, []string{"media.lost SOP-0001"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := worldOf(t, tc.rows...)
			all, err := w.differences()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			keys := map[string]bool{}
			for _, d := range all {
				got = append(got, fmt.Sprintf("%s %s", d.Kind, d.Subject))
				if keys[d.Key] || d.Since.IsZero() || d.Since.After(now) || d.Book == "" || d.Control == "" || rank(d.Severity) < 0 {
					t.Errorf("not whole, or not the only one: %+v", d)
				}
				keys[d.Key] = true
				for _, lang := range message.Langs() {
					if said := Messages().Say(lang, d.Reason.Code, d.Reason.Args); strings.ContainsAny(said, "{}") || Messages().Do(lang, d.Reason.Code, nil) == "" {
						t.Errorf("%s is said as %q", d.Kind, said)
					}
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestMessages(t *testing.T) {
	if bad := Messages().Problems(); len(bad) > 0 {
		t.Error(bad)
	}
	for code := range Messages() {
		kind := Kind(strings.TrimPrefix(code, "compare."))
		if kind.Title().ES == string(kind) {
			t.Errorf("%s has no heading", kind)
		}
		laws, err := policy.Laws()
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := laws.Control(controlOf(kind)); !ok {
			t.Errorf("%s fails %s, which is no control", kind, controlOf(kind))
		}
	}
}
