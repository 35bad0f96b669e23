package report

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/catalog"
	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/findings"
)

var update = flag.Bool("update", false, "write the golden files anew")

const fixedKey = "0123 4567 89ab cdef"

// fixed is the small town's document with all that is drawn by lot replaced.
func fixed(t testing.TB) Document {
	t.Helper()
	d := middle(t).sum.Document
	b, err := d.encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range d.Coverage.Machines {
		if m.ID != "" {
			b = bytes.ReplaceAll(b, []byte(m.ID), []byte("agente-"+m.Hostname))
		}
	}
	var out Document
	if err := decodeDocument(b, &out); err != nil {
		t.Fatal(err)
	}
	out.Log.Origin, out.Log.Root = "vigia-01234567", bytes.Repeat([]byte{0xab}, 32)
	return out
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (make it with -update)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (-update if that is right): %s", file, firstDifferentLine(want, got))
	}
}

// The bytes of a known review: its data, tables and instructions.
func TestGolden(t *testing.T) {
	d := fixed(t)
	b, err := d.encode()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "revision.json", b)
	tables, err := d.tables(message.Spanish)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range tables {
		golden(t, filepath.Base(name), b)
	}
	golden(t, "COMO-VERIFICAR.txt", []byte(howTo(d, fixedKey)))
}

// pdfText is what a reader of the PDF can read, laid out as on paper.
func pdfText(t testing.TB, pdf []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "revision.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", "-enc", "UTF-8", file, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext: %v (apt-get install poppler-utils)", err)
	}
	return string(out)
}

func TestGoldenPDF(t *testing.T) {
	b, err := fixed(t).pdf(fixedKey, message.Spanish)
	if err != nil {
		t.Fatal(err)
	}
	// Versions of poppler space columns differently.
	text := regexp.MustCompile(` +`).ReplaceAllString(pdfText(t, b), " ")
	golden(t, "revision.pdf.txt", []byte(text))
}

// large is a document of n machines with names and paths as long as they come.
func large(t testing.TB, n int) Document {
	t.Helper()
	d := fixed(t)
	d.Coverage = Coverage{Listed: true}
	d.States, d.Findings = nil, nil
	voice := NewVoice(message.Spanish, catalog.New())
	at := d.At.Add(-48 * time.Hour)
	statuses := []checks.Status{checks.Pass, checks.Pass, checks.Pass, checks.Fail, checks.Warn, checks.Unknown, checks.NotApplicable}
	states := []string{"measured", "measured", "partly", "silent", "never", "agentless", "excluded", "departed"}
	for i := range n {
		host := strings.Repeat("equipo-de-la-concejalía-de-", 1+i%3) + string(rune('a'+i%26))
		d.Coverage.Machines = append(d.Coverage.Machines, Machine{ID: host, Hostname: host, State: states[i%len(states)], LastSeen: at, Enrolled: at,
			Department: "Urbanismo, vivienda, patrimonio histórico y arqueología", Why: strings.Repeat("una razón larga que alguien escribió ", 1+i%4)})
		for j, c := range d.Controls {
			if !c.Measured {
				continue
			}
			status := statuses[(i*7+j*3)%len(statuses)]
			d.States = append(d.States, State{Machine: host, Hostname: host, Entry: c.ID, Control: c.ID, Status: status, Since: at, Last: at})
			if status == checks.Fail || status == checks.Unknown {
				reason := checks.Because("machine.silent", "since", `C:\Users\un.nombre.muy.largo\Documents\Expedientes\2026\`+strings.Repeat("subcarpeta-", i%9)+"listado.csv")
				d.Findings = append(d.Findings, Finding{Machine: host, Hostname: host, Entry: c.ID, Control: c.ID, Status: status, Severity: policy.High,
					Phase: findings.New, Reason: reason, Text: voice.Say(reason), Do: voice.Do(reason), First: at, Opened: at, Times: 1})
			}
		}
	}
	d.Coverage.count()
	for i := range d.Controls {
		c := &d.Controls[i]
		if c.Measured {
			c.Counts = map[checks.Status]int{checks.Pass: n / 2, checks.Fail: n / 3, checks.Unknown: n - n/2 - n/3}
		}
	}
	return d
}

// It is drawn whatever the size, and whatever letters names are made of.
func TestPDFSizes(t *testing.T) {
	for _, n := range []int{0, 1, 200} {
		d := large(t, n)
		if n == 1 {
			d.Organisation = "Ayuntamiento 😀 \x00 \U0001F3DB \u200fالعربية 漢字 " + strings.Repeat("Larguísimo", 30)
		}
		b, err := d.pdf(fixedKey, message.Spanish)
		if err != nil {
			t.Fatalf("%d machines: %v", n, err)
		}
		if text := pdfText(t, b); !strings.Contains(text, "Revisión trimestral") || !strings.Contains(text, "Responsable de seguridad") {
			t.Errorf("%d machines: the cover says\n%.600s", n, text)
		}
	}
}
