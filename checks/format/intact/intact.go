// Package intact tells whether a file that holds a copy is whole, by what its own
// format carries to tell: checksums, directories, lengths and marks at the end.
//
// It looks for damage and never at meaning: nothing of a content leaves it, and nothing
// is written or kept. A fault of reading is an error and never damage, and what a format
// cannot tell is said as its Depth, never assumed. It works in bounded memory on files
// of any size.
package intact

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
)

// Depth is how far a file was, or can be, verified.
type Depth string

// The depths, from nothing to everything.
const (
	// None: nothing can be verified, or nothing was.
	None Depth = "none"
	// Edges: the beginning, the directory and the end fit together.
	Edges Depth = "edges"
	// Walked: every part was reached and has its length, but its contents carry no
	// checksum.
	Walked Depth = "walked"
	// Whole: all contents agree with their checksums.
	Whole Depth = "whole"
)

// Damage says what is wrong with a file.
type Damage string

// What can be wrong.
const (
	Empty      Damage = "empty"        // no bytes at all, or nothing copied in it
	Truncated  Damage = "truncated"    // it ends before its end
	Checksum   Damage = "checksum"     // contents do not agree with their checksum
	Structure  Damage = "structure"    // parts do not fit together
	NotItsName Damage = "not_its_name" // the content is not what the extension says
	Unfinished Damage = "unfinished"   // the mark that its program sets last is missing
	Blank      Damage = "blank"        // one byte over and over
	Complaint  Damage = "complaint"    // what a program said when it failed, or the page of a server
)

// Why a file could not be verified further.
const (
	Encrypted = "encrypted"
	Unknown   = "unknown_format" // a format without checksums, or one that is not read here
	Method    = "method"         // packed in a way that is not read here
	Memory    = "memory"         // would need more memory than is granted
	TooMany   = "too_many"       // more parts than are looked at
)

// Result is what was found.
type Result struct {
	Format string // "gzip", "zip", "pgdump", ...; empty when not recognised
	Depth  Depth
	Damage Damage // empty: none was found at this depth
	Limit  string // why it could not be verified further, if so
	// More tells that Verify would see more than Look does.
	More bool
}

const (
	headSize = 4096
	tailSize = 4096
	// maxWindow bounds what a decoder may keep of what it has unpacked.
	maxWindow = 64 << 20
)

// source is a file that remembers the first fault of reading it.
type source struct {
	at   io.ReaderAt
	ctx  context.Context //nolint:containedctx // lives as long as one call
	size int64
	name string
	deep int // how many packings and archives it is in
	head []byte
	tail []byte
	err  error
}

// edges reads the beginning and the end.
func (s *source) edges() {
	s.head = s.part(0, min(s.size, headSize))
	s.tail = s.part(max(s.size-tailSize, 0), min(s.size, tailSize))
}

// ReadAt implements io.ReaderAt.
func (s *source) ReadAt(p []byte, off int64) (int, error) {
	if err := s.ctx.Err(); err != nil {
		s.fault(err)
		return 0, err
	}
	if off < 0 { // a directory that says what cannot be: no fault of the disk
		return 0, io.ErrUnexpectedEOF
	}
	n, err := s.at.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		s.fault(err)
	}
	return n, err
}

func (s *source) fault(err error) {
	if s.err == nil {
		s.err = err
	}
}

// part returns length bytes at off, or nil where the file has no such part.
func (s *source) part(off, length int64) []byte {
	if off < 0 || length < 0 || off > s.size || length > s.size-off {
		return nil
	}
	b := make([]byte, length)
	if n, err := s.ReadAt(b, off); int64(n) < length {
		if err == nil || errors.Is(err, io.EOF) {
			s.fault(io.ErrUnexpectedEOF) // shorter than it was a moment ago
		}
		return nil
	}
	return b
}

// stream reads the file from off to its end.
func (s *source) stream(off int64) io.Reader {
	return io.NewSectionReader(s, off, max(s.size-off, 0))
}

// format is what this package knows of one format.
type format struct {
	name string
	// is recognises the format.
	is func(*source) bool
	// look reads the edges, and verify everything; nil where that tells no more.
	look, verify func(*source) Result
}

func formats() []format {
	return []format{
		{"gzip", starts("\x1f\x8b\x08"), lookGzip, verifyGzip},
		{"xz", starts("\xfd7zXZ\x00"), lookXZ, verifyXZ},
		{"zstd", isZstd, lookZstd, verifyZstd},
		{"bzip2", starts("BZh"), lookBzip2, verifyBzip2},
		{"zip", starts("PK\x03\x04", "PK\x05\x06"), lookZip, verifyZip},
		{"7z", starts(sevenMagic), lookSeven, verifySeven},
		{"lzop", starts(lzopMagic), lookLzop, verifyLzop},
		{"pgdump", starts("PGDMP"), lookPGDump, verifyPGDump},
		{"vma", starts("VMA\x00"), lookVMA, verifyVMA},
		{"vhdx", starts("vhdxfile"), lookVHDX, nil},
		{"vhd", isVHD, lookVHD, nil},
		{"sqlite", starts("SQLite format 3\x00"), lookSQLite, nil},
		{"access", isAccess, lookAccess, nil},
		{"borg", starts(borgMagic), lookBorg, verifyBorg},
		{"tar", func(s *source) bool { return isTar(s.head) }, lookTar, verifyTar},
		{"sql", func(s *source) bool { return sqlKind(s.head) != "" }, lookSQL, verifySQL},
		// Known by their first bytes, and not read further.
		{"rar", starts("Rar!\x1a\x07"), opaque(Method), nil},
		{"age", isAge, lookAge, nil},
		{"openpgp", isOpenPGP, lookOpenPGP, verifyOpenPGP},
		{"mtf", starts("TAPE"), opaque(Unknown), nil},
	}
}

func starts(marks ...string) func(*source) bool {
	return func(s *source) bool {
		for _, m := range marks {
			if bytes.HasPrefix(s.head, []byte(m)) {
				return true
			}
		}
		return false
	}
}

func opaque(why string) func(*source) Result {
	return func(*source) Result { return Result{Depth: None, Limit: why} }
}

// promised is the format that an extension promises. What promises nothing is not here.
func promised(name string) string {
	lower := strings.ToLower(name)
	i := strings.LastIndexByte(lower, '.')
	if i < 0 {
		return ""
	}
	switch lower[i:] {
	case ".gz", ".tgz":
		return "gzip"
	case ".xz", ".txz":
		return "xz"
	case ".zst", ".tzst":
		return "zstd"
	case ".bz2", ".tbz2", ".tbz":
		return "bzip2"
	case ".zip", ".zipx":
		return "zip"
	case ".7z":
		return "7z"
	case ".lzo":
		return "lzop"
	case ".vma":
		return "vma"
	case ".vhdx", ".avhdx":
		return "vhdx"
	case ".vhd":
		return "vhd"
	case ".sqlite", ".sqlite3":
		return "sqlite"
	case ".mdb", ".accdb":
		return "access"
	case ".tar":
		return "tar"
	case ".rar":
		return "rar"
	case ".age":
		return "age"
	case ".gpg", ".pgp":
		return "openpgp"
	default:
		return ""
	}
}

// byName are formats that are known by their extension alone.
func byName(name string) (format, limit string) {
	lower := strings.ToLower(name)
	switch lower[max(strings.LastIndexByte(lower, '.'), 0):] {
	case ".vbk", ".vib", ".vrb":
		return "veeam", Unknown
	case ".enc", ".aes":
		return "encrypted", Encrypted
	default:
		return "", Unknown
	}
}

// Known tells whether the extension promises a format that can be verified, or a dump.
func Known(name string) bool {
	lower := strings.ToLower(name)
	return promised(name) != "" || strings.HasSuffix(lower, ".sql") || strings.HasSuffix(lower, ".dump")
}

// Look reads the edges of a file, a few kilobytes wherever it is large. name is its name
// or path; only the extension counts. The error is one of reading.
func Look(ctx context.Context, at io.ReaderAt, size int64, name string) (Result, error) {
	return inspect(ctx, at, size, name, false)
}

// Verify reads all of a file and verifies what its format lets verify.
func Verify(ctx context.Context, at io.ReaderAt, size int64, name string) (Result, error) {
	return inspect(ctx, at, size, name, true)
}

func inspect(ctx context.Context, at io.ReaderAt, size int64, name string, all bool) (Result, error) {
	if size == 0 {
		return Result{Depth: Whole, Damage: Empty}, nil
	}
	s := &source{at: at, ctx: ctx, size: size, name: name}
	s.edges()
	if s.err != nil {
		return Result{}, s.err
	}
	res := s.inspect(all)
	if s.err != nil {
		return Result{}, s.err
	}
	return res, nil
}

func (s *source) inspect(all bool) Result {
	want := promised(s.name)
	for _, f := range formats() {
		if !f.is(s) {
			continue
		}
		if want != "" && want != f.name {
			break
		}
		res := guarded(f.look, s)
		res.Format, res.More = f.name, f.verify != nil
		if all && f.verify != nil && res.Damage == "" && res.Limit == "" {
			res = guarded(f.verify, s)
			res.Format = f.name
		}
		return res
	}
	format, limit := byName(s.name)
	switch {
	case s.blank(all):
		return Result{Format: want, Depth: Edges, Damage: Blank}
	case want != "":
		return Result{Format: want, Depth: Edges, Damage: NotItsName}
	case s.size <= maxComplaint && isComplaint(s.head, s.name):
		return Result{Format: format, Depth: Edges, Damage: Complaint}
	case strings.HasSuffix(strings.ToLower(s.name), ".sql"):
		if what := s.script(all); what != "" {
			return Result{Format: "sql", Depth: Edges, Damage: what}
		}
	}
	return Result{Format: format, Depth: None, Limit: limit}
}

// guarded runs a decoder. One that stumbles has verified nothing.
func guarded(verify func(*source) Result, s *source) (res Result) {
	defer func() {
		if recover() != nil { // its value could hold what was read
			res = Result{Depth: None, Limit: Method}
		}
	}()
	return verify(s)
}

// damaged is a Result with damage.
func damaged(d Depth, what Damage) Result { return Result{Depth: d, Damage: what} }

// isText tells whether a beginning may be a text: no control characters but those of
// lines, in an encoding in which letters are bytes.
func isText(head []byte) bool {
	for _, c := range head {
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' || c == 0x7f {
			return false
		}
	}
	return true
}
