package intact

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

const (
	bufferSize  = 256 << 10
	smallBuffer = 32 << 10
	// maxMembers is up to how many members an archive is taken for one of copies, each of
	// which must be whole; in one of more, a broken one is somebody's broken file.
	maxMembers = 64
	// maxNested is how many packings in one another are opened, of which an archive is two,
	// and maxHeld how much is held of what can only be verified as a whole, in bytes.
	maxNested = 6
	maxHeld   = 4 << 20
)

// faults remembers why a reader ended, if not at its end, and ends with its context: a few
// bytes can be packed so that unpacking them takes for ever.
type faults struct {
	ctx context.Context //nolint:containedctx // lives as long as one call
	r   io.Reader
	err error
}

func (f *faults) Read(p []byte) (int, error) {
	if err := f.ctx.Err(); err != nil {
		f.err = err
		return 0, err
	}
	n, err := f.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}

// contents is what comes out of a packing or is a member of an archive, read once.
type contents struct {
	s    *source
	in   *faults
	b    *bufio.Reader
	name string
	deep int
	size int64 // read so far
	// first is the first byte, and mixed tells that there are others.
	first byte
	mixed bool
	tail  []byte // the last bytes read, tailSize at most
}

// Read implements io.Reader.
func (c *contents) Read(p []byte) (int, error) {
	n, err := c.b.Read(p)
	if n == 0 {
		return n, err
	}
	p = p[:n]
	if c.size == 0 {
		c.first = p[0]
	}
	// A run of one byte is equal to itself moved by one.
	c.mixed = c.mixed || p[0] != c.first || !bytes.Equal(p[1:], p[:n-1])
	c.size += int64(n)
	c.tail = append(c.tail, p[max(0, n-tailSize):]...)
	if over := len(c.tail) - tailSize; over > 0 {
		c.tail = append(c.tail[:0], c.tail[over:]...)
	}
	return n, err
}

// read reads contents to their end and says what is wrong with them. Where reading them
// ended early, in.err of the contents says why and the damage says nothing.
func (s *source) read(r io.Reader, name string, deep int) (*contents, Damage) {
	c := s.contents(r, name, deep)
	head, _ := c.b.Peek(headSize)
	if len(head) == 0 {
		return c, Empty
	}
	what := c.inspect(bytes.Clone(head))
	_, _ = io.Copy(io.Discard, c) // its fault is kept
	switch {
	case what == "" && !c.mixed:
		what = Blank
	case what == "" && c.size <= maxComplaint && isComplaint(head[:min(len(head), int(c.size))], name):
		what = Complaint
	}
	return c, what
}

func (s *source) contents(r io.Reader, name string, deep int) *contents {
	buffer := bufferSize
	if deep > 1 {
		buffer = smallBuffer
	}
	in := &faults{ctx: s.ctx, r: r}
	return &contents{s: s, in: in, b: bufio.NewReaderSize(in, buffer), name: name, deep: deep}
}

// inspect verifies contents by their form, if they have one.
func (c *contents) inspect(head []byte) Damage {
	want := promised(c.name)
	found := ""
	for _, f := range formats() {
		if f.is(&source{head: head, name: c.name}) {
			found = f.name
			break
		}
	}
	switch {
	case want != "" && found != want && want != "vhd": // a disk of fixed size begins with its contents
		if zeros := make([]byte, len(head)); bytes.Equal(head, zeros) {
			return "" // said when all of it is known to be so
		}
		return NotItsName
	case c.deep >= maxNested:
		return ""
	}
	switch found {
	case "gzip":
		z, err := gzip.NewReader(c)
		return c.packed(z, err, gzipDamage)
	case "bzip2":
		return c.packed(bzip2.NewReader(c), nil, bzip2Damage)
	case "zstd":
		z, err := zstd.NewReader(c, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return Structure
		}
		defer z.Close()
		return c.packed(z, nil, zstdDamage(Whole))
	case "xz":
		if xzLimit(head) != "" {
			return ""
		}
		z, err := xz.NewReader(c)
		return c.packed(z, err, xzDamage(Whole))
	case "tar":
		return c.s.walkTar(c, c.deep).Damage
	case "vma":
		return walkVMA(c).Damage
	case "sql":
		return scanSQL(c, sqlKind(head)).damage(sqlKind(head), func() []byte { return c.tail })
	case "pgdump":
		return verifyPGDumpOf(&pgReader{r: bufio.NewReaderSize(c, smallBuffer)}, 1<<62).Damage
	case "zip", "7z", "lzop", "vhdx", "sqlite", "access":
		return c.held()
	}
	// In an archive a script may be anything.
	if strings.HasSuffix(strings.ToLower(c.name), ".sql") && c.deep == 1 && !isComplaint(head, c.name) {
		return c.script(head)
	}
	return ""
}

// packed opens a packing in contents.
func (c *contents) packed(z io.Reader, err error, damageOf func(error) Result) Damage {
	if err != nil {
		return damageOf(err).Damage
	}
	inner, what := c.s.read(z, inner(c.name), c.deep+1)
	if inner.in.err != nil {
		return damageOf(inner.in.err).Damage
	}
	return what
}

// held verifies what must be read from more places than one, where it is small.
func (c *contents) held() Damage {
	b, err := io.ReadAll(io.LimitReader(c, maxHeld+1))
	if err != nil || len(b) > maxHeld {
		return "" // its edges alone cannot be told apart from others on the way
	}
	s := &source{at: bytes.NewReader(b), ctx: c.s.ctx, size: int64(len(b)), name: c.name, deep: c.deep}
	s.edges()
	return s.inspect(true).Damage
}

// unpacked reads what a decoder gives to its end, and what of it has a form of its own.
// depth is what the packing itself proves at the end.
func (s *source) unpacked(r io.Reader, depth Depth, damageOf func(error) Result) Result {
	c, what := s.read(r, inner(s.name), s.deep+1)
	if c.in.err != nil {
		if c.in.ctx.Err() != nil {
			s.fault(c.in.ctx.Err())
		}
		return damageOf(c.in.err)
	}
	return Result{Depth: depth, Damage: what}
}

// inner is the name of what a packing holds.
func inner(name string) string {
	lower := strings.ToLower(name)
	for _, p := range []struct{ suffix, becomes string }{
		{".tgz", ".tar"}, {".txz", ".tar"}, {".tzst", ".tar"}, {".tbz2", ".tar"}, {".tbz", ".tar"},
		{".gz", ""}, {".xz", ""}, {".zst", ""}, {".bz2", ""},
	} {
		if base, ok := strings.CutSuffix(lower, p.suffix); ok {
			return base + p.becomes
		}
	}
	return lower
}

// members looks at the members of an archive one after the other.
type members struct {
	s     *source
	deep  int
	n     int   // files
	bytes int64 // of all of them
	mixed bool  // not all of one byte
	what  Damage
}

// next reads a member of a size to its end and tells whether all of it was there.
func (m *members) next(r io.Reader, name string, size int64) bool {
	m.n++
	m.bytes += size
	switch {
	case size == 0:
		if valued(name) {
			m.damage(Empty)
		}
		return true
	case m.n > maxMembers:
		c := m.s.contents(r, name, m.deep)
		_, err := io.Copy(io.Discard, c)
		m.mixed = m.mixed || c.mixed
		return err == nil && c.size == size
	}
	c, what := m.s.read(r, name, m.deep)
	m.mixed = m.mixed || c.mixed
	if (what != Blank && what != Complaint) || valued(name) {
		m.damage(what)
	}
	return c.in.err == nil && c.size == size
}

func (m *members) damage(what Damage) {
	if m.what == "" {
		m.what = what
	}
}

// verdict is what is wrong with the archive as a whole.
func (m *members) verdict() Damage {
	switch {
	case m.bytes == 0:
		return Empty
	case !m.mixed:
		return Blank
	case m.n > maxMembers:
		return ""
	}
	return m.what
}

// valued tells of a name that only copies, dumps and archives have.
func valued(name string) bool {
	lower := strings.ToLower(name)
	switch lower[max(strings.LastIndexByte(lower, '.'), 0):] {
	case ".bak", ".bkp", ".bkf", ".dmp", ".fbk", ".gbk", ".vbk":
		return true
	}
	return Known(name)
}
