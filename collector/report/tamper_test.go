package report

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"vigia/checks"
	"vigia/checks/message"
	"vigia/collector/evidence"
	"vigia/collector/reviews"
	"vigia/collector/reviews/reviewtest"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// errUndo ends a transaction whose changes nobody wants.
var errUndo = errors.New("undo")

// exportTampered changes the database, exports from it, and undoes the change.
func exportTampered(t testing.TB, w *reviewtest.Town, query string, args ...any) ([]byte, Summary) {
	t.Helper()
	p, err := reviews.ParsePeriod(reviewtest.Quarter, reviewtest.Zone())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	var sum Summary
	err = w.DB.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		res, err := tx.Exec(ctx, query, args...)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return fmt.Errorf("%s changed %d rows: %w", query, n, err)
		}
		snap, err := w.Sources().Freeze(ctx, tx, p, w.Now)
		if err != nil {
			return err
		}
		sum, err = Export(ctx, tx, &b, Input{Snapshot: snap, Log: w.Log, Catalog: w.Catalog, Lang: message.Spanish, Program: testProgram})
		if err != nil {
			return err
		}
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		t.Fatalf("%s: %v", query, err)
	}
	return b.Bytes(), sum
}

// Whoever edits the database's evidence has a package made all the same, which
// warns, does not verify, and names the first entry that is bad.
func TestTamperedDatabase(t *testing.T) {
	longer(t)
	storagetest.EachDSN(t, func(t *testing.T, dsn string) {
		w := reviewtest.New(t, dsn)
		s := w.Live(reviewtest.Middle())
		_, sum := exportTown(t, w, w.Now)
		size := sum.Document.Log.Size
		needed, idle := int64(-1), int64(-1) // a report that states rest on, and one that none does
		for _, x := range sum.Document.States {
			if x.Machine == s.Worse.ID {
				needed = x.Leaf
			}
		}
		policyLeaf := sum.Document.States[0].Policy
		leaves := sum.leaves(t, w)
		var enrolment int64
		w.Read(func(ctx context.Context, tx *storage.Tx) error {
			p, err := w.Log.Positions(ctx, tx, evidence.Enrolment, s.Worse.ID)
			enrolment = p[0].Index
			if err != nil {
				return err
			}
			p, err = w.Log.Positions(ctx, tx, evidence.Report, s.Worse.ID)
			for _, x := range p {
				if !leaves[x.Index] {
					idle = x.Index
				}
			}
			return err
		})
		salt := make([]byte, evidence.SaltSize)
		forged := evidence.PayloadHash(salt, []byte("all is well"))
		const entries = "UPDATE evidence_entries SET "
		rows := []struct {
			name  string
			sql   string
			args  []any
			index int64
		}{
			{"payload", entries + "payload = $1 WHERE idx = $2", []any{[]byte("all is well"), needed}, needed},
			{"payload of an entry that nothing needs", entries + "payload = $1 WHERE idx = $2", []any{[]byte("all is well"), idle}, idle},
			{"two payloads", entries + "payload = $1 WHERE idx IN ($2, $3)", []any{[]byte("all is well"), needed, idle}, min(needed, idle)},
			{"payload of the policy", entries + "payload = $1 WHERE idx = $2", []any{[]byte("all is well"), policyLeaf}, policyLeaf},
			{"payload of the enrolment", entries + "payload = $1 WHERE idx = $2", []any{[]byte("{}"), enrolment}, enrolment},
			{"payload, salt and hash that agree", entries + "salt = $1, payload = $2, payload_hash = $3 WHERE idx = $4",
				[]any{salt, []byte("all is well"), forged[:], needed}, needed},
			{"salt", entries + "salt = $1 WHERE idx = $2", []any{salt, needed}, needed},
			{"header", entries + "header = $1 WHERE idx = $2",
				[]any{[]byte("vigia-leaf/1\nkind: report\nsubject: other\nreceived: 1\nepoch: 1\nsequence: 7\n\n"), needed}, needed},
			{"header that is none", entries + "header = $1 WHERE idx = $2", []any{[]byte("x"), needed}, needed},
			{"subject column", entries + "subject = 'other' WHERE idx = $1", []any{needed}, needed},
			{"kind column", entries + "kind = 'policy' WHERE idx = $1", []any{idle}, idle},
			{"payload hash", entries + "payload_hash = $1 WHERE idx = $2", []any{forged[:], needed}, needed},
			{"payload erased", entries + "payload = NULL, salt = NULL WHERE idx = $1", []any{needed}, needed},
			{"leaf hash in the tree", "UPDATE evidence_hashes SET hash = $1 WHERE idx = $2", []any{forged[:], tlog.StoredHashIndex(0, needed)}, needed},
			{"leaf hash gone", "DELETE FROM evidence_hashes WHERE idx = $1", []any{tlog.StoredHashIndex(0, needed)}, needed},
			{"inner hash", "UPDATE evidence_hashes SET hash = $1 WHERE idx = $2", []any{forged[:], tlog.StoredHashIndex(2, 1)}, 7},
			{"inner hash gone", "DELETE FROM evidence_hashes WHERE idx = $1", []any{tlog.StoredHashIndex(1, 1)}, 3},
			{"row gone", "DELETE FROM evidence_entries WHERE idx = $1", []any{needed}, needed},
			{"idle row gone", "DELETE FROM evidence_entries WHERE idx = $1", []any{idle}, idle},
			{"first row gone", "DELETE FROM evidence_entries WHERE idx = 0", nil, 0},
			{"last row gone", "DELETE FROM evidence_entries WHERE idx = $1", []any{size - 1}, size - 1},
			{"row added", `INSERT INTO evidence_entries SELECT $1, kind, subject, received, epoch, sequence, header, salt, payload, payload_hash
				FROM evidence_entries WHERE idx = $2`, []any{size, needed}, size},
			{"row added in front", `INSERT INTO evidence_entries SELECT -5, kind, subject, received, epoch, sequence, header, salt, payload, payload_hash
				FROM evidence_entries WHERE idx = $1`, []any{needed}, -5},
		}
		for _, row := range rows {
			b, sum := exportTampered(t, w, row.sql, row.args...)
			if len(sum.Warnings) == 0 {
				t.Errorf("%s: the export warns of nothing", row.name)
			}
			res := verifyBytes(t, b)
			if res.OK() {
				t.Errorf("%s: it verifies", row.name)
			}
			step, err := failedStep(res)
			var bad *BadEntry
			if step != StepTree || !errors.As(err, &bad) || bad.Index != row.index {
				t.Errorf("%s: step %s says %v, want that entry %d is the first bad one", row.name, step, err, row.index)
			} else if text := Explain(message.Spanish, err); !strings.Contains(text, fmt.Sprint(row.index)) {
				t.Errorf("%s: it is explained as %q", row.name, text)
			}
		}
		b, _ := exportTown(t, w, w.Now)
		wantVerified(t, verifyBytes(t, b))
	})
}

// leaves are the entries that the package holds in full.
func (s Summary) leaves(t testing.TB, w *reviewtest.Town) map[int64]bool {
	t.Helper()
	out := map[int64]bool{}
	for _, index := range w.Freeze(reviewtest.Quarter, w.Now).Leaves {
		out[index] = true
	}
	return out
}

// unzip reads a package's files by their names inside its folder.
func unzip(t testing.TB, b []byte) map[string][]byte {
	t.Helper()
	files, err := readPackage(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// entry is a file of a zip that is about to be written.
type entry struct {
	name string
	data []byte
}

func zipEntries(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		f, err := z.Create(e.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func entriesOf(files map[string][]byte) (out []entry) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		out = append(out, entry{"revision-2026Q4/" + name, files[name]})
	}
	return out
}

func zipped(t testing.TB, files map[string][]byte) []byte { return zipEntries(t, entriesOf(files)...) }

// reseal makes manifest and sums agree with the files again, as anybody can.
func reseal(t testing.TB, files map[string][]byte) {
	t.Helper()
	var m Manifest
	if err := json.Unmarshal(files[fileManifest], &m); err != nil {
		t.Fatal(err)
	}
	m.Files = nil
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name == fileManifest || name == fileSums || name == fileSignature {
			continue
		}
		sum := sha256.Sum256(files[name])
		m.Files = append(m.Files, ManifestFile{Name: name, Size: int64(len(files[name])), SHA256: hex.EncodeToString(sum[:])})
	}
	var err error
	if files[fileManifest], err = json.MarshalIndent(m, "", " "); err != nil {
		t.Fatal(err)
	}
	rest := maps.Clone(files)
	delete(rest, fileSums)
	delete(rest, fileSignature)
	files[fileSums] = sums(rest)
}

// redraw renders tables and PDF again from a changed document.
func redraw(t testing.TB, files map[string][]byte, change func(*Document)) {
	t.Helper()
	var d Document
	if err := json.Unmarshal(files[fileDocument], &d); err != nil {
		t.Fatal(err)
	}
	change(&d)
	var err error
	if files[fileDocument], err = d.encode(); err != nil {
		t.Fatal(err)
	}
	tables, err := d.tables(message.Spanish)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(files, tables)
	if files[pdfName(d.Period)], err = d.pdf(Fingerprint(strings.TrimSpace(string(files[fileKey]))), message.Spanish); err != nil {
		t.Fatal(err)
	}
}

// whitewash makes the first fail a pass, with the totals that follow.
func whitewash(d *Document) {
	for i := range d.States {
		s := &d.States[i]
		if s.Status != checks.Fail {
			continue
		}
		s.Status = checks.Pass
		for j := range d.Controls {
			if c := &d.Controls[j]; c.ID == s.Control {
				c.Counts[checks.Fail]--
				c.Counts[checks.Pass]++
				if c.Counts[checks.Fail] == 0 {
					delete(c.Counts, checks.Fail)
				}
			}
		}
		return
	}
}

// What can be done to a package without the log's key, and which step shows it.
func TestTamperedPackage(t *testing.T) {
	longer(t)
	whole := unzip(t, middle(t).zip)
	wantVerified(t, verifyBytes(t, zipped(t, whole))) // another zip of the same files is as good

	for _, name := range slices.Sorted(maps.Keys(whole)) {
		t.Run("edit "+name, func(t *testing.T) {
			files := maps.Clone(whole)
			files[name] = bytes.Clone(whole[name])
			files[name][len(files[name])/2] ^= 1
			res := verifyBytes(t, zipped(t, files))
			step, err := failedStep(res)
			want := StepFiles
			if name == fileSignature {
				want = StepSignature
			}
			if step != want || res.OK() {
				t.Errorf("step %q: %v, want %s", step, err, want)
			}
			if name == fileManifest {
				return // new sums need a whole one
			}
			reseal(t, files)
			if res := verifyBytes(t, zipped(t, files)); res.OK() {
				t.Error("it verifies with new sums")
			} else if step, err := failedStep(res); step != StepSignature && step != StepFiles && name != fileSums {
				t.Errorf("with new sums: step %q: %v", step, err)
			}
		})
	}
	type change func(t *testing.T, files map[string][]byte)
	for _, row := range []struct {
		name   string
		change change
		want   Step
	}{
		{"file removed", func(_ *testing.T, f map[string][]byte) { delete(f, "datos/cobertura.csv") }, StepFiles},
		{"file removed, new sums", func(t *testing.T, f map[string][]byte) { delete(f, "datos/cobertura.csv"); reseal(t, f) }, StepSignature},
		{"file added", func(_ *testing.T, f map[string][]byte) { f["datos/otro.csv"] = []byte("x") }, StepFiles},
		{"file added, new sums", func(t *testing.T, f map[string][]byte) { f["datos/otro.csv"] = []byte("x"); reseal(t, f) }, StepSignature},
		{"file renamed", func(_ *testing.T, f map[string][]byte) {
			f["datos/cobertura2.csv"] = f["datos/cobertura.csv"]
			delete(f, "datos/cobertura.csv")
		}, StepFiles},
		{"two files swapped", func(_ *testing.T, f map[string][]byte) {
			f["datos/cobertura.csv"], f["datos/controles.csv"] = f["datos/controles.csv"], f["datos/cobertura.csv"]
		}, StepFiles},
		{"states whitewashed", func(t *testing.T, f map[string][]byte) { redraw(t, f, whitewash); reseal(t, f) }, StepSignature},
		{"manifest that is no JSON", func(_ *testing.T, f map[string][]byte) { f[fileManifest] = []byte("{") }, StepFiles},
		{"manifest of a later version", func(_ *testing.T, f map[string][]byte) {
			f[fileManifest] = bytes.Replace(f[fileManifest], []byte(Schema), []byte("vigia-review/9"), 1)
		}, StepFiles},
		{"signature of nothing", func(_ *testing.T, f map[string][]byte) { f[fileSignature] = nil }, StepSignature},
	} {
		t.Run(row.name, func(t *testing.T) {
			files := maps.Clone(whole)
			row.change(t, files)
			res := verifyBytes(t, zipped(t, files))
			step, err := failedStep(res)
			if step != row.want || res.OK() {
				t.Errorf("step %q: %v, want %s", step, err, row.want)
			}
			t.Log(Explain(message.Spanish, err))
		})
	}
}

// forger signs packages with a key of its own.
type forger struct {
	signer   note.Signer
	verifier string
	name     string
}

func newForger(t testing.TB, name string) forger {
	t.Helper()
	secret, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	return forger{signer: signer, verifier: public, name: name}
}

func (f forger) sign(t testing.TB, text string) []byte {
	t.Helper()
	b, err := note.Sign(&note.Note{Text: text}, f.signer)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// seal signs sums and checkpoint with the forger's key, under the log's name.
func (f forger) seal(t testing.TB, files map[string][]byte) {
	t.Helper()
	text, _, ok := strings.Cut(string(files[fileCheckpoint]), "\n\n")
	if !ok {
		t.Fatal("the checkpoint is no note")
	}
	files[fileCheckpoint] = f.sign(t, text+"\n")
	files[fileKey] = []byte(f.verifier + "\n")
	reseal(t, files)
	sum := sha256.Sum256(files[fileSums])
	files[fileSignature] = f.sign(t, fmt.Sprintf("vigia-statement/1\n%s\n%s\n", statementAbout("2026Q4"), hex.EncodeToString(sum[:])))
}

// Whoever signs with a key of their own is stopped by the first entry of the
// log, which names its key.
func TestTamperedPackageSignedAnew(t *testing.T) {
	b, sum := middle(t).zip, middle(t).sum
	f := newForger(t, sum.Document.Log.Origin)
	for _, row := range []struct {
		name   string
		change func(*Document)
		want   Step
	}{
		{"same numbers", func(*Document) {}, StepLeaves},
		{"whitewashed", whitewash, StepLeaves},
	} {
		files := unzip(t, b)
		redraw(t, files, row.change)
		files[fileKey] = []byte(f.verifier + "\n")
		redraw(t, files, func(*Document) {})
		f.seal(t, files)
		res := verifyBytes(t, zipped(t, files))
		if step, err := failedStep(res); step != row.want {
			t.Errorf("%s: step %q: %v, want %s", row.name, step, err, row.want)
		}
		if res.Key == sum.Key {
			t.Errorf("%s: another key has the same fingerprint", row.name)
		}
	}
}

// Whoever writes the whole log anew with their own key makes a package that
// proves itself; the fingerprint and any kept checkpoint show it.
func TestHistoryWrittenAnew(t *testing.T) {
	longer(t)
	w := reviewtest.New(t, storagetest.SQLite(t))
	w.Live(reviewtest.Middle())
	_, sum := exportTown(t, w, w.Now)
	kept := checkpointOf(t, w)

	other := reviewtest.New(t, storagetest.SQLite(t))
	var leaves []evidence.Leaf
	w.Read(func(ctx context.Context, tx *storage.Tx) error {
		return w.Log.Entries(ctx, tx, evidence.Filter{First: 1}, func(e evidence.Entry) error {
			leaves = append(leaves, evidence.Leaf{Kind: e.Header.Kind, Subject: e.Header.Subject, Sequence: e.Header.Sequence, Payload: e.Payload})
			return nil
		})
	})
	other.Now = w.Now
	other.Write(func(ctx context.Context, tx *storage.Tx) error {
		_, err := other.Log.Append(ctx, tx, leaves...)
		return err
	})
	var b bytes.Buffer
	snap := w.Freeze(reviewtest.Quarter, w.Now)
	other.Read(func(ctx context.Context, tx *storage.Tx) error {
		_, err := Export(ctx, tx, &b, Input{Snapshot: snap, Log: other.Log, Catalog: w.Catalog, Lang: message.Spanish, Program: testProgram})
		return err
	})
	res := verifyBytes(t, b.Bytes())
	wantVerified(t, res)
	if res.Key == sum.Key {
		t.Error("another key has the same fingerprint")
	}
	res = verifyBytes(t, b.Bytes(), func(o *VerifyOptions) { o.Kept = kept.Signed })
	if step, err := failedStep(res); step != StepKept {
		t.Errorf("with a kept checkpoint: step %q: %v", step, err)
	}
}

// The holder of the key cannot whitewash either: the states must follow from
// what the machines signed.
func TestWhitewashByTheKeyHolder(t *testing.T) {
	longer(t)
	w, b := middle(t), middle(t).zip
	for _, row := range []struct {
		name   string
		change func(*Document)
		want   Step
	}{
		{"nothing", func(*Document) {}, ""},
		{"a fail made a pass", whitewash, StepStates},
		{"a fail made silence", func(d *Document) {
			for i := range d.States {
				if s := &d.States[i]; s.Status == checks.Fail {
					s.Status, s.Reason.Code, s.Silent = checks.Unknown, "machine.silent", true
					return
				}
			}
		}, StepStates},
		{"a pass made silence that was none", func(d *Document) {
			for i := range d.States {
				if s := &d.States[i]; s.Status == checks.Pass && !s.Silent {
					s.Status, s.Reason.Code, s.Silent = checks.Unknown, "machine.silent", true
					return
				}
			}
		}, StepStates},
		{"facts of another machine", func(d *Document) {
			a, b := &d.States[0], &d.States[len(d.States)-1]
			a.Leaf, a.Facts = b.Leaf, b.Facts
		}, StepStates},
		{"policy of another machine", func(d *Document) { d.States[0].Policy = d.States[len(d.States)-1].Policy }, StepStates},
		{"totals", func(d *Document) { d.Controls[0].Counts = map[checks.Status]int{checks.Pass: 99} }, StepTables},
		{"a silent machine made a measured one", func(d *Document) { d.Coverage.Silent--; d.Coverage.Measured++ }, StepTables},
		{"another log", func(d *Document) { d.Log.Size++ }, StepCheckpoint},
	} {
		files := unzip(t, b)
		redraw(t, files, row.change)
		reseal(t, files)
		signed, err := w.log.Sign(statementAbout("2026Q4"), files[fileSums])
		if err != nil {
			t.Fatal(err)
		}
		files[fileSignature] = signed
		if step, err := failedStep(verifyBytes(t, zipped(t, files))); step != row.want {
			t.Errorf("%s: step %q: %v, want %q", row.name, step, err, row.want)
		}
	}
}
