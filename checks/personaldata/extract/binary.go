package extract

import (
	"errors"
	"io"
)

const (
	minRun  = 6    // characters of text in a row that are worth a look
	overlap = 1024 // of a run are looked at again when a block cuts it
)

// readBinary gives the plain text in a file of an unknown format to the sink: runs of
// characters of one byte, and of two bytes as UTF-16 has them, each as a line.
func readBinary(why Reason) func(d *document) Reason {
	return func(d *document) Reason {
		buf := d.x.scratch.look()
		have := 0
		for {
			n, err := io.ReadFull(d.r, buf[have:])
			end := have + n
			last := err != nil
			used := d.runs(buf[:end], last)
			if !last {
				have = copy(buf, buf[used:end])
				continue
			}
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				d.x.note(reasonOf(err))
			}
			return why
		}
	}
}

// runs gives the runs of text in b to the sink and returns how much of b is done: all
// of it when it is the last, but for the run at its end otherwise.
func (d *document) runs(b []byte, last bool) (used int) {
	out := d.x.scratch.text[:0]
	i := 0
	for i < len(b) {
		if !printable(b, i) {
			i++
			continue
		}
		start, wide := i, false
		if i+3 < len(b) && b[i+1] == 0 && b[i+3] == 0 && printable(b, i+2) {
			wide = true
			for i+1 < len(b) && printable(b, i) && b[i+1] == 0 {
				i += 2
			}
		} else {
			for i < len(b) && printable(b, i) {
				i++
			}
		}
		if i+1 >= len(b) && !last && len(b)-start < overlap {
			d.x.scratch.text = out
			d.writeRuns(out)
			return start
		}
		switch {
		case wide && (i-start)/2 >= minRun:
			for k := start; k < i; k += 2 {
				out = append(out, b[k])
			}
			out = append(out, '\n')
		case !wide && i-start >= minRun:
			out = append(out, b[start:i]...)
			if last || i < len(b) {
				out = append(out, '\n')
			}
		}
	}
	d.x.scratch.text = out
	d.writeRuns(out)
	return len(b)
}

func (d *document) writeRuns(out []byte) {
	if len(out) > 0 {
		d.write(out)
	}
}

// printable tells whether b[i] may stand in a text: ASCII, or a letter that Latin
// languages have, in UTF-8 or Windows-1252.
func printable(b []byte, i int) bool {
	c := b[i]
	switch {
	case c >= 0x20 && c < 0x7F, c == '\t':
		return true
	case c < 0x80:
		return false
	case c == 0xC3 || c == 0xC2:
		return i+1 < len(b) && b[i+1]&0xC0 == 0x80
	case c&0xC0 == 0x80 && i > 0 && (b[i-1] == 0xC3 || b[i-1] == 0xC2):
		return true
	}
	switch c {
	case 0xC1, 0xC9, 0xCD, 0xD1, 0xD3, 0xDA, 0xDC, 0xE1, 0xE9, 0xED, 0xF1, 0xF3, 0xFA, 0xFC:
		return i > 0 && isLetter(b[i-1]) || i+1 < len(b) && isLetter(b[i+1])
	}
	return false
}
