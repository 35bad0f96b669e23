package extract

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"time"
)

const (
	blockBytes = 128 << 10 // read and given to the sink at a time
	headBytes  = 8 << 10   // of a document's beginning tell its format
)

// work is what the file at hand has cost so far.
type work struct {
	ctx     context.Context //nolint:containedctx // of one call of File, cleared at its end: the decoders between have no place for it
	started time.Time
	paused  time.Duration
	read    int64 // bytes of the file
	made    int64 // bytes inflated or decoded
	texts   int
	entries int
	inText  bool
	reasons map[Reason]int
	first   Reason
}

func (x *Extractor) begin(ctx context.Context) {
	x.work = work{ctx: ctx, started: time.Now()}
}

// wipe forgets the file, and clears the buffers that may hold its text.
func (x *Extractor) wipe() {
	clear(x.block[:x.used])
	x.used = 0
	x.scratch.wipe()
	x.work.ctx = nil
}

func (x *Extractor) outcome(format string) Outcome {
	w := &x.work
	return Outcome{Format: format, Reason: w.first, Reasons: w.reasons, Texts: w.texts, Entries: w.entries, Bytes: w.read, Made: w.made}
}

// note records that something was not read. The gravest reason is told first: a limit
// or damage weighs more than a picture.
func (x *Extractor) note(r Reason) {
	if r == "" {
		return
	}
	if x.work.reasons == nil {
		x.work.reasons = make(map[Reason]int)
	}
	x.work.reasons[r]++
	if x.work.first == "" || gravity(r) > gravity(x.work.first) {
		x.work.first = r
	}
}

// gravity orders reasons: what stopped the work weighs most.
func gravity(r Reason) int {
	switch r {
	case NotADocument:
		return 0
	case NoText:
		return 1
	case Unknown, Undecoded, Unsupported:
		return 2
	case Encrypted, Binary:
		return 3
	case Damaged, ReadError:
		return 4
	}
	return 5
}

// spent is called before each block of work: it pauses, and returns why the work on
// this file must end, or empty. Readers that work for long without reading call it too.
func (x *Extractor) spent() Reason {
	w := &x.work
	if x.Pause != nil {
		before := time.Now()
		x.Pause(w.ctx)
		w.paused += time.Since(before)
	}
	switch {
	case w.ctx.Err() != nil:
		return Canceled
	case time.Since(w.started)-w.paused > x.limits.Time:
		return LimitTime
	case w.made > x.limits.Inflated:
		return LimitInflated
	case w.made > 1<<20 && w.made > x.limits.Ratio*max(w.read, 1):
		return LimitRatio
	}
	return ""
}

// source counts what is read of the file itself.
type source struct {
	x *Extractor
	f io.ReaderAt
}

func (s *source) ReadAt(p []byte, off int64) (int, error) {
	if why := s.x.spent(); why != "" {
		return 0, why
	}
	if s.x.work.read >= s.x.limits.Bytes {
		return 0, LimitBytes
	}
	n, err := s.f.ReadAt(p, off)
	s.x.work.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = ReadError
	}
	return n, err
}

// inflating wraps what a decoder gives, so that it counts and ends at the limits.
type inflating struct {
	x *Extractor
	r io.Reader
}

func (i *inflating) Read(p []byte) (int, error) {
	if why := i.x.spent(); why != "" {
		return 0, why
	}
	n, err := i.r.Read(p)
	i.x.work.made += int64(n)
	return n, err
}

// A document is one thing to read: a file, or a part inside of one.
type document struct {
	x     *Extractor
	depth int
	// r gives the document from its beginning. A reader that wants the middle asks
	// random for it.
	r    io.Reader
	at   io.ReaderAt // nil when the document is only a stream
	size int64       // -1 when not known
	head []byte      // its first bytes; they come from r again
	name string      // set by a reader that knows the format better than its first bytes told
	buf  [headBytes]byte
}

// document tells the format of d, reads it, and returns the format's name.
func (x *Extractor) document(d *document) string {
	n, err := io.ReadFull(d.r, d.buf[:])
	d.head = d.buf[:n]
	defer clear(d.buf[:n])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		x.note(reasonOf(err))
		if n == 0 {
			return ""
		}
	}
	d.r = io.MultiReader(bytes.NewReader(d.head), d.r)
	f := formatOf(d.head)
	why := f.why
	if read := f.reader(); read != nil {
		why = read(d)
	}
	d.endText()
	x.note(why)
	return cmp.Or(d.name, f.name)
}

// nested reads a document inside of d. Size may be -1. A reason is noted, and returned
// only when it is no use to go on with d either.
func (d *document) nested(r io.Reader, size int64) (stop Reason) {
	x := d.x
	d.endText()
	if d.depth+1 > x.limits.Depth {
		x.note(LimitDepth)
		return ""
	}
	if x.work.entries >= x.limits.Entries {
		return LimitEntries
	}
	x.work.entries++
	inner := &document{x: x, depth: d.depth + 1, r: r, size: size}
	if at, ok := r.(io.ReaderAt); ok && size >= 0 {
		inner.at = at
	}
	x.document(inner)
	switch why := x.spent(); why {
	case "":
		return ""
	default:
		return why
	}
}

// random returns the document as something to be read at any place, with its size. A
// stream is held in memory for that, up to Limits.Held.
func (d *document) random() (io.ReaderAt, int64, Reason) {
	if d.at != nil && d.size >= 0 {
		return d.at, d.size, ""
	}
	var held bytes.Buffer
	if d.size > d.x.limits.Held {
		return nil, 0, LimitHeld
	}
	n, err := io.Copy(&held, io.LimitReader(d.r, d.x.limits.Held+1))
	if err != nil {
		d.x.note(reasonOf(err)) // what came is still looked at
	}
	if n > d.x.limits.Held {
		return nil, 0, LimitHeld
	}
	at := bytes.NewReader(held.Bytes())
	d.at, d.size = at, n
	return at, n, ""
}

// beginText starts a text of the document; it ends the one before.
func (d *document) beginText(enc Encoding) {
	d.endText()
	d.x.work.texts++
	d.x.work.inText = true
	d.x.sink.Begin(enc)
}

// write gives the next bytes of the text to the sink; it begins one if none is begun.
func (d *document) write(block []byte) {
	if !d.x.work.inText {
		d.beginText(Bytes)
	}
	d.x.sink.Write(block)
}

// endText ends the text, if one is begun.
func (d *document) endText() {
	if d.x.work.inText {
		d.x.work.inText = false
		d.x.sink.End()
	}
}

// copyText gives all of r to the sink as one text.
func (d *document) copyText(r io.Reader, enc Encoding) Reason {
	d.beginText(enc)
	defer d.endText()
	for {
		n, err := r.Read(d.x.block)
		d.x.used = max(d.x.used, n)
		if n > 0 {
			d.write(d.x.block[:n])
		}
		if errors.Is(err, io.EOF) {
			return ""
		}
		if err != nil {
			return reasonOf(err)
		}
	}
}

// reasonOf turns an error of reading or decoding into a reason.
func reasonOf(err error) Reason {
	var r Reason
	if errors.As(err, &r) {
		return r
	}
	return Damaged
}

// scratch holds the buffers that readers share from file to file.
type scratch struct {
	text []byte // decoded text on its way to the sink
}

// wipe clears what the last file left, and frees what it made large.
func (s *scratch) wipe() {
	const keep = 1 << 20
	if cap(s.text) > keep {
		s.text = nil
	}
	clear(s.text[:cap(s.text)])
	s.text = s.text[:0]
}
