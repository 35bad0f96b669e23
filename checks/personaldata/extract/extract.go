// Package extract takes the text out of documents: office files, PDF, mail, archives,
// databases. What a file is it tells from its content, never from its name.
//
// What always holds:
//
//   - A document that was not read whole says so, with the reason. Nothing that was
//     cut by a limit, damaged, encrypted or a picture passes for an empty text; only of
//     pictures too small to show a document nothing is said.
//   - Any bytes are legal input. Work is bounded: bytes read and bytes inflated, the
//     ratio of both, documents within documents, their number, and time.
//   - Text goes to the Sink in pieces and is kept nowhere; buffers that held it are
//     wiped when the file is done. Nothing is written to a disk, and no program started.
//
// Tables of any format (sheets, database tables, DBF, HTML) reach the Sink as lines of
// cells between tabs, each table as a text of its own with its column names first where
// it has them, so that a reader of delimited text knows the columns of them all. A
// number in a cell is written in full, without exponent or thousands separators.
//
// The package does not look for anything in the text, and opens no files.
package extract

import (
	"context"
	"io"
	"time"
)

// Encoding says how the characters of a text are stored.
type Encoding uint8

const (
	// Bytes is ASCII, UTF-8 or Windows-1252: these need no telling apart.
	Bytes Encoding = iota
	// UTF16LE is UTF-16, least significant byte first.
	UTF16LE
	// UTF16BE is UTF-16, most significant byte first.
	UTF16BE
)

// A Sink takes texts, one after the other. A file may hold many: each sheet, each
// attachment, each member of an archive is one.
type Sink interface {
	// Begin starts a text.
	Begin(Encoding)
	// Write is given the next bytes of the text, cut anywhere, and does not keep them.
	Write(block []byte)
	// End ends the text.
	End()
}

// Limits bound the work on one file. Zero means the default.
type Limits struct {
	Bytes    int64         // read of the file; default 1 GiB
	Inflated int64         // made of it by inflating and decoding, all in all; default 512 MiB
	Ratio    int64         // inflated for each byte read, once more than 64 MiB is; default 200
	Depth    int           // documents within documents; default 5
	Entries  int           // documents within one file, all in all; default 10,000
	Held     int64         // bytes of a document that must be in memory to be read; default 48 MiB
	Time     time.Duration // of work, pauses not counted; default one minute
}

// WithDefaults returns the limits with their defaults filled in.
func (l Limits) WithDefaults() Limits {
	set := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&l.Bytes, 1<<30)
	set(&l.Inflated, 512<<20)
	set(&l.Ratio, 200)
	set(&l.Held, 48<<20)
	if l.Depth <= 0 {
		l.Depth = 5
	}
	if l.Entries <= 0 {
		l.Entries = 10_000
	}
	if l.Time <= 0 {
		l.Time = time.Minute
	}
	return l
}

// Reason is a code that says why a document was not read whole. They are part of the
// report format: add, never rename. A Reason is an error, so that what reads through
// layers of decoders gets it back with errors.As.
type Reason string

// Error returns the code.
func (r Reason) Error() string { return string(r) }

// Why a document was not read whole.
const (
	LimitBytes    Reason = "limit.file_bytes"   // Limits.Bytes
	LimitInflated Reason = "limit.inflated"     // Limits.Inflated
	LimitRatio    Reason = "limit.ratio"        // Limits.Ratio: most likely a bomb
	LimitDepth    Reason = "limit.nesting"      // Limits.Depth
	LimitEntries  Reason = "limit.entries"      // Limits.Entries
	LimitHeld     Reason = "limit.memory"       // Limits.Held
	LimitTime     Reason = "limit.file_time"    // Limits.Time
	Canceled      Reason = "canceled"           // the context ended
	Damaged       Reason = "content.damaged"    // not as its format wants it; what could be read was
	Encrypted     Reason = "content.encrypted"  // needs a password or key
	NoText        Reason = "content.image"      // a picture, or pages that are pictures, without text, and large enough to show a document
	Undecoded     Reason = "content.undecoded"  // a part in a charset, font or compression that is not known
	Binary        Reason = "content.binary"     // began as text and went on otherwise
	ReadError     Reason = "io.error"           // the file could not be read
	Unsupported   Reason = "format.unsupported" // a document format without a reader: nothing was read
	Unknown       Reason = "format.unknown"     // no known format: only its plain text was looked at
	NotADocument  Reason = "format.no_document" // a program, font, sound, film: holds no text by nature
)

// An Outcome says how far a file could be read. It never holds anything of the text.
type Outcome struct {
	// Format is what the file is: text, csv, utf-16, html, rtf, docx, xlsx, pdf, eml, zip, ...
	Format string
	// Reason is the first and gravest why not all of the file was read, or empty.
	Reason Reason
	// Reasons counts all that were met, in the file and in the documents within it.
	Reasons map[Reason]int
	Texts   int   // given to the Sink
	Entries int   // documents within the file that were looked at
	Bytes   int64 // read of the file
	Made    int64 // bytes that were inflated or decoded from them
}

// Whole tells whether all of the file was read and understood.
func (o Outcome) Whole() bool { return o.Reason == "" }

// An Extractor reads one file after another, and reuses its buffers. It is not safe for
// concurrent use.
type Extractor struct {
	limits Limits
	sink   Sink
	// Pause, if set, is called between blocks of work, so that its owner can slow it
	// down; the time it takes does not count as work.
	Pause func(ctx context.Context)

	work    work // of the file at hand
	file    source
	way     straight
	lead    []byte // the beginning of the file
	led     int    // bytes of lead that may hold text
	block   []byte
	used    int         // bytes of block that may hold text
	idle    []*document // to be used again
	pieces  [][]byte    // of memory, to be used again
	scratch scratch
	bare    bool    // a panic of a decoder is one: for tests
	spot    spotter // of what may matter in markup
}

// New returns an Extractor that gives what it reads to sink.
func New(limits Limits, sink Sink) *Extractor {
	return &Extractor{limits: limits.WithDefaults(), sink: sink, lead: make([]byte, blockBytes), block: make([]byte, blockBytes), spot: newSpotter()}
}

// File reads the first size bytes of f and gives its texts to the sink. It does not
// fail: what went wrong is in the outcome.
func (x *Extractor) File(ctx context.Context, f io.ReaderAt, size int64) Outcome {
	x.begin(ctx, size)
	defer x.wipe()
	x.file = source{x: x, f: f}
	x.way = straight{at: &x.file}
	name := x.document(&x.way, &x.file, size, 0, "")
	return x.outcome(name)
}
