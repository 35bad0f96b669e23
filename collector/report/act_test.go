package report

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vigia/checks/message"
	"vigia/collector/registers"
	"vigia/collector/reviews"
	"vigia/collector/reviews/reviewtest"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// signedAct decides all lines of the quarter's act, and has both sign it, on paper if asked.
func signedAct(t testing.TB, w *reviewtest.Town, onPaper bool) *reviews.Act {
	t.Helper()
	a := w.Open(reviewtest.Quarter, "seguridad")
	officer := registers.Act{By: "seguridad", Via: registers.Portal}
	write := func(fn func(ctx context.Context, tx *storage.Tx) (*reviews.Act, error)) {
		t.Helper()
		w.Write(func(ctx context.Context, tx *storage.Tx) (err error) {
			a, err = fn(ctx, tx)
			return err
		})
	}
	for _, s := range a.Frozen.Sections {
		d := reviews.Decided{Section: s.ID, Words: "=1+1 visto con informática"}
		for _, l := range s.Lines {
			one := reviews.Decision{Line: l.ID, Choice: reviews.Plan, Owner: "informatica", Due: "2027-01-31", Words: "se corrige"}
			if l.Proposed == reviews.Confirm {
				one = reviews.Decision{Line: l.ID, Choice: reviews.Confirm}
			}
			d.Lines = append(d.Lines, one)
		}
		write(func(ctx context.Context, tx *storage.Tx) (*reviews.Act, error) {
			return w.Acts().Decide(ctx, tx, a.ID, d, officer)
		})
	}
	_, sum, err := a.Statement(nil)
	if err != nil {
		t.Fatal(err)
	}
	if onPaper {
		write(func(ctx context.Context, tx *storage.Tx) (*reviews.Act, error) {
			return w.Acts().SignOnPaper(ctx, tx, a.ID, reviews.PaperSigned{Act: officer, Officer: "Ana Ruiz", Head: "Luis Gil", Day: "2026-11-21",
				File: "acta.pdf", Scan: []byte("%PDF-1.4 escaneada"), Statement: sum})
		})
		return a
	}
	write(func(ctx context.Context, tx *storage.Tx) (*reviews.Act, error) {
		return w.Acts().Sign(ctx, tx, a.ID, reviews.Signer{Act: officer, Name: "Ana Ruiz", Post: "Responsable de seguridad", Statement: sum})
	})
	write(func(ctx context.Context, tx *storage.Tx) (*reviews.Act, error) {
		return w.Acts().Countersign(ctx, tx, a.ID, reviews.Signer{Act: registers.Act{By: "alcaldia", Via: registers.Portal}, Name: "Luis Gil", Statement: sum})
	})
	return a
}

// exportAct makes the package of an act.
func exportAct(t testing.TB, w *reviewtest.Town, id string) []byte {
	t.Helper()
	var b bytes.Buffer
	w.Read(func(ctx context.Context, tx *storage.Tx) error {
		a, err := w.Acts().Find(ctx, tx, id)
		if err != nil {
			return err
		}
		snap, err := w.Acts().Snapshot(ctx, tx, a)
		if err != nil {
			return err
		}
		_, err = Export(ctx, tx, &b, Input{Snapshot: snap, Act: a, Log: w.Log, Catalog: w.Catalog, Lang: message.Spanish, Program: testProgram})
		return err
	})
	return b.Bytes()
}

// acted is the package of a signed act, made once, and the town whose log's key signs.
func acted(t testing.TB) ([]byte, *reviewtest.Town) {
	t.Helper()
	sharedAct.once.Do(func() {
		w := reviewtest.New(t, storagetest.SQLite(t))
		w.Live(reviewtest.Middle())
		a := signedAct(t, w, false)
		sharedAct.zip, sharedAct.town = exportAct(t, w, a.ID), w
	})
	if sharedAct.zip == nil {
		t.Fatal("the package of the act was not made")
	}
	return sharedAct.zip, sharedAct.town
}

var sharedAct struct {
	once sync.Once
	zip  []byte
	town *reviewtest.Town // its database may be closed: its log signs
}

// A signed act is in its package in four forms, and verifies: on screen, on paper, and
// later too, when more was measured.
func TestActVerifies(t *testing.T) {
	longer(t)
	storagetest.EachDSN(t, func(t *testing.T, dsn string) {
		for _, onPaper := range []bool{false, true} {
			if onPaper && strings.HasPrefix(dsn, "postgres") {
				continue // one town a database
			}
			if onPaper {
				dsn = storagetest.SQLite(t)
			}
			w := reviewtest.New(t, dsn)
			s := w.Live(reviewtest.Middle())
			a := signedAct(t, w, onPaper)
			first := exportAct(t, w, a.ID)
			res := verifyBytes(t, first)
			wantVerified(t, res)
			for _, step := range res.Steps {
				if step.Step == StepAct && step.Count != len(a.Steps) {
					t.Errorf("%d steps proved, want %d", step.Count, len(a.Steps))
				}
			}
			if again := exportAct(t, w, a.ID); !bytes.Equal(first, again) {
				t.Error("the same act gives other bytes")
			}
			w.Report(s.Well, s.Fixed)
			wantVerified(t, verifyBytes(t, exportAct(t, w, a.ID)))
			files := unzip(t, first)
			for _, name := range actFiles() {
				if len(files[name]) == 0 {
					t.Errorf("%s is missing", name)
				}
			}
			if dir := os.Getenv("VIGIA_TEST_SCREENSHOTS"); dir != "" {
				if err := os.WriteFile(filepath.Join(dir, map[bool]string{false: "acta-pantalla.pdf", true: "acta-papel.pdf"}[onPaper]), files[fileActPaper], 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if !strings.Contains(string(files[fileActCSV]), "se corrige") || strings.Contains(string(files[fileActCSV]), ";=1+1") {
				t.Error("the table of the act is not as it should be")
			}
		}
	})
}

// Even whoever holds the log's key and signs the files anew cannot change the act: what was
// decided and signed is in the log.
func TestTamperedAct(t *testing.T) {
	longer(t)
	b, w := acted(t)
	whole := unzip(t, b)
	wantVerified(t, verifyBytes(t, zipped(t, whole)))
	replace := func(name, was, is string) func(*testing.T, map[string][]byte) {
		return func(t *testing.T, f map[string][]byte) {
			t.Helper()
			if !bytes.Contains(f[name], []byte(was)) {
				t.Fatalf("%s has no %q", name, was)
			}
			f[name] = bytes.Replace(f[name], []byte(was), []byte(is), 1)
		}
	}
	steps := func(keep func(n, all int) bool) func(*testing.T, map[string][]byte) {
		return func(t *testing.T, f map[string][]byte) {
			t.Helper()
			var out [][]byte
			n := 0
			lines := bytes.SplitAfter(f[fileLeaves], []byte("\n"))
			all := bytes.Count(f[fileLeaves], []byte(`kind: review\n`))
			for _, line := range lines {
				if bytes.Contains(line, []byte(`kind: review\n`)) {
					if n++; !keep(n, all) {
						continue
					}
				}
				out = append(out, line)
			}
			f[fileLeaves] = bytes.Join(out, nil)
		}
	}
	for _, row := range []struct {
		name   string
		change func(*testing.T, map[string][]byte)
		want   Step
	}{
		{"a decision in the JSON", replace(fileAct, `"choice": "plan"`, `"choice": "dismiss"`), StepAct},
		{"a decision in the table", replace(fileActCSV, "corregir", "no procede"), StepAct},
		{"words in the JSON", replace(fileAct, "se corrige", "no hace falta"), StepAct},
		{"a name under it", replace(fileAct, "Luis Gil", "Otro Alguien"), StepAct},
		{"another PDF", func(_ *testing.T, f map[string][]byte) { f[fileActPaper] = []byte("%PDF-1.4") }, StepAct},
		{"another sheet", func(_ *testing.T, f map[string][]byte) { f[fileActXLSX] = []byte("PK") }, StepAct},
		{"the table is gone", func(_ *testing.T, f map[string][]byte) { delete(f, fileActCSV) }, StepAct},
		{"the document names no act", func(t *testing.T, f map[string][]byte) {
			t.Helper()
			redraw(t, f, func(d *Document) { d.Act = "" })
		}, StepAct},
		{"the document names another", func(t *testing.T, f map[string][]byte) {
			t.Helper()
			redraw(t, f, func(d *Document) { d.Act = "2026Q3" })
		}, StepAct},
		{"a finding is left out", func(t *testing.T, f map[string][]byte) {
			t.Helper()
			redraw(t, f, func(d *Document) { d.Findings = d.Findings[1:] })
		}, StepAct},
		{"the second signature is left out", steps(func(n, all int) bool { return n < all }), StepAct},
		{"a decision's step is left out", steps(func(n, _ int) bool { return n != 3 }), StepAct},
		{"the first step is left out", steps(func(n, _ int) bool { return n != 1 }), StepAct},
		{"a step's payload", func(t *testing.T, f map[string][]byte) {
			t.Helper()
			lines := bytes.SplitAfter(f[fileLeaves], []byte("\n"))
			for i, line := range lines {
				if !bytes.Contains(line, []byte(`kind: review\n`)) {
					continue
				}
				var l leafLine
				if err := json.Unmarshal(line, &l); err != nil {
					t.Fatal(err)
				}
				l.Payload = bytes.Replace(l.Payload, []byte("seguridad"), []byte("otrapersona"), 1)
				changed, err := json.Marshal(l)
				if err != nil {
					t.Fatal(err)
				}
				lines[i] = append(changed, '\n')
				break
			}
			f[fileLeaves] = bytes.Join(lines, nil)
		}, StepLeaves},
	} {
		t.Run(row.name, func(t *testing.T) {
			files := maps.Clone(whole)
			row.change(t, files)
			reseal(t, files)
			var err error
			if files[fileSignature], err = w.Log.Sign(statementAbout(reviewtest.Quarter), files[fileSums]); err != nil {
				t.Fatal(err)
			}
			res := verifyBytes(t, zipped(t, files))
			step, err := failedStep(res)
			if step != row.want || res.OK() {
				t.Errorf("step %q says %v, want %s", step, err, row.want)
			}
			if text := Explain(message.Spanish, err); err != nil && strings.TrimSpace(text) == "" {
				t.Error("it is not explained")
			}
		})
	}
	// Another version of the program, which would draw otherwise, finds a changed decision too.
	files := maps.Clone(whole)
	replace(fileAct, `"choice": "plan"`, `"choice": "dismiss"`)(t, files)
	reseal(t, files)
	var err error
	if files[fileSignature], err = w.Log.Sign(statementAbout(reviewtest.Quarter), files[fileSums]); err != nil {
		t.Fatal(err)
	}
	later := func(o *VerifyOptions) { o.Program = "9.9.9" }
	if step, err := failedStep(verifyBytes(t, zipped(t, files), later)); step != StepAct {
		t.Errorf("another version: step %q says %v", step, err)
	}
	wantVerified(t, verifyBytes(t, zipped(t, whole), later))
}
