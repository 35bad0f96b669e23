package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"vigia/checks"
	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/evidence"
	"vigia/collector/findings"
	"vigia/collector/reviews"
	"vigia/collector/reviews/reviewtest"
	"vigia/collector/storage/storagetest"
)

func TestCatalogues(t *testing.T) {
	for name, c := range map[string]message.Catalogue{"labels": labels(), "steps": steps(), "defects": defects(), "problems": problems()} {
		for _, p := range c.Problems() {
			t.Errorf("%s: %s", name, p)
		}
	}
}

// Every code that a document may hold has a word.
func TestLabelsAreWhole(t *testing.T) {
	var codes []string
	for _, s := range checks.Statuses() {
		codes = append(codes, string(s))
	}
	for _, s := range []policy.Severity{policy.Critical, policy.High, policy.Medium, policy.Low} {
		codes = append(codes, string(s))
	}
	for _, m := range []policy.Mode{policy.Automatic, policy.Semi, policy.Manual} {
		codes = append(codes, string(m))
	}
	for _, p := range []findings.Phase{findings.New, findings.Persistent, findings.Resolved, findings.Reappeared} {
		codes = append(codes, string(p))
	}
	for _, m := range []reviews.MachineState{reviews.Measured, reviews.Partly, reviews.Silent, reviews.Never, reviews.Excluded, reviews.Agentless, reviews.Departed} {
		codes = append(codes, string(m))
	}
	for _, k := range []evidence.Kind{evidence.Revocation, evidence.Retirement, evidence.Alarm, evidence.Gap, evidence.Restore,
		evidence.Register, evidence.Prune, evidence.KeyChange, evidence.Policy} {
		codes = append(codes, string(k))
	}
	for _, code := range codes {
		if _, ok := labels()[code]; !ok {
			t.Errorf("%s has no label", code)
		}
	}
	for _, s := range []Step{StepFiles, StepSignature, StepCheckpoint, StepTree, StepLeaves, StepReports, StepStates, StepTables, StepKept} {
		if _, ok := steps()[string(s)]; !ok {
			t.Errorf("step %s has no text", s)
		}
	}
	for _, w := range []evidence.Defect{evidence.Missing, evidence.Extra, evidence.HeaderAltered, evidence.SaltAltered, evidence.PayloadAltered,
		evidence.PayloadErased, evidence.HashAltered, evidence.TreeAltered, evidence.Rewritten, evidence.EpochAltered} {
		if _, ok := defects()[string(w)]; !ok {
			t.Errorf("defect %s has no text", w)
		}
	}
}

// An agent that sends more than it should brings no value into a document: what
// a check does not know of its facts is not told.
func TestNoValuesInDocuments(t *testing.T) {
	const value, name = "99999999R", "persona-inventada"
	w := reviewtest.New(t, storagetest.SQLite(t))
	pc := reviewtest.Good("padron-01", "Padrón")
	pc.Persons, pc.Path = 61, `C:\Users\puesto\Documents\listado.csv`
	pc.Stray = map[string]any{"sample": value, "owner": name, "value_found": value}
	a := w.Admit(pc)
	w.Report(a)
	w.Now = w.Now.AddDate(0, 0, 4)
	w.Report(a)
	b, _ := exportTown(t, w, w.Now)
	found := false
	for file, content := range unzip(t, b) {
		if strings.HasSuffix(file, ".pdf") {
			content = []byte(pdfText(t, content))
		}
		for _, secret := range []string{value, name} {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s holds %q", file, secret)
			}
		}
		found = found || bytes.Contains(content, []byte("61 personas"))
	}
	if !found {
		t.Error("what was found is not told at all")
	}
}

// Cells that a spreadsheet would run are kept from it.
func TestInert(t *testing.T) {
	for _, row := range []struct{ in, want string }{
		{"", ""}, {"pc-1", "pc-1"}, {"=1+1", "'=1+1"}, {"+1", "'+1"}, {"-1", "'-1"}, {"@x", "'@x"}, {"\tx", "'\tx"}, {"\rx", "'\rx"},
		{" =1", "' =1"}, {"\n=1", "'\n=1"}, {"＝1", "'＝1"}, {"a=1", "a=1"},
	} {
		if got := inert(row.in); got != row.want {
			t.Errorf("inert(%q) = %q, want %q", row.in, got, row.want)
		}
	}
	d := Document{Findings: []Finding{{Hostname: "=cmd", Key: "a;b\"c", Text: "dos\nlíneas"}}}
	tables, err := d.tables(message.Spanish)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(tables["datos/hallazgos.csv"]); !strings.HasPrefix(got, "\ufeffequipo;") || !strings.Contains(got, `'=cmd;;"a;b""c"`) {
		t.Errorf("got %q", got)
	}
	if !slices.Contains(order(), checks.Unknown) {
		t.Error("pictures leave the unknown out")
	}
}
