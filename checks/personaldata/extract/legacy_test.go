package extract

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// textsOf keeps what an Extractor gives: each text under a line of its own.
type textsOf struct{ bytes.Buffer }

func (s *textsOf) Begin(Encoding)     { s.WriteString("--- text\n") }
func (s *textsOf) Write(block []byte) { s.Buffer.Write(block) }
func (s *textsOf) End()               { s.WriteByte('\n') }

// extractOf returns the texts of a file.
func extractOf(t testing.TB, limits Limits, file []byte) (string, Outcome) {
	t.Helper()
	var s textsOf
	x := New(limits, &s)
	out := x.File(context.Background(), bytes.NewReader(file), int64(len(file)))
	return s.String(), out
}

func readFile(t testing.TB, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{"testdata"}, elem...)...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The files were made with LibreOffice, sqlite3 and shapelib; all in them is invented.
func TestLegacyFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/legacy/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, ".golden") {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text, out := extractOf(t, Limits{}, b)
			got := out.Format + " " + string(out.Reason) + "\n" + text
			if *update {
				if err := os.WriteFile(name+".golden", []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name + ".golden")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("texts differ (-want +got):\n%s", diff)
			}
		})
	}
}
