package intact

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
)

const tarBlock = 512

// isTar recognises the first header by its checksum (POSIX.1-2001 pax, ustar): the mark
// alone is missing in old archives.
func isTar(head []byte) bool {
	return len(head) >= tarBlock && head[0] != 0 && tarSum(head[:tarBlock])
}

// tarSum tells whether a header agrees with its checksum, the sum of its bytes with
// blanks in place of the sum itself. Old programs summed signed bytes.
func tarSum(h []byte) bool {
	want, err := strconv.ParseInt(strings.Trim(string(h[148:156]), " \x00"), 8, 64)
	if err != nil {
		return false
	}
	var plain, signed int64
	for i, c := range h {
		if i >= 148 && i < 156 {
			c = ' '
		}
		plain += int64(c)
		signed += int64(int8(c))
	}
	return want == plain || want == signed
}

// tarSize reads the length of a member: octal, or base 256 where that is too short.
func tarSize(h []byte) (int64, bool) {
	field := h[124:136]
	if field[0]&0x80 != 0 {
		if field[0] != 0x80 {
			return 0, false // negative, or beyond any file
		}
		var n int64
		for _, c := range field[1:] {
			if n > 1<<54 {
				return 0, false
			}
			n = n<<8 | int64(c)
		}
		return n, true
	}
	text := strings.Trim(string(field), " \x00")
	if text == "" {
		return 0, true
	}
	n, err := strconv.ParseInt(text, 8, 64)
	return n, err == nil && n >= 0
}

// lookTar looks for the blocks of zeros at the end.
func lookTar(s *source) Result {
	const end = 2 * tarBlock
	if len(s.tail) < end || s.size%tarBlock != 0 {
		return damaged(Edges, Truncated)
	}
	if !bytes.Equal(s.tail[len(s.tail)-end:], make([]byte, end)) {
		return damaged(Edges, Truncated)
	}
	if s.size <= tarSmall {
		return damaged(Edges, s.walkTar(s.stream(0), s.deep).Damage)
	}
	return Result{Depth: Edges}
}

// tarSmall is up to what size an archive is walked where only edges are asked for.
const tarSmall = 64 << 10

func verifyTar(s *source) Result { return s.walkTar(s.stream(0), s.deep) }

// walkTar goes from header to header up to the two blocks of zeros that end an archive,
// and looks at the members.
func (s *source) walkTar(r io.Reader, deep int) Result {
	all := &members{s: s, deep: deep + 2}
	h := make([]byte, tarBlock)
	zeros := make([]byte, tarBlock)
	long := "" // the name of the next member, where it is too long for its header
	for ended := 0; ; {
		if _, err := io.ReadFull(r, h); err != nil {
			return damaged(Walked, Truncated)
		}
		if bytes.Equal(h, zeros) {
			if ended++; ended == 2 {
				return damaged(Walked, all.verdict())
			}
			continue
		}
		if ended > 0 || !tarSum(h) {
			return damaged(Walked, Structure)
		}
		size, ok := tarSize(h)
		if !ok {
			return damaged(Walked, Structure)
		}
		if err := skipSparse(r, h); err != nil {
			return damaged(Walked, Truncated)
		}
		kind := h[156]
		if !tarHasData(kind) {
			long = ""
			continue
		}
		data := io.LimitReader(r, size)
		switch {
		case (kind == 'L' || kind == 'x') && size <= tarMaxName:
			b, _ := io.ReadAll(data)
			if name := tarLongName(kind, b); name != "" {
				long = name
			}
		case kind == '0' || kind == 0 || kind == '7':
			name := long
			if long = ""; name == "" {
				name = tarName(h)
			}
			if !all.next(data, name, size) {
				return damaged(Walked, Truncated)
			}
		default:
			if kind == 'S' { // a file with holes: its parts are no file
				all.n, all.bytes, all.mixed = all.n+1, all.bytes+size, true
			}
			if n, err := io.Copy(io.Discard, data); err != nil || n < size {
				return damaged(Walked, Truncated)
			}
		}
		padding := (tarBlock - size%tarBlock) % tarBlock
		if _, err := io.CopyN(io.Discard, r, padding); err != nil {
			return damaged(Walked, Truncated)
		}
	}
}

// tarMaxName bounds a name that is kept as data, in bytes.
const tarMaxName = 64 << 10

// tarName is the name in a header.
func tarName(h []byte) string {
	name, _, _ := strings.Cut(string(h[:100]), "\x00")
	return name
}

// tarLongName reads a name that is kept before its header: as GNU tar keeps it, or in a
// record "LENGTH path=NAME" of pax.
func tarLongName(kind byte, data []byte) string {
	if kind == 'L' {
		return strings.TrimRight(string(data), "\x00")
	}
	for line := range strings.Lines(string(data)) {
		if _, name, ok := strings.Cut(line, " path="); ok {
			return strings.TrimRight(name, "\n")
		}
	}
	return ""
}

// tarHasData tells whether data follow a header of this type: links, devices and folders
// have none, whatever their size says.
func tarHasData(kind byte) bool { return kind < '1' || kind > '6' }

// skipSparse skips the blocks that continue the map of a sparse file of GNU tar.
func skipSparse(r io.Reader, h []byte) error {
	if h[156] != 'S' {
		return nil
	}
	more := h[482] != 0
	block := make([]byte, tarBlock)
	for more {
		if _, err := io.ReadFull(r, block); err != nil {
			return errors.Join(err, io.ErrUnexpectedEOF)
		}
		more = block[504] != 0
	}
	return nil
}
