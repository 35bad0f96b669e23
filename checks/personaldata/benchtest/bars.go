package main

import (
	"fmt"
	"io"
	"strings"
)

// The bars: what is promised, in one place. Ratios hold on any machine; the others
// (GB a second, seconds, pages) were set on a processor of 2023.
const (
	naturalOverRipgrep = 3.5 // times as fast on prose, code and tables
	denseOverRipgrep   = 1.0 // on lists and on numbers
	naturalSpeed       = 2.0e9
	naturalPortable    = 1.4e9 // bytes a second of one core, without assembly
	treeOverRipgrep    = 2.0
	recheckSeconds     = 5.0 // for a million files
	textMemory         = 64 << 20
	anyMemory          = 256 << 20
	pdfPages           = 5000.0 // a second of one core
	docxSpeed          = 250e6  // bytes inflated a second of one core
)

// A book prints tables and keeps what was missed.
type book struct {
	w        io.Writer
	absolute bool // hold bars that depend on the machine
	missed   []string
}

func (b *book) line(cells ...string) { fmt.Fprintf(b.w, "| %s |\n", strings.Join(cells, " | ")) }

func (b *book) head(title string, cells ...string) {
	fmt.Fprintf(b.w, "\n### %s\n\n", title)
	b.line(cells...)
	b.line(strings.Split(strings.Repeat("---,", len(cells)-1)+"---", ",")...)
}

// atLeast shows a value, and remembers when it misses its bar.
func (b *book) atLeast(what string, got, bar float64, ratio bool, format string) string {
	return b.held(what, got, bar, ratio, format, got >= bar)
}

func (b *book) atMost(what string, got, bar float64, ratio bool, format string) string {
	return b.held(what, got, bar, ratio, format, got <= bar)
}

func (b *book) held(what string, got, bar float64, ratio bool, format string, ok bool) string {
	shown := fmt.Sprintf(format, got)
	if ok {
		return shown
	}
	if ratio || b.absolute {
		b.missed = append(b.missed, fmt.Sprintf("%s: %s, the bar is "+format, what, shown, bar))
	}
	return "**" + shown + "**"
}
