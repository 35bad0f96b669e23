// Package guidetest holds the guide to the programs: links and pictures lead somewhere, every
// command line that it shows is one that vigia and vigia-agent take, every YAML that it shows is
// one they read, every property of the installer and every make target is there.
//
// The pictures are made again with `make guide-pictures`: those of terminals are what the
// programs wrote, not what somebody typed.
package guidetest

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vigia/agent"
	"vigia/checks/catalog"
	"vigia/checks/policy"
	"vigia/collector"
)

const (
	root  = "../.."
	guide = "packaging/guide"
	// A guide is copied to sticks and read over slow lines.
	maxPictures, maxPicture = 15, 150 << 10
)

func TestLinksAndPictures(t *testing.T) {
	all := pages(t)
	byPath := map[string]page{}
	for _, p := range all {
		byPath[p.path] = p
	}
	var used []string
	for _, p := range all {
		for _, l := range p.links() {
			where := fmt.Sprintf("%s:%d: %s", l.page, l.number, l.target)
			if strings.Contains(l.target, "://") || strings.HasPrefix(l.target, "mailto:") {
				if l.picture {
					t.Errorf("%s: a picture from elsewhere", where)
				}
				continue
			}
			file, name, _ := strings.Cut(l.target, "#")
			target := p.path
			if file != "" {
				target = filepath.Join(filepath.Dir(p.path), file)
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s: there is no %s", where, target)
				continue
			}
			if to, ok := byPath[target]; name != "" && ok && !slices.Contains(to.anchors, name) {
				t.Errorf("%s: %s has no such heading; it has %s", where, target, strings.Join(to.anchors, ", "))
			}
			if !l.picture {
				continue
			}
			used = append(used, target)
			if len(strings.Fields(l.text)) < 3 {
				t.Errorf("%s: who does not see the picture reads only %q", where, l.text)
			}
		}
	}
	entries, err := os.ReadDir(filepath.Join(root, guide, "img"))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) > maxPictures {
		t.Errorf("%d pictures, at most %d", len(entries), maxPictures)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > maxPicture {
			t.Errorf("%s: %d bytes, at most %d", e.Name(), info.Size(), maxPicture)
		}
		if !slices.Contains(used, filepath.Join(guide, "img", e.Name())) {
			t.Errorf("%s: no page shows it", e.Name())
		}
	}
}

// TestCommands asks the programs whether they would take each command line of the guide, by
// way of --help: flags and their values are parsed, and nothing is done.
func TestCommands(t *testing.T) {
	shown := 0
	for _, p := range pages(t) {
		for _, l := range p.lines {
			for _, args := range commands(l) {
				shown++
				if why := refused(t, args); why != "" {
					t.Errorf("%s:%d: %s\n\t%s", p.path, l.number, strings.Join(args, " "), why)
				}
			}
		}
	}
	if shown < 50 {
		t.Errorf("only %d command lines were found: has the guide another form now?", shown)
	}
}

// TestWhatProgramsSayToType looks at the help and messages of the programs themselves: what
// one tells people to type next, the other takes.
func TestWhatProgramsSayToType(t *testing.T) {
	var files []string
	for _, dir := range []string{"agent", "collector", "collector/web", "collector/papers", "packaging/windows/kit"} {
		found, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	shown := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			for s := range strings.SplitSeq(text, "\n") {
				typed := regexp.MustCompile(`^ +vigia(-agent)? [a-z]`).MatchString(s)
				if typed { // an example, perhaps with what it does, some columns further right
					s, _, _ = strings.Cut(strings.TrimSpace(s), "   ")
				}
				for _, args := range commands(line{text: s, code: typed}) {
					if strings.Contains(strings.Join(args, " "), "%") {
						continue // a part that is filled in
					}
					shown++
					if why := refused(t, args); why != "" {
						t.Errorf("%s: %s\n\t%s", set.Position(literal.Pos()), strings.Join(args, " "), why)
					}
				}
			}
			return true
		})
	}
	if shown < 30 {
		t.Errorf("only %d command lines were found", shown)
	}
}

// commands are the command lines of our programs in a line: whole lines of a block of code,
// and code between backquotes in prose.
func commands(l line) [][]string {
	var texts []string
	if l.code {
		if l.lang != "" && l.lang != "sh" && l.lang != "bash" && l.lang != "powershell" && l.lang != "console" && l.lang != "text" {
			return nil
		}
		texts = append(texts, l.text)
	} else {
		said := regexp.MustCompile("(?i)no hay `[^`]+`").ReplaceAllString(l.text, "") // what there is not
		for _, m := range regexp.MustCompile("`([^`]+)`|«([^»`]+)»").FindAllStringSubmatch(said, -1) {
			texts = append(texts, m[1]+m[2])
		}
	}
	var found [][]string
	for _, text := range texts {
		for _, args := range split(text) {
			args = ours(args)
			// Between backquotes a name alone, or one followed by dots, is no order.
			if len(args) < 2 || !l.code && strings.HasPrefix(args[1], "…") {
				continue
			}
			if !regexp.MustCompile(`^(-|[a-z]+$)`).MatchString(args[1]) && (!l.code || strings.ContainsAny(args[1], "─→▶")) {
				continue
			}
			if last := len(args) - 1; !l.code && last > 1 && strings.HasPrefix(args[last], "--") && !strings.Contains(args[last], "=") {
				args = append(args, "--help") // a flag is spoken of, and its value is not
			}
			found = append(found, args)
		}
	}
	return found
}

// split divides a line into commands, and those into words as a shell would.
func split(text string) [][]string {
	var all [][]string
	var words []string
	var word strings.Builder
	in, quote := false, rune(0)
	endWord := func() {
		if in {
			words = append(words, word.String())
		}
		word.Reset()
		in = false
	}
	endCommand := func() {
		endWord()
		if words != nil {
			all = append(all, words)
		}
		words = nil
	}
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, in = r, true
		case r == '#' && !in:
			endCommand()
			return all
		case r == '|' || r == ';' || r == '&':
			endCommand()
		case r == ' ' || r == '\t':
			endWord()
		case r == '(' && word.String() == "$":
			endCommand()
		case r == ')':
			endCommand()
		default:
			in = true
			word.WriteRune(r)
		}
	}
	endCommand()
	return all
}

// ours cuts a command to that of one of our programs, without what stands before and after,
// and without the signs by which prose shows what may be left out. It is nil for another.
func ours(words []string) []string {
	at := -1
	for i, w := range words {
		base := strings.TrimSuffix(w[strings.LastIndexAny(w, `/\`)+1:], ".exe")
		before := slices.IndexFunc(words[:i], func(s string) bool {
			return !slices.Contains([]string{"$", "sudo", ">", "#", "if", "!", "time", "start", "run"}, s) && !strings.Contains(s, "=") && !strings.HasPrefix(s, "-")
		})
		if i > 0 && words[i-1] == "-u" { // the account, not the program
			continue
		}
		if (base == "vigia" || base == "vigia-agent") && (before < 0 || slices.Contains(words[:i], "sudo")) {
			at = i
			break
		}
	}
	if at < 0 {
		return nil
	}
	args := []string{"vigia"}
	if strings.Contains(words[at][strings.LastIndexAny(words[at], `/\`)+1:], "vigia-agent") {
		args[0] = "vigia-agent"
	}
	for _, w := range words[at+1:] {
		if strings.HasPrefix(w, ">") || strings.HasPrefix(w, "2>") || strings.HasPrefix(w, "<") {
			break
		}
		w = strings.Trim(w, "[],.:")
		if w == "…" || w == "" || w == `\` {
			continue
		}
		if w == "N" { // some number
			w = "9"
		}
		args = append(args, w)
	}
	return args
}

// refused is why a program does not take a command line, empty if it does.
func refused(t *testing.T, args []string) string {
	t.Helper()
	if slices.Contains(args, "--") {
		return "these tests do not ask about what stands after --"
	}
	if strings.Contains(strings.Join(args, " "), "|") {
		return ""
	}
	if last := len(args) - 1; last > 1 && args[last] == "--help" && strings.HasPrefix(args[last-1], "--") {
		if out, code := help(t, args[:last-1]); code != 0 || !regexp.MustCompile(regexp.QuoteMeta(args[last-1])+`\b`).MatchString(out) {
			return "no such flag"
		}
		return ""
	}
	// A group of orders shows the help for a word it does not know, so the answer has to be
	// of the very order that was named.
	out, code := help(t, args)
	if code != 0 {
		return out
	}
	usage := regexp.MustCompile(`(?m)^Uso:\n\s+(.+)$`).FindStringSubmatch(out)
	if usage == nil {
		if slices.Contains(args, "--version") {
			return ""
		}
		return "its help shows no usage: " + out
	}
	want := strings.Fields(usage[1])
	path := 1
	for path < len(want) && regexp.MustCompile(`^[a-z]+$`).MatchString(want[path]) {
		path++
	}
	named := words(t, args)
	if len(named) < path-1 {
		return "" // only a group is spoken of
	}
	if !slices.Equal(named[:path-1], want[1:path]) {
		return "it was understood as " + usage[1]
	}
	rest := named[path-1:]
	if len(rest) > 0 && (len(want) == path || strings.HasPrefix(want[path], "ORDEN") || strings.HasPrefix(want[path], "--")) {
		return fmt.Sprintf("takes no %q: %s", rest[0], usage[1])
	}
	return ""
}

// words are the arguments that are neither flags nor values of flags, as far as the help tells
// which flags take a value.
func words(t *testing.T, args []string) []string {
	t.Helper()
	out, _ := help(t, args)
	var named []string
	for i := 1; i < len(args); i++ {
		a := args[i]
		if !strings.HasPrefix(a, "-") || a == "-" {
			named = append(named, a)
			continue
		}
		takes := regexp.MustCompile(`(?m)^\s+(?:-\w, )?` + regexp.QuoteMeta(a) + ` [^\s]`)
		if !strings.Contains(a, "=") && takes.MatchString(out) {
			i++
		}
	}
	return named
}

func help(t *testing.T, args []string) (text string, code int) {
	t.Helper()
	var out, said bytes.Buffer
	asked := append(slices.Clone(args[1:]), "--help")
	if args[0] == "vigia" {
		code = collector.Main(t.Context(), asked, collector.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &said, Version: "0.9.0"})
	} else {
		code = agent.Main(t.Context(), asked, agent.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &said, Version: "0.9.0"})
	}
	if code != 0 {
		return said.String(), code
	}
	return out.String(), 0
}

// TestRefused shows that the test above would notice.
func TestRefused(t *testing.T) {
	for _, row := range []struct {
		text string
		good bool
	}{
		{"vigia serve --data /var/lib/vigia", true},
		{"sudo -u vigia vigia backup --out x.age", true},
		{`"C:\Program Files\Vigia\vigia-agent.exe" enroll --collector a:8443 --token CÓDIGO`, true},
		{"vigia token create --host PC-014 | tee x", true},
		{"vigia review export --period 2026Q4 --out a.zip   # un comentario", true},
		{"vigia-agent check AC-LOCK-15 --format json", true},
		{"vigia serv", false},
		{"vigia token crear", false},
		{"vigia token create --hosts PC-014", false},
		{"vigia token create --ttl semana", false},
		{"vigia token create PC-014", false},
		{"vigia-agent chek", false},
		{"vigia-agent enroll --colector a:8443", false},
	} {
		found := commands(line{text: row.text, code: true})
		if len(found) != 1 {
			t.Errorf("%s: found %q", row.text, found)
			continue
		}
		if why := refused(t, found[0]); (why == "") != row.good {
			t.Errorf("%s: got %q", row.text, why)
		}
	}
}

// TestSettings reads every YAML of the guide as the program would that it is for.
func TestSettings(t *testing.T) {
	for _, p := range pages(t) {
		blocks := map[int][]line{}
		for _, l := range p.lines {
			if l.lang == "yaml" {
				blocks[l.block] = append(blocks[l.block], l)
			}
		}
		for _, block := range blocks {
			var text strings.Builder
			for _, l := range block {
				text.WriteString(l.text + "\n")
			}
			if err := understood(t, dedent(text.String())); err != nil {
				t.Errorf("%s:%d: %v", p.path, block[0].number, err)
			}
		}
	}
}

// understood tries who may read a file of settings: collector, agent, and the import of what
// an organisation decides.
func understood(t *testing.T, text string) error {
	t.Helper()
	if strings.HasPrefix(text, "- ") { // rows of one of its lists
		var all []error
		for _, list := range []string{"datasets", "permits", "users", "leavers", "absences", "overrides"} {
			_, err := policy.DecodeSource("guide.yaml", []byte(list+":\n"+text))
			if err == nil {
				return nil
			}
			all = append(all, err)
		}
		return errors.Join(all...)
	}
	file := filepath.Join(t.TempDir(), "guide.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, forCollector := collector.LoadConfig(file, t.TempDir(), nil)
	_, forAgent := agent.LoadConfig(file, t.TempDir(), nil)
	_, forPolicy := policy.DecodeSource("guide.yaml", []byte(text))
	_, forPack := policy.LoadPack("guide.yaml", []byte(text), catalog.New())
	if forCollector == nil || forAgent == nil || forPolicy == nil || forPack == nil {
		return nil
	}
	return errors.Join(forCollector, forAgent, forPolicy, forPack)
}

func dedent(text string) string {
	indent := len(text) - len(strings.TrimLeft(text, " "))
	return strings.ReplaceAll("\n"+text, "\n"+strings.Repeat(" ", indent), "\n")[1:]
}

// TestInstallerAndMake looks up the properties of the installer and the targets of make.
func TestInstallerAndMake(t *testing.T) {
	read := func(path string) string {
		data, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	installer, makefile := read("packaging/windows/vigia-agent.wxs")+read("packaging/tools/msi.sh"), read("Makefile")
	property := regexp.MustCompile(`\b([A-Z]{4,})=`)
	target := regexp.MustCompile(`(?:^|[^a-z])make ([a-z][a-z-]*)`)
	for _, p := range pages(t) {
		for _, l := range p.lines {
			if strings.Contains(l.text, "msiexec") {
				for _, m := range property.FindAllStringSubmatch(l.text, -1) {
					if !regexp.MustCompile(`\b` + m[1] + `\b`).MatchString(installer) {
						t.Errorf("%s:%d: the installer has no property %s", p.path, l.number, m[1])
					}
				}
			}
			if !l.code && !strings.Contains(l.text, "`make ") {
				continue
			}
			for _, m := range target.FindAllStringSubmatch(l.text, -1) {
				if !regexp.MustCompile(`(?m)^` + m[1] + `:`).MatchString(makefile) {
					t.Errorf("%s:%d: there is no target %s", p.path, l.number, m[1])
				}
			}
		}
	}
}
