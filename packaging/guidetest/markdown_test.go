package guidetest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// page is one Markdown file, as far as these tests read it.
type page struct {
	path    string // from the root of the project
	lines   []line
	anchors []string
}

// line is one line of a page that is no frame of a code block.
type line struct {
	number int
	text   string
	code   bool   // stands in a code block
	block  int    // which block, counted from 1
	lang   string // what the block says it is, such as yaml
}

// pages reads README.md, the guide and what stands in folders below it.
func pages(t *testing.T) []page {
	t.Helper()
	paths := []string{"README.md"}
	err := filepath.WalkDir(filepath.Join(root, guide), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".md") {
			rel, _ := filepath.Rel(root, path)
			paths = append(paths, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []page
	for _, path := range paths {
		data, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, parse(path, string(data)))
	}
	return all
}

func parse(path, text string) page {
	p := page{path: path}
	fence, lang, block := "", "", 0
	for i, s := range strings.Split(text, "\n") {
		mark := strings.TrimLeft(s, " >")
		switch {
		case fence == "" && strings.HasPrefix(mark, "```"):
			fence, lang = "```", strings.TrimSpace(strings.TrimPrefix(mark, "```"))
			block++
		case fence != "" && strings.HasPrefix(mark, fence):
			fence, lang = "", ""
		case fence != "":
			p.lines = append(p.lines, line{number: i + 1, text: s, code: true, block: block, lang: lang})
		default:
			p.lines = append(p.lines, line{number: i + 1, text: s})
			if title, ok := strings.CutPrefix(strings.TrimLeft(s, "#"), " "); ok && strings.HasPrefix(s, "#") {
				p.anchors = append(p.anchors, anchor(title, p.anchors))
			}
		}
	}
	return p
}

// anchor is the name by which a heading is linked to, as the usual sites make it: small
// letters and digits, hyphens for spaces, a number for one that is there already.
func anchor(title string, taken []string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	name := b.String()
	for n := 1; slices.Contains(taken, name); n++ {
		name = b.String() + "-" + string(rune('0'+n))
	}
	return name
}

// link is a link or picture of a page.
type link struct {
	page    string
	number  int
	picture bool
	text    string // the alternative text of a picture
	target  string
}

func (p page) links() []link {
	syntax := regexp.MustCompile(`(!?)\[((?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*)\]\(([^)\s]+)\)`)
	inline := regexp.MustCompile("`[^`\n]*`")
	var prose strings.Builder // a link may be broken over two lines
	for _, l := range p.lines {
		for strings.Count(prose.String(), "\n") < l.number-1 {
			prose.WriteByte('\n')
		}
		if !l.code {
			prose.WriteString(inline.ReplaceAllString(l.text, "``"))
		}
	}
	text := prose.String()
	var all []link
	for _, at := range syntax.FindAllStringSubmatchIndex(text, -1) {
		m := syntax.FindStringSubmatch(text[at[0]:at[1]])
		number := strings.Count(text[:at[0]], "\n") + 1
		all = append(all, link{page: p.path, number: number, picture: m[1] == "!", text: m[2], target: m[3]})
		for _, in := range syntax.FindAllStringSubmatch(m[2], -1) { // a picture that is a link
			all = append(all, link{page: p.path, number: number, picture: in[1] == "!", text: in[2], target: in[3]})
		}
	}
	return all
}

func TestAnchor(t *testing.T) {
	for _, row := range []struct{ title, want string }{
		{"Cuando algo falla", "cuando-algo-falla"},
		{"Lo que se exige: la política", "lo-que-se-exige-la-política"},
		{"Buscar a mano: `vigia-agent scan`", "buscar-a-mano-vigia-agent-scan"},
		{"1. El servidor", "1-el-servidor"},
	} {
		if got := anchor(row.title, nil); got != row.want {
			t.Errorf("%s: got %s, want %s", row.title, got, row.want)
		}
	}
	if got := anchor("Windows", []string{"windows"}); got != "windows-1" {
		t.Errorf("a second one: got %s", got)
	}
}
