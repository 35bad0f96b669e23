package catalog

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

func TestChecks(t *testing.T) {
	id := regexp.MustCompile(`^[a-z]+\.[a-z_]+$`)
	c := New()
	seen := map[string]bool{}
	for _, check := range c.All() {
		info := check.Info()
		if !id.MatchString(info.ID) {
			t.Errorf("%q is not domain.name", info.ID)
		}
		if seen[info.ID] {
			t.Errorf("%s is there twice", info.ID)
		}
		seen[info.ID] = true
		if got, ok := c.Lookup(info.ID); !ok || got != check {
			t.Errorf("Lookup(%s) finds another check", info.ID)
		}
		if diff := cmp.Diff([]host.OS{host.Linux, host.Windows}, check.Platforms()); diff != "" {
			t.Errorf("%s: platforms (-want +got):\n%s", info.ID, diff)
		}
		longest := time.Hour
		if info.Heavy { // it works in the background, a little at a time
			longest = 24 * time.Hour
		}
		if info.Deadline <= 0 || info.Deadline > longest {
			t.Errorf("%s: deadline %v", info.ID, info.Deadline)
		}
		if err := check.CheckParams(nil); err != nil {
			t.Errorf("%s does not take its own defaults: %v", info.ID, err)
		}
	}
	if _, ok := c.Lookup("session.nothing"); ok {
		t.Error("a check that does not exist was found")
	}
	all := c.All()
	all[0] = nil
	if c.All()[0] == nil {
		t.Error("All gives away its own slice")
	}
}

// Every check speaks both languages, and no two say one code differently.
func TestMessages(t *testing.T) {
	merged := checks.Messages()
	if got := merged.Problems(); len(got) > 0 {
		t.Errorf("checks: %q", got)
	}
	for _, check := range New().All() {
		info := check.Info()
		if got := info.Messages.Problems(); len(got) > 0 {
			t.Errorf("%s: %q", info.ID, got)
		}
		if got := merged.Merge(info.Messages); len(got) > 0 {
			t.Errorf("%s says otherwise than another check: %q", info.ID, got)
		}
	}
}

// TestCodesAreSaid reads the source of every domain: a literal that begins like
// the domain's reason codes must be one of them.
func TestCodesAreSaid(t *testing.T) {
	c := New()
	words := map[string]map[string]bool{} // by domain: first words of its codes
	for _, check := range c.All() {
		domain, _, _ := strings.Cut(check.Info().ID, ".")
		if words[domain] == nil {
			words[domain] = map[string]bool{}
		}
		for code := range check.Info().Messages {
			word, _, _ := strings.Cut(code, ".")
			words[domain][word] = true
		}
	}
	code := regexp.MustCompile(`^[a-z_]+(\.[a-z0-9_]+)+$`)
	for _, domain := range slices.Sorted(maps.Keys(words)) {
		files, err := filepath.Glob(filepath.Join("..", domain, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no source of %s: %v", domain, err)
		}
		said := 0
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, literal := range literals(t, file) {
				word, _, _ := strings.Cut(literal, ".")
				if !code.MatchString(literal) || !words[domain][word] {
					continue
				}
				if _, isCheck := c.Lookup(literal); isCheck {
					continue
				}
				said++
				if _, ok := c.messages[literal]; !ok {
					t.Errorf("%s: %q has no message", file, literal)
				}
			}
		}
		if said == 0 {
			t.Errorf("no reason code was found in %s", domain)
		}
	}
}

// literals lists the strings written in a Go file.
func literals(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil {
				out = append(out, s)
			}
		}
		return true
	})
	return out
}

func TestSay(t *testing.T) {
	c := New()
	for _, tt := range []struct {
		name   string
		lang   message.Lang
		reason checks.Reason
		say    string
		do     string
	}{
		{
			name: "an argument that is a code", lang: message.Spanish, reason: checks.Because("check.not_observed", "why", "permission"),
			say: "no se pudo medir (sin permiso de lectura)",
			do:  "ejecute el agente como servicio del sistema, con permiso para leer la configuración",
		},
		{
			name: "in English", lang: message.English, reason: checks.Because("check.not_observed", "why", "permission"),
			say: "could not be measured (no permission to read)",
			do:  "run the agent as a system service, with permission to read the settings",
		},
		{
			name: "an argument that is no known code", lang: message.English, reason: checks.Because("check.not_observed", "why", "moonlight"),
			say: "could not be measured (moonlight)",
			do:  "run the agent as a system service, with permission to read the settings",
		},
		{
			name: "a reason of a version to come", lang: message.Spanish, reason: checks.Because("roof.leaks", "rooms", "2"),
			say: "roof.leaks map[rooms:2]",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := c.Say(tt.lang, tt.reason); got != tt.say {
				t.Errorf("Say: got %q, want %q", got, tt.say)
			}
			if got := c.Do(tt.lang, tt.reason); got != tt.do {
				t.Errorf("Do: got %q, want %q", got, tt.do)
			}
		})
	}
	if got := c.Say(message.Spanish, checks.Reason{Code: "backup.no_copy"}); got != "no hay ninguna copia" {
		t.Errorf("a reason of a domain: got %q", got)
	}
}
