package personaldata

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"vigia/checks/personaldata/detect"
)

// TestWords holds that everything a summary can hold has words: types and categories as
// the detector lists them, reasons as the sources of the readers and the walk declare them.
func TestWords(t *testing.T) {
	said := wordMessages()
	if problems := said.Problems(); len(problems) > 0 {
		t.Errorf("catalogue: %q", problems)
	}
	want := map[string]string{}
	for _, typ := range detect.Types() {
		want["types."+string(typ)] = "detect.Types"
	}
	for _, name := range (^detect.Category(0)).Names() {
		want["categories."+name] = "detect.Category"
	}
	for _, folder := range []string{"extract", "scan"} {
		declared := reasonsOf(t, folder)
		if len(declared) < 10 {
			t.Errorf("%s: got %d reasons, want those that it declares", folder, len(declared))
		}
		for _, reason := range declared {
			want["reasons."+reason] = folder
		}
	}
	for code, from := range want {
		if _, ok := said[code]; !ok {
			t.Errorf("%s of %s has no words", code, from)
		}
	}
	for code := range said {
		if want[code] == "" {
			t.Errorf("%s is said, and nothing has that code", code)
		}
	}
}

// reasonsOf reads the constants of type Reason out of a package's sources.
func reasonsOf(t *testing.T, folder string) (codes []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no source of %s: %v", folder, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "Reason" {
				return true
			}
			for _, value := range spec.Values {
				if lit, ok := value.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					code, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					codes = append(codes, code)
				}
			}
			return true
		})
	}
	return codes
}
