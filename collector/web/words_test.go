package web

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vigia/checks"
	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/findings"
	"vigia/collector/report"
	"vigia/collector/reviews"
)

// TestWords holds that every word has both languages, that what templates and
// code ask for is there, and that nothing else is.
func TestWords(t *testing.T) {
	t.Parallel()
	said := words()
	if problems := said.Problems(); len(problems) > 0 {
		t.Errorf("catalogue: %q", problems)
	}
	used := map[string]string{}
	files, err := filepath.Glob("templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	code, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	one := regexp.MustCompile(`\bT\(? ?"([^"]+)"`)
	many := regexp.MustCompile(`\.Count[ (][^"}]*"([^"]+)"`)
	for _, file := range slices.Concat(files, code) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range one.FindAllStringSubmatch(string(data), -1) {
			used[m[1]] = file
		}
		for _, m := range many.FindAllStringSubmatch(string(data), -1) {
			used[m[1]+".one"], used[m[1]+".many"] = file, file
		}
	}
	for _, sec := range new(site).sections() { // items puts them together
		used[sec.word] = "menu.go"
		if sec.waiting != nil {
			used[sec.word+".waiting"] = "menu.go"
		}
	}
	for _, key := range []string{"error.missing", "error.forbidden", "error.internal", "error.unreadable"} { // fail puts them together
		used[key], used[key+".do"] = "page.go", "page.go"
	}
	for key, file := range used {
		if _, ok := said[key]; !ok {
			t.Errorf("%s asks for %q, which the catalogue does not say", file, key)
		}
	}
	for key := range said {
		if _, ok := used[key]; !ok {
			t.Errorf("the catalogue says %q, which nothing asks for", key)
		}
	}
}

// TestLabels holds that the codes that pages show have a word.
func TestLabels(t *testing.T) {
	t.Parallel()
	var codes []string
	for _, s := range checks.Statuses() {
		codes = append(codes, string(s))
	}
	for _, s := range []reviews.MachineState{reviews.Measured, reviews.Partly, reviews.Silent, reviews.Never, reviews.Departed} {
		codes = append(codes, string(s))
	}
	for _, s := range []policy.Severity{policy.Critical, policy.High, policy.Medium, policy.Low} {
		codes = append(codes, string(s))
	}
	for _, s := range []policy.Mode{policy.Automatic, policy.Semi, policy.Manual} {
		codes = append(codes, string(s))
	}
	for _, s := range []findings.Phase{findings.New, findings.Persistent, findings.Resolved, findings.Reappeared} {
		codes = append(codes, string(s))
	}
	for _, code := range codes {
		for _, lang := range message.Langs() {
			if got := report.Label(lang, code); got == "" || strings.Contains(got, "_") || lang == message.Spanish && got == code && code != "manual" {
				t.Errorf("%s in %s: got %q, want a word", code, lang, got)
			}
		}
	}
}
