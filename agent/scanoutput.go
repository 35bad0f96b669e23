package agent

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/schollz/progressbar/v3"

	"vigia/checks"
	"vigia/checks/catalog"
	"vigia/checks/personaldata/scan"
)

// flushEvery is how long a line may wait for others before whoever reads the output
// gets it.
const flushEvery = 500 * time.Millisecond

// steadyWriter gathers lines, for a scan may write a million of them in seconds, and
// passes them on soon, for it may also find one in an hour.
type steadyWriter struct {
	stop, stopped chan struct{}

	mu  sync.Mutex
	out *bufio.Writer // guarded by mu
}

// steadily returns a writer to w. Its owner closes it, which passes on what is left.
func steadily(w io.Writer, every time.Duration) *steadyWriter {
	s := &steadyWriter{stop: make(chan struct{}), stopped: make(chan struct{}), out: bufio.NewWriterSize(w, 64<<10)}
	go func() {
		defer close(s.stopped)
		ticks := time.NewTicker(every)
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C:
				s.mu.Lock()
				_ = s.out.Flush() // the next Write returns its error
				s.mu.Unlock()
			case <-s.stop:
				return
			}
		}
	}()
	return s
}

// Write implements io.Writer.
func (s *steadyWriter) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(b)
}

// Close passes on what is left and ends the writer.
func (s *steadyWriter) Close() error {
	close(s.stop)
	<-s.stopped
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Flush()
}

// scanJSON writes a line for each file, and one for the whole.
func scanJSON(w io.Writer) (each func(scan.FileResult) error, finish func(scan.Summary) error) {
	var line []byte
	return func(r scan.FileResult) error {
			line = append(r.AppendJSON(line[:0]), '\n')
			_, err := w.Write(line)
			return err
		}, func(s scan.Summary) error {
			enc := json.NewEncoder(w)
			enc.SetEscapeHTML(false)
			return enc.Encode(struct {
				Summary scan.Summary `json:"summary"`
			}{s})
		}
}

// Bounds of what a scan's summary lists as text.
const (
	maxReasonFolders = 3      // shown of each reason
	maxKeptFolders   = 10_000 // told apart
)

// scanReport writes a scan for a technician: a line for each file that holds personal
// data, and a summary.
type scanReport struct {
	say     sayer
	catalog *catalog.Catalog
	w       io.Writer

	levels map[scan.Level]int64            // files found
	partly int64                           // of them, those of which a part could be read
	unread map[scan.Reason]*unreadOfReason // files that may hold anything
	aside  map[scan.Reason]int64           // left alone, and nothing is lost by that
	kept   int                             // folders in unread
}

type unreadOfReason struct {
	files   int64
	folders map[string]int64
}

func newScanReport(say sayer, w io.Writer) *scanReport {
	return &scanReport{
		say: say, catalog: catalog.New(), w: w,
		levels: map[scan.Level]int64{}, unread: map[scan.Reason]*unreadOfReason{}, aside: map[scan.Reason]int64{},
	}
}

// each takes the result of a file.
func (p *scanReport) each(r scan.FileResult) error {
	switch {
	case r.Status == scan.Found:
		p.levels[r.Level]++
		if !r.Whole() {
			p.partly++
		}
		_, err := fmt.Fprintln(p.w, p.line(r))
		return err
	case r.Status == scan.Incomplete, r.Status == scan.Unreadable, r.Reason == scan.ReasonPlaceholder, r.Reason == scan.ReasonMount:
		p.addUnread(r)
	case r.Status == scan.Skipped:
		p.aside[r.Reason]++
	}
	return nil
}

func (p *scanReport) addUnread(r scan.FileResult) {
	of := p.unread[r.Reason]
	if of == nil {
		of = &unreadOfReason{folders: map[string]int64{}}
		p.unread[r.Reason] = of
	}
	of.files++
	folder := filepath.Dir(r.Path)
	if r.Format == "directory" {
		folder = r.Path
	}
	if _, known := of.folders[folder]; !known {
		if p.kept == maxKeptFolders {
			return // it is counted, and its folder not told
		}
		p.kept++
	}
	of.folders[folder]++
}

// line says what one file holds: level, persons, types, path.
func (p *scanReport) line(r scan.FileResult) string {
	var holds []string
	for _, kind := range slices.Sorted(maps.Keys(r.Counts)) {
		holds = append(holds, p.word("types.", string(kind))+" "+strconv.Itoa(r.Counts[kind]))
	}
	out := fmt.Sprintf("%-6s %7d %s  %s", p.say.text("level."+string(r.Level), nil), r.Persons, p.many(int64(r.Persons), "scan.person"), strings.Join(holds, ", "))
	if len(r.Categories) > 0 {
		var words []string
		for _, name := range r.Categories {
			words = append(words, p.word("categories.", name))
		}
		out += "; " + p.say.text("scan.special", map[string]string{"categories": strings.Join(words, ", ")})
	}
	if r.Reason != "" {
		out += " (" + p.say.text("scan.partly", map[string]string{"reason": p.word("reasons.", string(r.Reason))}) + ")"
	}
	return out + "  " + printable(r.Path)
}

// finish writes the summary.
func (p *scanReport) finish(s scan.Summary, code int) error {
	var b strings.Builder
	line := func(key string, args map[string]string) { fmt.Fprintln(&b, p.say.text(key, args)) }
	files := s.Files[scan.Found] + s.Files[scan.Clean] + s.Files[scan.Incomplete] + s.Files[scan.Unreadable]
	if s.Files[scan.Found] > 0 {
		fmt.Fprintln(&b)
	}
	switch {
	case s.Stopped == scan.ReasonCanceled:
		line("scan.interrupted", nil)
	case s.Stopped != "":
		line("scan.stopped", map[string]string{"reason": p.word("reasons.", string(s.Stopped))})
	}
	line("scan.looked", map[string]string{
		"files": digits(files), "bytes": size(s.Bytes), "seconds": strconv.FormatFloat(float64(s.TookMS)/1000, 'f', 1, 64),
		"unchanged": digits(s.Unchanged),
	})
	if s.CacheError != "" {
		line("scan.cache", map[string]string{"error": s.CacheError})
	}
	p.writeFound(line, s)
	p.writeUnread(&b, line)
	if len(p.aside) > 0 {
		var parts []string
		for _, reason := range byCount(p.aside) {
			parts = append(parts, digits(p.aside[reason])+" "+p.word("reasons.", string(reason)))
		}
		line("scan.aside", map[string]string{"parts": strings.Join(parts, "; ")})
	}
	line("scan.exit."+strconv.Itoa(code), nil)
	_, err := io.WriteString(p.w, b.String())
	return err
}

func (p *scanReport) writeFound(line func(string, map[string]string), s scan.Summary) {
	if s.Files[scan.Found] == 0 {
		line("scan.none", nil)
		return
	}
	var levels []string
	for _, level := range []scan.Level{scan.High, scan.Medium, scan.Basic} {
		if n := p.levels[level]; n > 0 {
			levels = append(levels, p.say.text("level."+string(level), nil)+" "+digits(n))
		}
	}
	line("scan.found", map[string]string{
		"files": digits(s.Files[scan.Found]), "levels": strings.Join(levels, ", "), "persons": strconv.Itoa(s.Persons),
	})
	if p.partly > 0 {
		line("scan.found_partly", map[string]string{"files": digits(p.partly)})
	}
}

// writeUnread lists what could not be read by reason, with the folders that hold the
// most of it and what to do.
func (p *scanReport) writeUnread(b *strings.Builder, line func(string, map[string]string)) {
	counts := map[scan.Reason]int64{}
	var total int64
	for reason, of := range p.unread {
		counts[reason] = of.files
		total += of.files
	}
	if total == 0 {
		return
	}
	line("scan.unread", map[string]string{"files": digits(total)})
	for _, reason := range byCount(counts) {
		of := p.unread[reason]
		fmt.Fprintf(b, "%7d  %s\n", of.files, p.word("reasons.", string(reason)))
		folders := byCount(of.folders)
		var shown []string
		for _, folder := range folders[:min(len(folders), maxReasonFolders)] {
			shown = append(shown, fmt.Sprintf("%s (%d)", printable(folder), of.folders[folder]))
		}
		if more := len(folders) - len(shown); more > 0 {
			shown = append(shown, p.say.text("check.more", map[string]string{"count": strconv.Itoa(more)}))
		}
		fmt.Fprintf(b, "         %s\n", strings.Join(shown, ", "))
		if do := p.catalog.Do(p.say.lang, checks.Because("reasons."+string(reason))); do != "" {
			fmt.Fprintf(b, "         → %s\n", do)
		}
	}
}

// word says a code, and one without words as it is.
func (p *scanReport) word(prefix, code string) string {
	if said := p.catalog.Say(p.say.lang, checks.Because(prefix+code)); said != prefix+code {
		return said
	}
	return code
}

// many is the word for one thing or for several.
func (p *scanReport) many(n int64, key string) string {
	if n == 1 {
		return p.say.text(key+".one", nil)
	}
	return p.say.text(key+".many", nil)
}

// byCount lists the keys of counts, the largest count first.
func byCount[K cmp.Ordered](counts map[K]int64) []K {
	return slices.SortedFunc(maps.Keys(counts), func(a, b K) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

func digits(n int64) string { return strconv.FormatInt(n, 10) }

// printable shows what would move a terminal's cursor, or turn its writing around, as a
// question mark.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '?'
		}
		return r
	}, s)
}

// scanBar shows the progress on stderr, if that is a terminal: files, bytes, rate and,
// once it is known how much there is, the time left. wipe makes room for a line.
func (c *cli) scanBar() (update func(scan.Progress), wipe, done func()) {
	if _, ok := terminalOf(c.stderr); !ok {
		return nil, func() {}, func() {}
	}
	bar := progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(c.stderr),
		progressbar.OptionSetDescription(c.say.text("scan.progress", map[string]string{"files": "0"})),
		progressbar.OptionShowBytes(true), progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetWidth(20),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetRenderBlankState(true))
	total := int64(-1)
	// The bar is only for the eye: that it could not be drawn changes nothing.
	return func(p scan.Progress) {
			if p.Counted && p.TotalBytes > 0 && total != p.TotalBytes {
				total = p.TotalBytes
				bar.ChangeMax64(total)
			}
			files := digits(p.Files)
			if p.Counted {
				files += "/" + digits(max(p.Files, p.TotalFiles))
			}
			bar.Describe(c.say.text("scan.progress", map[string]string{"files": files}))
			if total < 0 {
				_ = bar.Set64(p.Bytes)
				return
			}
			_ = bar.Set64(min(p.Bytes, total-1)) // at its end it would draw no more, and the scan decides the end
		}, func() {
			_ = bar.Clear()
		}, func() {
			_ = bar.Finish()
			_ = bar.Clear()
		}
}
