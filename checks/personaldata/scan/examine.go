package scan

import (
	"context"
	"errors"
	"hash/maphash"
	"io"
	"os"

	"vigia/checks/personaldata/detect"
	"vigia/checks/personaldata/extract"
)

// FileLimits bound the work on one file. Zero means the default.
type FileLimits = extract.Limits

// An Examiner looks into one open file after another. It needs no right but the
// descriptor it is given, so that it can run in a process that has no others. It is
// not safe for concurrent use.
type Examiner struct {
	extractor *extract.Extractor
	scanner   *detect.Scanner
	tally     detect.Tally
	pacer     *pacer
	passwords *detect.CredentialCounter // looked for instead of identifiers; nil: not
}

// NewExaminer returns an Examiner with limits on each file. Examiners whose results are
// to be added up share a seed from maphash.MakeSeed.
func NewExaminer(seed maphash.Seed, limits FileLimits) *Examiner {
	e := &Examiner{scanner: detect.NewScanner(seed), pacer: newPacer(0)}
	e.extractor = extract.New(limits, sink{e})
	e.extractor.Pause = func(ctx context.Context) { e.pacer.pause(ctx) }
	return e
}

// forPasswords has the Examiner count passwords that are written down, and nothing else.
func (e *Examiner) forPasswords() { e.passwords = &detect.CredentialCounter{} }

// File looks for identifiers in the first size bytes of a regular file, and reads no
// more than most of them unless that is 0. The result lacks the path, which is the
// caller's to tell. What was counted is in the tally until the next call.
func (e *Examiner) File(ctx context.Context, f io.ReaderAt, size, most int64) FileResult {
	e.tally.Reset()
	cut := most > 0 && most < size
	if cut {
		size = most
	}
	o := e.extractor.File(ctx, f, size)
	if cut && o.Reason != extract.Canceled {
		o.Reason = ReasonBytes
	}
	if o.Reason == extract.Canceled {
		o.Reason = stopReason(ctx)
	}
	r := newFileResult(statusOf(o, e.tally.Empty()), o.Reason)
	r.Format, r.Bytes = o.Format, o.Bytes
	r.Pictures = o.Reasons[extract.NoText]
	if r.Status == Found {
		r.Counts, r.Distinct, r.Persons = e.tally.Counts(), e.tally.Distinct(), e.tally.Persons()
		r.Categories = e.tally.Categories().Names()
		r.Level = levelOfCounts(r.Counts, r.Persons, r.Categories)
	}
	return r
}

// statusOf is what an outcome means when nothing, or something, was found.
func statusOf(o extract.Outcome, nothing bool) Status {
	switch {
	case !nothing:
		return Found
	case o.Reason == "":
		return Clean
	case o.Reason == extract.NotADocument:
		return Skipped
	case o.Texts == 0 && (o.Reason == extract.Unsupported || o.Reason == extract.Encrypted || o.Reason == extract.ReadError):
		return Unreadable
	}
	return Incomplete
}

// sink is the Sink that hands what the extractor reads to the scanner.
type sink struct{ e *Examiner }

func (t sink) Begin(enc extract.Encoding) {
	if t.e.passwords != nil {
		t.e.passwords.Reset(encodingOf(enc))
		return
	}
	t.e.scanner.Reset(encodingOf(enc))
}

func (t sink) Write(block []byte) {
	if t.e.passwords != nil {
		t.e.passwords.Scan(block)
		return
	}
	t.e.scanner.Count(block, &t.e.tally)
}

func (t sink) End() {
	if t.e.passwords != nil {
		t.e.tally.AddCredentials(t.e.passwords.Finish())
		return
	}
	t.e.scanner.FinishCount(&t.e.tally)
}

// encodingOf is the scanner's word for an encoding of the extractor.
func encodingOf(enc extract.Encoding) detect.Encoding {
	switch enc {
	case extract.UTF16LE:
		return detect.UTF16LE
	case extract.UTF16BE:
		return detect.UTF16BE
	case extract.Bytes:
	}
	return detect.Bytes
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
