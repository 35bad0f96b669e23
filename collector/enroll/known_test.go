package enroll

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

func TestParseKnown(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, text string
		want       []KnownMachine
	}{
		{"host alone", "host\npc-1\nPC-2\n", []KnownMachine{{Hostname: "pc-1"}, {Hostname: "pc-2"}}},
		{
			"commas", "host,department,note,excluded\npc-1,Tesorería,\"caja, planta baja\",no\nkiosko,Turismo,sin datos,sí\n",
			[]KnownMachine{{Hostname: "pc-1", Department: "Tesorería", Note: "caja, planta baja"}, {Hostname: "kiosko", Department: "Turismo", Note: "sin datos", Excluded: true}},
		},
		{
			"semicolons, byte order mark, CRLF, another order", "\xef\xbb\xbfExcluded;Host\r\n;pc-1\r\n",
			[]KnownMachine{{Hostname: "pc-1"}},
		},
		{"spaces and empty lines", "host , department\n\n pc-1 , Obras \n\n", []KnownMachine{{Hostname: "pc-1", Department: "Obras"}}},
	}
	for _, row := range rows {
		got, err := ParseKnown(strings.NewReader(row.text))
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", row.name, diff)
		}
	}
}

func TestParseKnownRefuses(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	many.WriteString("host\n")
	for i := range MaxKnownMachines + 1 {
		fmt.Fprintf(&many, "pc-%d\n", i)
	}
	rows := []struct{ name, text, says string }{
		{"nothing", "", "empty"},
		{"no machine", "host\n", "no machine"},
		{"no host column", "department\nObras\n", `line 1: no column is called host`},
		{"unknown column", "host,owner\npc-1,x\n", `line 1: column "owner" is none of`},
		{"column twice", "host,host\npc-1,pc-1\n", `line 1: column "host" is there twice`},
		{"field too many", "host\npc-1,x\n", "line 2: 2 fields"},
		{"bad host", "host\npc-1\npc 2\n", `line 3: "pc 2" is not a host name`},
		{"host twice", "host\npc-1\n\nPC-1\n", `line 4: host "pc-1" is on line 2 already`},
		{"bad excluded", "host,excluded\npc-1,quizá\n", "line 2: excluded is"},
		{"excluded without a reason", "host,excluded\npc-1,sí\n", "line 2: an excluded machine needs a note"},
		{"long note", "host,note\npc-1," + strings.Repeat("x", maxTextRunes+1) + "\n", "line 2: department or note"},
		{"broken quotes", "host,note\npc-1,\"x\npc-2,y\n", "line"},
		{"Latin-1", "host,department\npc-1,Tesorer\xeda\n", "not UTF-8"},
		{"too long", "host\n" + strings.Repeat("x", MaxKnownBytes), "longer than"},
		{"too many", many.String(), "more than 20000"},
	}
	for _, row := range rows {
		got, err := ParseKnown(strings.NewReader(row.text))
		if err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: got %d machines and error %v, want %q", row.name, len(got), err, row.says)
		}
	}
	_, err := ParseKnown(strings.NewReader("host\n?\n!\npc-1\n"))
	if got := strings.Count(fmt.Sprint(err), "line "); got != 2 {
		t.Errorf("wrong lines told: got %d in %v, want 2", got, err)
	}
}

func FuzzParseKnown(f *testing.F) {
	for _, text := range []string{"host\npc-1\n", "\xef\xbb\xbfhost;excluded;note\npc-1;sí;\"x\"\n", "host,department\n\"a\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseKnown(strings.NewReader(text))
		if (len(list) == 0) == (err == nil) {
			t.Fatalf("got %d machines and error %v", len(list), err)
		}
		for i, m := range list {
			if !validHostname(m.Hostname) || !validText(m.Department) || !validText(m.Note) || m.Excluded && m.Note == "" {
				t.Errorf("took %+v", m)
			}
			if slices.ContainsFunc(list[:i], func(o KnownMachine) bool { return o.Hostname == m.Hostname }) {
				t.Errorf("took %s twice", m.Hostname)
			}
		}
	})
}

func TestImportKnown(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, schemas, func(t *testing.T, db *storage.DB) {
		c := startCollector(t, db)
		d := newDevice(t, "pc-2.villaseca.example")
		if _, err := d.enroll(c, c.token(TokenRequest{})); err != nil {
			t.Fatal(err)
		}
		bring := func(list ...KnownMachine) (change KnownChange) {
			c.write(func(ctx context.Context, tx *storage.Tx) (err error) {
				change, err = c.store.ImportKnown(ctx, tx, list, "admin")
				return err
			})
			return change
		}
		a, b, x := KnownMachine{Hostname: "pc-1"}, KnownMachine{Hostname: "pc-2", Department: "Obras"}, KnownMachine{Hostname: "kiosko", Note: "n", Excluded: true}
		rows := []struct {
			list []KnownMachine
			want KnownChange
		}{
			{[]KnownMachine{a, b, x}, KnownChange{Added: 3}},
			{[]KnownMachine{a, b, x}, KnownChange{Same: 3}},
			{[]KnownMachine{b, {Hostname: "pc-1", Department: "Padrón"}}, KnownChange{Changed: 1, Removed: 1, Same: 1}},
			{[]KnownMachine{a, b, x}, KnownChange{Added: 1, Changed: 1, Same: 1}},
		}
		for i, row := range rows {
			if got := bring(row.list...); got != row.want {
				t.Errorf("import %d: got %+v, want %+v", i, got, row.want)
			}
		}
		if got := c.machines()[0].Department; got != "Obras" {
			t.Errorf("department of a machine that had none: got %q, want that of the list", got)
		}
		var without []KnownMachine
		c.read(func(ctx context.Context, tx *storage.Tx) error {
			known, err := c.store.Known(ctx, tx)
			without = WithoutAgent(known, c.machines(), c.clock.at)
			return err
		})
		if len(without) != 1 || without[0].Hostname != "pc-1" {
			t.Errorf("without an agent: got %+v, want pc-1", without)
		}
		if got, want := strings.Count(strings.Join(c.leaves(), "\n"), "register known-machines"), 3; got != want {
			t.Errorf("leaves about the list: got %d, want %d", got, want)
		}
		second := newDevice(t, "PC-1")
		if _, err := second.enroll(c, c.token(TokenRequest{Department: "Alcaldía"})); err != nil {
			t.Fatal(err)
		}
		third := newDevice(t, "kiosko")
		if _, err := third.enroll(c, c.token(TokenRequest{})); err != nil {
			t.Fatal(err)
		}
		if list := c.machines(); list[0].Department != "" || list[1].Department != "Alcaldía" {
			t.Errorf("departments: got %q and %q", list[0].Department, list[1].Department)
		}
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, schemas, func(t *testing.T, db *storage.DB) {
		c := startCollector(t, db)
		for _, req := range []TokenRequest{
			{Lifetime: time.Second}, {Lifetime: MaxTokenLifetime + 1}, {Hostname: "dos palabras"}, {Department: "a\nb"}, {By: strings.Repeat("x", 300)},
		} {
			err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
				_, err := c.store.CreateToken(ctx, tx, req)
				return err
			})
			if err == nil {
				t.Errorf("%+v was granted", req)
			}
		}
		token := c.token(TokenRequest{Hostname: "PC-1", By: "admin"})
		c.read(func(ctx context.Context, tx *storage.Tx) error {
			list, err := c.store.Tokens(ctx, tx)
			if err != nil || len(list) != 1 {
				t.Errorf("tokens: got %v, %v", list, err)
				return err
			}
			got := list[0]
			if got.Hostname != "pc-1" || got.CreatedBy != "admin" || got.ExpiresAt.Sub(got.CreatedAt) != TokenLifetime || got.State(c.clock.at) != TokenOpen {
				t.Errorf("token: got %+v", got)
			}
			if strings.Contains(fmt.Sprintf("%+v", got), readable.EncodeToString(token.Secret[:])) {
				t.Error("the secret is listed")
			}
			return nil
		})
		if parsed, err := apiv1.ParseToken(token.String()); err != nil || parsed != token {
			t.Errorf("its text: got %v, %v", parsed, err)
		}
		if err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			return c.store.RevokeToken(ctx, tx, "nothing", "admin")
		}); err == nil {
			t.Error("a token that is none was withdrawn")
		}
	})
}

func TestDepartures(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, schemas, func(t *testing.T, db *storage.DB) {
		c := startCollector(t, db)
		d := newDevice(t, "pc-1")
		if _, err := d.enroll(c, c.token(TokenRequest{})); err != nil {
			t.Fatal(err)
		}
		enrolled := c.clock.at
		c.clock.advance(time.Hour)
		try := func(do func(ctx context.Context, tx *storage.Tx, id, why, by string) error, id, why string) error {
			return db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return do(ctx, tx, id, why, "admin") })
		}
		if err := try(c.store.Retire, d.id, " "); err == nil {
			t.Error("retired without a reason")
		}
		if err := try(c.store.Retire, NewAgentID(), "scrapped"); err == nil {
			t.Error("retired a machine that is none")
		}
		if err := try(c.store.Retire, d.id, "scrapped"); err != nil {
			t.Fatal(err)
		}
		if err := try(c.store.Retire, d.id, "scrapped"); err == nil {
			t.Error("retired twice")
		}
		m := c.machines()[0]
		if m.Status != Retired || m.StatusWhy != "scrapped" || m.StatusBy != "admin" {
			t.Errorf("machine: got %+v", m)
		}
		for at, want := range map[time.Time]bool{
			enrolled.Add(-time.Second): false, enrolled: true, c.clock.at.Add(-time.Second): true, c.clock.at: false,
		} {
			if got := m.ActiveAt(at); got != want {
				t.Errorf("active at %v: got %v, want %v", at, got, want)
			}
		}
		if err := try(c.store.Revoke, d.id, "its keys were found"); err != nil {
			t.Errorf("revoke a retired machine: %v", err)
		}
		if err := try(c.store.Revoke, d.id, "again"); err == nil {
			t.Error("revoked twice")
		}
	})
}
