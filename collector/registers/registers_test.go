package registers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"vigia/checks/message"
	"vigia/collector/evidence"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// visits is a book for the tests, with a field of every kind.
func visits() *Book {
	return &Book{
		Name: "visits", Prefix: "VIS",
		Title: message.Text{ES: "Visitas", EN: "Visits"},
		Fields: []Field{
			{Name: "person", Label: message.Text{ES: "Quién", EN: "Who"}, Kind: Account, Required: true, Personal: true},
			{Name: "machine", Label: message.Text{ES: "Equipo", EN: "Machine"}, Kind: Host},
			{Name: "purpose", Label: message.Text{ES: "Para qué", EN: "What for"}, Kind: Prose},
			{Name: "until", Label: message.Text{ES: "Hasta", EN: "Until"}, Kind: Day},
			{Name: "came", Label: message.Text{ES: "Entró", EN: "Came"}, Kind: Moment},
			{Name: "level", Label: message.Text{ES: "Nivel", EN: "Level"}, Kind: Choice, Options: levels()},
			{Name: "areas", Label: message.Text{ES: "Zonas", EN: "Areas"}, Kind: Choices, Options: levels()},
			{Name: "things", Label: message.Text{ES: "Objetos", EN: "Things"}, Kind: Lines},
			{Name: "guided", Label: message.Text{ES: "Acompañada", EN: "Guided"}, Kind: Flag},
			{Name: "badges", Label: message.Text{ES: "Tarjetas", EN: "Badges"}, Kind: Number},
			{Name: "system", Label: message.Text{ES: "Sistema", EN: "System"}, Kind: Folio, Of: "systems"},
			{Name: "letter", Label: message.Text{ES: "Escrito", EN: "Letter"}, Kind: Paper},
			{Name: "note", Label: message.Text{ES: "Nota", EN: "Note"}, Kind: Line},
		},
		Key: []string{"person", "machine"},
		Check: func(v Values) []Problem {
			if v["guided"] == "" && v["level"] == "high" {
				return []Problem{{Field: "guided", Code: codeMissing}}
			}
			return nil
		},
	}
}

func levels() []Option {
	return []Option{
		{Code: "low", Label: message.Text{ES: "Básico", EN: "Basic"}},
		{Code: "high", Label: message.Text{ES: "Alto", EN: "High"}},
	}
}

var madrid = time.FixedZone("Europe/Madrid", 3600)

func TestFieldsReadWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ field, text, want, problem string }{
		{"person", "  Ana.López ", "ana.lópez", ""},
		{"person", "ana lópez", "", "register.not_account"},
		{"machine", "PC-014", "pc-014", ""},
		{"machine", "10.0.0.7", "10.0.0.7", ""},
		{"machine", "pc 14", "", "register.not_host"},
		{"until", "22/11/2026", "2026-11-22", ""},
		{"until", "2.1.2027", "2027-01-02", ""},
		{"until", "2026-11-22", "2026-11-22", ""},
		{"until", "31/02/2026", "", "register.not_day"},
		{"until", "22/11/0026", "", "register.not_day"},
		{"came", "22/11/2026 13:05", "2026-11-22T12:05:00Z", ""},
		{"came", "2026-11-22T13:05:00-06:00", "2026-11-22T19:05:00Z", ""},
		{"came", "ayer", "", "register.not_moment"},
		{"level", "ALTO", "high", ""},
		{"level", "basico", "low", ""},
		{"level", "medio", "", "register.not_choice"},
		{"areas", "Alto; Básico", "low\nhigh", ""},
		{"areas", "Alto; Otro", "", "register.not_choices"},
		{"things", "llaves\r\n\r\n portátil;llaves", "llaves\nportátil", ""},
		{"guided", "Sí", "yes", ""},
		{"guided", "no", "", ""},
		{"guided", "quizá", "", "register.not_flag"},
		{"badges", "1 200", "1200", ""},
		{"badges", "1.200", "", "register.not_number"},
		{"badges", "-1", "", "register.not_number"},
		{"letter", strings.Repeat("A1", 32), strings.Repeat("a1", 32), ""},
		{"letter", "a1", "", "register.not_paper"},
		{"purpose", "Cambiar el disco.\nY limpiar.", "Cambiar el disco.\nY limpiar.", ""},
		{"purpose", "a\x00b", "", codeText},
		{"note", "dos\nlíneas", "", codeText},
		{"note", "\xff", "", codeText},
		{"note", strings.Repeat("ñ", 501), "", codeLong},
		{"note", "   ", "", ""},
	} {
		f, ok := visits().Field(row.field)
		if !ok {
			t.Fatalf("no field %s", row.field)
		}
		got, problem := f.Parse(row.text, madrid)
		code := ""
		if problem != nil {
			code = problem.Code
		}
		if got != row.want || code != row.problem {
			t.Errorf("%s %q: got %q %s, want %q %s", row.field, row.text, got, code, row.want, row.problem)
		}
	}
}

// place is a database with a log and a store on it.
type place struct {
	t     *testing.T
	db    *storage.DB
	log   *evidence.Log
	store *Store
	now   time.Time
}

func open(t *testing.T, db *storage.DB) *place {
	t.Helper()
	p := &place{t: t, db: db, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	key, err := evidence.LoadOrCreateKey(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p.log, err = evidence.Open(t.Context(), db, evidence.Options{Key: key, Now: func() time.Time { return p.now }})
	if err != nil {
		t.Fatal(err)
	}
	p.store = NewStore(Options{Log: p.log, Now: func() time.Time { return p.now }})
	return p
}

func (p *place) write(do func(ctx context.Context, tx *storage.Tx) error) error {
	return p.db.Write(p.t.Context(), do)
}

func (p *place) add(b *Book, v Values) (row Row, err error) {
	err = p.write(func(ctx context.Context, tx *storage.Tx) (err error) {
		row, err = p.store.Add(ctx, tx, b, v, Act{By: "oficial", Why: "alta", Via: Portal})
		return err
	})
	return row, err
}

func (p *place) must(row Row, err error) Row {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	return row
}

func (p *place) change(b *Book, folio, version int64, v Values) (row Row, err error) {
	err = p.write(func(ctx context.Context, tx *storage.Tx) (err error) {
		row, err = p.store.Change(ctx, tx, b, folio, version, v, Act{By: "oficial", Via: Portal})
		return err
	})
	return row, err
}

func (p *place) remove(b *Book, folio, version int64) error {
	return p.write(func(ctx context.Context, tx *storage.Tx) error {
		return p.store.Remove(ctx, tx, b, folio, version, Act{By: "oficial", Why: "ya no viene", Via: Portal})
	})
}

func (p *place) rows(b *Book, at time.Time) (out []Row) {
	p.t.Helper()
	err := p.db.Read(p.t.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
		if at.IsZero() {
			out, err = p.store.Rows(ctx, tx, b)
		} else {
			out, err = p.store.RowsAt(ctx, tx, b, at)
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

func people(rows []Row) string {
	var out []string
	for _, r := range rows {
		out = append(out, r.Values["person"])
	}
	return strings.Join(out, " ")
}

func TestABookKeepsEveryVersion(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, []storage.Schema{evidence.Schema(), Schema()}, func(t *testing.T, db *storage.DB) {
		p, b := open(t, db), visits()
		morning := p.now
		ana := p.must(p.add(b, Values{"person": "ana", "machine": "pc-1"}))
		p.now = p.now.Add(time.Hour)
		luis := p.must(p.add(b, Values{"person": "luis"}))
		changed := p.must(p.change(b, ana.Folio, ana.Version, Values{"person": "ana", "machine": "pc-1", "note": "con llave"}))
		p.now = p.now.Add(time.Hour)
		if err := p.remove(b, luis.Folio, luis.Version); err != nil {
			t.Fatal(err)
		}
		if got := []int64{ana.Folio, luis.Folio, changed.Version}; !slices.Equal(got, []int64{1, 2, 2}) {
			t.Errorf("folios and version: got %v", got)
		}
		if got := people(p.rows(b, time.Time{})); got != "ana" {
			t.Errorf("now: got %q", got)
		}
		if got := people(p.rows(b, morning.Add(time.Hour))); got != "ana luis" {
			t.Errorf("in between: got %q", got)
		}
		if got := p.rows(b, morning)[0].Values["note"]; got != "" {
			t.Errorf("in the morning the note was %q", got)
		}
		// A folio is not given again.
		if eva := p.must(p.add(b, Values{"person": "eva"})); eva.Folio != 3 {
			t.Errorf("folio after a removal: got %d, want 3", eva.Folio)
		}
		var actions []string
		err := db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			return p.log.Entries(ctx, tx, evidence.Filter{Kinds: []evidence.Kind{evidence.Register}}, func(e evidence.Entry) error {
				var r Record
				if err := json.Unmarshal(e.Payload, &r); err != nil {
					return err
				}
				if e.Header.Subject != "register/visits" || e.Header.Sequence != uint64(r.Folio) || r.By != "oficial" {
					t.Errorf("leaf: got %+v %+v", e.Header, r)
				}
				actions = append(actions, string(r.Action)+" "+r.Values["person"])
				return nil
			})
		})
		want := []string{"added ana", "added luis", "changed ana", "removed luis", "added eva"}
		if err != nil || !slices.Equal(actions, want) {
			t.Errorf("leaves: got %v %v, want %v", actions, err, want)
		}
	})
}

func TestABookRefusesWhatItDoesNotTake(t *testing.T) {
	t.Parallel()
	p, b := open(t, storagetest.Open(t, storagetest.SQLite(t), evidence.Schema(), Schema())), visits()
	ana := p.must(p.add(b, Values{"person": "ana", "machine": "pc-1"}))
	for name, row := range map[string]struct {
		values Values
		want   string
	}{
		"nothing":              {Values{}, "person: register.missing"},
		"twice":                {Values{"person": "ana", "machine": "pc-1"}, `person: register.twice folio="VIS-0001"`},
		"not canonical":        {Values{"person": "ANA", "until": "22/11/2026"}, `register.not_account`},
		"a field of no book":   {Values{"person": "eva", "colour": "rojo"}, `register.no_field field="colour"`},
		"fields that disagree": {Values{"person": "eva", "level": "high"}, "guided: register.missing"},
		"a choice of no list":  {Values{"person": "eva", "level": "medio"}, "level: register.not_choice"},
	} {
		_, err := p.add(b, row.values)
		var invalid *InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %s", name, err, row.want)
		}
	}
	if _, err := p.change(b, ana.Folio, 7, Values{"person": "ana"}); !errors.Is(err, ErrConflict) {
		t.Errorf("a version of another: got %v", err)
	}
	if _, err := p.change(b, 99, 1, Values{"person": "ana"}); !errors.Is(err, ErrNoRow) {
		t.Errorf("no row: got %v", err)
	}
	if same := p.must(p.change(b, ana.Folio, ana.Version, maps.Clone(ana.Values))); same.Version != 1 {
		t.Errorf("a change of nothing made version %d", same.Version)
	}
	b.AppendOnly = true
	if err := p.remove(b, ana.Folio, ana.Version); !errors.Is(err, ErrAppendOnly) {
		t.Errorf("removal from a book that only grows: got %v", err)
	}
	if err := p.write(func(ctx context.Context, tx *storage.Tx) error {
		_, err := p.store.Add(ctx, tx, visits(), Values{"person": "eva"}, Act{Via: Portal})
		return err
	}); err == nil {
		t.Error("somebody without a name wrote")
	}
	if got := people(p.rows(b, time.Time{})); got != "ana" {
		t.Errorf("after all refusals: got %q", got)
	}
}

// A clock that goes back does not hide what was written.
func TestAClockThatGoesBack(t *testing.T) {
	t.Parallel()
	p, b := open(t, storagetest.Open(t, storagetest.SQLite(t), evidence.Schema(), Schema())), visits()
	ana := p.must(p.add(b, Values{"person": "ana"}))
	p.now = p.now.Add(-48 * time.Hour)
	p.must(p.change(b, ana.Folio, 1, Values{"person": "ana", "note": "nueva"}))
	if got := p.rows(b, ana.At); len(got) != 1 || got[0].Values["note"] != "nueva" {
		t.Errorf("got %+v", got)
	}
}

func (p *place) plan(b *Book, file []byte, opts PlanOptions) (plan Plan) {
	p.t.Helper()
	sheet, err := ReadSheet(file)
	if err != nil {
		p.t.Fatal(err)
	}
	opts.Zone = madrid
	if err := p.db.Read(p.t.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
		plan, err = p.store.Plan(ctx, tx, b, sheet, opts)
		return err
	}); err != nil {
		p.t.Fatal(err)
	}
	return plan
}

func (p *place) carry(b *Book, plan Plan) ([]Row, error) {
	var rows []Row
	err := p.write(func(ctx context.Context, tx *storage.Tx) (err error) {
		rows, err = p.store.Carry(ctx, tx, b, plan, Act{By: "oficial", Why: "lista de personal", Via: Import})
		return err
	})
	return rows, err
}

// says writes a plan in a line, for comparisons.
func (p Plan) says() string {
	var out []string
	for _, c := range p.Changes {
		text := string(c.Action) + " " + c.New["person"]
		for _, d := range c.Differences {
			if c.Action == Changed {
				text += " " + d.Field + ":" + d.Old + ">" + d.New
			}
		}
		out = append(out, text)
	}
	for _, r := range p.Missing {
		out = append(out, "missing "+r.Values["person"])
	}
	for _, wrong := range p.Problems {
		out = append(out, wrong.Error())
	}
	return strings.Join(out, "; ")
}

func TestAnImportIsShownBeforeItIsDone(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, file, want string }{
		{"new, changed and the same", "Quién;Equipo;Nota\nana;pc-1;con llave\nLuis;;\nEVA;pc-3;\n", "changed ana note:>con llave; added eva; missing rosa"},
		{"by the column's own name", "person,machine,note\nluis,,hola\n", "changed luis note:>hola; missing ana; missing rosa"},
		{"by folio, with another key", "Folio;Quién;Equipo\nVIS-0001;ana;pc-9\n", "changed ana machine:pc-1>pc-9; missing luis; missing rosa"},
		{"what the file does not speak of stays", "Quién;Nivel\nrosa;Básico\n", "changed rosa level:>low; missing ana; missing luis"},
		{"an empty cell clears", "Quién;Hasta\nrosa;\n", "changed rosa until:2026-12-31>; missing ana; missing luis"},
		{"all that is wrong, by line", "Quién;Hasta;Nivel\n;;\n;31/02/2026;\nluis;1/1/2027;medio\nluis;;\n",
			`missing ana; missing rosa; line 3: until: register.not_day value="31/02/2026"; line 4: level: register.not_choice value="medio"`},
		{"a row that lacks what it must have", "Quién;Nota\n;sin nombre\n", "missing ana; missing luis; missing rosa; line 2: person: register.missing"},
		{"the same row twice", "Quién\nluis\nLUIS\n", "missing ana; missing rosa; line 3: sheet.same line=\"2\""},
		{"a folio of nobody", "Folio;Quién\nVIS-0044;luis\n", `missing ana; missing luis; missing rosa; line 2: sheet.no_row folio="VIS-0044"`},
		{"columns of another book", "Quién;Colmillos\nluis;2\n", `line 1: sheet.column column="Colmillos"`},
		{"a column twice", "Quién;who\nluis;ana\n", `line 1: sheet.column_two column="who"`},
		{"no heading", "luis;pc-1\neva;pc-2\n", "line 1: sheet.header"},
		{"more cells than columns", "Quién\nluis,pc-1\n", `missing ana; missing luis; missing rosa; line 2: sheet.cells n="2" want="1"`},
		{"tabs and old Windows letters", "Qui\xe9n\tNota\nluis\tma\xf1ana\n", "changed luis note:>mañana; missing ana; missing rosa"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p, b := open(t, storagetest.Open(t, storagetest.SQLite(t), evidence.Schema(), Schema())), visits()
			p.must(p.add(b, Values{"person": "ana", "machine": "pc-1"}))
			p.must(p.add(b, Values{"person": "luis"}))
			p.must(p.add(b, Values{"person": "rosa", "until": "2026-12-31"}))
			plan := p.plan(b, []byte(row.file), PlanOptions{})
			if got := plan.says(); got != row.want {
				t.Fatalf("got  %s\nwant %s", got, row.want)
			}
			if len(plan.Problems) > 0 {
				if _, err := p.carry(b, plan); err == nil {
					t.Error("a plan with problems was carried out")
				}
				return
			}
			if _, err := p.carry(b, plan); err != nil {
				t.Fatal(err)
			}
			again := p.plan(b, []byte(row.file), PlanOptions{})
			if len(again.Changes) > 0 {
				t.Errorf("a second import would change: %s", again.says())
			}
		})
	}
}

func TestAnImportThatReplaces(t *testing.T) {
	t.Parallel()
	p, b := open(t, storagetest.Open(t, storagetest.SQLite(t), evidence.Schema(), Schema())), visits()
	p.must(p.add(b, Values{"person": "ana", "machine": "pc-1"}))
	p.must(p.add(b, Values{"person": "luis"}))
	plan := p.plan(b, []byte("Quién;Equipo\neva;pc-2\nana;pc-1\n"), PlanOptions{Replace: true, Fixed: Values{"note": "Tesorería"}})
	p.must(p.add(b, Values{"person": "iris"})) // after the preview: it was not shown, so it stays
	if _, err := p.carry(b, plan); err != nil {
		t.Fatal(err)
	}
	rows := p.rows(b, time.Time{})
	if got := people(rows); got != "ana iris eva" || rows[0].Values["note"] != "Tesorería" {
		t.Errorf("got %q %v", got, rows[0].Values)
	}
	// Somebody changed a row between preview and confirmation: nothing is written.
	plan = p.plan(b, []byte("Quién;Equipo;Nota\nana;pc-1;una\nzoe;;\n"), PlanOptions{})
	p.must(p.change(b, 1, rows[0].Version, Values{"person": "ana", "machine": "pc-1", "note": "otra"}))
	if _, err := p.carry(b, plan); !errors.Is(err, ErrConflict) {
		t.Errorf("got %v, want %v", err, ErrConflict)
	}
	if got := people(p.rows(b, time.Time{})); got != "ana iris eva" {
		t.Errorf("half of a plan was carried out: %q", got)
	}
}

func TestWhatIsExportedIsReadAgain(t *testing.T) {
	t.Parallel()
	full := Values{
		"person": "ana", "machine": "pc-1", "purpose": "=1+1\nY otra: \"cosa\"; aquí", "until": "2026-12-31", "came": "2026-11-22T12:05:00Z",
		"level": "high", "areas": "low\nhigh", "things": "llaves\nmóvil", "guided": "yes", "badges": "1200", "system": "7", "note": "-5 '=x",
	}
	for _, format := range []Format{CSV, XLSX} {
		for _, lang := range message.Langs() {
			t.Run(string(format)+" "+string(lang), func(t *testing.T) {
				t.Parallel()
				p, b := open(t, storagetest.Open(t, storagetest.SQLite(t), evidence.Schema(), Schema())), visits()
				p.must(p.add(b, full))
				p.must(p.add(b, Values{"person": "luis"}))
				var file bytes.Buffer
				if err := b.Export(&file, format, p.rows(b, time.Time{}), lang, madrid); err != nil {
					t.Fatal(err)
				}
				plan := p.plan(b, file.Bytes(), PlanOptions{})
				if plan.says() != "" || plan.Same != 2 {
					t.Errorf("got %s and %d the same\n%s", plan.says(), plan.Same, file.String()[:min(200, file.Len())])
				}
			})
		}
	}
}

// Every code that is said has words.
func TestMessages(t *testing.T) {
	t.Parallel()
	all := Messages()
	for _, problem := range all.Problems() {
		t.Error(problem)
	}
	for _, kind := range []Kind{Line, Prose, Account, Host, Day, Moment, Choice, Choices, Lines, Flag, Number, Folio} {
		if _, ok := all["register.not_"+string(kind)]; !ok {
			t.Errorf("no words for what is not a %s", kind)
		}
	}
}

func FuzzReadSheet(f *testing.F) {
	for _, seed := range []string{"Quién;Nota\nana;\"a;b\"\n", "\xff\xfeq\x00;\x00a\x00\n\x00b\x00;\x00c\x00", "a,b\n\"", "PK\x03\x04", "a\tb\n'=1\t-2\n"} {
		f.Add([]byte(seed))
	}
	b := visits()
	f.Fuzz(func(t *testing.T, data []byte) {
		sheet, err := ReadSheet(data)
		if err != nil {
			return
		}
		for _, line := range sheet.Lines {
			if len(line.Cells) == 0 || line.Number < 1 {
				t.Errorf("line %d with %d cells", line.Number, len(line.Cells))
			}
			for i, cell := range line.Cells {
				field := b.Fields[i%len(b.Fields)]
				value, problem := field.Parse(cell, madrid)
				if problem != nil {
					continue
				}
				if again, problem := field.Parse(value, time.UTC); problem != nil || again != value {
					t.Errorf("%s: %q is canonical as %q, and that as %q %v", field.Name, cell, value, again, problem)
				}
			}
		}
	})
}
