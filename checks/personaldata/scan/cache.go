package scan

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"vigia/checks/personaldata/detect"
	"vigia/checks/personaldata/extract"
)

// A cache remembers which files were looked into and held nothing, so that they are
// not read again until they change. It is a file of one record for each directory.
//
// It holds no names and nothing of what was found: a file with personal data is only
// remembered as one that has to be read again, so that its persons are counted anew.
// Directories and files go by the numbers that the file system gives them.
//
// The file is appended to and never synced: a record that a crash tore or lost is one
// more directory to read. A scan that was interrupted therefore goes on where it was.
// Two scans at a time only make each other read more.
//
//	file    = header record*
//	header  = magic(8) rules(8) key(8)
//	record  = directory(16) count(4) crc32c(4) entry*count
//	entry   = identity(8) day(2) status(1) reason(1) pictures(2) format(10)
//
// All numbers are little endian. Rules are those of detect and extract and the limits;
// under others the cache is empty. The key makes identities of no use elsewhere. The
// sum is over directory, count and entries.
type cache struct {
	rules uint64
	key   uint64
	today uint16 // days since 1970
	days  uint16 // after so many a file is read again even if it has not changed

	mu    sync.Mutex
	file  *os.File
	size  int64
	index map[dirID]place64
	live  int64 // bytes of records that count
	err   error // of writing: from then on nothing more is kept
}

// dirID tells a directory from all others of the machine: device and inode, or what is
// made of the times of the directories above it where there are none.
type dirID [2]uint64

// place64 is where a directory's record is in the file.
type place64 struct {
	at    int64
	count uint32
}

// CacheName is what the file of a cache is called, in the folder of whoever scans.
const CacheName = "scan.cache"

const (
	cacheMagic   = "vigscan1"
	headerBytes  = 24
	recordBytes  = 24
	entryBytes   = 24
	maxEntries   = 1 << 24 // of one directory
	cacheDays    = 92      // a quarter: each file is read at least once in it
	formatBytes  = 10
	leastCompact = 1 << 20 // a smaller file is not worth making smaller
)

// entry is what the cache knows of a file.
type entry struct {
	id       uint64
	day      uint16
	status   uint8
	reason   uint8
	pictures uint16
	format   [formatBytes]byte
}

// statusMustRead marks a file that is to be read again: it held something, or could not be read.
const statusMustRead = 0xff

// cachedReasons are the reasons that stay true as long as a file does not change. Add
// at the end only.
var cachedReasons = [...]Reason{
	"", extract.LimitBytes, extract.LimitInflated, extract.LimitRatio, extract.LimitDepth, extract.LimitEntries,
	extract.LimitHeld, extract.Damaged, extract.Encrypted, extract.NoText, extract.Undecoded, extract.Binary,
	extract.Unsupported, extract.Unknown, extract.NotADocument,
}

// cachedStatuses are the ones a cache may answer with. Add at the end only.
var cachedStatuses = [...]Status{Clean, Incomplete, Unreadable, Skipped}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// rulesOf is a number for everything that decides what a file's bytes lead to.
func rulesOf(limits FileLimits) uint64 {
	h := mix(detect.RulesVersion, extract.RulesVersion)
	for _, v := range []int64{limits.Bytes, limits.Inflated, limits.Ratio, int64(limits.Depth), int64(limits.Entries), limits.Held} {
		h = mix(h, uint64(v))
	}
	return h
}

// mix makes one number of two, such that a change of either changes it.
func mix(a, b uint64) uint64 {
	h := (a ^ 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9
	h ^= h>>31 ^ b
	h *= 0x94d049bb133111eb
	return h ^ h>>29
}

// openCache opens the cache in a file, or begins it. A file that is none, or of other
// rules, is begun anew; one whose end is torn is used up to there.
func openCache(path string, rules uint64, now time.Time) (*cache, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open scan cache: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open scan cache: %w", err)
	}
	c := &cache{rules: rules, file: f, today: uint16(now.Unix() / 86400), days: cacheDays, index: make(map[dirID]place64)}
	if err := c.load(); err != nil {
		if err := c.begin(now); err != nil {
			_ = f.Close() // nothing was written
			return nil, fmt.Errorf("begin scan cache: %w", err)
		}
	}
	return c, nil
}

var errNoCache = errors.New("no cache of these rules")

// load reads where each directory's record is.
func (c *cache) load() error {
	r := bufio.NewReaderSize(c.file, 1<<20)
	var head [headerBytes]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	if string(head[:8]) != cacheMagic || binary.LittleEndian.Uint64(head[8:]) != c.rules {
		return errNoCache
	}
	c.key = binary.LittleEndian.Uint64(head[16:])
	c.size = headerBytes
	var entries []byte
	for {
		var rec [recordBytes]byte
		if _, err := io.ReadFull(r, rec[:]); err != nil {
			break
		}
		id, count, sum := readRecord(rec)
		if count > maxEntries {
			break
		}
		if n := int(count) * entryBytes; cap(entries) < n {
			entries = make([]byte, n)
		}
		entries = entries[:int(count)*entryBytes]
		if _, err := io.ReadFull(r, entries); err != nil || checksum(rec, entries) != sum {
			break
		}
		if old, ok := c.index[id]; ok {
			c.live -= recordBytes + int64(old.count)*entryBytes
		}
		c.index[id] = place64{at: c.size, count: count}
		c.size += int64(recordBytes + len(entries))
		c.live += int64(recordBytes + len(entries))
	}
	return c.file.Truncate(c.size)
}

// begin empties the file.
func (c *cache) begin(now time.Time) error {
	c.key = mix(uint64(now.UnixNano()), uint64(os.Getpid()))
	c.index, c.live = make(map[dirID]place64), 0
	var head [headerBytes]byte
	copy(head[:], cacheMagic)
	binary.LittleEndian.PutUint64(head[8:], c.rules)
	binary.LittleEndian.PutUint64(head[16:], c.key)
	err := c.file.Truncate(0)
	if err == nil {
		_, err = c.file.WriteAt(head[:], 0)
	}
	c.size = headerBytes
	return err
}

func readRecord(rec [recordBytes]byte) (id dirID, count, sum uint32) {
	id[0] = binary.LittleEndian.Uint64(rec[0:])
	id[1] = binary.LittleEndian.Uint64(rec[8:])
	return id, binary.LittleEndian.Uint32(rec[16:]), binary.LittleEndian.Uint32(rec[20:])
}

func checksum(rec [recordBytes]byte, entries []byte) uint32 {
	return crc32.Update(crc32.Checksum(rec[:20], castagnoli), castagnoli, entries)
}

// A record is what a cache knows of one directory, in memory that the next one uses too.
type record struct {
	raw     []byte
	entries []entry
}

// keptEntries is how many entries a record has memory for when it is not in use.
const keptEntries = 1 << 16

// load returns what is known of a directory's files, in the order in which they were
// met. It is good until the next call.
func (r *record) load(c *cache, id dirID) []entry {
	if cap(r.entries) > keptEntries {
		*r = record{}
	}
	c.mu.Lock()
	p := c.index[id]
	c.mu.Unlock()
	if p.count == 0 {
		return nil
	}
	n := int(p.count)
	if cap(r.entries) < n {
		r.raw, r.entries = make([]byte, n*entryBytes), make([]entry, n)
	}
	r.raw, r.entries = r.raw[:n*entryBytes], r.entries[:n]
	if _, err := c.file.ReadAt(r.raw, p.at+recordBytes); err != nil {
		return nil // as if nothing were known
	}
	for i := range r.entries {
		e := r.raw[i*entryBytes:][:entryBytes]
		r.entries[i] = entry{
			id:     binary.LittleEndian.Uint64(e),
			day:    binary.LittleEndian.Uint16(e[8:]),
			status: e[10], reason: e[11],
			pictures: binary.LittleEndian.Uint16(e[12:]),
			format:   [formatBytes]byte(e[14:]),
		}
	}
	return r.entries
}

// put appends the record of a directory.
func (c *cache) put(id dirID, entries []entry) {
	if len(entries) > maxEntries {
		return
	}
	b := make([]byte, 0, recordBytes+len(entries)*entryBytes)
	b = binary.LittleEndian.AppendUint64(b, id[0])
	b = binary.LittleEndian.AppendUint64(b, id[1])
	b = binary.LittleEndian.AppendUint32(b, uint32(len(entries)))
	b = append(b, 0, 0, 0, 0)
	for _, e := range entries {
		b = binary.LittleEndian.AppendUint64(b, e.id)
		b = binary.LittleEndian.AppendUint16(b, e.day)
		b = append(b, e.status, e.reason)
		b = binary.LittleEndian.AppendUint16(b, e.pictures)
		b = append(b, e.format[:]...)
	}
	binary.LittleEndian.PutUint32(b[20:], checksum([recordBytes]byte(b), b[recordBytes:]))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	if _, c.err = c.file.WriteAt(b, c.size); c.err != nil {
		return
	}
	if old, ok := c.index[id]; ok {
		c.live -= recordBytes + int64(old.count)*entryBytes
	}
	c.index[id] = place64{at: c.size, count: uint32(len(entries))}
	c.size += int64(len(b))
	c.live += int64(len(b))
}

// close ends the use of the cache. When most of the file is records that no longer
// count, it is written anew without them and without directories that were not met for
// longer than any entry is believed.
func (c *cache) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.err
	if err == nil && c.size > leastCompact && c.live < c.size/2 {
		err = c.compact()
	}
	return errors.Join(err, c.file.Close())
}

func (c *cache) compact() error {
	path := c.file.Name()
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("compact scan cache: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // when it was not renamed
	w := bufio.NewWriterSize(f, 1<<20)
	_, err = io.Copy(w, io.NewSectionReader(c.file, 0, headerBytes))
	for _, p := range c.index {
		if err == nil {
			_, err = io.Copy(w, io.NewSectionReader(c.file, p.at, recordBytes+int64(p.count)*entryBytes))
		}
	}
	if err == nil {
		err = w.Flush()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil && !errors.Is(err, fs.ErrPermission) { // on Windows while another scan has it open
		return fmt.Errorf("compact scan cache: %w", err)
	}
	return nil
}
