package agent

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"vigia/checks"
	"vigia/checks/catalog"
	"vigia/checks/policy"
)

// Widths of the table, in columns of the terminal.
const (
	plainWidth   = 100 // where there is no terminal
	widestTable  = 160
	narrowTable  = 72 // below it, a list instead
	controlWidth = 24
	maxParts     = 5 // findings shown of each control
)

// writeTable writes results for a technician to read; rules says by which, if
// that is worth a line.
func (c *cli) writeTable(cat *catalog.Catalog, measured []measurement, rules string, took time.Duration) error {
	laws, err := policy.Laws()
	if err != nil {
		return fmt.Errorf("read the controls: %w", err)
	}
	t := table{say: c.say, width: min(terminalWidth(c.stdout, c.environ), widestTable), colour: c.colour()}
	t.header()
	for _, m := range measured {
		row := tableRow{id: m.entry.ID, status: m.result.Status}
		if control, ok := laws.Control(m.entry.Control); ok {
			row.title = control.Title.In(c.say.lang)
		}
		row.reason = append(row.reason, cat.Say(c.say.lang, m.result.Reason))
		if m.result.Status != checks.Pass && m.result.Status != checks.NotApplicable {
			row.reason = append(row.reason, c.parts(cat, m.result)...)
			row.do = cat.Do(c.say.lang, m.result.Reason)
		}
		t.row(row)
	}
	t.rule()
	t.line(c.summary(measured, took))
	if rules != "" {
		t.line(rules)
	}
	_, err = io.WriteString(c.stdout, t.b.String())
	return err
}

// parts are the findings that are not as they should be, worst first.
func (c *cli) parts(cat *catalog.Catalog, r checks.Result) []string {
	var bad []checks.Finding
	for _, status := range []checks.Status{checks.Fail, checks.Unknown, checks.Warn} {
		for _, f := range r.Findings {
			if f.Status == status {
				bad = append(bad, f)
			}
		}
	}
	if len(bad) == 1 && cat.Say(c.say.lang, bad[0].Reason) == cat.Say(c.say.lang, r.Reason) {
		return nil // it is the whole, said again
	}
	var out []string
	for _, f := range bad[:min(len(bad), maxParts)] {
		out = append(out, fmt.Sprintf("%s %s: %s", glyph(f.Status), place(f.Key), cat.Say(c.say.lang, f.Reason)))
	}
	if more := len(bad) - maxParts; more > 0 {
		out = append(out, c.say.text("check.more", map[string]string{"count": strconv.Itoa(more)}))
	}
	return out
}

// place is the key of a finding as people read it. Of the files of a folder, "/a/*
// content.image", the reason is dropped: it is said beside.
func place(key string) string {
	folder, code, ok := strings.Cut(key, "* ")
	if !ok || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz_.") != "" {
		return key
	}
	return folder + "*"
}

func (c *cli) summary(measured []measurement, took time.Duration) string {
	var parts []string
	for _, status := range checks.Statuses() {
		n := 0
		for _, m := range measured {
			if m.result.Status == status {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, c.say.text("check.part", map[string]string{
				"count": strconv.Itoa(n), "status": c.say.text("status."+string(status), nil),
			}))
		}
	}
	return c.say.text("check.summary", map[string]string{
		"count": strconv.Itoa(len(measured)), "seconds": fmt.Sprintf("%.1f", took.Seconds()), "parts": strings.Join(parts, " · "),
	})
}

// table is text in four columns, or a list where the terminal is narrow.
type table struct {
	say    sayer
	width  int
	colour bool
	b      strings.Builder
}

type tableRow struct {
	id, title string
	status    checks.Status
	reason    []string
	do        string
}

// columns are the widths of the reason and of what to do.
func (t *table) columns() (reason, do int) {
	rest := t.width - controlWidth - t.stateWidth() - 3*2
	return rest * 6 / 10, rest - rest*6/10
}

// stateWidth is that of the longest state with its sign.
func (t *table) stateWidth() int {
	width := 0
	for _, s := range checks.Statuses() {
		width = max(width, 2+utf8.RuneCountInString(t.say.text("status."+string(s), nil)))
	}
	return width
}

func (t *table) header() {
	if t.width < narrowTable {
		return
	}
	reason, do := t.columns()
	var cells []string
	for i, w := range []int{controlWidth, t.stateWidth(), reason, do} {
		cells = append(cells, pad(t.say.text([]string{"column.control", "column.state", "column.reason", "column.do"}[i], nil), w))
	}
	t.line(t.paint("1", strings.TrimRight(strings.Join(cells, "  "), " ")))
}

func (t *table) row(r tableRow) {
	t.rule()
	state := glyph(r.status) + " " + t.say.text("status."+string(r.status), nil)
	if t.width < narrowTable {
		t.line(t.paint(colourOf(r.status), state) + "  " + r.id)
		for _, part := range append([]string{r.title}, append(r.reason, r.do)...) {
			for _, line := range wrap(part, t.width-2) {
				t.line("  " + line)
			}
		}
		return
	}
	reasonWidth, doWidth := t.columns()
	var reason []string
	for _, part := range r.reason {
		reason = append(reason, wrap(part, reasonWidth)...)
	}
	stateWidth := t.stateWidth()
	control := append(wrap(r.id, controlWidth), wrap(r.title, controlWidth)...)
	do := wrap(r.do, doWidth)
	for i := range max(len(control), len(reason), len(do), 1) {
		first := pad(at(control, i), controlWidth)
		if i == 0 {
			first = t.paint("1", first)
		}
		second := pad("", stateWidth)
		if i == 0 {
			second = t.paint(colourOf(r.status), pad(state, stateWidth))
		}
		t.line(strings.TrimRight(first+"  "+second+"  "+pad(at(reason, i), reasonWidth)+"  "+at(do, i), " "))
	}
}

func (t *table) rule() { t.line(t.paint("2", strings.Repeat("─", t.width))) }

func (t *table) line(s string) { t.b.WriteString(s + "\n") }

// paint sets a colour (an SGR parameter) on a terminal.
func (t *table) paint(colour, s string) string {
	if !t.colour || colour == "" {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

func colourOf(s checks.Status) string {
	switch s {
	case checks.Pass:
		return "32"
	case checks.Warn:
		return "33"
	case checks.Fail:
		return "1;31"
	case checks.Unknown:
		return "35"
	case checks.NotApplicable:
		return "2"
	default:
		return ""
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// wrap breaks text into lines of at most width letters, between words where it
// can. What would move the cursor of a terminal is shown as a question mark.
func wrap(s string, width int) []string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
	width = max(width, 8)
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		room := width
		if line != "" {
			room = width - utf8.RuneCountInString(line) - 1
		}
		if n := utf8.RuneCountInString(word); n > room && n <= width {
			lines, line, room = append(lines, line), "", width
		}
		for utf8.RuneCountInString(word) > room { // longer than any line
			if room < width/3 {
				lines, line, room = append(lines, line), "", width
				continue
			}
			var piece string
			piece, word = breakWord(word, room)
			lines, line, room = append(lines, strings.TrimLeft(line+" "+piece, " ")), "", width
		}
		line = strings.TrimLeft(line+" "+word, " ")
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// breakWord takes at most n letters off a word, of a path whole folders if
// that is not too few.
func breakWord(word string, n int) (piece, rest string) {
	runes := []rune(word)
	cut := n
	for i := n - 1; i > n/2; i-- {
		if runes[i] == '/' || runes[i] == '\\' {
			cut = i + 1
			break
		}
	}
	return string(runes[:cut]), string(runes[cut:])
}

// terminalOf returns the descriptor of a terminal.
func terminalOf(w any) (fd int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile {
		return 0, false
	}
	fd = int(f.Fd())
	return fd, term.IsTerminal(fd)
}

// terminalWidth is the number of columns to fill: COLUMNS, or the terminal's.
func terminalWidth(w any, environ []string) int {
	if n, err := strconv.Atoi(variable(environ, "COLUMNS")); err == nil && n >= 20 && n <= 1000 {
		return n
	}
	if fd, ok := terminalOf(w); ok {
		if n, _, err := term.GetSize(fd); err == nil && n >= 20 {
			return n
		}
	}
	return plainWidth
}

// colour tells whether stdout takes colours (no-color.org).
func (c *cli) colour() bool {
	_, ok := terminalOf(c.stdout)
	return ok && variable(c.environ, "NO_COLOR") == "" && variable(c.environ, "TERM") != "dumb"
}

func variable(environ []string, name string) string {
	for _, pair := range slices.Backward(environ) {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}

// progressLine writes one line again and again on stderr, if that is a
// terminal; done erases it.
func (c *cli) progressLine() (tell func(string), done func()) {
	if _, ok := terminalOf(c.stderr); !ok {
		return func(string) {}, func() {}
	}
	const erase = "\r\x1b[K"
	return func(s string) { fmt.Fprint(c.stderr, erase+s) }, func() { fmt.Fprint(c.stderr, erase) }
}
