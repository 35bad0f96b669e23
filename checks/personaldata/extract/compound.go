package extract

import (
	"encoding/binary"
	"errors"
	"io"
	"strings"
)

// Special sector numbers and sizes of compound files ([MS-CFB] 2.1, 2.2).
const (
	maxSector   = 0xFFFFFFFA
	noStream    = 0xFFFFFFFF
	cfbHeader   = 512
	cfbMini     = 64
	cfbEntry    = 128
	maxCFBItems = 1 << 16 // directory entries that are looked at
)

// Types of directory entries ([MS-CFB] 2.6.1).
const (
	cfbStorage = 1
	cfbStream  = 2
	cfbRoot    = 5
)

// compound is a compound file ([MS-CFB]): a small file system of storages and streams.
// Only its tables are held in memory, and they are never larger than the file has
// sectors for.
type compound struct {
	at      io.ReaderAt
	size    int64
	shift   uint // of a sector's size
	cutoff  int64
	fat     []uint32
	miniFAT []uint32
	mini    *stream // holds the mini sectors
	items   []item
	damaged bool // something was not as it must be; what could be found is
}

// item is an entry of the directory.
type item struct {
	name               string
	kind               byte
	left, right, child uint32
	class              [16]byte
	start              uint32
	size               int64
}

// openCompound reads the tables of a compound file.
func openCompound(at io.ReaderAt, size int64) (*compound, Reason) {
	var h [cfbHeader]byte
	if _, err := at.ReadAt(h[:], 0); err != nil {
		return nil, reasonOf(err)
	}
	c := &compound{at: at, size: size, shift: uint(binary.LittleEndian.Uint16(h[30:])), cutoff: int64(binary.LittleEndian.Uint32(h[56:]))}
	if c.shift != 9 && c.shift != 12 {
		return nil, Damaged
	}
	if c.cutoff == 0 || c.cutoff > 1<<20 {
		c.cutoff = 4096
	}
	if why := c.readFAT(&h); why != "" {
		return nil, why
	}
	mini, err := c.table(c.chain(binary.LittleEndian.Uint32(h[60:]), -1))
	if err != nil {
		return nil, reasonOf(err)
	}
	c.miniFAT = mini
	if why := c.readDirectory(binary.LittleEndian.Uint32(h[48:])); why != "" {
		return nil, why
	}
	return c, ""
}

// sectors returns how many sectors the file has room for.
func (c *compound) sectors() int64 { return (c.size + 1<<c.shift - 1) >> c.shift }

// offset returns where a sector begins: the header takes the place of one.
func (c *compound) offset(sector uint32) int64 { return (int64(sector) + 1) << c.shift }

// readFAT reads the allocation table: its sectors are listed in the header, and then in
// a chain of sectors of their own.
func (c *compound) readFAT(h *[cfbHeader]byte) Reason {
	buf := make([]byte, 1<<c.shift)
	add := func(sector uint32) Reason {
		if int64(len(c.fat)) >= c.sectors() || c.offset(sector) >= c.size {
			c.damaged = c.damaged || c.offset(sector) >= c.size
			return ""
		}
		n, err := c.at.ReadAt(buf, c.offset(sector))
		if err != nil && !errors.Is(err, io.EOF) {
			return reasonOf(err)
		}
		c.fat = appendTable(c.fat, buf[:n])
		return ""
	}
	for i := 76; i < cfbHeader; i += 4 {
		if s := binary.LittleEndian.Uint32(h[i:]); s < maxSector {
			if why := add(s); why != "" {
				return why
			}
		}
	}
	list := make([]byte, 1<<c.shift)
	next := binary.LittleEndian.Uint32(h[68:])
	for steps := int64(0); next < maxSector && steps < c.sectors(); steps++ {
		if n, err := c.at.ReadAt(list, c.offset(next)); n < len(list) {
			if err != nil && !errors.Is(err, io.EOF) {
				return reasonOf(err)
			}
			c.damaged = true
			return ""
		}
		for i := 0; i+4 < len(list); i += 4 {
			if s := binary.LittleEndian.Uint32(list[i:]); s < maxSector {
				if why := add(s); why != "" {
					return why
				}
			}
		}
		next = binary.LittleEndian.Uint32(list[len(list)-4:])
	}
	return ""
}

// appendTable appends the 32-bit numbers of b.
func appendTable(t []uint32, b []byte) []uint32 {
	for ; len(b) >= 4; b = b[4:] {
		t = append(t, binary.LittleEndian.Uint32(b))
	}
	return t
}

// table reads all of a stream as 32-bit numbers.
func (c *compound) table(s *stream) ([]uint32, error) {
	if s.size > 1<<26 {
		return nil, LimitHeld
	}
	buf := make([]byte, 1<<c.shift)
	t := make([]uint32, 0, s.size/4)
	for off := int64(0); off < s.size; off += int64(len(buf)) {
		n, err := s.ReadAt(buf, off)
		t = appendTable(t, buf[:n])
		if err != nil && !errors.Is(err, io.EOF) {
			return t, err
		}
	}
	return t, nil
}

// readDirectory reads the entries of the directory.
func (c *compound) readDirectory(start uint32) Reason {
	s := c.chain(start, -1)
	var e [cfbEntry]byte
	for off := int64(0); off+cfbEntry <= s.size; off += cfbEntry {
		if len(c.items) >= maxCFBItems {
			c.damaged = true
			break
		}
		if n, err := s.ReadAt(e[:], off); n < len(e) {
			if err != nil && !errors.Is(err, io.EOF) {
				return reasonOf(err)
			}
			c.damaged = true
			break
		}
		size := int64(binary.LittleEndian.Uint32(e[120:])) // the high half may be garbage in files of version 3
		if c.shift == 12 {
			size = int64(binary.LittleEndian.Uint64(e[120:]) &^ (1 << 63)) // the top bit is cleared
		}
		it := item{
			name: string(appendUTF16(nil, e[:max(0, min(64, int(binary.LittleEndian.Uint16(e[64:]))-2))])),
			kind: e[66], left: binary.LittleEndian.Uint32(e[68:]), right: binary.LittleEndian.Uint32(e[72:]),
			child: binary.LittleEndian.Uint32(e[76:]), start: binary.LittleEndian.Uint32(e[116:]), size: size,
		}
		copy(it.class[:], e[80:96])
		c.items = append(c.items, it)
	}
	if len(c.items) == 0 || c.items[0].kind != cfbRoot {
		return Damaged
	}
	c.mini = c.chain(c.items[0].start, c.items[0].size)
	return ""
}

// children returns the entries in a storage, in the order of the directory's tree.
func (c *compound) children(storage int) []int {
	var found []int
	seen := make(map[uint32]bool)
	open := []uint32{c.items[storage].child}
	for len(open) > 0 {
		id := open[len(open)-1]
		open = open[:len(open)-1]
		if id == noStream {
			continue
		}
		if int64(id) >= int64(len(c.items)) || seen[id] || id == 0 {
			c.damaged = true
			continue
		}
		seen[id] = true
		it := &c.items[id]
		open = append(open, it.right, it.left)
		if it.kind == cfbStorage || it.kind == cfbStream {
			found = append(found, int(id))
		}
	}
	return found
}

// find returns the entry of a name in a storage. Upper and lower case are the same.
func (c *compound) find(storage int, name string) (int, bool) {
	for _, id := range c.children(storage) {
		if strings.EqualFold(c.items[id].name, name) {
			return id, true
		}
	}
	return 0, false
}

// open returns a stream by its entry.
func (c *compound) open(id int) *stream {
	it := &c.items[id]
	if it.size < c.cutoff && c.mini != nil {
		return c.miniChain(it.start, it.size)
	}
	return c.chain(it.start, it.size)
}

// stream is a stream of a compound file: the places of its parts, in their order.
type stream struct {
	at    io.ReaderAt
	parts []part
	size  int64 // of what is there
	whole bool  // all that its entry promises is
	last  int   // part that was read last: most reads go on from there
}

// part is a run of bytes of a stream that stand together in the file.
type part struct{ begin, off, n int64 }

// chain follows a chain of sectors. Size -1 takes all of it.
func (c *compound) chain(start uint32, size int64) *stream {
	return follow(c.at, c.fat, start, size, c.size, c.offset, 1<<c.shift)
}

// miniChain follows a chain of mini sectors.
func (c *compound) miniChain(start uint32, size int64) *stream {
	return follow(c.mini, c.miniFAT, start, size, c.mini.size, func(s uint32) int64 { return int64(s) * cfbMini }, cfbMini)
}

// follow makes a stream of a chain of sectors in a table. A chain is never longer than
// its table, so a loop ends, and what lies behind the end of the file is left out.
func follow(at io.ReaderAt, table []uint32, start uint32, size, limit int64, offset func(uint32) int64, sector int64) *stream {
	s := &stream{at: at}
	next := start
	for range table {
		if int64(next) >= int64(len(table)) || size >= 0 && s.size >= size {
			break
		}
		off := offset(next)
		n := min(sector, limit-off)
		if n <= 0 {
			break
		}
		if size >= 0 {
			n = min(n, size-s.size)
		}
		if k := len(s.parts) - 1; k >= 0 && s.parts[k].off+s.parts[k].n == off {
			s.parts[k].n += n
		} else {
			s.parts = append(s.parts, part{s.size, off, n})
		}
		s.size += n
		next = table[next]
	}
	s.whole = size < 0 || s.size == size
	return s
}

// ReadAt reads from any place of the stream.
func (s *stream) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= s.size {
		return 0, io.EOF
	}
	i := s.seek(off)
	done := 0
	for done < len(p) && i < len(s.parts) {
		k := s.parts[i]
		in := off + int64(done) - k.begin
		n, err := s.at.ReadAt(p[done:min(int64(len(p)), int64(done)+k.n-in)], k.off+in)
		done += n
		if int64(n)+in < k.n {
			if done < len(p) && err == nil {
				err = io.ErrUnexpectedEOF
			}
			if done == len(p) {
				err = nil
			}
			s.last = i
			return done, err
		}
		i++
	}
	s.last = min(i, len(s.parts)-1)
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}

// seek returns the part that off lies in.
func (s *stream) seek(off int64) int {
	if k := s.parts[s.last]; off >= k.begin && off < k.begin+k.n {
		return s.last
	}
	lo, hi := 0, len(s.parts)
	for lo+1 < hi {
		if mid := (lo + hi) / 2; s.parts[mid].begin <= off {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// reader returns the stream from its beginning; it can also be read at any place.
func (s *stream) reader() *io.SectionReader { return io.NewSectionReader(s, 0, s.size) }

// load reads all of a stream, at most limit bytes.
func (s *stream) load(limit int64) ([]byte, Reason) {
	if s.size > limit {
		return nil, LimitHeld
	}
	b := make([]byte, s.size)
	n, err := io.ReadFull(s.reader(), b)
	switch {
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return b[:n], reasonOf(err)
	case !s.whole || n < len(b):
		return b[:n], Damaged
	}
	return b, ""
}
