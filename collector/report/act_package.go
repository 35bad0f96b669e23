package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"vigia/checks/message"
	"vigia/collector/evidence"
	"vigia/collector/reviews"
)

// Names of an act inside a package.
const (
	fileAct      = "acta/acta.json"
	fileActCSV   = "acta/acta.csv"
	fileActXLSX  = "acta/acta.xlsx"
	fileActPaper = "acta/acta.pdf"
)

// files are the act in all its forms, by name inside the package.
func (a Act) files(seal Seal) (map[string][]byte, error) {
	out := map[string][]byte{}
	var err error
	if out[fileAct], err = a.encode(); err != nil {
		return nil, err
	}
	if out[fileActCSV], err = a.csv(seal.Lang); err != nil {
		return nil, err
	}
	if out[fileActXLSX], err = a.xlsx(seal.Lang); err != nil {
		return nil, err
	}
	out[fileActPaper], err = a.pdf(seal)
	return out, err
}

func (a Act) csv(lang message.Lang) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = ';', true
	for _, row := range a.lineRows(lang) {
		for i := range row {
			row[i] = inert(row[i])
		}
		if err := w.Write(row); err != nil {
			return nil, fmt.Errorf("write %s: %w", fileActCSV, err)
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return nil, fmt.Errorf("write %s: %w", fileActCSV, err)
	}
	return b.Bytes(), nil
}

// xlsx has a sheet of the lines, one of the words by section and one of the signatures.
func (a Act) xlsx(lang message.Lang) (_ []byte, err error) {
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	words := [][]string{{"n.º", "revisión", "observaciones"}}
	for _, s := range a.Sections {
		words = append(words, []string{number(int64(s.Number)), s.Title, s.Words})
	}
	signed := [][]string{{"firma", "nombre", "cargo", "cuenta", "cuándo", "resumen", "hoja"}}
	for _, s := range a.Signatures {
		signed = append(signed, []string{s.Kind, s.Name, s.Post, s.By, s.At.In(a.zone()).Format("2006-01-02 15:04"), s.Statement, number(s.Leaf)})
	}
	for i, sheet := range []struct {
		name string
		rows [][]string
	}{{"Decisiones", a.lineRows(lang)}, {"Observaciones", words}, {"Firmas", signed}} {
		if i == 0 {
			err = f.SetSheetName(f.GetSheetName(0), sheet.name)
		} else {
			_, err = f.NewSheet(sheet.name)
		}
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", fileActXLSX, err)
		}
		for j, row := range sheet.rows {
			cells := make([]any, len(row))
			for k, cell := range row {
				cells[k] = cell // text, and so no formula
			}
			at, err := excelize.CoordinatesToCellName(1, j+1)
			if err == nil {
				err = f.SetSheetRow(sheet.name, at, &cells)
			}
			if err != nil {
				return nil, fmt.Errorf("write %s: %w", fileActXLSX, err)
			}
		}
	}
	at := a.OpenedAt.UTC().Format(time.RFC3339)
	if err := f.SetDocProps(&excelize.DocProperties{Created: at, Modified: at, Creator: a.Organisation, LastModifiedBy: a.Organisation, Title: "Acta " + a.ID, Language: "es"}); err != nil {
		return nil, fmt.Errorf("write %s: %w", fileActXLSX, err)
	}
	var b bytes.Buffer
	if _, err := f.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("write %s: %w", fileActXLSX, err)
	}
	return b.Bytes(), nil
}

// actFiles are the files of an act, which a package has all or none of.
func actFiles() []string { return []string{fileAct, fileActCSV, fileActXLSX, fileActPaper} }

// digest computes from a document what the act froze of it.
func (d Document) digest() string {
	var sum reviews.Digest
	for _, m := range d.Coverage.Machines {
		sum.Machine(m.ID, m.Hostname, m.State)
	}
	for _, c := range d.Controls {
		sum.Control(c.ID, c.Measured, c.Counts)
	}
	for _, s := range d.States {
		sum.State(s.Machine, s.Entry, s.Status, s.Reason.Code, s.Leaf, s.Facts, s.Policy)
	}
	for _, f := range d.Findings {
		sum.Finding(f.Machine, f.Entry, f.Key, f.Status, f.Reason.Code, f.Phase, f.Opened)
	}
	return sum.Sum()
}

// act proves the act of a package: that its steps hang together and are in the log, that
// what was signed is what is there, that its numbers are those of the document, and that
// each of its forms follows from the steps.
func (v *verification) act() (int, error) {
	if v.doc == nil {
		return 0, afterFailure
	}
	if v.doc.Act == "" {
		for _, name := range actFiles() {
			if _, there := v.files[name]; there {
				return 0, problem(nil, "act.none", "file", name)
			}
		}
		return 0, noAct
	}
	if v.entries == nil {
		return 0, afterFailure
	}
	a, err := v.foldAct()
	if err != nil {
		return 0, err
	}
	if a.Frozen.Period != v.doc.Period || !a.Frozen.At.Equal(v.doc.At) || a.Frozen.Organisation != v.doc.Organisation || a.Frozen.Digest != v.doc.digest() {
		return 0, problem(nil, "act.numbers")
	}
	for _, s := range a.Steps {
		if s.Paper != nil {
			if err := v.scan(s); err != nil {
				return 0, err
			}
		}
	}
	return len(a.Steps), v.actForms(a)
}

// foldAct rebuilds the act from the entries of the package.
func (v *verification) foldAct() (*reviews.Act, error) {
	var payloads [][]byte
	var leaves []int64
	for _, index := range slices.Sorted(maps.Keys(v.entries)) {
		e := v.entries[index]
		if e.Header.Kind != evidence.Review || e.Header.Subject != reviews.Subject(v.doc.Act) {
			continue
		}
		if e.Header.Sequence != uint64(len(payloads)+1) {
			return nil, problem(nil, "act.step", "index", fmt.Sprint(index))
		}
		payloads, leaves = append(payloads, e.Payload), append(leaves, index)
	}
	zone, err := time.LoadLocation(v.doc.Zone)
	if err != nil {
		zone = time.UTC
	}
	a, err := reviews.Fold(payloads, leaves, zone)
	if err != nil || a.ID != v.doc.Act {
		return nil, problem(nil, "act.chain")
	}
	return a, nil
}

// scan finds the entry of the document that an act on paper names.
func (v *verification) scan(s reviews.Step) error {
	e, ok := v.entries[s.Paper.Leaf]
	var doc struct {
		SHA256 string `json:"sha256"`
		About  string `json:"about"`
	}
	if !ok || e.Header.Kind != evidence.Document || json.Unmarshal(e.Payload, &doc) != nil || doc.SHA256 != s.Paper.SHA256 || doc.About != reviews.Subject(s.Act) {
		return problem(nil, "act.scan")
	}
	return nil
}

// actForms renders the act again. What depends on the program that drew it is compared when
// this is the same one.
func (v *verification) actForms(a *reviews.Act) error {
	act, err := NewAct(a, v.man.Lang)
	if err != nil {
		return problem(nil, "act.chain")
	}
	want, err := act.files(Seal{Key: Fingerprint(v.verifier), Program: v.doc.Program, Lang: v.man.Lang})
	if err != nil {
		return err
	}
	for _, name := range actFiles() {
		got, there := v.files[name]
		if !there {
			return problem(nil, "file.missing", "file", name)
		}
		switch {
		case v.Program != v.man.Program && name != fileAct: // drawn by another one
		case v.Program != v.man.Program:
			if err := sameAct(got, act); err != nil {
				return err
			}
		case !bytes.Equal(got, want[name]):
			return problem(nil, "file.says", "file", name, "other", fileLeaves)
		}
	}
	return nil
}

// sameAct compares what another version wrote with what its steps say: decisions and
// signatures, whatever the wording.
func sameAct(got []byte, want Act) error {
	var a Act
	if err := json.Unmarshal(got, &a); err != nil {
		return problem(plainJSON(err), "file", "file", fileAct)
	}
	key := func(a Act) string {
		var b strings.Builder
		fmt.Fprintln(&b, a.ID, a.Amends, a.Stage, a.Statement, a.Digest)
		for _, s := range a.Sections {
			fmt.Fprintf(&b, "%q %q\n", s.ID, s.Words)
			for _, l := range s.Lines {
				fmt.Fprintf(&b, "%q %q %q %q %q %q %d\n", l.ID, l.Choice, l.Words, l.Owner, l.Due, l.By, l.Leaf)
			}
		}
		for _, s := range a.Signatures {
			fmt.Fprintf(&b, "%q %q %q %q %q %d\n", s.Kind, s.Name, s.Post, s.By, s.Scan, s.Leaf)
		}
		return b.String()
	}
	if key(a) != key(want) {
		return problem(nil, "file.says", "file", fileAct, "other", fileLeaves)
	}
	return nil
}
