package collector

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vigia/checks/checktest"
	"vigia/collector/findings"
)

// troublesPage is the guide's page of what to do by error message.
const troublesPage = "../packaging/guide/problemas.md"

// TestTroublesPage demands that the guide explains each error about which the collector
// gives advice, and each thing that it tells of a machine's own trust.
func TestTroublesPage(t *testing.T) {
	var b strings.Builder
	b.WriteString("### Órdenes y servicio\n\n| Mensaje | Por qué | Qué hacer |\n|---|---|---|\n")
	for _, h := range hints() {
		if h.say == "" || h.why == "" || h.do == "" {
			t.Errorf("%v: say what happened, why and what to do", h.is)
		}
		fmt.Fprintf(&b, "| %s: `%v` | %s | %s |\n", cell(h.say), h.is, cell(h.why), cell(h.do))
	}
	b.WriteString("\n### Avisos sobre un equipo, en el portal y en `vigia findings list`\n\n| Aviso | Qué hacer |\n|---|---|\n")
	all := findings.Messages()
	for _, code := range slices.Sorted(maps.Keys(all)) {
		if e := all[code]; e.Do.ES != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", cell(e.Say.ES), cell(e.Do.ES))
		}
	}
	b.WriteString("\n")
	checktest.PageSection(t, troublesPage, "colector", b.String())
}

func cell(s string) string {
	s = regexp.MustCompile(`\{[a-z_]+\}`).ReplaceAllString(s, "…")
	return strings.ReplaceAll(s, "|", `\|`)
}

// quiet are errors that packages name and no operator meets: why not.
func quiet() map[string]string {
	return map[string]string{
		"storage.ErrClosed": "a program's mistake", "storage.ErrNested": "a program's mistake", "storage.ErrDump": "backup says ErrDamaged",
		"access.ErrNoUnlock": "the portal says it on its page", "access.ErrNoKeys": "the portal says it on its page",
		"access.ErrDenied": "the portal says it on its page", "access.ErrThrottled": "the portal says it on its page",
		"enroll.ErrNoCertificate": "an agent's", "enroll.ErrExpired": "an agent's", "enroll.ErrForeign": "an agent's",
		"enroll.ErrRejected": "an agent's", "enroll.ErrReplaced": "says itself what happened",
		"enroll.ErrTokenUnknown": "an agent's", "enroll.ErrTokenUsed": "an agent's", "enroll.ErrTokenExpired": "an agent's",
		"enroll.ErrTokenRevoked": "an agent's", "enroll.ErrTokenHost": "an agent's", "enroll.ErrTokenSpent": "an agent's",
		"enroll.ErrTokenFull": "an agent's", "enroll.ErrTokenClosed": "an agent's", "enroll.ErrTokenNetwork": "an agent's",
		"registers.ErrAppendOnly": "an import says it by line", "registers.ErrNoUpload": "the portal says it on its page",
		"assign.ErrNotIssued": "within the collector",
		"notify.ErrMessage":   "a program's mistake", "notify.ErrNoNotice": "the portal says it on its page", "notify.ErrSettings": "the portal says it on its page",
	}
}

// Every error that a part of the collector names has advice, or a reason why not.
func TestEveryNamedErrorHasAdvice(t *testing.T) {
	source, err := os.ReadFile("hint.go")
	if err != nil {
		t.Fatal(err)
	}
	excused := quiet()
	for _, dir := range []string{"storage", "storage/backup", "access", "enroll", "assign", "report", "reviews", "notify", "handover", "registers"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), dir+"/"+e.Name(), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if _, isFunc := n.(*ast.FuncDecl); isFunc {
					return false
				}
				if v, ok := n.(*ast.ValueSpec); ok {
					for _, id := range v.Names {
						name := f.Name.Name + "." + id.Name
						if strings.HasPrefix(id.Name, "Err") && !strings.HasPrefix(id.Name, "Error") && excused[name] == "" && !strings.Contains(string(source), "{"+name+",") {
							t.Errorf("%s: say in hints what to do, or in quiet why nobody meets it", name)
						}
						delete(excused, name)
					}
				}
				return true
			})
		}
	}
	for name := range excused {
		t.Errorf("%s is excused and not there", name)
	}
}
