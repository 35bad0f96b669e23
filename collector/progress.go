package collector

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// progress draws a bar for long work on a terminal, and nothing elsewhere.
type progress struct {
	w     io.Writer
	label string
	last  int
	drawn bool
}

func newProgress(w io.Writer, label string) *progress {
	if f, ok := w.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		w = nil
	}
	return &progress{w: w, label: label, last: -1}
}

// step draws how far the work has come.
func (p *progress) step(done, total int64) {
	if p.w == nil || total <= 0 {
		return
	}
	const width = 30
	at := int(done * width / total)
	if at == p.last {
		return
	}
	p.last, p.drawn = at, true
	fmt.Fprintf(p.w, "\r%s [%s%s] %d/%d", p.label, strings.Repeat("█", at), strings.Repeat("·", width-at), done, total)
}

// done clears the bar.
func (p *progress) done() {
	if p.drawn {
		fmt.Fprintf(p.w, "\r\033[K")
	}
}
