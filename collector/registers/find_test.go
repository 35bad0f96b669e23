package registers

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vigia/checks/message"
	"vigia/collector/evidence"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// wards is a book that another refers to.
func wards() *Book {
	return &Book{Name: "systems", Prefix: "SIS", Title: message.Text{ES: "Sistemas", EN: "Systems"}, Key: []string{"name"},
		Fields: []Field{{Name: "name", Label: message.Text{ES: "Nombre", EN: "Name"}, Kind: Line, Required: true}}}
}

func TestRowsAreFound(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, []storage.Schema{evidence.Schema(), Schema()}, func(t *testing.T, db *storage.DB) {
		p, b := open(t, db), visits()
		b.Department, b.Ends = "note", "until"
		for i, f := range b.Fields {
			b.Fields[i].Wanted = f.Name == "machine"
		}
		first := p.now
		ana := p.must(p.add(b, Values{"person": "ana", "machine": "pc-1", "badges": "12", "level": "high", "guided": "yes", "note": "Obras", "until": "2026-11-01"}))
		p.must(p.add(b, Values{"person": "luis", "badges": "9", "level": "low", "note": "Padrón", "purpose": "cambiar 100 % del_disco"}))
		p.must(p.add(b, Values{"person": "eva", "machine": "pc-2", "note": "Obras", "until": "2026-12-01"}))
		p.now = p.now.Add(time.Hour)
		p.must(p.change(b, ana.Folio, 1, Values{"person": "ana", "machine": "pc-9", "badges": "100", "level": "high", "guided": "yes", "note": "Obras", "until": "2026-11-01"}))
		for _, row := range []struct {
			name string
			q    Query
			want string
			all  int
		}{
			{"all", Query{}, "ana luis eva", 3},
			{"backwards", Query{Down: true}, "eva luis ana", 3},
			{"a page", Query{Offset: 1, Most: 1}, "luis", 3},
			{"by number, what is empty last", Query{Sort: "badges"}, "luis ana eva", 3},
			{"by number, backwards", Query{Sort: "badges", Down: true}, "ana luis eva", 3},
			{"by choice", Query{Sort: "level"}, "luis ana eva", 3},
			{"by day, a page", Query{Sort: "until", Down: true, Most: 1}, "eva", 3},
			{"by a field that is not there", Query{Sort: "colmillos"}, "ana luis eva", 3},
			{"words of a list, in English too", Query{Text: "basic"}, "luis", 1},
			{"two words, without accents", Query{Text: "DISCO padron"}, "luis", 1},
			{"what LIKE takes for more", Query{Text: "100 % del_"}, "luis", 1},
			{"no such word", Query{Text: "%disco"}, "", 0},
			{"a name, for who sees names", Query{Text: "eva", Names: true}, "eva", 1},
			{"a name, for others", Query{Text: "eva"}, "", 0},
			{"by folio", Query{Text: "vis-0002"}, "luis", 1},
			{"of a department", Query{Limited: true, Department: "Obras"}, "ana eva", 2},
			{"of none", Query{Limited: true}, "", 0},
			{"in the past", Query{At: first, Text: "pc-1"}, "ana", 1},
			{"no more", Query{Text: "pc-1"}, "", 0},
		} {
			var rows []Row
			var total int
			err := db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
				rows, total, err = p.store.Find(ctx, tx, b, row.q)
				return err
			})
			if got := people(rows); err != nil || got != row.want || total != row.all {
				t.Errorf("%s: got %q of %d, %v, want %q of %d", row.name, got, total, err, row.want, row.all)
			}
		}
		var sums map[string]Summary
		var changes []Written
		var total int
		if err := db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
			if sums, err = p.store.Summaries(ctx, tx, []*Book{b, wards()}, "2026-11-22", "2026-12-22", false, ""); err != nil {
				return err
			}
			changes, total, err = p.store.Changes(ctx, tx, []*Book{b, wards()}, first, p.now.Add(time.Second), Query{Most: 2, Names: true}, "oficial")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if got, want := sums["visits"], (Summary{Rows: 3, Incomplete: 1, Ended: 1, Ending: 1, Last: p.now}); got != want {
			t.Errorf("summary: got %+v, want %+v", got, want)
		}
		if sums["systems"] != (Summary{}) {
			t.Errorf("an empty book: got %+v", sums["systems"])
		}
		if total != 4 || len(changes) != 2 || changes[0].Action() != Changed || changes[0].Before["machine"] != "pc-1" || changes[1].Action() != Added || changes[1].Folio != 3 {
			t.Errorf("changes: got %d, %+v", total, changes)
		}
	})
}

func TestBooksReferToOneAnother(t *testing.T) {
	t.Parallel()
	p := open(t, storagetest.Open(t, storagetest.SQLite(t), evidence.Schema(), Schema()))
	books := Linked(visits(), wards())
	b, systems := books[0], books[1]
	p.must(p.add(systems, Values{"name": "Nómina"}))
	f, _ := b.Field("system")
	for text, want := range map[string]string{"SIS-0001": "1", "sis-1": "1", "1": "1", "PER-0001": "", "SIS-": "", "SIS-0": "", "-1": ""} {
		if got, _ := f.Parse(text, madrid); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := f.Show("1", message.Spanish, madrid); got != "SIS-0001" {
		t.Errorf("got %q", got)
	}
	ana := p.must(p.add(b, Values{"person": "ana", "system": "1"}))
	if _, err := p.add(b, Values{"person": "eva", "system": "2"}); err == nil || !strings.Contains(err.Error(), `system: register.no_row value="SIS-0002"`) {
		t.Errorf("a row that is not there: got %v", err)
	}
	if plan := p.plan(b, []byte("Quién;Sistema\neva;SIS-0002\niris;sis-0001\n"), PlanOptions{}); plan.Bad != 1 || plan.Count(Added) != 1 ||
		plan.Problems[0].Error() != `line 2: system: register.no_row value="SIS-0002"` {
		t.Errorf("plan: %s", plan.says())
	}
	// What is struck out may still be named by who named it before.
	if err := p.remove(systems, 1, 1); err != nil {
		t.Fatal(err)
	}
	p.must(p.change(b, ana.Folio, 1, Values{"person": "ana", "system": "1", "note": "sigue"}))
	// A book by itself knows no other.
	p.must(p.add(visits(), Values{"person": "rosa", "system": "44"}))
}

func TestAnImportWithoutItsBadLines(t *testing.T) {
	t.Parallel()
	p, b := open(t, storagetest.Open(t, storagetest.SQLite(t), evidence.Schema(), Schema())), visits()
	p.must(p.add(b, Values{"person": "ana"}))
	file := []byte("Quién;Hasta\nana;31/02/2026\neva;1/1/2027\n")
	for _, opts := range []PlanOptions{{}, {Replace: true}, {Replace: true, Good: true}} {
		plan := p.plan(b, file, opts)
		if plan.Carries() || plan.Bad != 1 || len(plan.Missing) != 0 {
			t.Errorf("%+v: got %+v", opts, plan)
		}
		if _, err := p.carry(b, plan); err == nil {
			t.Errorf("%+v: a plan with problems was carried out", opts)
		}
	}
	plan := p.plan(b, file, PlanOptions{Good: true})
	if again := p.plan(b, file, PlanOptions{Good: true}); plan.Digest() != again.Digest() || plan.Digest() == p.plan(b, file, PlanOptions{}).Digest() {
		t.Error("a digest is not that of its plan")
	}
	if rows, err := p.carry(b, plan); err != nil || people(rows) != "eva" {
		t.Errorf("got %q %v", people(rows), err)
	}
}

func TestUploadsWaitForWhoMadeThem(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, []storage.Schema{evidence.Schema(), Schema()}, func(t *testing.T, db *storage.DB) {
		p, b := open(t, db), visits()
		sheet, err := ReadSheet([]byte("Quién\nana\n"))
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for range maxUploads + 1 {
			p.now = p.now.Add(time.Second)
			if err := p.write(func(ctx context.Context, tx *storage.Tx) error {
				kept, err := p.store.KeepUpload(ctx, tx, b, "lista.csv", sheet, "oficial")
				ids = append(ids, kept.ID)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		there := func(b *Book, id, by string) string {
			out := "there"
			if err := db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
				got, err := p.store.Upload(ctx, tx, b, id, by)
				if err == nil && (got.Name != "lista.csv" || len(got.Sheet.Lines) != 1 || got.Sheet.Lines[0].Number != 2) {
					return fmt.Errorf("got %+v", got)
				}
				return err
			}); err != nil {
				out = err.Error()
			}
			return out
		}
		last := ids[len(ids)-1]
		for name, row := range map[string]struct{ got, want string }{
			"the last":        {there(b, last, "oficial"), "there"},
			"somebody else's": {there(b, last, "otra"), ErrNoUpload.Error()},
			"another book's":  {there(wards(), last, "oficial"), ErrNoUpload.Error()},
			"one too many":    {there(b, ids[0], "oficial"), ErrNoUpload.Error()},
			"the second":      {there(b, ids[1], "oficial"), "there"},
		} {
			if row.got != row.want {
				t.Errorf("%s: got %s, want %s", name, row.got, row.want)
			}
		}
		p.now = p.now.Add(UploadTerm + time.Minute)
		if got := there(b, last, "oficial"); got != ErrNoUpload.Error() {
			t.Errorf("a day later: got %s", got)
		}
	})
}

// measure asks for times, which say nothing on a machine that does ten things at once.
var measure = flag.Bool("speed", false, "hold the books to their bars in time: make bench-portal")

// statements counts those that are made meanwhile.
func (p *place) statements(do func()) int {
	var n atomic.Int64
	p.db.Trace(func(string, []any) { n.Add(1) })
	defer p.db.Trace(nil)
	do()
	return int(n.Load())
}

// A book of tens of thousands of rows takes one more as a short one does: with as many
// statements, whatever is asked of it.
func TestALongBook(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	storagetest.Each(t, []storage.Schema{evidence.Schema(), Schema()}, func(t *testing.T, db *storage.DB) {
		p, long, short := open(t, db), visits(), visits()
		short.Name, short.Prefix = "guests", "HUE"
		lines := map[*Book]int{long: 10_000, short: 300}
		files := map[*Book][]byte{}
		for b, n := range lines {
			var file strings.Builder
			file.WriteString("Quién;Equipo;Nivel;Zonas;Hasta;Entró;Nota\n")
			for i := range n {
				fmt.Fprintf(&file, "persona%d;pc-%d;Básico;Alto;22/11/2026;22/11/2026 13:05;una nota que dice algo\n", i, i%200)
			}
			files[b] = []byte(file.String())
			if _, err := p.carry(b, p.plan(b, files[b], PlanOptions{})); err != nil {
				t.Fatal(err)
			}
		}
		for _, step := range []struct {
			name string
			most time.Duration // in the long book, when speed is measured
			do   func(b *Book)
		}{
			{"preview of what is there", 5 * time.Second, func(b *Book) {
				if plan := p.plan(b, files[b], PlanOptions{}); plan.Same != lines[b] {
					t.Fatalf("got %d the same of %d", plan.Same, lines[b])
				}
			}},
			{"one more row", 100 * time.Millisecond, func(b *Book) { p.must(p.add(b, Values{"person": "una"})) }},
			{"search and sort", 250 * time.Millisecond, func(b *Book) {
				if err := db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
					page, total, err := p.store.Find(ctx, tx, b, Query{Sort: "person", Text: "nota", Names: true, Most: 100})
					if len(page) != 100 || total != lines[b] {
						t.Errorf("found %d of %d, want 100 of %d", len(page), total, lines[b])
					}
					return err
				}); err != nil {
					t.Fatal(err)
				}
			}},
		} {
			asked := map[*Book]int{}
			for _, b := range []*Book{short, long} {
				begin := time.Now()
				asked[b] = p.statements(func() { step.do(b) })
				took := time.Since(begin)
				t.Logf("%s: %d lines, %d statements, %v", step.name, lines[b], asked[b], took)
				if *measure && took > step.most {
					t.Errorf("%s: %v, want at most %v", step.name, took, step.most)
				}
			}
			if asked[long] != asked[short] {
				t.Errorf("%s: %d statements in a book of %d rows, and %d in one of %d", step.name, asked[short], lines[short], asked[long], lines[long])
			}
		}
	})
}

// A file that is imported twice is in the book once, whether or not a key tells its rows apart.
func TestAnImportTwice(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Book){
		"with a key":        func(*Book) {},
		"without":           func(b *Book) { b.Key = nil },
		"that only grows":   func(b *Book) { b.AppendOnly = true },
		"both, with a word": func(b *Book) { b.Key, b.AppendOnly = nil, true },
	} {
		p, b := open(t, storagetest.Open(t, storagetest.SQLite(t), evidence.Schema(), Schema())), visits()
		change(b)
		file := []byte("Quién;Nota\nana;una\nluis;otra\n")
		for range 2 {
			if _, err := p.carry(b, p.plan(b, file, PlanOptions{})); err != nil {
				t.Fatal(err)
			}
		}
		if got := people(p.rows(b, time.Time{})); got != "ana luis" {
			t.Errorf("%s: got %q", name, got)
		}
		if b.Key == nil { // a line that is there twice is two rows
			plan := p.plan(b, []byte("Quién;Nota\nana;una\nana;una\n"), PlanOptions{})
			if plan.Same != 1 || plan.Count(Added) != 1 {
				t.Errorf("%s: got %d the same, %s", name, plan.Same, plan.says())
			}
		}
	}
}

func TestOneValue(t *testing.T) {
	t.Parallel()
	for _, v := range []Values{
		{"a": "uno", "ab": "dos", "b": ""}, {"a": `con "comillas" y \\ barras`, "b": `,"a":"no`}, {"b": `{"a":"no"}`}, {"b": "a\":\"x", "a": "á\n<b>&\u2028"}, {},
	} {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"a", "ab", "b", "c"} {
			if got := oneValue(data, name); got != v[name] {
				t.Errorf("%s of %s: got %q, want %q", name, data, got, v[name])
			}
		}
	}
}
