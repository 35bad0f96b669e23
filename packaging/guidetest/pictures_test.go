package guidetest

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	update = flag.Bool("update", false, "make the pictures of terminals again; as root, on Linux")
	bin    = flag.String("bin", "../../bin", "folder of both programs")
)

// TestTerminalPictures plays the commands of the guide with the real programs and draws what
// they said.
func TestTerminalPictures(t *testing.T) {
	if !*update {
		t.Skip("make guide-pictures asks for it")
	}
	out := t.TempDir()
	play := exec.CommandContext(t.Context(), "./terminal.sh", *bin, out)
	if said, err := play.CombinedOutput(); err != nil {
		t.Fatalf("terminal.sh, which needs root and unshare: %v\n%s", err, said)
	}
	shots, err := filepath.Glob(filepath.Join(out, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, shot := range shots {
		text, err := os.ReadFile(shot)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(shot), ".txt") + ".svg"
		if err := os.WriteFile(filepath.Join(root, guide, "img", name), draw(string(text)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Measures of a terminal, in pixels; columns is where it breaks a line.
const (
	columns         = 110
	cell, row       = 8.4, 19
	left, top, foot = 18, 58, 14
	paper, ink      = "#10242c", "#dbe7ea"
	frame, faint    = "#174c5b", "#8fb3bd"
	good, poor, bad = "#63d2a8", "#f0b93c", "#ff8fa3"
)

// draw makes a picture of a terminal. The first line is its title. Letters have the width of
// a cell whatever font the reader has.
func draw(text string) []byte {
	title, rest, _ := strings.Cut(strings.TrimRight(text, "\n"), "\n")
	var lines []string
	for l := range strings.SplitSeq(rest, "\n") {
		r := []rune(l)
		for len(r) > columns {
			lines = append(lines, string(r[:columns]))
			r = r[columns:]
		}
		lines = append(lines, string(r))
	}
	width, height := left*2+columns*cell, float64(top+row*len(lines)+foot)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" font-family="DejaVu Sans Mono, Liberation Mono, Consolas, Menlo, monospace" font-size="14">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, `<rect width="%.0f" height="%.0f" rx="10" fill="%s"/><path d="M0 36V10A10 10 0 0 1 10 0H%.0fA10 10 0 0 1 %.0f 10V36Z" fill="%s"/>`+"\n", width, height, paper, width-10, width, frame)
	fmt.Fprintf(&b, `<text x="%d" y="23" fill="#fff" font-family="DejaVu Sans, Segoe UI, Arial, sans-serif" font-weight="bold">%s</text>`+"\n", left, escape(title))
	prompt := regexp.MustCompile(`^(root@[a-z0-9-]+:~# )(.*)$`)
	for i, l := range lines {
		if strings.TrimSpace(l) == "" {
			continue
		}
		y := top + row*i
		if m := prompt.FindStringSubmatch(l); m != nil {
			put(&b, 0, y, m[1], faint, false)
			put(&b, len([]rune(m[1])), y, m[2], "#fff", true)
			continue
		}
		put(&b, 0, y, l, ink, false)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// put writes a line from a column on, in pieces at their columns: the marks of a state have
// its colour, and long gaps are no text.
func put(b *bytes.Buffer, column, y int, text, colour string, bold bool) {
	weight := ""
	if bold {
		weight = ` font-weight="bold"`
	}
	for _, at := range regexp.MustCompile(`\S+(?: \S+)*`).FindAllStringIndex(text, -1) {
		piece, fill := text[at[0]:at[1]], colour
		switch {
		case strings.HasPrefix(piece, "✔"):
			fill = good
		case strings.HasPrefix(piece, "✘"):
			fill = bad
		case strings.HasPrefix(piece, "! "):
			fill = poor
		case strings.Trim(piece, "─") == "":
			fill = frame
		}
		n := len([]rune(piece))
		fmt.Fprintf(b, `<text x="%.1f" y="%d" textLength="%.1f" lengthAdjust="spacingAndGlyphs" fill="%s"%s>%s</text>`+"\n",
			left+float64(column+len([]rune(text[:at[0]])))*cell, y, float64(n)*cell, fill, weight, escape(piece))
	}
}

func escape(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
	return b.String()
}

func TestDraw(t *testing.T) {
	got := string(draw("Servidor\nroot@vigia:~# vigia verify a&b.zip\n✔ bien   todo\n" + strings.Repeat("x", columns+1)))
	for _, want := range []string{">Servidor<", ">vigia verify a&amp;b.zip<", `fill="` + good + `">✔ bien<`, ">todo<", ">x<"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if err := xml.Unmarshal([]byte(got), new(struct{})); err != nil {
		t.Error(err)
	}
}
