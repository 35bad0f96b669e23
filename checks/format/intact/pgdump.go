package intact

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"
)

const (
	pgMaxEntries = 2_000_000
	pgMaxTOC     = 256 << 20 // bytes of the table of contents that are looked at
	pgCustom     = 1         // formats of an archive
	pgTar        = 3         // the table of one kept as tar and, too, of one kept as a folder
	pgDirectory  = 5
	pgMaxWord    = 300
	pgPositioned = 2 // state of an entry whose place is known
	pgData       = 1 // kinds of block
	pgBlobs      = 3
)

// How the data of an archive are packed.
const (
	pgPlain = 0
	pgGzip  = 1
	pgLZ4   = 2
	pgZstd  = 3
)

// pgReader reads an archive of pg_dump (pg_backup_archiver.c, pg_backup_custom.c).
type pgReader struct {
	r       *bufio.Reader
	at      int64 // bytes read
	version int   // 1.14 is 114
	intSize int
	offSize int
	format  byte
	packing byte
	bad     bool // a number or length that cannot be
	short   bool
}

func (p *pgReader) byte() byte {
	c, err := p.r.ReadByte()
	if err != nil {
		p.short = true
		return 0
	}
	p.at++
	return c
}

func (p *pgReader) ended() bool { return p.short || p.bad }

// number reads an integer: a sign, then bytes, lowest first.
func (p *pgReader) number() int64 {
	negative := p.version > 100 && p.byte() != 0
	var n int64
	for i := range p.intSize {
		n |= int64(p.byte()) << (8 * min(i, 7))
	}
	if negative {
		return -n
	}
	return n
}

func (p *pgReader) skip(n int64) {
	if n < 0 || p.ended() {
		p.bad = true
		return
	}
	done, err := io.CopyN(io.Discard, p.r, n)
	p.at += done
	if err != nil {
		p.short = true
	}
}

// text skips a string and tells whether there was one.
func (p *pgReader) text() bool {
	n := p.number()
	if n < 0 || p.ended() {
		return false
	}
	p.skip(n)
	return true
}

// word reads a string of a few letters; one that is longer is skipped.
func (p *pgReader) word() string {
	n := p.number()
	switch {
	case n < 0 || p.ended():
		return ""
	case n > pgMaxWord:
		p.skip(n)
		return ""
	}
	b := make([]byte, n)
	done, err := io.ReadFull(p.r, b)
	p.at += int64(done)
	p.short = p.short || err != nil
	return string(b)
}

// head reads what stands before the table of contents.
func (p *pgReader) head() {
	p.skip(int64(len("PGDMP")))
	major, minor := int(p.byte()), int(p.byte())
	p.byte() // revision
	p.version = major*100 + minor
	p.intSize, p.offSize = int(p.byte()), int(p.byte())
	p.format = p.byte()
	if p.ended() || major != 1 || minor < 7 || p.intSize < 1 || p.intSize > 8 || p.offSize < 1 || p.offSize > 8 {
		p.bad = true
		return
	}
	switch {
	case p.version >= 115:
		p.packing = p.byte()
	case p.number() != 0:
		p.packing = pgGzip
	}
	for range 7 { // when it was made
		p.number()
	}
	p.text() // database
	if p.version >= 110 {
		p.text() // versions
		p.text()
	}
}

// pgEntry is one entry of the table of contents.
type pgEntry struct {
	id   int64
	at   int64  // where its data are, 0 if nowhere
	kind string // TABLE, TABLE DATA, ENCODING
	file string // with its data, in an archive of files
}

// entry reads one entry of the table.
func (p *pgReader) entry() (e pgEntry) {
	e.id = p.number()
	p.number() // whether it has data
	if p.version >= 108 {
		p.text()
	}
	p.text()
	p.text()
	e.kind = p.word()
	if p.version >= 111 {
		p.number()
	}
	texts := 5 // definition, how to drop and copy it, schema, owner
	if p.version >= 110 {
		texts++
	}
	if p.version >= 114 {
		texts++
	}
	for range texts - 1 {
		p.text()
	}
	if p.version >= 116 {
		p.number()
	}
	p.text() // owner
	if p.version >= 109 {
		p.text()
	}
	for p.text() { // what it depends on
		if p.ended() {
			return e
		}
	}
	if p.format != pgCustom {
		e.file = p.word()
		return e
	}
	state := p.byte()
	for i := range p.offSize {
		e.at |= int64(p.byte()) << (8 * min(i, 7))
	}
	if state != pgPositioned {
		e.at = 0
	}
	return e
}

// pgSettings are the kinds of entry that a dump of nothing has too.
func pgSettings() []string {
	return []string{"ENCODING", "STDSTRINGS", "SEARCHPATH", "DATABASE", "DATABASE PROPERTIES", "COMMENT", "ACL", "SCHEMA"}
}

// pgContents reads head and table. The map holds the entries that have data, and the
// files those in which data are.
func pgContents(p *pgReader, size int64) (data map[int64]bool, files []string, res Result) {
	p.head()
	if p.ended() {
		return nil, nil, p.broken(Edges)
	}
	if p.format != pgCustom && p.format != pgTar && p.format != pgDirectory {
		return nil, nil, Result{Depth: Edges, Limit: Method}
	}
	n := p.number()
	if n < 0 || n > pgMaxEntries {
		return nil, nil, damaged(Edges, Structure)
	}
	data = make(map[int64]bool)
	empty := true
	for range n {
		e := p.entry()
		empty = empty && slices.Contains(pgSettings(), e.kind)
		switch {
		case p.ended():
			return nil, nil, p.broken(Edges)
		case e.at > size:
			return nil, nil, damaged(Edges, Truncated)
		case p.at > pgMaxTOC:
			return nil, nil, Result{Depth: Edges, Limit: TooMany}
		case e.at > 0:
			data[e.id] = true
		case e.file != "":
			files = append(files, e.file)
		}
	}
	if empty {
		return nil, nil, damaged(Edges, Empty)
	}
	return data, files, Result{Depth: Edges}
}

func (p *pgReader) broken(d Depth) Result {
	if p.bad {
		return damaged(d, Structure)
	}
	return damaged(d, Truncated)
}

func lookPGDump(s *source) Result {
	_, _, res := pgContents(&pgReader{r: bufio.NewReaderSize(s.stream(0), bufferSize)}, s.size)
	return res
}

func verifyPGDump(s *source) Result {
	return verifyPGDumpOf(&pgReader{r: bufio.NewReaderSize(s.stream(0), bufferSize)}, s.size)
}

// PGFiles lists the files in which a dump of PostgreSQL kept as a folder (pg_dump -Fd) has
// its data, by its table of contents toc.dat: without the suffix of a packing. ok is false
// where the file is no such table or a damaged one.
func PGFiles(ctx context.Context, at io.ReaderAt, size int64) (files []string, ok bool) {
	s := &source{at: at, ctx: ctx, size: size}
	if s.edges(); !bytes.HasPrefix(s.head, []byte("PGDMP")) {
		return nil, false
	}
	_, files, res := pgContents(&pgReader{r: bufio.NewReaderSize(s.stream(0), smallBuffer)}, size)
	return files, s.err == nil && res.Damage == "" && res.Limit == ""
}

// verifyPGDumpOf reads the blocks of data behind the table, unpacks them where they carry
// a checksum, and demands one for each entry that has data. size bounds the places of data.
func verifyPGDumpOf(p *pgReader, size int64) Result {
	missing, _, res := pgContents(p, size)
	if res.Damage != "" || res.Limit != "" || p.format != pgCustom {
		return res
	}
	depth := Walked
	if p.packing == pgGzip {
		depth = Whole
	}
	for {
		kind, err := p.r.ReadByte()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || kind != pgData && kind != pgBlobs {
			return damaged(depth, Structure)
		}
		delete(missing, p.number())
		// The number of each large object stands before it, and 0 behind the last.
		for kind == pgData || p.number() != 0 {
			if res := p.data(depth); res.Damage != "" {
				return res
			}
			if kind == pgData {
				break
			}
		}
		if p.ended() {
			return p.broken(depth)
		}
	}
	if len(missing) > 0 {
		return damaged(depth, Truncated)
	}
	return Result{Depth: depth}
}

// data reads the pieces of one stream, up to the empty one that ends it.
func (p *pgReader) data(depth Depth) Result {
	pieces := &pgPieces{p: p}
	var err error
	switch p.packing {
	case pgGzip:
		var z io.ReadCloser
		first := bufio.NewReader(pieces)
		if _, err := first.Peek(1); err != nil {
			break // no data at all
		}
		if z, err = zlib.NewReader(first); err == nil {
			_, err = io.Copy(io.Discard, z) //nolint:gosec // kept nowhere, and the caller's time ends it
		}
		if err != nil && !p.ended() {
			return damaged(depth, Checksum)
		}
	case pgZstd:
		z, zerr := zstd.NewReader(pieces, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if zerr != nil {
			return damaged(depth, Structure)
		}
		_, err = io.Copy(io.Discard, z)
		z.Close()
		if err != nil && !p.ended() {
			return damaged(depth, Structure)
		}
	}
	if _, err := io.Copy(io.Discard, pieces); err != nil || p.ended() {
		return p.broken(depth)
	}
	return Result{Depth: depth}
}

// pgPieces is one stream of data, which is kept in pieces with their lengths.
type pgPieces struct {
	p     *pgReader
	left  int64
	ended bool
}

func (b *pgPieces) Read(buf []byte) (int, error) {
	if b.left == 0 && !b.ended {
		b.left = b.p.number()
		if b.left < 0 {
			b.p.bad = true
		}
		b.ended = b.left == 0
	}
	if b.p.ended() {
		return 0, io.ErrUnexpectedEOF
	}
	if b.ended {
		return 0, io.EOF
	}
	n, err := b.p.r.Read(buf[:min(int64(len(buf)), b.left)])
	b.left -= int64(n)
	if err != nil {
		b.p.short = true
		return n, io.ErrUnexpectedEOF
	}
	return n, nil
}
