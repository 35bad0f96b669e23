package incidents

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/policy"
	"vigia/collector/evidence"
	"vigia/collector/registers"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
	"vigia/collector/worktime"
)

// book is an incident book on a database of its own.
type book struct {
	t     *testing.T
	db    *storage.DB
	log   *evidence.Log
	store *Store
	now   time.Time
	packs []policy.Pack
	zone  *time.Location
	// encrypted are the machines that are known to be.
	encrypted map[string]int64
}

func onEach(t *testing.T, test func(t *testing.T, b *book)) {
	t.Helper()
	storagetest.Each(t, []storage.Schema{evidence.Schema(), Schema()}, func(t *testing.T, db *storage.DB) {
		zone, err := time.LoadLocation("Europe/Madrid")
		if err != nil {
			t.Fatal(err)
		}
		b := &book{t: t, db: db, now: time.Date(2026, 11, 23, 9, 0, 0, 0, zone), zone: zone, encrypted: map[string]int64{}}
		key, err := evidence.LoadOrCreateKey(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if b.log, err = evidence.Open(t.Context(), db, evidence.Options{Key: key, Now: func() time.Time { return b.now }}); err != nil {
			t.Fatal(err)
		}
		b.packs = packs(t, "es-rgpd")
		b.store = NewStore(Options{Log: b.log, Now: func() time.Time { return b.now }, Zone: zone,
			Rules: func(context.Context, *storage.Tx) ([]policy.Pack, worktime.Calendar, error) {
				return b.packs, worktime.Office(zone), nil
			},
			Encrypted: func(_ context.Context, _ *storage.Tx, host string, _ time.Time) (int64, string, error) {
				if leaf, ok := b.encrypted[host]; ok {
					return leaf, "", nil
				}
				return 0, "no hay ninguna medición de entonces", nil
			},
			Plan: func(_ context.Context, _ *storage.Tx, incident string, v registers.Values, _ registers.Act) (string, error) {
				return "PLN-0001 de " + incident + " para " + v["owner"], nil
			}})
		test(t, b)
	})
}

func packs(t *testing.T, names ...string) []policy.Pack {
	t.Helper()
	all, err := policy.Packs()
	if err != nil {
		t.Fatal(err)
	}
	var out []policy.Pack
	for _, p := range all {
		for _, name := range names {
			if p.Name == name {
				out = append(out, p)
			}
		}
	}
	return out
}

var lucia = registers.Act{By: "lucia", Via: registers.Portal}

func (b *book) try(fn func(ctx context.Context, tx *storage.Tx) error) error {
	return b.db.Write(b.t.Context(), fn)
}

func (b *book) open(v registers.Values) (in Incident) {
	b.t.Helper()
	if err := b.try(func(ctx context.Context, tx *storage.Tx) (err error) {
		in, err = b.store.Open(ctx, tx, v, lucia)
		return err
	}); err != nil {
		b.t.Fatal(err)
	}
	return in
}

// write adds an entry and answers the incident, or the fields that are wrong.
func (b *book) write(folio int64, kind Kind, v registers.Values) (in Incident, wrong string) {
	b.t.Helper()
	err := b.try(func(ctx context.Context, tx *storage.Tx) (err error) {
		in, err = b.store.Write(ctx, tx, folio, kind, v, 0, lucia)
		return err
	})
	return in, wrongFields(b.t, err)
}

func wrongFields(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var invalid *registers.InvalidError
	if !errors.As(err, &invalid) {
		return err.Error()
	}
	var out []string
	for _, p := range invalid.Problems {
		out = append(out, p.Field+" "+p.Code)
	}
	return strings.Join(out, ", ")
}

func (b *book) at(hours int) string {
	return b.now.Add(time.Duration(hours) * time.Hour).UTC().Format(time.RFC3339)
}

// lostLaptop is the opening of an incident that is known for an hour.
func (b *book) lostLaptop() registers.Values {
	return registers.Values{"title": "Portátil perdido", "type": "loss", "happened": b.at(-20), "detected": b.at(-2), "known": b.at(-1),
		"notifier": "Ventanilla", "description": "No está en la mochila.", "machines": "social-01"}
}

func TestAnIncidentFromItsReportToItsEnd(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		in := b.open(b.lostLaptop())
		if in.Folio != 1 || FolioText(in.Folio) != "INC-0001" || in.Title() != "Portátil perdido" || len(in.Entries) != 1 {
			t.Errorf("got %+v", in)
		}
		b.now = b.now.Add(time.Hour)
		if in, wrong := b.write(1, Update, registers.Values{"confirmed": b.at(0), "effects": "Expedientes de ayudas"}); wrong != "" || in.Facts["effects"] == "" || in.Facts["title"] == "" {
			t.Errorf("update: %s %v", wrong, in.Facts)
		}
		if _, wrong := b.write(1, Close, registers.Values{"cause": "Un descuido"}); wrong != "cause incidents.undecided" {
			t.Errorf("closed before it was assessed: %q", wrong)
		}
		assessed, wrong := b.write(1, Assessment, registers.Values{"breach": "yes", "kind": "theft", "categories": "identity\nspecial", "persons": "140", "high": "yes", "high_why": "Datos de salud"})
		if wrong != "" || assessed.Breach() != Yes {
			t.Errorf("assessment: %s %v", wrong, assessed.Assessed)
		}
		acted, wrong := b.write(1, Action, registers.Values{"text": "Cifrar los portátiles", "kind": "definitive", "owner": "sistemas", "due": "2026-12-31", "control": "AC-DISK-ENC"})
		if wrong != "" || acted.Actions[0].Values["plan"] != "PLN-0001 de INC-0001 para sistemas" {
			t.Errorf("action: %s %+v", wrong, acted.Actions)
		}
		if _, wrong := b.write(1, Notice, registers.Values{"to": "authority", "sent": b.at(0), "means": "Sede electrónica", "partial": "yes"}); wrong != "" {
			t.Errorf("notice: %s", wrong)
		}
		closed, wrong := b.write(1, Close, registers.Values{"cause": "No había norma de transporte"})
		if wrong != "" || closed.Closed.IsZero() {
			t.Errorf("close: %s", wrong)
		}
		if _, wrong := b.write(1, Update, registers.Values{"effects": "otros"}); !strings.Contains(wrong, "closed") {
			t.Errorf("a closed incident took %q", wrong)
		}
		if again, wrong := b.write(1, Reopen, registers.Values{"reason": "Apareció"}); wrong != "" || !again.Closed.IsZero() {
			t.Errorf("reopen: %s", wrong)
		}
		// What is read is what was written, and each entry is a leaf.
		if err := b.db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			read, err := b.store.Incident(ctx, tx, 1)
			if err != nil {
				return err
			}
			n := 0
			err = b.log.Entries(ctx, tx, evidence.Filter{Kinds: []evidence.Kind{evidence.Incident}}, func(e evidence.Entry) error {
				var r Record
				if err := json.Unmarshal(e.Payload, &r); err != nil {
					return err
				}
				want := read.Entries[n]
				if diff := cmp.Diff(Record{1, want.Number, want.Kind, want.At, "lucia", "", registers.Portal, 0, want.Values}, r); diff != "" || want.Leaf != e.Index {
					t.Errorf("entry %d (-want +got):\n%s", n+1, diff)
				}
				n++
				return nil
			})
			if n != len(read.Entries) || n != 7 {
				t.Errorf("%d leaves of %d entries", n, len(read.Entries))
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWhatIsNotTaken(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		b.open(b.lostLaptop())
		b.encrypted["tesoreria-02"] = 77
		for _, row := range []struct {
			name string
			kind Kind
			set  registers.Values
			want string
		}{
			{"known before it was detected", Update, registers.Values{"known": b.at(-10)}, "known incidents.order_known"},
			{"in the future", Update, registers.Values{"confirmed": b.at(30)}, "confirmed incidents.future"},
			{"a scan without its date", Update, registers.Values{"paper": strings.Repeat("a", 64)}, "paper incidents.paper"},
			{"a breach of no kind", Assessment, registers.Values{"breach": "yes"}, "kind register.missing, high register.missing"},
			{"no high risk in spite of signs", Assessment, registers.Values{"breach": "yes", "kind": "loss", "high": "no", "categories": "special"}, "high_why register.missing"},
			{"exempt by a machine that nobody knows to be encrypted", Assessment, registers.Values{"breach": "yes", "kind": "loss", "high": "yes", "high_why": "x", "exempt": "encryption", "exempt_machine": "social-01"}, "exempt_machine incidents.not_encrypted"},
			{"exempt by one that is known to be", Assessment, registers.Values{"breach": "yes", "kind": "loss", "high": "yes", "high_why": "x", "exempt": "encryption", "exempt_machine": "tesoreria-02"}, ""},
			{"evidence that somebody typed", Assessment, registers.Values{"breach": "no", "exempt_leaf": "3"}, "exempt_leaf incidents.exempt_leaf"},
			{"an action of nobody", Action, registers.Values{"text": "Algo", "kind": "immediate"}, "owner incidents.owner"},
			{"a recovery before its authorisation", Recovery, registers.Values{"authorised_by": "Alcaldía", "authorised": b.at(-1), "ran": "sistemas", "at": b.at(-3), "restored": "todo", "keyed": "nada"}, "authorised incidents.authorised_first"},
			{"a recovery of special data without the officer", Recovery, registers.Values{"authorised_by": "Alcaldía", "authorised": b.at(-3), "ran": "sistemas", "at": b.at(-1), "restored": "todo", "keyed": "nada", "special": "yes"}, "officer incidents.officer"},
			{"a field that there is not", Update, registers.Values{"x": "1"}, " register.no_field"},
		} {
			if _, wrong := b.write(1, row.kind, row.set); wrong != row.want {
				t.Errorf("%s: got %q, want %q", row.name, wrong, row.want)
			}
		}
		if _, wrong := b.write(9, Update, nil); !strings.Contains(wrong, ErrNoIncident.Error()) {
			t.Errorf("no incident: %s", wrong)
		}
	})
}

// A late notice must say why.
func TestLateNotice(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		b.open(b.lostLaptop())
		b.now = b.now.Add(80 * time.Hour)
		v := registers.Values{"to": "authority", "sent": b.at(0), "means": "Sede electrónica"}
		if _, wrong := b.write(1, Notice, v); wrong != "late_why incidents.late" {
			t.Errorf("got %q", wrong)
		}
		v["late_why"] = "No se supo el alcance hasta el lunes."
		if _, wrong := b.write(1, Notice, v); wrong != "" {
			t.Errorf("with reasons: %s", wrong)
		}
	})
}

func TestClocks(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) time.Time {
		t.Helper()
		out, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	moment := func(text string) string { return at(text).UTC().Format(time.RFC3339) }
	for _, row := range []struct {
		name, pack    string
		facts, assess registers.Values
		notice        registers.Values
		now           string
		want          string
	}{
		{"Spain counts 72 hours from knowledge", "es-rgpd", registers.Values{"known": moment("2026-11-20 10:00")}, nil, nil, "2026-11-21 10:00",
			"authority running 33 until 2026-11-23 10:00; persons waiting 0"},
		{"an hour of spring that there is not", "es-rgpd", registers.Values{"known": moment("2026-03-28 10:00")}, nil, nil, "2026-03-31 10:59",
			"authority running 99 until 2026-03-31 11:00; persons waiting 0"},
		{"overdue", "es-rgpd", registers.Values{"known": moment("2026-11-20 10:00")}, nil, nil, "2026-11-23 10:01",
			"authority overdue 100 until 2026-11-23 10:00; persons waiting 0"},
		{"told in time", "es-rgpd", registers.Values{"known": moment("2026-11-20 10:00")}, registers.Values{"breach": "yes", "high": "no"},
			registers.Values{"to": "authority", "sent": moment("2026-11-20 22:00")}, "2026-12-20 10:00", "authority met 16 until 2026-11-23 10:00"},
		{"told too late", "es-rgpd", registers.Values{"known": moment("2026-11-20 10:00")}, registers.Values{"breach": "yes", "high": "no"},
			registers.Values{"to": "authority", "sent": moment("2026-11-24 10:00")}, "2026-12-20 10:00", "authority late 133 until 2026-11-23 10:00"},
		{"no breach", "es-rgpd", registers.Values{"known": moment("2026-11-20 10:00")}, registers.Values{"breach": "no"}, nil, "2026-11-21 10:00", ""},
		{"Mexico waits for the confirmation", "mx-general", registers.Values{"known": moment("2026-11-20 10:00")}, nil, nil, "2026-11-25 10:00",
			"authority waiting 0; persons waiting 0"},
		{"and counts from it", "mx-general", registers.Values{"known": moment("2026-11-20 10:00"), "confirmed": moment("2026-11-21 10:00")}, nil, nil, "2026-11-21 22:00",
			"authority running 50 until 2026-11-22 10:00; persons running 50 until 2026-11-22 10:00"},
		{"exempt by encryption", "mx-general", registers.Values{"confirmed": moment("2026-11-21 10:00")}, registers.Values{"breach": "yes", "high": "yes", "exempt": "encryption"}, nil,
			"2026-11-21 22:00", "authority running 50 until 2026-11-22 10:00; persons exempt 50 until 2026-11-22 10:00"},
	} {
		t.Run(row.name, func(t *testing.T) {
			entries := []Entry{{Folio: 1, Number: 1, Kind: Open, Values: row.facts}}
			if row.assess != nil {
				entries = append(entries, Entry{Folio: 1, Number: 2, Kind: Assessment, Values: row.assess})
			}
			if row.notice != nil {
				entries = append(entries, Entry{Folio: 1, Number: int64(len(entries) + 1), Kind: Notice, Values: row.notice})
			}
			in, err := Fold(entries)
			if err != nil {
				t.Fatal(err)
			}
			clocks, err := Clocks(in, packs(t, row.pack), worktime.Office(zone), at(row.now))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range clocks {
				text := string(c.Whom) + " " + string(c.State) + " " + itoa(c.Share)
				if !c.Due.IsZero() {
					text += " until " + c.Due.In(zone).Format("2006-01-02 15:04")
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(row.want, strings.Join(got, "; ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

// People are reminded once at 24, 48 and 66 of 72 hours, and when the term is over.
func TestReminders(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		b.open(b.lostLaptop())
		told := map[string]int{}
		var order []int
		for range 80 * 4 {
			b.now = b.now.Add(15 * time.Minute)
			if err := b.db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
				found, err := b.store.Reminders(ctx, tx, b.now)
				for _, r := range found {
					if told[r.Key]++; told[r.Key] == 1 {
						order = append(order, r.Mark)
					}
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]int{33, 66, 91, 100}, order); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestNotesOfAnybody(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		tell := func(code, what, source string) (out string, err error) {
			err = b.try(func(ctx context.Context, tx *storage.Tx) (err error) {
				out, err = b.store.Tell(ctx, tx, code, registers.Values{"what": what}, source)
				return err
			})
			return out, err
		}
		code, err := tell("", "Sale una ventana que pide dinero", "192.0.2.0/24")
		if err != nil {
			t.Fatal(err)
		}
		if again, err := tell(strings.ToLower(strings.ReplaceAll(code, "-", " ")), "Y ahora no se abre nada", "192.0.2.0/24"); err != nil || again != code {
			t.Errorf("added to %s: %s, %v", code, again, err)
		}
		if _, err := tell("ZZZZ-ZZZZ", "x", "192.0.2.0/24"); !errors.Is(err, ErrNoNote) {
			t.Errorf("added to none: %v", err)
		}
		for range NotesPerSource - 2 {
			if _, err := tell("", "más", "192.0.2.0/24"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := tell("", "una más", "192.0.2.0/24"); !errors.Is(err, ErrTooMany) {
			t.Errorf("a flood: %v, want %v", err, ErrTooMany)
		}
		if _, err := tell("", "otra persona", "198.51.100.0/24"); err != nil {
			t.Errorf("somebody else was not heard: %v", err)
		}
		b.now = b.now.Add(61 * time.Minute)
		if _, err := tell("", "al rato", "192.0.2.0/24"); err != nil {
			t.Errorf("after an hour: %v", err)
		}
		if err := b.try(func(ctx context.Context, tx *storage.Tx) error {
			in, err := b.store.Open(ctx, tx, b.lostLaptop(), lucia)
			if err != nil {
				return err
			}
			if err := b.store.Decide(ctx, tx, code, in.Folio, lucia); err != nil {
				return err
			}
			if err := b.store.Decide(ctx, tx, code, in.Folio, lucia); !errors.Is(err, ErrDecided) {
				t.Errorf("decided twice: %v", err)
			}
			notes, err := b.store.NotesOf(ctx, tx, in.Folio)
			if len(notes) != 1 || len(notes[0].Parts) != 2 {
				t.Errorf("notes of the incident: %+v", notes)
			}
			waiting, err2 := b.store.Waiting(ctx, tx)
			if len(waiting) != NotesPerSource {
				t.Errorf("%d notes wait, want %d", len(waiting), NotesPerSource)
			}
			return errors.Join(err, err2)
		}); err != nil {
			t.Fatal(err)
		}
	})
}
