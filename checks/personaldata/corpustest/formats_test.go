package corpustest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vigia/checks/personaldata/corpustest"
	"vigia/checks/personaldata/detect"
)

// Every identifier is found in every format, and nothing else is.
func TestFormats(t *testing.T) {
	rounds := 40
	if testing.Short() {
		rounds = 4
	}
	writers := append(corpustest.Writers(), corpustest.Writer{Extension: "sqlite", Sheet: true, Write: writeSQLite})
	for _, w := range writers {
		t.Run(w.Extension, func(t *testing.T) {
			m := corpustest.NewMaker(uint64(len(w.Extension)))
			dir := t.TempDir()
			var all []planted
			write := func(f corpustest.File) {
				name := fmt.Sprintf("%03d %s.%s", len(all), f.Name, w.Extension)
				all = append(all, plant(t, dir, name, w.Write(t, f), f))
			}
			for range rounds {
				if w.Sheet {
					write(m.Staff("staff mx", 40, ",", false, false))
					write(m.Staff("staff es", 40, ",", false, true))
					write(m.Padron("padron", 40, true))
					continue
				}
				for _, class := range []corpustest.Class{corpustest.OK, corpustest.Alone, corpustest.Loose, corpustest.Ctx, corpustest.Near} {
					write(m.Prose(string(class), 12_000, class))
				}
				write(m.Card("card"))
				write(m.Letters("letters", 8000))
			}
			results := scanned(t, dir)
			var j judged
			for _, p := range all {
				j.file(p, results[detect.MaskPath(p.path)])
			}
			j.report(t)
		})
	}
}

// A spreadsheet that took account and insurance numbers for numbers has cut their zeros
// and all digits after the fifteenth: they are told all the same, every one.
func TestNumericCells(t *testing.T) {
	const rows = 1000
	f := corpustest.NewMaker(11).Staff("plantilla", rows, ",", false, false)
	for _, w := range corpustest.Writers() {
		if w.Extension != "numeric.xlsx" {
			continue
		}
		dir := t.TempDir()
		p := plant(t, dir, "plantilla.xlsx", w.Write(t, f), f)
		counts := scanned(t, dir)[p.path].Counts
		for _, typ := range []detect.Type{"mx.clabe", "mx.nss"} {
			if got := counts[typ]; got != rows {
				t.Errorf("%d %s, want %d", got, typ, rows)
			}
		}
	}
}

// A conversion is a format that LibreOffice makes of one of ours.
type conversion struct {
	from   string // extension of a Writer
	to     string // what it is asked for
	filter string // the program's name for that, where the extension does not tell
}

// What real programs write is read as well as what is written here.
func TestConverted(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: starts LibreOffice")
	}
	if _, err := exec.LookPath("soffice"); err != nil {
		t.Fatal("soffice is missing: apt-get install libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui")
	}
	for _, c := range []conversion{
		{"docx", "doc", "MS Word 97"}, {"docx", "docx", "MS Word 2007 XML"}, {"docx", "odt", "writer8"}, {"docx", "rtf", "Rich Text Format"}, {"docx", "pdf", "writer_pdf_Export"},
		{"html", "odt", "writer8"}, {"odp", "ppt", "MS PowerPoint 97"}, {"odp", "pptx", "Impress MS PowerPoint 2007 XML"}, {"odp", "odp", "impress8"}, {"odp", "pdf", "impress_pdf_Export"},
		{"ods", "xls", "MS Excel 97"}, {"ods", "xlsx", "Calc MS Excel 2007 XML"}, {"ods", "ods", "calc8"}, // not to PDF: a page shows what its narrow columns leave of a value
		{"tsv", "xlsx", "Calc MS Excel 2007 XML"}, {"tsv", "xls", "MS Excel 97"},
	} {
		t.Run(c.from+" to "+c.to, func(t *testing.T) { testConversion(t, c) })
	}
}

func testConversion(t *testing.T, c conversion) {
	const rounds = 3
	m := corpustest.NewMaker(uint64(len(c.from) + 10*len(c.to)))
	in, out := t.TempDir(), t.TempDir()
	var all []planted
	for _, w := range corpustest.Writers() {
		if w.Extension != c.from {
			continue
		}
		extension := w.Extension
		if extension == "tsv" {
			extension = "csv"
		}
		for i := range rounds {
			var files []corpustest.File
			switch {
			case w.Sheet:
				files = []corpustest.File{m.Staff("mx", 50, ",", false, false), m.Staff("es", 50, ",", false, true), m.Padron("padron", 50, true)}
			case c.from == "odp": // a slide has no room for a letter
				files = []corpustest.File{m.Card("card")}
			default:
				files = []corpustest.File{m.Prose("ok", 12_000, corpustest.OK), m.Prose("sep", 12_000, corpustest.Loose), m.Prose("ctx", 12_000, corpustest.Ctx),
					m.Prose("near", 12_000, corpustest.Near), m.Card("card")}
			}
			for _, f := range files {
				name := fmt.Sprintf("%d %s", i, f.Name)
				plant(t, in, name+"."+extension, w.Write(t, f), f)
				all = append(all, planted{filepath.Join(out, name+"."+c.to), f})
			}
		}
	}
	convert(t, in, out, c)
	results := scanned(t, out)
	var j judged
	for _, p := range all {
		j.file(p, results[detect.MaskPath(p.path)])
	}
	j.report(t)
}

// convert has LibreOffice turn all files of a folder into another format.
func convert(t *testing.T, in, out string, c conversion) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	args := []string{"--headless", "--norestore", "-env:UserInstallation=file://" + t.TempDir()}
	if c.from == "tsv" {
		args = append(args, "--infilter=CSV:9,34,76,1") // tabs, double quotes, UTF-8
	}
	args = append(args, "--convert-to", c.to+":"+c.filter, "--outdir", out)
	entries, err := os.ReadDir(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		args = append(args, filepath.Join(in, e.Name()))
	}
	cmd := exec.CommandContext(ctx, "soffice", args...)
	cmd.Cancel = func() error { return cmd.Process.Kill() }
	cmd.WaitDelay = 5 * time.Second
	message, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("soffice: %v\n%s", err, message)
	}
	made, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	if len(made) != len(entries) {
		t.Fatalf("soffice made %d files of %d:\n%s", len(made), len(entries), strings.TrimSpace(string(message)))
	}
}
