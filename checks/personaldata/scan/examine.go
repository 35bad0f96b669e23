package scan

import (
	"bytes"
	"context"
	"errors"
	"hash/maphash"
	"io"
	"os"
	"time"

	"vigia/checks/personaldata/detect"
)

// blockBytes is read at a time.
const blockBytes = 256 << 10

// FileLimits bound the work on one file. Zero means the default.
type FileLimits struct {
	Bytes int64         // read at most; default 256 MiB
	Time  time.Duration // of work at most, pauses not counted; default one minute
}

func (l FileLimits) withDefaults() FileLimits {
	if l.Bytes <= 0 {
		l.Bytes = 256 << 20
	}
	if l.Time <= 0 {
		l.Time = time.Minute
	}
	return l
}

// An Examiner looks into one open file after another. It needs no right but the
// descriptor it is given, so that it can run in a process that has no others. It is
// not safe for concurrent use.
type Examiner struct {
	scanner *detect.Scanner
	tally   detect.Tally
	block   []byte
	pacer   *pacer
	read    func(n int64) // told of every block, for a progress display
}

// NewExaminer returns an Examiner. Examiners whose results are to be added up share a
// seed from maphash.MakeSeed.
func NewExaminer(seed maphash.Seed) *Examiner {
	return &Examiner{scanner: detect.NewScanner(seed), block: make([]byte, blockBytes), pacer: newPacer(0), read: func(int64) {}}
}

// File looks for identifiers in an open regular file, from where it stands to its end
// or a limit. The result lacks the path, which is the caller's to tell.
func (e *Examiner) File(ctx context.Context, f io.Reader, limits FileLimits) FileResult {
	limits = limits.withDefaults()
	e.tally.Reset()
	used := 0 // bytes of block that may hold text
	defer func() { clear(e.block[:used]) }()

	e.pacer.start()
	n, err := readHead(f, e.block[:min(headBytes, limits.Bytes)])
	used = n
	if err != nil && !errors.Is(err, io.EOF) {
		return failed(err)
	}
	format := formatOf(e.block[:n])
	if !format.readable {
		r := newFileResult(Skipped, ReasonFormat)
		r.Format, r.Bytes = format.name, int64(n)
		e.read(int64(n))
		return r
	}

	e.scanner.Reset(format.encoding)
	var reason Reason
	total := int64(0)
	block := e.block[:n]
	skip := format.bom
	for {
		total += int64(len(block))
		e.read(int64(len(block)))
		if format.encoding == detect.Bytes && bytes.IndexByte(block, 0) >= 0 {
			reason = ReasonBinary // not what the head promised; what text there is still counts
		}
		e.scanner.Scan(block[skip:], e.tally.Add)
		skip = 0
		if err != nil {
			break // the end, or the error that cut it
		}
		e.pacer.pause(ctx)
		if why := e.mustStop(ctx, total, limits); why != "" {
			if why != ReasonFileBytes || !atEnd(f) {
				reason = why
			}
			break
		}
		n, err = f.Read(e.block[:min(int64(len(e.block)), limits.Bytes-total)])
		used = max(used, n)
		block = e.block[:n]
	}
	e.scanner.Finish(e.tally.Add)
	if err != nil && !errors.Is(err, io.EOF) {
		reason = reasonOf(err)
	}
	if reason == "" && format.encoded {
		reason = ReasonEncoded
	}
	return e.result(format, reason, total)
}

// mustStop returns why the work on a file has to end before its end.
func (e *Examiner) mustStop(ctx context.Context, total int64, limits FileLimits) Reason {
	switch {
	case ctx.Err() != nil:
		return stopReason(ctx)
	case total >= limits.Bytes:
		return ReasonFileBytes
	case e.pacer.worked() > limits.Time:
		return ReasonFileTime
	}
	return ""
}

// result makes a result of the tally.
func (e *Examiner) result(format format, reason Reason, total int64) FileResult {
	status := Clean
	switch {
	case !e.tally.Empty():
		status = Found
	case reason != "":
		status = Incomplete
	}
	r := newFileResult(status, reason)
	r.Format, r.Bytes = format.name, total
	r.Counts, r.Distinct, r.Persons = e.tally.Counts(), e.tally.Distinct(), e.tally.Persons()
	r.Level = levelOfCounts(r.Counts, r.Persons)
	return r
}

// readHead fills block or reads to the end, so that the format of a file does not
// depend on how its reader cuts it.
func readHead(f io.Reader, block []byte) (n int, err error) {
	for n < len(block) && err == nil {
		var k int
		k, err = f.Read(block[n:])
		n += k
	}
	return n, err
}

// atEnd tells whether nothing follows in f.
func atEnd(f io.Reader) bool {
	var one [1]byte
	n, err := io.ReadFull(f, one[:])
	return n == 0 && errors.Is(err, io.EOF)
}

// stopReason is why a context has ended.
func stopReason(ctx context.Context) Reason {
	var stop stopped
	switch cause := context.Cause(ctx); {
	case errors.As(cause, &stop):
		return Reason(stop)
	case errors.Is(cause, context.DeadlineExceeded), errors.Is(cause, os.ErrDeadlineExceeded):
		return ReasonTime
	}
	return ReasonCanceled
}

// stopped is a reason as the cause of a context's end.
type stopped Reason

func (s stopped) Error() string { return string(s) }
