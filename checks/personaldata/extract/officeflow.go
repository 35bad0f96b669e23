package extract

import "bytes"

const (
	flowBlock   = 32 << 10 // of a text is given to the sink at a time
	flowBeside  = 1 << 20  // of texts that stand beside another wait for its end
	flowLevels  = 24       // texts within texts; deeper ones are read as part of the last
	flowColumns = 256      // that keep their place in a table; those behind follow each other
	flowRepeats = 64       // of a cell that is given once and stands for many
)

// flow gives the paragraphs and tables of an office document to the sink. Paragraphs are
// lines. A table is a text of its own, of lines with tabs between the cells; so is what
// stands within or beside another text: a text box, a note, a table in a cell. Those
// wait in memory until that text is done, and go early when they are many.
type flow struct {
	d      *document
	levels []flowLevel // the first is the document; its text goes to the sink as it grows
	depth  int         // of levels that are in use, without the first
	deeper int         // texts within the deepest level, read as part of it
	beside []byte      // texts that are done and wait
	ends   []int       // of each of them
	said   []byte      // what the next text is
	line   bool        // and the text has begun
}

// flowLevel is a text that is not done.
type flowLevel struct {
	buf   []byte
	table bool
	cell  int    // of the row, from 0
	at    int    // the cell that buf ends in
	row   bool   // the row holds something
	gap   bool   // a paragraph of the cell ended
	mark  int    // where the cell begins in buf, or -1 when that is not known any more
	old   []byte // what was deleted from the paragraph, or is said about it
}

func (f *flow) reset(d *document) {
	f.d = d
	if len(f.levels) == 0 {
		f.levels = make([]flowLevel, 1, 4)
		f.levels[0].buf = make([]byte, 0, 2*flowBlock)
	}
	f.levels[0] = flowLevel{buf: f.levels[0].buf[:0]}
	f.depth, f.deeper, f.line = 0, 0, false
}

// wipe clears the texts.
func (f *flow) wipe() {
	for i := range f.levels {
		l := &f.levels[i]
		clear(l.buf[:cap(l.buf)])
		clear(l.old[:cap(l.old)])
	}
	clear(f.beside[:cap(f.beside)])
	clear(f.said[:cap(f.said)])
	clear(f.levels[1:])
	f.levels, f.beside, f.ends, f.said, f.d = f.levels[:1], nil, nil, nil, nil
}

func (f *flow) level() *flowLevel { return &f.levels[f.depth] }

// text adds to the paragraph or cell. It is glued to what came before: a number may be
// in any number of pieces.
func (f *flow) text(b []byte) {
	if len(b) == 0 {
		return
	}
	l := f.level()
	if l.table {
		f.beginCell(l)
		from := f.add(l, b)
		clean(l.buf[from:])
		return
	}
	f.add(l, b)
}

// string is text.
func (f *flow) string(s string) { f.text([]byte(s)) }

// value adds a line with a name before it.
func (f *flow) value(name, value []byte) {
	if len(bytes.TrimSpace(value)) == 0 {
		return
	}
	if len(name) > 0 {
		f.text(name)
		f.string(": ")
	}
	f.text(value)
	f.endParagraph()
}

// add appends b to the level's buffer, and returns where it begins.
func (f *flow) add(l *flowLevel, b []byte) int {
	if f.depth == 0 && len(l.buf)+len(b) > cap(l.buf) {
		f.flush()
		for len(b) > cap(l.buf) { // no piece of a window is, but a caller's may be
			l.buf = append(l.buf, b[:flowBlock]...)
			b = b[flowBlock:]
			if l.table {
				clean(l.buf)
			}
			f.flush()
		}
	}
	if f.depth > 0 && len(l.buf) > flowBeside { // one paragraph of that size is nobody's
		f.keep(l)
		f.giveBeside()
	}
	from := len(l.buf)
	l.buf = appendWiping(l.buf, b)
	return from
}

// clean takes from a cell what would end it or its row, or open quotes.
func clean(b []byte) {
	for i, c := range b {
		switch c {
		case '\t', '\n', '\r':
			b[i] = ' '
		case '"':
			b[i] = '\''
		}
	}
}

// beginCell goes to the current cell, if buf is not there yet.
func (f *flow) beginCell(l *flowLevel) {
	if l.row && l.at == l.cell {
		if l.gap {
			l.gap = false
			f.add(l, []byte{' '})
		}
		return
	}
	tabs := min(l.cell, flowColumns) - min(l.at, flowColumns)
	if l.row {
		tabs = max(tabs, 1)
	}
	for range tabs {
		f.add(l, []byte{'\t'})
	}
	l.at, l.row, l.gap, l.mark = l.cell, true, false, len(l.buf)
}

// column goes to a cell of the row by its number from 0.
func (f *flow) column(n int) {
	l := f.level()
	if l.row && n <= l.at {
		n = l.at + 1
	}
	l.cell = n
}

// endCell goes on to the next cell, or by more when the cell is wider.
func (f *flow) endCell(wide int) {
	l := f.level()
	if !l.table {
		f.string(" ")
		return
	}
	l.cell = min(l.cell+max(wide, 1), 1<<20)
}

// repeatCell gives the content of the cell again in the n-1 cells behind, and returns
// how many of the n are still to be ended.
func (f *flow) repeatCell(n int) int {
	l := f.level()
	if !l.table || !l.row || l.at != l.cell || l.mark < 0 || len(l.buf)-l.mark > 256 {
		return n
	}
	var content [256]byte
	size := copy(content[:], l.buf[l.mark:])
	again := max(min(n, flowRepeats)-1, 0)
	for range again {
		f.endCell(1)
		f.text(content[:size])
	}
	clear(content[:size])
	return n - again
}

// endRow ends a line of the table.
func (f *flow) endRow() {
	l := f.level()
	if !l.table {
		f.endParagraph()
		return
	}
	f.giveOld(l)
	if l.row {
		f.add(l, []byte{'\n'})
	}
	l.cell, l.at, l.row = 0, 0, false
	f.settle(l)
}

// endParagraph ends a line; in a cell, where one may not end, it is a blank.
func (f *flow) endParagraph() {
	l := f.level()
	f.giveOld(l)
	switch {
	case l.table:
		l.gap = true
	case len(l.buf) > 0 || f.depth == 0 && f.d.x.work.inText: // a text does not begin with empty lines
		f.add(l, []byte{'\n'})
		f.settle(l)
	}
}

// oldText adds to what was deleted from the paragraph, or is said about it: it comes
// behind it, so that it is in nobody's way.
func (f *flow) oldText(b []byte) {
	l := f.level()
	l.old = appendWiping(l.old, b)
	if len(l.old) > flowBlock {
		f.giveOld(l)
	}
}

// giveOld adds what was deleted.
func (f *flow) giveOld(l *flowLevel) {
	if len(l.old) == 0 {
		return
	}
	old := l.old
	l.old = nil
	switch {
	case l.table:
		l.gap = true
	case len(l.buf) > 0:
		f.add(l, []byte{'\n'})
	}
	f.text(old)
	clear(old)
	l.old = old[:0]
}

// settle gives a level that grew large to the sink, between two lines.
func (f *flow) settle(l *flowLevel) {
	switch {
	case f.depth == 0:
		if len(l.buf) >= flowBlock {
			f.flush()
		}
	case len(f.beside)+len(l.buf) > flowBeside:
		f.keep(l)
		f.giveBeside()
	}
}

// flush gives the document's text so far to the sink.
func (f *flow) flush() {
	l := &f.levels[0]
	if len(l.buf) == 0 {
		return
	}
	f.d.write(l.buf)
	l.buf, l.mark = l.buf[:0], -1
}

// newText ends the document's text, and begins another.
func (f *flow) newText() {
	f.flush()
	f.giveBeside()
}

// giveBeside gives the texts that wait, each as one.
func (f *flow) giveBeside() {
	f.flush()
	f.d.endText()
	from := 0
	for _, end := range f.ends {
		f.d.write(f.beside[from:end])
		f.d.endText()
		from = end
	}
	clear(f.beside)
	f.beside, f.ends = f.beside[:0], f.ends[:0]
}

// keep puts a level's text to those that wait.
func (f *flow) keep(l *flowLevel) {
	if len(bytes.TrimSpace(l.buf)) > 0 {
		f.beside = appendWiping(f.beside, l.buf)
		f.ends = append(f.ends, len(f.beside))
	}
	clear(l.buf)
	l.buf, l.mark = l.buf[:0], -1
}

// openTable begins a table.
func (f *flow) openTable() {
	if f.depth == 0 && !f.levels[0].table {
		f.newText()
		f.levels[0].table = true
		return
	}
	f.open(true)
}

// closeTable ends the table.
func (f *flow) closeTable() {
	l := f.level()
	if f.deeper > 0 || f.depth > 0 {
		f.close(true)
		return
	}
	if l.table {
		f.endRow()
		f.newText()
		l.table = false
	}
}

// openBox begins a text beside another.
func (f *flow) openBox() { f.open(false) }

// closeBox ends it.
func (f *flow) closeBox() {
	if f.deeper > 0 || f.depth > 0 {
		f.close(false)
	}
}

func (f *flow) open(table bool) {
	if f.deeper > 0 || f.depth+1 == flowLevels {
		f.deeper++
		return
	}
	f.depth++
	if f.depth == len(f.levels) {
		f.levels = append(f.levels, flowLevel{})
	}
	l := f.level()
	l.buf, l.old, l.table = l.buf[:0], l.old[:0], table
	l.cell, l.at, l.row, l.mark = 0, 0, false, -1
}

func (f *flow) close(table bool) {
	if f.deeper > 0 {
		f.deeper--
		return
	}
	l := f.level()
	if l.table != table {
		return // tags that cross
	}
	if l.table {
		f.endRow()
	} else {
		f.giveOld(l)
	}
	f.keep(l)
	f.depth--
	if len(f.beside) > flowBeside || len(f.ends) > flowBeside/256 {
		f.giveBeside()
	}
}

// finish ends all texts that are open.
func (f *flow) finish() {
	f.deeper = 0
	for f.depth > 0 {
		f.close(f.level().table)
	}
	l := f.level()
	f.giveOld(l)
	f.newText()
	l.table, l.cell, l.at, l.row = false, 0, 0, false
}

// appendWiping is append, but leaves no copy behind where it moves to a larger buffer.
func appendWiping(dst, src []byte) []byte {
	n := len(dst) + len(src)
	if n <= cap(dst) {
		return append(dst, src...)
	}
	grown := make([]byte, len(dst), max(n, 2*cap(dst), 1<<10))
	copy(grown, dst)
	clear(dst)
	return append(grown, src...)
}

// label says what the next text is; labelled adds that text, with its label before its
// first piece that holds anything; endLine ends both.
func (f *flow) label(name []byte) { f.said = appendWiping(f.said[:0], name) }

func (f *flow) labelled(b []byte) {
	if !f.line {
		if b = bytes.TrimLeft(b, " \t\r\n"); len(b) == 0 {
			return
		}
		if len(f.said) > 0 {
			f.text(f.said)
			f.string(": ")
		}
		f.line = true
	}
	f.text(b)
}

func (f *flow) endLine() {
	if f.line {
		f.endParagraph()
	}
	f.line, f.said = false, f.said[:0]
}
