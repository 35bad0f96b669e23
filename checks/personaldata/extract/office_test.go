package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updateOffice = flag.Bool("update-office", false, "write testdata/office/*.golden")

// officeSink keeps texts, with a line between them.
type officeSink struct{ bytes.Buffer }

func (s *officeSink) Begin(Encoding)     { s.WriteString("--- text\n") }
func (s *officeSink) Write(block []byte) { s.Buffer.Write(block) }
func (s *officeSink) End() {
	if b := s.Bytes(); len(b) > 0 && b[len(b)-1] != '\n' {
		s.WriteByte('\n')
	}
}

// readOffice returns the texts of a document and what became of it.
func readOffice(t testing.TB, limits Limits, doc []byte) (string, Outcome) {
	t.Helper()
	var sink officeSink
	o := New(limits, &sink).File(context.Background(), bytes.NewReader(doc), int64(len(doc)))
	return sink.String(), o
}

// zipOf makes an archive of members, each a path and its content.
func zipOf(t testing.TB, members ...string) []byte {
	t.Helper()
	return zipBy(t, zip.Deflate, members...)
}

// zipBy is zipOf with a method of compression.
func zipBy(t testing.TB, method uint16, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: members[i], Method: method})
		if err == nil {
			_, err = w.Write([]byte(members[i+1]))
		}
		if err != nil {
			t.Fatalf("write %s: %v", members[i], err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatalf("close archive: %v", err)
	}
	return b.Bytes()
}

// The documents were written by LibreOffice 7.4 from flat OpenDocument files, which are
// beside them. All persons and numbers are invented.
func TestOfficeDocuments(t *testing.T) {
	for _, test := range []struct{ file, format string }{
		{"carta.docx", "docx"}, {"carta.odt", "odt"}, {"carta.fodt", "fodt"},
		{"padron.xlsx", "xlsx"}, {"padron.ods", "ods"}, {"padron.fods", "fodt"},
		{"laminas.pptx", "pptx"}, {"laminas.odp", "odp"}, {"laminas.fodp", "fodt"},
	} {
		t.Run(test.file, func(t *testing.T) {
			path := filepath.Join("testdata", "office", test.file)
			doc, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got, o := readOffice(t, Limits{}, doc)
			if o.Format != test.format || !o.Whole() {
				t.Errorf("got format %q, reasons %v; want %q, none", o.Format, o.Reasons, test.format)
			}
			if *updateOffice {
				if err := os.WriteFile(path+".golden", []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path + ".golden")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("texts (-want +got):\n%s", diff)
			}
		})
	}
}

// repeated returns a document of about size bytes of one part between others.
func repeated(head, row, tail string, size int) string {
	return head + strings.Repeat(row, size/len(row)+1) + tail
}
