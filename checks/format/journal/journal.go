// Package journal reads the files of the systemd journal, which hold what
// programs of a Linux machine wrote to its log.
//
// It answers one question: the newest entries that have one of some given field
// values, with the fields that were asked for. It goes through the index that
// the file keeps for that, and nothing else of an entry is decoded: command
// lines, for instance, stand beside the messages. It reads only, tolerates a
// file that is being written or was left open by a crash, and reads no further
// than the limits it is given. What is inconsistent is an error, never an
// empty answer.
//
// The format is that of journal-def.h and JOURNAL_FILE_FORMAT of systemd, with
// the keyed hashes of version 246 and the compact form of version 252.
package journal

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"
)

// ErrCorrupt means that the file contradicts its format.
var ErrCorrupt = errors.New("damaged journal file")

// ErrUnsupported means that the file uses something newer than this package.
var ErrUnsupported = errors.New("journal file of a newer format")

// Flags of the header that change how the file is read.
const (
	flagXZ      = 1 << 0
	flagLZ4     = 1 << 1
	flagKeyed   = 1 << 2
	flagZstd    = 1 << 3
	flagCompact = 1 << 4
	flagsKnown  = flagXZ | flagLZ4 | flagKeyed | flagZstd | flagCompact
)

// State is what the writer last said of the file.
type State uint8

// The states of a file. Online means that it is being written, or that its
// writer did not come to closing it.
const (
	Offline State = iota
	Online
	Archived
)

// Info is what the header says of a file.
type Info struct {
	State   State
	Machine string // machine id, in hexadecimal
	// Sequence names the count to which the sequence numbers belong; the files
	// of one machine share it.
	Sequence   string
	Head, Tail uint64 // first and last sequence number; 0 in an empty file
	Entries    uint64
	// First and Last are the times of the oldest and the newest entry, by the
	// machine's clock; zero in an empty file.
	First, Last time.Time
}

// File is one journal file. It is not safe for concurrent use.
type File struct {
	in      *blocks
	info    Info
	id      [16]byte // keys the hashes
	flags   uint32
	start   uint64 // of the objects
	end     uint64 // behind the last object
	buckets uint64 // offset of the data hash table
	nBucket uint64
	unpack  unpacker
	// other remembers data objects that hold no field that was asked for: the same
	// ones stand in entry after entry.
	other map[uint64]bool
	items []uint64 // of the entry being read
}

// Sizes of the format, in bytes.
const (
	headerMin    = 208 // up to version 187
	objectHeader = 16
	dataHeader   = 64
	dataCompact  = 72
	entryHeader  = 64
	arrayHeader  = 24
)

// Open reads the header of a file.
func Open(r io.ReaderAt) (*File, error) {
	f := &File{in: newBlocks(r), other: make(map[uint64]bool)}
	h, err := f.in.bytes(0, headerMin)
	if err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	if !bytes.Equal(h[:8], []byte("LPKSHHRH")) {
		return nil, fmt.Errorf("read the header: %w", ErrCorrupt)
	}
	le := binary.LittleEndian
	f.flags = le.Uint32(h[12:])
	if f.flags&^flagsKnown != 0 {
		return nil, fmt.Errorf("read the header: %w", ErrUnsupported)
	}
	copy(f.id[:], h[24:40])
	f.start = le.Uint64(h[88:])
	f.end = f.start + le.Uint64(h[96:])
	f.buckets = le.Uint64(h[104:])
	f.nBucket = le.Uint64(h[112:]) / 16
	if f.start < headerMin || f.start > 1<<16 || f.end < f.start || f.end > 1<<40 {
		return nil, fmt.Errorf("read the header: %w", ErrCorrupt)
	}
	f.info = Info{
		State:    State(h[16]),
		Machine:  hex.EncodeToString(h[40:56]),
		Sequence: hex.EncodeToString(h[72:88]),
		Entries:  le.Uint64(h[152:]),
		Tail:     le.Uint64(h[160:]),
		Head:     le.Uint64(h[168:]),
		First:    moment(le.Uint64(h[184:])),
		Last:     moment(le.Uint64(h[192:])),
	}
	if f.nBucket > 0 && (f.buckets < f.start || f.buckets+f.nBucket*16 > f.end) {
		return nil, fmt.Errorf("read the header: %w", ErrCorrupt)
	}
	return f, nil
}

// Info tells what the header said when the file was opened.
func (f *File) Info() Info { return f.info }

// moment turns microseconds since 1970 into a time; zero stays zero, and so
// does what is far from any time of a log.
func moment(us uint64) time.Time {
	if us == 0 || us > 1<<53 {
		return time.Time{}
	}
	return time.UnixMicro(int64(us)).UTC()
}

// object reads the header of the object at offset and checks that it is of the
// wanted type and holds at least least bytes. It returns its flags and size.
func (f *File) object(offset uint64, kind byte, least uint64) (flags byte, size uint64, err error) {
	if offset < f.start || offset%8 != 0 || offset > f.end-objectHeader {
		return 0, 0, fmt.Errorf("object at %d: %w", offset, ErrCorrupt)
	}
	b, err := f.in.bytes(offset, objectHeader)
	if err != nil {
		return 0, 0, err
	}
	size = binary.LittleEndian.Uint64(b[8:])
	if b[0] != kind || size < least || size > f.end-offset {
		return 0, 0, fmt.Errorf("object at %d: %w", offset, ErrCorrupt)
	}
	return b[1], size, nil
}

func (f *File) compact() bool { return f.flags&flagCompact != 0 }

// number reads the offset at a place: four bytes in a compact file, else eight.
func (f *File) number(at uint64) (uint64, error) {
	if f.compact() {
		b, err := f.in.bytes(at, 4)
		if err != nil {
			return 0, err
		}
		return uint64(binary.LittleEndian.Uint32(b)), nil
	}
	b, err := f.in.bytes(at, 8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b), nil
}
