package reviews_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/registers"
	"vigia/collector/reviews"
	"vigia/collector/reviews/reviewtest"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

var officer = registers.Act{By: "seguridad", Via: registers.Portal}

// decideAll decides every line of an act as proposed, or else in a plan.
func decideAll(t *testing.T, w *reviewtest.Town, a *reviews.Act) *reviews.Act {
	t.Helper()
	for _, s := range a.Frozen.Sections {
		d := reviews.Decided{Section: s.ID, Words: "Visto con informática."}
		for _, l := range s.Lines {
			d.Lines = append(d.Lines, decisionOn(l))
		}
		w.Write(func(ctx context.Context, tx *storage.Tx) (err error) {
			a, err = w.Acts().Decide(ctx, tx, a.ID, d, officer)
			return err
		})
	}
	return a
}

func decisionOn(l reviews.Line) reviews.Decision {
	if l.Proposed == reviews.Confirm {
		return reviews.Decision{Line: l.ID, Choice: reviews.Confirm}
	}
	return reviews.Decision{Line: l.ID, Choice: reviews.Plan, Words: "Se corrige", Owner: "informatica", Due: "2027-02-15"}
}

func statementOf(t *testing.T, w *reviewtest.Town, a *reviews.Act) string {
	t.Helper()
	var sum string
	w.Read(func(ctx context.Context, tx *storage.Tx) error {
		late, err := w.Acts().Late(ctx, tx, a)
		if err != nil {
			return err
		}
		_, sum, err = a.Statement(late)
		return err
	})
	return sum
}

// A quarter from its opening to the second signature, on both databases.
func TestActsLife(t *testing.T) {
	storagetest.EachDSN(t, func(t *testing.T, dsn string) {
		w := reviewtest.New(t, dsn)
		w.Live(reviewtest.Middle())
		var followed []string
		w.Follow = func(_ context.Context, _ *storage.Tx, f reviews.Following) (string, error) {
			followed = append(followed, f.Line.ID+" "+string(f.Decision.Choice))
			return "PLN-0001", nil
		}
		a := w.Open(reviewtest.Quarter, "seguridad")
		count := a.Count()
		if count.Lines > reviews.MaxLines || count.Lines < 9 || count.Critical == 0 || count.Decided != 0 {
			t.Fatalf("count: %+v", count)
		}
		t.Logf("first quarter with empty registers: %+v", count)
		write := func(fn func(ctx context.Context, tx *storage.Tx) error) error { return w.DB.Write(t.Context(), fn) }
		sign := func(statement string) error {
			return write(func(ctx context.Context, tx *storage.Tx) error {
				_, err := w.Acts().Sign(ctx, tx, a.ID, reviews.Signer{Act: officer, Name: "Ana Ruiz", Post: "Responsable de seguridad", Statement: statement})
				return err
			})
		}
		counter := func(by, name, statement string) error {
			return write(func(ctx context.Context, tx *storage.Tx) error {
				_, err := w.Acts().Countersign(ctx, tx, a.ID, reviews.Signer{Act: registers.Act{By: by, Via: registers.Portal}, Name: name, Statement: statement})
				return err
			})
		}
		if err := sign(statementOf(t, w, a)); !errors.Is(err, reviews.ErrUndecided) {
			t.Errorf("signing with undecided critical lines: got %v", err)
		}
		if err := counter("alcaldia", "Luis Gil", ""); !errors.Is(err, reviews.ErrNotSigned) {
			t.Errorf("countersigning first: got %v", err)
		}
		stale := statementOf(t, w, a)
		a = decideAll(t, w, a)
		if c := a.Count(); c.Left() != 0 || !c.Ready() {
			t.Fatalf("after all decisions: %+v", c)
		}
		steps := len(a.Steps)
		if a = decideAll(t, w, a); len(a.Steps) != steps {
			t.Errorf("deciding the same again: %d steps, then %d", steps, len(a.Steps))
		}
		if err := sign(stale); !errors.Is(err, reviews.ErrChanged) {
			t.Errorf("signing what was not shown: got %v", err)
		}
		if len(followed) > 0 {
			t.Errorf("before the signature: %q", followed)
		}
		statement := statementOf(t, w, a)
		if err := sign(statement); err != nil {
			t.Fatal(err)
		}
		if len(followed) == 0 {
			t.Error("nothing follows from the signature")
		}
		if err := sign(statement); !errors.Is(err, reviews.ErrClosed) {
			t.Errorf("signing twice: got %v", err)
		}
		for _, row := range []struct {
			by, name, statement string
			want                error
		}{
			{"seguridad", "Luis Gil", statement, reviews.ErrSamePerson},
			{"alcaldia", "ana  ruiz", statement, reviews.ErrSamePerson},
			{"alcaldia", "Luis Gil", stale, reviews.ErrChanged},
		} {
			if err := counter(row.by, row.name, row.statement); !errors.Is(err, row.want) {
				t.Errorf("countersigning as %s, %s: got %v, want %v", row.by, row.name, err, row.want)
			}
		}
		if err := counter("alcaldia", "Luis Gil", statement); err != nil {
			t.Fatal(err)
		}
		w.Read(func(ctx context.Context, tx *storage.Tx) (err error) {
			if a, err = w.Acts().Find(ctx, tx, a.ID); err != nil {
				return err
			}
			list, err := w.Acts().List(ctx, tx)
			if err != nil || len(list) != 1 || list[0].Stage != reviews.Locked || list[0].Closed.IsZero() {
				t.Errorf("list: %+v, %v", list, err)
			}
			_, err = w.Acts().Snapshot(ctx, tx, a)
			return err
		})
		if a.Stage != reviews.Locked {
			t.Errorf("stage %s", a.Stage)
		}
		err := write(func(ctx context.Context, tx *storage.Tx) error {
			_, err := w.Acts().Decide(ctx, tx, a.ID, reviews.Decided{Section: "users", Words: "otra cosa"}, officer)
			return err
		})
		if !errors.Is(err, reviews.ErrClosed) {
			t.Errorf("deciding a locked act: got %v", err)
		}
		amend(t, w, a)
	})
}

// amend corrects a locked act by another one, which keeps its numbers.
func amend(t *testing.T, w *reviewtest.Town, old *reviews.Act) {
	t.Helper()
	open := func(why string) (a *reviews.Act, err error) {
		err = w.DB.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			a, err = w.Acts().Amend(ctx, tx, old.ID, registers.Act{By: "seguridad", Why: why, Via: registers.Portal})
			return err
		})
		return a, err
	}
	if _, err := open(""); !errors.Is(err, reviews.ErrDecision) {
		t.Errorf("amending without a reason: got %v", err)
	}
	a, err := open("faltó una acción")
	if err != nil {
		t.Fatal(err)
	}
	if a.ID != old.ID+".1" || a.Amends() != old.ID || a.Count().Left() != 0 || a.Frozen.Digest != old.Frozen.Digest {
		t.Errorf("amendment %s of %s, %+v", a.ID, a.Amends(), a.Count())
	}
	if _, err := open("otra vez"); !errors.Is(err, reviews.ErrExists) {
		t.Errorf("amending twice: got %v", err)
	}
}

// Numbers that were frozen never change: what comes late is listed as late.
func TestLateEvidence(t *testing.T) {
	w := reviewtest.New(t, storagetest.SQLite(t))
	s := w.Live(reviewtest.End().Add(-24 * time.Hour))
	w.Now = reviewtest.End().Add(3 * time.Hour)
	a := w.Open(reviewtest.Quarter, "seguridad")
	if !a.Frozen.Final {
		t.Error("the quarter is over, and the act does not say so")
	}
	before := a.Frozen.Digest
	w.Now = reviewtest.End().Add(-2 * time.Hour)
	w.Report(s.Well) // it was carried by hand
	w.Now = reviewtest.End().Add(5 * time.Hour)
	w.Report(s.Well, s.Fixed)
	w.Read(func(ctx context.Context, tx *storage.Tx) error {
		late, err := w.Acts().Late(ctx, tx, a)
		if err != nil {
			return err
		}
		if len(late) != 1 || late[0].Machine != s.Well.ID || late[0].Reports != 1 {
			t.Errorf("late: %+v", late)
		}
		snap, err := w.Acts().Snapshot(ctx, tx, a)
		if err != nil {
			return err
		}
		if snap.Digest() != before {
			t.Error("the frozen numbers changed")
		}
		return nil
	})
	w.Write(func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE reviews_snapshots SET data = $1`, []byte("otra cosa"))
		return err
	})
	w.Read(func(ctx context.Context, tx *storage.Tx) error {
		if _, err := w.Acts().Snapshot(ctx, tx, a); !errors.Is(err, reviews.ErrAltered) {
			t.Errorf("an altered snapshot: got %v", err)
		}
		return nil
	})
}

// An act that was printed and signed by hand.
func TestSignOnPaper(t *testing.T) {
	storagetest.EachDSN(t, func(t *testing.T, dsn string) {
		w := reviewtest.New(t, dsn)
		w.Live(reviewtest.Middle())
		a := w.Open(reviewtest.Quarter, "seguridad")
		a = decideAll(t, w, a)
		_, statement, err := a.Statement(nil)
		if err != nil {
			t.Fatal(err)
		}
		good := reviews.PaperSigned{Act: officer, Officer: "Ana Ruiz", Head: "Luis Gil", Day: "2026-11-21", File: "acta.pdf", Scan: []byte("%PDF-1.4 escaneado"), Statement: statement}
		try := func(change func(*reviews.PaperSigned)) error {
			p := good
			change(&p)
			return w.DB.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
				_, err := w.Acts().SignOnPaper(ctx, tx, a.ID, p)
				return err
			})
		}
		for name, row := range map[string]struct {
			change func(*reviews.PaperSigned)
			want   error
		}{
			"one person":        {func(p *reviews.PaperSigned) { p.Head = "ana ruiz" }, reviews.ErrSamePerson},
			"tomorrow":          {func(p *reviews.PaperSigned) { p.Day = "2026-12-24" }, reviews.ErrDecision},
			"before the act":    {func(p *reviews.PaperSigned) { p.Day = "2026-09-24" }, reviews.ErrDecision},
			"no names":          {func(p *reviews.PaperSigned) { p.Officer = " " }, reviews.ErrDecision},
			"another statement": {func(p *reviews.PaperSigned) { p.Statement = "00" }, reviews.ErrChanged},
		} {
			if err := try(row.change); !errors.Is(err, row.want) {
				t.Errorf("%s: got %v, want %v", name, err, row.want)
			}
		}
		if err := try(func(*reviews.PaperSigned) {}); err != nil {
			t.Fatal(err)
		}
		w.Read(func(ctx context.Context, tx *storage.Tx) error {
			a, err := w.Acts().Find(ctx, tx, a.ID)
			if err != nil {
				return err
			}
			if a.Stage != reviews.OnPaper {
				t.Errorf("stage %s", a.Stage)
			}
			papers, err := w.Documents.About(ctx, tx, reviews.Subject(a.ID))
			if err != nil || len(papers) != 1 {
				t.Errorf("%d papers, %v", len(papers), err)
			}
			return nil
		})
	})
}

// What is wrong with a decision is said, and nothing of it is saved.
func TestDecideRefuses(t *testing.T) {
	w := reviewtest.New(t, storagetest.SQLite(t))
	w.Live(reviewtest.Middle())
	a := w.Open(reviewtest.Quarter, "seguridad")
	var line reviews.Line
	section := ""
	for _, s := range a.Frozen.Sections {
		for _, l := range s.Lines {
			if l.Kind == reviews.Open && l.Severity != policy.Critical {
				line, section = l, s.ID
			}
		}
	}
	if section == "" {
		t.Fatal("no open line")
	}
	for name, row := range map[string]struct {
		decision reviews.Decision
		code     string
	}{
		"no such line":           {reviews.Decision{Line: "x-1", Choice: reviews.Plan}, "line"},
		"a choice of others":     {reviews.Decision{Line: line.ID, Choice: reviews.Confirm}, "choice"},
		"nobody does it":         {reviews.Decision{Line: line.ID, Choice: reviews.Plan, Due: "2027-01-01"}, "owner"},
		"no day":                 {reviews.Decision{Line: line.ID, Choice: reviews.Plan, Owner: "informatica", Due: "pronto"}, "due"},
		"no reason":              {reviews.Decision{Line: line.ID, Choice: reviews.Dismiss}, "words"},
		"a waiver for ever":      {reviews.Decision{Line: line.ID, Choice: reviews.Waive, Words: "es viejo"}, "due"},
		"more than one can read": {reviews.Decision{Line: line.ID, Choice: reviews.Dismiss, Words: strings.Repeat("x", 5000)}, "long"},
	} {
		err := w.DB.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			_, err := w.Acts().Decide(ctx, tx, a.ID, reviews.Decided{Section: section, Lines: []reviews.Decision{row.decision}}, officer)
			return err
		})
		var wrong *reviews.DecisionError
		if !errors.As(err, &wrong) || wrong.Code != row.code {
			t.Errorf("%s: got %v, want %s", name, err, row.code)
		}
	}
	w.Read(func(ctx context.Context, tx *storage.Tx) error {
		a, err := w.Acts().Find(ctx, tx, a.ID)
		if err == nil && len(a.Steps) != 1 {
			t.Errorf("%d steps", len(a.Steps))
		}
		return err
	})
}

// Whoever edits the stored steps is found out.
func TestFoldRefuses(t *testing.T) {
	w := reviewtest.New(t, storagetest.SQLite(t))
	w.Live(reviewtest.Middle())
	a := w.Open(reviewtest.Quarter, "seguridad")
	decideAll(t, w, a)
	var payloads [][]byte
	w.Read(func(ctx context.Context, tx *storage.Tx) error {
		rows, err := tx.Query(ctx, `SELECT payload FROM reviews_steps ORDER BY number`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p string
			if err := rows.Scan(&p); err != nil {
				return err
			}
			payloads = append(payloads, []byte(p))
		}
		return rows.Err()
	})
	if _, err := reviews.Fold(payloads, nil, reviewtest.Zone()); err != nil {
		t.Fatal(err)
	}
	edit := func(i int, was, is string) [][]byte {
		out := append([][]byte(nil), payloads...)
		changed := strings.Replace(string(out[i]), was, is, 1)
		if changed == string(out[i]) {
			t.Fatalf("step %d has no %q", i+1, was)
		}
		out[i] = []byte(changed)
		return out
	}
	for name, row := range map[string][][]byte{
		"a step is gone":      append(append([][]byte(nil), payloads[:2]...), payloads[3:]...),
		"two change places":   {payloads[0], payloads[2], payloads[1]},
		"the first is gone":   payloads[1:],
		"words were changed":  edit(1, "Visto con", "Sin ver con"),
		"a decision changed":  edit(1, `"choice":"`, `"choice":"x`),
		"numbers were better": edit(0, `"digest":"`, `"digest":"0`),
		"no JSON":             {[]byte("x")},
	} {
		if _, err := reviews.Fold(row, nil, reviewtest.Zone()); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
}

// What the first step says can be read again by whoever has the leaf alone.
func TestFrozenIsReadable(t *testing.T) {
	w := reviewtest.New(t, storagetest.SQLite(t))
	w.Live(reviewtest.Middle())
	a := w.Open(reviewtest.Quarter, "seguridad")
	b, err := json.Marshal(a.Frozen)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes frozen", len(b))
	for _, s := range a.Frozen.Sections {
		for _, l := range s.Lines {
			t.Logf("%-16s %-10s %-8s %-8s %d causes, %d machines, proposed %s", l.ID, l.Kind, l.Severity, l.Status, len(l.Causes), l.Machines, l.Proposed)
			for _, c := range l.Causes {
				if c.Text.ES == "" || c.Title.In(message.Spanish) == "" {
					t.Errorf("%s: a cause without words: %+v", l.ID, c)
				}
			}
		}
	}
}
