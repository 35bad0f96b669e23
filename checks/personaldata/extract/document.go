package extract

import (
	"cmp"
	"context"
	"errors"
	"io"
	"time"
)

const (
	blockBytes = 128 << 10 // read and given to the sink at a time
	headBytes  = 8 << 10   // of a document's beginning tell its format

	// Made of a file whatever its size: tables that are mostly zeros or blanks are honest,
	// and shrink a thousandfold.
	freelyMade = 64 << 20
)

// work is what the file at hand has cost so far.
type work struct {
	ctx     context.Context //nolint:containedctx // of one call of File, cleared at its end: the decoders between have no place for it
	started time.Time
	paused  time.Duration
	size    int64 // of the file
	read    int64 // bytes of the file
	made    int64 // bytes inflated or decoded
	held    int64 // bytes in memory for documents that are not done
	texts   int
	entries int
	inText  bool
	ended   Reason // why reading the file itself failed or had to end
	reasons map[Reason]int
	first   Reason
}

func (x *Extractor) begin(ctx context.Context, size int64) {
	x.work = work{ctx: ctx, started: time.Now(), size: size}
}

// wipe forgets the file, and clears the buffers that may hold its text.
func (x *Extractor) wipe() {
	clear(x.block[:x.used])
	clear(x.lead[:x.led])
	x.used, x.led = 0, 0
	x.scratch.wipe()
	x.work.ctx = nil
	x.file.f = nil
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
	if r == Damaged { // a decoder may not have told what its reader said
		if why := x.spent(); why != "" {
			r = why
		} else if x.work.ended != "" {
			r = x.work.ended
		}
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
	case LimitBytes, LimitInflated, LimitRatio, LimitDepth, LimitEntries, LimitHeld, LimitTime, Canceled:
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
	case w.made > freelyMade && w.made > x.limits.Ratio*x.unpacked():
		return LimitRatio
	}
	return ""
}

// unpacked is how much of the file has been read; what is read twice counts once.
func (x *Extractor) unpacked() int64 { return max(min(x.work.read, x.work.size), 1) }

// source is the file itself: it counts what is read.
type source struct {
	x *Extractor
	f io.ReaderAt
}

func (s *source) ReadAt(p []byte, off int64) (int, error) {
	w := &s.x.work
	if why := s.x.spent(); why != "" {
		return 0, why
	}
	if off >= w.size {
		return 0, io.EOF
	}
	whole := min(int64(len(p)), w.size-off)
	n := min(whole, s.x.limits.Bytes-w.read)
	if n <= 0 && whole > 0 {
		w.ended = LimitBytes
		return 0, LimitBytes
	}
	got, err := s.f.ReadAt(p[:n], off)
	w.read += int64(got)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		w.ended = ReadError
		return got, ReadError
	case err == nil && n < whole:
		w.ended = LimitBytes
		return got, LimitBytes
	case err == nil && whole < int64(len(p)):
		return got, io.EOF
	}
	return got, err
}

// straight reads a file from one place on.
type straight struct {
	at  io.ReaderAt
	off int64
}

func (s *straight) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := s.at.ReadAt(p, s.off)
	s.off += int64(n)
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
	// One byte more than allowed tells that there is more.
	left := i.x.limits.Inflated - i.x.work.made + 1
	n, err := i.r.Read(p[:min(int64(len(p)), left)])
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
	in   replay      // what r is
	mem  memory      // the document, if it came as a stream and had to be held
	held int64       // bytes in memory for it
	text bool        // it gave a text to the sink
	buf  []byte      // for the beginning of one within another, to be used again
}

// replay gives bytes that were read before, and then the rest.
type replay struct {
	first []byte
	rest  io.Reader
}

func (r *replay) Read(p []byte) (int, error) {
	if len(r.first) > 0 {
		n := copy(p, r.first)
		r.first = r.first[n:]
		return n, nil
	}
	return r.rest.Read(p)
}

// take returns a document that is not in use, to be given back with drop.
func (x *Extractor) take() *document {
	if n := len(x.idle); n > 0 {
		d := x.idle[n-1]
		x.idle = x.idle[:n-1]
		return d
	}
	return &document{}
}

// drop forgets a document.
func (x *Extractor) drop(d *document, used int) {
	d.release(d.held)
	x.pieces = d.mem.empty(x.pieces)
	if d.depth > 0 {
		clear(d.buf[:used])
	}
	d.x, d.r, d.at, d.head, d.in = nil, nil, nil, nil, replay{}
	x.idle = append(x.idle, d)
}

// hold reserves n bytes of memory for a document; they are given back when it is done,
// or with release. It returns LimitHeld when they are too many.
func (d *document) hold(n int64) Reason {
	if n < 0 || n > d.x.limits.Held-d.x.work.held {
		return LimitHeld
	}
	d.held += n
	d.x.work.held += n
	return ""
}

func (d *document) release(n int64) {
	d.held -= n
	d.x.work.held -= n
}

// document tells the format of what r gives, reads it, and returns the format's name.
// At may be nil, and size -1; as is what a text is, if that is known.
func (x *Extractor) document(r io.Reader, at io.ReaderAt, size int64, depth int, as string) string {
	d := x.take()
	*d = document{x: x, depth: depth, r: r, at: at, size: size, buf: d.buf}
	var buf []byte
	if depth == 0 {
		buf = x.lead // a small file is read at once
		if size < int64(len(buf)) {
			buf = buf[:max(size, 0)]
		}
	} else {
		if d.buf == nil {
			d.buf = make([]byte, headBytes)
		}
		buf = d.buf
	}
	n, err := io.ReadFull(r, buf)
	if depth == 0 {
		x.led = n
	}
	defer func() { x.drop(d, n) }()
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		x.note(reasonOf(err))
		if n == 0 {
			return ""
		}
		r = failed{} // has been told
	}
	d.head = buf[:min(n, headBytes)]
	d.in = replay{first: buf[:n], rest: r}
	d.r = &d.in
	f := formatOf(d.head)
	if f.name == "binary" && d.isDisc(buf[:n]) {
		f = format{"iso", Unsupported}
	}
	if f.name == "text" && as != "" {
		f.name = as
	}
	x.scratch.used = x.scratch.used || f.name != "text"
	why := f.why
	if read := f.reader(); read != nil {
		why = d.guarded(read)
	}
	d.endText()
	x.note(why)
	return cmp.Or(d.name, f.name)
}

// isDisc tells whether a document is the image of a disc (ECMA-119, 8.1; ECMA-167): its
// mark stands far from its beginning, of which first is what was read.
func (d *document) isDisc(first []byte) bool {
	const at = 16*2048 + 1
	var mark [5]byte
	switch {
	case len(first) >= at+len(mark):
		copy(mark[:], first[at:])
	case d.at != nil && d.depth > 0 && d.size > at:
		if _, err := d.at.ReadAt(mark[:], at); err != nil {
			return false
		}
	}
	return string(mark[:]) == "CD001" || string(mark[:]) == "BEA01"
}

// guarded reads the document. That a decoder of others panics on hostile bytes is one
// more way for them to be damaged: the other files are still to be read.
func (d *document) guarded(read func(*document) Reason) (why Reason) {
	if !d.x.bare {
		defer func() {
			if recover() != nil {
				why = Damaged
			}
		}()
	}
	return read(d)
}

// failed is a reader whose error has been told: it is at its end.
type failed struct{}

func (failed) Read([]byte) (int, error) { return 0, io.EOF }

// nested reads a document inside of d. Size may be -1. A reason is noted, and returned
// only when it is no use to go on with d either.
func (d *document) nested(r io.Reader, size int64) (stop Reason) {
	return d.nestedAs(r, size, "")
}

// nestedAs reads a document that is in the format as if it begins as a text.
func (d *document) nestedAs(r io.Reader, size int64, as string) (stop Reason) {
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
	at, ok := r.(io.ReaderAt)
	if !ok || size < 0 {
		at = nil
	}
	x.document(r, at, size, d.depth+1, as)
	return x.spent()
}

// random returns the document as something to be read at any place, with its size. A
// stream is held in memory for that, up to Limits.Held.
func (d *document) random() (io.ReaderAt, int64, Reason) {
	if d.at != nil && d.size >= 0 {
		return d.at, d.size, ""
	}
	if d.size > d.x.limits.Held-d.x.work.held {
		return nil, 0, LimitHeld
	}
	m := &d.mem
	for {
		if m.room() == 0 {
			if why := d.hold(pieceBytes); why != "" {
				var one [1]byte
				if _, err := io.ReadFull(d.r, one[:]); errors.Is(err, io.EOF) {
					break // it just fits
				}
				return nil, 0, why
			}
			d.x.pieces = m.grow(d.x.pieces)
		}
		err := m.readFrom(d.r)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			d.x.note(reasonOf(err)) // what came is still looked at
			break
		}
	}
	d.at, d.size = m, m.size
	return d.at, d.size, ""
}

// beginText starts a text of the document; it ends the one before.
func (d *document) beginText(enc Encoding) {
	d.endText()
	d.x.work.texts++
	d.text = true
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
		block, err := d.next(r)
		if len(block) > 0 {
			d.write(block)
		}
		if errors.Is(err, io.EOF) {
			return ""
		}
		if err != nil {
			return reasonOf(err)
		}
	}
}

// next returns the next block of r, good until the next call. What the document's own
// reader has in memory is not copied.
func (d *document) next(r io.Reader) ([]byte, error) {
	if r == &d.in {
		if first := d.in.first; len(first) > 0 {
			d.in.first = nil
			if d.depth == 0 && int64(len(first)) == d.size {
				return first, io.EOF
			}
			return first, nil
		}
		r = d.in.rest
	}
	n, err := r.Read(d.x.block)
	d.x.used = max(d.x.used, n)
	return d.x.block[:n], err
}

// reasonOf turns an error of reading or decoding into a reason.
func reasonOf(err error) Reason {
	if r, ok := errors.AsType[Reason](err); ok {
		return r
	}
	return Damaged
}
